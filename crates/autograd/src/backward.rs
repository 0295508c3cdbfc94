//! The reverse sweep: a loop back over the tape, in which the rules turn each node's gradient into gradients of its operands.
//! Gradients from several uses of a value are added up here, and summed over broadcast axes, and nowhere else.

use std::panic::Location;

use smallvec::SmallVec;
use wengert_tensor::{Float, Shape, Tensor};

use crate::algebra::{Algebra, At, Incoming};
use crate::compiled::{self, Done, Grads, Then};
use crate::error::Line;
use crate::gradients::Gradients;
use crate::nodes::Nodes;
use crate::ops::{Op, Operation as _, Parameter};
use crate::row_grad::RowPart;
use crate::tape::Inner;
use crate::{Error, Result, Tape, Var};

/// Passes `g`, the gradient of a node, on to those operands that want a gradient.
#[inline]
fn hand_back<T: Float, A: Algebra<T>>(
    op: &Op<T>,
    operands: &[u32],
    wanted: impl Fn(u32) -> bool,
    at: &impl At<A>,
    g: A,
    grads: &mut [Option<A>],
) -> Result<()> {
    let Some(last) = operands.iter().rposition(|&j| wanted(j)) else { return Ok(()) };
    let mut g = Some(g);
    for k in (0..=last).filter(|&k| wanted(operands[k])) {
        let incoming = match &g {
            Some(g) if k < last => Incoming::Lent(g),
            // The last one gets the gradient itself, whose buffer it may then write to.
            _ => match g.take() {
                Some(g) => Incoming::Given(g),
                None => unreachable!("only the last operand takes it"),
            },
        };
        let part = op.pull(k, incoming, at)?;
        #[cfg(test)]
        let part = crate::check::planted::mistaken(op.name(), k, part);
        let part = if at.has_shape(k, &part) { part } else { part.sum_to(&at.shape(k))? };
        let slot = &mut grads[operands[k] as usize];
        *slot = Some(match slot.take() {
            None => part,
            Some(sum) => sum.accumulate(part)?,
        });
    }
    Ok(())
}

/// A node's surroundings as tensors, borrowed from the tape.
pub(crate) struct AtTensors<'a, T> {
    pub(crate) nodes: &'a Nodes<T>,
    pub(crate) index: usize,
    pub(crate) operands: &'a [u32],
}

impl<T> AtTensors<'_, T> {
    #[inline]
    fn operand(&self, k: usize) -> &Tensor<T> {
        self.nodes.value(self.operands[k] as usize)
    }
}

impl<T: Float> At<Tensor<T>> for AtTensors<'_, T> {
    #[inline]
    fn x(&self, k: usize) -> Tensor<T> {
        self.operand(k).clone()
    }
    #[inline]
    fn see<R>(&self, k: usize, look: impl FnOnce(&Tensor<T>) -> R) -> R {
        look(self.operand(k))
    }
    #[inline]
    fn see_y<R>(&self, look: impl FnOnce(&Tensor<T>) -> R) -> R {
        look(self.nodes.value(self.index))
    }
    fn operands(&self) -> usize {
        self.operands.len()
    }
    #[inline]
    fn y(&self) -> Tensor<T> {
        self.nodes.value(self.index).clone()
    }
    fn shape(&self, k: usize) -> Shape {
        Shape::new(self.operand(k).shape())
    }
    #[inline]
    fn rank(&self, k: usize) -> usize {
        self.operand(k).rank()
    }
    #[inline]
    fn has_shape(&self, k: usize, g: &Tensor<T>) -> bool {
        let (a, b) = (self.operand(k).shape(), g.shape());
        // A loop: `==` of slices would call `memcmp` for two numbers.
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a == b)
    }
}

/// A node's surroundings as vars.
struct AtVars<'a, 't, T: Float> {
    operands: &'a [u32],
    y: Var<'t, T>,
}

impl<'t, T: Float> At<Var<'t, T>> for AtVars<'_, 't, T> {
    fn x(&self, k: usize) -> Var<'t, T> {
        Var { tape: self.y.tape, index: self.operands[k] }
    }
    fn operands(&self) -> usize {
        self.operands.len()
    }
    fn y(&self) -> Var<'t, T> {
        self.y
    }
    fn shape(&self, k: usize) -> Shape {
        self.x(k).shape()
    }
    fn has_shape(&self, k: usize, g: &Var<'t, T>) -> bool {
        self.shape(k) == g.shape()
    }
}

/// The use that a sweep makes of complete gradients.
pub(crate) enum Keep<'a> {
    /// All of them.
    All,
    /// Those of these nodes.
    These(&'a [u32]),
}

