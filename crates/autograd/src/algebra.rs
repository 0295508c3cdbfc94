//! The operations that tensors and vars have in common, so that each rule is written once. A rule that runs on tensors
//! returns numbers. A rule that runs on vars is recorded and can be differentiated again.

use std::ops::{Add, Deref, Div, Mul, Neg, Sub};

use smallvec::SmallVec;
use wengert_tensor::pointwise::{BinaryOp, UnaryOp};
use wengert_tensor::{Axes, Float, Shape, Slice, Tensor};

use crate::Result;
use crate::ops::{
    Binary, Cat, CumSum, Expand, Given, MatMul, Mean, Op, Operation as _, Permute, Reshape,
    Slicing, Sum, SumTo, Unary, Where,
};
use crate::pointwise::OwnFunction;

/// The most places to which one number is written out at once.
const WRITTEN_OUT: usize = 4096;

mod sealed {
    pub trait Sealed {}
    impl<T> Sealed for wengert_tensor::Tensor<T> {}
    impl<T: wengert_tensor::Float> Sealed for crate::Var<'_, T> {}
}

/// The gradient of an op's result, as a rule gets it: the rule of the last operand may take it, the others may read it.
pub(crate) enum Incoming<'a, A> {
    /// Another operand still needs it.
    Lent(&'a A),
    /// Nobody needs it after this: its buffer may be written to.
    Given(A),
}

impl<A: Clone> Incoming<'_, A> {
    /// The gradient as the rule's own.
    #[inline]
    pub(crate) fn take(self) -> A {
        match self {
            Self::Lent(g) => g.clone(),
            Self::Given(g) => g,
        }
    }
}

impl<A> Deref for Incoming<'_, A> {
    type Target = A;
    #[inline]
    fn deref(&self) -> &A {
        match self {
            Self::Lent(g) => g,
            Self::Given(g) => g,
        }
    }
}

/// The operands and the result of the op whose rule is asked for, fetched as they are needed.
pub(crate) trait At<A> {
    /// Operand `k`.
    fn x(&self, k: usize) -> A;
    /// The result of `look` on operand `k`, which is not cloned if that can be avoided.
    fn see<R>(&self, k: usize, look: impl FnOnce(&A) -> R) -> R {
        look(&self.x(k))
    }
    /// The result.
    fn y(&self) -> A;
    /// The result of `look` on the op's result.
    fn see_y<R>(&self, look: impl FnOnce(&A) -> R) -> R {
        look(&self.y())
    }
    /// The number of operands.
    fn operands(&self) -> usize;
    /// The shape of operand `k`.
    fn shape(&self, k: usize) -> Shape;
    /// The number of axes of operand `k`.
    fn rank(&self, k: usize) -> usize {
        self.shape(k).len()
    }
    /// Whether a gradient has the shape of operand `k`.
    fn has_shape(&self, k: usize, g: &A) -> bool;
}

