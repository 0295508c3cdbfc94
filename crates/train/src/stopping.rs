//! `EarlyStopping`: when to stop, and the best weights back where the last ones are worse.

use std::fmt;
use std::panic::Location;

use wengert_files::{Loader, Resume, State};
use wengert_nn::Parts;
use wengert_optim::grad_norm;
use wengert_tensor::Float;

use crate::{Companion, EpochEnd, Fit, History, Result};

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
    /// The loss that the next must be below, by `min_delta`, to count as an improvement; and the epoch that set it.
    mark: (f64, usize),
    best: Option<(usize, f64, State<T>)>,
    /// The condition that ends a trainer's `fit`.
    fired: Option<Why>,
}

/// The condition that fired.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Why {
    /// The loss is below this.
    LossBelow(f64),
    /// The gradient is shorter than this.
    GradNormBelow(f64),
    /// This number of epochs is done.
    Epochs(usize),
    /// The loss has not improved for so many epochs.
    NoImprovement(usize),
    /// The loss is infinite or no number: no later epoch would make it one.
    NotFinite,
    /// A [`Companion`] stopped the training.
    Companion,
}

impl Why {
    /// Two numbers that stand for it in a checkpoint.
    pub(crate) fn code(self) -> (f64, f64) {
        match self {
            Self::LossBelow(x) => (0.0, x),
            Self::GradNormBelow(x) => (1.0, x),
            Self::Epochs(n) => (2.0, n as f64),
            Self::NoImprovement(n) => (3.0, n as f64),
            Self::NotFinite => (4.0, 0.0),
            Self::Companion => (5.0, 0.0),
        }
    }

    /// The reason that these numbers stand for.
    pub(crate) fn of_code(code: f64, value: f64) -> Self {
        match code {
            0.0 => Self::LossBelow(value),
            1.0 => Self::GradNormBelow(value),
            2.0 => Self::Epochs(value as usize),
            3.0 => Self::NoImprovement(value as usize),
            4.0 => Self::NotFinite,
            _ => Self::Companion,
        }
    }
}

/// The condition that was met, the epoch, and the origin of the model's weights. Epochs are counted from 1.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Stopped {
    /// The condition.
    pub why: Why,
    /// The epoch after which it fired.
    pub epoch: usize,
    /// The epoch whose loss was least; 0 if none had a loss that is a number.
    pub best_epoch: usize,
    /// That loss.
    pub best_loss: f64,
    /// Whether the model was given that epoch's weights back.
    pub restored: bool,
}

impl Stopped {
    /// Without weights given back.
    pub(crate) fn of(why: Why, history: &History, epoch: usize) -> Self {
        let (best_epoch, best_loss) =
            history.best().map_or((0, f64::NAN), |best| (best.number, best.loss()));
        Self { why, epoch, best_epoch, best_loss, restored: false }
    }
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

    /// Stops after so many epochs.
    pub fn epochs(mut self, epochs: usize) -> Self {
        self.epochs = Some(epochs);
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
        match self.why(model, loss)? {
            Some(why) => self.stop(model, why).map(Some),
            None => Ok(None),
        }
    }

