//! `recompute`: a part of a computation of which the tape keeps the inputs alone, and which the reverse sweep runs once more.

use std::fmt;
use std::panic::Location;
use std::sync::{Mutex, PoisonError};

use wengert_tensor::{Float, Rng, Tensor};

use crate::custom::CustomOp;
use crate::error::Line;
use crate::nodes::Nodes;
use crate::ops::{Custom, Op};
use crate::sweep::{Then, sweep};
use crate::{Error, Param, Result, Tape, Var};

type Run<T> = dyn for<'s> Fn(&[Var<'s, T>]) -> Result<Var<'s, T>> + Send + Sync;

/// A part of a computation, as one op of the tape.
pub(crate) struct Segment<T: Float> {
    run: Box<Run<T>>,
    /// The parameter that each operand is, if it is one; the segment reads these by itself.
    parameters: Vec<Option<Param<T>>>,
    /// Which operand each argument of the closure is.
    arguments: Vec<usize>,
    training: bool,
    /// The generator as it was before the segment, so that a second run draws the same.
    rng: Option<Rng>,
    /// The value of the first run, until the tape has it.
    first: Mutex<Option<Tensor<T>>>,
    at: Line,
}

impl<T: Float> Tape<T> {
    /// Runs a part of the computation without keeping its intermediate values: the tape keeps the inputs and the parameters, and the
    /// reverse sweep runs the part once more, for which it takes the time of one more forward pass. PyTorch's `checkpoint`. The
    /// gradients are those of the plain computation, to the bit, also with dropout, which draws the same numbers again; running
    /// statistics, as of batch norm, change once.
    ///
    /// The closure is kept by the tape, so it owns what it uses; layers are handles to their parameters, and a clone is the same
    /// layer. On the tape the part is one line.
    ///
    /// ```
    /// use wengert_autograd::{Param, Tape};
    /// use wengert_tensor::{Rng, Tensor};
    ///
    /// let w = Param::new(Tensor::<f32>::randn([64, 64], &mut Rng::new(0)));
    /// let tape = Tape::new();
    /// let x = tape.constant(Tensor::ones([32, 64]));
    /// let inside = w.clone();
    /// let y = tape.recompute(&[x], move |x| {
    ///     let w = x[0].tape().param(&inside);
    ///     x[0].matmul(w)?.tanh().matmul(w)?.tanh().matmul(w)
    /// })?;
    /// y.square().mean().backward()?;
    /// assert!(w.grad().is_some());
    /// assert_eq!(tape.len(), 5); // the constant, the parameter, the part, the square and the mean
    /// # Ok::<(), wengert_autograd::Error>(())
    /// ```
    ///
    /// # Errors
    /// The errors of the closure; or an error if an input is on another tape, or the tape is spent.
    #[track_caller]
    pub fn recompute<'t>(
        &'t self,
        inputs: &[Var<'t, T>],
        segment: impl for<'s> Fn(&[Var<'s, T>]) -> Result<Var<'s, T>> + Send + Sync + 'static,
    ) -> Result<Var<'t, T>> {
        let at = Location::caller();
        self.check_vars("recompute", inputs, at)?;
        if let Some(spent) = self.inner.borrow().spent {
            return Err(Error::Spent { verb: "recompute", spent, at });
        }
        if !self.recording.get() {
            return segment(inputs);
        }
        let Ok(rng) = self.rng.try_borrow().map(|rng| rng.clone()) else {
            let rule =
                "recompute: it was called within `with_rng`, which has the generator".to_string();
            return Err(Error::Use(rule, at));
        };
        // Each line once, so that the sweep adds up its gradients in the order in which the plain computation would.
        let (mut operands, mut arguments) = (Vec::new(), Vec::new());
        for x in inputs {
            arguments.push(place(&mut operands, x.index));
        }
        let mut segment = Segment {
            run: Box::new(segment),
            parameters: operands.iter().map(|&line| self.parameter_of(line)).collect(),
            arguments,
            training: self.training.get(),
            rng,
            first: Mutex::new(None),
            at,
        };
        let values = operands.iter().map(|&index| Var { tape: self, index }.value());
        let values: Vec<Tensor<T>> = values.collect::<Result<_>>()?;
        let wanted = vec![false; values.len()];
        let (value, read, rng) =
            segment.replay(&values, &wanted, self.is_recording(), |tape, _, y| {
                let read: Vec<Param<T>> =
                    tape.params().into_iter().map(|(param, _)| param).collect();
                Ok((y.value()?, read, tape.rng.take()))
            })?;
        self.rng.replace(rng);
        for param in read {
            let line = self.param(&param).index;
            if place(&mut operands, line) == segment.parameters.len() {
                segment.parameters.push(Some(param));
            }
        }
        segment.first = Mutex::new(Some(value));
        self.record(Op::Custom(Custom(std::sync::Arc::new(segment))), &operands)
    }

    /// The parameter that a line reads.
    fn parameter_of(&self, line: u32) -> Option<Param<T>> {
        let inner = self.inner.borrow();
        Some(inner.nodes.get(line as usize)?.op.parameter()?.param.clone())
    }
}

/// The place of a line among operands, to which it is added if it is not there.
fn place(operands: &mut Vec<u32>, line: u32) -> usize {
    operands.iter().position(|&other| other == line).unwrap_or_else(|| {
        operands.push(line);
        operands.len() - 1
    })
}

