//! `+ - * /` and negation on vars, with vars, tensors and numbers on either side. They panic where the operands do not
//! fit, at the caller's line; `try_add` and kin return that as an error.

use std::ops::{Add, Div, Mul, Neg, Sub};

use wengert_tensor::pointwise::{BinaryOp, UnaryOp};
use wengert_tensor::{Float, Tensor};

use crate::Var;
use crate::ops::{Binary, Unary};

#[track_caller]
#[inline]
fn operator<'t, T: Float>(op: BinaryOp, a: Var<'t, T>, b: Var<'t, T>) -> Var<'t, T> {
    match a.apply_with(Binary(op), b) {
        Ok(y) => y,
        Err(error) => panic!("{error}\n  (try_{} returns this as an error)", op.name()),
    }
}

macro_rules! binary {
    ($($Op:ident $op:ident;)*) => {$(
        impl<'t, T: Float> $Op for Var<'t, T> {
            type Output = Self;
            /// # Panics
            /// If the shapes do not broadcast, or the vars are of two tapes; the `try_` twin returns that as an error.
            #[track_caller]
            #[inline]
            fn $op(self, other: Self) -> Self {
                operator(BinaryOp::$Op, self, other)
            }
        }
        impl<'t, T: Float> $Op<Tensor<T>> for Var<'t, T> {
            type Output = Self;
            #[track_caller]
            fn $op(self, other: Tensor<T>) -> Self {
                operator(BinaryOp::$Op, self, self.tape.constant(other))
            }
        }
        impl<'t, T: Float> $Op<&Tensor<T>> for Var<'t, T> {
            type Output = Self;
            #[track_caller]
            fn $op(self, other: &Tensor<T>) -> Self {
                operator(BinaryOp::$Op, self, self.tape.constant(other.clone()))
            }
        }
        impl<'t, T: Float> $Op<Var<'t, T>> for Tensor<T> {
            type Output = Var<'t, T>;
            #[track_caller]
            fn $op(self, other: Var<'t, T>) -> Var<'t, T> {
                operator(BinaryOp::$Op, other.tape.constant(self), other)
            }
        }
        impl<'t, T: Float> $Op<Var<'t, T>> for &Tensor<T> {
            type Output = Var<'t, T>;
            #[track_caller]
            fn $op(self, other: Var<'t, T>) -> Var<'t, T> {
                operator(BinaryOp::$Op, other.tape.constant(self.clone()), other)
            }
        }
    )*};
}
binary! {
    Add add;
    Sub sub;
    Mul mul;
    Div div;
}

macro_rules! scalar {
    ($($t:ident)*) => {$(
        scalar!(@ $t Add add |c| UnaryOp::AddScalar { c }, |c| UnaryOp::AddScalar { c });
        scalar!(@ $t Sub sub |c| UnaryOp::AddScalar { c: -c }, |c| UnaryOp::RsubScalar { c });
        scalar!(@ $t Mul mul |c| UnaryOp::MulScalar { c }, |c| UnaryOp::MulScalar { c });
        scalar!(@ $t Div div |c| UnaryOp::DivScalar { c }, |c| UnaryOp::RdivScalar { c });
    )*};
    (@ $t:ident $Op:ident $op:ident |$c:ident| $right:expr, |$d:ident| $left:expr) => {
        impl<'t> $Op<$t> for Var<'t, $t> {
            type Output = Self;
            #[track_caller]
            fn $op(self, c: $t) -> Self {
                let $c = f64::from(c);
                self.infallible(Unary($right))
            }
        }
        impl<'t> $Op<Var<'t, $t>> for $t {
            type Output = Var<'t, $t>;
            #[track_caller]
            fn $op(self, x: Var<'t, $t>) -> Var<'t, $t> {
                let $d = f64::from(self);
                x.infallible(Unary($left))
            }
        }
    };
}
scalar!(f32 f64);

impl<T: Float> Neg for Var<'_, T> {
    type Output = Self;
    #[track_caller]
    fn neg(self) -> Self {
        self.infallible(Unary(UnaryOp::Neg))
    }
}
