//! stub until the real one
#![allow(missing_docs)]
use super::level::Arch;
macro_rules! stub { ($($k32:ident $k64:ident |$x:ident| $e:expr;)*) => {$(
    #[inline(always)] pub fn $k32<A: Arch>($x: f32) -> f32 { $e }
    #[inline(always)] pub fn $k64<A: Arch>($x: f64) -> f64 { $e }
)*}; }
stub! {
 exp exp64 |x| x.exp(); exp2 exp2_64 |x| x.exp2(); expm1 expm1_64 |x| x.exp_m1(); ln ln64 |x| x.ln(); log2 log2_64 |x| x.log2();
 log10 log10_64 |x| x.log10(); log1p log1p64 |x| x.ln_1p(); sqrt sqrt64 |x| x.sqrt(); sin sin64 |x| x.sin(); cos cos64 |x| x.cos();
 tan tan64 |x| x.tan(); asin asin64 |x| x.asin(); acos acos64 |x| x.acos(); atan atan64 |x| x.atan(); sinh sinh64 |x| x.sinh();
 cosh cosh64 |x| x.cosh(); tanh tanh64 |x| x.tanh(); sigmoid sigmoid64 |x| 1.0 / (1.0 + (-x).exp()); erf erf64 |x| x;
 abs abs64 |x| x.abs(); sign sign64 |x| if x > 0.0 { 1.0 } else if x < 0.0 { -1.0 } else { x }; floor floor64 |x| x.floor(); ceil ceil64 |x| x.ceil();
 round round64 |x| x.round_ties_even(); trunc trunc64 |x| x.trunc();
}
macro_rules! stub2 { ($($k32:ident $k64:ident |$x:ident, $y:ident| $e:expr;)*) => {$(
    #[inline(always)] pub fn $k32<A: Arch>($x: f32, $y: f32) -> f32 { $e }
    #[inline(always)] pub fn $k64<A: Arch>($x: f64, $y: f64) -> f64 { $e }
)*}; }
stub2! { pow pow64 |x, y| x.powf(y); atan2 atan2_64 |x, y| x.atan2(y); hypot hypot64 |x, y| x.hypot(y); }
