//! The table of derivatives: every pointwise function with its value and its slopes, one line each.
//!
//! They are written only here. On floats a line runs as vector kernels: one pass for the value, one for the incoming gradient
//! times the slope. On vars it is recorded, for second and higher derivatives. Each line is checked against dual numbers and
//! finite differences, and printed on the tape.
//!
//! A line reads `method Variant [parameters = samples] (operands -> result) = value; slopes`. At a kink the slope is the
//! one written here: 0 for `relu` and `abs` at 0, half each for `maximum` and `minimum` at a tie, inside for `clamp` at
//! its bounds.

/// Hands the table to a macro.
#[macro_export]
#[doc(hidden)]
macro_rules! pointwise_table {
    ($use:ident) => { $use! {
        unary {
            /// -x
            neg Neg (x -> y) = -x; slope -ONE;
            /// x + c
            add_scalar AddScalar [c = 0.7] (x -> y) = x + c; slope ONE;
            /// c - x
            rsub_scalar RsubScalar [c = 0.7] (x -> y) = c - x; slope -ONE;
            /// c · x
            mul_scalar MulScalar [c = -1.3] (x -> y) = x * c; slope c;
            /// x / c
            div_scalar DivScalar [c = -1.3] (x -> y) = x / c; slope ONE / c;
            /// c / x
            rdiv_scalar RdivScalar [c = -1.3] (x -> y) = c / x; slope -(y / x);
            /// x to a constant power
            pow_scalar PowScalar [exponent = 2.5] (x -> y) = x.powc(exponent);
                slope if exponent == ZERO { x.constant(ZERO) } else { x.powc(exponent - ONE) * exponent };
            /// A constant to the power x
            rpow_scalar RpowScalar [base = 1.7] (x -> y) = x.constant(base).pow(x);
                slope if base == ZERO { x.when_gt(ZERO, ZERO, x.when_eq(ZERO, ZERO, y * C(base.0.ln()))) } else { y * C(base.0.ln()) };
            /// x²
            square Square (x -> y) = x * x; slope x * TWO;
            /// 1 / x
            recip Recip (x -> y) = ONE / x; slope -(y * y);
            /// √x
            sqrt Sqrt (x -> y) = x.sqrt(); slope HALF / y;
            /// 1 / √x
            rsqrt Rsqrt (x -> y) = ONE / x.sqrt(); slope y / x * -HALF;
            /// |x|
            abs Abs (x -> y) = x.abs(); slope x.sign();
            /// -1, 0 or 1: the sign
            sign Sign (x -> y) = x.sign(); slope ZERO;
            /// The next integer below
            floor Floor (x -> y) = x.floor(); slope ZERO;
            /// The next integer above
            ceil Ceil (x -> y) = x.ceil(); slope ZERO;
            /// The nearest integer, the even one of two
            round Round (x -> y) = x.round(); slope ZERO;
            /// The integer part
            trunc Trunc (x -> y) = x.trunc(); slope ZERO;

            /// eˣ
            exp Exp (x -> y) = x.exp(); slope y;
            /// 2ˣ
            exp2 Exp2 (x -> y) = x.exp2(); slope y * LN_2;
            /// eˣ - 1, exact near 0
            expm1 Expm1 (x -> y) = x.expm1(); slope y + ONE;
            /// The natural logarithm
            ln Ln (x -> y) = x.ln(); slope ONE / x;
            /// The logarithm to base 2
            log2 Log2 (x -> y) = x.log2(); slope ONE / (x * LN_2);
            /// The logarithm to base 10
            log10 Log10 (x -> y) = x.log10(); slope ONE / (x * LN_10);
            /// ln(1 + x), exact near 0
            log1p Log1p (x -> y) = x.log1p(); slope ONE / (x + ONE);

            /// The sine
            sin Sin (x -> y) = x.sin(); slope x.cos();
            /// The cosine
            cos Cos (x -> y) = x.cos(); slope -x.sin();
            /// The tangent
            tan Tan (x -> y) = x.tan(); slope y * y + ONE;
            /// The arc sine
            asin Asin (x -> y) = x.asin(); slope ONE / (ONE - x * x).sqrt();
            /// The arc cosine
            acos Acos (x -> y) = x.acos(); slope -ONE / (ONE - x * x).sqrt();
            /// The arc tangent
            atan Atan (x -> y) = x.atan(); slope ONE / (x * x + ONE);
            /// The hyperbolic sine
            sinh Sinh (x -> y) = x.sinh(); slope x.cosh();
            /// The hyperbolic cosine
            cosh Cosh (x -> y) = x.cosh(); slope x.sinh();
            /// The hyperbolic tangent
            tanh Tanh (x -> y) = x.tanh(); slope ONE - y * y;
            /// The error function
            erf Erf (x -> y) = x.erf(); slope (-(x * x)).exp() * TWO_OVER_SQRT_PI;

            /// 1 / (1 + e⁻ˣ)
            sigmoid Sigmoid (x -> y) = x.sigmoid(); slope y * (ONE - y);
            /// ln(sigmoid(x)), without overflow
            log_sigmoid LogSigmoid (x -> y) = -(-x).softplus(); slope (-x).sigmoid();
            /// ln(1 + e^(beta·x)) / beta, and x itself where beta·x is above the threshold
            softplus Softplus [beta = 1.5, threshold = 20.0] (x -> y) =
                (x * beta).when_gt(threshold, x, (x * beta).softplus() / beta);
                slope (x * beta).when_gt(threshold, ONE, (x * beta).sigmoid());
            /// ln(cosh(x)), without overflow: ½x² near 0, |x| - ln 2 far out
            log_cosh LogCosh (x -> y) = x.abs().when_gt(ONE,
                x.abs() - LN_2 + (x.abs() * C(-2.0)).exp().log1p(), ((x * HALF).sinh().square() * TWO).log1p());
                slope x.tanh();
            /// x where positive, else 0
            relu Relu (x -> y) = x.max(ZERO); slope x.when_gt(ZERO, ONE, ZERO);
            /// x clamped to 0…6
            relu6 Relu6 (x -> y) = x.max(ZERO).min(C(6.0));
                slope x.when_gt(ZERO, C(6.0).beside(x).when_gt(x, ONE, ZERO), ZERO);
            /// x where positive, else slope·x
            leaky_relu LeakyRelu [negative = 0.1] (x -> y) = x.when_gt(ZERO, x, x * negative);
                slope x.when_gt(ZERO, ONE, negative);
            /// x where positive, else alpha·(eˣ - 1)
            elu Elu [alpha = 1.3] (x -> y) = x.when_gt(ZERO, x, x.expm1() * alpha);
                slope x.when_gt(ZERO, ONE, x.exp() * alpha);
            /// x where positive, else alpha·(e^(x/alpha) - 1)
            celu Celu [alpha = 1.3] (x -> y) = x.when_gt(ZERO, x, (x / alpha).expm1() * alpha);
                slope x.when_gt(ZERO, ONE, (x / alpha).exp());
            /// The self-normalising elu
            selu Selu (x -> y) = x.when_gt(ZERO, x, x.expm1() * SELU_ALPHA) * SELU_SCALE;
                slope x.when_gt(ZERO, ONE, x.exp() * SELU_ALPHA) * SELU_SCALE;
            /// x · Φ(x), Φ the normal distribution
            gelu Gelu (x -> y) = x * HALF * ((x * SQRT_HALF).erf() + ONE);
                slope ((x * SQRT_HALF).erf() + ONE) * HALF + x * (x * x * -HALF).exp() * ONE_OVER_SQRT_2PI;
            /// gelu by the tanh that approximates it
            gelu_tanh GeluTanh (x -> y) = x * HALF * (gelu_inner(x).tanh() + ONE);
                slope (gelu_inner(x).tanh() + ONE) * HALF
                    + x.abs().when_gt(C(20.0), ZERO, x * HALF * (ONE - gelu_inner(x).tanh().square())
                        * ((x * x * C(3.0 * 0.044715) + ONE) * TWO_OVER_SQRT_2PI));
            /// x · sigmoid(x)
            silu Silu (x -> y) = x * x.sigmoid(); slope x.sigmoid() * (ONE + x * (ONE - x.sigmoid()));
            /// x · tanh(ln(1 + eˣ))
            mish Mish (x -> y) = x * x.softplus().tanh();
                slope x.softplus().tanh() + x * x.sigmoid() * (ONE - x.softplus().tanh().square());
            /// x / (1 + |x|)
            softsign Softsign (x -> y) = x / (x.abs() + ONE); slope ONE / (x.abs() + ONE).square();
            /// x - tanh(x)
            tanhshrink Tanhshrink (x -> y) = x - x.tanh(); slope x.tanh().square();
            /// x outside ±lambda, moved towards 0 by it; 0 inside
            softshrink Softshrink [lambda = 0.5] (x -> y) =
                x.abs().when_gt(lambda, x - x.sign() * lambda, x * ZERO);
                slope x.abs().when_gt(lambda, ONE, ZERO);
            /// x outside ±lambda, 0 inside
            hardshrink Hardshrink [lambda = 0.5] (x -> y) = lambda.beside(x).when_gt(x.abs(), ZERO,
                x.abs().when_eq(lambda, ZERO, x));
                slope x.abs().when_gt(lambda, ONE, ZERO);
            /// x clamped to min…max, flat at the bounds
            hardtanh Hardtanh [min = -1.0, max = 1.0] (x -> y) = x.max(min).min(max);
                slope x.when_gt(min, max.beside(x).when_gt(x, ONE, ZERO), ZERO);
            /// x / 6 + ½, clamped to 0…1
            hardsigmoid Hardsigmoid (x -> y) = (x + C(3.0)).max(ZERO).min(C(6.0)) / C(6.0);
                slope x.when_gt(C(-3.0), C(3.0).beside(x).when_gt(x, C(1.0 / 6.0), ZERO), ZERO);
            /// x · hardsigmoid(x)
            hardswish Hardswish (x -> y) = x * ((x + C(3.0)).max(ZERO).min(C(6.0)) / C(6.0));
                slope x.when_gt(C(-3.0), C(3.0).beside(x).when_gt(x, x / C(3.0) + HALF, ONE), ZERO);
            /// x above the threshold, else the value
            threshold Threshold [threshold = 0.2, value = -0.4] (x -> y) = threshold.beside(x).when_gt(x, value,
                x.when_eq(threshold, value, x));
                slope x.when_gt(threshold, ONE, ZERO);
            /// x limited to min…max
            clamp Clamp [min = -0.8, max = 0.9] (x -> y) = x.max(min).min(max);
                slope min.beside(x).when_gt(x, ZERO, x.when_gt(max, ZERO, ONE));
        }
        binary {
            /// a + b
            try_add Add (a, b -> y) = a + b; slopes ONE, ONE;
            /// a - b
            try_sub Sub (a, b -> y) = a - b; slopes ONE, -ONE;
            /// a · b
            try_mul Mul (a, b -> y) = a * b; slopes b, a;
            /// a / b
            try_div Div (a, b -> y) = a / b; slopes ONE / b, -(y / b);
            /// a to the power b
            pow Pow (a, b -> y) = a.pow(b);
                slopes b.when_eq(ZERO, ZERO, b * a.pow(b - ONE)),
                a.when_eq(ZERO, b.when_gt(ZERO, ZERO, b.when_eq(ZERO, ZERO, y * a.ln())), y * a.ln());
            /// The larger; NaN if either is
            maximum Maximum (a, b -> y) = a.max(b);
                slopes a.when_gt(b, ONE, a.when_eq(b, HALF, ZERO)), b.when_gt(a, ONE, a.when_eq(b, HALF, ZERO));
            /// The smaller; NaN if either is
            minimum Minimum (a, b -> y) = a.min(b);
                slopes b.when_gt(a, ONE, a.when_eq(b, HALF, ZERO)), a.when_gt(b, ONE, a.when_eq(b, HALF, ZERO));
            /// a, but no less than b: `clamp` with a bound that is a tensor; at a tie the slope is a's
            clamp_min ClampMin (a, b -> y) = a.max(b); slopes b.when_gt(a, ZERO, ONE), b.when_gt(a, ONE, ZERO);
            /// a, but no more than b: `clamp` with a bound that is a tensor; at a tie the slope is a's
            clamp_max ClampMax (a, b -> y) = a.min(b); slopes a.when_gt(b, ZERO, ONE), a.when_gt(b, ONE, ZERO);
            /// The angle of the point (b, a); slopes 0 at (0, 0), where it has none
            atan2 Atan2 (a, b -> y) = a.atan2(b);
                slopes a.when_eq(ZERO, b.when_eq(ZERO, ZERO, b / (a * a + b * b)), b / (a * a + b * b)),
                a.when_eq(ZERO, b.when_eq(ZERO, ZERO, -(a / (a * a + b * b))), -(a / (a * a + b * b)));
            /// √(a² + b²), without internal overflow; slopes 0 at (0, 0)
            hypot Hypot (a, b -> y) = a.hypot(b); slopes y.when_eq(ZERO, ZERO, a / y), y.when_eq(ZERO, ZERO, b / y);
            /// ln(eᵃ + eᵇ), without overflow
            logaddexp Logaddexp (a, b -> y) =
                a.when_eq(b, a + LN_2, a.max(b) + (-(a - b).abs()).exp().log1p());
                slopes a.when_eq(b, HALF, (a - b).sigmoid()), a.when_eq(b, HALF, (b - a).sigmoid());
            /// a · ln b, and 0 where a is 0
            xlogy Xlogy (a, b -> y) = b.when_eq(b, a.when_eq(ZERO, ZERO, a * b.ln()), b);
                slopes a.when_eq(ZERO, b.when_gt(ZERO, b.ln(), ZERO), b.ln()), a / b;
            /// The remainder of the division truncated towards 0: it has a's sign
            fmod Fmod (a, b -> y) = a.rem_trunc(b); slopes ONE, -(a / b).trunc();
            /// The remainder of the division rounded down: it has b's sign
            remainder Remainder (a, b -> y) = floor_rem(a, b); slopes ONE, -floor_quotient(a, b);
            /// a / b rounded towards 0
            div_trunc DivTrunc (a, b -> y) = (a / b).trunc(); slopes ZERO, ZERO;
            /// a / b rounded down
            div_floor DivFloor (a, b -> y) = floor_quotient(a, b); slopes ZERO, ZERO;
            /// a · b, and exactly 0 where a is 0, whatever b: a gradient that does not arrive stays away
            gate Gate (a, b -> y) = a.when_eq(ZERO, ZERO, a * b); slopes b, a;

            /// (a - b)²
            squared_error SquaredError (a, b -> y) = (a - b).square(); slopes (a - b) * TWO, (b - a) * TWO;
            /// |a - b|
            absolute_error AbsoluteError (a, b -> y) = (a - b).abs(); slopes (a - b).sign(), (b - a).sign();
            /// ½(a - b)² up to |a - b| = delta, a line beyond
            huber Huber [delta = 0.8] (a, b -> y) = (a - b).abs().when_gt(delta,
                ((a - b).abs() - delta * HALF) * delta, (a - b).square() * HALF);
                slopes (a - b).max(-delta).min(delta), (b - a).max(-delta).min(delta);
            /// huber / beta: slope 1 beyond beta; |a - b| where beta is 0
            smooth_l1 SmoothL1 [beta = 0.8] (a, b -> y) = beta.beside(a).when_gt((a - b).abs(),
                (a - b).square() * HALF / beta, (a - b).abs() - beta * HALF);
                slopes beta.beside(a).when_gt((a - b).abs(), (a - b) / beta, (a - b).sign()),
                beta.beside(a).when_gt((a - b).abs(), (b - a) / beta, (b - a).sign());
            /// -(b·ln a + (1 - b)·ln(1 - a)) of a probability a, each logarithm no less than -100
            bce Bce (a, b -> y) = (b - ONE) * (-a).log1p().max(C(-100.0)) - b * a.ln().max(C(-100.0));
                slopes (a - b) / (a * (ONE - a)).max(C(1e-12)),
                (-a).log1p().max(C(-100.0)) - a.ln().max(C(-100.0));
            /// The same of sigmoid(a), finite for every finite a; at an infinite one it is 0 or ∞
            bce_with_logits BceWithLogits (a, b -> y) = (ONE - b).when_eq(ZERO, ZERO, (ONE - b) * a.max(ZERO))
                + b.when_eq(ZERO, ZERO, b * (-a).max(ZERO)) + (-a.abs()).exp().log1p();
                slopes (ONE - b) * a.sigmoid() - b * (-a).sigmoid(), -a; // σ(a) - b, to the last digit where both are near 1
        }
    }};
}

