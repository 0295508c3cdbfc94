//! The reverse rules: what an incoming gradient `g` gives each operand, one expression an arm.
//!
//! An arm may return a gradient of a shape that the operand's broadcasts to: the walk sums it, and adds up what several
//! uses of one value give. Functions of the table have their slopes there.

use wengert_tensor::pointwise::UnaryOp;
use wengert_tensor::{Axes, Float, Shape, axis_or_refuse, keep};

use crate::Result;
use crate::algebra::Algebra;
use crate::op::Op;
use crate::reductions::{centred, cumprod, logcumsumexp, norm, or_zero, others, softmax_of, ties};

/// The operands and the result of the op whose rule is asked for, fetched as they are needed.
pub(crate) trait At<A> {
    /// Operand `k`.
    fn x(&self, k: usize) -> A;
    /// What is found by looking at operand `k` where it lies.
    fn see<R>(&self, k: usize, look: impl FnOnce(&A) -> R) -> R {
        look(&self.x(k))
    }
    /// What is found by looking at the result where it lies.
    fn see_y<R>(&self, look: impl FnOnce(&A) -> R) -> R {
        look(&self.y())
    }
    /// How many operands there are.
    fn operands(&self) -> usize;
    /// The result.
    fn y(&self) -> A;
    /// The shape of operand `k`.
    fn shape(&self, k: usize) -> Shape;
    /// Whether a gradient has the shape of operand `k`.
    fn has_shape(&self, k: usize, g: &A) -> bool;
}

/// What `g` gives operand `k`.
#[inline]
pub(crate) fn pull<T: Float, A: Algebra<T>>(
    op: &Op<T>,
    k: usize,
    g: A,
    at: &impl At<A>,
) -> Result<A> {
    match op {
        Op::Unary(op) => at.see(0, |x| at.see_y(|y| A::pull_unary(*op, g, x, y))),
        Op::Binary(op) => {
            at.see(0, |a| at.see(1, |b| at.see_y(|y| A::pull_binary(*op, k, g, a, b, y))))
        }
        _ => pull_more(op, k, g, at),
    }
}

/// The rules of products, which only look at `g`: the walk need not clone it for them. `None` for other ops.
#[inline]
pub(crate) fn pull_product<T: Float, A: Algebra<T>>(
    op: &Op<T>,
    k: usize,
    g: &A,
    at: &impl At<A>,
) -> Option<Result<A>> {
    Some(match (op, k) {
        (Op::MatMul, 0) => at.see(1, |b| g.matmul(&b.t()?)),
        (Op::MatMul, _) => at.see(0, |a| a.t()?.matmul(g)),
        // A single row is a matrix of one: products of vectors are not what `MatMul` has rules for.
        (Op::Linear, 0) if at.shape(0).len() == 1 => {
            at.see(1, |b| rows(g)?.matmul(b)?.reshape(&at.shape(0)))
        }
        (Op::Linear, 0) => at.see(1, |b| g.matmul(b)),
        (Op::Linear, 1) if at.shape(0).len() == 2 => at.see(0, |a| g.t()?.matmul(a)),
        (Op::Linear, 1) => at.see(0, |a| rows(g)?.t()?.matmul(&rows(a)?)),
        (Op::Linear, _) => g.over_rows(),
        _ => return None,
    })
}

