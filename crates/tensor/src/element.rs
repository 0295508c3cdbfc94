//! The types of elements: `Element` for storage, `Number` for arithmetic, `Float` for calculus.

mod implement;

use std::fmt::{Debug, Display};

use crate::Tensor;
use crate::kernel::folds::NumberFold;
use crate::kernel::level::Level;
use crate::kernel::scan::NumberScan;
use crate::kernel::tree::ColumnFold;
use crate::pointwise::FloatKernels;

mod sealed {
    pub trait Sealed {}
}

/// An element that a tensor can store: `f32`, `f64`, `i64`, `usize`, `u8` and `bool`.
pub trait Element:
    sealed::Sealed + Copy + Default + PartialEq + PartialOrd + Debug + Display + Send + Sync + 'static
{
    /// The type's name, as Rust writes it.
    const NAME: &'static str;
    /// The best level that folds of this type are compiled for.
    #[doc(hidden)]
    const BEST: Level;
    /// True if sums are rounded: their bits depend on the order.
    #[doc(hidden)]
    const ROUNDS: bool;
    /// As a double: exact for every type but large integers; `true` is 1.
    fn to_f64(self) -> f64;
    /// From a double, as Rust's `as` does it (saturating, towards zero); for `bool`, whether it is not zero.
    fn from_f64(x: f64) -> Self;
    /// As Rust's `as` converts it.
    #[doc(hidden)]
    fn convert<U: Element>(self) -> U;
    /// As Rust's `as` converts it; for `bool`, whether it is not zero.
    #[doc(hidden)]
    fn from_i64(x: i64) -> Self;
    /// As Rust's `as` converts it; for `bool`, whether it is not zero.
    #[doc(hidden)]
    fn from_usize(x: usize) -> Self;
    /// The number of elements along the flagged axes, which stay with size 1, that are not zero.
    #[doc(hidden)]
    fn count_nonzero(x: &Tensor<Self>, flags: &[bool]) -> Tensor<usize>;
    /// A copy in row-major order in a buffer of its own; `None` if the system has no memory for it.
    #[doc(hidden)]
    fn copied(x: &Tensor<Self>) -> Option<Tensor<Self>>;
}

/// An element for arithmetic. Integers wrap around, as in NumPy.
pub trait Number: Element {
    /// 0
    const ZERO: Self;
    /// 1
    const ONE: Self;
    /// The least value: the start of a maximum over nothing.
    const LEAST: Self;
    /// The greatest value.
    const GREATEST: Self;
    /// The type of a running total: doubles for floats, the type itself for integers.
    type Total: Number;
    /// As a total.
    fn to_total(self) -> Self::Total;
    /// From a total.
    fn from_total(total: Self::Total) -> Self;
    /// A kernel for sums over few rows.
    #[doc(hidden)]
    const COLUMN_SUMS: Option<ColumnFold<Self, Self>> = None;
    /// The fold over the flagged axes, which stay with size 1.
    #[doc(hidden)]
    fn fold(by: NumberFold, x: &Tensor<Self>, flags: &[bool]) -> Tensor<Self>;
    /// The fold of neighbours, on this thread.
    #[doc(hidden)]
    fn fold_slice(by: NumberFold, x: &[Self]) -> Self;
    /// The running totals along an axis.
    #[doc(hidden)]
    fn scan(by: NumberScan, x: &Tensor<Self>, axis: usize) -> Tensor<Self>;
    /// `self + other`
    fn plus(self, other: Self) -> Self;
    /// `self - other`
    fn minus(self, other: Self) -> Self;
    /// `self * other`
    fn times(self, other: Self) -> Self;
    /// Whether it is NaN; integers never are.
    fn is_nan(self) -> bool;
    /// The count of numbers from `start` up to but without `end`, `step` apart, as many as a `usize` can count at most.
    /// `None` if the step is 0, or a number not finite.
    #[doc(hidden)]
    fn count_steps(start: Self, end: Self, step: Self) -> Option<usize>;
    /// `self + i · step`, rounded once.
    #[doc(hidden)]
    fn after_steps(self, i: usize, step: Self) -> Self;
}

/// An element for calculus: `f32` or `f64`.
pub trait Float: Number + FloatKernels + crate::kernel::gemm::GemmElem {
    /// The square root.
    fn sqrt(self) -> Self;
    /// `self / other`
    fn over(self, other: Self) -> Self;
    /// Neither infinite nor NaN.
    fn is_finite(self) -> bool;
    /// The distance from 1 to the next larger number.
    const EPSILON: Self;
    /// Not a number.
    const NAN: Self;
    /// The largest finite number.
    #[doc(hidden)]
    const MAX: Self;
}
