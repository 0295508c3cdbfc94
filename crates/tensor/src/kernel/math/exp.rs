//! e^x and 2^x, taken apart into a power of two and a short polynomial, in `f32`.

use super::wide;
use crate::kernel::level::Arch;

/// 1.5·2^23: adding it rounds to an integer, which is then in the low bits of the sum.
const MAGIC: f32 = 12_582_912.0;
/// The first 10 bits of ln 2, so that its product with an exponent is exact, and the rest.
const LN2_HI: f32 = 0.693_359_4;
const LN2_LO: f32 = -2.121_944_4e-4;

/// `y`·2^n for a `t` with n + 254 in its low bits: in two steps, for results that are subnormal
/// or infinite.
#[inline(always)]
fn scale(y: f32, t: f32) -> f32 {
    let b = t.to_bits();
    let half = b >> 1;
    y * f32::from_bits(half << 23) * f32::from_bits((b - half) << 23)
}

/// e^x. A polynomial of degree 6 on |x - n·ln 2| < 0.35. Worst: 1.05 ulp.
#[inline(always)]
pub fn exp<A: Arch>(x: f32) -> f32 {
    exp_below_89::<A>(if x > 88.8 { 88.8 } else { x })
}

/// [`exp`] without the test for overflow: for x <= 88.8, and NaN. It is 2^n·(1 + (r + p·r²)).
#[inline(always)]
pub(super) fn exp_below_89<A: Arch>(x: f32) -> f32 {
    let x = if x < -104.0 { -104.0 } else { x };
    let t = A::mul_add(x, std::f32::consts::LOG2_E, MAGIC + 254.0);
    let n = t - (MAGIC + 254.0);
    let r = A::mul_add(n, -LN2_HI, x);
    let r = A::mul_add(n, -LN2_LO, r);
    let p = 1.394_759_2e-3;
    let p = A::mul_add(p, r, 8.367_245e-3);
    let p = A::mul_add(p, r, 4.166_634_4e-2);
    let p = A::mul_add(p, r, 0.166_665_38);
    let p = A::mul_add(p, r, 0.5);
    scale(1.0 + A::mul_add(r * r, p, r), t)
}

/// 2^f for |f| <= 1/2: a polynomial of degree 6.
#[inline(always)]
fn exp2_of_fraction<A: Arch>(f: f32) -> f32 {
    let p = 1.547_774_4e-4;
    let p = A::mul_add(p, f, 1.340_161_7e-3);
    let p = A::mul_add(p, f, 9.618_03e-3);
    let p = A::mul_add(p, f, 5.550_339_4e-2);
    let p = A::mul_add(p, f, 0.240_226_5);
    let p = A::mul_add(p, f, std::f32::consts::LN_2);
    A::mul_add(p, f, 1.0)
}

/// 2^x. Worst: 1.14 ulp.
#[inline(always)]
pub fn exp2<A: Arch>(x: f32) -> f32 {
    let x = if x > 129.0 { 129.0 } else { x };
    let x = if x < -151.0 { -151.0 } else { x };
    let t = x + (MAGIC + 254.0);
    scale(exp2_of_fraction::<A>(x - (t - (MAGIC + 254.0))), t)
}

/// 2^x for -126 <= x <= 0, without the steps that subnormal results take.
#[inline(always)]
pub(super) fn exp2_of_negative<A: Arch>(x: f32) -> f32 {
    let t = x + MAGIC;
    let p = exp2_of_fraction::<A>(x - (t - MAGIC));
    f32::from_bits(p.to_bits().wrapping_add(t.to_bits() << 23))
}

/// e^2x for 0 <= x <= 40: 2^n·2^f with n + f = 2x / ln 2. The rounding of that constant grows with x, and what is left of it
/// in tanh shrinks faster.
#[inline(always)]
pub(super) fn exp_twice<A: Arch>(x: f32) -> f32 {
    const TWO_LOG2_E: f32 = 2.0 * std::f32::consts::LOG2_E;
    let t = A::mul_add(x, TWO_LOG2_E, MAGIC);
    let p = exp2_of_fraction::<A>(A::mul_add(x, TWO_LOG2_E, -(t - MAGIC)));
    f32::from_bits(p.to_bits().wrapping_add(t.to_bits() << 23))
}

/// e^x - 1. In `f64`: 2^n·(e^r - 1) + (2^n - 1). Worst: 0.51 ulp.
#[inline(always)]
pub fn expm1<A: Arch>(x: f32) -> f32 {
    let d = if x > 128.0 { 128.0 } else { x };
    let d = if d < -128.0 { -128.0 } else { d };
    (wide::expm1::<A>(f64::from(d)) as f32).copysign(x)
}
