//! Probabilities where logits are due, and logits where probabilities are.

use wengert_autograd::{TapeLine, ops};
use wengert_tensor::Float;
use wengert_tensor::pointwise::{BinaryOp, UnaryOp};

use super::sums_or_moves;
use crate::doctor::reading::{Reading, binary, unary};
use crate::doctor::{Fault, Finding};

/// A softmax or a sigmoid in front of what applies one itself, and logarithms of them.
pub(super) fn doubled<T: Float>(r: &Reading<'_, '_, T>, found: &mut Vec<Finding>) {
    for line in r.lines.iter().filter(|line| r.reached[line.index()]) {
        let op = line.op();
        let takes_logits = op.is::<ops::CrossEntropy<T>>()
            || op.is::<ops::LogSoftmax>()
            || op.is::<ops::Softmax>()
            || matches!(binary(&line), Some(BinaryOp::BceWithLogits))
            || matches!(unary(&line), Some(UnaryOp::LogSigmoid));
        if takes_logits {
            let source = r.line(r.behind_scalars(line.operands()[0]));
            let squashes = source.op().is::<ops::Softmax>()
                || matches!(unary(&source), Some(UnaryOp::Sigmoid));
            let bounded = matches!(unary(&source), Some(UnaryOp::Relu | UnaryOp::Tanh));
            if squashes {
                found.push(
                    Finding::certain(Fault::DoubledSoftmax)
                        .layer(source.layer())
                        .op(source.op().name(), source.at())
                        .seeing(format!(
                            "`{}` takes logits, and gets the result of `{}`",
                            op.name(),
                            source.op().name()
                        )),
                );
            } else if bounded && !op.is::<ops::Softmax>() {
                found.push(
                    Finding::likely(Fault::OutputOutOfRange)
                        .layer(source.layer())
                        .op(source.op().name(), source.at())
                        .seeing(format!(
                            "`{}` takes logits of any size, and `{}` bounds them",
                            op.name(),
                            source.op().name()
                        )),
                );
            }
        }
        if matches!(unary(&line), Some(UnaryOp::Ln)) {
            let source = r.line(r.behind_moves(line.operands()[0]));
            let probability = source.op().is::<ops::Softmax>()
                || matches!(unary(&source), Some(UnaryOp::Sigmoid));
            let least = source.value().and_then(|p| p.iter().map(|p| p.to_f64()).reduce(f64::min));
            if let Some(least) = least.filter(|least| probability && *least < 1e-7) {
                found.push(
                    Finding::likely(Fault::UnstableLogarithm)
                        .layer(line.layer())
                        .op(line.op().name(), line.at())
                        .because("least probability", least, 1e-7),
                );
            }
        }
    }
}

/// A softmax along an axis of one number.
pub(super) fn of_one<T: Float>(r: &Reading<'_, '_, T>, found: &mut Vec<Finding>) {
    for line in r.lines.iter().filter(|line| r.reached[line.index()] && line.wants_gradient()) {
        let op = line.op();
        let axis = op.get::<ops::Softmax>().map(|op| op.0);
        let axis = axis.or(op.get::<ops::LogSoftmax>().map(|op| op.0));
        let axis = axis.or(op.is::<ops::CrossEntropy<T>>().then_some(1));
        let Some(axis) = axis else { continue };
        let shape = r.operand(&line, 0).shape();
        let axis = if axis < 0 { axis + shape.len() as isize } else { axis };
        if shape.get(axis as usize) == Some(&1) && shape.iter().product::<usize>() > 1 {
            found.push(
                Finding::certain(Fault::SoftmaxOfOne)
                    .layer(line.layer())
                    .op(op.name(), line.at())
                    .seeing(format!(
                        "`{}` of {shape} along axis {axis}, which has one number",
                        op.name()
                    )),
            );
            return;
        }
    }
}

/// A loss that is linear in the results of a layer, so it has no minimum; and a probability or a logarithm of such results.
pub(super) fn unbounded<T: Float>(r: &Reading<'_, '_, T>, found: &mut Vec<Finding>) {
    let missing = |source: TapeLine<'_, T>, line: &TapeLine<'_, T>| {
        Finding::certain(Fault::MissingSoftmax)
            .layer(source.layer())
            .op(line.op().name(), line.at())
            .seeing(format!(
                "`{}` is applied to the results of `{}` themselves",
                line.op().name(),
                source.op().name()
            ))
    };
    for line in r.lines.iter().filter(|line| r.reached[line.index()]) {
        let takes = matches!(binary(&line), Some(BinaryOp::Bce))
            || matches!(unary(&line), Some(UnaryOp::Ln));
        if takes {
            let source = r.line(r.behind_scalars(line.operands()[0]));
            if r.matrix(&source).is_some() {
                found.push(missing(source, &line));
            }
        }
    }
    let (mut index, mut gathered) = (r.loss, None);
    loop {
        let line = r.line(index);
        let linear = matches!(
            unary(&line),
            Some(
                UnaryOp::Neg
                    | UnaryOp::MulScalar { .. }
                    | UnaryOp::DivScalar { .. }
                    | UnaryOp::AddScalar { .. }
            )
        );
        if line.op().is::<ops::Gather>() {
            gathered = Some(index);
        }
        if r.matrix(&line).is_some() {
            // Picked by label: the likelihood of numbers that are no logarithms of probabilities.
            found.extend(gathered.map(|k| missing(line, &r.line(k))));
            return;
        }
        if line.arity() != 1 || !(linear || sums_or_moves(&line)) {
            return;
        }
        index = line.operands()[0];
    }
}
