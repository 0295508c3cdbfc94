//! `Stopped`: why and when a training ended.

use std::fmt;

use crate::History;

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
    /// A [`Companion`](crate::Companion) stopped the training.
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
