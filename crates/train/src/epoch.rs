//! The five lines of the loop as a function, and the same without learning.

use std::panic::Location;

use wengert_autograd::{Line, Tape};
use wengert_data::{DataLoader, Dataset, metrics::RunningMean};
use wengert_loss::Loss;
use wengert_nn::Module;
use wengert_optim::Optimizer;
use wengert_tensor::{Element, Float, Tensor};

use crate::{Cause, Error, Result};

/// One round over the data, and the mean loss of its samples while the weights moved. It is this and no more:
///
/// ```text
/// for (inputs, targets) in loader.epoch(epoch) {
///     let tape = Tape::new();
///     optimizer.zero_grad();
///     let outputs = model.forward(tape.constant(inputs))?;
///     let loss = criterion.forward(outputs, &targets)?;
///     loss.backward()?;
///     optimizer.step()?;
/// }
/// ```
///
/// A model that draws at random, as dropout does, needs a seed: [`train_epoch_seeded`].
///
/// # Errors
/// As the lines that it is made of; and [`Error::NotFinite`] if the loss of a batch is not finite, which says whether the
/// data, a parameter or the learning rate is to blame. No step was made with that batch.
#[track_caller]
pub fn train_epoch<T, Y, D, L>(
    model: &(impl Module<T> + ?Sized),
    criterion: &L,
    optimizer: &mut (impl Optimizer<T> + ?Sized),
    loader: &DataLoader<D>,
    epoch: usize,
) -> Result<f64>
where
    T: Float,
    Y: Element,
    D: Dataset<Batch = (Tensor<T>, Tensor<Y>)>,
    L: for<'t, 'a> Loss<'t, T, &'a Tensor<Y>>,
{
    let round = Round { epoch, seed: None, at: Location::caller() };
    round.run(model, criterion, optimizer, loader).map_err(|error| error.on_line(round.at))
}

/// [`train_epoch`] for a model that draws at random, as dropout does. The draws are a function of the seed, the epoch and
/// the batch's place in it ([`batch_seed`]): an epoch after a restart is the epoch that it would have been, and another seed
/// gives other masks.
///
/// # Errors
/// As [`train_epoch`].
#[track_caller]
pub fn train_epoch_seeded<T, Y, D, L>(
    model: &(impl Module<T> + ?Sized),
    criterion: &L,
    optimizer: &mut (impl Optimizer<T> + ?Sized),
    loader: &DataLoader<D>,
    epoch: usize,
    seed: u64,
) -> Result<f64>
where
    T: Float,
    Y: Element,
    D: Dataset<Batch = (Tensor<T>, Tensor<Y>)>,
    L: for<'t, 'a> Loss<'t, T, &'a Tensor<Y>>,
{
    let round = Round { epoch, seed: Some(seed), at: Location::caller() };
    round.run(model, criterion, optimizer, loader).map_err(|error| error.on_line(round.at))
}

/// The seed of a batch's tape in [`train_epoch_seeded`], for a loop of your own that is to draw the same:
/// `Tape::new().seeded(batch_seed(seed, epoch, batch))`. Epochs and batches count from 0.
pub fn batch_seed(seed: u64, epoch: usize, batch: usize) -> u64 {
    // SplitMix64's steps: neighbouring numbers give unrelated ones.
    let mix = |x: u64| {
        let x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    };
    mix(mix(mix(seed) ^ epoch as u64) ^ batch as u64)
}

/// An epoch to be run.
pub(crate) struct Round {
    pub(crate) epoch: usize,
    pub(crate) seed: Option<u64>,
    pub(crate) at: Line,
}

impl Round {
    #[track_caller]
    pub(crate) fn run<T, Y, D, L>(
        &self,
        model: &(impl Module<T> + ?Sized),
        criterion: &L,
        optimizer: &mut (impl Optimizer<T> + ?Sized),
        loader: &DataLoader<D>,
    ) -> Result<f64>
    where
        T: Float,
        Y: Element,
        D: Dataset<Batch = (Tensor<T>, Tensor<Y>)>,
        L: for<'t, 'a> Loss<'t, T, &'a Tensor<Y>>,
    {
        let mut running_loss = RunningMean::new();
        for (batch, (inputs, targets)) in loader.epoch(self.epoch).enumerate() {
            let tape = match self.seed {
                Some(seed) => Tape::new().seeded(batch_seed(seed, self.epoch, batch)),
                None => Tape::new(),
            };
            optimizer.zero_grad();
            let outputs = model.forward(tape.constant(inputs.clone()))?;
            let loss = criterion.forward(outputs, &targets)?;
            let value = loss.item()?.to_f64();
            if !value.is_finite() {
                let found = Cause::in_batch(&inputs, &targets);
                let cause = found.unwrap_or_else(|| Cause::of_training(optimizer));
                return Err(self.not_finite(value, batch, cause, optimizer.learning_rate()));
            }
            loss.backward()?;
            optimizer.step()?;
            running_loss.add(value, samples(&inputs));
        }
        Ok(running_loss.mean())
    }

    /// The error of a batch, counted from 0.
    #[cold]
    pub(crate) fn not_finite(
        &self,
        loss: f64,
        batch: usize,
        cause: Cause,
        learning_rate: f64,
    ) -> Error {
        let (epoch, batch) = (self.epoch + 1, batch + 1);
        Error::NotFinite { loss, epoch, batch, cause, learning_rate, at: self.at }
    }
}

/// The mean loss of a loader's samples, in evaluation mode, with nothing recorded.
///
/// # Errors
/// As the forward pass and the loss.
#[track_caller]
pub fn evaluate<T, Y, D, L>(
    model: &(impl Module<T> + ?Sized),
    criterion: &L,
    loader: &DataLoader<D>,
) -> Result<f64>
where
    T: Float,
    Y: Element,
    D: Dataset<Batch = (Tensor<T>, Tensor<Y>)>,
    L: for<'t, 'a> Loss<'t, T, &'a Tensor<Y>>,
{
    let at = Location::caller();
    let mut running_loss = RunningMean::new();
    for (inputs, targets) in loader.epoch(0) {
        let one = || -> Result<f64> {
            let tape = Tape::no_grad();
            let outputs = model.forward(tape.constant(inputs.clone()))?;
            Ok(criterion.forward(outputs, &targets)?.item()?.to_f64())
        };
        running_loss.add(one().map_err(|error| error.on_line(at))?, samples(&inputs));
    }
    Ok(running_loss.mean())
}

fn samples<T: Float>(inputs: &Tensor<T>) -> usize {
    inputs.shape().first().copied().unwrap_or(1)
}
