//! The state of an optimiser, saved and loaded.

use wengert_files::Loader;
use wengert_tensor::{Float, Shape};

use super::{Core, Slot};
use crate::groups::names;
use crate::rule::{Formula, Rule};
use crate::settings::{LEARNING_RATE, NOT_NEGATIVE, UP_TO_ONE};
use crate::{Result, State};

impl<T: Float, R: Rule> Core<T, R> {
    #[inline(never)]
    pub(crate) fn state(&self) -> State<T> {
        let mut state = State::of(R::NAME);
        state.insert_number(LEARNING_RATE, self.settings.rate());
        for (name, slot) in names(&self.parameters).iter().zip(&self.slots) {
            state.insert_number(format!("{name}.step"), slot.step as f64);
            if let Some((carried, _)) = R::CARRIED {
                state.insert_number(format!("{name}.{carried}"), slot.carried);
            }
            for (what, tensor) in slot.names.iter().zip(&slot.state) {
                state.insert(format!("{name}.{what}"), tensor.clone());
            }
        }
        state
    }

    #[track_caller]
    #[inline(never)]
    pub(crate) fn load_state(&mut self, state: State<T>) -> Result<()> {
        let mut loader = Loader::new(R::NAME, state)?;
        let (before, rate) =
            (self.settings.rate(), NOT_NEGATIVE.number(&mut loader, LEARNING_RATE));
        // The current rate may be the very fault that the saved state would fix, so it is not checked here.
        self.set_learning_rate(if rate >= 0.0 && rate.is_finite() { rate } else { 0.0 });
        let loaded = self.load_slots(loader);
        match loaded {
            Ok(slots) => self.slots = slots,
            Err(error) => {
                self.set_learning_rate(before);
                return Err(error);
            }
        }
        Ok(())
    }

    fn load_slots(&mut self, mut loader: Loader<T>) -> Result<Vec<Slot<T>>> {
        self.settle()?;
        let mut slots = Vec::with_capacity(self.slots.len());
        let names = names(&self.parameters);
        for ((name, slot), param) in names.iter().zip(&self.slots).zip(&self.parameters) {
            let settings = self.groups.of(slot.set);
            let step = loader.count(&format!("{name}.step"));
            let carried = R::CARRIED.map_or(slot.carried, |(carried, _)| {
                UP_TO_ONE.number(&mut loader, &format!("{name}.{carried}"))
            });
            let mut state = Vec::new();
            let value = param.value();
            let names = settings.formula(1, &mut 1.0).state(value.rank());
            // One that has never made a step has no state, and is saved again as it was.
            if step == 0 && !names.iter().any(|what| loader.has(&format!("{name}.{what}"))) {
                let shape = Shape::new(&[]);
                slots.push(Slot { step, set: slot.set, shape, names: &[], state, carried });
                continue;
            }
            for what in names {
                let (key, start) = (format!("{name}.{what}"), settings.start(what, &value));
                // Before its first step a parameter may have a part of its state.
                if step == 0 && !loader.has(&key) {
                    state.push(start);
                } else {
                    state.extend(loader.tensor(&key, start.shape()));
                }
            }
            let shape = Shape::new(value.shape());
            slots.push(Slot { step, set: slot.set, shape, names, state, carried });
        }
        loader.finish()?;
        Ok(slots)
    }
}