use super::real::{Arg, C, HALF, ONE, Real, TWO, ZERO};
use super::{Binary, Unary};
use std::f64::consts;

const LN_2: C = C(consts::LN_2);
const LN_10: C = C(consts::LN_10);
const SQRT_HALF: C = C(consts::FRAC_1_SQRT_2);
const TWO_OVER_SQRT_PI: C = C(consts::FRAC_2_SQRT_PI);
/// √(2/π)
const TWO_OVER_SQRT_2PI: C = C(consts::FRAC_2_SQRT_PI * consts::FRAC_1_SQRT_2);
/// 1/√(2π)
const ONE_OVER_SQRT_2PI: C = C(consts::FRAC_2_SQRT_PI * consts::FRAC_1_SQRT_2 * 0.5);
const SELU_ALPHA: C = C(1.673_263_242_354_377_3);
const SELU_SCALE: C = C(1.050_700_987_355_480_5);

/// √(2/π)·(x + 0.044715·x³)
#[inline(always)]
fn gelu_inner<R: Real>(x: R) -> R {
    (x + x * x * x * C(0.044715)) * TWO_OVER_SQRT_2PI
}

/// The remainder with b's sign.
#[inline(always)]
fn floor_rem<R: Real>(a: R, b: R) -> R {
    let r = a.rem_trunc(b);
    // Where it has the other sign, one more b.
    (r * b.sign()).when_gt(ZERO, r, r.when_eq(ZERO, r, r + b))
}

