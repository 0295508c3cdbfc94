//! Strided tensors and their operations, fast by default. No notion of gradients: that is `wengert-autograd`.
//!
//! # Errors and panics
//! What can be asked wrongly returns a [`Result`] with an [`Error`] that names the operation, the shapes and the line. What
//! returns no `Result` panics in two cases only:
//! - an operator (`+ - * /`, and `& | ^` of masks) where the shapes do not broadcast: `try_add` and kin return the error;
//! - where the system has no memory for the result. The `# Panics` of a constructor names the method that returns this as an
//!   error (of `zeros`, [`Tensor::try_full`]; of `randn`, [`Tensor::normal`]). A function of each element (`exp`) can meet
//!   it only on an expanded view, or where memory is short.
//!
//! What returns a `Result` gives [`Error::Size`] where the system has no memory for its result.

mod any;
mod argmax;
mod axes;
mod compare;
pub mod create;
mod display;
mod element;
pub mod error;
mod finite;
mod index;
mod integers;
mod join;
#[doc(hidden)]
pub mod kernel;
mod layout;
mod mask;
mod matmul;
mod operators;
mod pad;
pub mod pointwise;
mod random;
mod reduce;
mod rng;
mod scan;
mod scatter;
mod shape;
mod slice;
mod sort;
mod statistics;
mod storage;
mod tensor;
mod triangle;
mod view;

pub use any::AnyTensor;
pub use axes::{Axes, axis_or_refuse, is_axis_of_scalar, keep};
pub use element::{Element, Float, Number};
pub use error::{Error, Fault, Result};
pub use kernel::pool::{set_threads, threads};
pub use pad::Border;
pub use rng::Rng;
pub use shape::Shape;
pub use slice::Slice;
pub use tensor::Tensor;
pub use view::REST;
