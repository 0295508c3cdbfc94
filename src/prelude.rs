//! Everything that a training program needs, in `f32`.
//!
//! ```
//! use wengert::prelude::*;
//!
//! let x = Tensor::full([2, 2], 1.5); // f32, without a suffix
//! let labels: wengert::tensor::Tensor<usize> = tensor![0, 1];
//! # let _ = (x, labels);
//! ```

use crate::aliases::{aliases, prelude};

prelude!(f32);
pub use wengert_nn::parts;
