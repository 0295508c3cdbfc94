//! Functions that are one instruction, or in the standard library: roots, signs, roundings, remainders.

use crate::kernel::level::Arch;

macro_rules! plain {
    ($($(#[$doc:meta])* $k32:ident $k64:ident |$x:ident| $e:expr;)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        pub fn $k32<A: Arch>($x: f32) -> f32 {
            $e
        }
        $(#[$doc])*
        #[inline(always)]
        pub fn $k64<A: Arch>($x: f64) -> f64 {
            $e
        }
    )*};
}
plain! {
    /// √x
    sqrt sqrt64 |x| x.sqrt();
    /// |x|
    abs abs64 |x| x.abs();
    /// -1, 0 or 1; NaN of NaN.
    sign sign64 |x| if x > 0.0 { 1.0 } else if x < 0.0 { -1.0 } else { x };
    /// The next integer below.
    floor floor64 |x| x.floor();
    /// The next integer above.
    ceil ceil64 |x| x.ceil();
    /// The nearest integer, the even one of two.
    round round64 |x| x.round_ties_even();
    /// The integer part.
    trunc trunc64 |x| x.trunc();
}
