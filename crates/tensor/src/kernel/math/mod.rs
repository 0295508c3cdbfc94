//! The functions of analysis on one `f32` or `f64`, written so that a loop over them vectorises.
//!
//! Every body is straight-line code: no branch, no table, no call, and choices between values that
//! become blends. Called in an `#[inline(always)]` kernel body, each of them is as wide as the
//! instruction set. Those named `…64` are for `f64`; some of those only call the standard library.
//!
//! Every `f32` function is within 2 ulp for every input, at every level, and gives what C99 asks
//! for at zeros, infinities and NaN. Two ways lead there: the hot ones (`exp`, `exp2`, `tanh`,
//! `sigmoid`, `erf`, `ln`, `softplus`, `log_sigmoid`) are done in `f32`; the others go through `f64`
//! polynomials just good enough for `f32` (`wide.rs`), at half the speed and with no trouble.
//!
//! The worst errors in the doc comments are measured, over the levels, by `tests/math.rs`: on a sample, and asked by name
//! on all 2^32 inputs.

mod arc;
mod double;
mod erf;
mod exp;
mod hyperbolic;
mod log;
mod plain;
mod pow;
mod trig;
mod wide;

pub use arc::{acos, asin, atan, atan2, hypot};
pub use double::{
    acos64, asin64, atan2_64, atan64, cos64, cosh64, exp2_64, exp64, expm1_64, hypot64, ln64,
    log_sigmoid64, log1p64, log2_64, log10_64, pow64, sigmoid64, sin64, sinh64, softplus64, tan64,
    tanh64,
};
pub use erf::{erf, erf64};
pub use exp::{exp, exp2, expm1};
pub use hyperbolic::{cosh, sigmoid, sinh, tanh};
pub use log::{ln, log_sigmoid, log1p, log2, log10, softplus};
pub use plain::{
    abs, abs64, ceil, ceil64, floor, floor64, round, round64, sign, sign64, sqrt, sqrt64, trunc,
    trunc64,
};
pub use pow::pow;
pub use trig::{cos, sin, tan};
