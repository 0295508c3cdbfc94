//! The reverse sweep of a tape, for its readers: the adjoints, and the contributions that add up to them.

use wengert_autograd::{Lines, Pulled, Tape, TapeLine};
use wengert_tensor::{Float, Tensor};

/// The adjoints that the tape kept; otherwise, those of its last single number.
pub(crate) fn adjoints<T: Float>(tape: &Tape<T>) -> Vec<Option<Tensor<T>>> {
    let (kept, last) = {
        let lines = tape.lines();
        let kept: Vec<_> = lines.iter().map(|line| line.adjoint().cloned()).collect();
        let is_number = |line: &TapeLine<'_, T>| {
            line.wants_gradient() && line.shape().iter().product::<usize>() == 1
        };
        (kept, lines.iter().rev().find(is_number).map(|line| line.index()))
    };
    if kept.iter().any(Option::is_some) {
        return kept;
    }
    let found = tape.unspent(|| {
        let gradients = tape.line(last?)?.gradients().ok()?;
        let of = |index| gradients.wrt(tape.line(index)?).ok();
        Some((0..kept.len()).map(of).collect())
    });
    found.flatten().unwrap_or_default()
}

/// A contribution: a line hands it to one of its operands.
pub(crate) struct Part<T: Float> {
    pub(crate) from: usize,
    /// The number of the operand.
    pub(crate) operand: usize,
    /// The line of the operand.
    pub(crate) to: usize,
    /// The numbers. A rule may read a parameter that was changed since: its contribution is known to be, and its numbers are gone.
    pub(crate) pulled: Option<Pulled<T>>,
}

/// The contributions of a line, which are none if it has no adjoint or no operand that wants a gradient.
pub(crate) fn handed_on<T: Float>(
    lines: &Lines<'_, T>,
    adjoints: &[Option<Tensor<T>>],
    from: usize,
) -> Vec<Part<T>> {
    let (Some(line), Some(Some(g))) = (lines.get(from), adjoints.get(from)) else {
        return Vec::new();
    };
    let operands = line.operands();
    let floats = operands[..line.arity()].iter().enumerate();
    let wanted = floats.filter(|(_, to)| lines.get(**to).is_some_and(|o| o.wants_gradient()));
    wanted
        .map(|(operand, &to)| Part { from, operand, to, pulled: line.pull(operand, g).ok() })
        .collect()
}
