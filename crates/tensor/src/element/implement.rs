//! The types of elements: what each does of its own.

use super::{Element, Float, Number, sealed};
use crate::Tensor;
use crate::kernel::copy::copied;
use crate::kernel::folds::{
    Deviations, Exponentials, FloatFold, Nonzero, NumberFold, SquaredDeviations, Squares,
};
use crate::kernel::gemm::{Init, Mat, Moved, column_sums, gemm};
use crate::kernel::level::Level;
use crate::kernel::reduce::{fold, fold_slice};
use crate::kernel::scan::{Adding, AddingExponentials, Multiplying, NumberScan, scan};
use crate::kernel::tree::{ColumnFold, Max, Min, Product, Sum};
use crate::pointwise::{BinaryOp, FloatKernels, UnaryOp};

macro_rules! element {
    ($($t:ident $best:ident $rounds:literal: $to:expr, $from:expr, |$x:ident| $convert:expr, $from_integer:ident;)*) => {$(
        impl sealed::Sealed for $t {}
        impl Element for $t {
            const NAME: &'static str = stringify!($t);
            const BEST: Level = Level::$best;
            const ROUNDS: bool = $rounds;
            #[inline(always)]
            fn to_f64(self) -> f64 {
                let to: fn($t) -> f64 = $to;
                to(self)
            }
            #[inline(always)]
            fn from_f64(x: f64) -> Self {
                let from: fn(f64) -> $t = $from;
                from(x)
            }
            #[inline(always)]
            fn convert<U: Element>(self) -> U {
                let $x = self;
                $convert
            }
            #[inline(always)]
            fn from_i64(x: i64) -> Self {
                $from_integer!(x, $t)
            }
            #[inline(always)]
            fn from_usize(x: usize) -> Self {
                $from_integer!(x, $t)
            }
            fn count_nonzero(x: &Tensor<$t>, flags: &[bool]) -> Tensor<usize> {
                fold(Nonzero, x, flags, &[])
            }
            fn copied(x: &Tensor<$t>) -> Option<Tensor<$t>> {
                copied(x)
            }
        }
    )*};
}
macro_rules! number_from_integer {
    ($x:ident, $t:ident) => {
        $x as $t
    };
}
macro_rules! truth_of_integer {
    ($x:ident, $t:ident) => {
        $x != 0
    };
}
// What fits a double goes through one; the large integers do not. Kernels for AVX2 are for floats alone, for AVX-512 for singles: those
// of integers would take as long to compile, and are seldom where the time goes.
element! {
    f32 Avx512 true: |x| x as f64, |x| x as f32, |x| U::from_f64(x.to_f64()), number_from_integer;
    f64 Avx2 true: |x| x, |x| x, |x| U::from_f64(x), number_from_integer;
    i64 Portable false: |x| x as f64, |x| x as i64, |x| U::from_i64(x), number_from_integer;
    usize Portable false: |x| x as f64, |x| x as usize, |x| U::from_usize(x), number_from_integer;
    u8 Portable false: |x| x as f64, |x| x as u8, |x| U::from_f64(x.to_f64()), number_from_integer;
    bool Portable false: |x| x as u8 as f64, |x| x != 0.0, |x| U::from_f64(x.to_f64()), truth_of_integer;
}

// Folds and scans, too, are compiled here, once for each type, and not where they are used.
macro_rules! number_kernels {
    () => {
        fn fold(by: NumberFold, x: &Tensor<Self>, flags: &[bool]) -> Tensor<Self> {
            match by {
                NumberFold::Sum => fold(Sum, x, flags, &[]),
                NumberFold::Product => fold(Product, x, flags, &[]),
                NumberFold::Max => fold(Max, x, flags, &[]),
                NumberFold::Min => fold(Min, x, flags, &[]),
            }
        }
        fn fold_slice(by: NumberFold, x: &[Self]) -> Self {
            match by {
                NumberFold::Sum => fold_slice(Sum, x),
                NumberFold::Product => fold_slice(Product, x),
                NumberFold::Max => fold_slice(Max, x),
                NumberFold::Min => fold_slice(Min, x),
            }
        }
        fn scan(by: NumberScan, x: &Tensor<Self>, axis: usize) -> Tensor<Self> {
            match by {
                NumberScan::Sum => scan(Adding, x, axis),
                NumberScan::Product => scan(Multiplying, x, axis),
            }
        }
    };
}

macro_rules! integer {
    ($($t:ident)*) => {$(
        impl Number for $t {
            const ZERO: Self = 0;
            const ONE: Self = 1;
            const LEAST: Self = $t::MIN;
            const GREATEST: Self = $t::MAX;
            type Total = Self;
            #[inline(always)]
            fn to_total(self) -> Self {
                self
            }
            #[inline(always)]
            fn from_total(total: Self) -> Self {
                total
            }
            number_kernels!();
            #[inline(always)]
            fn plus(self, other: Self) -> Self {
                self.wrapping_add(other)
            }
            #[inline(always)]
            fn minus(self, other: Self) -> Self {
                self.wrapping_sub(other)
            }
            #[inline(always)]
            fn times(self, other: Self) -> Self {
                self.wrapping_mul(other)
            }
            #[inline(always)]
            fn is_nan(self) -> bool {
                false
            }
            fn count_steps(start: Self, end: Self, step: Self) -> Option<usize> {
                let step = step as i128;
                if step == 0 {
                    return None;
                }
                // No difference of two elements overflows an i128, and a quotient is rounded up.
                let distance = (end as i128 - start as i128) * step.signum();
                let partial = distance.rem_euclid(step.abs()) != 0;
                let count = distance.div_euclid(step.abs()) + i128::from(partial);
                Some(usize::try_from(count.max(0)).unwrap_or(usize::MAX))
            }
            #[inline(always)]
            fn after_steps(self, i: usize, step: Self) -> Self {
                (self as i128 + (i as i128).wrapping_mul(step as i128)) as $t
            }
        }
    )*};
}
integer!(i64 usize u8);