impl<T: Float> Tape<T> {
    /// The sweep over tensors, from gradients of some nodes: gives those asked for.
    pub(crate) fn sweep(
        &self,
        seeds: Vec<(u32, Tensor<T>)>,
        keep: Keep,
    ) -> Result<Vec<Option<Tensor<T>>>> {
        let from = seeds.iter().map(|s| s.0).max().unwrap_or(0) as usize;
        let inner = self.inner.borrow();
        let mut grads: Vec<Option<Tensor<T>>> = vec![None; from + 1];
        for (i, g) in seeds {
            let slot = &mut grads[i as usize];
            *slot = Some(match slot.take() {
                None => g,
                Some(sum) => Algebra::accumulate(sum, g)?,
            });
        }
        let mut kept = vec![None; from + 1];
        compiled::sweep(&inner, &mut grads, |i, g| {
            let wanted = match keep {
                Keep::All => true,
                Keep::These(these) => these.contains(&(i as u32)),
            };
            if wanted {
                kept[i] = Some(g.clone());
            }
            Ok(Then::HandOn)
        })?;
        Ok(kept)
    }

    /// The sweep over vars: what it does is recorded behind what it goes over. Compiled for each float type in this crate.
    pub(crate) fn sweep_vars_here<'t>(
        &'t self,
        from: Var<'t, T>,
        seed: Var<'t, T>,
        keep: &[u32],
    ) -> Result<Vec<Option<Var<'t, T>>>> {
        let from = from.index as usize;
        let mut grads: Vec<Option<Var<'t, T>>> = vec![None; from + 1];
        grads[from] = Some(seed);
        let mut kept = vec![None; keep.len()];
        for i in (0..=from).rev() {
            let Some(g) = grads[i].take() else { continue };
            for (slot, _) in kept.iter_mut().zip(keep).filter(|(_, k)| **k as usize == i) {
                *slot = Some(g);
            }
            let (op, operands, wants) = {
                let inner = self.inner.borrow();
                let node = inner.nodes.at(i);
                let wants: SmallVec<[bool; 4]> =
                    node.operands.iter().map(|&j| inner.nodes.wanted(j as usize)).collect();
                (node.op.clone(), SmallVec::<[u32; 4]>::from_slice(node.operands), wants)
            };
            let wanted = |j: u32| operands.iter().zip(&wants).any(|(&o, &w)| o == j && w);
            if let Some(segment) = op.segment() {
                let y = segment.record(self, &operands)?;
                let found = self.sweep_vars_here(y, g, &operands)?;
                for (&j, part) in operands.iter().zip(found).filter(|(j, _)| wanted(**j)) {
                    let Some(part) = part else { continue };
                    let slot = &mut grads[j as usize];
                    *slot = Some(match slot.take() {
                        None => part,
                        Some(sum) => sum.accumulate(part)?,
                    });
                }
                continue;
            }
            let at = AtVars { operands: &operands, y: Var { tape: self, index: i as u32 } };
            hand_back(&op, &operands, wanted, &at, g, &mut grads)?;
        }
        Ok(kept)
    }

    /// Runs `look` on this tape as it was before `backward` spent it, between `backward` and the optimiser's step: for a reader that
    /// needs gradients which the step does not, such as those of activations. `None` if a parameter was changed since, or the
    /// tape is borrowed. On a tape that is not spent it runs `look` and nothing else.
    ///
    /// ```
    /// use wengert_autograd::{Param, Tape};
    /// use wengert_tensor::tensor;
    ///
    /// let w = Param::new(tensor![3.0_f64]);
    /// let tape = Tape::new();
    /// let h = tape.param(&w).square();
    /// let loss = (h * 2.0).sum();
    /// loss.backward()?;
    /// let of_h = tape.unspent(|| loss.gradients()?.wrt(h).value()).unwrap()?;
    /// assert_eq!(of_h, tensor![2.0]);
    /// assert!(loss.gradients().is_err()); // it is spent again
    /// # Ok::<(), wengert_autograd::Error>(())
    /// ```
    pub fn unspent<R>(&self, look: impl FnOnce() -> R) -> Option<R> {
        /// Lets go of the parameters again, also if `look` panics.
        struct Again<'t, T: Float>(&'t Tape<T>, Line);
        impl<T: Float> Drop for Again<'_, T> {
            fn drop(&mut self) {
                if let Ok(mut inner) = self.0.inner.try_borrow_mut() {
                    inner.let_go(self.1);
                }
            }
        }
        let again = {
            let mut guard = self.inner.try_borrow_mut().ok()?;
            let inner = &mut *guard;
            let Some(spent) = inner.spent else {
                drop(guard);
                return Some(look());
            };
            let read = |&line: &u32| {
                let node = inner.nodes.at(line as usize);
                Some((line as usize, inner.value_of(node, "unspent", node.at).ok()?))
            };
            let values: Vec<_> = inner.params.iter().map(read).collect::<Option<_>>()?;
            for (line, value) in values {
                inner.nodes.set_value(line, value);
            }
            inner.spent = None;
            Again(self, spent)
        };
        let result = look();
        drop(again);
        Some(result)
    }

    /// Rejects a spent tape, and parameters that were written after the tape read them.
    pub(crate) fn ready(&self, verb: &'static str, at: Line) -> Result<()> {
        let Ok(inner) = self.inner.try_borrow_mut() else { return Err(Self::busy(verb, at)) };
        if let Some(spent) = inner.spent {
            return Err(Error::Spent { verb, spent, at });
        }
        for &index in &inner.params {
            let node = inner.nodes.at(index as usize);
            if let Some(Parameter { param, version }) = node.op.parameter()
                && node.wanted
                && param.version() != *version
            {
                return Err(Error::ParameterChanged {
                    verb,
                    name: param.path(),
                    read: inner.user_line(node),
                    at,
                });
            }
        }
        Ok(())
    }
}

