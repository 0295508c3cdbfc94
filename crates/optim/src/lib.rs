//! What updates parameters from their gradients: optimisers, schedules of the learning rate, clipping, averages of weights.
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
//! | `lr_scheduler` | [`schedule`] | | | |

#![forbid(unsafe_code)]

mod adadelta;
mod adafactor;
mod adagrad;
mod adam;
mod adamax;
mod asgd;
mod average;
mod clip;
mod core;
mod error;
mod groups;
mod lbfgs;
mod nadam;
mod optimizer;
mod radam;
mod resume;
mod rmsprop;
mod rprop;
mod rule;
pub mod schedule;
mod settings;
mod sgd;
mod state;
mod wolfe;

pub use adadelta::{Adadelta, AdadeltaSettings};
pub use adafactor::{Adafactor, AdafactorSettings};
pub use adagrad::{Adagrad, AdagradSettings};
pub use adam::{Adam, AdamSettings, AdamW, AdamWSettings};
pub use adamax::{Adamax, AdamaxSettings};
pub use asgd::{Asgd, AsgdSettings};
pub use average::Average;
pub use clip::{ClipNorm, clip_each_grad_norm, clip_grad_norm, clip_grad_value, grad_norm};
pub use error::{Error, Misfit, Result};
pub use lbfgs::Lbfgs;
pub use nadam::{NAdam, NAdamSettings};
pub use optimizer::Optimizer;
pub use radam::{RAdam, RAdamSettings};
pub use resume::Resume;
pub use rmsprop::{RmsProp, RmsPropSettings};
pub use rprop::{Rprop, RpropSettings};
pub use sgd::{GradientDescent, Sgd, SgdSettings};
pub use state::{Loader, State};