/// The operations that a rule may apply to a gradient, an operand or a result.
pub trait Algebra<T: Float>:
    sealed::Sealed
    + Clone
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
{
    /// Runs an op, or records it.
    fn run(op: impl Into<Op<T>>, x: &[&Self]) -> Result<Self>;
    /// The numbers, recorded or not.
    fn tensor(&self) -> Tensor<T>;
    /// The numbers, if nothing is recorded: a rule may then take a shorter way, which cannot be differentiated.
    fn numbers(&self) -> Option<&Tensor<T>>;
    /// A constant.
    fn fixed(&self, value: Tensor<T>) -> Self;
    /// The reverse rule of a function of the table: `g` times its slope, and 0 where `g` is.
    fn pull_unary(op: UnaryOp, g: Self, x: &Self, y: &Self) -> Result<Self>;
    /// The reverse rule of a function of the table along one operand.
    fn pull_binary(op: BinaryOp, k: usize, g: Self, a: &Self, b: &Self, y: &Self) -> Result<Self>;
    /// The reverse rule of a user's function along one operand.
    fn pull_own(op: &dyn OwnFunction<T>, k: usize, g: Self, x: &[Self]) -> Result<Self>;
    /// The sizes of its axes.
    fn shape(&self) -> Shape;
    /// The sum of two gradients of one value.
    fn accumulate(self, other: Self) -> Result<Self>;

    /// A function of the table.
    fn unary(&self, op: UnaryOp) -> Self {
        match Self::run(Unary(op), &[self]) {
            Ok(y) => y,
            Err(_) => unreachable!("a function of one operand takes every shape"),
        }
    }
    /// A function of the table.
    fn binary(&self, op: BinaryOp, other: &Self) -> Result<Self> {
        Self::run(Binary(op), &[self, other])
    }
    /// c · self
    fn scaled(&self, c: f64) -> Self {
        self.unary(UnaryOp::MulScalar { c })
    }
    /// self · other, and 0 where self is
    fn gate(&self, other: &Self) -> Result<Self> {
        self.binary(BinaryOp::Gate, other)
    }
    /// eˣ
    fn exp(&self) -> Self {
        self.unary(UnaryOp::Exp)
    }
    /// The matrix product.
    fn matmul(&self, other: &Self) -> Result<Self> {
        Self::run(MatMul, &[self, other])
    }
    /// selfᵀ · other, of two matrices.
    fn t_matmul(&self, other: &Self) -> Result<Self> {
        self.t()?.matmul(other)
    }
    /// Another shape.
    fn reshape(&self, shape: &[usize]) -> Result<Self> {
        Self::run(Reshape(Shape::new(shape)), &[self])
    }
    /// The last two axes exchanged.
    fn t(&self) -> Result<Self> {
        let rank = self.shape().len() as isize;
        let mut order: SmallVec<[isize; 4]> = (0..rank).collect();
        order.swap(rank as usize - 2, rank as usize - 1);
        Self::run(Permute(order), &[self])
    }
    /// Axes in another order.
    fn permute(&self, order: &[isize]) -> Result<Self> {
        Self::run(Permute(SmallVec::from_slice(order)), &[self])
    }
    /// Axes of size 1 repeated, and axes added in front.
    fn expand(&self, shape: &[usize]) -> Result<Self> {
        Self::run(Expand(Shape::new(shape)), &[self])
    }
    /// Summed to a shape that broadcasts to this one.
    fn sum_to(&self, shape: &[usize]) -> Result<Self> {
        Self::run(SumTo(Shape::new(shape)), &[self])
    }
    /// The sum over axes.
    fn sum(&self, axes: Axes) -> Result<Self> {
        Self::run(Sum(axes), &[self])
    }
    /// The mean over axes.
    fn mean(&self, axes: Axes) -> Result<Self> {
        Self::run(Mean(axes), &[self])
    }
    /// The sum over rows, `[…, n]` to `[n]`, or itself, where that is left to the walk.
    fn over_rows(&self) -> Result<Self> {
        Ok(self.clone())
    }
    /// The adjoint of a reduction over `axes` of something of shape `x`: each number goes back to all it came from.
    fn spread(&self, axes: &Axes, x: &[usize]) -> Result<Self> {
        self.kept(axes, x)?.expand(x)
    }
    /// The adjoint of a mean over `axes` of something of shape `x`: each number goes back in equal parts.
    fn share(&self, axes: &Axes, x: &[usize]) -> Result<Self> {
        self.scaled(1.0 / axes.count(x)?).spread(axes, x)
    }
    /// The result of a reduction over `axes` of something of shape `x`, with the axes kept.
    fn kept(&self, axes: &Axes, x: &[usize]) -> Result<Self> {
        if axes.keeps() {
            return Ok(self.clone());
        }
        self.reshape(&axes.kept(x)?)
    }
    /// A part.
    fn slice(&self, axes: Vec<Slice>) -> Result<Self> {
        Self::run(Slicing(axes), &[self])
    }
    /// `len` places of `axis`, from `start` on.
    fn narrow(&self, axis: usize, start: usize, len: usize) -> Result<Self> {
        let mut axes = vec![Slice::from(..); axis];
        axes.push(Slice::from(start as isize..(start + len) as isize));
        self.slice(axes)
    }
    /// An axis read backwards.
    fn flip(&self, axis: usize) -> Result<Self> {
        let mut axes = vec![Slice::from(..); axis];
        axes.push(Slice::from(..).step(-1));
        self.slice(axes)
    }
    /// Joined along an axis.
    fn cat(parts: &[&Self], axis: usize) -> Result<Self> {
        Self::run(Cat(axis as isize), parts)
    }
    /// Sums of the first 1, 2, 3, … along an axis.
    fn cumsum(&self, axis: usize) -> Result<Self> {
        Self::run(CumSum(axis as isize), &[self])
    }
    /// Sums of the last 1, 2, 3, … along an axis.
    fn cumsum_from_end(&self, axis: usize) -> Result<Self> {
        self.flip(axis)?.cumsum(axis)?.flip(axis)
    }
    /// self where the mask says so, else 0.
    fn masked(&self, mask: impl Into<Given<bool>>) -> Result<Self> {
        let zero = self.fixed(Tensor::scalar(T::ZERO));
        Self::run(Where(mask.into()), &[self, &zero])
    }
}

