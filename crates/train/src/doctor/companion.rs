//! The doctor as a companion of a trainer.

use wengert_tensor::Float;

use super::Doctor;
use crate::{Companion, EpochEnd, Fit, Result, Step};

impl<T: Float> Companion<T> for Doctor {
    fn before_fit(&mut self, fit: &Fit) -> Result<()> {
        self.fit_at = Some(fit.at);
        Ok(())
    }

    fn before_step(&mut self, step: &mut Step<'_, T>) -> Result<()> {
        self.before(step.loss, &*step.optimizer);
        Ok(())
    }

    fn after_step(&mut self, step: &mut Step<'_, T>) -> Result<()> {
        self.after(&*step.optimizer);
        Ok(())
    }

    fn not_finite(&mut self, step: &mut Step<'_, T>) {
        if step.loss_value.is_finite() {
            self.name_not_finite(step.loss, &*step.optimizer);
        } else {
            self.before(step.loss, &*step.optimizer);
        }
    }

    fn after_epoch(&mut self, end: &mut EpochEnd<'_, T>) -> Result<()> {
        if let Some(loss) = end.epoch.validation_loss {
            self.validated(end.epoch.train_loss, loss);
        }
        Ok(())
    }

    fn describe(&self) -> String {
        "a doctor".into()
    }
}
