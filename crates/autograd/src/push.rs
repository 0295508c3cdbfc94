//! The forward rules: what directions of the operands give the result, one expression an arm.
//!
//! They are written from the ops, not from the reverse rules, so that the two check each other. An op that is linear in
//! each operand is its own rule: it is run on the direction.

use wengert_tensor::pointwise::UnaryOp;
use wengert_tensor::{Axes, Float, Tensor, keep};

use crate::Result;
use crate::algebra::Algebra;
use crate::op::Op;
use crate::pull::count;
use crate::reductions::{centred, or_zero, others, softmax_of, ties};

/// The direction of the result, of operands `x` along the directions `t` (none: 0).
pub(crate) fn push<T: Float, A: Algebra<T>>(
    op: &Op<T>,
    x: &[A],
    t: &[Option<A>],
    y: &A,
) -> Result<Option<A>> {
    let mut sum: Option<A> = None;
    for (k, t) in t.iter().enumerate() {
        if let Some(t) = t {
            let part = push_one(op, k, x, t, y)?;
            sum = Some(match sum {
                Some(sum) => sum + part,
                None => part,
            });
        }
    }
    Ok(sum)
}

/// The direction of the result, of operand `k` along `t`.
fn push_one<T: Float, A: Algebra<T>>(op: &Op<T>, k: usize, x: &[A], t: &A, y: &A) -> Result<A> {
    let a = &x[0];
    let shape = a.shape();
    let total = |axes: &Axes, v: A| v.sum(axes.clone());
    Ok(match op {
        Op::Constant | Op::Untracked(_) | Op::Input | Op::Param(..) => {
            unreachable!("a leaf has no operands")
        }
        Op::Detach => t.fixed(Tensor::try_full(&shape, T::ZERO)?),
        Op::Unary(op) => A::pull_unary(*op, t.clone(), a, y)?,
        Op::Binary(op) => {
            let t = t.expand(&y.shape())?;
            let (a, b) = (a.expand(&y.shape())?, x[1].expand(&y.shape())?);
            A::pull_binary(*op, k, t, &a, &b, y)?
        }
        Op::CustomUnary(op) => t.gate(&A::run(Op::CustomUnary(op.slope()), &[a])?)?,
        Op::Custom(op) => return crate::custom::push(op),
        Op::Where(mask) => {
            let zero = t.fixed(Tensor::scalar(T::ZERO));
            let (yes, no) = if k == 0 { (t, &zero) } else { (&zero, t) };
            let chosen = A::run(Op::Where(mask.clone()), &[yes, no])?;
            chosen.expand(&y.shape())?
        }

        // Linear in each operand.
        Op::MatMul => {
            A::run(Op::MatMul, &[if k == 0 { t } else { a }, if k == 1 { t } else { &x[1] }])?
        }
        Op::Linear if k == 2 => t.expand(&y.shape())?,
        Op::Linear => {
            A::run(Op::Linear, &[if k == 0 { t } else { a }, if k == 1 { t } else { &x[1] }])?
        }
        Op::Cat(_) => {
            let zeros: Vec<A> = x
                .iter()
                .map(|x| Ok(t.fixed(Tensor::try_full(x.shape(), T::ZERO)?)))
                .collect::<Result<_>>()?;
            let parts: Vec<&A> =
                zeros.iter().enumerate().map(|(j, z)| if j == k { t } else { z }).collect();
            A::run(op.clone(), &parts)?
        }
        Op::Sum(_)
        | Op::Mean(_)
        | Op::CumSum(_)
        | Op::Reshape(_)
        | Op::Permute(_)
        | Op::Expand(_)
        | Op::SumTo(_)
        | Op::Slice(_)
        | Op::Unslice(..)
        | Op::Diagonal(..)
        | Op::Undiagonal(..)
        | Op::Gather(..)
        | Op::Ungather(..)
        | Op::IndexSelect(..)
        | Op::Unindex(..) => A::run(op.clone(), &[t])?,

        Op::Prod(axes) => total(axes, t.clone() * others(a, axes, y)?)?,
        Op::Max(axes) | Op::Min(axes) => total(axes, t.clone() * ties(a, axes, y)?)?,
        Op::Var(axes, c) => {
            let scale = 2.0 / (count(axes, &shape)? - c).max(0.0);
            total(axes, t.clone() * centred(a, axes)?)?.scaled(scale)
        }
        Op::Std(axes, c) => {
            let scale = 1.0 / (count(axes, &shape)? - c).max(0.0);
            or_zero(&total(axes, t.clone() * centred(a, axes)?)?.scaled(scale), y)?
        }
        Op::Norm(axes, p) => {
            // Along t the norm grows by Σ t·∂y/∂x, and the norm's slope is what a gradient of 1 gives x.
            let one = y.fixed(Tensor::try_full(y.shape(), T::ONE)?);
            total(axes, t.clone() * crate::reductions::norm(one, a, axes, *p, y)?)?
        }
        Op::LogSumExp(axes) => total(axes, t.clone() * softmax_of(a, axes, y)?)?,
        Op::Softmax(axis) => y.clone() * (t.clone() - (t.clone() * y.clone()).sum(keep(*axis))?),
        Op::LogSoftmax(axis) => t.clone() - (t.clone() * y.exp()).sum(keep(*axis))?,
        // Of a scalar: itself.
        Op::CumProd(_) if shape.is_empty() => t.clone(),
        Op::CumProd(axis) => {
            // d(x₁ ⋯ xₖ) by the product rule, running: dₖ = dₖ₋₁·xₖ + yₖ₋₁·tₖ.
            let axis = if *axis < 0 { *axis + shape.len() as isize } else { *axis } as usize;
            let at = |v: &A, i: usize| v.narrow(axis, i, 1);
            let mut parts = vec![at(t, 0)?];
            for i in 1..shape[axis] {
                parts.push(parts[i - 1].clone() * at(a, i)? + at(y, i - 1)? * at(t, i)?);
            }
            A::cat(&parts.iter().collect::<Vec<_>>(), axis)?
        }
        Op::LogCumSumExp(axis) => {
            // Σ tᵢ·exp(xᵢ) / exp(yₖ) over i ≤ k, shifted by the largest x so that nothing overflows.
            let top = a.tensor().max_over(keep(*axis))?;
            let top = a.fixed(top.map(|m| if m.is_finite() { m } else { T::ZERO }));
            let weighted = t.clone() * (a.clone() - top.clone()).exp();
            let sums = A::run(Op::CumSum(*axis), &[&weighted])?;
            // Of nothing but -inf there is no slope.
            let there = y.tensor().map(|y| y != T::LEAST);
            (sums * (top - y.masked(there.clone())?).exp()).masked(there)?
        }
        Op::Normalize(axes, epsilon) => {
            let axes = keep(axes.clone());
            let deviation = A::run(Op::Var(axes.clone(), 0.0), &[a])?
                .unary(UnaryOp::AddScalar { c: *epsilon })
                .unary(UnaryOp::Sqrt);
            let t = t.clone() - t.mean(axes.clone())?;
            (t.clone() - y.clone() * (y.clone() * t).mean(axes)?) / deviation
        }
        Op::CrossEntropy(targets) => targets.push(a, t)?,
    })
}
