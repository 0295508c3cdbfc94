//! Pieces of the rules of reductions and scans, written over the algebra: what does not fit one expression.

use wengert_tensor::pointwise::UnaryOp;
use wengert_tensor::{Axes, Float, Shape, Tensor, keep};

use crate::Result;
use crate::algebra::Algebra;
use crate::op::Op;

/// The shape of a reduction over `axes` of something of shape `x`, with the axes kept.
pub(crate) fn keep_all(axes: &Axes, x: &[usize]) -> Result<Shape> {
    let flags = axes.flags("reduction", x)?;
    Ok(x.iter().zip(flags).map(|(&s, gone)| if gone { 1 } else { s }).collect())
}

/// x - mean(x)
pub(crate) fn centred<T: Float, A: Algebra<T>>(x: &A, axes: &Axes) -> Result<A> {
    Ok(x.clone() - x.mean(keep(axes.clone()))?)
}

/// g / y, and 0 where y is: the slope that is chosen where a root has none.
pub(crate) fn or_zero<T: Float, A: Algebra<T>>(g: &A, y: &A) -> Result<A> {
    let there = y.tensor().map(|y| y != T::ZERO);
    // Divided by 1 elsewhere, so that the branch not taken is finite too.
    let one = y.fixed(Tensor::scalar(T::ONE));
    let safe = A::run(Op::Where(there.clone()), &[y, &one])?;
    (g.clone() / safe).masked(there)
}

/// 1 shared among the elements that equal the extreme `y`, 0 elsewhere. A constant: between ties it does not change.
pub(crate) fn ties<T: Float, A: Algebra<T>>(x: &A, axes: &Axes, y: &A) -> Result<A> {
    let (tensor, y) = (x.tensor(), y.kept(axes, &x.shape())?.tensor());
    // A NaN is the extreme wherever it stands.
    let both_nan = tensor.is_nan().logical_and(&y.is_nan())?;
    let equal = tensor.equal(&y)?.logical_or(&both_nan)?.cast::<T>();
    let share = equal.try_div(&equal.sum_over(keep(axes.clone()))?)?;
    Ok(x.fixed(share))
}

/// What `g` gives x, of whose norm of order `p` it is the gradient. 0 where the norm is 0.
pub(crate) fn norm<T: Float, A: Algebra<T>>(g: A, x: &A, axes: &Axes, p: f64, y: &A) -> Result<A> {
    let shape = x.shape();
    let sign = || x.unary(UnaryOp::Sign);
    if p == 0.0 {
        return Ok(x.fixed(Tensor::try_full(&shape, T::ZERO)?));
    }
    if p == 1.0 {
        return Ok(g.spread(axes, &shape)? * sign());
    }
    if p.is_infinite() {
        let share = ties(&x.unary(UnaryOp::Abs), axes, y)?;
        return Ok(g.spread(axes, &shape)? * share * sign());
    }
    if p == 2.0 {
        return Ok(or_zero(&g, y)?.spread(axes, &shape)? * x.clone());
    }
    // sign(x)·(|x| / y)^(p - 1), so that no power overflows where the norm does not.
    let y = y.spread(axes, &shape)?;
    let ratio = or_zero(&x.unary(UnaryOp::Abs), &y)?;
    let nonzero = x.tensor().map(|x| x != T::ZERO);
    let one = x.fixed(Tensor::scalar(T::ONE));
    let safe = A::run(Op::Where(nonzero.clone()), &[&ratio, &one])?;
    let power = safe.unary(UnaryOp::PowScalar { exponent: p - 1.0 }).masked(nonzero)?;
    Ok(g.spread(axes, &shape)? * power * sign())
}

/// exp(x - logsumexp(x)): the softmax over any axes; 0 where all are -∞.
pub(crate) fn softmax_of<T: Float, A: Algebra<T>>(x: &A, axes: &Axes, y: &A) -> Result<A> {
    let y = y.spread(axes, &x.shape())?;
    let there = y.tensor().map(|y| y != T::LEAST);
    (x.clone() - y.masked(there.clone())?).exp().masked(there)
}

