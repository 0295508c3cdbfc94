//! Strided tensors and their operations, fast by default. No notion of gradients: that is `wengert-autograd`.

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
pub use pad::Border;
pub use rng::Rng;
pub use shape::Shape;
pub use slice::Slice;
pub use tensor::Tensor;
pub use view::REST;
