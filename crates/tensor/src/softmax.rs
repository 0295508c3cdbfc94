//! Soft extremes: log-sum-exp, softmax and its logarithm.

use crate::axes::{axis_or_refuse, folding, is_axis_of_scalar};
use crate::error::{Named, room_or_refuse};
use crate::kernel::folds::{FloatFold, NumberFold};
use crate::kernel::level::Arch;
use crate::kernel::map::{Lanewise, Plain, map};
use crate::pointwise::{LaneFloat, Real};
use crate::reduce::every_axis;
use crate::statistics::about;
use crate::{Axes, Float, Result, Tensor};

#[derive(Clone, Copy)]
struct ExpFrom;
impl<T: LaneFloat> Lanewise<T, T, 2> for ExpFrom {
    #[inline(always)]
    fn at<A: Arch>(self, x: [T; 2]) -> T {
        let [x, m] = x.map(|x| x.lane::<A>());
        T::from_lane::<A>((x - m).exp())
    }
}

impl<T: Float> Tensor<T> {
    /// ln Σeˣ over all elements, as a scalar, without overflow. It is negative infinity over no elements, or if all are.
    pub fn logsumexp(&self) -> Self {
        self.log_sum_exp(&every_axis(self)).scalar_view()
    }

    /// ln Σeˣ over some axes, without overflow.
    ///
    /// ```
    /// # use wengert_tensor::tensor;
    /// let x = tensor![[1000.0_f32, 1000.0], [f32::NEG_INFINITY, 0.0]];
    /// assert_eq!(x.logsumexp_over(1)?, tensor![1000.0 + 2.0_f32.ln(), 0.0]);
    /// # Ok::<(), wengert_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Axis`](crate::Error::Axis) if there is no such axis.
    #[track_caller]
    pub fn logsumexp_over(&self, axes: impl Into<Axes>) -> Result<Self> {
        let axes = axes.into();
        let flags = folding("logsumexp", self.shape(), &axes)?;
        let kept = self.log_sum_exp(&flags);
        Ok(kept.kept_or_not(&axes, &flags))
    }

    #[inline(never)]
    fn log_sum_exp(&self, flags: &[bool]) -> Self {
        // From an infinite maximum every distance would be infinite or NaN; from 0 they are right.
        let most =
            T::fold(NumberFold::Max, self, flags).map(|m| if m.is_finite() { m } else { T::ZERO });
        let mut sums = about(FloatFold::Exponentials, self, flags, &most).ln();
        for (sum, &m) in sums.as_mut_slice().iter_mut().zip(most.as_slice().unwrap_or(&[])) {
            *sum = sum.plus(m);
        }
        sums
    }

    /// eˣ / Σeˣ along `axis`: positive numbers that add up to 1. It is stable for every finite x, and NaN along a line that
    /// holds NaN or +∞, or only -∞.
    ///
    /// ```
    /// # use wengert_tensor::tensor;
    /// let p = tensor![[1e4_f32, 1e4], [0.0, f32::NEG_INFINITY]].softmax(-1)?;
    /// assert_eq!(p, tensor![[0.5, 0.5], [1.0, 0.0]]);
    /// # Ok::<(), wengert_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Axis`](crate::Error::Axis) if there is no such axis.
    #[track_caller]
    #[inline(never)]
    pub fn softmax(&self, axis: isize) -> Result<Self> {
        let named = Named { op: "softmax", twin: None };
        self.of_rows(named, axis, false, |x, flags, most| {
            let exponentials = map(named, ExpFrom, [x, most], x.shape());
            let scale = T::fold(NumberFold::Sum, &exponentials, flags).recip();
            let times = Plain(|[e, s]: [T; 2]| e.times(s));
            map(named, times, [&exponentials, &scale], x.shape())
        })
    }

    /// The logarithm of [`softmax`](Self::softmax), exact where that is near 0.
    ///
    /// # Errors
    /// [`Error::Axis`](crate::Error::Axis) if there is no such axis.
    #[track_caller]
    #[inline(never)]
    pub fn log_softmax(&self, axis: isize) -> Result<Self> {
        let named = Named { op: "log_softmax", twin: None };
        self.of_rows(named, axis, true, |x, flags, most| {
            let logs = about(FloatFold::Exponentials, x, flags, most).ln();
            let from = Plain(|[x, m, log]: [T; 3]| x.minus(m).minus(log));
            map(named, from, [x, most, &logs], x.shape())
        })
    }

    /// The softmax along `axis`, or its logarithm: in one pass where the rows lie contiguous, else by `apart`, from the largest
    /// elements along the axis.
    #[track_caller]
    fn of_rows(
        &self,
        named: Named,
        axis: isize,
        log: bool,
        apart: impl FnOnce(&Self, &[bool], &Self) -> Self,
    ) -> Result<Self> {
        if is_axis_of_scalar(self.shape(), axis) {
            return T::softmax_rows(&self.line(), log).reshape([]);
        }
        let at = axis_or_refuse(named.op, self.shape(), axis)?;
        room_or_refuse::<T>(named.op, self.shape())?;
        if self.is_empty() {
            return Ok(self.clone());
        }
        if let Some(rows) = self.as_rows(at) {
            return T::softmax_rows(&rows, log).reshape(self.shape());
        }
        let (flags, most) = self.most_along(at);
        Ok(apart(self, &flags, &most))
    }

    /// The gradient of the operand of this softmax along `axis`, or of its logarithm, from the gradient `g`, in one pass. `None` if
    /// the rows are not contiguous.
    #[doc(hidden)]
    #[inline(never)]
    pub fn pull_softmax(&self, g: &Self, axis: isize, logarithm: bool) -> Option<Self> {
        let at = axis_or_refuse("softmax", self.shape(), axis).ok()?;
        let (y, g) = (self.as_rows(at)?, g.as_rows(at)?);
        T::pull_softmax_rows(&g, &y, logarithm).reshape(self.shape()).ok()
    }

    /// As a tensor whose last axis is `axis`, if nothing but sizes of 1 comes after it.
    fn as_rows(&self, axis: usize) -> Option<Self> {
        let after = &self.shape()[axis + 1..];
        if after.iter().any(|&size| size != 1) {
            return None;
        }
        self.reshape(&self.shape()[..=axis]).ok()
    }

    /// The maximum along one axis, which is kept, and the flags of that axis.
    fn most_along(&self, axis: usize) -> (Flags, Self) {
        let flags: Flags = (0..self.rank()).map(|i| i == axis).collect();
        let most = T::fold(NumberFold::Max, self, &flags);
        (flags, most)
    }
}

type Flags = smallvec::SmallVec<[bool; 8]>;

compiled!(f32 f64: {
    Tensor::<T>::softmax,
    Tensor::<T>::log_softmax,
    Tensor::<T>::pull_softmax,
    Tensor::<T>::log_sum_exp,
});
