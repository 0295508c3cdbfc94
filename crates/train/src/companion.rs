//! `Companion`: what goes along with a training loop, and is called between its lines.

use std::fmt;

use wengert_autograd::{Line, Tape, Var, Who};
use wengert_nn::Parts;
use wengert_optim::{Optimizer, Resume};
use wengert_tensor::Float;

use crate::{Epoch, History, Result, Stopped, Why};

/// A companion of a [`Trainer`](crate::Trainer)'s loop: a schedule, clipping, early stopping, or one of your own, added by
/// [`with`](crate::Trainer::with). It writes the hooks that it needs; the others do nothing.
///
/// ```text
/// before_fit
/// for each epoch
///     for each batch
///         zero_grad, forward, loss, backward
///         before_step
///         step
///         after_step               (or not_finite, if the loss or a gradient is not)
///     validation
///     after_epoch
/// after_fit
/// ```
///
/// Companions are called in the order in which they were added. This one prints the length of each gradient:
///
/// ```
/// use wengert_train::{Companion, Result, Step};
///
/// struct GradientNorms;
///
/// impl Companion<f32> for GradientNorms {
///     fn before_step(&mut self, step: &mut Step<'_, f32>) -> Result<()> {
///         for (name, p) in step.model.named_parameters() {
///             println!("{name}: {}", wengert_optim::grad_norm(&[p])?);
///         }
///         Ok(())
///     }
/// }
/// # use wengert_data::{DataLoader, synth};
/// # use wengert_nn::{Linear, Parts};
/// # let model = Linear::<f32>::new(1, 1, &mut wengert_tensor::Rng::new(0));
/// # let (criterion, mut optimizer) = (wengert_loss::MseLoss::new(), wengert_optim::Sgd::new(model.parameters(), 0.01));
/// # let loader = DataLoader::full(synth::linear(9, 3.0, 4.0, 0.5, 0))?;
/// # use wengert_train::Trainer;
///
/// Trainer::new(&model, &criterion, &mut optimizer).with(GradientNorms).fit(&loader, 1)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// One that is to be read afterwards is lent: `.with(&mut norms)`.
pub trait Companion<T: Float> {
    /// Before the first epoch of a `fit`.
    ///
    /// # Errors
    /// Ends the training; as with the other hooks, `fit` returns the error.
    fn before_fit(&mut self, _fit: &Fit) -> Result<()> {
        Ok(())
    }

    /// After `backward` and before the optimiser's step: the gradients are there and can be changed, and so can the learning
    /// rate.
    ///
    /// # Errors
    /// Ends the training before the step.
    fn before_step(&mut self, _step: &mut Step<'_, T>) -> Result<()> {
        Ok(())
    }

    /// After the optimiser's step.
    ///
    /// # Errors
    /// Ends the training after the step.
    fn after_step(&mut self, _step: &mut Step<'_, T>) -> Result<()> {
        Ok(())
    }

    /// When the loss of a step or a gradient is not finite: the step is not made, and unless a companion has better weights `fit` ends with
    /// an error. The tape still holds the op that made it.
    fn not_finite(&mut self, _step: &mut Step<'_, T>) {}

    /// After an epoch and its validation.
    ///
    /// # Errors
    /// Ends the training.
    fn after_epoch(&mut self, _end: &mut EpochEnd<'_, T>) -> Result<()> {
        Ok(())
    }

    /// After the last epoch of a `fit`, when each companion's [`after_epoch`](Self::after_epoch) is done and the checkpoint is
    /// written.
    ///
    /// # Errors
    /// `fit` returns it.
    fn after_fit(&mut self, _end: &mut EpochEnd<'_, T>) -> Result<()> {
        Ok(())
    }

    /// The name in the print of a trainer: the type's name, unless it is said otherwise.
    fn describe(&self) -> String {
        Who::of(self).kind().to_string()
    }

    /// The state that the next steps depend on, to be saved in a [`Checkpoint`](crate::Checkpoint): `Some(self)` for a companion that
    /// remembers and implements [`Resume`].
    fn memory(&mut self) -> Option<&mut dyn Resume<T>> {
        None
    }

    /// Whether its [`after_fit`](Self::after_fit) gives the model better weights if the loss is not finite. Then that ends the
    /// training, and is no error.
    fn has_better_weights(&self) -> bool {
        false
    }
}

/// The training that is about to begin.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Fit {
    /// The number of epochs that are done.
    pub epochs_done: usize,
    /// The number of epochs to come.
    pub epochs: usize,
    /// The number of batches of an epoch.
    pub batches: usize,
    /// The number of batches of the first epoch that are done: not 0 after an interruption.
    pub batches_done: usize,
    /// The line of the program that asked for it.
    pub at: Line,
}

