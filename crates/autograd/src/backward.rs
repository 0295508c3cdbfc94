//! Gradients asked of a number: `backward`, which fills the parameters', and `gradients` and `grad`, which give them.

use std::panic::Location;

use wengert_tensor::{Float, compiled};

use crate::error::Line;
use crate::gradients::Gradients;
use crate::sweep::{Keep, Then, sweep};
use crate::{Error, Result, Var};

/// The place to read the gradients of vars that are not parameters.
const UNKEPT: &str = "\n  help: for a `tape.var` read `loss.gradients()?.wrt(x).value()?`, or record the gradient with `loss.grad(&[x])?`; what is trained is a `Param`";

impl<'t, T: Float> Var<'t, T> {
    /// Finds the gradient of this number and adds it to the parameters'. Spends the tape: it lets go of the parameters, so
    /// that the optimiser's step writes in place.
    ///
    /// ```
    /// use wengert_autograd::{Param, Tape};
    /// use wengert_tensor::tensor;
    ///
    /// let w = Param::new(tensor![1.0_f32, 2.0]);
    /// let tape = Tape::new();
    /// tape.param(&w).square().sum().backward()?;
    /// assert_eq!(w.grad(), Some(tensor![2.0, 4.0]));
    /// # Ok::<(), wengert_autograd::Error>(())
    /// ```
    ///
    /// # Errors
    /// If this is not a single number, the tape is spent, a parameter was changed meanwhile, nothing that wants a gradient
    /// leads here, or no parameter does (the gradient of a `tape.var` is read with [`gradients`](Self::gradients), or off a
    /// tape that is [keeping adjoints](crate::Tape::keeping_adjoints)); on a tape that is [`finite`](crate::Tape::finite), if this or a parameter's gradient is not.
    #[track_caller]
    pub fn backward(self) -> Result<()> {
        self.backward_here(Location::caller())
    }

    #[inline(never)]
    fn backward_here(self, at: Line) -> Result<()> {
        self.fill_params("backward", at)?;
        self.tape.inner.borrow_mut().let_go(at);
        Ok(())
    }

    /// [`backward`](Self::backward) that does not spend the tape: a second sweep gives the same again. The tape keeps hold
    /// of the parameters, so a step copies them.
    ///
    /// # Errors
    /// As [`backward`](Self::backward).
    #[track_caller]
    pub fn backward_keep(self) -> Result<()> {
        self.fill_params("backward_keep", Location::caller())
    }

    #[inline(never)]
    fn fill_params(self, verb: &'static str, at: Line) -> Result<()> {
        self.startable(verb, at)?;
        let (grads, adjoints, rows) = {
            let mut guard = self.tape.inner.borrow_mut();
            let mut grads = std::mem::take(&mut guard.grads);
            drop(guard);
            let inner = self.tape.inner.borrow();
            let count = self.index as usize + 1;
            grads.clear();
            grads.resize(count, None);
            grads[count - 1] = Some(inner.nodes.value(count - 1).ones_like());
            let mut adjoints = Vec::new();
            let mut rows = Vec::new();
            if self.tape.keep_adjoints.get() {
                adjoints.resize(count, None);
                sweep(&inner, &mut grads, &mut |i, g| {
                    adjoints[i] = Some(g.clone());
                    Ok(Then::HandOn)
                })?;
            } else if self.tape.finite.get() || !inner.watchers.is_empty() {
                sweep(&inner, &mut grads, &mut |_, _| Ok(Then::HandOn))?;
            } else {
                sweep(&inner, &mut grads, &mut |i, g| Ok(inner.take_rows(i, g, &mut rows)))?;
            }
            (grads, adjoints, rows)
        };
        if self.tape.finite.get() {
            self.refuse_non_finite(&grads)?;
        }
        let mut guard = self.tape.inner.borrow_mut();
        let inner = &mut *guard;
        let mut grads = grads;
        let arrives = |index: &u32| grads.get(*index as usize).is_some_and(Option::is_some);
        let reached = !rows.is_empty() || inner.params.iter().any(arrives);
        if adjoints.is_empty() && inner.watchers.is_empty() && !reached {
            let why = "no parameter leads to this loss, and only parameters keep their gradients"
                .to_string();
            return Err(Error::NoGradient { verb, why: why + UNKEPT, at });
        }
        for &index in &inner.params {
            if let Some(slot) = grads.get_mut(index as usize)
                && let (Some(g), Some(read)) =
                    (slot.take(), inner.nodes.op(index as usize).parameter())
            {
                read.param.add_grad(g)?;
            }
        }
        for (line, part) in rows {
            if let Some(read) = inner.nodes.op(line as usize).parameter() {
                read.param.add_row_grad(part)?;
            }
        }
        grads.clear();
        inner.grads = grads;
        if !adjoints.is_empty() {
            inner.adjoints = adjoints;
        }
        Ok(())
    }

