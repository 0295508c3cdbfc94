//! Strided tensors and their operations, fast by default. This crate knows nothing of gradients, which are in
//! `wengert-autograd`.
//!
//! A [`Tensor`] is a value: shape and strides over a shared buffer. A clone or a view copies no elements, and writing to one
//! tensor never changes another.
//!
//! ```
//! use wengert_tensor::{keep, tensor};
//!
//! let x = tensor![[1.0_f32, 2.0, 3.0], [4.0, 5.0, 6.0]];
//! let centred = &x - x.mean_over(keep(1))?; // [2, 3] - [2, 1]
//! assert_eq!(centred, tensor![[-1.0, 0.0, 1.0], [-1.0, 0.0, 1.0]]);
//! assert!(x.t().shares_storage(&x)); // a view
//!
//! let error = x.try_add(&tensor![1.0, 2.0]).unwrap_err().to_string();
//! assert!(error.contains("[2, 3]") && error.contains("[2]"), "{error}");
//! # Ok::<(), wengert_tensor::Error>(())
//! ```
//!
//! | to | see |
//! |---|---|
//! | make a tensor | [`tensor!`], [`create`], [`Rng`] for random ones |
//! | take a part | [`s!`] and [`Tensor::slice`], [`Tensor::select`], [`Tensor::gather`] |
//! | name axes | [`Axes`], [`keep`] |
//! | read an element | [`Tensor::get`], [`Tensor::item`], [`Tensor::iter`] |
//! | count values, and find quantiles | [`Tensor::unique`], [`Tensor::bincount`], [`Tensor::quantile`] |
//! | see every function of single elements | [`pointwise::table`] |
//! | solve linear least squares | [`Tensor::lstsq`], [`Tensor::ridge`] |
//! | set the number of threads | [`set_threads`] |
//!
//! # Errors and panics
//! A method that some input can make fail returns a [`Result`], whose [`Error`] names the operation, the shapes and the line.
//! It returns [`Error::Size`] if the system has no memory for the result. A method without `Result` panics in two cases only:
//! - an operator (`+ - * /`, and `& | ^` of masks), if the shapes do not broadcast; `try_add` and its kin return the error;
//! - if the system has no memory for the result. The `# Panics` section of a constructor names the method that returns this as
//!   an error ([`Tensor::try_full`] for `zeros`, [`Tensor::normal`] for `randn`). A function of each element, such as `exp`,
//!   can panic so only on an expanded view, or if memory is short.

#[macro_use]
mod compiled;

mod affine;
mod any;
mod argmax;
mod attention;
mod axes;
mod bags;
mod compare;
mod conv;
pub mod create;
mod display;
mod element;
pub mod error;
mod finite;
mod householder;
mod index;
mod integers;
mod join;
#[doc(hidden)]
pub mod kernel;
mod layout;
mod lstsq;
mod mask;
mod matmul;
mod nested;
mod normalize;
mod operators;
mod pad;
mod parts;
pub mod pointwise;
mod pool;
mod random;
pub mod recurrent;
mod reduce;
mod reshape;
mod rng;
mod room;
mod scan;
mod scatter;
mod shape;
mod slice;
mod softmax;
mod sort;
mod statistics;
mod storage;
mod tensor;
mod triangle;
mod unique;
mod vectors;
mod view;
mod window;

#[doc(hidden)]
pub use affine::LONG_CHANNEL;
pub use any::AnyTensor;
pub use axes::{Axes, axis_or_refuse, is_axis_of_scalar, keep};
#[doc(hidden)]
pub use axes::{axis_or_scalar, moved_axes};
pub use conv::Conv;
pub use element::{Element, Float, Number};
pub use error::{Error, Fault, Result};
#[doc(hidden)]
pub use join::stack_or_refuse;
pub use kernel::pool::{set_threads, threads};
pub use lstsq::LeastSquares;
pub use normalize::Divisor;
pub use pad::Border;
pub use pool::Part;
pub use reshape::REST;
pub use rng::Rng;
pub use shape::Shape;
pub use slice::Slice;
pub use sort::Order;
pub use tensor::Tensor;
pub use unique::Unique;
pub use window::Window;
