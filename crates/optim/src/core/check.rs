//! The gradients with which no step can be made, and their errors.

use wengert_autograd::{GradUse, Line, Param};
use wengert_tensor::{Float, Shape, Tensor, compiled};

use super::{Allow, Slot};
use crate::error::Misfit;
use crate::groups::names;
use crate::{Error, Result};

/// The reason why no step can be made with a parameter and its gradient.
pub(super) enum Fault {
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
    pub(super) fn fault(
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
}

/// An optimiser, as far as it is checked before a step.
pub(super) struct Check<'a, T> {
    pub(super) optimizer: &'static str,
    pub(super) parameters: &'a [Param<T>],
    pub(super) slots: &'a [Slot<T>],
    /// True for settings by which rows without a gradient are left alone.
    pub(super) by_rows: &'a dyn Fn(usize) -> bool,
    pub(super) allow: Allow,
    pub(super) at: Line,
}

impl<T: Float> Check<'_, T> {
    /// Rejects gradients with which no step can be made, before anything is changed.
    #[inline(never)]
    pub(super) fn run(&self) -> Result<()> {
        let (mut found, mut missing) = (false, false);
        for (param, slot) in self.parameters.iter().zip(self.slots) {
            if param.is_frozen() {
                continue;
            }
            if (self.by_rows)(slot.set)
                && let Some((_, g)) = param.row_grad()
            {
                found = true;
                let shape = param.shape();
                let state = (!slot.state.is_empty() && shape != slot.shape[..])
                    .then(|| Fault::State(slot.shape.clone()));
                let numbers = || self.allow.number(&g).or(self.allow.uses(param.grad_use()));
                if let Some(fault) = state.or_else(numbers) {
                    return Err(self.named(fault, param));
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
                return Err(self.named(fault, param));
            }
        }
        if missing && !found && !self.allow.unused {
            return Err(self.no_gradient(&|_| true));
        }
        Ok(())
    }

    #[cold]
    fn no_gradient(&self, which: &dyn Fn(usize) -> bool) -> Error {
        let names = names(self.parameters);
        let frozen = |k: &usize| self.parameters[*k].is_frozen();
        let of = (0..names.len()).filter(|k| !frozen(k)).count();
        let missing = (0..names.len()).filter(|k| !frozen(k) && which(*k));
        let names = missing.map(|k| names[k].clone()).collect();
        Error::NoGradient { optimizer: self.optimizer, names, of, at: self.at }
    }

    /// The error of a fault, with the parameter's name.
    #[cold]
    #[inline(never)]
    pub(super) fn named(&self, fault: Fault, param: &Param<T>) -> Error {
        let place = self.parameters.iter().position(|p| p.is(param)).unwrap_or(0);
        let name = names(self.parameters)[place].clone();
        let Self { optimizer, at, .. } = *self;
        let (what, other, help) = match fault {
            Fault::Unused => {
                let unused =
                    |k: usize| self.slots[k].step == 0 && self.parameters[k].grad().is_none();
                return self.no_gradient(&unused);
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
}

compiled!(f32 f64: { Check::<T>::run, Check::<T>::named });
