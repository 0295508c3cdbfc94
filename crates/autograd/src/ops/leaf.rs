//! The leaves of a graph: data, inputs, parameters; and the op that cuts its history.

use std::borrow::Cow;

use wengert_tensor::{AnyTensor, Float, Tensor};

use super::{Operation, Reads, family};
use crate::algebra::{Algebra, At, Incoming};
#[cfg(test)]
use crate::check::row::{ANY, Row, row};
use crate::{Param, Result};

family! {
    [inline(never)]
    /// A leaf of a graph.
    Leaf<T> { Constant, Data, Untracked, Input, Parameter<T>, Detach }
}

/// Data, which wants no gradient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Constant;

/// Data that are no floats of the tape: indices, masks, labels.
#[derive(Clone, Debug, PartialEq)]
pub struct Data(pub AnyTensor);

/// The result of the named op on operands that want no gradient: they are not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Untracked(pub &'static str);

/// A var of the user's own that wants a gradient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Input;

/// A parameter that was read.
#[derive(Clone)]
pub struct Parameter<T> {
    /// The parameter.
    pub param: Param<T>,
    /// Its version when it was read.
    pub version: u64,
}

impl<T: Float> std::fmt::Debug for Parameter<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}, version {}", self.param, self.version)
    }
}

/// The value without its history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Detach;

/// A leaf is made with its value, and has no operands: nothing is left to say but its name.
macro_rules! without_operands {
    ($($Leaf:ident $(<$U:ident>)?: |$op:ident| $name:expr, $attributes:expr, $rows:expr;)*) => {$(
        impl<T: Float> Operation<T> for $Leaf $(<$U>)? {
            fn name(&self) -> &'static str {
                let $op = self;
                let _ = $op;
                $name
            }
            fn attributes(&self) -> Vec<(&'static str, String)> {
                let $op = self;
                let _ = $op;
                $attributes
            }
            fn forward(&self, _: &[&Tensor<T>]) -> Result<Tensor<T>> {
                unreachable!("a leaf is made with its value")
            }
            fn pull<A: Algebra<T>>(&self, _: usize, _: Incoming<'_, A>, _: &impl At<A>) -> Result<A> {
                unreachable!("a leaf has no operands")
            }
            fn push<A: Algebra<T>>(&self, _: usize, _: &A, _: &[A], _: &A) -> Result<A> {
                unreachable!("a leaf has no operands")
            }
            fn formula(&self, _: usize) -> Cow<'static, str> {
                "".into()
            }
            fn reads(&self, _: usize) -> Reads {
                Reads::NOTHING
            }
            #[cfg(test)]
            fn rows() -> Vec<Row> {
                $rows
            }
        }
    )*};
}
without_operands! {
    Constant: |op| "constant", Vec::new(), vec![row("constant", ANY, |x| {
        x[0].try_mul(wengert_tensor::tensor![1.0, 2.0, 3.0, 4.0])
    })];
    Data: |op| "data", vec![("of", op.0.type_name().to_string())], vec![row("data", ANY, |x| {
        let rows = x[0].tape().input(wengert_tensor::tensor![2_usize, 0]);
        x[0].index_select(0, rows)
    })];
    Untracked: |op| op.0, Vec::new(), vec![row("exp", ANY, |x| {
        x[0].try_mul(x[0].tape().constant(wengert_tensor::tensor![1.0, 2.0, 3.0, 4.0]).exp())
    })];
    Input: |op| "input", Vec::new(), vec![row("input", ANY, |x| Ok(x[0]))];
    Parameter<T>: |op| "param", Vec::new(), vec![row("param", ANY, |x| {
        x[0].try_mul(x[0].tape().param(&Param::new(wengert_tensor::tensor![1.0, 2.0, 3.0, 4.0])))
    })];
}

impl<T: Float> Operation<T> for Detach {
    fn name(&self) -> &'static str {
        "detach"
    }
    fn forward(&self, x: &[&Tensor<T>]) -> Result<Tensor<T>> {
        Ok(x[0].clone())
    }
    fn pull<A: Algebra<T>>(&self, _: usize, _: Incoming<'_, A>, _: &impl At<A>) -> Result<A> {
        unreachable!("a detached value wants no gradient")
    }
    fn push<A: Algebra<T>>(&self, _: usize, t: &A, _: &[A], _: &A) -> Result<A> {
        Ok(t.fixed(Tensor::try_full(t.shape(), T::ZERO)?))
    }
    fn formula(&self, _: usize) -> Cow<'static, str> {
        "0".into()
    }
    fn reads(&self, _: usize) -> Reads {
        Reads::NOTHING
    }
    #[cfg(test)]
    fn rows() -> Vec<Row> {
        vec![row("detach", ANY, |x| Ok(x[0] * x[0] + x[0].detach() * 0.0))]
    }
}
