//! Mistakes planted on purpose, so that the check is checked: each must be caught and named.

use std::cell::Cell;

use wengert_tensor::Float;

use crate::algebra::Algebra;

/// A kind of mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mistake {
    Sign,
    Factor,
}

thread_local! {
    static PLANTED: Cell<Option<(&'static str, usize, Mistake)>> = const { Cell::new(None) };
}

/// Runs `body` with a mistake in the reverse rule of an op along an operand.
pub(crate) fn with<R>(
    op: &'static str,
    operand: usize,
    mistake: Mistake,
    body: impl FnOnce() -> R,
) -> R {
    PLANTED.set(Some((op, operand, mistake)));
    let result = body();
    PLANTED.set(None);
    result
}

/// A rule's answer, with the mistake that is planted in it, if one is.
pub(crate) fn mistaken<T: Float, A: Algebra<T>>(op: &str, k: usize, answer: A) -> A {
    match PLANTED.get() {
        Some((name, operand, mistake)) if name == op && operand == k => {
            answer.scaled(match mistake {
                Mistake::Sign => -1.0,
                Mistake::Factor => 3.0,
            })
        }
        _ => answer,
    }
}
