//! The ops, by family. An op is a struct, and its `impl Operation` holds everything that the framework knows about it: name,
//! value, reverse rule, forward rule, formula, the values that its rules read, and the rows that check it. The enums of
//! `family!` only dispatch.
//!
//! To add an op, write its struct and its `impl Operation` in the file of its family, add its name to the `family!` list
//! there, and give [`Var`](crate::Var) a method that records it. If a part is missing, it does not compile.

use std::any::Any;
use std::borrow::Cow;

use smallvec::SmallVec;
use wengert_tensor::pointwise::UnaryOp;
use wengert_tensor::{Element, Float, Tensor};

use crate::Result;
use crate::algebra::{Algebra, At, Incoming};
#[cfg(test)]
use crate::check::row::Row;

mod attention;
mod conv;
mod custom;
mod family;
mod index;
mod leaf;
mod norm;
mod normalize;
mod pointwise;
mod product;
mod recurrent;
mod reduce;
mod scan;
mod shape;
mod softmax;
mod variance;
mod window;

pub use attention::SelfAttention;
pub use conv::{Conv, ConvInput, ConvWeight, Convolution};
pub use custom::Custom;
pub(crate) use family::{dispatch, family};
pub use index::{Gather, Index, IndexSelect, SumBags, Unbag, Ungather, Unindex};
pub use leaf::{Constant, Data, Detach, Input, Leaf, Parameter, Untracked};
pub use norm::Norm;
pub use normalize::{Normalize, Normalizing, Weights};
pub use pointwise::{Binary, Elementwise, Own, Unary, Where};
pub use product::{Linear, MatMul, Product};
pub use recurrent::{Recurrent, Sequences};
pub use reduce::{LogSumExp, Max, Mean, Min, Prod, Reduce, Sum};
pub use scan::{CumProd, CumSum, LogCumSumExp, Scan};
pub use shape::{
    Cat, Diagonal, Expand, Permute, Reshape, Shaping, Slicing, SumTo, Undiagonal, Unslice,
};
pub use softmax::{CrossEntropy, LogSoftmax, Softmax, Softmaxes};
pub use variance::{Std, Variance};
pub use window::{MaxPool, Unwindows, Windowing, Windows};

/// Everything that the framework knows about an op.
pub(crate) trait Operation<T: Float>: Clone + 'static {
    /// The name in prints and errors.
    fn name(&self) -> &'static str;

    /// The attributes by name, as text for prints.
    fn attributes(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    /// The value. Its errors name the line of the user's program that recorded the op.
    #[track_caller]
    fn forward(&self, x: &[&Tensor<T>]) -> Result<Tensor<T>>;

    /// The reverse rule: the gradient of operand `k`, from the gradient `g` of the result. It may have a shape to which
    /// the operand's broadcasts: the sweep sums it.
    fn pull<A: Algebra<T>>(&self, k: usize, g: Incoming<'_, A>, at: &impl At<A>) -> Result<A>;

    /// The forward rule: the direction of the result, when operand `k` moves along `t`. It is written from the op, not
    /// from the reverse rule, so that each checks the other.
    fn push<A: Algebra<T>>(&self, k: usize, t: &A, x: &[A], y: &A) -> Result<A>;

    /// The lines of its indices, masks and labels.
    fn data(&self) -> SmallVec<[u32; 2]> {
        SmallVec::new()
    }

    /// The reverse rule of operand `k` as a formula of the gradient g, the operands x (or a, b, c) and the result y.
    fn formula(&self, k: usize) -> Cow<'static, str>;

    /// The values that the reverse rule of operand `k` reads. Shapes may always be read.
    fn reads(&self, k: usize) -> Reads;

    /// The rows that check it.
    #[cfg(test)]
    fn rows() -> Vec<Row>;

    /// The op itself, to ask for its type.
    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// Indices, a mask or labels that an op was given: the values, and the line of the tape that holds them, if one does.
#[derive(Clone, Debug)]
pub struct Given<E: Element> {
    /// The values themselves.
    pub values: Tensor<E>,
    /// The line of the tape.
    pub line: Option<u32>,
}

impl<E: Element> From<Tensor<E>> for Given<E> {
    fn from(values: Tensor<E>) -> Self {
        Self { values, line: None }
    }
}

/// The values that a reverse rule reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reads {
    /// One bit an operand; the last stands for all others.
    operands: u32,
    result: bool,
}

impl Reads {
    /// No value.
    pub const NOTHING: Self = Self { operands: 0, result: false };
    /// The result.
    pub const RESULT: Self = Self { operands: 0, result: true };
    /// All operands and the result.
    pub const ALL: Self = Self { operands: u32::MAX, result: true };

    /// Operand `k`.
    pub const fn operand(k: usize) -> Self {
        Self { operands: 1 << if k < 31 { k } else { 31 }, result: false }
    }

    /// These values and those.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self { operands: self.operands | other.operands, result: self.result | other.result }
    }

    /// Whether operand `k` is read.
    pub const fn reads_operand(self, k: usize) -> bool {
        self.operands & Self::operand(k).operands != 0
    }

    /// Whether the result is read.
    pub const fn reads_result(self) -> bool {
        self.result
    }
}

