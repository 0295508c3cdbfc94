//! A training, watched elsewhere while it runs: event files for TensorBoard, and curves and images for a Visdom server.
//!
//! ```
//! use wengert_board::TbWriter;
//!
//! let dir = std::env::temp_dir().join(format!("wengert-front-runs-{}", std::process::id()));
//! let mut board = TbWriter::new(&dir)?;
//! for (step, loss) in [0.9, 0.5, 0.3].into_iter().enumerate() {
//!     board.scalar("loss", step, loss)?;
//! }
//! // In a terminal: tensorboard --logdir runs
//! # std::fs::remove_dir_all(&dir)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | to | see |
//! |---|---|
//! | watch a training in TensorBoard | [`TbWriter`], by hand or with [`Trainer::with`](wengert_train::Trainer::with) |
//! | watch it in Visdom | [`Visdom`], likewise |

#![forbid(unsafe_code)]

mod error;
mod pixels;
mod png;
mod tensorboard;
mod visdom;
mod watched;

pub use error::{Error, Result};
pub use pixels::Pixel;
pub use tensorboard::TbWriter;
pub use visdom::Visdom;
