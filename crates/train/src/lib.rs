//! Helpers of the training loop. The loop is five lines, which [`train_epoch`] runs for each batch; every helper can be left out.
//!
//! | to | see |
//! |---|---|
//! | run one epoch, or evaluate | [`train_epoch`], [`evaluate`] |
//! | stop in time, with the best weights | [`EarlyStopping`] |
//! | save a run, and continue it with the same bits | [`Checkpoint`], [`Checkpoints`] |
//! | see progress | [`Progress`] |
//! | have all of this as one object | [`Trainer`] |
//! | add to its loop what you need | [`Companion`] |
//! | train on several losses at once | [`MultiTask`] |
//! | try many settings | [`sweep`](fn@sweep), [`Space`], [`Config`] |
//! | know what is wrong with a training | [`Doctor`] |
//! | find a learning rate | [`lr_range_test`], [`curvature`](fn@curvature) |
//!
//! ```
//! use wengert_data::{DataLoader, synth};
//! use wengert_loss::CrossEntropyLoss;
//! use wengert_nn::{Linear, Parts, Sequential, Tanh};
//! use wengert_optim::Adam;
//! use wengert_tensor::Rng;
//! use wengert_train::{EarlyStopping, evaluate, train_epoch};
//!
//! let (train, test) = synth::moons::<f32>(300, 0.1, 0).split(0.3, 0)?;
//! let (train_loader, test_loader) = (DataLoader::new(train, 30)?.shuffle(0), DataLoader::full(test)?);
//! let rng = &mut Rng::new(0);
//! let model = Sequential::new().with(Linear::new(2, 16, rng)).with(Tanh).with(Linear::new(16, 2, rng));
//! let criterion = CrossEntropyLoss::new();
//! let mut optimizer = Adam::new(model.parameters(), 0.02);
//! let mut stopping = EarlyStopping::new().loss_below(0.05).patience(5).epochs(60);
//!
//! for epoch in 0.. {
//!     train_epoch(&model, &criterion, &mut optimizer, &train_loader, epoch)?;
//!     let loss = evaluate(&model, &criterion, &test_loader)?;
//!     if let Some(stopped) = stopping.after(&model, loss)? {
//!         println!("{stopped}");
//!         break;
//!     }
//! }
//! assert!(evaluate(&model, &criterion, &test_loader)? < 0.2);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]

mod arguments;
mod cause;
mod checkpoint;
mod companion;
mod companions;
mod config;
mod curvature;
pub mod doctor;
mod epoch;
mod error;
mod fit;
mod held;
mod history;
mod notebook;
mod progress;
mod range;
mod run;
mod space;
mod stopping;
mod sweep;
mod table;
mod tasks;
mod trainer;

pub use cause::Cause;
pub use checkpoint::{Checkpoint, Checkpoints, Place};
pub use companion::{Companion, EpochEnd, Fit, Step};
pub use config::{Config, Setting};
pub use curvature::{Curvature, curvature};
pub use doctor::{Doctor, Fault};
pub use epoch::{batch_seed, evaluate, train_epoch, train_epoch_seeded};
pub use error::{Error, Result};
pub use history::{Epoch, History, MetricHistory, PenaltyHistory};
pub use progress::Progress;
pub use range::{RangeEnd, RangeTest, lr_range_test, lr_range_test_seeded};
pub use space::Space;
pub use stopping::{EarlyStopping, Stopped, Why};
pub use sweep::{SweepRow, SweepTable, sweep};
pub use tasks::{MultiTask, TaskLine, TaskReport};
pub use trainer::Trainer;