/// A step, as a [`Companion`] sees it.
#[non_exhaustive]
pub struct Step<'s, T: Float> {
    /// The history so far.
    pub tape: &'s Tape<T>,
    /// The loss of the data, on the tape.
    pub loss: Var<'s, T>,
    /// Its value, which is finite but in [`not_finite`](Companion::not_finite).
    pub loss_value: f64,
    /// The objective, of which the gradients are: the loss plus the [penalties](crate::Trainer::penalty).
    pub objective: Var<'s, T>,
    /// Its value, which is finite.
    pub objective_value: f64,
    /// The parts of the model.
    pub model: &'s dyn Parts<T>,
    /// The optimiser, with the parameters and their gradients; its learning rate can be changed.
    pub optimizer: &'s mut dyn Optimizer<T>,
    /// The epoch, from 0.
    pub epoch: usize,
    /// The batch in it, from 0.
    pub batch: usize,
    /// The step, counted over all epochs from 0.
    pub step: usize,
    pub(crate) stop: &'s mut bool,
}

impl<T: Float> Step<'_, T> {
    /// Ends `fit` after this step, in mid-epoch. The weights stay as they are; another `fit`, or a trainer that goes on from
    /// this one's [`checkpoint`](crate::Trainer::checkpoint), begins with the next batch.
    pub fn stop(&mut self) {
        *self.stop = true;
    }
}

/// The end of an epoch, as a [`Companion`] sees it.
#[non_exhaustive]
pub struct EpochEnd<'s, T: Float> {
    /// The measurements.
    pub epoch: &'s Epoch,
    /// All epochs of this training, with this one.
    pub history: &'s History,
    /// The parts of the model.
    pub model: &'s dyn Parts<T>,
    /// The optimiser; its learning rate can be changed.
    pub optimizer: &'s mut dyn Optimizer<T>,
    /// The reason why training ends with this epoch, if it does.
    pub stopped: &'s mut Option<Stopped>,
}

impl<T: Float> EpochEnd<'_, T> {
    /// Ends the training with this epoch.
    pub fn stop(&mut self) {
        self.stop_because(Why::Companion);
    }

    pub(crate) fn stop_because(&mut self, why: Why) {
        self.stopped.get_or_insert(Stopped::of(why, self.history, self.epoch.number));
    }
}

impl<T: Float> fmt::Debug for Step<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { epoch, batch, step, loss_value, .. } = self;
        write!(f, "step {step} (epoch {epoch}, batch {batch}), loss {loss_value}")
    }
}

impl<T: Float> fmt::Debug for EpochEnd<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "end of: {}", self.epoch)
    }
}

macro_rules! by_reference {
    ($($holder:ty),*) => {$(
        impl<T: Float, C: Companion<T> + ?Sized> Companion<T> for $holder {
            fn before_fit(&mut self, fit: &Fit) -> Result<()> {
                (**self).before_fit(fit)
            }
            fn before_step(&mut self, step: &mut Step<'_, T>) -> Result<()> {
                (**self).before_step(step)
            }
            fn after_step(&mut self, step: &mut Step<'_, T>) -> Result<()> {
                (**self).after_step(step)
            }
            fn not_finite(&mut self, step: &mut Step<'_, T>) {
                (**self).not_finite(step);
            }
            fn after_epoch(&mut self, end: &mut EpochEnd<'_, T>) -> Result<()> {
                (**self).after_epoch(end)
            }
            fn after_fit(&mut self, end: &mut EpochEnd<'_, T>) -> Result<()> {
                (**self).after_fit(end)
            }
            fn describe(&self) -> String {
                (**self).describe()
            }
            fn memory(&mut self) -> Option<&mut dyn Resume<T>> {
                (**self).memory()
            }
            fn has_better_weights(&self) -> bool {
                (**self).has_better_weights()
            }
        }
    )*};
}
by_reference!(&mut C, Box<C>);
