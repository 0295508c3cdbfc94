//! What updates parameters from their gradients: optimisers, schedules of the learning rate, clipping, averages of weights.
//!
//! | PyTorch | here | | PyTorch | here |
//! |---|---|---|---|---|
//! | `SGD` | [`Sgd`] | | `NAdam` | [`NAdam`] |
//! | `Adagrad` | [`Adagrad`] | | `RAdam` | [`RAdam`] |
//! | `RMSprop` | [`RmsProp`] | | `Rprop` | [`Rprop`] |
//! | `Adam`, `amsgrad=True` | [`Adam`], [`.amsgrad()`](Adam::amsgrad) | | `ASGD` | [`Asgd`] |
//! | `AdamW` | [`AdamW`] | | `Adamax` | [`Adamax`] |
//! | `Adadelta` | [`Adadelta`] | | | |

#![forbid(unsafe_code)]

mod adadelta;
mod adagrad;
mod adam;
mod adamax;
mod asgd;
mod core;
mod error;
mod groups;
mod nadam;
mod optimizer;
mod radam;
mod rmsprop;
mod rprop;
mod rule;
mod settings;
mod sgd;

pub use adadelta::{Adadelta, AdadeltaSettings};
pub use adagrad::{Adagrad, AdagradSettings};
pub use adam::{Adam, AdamSettings, AdamW, AdamWSettings};
pub use adamax::{Adamax, AdamaxSettings};
pub use asgd::{Asgd, AsgdSettings};
pub use error::{Error, Result};
pub use nadam::{NAdam, NAdamSettings};
pub use optimizer::{Optimizer, State};
pub use radam::{RAdam, RAdamSettings};
pub use rmsprop::{RmsProp, RmsPropSettings};
pub use rprop::{Rprop, RpropSettings};
pub use sgd::{GradientDescent, Sgd, SgdSettings};
