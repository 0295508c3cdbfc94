//! Numbers brought to one scale along their last axes, then scaled and shifted by weights, in one pass.

use crate::kernel::layer_norm::{layer_norm_rows, pull_rows, pull_weight};
use crate::kernel::normalize::By;
use crate::{Axes, Error, Fault, Float, Result, Tensor};

impl<T: Float> Tensor<T> {
    /// (x - mean) / √(variance + epsilon) · weight + bias, over the last axes, whose sizes are those of weight and bias.
    ///
    /// ```
    /// # use wengert_tensor::tensor;
    /// let (x, weight, bias) = (tensor![[1.0, 3.0], [10.0, 30.0]], tensor![2.0, 5.0], tensor![0.5, 0.0]);
    /// assert_eq!(x.layer_norm(&weight, Some(&bias), 0.0)?, tensor![[-1.5, 5.0], [-1.5, 5.0]]);
    /// # Ok::<(), wengert_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] if the last axes have other sizes than weight and bias, or the weight has no axis.
    #[track_caller]
    pub fn layer_norm(&self, weight: &Self, bias: Option<&Self>, epsilon: f64) -> Result<Self> {
        let axes = self.check_weights("layer_norm", weight, bias)?;
        if let Some(y) = layer_norm_rows(self, weight, bias, By::Deviation, epsilon) {
            return Ok(y);
        }
        let y = self.normalize(axes, epsilon)?.try_mul(weight)?;
        bias.map_or_else(|| Ok(y.clone()), |bias| y.try_add(bias))
    }

    /// x / √(mean of x² + epsilon) · weight, over the last axes, whose sizes are those of the weight.
    ///
    /// ```
    /// # use wengert_tensor::tensor;
    /// let (x, weight) = (tensor![[4.0, 0.0, 0.0, 0.0]], tensor![3.0, 1.0, 1.0, 1.0]);
    /// assert_eq!(x.rms_norm(&weight, 0.0)?, tensor![[6.0, 0.0, 0.0, 0.0]]);
    /// # Ok::<(), wengert_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] if the last axes have other sizes than the weight, or the weight has no axis.
    #[track_caller]
    pub fn rms_norm(&self, weight: &Self, epsilon: f64) -> Result<Self> {
        let axes = self.check_weights("rms_norm", weight, None)?;
        if let Some(y) = layer_norm_rows(self, weight, None, By::Square, epsilon) {
            return Ok(y);
        }
        self.rms_normalize(axes, epsilon)?.try_mul(weight)
    }

    /// The gradient of this operand of [`layer_norm`](Self::layer_norm), or of [`rms_norm`](Self::rms_norm) if `centred` is false,
    /// from the gradient `g`, in one pass. `None` if there are no elements, or the shapes do not fit.
    #[doc(hidden)]
    pub fn pull_layer_norm(
        &self,
        g: &Self,
        weight: &Self,
        epsilon: f64,
        centred: bool,
    ) -> Option<Self> {
        let fit = g.shape() == self.shape() && self.shape().ends_with(weight.shape());
        fit.then(|| pull_rows(g, self, weight, By::of(centred), epsilon))?
    }

    /// The gradient of the weight, of shape `weight`, of [`layer_norm`](Self::layer_norm) with this operand, or of
    /// [`rms_norm`](Self::rms_norm) if `centred` is false, from the gradient `g`, in one pass. `None` if there are no elements, or the
    /// shapes do not fit.
    #[doc(hidden)]
    pub fn pull_layer_norm_weight(
        &self,
        g: &Self,
        weight: &[usize],
        epsilon: f64,
        centred: bool,
    ) -> Option<Self> {
        let fit = g.shape() == self.shape() && self.shape().ends_with(weight);
        fit.then(|| pull_weight(g, self, weight, By::of(centred), epsilon))?
    }

    /// The last axes, as many as the weight has.
    #[track_caller]
    fn check_weights(&self, op: &'static str, weight: &Self, bias: Option<&Self>) -> Result<Axes> {
        let refused = |part: &Self, rule: String| {
            Err(Error::Shape(Fault::new(op, &[self.shape(), part.shape()], rule)))
        };
        let sizes = weight.shape();
        if sizes.is_empty() || !self.shape().ends_with(sizes) {
            return refused(
                weight,
                format!("the last axes must have the weight's sizes {sizes:?}"),
            );
        }
        match bias.filter(|bias| bias.shape() != sizes) {
            Some(bias) => refused(bias, format!("the bias must have the weight's shape {sizes:?}")),
            None => Ok(Axes::last(sizes.len())),
        }
    }
}
