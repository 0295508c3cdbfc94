//! The path so far, saved and loaded.

use std::collections::VecDeque;

use wengert_autograd::Param;
use wengert_files::Loader;
use wengert_tensor::{Float, Tensor};

use super::Lbfgs;
use super::direction::{Memory, Pair};
use crate::settings::{FINITE, LEARNING_RATE, NOT_NEGATIVE, POSITIVE};
use crate::{Result, State};

impl<T: Float> Lbfgs<T> {
    /// The state on which the next steps depend, besides the parameters and the settings.
    pub fn state(&self) -> State<T> {
        let mut state = State::of("Lbfgs");
        state.insert_number(LEARNING_RATE, self.learning_rate);
        let Some(memory) = &self.memory else { return state };
        for (name, x) in [
            ("n_iter", memory.iterations as f64),
            ("t", memory.length),
            ("prev_loss", memory.loss),
            ("H_diag", memory.scale),
        ] {
            state.insert_number(name, x);
        }
        state.insert("d", memory.direction.clone());
        state.insert("prev_flat_grad", memory.gradient.clone());
        for (k, pair) in memory.pairs.iter().enumerate() {
            state.insert(format!("old_dirs.{k}"), pair.change.clone());
            state.insert(format!("old_stps.{k}"), pair.step.clone());
            state.insert_number(format!("ro.{k}"), pair.inverse);
        }
        state
    }

    /// Continues from a saved [`state`](Self::state).
    ///
    /// # Errors
    /// As [`Optimizer::load_state`](crate::Optimizer::load_state).
    #[track_caller]
    pub fn load_state(&mut self, state: State<T>) -> Result<()> {
        let len: usize = self.free().map(Param::len).sum();
        let mut loader = Loader::new("Lbfgs", state)?;
        let rate = NOT_NEGATIVE.number(&mut loader, LEARNING_RATE);
        let mut memory = None;
        if loader.has("n_iter") {
            let iterations = loader.count("n_iter");
            let [length, loss] = ["t", "prev_loss"].map(|name| FINITE.number(&mut loader, name));
            let scale = POSITIVE.number(&mut loader, "H_diag");
            let vector = |loader: &mut Loader<T>, name: &str| {
                loader.tensor(name, &[len]).unwrap_or_else(|| Tensor::zeros([len]))
            };
            let direction = vector(&mut loader, "d");
            let gradient = vector(&mut loader, "prev_flat_grad");
            let mut pairs = VecDeque::new();
            while loader.has(&format!("ro.{}", pairs.len())) {
                let k = pairs.len();
                let change = vector(&mut loader, &format!("old_dirs.{k}"));
                let step = vector(&mut loader, &format!("old_stps.{k}"));
                let inverse = POSITIVE.number(&mut loader, &format!("ro.{k}"));
                pairs.push_back(Pair { change, step, inverse });
            }
            memory = Some(Memory { iterations, direction, length, gradient, loss, pairs, scale });
        }
        loader.finish()?;
        (self.memory, self.learning_rate) = (memory, rate);
        Ok(())
    }
}
