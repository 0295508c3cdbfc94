//! Layers that normalise.
//!
//! Three separate things meet in batch normalisation. In *training mode*, a mode of the tape, it normalises by the batch, and
//! otherwise by its running statistics. The running statistics are *buffers*: they change in training mode on a tape that
//! records, and at no other time, so that evaluating a model does not change it. Whether its weight and bias get a *gradient*
//! is a third question: the running statistics of a frozen layer still change.

mod batch;
mod group;
mod instance;
mod layer;
mod rms;
mod running;

pub use batch::{BatchNorm, BatchNorm1d, BatchNorm2d, BatchNorm3d};
pub use group::GroupNorm;
pub use instance::{InstanceNorm, InstanceNorm1d, InstanceNorm2d, InstanceNorm3d};
pub use layer::LayerNorm;
pub use rms::RmsNorm;
pub use running::Running;

use wengert_autograd::{Param, Tape, Var};
use wengert_tensor::Float;

use crate::init;
use crate::made::made;

/// Weights of ones.
#[track_caller]
fn ones<T: Float>(layer: &str, shape: &[usize]) -> Option<Param<T>> {
    Some(Param::new(made(layer, init::ones(shape))))
}

/// Biases of zeros.
#[track_caller]
fn zeros<T: Float>(layer: &str, shape: &[usize]) -> Option<Param<T>> {
    Some(Param::new(made(layer, init::zeros(shape))))
}

/// An optional parameter, on a tape.
#[track_caller]
fn on<'t, T: Float>(tape: &'t Tape<T>, param: &Option<Param<T>>) -> Option<Var<'t, T>> {
    match param {
        Some(param) => Some(tape.param(param)),
        None => None,
    }
}
