//! `Real`: what a formula may be written over. Numbers compute it, vars record it, duals differentiate it, symbols print it.

use std::ops::{Add, Div, Mul, Neg, Sub};

/// A constant in a formula, whatever the formula is run on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct C(pub f64);

/// 0
pub const ZERO: C = C(0.0);
/// ½
pub const HALF: C = C(0.5);
/// 1
pub const ONE: C = C(1.0);
/// 2
pub const TWO: C = C(2.0);

/// The functions of one variable that formulas are made of: `method Variant f32-kernel f64-kernel "text"`. The table of
/// derivatives has a line for each; what runs formulas implements each.
#[macro_export]
#[doc(hidden)]
macro_rules! primitives {
    ($use:ident) => {
        $use! {
            exp Exp exp exp64 "eˣ";
            exp2 Exp2 exp2 exp2_64 "2ˣ";
            expm1 Expm1 expm1 expm1_64 "eˣ - 1, exact near 0";
            ln Ln ln ln64 "the natural logarithm";
            log2 Log2 log2 log2_64 "the logarithm to base 2";
            log10 Log10 log10 log10_64 "the logarithm to base 10";
            log1p Log1p log1p log1p64 "ln(1 + x), exact near 0";
            sqrt Sqrt sqrt sqrt64 "the square root";
            sin Sin sin sin64 "the sine";
            cos Cos cos cos64 "the cosine";
            tan Tan tan tan64 "the tangent";
            asin Asin asin asin64 "the arc sine";
            acos Acos acos acos64 "the arc cosine";
            atan Atan atan atan64 "the arc tangent";
            sinh Sinh sinh sinh64 "the hyperbolic sine";
            cosh Cosh cosh cosh64 "the hyperbolic cosine";
            tanh Tanh tanh tanh64 "the hyperbolic tangent";
            sigmoid Sigmoid sigmoid sigmoid64 "1 / (1 + e⁻ˣ)";
            erf Erf erf erf64 "the error function";
            abs Abs abs abs64 "the magnitude";
            sign Sign sign sign64 "-1, 0 or 1";
            floor Floor floor floor64 "the next integer below";
            ceil Ceil ceil ceil64 "the next integer above";
            round Round round round64 "the nearest integer, the even one of two";
            trunc Trunc trunc trunc64 "the integer part";
        }
    };
}

