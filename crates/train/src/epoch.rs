//! The five lines of the loop as a function, and the same without learning.

use wengert_autograd::Tape;
use wengert_data::{DataLoader, Dataset, metrics::RunningMean};
use wengert_loss::Loss;
use wengert_nn::Module;
use wengert_optim::Optimizer;
use wengert_tensor::{Element, Float, Tensor};

use crate::Result;

/// One round over the data, and the mean loss of its samples while the weights moved. It is this and no more:
///
/// ```text
/// for (inputs, targets) in loader.epoch(epoch) {
///     let tape = Tape::new();
///     optimizer.zero_grad();
///     let outputs = model.call(tape.constant(inputs))?;
///     let loss = criterion.forward(outputs, &targets)?;
///     loss.backward()?;
///     optimizer.step()?;
/// }
/// ```
///
/// What is random on the tapes (dropout) is seeded by the epoch and the batch's place in it, so that an epoch after a
/// restart is the epoch that it would have been.
///
/// # Errors
/// As the lines that it is made of.
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
    let mut running_loss = RunningMean::new();
    for (place, (inputs, targets)) in loader.epoch(epoch).enumerate() {
        let count = samples(&inputs);
        let tape = Tape::new().seeded(((epoch as u64) << 32) ^ place as u64);
        optimizer.zero_grad();
        let outputs = model.call(tape.constant(inputs))?;
        let loss = criterion.forward(outputs, &targets)?;
        loss.backward()?;
        optimizer.step()?;
        running_loss.add(loss.item()?.to_f64(), count);
    }
    Ok(running_loss.take())
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
    let mut running_loss = RunningMean::new();
    for (inputs, targets) in loader.epoch(0) {
        let count = samples(&inputs);
        let tape = Tape::no_grad();
        let outputs = model.call(tape.constant(inputs))?;
        let loss = criterion.forward(outputs, &targets)?;
        running_loss.add(loss.item()?.to_f64(), count);
    }
    Ok(running_loss.take())
}

fn samples<T: Float>(inputs: &Tensor<T>) -> usize {
    inputs.shape().first().copied().unwrap_or(1)
}
