//! Dual numbers: a value and its slope along one direction, carried through a formula together.

use std::ops::{Add, Div, Mul, Neg, Sub};

use super::Unary;
use super::formula;
use super::real::{Arg, C, ONE, Real, ZERO};
use crate::kernel::level::Portable;
use crate::pointwise::Lane;

/// `value + slope·ε` with ε² = 0. Over any [`Real`], itself dual or not, so to any order.
#[derive(Clone, Copy, Debug)]
pub struct Dual<R> {
    /// The value.
    pub value: R,
    /// Its derivative along the direction.
    pub slope: R,
}

impl<R> Dual<R> {
    /// A value with this slope.
    #[inline(always)]
    pub fn of(value: R, slope: R) -> Self {
        Self { value, slope }
    }
}

impl<R: Real> Dual<R> {
    /// The variable itself: slope 1.
    #[inline(always)]
    pub fn variable(value: R) -> Self {
        Self { value, slope: value.constant(ONE) }
    }
    /// A constant: slope 0.
    #[inline(always)]
    pub fn fixed(value: R) -> Self {
        Self { value, slope: value.constant(ZERO) }
    }
}

impl<R: Real> Neg for Dual<R> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        Self::of(-self.value, -self.slope)
    }
}
impl<R: Real> Add for Dual<R> {
    type Output = Self;
    #[inline(always)]
    fn add(self, b: Self) -> Self {
        Self::of(self.value + b.value, self.slope + b.slope)
    }
}
impl<R: Real> Sub for Dual<R> {
    type Output = Self;
    #[inline(always)]
    fn sub(self, b: Self) -> Self {
        Self::of(self.value - b.value, self.slope - b.slope)
    }
}
impl<R: Real> Mul for Dual<R> {
    type Output = Self;
    #[inline(always)]
    fn mul(self, b: Self) -> Self {
        Self::of(self.value * b.value, self.slope.gated(b.value) + b.slope.gated(self.value))
    }
}
impl<R: Real> Div for Dual<R> {
    type Output = Self;
    #[inline(always)]
    fn div(self, b: Self) -> Self {
        let y = self.value / b.value;
        Self::of(y, (self.slope - b.slope.gated(y)) / b.value)
    }
}
impl<R: Real> Add<C> for Dual<R> {
    type Output = Self;
    #[inline(always)]
    fn add(self, c: C) -> Self {
        Self::of(self.value + c, self.slope)
    }
}
impl<R: Real> Sub<C> for Dual<R> {
    type Output = Self;
    #[inline(always)]
    fn sub(self, c: C) -> Self {
        Self::of(self.value - c, self.slope)
    }
}
impl<R: Real> Mul<C> for Dual<R> {
    type Output = Self;
    #[inline(always)]
    fn mul(self, c: C) -> Self {
        Self::of(self.value * c, self.slope * c)
    }
}
impl<R: Real> Div<C> for Dual<R> {
    type Output = Self;
    #[inline(always)]
    fn div(self, c: C) -> Self {
        Self::of(self.value / c, self.slope / c)
    }
}

macro_rules! by_the_table {
    ($($name:ident $Variant:ident $k32:ident $k64:ident $text:literal;)*) => {$(
        #[inline(always)]
        fn $name(self) -> Self {
            let y = self.value.$name();
            Self::of(y, self.slope.gated(formula::$Variant {}.slope(self.value, y)))
        }
    )*};
}

use crate::primitives;
impl<R: Real> Real for Dual<R> {
    primitives!(by_the_table);
    #[inline(always)]
    fn constant(self, c: C) -> Self {
        Self::fixed(self.value.constant(c))
    }
    #[inline(always)]
    fn subtracted_from(self, c: C) -> Self {
        Self::of(c - self.value, -self.slope)
    }
    #[inline(always)]
    fn dividing(self, c: C) -> Self {
        let y = c / self.value;
        Self::of(y, -(y / self.value) * self.slope)
    }
    #[inline(always)]
    fn pow(self, b: Self) -> Self {
        use super::Binary;
        let y = self.value.pow(b.value);
        let by_a = formula::Pow {}.slope_a(self.value, b.value, y);
        let by_b = formula::Pow {}.slope_b(self.value, b.value, y);
        Self::of(y, self.slope.gated(by_a) + b.slope.gated(by_b))
    }
    #[inline(always)]
    fn powc(self, exponent: C) -> Self {
        let y = self.value.powc(exponent);
        let slope = formula::PowScalar { exponent: exponent.0 }.slope(self.value, y);
        Self::of(y, self.slope.gated(slope))
    }
    #[inline(always)]
    fn atan2(self, x: Self) -> Self {
        use super::Binary;
        let y = self.value.atan2(x.value);
        let by_a = formula::Atan2 {}.slope_a(self.value, x.value, y);
        let by_b = formula::Atan2 {}.slope_b(self.value, x.value, y);
        Self::of(y, self.slope.gated(by_a) + x.slope.gated(by_b))
    }
    #[inline(always)]
    fn hypot(self, b: Self) -> Self {
        use super::Binary;
        let y = self.value.hypot(b.value);
        let by_a = formula::Hypot {}.slope_a(self.value, b.value, y);
        let by_b = formula::Hypot {}.slope_b(self.value, b.value, y);
        Self::of(y, self.slope.gated(by_a) + b.slope.gated(by_b))
    }
    #[inline(always)]
    fn rem_trunc(self, b: Self) -> Self {
        let quotient = (self.value / b.value).trunc();
        Self::of(self.value.rem_trunc(b.value), self.slope - quotient * b.slope)
    }
    #[inline(always)]
    fn when_gt(self, than: impl Arg<Self>, yes: impl Arg<Self>, no: impl Arg<Self>) -> Self {
        let (than, yes, no) = (than.beside(self), yes.beside(self), no.beside(self));
        Self::of(
            self.value.when_gt(than.value, yes.value, no.value),
            self.value.when_gt(than.value, yes.slope, no.slope),
        )
    }
    #[inline(always)]
    fn when_eq(self, to: impl Arg<Self>, yes: impl Arg<Self>, no: impl Arg<Self>) -> Self {
        let (to, yes, no) = (to.beside(self), yes.beside(self), no.beside(self));
        Self::of(
            self.value.when_eq(to.value, yes.value, no.value),
            self.value.when_eq(to.value, yes.slope, no.slope),
        )
    }
    // By its own slope: the formula, of a maximum and a magnitude, has a corner at 0 which the function has not.
    #[inline(always)]
    fn softplus(self) -> Self {
        Self::of(self.value.softplus(), self.slope.gated(self.value.sigmoid()))
    }
    // Not by `when_eq`: a value of 0 that has a slope would lose it, and with it the second derivative.
    #[inline(always)]
    fn gated(self, by: Self) -> Self {
        let slope = self.slope.gated(by.value) + self.value.gated(by.slope);
        Self::of(self.value.gated(by.value), slope)
    }
}

impl Dual<Lane<f64, Portable>> {
    /// A plain number with this slope.
    pub fn new(value: f64, slope: f64) -> Self {
        Self { value: Lane::new(value), slope: Lane::new(slope) }
    }
}