dispatch! {
    [inline]
    /// An op of a tape, with its attributes: a family, and in it the op. [`Op::get`] asks for one by its type.
    Op<T> {
        Leaf<T>,
        Elementwise<T>,
        Product,
        Reduce,
        Scan,
        Softmaxes<T>,
        Normalizing,
        Shaping,
        Index,
        Sequences<T>,
        Windowing,
        Convolution,
        Custom<T>,
    }
}

impl<T: Float> Op<T> {
    /// The name, as prints and errors write it.
    #[inline]
    pub fn name(&self) -> &'static str {
        Operation::name(self)
    }

    /// The attributes by name, as prints write them.
    pub fn attributes(&self) -> Vec<(&'static str, String)> {
        Operation::attributes(self)
    }

    /// The reverse rule of operand `k` as a formula: g is the gradient of the result y, and a, b, c (or x, if there is
    /// one) are the operands.
    ///
    /// ```
    /// use wengert_autograd::Tape;
    ///
    /// let tape = Tape::new();
    /// tape.scalar(0.5_f64).tanh();
    /// assert!(tape.to_string().contains("g·(1 - y·y)"));
    /// ```
    pub fn formula(&self, k: usize) -> Cow<'static, str> {
        Operation::formula(self, k)
    }

    /// The values that the reverse rule of operand `k` reads.
    pub fn reads(&self, k: usize) -> Reads {
        Operation::reads(self, k)
    }

    /// The parameter that it reads, if it reads one.
    #[inline]
    pub fn parameter(&self) -> Option<&Parameter<T>> {
        match self {
            Self::Leaf(Leaf::Parameter(read)) => Some(read),
            _ => None,
        }
    }

    /// The numbers of the rows that it looks up, if it looks up rows, and where bags of them begin, if it sums bags.
    #[inline]
    pub(crate) fn rows_looked_up(&self) -> Option<(&Tensor<usize>, Option<&Tensor<usize>>)> {
        match self {
            Self::Index(Index::IndexSelect(IndexSelect(0, index))) => Some((&index.values, None)),
            Self::Index(Index::SumBags(SumBags(index, starts))) => {
                Some((&index.values, Some(&starts.values)))
            }
            _ => None,
        }
    }

    /// Whether its result holds the numbers of its first operand themselves, not a function of them: moved, repeated, joined
    /// to others, clamped or left out.
    pub fn moves_numbers(&self) -> bool {
        if let Self::Elementwise(Elementwise::Unary(Unary(op))) = self {
            return matches!(op, UnaryOp::Clamp { .. })
                || matches!(op, UnaryOp::MulScalar { c } | UnaryOp::DivScalar { c } if *c == 1.0)
                || matches!(op, UnaryOp::AddScalar { c } if *c == 0.0);
        }
        matches!(
            self,
            Self::Leaf(Leaf::Detach(_))
                | Self::Shaping(
                    Shaping::Reshape(_)
                        | Shaping::Permute(_)
                        | Shaping::Expand(_)
                        | Shaping::Slicing(_)
                        | Shaping::Diagonal(_)
                        | Shaping::Cat(_)
                )
                | Self::Index(Index::Gather(_) | Index::IndexSelect(_))
                | Self::Windowing(Windowing::Windows(_) | Windowing::MaxPool(_))
        )
    }

    /// Whether it holds indices, a mask or labels, and no floats.
    pub(crate) fn is_data(&self) -> bool {
        matches!(self, Self::Leaf(Leaf::Data(_)))
    }

    /// Whether it cuts the history.
    #[inline]
    pub(crate) fn is_detach(&self) -> bool {
        matches!(self, Self::Leaf(Leaf::Detach(_)))
    }

    /// This op as one of type `O`, if it is one: `op.get::<ops::Softmax>()`.
    pub fn get<O: 'static>(&self) -> Option<&O> {
        self.as_any().downcast_ref()
    }

    /// Whether this op is of type `O`.
    pub fn is<O: 'static>(&self) -> bool {
        self.get::<O>().is_some()
    }
}
