//! Numbers brought to one scale along their last axes.

use crate::kernel::normalize::{By, normalize_rows, pull_normalize_rows};
use crate::{Axes, Float, Result, Tensor, keep};

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
    /// [`Error::Axis`](crate::Error::Axis) if there are no such axes.
    #[track_caller]
    pub fn normalize(&self, axes: impl Into<Axes>, epsilon: f64) -> Result<Self> {
        let axes = axes.into();
        if let Some(rows) = self.in_rows("normalize", &axes)? {
            return normalize_rows(&rows, By::Deviation, epsilon).reshape(self.shape());
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
    /// [`Error::Axis`](crate::Error::Axis) if there are no such axes.
    #[track_caller]
    pub fn rms_normalize(&self, axes: impl Into<Axes>, epsilon: f64) -> Result<Self> {
        let axes = axes.into();
        if let Some(rows) = self.in_rows("rms_normalize", &axes)? {
            return normalize_rows(&rows, By::Square, epsilon).reshape(self.shape());
        }
        let square = self.square().mean_over(keep(axes))?;
        self.try_mul(&square.add_scalar(epsilon).rsqrt())
    }

    /// The gradient of the operand x whose [`normalize`](Self::normalize) is this, or whose
    /// [`rms_normalize`](Self::rms_normalize) if `centred` is false, from the gradient `g`, in one pass. `None` if the axes are not
    /// the last ones.
    #[doc(hidden)]
    pub fn pull_normalize(
        &self,
        g: &Self,
        x: &Self,
        axes: &Axes,
        epsilon: f64,
        centred: bool,
    ) -> Option<Self> {
        let by = By::of(centred);
        let rows = |x: &Self| x.in_rows("normalize", axes).ok().flatten();
        let (y, g, x) = (rows(self)?, rows(g)?, rows(x)?);
        pull_normalize_rows(&g, &x, &y, by, epsilon).reshape(self.shape()).ok()
    }

    /// As rows along the axes, if they are the last ones.
    #[track_caller]
    fn in_rows(&self, op: &'static str, axes: &Axes) -> Result<Option<Self>> {
        let flags = axes.flags(op, self.shape())?;
        let kept = flags.iter().take_while(|&&folded| !folded).count();
        if self.is_empty() || kept == flags.len() || flags[kept..].iter().any(|&folded| !folded) {
            return Ok(None);
        }
        let rows: usize = self.shape()[..kept].iter().product();
        let width: usize = self.shape()[kept..].iter().product();
        self.reshape([rows, width]).map(Some)
    }
}
