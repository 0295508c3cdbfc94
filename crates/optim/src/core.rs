//! `Core`, the common part of all optimisers: the loop over parameters and their groups.

mod check;
mod saving;
mod slot;

use std::fmt;
use std::panic::Location;

use wengert_autograd::{GradUse, Line, Param};
use wengert_tensor::{Float, Tensor};

use crate::groups::{Change, Groups, names};
use crate::optimizer::no_momentum;
use crate::rule::{Formula, Rule};
use crate::settings::shown;
use crate::{Error, Result};
use check::Check;
use slot::Slot;

/// Parameters with their states and settings.
pub(crate) struct Core<T, R: Rule> {
    parameters: Vec<Param<T>>,
    slots: Vec<Slot<T>>,
    settings: R,
    groups: Groups<R>,
    /// The rate with which the optimiser was made; the rates of groups keep their ratio to it.
    first_rate: f64,
    allow: Allow,
    sorted: bool,
    /// Whether settings have changed since they were resolved for the groups.
    changed: bool,
    made: Line,
}

/// The faults of gradients that are allowed.
#[derive(Clone, Copy, Default)]
pub(crate) struct Allow {
    /// Parameters that have no gradient and have never had one.
    pub(crate) unused: bool,
    /// Infinities and NaN.
    pub(crate) non_finite: bool,
    /// Gradients that were already used by a step.
    pub(crate) used: bool,
}

impl<T: Float, R: Rule> Core<T, R> {
    #[track_caller]
    pub(crate) fn new(parameters: impl IntoIterator<Item = Param<T>>, settings: R) -> Self {
        let each = Param::each_once(parameters);
        let carried = R::CARRIED.map_or(0.0, |(_, start)| start);
        Self {
            slots: each.iter().map(|_| Slot::new(carried)).collect(),
            parameters: each,
            groups: Groups::new(&settings),
            first_rate: settings.rate(),
            settings,
            allow: Allow::default(),
            sorted: false,
            changed: true,
            made: Location::caller(),
        }
    }

    pub(crate) fn change(&mut self, change: impl FnOnce(R) -> R) {
        self.settings = change(self.settings.clone());
        *self.settings.has_own_rate() = false;
        self.changed = true;
    }

    pub(crate) fn group(&mut self, pattern: &str, change: Change<R>) {
        self.groups.push(pattern, change);
        (self.sorted, self.changed) = (false, true);
    }

    pub(crate) fn allow(&mut self) -> &mut Allow {
        &mut self.allow
    }

    pub(crate) fn parameters(&self) -> &[Param<T>] {
        &self.parameters
    }

    pub(crate) fn learning_rate(&self) -> f64 {
        self.settings.rate()
    }

    pub(crate) fn settings(&self) -> Vec<(&'static str, f64)> {
        let mut all = Vec::new();
        self.settings.numbers(&mut |name, x, _| all.push((name, x)));
        all
    }

    pub(crate) fn set_learning_rate(&mut self, rate: f64) {
        if rate.to_bits() != self.settings.rate().to_bits() {
            self.settings.set_rate(rate);
            self.changed = true;
        }
    }

    #[track_caller]
    pub(crate) fn set_momentum(&mut self, momentum: f64) -> Result<()> {
        if self.settings.set_momentum(momentum) {
            self.changed = true;
            return Ok(());
        }
        Err(no_momentum(R::NAME, momentum, Location::caller()))
    }

    #[track_caller]
    #[inline(never)]
    pub(crate) fn step(&mut self) -> Result<()> {
        let at = Location::caller();
        if self.parameters.is_empty() {
            let rule = format!(
                "{}: it has no parameters, so no step changes anything\n  help: name the model's fields in `parts!`, and make the optimiser from `model.parameters()` when the model is whole",
                R::NAME
            );
            return Err(Error::Use(rule, at));
        }
        self.settle()?;
        self.checking(&|set| self.groups.of(set).is_by_rows(), at).run()?;
        let mut made = None;
        for (param, slot) in self.parameters.iter().zip(&mut self.slots) {
            if param.is_frozen() {
                continue;
            }
            let settings = self.groups.of(slot.set);
            let rows = if settings.is_by_rows() { param.row_grad() } else { None };
            let updated = match rows {
                Some((rows, g)) => Some(param.step_by_rows(|value| {
                    slot.update(settings, &mut made, value, |formula, value, state| {
                        formula.update_rows(value, state, &rows, &g)
                    })
                })),
                None => param.step(|value, g| slot.update_whole(settings, &mut made, value, g)),
            };
            if let Some(Err(error)) = updated {
                return Err(error.into());
            }
        }
        Ok(())
    }

    #[track_caller]
    #[inline(never)]
    pub(crate) fn apply(&mut self, gradients: &[(&Param<T>, &Tensor<T>)]) -> Result<()> {
        let at = Location::caller();
        self.settle()?;
        for (k, (param, _)) in gradients.iter().enumerate() {
            if place(&self.parameters, k, param).is_none() {
                return Err(Error::NotMine { optimizer: R::NAME, name: param.path(), at });
            }
        }
        for (k, &(param, g)) in gradients.iter().enumerate() {
            let Some(place) = place(&self.parameters, k, param) else { continue };
            let slot = &self.slots[place];
            let fault = param.inspect(|value, _, _| slot.fault(value, g, GradUse::New, self.allow));
            if let Some(fault) = fault.filter(|_| !param.is_frozen()) {
                return Err(self.checking(&|_| false, at).named(fault, param));
            }
        }
        let mut made = None;
        for (k, &(param, g)) in gradients.iter().enumerate() {
            let Some(place) = place(&self.parameters, k, param) else { continue };
            if param.is_frozen() {
                continue;
            }
            let slot = &mut self.slots[place];
            let settings = self.groups.of(slot.set);
            param.update_in_place(|value, _| slot.update_whole(settings, &mut made, value, g))?;
        }
        Ok(())
    }

    fn checking<'a>(&'a self, by_rows: &'a dyn Fn(usize) -> bool, at: Line) -> Check<'a, T> {
        let Self { parameters, slots, allow, .. } = self;
        Check { optimizer: R::NAME, parameters, slots, by_rows, allow: *allow, at }
    }

    /// Brings the groups up to date with the settings.
    #[inline]
    fn settle(&mut self) -> Result<()> {
        if self.changed { self.resolve() } else { Ok(()) }
    }

    #[inline(never)]
    fn resolve(&mut self) -> Result<()> {
        if !self.sorted {
            let sets = self.groups.sort(&names(&self.parameters), self.made)?;
            for (slot, set) in self.slots.iter_mut().zip(sets) {
                slot.set = set;
            }
            self.sorted = true;
        }
        let rate = self.settings.rate();
        let proportion = if rate == self.first_rate { 1.0 } else { rate / self.first_rate };
        self.groups.resolve::<T>(&self.settings, proportion, self.made)?;
        self.changed = false;
        Ok(())
    }
}

/// The index of a parameter that comes as the `k`th; usually they come in their own order.
fn place<T: Float>(parameters: &[Param<T>], k: usize, param: &Param<T>) -> Option<usize> {
    match parameters.get(k) {
        Some(here) if here.is(param) => Some(k),
        _ => parameters.iter().position(|p| p.is(param)),
    }
}

impl<T: Float, R: Rule> fmt::Debug for Core<T, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} parameters", R::NAME, self.parameters.len())?;
        self.settings.numbers(&mut |name, x, _| {
            let _ = write!(f, ", {name} {}", shown(x));
        });
        Ok(())
    }
}
