//! Layers that normalise.
//!
//! Batch normalisation is where three things meet that are kept apart. In *training mode* (the tape's) it normalises by
//! the batch, else by its running statistics. Its running statistics are *buffers*: they move in training mode on a tape
//! that records, and at no other time, so that looking at a model does not change it. Whether its weight and bias get a
//! *gradient* is another question: a frozen layer still has running statistics that move.

mod batch;
mod group;
mod instance;
mod layer;
mod rms;
mod running;

pub use batch::{BatchNorm, BatchNorm1d, BatchNorm2d};
pub use group::GroupNorm;
pub use instance::InstanceNorm1d;
pub use layer::LayerNorm;
pub use rms::RmsNorm;
pub use running::Running;

use wengert_autograd::{Param, Tape, Var};
use wengert_tensor::{Float, Tensor};

/// Weights of ones.
fn ones<T: Float>(shape: &[usize]) -> Option<Param<T>> {
    Some(Param::new(Tensor::ones(shape)))
}

/// Biases of zeros.
fn zeros<T: Float>(shape: &[usize]) -> Option<Param<T>> {
    Some(Param::new(Tensor::zeros(shape)))
}

/// A parameter that there may be, on a tape.
#[track_caller]
fn on<'t, T: Float>(tape: &'t Tape<T>, param: &Option<Param<T>>) -> Option<Var<'t, T>> {
    match param {
        Some(param) => Some(tape.param(param)),
        None => None,
    }
}
