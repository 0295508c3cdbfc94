//! `+ - *` on tensors of integers, which wrap around, and integers at their right. They panic where the shapes do not
//! broadcast, at the caller's line; `try_add` and kin return that as an error.

use std::ops::{Add, AddAssign, Mul, MulAssign, Neg, Sub, SubAssign};

use crate::compare::both;
use crate::error::{Named, refuse};
use crate::kernel::map::{Plain, map};
use crate::{Number, Result, Tensor};

macro_rules! integer {
    ($($t:ident)*) => {$(
        integer!(@twins $t try_add plus "a + b" try_sub minus "a - b" try_mul times "a · b");
        integer!(@operator $t Add add AddAssign add_assign try_add plus);
        integer!(@operator $t Sub sub SubAssign sub_assign try_sub minus);
        integer!(@operator $t Mul mul MulAssign mul_assign try_mul times);
    )*};
    (@twins $t:ident $($twin:ident $f:ident $meaning:literal)*) => {
        impl Tensor<$t> {$(
            #[doc = $meaning]
            ///
            /// Wraps around at the type's bounds.
            ///
            /// # Errors
            /// [`Error::Shape`](crate::Error::Shape) if the shapes do not broadcast.
            #[track_caller]
            pub fn $twin(&self, other: &Self) -> Result<Self> {
                both(stringify!($twin), self, other, $t::$f)
            }
        )*}
    };
    (@operator $t:ident $Op:ident $op:ident $Assign:ident $assign:ident $twin:ident $f:ident) => {
        integer!(@pair $t $Op $op $twin &Tensor<$t>, &Tensor<$t>);
        integer!(@pair $t $Op $op $twin &Tensor<$t>, Tensor<$t>);
        integer!(@pair $t $Op $op $twin Tensor<$t>, &Tensor<$t>);
        integer!(@pair $t $Op $op $twin Tensor<$t>, Tensor<$t>);
        impl $Op<$t> for &Tensor<$t> {
            type Output = Tensor<$t>;
            #[track_caller]
            fn $op(self, c: $t) -> Tensor<$t> {
                let named = Named { op: stringify!($op), twin: Some(stringify!($twin)) };
                map(named, Plain(move |[x]: [$t; 1]| x.$f(c)), [self], self.shape())
            }
        }
        impl $Op<$t> for Tensor<$t> {
            type Output = Self;
            #[track_caller]
            fn $op(self, c: $t) -> Self {
                (&self).$op(c)
            }
        }
        impl $Assign<&Tensor<$t>> for Tensor<$t> {
            /// # Panics
            /// If the shapes do not broadcast.
            #[track_caller]
            fn $assign(&mut self, other: &Tensor<$t>) {
                *self = (&*self).$op(other);
            }
        }
    };
    (@pair $t:ident $Op:ident $op:ident $twin:ident $a:ty, $b:ty) => {
        impl $Op<$b> for $a {
            type Output = Tensor<$t>;
            /// Wraps around at the type's bounds.
            ///
            /// # Panics
            #[doc = concat!("If the shapes do not broadcast; `Tensor::", stringify!($twin), "` returns that as an error.")]
            #[track_caller]
            fn $op(self, other: $b) -> Tensor<$t> {
                match self.$twin(&other) {
                    Ok(y) => y,
                    Err(error) => refuse(&error, stringify!($twin)),
                }
            }
        }
    };
}
integer!(i64 usize u8);

impl Neg for &Tensor<i64> {
    type Output = Tensor<i64>;
    /// Wraps around: the least number is its own negative.
    #[track_caller]
    fn neg(self) -> Tensor<i64> {
        let named = Named { op: "neg", twin: None };
        map(named, Plain(|[x]: [i64; 1]| x.wrapping_neg()), [self], self.shape())
    }
}

impl Neg for Tensor<i64> {
    type Output = Self;
    #[track_caller]
    fn neg(self) -> Self {
        -&self
    }
}
