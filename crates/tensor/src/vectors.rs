//! Products of vectors; lengths and angles along an axis; steps between points.

use crate::axes::axis_or_scalar;
use crate::error::Fault;
use crate::{Axes, Error, Float, Result, Shape, Tensor, keep};

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

    /// Divided by its p-norm along an axis, or by `epsilon` where the norm is less: PyTorch's `normalize`.
    ///
    /// ```
    /// # use wengert_tensor::tensor;
    /// assert_eq!(tensor![[3.0_f32, 4.0], [0.0, 2.0]].unit_norm(1, 2.0, 1e-12)?, tensor![[0.6, 0.8], [0.0, 1.0]]);
    /// # Ok::<(), wengert_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Axis`] if there is no such axis.
    #[track_caller]
    pub fn unit_norm(&self, axis: isize, p: f64, epsilon: f64) -> Result<Self> {
        axis_or_scalar("unit_norm", self.shape(), axis)?;
        self.try_div(&self.norm_over(keep(axis), p)?.clamp(epsilon, f64::INFINITY))
    }

    /// The cosine of the angle between vectors along an axis, the two broadcast against each other; a length less than
    /// `epsilon` counts as `epsilon`.
    ///
    /// ```
    /// # use wengert_tensor::tensor;
    /// let (x, y) = (tensor![[3.0_f64, 4.0], [4.0, -3.0]], tensor![6.0, 8.0]);
    /// assert_eq!(x.cosine_similarity(&y, 1, 1e-8)?, tensor![1.0, 0.0]);
    /// # Ok::<(), wengert_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] if the shapes do not broadcast, [`Error::Axis`] if there is no such axis.
    #[track_caller]
    pub fn cosine_similarity(&self, other: &Self, axis: isize, epsilon: f64) -> Result<Self> {
        let op = "cosine_similarity";
        let shape = Shape::broadcast_or_refuse(op, self.shape(), other.shape())?;
        axis_or_scalar(op, &shape, axis)?;
        let a = self.expand(&*shape)?.unit_norm(axis, 2.0, epsilon)?;
        let b = other.expand(&*shape)?.unit_norm(axis, 2.0, epsilon)?;
        a.try_mul(&b)?.sum_over(axis)
    }

    /// The p-norm of a - b + `epsilon` along the last axis, the two broadcast against each other. With
    /// `keep` the axis stays, of size 1.
    ///
    /// ```
    /// # use wengert_tensor::tensor;
    /// let points = tensor![[0.0_f32, 0.0], [3.0, 4.0]];
    /// assert_eq!(points.pairwise_distance(&tensor![0.0, 0.0], 2.0, 0.0, false)?, tensor![0.0, 5.0]);
    /// # Ok::<(), wengert_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] if the shapes do not broadcast, [`Error::Axis`] if there is no axis.
    #[track_caller]
    pub fn pairwise_distance(
        &self,
        other: &Self,
        p: f64,
        epsilon: f64,
        keep_axis: bool,
    ) -> Result<Self> {
        let op = "pairwise_distance";
        let shape = Shape::broadcast_or_refuse(op, self.shape(), other.shape())?;
        axis_or_scalar(op, &shape, -1)?;
        let apart = self.try_sub(other)?.add_scalar(epsilon);
        apart.norm_over(if keep_axis { keep(-1) } else { Axes::from(-1) }, p)
    }

    /// The point `weight` of the way to `end`: self + weight · (end - self). The weight is a number or a tensor.
    ///
    /// ```
    /// # use wengert_tensor::tensor;
    /// let (start, end) = (tensor![0.0_f32, 10.0], tensor![1.0, 20.0]);
    /// assert_eq!(start.lerp(&end, 0.5)?, tensor![0.5, 15.0]);
    /// assert_eq!(start.lerp(&end, tensor![[0.0], [1.0]])?, tensor![[0.0, 10.0], [1.0, 20.0]]);
    /// # Ok::<(), wengert_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] if the shapes do not broadcast.
    #[track_caller]
    pub fn lerp(&self, end: &Self, weight: impl Into<Self>) -> Result<Self> {
        let weight = weight.into();
        let points = Shape::broadcast_or_refuse("lerp", self.shape(), end.shape())?;
        Shape::broadcast_or_refuse("lerp", &points, weight.shape())?;
        self.try_add(&end.try_sub(self)?.try_mul(&weight)?)
    }
}
