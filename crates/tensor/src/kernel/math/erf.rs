//! The error function.

use super::double::exp_neg64;
use crate::kernel::level::Arch;

/// erf x = x·P(x²), one polynomial of degree 17 for |x| <= 4, in `f64`. Worst: 0.68 ulp.
#[inline(always)]
pub fn erf<A: Arch>(x: f32) -> f32 {
    let a = x.abs();
    let a = if a > 4.0 { 4.0 } else { a };
    let a = f64::from(a);
    // From [0, 16] to [-1, 1].
    let t = A::mul_add64(a * a, 0.125, -1.0);
    let p = -0.000_205_803_088_317_817;
    let p = A::mul_add64(p, t, 0.000_575_937_374_639_037_7);
    let p = A::mul_add64(p, t, -0.000_487_904_574_839_818_05);
    let p = A::mul_add64(p, t, 0.000_693_436_758_006_461_2);
    let p = A::mul_add64(p, t, -0.002_643_467_816_657_034);
    let p = A::mul_add64(p, t, 0.005_460_849_090_902_858);
    let p = A::mul_add64(p, t, -0.008_614_625_285_031_364);
    let p = A::mul_add64(p, t, 0.013_999_688_923_539_609);
    let p = A::mul_add64(p, t, -0.022_449_419_022_088_087);
    let p = A::mul_add64(p, t, 0.033_177_393_557_968_7);
    let p = A::mul_add64(p, t, -0.045_775_614_040_812_83);
    let p = A::mul_add64(p, t, 0.059_865_234_683_018_24);
    let p = A::mul_add64(p, t, -0.074_725_927_011_695_84);
    let p = A::mul_add64(p, t, 0.090_210_992_645_773_98);
    let p = A::mul_add64(p, t, -0.107_710_588_598_621_56);
    let p = A::mul_add64(p, t, 0.131_675_046_451_962_9);
    let p = A::mul_add64(p, t, -0.176_576_230_263_978_1);
    let p = A::mul_add64(p, t, 0.353_530_996_049_165_44);
    ((a * p) as f32).copysign(x)
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
