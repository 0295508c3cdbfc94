//! `Op`: everything that a tape can record, and what each does to tensors.

use std::sync::Arc;

use smallvec::SmallVec;
use wengert_tensor::pointwise::{BinaryOp, UnaryOp};
use wengert_tensor::{Axes, Float, Shape, Slice, Tensor};

use crate::custom::{CustomOp, CustomUnary};
use crate::{Param, Result};

/// An op with its attributes. Integer and boolean tensors are attributes, never operands: a tape has one float type.
#[derive(Clone)]
#[non_exhaustive]
pub enum Op<T> {
    /// Data: wants no gradient.
    Constant,
    /// The result of this op on what wants no gradient: its operands are not kept.
    Untracked(&'static str),
    /// A var of the user's own that wants a gradient.
    Input,
    /// A parameter, and the version of it that was read.
    Param(Param<T>, u64),
    /// The value, without its history.
    Detach,

    /// A function of the table, of each element.
    Unary(UnaryOp),
    /// A function of the table, of each pair of elements.
    Binary(BinaryOp),
    /// A user's function of each element.
    CustomUnary(Arc<dyn CustomUnary<T>>),
    /// A user's op on tensors.
    Custom(Arc<dyn CustomOp<T>>),
    /// The first operand where the mask says so, else the second.
    Where(Tensor<bool>),

    /// The matrix product.
    MatMul,
    /// x · Wᵀ (+ b)
    Linear,

    /// The sum over axes.
    Sum(Axes),
    /// The mean over axes.
    Mean(Axes),
    /// The product over axes.
    Prod(Axes),
    /// The largest over axes; ties share the gradient evenly.
    Max(Axes),
    /// The smallest over axes; ties share the gradient evenly.
    Min(Axes),
    /// The variance over axes, with the number that is taken from the count.
    Var(Axes, f64),
    /// The standard deviation over axes, with the number that is taken from the count.
    Std(Axes, f64),
    /// The norm of this order over axes.
    Norm(Axes, f64),
    /// ln Σ eˣ over axes.
    LogSumExp(Axes),
    /// eˣ / Σ eˣ along an axis.
    Softmax(isize),
    /// x - ln Σ eˣ along an axis.
    LogSoftmax(isize),
    /// Sums of the first 1, 2, 3, … along an axis.
    CumSum(isize),
    /// Products of the first 1, 2, 3, … along an axis.
    CumProd(isize),
    /// ln of the sums of the first 1, 2, 3, … eˣ along an axis.
    LogCumSumExp(isize),
    /// (x - mean) / √(variance + epsilon) over axes.
    Normalize(Axes, f64),

    /// Another shape.
    Reshape(Shape),
    /// Another order of axes.
    Permute(SmallVec<[isize; 4]>),
    /// Axes of size 1 repeated, and axes added in front.
    Expand(Shape),
    /// Summed to a shape that broadcasts to this one.
    SumTo(Shape),
    /// A part.
    Slice(Vec<Slice>),
    /// Zeros of a shape, and the operand in the place of a part.
    Unslice(Shape, Vec<Slice>),
    /// The diagonal of two axes.
    Diagonal(isize, isize, isize),
    /// Zeros of a shape, and the operand on the diagonal of two axes.
    Undiagonal(Shape, isize, isize, isize),
    /// Operands joined along an axis.
    Cat(isize),
    /// Elements taken along an axis by index.
    Gather(isize, Tensor<usize>),
    /// Zeros of a shape, elements added along an axis by index.
    Ungather(Shape, isize, Tensor<usize>),
    /// Places of an axis by index.
    IndexSelect(isize, Tensor<usize>),
    /// Zeros of a shape, places of an axis added by index.
    Unindex(Shape, isize, Tensor<usize>),

    /// Softmax and negative log-likelihood together.
    CrossEntropy(crate::cross_entropy::Targets<T>),
}

impl<T: Float> Op<T> {
    /// Its name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Constant => "constant",
            Self::Untracked(name) => name,
            Self::Input => "input",
            Self::Param(..) => "param",
            Self::Detach => "detach",
            Self::Unary(op) => op.name(),
            Self::Binary(op) => op.name(),
            Self::CustomUnary(op) => op.name(),
            Self::Custom(op) => op.name(),
            Self::Where(_) => "where",
            Self::MatMul => "matmul",
            Self::Linear => "linear",
            Self::Sum(_) => "sum",
            Self::Mean(_) => "mean",
            Self::Prod(_) => "prod",
            Self::Max(_) => "max",
            Self::Min(_) => "min",
            Self::Var(..) => "var",
            Self::Std(..) => "std",
            Self::Norm(..) => "norm",
            Self::LogSumExp(_) => "logsumexp",
            Self::Softmax(_) => "softmax",
            Self::LogSoftmax(_) => "log_softmax",
            Self::CumSum(_) => "cumsum",
            Self::CumProd(_) => "cumprod",
            Self::LogCumSumExp(_) => "logcumsumexp",
            Self::Normalize(..) => "normalize",
            Self::Reshape(_) => "reshape",
            Self::Permute(_) => "permute",
            Self::Expand(_) => "expand",
            Self::SumTo(_) => "sum_to",
            Self::Slice(_) => "slice",
            Self::Unslice(..) => "unslice",
            Self::Diagonal(..) => "diagonal",
            Self::Undiagonal(..) => "undiagonal",
            Self::Cat(_) => "cat",
            Self::Gather(..) => "gather",
            Self::Ungather(..) => "ungather",
            Self::IndexSelect(..) => "index_select",
            Self::Unindex(..) => "unindex",
            Self::CrossEntropy(_) => "cross_entropy",
        }
    }

    /// Whether it has no operands: data, inputs, parameters.
    pub fn is_leaf(&self) -> bool {
        matches!(self, Self::Constant | Self::Untracked(_) | Self::Input | Self::Param(..))
    }

    /// The value on tensors.
    #[track_caller]
    #[inline]
    pub fn forward(&self, x: &[&Tensor<T>]) -> Result<Tensor<T>> {
        Ok(match self {
            Self::Unary(op) => op.apply(x[0]),
            Self::Binary(op) => op.apply(x[0], x[1])?,
            Self::Linear => x[0].linear(x[1], x.get(2).copied())?,
            Self::MatMul => x[0].matmul(x[1])?,
            _ => return self.forward_more(x),
        })
    }

    #[track_caller]
    fn forward_more(&self, x: &[&Tensor<T>]) -> Result<Tensor<T>> {
        Ok(match self {
            Self::Unary(_) | Self::Binary(_) | Self::Linear | Self::MatMul => {
                return self.forward(x);
            }
            Self::Constant | Self::Untracked(_) | Self::Input | Self::Param(..) => {
                unreachable!("a leaf is made with its value")
            }
            Self::Detach => x[0].clone(),
            Self::CustomUnary(op) => op.value(x[0]),
            Self::Custom(op) => op.forward(x)?,
            Self::Where(mask) => mask.pick(x[0], x[1])?,
            Self::Sum(axes) if *axes == Axes::ALL => x[0].sum(),
            Self::Sum(axes) => x[0].sum_over(axes.clone())?,
            Self::Mean(axes) if *axes == Axes::ALL => x[0].mean(),
            Self::Mean(axes) => x[0].mean_over(axes.clone())?,
            Self::Prod(axes) => x[0].prod_over(axes.clone())?,
            Self::Max(axes) => x[0].max_over(axes.clone())?,
            Self::Min(axes) => x[0].min_over(axes.clone())?,
            Self::Var(axes, correction) => x[0].var_over(axes.clone(), *correction)?,
            Self::Std(axes, correction) => x[0].std_over(axes.clone(), *correction)?,
            Self::Norm(axes, p) => x[0].norm_over(axes.clone(), *p)?,
            Self::LogSumExp(axes) => x[0].logsumexp_over(axes.clone())?,
            Self::Softmax(axis) => x[0].softmax(*axis)?,
            Self::LogSoftmax(axis) => x[0].log_softmax(*axis)?,
            Self::CumSum(axis) => x[0].cumsum(*axis)?,
            Self::CumProd(axis) => x[0].cumprod(*axis)?,
            Self::LogCumSumExp(axis) => x[0].logcumsumexp(*axis)?,
            Self::Normalize(axes, epsilon) => crate::norm::normalize(x[0], axes, *epsilon)?,
            Self::Reshape(shape) => x[0].reshape(shape)?,
            Self::Permute(order) => x[0].permute(order)?,
            Self::Expand(shape) => x[0].expand(shape)?,
            Self::SumTo(shape) => x[0].sum_to(shape)?,
            Self::Slice(axes) => x[0].slice(axes)?,
            Self::Unslice(shape, axes) => {
                Tensor::try_full(shape, T::ZERO)?.slice_assign(axes, x[0])?
            }
            Self::Diagonal(offset, a, b) => x[0].diagonal(*offset, *a, *b)?,
            Self::Undiagonal(shape, offset, a, b) => undiagonal(shape, *offset, *a, *b, x[0])?,
            Self::Cat(axis) => Tensor::cat(x, *axis)?,
            Self::Gather(axis, index) => x[0].gather(*axis, index)?,
            Self::Ungather(shape, axis, index) => {
                Tensor::try_full(shape, T::ZERO)?.scatter_add(*axis, index, x[0])?
            }
            Self::IndexSelect(axis, index) => x[0].index_select(*axis, index)?,
            Self::Unindex(shape, axis, index) => {
                Tensor::try_full(shape, T::ZERO)?.index_add(*axis, index, x[0])?
            }
            Self::CrossEntropy(targets) => targets.forward(x[0])?,
        })
    }
}

impl<T: Float> std::fmt::Debug for Op<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// Zeros of `shape` with x on the diagonal of axes `a` and `b`.
fn undiagonal<T: Float>(
    shape: &Shape,
    offset: isize,
    a: isize,
    b: isize,
    x: &Tensor<T>,
) -> Result<Tensor<T>> {
    // The places of the diagonal, as the diagonal of a tensor of places.
    let places = Tensor::<usize>::arange(0, shape.iter().product(), 1)?
        .reshape(shape)?
        .diagonal(offset, a, b)?;
    let zeros = Tensor::try_full([shape.iter().product()], T::ZERO)?;
    Ok(zeros.index_add(0, &places.flatten(), &x.flatten())?.reshape(shape)?)
}
