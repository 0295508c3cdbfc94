//! x^y, with all that C99 says of its special cases.

use super::wide;
use crate::kernel::level::Arch;

/// x^y = 2^(y·log2 |x|) in `f64`, then the sign. Worst: 0.51 ulp.
#[inline(always)]
pub fn pow<A: Arch>(x: f32, y: f32) -> f32 {
    let a = f64::from(x.abs());
    let d = f64::from(y);
    let (e, f) = wide::log_parts(a);
    let l = A::mul_add64(wide::log1p_long::<A>(f), std::f64::consts::LOG2_E, e);
    let l = if a == 0.0 { f64::NEG_INFINITY } else { l };
    let l = if a == f64::INFINITY { a } else { l };
    let p = d * l;
    // 1^y and x^0 are 1 whatever the other is.
    let p = if (a == 1.0) | (d == 0.0) { 0.0 } else { p };
    let p = if p > 200.0 { 200.0 } else { p };
    let p = if p < -200.0 { -200.0 } else { p };
    let power = wide::exp2::<A>(p) as f32;

    // From 2^24 on, every y is an even integer. Adding 2^52 rounds to an integer.
    let b = if d.abs() > 16_777_216.0 { 16_777_216.0 } else { d.abs() };
    let t = b + 4_503_599_627_370_496.0;
    let whole = t - 4_503_599_627_370_496.0 == b;
    let parity = (t.to_bits() as u32) << 31;
    let odd = if whole { parity } else { 0 };
    let signed = f32::from_bits(power.to_bits() ^ (odd & x.to_bits()));
    let root = (x < 0.0) & (x > f32::NEG_INFINITY) & !whole;
    let z = if root { f32::NAN } else { signed };
    let sum = x + y;
    let z = if x.is_nan() | y.is_nan() { sum } else { z };
    if (x == 1.0) | (y == 0.0) { 1.0 } else { z }
}
