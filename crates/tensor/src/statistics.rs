//! Spread, size and soft extremes: variance, norms, log-sum-exp, softmax, counts.

use crate::axes::{axis_or_refuse, is_axis_of_scalar};
use crate::error::Fault;
use crate::kernel::folds::{
    Deviations, Exponentials, Magnitudes, MaxMagnitude, MinMagnitude, Nonzero, Powers,
    ScaledPowers, SquaredDeviations, Squares,
};
use crate::kernel::level::Arch;
use crate::kernel::map::{Lanewise, Plain, map};
use crate::kernel::reduce::fold;
use crate::kernel::softmax::softmax_rows;
use crate::kernel::tree::{Fold, Max, Sum};
use crate::pointwise::{LaneFloat, Real};
use crate::reduce::{folded, folded_whole};
use crate::{Axes, Element, Error, Float, Result, Tensor};

impl<T: Element> Tensor<T> {
    /// How many elements are not zero (or not `false`), as a scalar. NaN is not zero.
    pub fn count_nonzero(&self) -> Tensor<usize> {
        folded_whole(Nonzero, self)
    }

    /// How many elements along some axes are not zero (or not `false`).
    ///
    /// # Errors
    /// [`Error::Axis`] if there is no such axis.
    #[track_caller]
    pub fn count_nonzero_over(&self, axes: impl Into<Axes>) -> Result<Tensor<usize>> {
        folded("count_nonzero", Nonzero, self, &axes.into())
    }
}