impl<T: Float> Segment<T> {
    /// Runs the segment on a tape of its own, from these values of its operands, and gives `then` the lines of the operands and the
    /// result. What wants a gradient is recorded. A layer that keeps running statistics changes them if `is_first`.
    fn replay<R>(
        &self,
        x: &[Tensor<T>],
        wanted: &[bool],
        is_first: bool,
        then: impl for<'s> FnOnce(&'s Tape<T>, &[u32], Var<'s, T>) -> Result<R>,
    ) -> Result<R> {
        let tape = Tape::new();
        tape.training.set(self.training);
        tape.recording.set(wanted.contains(&true));
        tape.updates.set(Some(is_first));
        tape.rng.replace(self.rng.clone());
        let line = |k: usize| match &self.parameters[k] {
            Some(param) => tape.param_with(param, x[k].clone(), wanted[k]),
            None if wanted[k] => tape.var(x[k].clone()).index,
            None => tape.constant(x[k].clone()).index,
        };
        let lines: Vec<u32> = (0..x.len()).map(line).collect();
        let y = self.on(&tape, &lines)?;
        then(&tape, &lines, y)
    }

    /// Runs the segment on these lines of a tape.
    fn on<'s>(&self, tape: &'s Tape<T>, lines: &[u32]) -> Result<Var<'s, T>> {
        let var = |&k: &usize| Var { tape, index: lines[k] };
        let arguments: Vec<Var<'s, T>> = self.arguments.iter().map(var).collect();
        let y = (self.run)(&arguments)?;
        tape.check_vars("recompute", &[y], self.at)?;
        Ok(y)
    }

    /// The reverse sweep of the segment: it goes on adding to the gradients that the operands have so far.
    pub(crate) fn sweep(
        &self,
        nodes: &Nodes<T>,
        operands: &[u32],
        g: Tensor<T>,
        grads: &mut [Option<Tensor<T>>],
    ) -> Result<()> {
        let x = operands.iter().map(|&j| nodes.value(j as usize).clone());
        let x: Vec<Tensor<T>> = x.collect();
        let wanted: Vec<bool> = operands.iter().map(|&j| nodes.wanted(j as usize)).collect();
        self.replay(&x, &wanted, false, |tape, lines, y| {
            let inner = tape.inner.borrow();
            let mut sums = vec![None; lines.len().max(y.index() + 1)];
            for (k, &j) in operands.iter().enumerate().filter(|(k, _)| wanted[*k]) {
                sums[lines[k] as usize] = grads[j as usize].take();
            }
            let slot = &mut sums[y.index()];
            *slot = Some(match slot.take() {
                Some(sum) => sum.accumulate(&g)?,
                None => g,
            });
            sweep(&inner, &mut sums, &mut |i, g| {
                // The sweep keeps the gradients of parameters itself.
                if let Some(k) = lines.iter().position(|&line| line as usize == i)
                    && self.parameters[k].is_none()
                    && wanted[k]
                {
                    grads[operands[k] as usize] = Some(g.clone());
                }
                Ok(Then::HandOn)
            })?;
            for (k, &j) in operands.iter().enumerate().filter(|(k, _)| wanted[*k]) {
                let slot = &mut grads[j as usize];
                if self.parameters[k].is_some() {
                    *slot = sums[lines[k] as usize].take();
                }
                #[cfg(test)]
                if let Some(g) = slot.take() {
                    *slot = Some(crate::check::planted::mistaken("recompute", k, g));
                }
            }
            Ok(())
        })
    }

    /// Records the segment on the tape of its operands, for a sweep that is recorded: derivatives of every order follow, and the
    /// intermediate values are kept then.
    pub(crate) fn record<'t>(&self, tape: &'t Tape<T>, operands: &[u32]) -> Result<Var<'t, T>> {
        let (rng, updates) =
            (tape.rng.replace(self.rng.clone()), tape.updates.replace(Some(false)));
        let y = self.on(tape, operands);
        tape.rng.replace(rng);
        tape.updates.set(updates);
        y
    }

    /// Forward mode: the direction of the result, when operands move along `t`.
    pub(crate) fn push(
        &self,
        x: &[Tensor<T>],
        t: &[Option<Tensor<T>>],
        at: Line,
    ) -> Result<Tensor<T>> {
        let moved: Vec<bool> = t.iter().map(Option::is_some).collect();
        self.replay(x, &moved, false, |tape, lines, y| {
            let directions = lines.iter().zip(t).filter_map(|(&line, t)| Some((line, t.clone()?)));
            tape.push_here(&directions.collect::<Vec<_>>(), y.index, at)
        })
    }
}

impl<T: Float> CustomOp<T> for Segment<T> {
    fn name(&self) -> &'static str {
        "recompute"
    }
    fn forward(&self, x: &[&Tensor<T>]) -> Result<Tensor<T>> {
        let first = self.first.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(value) = first {
            return Ok(value);
        }
        let x: Vec<Tensor<T>> = x.iter().map(|&x| x.clone()).collect();
        self.replay(&x, &vec![false; x.len()], false, |_, _, y| y.value())
    }
    fn pull(
        &self,
        g: &Tensor<T>,
        x: &[Tensor<T>],
        _: &Tensor<T>,
    ) -> Result<Vec<Option<Tensor<T>>>> {
        self.replay(x, &vec![true; x.len()], false, |tape, lines, y| {
            let vars: Vec<Var<T>> = lines.iter().map(|&index| Var { tape, index }).collect();
            Ok(y.pull_tensors(&vars, g)?.into_iter().map(Some).collect())
        })
    }
    fn at(&self) -> Line {
        self.at
    }
    fn segment(&self) -> Option<&Segment<T>> {
        Some(self)
    }
}

impl<T: Float> fmt::Debug for Segment<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("recompute")
    }
}
