//! Optimisers, which update parameters from their gradients; schedules of the learning rate, clipping, averages of weights.
//!
//! An optimiser holds handles to the parameters of a model. `backward` writes their gradients, and `step` updates them in place.
//!
//! ```
//! use wengert_autograd::{Param, Tape};
//! use wengert_optim::{Optimizer, Sgd};
//! use wengert_tensor::tensor;
//!
//! let w = Param::new(tensor![1.0_f32, -3.0]);
//! let mut optimizer = Sgd::new([w.clone()], 0.25);
//! for _ in 0..2 {
//!     let tape = Tape::new();
//!     optimizer.zero_grad();
//!     tape.param(&w).square().sum().backward()?;
//!     optimizer.step()?; // w - 0.25 · 2w, half of w
//! }
//! assert_eq!(w.value(), tensor![0.25, -0.75]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | to | see |
//! |---|---|
//! | choose settings for some parameters | `group`, as [`Sgd::group`] |
//! | change the learning rate | [`schedule`], [`Optimizer::set_learning_rate`] |
//! | bound gradients | [`clip_grad_norm`], [`clip_grad_value`], [`ClipNorm`] |
//! | average weights | [`Average`] |
//! | have weights that are exactly 0, or rows of bounded norm | [`ProximalStep`] |
//! | save and continue | [`State`], [`Resume`] |
//! | write one of your own | [`Optimizer`] |
//!
//! | PyTorch | here | | PyTorch | here |
//! |---|---|---|---|---|
//! | `SGD` | [`Sgd`] | | `NAdam` | [`NAdam`] |
//! | `Adagrad` | [`Adagrad`] | | `RAdam` | [`RAdam`] |
//! | `RMSprop` | [`RmsProp`] | | `Rprop` | [`Rprop`] |
//! | `Adam`, `amsgrad=True` | [`Adam`], [`.amsgrad()`](Adam::amsgrad) | | `ASGD` | [`Asgd`] |
//! | `AdamW` | [`AdamW`] | | `Adamax` | [`Adamax`] |
//! | `Adadelta` | [`Adadelta`] | | `Adafactor` | [`Adafactor`] |
//! | `LBFGS` | [`Lbfgs`] | | `AveragedModel` | [`Average`] |
//! | `clip_grad_norm_` | [`clip_grad_norm`] | | `clip_grad_value_` | [`clip_grad_value`] |
//! | `lr_scheduler` | [`schedule`] | | `Muon` | [`Muon`] |
//!
//! | of papers | for |
//! |---|---|
//! | [`Lion`], [`Adan`] | other means of gradients than Adam's |
//! | [`Lars`], [`Lamb`] | large batches: a step as large as its parameter |
//! | [`Muon`] | matrices: a step that is orthogonal |
//! | [`Lookahead`], [`Sam`] | around another optimiser: slow weights, flat minima |

#![forbid(unsafe_code)]

mod adadelta;
mod adafactor;
mod adagrad;
mod adam;
mod adamax;
mod adan;
mod asgd;
mod average;
mod clip;
mod core;
mod error;
mod groups;
mod lamb;
mod lars;
mod lbfgs;
mod lion;
mod lookahead;
mod muon;
mod nadam;
mod optimizer;
mod proximal;
mod radam;
mod resume;
mod rmsprop;
mod rprop;
mod rule;
mod sam;
pub mod schedule;
mod settings;
mod sgd;
mod whole;
mod wolfe;

pub use adadelta::{Adadelta, AdadeltaSettings};
pub use adafactor::{Adafactor, AdafactorSettings};
pub use adagrad::{Adagrad, AdagradSettings};
pub use adam::{Adam, AdamSettings, AdamW, AdamWSettings};
pub use adamax::{Adamax, AdamaxSettings};
pub use adan::{Adan, AdanSettings};
pub use asgd::{Asgd, AsgdSettings};
pub use average::Average;
pub use clip::{ClipNorm, clip_each_grad_norm, clip_grad_norm, clip_grad_value, grad_norm};
pub use error::{Error, Misfit, Result};
pub use lamb::{Lamb, LambSettings};
pub use lars::{Lars, LarsSettings};
pub use lbfgs::Lbfgs;
pub use lion::{Lion, LionSettings};
pub use lookahead::Lookahead;
pub use muon::{Muon, MuonSettings};
pub use nadam::{NAdam, NAdamSettings};
pub use optimizer::Optimizer;
pub use proximal::ProximalStep;
pub use radam::{RAdam, RAdamSettings};
pub use resume::Resumable;
pub use rmsprop::{RmsProp, RmsPropSettings};
pub use rprop::{Rprop, RpropSettings};
pub use sam::Sam;
#[doc(hidden)]
pub use settings::shown;
pub use sgd::{GradientDescent, Sgd, SgdSettings};
pub use wengert_files::{Loader, Resume, State};
