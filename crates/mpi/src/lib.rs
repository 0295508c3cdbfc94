//! Training on several processes, of one machine or of many, by MPI.
//!
//! Each process, a *rank*, runs the same program on its own part of each batch. The loop of one process gets one more line, between
//! `backward` and `step`:
//!
//! ```
//! use wengert::prelude::*;
//! use wengert_mpi::World;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let world = World::new()?;
//! let (train, test) = wengert::data::digits().stratified_split(0.2, 0)?;
//! let train_loader = world.shard(DataLoader::new(train, 32)?.shuffle(0))?;
//! let rng = &mut Rng::new(0);
//! let model = sequential![Linear::new(64, 32, rng), Relu, Linear::new(32, 10, rng)];
//! world.broadcast(&model)?;
//! let criterion = CrossEntropyLoss::new();
//! let mut optimizer = Adam::new(model.parameters(), 0.01);
//! let mut running_loss = RunningMean::new();
//! for epoch in 0..2 {
//!     for (inputs, labels) in train_loader.epoch(epoch) {
//!         let tape = Tape::new();
//!         optimizer.zero_grad();
//!         let loss = criterion.forward(model.call(tape.constant(inputs))?, &labels)?;
//!         loss.backward()?;
//!         world.average_gradients(&optimizer)?; // the line
//!         optimizer.step()?;
//!         running_loss.add(loss.item()?, labels.len());
//!     }
//!     let mean = world.mean(&mut running_loss)?;
//!     if world.is_first() {
//!         println!("Epoch {}, loss: {mean:.3}", epoch + 1);
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! ```sh
//! mpirun -n 4 target/release/program
//! ```
//!
//! | to | see |
//! |---|---|
//! | begin from the same weights | [`World::broadcast`] |
//! | give each rank its batches | [`World::shard`] |
//! | average gradients, also of several batches | [`World::average_gradients`], [`World::collect_gradients`] |
//! | measure over all ranks | [`World::mean`], [`World::sum`], [`World::gather`] |
//! | save once, and resume everywhere | [`World::save`], [`World::resume`] |
//! | train by a `Trainer` | `.with(&world)`, before what reads the gradients |
//!
//! # What is promised
//!
//! **The bits.** N ranks with batches of b samples give the weights of one process that adds up the gradients of N such batches by N
//! calls of `backward` and divides by N, on the same kind of processor. The sum is taken in the order of the ranks; MPI's own
//! reductions promise no order.
//!
//! **No hang.** All ranks must make the same calls of a world in the same order. If one leaves earlier, by an error, a panic or its
//! end, or makes another call, each other rank's call returns an error that names it. If a rank dies or stops, `mpirun` ends the others;
//! where it does not see that, the rank after it does, by silence, and ends all.

#![forbid(unsafe_code)]

mod broadcast;
mod checkpoint;
mod companion;
mod error;
mod gradients;
mod link;
mod metrics;
mod number;
mod pulse;
mod world;

pub use error::{Error, Result};
pub use number::Number;
pub use world::World;
