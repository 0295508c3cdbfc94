//! Numbers brought to one scale along axes, then scaled and shifted by weights.

use crate::error::room_or_refuse;
use crate::kernel::normalize::Rows;
use crate::{Axes, Error, Fault, Float, Result, Tensor, keep};

/// The divisor of numbers that are brought to one scale.
///
/// ```
/// # use wengert_tensor::{Divisor, tensor};
/// let x = tensor![6.0, 8.0];
/// assert_eq!(x.normalize(0, 0.0)?, tensor![-1.0, 1.0]); // Divisor::Deviation
/// assert_eq!(x.rms_normalize(0, 14.0)?, tensor![0.75, 1.0]); // Divisor::RootMeanSquare
/// assert_ne!(Divisor::Deviation, Divisor::RootMeanSquare);
/// # Ok::<(), wengert_tensor::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Divisor {
    /// The standard deviation, after the mean is taken away.
    Deviation,
    /// The root of the mean square.
    RootMeanSquare,
}

impl<T: Float> Tensor<T> {
    /// (x - mean) / √(variance + epsilon) over axes.
    ///
    /// ```
    /// # use wengert_tensor::tensor;
    /// let x = tensor![[1.0, 3.0], [10.0, 30.0]];
    /// assert_eq!(x.normalize(1, 0.0)?, tensor![[-1.0, 1.0], [-1.0, 1.0]]);
    /// # Ok::<(), wengert_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Axis`] if there are no such axes.
    #[track_caller]
    pub fn normalize(&self, axes: impl Into<Axes>, epsilon: f64) -> Result<Self> {
        self.normalize_here(axes.into(), epsilon)
    }

    #[track_caller]
    #[inline(never)]
    fn normalize_here(&self, axes: Axes, epsilon: f64) -> Result<Self> {
        let rows = self.rows("normalize", &axes, Divisor::Deviation, epsilon)?;
        let one = match rows {
            Some(rows) => rows.normalize(self, None, None),
            None => self.normalize_channels(&axes, epsilon),
        };
        if let Some(y) = one {
            return Ok(y);
        }
        let axes = keep(axes);
        let centred = self.try_sub(&self.mean_over(axes.clone())?)?;
        let variance = centred.square().mean_over(axes)?;
        centred.try_mul(&variance.add_scalar(epsilon).rsqrt())
    }

    /// x / √(mean of x² + epsilon) over axes.
    ///
    /// ```
    /// # use wengert_tensor::tensor;
    /// assert_eq!(tensor![4.0, 0.0, 0.0, 0.0].rms_normalize(0, 0.0)?, tensor![2.0, 0.0, 0.0, 0.0]);
    /// # Ok::<(), wengert_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Axis`] if there are no such axes.
    #[track_caller]
    pub fn rms_normalize(&self, axes: impl Into<Axes>, epsilon: f64) -> Result<Self> {
        self.rms_normalize_here(axes.into(), epsilon)
    }

    #[track_caller]
    #[inline(never)]
    fn rms_normalize_here(&self, axes: Axes, epsilon: f64) -> Result<Self> {
        let rows = self.rows("rms_normalize", &axes, Divisor::RootMeanSquare, epsilon)?;
        if let Some(y) = rows.and_then(|rows| rows.normalize(self, None, None)) {
            return Ok(y);
        }
        let square = self.square().mean_over(keep(axes))?;
        self.try_mul(&square.add_scalar(epsilon).rsqrt())
    }

