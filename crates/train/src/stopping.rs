//! `EarlyStopping`: when to stop, and the best weights back where the last ones are worse.

mod by;
mod in_trainer;
mod stopped;

use std::fmt;
use std::panic::Location;

use wengert_files::State;
use wengert_nn::Parts;
use wengert_optim::grad_norm;
use wengert_tensor::Float;

use crate::Result;
use crate::companions::refuse;
use by::{Best, By};
pub use stopped::{Stopped, Why};

/// Watches a loss from epoch to epoch, keeps the weights that were best, and says when it is time to stop; then the model has
/// the best weights again, to the bit.
///
/// You choose the loss; the loss of held-out samples tells whether more training would help.
///
/// ```
/// use wengert_nn::{Linear, Parts};
/// use wengert_tensor::{Rng, Tensor};
/// use wengert_train::{EarlyStopping, Why};
///
/// let model = Linear::<f32>::new(2, 1, &mut Rng::new(0));
/// let mut stopping = EarlyStopping::new().patience(2);
/// assert!(stopping.after(&model, 0.5)?.is_none());
/// let best = model.state();
/// for worse in [0.6, 0.7] {
///     model.weight.set(Tensor::full([1, 2], worse as f32)); // training goes on
///     if let Some(stopped) = stopping.after(&model, worse)? {
///         assert_eq!((stopped.why, stopped.epoch, stopped.best_epoch), (Why::NoImprovement(2), 3, 1));
///         assert_eq!(stopped.to_string(), "stopped after epoch 3: no improvement for 2 epochs; the weights are those of epoch 1, loss 0.5");
///     }
/// }
/// assert_eq!(model.state(), best);
/// # Ok::<(), wengert_train::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct EarlyStopping<T: Float> {
    loss_below: Option<f64>,
    grad_norm_below: Option<f64>,
    epochs: Option<usize>,
    patience: Option<usize>,
    min_delta: f64,
    keep_last: bool,
    epoch: usize,
    /// The score that the next must be below, by `min_delta`, to count as an improvement; and the epoch that set it.
    mark: (f64, usize),
    best: Option<Best<T>>,
    /// The metric that it goes by in a trainer, in place of the loss.
    by: Option<By>,
    /// The condition that ends a trainer's `fit`.
    fired: Option<Why>,
}

impl<T: Float> Default for EarlyStopping<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Float> EarlyStopping<T> {
    /// Stops at nothing but a loss that is not finite.
    pub fn new() -> Self {
        Self {
            loss_below: None,
            grad_norm_below: None,
            epochs: None,
            patience: None,
            min_delta: 0.0,
            keep_last: false,
            epoch: 0,
            mark: (f64::INFINITY, 0),
            best: None,
            by: None,
            fired: None,
        }
    }

    /// Stops as soon as the loss is below this.
    pub fn loss_below(mut self, threshold: f64) -> Self {
        self.loss_below = Some(threshold);
        self
    }