/// For each element the product of all others over the axes.
pub(crate) fn others<T: Float, A: Algebra<T>>(x: &A, axes: &Axes, y: &A) -> Result<A> {
    let shape = x.shape();
    if !x.tensor().iter().any(|x| x == T::ZERO) {
        return Ok(y.spread(axes, &shape)? / x.clone());
    }
    // A zero cannot be divided out: the axes are put last and joined, and the product of those before is multiplied with
    // that of those behind.
    let flags = axes.flags("prod", &shape)?;
    let gone = (0..shape.len()).filter(|&i| flags[i]);
    let order: Vec<isize> =
        (0..shape.len()).filter(|&i| !flags[i]).chain(gone.clone()).map(|i| i as isize).collect();
    let permuted = x.permute(&order)?;
    let n: usize = gone.map(|i| shape[i]).product();
    let flat = permuted.reshape(&[shape.iter().product::<usize>() / n.max(1), n])?;
    let ones = flat.fixed(Tensor::try_full([flat.shape()[0], 1], T::ONE)?);
    let (mut before, mut behind) = (vec![ones.clone()], vec![ones]);
    for i in 1..n {
        before.push(before[i - 1].clone() * flat.narrow(1, i - 1, 1)?);
        behind.push(behind[i - 1].clone() * flat.narrow(1, n - i, 1)?);
    }
    let products: Vec<A> =
        before.into_iter().zip(behind.into_iter().rev()).map(|(a, b)| a * b).collect();
    let joined = A::cat(&products.iter().collect::<Vec<_>>(), 1)?;
    let mut back = vec![0; order.len()];
    for (i, &axis) in order.iter().enumerate() {
        back[axis as usize] = i as isize;
    }
    joined.reshape(&permuted.shape())?.permute(&back)
}

/// What `g` gives x, of whose running products along `axis` it is the gradient.
pub(crate) fn cumprod<T: Float, A: Algebra<T>>(g: &A, x: &A, y: &A, axis: usize) -> Result<A> {
    if !x.tensor().iter().any(|x| x == T::ZERO) {
        return Ok((g.clone() * y.clone()).cumsum_from_end(axis)? / x.clone());
    }
    // dxᵢ = (x₁ ⋯ xᵢ₋₁)·sᵢ with sᵢ = gᵢ + xᵢ₊₁·sᵢ₊₁: by Horner's rule, without a division.
    let n = x.shape()[axis];
    let at = |v: &A, i: usize| v.narrow(axis, i, 1);
    let mut behind = vec![at(g, n - 1)?];
    for i in (0..n - 1).rev() {
        let next = at(x, i + 1)? * behind[behind.len() - 1].clone();
        behind.push(at(g, i)? + next);
    }
    behind.reverse();
    let mut parts = vec![behind[0].clone()];
    for (i, s) in behind.iter().enumerate().skip(1) {
        parts.push(at(y, i - 1)? * s.clone());
    }
    A::cat(&parts.iter().collect::<Vec<_>>(), axis)
}

/// What `g` gives x, of whose running logsumexp along `axis` it is the gradient: Σₖ gₖ·exp(xᵢ - yₖ) over k ≥ i.
pub(crate) fn logcumsumexp<T: Float, A: Algebra<T>>(g: &A, x: &A, y: &A, axis: usize) -> Result<A> {
    // Apart for positive and negative gradients, whose logarithms are summed as the forward pass sums.
    let part = |sign: f64| -> Result<A> {
        let there = g.tensor().map(|g| g.to_f64() * sign > 0.0);
        let one = g.fixed(Tensor::scalar(T::ONE));
        let least = g.fixed(Tensor::scalar(T::LEAST));
        let safe = A::run(Op::Where(there.clone()), &[&g.scaled(sign), &one])?;
        let log = A::run(Op::Where(there), &[&(safe.unary(UnaryOp::Ln) - y.clone()), &least])?;
        let sums = A::run(Op::LogCumSumExp(axis as isize), &[&log.flip(axis)?])?.flip(axis)?;
        Ok((sums + x.clone()).exp())
    };
    Ok(part(1.0)? - part(-1.0)?)
}
