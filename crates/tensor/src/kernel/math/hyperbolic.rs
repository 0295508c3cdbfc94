//! The functions that are fractions of exponentials: tanh, the logistic function, sinh and cosh.

use super::exp::{exp_below_89, exp_twice};
use super::wide;
use crate::kernel::level::Arch;

/// Up to here tanh is an odd polynomial. Its value is 1/2, above which subtracting from 1 loses nothing.
const HALF: f32 = 0.55;

/// tanh x = 1 - 2 / (e^2|x| + 1), and a polynomial of degree 11 where that is below 1/2. Worst: 1.83 ulp, and 1.69
/// where multiply-adds are fused.
#[inline(always)]
pub fn tanh<A: Arch>(x: f32) -> f32 {
    let a = x.abs();
    let a = if a > 10.0 { 10.0 } else { a };
    let large = 1.0 - 2.0 / (exp_twice::<A>(a) + 1.0);
    let s = a * a;
    let q = -6.282_473_5e-3;
    let q = A::mul_add(q, s, 2.107_775_8e-2);
    let q = A::mul_add(q, s, -5.385_386e-2);
    let q = A::mul_add(q, s, 0.133_326_02);
    let q = A::mul_add(q, s, -0.333_333_2);
    let small = A::mul_add(a * s, q, a);
    (if a >= HALF { large } else { small }).copysign(x)
}

/// 1 / (1 + e^-x), as 1 / (1 + e) or e / (1 + e) with e = e^-|x|. Worst: 1.98 ulp.
#[inline(always)]
pub fn sigmoid<A: Arch>(x: f32) -> f32 {
    let e = exp_below_89::<A>(-x.abs());
    let top = if x < 0.0 { e } else { 1.0 };
    let d = 1.0 + e;
    let lost = e - (d - 1.0);
    let y = top / d;
    // Less y·lost/d, which matters for x < -1 only: 1/d is 1 or a little less.
    A::mul_add(-y, lost, y)
}

/// sinh x = (m + m / (m + 1)) / 2 with m = e^|x| - 1, in `f64`. Worst: 0.51 ulp.
#[inline(always)]
pub fn sinh<A: Arch>(x: f32) -> f32 {
    let a = x.abs();
    let a = if a > 128.0 { 128.0 } else { a };
    let m = wide::expm1::<A>(f64::from(a));
    ((0.5 * (m + m / (m + 1.0))) as f32).copysign(x)
}

/// cosh x = (e + 1 / e) / 2 with e = e^|x|, in `f64`. Worst: 0.51 ulp.
#[inline(always)]
pub fn cosh<A: Arch>(x: f32) -> f32 {
    let a = x.abs();
    let a = if a > 128.0 { 128.0 } else { a };
    let e = wide::expm1::<A>(f64::from(a)) + 1.0;
    (0.5 * (e + 1.0 / e)) as f32
}
