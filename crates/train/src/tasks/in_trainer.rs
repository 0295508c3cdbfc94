//! Several tasks in a trainer: they are told of epochs, and what they remember is in its checkpoints.

use wengert_files::{Loader, Resume, State};
use wengert_tensor::Float;

use super::{Memory, MultiTask};
use crate::{Companion, EpochEnd};

/// In a trainer: an epoch ends, and what is remembered is saved.
impl<T: Float> Companion<T> for &MultiTask<T> {
    fn after_epoch(&mut self, _: &mut EpochEnd<'_, T>) -> crate::Result<()> {
        self.end_epoch();
        Ok(())
    }
    fn describe(&self) -> String {
        format!("MultiTask of {}", self.names.join(", "))
    }
    fn memory(&mut self) -> Option<&mut dyn Resume<T>> {
        Some(self)
    }
}

/// The kind of its states.
const KIND: &str = "MultiTask";
/// The lists of a state, one number for each task.
const LISTS: [&str; 5] = ["weights", "first", "sums", "last", "before"];

impl<T: Float> Resume<T> for &MultiTask<T> {
    fn state(&self) -> State<T> {
        let memory = MultiTask::memory(self);
        let mut state = State::of(KIND);
        state.insert_number("steps", memory.steps as f64);
        state.insert_number("count", memory.count as f64);
        let Memory { weights, first, sums, last, before, .. } = &*memory;
        for (list, numbers) in LISTS.into_iter().zip([weights, first, sums, last, before]) {
            for (k, (name, x)) in self.names.iter().zip(numbers).enumerate() {
                state.insert_number(format!("{list}.{k}.{name}"), *x);
            }
        }
        state
    }

    #[track_caller]
    fn load_state(&mut self, state: State<T>) -> wengert_files::Result<()> {
        let mut loader = Loader::new(KIND, state)?;
        let [steps, count] = ["steps", "count"].map(|name| loader.count(name) as usize);
        let [weights, first, sums, last, before] = LISTS.map(|list| {
            let mut numbers = Vec::new();
            for (k, name) in self.names.iter().enumerate() {
                let name = format!("{list}.{k}.{name}");
                // What had not begun yet has no numbers.
                if matches!(list, "weights" | "sums") || loader.has(&name) {
                    numbers.push(loader.number(&name));
                }
            }
            numbers
        });
        loader.finish()?;
        let report = None;
        *MultiTask::memory(self) =
            Memory { steps, weights, first, sums, count, last, before, report };
        Ok(())
    }
}
