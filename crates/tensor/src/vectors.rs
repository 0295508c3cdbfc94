//! Products of vectors.

use crate::error::Fault;
use crate::{Error, Float, Result, Tensor};

impl<T: Float> Tensor<T> {
    /// The inner product of two vectors, as a scalar.
    ///
    /// # Errors
    /// [`Error::Shape`] if they are not two vectors of one length.
    #[track_caller]
    pub fn dot(&self, other: &Self) -> Result<Self> {
        if self.rank() != 1 || other.rank() != 1 {
            let rule = "both must be vectors";
            return Err(Error::Shape(Fault::new("dot", &[self.shape(), other.shape()], rule)));
        }
        self.matmul(other)
    }

    /// Every product of an element of one vector with one of the other: `[m]` and `[n]` give `[m, n]`.
    ///
    /// # Errors
    /// [`Error::Shape`] if they are not two vectors.
    #[track_caller]
    pub fn outer(&self, other: &Self) -> Result<Self> {
        if self.rank() != 1 || other.rank() != 1 {
            let rule = "both must be vectors";
            return Err(Error::Shape(Fault::new("outer", &[self.shape(), other.shape()], rule)));
        }
        self.unsqueeze(1)?.try_mul(&other.unsqueeze(0)?)
    }
}
