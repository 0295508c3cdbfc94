//! Recording: an op is put down, run on the values of its operands, and gets its line.

use std::panic::Location;
use std::time::{Duration, Instant};

use smallvec::SmallVec;
use wengert_tensor::{Float, Tensor, compiled};

use crate::error::Line;
use crate::inner::{Inner, Note};
use crate::ops::{Op, Operation as _, Untracked};
use crate::{Error, Result, Tape, Var};

impl<T: Float> Tape<T> {
    /// Runs an op on lines of this tape and records it. Inlined, so that the op is made in its place: if it were made
    /// elsewhere and moved, the move would wait for the stores that made it, 12 of 40 ns an op in all.
    #[track_caller]
    #[inline(always)]
    pub(crate) fn record(&self, op: impl Into<Op<T>>, operands: &[u32]) -> Result<Var<'_, T>> {
        let at = Location::caller();
        match self.inner.try_borrow_mut() {
            Ok(mut inner) => inner.nodes.begin(op),
            Err(_) => return Err(Self::busy(op.into().name(), at)),
        }
        Ok(Var { tape: self, index: self.record_here(operands, at)? })
    }

    /// [`record`](Self::record) of the op that was put down.
    #[inline(never)]
    pub(crate) fn record_here(&self, operands: &[u32], at: Line) -> Result<u32> {
        let inner = &mut *self.inner.borrow_mut();
        let recorded = self.run(inner, operands, at);
        if recorded.is_err() {
            inner.nodes.give_up();
        }
        recorded
    }

    /// Runs the op that was put down and completes its line.
    #[inline(always)]
    fn run(&self, inner: &mut Inner<T>, operands: &[u32], at: Line) -> Result<u32> {
        let nodes = &mut inner.nodes;
        let op = nodes.begun();
        if let Some(spent) = inner.spent {
            // The error of an operand tells more.
            let fault = operands.iter().find(|k| **k as usize >= nodes.len());
            return Err(match fault {
                Some(&k) => self.fault_at(k),
                None => Error::Spent { verb: op.name(), spent, at },
            });
        }
        let started = if self.timing.get() { Some(Instant::now()) } else { None };
        let mut wanted = false;
        let value = {
            let mut x: SmallVec<[&Tensor<T>; 4]> = SmallVec::new();
            for &k in operands {
                let Some(value) = nodes.values().get(k as usize) else {
                    return Err(self.fault_at(k));
                };
                wanted |= nodes.wanted(k as usize);
                x.push(value);
            }
            op.forward(&x).map_err(|error| error.on_line(at))?
        };
        let index = nodes.len();
        let scope = inner.scopes.now();
        let detached = op.is_detach();
        wanted &= self.recording.get() && !detached;
        if wanted || detached {
            nodes.finish(operands, value, wanted, scope, at);
        } else {
            // Nothing that wants a gradient leads here: the value stands for itself, and keeps nothing alive.
            nodes.replace(Untracked(op.name()).into());
            nodes.finish(&[], value, wanted, scope, at);
        }
        if let Some(started) = started {
            inner.times.resize(index, Duration::ZERO);
            inner.times.push(started.elapsed());
        }
        Ok(index as u32)
    }

    /// The line of the op that was put down, whose operand is `x`; a fault var if it fails.
    #[inline(never)]
    pub(crate) fn record_or_fault(&self, x: u32, at: Line) -> u32 {
        let inner = &mut *self.inner.borrow_mut();
        match self.run(inner, &[x], at) {
            Ok(index) => index,
            Err(error) => {
                let name = inner.nodes.begun().name();
                inner.nodes.give_up();
                self.fault_of(name, x, &inner.nodes, error, at)
            }
        }
    }

    /// Notes that a value left the tape by an op that has no derivative.
    pub(crate) fn note(&self, node: u32, op: &'static str, at: Line) {
        if let Ok(mut inner) = self.inner.try_borrow_mut() {
            inner.notes.push(Note { node, op, at });
        }
    }
}

compiled!(f32 f64: { Tape::<T>::record_here, Tape::<T>::record_or_fault });
