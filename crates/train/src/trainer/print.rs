//! A trainer as text: what it does and does not.

use std::fmt;

use wengert_autograd::Tensors;
use wengert_optim::shown;
use wengert_tensor::Float;

use super::{Row, Trainer};

impl<T: Float, X: Tensors, Y: Tensors, P: Tensors> fmt::Display for Trainer<'_, T, X, Y, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let row = |row: Row| self.companions.iter().filter(move |entry| entry.row == row);
        let words = |of: Row| {
            let all: Vec<_> = row(of).map(|entry| entry.companion.describe()).collect();
            (!all.is_empty()).then(|| all.join(", then "))
        };
        match words(Row::LearningRate) {
            Some(words) => writeln!(f, "learning rate   {words}")?,
            None => {
                let rate = shown(self.optimizer.learning_rate());
                writeln!(f, "learning rate   {rate}, and stays")?;
            }
        }
        writeln!(f, "clipping        {}", words(Row::Clipping).as_deref().unwrap_or("none"))?;
        match &self.validation {
            None => writeln!(f, "validation      none")?,
            Some(with) => {
                writeln!(f, "validation      {} samples after each epoch", with.samples)?;
            }
        }
        for penalty in &self.run.history.penalties {
            writeln!(f, "penalty         {}", penalty.name)?;
        }
        let metrics: Vec<_> = self.run.history.metrics.iter().map(|m| &*m.name).collect();
        let metrics = if metrics.is_empty() { "none".into() } else { metrics.join(", ") };
        writeln!(f, "metric          {metrics}")?;
        let none =
            "none: all epochs, the last weights; a loss that is not finite is an error".to_string();
        writeln!(f, "early stopping  {}", words(Row::Stopping).unwrap_or(none))?;
        for entry in row(Row::Other) {
            writeln!(f, "with            {}", entry.companion.describe())?;
        }
        let progress = if self.progress { "on a terminal" } else { "none" };
        writeln!(f, "progress        {progress}")?;
        writeln!(f, "next epoch      {}", self.run.epochs + 1)
    }
}

impl<T: Float, X: Tensors, Y: Tensors, P: Tensors> fmt::Debug for Trainer<'_, T, X, Y, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Trainer:\n{self}")
    }
}
