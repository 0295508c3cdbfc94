//! `History`: the measurements of a trainer, epoch by epoch.

use std::fmt;

use crate::Stopped;
use crate::table::Table;

/// The measurements of one epoch.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Epoch {
    /// Its number, from 1.
    pub number: usize,
    /// The mean loss of the samples, while the weights moved.
    pub train_loss: f64,
    /// The mean of what was minimised: the training loss plus the penalties. Without penalties it is the training loss.
    pub objective: f64,
    /// The mean metric of the samples, while the weights moved; if there is a metric. Of several it is the first.
    pub train_metric: Option<f64>,
    /// The mean loss of the validation samples, if there are any, with the weights after the epoch.
    pub validation_loss: Option<f64>,
    /// Their metric.
    pub validation_metric: Option<f64>,
    /// The learning rate of the epoch's last step.
    pub learning_rate: f64,
    /// The time that it took, validation included.
    pub seconds: f64,
}

impl Epoch {
    /// The loss that measures the weights: that of the validation samples, or without validation the training loss.
    pub fn loss(&self) -> f64 {
        self.validation_loss.unwrap_or(self.train_loss)
    }
}

/// The epochs of a [`fit`](crate::Trainer::fit), and why it ended. `{}` prints it as a table.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct History {
    /// In order.
    pub epochs: Vec<Epoch>,
    /// The message of early stopping, if it stopped.
    pub stopped: Option<Stopped>,
    /// The metrics, in the order in which they were added.
    pub metrics: Vec<MetricHistory>,
    /// The penalties, in the order in which they were added.
    pub penalties: Vec<PenaltyHistory>,
}

/// A [metric](crate::Trainer::metric), epoch by epoch.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct MetricHistory {
    /// Its name.
    pub name: String,
    /// Its mean over the samples in each epoch, while the weights moved; none in an epoch that did not measure it.
    pub train: Vec<Option<f64>>,
    /// Its mean over the validation samples after each epoch; none without validation.
    pub validation: Vec<Option<f64>>,
}

/// A [penalty](crate::Trainer::penalty), epoch by epoch.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct PenaltyHistory {
    /// Its name.
    pub name: String,
    /// Its mean in each epoch, while the weights moved.
    pub means: Vec<f64>,
}

impl History {
    pub(crate) fn new() -> Self {
        Self { epochs: Vec::new(), stopped: None, metrics: Vec::new(), penalties: Vec::new() }
    }

    /// The epochs from this index on.
    pub(crate) fn since(&self, first: usize) -> Self {
        let mut later = self.clone();
        later.epochs.drain(..first);
        for metric in &mut later.metrics {
            metric.train.drain(..first);
            metric.validation.drain(..first);
        }
        later.penalties.iter_mut().for_each(|penalty| drop(penalty.means.drain(..first)));
        later
    }

    /// The metric of this name in each epoch; none if there is no such metric.
    pub fn metric_named(&self, name: &str) -> Option<&MetricHistory> {
        self.metrics.iter().find(|metric| metric.name == name)
    }

    /// The means of the penalty of this name in each epoch; none if there is no such penalty.
    pub fn penalty(&self, name: &str) -> Option<&[f64]> {
        self.penalties.iter().find(|penalty| penalty.name == name).map(|found| &found.means[..])
    }

    /// Each epoch's objective: the training loss plus the penalties.
    pub fn objectives(&self) -> impl Iterator<Item = f64> + '_ {
        self.epochs.iter().map(|e| e.objective)
    }

    /// The epoch with the lowest loss.
    pub fn best(&self) -> Option<&Epoch> {
        let finite = self.epochs.iter().filter(|e| e.loss().is_finite());
        finite.min_by(|a, b| a.loss().total_cmp(&b.loss()))
    }

    /// The epoch with the highest metric of this name: that of validation, or of training if there is no validation.
    pub fn highest(&self, metric: &str) -> Option<&Epoch> {
        self.least(metric, |x| -x)
    }

    /// The epoch with the lowest metric of this name; see [`highest`](Self::highest).
    pub fn lowest(&self, metric: &str) -> Option<&Epoch> {
        self.least(metric, |x| x)
    }

    fn least(&self, metric: &str, score: impl Fn(f64) -> f64) -> Option<&Epoch> {
        let MetricHistory { train, validation, .. } = self.metric_named(metric)?;
        let values = train.iter().zip(validation).map(|(train, validation)| validation.or(*train));
        let scored =
            self.epochs.iter().zip(values).filter_map(|(epoch, x)| Some((epoch, score(x?))));
        let finite = scored.filter(|(_, score)| score.is_finite());
        finite.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(epoch, _)| epoch)
    }

    /// Each epoch's training loss, for a chart.
    pub fn train_losses(&self) -> impl Iterator<Item = f64> + '_ {
        self.epochs.iter().map(|e| e.train_loss)
    }

    /// Each epoch's validation loss; none if there was no validation.
    pub fn validation_losses(&self) -> impl Iterator<Item = f64> + '_ {
        self.epochs.iter().filter_map(|e| e.validation_loss)
    }

    /// Each epoch's first metric in training; none if there was no metric.
    pub fn train_metrics(&self) -> impl Iterator<Item = f64> + '_ {
        self.epochs.iter().filter_map(|e| e.train_metric)
    }

    /// Each epoch's first metric in validation; none if there was no metric or no validation.
    pub fn validation_metrics(&self) -> impl Iterator<Item = f64> + '_ {
        self.epochs.iter().filter_map(|e| e.validation_metric)
    }

    /// Each epoch's learning rate.
    pub fn learning_rates(&self) -> impl Iterator<Item = f64> + '_ {
        self.epochs.iter().map(|e| e.learning_rate)
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Epoch {}, loss: {:.4}", self.number, self.train_loss)?;
        if let Some(metric) = self.train_metric {
            write!(f, " ({metric:.4})")?;
        }
        if let Some(loss) = self.validation_loss {
            write!(f, ", validation: {loss:.4}")?;
        }
        if let Some(metric) = self.validation_metric {
            write!(f, " ({metric:.4})")?;
        }
        Ok(())
    }
}

impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let table = Table::of(self);
        write!(f, "{}", table.heading())?;
        for k in 0..self.epochs.len() {
            write!(f, "\n{}", table.row(k))?;
        }
        match self.stopped {
            Some(stopped) => write!(f, "\n{stopped}"),
            None => Ok(()),
        }
    }
}
