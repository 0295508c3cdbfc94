//! Early stopping in a trainer, and in its checkpoints.

use wengert_files::{Loader, Resume, State};
use wengert_tensor::Float;

use super::by::Best;
use super::{EarlyStopping, Why};
use crate::companions::refuse;
use crate::{Companion, EpochEnd, Fit, Result};

/// In a trainer: notes each epoch, ends the training, and at the end gives the model the best weights.
impl<T: Float> Companion<T> for EarlyStopping<T> {
    fn before_fit(&mut self, fit: &Fit) -> Result<()> {
        refuse(self.broken())?;
        self.begin_after(fit.epochs_done);
        self.end_after(fit.epochs);
        Ok(())
    }

    fn after_epoch(&mut self, end: &mut EpochEnd<'_, T>) -> Result<()> {
        let loss = end.epoch.loss();
        let score = match &self.by {
            Some(by) if loss.is_finite() => by.score(end)?,
            _ => loss,
        };
        self.fired = self.why(end.model, loss, score)?;
        if let Some(why) = self.fired {
            end.stop_because(why);
        }
        Ok(())
    }

    fn after_fit(&mut self, end: &mut EpochEnd<'_, T>) -> Result<()> {
        // In a process that goes on from a checkpoint of the last epoch, the trainer knows why.
        let known = end.stopped.map(|stopped| stopped.why);
        let why = self.fired.take().or(known).unwrap_or(Why::Companion);
        *end.stopped = Some(self.stop(end.model, why)?);
        Ok(())
    }

    fn describe(&self) -> String {
        self.to_string()
    }

    fn memory(&mut self) -> Option<&mut dyn Resume<T>> {
        Some(self)
    }

    fn has_better_weights(&self) -> bool {
        self.has_best()
    }
}

/// The kind of its states.
const KIND: &str = "EarlyStopping";

/// The number of epochs that it has seen, the loss to beat, and the best weights; not the conditions, which are the program's.
impl<T: Float> Resume<T> for EarlyStopping<T> {
    fn state(&self) -> State<T> {
        let mut state = State::of(KIND);
        state.insert_number("epoch", self.epoch as f64);
        state.insert_number("mark.loss", self.mark.0);
        state.insert_number("mark.epoch", self.mark.1 as f64);
        if let Some(Best { epoch, loss, score, state: weights }) = &self.best {
            state.insert_number("best.epoch", *epoch as f64);
            state.insert_number("best.loss", *loss);
            if self.by.is_some() {
                state.insert_number("best.score", *score);
            }
            state.insert_all("weights.", weights);
        }
        state
    }

    #[track_caller]
    fn load_state(&mut self, state: State<T>) -> wengert_files::Result<()> {
        let mut loader = Loader::new(KIND, state)?;
        let epoch = loader.count("epoch") as usize;
        let mark = (loader.number("mark.loss"), loader.count("mark.epoch") as usize);
        let mut best = None;
        if loader.has("best.epoch") {
            let (epoch, loss) = (loader.count("best.epoch") as usize, loader.number("best.loss"));
            let score = if loader.has("best.score") { loader.number("best.score") } else { loss };
            best = Some(Best { epoch, loss, score, state: loader.under("weights.") });
        }
        loader.finish()?;
        (self.epoch, self.mark, self.best) = (epoch, mark, best);
        Ok(())
    }
}