    /// Stops as soon as the gradient that the parameters hold, as one vector, is shorter than this: descent has come to where
    /// the loss is flat.
    ///
    /// It is the gradient of the last step, so it tells of all samples only if that step was over all of them; that of a small
    /// batch seldom becomes short. Clipping shortens it, and [`after`](Self::after) must come before `zero_grad`.
    ///
    /// ```
    /// use wengert_autograd::Tape;
    /// use wengert_nn::{Linear, Module, Parts};
    /// use wengert_optim::{Optimizer, Sgd};
    /// use wengert_tensor::{Rng, tensor};
    /// use wengert_train::{EarlyStopping, Why};
    ///
    /// let model = Linear::<f64>::new(1, 1, &mut Rng::new(0));
    /// let mut optimizer = Sgd::new(model.parameters(), 0.1);
    /// let mut stopping = EarlyStopping::new().grad_norm_below(1e-6);
    /// let stopped = loop {
    ///     let tape = Tape::new();
    ///     optimizer.zero_grad();
    ///     let y = model.call(tape.constant(tensor![[-1.0], [0.0], [1.0]]))?;
    ///     let loss = (y - &tensor![[1.0], [4.0], [7.0]]).square().mean();
    ///     loss.backward()?;
    ///     if let Some(stopped) = stopping.after(&model, loss.item()?)? {
    ///         break stopped;
    ///     }
    ///     optimizer.step()?;
    /// };
    /// assert_eq!(stopped.why, Why::GradNormBelow(1e-6));
    /// assert!((model.weight.value().item()? - 3.0).abs() < 1e-5);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn grad_norm_below(mut self, threshold: f64) -> Self {
        self.grad_norm_below = Some(threshold);
        self
    }

    /// Stops after so many epochs; 0 counts as 1.
    pub fn epochs(mut self, epochs: usize) -> Self {
        self.epochs = Some(epochs.max(1));
        self
    }

    /// Stops when the loss has not improved for so many epochs in a row; 0 counts as 1.
    pub fn patience(mut self, epochs: usize) -> Self {
        self.patience = Some(epochs.max(1));
        self
    }

    /// By how much a loss must fall to count as an improvement; 0 if it is not called.
    pub fn min_delta(mut self, delta: f64) -> Self {
        self.min_delta = delta;
        self
    }

    /// Leaves the last weights in the model, and keeps no others.
    pub fn keep_last(mut self) -> Self {
        self.keep_last = true;
        self
    }

    /// Stops after so many epochs more than there were, if it would not stop before.
    pub(crate) fn end_after(&mut self, epochs: usize) {
        let end = self.epoch + epochs;
        self.epochs = Some(self.epochs.filter(|&n| n > self.epoch).map_or(end, |n| n.min(end)));
    }

    /// Counts from an epoch, if it has not begun to count: for training that goes on where so many epochs are done.
    pub(crate) fn begin_after(&mut self, epochs: usize) {
        if self.epoch == 0 {
            (self.epoch, self.mark.1) = (epochs, epochs);
        }
    }

    /// Whether it has weights to go back to.
    pub(crate) fn has_best(&self) -> bool {
        self.best.is_some() && !self.keep_last
    }

    /// Tells of an epoch's loss, with the model as that epoch left it. Gives what fired, if it is time to stop; the model has
    /// the best weights (and buffers) then.
    ///
    /// # Errors
    /// If the model is not the one that earlier epochs told of; and, when the gradient is watched, if there is none or it is not
    /// finite.
    #[track_caller]
    pub fn after(
        &mut self,
        model: &(impl Parts<T> + ?Sized),
        loss: f64,
    ) -> Result<Option<Stopped>> {
        match self.why(model, loss, loss)? {
            Some(why) => self.stop(model, why).map(Some),
            None => Ok(None),
        }
    }

    /// The rule that a setting breaks: with such a setting training would stop at once, or never.
    fn broken(&self) -> Option<String> {
        let delta = Some(self.min_delta).filter(|delta| !(*delta >= 0.0 && delta.is_finite()));
        if let Some(delta) = delta {
            let rule = "must be finite, and not below 0";
            return Some(format!("EarlyStopping: `min_delta` is {delta}, and {rule}"));
        }
        let loss = self.loss_below.filter(|least| least.is_nan() || *least == f64::NEG_INFINITY);
        let norm = self.grad_norm_below.filter(|least| least.is_nan() || *least <= 0.0);
        let (name, least) = match (loss, norm) {
            (Some(least), _) => ("loss_below", least),
            (_, Some(least)) => ("grad_norm_below", least),
            _ => return None,
        };
        Some(format!("EarlyStopping: `{name}` is {least}, a threshold that nothing is below"))
    }

    /// Takes note of an epoch; gives the condition that it fulfils.
    #[track_caller]
    pub(crate) fn why(
        &mut self,
        model: &(impl Parts<T> + ?Sized),
        loss: f64,
        score: f64,
    ) -> Result<Option<Why>> {
        refuse(self.broken())?;
        self.epoch += 1;
        let epoch = self.epoch;
        let is_better = self.best.as_ref().is_none_or(|best| score < best.score);
        if loss.is_finite() && score.is_finite() && is_better {
            // A state shares the weights' memory until they are written next: keeping one copies nothing by itself.
            let state = if self.keep_last { State::new() } else { model.state() };
            self.best = Some(Best { epoch, loss, score, state });
        }
        if score < self.mark.0 - self.min_delta {
            self.mark = (score, epoch);
        }
        let flat = match self.grad_norm_below {
            Some(threshold) if loss.is_finite() => length(model)? < threshold,
            _ => false,
        };
        Ok(self.condition(loss, flat))
    }

    /// Gives the model the best weights, and says what has happened.
    #[track_caller]
    pub(crate) fn stop(&self, model: &(impl Parts<T> + ?Sized), why: Why) -> Result<Stopped> {
        let (best_epoch, best_loss) =
            self.best.as_ref().map_or((0, f64::NAN), |best| (best.epoch, best.loss));
        let mut restored = false;
        if let Some(best) = self.best.as_ref().filter(|_| !self.keep_last) {
            model.load_state(&best.state)?;
            restored = true;
        }
        Ok(Stopped { why, epoch: self.epoch, best_epoch, best_loss, restored })
    }

    /// The condition that this epoch fulfils.
    fn condition(&self, loss: f64, flat: bool) -> Option<Why> {
        if !loss.is_finite() {
            return Some(Why::NotFinite);
        }
        if let Some(threshold) = self.loss_below.filter(|&t| loss < t) {
            return Some(Why::LossBelow(threshold));
        }
        if let Some(threshold) = self.grad_norm_below.filter(|_| flat) {
            return Some(Why::GradNormBelow(threshold));
        }
        if let Some(patience) = self.patience.filter(|&p| self.epoch - self.mark.1 >= p) {
            return Some(Why::NoImprovement(patience));
        }
        self.epochs.filter(|&n| self.epoch >= n).map(Why::Epochs)
    }
}

/// The length of the gradient that a model's parameters hold. No gradient at all is not a short one.
#[track_caller]
fn length<T: Float>(model: &(impl Parts<T> + ?Sized)) -> Result<f64> {
    let parameters = model.parameters();
    if parameters.iter().all(|p| p.grad().is_none()) {
        let rule = "EarlyStopping: no parameter of the model holds a gradient, so its length is not known\n  help: call `after` when `backward` has been called, and before `zero_grad`; or leave out `grad_norm_below`";
        return Err(wengert_optim::Error::Use(rule.to_string(), Location::caller()).into());
    }
    Ok(grad_norm(&parameters)?)
}

impl<T: Float> fmt::Display for EarlyStopping<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at a loss that is not finite")?;
        if let Some(threshold) = self.loss_below {
            write!(f, ", at one below {threshold}")?;
        }
        if let Some(threshold) = self.grad_norm_below {
            write!(f, ", at a gradient shorter than {threshold}")?;
        }
        if let Some(patience) = self.patience {
            write!(f, ", when no better by {} for {patience} epochs", self.min_delta)?;
        }
        if let Some(epochs) = self.epochs {
            write!(f, ", after {epochs} epochs")?;
        }
        if let Some(by) = &self.by {
            write!(f, ", by {by}")?;
        }
        let kept = if self.keep_last { "last" } else { "best" };
        write!(f, "; then the {kept} weights")
    }
}

#[cfg(test)]
mod tests;
