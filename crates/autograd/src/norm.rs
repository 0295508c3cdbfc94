//! The core of layer and batch normalisation on tensors.

use wengert_tensor::{Axes, Float, Tensor, keep};

use crate::Result;

/// (x - mean) / √(variance + epsilon) over `axes`.
pub(crate) fn normalize<T: Float>(x: &Tensor<T>, axes: &Axes, epsilon: f64) -> Result<Tensor<T>> {
    let axes = keep(axes.clone());
    let centred = x.try_sub(&x.mean_over(axes.clone())?)?;
    let variance = centred.square().mean_over(axes)?;
    Ok(centred.try_mul(&variance.add_scalar(epsilon).rsqrt())?)
}
