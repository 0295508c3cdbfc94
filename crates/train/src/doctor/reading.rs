//! `Reading`: a tape with what its readers ask again and again.

use wengert_autograd::{Lines, Param, TapeLine, ops};
use wengert_tensor::Float;
use wengert_tensor::pointwise::{BinaryOp, UnaryOp};

/// A tape with what its readers ask again and again.
pub(crate) struct Reading<'a, 't, T: Float> {
    pub(crate) lines: &'a Lines<'t, T>,
    pub(crate) loss: usize,
    /// Whether the gradient of the loss comes to a line.
    pub(crate) reached: Vec<bool>,
}

/// The function of an element, if the line is one.
pub(crate) fn unary<T: Float>(line: &TapeLine<'_, T>) -> Option<UnaryOp> {
    line.op().get::<ops::Unary>().map(|op| op.0)
}

pub(crate) fn binary<T: Float>(line: &TapeLine<'_, T>) -> Option<BinaryOp> {
    line.op().get::<ops::Binary>().map(|op| op.0)
}

/// The sizes of a layer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Widths {
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
    /// The number of elements that make one output.
    pub(crate) fan: usize,
    pub(crate) groups: usize,
}

impl<'a, 't, T: Float> Reading<'a, 't, T> {
    pub(crate) fn new(lines: &'a Lines<'t, T>, loss: usize) -> Self {
        let mut reached = vec![false; lines.len()];
        if let Some(start) = reached.get_mut(loss) {
            *start = true;
        }
        for line in lines.iter().rev() {
            if reached[line.index()] && line.wants_gradient() {
                for operand in line.operands().into_iter().take(line.arity()) {
                    reached[operand] |= lines.get(operand).is_some_and(|l| l.wants_gradient());
                }
            }
        }
        Self { lines, loss, reached }
    }

    pub(crate) fn line(&self, index: usize) -> TapeLine<'_, T> {
        match self.lines.get(index) {
            Some(line) => line,
            None => unreachable!("an operand is a line of its tape"),
        }
    }

    pub(crate) fn operand(&self, line: &TapeLine<'_, T>, k: usize) -> TapeLine<'_, T> {
        self.line(line.operands()[k])
    }

    /// The lines from which this one was computed, as far as the tape says.
    pub(crate) fn leading_to(&self, index: usize) -> Vec<bool> {
        let mut leads = vec![false; self.lines.len()];
        if let Some(end) = leads.get_mut(index) {
            *end = true;
        }
        for line in self.lines.iter().take(index + 1).rev() {
            if leads[line.index()] {
                line.operands().iter().for_each(|&k| leads[k] = true);
            }
        }
        leads
    }

    /// The parameter that multiplies the operand of this line, if it is a layer's product or convolution.
    pub(crate) fn matrix(&self, line: &TapeLine<'_, T>) -> Option<Param<T>> {
        let op = line.op();
        if op.is::<ops::Linear>() || op.is::<ops::MatMul>() || op.is::<ops::Conv>() {
            let matrix = self.behind_moves(line.operands()[1]);
            return self.line(matrix).op().parameter().map(|read| read.param.clone());
        }
        None
    }

    /// The numbers of inputs and of outputs of a product or a convolution with this parameter: the features, or the channels; and of all
    /// elements that make one output.
    pub(crate) fn widths(&self, line: &TapeLine<'_, T>, matrix: &Param<T>) -> Widths {
        let (of, result) = (self.operand(line, 0).shape(), line.shape());
        let weight = matrix.shape();
        let (axis, window) = match line.op().is::<ops::Conv>() {
            true => (weight.len().saturating_sub(1), weight.iter().skip(2).product()),
            false => (1, 1),
        };
        let at = |shape: &[usize]| {
            shape.len().checked_sub(axis).and_then(|k| shape.get(k).copied()).unwrap_or(1)
        };
        let inputs = at(&of);
        let groups = match line.op().is::<ops::Conv>() {
            true => inputs / weight.get(1).copied().unwrap_or(1).max(1),
            false => 1,
        };
        Widths { inputs, outputs: at(&result), fan: inputs / groups.max(1) * window, groups }
    }

    /// Whether the second axis holds channels, and places stand behind it: the result of a convolution, as far as functions of elements
    /// and pools follow it.
    pub(crate) fn channels_first(&self, mut index: usize) -> bool {
        for _ in 0..16 {
            let line = self.line(index);
            if line.op().is::<ops::Conv>() {
                return true;
            }
            let follows = line.op().is::<ops::Unary>()
                || line.op().is::<ops::Binary>()
                || line.op().is::<ops::Normalize>();
            match line.operands().first() {
                Some(&first) if follows => index = first,
                _ => return false,
            }
        }
        false
    }

    /// The line whose numbers stand here, moved.
    pub(crate) fn behind_moves(&self, mut index: usize) -> usize {
        loop {
            let line = self.line(index);
            if !line.op().moves_numbers() || line.arity() != 1 || line.op().is::<ops::Detach>() {
                return index;
            }
            index = line.operands()[0];
        }
    }

    /// The line whose numbers stand here, moved and scaled.
    pub(crate) fn behind_scalars(&self, mut index: usize) -> usize {
        loop {
            index = self.behind_moves(index);
            match unary(&self.line(index)) {
                Some(
                    UnaryOp::MulScalar { .. }
                    | UnaryOp::DivScalar { .. }
                    | UnaryOp::AddScalar { .. },
                ) => {
                    index = self.line(index).operands()[0];
                }
                _ => return index,
            }
        }
    }
}