impl<T: Float> Algebra<T> for Tensor<T> {
    #[inline]
    #[track_caller]
    fn run(op: impl Into<Op<T>>, x: &[&Self]) -> Result<Self> {
        op.into().forward(x)
    }
    fn tensor(&self) -> Tensor<T> {
        self.clone()
    }
    fn numbers(&self) -> Option<&Tensor<T>> {
        Some(self)
    }
    fn fixed(&self, value: Tensor<T>) -> Self {
        value
    }
    #[inline]
    fn pull_unary(op: UnaryOp, g: Self, x: &Self, y: &Self) -> Result<Self> {
        Ok(op.pull(g, x, y))
    }
    fn pull_own(op: &dyn OwnFunction<T>, k: usize, g: Self, x: &[Self]) -> Result<Self> {
        let x: SmallVec<[&Self; 4]> = x.iter().collect();
        Ok(op.pull(k, g, &x))
    }
    #[inline]
    fn pull_binary(op: BinaryOp, k: usize, g: Self, a: &Self, b: &Self, y: &Self) -> Result<Self> {
        Ok(match (op, k) {
            // Slope 1: no pass at all.
            (BinaryOp::Add, _) | (BinaryOp::Sub, 0) => g,
            _ => op.pull(k, g, a, b, y),
        })
    }
    fn shape(&self) -> Shape {
        Shape::new(Tensor::shape(self))
    }
    fn accumulate(self, other: Self) -> Result<Self> {
        Ok(Tensor::accumulate(self, &other)?)
    }
    #[inline]
    fn over_rows(&self) -> Result<Self> {
        if self.rank() == 2 { Ok(self.sum_rows()?) } else { Ok(self.clone()) }
    }
    fn spread(&self, axes: &Axes, x: &[usize]) -> Result<Self> {
        spread_out(self, 1.0, axes, x)
    }
    fn share(&self, axes: &Axes, x: &[usize]) -> Result<Self> {
        spread_out(self, 1.0 / axes.count(x)?, axes, x)
    }
    #[inline]
    fn t_matmul(&self, other: &Self) -> Result<Self> {
        Ok(Tensor::t_matmul(self, other)?)
    }
    // Views of a tensor need no op.
    fn t(&self) -> Result<Self> {
        Ok(Tensor::t(self))
    }
    fn reshape(&self, shape: &[usize]) -> Result<Self> {
        Ok(Tensor::reshape(self, shape)?)
    }
}

/// c · g, each number of it to all that it came from. One number to few is written out at once: the next rule wants a buffer to write
/// to, and would copy a view.
fn spread_out<T: Float>(g: &Tensor<T>, c: f64, axes: &Axes, x: &[usize]) -> Result<Tensor<T>> {
    if g.len() == 1 && Shape::checked_len(x).is_some_and(|n| n <= WRITTEN_OUT) {
        return Ok(Tensor::try_full(x, g.item()?.times(T::from_f64(c)))?);
    }
    let scaled = if c == 1.0 { g.clone() } else { g.scaled(c) };
    Ok(scaled.kept(axes, x)?.expand(x)?)
}
