//! A logarithm, taken apart into an exponent and a short polynomial, and the functions that follow from it.

use super::exp::exp_below_89;
use super::wide;
use crate::kernel::level::Arch;

/// The first 10 bits of ln 2, so that its product with an exponent is exact, and the rest.
const LN2_HI: f32 = 0.693_359_4;
const LN2_LO: f32 = -2.121_944_4e-4;
/// The bits of 2/3: mantissas are taken from [2/3, 4/3).
const TWO_THIRDS: u32 = 0x3f2a_aaab;

/// e·ln 2 + ln(1 + f), for |f| <= 1/3.
#[inline(always)]
fn join<A: Arch>(e: f32, f: f32) -> f32 {
    let p = -0.128_947_7;
    let p = A::mul_add(p, f, 0.139_877_6);
    let p = A::mul_add(p, f, -0.121_836_33);
    let p = A::mul_add(p, f, 0.140_052_56);
    let p = A::mul_add(p, f, -0.166_805_21);
    let p = A::mul_add(p, f, 0.200_104_43);
    let p = A::mul_add(p, f, -0.249_997_97);
    let p = A::mul_add(p, f, 0.333_332_15);
    let p = A::mul_add(p, f, -0.5);
    let p = A::mul_add(p, f * f, e * LN2_LO);
    A::mul_add(e, LN2_HI, f + p)
}

/// ln x = e·ln 2 + ln(1 + f), a polynomial of degree 10. Worst: 0.96 ulp.
#[inline(always)]
pub fn ln<A: Arch>(x: f32) -> f32 {
    let tiny = x < f32::MIN_POSITIVE;
    let y = if tiny { x * 8_388_608.0 } else { x };
    let lift = if tiny { 23 << 23 } else { 0u32 };
    let k = y.to_bits().wrapping_sub(TWO_THIRDS);
    let e = (k.wrapping_sub(lift) as i32 >> 23) as f32;
    let f = f32::from_bits((k & 0x007f_ffff) + TWO_THIRDS) - 1.0;
    log_ends(x, join::<A>(e, f))
}

/// ln(1 + e^-a) for a >= 0 (and NaN).
#[inline(always)]
fn log1p_exp_neg<A: Arch>(a: f32) -> f32 {
    let z = exp_below_89::<A>(-a);
    let far = z > 1.0 / 3.0;
    let e = if far { 1.0 } else { 0.0 };
    let f = if far { 0.5 * (z - 1.0) } else { z };
    join::<A>(e, f)
}

/// ln(1 + e^x), as max(x, 0) + ln(1 + e^-|x|). Worst: 1.99 ulp.
#[inline(always)]
pub fn softplus<A: Arch>(x: f32) -> f32 {
    let above = if x < 0.0 { 0.0 } else { x };
    above + log1p_exp_neg::<A>(x.abs())
}

/// ln(1 / (1 + e^-x)), as minus the [`softplus`] of -x. Worst: 1.99 ulp.
#[inline(always)]
pub fn log_sigmoid<A: Arch>(x: f32) -> f32 {
    -softplus::<A>(-x)
}

/// log2 x, in `f64`. Worst: 0.51 ulp.
#[inline(always)]
pub fn log2<A: Arch>(x: f32) -> f32 {
    let (e, f) = wide::log_parts(f64::from(x));
    let y = wide::log1p::<A>(f);
    log_ends(x, A::mul_add64(y, std::f64::consts::LOG2_E, e) as f32)
}

/// log10 x, in `f64`. Worst: 0.51 ulp.
#[inline(always)]
pub fn log10<A: Arch>(x: f32) -> f32 {
    let (e, f) = wide::log_parts(f64::from(x));
    let y = A::mul_add64(e, std::f64::consts::LN_2, wide::log1p::<A>(f));
    log_ends(x, (y * std::f64::consts::LOG10_E) as f32)
}

/// ln(1 + x), in `f64`: 1 + x loses what matters only where the exponent of 1 + x is 0, and there
/// x itself is the argument of the polynomial. Worst: 0.51 ulp.
#[inline(always)]
pub fn log1p<A: Arch>(x: f32) -> f32 {
    let d = f64::from(x);
    let (e, f) = wide::log_parts(1.0 + d);
    let f = if e == 0.0 { d } else { f };
    let y = A::mul_add64(e, std::f64::consts::LN_2, wide::log1p::<A>(f));
    let y = (y as f32).copysign(x);
    let y = if x < f32::INFINITY { y } else { x };
    let other = if x == -1.0 { f32::NEG_INFINITY } else { f32::NAN };
    if x > -1.0 { y } else { other }
}

/// `y` where a logarithm of `x` is finite, else what it is.
#[inline(always)]
fn log_ends(x: f32, y: f32) -> f32 {
    let y = if x < f32::INFINITY { y } else { x };
    let other = if x == 0.0 { f32::NEG_INFINITY } else { f32::NAN };
    if x > 0.0 { y } else { other }
}
