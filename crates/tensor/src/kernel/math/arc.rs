//! The inverse trigonometric functions, and the other thing one asks of a right triangle.

use crate::kernel::level::Arch;
use std::f64::consts::{FRAC_PI_2, PI};

/// atan z for 0 <= z <= 1: an odd polynomial of degree 23.
#[inline(always)]
fn atan_unit<A: Arch>(z: f64) -> f64 {
    let u = z * z;
    let p = -0.000_711_300_138_604_993_5;
    let p = A::mul_add64(p, u, 0.004_999_289_646_522_912);
    let p = A::mul_add64(p, u, -0.016_471_388_362_152_985);
    let p = A::mul_add64(p, u, 0.034_704_560_068_383_15);
    let p = A::mul_add64(p, u, -0.054_704_400_522_922_615);
    let p = A::mul_add64(p, u, 0.072_693_793_800_638_88);
    let p = A::mul_add64(p, u, -0.089_887_903_255_473_54);
    let p = A::mul_add64(p, u, 0.110_952_020_705_763_67);
    let p = A::mul_add64(p, u, -0.142_842_508_199_998_14);
    let p = A::mul_add64(p, u, 0.199_999_321_952_215_73);
    let p = A::mul_add64(p, u, -0.333_333_322_353_310_4);
    A::mul_add64(z * u, p, z)
}

/// atan x, through 1/x where that is less than one. Worst: 0.51 ulp.
#[inline(always)]
pub fn atan<A: Arch>(x: f32) -> f32 {
    let a = f64::from(x.abs());
    let steep = a > 1.0;
    let inverse = 1.0 / a;
    let p = atan_unit::<A>(if steep { inverse } else { a });
    let p = if steep { FRAC_PI_2 - p } else { p };
    (p as f32).copysign(x)
}

/// The angle of the point (x, y), in (-π, π]; zeros and infinities as in C99. Worst: 0.51 ulp.
#[inline(always)]
pub fn atan2<A: Arch>(y: f32, x: f32) -> f32 {
    let (dy, dx) = (f64::from(y.abs()), f64::from(x.abs()));
    let steep = dy > dx;
    let top = if steep { dx } else { dy };
    let bottom = if steep { dy } else { dx };
    let z = top / bottom;
    let z = if top == f64::INFINITY { 1.0 } else { z };
    let z = if bottom == 0.0 { 0.0 } else { z };
    let p = atan_unit::<A>(z);
    let p = if steep { FRAC_PI_2 - p } else { p };
    let other = PI - p;
    let p = if 1f32.copysign(x) < 0.0 { other } else { p };
    let p = (p as f32).copysign(y);
    let sum = x + y;
    if x.is_nan() | y.is_nan() { sum } else { p }
}

/// `(p, far)`: p is asin |x| for |x| <= 1/2, else asin sqrt((1 - |x|) / 2), and `far`.
#[inline(always)]
fn asin_half<A: Arch>(x: f64) -> (f64, bool) {
    let a = x.abs();
    let far = a > 0.5;
    let u = if far { 0.5 - 0.5 * a } else { a * a };
    let root = u.sqrt();
    let z = if far { root } else { a };
    let p = 0.034_706_973_191_557_175;
    let p = A::mul_add64(p, u, 0.007_457_829_146_050_038);
    let p = A::mul_add64(p, u, 0.024_621_909_334_592_566);
    let p = A::mul_add64(p, u, 0.030_109_707_833_126_192);
    let p = A::mul_add64(p, u, 0.044_660_205_635_287_38);
    let p = A::mul_add64(p, u, 0.074_999_480_074_653_05);
    let p = A::mul_add64(p, u, 0.166_666_671_915_793_04);
    (A::mul_add64(z * u, p, z), far)
}

/// asin x; beyond 1/2 as π/2 - 2·asin sqrt((1 - x) / 2). Worst: 0.51 ulp.
#[inline(always)]
pub fn asin<A: Arch>(x: f32) -> f32 {
    let (p, far) = asin_half::<A>(f64::from(x));
    let p = if far { FRAC_PI_2 - 2.0 * p } else { p };
    (p as f32).copysign(x)
}

/// acos x, in the same way. Worst: 0.51 ulp.
#[inline(always)]
pub fn acos<A: Arch>(x: f32) -> f32 {
    let (p, far) = asin_half::<A>(f64::from(x));
    let twice = 2.0 * p;
    let end = if x < 0.0 { PI - twice } else { twice };
    let middle = FRAC_PI_2 - p.copysign(f64::from(x));
    (if far { end } else { middle }) as f32
}

/// sqrt(x² + y²), which cannot overflow in `f64`. Worst: 0.5 ulp.
#[inline(always)]
pub fn hypot<A: Arch>(x: f32, y: f32) -> f32 {
    let (dx, dy) = (f64::from(x), f64::from(y));
    let h = A::mul_add64(dx, dx, dy * dy).sqrt() as f32;
    let endless = (x.abs() == f32::INFINITY) | (y.abs() == f32::INFINITY);
    if endless { f32::INFINITY } else { h }
}
