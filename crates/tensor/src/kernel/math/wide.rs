//! Polynomials in `f64` that are good to 32 or more bits: enough for a result in `f32`.
//!
//! None of them meets an extreme exponent, since every `f32` is far inside the range of `f64`.

use crate::kernel::level::Arch;
use std::f64::consts::LOG2_E;

/// 1.5·2^52: adding it rounds to an integer, which is then in the low bits of the sum.
pub(super) const MAGIC: f64 = 6_755_399_441_055_744.0;
/// The first 33 bits of ln 2, so that its product with an exponent is exact, and the rest.
pub(super) const LN2_HI: f64 = 0.693_147_180_485_539_1;
pub(super) const LN2_LO: f64 = 7.440_617_110_012_397e-11;
/// The bits of 2/3: mantissas are taken from [2/3, 4/3).
const TWO_THIRDS: u64 = 0x3fe5_5555_5555_5555;

/// e^x - 1 for |x| <= 700.
#[inline(always)]
pub(super) fn expm1<A: Arch>(x: f64) -> f64 {
    let t = A::mul_add64(x, LOG2_E, MAGIC + 1023.0);
    let n = t - (MAGIC + 1023.0);
    let r = A::mul_add64(n, -LN2_HI, x);
    let r = A::mul_add64(n, -LN2_LO, r);
    let p = 0.000_199_142_762_913_688_1;
    let p = A::mul_add64(p, r, 0.001_394_110_242_754_146_7);
    let p = A::mul_add64(p, r, 0.008_333_272_874_547_43);
    let p = A::mul_add64(p, r, 0.041_666_353_534_136_044);
    let p = A::mul_add64(p, r, 0.166_666_668_177_498_8);
    let p = A::mul_add64(p, r, 0.500_000_004_666_675_7);
    let q = A::mul_add64(r * r, p, r);
    let k = f64::from_bits(t.to_bits() << 52);
    A::mul_add64(k, q, k - 1.0)
}

/// 2^x for |x| <= 1000.
#[inline(always)]
pub(super) fn exp2<A: Arch>(x: f64) -> f64 {
    let t = x + (MAGIC + 1023.0);
    let r = x - (t - (MAGIC + 1023.0));
    let p = 1.531_658_982_367_766_5e-5;
    let p = A::mul_add64(p, r, 0.000_154_698_630_331_606_03);
    let p = A::mul_add64(p, r, 0.001_333_342_210_019_936_5);
    let p = A::mul_add64(p, r, 0.009_618_025_193_391_458);
    let p = A::mul_add64(p, r, 0.055_504_109_767_715_706);
    let p = A::mul_add64(p, r, 0.240_226_512_166_673_82);
    let p = A::mul_add64(p, r, 0.693_147_180_534_825_2);
    let p = A::mul_add64(p, r, 0.999_999_999_959_228);
    p * f64::from_bits(t.to_bits() << 52)
}

/// `(e, f)` with x = 2^e·(1 + f), |f| <= 1/3, for positive normal x (and something for others).
#[inline(always)]
pub(super) fn log_parts(x: f64) -> (f64, f64) {
    const TWO_52: u64 = 0x4330_0000_0000_0000;
    let k = x.to_bits().wrapping_add((1023 << 52) - TWO_THIRDS);
    // An integer below 2^52 becomes a float by or-ing it into the bits of 2^52.
    let e = f64::from_bits(k >> 52 | TWO_52) - (4_503_599_627_370_496.0 + 1023.0);
    let m = f64::from_bits((k & 0x000f_ffff_ffff_ffff) + TWO_THIRDS);
    (e, m - 1.0)
}

/// ln(1 + f) for |f| <= 1/3, to 33 bits.
#[inline(always)]
pub(super) fn log1p<A: Arch>(f: f64) -> f64 {
    let p = -0.114_972_196_373_447_56;
    let p = A::mul_add64(p, f, 0.122_086_471_294_356_37);
    let p = A::mul_add64(p, f, -0.095_331_864_415_224_37);
    let p = A::mul_add64(p, f, 0.106_961_407_633_640_38);
    let p = A::mul_add64(p, f, -0.125_319_397_863_955_07);
    let p = A::mul_add64(p, f, 0.143_103_982_493_948_37);
    let p = A::mul_add64(p, f, -0.166_656_203_585_130_4);
    let p = A::mul_add64(p, f, 0.199_993_443_652_917_88);
    let p = A::mul_add64(p, f, -0.250_000_145_476_898_25);
    let p = A::mul_add64(p, f, 0.333_333_396_634_866_83);
    let p = A::mul_add64(p, f, -0.499_999_999_427_147_23);
    let p = A::mul_add64(p, f, 0.999_999_999_901_303_7);
    p * f
}

/// ln(1 + f) for |f| <= 1/3, to 41 bits: for `pow`, which multiplies the error by up to 150.
#[inline(always)]
pub(super) fn log1p_long<A: Arch>(f: f64) -> f64 {
    let p = 0.100_311_576_042_426_85;
    let p = A::mul_add64(p, f, -0.104_571_687_442_092_93);
    let p = A::mul_add64(p, f, 0.070_366_545_488_217_41);
    let p = A::mul_add64(p, f, -0.077_372_372_701_729_61);
    let p = A::mul_add64(p, f, 0.091_548_051_682_895_27);
    let p = A::mul_add64(p, f, -0.100_525_843_376_052_66);
    let p = A::mul_add64(p, f, 0.111_077_182_270_317_5);
    let p = A::mul_add64(p, f, -0.124_975_523_590_193);
    let p = A::mul_add64(p, f, 0.142_858_112_374_728_37);
    let p = A::mul_add64(p, f, -0.166_667_247_196_124_02);
    let p = A::mul_add64(p, f, 0.199_999_986_479_213_63);
    let p = A::mul_add64(p, f, -0.249_999_993_954_589_3);
    let p = A::mul_add64(p, f, 0.333_333_333_404_788_55);
    let p = A::mul_add64(p, f, -0.500_000_000_018_164_6);
    let p = A::mul_add64(p, f, 0.999_999_999_999_938_4);
    p * f
}
