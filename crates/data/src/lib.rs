//! Data for training: data sets, loaders of batches, readers and writers of files, and metrics of predictions. This crate knows
//! nothing of gradients.
//!
//! A [`DataLoader`] takes samples from a [`Dataset`] and returns them in batches, in an order that is a function of seed and
//! epoch:
//!
//! ```
//! use wengert_data::{DataLoader, digits};
//!
//! let (train, test) = digits::<f32>().stratified_split(0.2, 0)?;
//! let train_loader = DataLoader::new(train, 32)?.shuffle(0);
//! for epoch in 0..2 {
//!     for (inputs, labels) in train_loader.epoch(epoch) {
//!         assert_eq!(inputs.shape(), [labels.len(), 64]);
//!     }
//! }
//! # assert_eq!(test.len(), 359);
//! # Ok::<(), wengert_data::Error>(())
//! ```
//!
//! | to | see |
//! |---|---|
//! | hold samples | [`TensorDataset`], or your own [`Dataset`] |
//! | get them in batches | [`DataLoader`] |
//! | change samples at random | [`DataLoader::mapped`] |
//! | hold out some | [`TensorDataset::split`], [`k_fold`](TensorDataset::k_fold), module [`split`] |
//! | bring columns to one scale | [`Standardizer`], [`MinMax`] |
//! | read and write | [`Csv`] and [`Table`], [`npy`], [`npz`], [`idx`] |
//! | begin without a file | [`synth`], [`digits`], [`iris`], [`wine`] |
//! | take any of these by its name | [`by_name`](fn@by_name) |
//! | check them before training | [`check`], [`check_split`] |
//! | measure predictions | [`metrics`] |
//!
//! The feature `gz`, on by default, reads gzip files and deflated members of `.npz`.

#![forbid(unsafe_code)]

mod array;
mod builtin;
mod by_name;
mod bytes;
mod check;
mod classes;
mod csv;
mod dataset;
mod epoch;
pub mod error;
pub mod idx;
mod loader;
mod mapped;
pub mod metrics;
pub mod npy;
pub mod npz;
mod order;
mod padded;
mod rng;
mod rows;
mod scale;
pub mod split;
pub mod synth;
mod table;
mod tensor_dataset;

pub use array::Array;
pub use builtin::{digits, iris, wine};
pub use by_name::by_name;
pub use check::{Finding, Report, check, check_split};
pub use csv::Csv;
pub use dataset::Dataset;
pub use epoch::{Epoch, TryEpoch};
pub use error::{Error, Fault, Place, Result};
pub use loader::DataLoader;
pub use mapped::{Mapped, Samples};
pub use padded::padded;
pub use scale::{MinMax, Standardizer};
pub use table::{Column, Table};
pub use tensor_dataset::TensorDataset;
