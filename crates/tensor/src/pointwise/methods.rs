//! The table's functions as methods of tensors, and as what operators call.

use super::{BinaryOp, UnaryOp};
use crate::error::{no_memory, refuse};
use crate::{Float, Result, Tensor};

impl<T: Float> Tensor<T> {
    /// Each element, but no less than its lower bound and no more than its upper bound, all three broadcast against
    /// one another: [`clamp`](Self::clamp) with tensors as bounds. Where the bounds are the wrong way round, the upper one.
    ///
    /// ```
    /// # use wengert_tensor::tensor;
    /// let x = tensor![-1.0_f32, 0.5, 9.0];
    /// assert_eq!(x.clamp_between(&tensor![0.0], &tensor![1.0, 1.0, 2.0])?, tensor![0.0, 0.5, 2.0]);
    /// # Ok::<(), wengert_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) if the shapes do not broadcast.
    #[track_caller]
    pub fn clamp_between(&self, low: &Self, high: &Self) -> Result<Self> {
        self.clamp_min(low)?.clamp_max(high)
    }

    /// x to a constant power: [`pow_scalar`](Self::pow_scalar), with [`square`](Self::square), [`sqrt`](Self::sqrt) and
    /// [`recip`](Self::recip) for the powers 2, 0.5 and -1.
    ///
    /// ```
    /// # use wengert_tensor::tensor;
    /// assert_eq!(tensor![2.0_f32, 3.0].powf(3.0), tensor![8.0, 27.0]);
    /// ```
    #[track_caller]
    pub fn powf(&self, exponent: f64) -> Self {
        UnaryOp::power(exponent).apply(self)
    }
}

impl UnaryOp {
    /// The function that raises to a constant power. The square, the square root and 1/x have functions of their own.
    ///
    /// ```
    /// # use wengert_tensor::pointwise::UnaryOp;
    /// assert_eq!(UnaryOp::power(2.0), UnaryOp::Square);
    /// assert_eq!(UnaryOp::power(3.0), UnaryOp::PowScalar { exponent: 3.0 });
    /// ```
    pub fn power(exponent: f64) -> Self {
        match exponent {
            2.0 => Self::Square,
            0.5 => Self::Sqrt,
            -1.0 => Self::Recip,
            _ => Self::PowScalar { exponent },
        }
    }
}

macro_rules! methods {
    (
        unary { $($(#[$udoc:meta])* $uname:ident $Unary:ident $([$($up:ident = $us:literal),*])?
            ($ux:ident -> $uy:ident) = $uvalue:expr; slope $uslope:expr;)* }
        binary { $($(#[$bdoc:meta])* $bname:ident $Binary:ident $([$($bp:ident = $bs:literal),*])?
            ($a:ident, $b:ident -> $by:ident) = $bvalue:expr; slopes $sa:expr, $sb:expr;)* }
    ) => {
        /// The functions of the [table of derivatives](crate::pointwise::table), element by element.
        impl<T: Float> Tensor<T> {
            $(
                $(#[$udoc])*
                #[track_caller]
                #[inline]
                pub fn $uname(&self $($(, $up: f64)*)?) -> Self {
                    UnaryOp::$Unary $({ $($up),* })?.apply(self)
                }
            )*
            $(
                $(#[$bdoc])*
                ///
                /// # Errors
                /// [`Error::Shape`](crate::Error::Shape) if the shapes do not broadcast.
                #[track_caller]
                pub fn $bname(&self, other: &Self $($(, $bp: f64)*)?) -> Result<Self> {
                    BinaryOp::$Binary $({ $($bp),* })?.apply(self, other)
                }
            )*
        }
    };
}
crate::pointwise_table!(methods);

/// A function that returns no `Result`, and the name of the one that does.
#[track_caller]
#[inline]
pub(crate) fn function<T: Float>(op: UnaryOp, x: &Tensor<T>, twin: &str) -> Tensor<T> {
    match T::unary(op, x) {
        Some(y) => y,
        None => refuse(&no_memory::<T>(op.name(), x.shape()), twin),
    }
}

#[track_caller]
#[inline]
pub(crate) fn operator<T: Float>(
    op: BinaryOp,
    a: &Tensor<T>,
    b: &Tensor<T>,
    twin: &str,
) -> Tensor<T> {
    match op.apply(a, b) {
        Ok(y) => y,
        Err(error) => refuse(&error, twin),
    }
}
