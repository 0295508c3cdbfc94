//! The number that early stopping goes by: the loss, or a metric of the trainer.

use std::fmt;

use wengert_files::State;
use wengert_tensor::Float;

use super::EarlyStopping;
use crate::companions::refuse;
use crate::{EpochEnd, Result};

/// The epoch that was best, and its weights.
#[derive(Clone, Debug)]
pub(super) struct Best<T: Float> {
    pub(super) epoch: usize,
    pub(super) loss: f64,
    /// The number that was least: the loss, or the metric or its negative.
    pub(super) score: f64,
    pub(super) state: State<T>,
}

/// A metric that stands for the loss.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct By {
    name: String,
    highest: bool,
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the {} {}", if self.highest { "highest" } else { "lowest" }, self.name)
    }
}

impl By {
    /// The number that is least in the best epoch.
    pub(super) fn score<T: Float>(&self, end: &EpochEnd<'_, T>) -> Result<f64> {
        let last = |all: &[Option<f64>]| all.last().copied().flatten();
        let Some(metric) = end.history.metric_named(&self.name) else {
            let names: Vec<_> =
                end.history.metrics.iter().map(|m| format!("`{}`", m.name)).collect();
            let there = if names.is_empty() { "none".into() } else { names.join(", ") };
            refuse(Some(format!(
                "EarlyStopping: the trainer has no metric `{0}`; it has {there}\n  help: add it by `.metric(\"{0}\", …)`",
                self.name
            )))?;
            return Ok(f64::NAN);
        };
        let value = last(&metric.validation).or(last(&metric.train)).unwrap_or(f64::NAN);
        Ok(if self.highest { -value } else { value })
    }
}

impl<T: Float> EarlyStopping<T> {
    /// In a trainer, goes by the highest value of its [metric](crate::Trainer::metric) of this name, in place of the lowest loss:
    /// that of validation, or of training if there is no validation. The thresholds of loss and gradient stay as they are.
    ///
    /// ```
    /// use wengert_data::{DataLoader, metrics, synth};
    /// use wengert_loss::CrossEntropyLoss;
    /// use wengert_nn::{Linear, Parts};
    /// use wengert_optim::Adam;
    /// use wengert_tensor::Rng;
    /// use wengert_train::{EarlyStopping, Trainer};
    ///
    /// let (train, test) = synth::moons::<f32>(200, 0.2, 0).split(0.3, 0)?;
    /// let (train_loader, test_loader) = (DataLoader::new(train, 20)?.shuffle(0), DataLoader::full(test)?);
    /// let model = Linear::<f32>::new(2, 2, &mut Rng::new(0));
    /// let (criterion, mut optimizer) = (CrossEntropyLoss::new(), Adam::new(model.parameters(), 0.05));
    /// let history = Trainer::new(&model, &criterion, &mut optimizer)
    ///     .validation(&test_loader)
    ///     .metric("accuracy", metrics::accuracy)
    ///     .stopping(EarlyStopping::new().highest("accuracy").patience(3))
    ///     .fit(&train_loader, 40)?;
    /// let best = history.highest("accuracy").unwrap();
    /// assert_eq!(history.stopped.unwrap().best_epoch, best.number);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn highest(mut self, metric: impl Into<String>) -> Self {
        self.by = Some(By { name: metric.into(), highest: true });
        self
    }

    /// As [`highest`](Self::highest), for a metric that is good when it is low.
    pub fn lowest(mut self, metric: impl Into<String>) -> Self {
        self.by = Some(By { name: metric.into(), highest: false });
        self
    }
}