    /// (x - mean) / √(variance + epsilon) · weight + bias, over the last axes, whose sizes are those of weight and bias, in one pass.
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
        self.weighted("layer_norm", weight, bias, Divisor::Deviation, epsilon)
    }

    /// x / √(mean of x² + epsilon) · weight, over the last axes, whose sizes are those of the weight, in one pass.
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
        self.weighted("rms_norm", weight, None, Divisor::RootMeanSquare, epsilon)
    }

    /// The gradient of this operand, which was normalised over `axes` and then scaled by the weight, from the gradient `g`, in one
    /// pass. `None` if the kernels have no way for these axes, the shapes do not fit, or there are no elements.
    #[doc(hidden)]
    #[inline(never)]
    pub fn pull_normalize(
        &self,
        g: &Self,
        weight: Option<&Self>,
        axes: &Axes,
        epsilon: f64,
        divisor: Divisor,
    ) -> Option<Self> {
        let rows = self.rows("normalize", axes, divisor, epsilon).ok()?;
        if g.shape() != self.shape() {
            return None;
        }
        match rows.filter(|rows| weight.is_none_or(|weight| self.is_of_rows(*rows, weight.shape())))
        {
            Some(rows) => rows.pull(g, self, weight),
            None => {
                let by_channels = match divisor {
                    Divisor::Deviation => self.pull_channels(g, weight, axes, epsilon),
                    Divisor::RootMeanSquare => None,
                };
                // Scaled first, and then as without a weight.
                by_channels.or_else(|| {
                    let scaled = g.try_mul(weight?).ok()?;
                    self.pull_normalize(&scaled, None, axes, epsilon, divisor)
                })
            }
        }
    }

    /// The gradient of the weight, of shape `weight`, that scaled this operand after it was normalised over `axes`, from the gradient
    /// `g`, in one pass. `None` as in [`pull_normalize`](Self::pull_normalize).
    #[doc(hidden)]
    #[inline(never)]
    pub fn pull_normalize_weight(
        &self,
        g: &Self,
        weight: &[usize],
        axes: &Axes,
        epsilon: f64,
        divisor: Divisor,
    ) -> Option<Self> {
        let rows = self.rows("normalize", axes, divisor, epsilon).ok()?;
        if g.shape() != self.shape() {
            return None;
        }
        match rows.filter(|rows| self.is_of_rows(*rows, weight)) {
            Some(rows) => rows.pull_weight(g, self)?.reshape(weight).ok(),
            None if divisor == Divisor::Deviation => {
                self.pull_channels_weight(g, weight, axes, epsilon)
            }
            None => None,
        }
    }

    /// True for the shape of a weight with a number for each element of a row.
    fn is_of_rows(&self, rows: Rows, weight: &[usize]) -> bool {
        self.shape().ends_with(weight) && weight.iter().product::<usize>() == rows.width
    }

    /// The rows along the axes, if they are the last ones and there are elements.
    #[track_caller]
    fn rows(
        &self,
        op: &'static str,
        axes: &Axes,
        divisor: Divisor,
        epsilon: f64,
    ) -> Result<Option<Rows>> {
        let flags = axes.flags(op, self.shape())?;
        if !self.is_contiguous() {
            room_or_refuse::<T>(op, self.shape())?;
        }
        let kept = flags.iter().take_while(|&&folded| !folded).count();
        if self.is_empty() || kept == flags.len() || flags[kept..].iter().any(|&folded| !folded) {
            return Ok(None);
        }
        let width = self.shape()[kept..].iter().product();
        Ok(Some(Rows { width, divisor, epsilon }))
    }

    /// Normalised over as many of the last axes as the weight has, scaled, and shifted.
    #[track_caller]
    #[inline(never)]
    fn weighted(
        &self,
        op: &'static str,
        weight: &Self,
        bias: Option<&Self>,
        divisor: Divisor,
        epsilon: f64,
    ) -> Result<Self> {
        let sizes = weight.shape();
        if sizes.is_empty() || !self.shape().ends_with(sizes) {
            let rule = format!("the last axes must have the weight's sizes {sizes:?}");
            let fault = Fault::new(op, &[self.shape(), sizes], rule);
            let axes = self.rank().checked_sub(sizes.len().max(1));
            return Err(Error::Shape(match axes.map(|kept| &self.shape()[kept..]) {
                Some(last) => fault.help(format!("a weight for these rows has shape {last:?}")),
                None => fault,
            }));
        }
        if let Some(bias) = bias.filter(|bias| bias.shape() != sizes) {
            let rule = format!("the bias must have the weight's shape {sizes:?}");
            return Err(Error::Shape(Fault::new(op, &[self.shape(), bias.shape()], rule)));
        }
        let rows = self.rows(op, &Axes::last(sizes.len()), divisor, epsilon)?;
        // Without elements there is nothing to do.
        Ok(rows
            .and_then(|rows| rows.normalize(self, Some(weight), bias))
            .unwrap_or_else(|| self.clone()))
    }
}

compiled!(f32 f64: {
    Tensor::<T>::pull_normalize,
    Tensor::<T>::pull_normalize_weight,
    Tensor::<T>::weighted,
    Tensor::<T>::normalize_here,
    Tensor::<T>::rms_normalize_here,
});
