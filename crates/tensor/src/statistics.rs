//! Spread and size: variance, norms, counts.

use crate::axes::folding;
use crate::error::Fault;
use crate::kernel::folds::{FloatFold, NumberFold};
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
        Ok(kept.kept_or_not(&axes, &flags))
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
        Ok(kept.kept_or_not(&axes, &flags))
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
        Ok(kept.kept_or_not(&axes, &flags))
    }

    /// In two passes, the first relative to the first element of each fold, so that equal elements have a variance of exactly 0,
    /// and a mean far from zero costs no digits.
    #[inline(never)]
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
        self.norm_over_here(axes.into(), p)
    }

    #[track_caller]
    #[inline(never)]
    fn norm_over_here(&self, axes: Axes, p: f64) -> Result<Self> {
        let axes = &axes;
        if p.is_nan() {
            return Err(Error::Value(Fault::new("norm", &[self.shape()], "p is not a number")));
        }
        if p.is_infinite() {
            self.refuse_empty("norm", axes)?;
        }
        let flags = folding("norm", self.shape(), axes)?;
        let of_sizes = |by| T::fold(by, &self.abs(), &flags);
        let kept = match p {
            0.0 => T::count_nonzero(self, &flags).map(|n| T::from_f64(n as f64)),
            1.0 => of_sizes(NumberFold::Sum),
            f64::INFINITY => of_sizes(NumberFold::Max),
            f64::NEG_INFINITY => of_sizes(NumberFold::Min),
            p => self.root_of_powers(p, &flags)?,
        };
        Ok(kept.kept_or_not(axes, &flags))
    }

    /// (Σ|x|ᵖ)^(1/p) over the flagged axes, which are kept.
    #[inline(never)]
    fn root_of_powers(&self, p: f64, flags: &[bool]) -> Result<Self> {
        let sums_of_powers = |x: &Self| match p {
            2.0 => T::fold_about(FloatFold::Squares, x, flags, &[]),
            _ => T::fold(NumberFold::Sum, &x.abs().pow_scalar(p), flags),
        };
        let sums = sums_of_powers(self);
        let root = |sums: Self| if p == 2.0 { sums.sqrt() } else { sums.pow_scalar(1.0 / p) };
        // What overflowed, or came so near zero that digits went: once more, in units of the largest magnitude.
        let lost = |x: T| !x.is_finite() || x.to_f64() < 1e-30;
        if !sums.iter().any(lost) {
            return Ok(root(sums));
        }
        let units = T::fold(NumberFold::Max, &self.abs(), flags).map(unit);
        root(sums_of_powers(&self.try_div(&units)?)).try_mul(&units)
    }
}

/// The power of two below `x`, by which division is exact; 1 where there is none.
fn unit<T: Float>(x: T) -> T {
    let exponent = x.to_f64().to_bits() & f64::INFINITY.to_bits();
    if x.is_finite() && exponent != 0 { T::from_f64(f64::from_bits(exponent)) } else { T::ONE }
}

/// The fold in which each result's elements are seen from its number in `from`, which is contiguous.
pub(crate) fn about<T: Float>(
    by: FloatFold,
    x: &Tensor<T>,
    flags: &[bool],
    from: &Tensor<T>,
) -> Tensor<T> {
    T::fold_about(by, x, flags, from.as_slice().unwrap_or(&[]))
}

compiled!(f32 f64: { Tensor::<T>::variance, Tensor::<T>::root_of_powers, Tensor::<T>::norm_over_here });
