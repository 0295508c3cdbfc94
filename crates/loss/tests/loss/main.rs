//! The losses, judged: numbers worked out by hand, gradients to the second order, extremes, refusals.

// A helper of a test may unwrap as the test itself may; and targets are borrowed, as users' are.
#![allow(
    clippy::unwrap_used,
    clippy::cloned_ref_to_slice_refs,
    clippy::needless_borrows_for_generic_args
)]

mod audit;
mod ctc;
mod dist;
mod edges;
mod extremes;
mod gradients;
mod nothing;
mod numbers;
mod penalties;
mod refusals;
mod sequences;
mod targets;

use wengert_autograd::{Result, Var};

/// The only number of a loss.
fn item(loss: Result<Var<'_, f64>>) -> f64 {
    loss.unwrap().item().unwrap()
}

/// Whether two numbers agree to this relative difference.
#[track_caller]
fn near(got: f64, expected: f64, tolerance: f64) {
    let off = (got - expected).abs();
    assert!(off <= tolerance * expected.abs().max(1e-300), "{got} is not {expected}");
}
