//! The part of a step that no rule changes, compiled in this crate, once for each float type.

use wengert_autograd::Param;
use wengert_tensor::{Float, Tensor, of_float};

use super::check::{Check, Fault};
use super::slot::{Names, Slot};
use crate::groups::names;
use crate::{Error, Result};

/// The first tensor of a state, by its name.
pub(super) type Start<'a, T> = &'a dyn Fn(&str) -> Tensor<T>;

/// The compiled code for a float type.
pub(super) struct Compiled<T: Float> {
    /// Rejects gradients with which no step can be made.
    pub(super) check: fn(&Check<'_, T>) -> Result<()>,
    /// The error of a fault, with the parameter's name.
    pub(super) named: fn(&Check<'_, T>, Fault, &Param<T>) -> Error,
    /// The parameters' names.
    pub(super) names: fn(&[Param<T>]) -> Vec<String>,
    /// Makes the state tensors of these names, for this value.
    pub(super) begin: fn(&mut Slot<T>, Names, &Tensor<T>, Start<'_, T>),
}

impl<T: Float> Compiled<T> {
    const fn new() -> Self {
        Self {
            check: |check| check.run(),
            named: |check, fault, param| check.named(fault, param),
            names,
            begin: Slot::begin,
        }
    }
}

static F32: Compiled<f32> = Compiled::new();
static F64: Compiled<f64> = Compiled::new();

/// The compiled code for this float type.
#[inline]
pub(super) fn compiled<T: Float>() -> &'static Compiled<T> {
    of_float(&F32, &F64)
}
