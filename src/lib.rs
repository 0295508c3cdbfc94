//! A minimal tensor framework with reverse-mode autograd: to build small networks on a CPU, to learn how
//! backpropagation works, and to check gradients. It depends on no other framework.
//!
//! ```
//! use wengert::prelude::*;
//!
//! // A line, found by gradient descent.
//! let data = wengert::data::synth::linear(100, 3.0, 4.0, 0.5, 0);
//! let loader = DataLoader::new(data, 20)?.shuffle(0);
//! let model = Linear::new(1, 1, &mut Rng::new(0));
//! let criterion = MseLoss::new();
//! let mut optimizer = Sgd::new(model.parameters(), 0.01);
//! let mut running_loss = RunningMean::new();
//!
//! for epoch in 0..200 {
//!     for (inputs, targets) in loader.epoch(epoch) {
//!         let tape = Tape::new();
//!         optimizer.zero_grad();
//!         let outputs = model.call(tape.constant(inputs))?;
//!         let loss = criterion.forward(outputs, &targets)?;
//!         loss.backward()?;
//!         optimizer.step()?;
//!         running_loss.add(loss.item()?, targets.len());
//!     }
//!     let _epoch_loss = running_loss.take();
//! }
//! let (w, b) = (model.weight.value().item()?, model.bias.as_ref().unwrap().value().item()?);
//! assert!((w - 3.0).abs() < 0.1 && (b - 4.0).abs() < 0.2, "{w} {b}");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Each crate is a module here. The [`prelude`] fixes `f32`, and [`prelude64`] fixes `f64`.
//!
//! | to | see |
//! |---|---|
//! | compute with tensors | [`tensor`] |
//! | record ops and take gradients | [`autograd`]; how it works, [`autograd::lesson`] |
//! | look up an op: formula, domain, kinks, an example | [`cards`] |
//! | find where digits are lost | [`autograd::Tape::precision`] |
//! | see a pass, step by step | [`viz::Inspect`] |
//! | check a gradient | [`autograd::gradcheck`] |
//! | build a model | [`nn`], [`nn::Module`] |
//! | choose a loss | [`loss`], which has a table by target |
//! | choose an optimiser or a schedule | [`optim`], [`optim::schedule`] |
//! | read, split and batch data; measure predictions | [`data`], [`data::metrics`] |
//! | train with less code | [`train::Trainer`] |
//! | save and load | [`nn::save`], [`nn::load`]; a whole run, [`train::Checkpoints`] |
//! | draw losses and tapes | [`viz`] |
//! | watch a training in TensorBoard or Visdom | [`board::TbWriter`], [`board::Visdom`] |
//! | use a model elsewhere: ONNX | [`onnx::export`], [`onnx::import`] |
//! | write a file safely; make something part of a checkpoint | [`files`] |
//!
//! The feature `gz`, on by default, reads gzip files and deflated members of `.npz`. Without it `flate2` is not compiled, and such a
//! file is an error that names the feature.

#[doc(inline)]
pub use wengert_autograd as autograd;
#[doc(inline)]
pub use wengert_autograd::{Card, card_names, cards};
#[doc(inline)]
pub use wengert_board as board;
#[doc(inline)]
pub use wengert_data as data;
#[doc(inline)]
pub use wengert_files as files;
#[doc(inline)]
pub use wengert_loss as loss;
#[doc(inline)]
pub use wengert_nn as nn;
#[doc(inline)]
pub use wengert_onnx as onnx;
#[doc(inline)]
pub use wengert_optim as optim;
#[doc(inline)]
pub use wengert_tensor as tensor;
#[doc(inline)]
pub use wengert_train as train;
#[doc(inline)]
pub use wengert_viz as viz;

mod aliases;
pub mod prelude;
pub mod prelude64;

/// The programs of the README and of the pages in docs are tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
#[doc = include_str!("../docs/pytorch.md")]
#[doc = include_str!("../docs/conventions.md")]
#[doc = include_str!("../docs/promises.md")]
#[doc = include_str!("../docs/tutorials.md")]
#[doc = include_str!("../docs/reach.md")]
struct Pages;