/// e^(x - m)
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
    /// The variance of all elements, as a scalar: the sum of squared deviations from the mean over their number less
    /// `correction`. Of a sample, as PyTorch has it, `var(1)`; of a whole population, as NumPy has it, `var(0)`. NaN where
    /// that divides 0 by 0.
    ///
    /// ```
    /// # use wengert_tensor::{Tensor, tensor};
    /// let x = tensor![1.0_f32, 2.0, 3.0, 4.0];
    /// assert_eq!(x.var(0), Tensor::scalar(1.25));
    /// assert_eq!(x.var(1), Tensor::scalar(5.0 / 3.0));
    /// ```
    pub fn var(&self, correction: impl Into<f64>) -> Self {
        self.variance(&flags_of_all(self), correction.into()).scalar_view()
    }

    /// The variance over some axes; see [`var`](Self::var).
    ///
    /// # Errors
    /// [`Error::Axis`] if there is no such axis.
    #[track_caller]
    pub fn var_over(&self, axes: impl Into<Axes>, correction: impl Into<f64>) -> Result<Self> {
        let axes = axes.into();
        let flags = axes.flags("var", self.shape())?;
        let kept = self.variance(&flags, correction.into());
        Ok(if axes.keeps() { kept } else { kept.without(&flags) })
    }

    /// The standard deviation of all elements, as a scalar: the root of [`var`](Self::var).
    pub fn std(&self, correction: impl Into<f64>) -> Self {
        self.var(correction).sqrt()
    }

    /// The standard deviation over some axes: the root of [`var_over`](Self::var_over).
    ///
    /// # Errors
    /// [`Error::Axis`] if there is no such axis.
    #[track_caller]
    pub fn std_over(&self, axes: impl Into<Axes>, correction: impl Into<f64>) -> Result<Self> {
        let axes = axes.into();
        let flags = axes.flags("std", self.shape())?;
        let kept = self.variance(&flags, correction.into()).sqrt();
        Ok(if axes.keeps() { kept } else { kept.without(&flags) })
    }

    /// In two passes, the first about the first element of each fold: equal elements have exactly no variance, and a
    /// mean far from zero costs no digits.
    fn variance(&self, flags: &[bool], correction: f64) -> Self {
        let count: usize =
            (0..self.rank()).filter(|&i| flags[i]).map(|i| self.shape()[i]).product();
        if self.is_empty() {
            return fold(Sum, self, flags, &[]).map(|_| T::NAN);
        }
        let mut first = self.clone();
        for axis in (0..self.rank()).filter(|&i| flags[i]) {
            first = first.stepped(axis, 0, 1, 1);
        }
        let mut mean = first.contiguous();
        let offsets = about(Deviations, self, flags, &mean);
        let scale = T::from_f64(count as f64);
        for (mean, &offset) in mean.as_mut_slice().iter_mut().zip(offsets.as_slice().unwrap_or(&[]))
        {
            *mean = mean.plus(offset.over(scale));
        }
        let squares = about(SquaredDeviations, self, flags, &mean);
        squares.div_scalar((count as f64 - correction).max(0.0))
    }

    /// The p-norm of all elements, as a scalar: (Σ|x|ᵖ)^(1/p). Neither overflows nor underflows on the way.
    ///
    /// `p` = 2 is the length, 1 the sum of magnitudes, [`f64::INFINITY`] the largest magnitude, negative infinity the
    /// smallest, 0 the number of elements that are not zero.
    ///
    /// ```
    /// # use wengert_tensor::{Tensor, tensor};
    /// let x = tensor![3.0_f32, -4.0];
    /// assert_eq!(x.norm(2.0)?.item()?, 5.0);
    /// assert_eq!(x.norm(1.0)?.item()?, 7.0);
    /// assert_eq!(x.norm(f64::INFINITY)?.item()?, 4.0);
    /// # Ok::<(), wengert_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Value`] if `p` is NaN, [`Error::Shape`] if it is infinite and there is no element.
    #[track_caller]
    pub fn norm(&self, p: f64) -> Result<Self> {
        self.norm_over(.., p)
    }

    /// The p-norm over some axes; see [`norm`](Self::norm).
    ///
    /// # Errors
    /// [`Error::Axis`] if there is no such axis, and as [`norm`](Self::norm).
    #[track_caller]
    pub fn norm_over(&self, axes: impl Into<Axes>, p: f64) -> Result<Self> {
        let axes = &axes.into();
        if p.is_nan() {
            return Err(Error::Value(Fault::new("norm", &[self.shape()], "p is not a number")));
        }
        if p == 0.0 {
            return Ok(folded("norm", Nonzero, self, axes)?.map(|n| T::from_f64(n as f64)));
        }
        if p.is_infinite() {
            self.refuse_empty("norm", axes)?;
            return if p > 0.0 {
                folded("norm", MaxMagnitude, self, axes)
            } else {
                folded("norm", MinMagnitude, self, axes)
            };
        }
        if p == 1.0 {
            return folded("norm", Magnitudes, self, axes);
        }
        let flags = axes.flags("norm", self.shape())?;
        let sums = if p == 2.0 {
            fold(Squares, self, &flags, &[])
        } else {
            fold(Powers(p), self, &flags, &[])
        };
        // What overflowed, or came so near zero that digits went: once more, in units of the largest magnitude.
        let lost = |x: T| !x.is_finite() || x.to_f64() < 1e-30;
        let kept = if sums.iter().any(lost) {
            let units = fold(MaxMagnitude, self, &flags, &[])
                .map(|m| if m.is_finite() && m > T::ZERO { m } else { T::ONE });
            about(ScaledPowers(p), self, &flags, &units).pow_scalar(1.0 / p).try_mul(&units)?
        } else if p == 2.0 {
            sums.sqrt()
        } else {
            sums.pow_scalar(1.0 / p)
        };
        Ok(if axes.keeps() { kept } else { kept.without(&flags) })
    }

    /// ln Σeˣ over all elements, as a scalar, without overflow. Of nothing, or of negative infinities: negative infinity.
    pub fn logsumexp(&self) -> Self {
        self.log_sum_exp(&flags_of_all(self)).scalar_view()
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
    /// [`Error::Axis`] if there is no such axis.
    #[track_caller]
    pub fn logsumexp_over(&self, axes: impl Into<Axes>) -> Result<Self> {
        let axes = axes.into();
        let flags = axes.flags("logsumexp", self.shape())?;
        let kept = self.log_sum_exp(&flags);
        Ok(if axes.keeps() { kept } else { kept.without(&flags) })
    }

    fn log_sum_exp(&self, flags: &[bool]) -> Self {
        // From an infinite maximum every distance would be infinite or NaN; from 0 they are right.
        let most = fold(Max, self, flags, &[]).map(|m| if m.is_finite() { m } else { T::ZERO });
        let mut sums = about(Exponentials, self, flags, &most).ln();
        for (sum, &m) in sums.as_mut_slice().iter_mut().zip(most.as_slice().unwrap_or(&[])) {
            *sum = sum.plus(m);
        }
        sums
    }

    /// eˣ over its sum along `axis`: positive numbers that add up to 1. Stable for every finite x; NaN along an axis that
    /// holds NaN or +∞, or nothing but -∞.
    ///
    /// ```
    /// # use wengert_tensor::tensor;
    /// let p = tensor![[1e4_f32, 1e4], [0.0, f32::NEG_INFINITY]].softmax(-1)?;
    /// assert_eq!(p, tensor![[0.5, 0.5], [1.0, 0.0]]);
    /// # Ok::<(), wengert_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Axis`] if there is no such axis.
    #[track_caller]
    pub fn softmax(&self, axis: isize) -> Result<Self> {
        if is_axis_of_scalar(self.shape(), axis) {
            return self.line().softmax(0)?.reshape([]);
        }
        let at = axis_or_refuse("softmax", self.shape(), axis)?;
        if let Some(rows) = self.as_rows(at) {
            return softmax_rows(&rows, false).reshape(self.shape());
        }
        let (flags, most) = self.most_along(at);
        let exponentials = map(ExpFrom, [self, &most], self.shape());
        let scale = fold(Sum, &exponentials, &flags, &[]).recip();
        Ok(map(Plain(|[e, s]: [T; 2]| e.times(s)), [&exponentials, &scale], self.shape()))
    }

    /// The logarithm of [`softmax`](Self::softmax), exact where that is near 0.
    ///
    /// # Errors
    /// [`Error::Axis`] if there is no such axis.
    #[track_caller]
    pub fn log_softmax(&self, axis: isize) -> Result<Self> {
        if is_axis_of_scalar(self.shape(), axis) {
            return self.line().log_softmax(0)?.reshape([]);
        }
        let at = axis_or_refuse("log_softmax", self.shape(), axis)?;
        if let Some(rows) = self.as_rows(at) {
            return softmax_rows(&rows, true).reshape(self.shape());
        }
        let (flags, most) = self.most_along(at);
        let logs = about(Exponentials, self, &flags, &most).ln();
        let from = Plain(|[x, m, log]: [T; 3]| x.minus(m).minus(log));
        Ok(map(from, [self, &most, &logs], self.shape()))
    }

    /// As a tensor whose last axis is `axis`, if nothing but sizes of 1 comes after it.
    fn as_rows(&self, axis: usize) -> Option<Self> {
        let after = &self.shape()[axis + 1..];
        if after.iter().any(|&size| size != 1) {
            return None;
        }
        self.reshape(&self.shape()[..=axis]).ok()
    }

    /// The maximum along one axis, which stays, and that axis flagged.
    fn most_along(&self, axis: usize) -> (Flags, Self) {
        let flags: Flags = (0..self.rank()).map(|i| i == axis).collect();
        let most = fold(Max, self, &flags, &[]);
        (flags, most)
    }
}

type Flags = smallvec::SmallVec<[bool; 8]>;

fn flags_of_all<T>(x: &Tensor<T>) -> Flags {
    Flags::from_elem(true, x.rank())
}

/// The fold in which each result's elements are seen from its number in `from`, which is contiguous.
fn about<F: Fold<T>, T: Element>(
    by: F,
    x: &Tensor<T>,
    flags: &[bool],
    from: &Tensor<F::Out>,
) -> Tensor<F::Out> {
    fold(by, x, flags, from.as_slice().unwrap_or(&[]))
}
