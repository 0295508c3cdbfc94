//! Distances between vectors, and cosines of the angles between them. These are functions, not losses: they broadcast.

use wengert_autograd::{Operand, Result, Var};
use wengert_tensor::{Axes, Float, keep};

use crate::refuse::option;

/// ‖a - b + epsilon‖ of order `p` along the last axis: the distance of each pair. PyTorch's `pairwise_distance`, epsilon
/// included (1e-6 there), which keeps the slope finite where the two are equal.
///
/// # Errors
/// If the shapes do not broadcast, or `p` is negative.
#[track_caller]
pub fn pairwise_distance<'t, T: Float>(
    a: Var<'t, T>,
    b: impl Operand<'t, T>,
    p: f64,
    epsilon: f64,
) -> Result<Var<'t, T>> {
    option("pairwise_distance", p >= 0.0, || format!("p is {p}, and must be 0 or more"))?;
    a.try_sub(b)?.add_scalar(epsilon).norm_over(-1, p)
}

/// a·b / (‖a‖·‖b‖) along an axis, each norm held at epsilon or more: the cosine of the angle between the two. PyTorch's
/// `cosine_similarity` (epsilon 1e-8 there). 0 where one of them is the zero vector.
///
/// # Errors
/// If the shapes do not broadcast, or there is no such axis.
#[track_caller]
pub fn cosine_similarity<'t, T: Float>(
    a: Var<'t, T>,
    b: impl Operand<'t, T>,
    axis: isize,
    epsilon: f64,
) -> Result<Var<'t, T>> {
    let b = b.on(a);
    // At their common shape first: the axis is one of that.
    let shape = a.try_add(b)?.shape();
    let (a, b) = (a.expand(&shape)?, b.expand(&shape)?);
    unit(a, axis, epsilon)?.try_mul(unit(b, axis, epsilon)?)?.sum_over(Axes::from(axis))
}

/// x scaled to norm 1 along an axis; its norm is smaller than 1 if it was below epsilon.
#[track_caller]
fn unit<T: Float>(x: Var<'_, T>, axis: isize, epsilon: f64) -> Result<Var<'_, T>> {
    let norm = x.norm_over(keep(axis), 2.0)?;
    let value = norm.value()?;
    // Lifted by a constant where it is short, so that its slope stays that of the norm.
    let lift = value.clamp(epsilon, f64::INFINITY).try_sub(&value)?;
    x.try_div(norm.try_add(lift)?)
}