impl<T: Float> Inner<T> {
    /// Takes the gradient of rows that were looked up in a parameter, instead of adding it to zeros for all the others.
    #[inline]
    fn take_rows(&self, i: usize, g: &Tensor<T>, rows: &mut Vec<(u32, RowPart<T>)>) -> Then {
        let Some(index) = self.nodes.op(i).rows_looked_up() else { return Then::HandOn };
        let line = self.nodes.operands(i)[0];
        let of_parameter = self.nodes.op(line as usize).parameter().is_some();
        if !of_parameter || !self.nodes.wanted(line as usize) {
            return Then::HandOn;
        }
        rows.push((line, RowPart { index: index.clone(), values: g.clone() }));
        Then::Stop
    }

    /// Spends the tape: lets go of the parameters' buffers and keeps their shapes, with NaN in place of the numbers, a view of one.
    fn let_go(&mut self, at: Line) {
        self.spent = Some(at);
        for (k, &index) in self.params.iter().enumerate() {
            let shape = self.nodes.value(index as usize).shape();
            let known = self.gone.get(k).filter(|gone| gone.shape() == shape);
            let gone = match known {
                Some(gone) => gone.clone(),
                None => {
                    let Ok(gone) = Tensor::scalar(T::NAN).expand(shape) else { continue };
                    self.gone.truncate(k);
                    self.gone.push(gone.clone());
                    gone
                }
            };
            self.nodes.set_value(index as usize, gone);
        }
    }
}

/// The loop: from the last node to the first, `done` told of each gradient that is complete. Compiled for each float type in
/// this crate.
pub(crate) fn sweep_here<T: Float>(
    inner: &Inner<T>,
    grads: &mut Grads<T>,
    done: Done<'_, T>,
) -> Result<()> {
    let nodes = &inner.nodes;
    for i in (0..grads.len()).rev() {
        let Some(mut g) = grads[i].take() else { continue };
        for watcher in inner.watchers.iter().filter(|w| w.node as usize == i) {
            if let Some(other) = (watcher.see)(&g) {
                if other.shape() != g.shape() {
                    let (op, given, wanted) = (nodes.op(i).name(), other.shape(), g.shape());
                    let rule = format!(
                        "watch: the watcher of %{i} {op} returned a gradient of shape {given:?}, and the value has shape {wanted:?}"
                    );
                    return Err(Error::Use(rule, watcher.at));
                }
                g = other;
            }
        }
        if done(i, &g)? == Then::Stop {
            continue;
        }
        let (op, operands) = (nodes.op(i), nodes.operands(i));
        if operands.is_empty() {
            if op.parameter().is_some() {
                grads[i] = Some(g);
            }
            continue;
        }
        if let Some(segment) = op.segment() {
            segment.sweep(nodes, operands, g, grads)?;
            continue;
        }
        let at = AtTensors { nodes, index: i, operands };
        hand_back(op, operands, |j| nodes.wanted(j as usize), &at, g, grads)
            .map_err(|error| error.on_line(inner.user_line(nodes.at(i))))?;
    }
    Ok(())
}

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
    /// tape that is [keeping adjoints](Tape::keeping_adjoints)); on a tape that is [`finite`](Tape::finite), if this or a parameter's gradient is not.
    #[track_caller]
    pub fn backward(self) -> Result<()> {
        let at = Location::caller();
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
                compiled::sweep(&inner, &mut grads, |i, g| {
                    adjoints[i] = Some(g.clone());
                    Ok(Then::HandOn)
                })?;
            } else if self.tape.finite.get() || !inner.watchers.is_empty() {
                compiled::sweep(&inner, &mut grads, |_, _| Ok(Then::HandOn))?;
            } else {
                compiled::sweep(&inner, &mut grads, |i, g| Ok(inner.take_rows(i, g, &mut rows)))?;
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
        let found = compiled::sweep_recorded(self.tape, self.index, seed.index, &keep);
        let found = found.map(|found| {
            let var = |index| Self { tape: self.tape, index };
            found.into_iter().map(|g| g.map(var)).collect::<Vec<_>>()
        });
        // What the sweep recorded, and what it could not do, belongs to the line that asked for it.
        self.tape.inner.borrow_mut().nodes.set_place(start, at);
        found.map_err(|error| error.on_line(at))
    }

    /// Rejects a fault var, and a var that has not one number.
    fn scalar_or_refuse(self, verb: &'static str, at: Line) -> Result<()> {
        self.tape.check_vars(verb, &[self], at)?;
        if self.len() == 1 {
            return Ok(());
        }
        Err(Error::NotScalar { verb, shape: self.shape().to_vec(), at })
    }

    /// Whether a sweep can start here.
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
