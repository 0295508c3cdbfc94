//! The search for the prediction and the target of a loss.

use wengert_autograd::{Lines, TapeLine, ops};
use wengert_tensor::Float;
use wengert_tensor::pointwise::BinaryOp;

use super::{Goal, Kind};

impl Goal {
    /// Searches back from the loss, over functions of elements and sums, and no further than the first product.
    pub(crate) fn find<T: Float>(lines: &Lines<'_, T>, loss: usize) -> Option<Self> {
        let mut queue = std::collections::VecDeque::from([loss]);
        let mut met = std::collections::HashSet::new();
        while let Some(index) = queue.pop_front() {
            if !met.insert(index) {
                continue;
            }
            let line = lines.get(index)?;
            if !line.wants_gradient() {
                continue;
            }
            if let Some(op) = line.op().get::<ops::CrossEntropy<T>>() {
                let logits = line.operands()[0];
                let width = classes_of(&lines.get(logits)?.shape())?;
                let labels = op.0.labels()?;
                let weights = labels.1.unwrap_or(&[]);
                // Weights of 0 and 1 say which rows count, and no more.
                let weighted = weights.iter().any(|&w| w != T::ZERO && w != T::ONE);
                let mut goal = Self::new(Kind::Classes, index, logits, index, line.at(), width);
                goal.weighted = weighted;
                return Some(goal);
            }
            if let Some(kind) = kind_of(&line).or_else(|| formula(&line)) {
                let operands = line.operands();
                let (a, b) = (lines.get(operands[0])?, lines.get(operands[1])?);
                let pair = match (a.wants_gradient(), b.wants_gradient()) {
                    (true, false) => Some((a, b)),
                    (false, true) if matches!(kind, Kind::Numbers | Kind::Formula) => Some((b, a)),
                    _ => None,
                };
                if let Some((prediction, target)) = pair
                    && !target.shape().is_empty()
                    && prediction.shape().len()
                        == target.shape().len().max(prediction.shape().len())
                {
                    let width = prediction.shape().last().copied().unwrap_or(1);
                    let width = if prediction.shape().len() < 2 { 1 } else { width };
                    let (p, t) = (prediction.index(), target.index());
                    return Some(Self::new(kind, index, p, t, line.at(), width));
                }
            }
            if line.op().is::<ops::Linear>() || line.op().is::<ops::MatMul>() {
                continue;
            }
            queue.extend(line.operands().into_iter().take(line.arity()));
        }
        None
    }
}

/// True for an op that only compares a prediction with a target. A difference is left out: it has other uses.
pub(crate) fn compares<T: Float>(line: &TapeLine<'_, T>) -> bool {
    let difference = matches!(line.op().get::<ops::Binary>(), Some(op) if op.0 == BinaryOp::Sub);
    line.op().is::<ops::CrossEntropy<T>>() || kind_of(line).is_some() && !difference
}

/// A function that compares a prediction with a target of its shape.
fn kind_of<T: Float>(line: &TapeLine<'_, T>) -> Option<Kind> {
    match line.op().get::<ops::Binary>()?.0 {
        BinaryOp::SquaredError
        | BinaryOp::AbsoluteError
        | BinaryOp::Huber { .. }
        | BinaryOp::SmoothL1 { .. }
        | BinaryOp::Sub => Some(Kind::Numbers),
        BinaryOp::BceWithLogits => Some(Kind::Logits),
        BinaryOp::Bce => Some(Kind::Probabilities),
        _ => None,
    }
}

/// A function of the user's own, or of the losses, of two operands: a loss, or something else.
fn formula<T: Float>(line: &TapeLine<'_, T>) -> Option<Kind> {
    let own = line.op().get::<ops::Own<T>>()?;
    (own.operands() == 2).then_some(Kind::Formula)
}

/// The number of classes of logits.
fn classes_of(shape: &[usize]) -> Option<usize> {
    shape.get(usize::from(shape.len() > 1)).copied()
}
