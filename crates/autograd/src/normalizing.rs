//! Normalisation, as methods of `Var`.

#[cfg(doc)]
use wengert_tensor::Tensor;
use wengert_tensor::{Axes, Float};

use crate::ops::Normalize;
use crate::{Result, Var};

impl<T: Float> Var<'_, T> {
    /// (x - mean) / √(variance + epsilon) over some axes: the core of layer and batch normalisation.
    ///
    /// # Errors
    /// If there is no such axis.
    #[track_caller]
    pub fn normalize(self, axes: impl Into<Axes>, epsilon: f64) -> Result<Self> {
        self.apply(Normalize::by_deviation(axes.into(), epsilon))
    }

    /// x / √(mean of x² + epsilon) over axes.
    ///
    /// # Errors
    /// If there are no such axes.
    #[track_caller]
    pub fn rms_normalize(self, axes: impl Into<Axes>, epsilon: f64) -> Result<Self> {
        self.apply(Normalize::by_mean_square(axes.into(), epsilon))
    }

    /// (x - mean) / √(variance + epsilon) · weight + bias, over the last axes, whose sizes are those of weight and bias; see
    /// [`Tensor::layer_norm`].
    ///
    /// # Errors
    /// If the last axes have other sizes, or the weight has no axis.
    #[track_caller]
    pub fn layer_norm(self, weight: Self, bias: Option<Self>, epsilon: f64) -> Result<Self> {
        self.recordable("layer_norm", &[weight])?;
        let op = Normalize::layer_norm(Axes::last(weight.rank()), epsilon);
        self.scaled_and_shifted(op, weight, bias, "layer_norm")
    }

    /// (x - mean) / √(variance + epsilon) · weight + bias over axes, where weight and bias broadcast to x: batch, instance and group
    /// normalisation; see [`Tensor::affine_normalize`].
    ///
    /// # Errors
    /// If there are no such axes, or weight or bias do not broadcast to x.
    #[track_caller]
    pub fn affine_normalize(
        self,
        axes: impl Into<Axes>,
        weight: Self,
        bias: Option<Self>,
        epsilon: f64,
    ) -> Result<Self> {
        self.recordable("affine_normalize", &[weight])?;
        let op = Normalize::affine(axes.into(), epsilon);
        self.scaled_and_shifted(op, weight, bias, "affine_normalize")
    }

    #[track_caller]
    fn scaled_and_shifted(
        self,
        op: Normalize,
        weight: Self,
        bias: Option<Self>,
        name: &'static str,
    ) -> Result<Self> {
        match bias {
            Some(bias) => {
                self.same_tape(bias, name)?;
                self.tape.record(op, &[self.index, weight.index, bias.index])
            }
            None => self.tape.record(op, &[self.index, weight.index]),
        }
    }

    /// x / √(mean of x² + epsilon) · weight over the last axes, whose sizes are those of the weight; see [`Tensor::rms_norm`].
    ///
    /// # Errors
    /// If the last axes have other sizes, or the weight has no axis.
    #[track_caller]
    pub fn rms_norm(self, weight: Self, epsilon: f64) -> Result<Self> {
        self.recordable("rms_norm", &[weight])?;
        self.apply_with(Normalize::rms_norm(Axes::last(weight.rank()), epsilon), weight)
    }
}
