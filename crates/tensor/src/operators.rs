//! `+ - * /` and negation on tensors, references to them, and scalars on either side. They panic where the shapes do not
//! broadcast, at the caller's line; `try_add` and kin return that as an error.

use std::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Sub, SubAssign};

use crate::pointwise::methods::{function, operator};
use crate::pointwise::{BinaryOp, UnaryOp};
use crate::{Float, Tensor};

macro_rules! binary {
    ($($Op:ident $op:ident $Assign:ident $assign:ident $twin:literal;)*) => {$(
        impl<T: Float> $Op<&Tensor<T>> for &Tensor<T> {
            type Output = Tensor<T>;
            /// # Panics
            #[doc = concat!("If the shapes do not broadcast; [`Tensor::", $twin, "`] returns that as an error.")]
            #[track_caller]
            #[inline]
            fn $op(self, other: &Tensor<T>) -> Tensor<T> {
                operator(BinaryOp::$Op, self, other, $twin)
            }
        }
        impl<T: Float> $Op<Tensor<T>> for &Tensor<T> {
            type Output = Tensor<T>;
            #[track_caller]
            #[inline]
            fn $op(self, other: Tensor<T>) -> Tensor<T> {
                operator(BinaryOp::$Op, self, &other, $twin)
            }
        }
        impl<T: Float> $Op<&Tensor<T>> for Tensor<T> {
            type Output = Tensor<T>;
            #[track_caller]
            #[inline]
            fn $op(self, other: &Tensor<T>) -> Tensor<T> {
                operator(BinaryOp::$Op, &self, other, $twin)
            }
        }
        impl<T: Float> $Op for Tensor<T> {
            type Output = Tensor<T>;
            #[track_caller]
            #[inline]
            fn $op(self, other: Tensor<T>) -> Tensor<T> {
                operator(BinaryOp::$Op, &self, &other, $twin)
            }
        }
        impl<T: Float> $Assign<&Tensor<T>> for Tensor<T> {
            /// # Panics
            /// If the shapes do not broadcast to this one's.
            #[track_caller]
            fn $assign(&mut self, other: &Tensor<T>) {
                *self = operator(BinaryOp::$Op, self, other, $twin);
            }
        }
    )*};
}
binary! {
    Add add AddAssign add_assign "try_add";
    Sub sub SubAssign sub_assign "try_sub";
    Mul mul MulAssign mul_assign "try_mul";
    Div div DivAssign div_assign "try_div";
}

macro_rules! scalar {
    ($($t:ident)*) => {$(
        scalar!(@ $t Add add "try_add" |x, c| UnaryOp::AddScalar { c }, |c| UnaryOp::AddScalar { c });
        scalar!(@ $t Sub sub "try_sub" |x, c| UnaryOp::AddScalar { c: -c }, |c| UnaryOp::RsubScalar { c });
        scalar!(@ $t Mul mul "try_mul" |x, c| UnaryOp::MulScalar { c }, |c| UnaryOp::MulScalar { c });
        scalar!(@ $t Div div "try_div" |x, c| UnaryOp::DivScalar { c }, |c| UnaryOp::RdivScalar { c });
    )*};
    (@ $t:ident $Op:ident $op:ident $twin:literal |$x:ident, $c:ident| $right:expr, |$d:ident| $left:expr) => {
        impl $Op<$t> for Tensor<$t> {
            type Output = Tensor<$t>;
            #[track_caller]
            fn $op(self, c: $t) -> Tensor<$t> {
                let $c = f64::from(c);
                function($right, &self, $twin)
            }
        }
        impl $Op<$t> for &Tensor<$t> {
            type Output = Tensor<$t>;
            #[track_caller]
            fn $op(self, c: $t) -> Tensor<$t> {
                let $c = f64::from(c);
                function($right, self, $twin)
            }
        }
        impl $Op<Tensor<$t>> for $t {
            type Output = Tensor<$t>;
            #[track_caller]
            fn $op(self, x: Tensor<$t>) -> Tensor<$t> {
                let $d = f64::from(self);
                function($left, &x, $twin)
            }
        }
        impl $Op<&Tensor<$t>> for $t {
            type Output = Tensor<$t>;
            #[track_caller]
            fn $op(self, x: &Tensor<$t>) -> Tensor<$t> {
                let $d = f64::from(self);
                function($left, x, $twin)
            }
        }
    };
}
scalar!(f32 f64);

impl<T: Float> Neg for Tensor<T> {
    type Output = Self;
    #[track_caller]
    fn neg(self) -> Self {
        UnaryOp::Neg.apply(&self)
    }
}

impl<T: Float> Neg for &Tensor<T> {
    type Output = Tensor<T>;
    #[track_caller]
    fn neg(self) -> Tensor<T> {
        UnaryOp::Neg.apply(self)
    }
}