    /// Finds the gradients of this number with respect to everything on the tape, and keeps them.
    ///
    /// # Errors
    /// As [`backward`](Self::backward).
    #[track_caller]
    #[inline(never)]
    pub fn gradients(self) -> Result<Gradients<'t, T>> {
        self.startable("gradients", Location::caller())?;
        let seed = self.value()?.ones_like();
        let grads = self.tape.sweep(vec![(self.index, seed)], Keep::All)?;
        Ok(Gradients::new(self, grads))
    }

    /// The gradients of this number with respect to some vars, recorded: they can be differentiated again.
    ///
    /// ```
    /// use wengert_autograd::Tape;
    ///
    /// let tape = Tape::new();
    /// let x = tape.scalar(2.0_f64);
    /// let y = x * x * x;
    /// let first = y.grad(&[x])?[0];
    /// let second = first.grad(&[x])?[0];
    /// let third = second.grad(&[x])?[0];
    /// assert_eq!([first, second, third].map(|g| g.item().unwrap()), [12.0, 12.0, 6.0]);
    /// # Ok::<(), wengert_autograd::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`backward`](Self::backward), and if this does not depend on one of them; [`grad_or_zero`](Self::grad_or_zero)
    /// gives zeros there.
    #[track_caller]
    pub fn grad(self, of: &[Self]) -> Result<Vec<Self>> {
        let at = Location::caller();
        self.startable("grad", at)?;
        let found = self.grad_some("grad", of, None, at)?;
        of.iter()
            .zip(found)
            .map(|(x, g)| {
                g.ok_or_else(|| Error::NoGradient {
                    verb: "grad",
                    why: Gradients::reason(self, *x),
                    at,
                })
            })
            .collect()
    }

    /// [`grad`](Self::grad) with zeros where this does not depend on a var.
    ///
    /// # Errors
    /// As [`backward`](Self::backward).
    #[track_caller]
    pub fn grad_or_zero(self, of: &[Self]) -> Result<Vec<Self>> {
        let at = Location::caller();
        self.scalar_or_refuse("grad_or_zero", at)?;
        self.pull_back("grad_or_zero", of, None, at)
    }

    /// The gradients of Σ this · `seed` (none: 1), recorded, zeros where there is none.
    pub(crate) fn pull_back(
        self,
        verb: &'static str,
        of: &[Self],
        seed: Option<Self>,
        at: Line,
    ) -> Result<Vec<Self>> {
        let found = self.grad_some(verb, of, seed, at)?;
        of.iter()
            .zip(found)
            .map(|(x, g)| match g {
                Some(g) => Ok(g),
                None => Ok(self.tape.leaf_at(x.value()?.zeros_like(), at)),
            })
            .collect()
    }

    #[inline(never)]
    fn grad_some(
        self,
        verb: &'static str,
        of: &[Self],
        seed: Option<Self>,
        at: Line,
    ) -> Result<Vec<Option<Self>>> {
        self.tape.check_vars(verb, of, at)?;
        self.tape.ready(verb, at)?;
        let seed = match seed {
            Some(seed) => seed,
            None => self.tape.leaf_at(self.value()?.ones_like(), at),
        };
        let keep: Vec<u32> = of.iter().map(|x| x.index).collect();
        let start = self.tape.len();
        let found = self.tape.sweep_vars(self, seed, &keep);
        // What the sweep recorded, and what it could not do, belongs to the line that asked for it.
        self.tape.inner.borrow_mut().nodes.set_place(start, at);
        found.map_err(|error| error.on_line(at))
    }

    /// Rejects a fault var, and a var that has not one number.
    pub(crate) fn scalar_or_refuse(self, verb: &'static str, at: Line) -> Result<()> {
        self.tape.check_vars(verb, &[self], at)?;
        if self.len() == 1 {
            return Ok(());
        }
        Err(Error::NotScalar { verb, shape: self.shape().to_vec(), at })
    }

    /// Whether a sweep can start here.
    #[inline(never)]
    pub(crate) fn startable(self, verb: &'static str, at: Line) -> Result<()> {
        self.scalar_or_refuse(verb, at)?;
        self.tape.ready(verb, at)?;
        if self.wants_grad() {
            return Ok(());
        }
        let why = if self.tape.is_recording() {
            Gradients::nothing_wanted(self)
        } else {
            "the tape is `Tape::no_grad()`, which records no ops\n  help: make it with `Tape::new()`"
                .to_string()
        };
        Err(Error::NoGradient { verb, why, at })
    }
}

compiled!(f32 f64: {
    Var::<T>::backward_here,
    Var::<T>::fill_params,
    Var::<T>::gradients,
    Var::<T>::grad_some,
    Var::<T>::startable,
});
