//! `TbWriter` as a companion of a trainer.

use wengert_tensor::{Float, Tensor};
use wengert_train::{Companion, EpochEnd, Result, Step};

use super::TbWriter;
use crate::watched::numbers;

impl<T: Float> Companion<T> for TbWriter {
    fn after_step(&mut self, step: &mut Step<'_, T>) -> Result<()> {
        if step.step.is_multiple_of(self.every) {
            self.scalar("loss/step", step.step, step.loss_value)?;
        }
        Ok(())
    }

    fn after_epoch(&mut self, end: &mut EpochEnd<'_, T>) -> Result<()> {
        let number = end.epoch.number;
        for (group, name, value) in numbers(end) {
            self.scalar(&format!("{group}/{name}"), number, value)?;
        }
        if self.histograms {
            for (path, parameter) in end.model.named_parameters() {
                let path = path.replace('.', "/");
                self.distribution(&format!("parameters/{path}"), number, &parameter.value())?;
                if let Some(gradient) = parameter.grad() {
                    self.distribution(&format!("gradients/{path}"), number, &gradient)?;
                }
            }
        }
        Ok(())
    }

    fn describe(&self) -> String {
        format!("TensorBoard, in {}", self.path().display())
    }
}

impl TbWriter {
    /// A histogram, if there is one: the training itself reports numbers that are not finite, and better than this could.
    fn distribution<T: Float>(
        &mut self,
        tag: &str,
        step: usize,
        x: &Tensor<T>,
    ) -> crate::Result<()> {
        if x.is_empty() || !x.is_finite().all() { Ok(()) } else { self.histogram(tag, step, x) }
    }
}

impl From<crate::Error> for wengert_train::Error {
    fn from(error: crate::Error) -> Self {
        Self::other(error)
    }
}
