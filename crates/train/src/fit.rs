//! `fit`: the five lines, and the companions between them.

mod end;

use std::panic::Location;
use std::time::Instant;

use wengert_autograd::{Line, Tape, Tensors, Var};
use wengert_data::{DataLoader, Dataset, TensorDataset};
use wengert_tensor::{Float, compiled};

use crate::companions::{ProgressLine, refuse};
use crate::epoch::{fingerprint, not_finite, tape_of, value_of};
use crate::held::Noted;
use crate::trainer::{Metric, OfClasses, OfNumbers};
use crate::{Cause, Companion, Epoch, Error, Fit, History, Result, Step, Stopped, Trainer, Why};

impl<T: Float, X: Tensors, Y: Tensors, P: Tensors> Trainer<'_, T, X, Y, P> {
    /// Trains for so many epochs, or until a companion ends it. Called again, it goes on from there. It first sees to it
    /// that the forward pass uses the parameters that the model names, and no others.
    ///
    /// # Errors
    /// As [`train_epoch`](crate::train_epoch), [`evaluate`](crate::evaluate) and
    /// [`check_parameters`](wengert_nn::check_parameters); those of the dataset, the companions and the metric; and
    /// [`Error::NotFinite`] if the loss of a batch is not finite: because of the data, or because training diverged and there are
    /// no better weights to go back to.
    #[track_caller]
    pub fn fit<D>(&mut self, loader: &DataLoader<D>, epochs: usize) -> Result<History>
    where
        D: Dataset<Batch = (X, Y)>,
    {
        let at = Location::caller();
        self.train(loader, epochs, at).map_err(|error| error.on_line(at))
    }

    /// Trains until so many epochs are done in all, those before a checkpoint included; if an earlier run has ended by a condition
    /// of its own, such as early stopping, it only does what is done at the end, such as to give the best weights back. It returns
    /// the history of all epochs. See [`resume_latest`](Self::resume_latest).
    ///
    /// # Errors
    /// As [`fit`](Self::fit).
    #[track_caller]
    pub fn fit_until<D>(&mut self, loader: &DataLoader<D>, epochs: usize) -> Result<History>
    where
        D: Dataset<Batch = (X, Y)>,
    {
        let at = Location::caller();
        let ended = self.run.ended.filter(|ended| ended.is_early() || self.run.epochs >= epochs);
        if ended.is_some() || self.run.epochs >= epochs {
            let history = &self.run.history;
            let mut stopped = ended.map(|e| Stopped::of(e.why, history, self.run.epochs));
            if let Some(epoch) = self.run.history.epochs.last().copied() {
                self.end(&epoch, &mut stopped).map_err(|error| error.on_line(at))?;
            }
            self.run.history.stopped = stopped;
        } else {
            let more = epochs - self.run.epochs;
            self.train(loader, more, at).map_err(|error| error.on_line(at))?;
        }
        Ok(self.history().clone())
    }

    #[inline(never)]
    fn train<D>(&mut self, loader: &DataLoader<D>, epochs: usize, at: Line) -> Result<History>
    where
        D: Dataset<Batch = (X, Y)>,
    {
        self.run.ended = None;
        refuse(self.broken_files().or_else(|| self.broken_rates()))?;
        self.check_batches(loader, at)?;
        let (batches, batches_done) = (loader.batches(), self.run.batches);
        let fit = Fit { epochs_done: self.run.epochs, epochs, batches, batches_done, at };
        if let Some(first) = loader.try_epoch(self.run.epochs).next() {
            let (inputs, targets) = first?;
            self.check_parameters(inputs, &targets)?;
        }
        let mut progress = ProgressLine::new(&fit, self.progress);
        for entry in &mut self.companions {
            entry.companion.before_fit(&fit)?;
        }
        let (first, last) = (self.run.history.epochs.len(), self.run.epochs + epochs);
        let mut stopped = None;
        while self.run.epochs < last && stopped.is_none() {
            let started = Instant::now();
            let diverged = match self.steps(loader, &mut progress, at) {
                Ok(false) => false,
                Ok(true) => {
                    stopped = Some(Stopped::of(Why::Companion, self.history(), self.run.epochs));
                    self.run.batches_of_epoch = Some(fingerprint(loader, self.run.epochs));
                    self.save()?;
                    break;
                }
                Err(error) if error.is_divergence() && self.has_better_weights() => true,
                Err(error) => return Err(error),
            };
            let epoch = self.measured(diverged, started)?;
            stopped = self.end_epoch(epoch, last, &mut progress)?;
            if !epoch.loss().is_finite() {
                let restored = stopped.is_some_and(|s| s.why == Why::NotFinite && s.restored);
                let bad_data = self.bad_validation();
                if bad_data.is_some() || !restored {
                    let cause = bad_data.unwrap_or_else(|| Cause::of_training(&*self.optimizer));
                    let Epoch { number, learning_rate, .. } = epoch;
                    let loss = epoch.loss();
                    return Err(Error::Validation {
                        loss,
                        epoch: number,
                        cause,
                        learning_rate,
                        at,
                    });
                }
            }
        }
        self.run.history.stopped = stopped;
        Ok(self.history().since(first))
    }

    /// The loss of a batch plus the penalties.
    fn objective<'t>(&mut self, tape: &'t Tape<T>, loss: Var<'t, T>) -> Result<Var<'t, T>> {
        let mut objective = loss;
        for (penalty, found) in self.penalties.iter().zip(&mut self.run.penalties) {
            let term = penalty(tape, self.optimizer.parameters())?;
            found.value = value_of("penalty", term)?;
            objective = objective.try_add(term)?;
        }
        Ok(objective)
    }

    /// The steps of one epoch, and their mean loss: [`train_epoch`](crate::train_epoch).
    pub(crate) fn only_the_steps<D>(mut self, loader: &DataLoader<D>, at: Line) -> Result<f64>
    where
        D: Dataset<Batch = (X, Y)>,
    {
        let mut progress = ProgressLine::none();
        self.steps(loader, &mut progress, at).map_err(|error| error.on_line(at))?;
        Ok(self.run.loss.mean())
    }

    /// The steps of an epoch that are not done yet. Gives whether a companion stopped.
    fn steps<D>(
        &mut self,
        loader: &DataLoader<D>,
        progress: &mut ProgressLine,
        at: Line,
    ) -> Result<bool>
    where
        D: Dataset<Batch = (X, Y)>,
    {
        let epoch = self.run.epochs;
        let saves = self.files.is_some() && self.file_every.is_some();
        let order = saves.then(|| fingerprint(loader, epoch));
        let mut buffers = Noted::of(&*self.model);
        for batch in loader.try_epoch(epoch).skip(self.run.batches) {
            let (inputs, targets) = batch?;
            let batch = self.run.batches;
            let tape = tape_of(self.run.seed, epoch, batch);
            // An error on the way to the step, and a panic, leave the running statistics as they were.
            let mut on_the_way = buffers.before_batch();
            self.optimizer.zero_grad();
            let (prediction, loss) = (self.pass)(&tape, inputs.clone(), &targets)?;
            let loss_value = value_of("training", loss)?;
            let objective = self.objective(&tape, loss)?;
            let objective_value = value_of("training", objective)?;
            let mut stop = false;
            let mut step = Step {
                tape: &tape,
                loss,
                loss_value,
                objective,
                objective_value,
                model: &*self.model,
                optimizer: &mut *self.optimizer,
                epoch,
                batch,
                step: epoch * loader.batches() + batch,
                stop: &mut stop,
            };
            if !objective_value.is_finite() {
                self.companions.iter_mut().for_each(|entry| entry.companion.not_finite(&mut step));
                let found = Cause::in_batch::<T, _, _>(&inputs, &targets);
                let cause = found.unwrap_or_else(|| Cause::of_training(&*self.optimizer));
                let rate = self.optimizer.learning_rate();
                return Err(not_finite(objective_value, epoch, batch, cause, rate, at));
            }
            let measured = measures(&self.metrics, prediction, &targets)?;
            objective.backward()?;
            for entry in &mut self.companions {
                entry.companion.before_step(&mut step)?;
            }
            if let Err(error) = step.optimizer.step() {
                if matches!(error, wengert_optim::Error::NotFinite { .. }) {
                    self.companions.iter_mut().for_each(|e| e.companion.not_finite(&mut step));
                }
                return Err(error.into());
            }
            on_the_way.good = true;
            for (measured, mean) in measured.into_iter().zip(&mut self.run.metrics) {
                mean.add(measured, targets.samples());
            }
            self.run.batches += 1;
            self.run.add(loss_value, inputs.samples());
            for entry in &mut self.companions {
                entry.companion.after_step(&mut step)?;
            }
            progress.after_step(&mut step)?;
            let done = step.step + 1;
            if stop {
                return Ok(true);
            }
            if self.file_every.is_some_and(|every| done.is_multiple_of(every)) {
                self.run.batches_of_epoch = order;
                self.save()?;
            }
        }
        Ok(false)
    }

    /// Rejects a loader whose batches are not those of which some are done.
    fn check_batches<D: Dataset>(&self, loader: &DataLoader<D>, at: Line) -> Result<()> {
        let Some(saved) = self.run.batches_of_epoch.filter(|_| self.run.batches > 0) else {
            return Ok(());
        };
        if saved == fingerprint(loader, self.run.epochs) {
            return Ok(());
        }
        let (batches, epoch) = (self.run.batches, self.run.epochs + 1);
        let rule = format!(
            "{batches} batches of epoch {epoch} are done, and this loader gives other batches: another order, batch size or number of samples\n  help: use the loader of that run until the epoch ends"
        );
        Err(Error::Checkpoint { file: "checkpoint".into(), rule, at })
    }
}

/// The metrics of a batch.
fn measures<T: Float, Y, P: Tensors>(
    metrics: &[Metric<'_, Y, P>],
    prediction: Var<'_, T, P>,
    targets: &Y,
) -> Result<Vec<f64>> {
    if metrics.is_empty() {
        return Ok(Vec::new());
    }
    let prediction = prediction.value()?;
    Ok(metrics.iter().map(|metric| metric(&prediction, targets)).collect::<Result<_, _>>()?)
}

compiled!(f32: {
    OfClasses::<T>::train::<TensorDataset<T>>,
    OfNumbers::<T>::train::<TensorDataset<T, T>>,
});
