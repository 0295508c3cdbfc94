//! `Held`: what the user holds, remembered and put back bit for bit, however a trial ends.

use wengert_autograd::Param;
use wengert_nn::{Buffer, Counter, Part, Parts};
use wengert_optim::{Optimizer, State};
use wengert_tensor::{Float, Tensor};

/// The buffers and counters of a model, with the values that they had when they were noted.
pub(crate) struct Noted<T: Float> {
    buffers: Vec<(Buffer<T>, Tensor<T>)>,
    counters: Vec<(Counter, i64)>,
}

impl<T: Float> Noted<T> {
    pub(crate) fn of(model: &(impl Parts<T> + ?Sized)) -> Self {
        let (mut buffers, mut counters) = (Vec::new(), Vec::new());
        model.walk(&mut |_, part| match part {
            Part::Buffer(b) => buffers.push((b.clone(), b.value())),
            Part::Counter(c) => counters.push((c.clone(), c.get())),
            Part::Param(_) | Part::Module(_) => {}
        });
        Self { buffers, counters }
    }

    /// Notes the values anew, and puts them back when the guard is dropped, unless it is told that the batch was good.
    pub(crate) fn before_batch(&mut self) -> Batch<'_, T> {
        self.buffers.iter_mut().for_each(|(buffer, value)| *value = buffer.value());
        self.counters.iter_mut().for_each(|(counter, value)| *value = counter.get());
        Batch { noted: self, good: false }
    }

    fn put_back(&self) {
        self.buffers.iter().for_each(|(buffer, value)| buffer.set(value.clone()));
        self.counters.iter().for_each(|(counter, value)| counter.set(*value));
    }
}

/// A batch whose step is not made yet. A batch that is refused changes nothing: not by an error, and not by a panic.
pub(crate) struct Batch<'a, T: Float> {
    noted: &'a Noted<T>,
    pub(crate) good: bool,
}

impl<T: Float> Drop for Batch<'_, T> {
    fn drop(&mut self) {
        if !self.good {
            self.noted.put_back();
        }
    }
}

/// A parameter with its value, its gradient, and whether it is frozen.
type HeldParam<T> = (Param<T>, Tensor<T>, Option<Tensor<T>>, bool);

/// The weights, gradients, buffers and counters of a model, and the state of an optimiser; put back when it is dropped.
pub(crate) struct Held<'o, T: Float> {
    parameters: Vec<HeldParam<T>>,
    noted: Noted<T>,
    pub(crate) optimizer: Option<(&'o mut (dyn Optimizer<T> + 'o), State<T>)>,
}

impl<'o, T: Float> Held<'o, T> {
    /// All that this model holds.
    pub(crate) fn of(model: &(impl Parts<T> + ?Sized)) -> Self {
        let mut parameters = Vec::new();
        model.walk(&mut |_, part| {
            if let Part::Param(p) = part {
                parameters.push(Self::param(p));
            }
        });
        Self { parameters, noted: Noted::of(model), optimizer: None }
    }

    fn param(p: &Param<T>) -> HeldParam<T> {
        (p.clone(), p.value(), p.grad(), p.is_frozen())
    }

    /// And this optimiser, with its parameters.
    pub(crate) fn and(mut self, optimizer: &'o mut (dyn Optimizer<T> + 'o)) -> Self {
        self = self.and_parameters(optimizer.parameters());
        let state = optimizer.state();
        self.optimizer = Some((optimizer, state));
        self
    }

    /// And these parameters.
    pub(crate) fn and_parameters(mut self, parameters: &[Param<T>]) -> Self {
        for p in parameters {
            if !self.parameters.iter().any(|(known, ..)| known.is(p)) {
                self.parameters.push(Self::param(p));
            }
        }
        self
    }

    /// Puts everything back, and goes on holding it.
    pub(crate) fn put_back(&mut self) {
        for (param, value, grad, frozen) in &self.parameters {
            param.set(value.clone());
            param.set_grad(grad.clone());
            param.set_frozen(*frozen);
        }
        self.noted.put_back();
        if let Some((optimizer, state)) = &mut self.optimizer {
            // Its own state fits it.
            let _ = optimizer.load_state(state.clone());
        }
    }
}

impl<T: Float> Drop for Held<'_, T> {
    fn drop(&mut self) {
        self.put_back();
    }
}
