//! Mistakes planted on purpose, so that the check is checked: each must be caught and named.

use std::cell::Cell;

use wengert_tensor::Tensor;

use crate::op::Op;

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

/// What a rule gave, with the planted mistake if it is of this op.
pub(crate) fn corrupt(op: &Op<f64>, k: usize, part: Tensor<f64>) -> Tensor<f64> {
    match PLANTED.get() {
        Some((name, operand, mistake)) if name == op.name() && operand == k => match mistake {
            Mistake::Sign => -part,
            Mistake::Factor => part * 3.0,
        },
        _ => part,
    }
}
