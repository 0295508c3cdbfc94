//! The sum of two tensors in the buffer of the first.

use crate::error::{Error, Fault};
use crate::kernel::level::Arch;
use crate::kernel::map::{InPlace, update};
use crate::shape::same;
use crate::{Float, Result, Tensor};

impl<T: Float> Tensor<T> {
    /// The sum with a tensor of the same shape, in this one's buffer if nobody else holds it.
    ///
    /// # Errors
    /// [`Error::Shape`] if the shapes differ.
    #[track_caller]
    #[inline]
    pub fn accumulate(self, other: &Self) -> Result<Self> {
        if !same(self.shape(), other.shape()) {
            let rule = "a sum in place is of two tensors of one shape";
            let shapes = [self.shape(), other.shape()];
            return Err(Error::Shape(Fault::new("accumulate", &shapes, rule)));
        }
        Ok(T::sum_into(self, other))
    }
}

#[derive(Clone, Copy)]
struct Plus;
impl<T: Float> InPlace<T, 1> for Plus {
    #[inline(always)]
    fn at<A: Arch>(self, a: T, [b]: [T; 1]) -> T {
        a.plus(b)
    }
}

pub(crate) fn sum_into<T: Float>(a: Tensor<T>, b: &Tensor<T>) -> Tensor<T> {
    update(Plus, a, [b])
}