/// a / b rounded down: without the error of a rounded quotient, and -1 for a small number over an infinity of the other
/// sign.
#[inline(always)]
fn floor_quotient<R: Real>(a: R, b: R) -> R {
    let r = a.rem_trunc(b);
    let q = ((a - r) / b).round();
    b.when_eq(ZERO, a / b, ZERO.beside(a).when_gt(r * b.sign(), q - ONE, q))
}

macro_rules! define {
    (
        unary { $($(#[$udoc:meta])* $uname:ident $Unary:ident $([$($up:ident = $usample:literal),*])?
            ($ux:ident -> $uy:ident) = $uvalue:expr; slope $uslope:expr;)* }
        binary { $($(#[$bdoc:meta])* $bname:ident $Binary:ident $([$($bp:ident = $bsample:literal),*])?
            ($a:ident, $b:ident -> $by:ident) = $bvalue:expr; slopes $bslope_a:expr, $bslope_b:expr;)* }
    ) => {
        /// Each function of the table as a type, so that its formulas are compiled into kernels of their own.
        #[allow(unused_variables, missing_docs)]
        pub mod formula {
            use super::*;
            $(
                $(#[$udoc])*
                #[derive(Clone, Copy, Debug, PartialEq)]
                pub struct $Unary { $($(pub $up: f64,)*)? }
                impl Unary for $Unary {
                    #[inline(always)]
                    fn value<R: Real>(self, $ux: R) -> R {
                        $($(let $up = C(self.$up);)*)?
                        Arg::beside($uvalue, $ux)
                    }
                    #[inline(always)]
                    fn slope<R: Real>(self, $ux: R, $uy: R) -> R {
                        $($(let $up = C(self.$up);)*)?
                        Arg::beside($uslope, $ux)
                    }
                }
            )*
            $(
                $(#[$bdoc])*
                #[derive(Clone, Copy, Debug, PartialEq)]
                pub struct $Binary { $($(pub $bp: f64,)*)? }
                impl Binary for $Binary {
                    #[inline(always)]
                    fn value<R: Real>(self, $a: R, $b: R) -> R {
                        $($(let $bp = C(self.$bp);)*)?
                        Arg::beside($bvalue, $a)
                    }
                    #[inline(always)]
                    fn slope_a<R: Real>(self, $a: R, $b: R, $by: R) -> R {
                        $($(let $bp = C(self.$bp);)*)?
                        Arg::beside($bslope_a, $a)
                    }
                    #[inline(always)]
                    fn slope_b<R: Real>(self, $a: R, $b: R, $by: R) -> R {
                        $($(let $bp = C(self.$bp);)*)?
                        Arg::beside($bslope_b, $a)
                    }
                }
            )*
        }

        /// A pointwise function of one operand.
        #[derive(Clone, Copy, Debug, PartialEq)]
        #[non_exhaustive]
        #[allow(missing_docs)]
        pub enum UnaryOp { $($(#[$udoc])* $Unary $({ $($up: f64),* })?,)* }

        impl UnaryOp {
            /// Every function of the table, with sample parameters.
            pub const ALL: &[Self] = &[$(Self::$Unary $({ $($up: $usample),* })?),*];

            /// Its name: the method's.
            pub fn name(self) -> &'static str {
                match self { $(Self::$Unary { .. } => stringify!($uname),)* }
            }

            /// Its parameters, by name.
            pub fn parameters(self) -> Vec<(&'static str, f64)> {
                match self { $(Self::$Unary $({ $($up),* })? => vec![$($((stringify!($up), $up),)*)?],)* }
            }

            /// The value as the table writes it.
            pub fn value_text(self) -> &'static str {
                match self { $(Self::$Unary { .. } => stringify!($uvalue),)* }
            }

            /// The slope as the table writes it.
            pub fn slope_text(self) -> &'static str {
                match self { $(Self::$Unary { .. } => stringify!($uslope),)* }
            }

            /// Calls `f` with the formulas.
            #[inline]
            pub fn visit<V: UnaryVisitor>(self, visitor: V) -> V::Output {
                match self { $(Self::$Unary $({ $($up),* })? => visitor.visit(formula::$Unary { $($($up),*)? }),)* }
            }
        }

        /// A pointwise function of two operands.
        #[derive(Clone, Copy, Debug, PartialEq)]
        #[non_exhaustive]
        #[allow(missing_docs)]
        pub enum BinaryOp { $($(#[$bdoc])* $Binary $({ $($bp: f64),* })?,)* }

        impl BinaryOp {
            /// Every function of the table, with sample parameters.
            pub const ALL: &[Self] = &[$(Self::$Binary $({ $($bp: $bsample),* })?),*];

            /// Its name: the method's, without the `try_` of an operator's twin.
            pub fn name(self) -> &'static str {
                let method = match self { $(Self::$Binary { .. } => stringify!($bname),)* };
                method.strip_prefix("try_").unwrap_or(method)
            }

            /// Its parameters, by name.
            pub fn parameters(self) -> Vec<(&'static str, f64)> {
                match self { $(Self::$Binary $({ $($bp),* })? => vec![$($((stringify!($bp), $bp),)*)?],)* }
            }

            /// The value as the table writes it.
            pub fn value_text(self) -> &'static str {
                match self { $(Self::$Binary { .. } => stringify!($bvalue),)* }
            }

            /// The slope along operand 0 or 1, as the table writes it.
            pub fn slope_text(self, operand: usize) -> &'static str {
                match (self, operand) {
                    $((Self::$Binary { .. }, 0) => stringify!($bslope_a),
                      (Self::$Binary { .. }, _) => stringify!($bslope_b),)*
                }
            }

            /// Calls `f` with the formulas.
            #[inline]
            pub fn visit<V: BinaryVisitor>(self, visitor: V) -> V::Output {
                match self { $(Self::$Binary $({ $($bp),* })? => visitor.visit(formula::$Binary { $($($bp),*)? }),)* }
            }
        }
    };
}
pointwise_table!(define);

/// A function of the formulas of a [`UnaryOp`].
pub trait UnaryVisitor {
    /// The result.
    type Output;
    /// Runs it on the formulas.
    fn visit<F: Unary>(self, formula: F) -> Self::Output;
}

/// A function of the formulas of a [`BinaryOp`].
pub trait BinaryVisitor {
    /// The result.
    type Output;
    /// Runs it on the formulas.
    fn visit<F: Binary>(self, formula: F) -> Self::Output;
}

impl Unary for UnaryOp {
    fn value<R: Real>(self, x: R) -> R {
        struct Value<R>(R);
        impl<R: Real> UnaryVisitor for Value<R> {
            type Output = R;
            fn visit<F: Unary>(self, f: F) -> R {
                f.value(self.0)
            }
        }
        self.visit(Value(x))
    }
    fn slope<R: Real>(self, x: R, y: R) -> R {
        struct Slope<R>(R, R);
        impl<R: Real> UnaryVisitor for Slope<R> {
            type Output = R;
            fn visit<F: Unary>(self, f: F) -> R {
                f.slope(self.0, self.1)
            }
        }
        self.visit(Slope(x, y))
    }
}

impl Binary for BinaryOp {
    fn value<R: Real>(self, a: R, b: R) -> R {
        struct Value<R>(R, R);
        impl<R: Real> BinaryVisitor for Value<R> {
            type Output = R;
            fn visit<F: Binary>(self, f: F) -> R {
                f.value(self.0, self.1)
            }
        }
        self.visit(Value(a, b))
    }
    fn slope_a<R: Real>(self, a: R, b: R, y: R) -> R {
        self.visit(SlopeOf(0, a, b, y))
    }
    fn slope_b<R: Real>(self, a: R, b: R, y: R) -> R {
        self.visit(SlopeOf(1, a, b, y))
    }
}

struct SlopeOf<R>(usize, R, R, R);
impl<R: Real> BinaryVisitor for SlopeOf<R> {
    type Output = R;
    fn visit<F: Binary>(self, f: F) -> R {
        let Self(operand, a, b, y) = self;
        if operand == 0 { f.slope_a(a, b, y) } else { f.slope_b(a, b, y) }
    }
}
