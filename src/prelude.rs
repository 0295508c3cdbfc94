//! Everything that a training program needs, in `f32`: every layer, loss, optimiser and schedule under the name that it has
//! in its crate, with the float type filled in.
//!
//! - `Tensor`, `Var`, `Linear`, … are of `f32` and take no type parameter. A tensor of class numbers or token ids is a
//!   [`Labels`]; any other type is written `wengert::tensor::Tensor<i64>`.
//! - `tensor![1.0, 2.0]` takes the type that is asked of it. On its own it is of `f64`, as Rust's literals are:
//!   write `let x: Tensor = tensor![1.0, 2.0];`.
//! - [`Result`] is autograd's, for `forward`; with a second parameter it is the standard one: `Result<(), Box<dyn Error>>`.
//! - Use one prelude in a file: both define the same names, so with both the compiler cannot choose. A type of the other
//!   float is `wengert::prelude64::Linear`.
//!
//! ```
//! use wengert::prelude::*;
//!
//! let x = Tensor::full([2, 2], 1.5); // f32, without a suffix
//! let labels = Labels::from(vec![0, 1]); // or: let labels: Labels = tensor![0, 1];
//!
//! // Targets of either kind.
//! let classified = TensorDataset::new(x.clone(), labels)?;
//! let numbers: Tensor = tensor![[0.5], [2.5]];
//! let measured = TensorDataset::new(x, numbers)?;
//! # let _ = (classified, measured);
//! # Ok::<(), wengert::data::Error>(())
//! ```

use crate::aliases::{aliases, prelude};

prelude!(f32);
pub use wengert_nn::parts;
