//! The end of an epoch and of a training: measurements, companions, the checkpoint.

use std::time::Instant;

use wengert_autograd::{Tape, Tensors};
use wengert_data::metrics::RunningMean;
use wengert_tensor::Float;

use super::measures;
use crate::companions::ProgressLine;
use crate::epoch::value_of;
use crate::run::Ended;
use crate::{Cause, Companion, Epoch, EpochEnd, Result, Stopped, Trainer};

impl<T: Float, X: Tensors, Y: Tensors, P: Tensors> Trainer<'_, T, X, Y, P> {
    /// The measurements of an epoch whose steps are done, and the validation.
    #[inline(never)]
    pub(super) fn measured(&mut self, diverged: bool, started: Instant) -> Result<Epoch> {
        let mean = |mean: &mut RunningMean| (mean.count() > 0).then(|| mean.take());
        let means = |all: &mut [RunningMean]| all.iter_mut().map(mean).collect::<Vec<_>>();
        let (train_loss, objective) = self.run.take(diverged);
        let in_training = means(&mut self.run.metrics);
        let learning_rate = self.optimizer.learning_rate();
        let mut loss = RunningMean::new();
        let mut metrics: Vec<_> = self.metrics.iter().map(|_| RunningMean::new()).collect();
        let validation = self.validation.as_ref().filter(|_| !diverged);
        for batch in validation.into_iter().flat_map(|with| (with.batches)()) {
            let (inputs, targets) = batch?;
            let tape = Tape::no_grad();
            let samples = inputs.samples();
            let (prediction, of_batch) = (self.pass)(&tape, inputs, &targets)?;
            loss.add(value_of("validation", of_batch)?, samples);
            for (measured, mean) in
                measures(&self.metrics, prediction, &targets)?.into_iter().zip(&mut metrics)
            {
                mean.add(measured, targets.samples());
            }
        }
        let in_validation = means(&mut metrics);
        let validation_loss = validation.map(|_| loss.mean());
        let first = |of: &[Option<f64>]| of.first().copied().flatten();
        let (train_metric, validation_metric) = (first(&in_training), first(&in_validation));
        let each = in_training.into_iter().zip(in_validation);
        for ((train, validation), metric) in each.zip(&mut self.run.history.metrics) {
            metric.train.push(train);
            metric.validation.push(validation);
        }
        Ok(Epoch {
            number: self.run.epochs + 1,
            train_loss,
            objective,
            train_metric,
            validation_loss,
            validation_metric,
            learning_rate,
            seconds: started.elapsed().as_secs_f64(),
        })
    }

    /// Notes the epoch, and tells the companions.
    #[inline(never)]
    pub(super) fn end_epoch(
        &mut self,
        epoch: Epoch,
        last: usize,
        progress: &mut ProgressLine,
    ) -> Result<Option<Stopped>> {
        (self.run.epochs, self.run.batches) = (self.run.epochs + 1, 0);
        self.run.history.epochs.push(epoch);
        let mut stopped = None;
        let mut end = EpochEnd {
            epoch: &epoch,
            history: &self.run.history,
            model: &*self.model,
            optimizer: &mut *self.optimizer,
            stopped: &mut stopped,
        };
        progress.after_epoch(&mut end)?;
        for entry in &mut self.companions {
            entry.companion.after_epoch(&mut end)?;
        }
        self.run.ended = stopped.map(|stopped| Ended { why: stopped.why, last });
        // Before early stopping gives the model other weights.
        if epoch.loss().is_finite() {
            self.save()?;
        }
        if stopped.is_some() || self.run.epochs >= last {
            self.end(&epoch, &mut stopped)?;
        }
        Ok(stopped)
    }

    /// Tells the companions that the last epoch is done.
    pub(super) fn end(&mut self, epoch: &Epoch, stopped: &mut Option<Stopped>) -> Result<()> {
        let mut end = EpochEnd {
            epoch,
            history: &self.run.history,
            model: &*self.model,
            optimizer: &mut *self.optimizer,
            stopped,
        };
        for entry in &mut self.companions {
            entry.companion.after_fit(&mut end)?;
        }
        Ok(())
    }

    /// Writes the checkpoint, if there is a file for it.
    #[inline(never)]
    pub(super) fn save(&mut self) -> Result<()> {
        if self.files.is_none() {
            return Ok(());
        }
        let checkpoint = self.checkpoint();
        self.files.as_ref().map_or(Ok(()), |files| files.save(&checkpoint))
    }

    pub(super) fn has_better_weights(&self) -> bool {
        self.companions.iter().any(|entry| entry.companion.has_better_weights())
    }

    /// The cause in validation data that are not finite.
    #[cold]
    pub(super) fn bad_validation(&self) -> Option<Cause> {
        let mut batches = (self.validation.as_ref()?.batches)().flatten();
        batches.find_map(|(inputs, targets)| Cause::in_batch::<T, _, _>(&inputs, &targets))
    }
}