    /// Takes note of an epoch; gives the condition that it fulfils.
    #[track_caller]
    pub(crate) fn why(
        &mut self,
        model: &(impl Parts<T> + ?Sized),
        loss: f64,
    ) -> Result<Option<Why>> {
        self.epoch += 1;
        let epoch = self.epoch;
        if loss.is_finite() && self.best.as_ref().is_none_or(|(_, best, _)| loss < *best) {
            // A state shares the weights' memory until they are written next: keeping one copies nothing by itself.
            let state = if self.keep_last { State::new() } else { model.state() };
            self.best = Some((epoch, loss, state));
        }
        if loss < self.mark.0 - self.min_delta {
            self.mark = (loss, epoch);
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
            self.best.as_ref().map_or((0, f64::NAN), |(epoch, loss, _)| (*epoch, *loss));
        let mut restored = false;
        if let Some((_, _, state)) = self.best.as_ref().filter(|_| !self.keep_last) {
            model.load_state(state)?;
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

/// In a trainer: notes each epoch, ends the training, and at the end gives the model the best weights.
impl<T: Float> Companion<T> for EarlyStopping<T> {
    fn before_fit(&mut self, fit: &Fit) -> Result<()> {
        self.begin_after(fit.epochs_done);
        self.end_after(fit.epochs);
        Ok(())
    }

    fn after_epoch(&mut self, end: &mut EpochEnd<'_, T>) -> Result<()> {
        self.fired = self.why(end.model, end.epoch.loss())?;
        if let Some(why) = self.fired {
            end.stop_because(why);
        }
        Ok(())
    }

    fn after_fit(&mut self, end: &mut EpochEnd<'_, T>) -> Result<()> {
        // In a process that goes on from a checkpoint of the last epoch, the trainer knows why.
        let known = end.stopped.map(|stopped| stopped.why);
        let why = self.fired.take().or(known).unwrap_or(Why::Companion);
        *end.stopped = Some(self.stop(end.model, why)?);
        Ok(())
    }

    fn describe(&self) -> String {
        self.to_string()
    }

    fn memory(&mut self) -> Option<&mut dyn Resume<T>> {
        Some(self)
    }

    fn has_better_weights(&self) -> bool {
        self.has_best()
    }
}

/// The kind of its states.
const KIND: &str = "EarlyStopping";

/// The number of epochs that it has seen, the loss to beat, and the best weights; not the conditions, which are the program's.
impl<T: Float> Resume<T> for EarlyStopping<T> {
    fn state(&self) -> State<T> {
        let mut state = State::of(KIND);
        state.insert_number("epoch", self.epoch as f64);
        state.insert_number("mark.loss", self.mark.0);
        state.insert_number("mark.epoch", self.mark.1 as f64);
        if let Some((epoch, loss, weights)) = &self.best {
            state.insert_number("best.epoch", *epoch as f64);
            state.insert_number("best.loss", *loss);
            state.insert_all("weights.", weights);
        }
        state
    }

    #[track_caller]
    fn load_state(&mut self, state: State<T>) -> wengert_files::Result<()> {
        let mut loader = Loader::new(KIND, state)?;
        let epoch = loader.count("epoch") as usize;
        let mark = (loader.number("mark.loss"), loader.count("mark.epoch") as usize);
        let mut best = None;
        if loader.has("best.epoch") {
            let (epoch, loss) = (loader.count("best.epoch") as usize, loader.number("best.loss"));
            best = Some((epoch, loss, loader.under("weights.")));
        }
        loader.finish()?;
        (self.epoch, self.mark, self.best) = (epoch, mark, best);
        Ok(())
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
        let kept = if self.keep_last { "last" } else { "best" };
        write!(f, "; then the {kept} weights")
    }
}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "stopped after epoch {}: ", self.epoch)?;
        match self.why {
            Why::LossBelow(threshold) => write!(f, "the loss is below {threshold}")?,
            Why::GradNormBelow(threshold) => {
                write!(f, "the gradient is shorter than {threshold}")?;
            }
            Why::Epochs(n) => write!(f, "{n} epochs are done")?,
            Why::NoImprovement(n) => write!(f, "no improvement for {n} epochs")?,
            Why::NotFinite => write!(f, "the loss is not finite")?,
            Why::Companion => write!(f, "a companion ended the training")?,
        }
        // Six digits: the rest is noise to a reader.
        let loss: f64 = format!("{:.5e}", self.best_loss).parse().unwrap_or(self.best_loss);
        let epoch = self.best_epoch;
        match (self.restored, epoch) {
            (true, _) => write!(f, "; the weights are those of epoch {epoch}, loss {loss}"),
            (false, 0) => write!(f, "; no epoch had a finite loss"),
            (false, _) => write!(f, "; the best loss was {loss}, of epoch {epoch}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use wengert_nn::Linear;
    use wengert_tensor::{Rng, Tensor};

    use super::*;

    fn run(mut stopping: EarlyStopping<f32>, losses: &[f64]) -> Option<Stopped> {
        let model = Linear::new(1, 1, &mut Rng::new(0));
        for (i, &loss) in losses.iter().enumerate() {
            model.weight.set(Tensor::full([1, 1], i as f32 + 1.0));
            if let Some(stopped) = stopping.after(&model, loss).unwrap() {
                if stopped.restored {
                    let weight = model.weight.value().item().unwrap();
                    assert_eq!(weight, stopped.best_epoch as f32);
                }
                return Some(stopped);
            }
        }
        None
    }

    #[test]
    fn each_condition_fires_when_it_should() {
        let new = EarlyStopping::new;
        let stopped = run(new().loss_below(0.1), &[0.3, 0.1, 0.09]).unwrap();
        assert_eq!((stopped.why, stopped.epoch), (Why::LossBelow(0.1), 3));
        let stopped = run(new().epochs(2), &[0.3, 0.4, 0.1]).unwrap();
        assert_eq!((stopped.why, stopped.epoch, stopped.best_epoch), (Why::Epochs(2), 2, 1));
        assert!(run(new().patience(2), &[0.3, 0.4, 0.2, 0.3, 0.1, 0.2]).is_none());
        assert!(run(new(), &[1.0, 2.0, 3.0]).is_none());
    }

    #[test]
    fn what_is_too_small_to_count_still_makes_the_best_weights() {
        let stopped = run(EarlyStopping::new().patience(2).min_delta(0.1), &[0.5, 0.45, 0.42]);
        let stopped = stopped.unwrap();
        assert_eq!((stopped.why, stopped.epoch), (Why::NoImprovement(2), 3));
        assert_eq!((stopped.best_epoch, stopped.best_loss), (3, 0.42));
    }

    #[test]
    fn a_loss_that_is_no_number_stops_at_once() {
        let stopped = run(EarlyStopping::new(), &[0.5, f64::NAN]).unwrap();
        assert_eq!((stopped.why, stopped.best_epoch, stopped.restored), (Why::NotFinite, 1, true));
        let stopped = run(EarlyStopping::new(), &[f64::INFINITY]).unwrap();
        assert_eq!((stopped.best_epoch, stopped.restored), (0, false));
        assert!(stopped.to_string().ends_with("no epoch had a finite loss"), "{stopped}");
    }

    #[test]
    fn a_gradient_that_is_short_stops_and_none_is_no_short_one() {
        let model = Linear::new(1, 1, &mut Rng::new(0));
        let mut stopping = EarlyStopping::<f32>::new().grad_norm_below(0.5);
        let error = stopping.after(&model, 1.0).unwrap_err().to_string();
        assert!(error.contains("before `zero_grad`") && error.contains("stopping.rs"), "{error}");
        // 3, 4: 5 long.
        model.weight.set_grad(Some(Tensor::full([1, 1], 3.0)));
        model.bias.as_ref().unwrap().set_grad(Some(Tensor::full([1], 4.0)));
        assert!(stopping.after(&model, 1.0).unwrap().is_none());
        model.bias.as_ref().unwrap().set_grad(None);
        model.weight.set_grad(Some(Tensor::full([1, 1], 0.5)));
        assert!(stopping.after(&model, 0.9).unwrap().is_none());
        model.weight.set_grad(Some(Tensor::full([1, 1], -0.25)));
        let stopped = stopping.after(&model, 0.8).unwrap().unwrap();
        assert_eq!((stopped.why, stopped.epoch), (Why::GradNormBelow(0.5), 4));
        assert!(stopped.to_string().contains("the gradient is shorter than 0.5"), "{stopped}");
        model.weight.set_grad(Some(Tensor::full([1, 1], f32::NAN)));
        let error = stopping.after(&model, 0.8).unwrap_err().to_string();
        assert!(error.contains("is not finite"), "{error}");
    }

    #[test]
    fn the_last_weights_stay_if_asked_for() {
        let stopped = run(EarlyStopping::new().patience(1).keep_last(), &[0.5, 0.6]).unwrap();
        assert!(!stopped.restored && stopped.best_epoch == 1);
    }
}
