//! Long code that is generic over the float type, compiled in this crate, once for each of the two types. A program that
//! uses a tape calls it by pointers, and so has no copy of its own.

use wengert_tensor::{Float, Tensor, of_float};

use crate::error::Line;
use crate::inner::{Held, Inner};
use crate::non_finite::NonFinite;
use crate::pulled::pull_here;
use crate::row_grad::{RowPart, Rows, whole_of_rows};
use crate::sweep::sweep_here;
use crate::{Op, Result, Tape, Var};

/// Called with the number of a line and its gradient, when a sweep has it complete.
pub(crate) type Done<'a, T> = &'a mut dyn FnMut(usize, &Tensor<T>) -> Result<Then>;

/// The way of a sweep from a gradient that is complete.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    /// Hands it on to the operands.
    HandOn,
    /// Nothing more: it was taken.
    Stop,
}

/// Gradients by line.
pub(crate) type Grads<T> = Vec<Option<Tensor<T>>>;

/// The compiled code for a float type.
pub(crate) struct Compiled<T: Float> {
    /// Runs the op that was put down on these lines, and records it.
    pub(crate) record: fn(&Tape<T>, &[u32], Line) -> Result<u32>,
    /// The same with one operand, which makes a fault var of an error.
    pub(crate) record_or_fault: fn(&Tape<T>, u32, Line) -> u32,
    /// The contents of a new tape.
    pub(crate) new_tape: fn() -> Held<T>,
    /// Finds the gradient of a number, adds it to the parameters', and spends the tape.
    pub(crate) backward: fn(Var<'_, T>, Line) -> Result<()>,
    /// The same without the last.
    pub(crate) backward_keep: fn(Var<'_, T>, Line) -> Result<()>,
    /// The whole of gradients by rows.
    pub(crate) whole_of_rows: fn(&[usize], &[RowPart<T>]) -> Tensor<T>,
    /// Gradients by rows, rising, one to a row.
    pub(crate) sort_rows: fn(&mut Rows<T>),
    /// Goes back over a tape, from gradients of some lines: leaves those of parameters, and tells of each.
    pub(crate) sweep: Sweep<T>,
    /// Goes back from a var with a seed, and records what it does: the gradients of some lines.
    pub(crate) sweep_recorded: RecordedSweep<T>,
    /// Forward mode: the direction of a line, when the inputs move along theirs.
    pub(crate) push: Push<T>,
    /// The reverse rule of an op for an operand; see [`pull_here`].
    pub(crate) pull: Pull<T>,
    /// The first op that made a result that is not finite.
    pub(crate) first_non_finite: fn(&Tape<T>) -> Option<NonFinite>,
    /// The same going back from a var.
    pub(crate) first_non_finite_gradient: fn(Var<'_, T>, Line) -> Result<Option<NonFinite>>,
}

type Sweep<T> = fn(&Inner<T>, &mut Grads<T>, Done<'_, T>) -> Result<()>;

type RecordedSweep<T> =
    for<'t> fn(&'t Tape<T>, Var<'t, T>, Var<'t, T>, &[u32]) -> Result<Vec<Option<Var<'t, T>>>>;

type Push<T> = fn(&Tape<T>, &[(u32, Tensor<T>)], u32, Line) -> Result<Tensor<T>>;

type Pull<T> = fn(&Op<T>, usize, &Tensor<T>, &[Tensor<T>]) -> Result<Tensor<T>>;

impl<T: Float> Compiled<T> {
    const fn new() -> Self {
        Self {
            record: Tape::record_here,
            record_or_fault: Tape::record_or_fault_here,
            new_tape: Held::new,
            backward: |y, at| y.backward_here(at),
            backward_keep: |y, at| y.fill_params("backward_keep", at),
            whole_of_rows,
            sort_rows: Rows::sort,
            sweep: sweep_here,
            sweep_recorded: Tape::sweep_vars_here,
            push: Tape::push_here,
            pull: pull_here,
            first_non_finite: Tape::first_non_finite_here,
            first_non_finite_gradient: |y, at| y.first_non_finite_gradient_here(at),
        }
    }
}

static F32: Compiled<f32> = Compiled::new();
static F64: Compiled<f64> = Compiled::new();

/// The compiled code for this float type.
#[inline]
pub(crate) fn compiled<T: Float>() -> &'static Compiled<T> {
    of_float(&F32, &F64)
}
