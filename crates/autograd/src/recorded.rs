//! `Var` as an algebra, so that rules can be recorded, and as a `Real`, so that formulas can.

use std::ops::{Add, Div, Mul, Sub};

use wengert_tensor::pointwise::{Arg, BinaryOp, C, Real, UnaryOp};
use wengert_tensor::pointwise::{Binary as _, Unary as _};
use wengert_tensor::{Float, Shape, Tensor};

use crate::algebra::Algebra;
use crate::ops::{Binary, Op, Unary, Where};
use crate::pointwise::{OwnFunction, pull_recorded};
use crate::{Result, Var};

impl<'t, T: Float> Algebra<T> for Var<'t, T> {
    fn run(op: impl Into<Op<T>>, x: &[&Self]) -> Result<Self> {
        let operands: smallvec::SmallVec<[u32; 4]> = x.iter().map(|x| x.index).collect();
        x[0].tape.record(op, &operands)
    }
    fn tensor(&self) -> Tensor<T> {
        match self.value() {
            Ok(value) => value,
            Err(_) => unreachable!("a sweep goes over the lines of a tape that is not spent"),
        }
    }
    fn numbers(&self) -> Option<&Tensor<T>> {
        None
    }
    fn fixed(&self, value: Tensor<T>) -> Self {
        self.tape.constant(value)
    }
    fn pull_unary(op: UnaryOp, g: Self, x: &Self, y: &Self) -> Result<Self> {
        let slope = op.slope(*x, *y);
        Algebra::gate(&g, &slope)
    }
    fn pull_own(op: &dyn OwnFunction<T>, k: usize, g: Self, x: &[Self]) -> Result<Self> {
        pull_recorded(op, k, g, x)
    }
    fn pull_binary(op: BinaryOp, k: usize, g: Self, a: &Self, b: &Self, y: &Self) -> Result<Self> {
        let slope = if k == 0 { op.slope_a(*a, *b, *y) } else { op.slope_b(*a, *b, *y) };
        Algebra::gate(&g, &slope)
    }
    fn shape(&self) -> Shape {
        Var::shape(*self)
    }
    fn accumulate(self, other: Self) -> Result<Self> {
        self.try_add(other)
    }
}

macro_rules! with_constants {
    ($($Op:ident $op:ident |$c:ident| $unary:expr;)*) => {$(
        impl<T: Float> $Op<C> for Var<'_, T> {
            type Output = Self;
            fn $op(self, c: C) -> Self {
                let $c = c.0;
                self.infallible(Unary($unary))
            }
        }
    )*};
}
with_constants! {
    Add add |c| UnaryOp::AddScalar { c };
    Sub sub |c| UnaryOp::AddScalar { c: -c };
    Mul mul |c| UnaryOp::MulScalar { c };
    Div div |c| UnaryOp::DivScalar { c };
}

macro_rules! primitive {
    ($($name:ident $Variant:ident $k32:ident $k64:ident $text:literal;)*) => {$(
        fn $name(self) -> Self {
            self.infallible(Unary(UnaryOp::$Variant))
        }
    )*};
}

/// Two operands of a formula: they have one shape, or one is a constant.
fn both<'t, T: Float>(op: BinaryOp, a: Var<'t, T>, b: Var<'t, T>) -> Var<'t, T> {
    a.or_fault(op.name(), a.apply_with(Binary(op), b))
}

use wengert_tensor::primitives;
impl<T: Float> Real for Var<'_, T> {
    primitives!(primitive);
    fn constant(self, c: C) -> Self {
        self.tape.constant(Tensor::scalar(T::from_f64(c.0)))
    }
    fn subtracted_from(self, c: C) -> Self {
        self.infallible(Unary(UnaryOp::RsubScalar { c: c.0 }))
    }
    fn dividing(self, c: C) -> Self {
        self.infallible(Unary(UnaryOp::RdivScalar { c: c.0 }))
    }
    fn pow(self, exponent: Self) -> Self {
        both(BinaryOp::Pow, self, exponent)
    }
    fn powc(self, exponent: C) -> Self {
        self.infallible(Unary(UnaryOp::PowScalar { exponent: exponent.0 }))
    }
    fn atan2(self, x: Self) -> Self {
        both(BinaryOp::Atan2, self, x)
    }
    fn hypot(self, other: Self) -> Self {
        both(BinaryOp::Hypot, self, other)
    }
    fn rem_trunc(self, by: Self) -> Self {
        both(BinaryOp::Fmod, self, by)
    }
    fn when_gt(self, than: impl Arg<Self>, yes: impl Arg<Self>, no: impl Arg<Self>) -> Self {
        chosen("when_gt", self, than.beside(self), Tensor::greater, yes, no)
    }
    fn when_eq(self, to: impl Arg<Self>, yes: impl Arg<Self>, no: impl Arg<Self>) -> Self {
        chosen("when_eq", self, to.beside(self), Tensor::equal, yes, no)
    }
    fn softplus(self) -> Self {
        -(-self).infallible(Unary(UnaryOp::LogSigmoid))
    }
    fn gated(self, by: Self) -> Self {
        both(BinaryOp::Gate, self, by)
    }
}

/// `yes` where `a` compares so with `b`, else `no`.
fn chosen<'t, T: Float>(
    name: &'static str,
    a: Var<'t, T>,
    b: Var<'t, T>,
    compare: fn(&Tensor<T>, &Tensor<T>) -> wengert_tensor::Result<Tensor<bool>>,
    yes: impl Arg<Var<'t, T>>,
    no: impl Arg<Var<'t, T>>,
) -> Var<'t, T> {
    let (yes, no) = (yes.beside(a), no.beside(a));
    let choose = || yes.apply_with(Where(compare(&a.value()?, &b.value()?)?.into()), no);
    a.or_fault(name, choose())
}