fn pull_more<T: Float, A: Algebra<T>>(op: &Op<T>, k: usize, g: A, at: &impl At<A>) -> Result<A> {
    let (a, y) = (|| at.x(0), || at.y());
    let shape = || at.shape(0);
    Ok(match (op, k) {
        (Op::Unary(_) | Op::Binary(_), _) => pull(op, k, g, at)?,
        (Op::Constant | Op::Untracked(_) | Op::Input | Op::Param(..), _) => {
            unreachable!("a leaf has no operands")
        }
        (Op::Detach, _) => unreachable!("no gradient is asked of what is detached"),
        (Op::CustomUnary(op), _) => g.gate(&A::run(Op::CustomUnary(op.slope()), &[&a()])?)?,
        (Op::Custom(op), k) => crate::custom::pull(op, k, g, at)?,
        (Op::Where(mask), 0) => g.masked(mask.clone())?,
        (Op::Where(mask), _) => g.masked(!mask)?,

        (Op::MatMul | Op::Linear, _) => match pull_product(op, k, &g, at) {
            Some(part) => part?,
            None => unreachable!("both are products"),
        },

        (Op::Sum(axes), _) => g.spread(axes, &shape())?,
        (Op::Mean(axes), _) => g.scaled(1.0 / count(axes, &shape())?).spread(axes, &shape())?,
        (Op::Prod(axes), _) => g.spread(axes, &shape())? * others(&a(), axes, &y())?,
        (Op::Max(axes) | Op::Min(axes), _) => g.spread(axes, &shape())? * ties(&a(), axes, &y())?,
        (Op::Var(axes, correction), _) => {
            let scale = 2.0 / (count(axes, &shape())? - correction).max(0.0);
            g.scaled(scale).spread(axes, &shape())? * centred(&a(), axes)?
        }
        (Op::Std(axes, correction), _) => {
            let scale = 1.0 / (count(axes, &shape())? - correction).max(0.0);
            or_zero(&g, &y())?.scaled(scale).spread(axes, &shape())? * centred(&a(), axes)?
        }
        (Op::Norm(axes, p), _) => norm(g, &a(), axes, *p, &y())?,
        (Op::LogSumExp(axes), _) => {
            let p = softmax_of(&a(), axes, &y())?;
            g.spread(axes, &shape())? * p
        }
        (Op::Softmax(axis), _) => match at.see_y(|y| A::pull_softmax(*axis, false, &g, y)) {
            Some(dx) => dx,
            None => (g.clone() - (g * y()).sum(keep(*axis))?) * y(),
        },
        (Op::LogSoftmax(axis), _) => match at.see_y(|y| A::pull_softmax(*axis, true, &g, y)) {
            Some(dx) => dx,
            None => g.clone() - y().exp() * g.sum(keep(*axis))?,
        },
        // Of a scalar: itself.
        (Op::CumSum(_) | Op::CumProd(_) | Op::LogCumSumExp(_), _) if shape().is_empty() => g,
        (Op::CumSum(axis), _) => g.cumsum_from_end(axis_of(*axis, &shape())?)?,
        (Op::CumProd(axis), _) => cumprod(&g, &a(), &y(), axis_of(*axis, &shape())?)?,
        (Op::LogCumSumExp(axis), _) => logcumsumexp(&g, &a(), &y(), axis_of(*axis, &shape())?)?,
        (Op::Normalize(axes, epsilon), _) => {
            let (x, y, axes) = (a(), y(), keep(axes.clone()));
            let scale = A::run(Op::Var(axes.clone(), 0.0), &[&x])?;
            let scale = scale.unary(UnaryOp::AddScalar { c: *epsilon }).unary(UnaryOp::Rsqrt);
            (g.clone() - g.mean(axes.clone())? - y.clone() * (g * y).mean(axes)?) * scale
        }

        (Op::Reshape(_), _) => g.reshape(&shape())?,
        (Op::Permute(order), _) => g.permute(&inverse(order))?,
        (Op::Expand(_), _) => g,
        (Op::SumTo(_), _) => g.expand(&shape())?,
        (Op::Slice(axes), _) => A::run(Op::Unslice(shape(), axes.clone()), &[&g])?,
        (Op::Unslice(_, axes), _) => g.slice(axes.clone())?,
        (Op::Diagonal(o, i, j), _) => A::run(Op::Undiagonal(shape(), *o, *i, *j), &[&g])?,
        (Op::Undiagonal(_, o, i, j), _) => A::run(Op::Diagonal(*o, *i, *j), &[&g])?,
        (Op::Cat(axis), k) => {
            let axis = axis_of(*axis, &shape())?;
            let start = (0..k).map(|j| at.shape(j)[axis]).sum();
            g.narrow(axis, start, at.shape(k)[axis])?
        }
        (Op::Gather(axis, index), _) => A::run(Op::Ungather(shape(), *axis, index.clone()), &[&g])?,
        (Op::Ungather(_, axis, index), _) => A::run(Op::Gather(*axis, index.clone()), &[&g])?,
        (Op::IndexSelect(axis, index), _) => {
            A::run(Op::Unindex(shape(), *axis, index.clone()), &[&g])?
        }
        (Op::Unindex(_, axis, index), _) => A::run(Op::IndexSelect(*axis, index.clone()), &[&g])?,

        (Op::CrossEntropy(targets), _) => at.see(0, |a| A::pull_cross_entropy(targets, g, a))?,
    })
}

/// […, n] as [rows, n].
fn rows<T: Float, A: Algebra<T>>(x: &A) -> Result<A> {
    let shape = x.shape();
    match *shape {
        [_, _] => Ok(x.clone()),
        [.., n] => x.reshape(&[shape[..shape.len() - 1].iter().product(), n]),
        [] => unreachable!("`linear` takes no scalar"),
    }
}

/// The axis that a checked number means.
fn axis_of(axis: isize, shape: &[usize]) -> Result<usize> {
    Ok(axis_or_refuse("axis", shape, axis)?)
}

/// How many elements of `shape` each result of a reduction over `axes` comes from.
pub(crate) fn count(axes: &Axes, shape: &[usize]) -> Result<f64> {
    let flags = axes.flags("count", shape)?;
    Ok(shape.iter().zip(flags).filter(|(_, f)| *f).map(|(&s, _)| s as f64).product())
}

fn inverse(order: &[isize]) -> Vec<isize> {
    let rank = order.len() as isize;
    let mut back = vec![0; order.len()];
    for (i, &axis) in order.iter().enumerate() {
        back[(if axis < 0 { axis + rank } else { axis }) as usize] = i as isize;
    }
    back
}
