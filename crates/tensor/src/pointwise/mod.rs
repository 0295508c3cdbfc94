//! Pointwise functions: formulas over [`Real`], the [table](mod@table) of them, and the kernels they run as.

pub(crate) mod accumulate;
mod dual;
mod lane;
pub(crate) mod methods;
mod own;
pub mod real;
pub(crate) mod run;
pub mod table;
mod update;

pub use dual::Dual;
pub use lane::{Lane, LaneFloat};
pub use own::Pointwise;
pub use real::{Arg, C, HALF, ONE, Real, TWO, ZERO};
pub use run::FloatKernels;
pub use table::{BinaryOp, BinaryVisitor, UnaryOp, UnaryVisitor, formula};
pub use update::{Update, update_in_place, update_rows_in_place};

/// A pointwise function of one operand: its value and its slope, as formulas.
pub trait Unary: Copy + Send + Sync {
    /// The value at x.
    fn value<R: Real>(self, x: R) -> R;
    /// The derivative at x, where the value is y.
    fn slope<R: Real>(self, x: R, y: R) -> R;
}

/// A pointwise function of two operands: its value and its slopes, as formulas.
pub trait Binary: Copy + Send + Sync {
    /// The value at (a, b).
    fn value<R: Real>(self, a: R, b: R) -> R;
    /// The derivative along a, where the value is y.
    fn slope_a<R: Real>(self, a: R, b: R, y: R) -> R;
    /// The derivative along b, where the value is y.
    fn slope_b<R: Real>(self, a: R, b: R, y: R) -> R;
}
