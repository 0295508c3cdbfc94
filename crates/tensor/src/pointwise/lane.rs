//! `Lane`: a float inside a kernel, on one instruction set. Formulas over it become vector loops.

use std::marker::PhantomData;
use std::ops::{Add, Div, Mul, Neg, Sub};

use super::real::{Arg, C, Real};
use crate::kernel::level::{Arch, Portable};
use crate::kernel::math;
use crate::{Element, Number};

/// A float of type `T` in a kernel compiled for `A`.
#[derive(Clone, Copy, Debug)]
pub struct Lane<T, A = Portable>(T, PhantomData<A>);

impl<T, A> Lane<T, A> {
    /// This float.
    #[inline(always)]
    pub fn new(x: T) -> Self {
        Self(x, PhantomData)
    }
    /// The float.
    #[inline(always)]
    pub fn get(self) -> T {
        self.0
    }
}

/// The numbers of a place as lanes. (Not `array::map`: that is six functions more for the compiler, for each formula.)
#[inline(always)]
pub(super) fn lanes<A: Arch, T: LaneFloat, const N: usize>(x: [T; N]) -> [T::Lane<A>; N] {
    let mut lanes = [x[0].lane::<A>(); N];
    for k in 1..N {
        lanes[k] = x[k].lane::<A>();
    }
    lanes
}

macro_rules! lane {
    ($($t:ident $softplus:ident $pow:ident $atan2:ident $hypot:ident, $pick:tt)*) => {$(
        impl<A: Arch> Neg for Lane<$t, A> {
            type Output = Self;
            #[inline(always)]
            fn neg(self) -> Self {
                Self::new(-self.0)
            }
        }
        lane!(@ops $t Add add Sub sub Mul mul Div div);
        impl<A: Arch> Real for Lane<$t, A> {
            primitives!($pick);
            #[inline(always)]
            fn constant(self, c: C) -> Self {
                Self::new(c.0 as $t)
            }
            #[inline(always)]
            fn subtracted_from(self, c: C) -> Self {
                Self::new(c.0 as $t - self.0)
            }
            #[inline(always)]
            fn dividing(self, c: C) -> Self {
                Self::new(c.0 as $t / self.0)
            }
            #[inline(always)]
            fn pow(self, exponent: Self) -> Self {
                Self::new(math::$pow::<A>(self.0, exponent.0))
            }
            #[inline(always)]
            fn powc(self, exponent: C) -> Self {
                Self::new(math::$pow::<A>(self.0, exponent.0 as $t))
            }
            #[inline(always)]
            fn atan2(self, x: Self) -> Self {
                Self::new(math::$atan2::<A>(self.0, x.0))
            }
            #[inline(always)]
            fn hypot(self, other: Self) -> Self {
                Self::new(math::$hypot::<A>(self.0, other.0))
            }
            #[inline(always)]
            fn softplus(self) -> Self {
                Self::new(math::$softplus::<A>(self.0))
            }
            #[inline(always)]
            fn rem_trunc(self, by: Self) -> Self {
                Self::new(self.0 % by.0)
            }
            #[inline(always)]
            fn when_gt(self, than: impl Arg<Self>, yes: impl Arg<Self>, no: impl Arg<Self>) -> Self {
                let (than, yes, no) = (than.beside(self), yes.beside(self), no.beside(self));
                if self.0 > than.0 { yes } else { no }
            }
            #[inline(always)]
            fn when_eq(self, to: impl Arg<Self>, yes: impl Arg<Self>, no: impl Arg<Self>) -> Self {
                let (to, yes, no) = (to.beside(self), yes.beside(self), no.beside(self));
                if self.0 == to.0 { yes } else { no }
            }
        }
    )*};
    (@ops $t:ident $($Op:ident $op:ident)*) => {$(
        impl<A: Arch> $Op for Lane<$t, A> {
            type Output = Self;
            #[inline(always)]
            fn $op(self, other: Self) -> Self {
                Self::new(self.0.$op(other.0))
            }
        }
        impl<A: Arch> $Op<C> for Lane<$t, A> {
            type Output = Self;
            #[inline(always)]
            fn $op(self, c: C) -> Self {
                Self::new(self.0.$op(c.0 as $t))
            }
        }
    )*};
}

macro_rules! single {
    ($($name:ident $Variant:ident $k32:ident $k64:ident $text:literal;)*) => {$(
        #[inline(always)]
        fn $name(self) -> Self {
            Self::new(math::$k32::<A>(self.0))
        }
    )*};
}
macro_rules! double {
    ($($name:ident $Variant:ident $k32:ident $k64:ident $text:literal;)*) => {$(
        #[inline(always)]
        fn $name(self) -> Self {
            Self::new(math::$k64::<A>(self.0))
        }
    )*};
}

use crate::primitives;
lane! {
    f32 softplus pow atan2 hypot, single
    f64 softplus64 pow64 atan2_64 hypot64, double
}

/// A float type that lanes are made of.
pub trait LaneFloat: Number {
    /// Its lane.
    type Lane<A: Arch>: Real;
    /// Into a lane.
    fn lane<A: Arch>(self) -> Self::Lane<A>;
    /// Out of it.
    fn from_lane<A: Arch>(lane: Self::Lane<A>) -> Self;
}

macro_rules! lane_float {
    ($($t:ident)*) => {$(
        impl LaneFloat for $t {
            type Lane<A: Arch> = Lane<$t, A>;
            #[inline(always)]
            fn lane<A: Arch>(self) -> Lane<$t, A> {
                Lane::new(self)
            }
            #[inline(always)]
            fn from_lane<A: Arch>(lane: Lane<$t, A>) -> $t {
                lane.0
            }
        }
    )*};
}
lane_float!(f32 f64);

const _: fn() = || {
    fn is_element<T: Element>() {}
    is_element::<f32>();
};
