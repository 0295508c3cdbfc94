//! Comparing numbers: tensor with tensor, tensor with scalar, and how close two tensors are.

use crate::error::{Fault, Named, no_memory};
use crate::kernel::map::{Plain, map, try_map};
use crate::{Element, Error, Float, Number, Result, Shape, Tensor};

/// The function or the test of each pair of elements, broadcast against each other.
#[track_caller]
pub(crate) fn both<T: Element, U: Element>(
    op: &'static str,
    a: &Tensor<T>,
    b: &Tensor<T>,
    f: impl Fn(T, T) -> U + Copy + Send + Sync,
) -> Result<Tensor<U>> {
    let shape = Shape::broadcast_or_refuse(op, a.shape(), b.shape())?;
    match try_map(Plain(move |[a, b]: [T; 2]| f(a, b)), [a, b], &shape) {
        Some(y) => Ok(y),
        None => Err(no_memory::<U>(op, &shape)),
    }
}

/// The test of each element.
#[track_caller]
pub(crate) fn each<T: Element>(
    op: &'static str,
    twin: Option<&'static str>,
    x: &Tensor<T>,
    test: impl Fn(T) -> bool + Copy + Send + Sync,
) -> Tensor<bool> {
    map(Named { op, twin }, Plain(move |[x]: [T; 1]| test(x)), [x], x.shape())
}

macro_rules! comparisons {
    ($($(#[$doc:meta])* $name:ident $scalar:ident $symbol:literal |$a:ident, $b:ident| $test:expr;)*) => {
        /// Comparisons element by element, by NumPy's names. NaN is unequal to everything, itself included, and neither
        /// less nor greater than anything; `false` is less than `true`.
        impl<T: Element> Tensor<T> {$(
            #[doc = concat!("Whether each element is ", $symbol, " the other's, broadcast against each other.")]
            $(#[$doc])*
            ///
            /// # Errors
            /// [`Error::Shape`] if the shapes do not broadcast.
            #[track_caller]
            pub fn $name(&self, other: &Self) -> Result<Tensor<bool>> {
                both(stringify!($name), self, other, |$a: T, $b: T| $test)
            }

            #[doc = concat!("Whether each element is ", $symbol, " a number.")]
            ///
            /// # Panics
            #[doc = concat!("If there is no memory for the result; [`", stringify!($name), "`](Self::", stringify!($name), ") with a scalar returns that as an error.")]
            #[track_caller]
            pub fn $scalar(&self, $b: T) -> Tensor<bool> {
                each(stringify!($scalar), Some(stringify!($name)), self, move |$a: T| $test)
            }
        )*}
    };
}
comparisons! {
    ///
    /// ```
    /// # use wengert_tensor::tensor;
    /// let x = tensor![[1.0_f32, 2.0], [3.0, 4.0]];
    /// assert_eq!(x.equal(&tensor![1.0, 4.0])?, tensor![[true, false], [false, true]]);
    /// # Ok::<(), wengert_tensor::Error>(())
    /// ```
    equal equal_scalar "equal to" |a, b| a == b;
    not_equal not_equal_scalar "unequal to" |a, b| a != b;
    ///
    /// ```
    /// # use wengert_tensor::tensor;
    /// let labels = tensor![3_usize, 0, 7];
    /// assert_eq!(labels.less_scalar(3), tensor![false, true, false]);
    /// ```
    less less_scalar "less than" |a, b| a < b;
    less_equal less_equal_scalar "at most" |a, b| a <= b;
    greater greater_scalar "greater than" |a, b| a > b;
    greater_equal greater_equal_scalar "at least" |a, b| a >= b;
}

impl<T: Number> Tensor<T> {
    /// Whether each element is NaN; integers never are.
    #[track_caller]
    pub fn is_nan(&self) -> Tensor<bool> {
        each("is_nan", None, self, |x| x.is_nan())
    }

    /// Whether each element is an infinity, of either sign; integers never are.
    #[track_caller]
    pub fn is_infinite(&self) -> Tensor<bool> {
        each("is_infinite", None, self, |x| x.to_f64().is_infinite())
    }

    /// Whether each element is neither an infinity nor NaN; integers always are.
    #[track_caller]
    pub fn is_finite(&self) -> Tensor<bool> {
        each("is_finite", None, self, |x| x.to_f64().is_finite())
    }
}

impl<T: Float> Tensor<T> {
    /// Whether each pair of elements, broadcast against each other, is equal or differs by at most
    /// `atol + rtol · |other|`. Two NaNs are close if `equal_nan`.
    ///
    /// # Errors
    /// [`Error::Shape`] if the shapes do not broadcast, [`Error::Value`] if a tolerance is negative or NaN.
    #[track_caller]
    #[inline(never)]
    pub fn is_close(
        &self,
        other: &Self,
        rtol: f64,
        atol: f64,
        equal_nan: bool,
    ) -> Result<Tensor<bool>> {
        if !(rtol >= 0.0 && atol >= 0.0) {
            let rule = format!("tolerances must be 0 or more, and rtol is {rtol}, atol {atol}");
            return Err(Error::Value(Fault::new("is_close", &[self.shape(), other.shape()], rule)));
        }
        both("is_close", self, other, move |a: T, b: T| {
            let (x, y) = (a.to_f64(), b.to_f64());
            let apart = (x - y).abs();
            // Infinities are close to themselves alone: within an infinite tolerance everything else is.
            x == y
                || (apart.is_finite() && apart <= atol + (rtol * y).abs())
                || (equal_nan && a.is_nan() && b.is_nan())
        })
    }

    /// Whether all elements are close to the other's: [`is_close`](Self::is_close) everywhere.
    ///
    /// ```
    /// # use wengert_tensor::tensor;
    /// let x = tensor![1.0_f32, 2.0];
    /// assert!(x.allclose(&tensor![1.0, 2.00001], 1e-4, 0.0, false)?);
    /// # Ok::<(), wengert_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] if the shapes do not broadcast, [`Error::Value`] if a tolerance is negative or NaN.
    #[track_caller]
    pub fn allclose(&self, other: &Self, rtol: f64, atol: f64, equal_nan: bool) -> Result<bool> {
        Ok(self.is_close(other, rtol, atol, equal_nan)?.all())
    }
}

compiled!(f32 f64: { Tensor::<T>::is_close });
