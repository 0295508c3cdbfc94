//! Spread, size and soft extremes: variance, norms, log-sum-exp, softmax, counts.

use crate::axes::{axis_or_refuse, folding, is_axis_of_scalar};
use crate::error::{Fault, room_or_refuse};
use crate::kernel::folds::{FloatFold, NumberFold};
use crate::kernel::level::Arch;
use crate::kernel::map::{Lanewise, Plain, map};
use crate::pointwise::{LaneFloat, Real};
use crate::reduce::every_axis;
use crate::{Axes, Element, Error, Float, Result, Tensor};

impl<T: Element> Tensor<T> {
    /// The number of elements that are not zero (or not `false`), as a scalar. NaN is not zero.
    pub fn count_nonzero(&self) -> Tensor<usize> {
        T::count_nonzero(self, &every_axis(self)).scalar_view()
    }

    /// The number of elements along some axes that are not zero (or not `false`).
    ///
    /// # Errors
    /// [`Error::Axis`] if there is no such axis.
    #[track_caller]
    pub fn count_nonzero_over(&self, axes: impl Into<Axes>) -> Result<Tensor<usize>> {
        let axes = axes.into();
        let flags = folding("count_nonzero", self.shape(), &axes)?;
        let kept = T::count_nonzero(self, &flags);
        Ok(if axes.keeps() { kept } else { kept.without(&flags) })
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
    /// The sample variance of all elements, as a scalar: the sum of squared deviations from the mean, divided by the number of
    /// elements minus 1, as in PyTorch. It is NaN if that divides 0 by 0. [`var_over`](Self::var_over) has other divisors.
    ///
    /// ```
    /// # use wengert_tensor::{Tensor, tensor};
    /// let x = tensor![1.0_f32, 2.0, 3.0, 4.0];
    /// assert_eq!(x.var(), Tensor::scalar(5.0 / 3.0));
    /// assert_eq!(x.var_over(.., 0.0)?, Tensor::scalar(1.25));
    /// # Ok::<(), wengert_tensor::Error>(())
    /// ```
    pub fn var(&self) -> Self {
        self.variance(&every_axis(self), 1.0).scalar_view()
    }

    /// The variance over some axes: the sum of squared deviations from the mean, divided by their number minus `correction`. With
    /// 1.0 it is the sample variance (PyTorch's default), with 0.0 the population variance (NumPy's). It is NaN if that divides
    /// 0 by 0.
    ///
    /// ```
    /// # use wengert_tensor::tensor;
    /// let x = tensor![[1.0_f32, 2.0], [3.0, 6.0]];
    /// assert_eq!(x.var_over(0, 1.0)?, tensor![2.0, 8.0]);
    /// assert_eq!(x.var_over(0, 0.0)?, tensor![1.0, 4.0]);
    /// # Ok::<(), wengert_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Axis`] if there is no such axis.
    #[track_caller]
    pub fn var_over(&self, axes: impl Into<Axes>, correction: f64) -> Result<Self> {
        let axes = axes.into();
        let flags = folding("var", self.shape(), &axes)?;
        let kept = self.variance(&flags, correction);
        Ok(if axes.keeps() { kept } else { kept.without(&flags) })
    }

    /// The standard deviation of all elements, as a scalar: the root of [`var`](Self::var).
    pub fn std(&self) -> Self {
        self.var().sqrt()
    }

    /// The standard deviation over some axes: the root of [`var_over`](Self::var_over).
    ///
    /// # Errors
    /// [`Error::Axis`] if there is no such axis.
    #[track_caller]
    pub fn std_over(&self, axes: impl Into<Axes>, correction: f64) -> Result<Self> {
        let axes = axes.into();
        let flags = folding("std", self.shape(), &axes)?;
        let kept = self.variance(&flags, correction).sqrt();
        Ok(if axes.keeps() { kept } else { kept.without(&flags) })
    }

    /// In two passes, the first relative to the first element of each fold, so that equal elements have a variance of exactly 0,
    /// and a mean far from zero costs no digits.
    fn variance(&self, flags: &[bool], correction: f64) -> Self {
        if self.is_empty() {
            return T::fold(NumberFold::Sum, self, flags).map(|_| T::NAN);
        }
        let count: usize =
            (0..self.rank()).filter(|&i| flags[i]).map(|i| self.shape()[i]).product();
        let mut first = self.clone();
        for axis in (0..self.rank()).filter(|&i| flags[i]) {
            first = first.stepped(axis, 0, 1, 1);
        }
        let mut mean = first.contiguous();
        let offsets = about(FloatFold::Deviations, self, flags, &mean);
        let scale = T::from_f64(count as f64);
        for (mean, &offset) in mean.as_mut_slice().iter_mut().zip(offsets.as_slice().unwrap_or(&[]))
        {
            *mean = mean.plus(offset.over(scale));
        }
        let squares = about(FloatFold::SquaredDeviations, self, flags, &mean);
        squares.div_scalar((count as f64 - correction).max(0.0))
    }

    /// The p-norm of all elements, as a scalar: (Σ|x|ᵖ)^(1/p). It neither overflows nor underflows internally.
    ///
    /// `p` = 2 is the Euclidean norm, 1 the sum of magnitudes, [`f64::INFINITY`] the largest magnitude, negative infinity the
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
        if p.is_infinite() {
            self.refuse_empty("norm", axes)?;
        }
        let flags = folding("norm", self.shape(), axes)?;
        let fold = |by| T::fold_about(by, self, &flags, &[]);
        let kept = match p {
            0.0 => T::count_nonzero(self, &flags).map(|n| T::from_f64(n as f64)),
            1.0 => fold(FloatFold::Magnitudes),
            f64::INFINITY => fold(FloatFold::MaxMagnitude),
            f64::NEG_INFINITY => fold(FloatFold::MinMagnitude),
            p => self.root_of_powers(p, &flags)?,
        };
        Ok(if axes.keeps() { kept } else { kept.without(&flags) })
    }