macro_rules! float {
    ($($t:ident)*) => {$(
        impl Number for $t {
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;
            const LEAST: Self = $t::NEG_INFINITY;
            const GREATEST: Self = $t::INFINITY;
            type Total = f64;
            #[inline(always)]
            fn to_total(self) -> f64 {
                self as f64
            }
            #[inline(always)]
            fn from_total(total: f64) -> Self {
                total as $t
            }
            const COLUMN_SUMS: Option<ColumnFold<Self, Self>> = Some(column_sums);
            number_kernels!();
            #[inline(always)]
            fn plus(self, other: Self) -> Self {
                self + other
            }
            #[inline(always)]
            fn minus(self, other: Self) -> Self {
                self - other
            }
            #[inline(always)]
            fn times(self, other: Self) -> Self {
                self * other
            }
            #[inline(always)]
            fn is_nan(self) -> bool {
                $t::is_nan(self)
            }
            fn count_steps(start: Self, end: Self, step: Self) -> Option<usize> {
                let (from, to, by) = (start as f64, end as f64, step as f64);
                if by == 0.0 || !(from.is_finite() && to.is_finite() && by.is_finite()) {
                    return None;
                }
                let distance = to - from;
                // Where the distance overflows, its half does not.
                let count = match distance.is_finite() {
                    true => distance / by,
                    false => (to / 2.0 - from / 2.0) / by * 2.0,
                };
                Some(count.ceil().max(0.0) as usize)
            }
            #[inline(always)]
            fn after_steps(self, i: usize, step: Self) -> Self {
                (self as f64 + i as f64 * step as f64) as $t
            }
        }
        impl Float for $t {
            const EPSILON: Self = $t::EPSILON;
            const NAN: Self = $t::NAN;
            const MAX: Self = $t::MAX;
            #[inline(always)]
            fn sqrt(self) -> Self {
                $t::sqrt(self)
            }
            #[inline(always)]
            fn over(self, other: Self) -> Self {
                self / other
            }
            #[inline(always)]
            fn is_finite(self) -> bool {
                $t::is_finite(self)
            }
        }
        // Here, and not where they are used, so that each kernel is compiled once, in this crate.
        impl FloatKernels for $t {
            fn unary(op: UnaryOp, x: &Tensor<$t>) -> Option<Tensor<$t>> {
                crate::pointwise::run::unary(op, x)
            }
            fn binary(op: BinaryOp, a: &Tensor<$t>, b: &Tensor<$t>) -> Option<Tensor<$t>> {
                crate::pointwise::run::binary(op, a, b)
            }
            unsafe fn product(
                m: usize,
                n: usize,
                k: usize,
                a: Mat<$t>,
                b: Mat<$t>,
                init: Init<$t>,
                c: *mut $t,
                ldc: usize,
            ) {
                // SAFETY: passed on.
                unsafe { gemm(m, n, k, a, b, init, c, ldc) }
            }
            unsafe fn moved_product(product: &Moved<'_, $t>) {
                // SAFETY: passed on.
                unsafe { product.run() }
            }
            fn sum_into(a: Tensor<$t>, b: &Tensor<$t>) -> Tensor<$t> {
                crate::pointwise::accumulate::sum_into(a, b)
            }
            fn pull_unary(op: UnaryOp, g: Tensor<$t>, x: &Tensor<$t>, y: &Tensor<$t>) -> Tensor<$t> {
                crate::pointwise::run::pull_unary(op, g, x, y)
            }
            fn pull_binary(
                op: BinaryOp,
                operand: usize,
                g: Tensor<$t>,
                a: &Tensor<$t>,
                b: &Tensor<$t>,
                y: &Tensor<$t>,
            ) -> Tensor<$t> {
                crate::pointwise::run::pull_binary(op, operand, g, a, b, y)
            }
            fn fold_about(
                by: FloatFold,
                x: &Tensor<$t>,
                flags: &[bool],
                about: &[$t],
            ) -> Tensor<$t> {
                match by {
                    FloatFold::Deviations => fold(Deviations, x, flags, about),
                    FloatFold::SquaredDeviations => fold(SquaredDeviations, x, flags, about),
                    FloatFold::Exponentials => fold(Exponentials, x, flags, about),
                    FloatFold::Squares => fold(Squares, x, flags, about),
                }
            }
            fn softmax_rows(x: &Tensor<$t>, logarithm: bool) -> Tensor<$t> {
                crate::kernel::softmax::softmax_rows(x, logarithm)
            }
            fn pull_softmax_rows(g: &Tensor<$t>, y: &Tensor<$t>, logarithm: bool) -> Tensor<$t> {
                crate::kernel::softmax::pull_softmax_rows(g, y, logarithm)
            }
            fn logcumsumexp(x: &Tensor<$t>, axis: usize) -> Tensor<$t> {
                scan(AddingExponentials, x, axis)
            }
        }
    )*};
}
float!(f32 f64);
