//! The number of quarter turns of an angle: exactly enough for every finite `f32`, in `f64`.

use super::wide::MAGIC;
use crate::kernel::level::Arch;

const SIGN: u64 = 1 << 63;

/// `(q, f)`: |x| is q + f quarter turns but for a multiple of four; |f| <= 0.52, `q` modulo 4.
///
/// 2/π is in three parts, the first two of 28 bits, so that their products with the 24 bits of x
/// are exact, and whole turns can be dropped from each. From 2^50 on, x is a multiple of 2^27, and
/// the parts are those of (2/π modulo 4·2^-27): what that leaves out are whole turns. Likewise from
/// 2^76 and from 2^102.
#[inline(always)]
fn quarters<A: Arch>(x: f32) -> (u64, f64) {
    let a = f64::from(x.abs());
    let pick = |c: [f64; 4]| {
        let v = if a < 1_125_899_906_842_624.0 { c[0] } else { c[1] };
        let v = if a < 75_557_863_725_914_323_419_136.0 { v } else { c[2] };
        if a < 5_070_602_400_912_917_605_986_812_821_504.0 { v } else { c[3] }
    };
    let high = a * pick([
        0.636_619_769_036_769_9,
        -4.119_769_081_434_299e-9,
        -1.503_796_552_694_622_2e-16,
        -5.434_184_086_300_878e-25,
    ]);
    let mid = a * pick([
        3.330_811_473_856_165_6e-9,
        -3.935_735_322_053_687e-17,
        -5.434_184_086_300_878e-25,
        -2.144_287_249_519_839_6e-33,
    ]);
    let low = pick([
        2.276_010_073_078_396e-18,
        -1.298_281_044_978_611_8e-25,
        -2.144_287_256_578_600_8e-33,
        -7.058_761_003_808_782e-42,
    ]);
    let t1 = high + MAGIC;
    let high = high - (t1 - MAGIC);
    let t2 = mid + MAGIC;
    let mid = mid - (t2 - MAGIC);
    let t3 = high + mid + MAGIC;
    let f = high - (t3 - MAGIC) + mid;
    let q = t1.to_bits().wrapping_add(t2.to_bits()).wrapping_add(t3.to_bits());
    (q, A::mul_add64(a, low, f))
}

/// The sine and the cosine of f quarter turns, |f| <= 0.52.
#[inline(always)]
fn both<A: Arch>(f: f64) -> (f64, f64) {
    let u = f * f;
    let s = 0.000_158_029_264_445_496_55;
    let s = A::mul_add64(s, u, -0.004_681_185_735_874_059);
    let s = A::mul_add64(s, u, 0.079_692_571_510_621_77);
    let s = A::mul_add64(s, u, -0.645_964_095_660_690_6);
    let s = A::mul_add64(s, u, 1.570_796_326_784_939);
    let c = -2.482_312_702_237_588e-5;
    let c = A::mul_add64(c, u, 0.000_919_145_456_354_719_6);
    let c = A::mul_add64(c, u, -0.020_863_464_709_248_193);
    let c = A::mul_add64(c, u, 0.253_669_506_885_980_1);
    let c = A::mul_add64(c, u, -1.233_700_550_112_693_4);
    let c = A::mul_add64(c, u, 0.999_999_999_999_912);
    (s * f, c)
}

/// `even` for even `q`, else `odd`.
#[inline(always)]
fn by_parity(q: u64, even: f64, odd: f64) -> u64 {
    let (even, odd) = (even.to_bits(), odd.to_bits());
    even ^ ((even ^ odd) & (q & 1).wrapping_neg())
}

/// sin x, for every x. Worst: 0.51 ulp.
#[inline(always)]
pub fn sin<A: Arch>(x: f32) -> f32 {
    let (q, f) = quarters::<A>(x);
    let (s, c) = both::<A>(f);
    let sign = (q << 62) ^ f64::from(x).to_bits();
    f64::from_bits(by_parity(q, s, c) ^ (sign & SIGN)) as f32
}

/// cos x, for every x. Worst: 0.51 ulp.
#[inline(always)]
pub fn cos<A: Arch>(x: f32) -> f32 {
    let (q, f) = quarters::<A>(x);
    let (s, c) = both::<A>(f);
    let sign = q.wrapping_add(1) << 62;
    f64::from_bits(by_parity(q, c, s) ^ (sign & SIGN)) as f32
}

/// tan x, for every x: sine over cosine, or minus cosine over sine. Worst: 0.51 ulp.
#[inline(always)]
pub fn tan<A: Arch>(x: f32) -> f32 {
    let (q, f) = quarters::<A>(x);
    let (s, c) = both::<A>(f);
    let top = f64::from_bits(by_parity(q, s, c));
    let bottom = f64::from_bits(by_parity(q, c, s));
    let sign = (q << 63) ^ f64::from(x).to_bits();
    f64::from_bits((top / bottom).to_bits() ^ (sign & SIGN)) as f32
}
