//! Fault vars: what a method without `Result` returns when it has no value. A fault var carries its error, and the next
//! method that returns `Result` returns that error.
//!
//! A fault var is not a line of the tape: its index lies beyond every line, so that the lookup of an operand, which checks
//! its bounds anyway, finds it without a check of its own.

use std::panic::Location;

use wengert_tensor::{Float, Shape, Tensor, compiled};

use crate::error::Line;
use crate::inner::Inner;
use crate::nodes::{Node, Nodes};
use crate::ops::Op;
use crate::{Error, Result, Tape, Var};

/// The index of the first fault var.
const FIRST: u32 = 1 << 31;

/// The reason why a var has no value.
pub(crate) struct Fault {
    error: Error,
    op: &'static str,
    at: Line,
    /// The shape of the op's first operand: the best that is known.
    shape: Shape,
}

impl<T: Float> Tape<T> {
    /// A var that carries this error of the op `name`.
    #[cold]
    #[track_caller]
    pub(crate) fn fault(&self, name: &'static str, shape: Shape, error: Error) -> Var<'_, T> {
        let fault = Fault { error, op: name, at: Location::caller(), shape };
        Var { tape: self, index: self.add_fault(fault) }
    }

    #[inline(never)]
    fn add_fault(&self, fault: Fault) -> u32 {
        let mut faults = self.faults.borrow_mut();
        faults.push(fault);
        FIRST + faults.len() as u32 - 1
    }

    /// The fault var of the op `op`, whose operand is the line or the fault var `x`.
    #[cold]
    #[inline(never)]
    pub(crate) fn fault_of(
        &self,
        op: &'static str,
        x: u32,
        nodes: &Nodes<T>,
        error: Error,
        at: Line,
    ) -> u32 {
        let shape = match nodes.get(x as usize) {
            Some(node) => node.shape(),
            None => self.faults.borrow()[(x - FIRST) as usize].shape.clone(),
        };
        self.add_fault(Fault { error, op, at, shape })
    }

    /// The error of the fault var of this index.
    #[cold]
    pub(crate) fn fault_at(&self, index: u32) -> Error {
        self.faults.borrow()[(index - FIRST) as usize].error.clone()
    }

    /// The error of what was recorded while a reverse sweep goes over the tape, or while its lines are read.
    #[cold]
    pub(crate) fn busy(op: &str, at: Line) -> Error {
        let why = "this tape is in use: by a reverse sweep, or by `tape.lines()` that are still held\n  help: let go of the lines before, as by `drop(lines)`";
        Error::Use(format!("{op}: {why}"), at)
    }

    /// Rejects vars of other tapes and fault vars: what every method checks that takes vars.
    pub(crate) fn check_vars(&self, op: &'static str, vars: &[Var<T>], at: Line) -> Result<()> {
        for x in vars {
            if !std::ptr::eq(self, x.tape) {
                return Err(Error::OtherTape { op, at });
            }
            if x.is_fault() {
                return Err(self.fault_at(x.index));
            }
        }
        Ok(())
    }
}

impl<'t, T: Float> Var<'t, T> {
    /// Whether it stands for an error.
    pub(crate) fn is_fault(self) -> bool {
        self.index >= FIRST
    }

    /// The result of looking at its line of the tape, or the fault.
    #[inline]
    pub(crate) fn look<R>(
        self,
        line: impl FnOnce(&Inner<T>, Node<'_, T>) -> R,
        fault: impl FnOnce(&Fault) -> R,
    ) -> R {
        let inner = self.tape.inner.borrow();
        match inner.nodes.get(self.index as usize) {
            Some(node) => line(&inner, node),
            None => fault(&self.tape.faults.borrow()[(self.index - FIRST) as usize]),
        }
    }

    /// Records an op that takes every shape; a fault var if the tape is spent.
    #[track_caller]
    #[inline(always)]
    pub(crate) fn infallible(self, op: impl Into<Op<T>>) -> Self {
        let at = Location::caller();
        match self.tape.inner.try_borrow_mut() {
            Ok(mut inner) => inner.nodes.begin(op),
            Err(_) => {
                let name = op.into().name();
                return self.failed(name, Tape::<T>::busy(name, at));
            }
        }
        Self { tape: self.tape, index: self.tape.record_or_fault(self.index, at) }
    }

    /// [`infallible`](Self::infallible), for a method that is not named as its op is.
    #[track_caller]
    pub(crate) fn infallible_as(self, name: &'static str, op: impl Into<Op<T>>) -> Self {
        match self.tape.record(op, &[self.index]) {
            Ok(y) => y,
            Err(error) => self.failed(name, error),
        }
    }

    /// The fault var of a method that failed. A fault var hands its error on as it is.
    #[cold]
    #[track_caller]
    fn failed(self, name: &'static str, error: Error) -> Self {
        let error = if self.is_fault() { error } else { error.of(name) };
        self.tape.fault(name, self.shape(), error)
    }

    /// Records an op of this one, for a method that is not named as its op is.
    #[track_caller]
    #[inline]
    pub(crate) fn apply_as(self, name: &'static str, op: impl Into<Op<T>>) -> Result<Self> {
        match self.tape.record(op, &[self.index]) {
            Err(error) if !self.is_fault() => Err(error.of(name)),
            result => result,
        }
    }

    /// A fault var in place of an error.
    #[track_caller]
    pub(crate) fn or_fault(self, name: &'static str, result: Result<Self>) -> Self {
        result.unwrap_or_else(|error| self.tape.fault(name, self.shape(), error))
    }

    /// The numbers, for the method `verb`, which goes on to record: an error if this is a fault var or the tape is spent.
    #[track_caller]
    pub(crate) fn tensor_for(self, verb: &'static str) -> Result<Tensor<T>> {
        self.recordable(verb, &[])?;
        self.value()
    }

    /// Rejects fault vars, other tapes and a spent tape, in the name of the method `verb`, which records ops of other names.
    #[track_caller]
    pub(crate) fn recordable(self, verb: &'static str, others: &[Self]) -> Result<()> {
        let at = Location::caller();
        self.tape.check_vars(verb, &[self], at)?;
        self.tape.check_vars(verb, others, at)?;
        match self.tape.inner.borrow().spent {
            Some(spent) => Err(Error::Spent { verb, spent, at }),
            None => Ok(()),
        }
    }
}

impl Fault {
    pub(crate) fn shape(&self) -> Shape {
        self.shape.clone()
    }
    pub(crate) fn op(&self) -> &'static str {
        self.op
    }
    pub(crate) fn at(&self) -> Line {
        self.at
    }
    pub(crate) fn error(&self) -> &Error {
        &self.error
    }
}

compiled!(f32 f64: { Tape::<T>::fault_of, Tape::<T>::add_fault });
