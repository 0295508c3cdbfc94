//! Long code that is generic over the float type, compiled in this crate, once for each of the two types. A program that
//! uses a tape instantiates the short fronts alone, which find the compiled code by the type that they are called with.

use std::any::Any;

use wengert_tensor::{Float, Tensor};

use crate::algebra::Incoming;
use crate::error::Line;
use crate::inner::Inner;
use crate::non_finite::NonFinite;
use crate::ops::Operation as _;
use crate::pulled::AtLine;
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
trait Compiled: Float {
    fn record(tape: &Tape<Self>, operands: &[u32], at: Line) -> Result<u32>;
    fn record_or_fault(tape: &Tape<Self>, x: u32, at: Line) -> u32;
    fn sweep(inner: &Inner<Self>, grads: &mut Grads<Self>, done: Done<'_, Self>) -> Result<()>;
    fn sweep_recorded(
        tape: &Tape<Self>,
        from: u32,
        seed: u32,
        keep: &[u32],
    ) -> Result<Vec<Option<u32>>>;
    fn push(
        tape: &Tape<Self>,
        inputs: &[(u32, Tensor<Self>)],
        y: u32,
        at: Line,
    ) -> Result<Tensor<Self>>;
    fn pull(
        op: &Op<Self>,
        k: usize,
        g: &Tensor<Self>,
        x: &[Tensor<Self>],
        y: &Tensor<Self>,
    ) -> Result<Tensor<Self>>;
    fn first_non_finite(tape: &Tape<Self>) -> Option<NonFinite>;
    fn first_non_finite_gradient(tape: &Tape<Self>, y: u32, at: Line) -> Result<Option<NonFinite>>;
}

macro_rules! compiled {
    ($($t:ident)*) => {$(
        impl Compiled for $t {
            fn record(tape: &Tape<Self>, operands: &[u32], at: Line) -> Result<u32> {
                tape.record_here(operands, at)
            }
            fn record_or_fault(tape: &Tape<Self>, x: u32, at: Line) -> u32 {
                tape.record_or_fault_here(x, at)
            }
            fn sweep(
                inner: &Inner<Self>,
                grads: &mut Grads<Self>,
                done: Done<'_, Self>,
            ) -> Result<()> {
                crate::sweep::sweep_here(inner, grads, done)
            }
            fn sweep_recorded(
                tape: &Tape<Self>,
                from: u32,
                seed: u32,
                keep: &[u32],
            ) -> Result<Vec<Option<u32>>> {
                let var = |index| Var { tape, index };
                let found = tape.sweep_vars_here(var(from), var(seed), keep)?;
                Ok(found.into_iter().map(|g| g.map(|g| g.index)).collect())
            }
            fn push(
                tape: &Tape<Self>,
                inputs: &[(u32, Tensor<Self>)],
                y: u32,
                at: Line,
            ) -> Result<Tensor<Self>> {
                tape.push_here(inputs, y, at)
            }
            fn pull(
                op: &Op<Self>,
                k: usize,
                g: &Tensor<Self>,
                x: &[Tensor<Self>],
                y: &Tensor<Self>,
            ) -> Result<Tensor<Self>> {
                op.pull(k, Incoming::Lent(g), &AtLine { x, y })
            }
            fn first_non_finite(tape: &Tape<Self>) -> Option<NonFinite> {
                tape.first_non_finite_here()
            }
            fn first_non_finite_gradient(
                tape: &Tape<Self>,
                y: u32,
                at: Line,
            ) -> Result<Option<NonFinite>> {
                Var { tape, index: y }.first_non_finite_gradient_here(at)
            }
        }
    )*};
}
compiled!(f32 f64);

/// A reference as one to another type, if that is its type.
fn of<A: 'static, B: 'static>(a: &A) -> Option<&B> {
    (a as &dyn Any).downcast_ref()
}

/// [`of`] for a reference that may be written through.
fn of_mut<A: 'static, B: 'static>(a: &mut A) -> Option<&mut B> {
    (a as &mut dyn Any).downcast_mut()
}

/// A value as one of another type, which is its type.
fn cast<A: 'static, B: 'static>(a: A) -> B {
    match of_mut(&mut Some(a)).and_then(Option::take) {
        Some(b) => b,
        None => unreachable!("a type is itself"),
    }
}

/// Runs the op that was put down, and records it.
#[inline]
pub(crate) fn record<T: Float>(tape: &Tape<T>, operands: &[u32], at: Line) -> Result<u32> {
    if let Some(tape) = of(tape) {
        return f32::record(tape, operands, at);
    }
    match of(tape) {
        Some(tape) => f64::record(tape, operands, at),
        None => unreachable!("a float is f32 or f64"),
    }
}

/// [`record`] with one operand, which makes a fault var of an error.
#[inline]
pub(crate) fn record_or_fault<T: Float>(tape: &Tape<T>, x: u32, at: Line) -> u32 {
    if let Some(tape) = of(tape) {
        return f32::record_or_fault(tape, x, at);
    }
    match of(tape) {
        Some(tape) => f64::record_or_fault(tape, x, at),
        None => unreachable!("a float is f32 or f64"),
    }
}

/// Goes back over a tape, from gradients of some lines: leaves those of parameters, and tells `done` of each.
#[inline]
pub(crate) fn sweep<T: Float>(
    inner: &Inner<T>,
    grads: &mut Grads<T>,
    mut done: impl FnMut(usize, &Tensor<T>) -> Result<Then>,
) -> Result<()> {
    if let (Some(inner), Some(grads)) = (of(inner), of_mut(grads)) {
        return f32::sweep(inner, grads, &mut |i, g| done(i, same(g)));
    }
    match (of(inner), of_mut(grads)) {
        (Some(inner), Some(grads)) => f64::sweep(inner, grads, &mut |i, g| done(i, same(g))),
        _ => unreachable!("a float is f32 or f64"),
    }
}

/// A reference to a tensor as one to a tensor of another type, which is its type.
fn same<E: Float, T: Float>(x: &Tensor<E>) -> &Tensor<T> {
    match of(x) {
        Some(x) => x,
        None => unreachable!("a type is itself"),
    }
}

/// Goes back over a tape and records what it does.
pub(crate) fn sweep_recorded<T: Float>(
    tape: &Tape<T>,
    from: u32,
    seed: u32,
    keep: &[u32],
) -> Result<Vec<Option<u32>>> {
    if let Some(tape) = of(tape) {
        return f32::sweep_recorded(tape, from, seed, keep);
    }
    match of(tape) {
        Some(tape) => f64::sweep_recorded(tape, from, seed, keep),
        None => unreachable!("a float is f32 or f64"),
    }
}

/// Forward mode: the direction of the line `y`, when the inputs move along theirs.
pub(crate) fn push<T: Float>(
    tape: &Tape<T>,
    inputs: Vec<(u32, Tensor<T>)>,
    y: u32,
    at: Line,
) -> Result<Tensor<T>> {
    if let Some(tape) = of(tape) {
        let inputs: Vec<(u32, Tensor<f32>)> = cast(inputs);
        return f32::push(tape, &inputs, y, at).map(cast);
    }
    let inputs: Vec<(u32, Tensor<f64>)> = cast(inputs);
    match of(tape) {
        Some(tape) => f64::push(tape, &inputs, y, at).map(cast),
        None => unreachable!("a float is f32 or f64"),
    }
}

/// The reverse rule of an op for operand `k`, of the operands `x` and the result `y`.
pub(crate) fn pull<T: Float>(
    op: &Op<T>,
    k: usize,
    g: &Tensor<T>,
    x: &Vec<Tensor<T>>,
    y: &Tensor<T>,
) -> Result<Tensor<T>> {
    if let (Some(op), Some(g), Some(x), Some(y)) = (of(op), of(g), of::<_, Vec<_>>(x), of(y)) {
        return f32::pull(op, k, g, x, y).map(cast);
    }
    match (of(op), of(g), of::<_, Vec<_>>(x), of(y)) {
        (Some(op), Some(g), Some(x), Some(y)) => f64::pull(op, k, g, x, y).map(cast),
        _ => unreachable!("a float is f32 or f64"),
    }
}

/// The first op that made a result that is not finite; see [`Tape::first_non_finite`].
pub(crate) fn first_non_finite<T: Float>(tape: &Tape<T>) -> Option<NonFinite> {
    if let Some(tape) = of(tape) {
        return f32::first_non_finite(tape);
    }
    of(tape).and_then(f64::first_non_finite)
}

/// The same going back; see [`Var::first_non_finite_gradient`].
pub(crate) fn first_non_finite_gradient<T: Float>(
    tape: &Tape<T>,
    y: u32,
    at: Line,
) -> Result<Option<NonFinite>> {
    if let Some(tape) = of(tape) {
        return f32::first_non_finite_gradient(tape, y, at);
    }
    match of(tape) {
        Some(tape) => f64::first_non_finite_gradient(tape, y, at),
        None => unreachable!("a float is f32 or f64"),
    }
}
