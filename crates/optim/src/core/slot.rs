//! `Slot`: what an optimiser remembers of one parameter, and one step of it.

use wengert_tensor::{Float, Shape, Tensor, compiled};

use crate::rule::{Formula, Rule};

/// The names of a state's tensors.
pub(super) type Names = &'static [&'static str];

/// The first tensor of a state, by its name.
type Start<'a, T> = &'a dyn Fn(&str) -> Tensor<T>;

/// The state of a parameter.
pub(super) struct Slot<T> {
    /// Steps that it has made.
    pub(super) step: u64,
    pub(super) set: usize,
    /// The parameter's shape when `state` was made.
    pub(super) shape: Shape,
    /// The names of the tensors in `state`.
    pub(super) names: Names,
    pub(super) state: Vec<Tensor<T>>,
    pub(super) carried: f64,
}

/// The last formula made, which is that of most parameters of a step.
pub(super) struct Made<F> {
    set: usize,
    step: u64,
    carried: [f64; 2],
    formula: F,
}

impl<T: Float> Slot<T> {
    /// Before the first step.
    pub(super) fn new(carried: f64) -> Self {
        Self { step: 0, set: 0, shape: Shape::new(&[]), names: &[], state: Vec::new(), carried }
    }

    /// One step of one parameter, by its whole gradient.
    #[inline]
    pub(super) fn update_whole<R: Rule>(
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
    pub(super) fn update<R: Rule>(
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
            self.begin(names, value, &|name| settings.start(name, value));
        }
        run(formula, value, &mut self.state)?;
        (self.step, self.carried) = (step, carried);
        Ok(())
    }

    /// Makes the state tensors, at the first step or after a change of settings that needs more or fewer of them.
    #[inline(never)]
    fn begin(&mut self, names: Names, value: &Tensor<T>, start: Start<'_, T>) {
        let before = std::mem::take(&mut self.state);
        let mut before: Vec<_> = self.names.iter().zip(before).collect();
        let mut tensor = |name: &&'static str| match before.iter().position(|(b, _)| *b == name) {
            Some(k) => before.swap_remove(k).1,
            None => start(name),
        };
        self.state = names.iter().map(&mut tensor).collect();
        (self.names, self.shape) = (names, Shape::new(value.shape()));
    }
}

compiled!(f32 f64: { Slot::<T>::begin });
