//! The same functions in `f64`: exp, ln, tanh and the logistic function vectorise; the rest asks
//! the standard library.

use super::wide::{LN2_HI, LN2_LO, MAGIC};
use crate::kernel::level::Arch;
use std::f64::consts::LOG2_E;

/// `(r, p, t)` with e^x = 2^n·(1 + (r + p·r²)), where the low bits of `t` hold n + `bias`.
#[inline(always)]
fn parts64<A: Arch>(x: f64, bias: f64) -> (f64, f64, f64) {
    let t = A::mul_add64(x, LOG2_E, MAGIC + bias);
    let n = t - (MAGIC + bias);
    let r = A::mul_add64(n, -LN2_HI, x);
    let r = A::mul_add64(n, -LN2_LO, r);
    let p = 2.092_450_750_895_205_4e-9;
    let p = A::mul_add64(p, r, 2.510_914_636_594_382_6e-8);
    let p = A::mul_add64(p, r, 2.755_724_255_715_547_3e-7);
    let p = A::mul_add64(p, r, 2.755_724_391_456_474_7e-6);
    let p = A::mul_add64(p, r, 2.480_158_736_078_884_7e-5);
    let p = A::mul_add64(p, r, 0.000_198_412_698_863_982_7);
    let p = A::mul_add64(p, r, 0.001_388_888_888_886_672);
    let p = A::mul_add64(p, r, 0.008_333_333_333_321_532);
    let p = A::mul_add64(p, r, 0.041_666_666_666_666_7);
    let p = A::mul_add64(p, r, 0.166_666_666_666_666_77);
    let p = A::mul_add64(p, r, 0.5);
    (r, p, t)
}

/// `y`·2^n for a `t` with n + 2046 in its low bits, in two steps.
#[inline(always)]
fn scale64(y: f64, t: f64) -> f64 {
    let b = t.to_bits();
    let half = b >> 1;
    y * f64::from_bits(half << 52) * f64::from_bits((b - half) << 52)
}

/// e^x. A polynomial of degree 12 on |x - n·ln 2| < 0.35. Worst: 0.94 ulp.
#[inline(always)]
pub fn exp64<A: Arch>(x: f64) -> f64 {
    let x = if x > 710.0 { 710.0 } else { x };
    exp_neg64::<A>(x)
}

/// e^x for x <= 710 (and NaN).
#[inline(always)]
pub(super) fn exp_neg64<A: Arch>(x: f64) -> f64 {
    let x = if x < -746.0 { -746.0 } else { x };
    let (r, p, t) = parts64::<A>(x, 2046.0);
    scale64(1.0 + A::mul_add64(r * r, p, r), t)
}

/// tanh x = m / (m + 2) with m = e^2|x| - 1, with what rounding took from m and m + 2 put back. Worst:
/// 1.46 ulp.
#[inline(always)]
pub fn tanh64<A: Arch>(x: f64) -> f64 {
    let a = x.abs();
    let a = if a > 20.0 { 20.0 } else { a };
    let (r, p, t) = parts64::<A>(a + a, 1023.0);
    let k = f64::from_bits(t.to_bits() << 52);
    let large = A::mul_add64(k, r, k - 1.0);
    let small = k * (r * r) * p;
    let m = large + small;
    let rest = small - (m - large);
    let d = m + 2.0;
    let lost = m - (d - 2.0);
    let y = m / d;
    let c = A::mul_add64(-y, lost, rest);
    let better = A::mul_add64(c, A::mul_add64(y, -0.5, 0.5), y);
    (if m < 1.0 { better } else { y }).copysign(x)
}

/// 1 / (1 + e^-x), as 1 / (1 + e) or e / (1 + e) with e = e^-|x|, corrected as in
/// [`super::sigmoid`]. Worst: 1.60 ulp.
#[inline(always)]
pub fn sigmoid64<A: Arch>(x: f64) -> f64 {
    let e = exp_neg64::<A>(-x.abs());
    let top = if x < 0.0 { e } else { 1.0 };
    let d = 1.0 + e;
    let lost = e - (d - 1.0);
    let y = top / d;
    A::mul_add64(-y, lost, y)
}

