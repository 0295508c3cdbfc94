//! Everything that a training program needs, in `f32`.
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
