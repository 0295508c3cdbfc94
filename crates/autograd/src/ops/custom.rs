//! A user's own op on tensors.

use std::borrow::Cow;
use std::sync::Arc;

use wengert_tensor::{Float, Tensor};

use super::{Op, Operation, Reads};
use crate::algebra::{Algebra, At, Incoming};
#[cfg(test)]
use crate::check::row::{ANY, Row, row};
use crate::custom::CustomOp;
use crate::recompute::Segment;
use crate::{Error, Result};

/// A user's own op on tensors.
#[derive(Clone, Debug)]
pub struct Custom<T>(#[doc(hidden)] pub Arc<dyn CustomOp<T>>);

impl<T: Float> Operation<T> for Custom<T> {
    fn name(&self) -> &'static str {
        self.0.name()
    }
    fn forward(&self, x: &[&Tensor<T>]) -> Result<Tensor<T>> {
        self.0.forward(x)
    }
    fn pull<A: Algebra<T>>(&self, k: usize, g: Incoming<'_, A>, at: &impl At<A>) -> Result<A> {
        let Some(numbers) = g.numbers() else {
            return Err(self.missing("recorded derivative, which a second derivative needs"));
        };
        let op = &self.0;
        let x: Vec<Tensor<T>> = (0..at.operands()).map(|k| at.x(k).tensor()).collect();
        let given = op.pull(numbers, &x, &at.y().tensor())?;
        match given.into_iter().nth(k) {
            Some(Some(part)) if part.shape() == x[k].shape() => Ok(g.fixed(part)),
            Some(Some(part)) => {
                let rule = format!(
                    "{}: its rule gave operand {k}, of shape {:?}, a gradient of shape {:?}",
                    op.name(),
                    x[k].shape(),
                    part.shape()
                );
                Err(Error::Use(rule, op.at()))
            }
            Some(None) => Ok(g.fixed(x[k].zeros_like())),
            None => {
                let rule =
                    format!("{}: its rule gave fewer gradients than it has operands", op.name());
                Err(Error::Use(rule, op.at()))
            }
        }
    }
    fn push<A: Algebra<T>>(&self, _: usize, _: &A, _: &[A], _: &A) -> Result<A> {
        Err(self.missing("forward derivative"))
    }
    fn formula(&self, _: usize) -> Cow<'static, str> {
        "its own rule".into()
    }
    fn reads(&self, _: usize) -> Reads {
        Reads::ALL
    }
    #[cfg(test)]
    fn rows() -> Vec<Row> {
        vec![
            row("double", ANY, |x| {
                x[0].tape().custom(
                    "double",
                    &[x[0]],
                    |x| Ok(x[0] * 2.0),
                    |g, _, _| Ok(vec![Some(g * 2.0)]),
                )
            })
            .of_first_order(),
            row("recompute", ANY, |x| {
                x[0].tape().recompute(&[x[0]], |x| Ok((x[0].tanh() * x[0]).exp() + x[0].sin()))
            }),
        ]
    }
}

impl<T: Float> Op<T> {
    /// The part of a computation that this op runs again, if it is one.
    #[inline]
    pub(crate) fn segment(&self) -> Option<&Segment<T>> {
        match self {
            Self::Custom(Custom(op)) => op.segment(),
            _ => None,
        }
    }
}

impl<T: Float> Custom<T> {
    fn missing(&self, what: &'static str) -> Error {
        Error::NotDifferentiable {
            op: self.0.name().to_string(),
            what,
            help: "write it as a `Pointwise`, or of recorded ops, if you need one",
            recorded: self.0.at(),
        }
    }
}
