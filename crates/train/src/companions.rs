//! The companions that a trainer's own methods add, but for early stopping: schedules, the plateau, clipping, progress.

use std::panic::Location;

use wengert_optim::schedule::{ReduceLrOnPlateau, Schedule};
use wengert_optim::{Average, ClipNorm, ProximalStep, Resume, clip_grad_value};
use wengert_tensor::Float;

use crate::table::Table;
use crate::{Companion, Epoch, EpochEnd, Fit, Progress, Result, Step};

/// Checks a schedule, but not for a fit of 0 epochs: it makes no step, and a schedule over its epochs has 0 steps.
fn check(schedule: &impl Schedule, fit: &Fit) -> Result<()> {
    if fit.epochs > 0 {
        schedule.check()?;
    }
    Ok(())
}

/// The rate of a step or an epoch; a closure can give any number.
fn rate(schedule: &impl Schedule, at: usize, of: &str) -> Result<f64> {
    let rate = schedule.rate(at);
    if rate.is_finite() && rate >= 0.0 {
        return Ok(rate);
    }
    let rule = "a learning rate must be finite, and not below 0";
    refuse(Some(format!(
        "schedule: the rate of {of} {at} is {rate}, and {rule}\n  help: {of}s count from 0; look at `schedule.rate({at})`"
    )))?;
    Ok(rate)
}

/// The learning rate by step, over all epochs; the momentum too, if the schedule has one.
pub(crate) struct ByStep<S>(pub(crate) S);

impl<T: Float, S: Schedule> Companion<T> for ByStep<S> {
    fn before_fit(&mut self, fit: &Fit) -> Result<()> {
        check(&self.0, fit)
    }
    fn before_step(&mut self, step: &mut Step<'_, T>) -> Result<()> {
        step.optimizer.set_learning_rate(rate(&self.0, step.step, "step")?);
        if let Some(momentum) = self.0.momentum(step.step) {
            step.optimizer.set_momentum(momentum)?;
        }
        Ok(())
    }
    fn describe(&self) -> String {
        "by a schedule, step by step".into()
    }
}

/// The learning rate by epoch.
pub(crate) struct ByEpoch<S>(pub(crate) S);

impl<T: Float, S: Schedule> Companion<T> for ByEpoch<S> {
    fn before_fit(&mut self, fit: &Fit) -> Result<()> {
        check(&self.0, fit)
    }
    fn before_step(&mut self, step: &mut Step<'_, T>) -> Result<()> {
        step.optimizer.set_learning_rate(rate(&self.0, step.epoch, "epoch")?);
        Ok(())
    }
    fn describe(&self) -> String {
        "by a schedule, epoch by epoch".into()
    }
}

/// The error of a setting that breaks a rule; its line becomes that of `fit`.
#[track_caller]
pub(crate) fn refuse(broken: Option<String>) -> Result<()> {
    match broken {
        Some(rule) => Err(wengert_autograd::Error::Use(rule, Location::caller()).into()),
        None => Ok(()),
    }
}

/// A lower learning rate when the loss stops falling.
impl<T: Float> Companion<T> for ReduceLrOnPlateau {
    fn before_fit(&mut self, _: &Fit) -> Result<()> {
        Ok(self.check()?)
    }
    fn after_epoch(&mut self, end: &mut EpochEnd<'_, T>) -> Result<()> {
        end.optimizer.set_learning_rate(self.step(end.epoch.loss()));
        Ok(())
    }
    fn describe(&self) -> String {
        "lowered when the loss stops falling".into()
    }
    fn memory(&mut self) -> Option<&mut dyn Resume<T>> {
        Some(self)
    }
}

/// Takes each step's weights into the average. The model keeps its own; [`swap`](Average::swap) when the training is over.
impl<T: Float> Companion<T> for Average<T> {
    fn after_step(&mut self, _: &mut Step<'_, T>) -> Result<()> {
        Ok(self.update()?)
    }
    fn memory(&mut self) -> Option<&mut dyn Resume<T>> {
        Some(self)
    }
}

