//! The functions that are fractions of exponentials: tanh, the logistic function, sinh and cosh.

use super::exp::{exp_neg, expm1_mid};
use super::wide;
use crate::kernel::level::Arch;

/// tanh x = m / (m + 2) with m = e^2|x| - 1. Worst: 1.50 ulp.
#[inline(always)]
pub fn tanh<A: Arch>(x: f32) -> f32 {
    let a = x.abs();
    let a = if a > 10.0 { 10.0 } else { a };
    let (m, rest) = expm1_mid::<A>(a + a);
    let d = m + 2.0;
    let lost = m - (d - 2.0);
    let y = m / d;
    // Plus (rest - y·lost) / d, where 1/d is (1 - y)/2. It matters for small m only, and `lost` is
    // only exact for m not too large.
    let c = A::mul_add(-y, lost, rest);
    let better = A::mul_add(c, A::mul_add(y, -0.5, 0.5), y);
    (if m < 1.0 { better } else { y }).copysign(x)
}

/// 1 / (1 + e^-x), as 1 / (1 + e) or e / (1 + e) with e = e^-|x|. Worst: 1.98 ulp.
#[inline(always)]
pub fn sigmoid<A: Arch>(x: f32) -> f32 {
    let e = exp_neg::<A>(-x.abs());
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
