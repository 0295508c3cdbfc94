//! `Core`, the common part of all optimisers: the loop over parameters, their groups and states, saving and loading.

use std::fmt;
use std::panic::Location;

use wengert_autograd::{GradUse, Line, Param};
use wengert_files::Loader;
use wengert_tensor::{Float, Shape, Tensor};

use crate::error::Misfit;
use crate::groups::{Change, Groups, names};
use crate::optimizer::no_momentum;
use crate::rule::{Formula, Rule};
use crate::settings::{LEARNING_RATE, NOT_NEGATIVE, UP_TO_ONE};
use crate::{Error, Result, State};

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

/// The state of a parameter.
struct Slot<T> {
    /// Steps that it has made.
    step: u64,
    set: usize,
    /// The parameter's shape when `state` was made.
    shape: Shape,
    /// The names of the tensors in `state`.
    names: &'static [&'static str],
    state: Vec<Tensor<T>>,
    carried: f64,
}

/// The last formula made, which is that of most parameters of a step.
struct Made<F> {
    set: usize,
    step: u64,
    carried: [f64; 2],
    formula: F,
}

impl<T: Float, R: Rule> Core<T, R> {
    #[track_caller]
    pub(crate) fn new(parameters: impl IntoIterator<Item = Param<T>>, settings: R) -> Self {
        let each = Param::each_once(parameters);
        let carried = R::CARRIED.map_or(0.0, |(_, start)| start);
        let slot = |_: &Param<T>| Slot {
            step: 0,
            set: 0,
            shape: Shape::new(&[]),
            names: &[],
            state: Vec::new(),
            carried,
        };
        Self {
            slots: each.iter().map(slot).collect(),
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
    #[inline]
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
        self.check(at)?;
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

    /// Rejects gradients with which no step can be made, before anything is changed.
    #[inline]
    fn check(&self, at: Line) -> Result<()> {
        let (mut found, mut missing) = (false, false);
        for (param, slot) in self.parameters.iter().zip(&self.slots) {
            if param.is_frozen() {
                continue;
            }
            if self.groups.of(slot.set).is_by_rows()
                && let Some((_, g)) = param.row_grad()
            {
                found = true;
                let shape = param.shape();
                let state = (!slot.state.is_empty() && shape != slot.shape[..])
                    .then(|| Fault::State(slot.shape.clone()));
                let numbers = || self.allow.number(&g).or(self.allow.uses(param.grad_use()));
                if let Some(fault) = state.or_else(numbers) {
                    return Err(self.named(fault, param, at));
                }
                continue;
            }
            let fault = param.inspect(|value, g, uses| match g {
                Some(g) => {
                    found = true;
                    slot.fault(value, g, uses, self.allow)
                }
                None => {
                    missing = true;
                    (slot.step == 0 && !self.allow.unused).then_some(Fault::Unused)
                }
            });
            if let Some(fault) = fault {
                return Err(self.named(fault, param, at));
            }
        }
        if missing && !found && !self.allow.unused {
            return Err(self.no_gradient(|_| true, at));
        }
        Ok(())
    }

    #[track_caller]
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
                return Err(self.named(fault, param, at));
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

    /// Brings the groups up to date with the settings.
    #[inline]
    fn settle(&mut self) -> Result<()> {
        if self.changed { self.resolve() } else { Ok(()) }
    }

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
        self.groups.resolve(&self.settings, proportion, self.made)?;
        self.changed = false;
        Ok(())
    }

    #[cold]
    fn no_gradient(&self, which: impl Fn(usize) -> bool, at: Line) -> Error {
        let names = names(&self.parameters);
        let frozen = |k: &usize| self.parameters[*k].is_frozen();
        let of = (0..names.len()).filter(|k| !frozen(k)).count();
        let missing = (0..names.len()).filter(|k| !frozen(k) && which(*k));
        let names = missing.map(|k| names[k].clone()).collect();
        Error::NoGradient { optimizer: R::NAME, names, of, at }
    }

    /// The error of a fault, with the parameter's name.
    #[cold]
    fn named(&self, fault: Fault, param: &Param<T>, at: Line) -> Error {
        let place = self.parameters.iter().position(|p| p.is(param)).unwrap_or(0);
        let name = names(&self.parameters)[place].clone();
        let optimizer = R::NAME;
        let (what, other, help) = match fault {
            Fault::Unused => {
                let unused =
                    |k: usize| self.slots[k].step == 0 && self.parameters[k].grad().is_none();
                return self.no_gradient(unused, at);
            }
            Fault::NotFinite(found) => {
                return Error::NotFinite { function: optimizer, name, found, at };
            }
            Fault::Used => return Error::UsedGradient { optimizer, name, at },
            Fault::Gradient(shape) => {
                ("gradient", shape, "a gradient has its parameter's shape: nothing is broadcast")
            }
            Fault::State(shape) => (
                "optimiser's state",
                shape,
                "a parameter that was given another shape needs a new optimiser",
            ),
        };
        let shape = Shape::new(&param.shape());
        Error::Shape(Box::new(Misfit { optimizer, name, shape, what, other, help, at }))
    }

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

/// The index of a parameter that comes as the `k`th; usually they come in their own order.
fn place<T: Float>(parameters: &[Param<T>], k: usize, param: &Param<T>) -> Option<usize> {
    match parameters.get(k) {
        Some(here) if here.is(param) => Some(k),
        _ => parameters.iter().position(|p| p.is(param)),
    }
}

/// The reason why no step can be made with a parameter and its gradient.
enum Fault {
    /// It has no gradient, and has never had one.
    Unused,
    /// The gradient has this shape.
    Gradient(Shape),
    /// The state of the parameter was made when it had this shape.
    State(Shape),
    /// The gradient holds this number.
    NotFinite(f64),
    /// The gradient was already used by a step.
    Used,
}

impl Allow {
    /// A number of a gradient that is not finite.
    #[inline]
    fn number<T: Float>(self, g: &Tensor<T>) -> Option<Fault> {
        if self.non_finite || g.all_finite() {
            return None;
        }
        let found = g.iter().find(|x| !x.is_finite());
        Some(Fault::NotFinite(found.map_or(f64::NAN, |x| x.to_f64())))
    }

    /// A gradient that was stepped with before.
    #[inline]
    fn uses(self, uses: GradUse) -> Option<Fault> {
        (uses == GradUse::SteppedInPart && !self.used).then_some(Fault::Used)
    }
}

impl<T: Float> Slot<T> {
    #[inline]
    fn fault(
        &self,
        value: &Tensor<T>,
        g: &Tensor<T>,
        uses: GradUse,
        allow: Allow,
    ) -> Option<Fault> {
        if value.shape() != g.shape() {
            return Some(Fault::Gradient(Shape::new(g.shape())));
        }
        if !self.state.is_empty() && value.shape() != &self.shape[..] {
            return Some(Fault::State(self.shape.clone()));
        }
        allow.number(g).or(allow.uses(uses))
    }

    /// One step of one parameter, by its whole gradient.
    #[inline]
    fn update_whole<R: Rule>(
        &mut self,
        settings: &R,
        made: &mut Option<Made<R::Formula>>,
        value: &mut Tensor<T>,
        g: &Tensor<T>,
    ) -> wengert_tensor::Result<()> {
        self.update(settings, made, value, |formula, value, state| formula.update(value, state, g))
    }

    /// One step of one parameter: `run` applies the formula to it and to its state.
    #[inline]
    fn update<R: Rule>(
        &mut self,
        settings: &R,
        made: &mut Option<Made<R::Formula>>,
        value: &mut Tensor<T>,
        run: impl FnOnce(R::Formula, &mut Tensor<T>, &mut [Tensor<T>]) -> wengert_tensor::Result<()>,
    ) -> wengert_tensor::Result<()> {
        let step = self.step + 1;
        let (formula, carried) = match made {
            Some(made)
                if (made.set, made.step) == (self.set, step) && made.carried[0] == self.carried =>
            {
                (made.formula, made.carried[1])
            }
            _ => {
                let mut carried = self.carried;
                let formula = settings.formula(step, &mut carried);
                let carried = [self.carried, carried];
                *made = Some(Made { set: self.set, step, carried, formula });
                (formula, carried[1])
            }
        };
        let names = formula.state(value.rank());
        if !std::ptr::eq(self.names, names) && self.names != names {
            self.begin(settings, names, value);
        }
        run(formula, value, &mut self.state)?;
        (self.step, self.carried) = (step, carried);
        Ok(())
    }

    /// Makes the state tensors, at the first step or after a change of settings that needs more or fewer of them.
    #[cold]
    fn begin<R: Rule>(&mut self, settings: &R, names: &'static [&'static str], value: &Tensor<T>) {
        let before = std::mem::take(&mut self.state);
        let mut before: Vec<_> = self.names.iter().zip(before).collect();
        let mut tensor = |name: &&'static str| match before.iter().position(|(b, _)| *b == name) {
            Some(k) => before.swap_remove(k).1,
            None => settings.start(name, value),
        };
        self.state = names.iter().map(&mut tensor).collect();
        (self.names, self.shape) = (names, Shape::new(value.shape()));
    }
}

impl<T: Float, R: Rule> fmt::Debug for Core<T, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} parameters", R::NAME, self.parameters.len())?;
        self.settings.numbers(&mut |name, x, _| {
            let _ = write!(f, ", {name} {x}");
        });
        Ok(())
    }
}
