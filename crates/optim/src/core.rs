//! `Core`: what all optimisers share: going over the parameters, their groups, what is kept for each, saving and loading.

use std::fmt;
use std::panic::Location;

use wengert_autograd::{Line, Param};
use wengert_tensor::{Float, Shape, Tensor};

use crate::error::Misfit;
use crate::groups::{Change, Groups, names};
use crate::optimizer::{LEARNING_RATE, no_momentum};
use crate::rule::Rule;
use crate::{Error, Result, State};

/// Parameters and what is kept for them, with settings.
pub(crate) struct Core<T, R: Rule> {
    parameters: Vec<Param<T>>,
    slots: Vec<Slot<T>>,
    settings: R,
    groups: Groups<R>,
    /// The rate that the optimiser was made with, which the rates of groups keep their proportion to.
    first_rate: f64,
    allow_unused: bool,
    sorted: bool,
    /// Whether settings have changed since they were resolved for the groups.
    changed: bool,
    made: Line,
}

/// What is kept for a parameter.
struct Slot<T> {
    /// Steps that it has made.
    step: u64,
    set: usize,
    /// What `kept` is, tensor by tensor.
    names: &'static [&'static str],
    kept: Vec<Tensor<T>>,
    carried: f64,
}

/// The last formula made: most parameters of a step share it.
struct Made<F> {
    set: usize,
    step: u64,
    carried: [f64; 2],
    formula: F,
}

