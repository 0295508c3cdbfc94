//! The five lines of the loop as a function, and the same without learning.

use std::panic::Location;

use wengert_autograd::{Line, Tape, Tensors, Var};
use wengert_data::{DataLoader, Dataset, metrics::RunningMean};
use wengert_loss::Loss;
use wengert_nn::Module;
use wengert_optim::Optimizer;
use wengert_tensor::Float;

use crate::{Cause, Error, Result, Trainer};

/// One round over the data, and the mean loss of its samples while the weights moved. It is this and no more, a
/// [`Trainer`]'s loop without companions:
///
/// ```text
/// for (inputs, targets) in loader.epoch(epoch) {
///     let tape = Tape::new();
///     optimizer.zero_grad();
///     let outputs = model.call(tape.input(inputs))?;
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
pub fn train_epoch<T: Float, X: Tensors, Y: Tensors, P: Tensors>(
    model: &(impl Module<T, X, P> + ?Sized),
    criterion: &impl for<'t, 'a> Loss<'t, T, &'a Y, P>,
    optimizer: &mut dyn Optimizer<T>,
    loader: &DataLoader<impl Dataset<Batch = (X, Y)>>,
    epoch: usize,
) -> Result<f64> {
    let trainer = Trainer::new(model, criterion, optimizer).epochs_done(epoch);
    trainer.only_the_steps(loader, Location::caller())
}

/// [`train_epoch`] for a model that draws at random, as dropout does. The draws are a function of the seed, the epoch and
/// the batch's place in it ([`batch_seed`]): an epoch after a restart is the epoch that it would have been, and another seed
/// gives other masks.
///
/// # Errors
/// As [`train_epoch`].
#[track_caller]
pub fn train_epoch_seeded<T: Float, X: Tensors, Y: Tensors, P: Tensors>(
    model: &(impl Module<T, X, P> + ?Sized),
    criterion: &impl for<'t, 'a> Loss<'t, T, &'a Y, P>,
    optimizer: &mut dyn Optimizer<T>,
    loader: &DataLoader<impl Dataset<Batch = (X, Y)>>,
    epoch: usize,
    seed: u64,
) -> Result<f64> {
    let trainer = Trainer::new(model, criterion, optimizer).epochs_done(epoch).seed(seed);
    trainer.only_the_steps(loader, Location::caller())
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

/// The loss of a batch: the inputs go onto the tape, through the model and into the loss.
#[track_caller]
pub(crate) fn loss_on<'t, T: Float, X: Tensors, Y: Tensors, P: Tensors>(
    tape: &'t Tape<T>,
    model: &(impl Module<T, X, P> + ?Sized),
    criterion: &impl for<'l, 'a> Loss<'l, T, &'a Y, P>,
    inputs: X,
    targets: &Y,
) -> wengert_autograd::Result<Var<'t, T>> {
    let outputs = Var::pack(model.call(tape.input(inputs).unpack())?)?;
    criterion.forward(outputs, targets)
}

/// The value of a loss, in the name of `verb`.
///
/// # Errors
/// If it is not a single number.
#[track_caller]
pub(crate) fn value_of<T: Float>(
    verb: &'static str,
    loss: Var<'_, T>,
) -> wengert_autograd::Result<f64> {
    let shape = loss.shape();
    if shape.iter().product::<usize>() != 1 {
        let (shape, at) = (shape.to_vec(), Location::caller());
        return Err(wengert_autograd::Error::NotScalar { verb, shape, at });
    }
    Ok(loss.item()?.to_f64())
}

/// A number that tells whether an epoch has the same samples in the same batches.
pub(crate) fn fingerprint<D: Dataset>(loader: &DataLoader<D>, epoch: usize) -> u64 {
    let sizes = [loader.batch_size(), loader.samples()];
    let numbers = loader.order(epoch).into_iter().chain(sizes);
    numbers.fold(0, |sum, n| batch_seed(sum, n, 0))
}

/// The tape of a batch.
pub(crate) fn tape_of<T: Float>(seed: Option<u64>, epoch: usize, batch: usize) -> Tape<T> {
    match seed {
        Some(seed) => Tape::new().seeded(batch_seed(seed, epoch, batch)),
        None => Tape::new(),
    }
}

/// The error of a batch. Epoch and batch count from 0 here, and from 1 in the error.
#[cold]
pub(crate) fn not_finite(
    loss: f64,
    epoch: usize,
    batch: usize,
    cause: Cause,
    learning_rate: f64,
    at: Line,
) -> Error {
    Error::NotFinite { loss, epoch: epoch + 1, batch: batch + 1, cause, learning_rate, at }
}

/// The mean loss of a loader's samples, in evaluation mode, with nothing recorded.
///
/// # Errors
/// As the dataset, the forward pass and the loss.
#[track_caller]
pub fn evaluate<T: Float, X: Tensors, Y: Tensors, P: Tensors>(
    model: &(impl Module<T, X, P> + ?Sized),
    criterion: &impl for<'t, 'a> Loss<'t, T, &'a Y, P>,
    loader: &DataLoader<impl Dataset<Batch = (X, Y)>>,
) -> Result<f64> {
    let at = Location::caller();
    let mut running_loss = RunningMean::new();
    for batch in loader.try_epoch(0) {
        let (inputs, targets) = batch?;
        let samples = inputs.samples();
        let one = || -> Result<f64> {
            let tape = Tape::no_grad();
            Ok(value_of("evaluate", loss_on(&tape, model, criterion, inputs, &targets)?)?)
        };
        running_loss.add(one().map_err(|error| error.on_line(at))?, samples);
    }
    Ok(running_loss.mean())
}
