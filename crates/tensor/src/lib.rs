//! Strided tensors and their operations, fast by default. No notion of gradients: that is `wengert-autograd`.

mod axes;
pub mod create;
mod display;
mod element;
pub mod error;
#[doc(hidden)]
pub mod kernel;
mod layout;
mod matmul;
mod operators;
pub mod pointwise;
mod reduce;
mod scan;
mod shape;
mod slice;
mod statistics;
mod storage;
mod tensor;
mod view;

pub use axes::{Axes, axis_or_refuse, keep};
pub use element::{Element, Float, Number};
pub use error::{Error, Fault, Result};
pub use shape::Shape;
pub use slice::Slice;
pub use tensor::Tensor;
pub use view::REST;
