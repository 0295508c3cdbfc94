//! The numbers with which a layer begins, made in the name of the layer.

use std::panic::Location;

use wengert_autograd::Param;
use wengert_tensor::{Float, Result, Rng, Tensor, compiled};

/// The tensor. A layer's constructor returns no `Result`: without memory the program ends here, at the line that asked for the layer.
#[track_caller]
pub(crate) fn made<T: Float>(layer: &str, tensor: Result<Tensor<T>>) -> Tensor<T> {
    match tensor {
        Ok(tensor) => tensor,
        Err(error) => {
            let (fault, at) = (error.fault(), Location::caller());
            let shapes = fault.shapes.iter().map(|s| format!(": {s}")).collect::<String>();
            panic!("{layer}{shapes}: {}\n  at {at}", fault.rule)
        }
    }
}

/// Uniform within ±1/√fan; zeros if fan is 0.
#[track_caller]
#[inline(never)]
pub(crate) fn uniform<T: Float>(
    layer: &str,
    shape: &[usize],
    fan: usize,
    rng: &mut Rng,
) -> Param<T> {
    let bound = if fan == 0 { 0.0 } else { 1.0 / (fan as f64).sqrt() };
    Param::new(made(layer, Tensor::uniform(shape, -bound, bound, rng)))
}

compiled!(f32 f64: { uniform::<T> });
