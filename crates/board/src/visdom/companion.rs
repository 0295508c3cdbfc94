//! `Visdom` as a companion of a trainer.

use wengert_tensor::Float;
use wengert_train::{Companion, EpochEnd, Result, Step};

use super::Visdom;
use crate::watched::numbers;

/// So many losses of steps are posted at once.
const STEPS: usize = 50;

impl<T: Float> Companion<T> for Visdom {
    fn after_step(&mut self, step: &mut Step<'_, T>) -> Result<()> {
        self.steps.push((step.step as f64, step.loss_value));
        if self.steps.len() >= STEPS {
            self.post_steps()?;
        }
        Ok(())
    }

    fn after_epoch(&mut self, end: &mut EpochEnd<'_, T>) -> Result<()> {
        self.post_steps()?;
        for (group, name, value) in numbers(end) {
            self.point(&group, &name, end.epoch.number as f64, value)?;
        }
        Ok(())
    }

    fn describe(&self) -> String {
        format!("Visdom, at {}", self.address)
    }
}

impl Visdom {
    fn post_steps(&mut self) -> crate::Result<()> {
        let steps = std::mem::take(&mut self.steps);
        self.curve("loss by step", "train", steps)
    }
}