/// e·ln 2 + ln(1 + f), for |f| <= 1/3: the series of atanh in s = f / (2 + f).
#[inline(always)]
fn join64<A: Arch>(e: f64, f: f64) -> f64 {
    let s = f / (2.0 + f);
    let u = s * s;
    let p = 0.138_442_604_469_454;
    let p = A::mul_add64(p, u, 0.131_734_146_717_660_3);
    let p = A::mul_add64(p, u, 0.153_911_232_573_097_88);
    let p = A::mul_add64(p, u, 0.181_816_655_161_259_8);
    let p = A::mul_add64(p, u, 0.222_222_243_027_740_77);
    let p = A::mul_add64(p, u, 0.285_714_285_557_687_24);
    let p = A::mul_add64(p, u, 0.400_000_000_000_569_46);
    let p = A::mul_add64(p, u, 0.666_666_666_666_666);
    // 2·s is f - s·f, and s·f is h - s·h: f is exact, the rest small.
    let h = 0.5 * f * f;
    let low = A::mul_add64(s, A::mul_add64(u, p, h), e * LN2_LO);
    A::mul_add64(e, LN2_HI, f - (h - low))
}

/// ln x = e·ln 2 + ln(1 + f). Worst: 0.75 ulp.
#[inline(always)]
pub fn ln64<A: Arch>(x: f64) -> f64 {
    const TWO_THIRDS: u64 = 0x3fe5_5555_5555_5555;
    const TWO_52: u64 = 0x4330_0000_0000_0000;
    let tiny = x < f64::MIN_POSITIVE;
    let y = if tiny { x * 18_014_398_509_481_984.0 } else { x };
    let bias = if tiny { 1023.0 + 54.0 } else { 1023.0 };
    let k = y.to_bits().wrapping_add((1023 << 52) - TWO_THIRDS);
    let e = f64::from_bits(k >> 52 | TWO_52) - 4_503_599_627_370_496.0 - bias;
    let f = f64::from_bits((k & 0x000f_ffff_ffff_ffff) + TWO_THIRDS) - 1.0;
    let y = join64::<A>(e, f);
    let y = if x < f64::INFINITY { y } else { x };
    let other = if x == 0.0 { f64::NEG_INFINITY } else { f64::NAN };
    if x > 0.0 { y } else { other }
}

/// ln(1 + e^-a) for a >= 0 (and NaN).
#[inline(always)]
fn log1p_exp_neg64<A: Arch>(a: f64) -> f64 {
    let z = exp_neg64::<A>(-a);
    let far = z > 1.0 / 3.0;
    let e = if far { 1.0 } else { 0.0 };
    let f = if far { 0.5 * (z - 1.0) } else { z };
    join64::<A>(e, f)
}

/// ln(1 + e^x), as max(x, 0) + ln(1 + e^-|x|). Worst: 1.69 ulp.
#[inline(always)]
pub fn softplus64<A: Arch>(x: f64) -> f64 {
    let above = if x < 0.0 { 0.0 } else { x };
    above + log1p_exp_neg64::<A>(x.abs())
}

/// ln(1 / (1 + e^-x)), as minus the [`softplus64`] of -x. Worst: 1.69 ulp.
#[inline(always)]
pub fn log_sigmoid64<A: Arch>(x: f64) -> f64 {
    -softplus64::<A>(-x)
}

/// Functions that only ask the standard library.
macro_rules! standard {
    ($($doc:literal $name:ident($($x:ident),+) = $body:expr;)*) => {$(
        #[doc = $doc]
        #[inline(always)]
        pub fn $name<A: Arch>($($x: f64),+) -> f64 {
            $body
        }
    )*};
}

standard! {
    "2^x, by the standard library."
    exp2_64(x) = x.exp2();
    "e^x - 1, by the standard library."
    expm1_64(x) = x.exp_m1();
    "log2 x, by the standard library."
    log2_64(x) = x.log2();
    "log10 x, by the standard library."
    log10_64(x) = x.log10();
    "ln(1 + x), by the standard library."
    log1p64(x) = x.ln_1p();
    "sin x, by the standard library."
    sin64(x) = x.sin();
    "cos x, by the standard library."
    cos64(x) = x.cos();
    "tan x, by the standard library."
    tan64(x) = x.tan();
    "asin x, by the standard library."
    asin64(x) = x.asin();
    "acos x, by the standard library."
    acos64(x) = x.acos();
    "atan x, by the standard library."
    atan64(x) = x.atan();
    "sinh x, by the standard library."
    sinh64(x) = x.sinh();
    "cosh x, by the standard library."
    cosh64(x) = x.cosh();
    "The angle of the point (x, y), by the standard library."
    atan2_64(y, x) = y.atan2(x);
    "x^y, by the standard library."
    pow64(x, y) = x.powf(y);
    "sqrt(x² + y²), by the standard library."
    hypot64(x, y) = x.hypot(y);
}