/// The second half of each step.
impl<T: Float> Companion<T> for ProximalStep {
    fn after_step(&mut self, step: &mut Step<'_, T>) -> Result<()> {
        Ok(self.after(&*step.optimizer)?)
    }
}

/// The rule that a bound of 0 breaks: it is often meant as no bound.
fn clips_all(name: &str, max: f64) -> Option<String> {
    (max == 0.0).then(|| {
        format!(
            "Trainer: `{name}(0)` makes every gradient 0, so that nothing is learnt\n  help: without the call nothing is clipped"
        )
    })
}

/// Clips before each step.
impl<T: Float> Companion<T> for ClipNorm {
    fn before_fit(&mut self, _: &Fit) -> Result<()> {
        refuse(clips_all("clip_norm", self.max()))
    }
    fn before_step(&mut self, step: &mut Step<'_, T>) -> Result<()> {
        self.clip(step.optimizer.parameters())?;
        Ok(())
    }
    fn describe(&self) -> String {
        format!("all gradients together to length {}", self.max())
    }
}

/// Each number of the gradients.
pub(crate) struct ClipValue(pub(crate) f64);

impl<T: Float> Companion<T> for ClipValue {
    fn before_fit(&mut self, _: &Fit) -> Result<()> {
        refuse(clips_all("clip_value", self.0))
    }
    fn before_step(&mut self, step: &mut Step<'_, T>) -> Result<()> {
        Ok(clip_grad_value(step.optimizer.parameters(), self.0)?)
    }
    fn describe(&self) -> String {
        format!("each number to ±{}", self.0)
    }
}

/// A function that is called after each epoch.
pub(crate) struct EachEpoch<F>(pub(crate) F);

impl<T: Float, F: FnMut(&Epoch)> Companion<T> for EachEpoch<F> {
    fn after_epoch(&mut self, end: &mut EpochEnd<'_, T>) -> Result<()> {
        (self.0)(end.epoch);
        Ok(())
    }
}

/// The rows of the history's table, as they come.
pub(crate) struct PrintEpochs;

impl<T: Float> Companion<T> for PrintEpochs {
    #[allow(clippy::print_stdout)]
    fn after_epoch(&mut self, end: &mut EpochEnd<'_, T>) -> Result<()> {
        let (table, rows) = (Table::of(end.history), end.history.epochs.len());
        if rows == 1 {
            println!("{}", table.heading());
        }
        println!("{}", table.row(rows - 1));
        Ok(())
    }
    fn describe(&self) -> String {
        "a printed row after each epoch".into()
    }
}

/// The line of progress of one `fit`.
pub(crate) struct ProgressLine {
    line: Progress,
    last: usize,
    /// The epoch that the line names, from 1.
    named: usize,
}

impl ProgressLine {
    pub(crate) fn new(fit: &Fit, shown: bool) -> Self {
        let line = Progress::new("", (fit.epochs * fit.batches).saturating_sub(fit.batches_done));
        let line = if shown { line } else { line.silent() };
        Self { line, last: fit.epochs_done + fit.epochs, named: 0 }
    }
}

impl ProgressLine {
    /// One that is never drawn.
    pub(crate) fn none() -> Self {
        Self { line: Progress::new("", 0).silent(), last: 0, named: 0 }
    }
}

impl<T: Float> Companion<T> for ProgressLine {
    fn after_step(&mut self, step: &mut Step<'_, T>) -> Result<()> {
        if self.named != step.epoch + 1 {
            self.named = step.epoch + 1;
            self.line.label(format!("Epoch {}/{}", self.named, self.last));
        }
        self.line.advance(1, format_args!("loss {:.4}", step.loss_value));
        Ok(())
    }
    fn after_epoch(&mut self, _end: &mut EpochEnd<'_, T>) -> Result<()> {
        self.line.clear();
        Ok(())
    }
}