    /// (Σ|x|ᵖ)^(1/p) over the flagged axes, which are kept.
    fn root_of_powers(&self, p: f64, flags: &[bool]) -> Result<Self> {
        let powers = if p == 2.0 { FloatFold::Squares } else { FloatFold::Powers(p) };
        let sums = T::fold_about(powers, self, flags, &[]);
        let root = |sums: Self| if p == 2.0 { sums.sqrt() } else { sums.pow_scalar(1.0 / p) };
        // What overflowed, or came so near zero that digits went: once more, in units of the largest magnitude.
        let lost = |x: T| !x.is_finite() || x.to_f64() < 1e-30;
        if !sums.iter().any(lost) {
            return Ok(root(sums));
        }
        let units = T::fold_about(FloatFold::MaxMagnitude, self, flags, &[]).map(unit);
        root(about(FloatFold::ScaledPowers(p), self, flags, &units)).try_mul(&units)
    }

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
    /// [`Error::Axis`] if there is no such axis.
    #[track_caller]
    pub fn logsumexp_over(&self, axes: impl Into<Axes>) -> Result<Self> {
        let axes = axes.into();
        let flags = folding("logsumexp", self.shape(), &axes)?;
        let kept = self.log_sum_exp(&flags);
        Ok(if axes.keeps() { kept } else { kept.without(&flags) })
    }

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
    /// [`Error::Axis`] if there is no such axis.
    #[track_caller]
    pub fn softmax(&self, axis: isize) -> Result<Self> {
        if is_axis_of_scalar(self.shape(), axis) {
            return self.line().softmax(0)?.reshape([]);
        }
        let at = axis_or_refuse("softmax", self.shape(), axis)?;
        room_or_refuse::<T>("softmax", self.shape())?;
        if self.is_empty() {
            return Ok(self.clone());
        }
        if let Some(rows) = self.as_rows(at) {
            return T::softmax_rows(&rows, false).reshape(self.shape());
        }
        let (flags, most) = self.most_along(at);
        let exponentials = map(ExpFrom, [self, &most], self.shape());
        let scale = T::fold(NumberFold::Sum, &exponentials, &flags).recip();
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
        room_or_refuse::<T>("log_softmax", self.shape())?;
        if self.is_empty() {
            return Ok(self.clone());
        }
        if let Some(rows) = self.as_rows(at) {
            return T::softmax_rows(&rows, true).reshape(self.shape());
        }
        let (flags, most) = self.most_along(at);
        let logs = about(FloatFold::Exponentials, self, &flags, &most).ln();
        let from = Plain(|[x, m, log]: [T; 3]| x.minus(m).minus(log));
        Ok(map(from, [self, &most, &logs], self.shape()))
    }

    /// The gradient of the operand of this softmax along `axis`, or of its logarithm, from the gradient `g`, in one pass. `None` if
    /// the rows are not contiguous.
    #[doc(hidden)]
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

/// The power of two below `x`, by which division is exact; 1 where there is none.
fn unit<T: Float>(x: T) -> T {
    let exponent = x.to_f64().to_bits() & f64::INFINITY.to_bits();
    if x.is_finite() && exponent != 0 { T::from_f64(f64::from_bits(exponent)) } else { T::ONE }
}

type Flags = smallvec::SmallVec<[bool; 8]>;

/// The fold in which each result's elements are seen from its number in `from`, which is contiguous.
fn about<T: Float>(by: FloatFold, x: &Tensor<T>, flags: &[bool], from: &Tensor<T>) -> Tensor<T> {
    T::fold_about(by, x, flags, from.as_slice().unwrap_or(&[]))
}