macro_rules! declare {
    ($($name:ident $Variant:ident $k32:ident $k64:ident $text:literal;)*) => {
        /// The numbers over which a formula is written: arithmetic, the elementary functions, and choice by comparison.
        ///
        /// Write a function of your own once, over any `Real`, and it runs vectorised on floats, is recorded on vars, and is
        /// differentiated to every order by dual numbers:
        ///
        /// ```
        /// use wengert_tensor::pointwise::{Dual, ONE, Real};
        ///
        /// fn swish<R: Real>(x: R) -> R {
        ///     x / (ONE + (-x).exp())
        /// }
        ///
        /// let d = swish(Dual::new(0.0, 1.0));
        /// assert_eq!((d.value.get(), d.slope.get()), (0.0, 0.5));
        /// ```
        pub trait Real:
            Copy
            + Neg<Output = Self>
            + Add<Output = Self>
            + Sub<Output = Self>
            + Mul<Output = Self>
            + Div<Output = Self>
            + Add<C, Output = Self>
            + Sub<C, Output = Self>
            + Mul<C, Output = Self>
            + Div<C, Output = Self>
        {
            $(#[doc = $text] fn $name(self) -> Self;)*
            /// A constant of the same kind as this value.
            fn constant(self, c: C) -> Self;
            /// `c - self`
            fn subtracted_from(self, c: C) -> Self;
            /// `c / self`
            fn dividing(self, c: C) -> Self;
            /// `self` to the power `exponent`
            fn pow(self, exponent: Self) -> Self;
            /// `self` to a constant power
            fn powc(self, exponent: C) -> Self;
            /// The angle of the point (x, self).
            fn atan2(self, x: Self) -> Self;
            /// √(self² + other²), without internal overflow.
            fn hypot(self, other: Self) -> Self;
            /// The remainder of the division truncated towards zero: it has this one's sign.
            fn rem_trunc(self, by: Self) -> Self;
            /// `yes` where `self > than`, else `no` (NaN is not greater).
            fn when_gt(self, than: impl Arg<Self>, yes: impl Arg<Self>, no: impl Arg<Self>) -> Self;
            /// `yes` where `self == to`, else `no` (NaN equals nothing).
            fn when_eq(self, to: impl Arg<Self>, yes: impl Arg<Self>, no: impl Arg<Self>) -> Self;

            /// `self · by`, and exactly 0 where `self` is 0, whatever `by` is. Its derivatives are those of the product, also
            /// where `self` is 0.
            ///
            /// ```
            /// use wengert_tensor::pointwise::{Dual, Real};
            ///
            /// let product = Dual::new(0.0, 1.0).gated(Dual::new(3.0, 0.0));
            /// assert_eq!((product.value.get(), product.slope.get()), (0.0, 3.0));
            /// let product = Dual::new(0.0, 0.0).gated(Dual::new(f64::INFINITY, 0.0));
            /// assert_eq!((product.value.get(), product.slope.get()), (0.0, 0.0));
            /// ```
            #[inline(always)]
            fn gated(self, by: Self) -> Self {
                self.when_eq(ZERO, ZERO, self * by)
            }
            /// `self · self`
            #[inline(always)]
            fn square(self) -> Self {
                self * self
            }
            /// `1 / self`
            #[inline(always)]
            fn recip(self) -> Self {
                ONE / self
            }
            /// The larger; NaN if either is.
            #[inline(always)]
            fn max(self, other: impl Arg<Self>) -> Self {
                let other = other.beside(self);
                // NaN > b is false, so a NaN on the left must be kept by hand.
                let larger = self.when_gt(other, self, other);
                self.when_eq(self, larger, self)
            }
            /// The smaller; NaN if either is.
            #[inline(always)]
            fn min(self, other: impl Arg<Self>) -> Self {
                let other = other.beside(self);
                let smaller = other.when_gt(self, self, other);
                self.when_eq(self, smaller, self)
            }
            /// ln(1 + eˣ) without overflow.
            #[inline(always)]
            fn softplus(self) -> Self {
                self.max(ZERO) + (-self.abs()).exp().log1p()
            }
        }
    };
}
primitives!(declare);

/// An argument of a formula's function: a value, or a constant.
pub trait Arg<R> {
    /// As a value like this one.
    fn beside(self, like: R) -> R;
}

impl<R: Real> Arg<R> for R {
    #[inline(always)]
    fn beside(self, _: R) -> R {
        self
    }
}

impl<R: Real> Arg<R> for C {
    #[inline(always)]
    fn beside(self, like: R) -> R {
        like.constant(self)
    }
}

macro_rules! constant_on_the_left {
    ($($Op:ident $op:ident |$c:ident, $x:ident| $value:expr, |$a:ident, $b:ident| $folded:expr;)*) => {$(
        impl<R: Real> $Op<R> for C {
            type Output = R;
            #[inline(always)]
            fn $op(self, $x: R) -> R {
                let $c = self;
                $value
            }
        }
        impl $Op<C> for C {
            type Output = C;
            #[inline(always)]
            fn $op(self, other: C) -> C {
                let ($a, $b) = (self.0, other.0);
                C($folded)
            }
        }
    )*};
}
constant_on_the_left! {
    Add add |c, x| x + c, |a, b| a + b;
    Sub sub |c, x| x.subtracted_from(c), |a, b| a - b;
    Mul mul |c, x| x * c, |a, b| a * b;
    Div div |c, x| x.dividing(c), |a, b| a / b;
}

impl Neg for C {
    type Output = C;
    #[inline(always)]
    fn neg(self) -> C {
        C(-self.0)
    }
}
