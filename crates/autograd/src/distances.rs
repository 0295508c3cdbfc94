//! Lengths and angles of vectors along an axis: unit vectors, cosine similarity, distances; and steps between points.

use wengert_tensor::{Axes, Float, Shape, axis_or_scalar, keep};

use crate::operand::Operand;
use crate::{Result, Var};

impl<'t, T: Float> Var<'t, T> {
    /// Divided by its p-norm along an axis, or by `epsilon` where the norm is less: PyTorch's `normalize`.
    ///
    /// # Errors
    /// If there is no such axis.
    #[track_caller]
    pub fn unit_norm(self, axis: isize, p: f64, epsilon: f64) -> Result<Self> {
        self.recordable("unit_norm", &[])?;
        axis_or_scalar("unit_norm", &self.shape(), axis)?;
        let norm = self.norm_over(keep(axis), p)?;
        self.try_div(norm.clamp(epsilon, f64::INFINITY))
    }

    /// The cosine of the angle between vectors along an axis, the two broadcast against each other; a length less than
    /// `epsilon` counts as `epsilon`.
    ///
    /// ```
    /// use wengert_autograd::Tape;
    /// use wengert_tensor::tensor;
    ///
    /// let tape = Tape::new();
    /// let (a, b) = (tape.var(tensor![3.0_f64, 4.0]), tape.constant(tensor![6.0, 8.0]));
    /// assert_eq!(a.cosine_similarity(b, 0, 1e-8)?.item()?, 1.0);
    /// # Ok::<(), wengert_autograd::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the shapes do not broadcast, or there is no such axis.
    #[track_caller]
    pub fn cosine_similarity(
        self,
        other: impl Operand<'t, T>,
        axis: isize,
        epsilon: f64,
    ) -> Result<Self> {
        let other = other.on(self);
        self.recordable("cosine_similarity", &[other])?;
        let op = "cosine_similarity";
        let shape = Shape::broadcast_or_refuse(op, &self.shape(), &other.shape())?;
        axis_or_scalar(op, &shape, axis)?;
        let unit = |x: Self| {
            let norm = x.norm_over(keep(axis), 2.0)?;
            let value = norm.value()?;
            // Lifted by a constant where it is short, so that its slope stays that of the norm, as in PyTorch.
            let lift = value.clamp(epsilon, f64::INFINITY).try_sub(&value)?;
            x.try_div(norm.try_add(lift)?)
        };
        unit(self.expand(&*shape)?)?.try_mul(unit(other.expand(&*shape)?)?)?.sum_over(axis)
    }

    /// The p-norm of a - b + `epsilon` along the last axis, the two broadcast against each other: epsilon keeps the slope finite
    /// where they are equal. With `keep_axis` the axis stays, of size 1.
    ///
    /// # Errors
    /// If the shapes do not broadcast, or there is no axis.
    #[track_caller]
    pub fn pairwise_distance(
        self,
        other: impl Operand<'t, T>,
        p: f64,
        epsilon: f64,
        keep_axis: bool,
    ) -> Result<Self> {
        let other = other.on(self);
        self.recordable("pairwise_distance", &[other])?;
        let op = "pairwise_distance";
        let shape = Shape::broadcast_or_refuse(op, &self.shape(), &other.shape())?;
        axis_or_scalar(op, &shape, -1)?;
        let apart = self.try_sub(other)?.add_scalar(epsilon);
        let axes = if keep_axis { keep(-1) } else { Axes::from(-1) };
        apart.norm_over(axes, p)
    }

    /// The point `weight` of the way to `end`: self + weight · (end - self).
    ///
    /// # Errors
    /// If the shapes do not broadcast.
    #[track_caller]
    pub fn lerp(self, end: impl Operand<'t, T>, weight: impl Operand<'t, T>) -> Result<Self> {
        let (end, weight) = (end.on(self), weight.on(self));
        self.recordable("lerp", &[end, weight])?;
        let points = Shape::broadcast_or_refuse("lerp", &self.shape(), &end.shape())?;
        Shape::broadcast_or_refuse("lerp", &points, &weight.shape())?;
        self.try_add(end.try_sub(self)?.try_mul(weight)?)
    }
}
