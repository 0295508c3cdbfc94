//! The sign of a loss.

use wengert_autograd::{TapeLine, ops};
use wengert_tensor::Float;
use wengert_tensor::pointwise::{BinaryOp, UnaryOp};

use super::sums_or_moves;
use crate::doctor::goal::Goal;
use crate::doctor::reading::{Reading, binary, unary};
use crate::doctor::{Fault, Finding};

/// A loss with its sign turned: on the way from the loss to what compares, an odd number of minus signs.
pub(super) fn negated<T: Float>(
    r: &Reading<'_, '_, T>,
    goal: Option<&Goal>,
    found: &mut Vec<Finding>,
) {
    let mut stack = vec![(r.loss, 1.0, None)];
    let mut steps = 0;
    while let Some((index, sign, turned)) = stack.pop() {
        steps += 1;
        if steps > 64 {
            return;
        }
        let line = r.line(index);
        let positive = line.op().is::<ops::CrossEntropy<T>>()
            || matches!(
                binary(&line),
                Some(
                    BinaryOp::SquaredError
                        | BinaryOp::AbsoluteError
                        | BinaryOp::Huber { .. }
                        | BinaryOp::SmoothL1 { .. }
                        | BinaryOp::Bce
                        | BinaryOp::BceWithLogits
                )
            )
            // Of a difference to the target: a square of anything else can be a reward.
            || matches!(unary(&line), Some(UnaryOp::Square | UnaryOp::Abs | UnaryOp::LogCosh))
                && goal.is_some_and(|goal| line.operands()[0] == goal.compares);
        let negative =
            line.op().is::<ops::LogSoftmax>() || matches!(unary(&line), Some(UnaryOp::LogSigmoid));
        if positive && sign < 0.0 || negative && sign > 0.0 {
            let place = turned.unwrap_or(r.loss);
            let line = r.line(place);
            found.push(Finding::certain(Fault::NegatedLoss).op(line.op().name(), line.at()));
            return;
        }
        if positive || negative {
            continue;
        }
        let first = || line.operands()[0];
        match (unary(&line), binary(&line)) {
            (Some(UnaryOp::Neg), _) => stack.push((first(), -sign, Some(index))),
            (Some(UnaryOp::MulScalar { c } | UnaryOp::DivScalar { c }), _) => {
                stack.push((
                    first(),
                    sign * c.signum(),
                    if c < 0.0 { Some(index) } else { turned },
                ));
            }
            (Some(UnaryOp::RsubScalar { .. }), _) => stack.push((first(), -sign, Some(index))),
            (Some(UnaryOp::AddScalar { .. }), _) => stack.push((first(), sign, turned)),
            (_, Some(BinaryOp::Add)) => {
                stack.push((first(), sign, turned));
                stack.push((line.operands()[1], sign, turned));
            }
            (_, Some(BinaryOp::Sub)) if line.shape().is_empty() => {
                stack.push((first(), sign, turned));
                // What is subtracted may be a reward; only a known error is none.
                stack.push((line.operands()[1], -sign, Some(index)));
            }
            _ if line.arity() == 1 && sums_or_moves(&line) => stack.push((first(), sign, turned)),
            _ => {}
        }
    }
}

/// A term that is subtracted and that grows without end, and whether terms are added too, which may hold it: without them the loss has
/// no lower end.
pub(crate) fn bottomless<T: Float>(r: &Reading<'_, '_, T>) -> Option<(usize, bool)> {
    let (mut endless, mut held) = (None, false);
    let mut stack = vec![(r.loss, 1.0)];
    for _ in 0..64 {
        let Some((index, sign)) = stack.pop() else { break };
        let line = r.line(index);
        if !line.wants_gradient() {
            continue;
        }
        let operands = line.operands();
        // Nothing of these is below 0.
        let squares = match unary(&line) {
            Some(UnaryOp::Clamp { min, .. }) => min >= 0.0,
            op => matches!(
                op,
                Some(UnaryOp::Square | UnaryOp::Exp | UnaryOp::Abs | UnaryOp::Relu | UnaryOp::Sqrt)
            ),
        };
        if squares && sign < 0.0 && grows(r, operands[0], 16) {
            endless = endless.or(Some(index));
            continue;
        }
        match (unary(&line), binary(&line)) {
            (Some(UnaryOp::Neg | UnaryOp::RsubScalar { .. }), _) => {
                stack.push((operands[0], -sign))
            }
            (Some(UnaryOp::MulScalar { c } | UnaryOp::DivScalar { c }), _) => {
                stack.push((operands[0], sign * c.signum()));
            }
            (Some(UnaryOp::AddScalar { .. }), _) => stack.push((operands[0], sign)),
            (_, Some(BinaryOp::Add)) => {
                stack.extend([(operands[0], sign), (operands[1], sign)]);
            }
            (_, Some(BinaryOp::Sub)) => {
                stack.extend([(operands[0], sign), (operands[1], -sign)]);
            }
            // A mask, or weights.
            (_, Some(BinaryOp::Mul | BinaryOp::Gate)) if mask(&r.line(operands[1])) => {
                stack.push((operands[0], sign))
            }
            (_, Some(BinaryOp::Mul | BinaryOp::Gate)) if mask(&r.line(operands[0])) => {
                stack.push((operands[1], sign))
            }
            _ if line.arity() == 1 && sums_or_moves(&line) => stack.push((operands[0], sign)),
            // A square of whatever it be is no lower than 0, and a rest of unknown sign may hold as well.
            _ => held |= sign > 0.0 || !squares,
        }
    }
    endless.map(|index| (index, held || !stack.is_empty()))
}

/// Numbers without a gradient, none of them below 0.
fn mask<T: Float>(line: &TapeLine<'_, T>) -> bool {
    let value = line.value().filter(|_| !line.wants_gradient());
    value.is_some_and(|value| value.iter().all(|x| x.to_f64() >= 0.0))
}

/// True if nothing bounds the numbers of a line: they come from a layer, by ops that keep no bound.
fn grows<T: Float>(r: &Reading<'_, '_, T>, index: usize, depth: usize) -> bool {
    let line = r.line(index);
    if depth == 0 || !line.wants_gradient() {
        return false;
    }
    let of = |k: usize| grows(r, line.operands()[k], depth - 1);
    if r.matrix(&line).is_some() {
        return true;
    }
    let passes = matches!(
        unary(&line),
        Some(
            UnaryOp::Sqrt
                | UnaryOp::Square
                | UnaryOp::Exp
                | UnaryOp::Abs
                | UnaryOp::Relu
                | UnaryOp::Neg
                | UnaryOp::MulScalar { .. }
                | UnaryOp::DivScalar { .. }
                | UnaryOp::AddScalar { .. }
        )
    );
    match binary(&line) {
        Some(BinaryOp::Add | BinaryOp::Sub) => of(0) || of(1),
        _ => {
            let passes = passes || sums_or_moves(&line) || line.op().is::<ops::Norm>();
            line.arity() == 1 && passes && of(0)
        }
    }
}
