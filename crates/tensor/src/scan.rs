//! Running sums, products and log-sum-exps along an axis.

use crate::axes::{axis_or_refuse, is_axis_of_scalar};
use crate::error::room_or_refuse;
use crate::kernel::scan::NumberScan;
use crate::{Float, Number, Result, Tensor};

impl<T: Number> Tensor<T> {
    /// The running sum along `axis`: each element plus all before it. Carried in double precision.
    ///
    /// ```
    /// # use wengert_tensor::tensor;
    /// let x = tensor![[1.0_f32, 2.0, 3.0], [4.0, 5.0, 6.0]];
    /// assert_eq!(x.cumsum(1)?, tensor![[1.0, 3.0, 6.0], [4.0, 9.0, 15.0]]);
    /// assert_eq!(x.cumsum(0)?, tensor![[1.0, 2.0, 3.0], [5.0, 7.0, 9.0]]);
    /// // From the end:
    /// assert_eq!(x.flip(1)?.cumsum(1)?.flip(1)?, tensor![[6.0, 5.0, 3.0], [15.0, 11.0, 6.0]]);
    /// # Ok::<(), wengert_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Axis`](crate::Error::Axis) if there is no such axis.
    #[track_caller]
    #[inline(never)]
    pub fn cumsum(&self, axis: isize) -> Result<Self> {
        self.scanned("cumsum", axis, |x, axis| T::scan(NumberScan::Sum, x, axis))
    }

    /// The running product along `axis`: each element times all before it. Carried in double precision.
    ///
    /// # Errors
    /// [`Error::Axis`](crate::Error::Axis) if there is no such axis.
    #[track_caller]
    #[inline(never)]
    pub fn cumprod(&self, axis: isize) -> Result<Self> {
        self.scanned("cumprod", axis, |x, axis| T::scan(NumberScan::Product, x, axis))
    }

    /// The scan along `axis`; that of a scalar is the scalar's.
    #[track_caller]
    fn scanned(
        &self,
        op: &'static str,
        axis: isize,
        scan: impl FnOnce(&Self, usize) -> Self,
    ) -> Result<Self> {
        if is_axis_of_scalar(self.shape(), axis) {
            return scan(&self.line(), 0).reshape([]);
        }
        let axis = axis_or_refuse(op, self.shape(), axis)?;
        room_or_refuse::<T>(op, self.shape())?;
        Ok(scan(self, axis))
    }
}

impl<T: Float> Tensor<T> {
    /// The running ln Σeˣ along `axis`, without overflow. Carried in double precision.
    ///
    /// # Errors
    /// [`Error::Axis`](crate::Error::Axis) if there is no such axis.
    #[track_caller]
    #[inline(never)]
    pub fn logcumsumexp(&self, axis: isize) -> Result<Self> {
        self.scanned("logcumsumexp", axis, T::logcumsumexp)
    }
}

compiled!(f32 f64: { Tensor::<T>::cumsum, Tensor::<T>::cumprod, Tensor::<T>::logcumsumexp });
