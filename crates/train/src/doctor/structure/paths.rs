//! Likelihoods of paths, as in connectionist temporal classification: what is added up along a path must be the logarithm of a
//! probability, and the probabilities of the numbers among which one is picked must sum to 1.

use wengert_autograd::{TapeLine, ops};
use wengert_tensor::Float;
use wengert_tensor::pointwise::{BinaryOp, UnaryOp};

use crate::doctor::reading::{Reading, binary, unary};
use crate::doctor::{Fault, Finding};

/// Numbers picked by label and added to a logarithm of a sum of paths that are no logarithms of probabilities.
pub(super) fn no_likelihood<T: Float>(r: &Reading<'_, '_, T>, found: &mut Vec<Finding>) {
    let steps = r.lines.iter().filter(|line| r.reached[line.index()]);
    for line in steps.filter(|line| binary(line) == Some(BinaryOp::Add)) {
        let (a, b) = (r.operand(&line, 0), r.operand(&line, 1));
        let picked = match (joins_paths(r, &a), joins_paths(r, &b)) {
            (true, false) => b,
            (false, true) => a,
            _ => continue,
        };
        let Some(ops::Gather(axis, _)) = picked.op().get::<ops::Gather>() else { continue };
        let among = r.operand(&picked, 0);
        if among.wants_gradient() && !sums_to_1(&among, *axis) {
            found.extend(judged(r, &among, &picked));
            return;
        }
    }
}

/// ln(eᵃ + eᵇ), maybe chosen by a mask.
fn joins_paths<T: Float>(r: &Reading<'_, '_, T>, line: &TapeLine<'_, T>) -> bool {
    let mut index = line.index();
    for _ in 0..8 {
        index = r.behind_moves(index);
        let line = r.line(index);
        if binary(&line) == Some(BinaryOp::Logaddexp) {
            return true;
        }
        match line.op().is::<ops::Where>() {
            true => index = line.operands()[0],
            false => return false,
        }
    }
    false
}

/// Whether the numbers are logarithms of probabilities along an axis.
fn sums_to_1<T: Float>(line: &TapeLine<'_, T>, axis: isize) -> bool {
    let total = line.value().and_then(|x| x.logsumexp_over(axis).ok());
    total.is_none_or(|total| total.iter().all(|x| x.to_f64().abs() < 1e-2))
}

/// The finding, if it is known what the numbers are.
fn judged<T: Float>(
    r: &Reading<'_, '_, T>,
    among: &TapeLine<'_, T>,
    picked: &TapeLine<'_, T>,
) -> Option<Finding> {
    let source = r.line(r.behind_scalars(among.index()));
    let (op, name) = (source.op(), source.op().name());
    if op.is::<ops::LogSoftmax>() {
        let finding = Finding::certain(Fault::RowsMixed).layer(source.layer());
        return Some(finding.op(name, source.at()).seeing(
            "the loss picks one of several classes, whose probabilities do not sum to 1: the softmax runs along another axis",
        ));
    }
    let probabilities = op.is::<ops::Softmax>() || matches!(unary(&source), Some(UnaryOp::Sigmoid));
    let seen = match probabilities {
        true => format!(
            "the loss adds up logarithms of probabilities, and gets the result of `{name}` without a logarithm"
        ),
        false if r.matrix(&source).is_some() => {
            format!(
                "the loss adds up logarithms of probabilities, and gets the results of `{name}` themselves"
            )
        }
        false => return None,
    };
    let at = if probabilities { source.at() } else { picked.at() };
    let op = if probabilities { name } else { picked.op().name() };
    Some(Finding::certain(Fault::MissingSoftmax).layer(source.layer()).op(op, at).seeing(seen))
}
