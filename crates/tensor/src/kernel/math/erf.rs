//! The error function.

use super::double::exp_neg64;
use super::exp::exp2_of_negative;
use crate::kernel::level::Arch;

/// Up to here erf is an odd polynomial. Its value is above 1/2, from where on subtracting from 1 loses nothing.
const NEAR: f32 = 0.75;

/// erf x = x + x·P(x²), of degree 5 in x², up to 0.75; beyond, 1 - 2^Q(|x|), where Q, of degree 7, is log2(erfc x). Worst: 1.73 ulp, and 1.36
/// where multiply-adds are fused.
#[inline(always)]
pub fn erf<A: Arch>(x: f32) -> f32 {
    let a = x.abs();
    let a = if a > 4.0 { 4.0 } else { a };
    let s = a * a;
    let p = -6.749_510_6e-4;
    let p = A::mul_add(p, s, 5.114_345_3e-3);
    let p = A::mul_add(p, s, -2.683_462_4e-2);
    let p = A::mul_add(p, s, 0.112_833_77);
    let p = A::mul_add(p, s, -0.376_126_2);
    let p = A::mul_add(p, s, 0.128_379_17);
    let near = A::mul_add(a, p, a);
    let q = -2.535_319_8e-5;
    let q = A::mul_add(q, a, 5.703_794e-4);
    let q = A::mul_add(q, a, -5.755_991_7e-3);
    let q = A::mul_add(q, a, 3.558_293_4e-2);
    let q = A::mul_add(q, a, -0.155_250_24);
    let q = A::mul_add(q, a, -0.914_556_74);
    let q = A::mul_add(q, a, -1.629_157_8);
    let q = A::mul_add(q, a, 1.760_643_8e-4);
    let far = 1.0 - exp2_of_negative::<A>(q);
    // NaN is not far: the bits of its power are no number's.
    (if a >= NEAR { far } else { near }).copysign(x)
}

/// erf x in `f64`: x + x·P(x²) up to 1; beyond, 1 - e^(-x²)·R((x - 2) / (x + 2)), where R, like P a
/// polynomial, is e^(x²)·erfc x. Worst: 1.19 ulp.
#[inline(always)]
pub fn erf64<A: Arch>(x: f64) -> f64 {
    let a = x.abs();
    let a = if a > 6.0 { 6.0 } else { a };
    let u = a * a;

    let p = 5.960_684_927_061_062e-11;
    let p = A::mul_add64(p, u, -1.137_495_400_521_488e-9);
    let p = A::mul_add64(p, u, 1.466_032_784_151_735_2e-8);
    let p = A::mul_add64(p, u, -1.635_039_601_893_504_8e-7);
    let p = A::mul_add64(p, u, 1.646_100_845_073_906e-6);
    let p = A::mul_add64(p, u, -1.492_559_576_993_433_2e-5);
    let p = A::mul_add64(p, u, 0.000_120_553_311_328_353_77);
    let p = A::mul_add64(p, u, -0.000_854_832_698_142_137_3);
    let p = A::mul_add64(p, u, 0.005_223_977_624_828_34);
    let p = A::mul_add64(p, u, -0.026_866_170_645_077_864);
    let p = A::mul_add64(p, u, 0.112_837_916_709_548_85);
    let p = A::mul_add64(p, u, -0.376_126_389_031_837_5);
    let p = A::mul_add64(p, u, 0.128_379_167_095_512_6);
    let near = A::mul_add64(a, p, a);

    let v = (a - 2.0) / (a + 2.0);
    let r = 2.215_066_209_332_091e-6;
    let r = A::mul_add64(r, v, 9.464_384_754_290_773e-7);
    let r = A::mul_add64(r, v, -1.382_557_867_585_525e-5);
    let r = A::mul_add64(r, v, -2.748_741_503_864_967_4e-5);
    let r = A::mul_add64(r, v, 2.753_169_509_077_711_6e-5);
    let r = A::mul_add64(r, v, 0.000_174_356_462_622_346_27);
    let r = A::mul_add64(r, v, 4.355_470_737_334_825e-5);
    let r = A::mul_add64(r, v, -0.000_981_976_973_056_702_8);
    let r = A::mul_add64(r, v, -0.000_847_143_225_760_969_3);
    let r = A::mul_add64(r, v, 0.006_997_461_740_177_772);
    let r = A::mul_add64(r, v, 0.003_732_892_404_114_872_4);
    let r = A::mul_add64(r, v, -0.078_978_581_015_748_4);
    let r = A::mul_add64(r, v, 0.241_658_194_242_466_76);
    let r = A::mul_add64(r, v, -0.427_185_847_413_958_4);
    let r = A::mul_add64(r, v, 0.255_395_676_310_505_75);
    let far = A::mul_add64(-exp_neg64::<A>(-u), r, 1.0);

    (if a < 1.0 { near } else { far }).copysign(x)
}
