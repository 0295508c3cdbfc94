//! Running sums, products and log-sum-exps along an axis.

use crate::axes::{axis_or_refuse, is_axis_of_scalar};
use crate::kernel::scan::{Step, scan};
use crate::{Element, Float, Number, Result, Tensor};

#[derive(Clone, Copy)]
struct Adding;
impl<T: Number> Step<T> for Adding {
    const START: T::Total = T::Total::ZERO;
    #[inline(always)]
    fn step(total: T::Total, x: T::Total) -> T::Total {
        total.plus(x)
    }
}

#[derive(Clone, Copy)]
struct Multiplying;
impl<T: Number> Step<T> for Multiplying {
    const START: T::Total = T::Total::ONE;
    #[inline(always)]
    fn step(total: T::Total, x: T::Total) -> T::Total {
        total.times(x)
    }
}

#[derive(Clone, Copy)]
struct AddingExponentials;
impl<T: Float> Step<T> for AddingExponentials {
    const START: T::Total = T::Total::LEAST;
    #[inline(always)]
    fn step(total: T::Total, x: T::Total) -> T::Total {
        let (total, x) = (total.to_f64(), x.to_f64());
        let most = if (total > x) | total.is_nan() { total } else { x };
        // Where both are the same infinity their difference is NaN, and where one is NaN so is the result.
        let sum = if most.is_infinite() { most } else { most + (-(total - x).abs()).exp().ln_1p() };
        T::Total::from_f64(sum)
    }
}

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
    pub fn cumsum(&self, axis: isize) -> Result<Self> {
        if is_axis_of_scalar(self.shape(), axis) {
            return self.line().cumsum(0)?.reshape([]);
        }
        Ok(scan(Adding, self, axis_or_refuse("cumsum", self.shape(), axis)?))
    }

    /// The running product along `axis`: each element times all before it. Carried in double precision.
    ///
    /// # Errors
    /// [`Error::Axis`](crate::Error::Axis) if there is no such axis.
    #[track_caller]
    pub fn cumprod(&self, axis: isize) -> Result<Self> {
        if is_axis_of_scalar(self.shape(), axis) {
            return self.line().cumprod(0)?.reshape([]);
        }
        Ok(scan(Multiplying, self, axis_or_refuse("cumprod", self.shape(), axis)?))
    }
}

impl<T: Float> Tensor<T> {
    /// The running ln Σeˣ along `axis`, without overflow. Carried in double precision.
    ///
    /// # Errors
    /// [`Error::Axis`](crate::Error::Axis) if there is no such axis.
    #[track_caller]
    pub fn logcumsumexp(&self, axis: isize) -> Result<Self> {
        if is_axis_of_scalar(self.shape(), axis) {
            return self.line().logcumsumexp(0)?.reshape([]);
        }
        Ok(scan(AddingExponentials, self, axis_or_refuse("logcumsumexp", self.shape(), axis)?))
    }
}
