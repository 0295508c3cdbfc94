//! Formulas that look at a whole tensor and not at one element: norms, and the passes over elements that come before and after them.
//!
//! Such an optimiser implements [`Formula`](crate::rule::Formula) itself. It runs elementwise formulas with `update_in_place`, and
//! between them it measures.

use wengert_tensor::pointwise::{C, Real, Update, update_in_place};
use wengert_tensor::{Float, Result, Tensor};

use crate::rule::mean;

/// m ← keep·m + (1 - keep)·x
#[derive(Clone, Copy)]
pub(crate) struct Mean(pub(crate) C);

impl Update<1> for Mean {
    #[inline(always)]
    fn step<R: Real>(self, [average]: [R; 1], value: R) -> [R; 1] {
        [mean(self.0, average, value)]
    }
}

/// θ ← shrink·θ - rate·u
#[derive(Clone, Copy)]
struct Move {
    shrink: C,
    rate: C,
}

impl Update<1> for Move {
    #[inline(always)]
    fn step<R: Real>(self, [p]: [R; 1], u: R) -> [R; 1] {
        [self.shrink * p - self.rate * u]
    }
}

/// Moves a parameter against a direction: θ ← shrink·θ - rate·u.
#[track_caller]
pub(crate) fn go<T: Float>(
    value: &mut Tensor<T>,
    shrink: f64,
    rate: f64,
    u: &Tensor<T>,
) -> Result<()> {
    update_in_place(Move { shrink: C(shrink), rate: C(rate) }, [value], u)
}

/// The Euclidean norm of all elements; 0 of nothing.
#[track_caller]
pub(crate) fn norm<T: Float>(x: &Tensor<T>) -> Result<f64> {
    if x.is_empty() {
        return Ok(0.0);
    }
    let norm = x.norm(2.0)?.item()?.to_f64();
    // Finite numbers may have a norm beyond their type's largest.
    if norm.is_finite() { Ok(norm) } else { x.cast::<f64>().norm(2.0)?.item() }
}

/// The root of the mean of squares; 0 of nothing.
#[track_caller]
pub(crate) fn rms<T: Float>(x: &Tensor<T>) -> Result<f64> {
    Ok(norm(x)? / (x.len().max(1) as f64).sqrt())
}

/// ‖θ‖/‖u‖, the ratio by which a step follows the size of its parameter; 1 if either is 0, so that a parameter that starts from 0
/// can leave it.
pub(crate) fn trust_ratio(value: f64, update: f64) -> f64 {
    if value > 0.0 && update > 0.0 { value / update } else { 1.0 }
}