impl<T: Float, R: Rule> Core<T, R> {
    #[track_caller]
    pub(crate) fn new(parameters: impl IntoIterator<Item = Param<T>>, settings: R) -> Self {
        let mut each: Vec<Param<T>> = Vec::new();
        for param in parameters {
            // A parameter that two layers share is one parameter.
            if !each.iter().any(|p| p.is(&param)) {
                each.push(param);
            }
        }
        let carried = R::CARRIED.map_or(0.0, |(_, start)| start);
        let slot = |_: &Param<T>| Slot { step: 0, set: 0, names: &[], kept: Vec::new(), carried };
        Self {
            slots: each.iter().map(slot).collect(),
            parameters: each,
            groups: Groups::new(&settings),
            first_rate: settings.rate(),
            settings,
            allow_unused: false,
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

    pub(crate) fn allow_unused(&mut self) {
        self.allow_unused = true;
    }

    pub(crate) fn parameters(&self) -> &[Param<T>] {
        &self.parameters
    }

    pub(crate) fn learning_rate(&self) -> f64 {
        self.settings.rate()
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
        if !self.allow_unused {
            self.refuse_unused(at)?;
        }
        let (mut made, mut missing, mut stepped) = (None, 0, false);
        for (param, slot) in self.parameters.iter().zip(&mut self.slots) {
            if param.is_frozen() {
                continue;
            }
            let settings = self.groups.of(slot.set);
            let updated = param.update_in_place(|value, grad| match grad {
                Some(g) => slot.update(settings, &mut made, value, g).map(|()| true),
                None => Ok(false),
            });
            match updated {
                Ok(true) => stepped = true,
                Ok(false) => missing += 1,
                Err(unfit) => return Err(self.named(unfit, param, at)),
            }
        }
        if missing > 0 && !stepped && !self.allow_unused {
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
        let mut made = None;
        for (k, &(param, g)) in gradients.iter().enumerate() {
            let Some(place) = place(&self.parameters, k, param) else { continue };
            if param.is_frozen() {
                continue;
            }
            let slot = &mut self.slots[place];
            let settings = self.groups.of(slot.set);
            let updated =
                param.update_in_place(|value, _| slot.update(settings, &mut made, value, g));
            updated.map_err(|unfit| self.named(unfit, param, at))?;
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

    /// Refuses parameters that have no gradient and have never had one.
    #[inline]
    fn refuse_unused(&self, at: Line) -> Result<()> {
        let unused = |k: usize| {
            let (slot, param) = (&self.slots[k], &self.parameters[k]);
            slot.step == 0 && !param.is_frozen() && param.grad().is_none()
        };
        if (0..self.slots.len()).any(unused) {
            return Err(self.no_gradient(unused, at));
        }
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

    /// An update that could not be, with the parameter's name.
    #[cold]
    fn named(&self, unfit: Unfit, param: &Param<T>, at: Line) -> Error {
        let place = self.parameters.iter().position(|p| p.is(param)).unwrap_or(0);
        let name = names(&self.parameters)[place].clone();
        let (what, other, help) = match unfit {
            Unfit::Gradient(shape) => {
                ("gradient", shape, "a gradient has its parameter's shape: nothing is broadcast")
            }
            Unfit::Kept(shape) => (
                "optimiser's state",
                shape,
                "a parameter that was given another shape needs a new optimiser",
            ),
            Unfit::Other(error) => return Error::Tensor(error),
        };
        let shape = Shape::new(&param.shape());
        Error::Shape(Box::new(Misfit { optimizer: R::NAME, name, shape, what, other, help, at }))
    }

    pub(crate) fn state(&self) -> State<T> {
        let mut state = State::default();
        state.scalars.insert(LEARNING_RATE.to_string(), self.settings.rate());
        for (name, slot) in names(&self.parameters).iter().zip(&self.slots) {
            state.scalars.insert(format!("{name}.step"), slot.step as f64);
            if let Some((carried, _)) = R::CARRIED {
                state.scalars.insert(format!("{name}.{carried}"), slot.carried);
            }
            for (kept, tensor) in slot.names.iter().zip(&slot.kept) {
                state.tensors.insert(format!("{name}.{kept}"), tensor.clone());
            }
        }
        state
    }

    #[track_caller]
    pub(crate) fn load_state(&mut self, mut state: State<T>) -> Result<()> {
        let at = Location::caller();
        self.settle()?;
        let (mut missing, mut misshaped) = (Vec::new(), Vec::new());
        let rate = take(&mut state.scalars, LEARNING_RATE.to_string(), &mut missing);
        let mut slots = Vec::with_capacity(self.slots.len());
        for ((name, slot), param) in
            names(&self.parameters).iter().zip(&self.slots).zip(&self.parameters)
        {
            let settings = self.groups.of(slot.set);
            let step = take(&mut state.scalars, format!("{name}.step"), &mut missing);
            let step = step.unwrap_or(0.0) as u64;
            let carried = R::CARRIED.and_then(|(carried, _)| {
                take(&mut state.scalars, format!("{name}.{carried}"), &mut missing)
            });
            let mut kept = Vec::new();
            let value = param.value();
            let names = settings.kept(value.rank());
            for what in names {
                let key = format!("{name}.{what}");
                // Before its first step a parameter may have nothing kept.
                if step == 0 && !state.tensors.contains_key(&key) {
                    kept.push(settings.start(what, &value));
                    continue;
                }
                let Some(tensor) = take(&mut state.tensors, key.clone(), &mut missing) else {
                    continue;
                };
                let wanted = settings.start(what, &value);
                if tensor.shape() != wanted.shape() {
                    let (got, wanted) = (Shape::new(tensor.shape()), Shape::new(wanted.shape()));
                    misshaped.push(format!("{key} {got} for {wanted}"));
                }
                kept.push(tensor);
            }
            let carried = carried.unwrap_or(slot.carried);
            slots.push(Slot { step, set: slot.set, names, kept, carried });
        }
        let rest = state.tensors.into_keys().chain(state.scalars.into_keys());
        let unexpected: Vec<String> = rest.collect();
        if !(missing.is_empty() && unexpected.is_empty() && misshaped.is_empty()) {
            return Err(Error::State { optimizer: R::NAME, missing, unexpected, misshaped, at });
        }
        self.slots = slots;
        if let Some(rate) = rate {
            self.set_learning_rate(rate);
        }
        Ok(())
    }
}

/// Where a parameter is, given as the `k`th: mostly they come in the order in which they are here.
fn place<T: Float>(parameters: &[Param<T>], k: usize, param: &Param<T>) -> Option<usize> {
    match parameters.get(k) {
        Some(here) if here.is(param) => Some(k),
        _ => parameters.iter().position(|p| p.is(param)),
    }
}

pub(crate) fn take<V>(
    map: &mut std::collections::BTreeMap<String, V>,
    key: String,
    missing: &mut Vec<String>,
) -> Option<V> {
    let found = map.remove(&key);
    if found.is_none() {
        missing.push(key);
    }
    found
}

/// Why a parameter cannot be updated.
enum Unfit {
    /// Its gradient has this shape.
    Gradient(Shape),
    /// What is kept for it has this shape.
    Kept(Shape),
    Other(wengert_tensor::Error),
}

impl<T: Float> Slot<T> {
    /// One step of one parameter.
    #[inline]
    fn update<R: Rule>(
        &mut self,
        settings: &R,
        made: &mut Option<Made<R::Formula>>,
        value: &mut Tensor<T>,
        g: &Tensor<T>,
    ) -> Result<(), Unfit> {
        if value.shape() != g.shape() {
            return Err(Unfit::Gradient(Shape::new(g.shape())));
        }
        let names = settings.kept(value.rank());
        if !std::ptr::eq(self.names, names) && self.names != names {
            self.keep(settings, names, value);
        }
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
        if let Err(error) = R::run(formula, value, &mut self.kept, g) {
            return Err(match self.kept.iter().find(|kept| kept.shape() != value.shape()) {
                Some(kept) => Unfit::Kept(Shape::new(kept.shape())),
                None => Unfit::Other(error),
            });
        }
        (self.step, self.carried) = (step, carried);
        Ok(())
    }

    /// Makes what is to be kept: at the first step, or when a setting was changed that asks for more, or less.
    #[cold]
    fn keep<R: Rule>(&mut self, settings: &R, names: &'static [&'static str], value: &Tensor<T>) {
        let before = std::mem::take(&mut self.kept);
        let mut before: Vec<_> = self.names.iter().zip(before).collect();
        let mut kept = |name: &&'static str| match before.iter().position(|(b, _)| *b == name) {
            Some(k) => before.swap_remove(k).1,
            None => settings.start(name, value),
        };
        self.kept = names.iter().map(&mut kept).collect();
        self.names = names;
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
