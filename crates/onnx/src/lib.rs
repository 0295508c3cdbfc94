//! ONNX: a model as a file that other programs run, and such a file as a model.
//!
//! ```
//! use wengert_nn::{Linear, Module, Relu, sequential};
//! use wengert_tensor::{Rng, Tensor};
//!
//! let rng = &mut Rng::new(0);
//! let model = sequential![Linear::<f32>::new(4, 8, rng), Relu, Linear::new(8, 3, rng)];
//! let path = std::env::temp_dir().join(format!("wengert-front-{}.onnx", std::process::id()));
//!
//! wengert_onnx::export(&model, [1, 4], &path)?;
//!
//! let net = wengert_onnx::import(&path)?;
//! let x = Tensor::<f32>::randn([5, 4], rng);
//! let y: Tensor<f32> = net.predict(&x)?;
//! assert!(y.allclose(&model.predict(&x)?, 1e-6, 1e-6, false)?);
//! # std::fs::remove_file(&path)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The file has version 8 of the format and version 17 of the operators. The first axis is the batch, of any size. Parameters and
//! nodes are named by the paths of their layers. An op that ONNX has no image of is refused, by name, layer and line.

#![forbid(unsafe_code)]

mod error;
mod export;
mod import;
mod proto;

pub use error::{Error, Result};
pub use export::{Input, export, to_bytes};
pub use import::{Net, import, operators};
