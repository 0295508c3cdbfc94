//! Shapes that broadcast, and layers without an activation between them.

use wengert_autograd::{TapeLine, ops};
use wengert_tensor::Float;
use wengert_tensor::pointwise::BinaryOp;

use super::grouped;
use crate::doctor::reading::{Reading, binary};
use crate::doctor::{Fault, Finding};

/// `[N, 1]` against `[N]`, which gives `[N, N]`.
pub(super) fn broadcast<T: Float>(r: &Reading<'_, '_, T>, found: &mut Vec<Finding>) {
    for line in r.lines.iter().filter(|line| r.reached[line.index()] && line.arity() == 2) {
        if binary(&line).is_none() {
            continue;
        }
        let (a, b) = (r.operand(&line, 0), r.operand(&line, 1));
        let shape = line.shape();
        let n = shape.first().copied().unwrap_or(0);
        let len = |x: &TapeLine<'_, T>| x.shape().iter().product::<usize>();
        if n > 1
            && shape[..] == [n, n]
            && len(&a) == n
            && len(&b) == n
            && a.wants_gradient() != b.wants_gradient()
            && a.op().parameter().is_none()
            && b.op().parameter().is_none()
        {
            found.push(Finding::certain(Fault::Broadcast).op(line.op().name(), line.at()).noting(
                format!("{} and {} gave {shape}: elements", a.shape(), b.shape()),
                (n * n) as f64,
            ));
        }
    }
}

/// Two layers' products without anything but sums between them.
pub(super) fn linear_twice<T: Float>(r: &Reading<'_, '_, T>, found: &mut Vec<Finding>) {
    let mut pairs = Vec::new();
    let mut uses = vec![0; r.lines.len()];
    for line in r.lines.iter().filter(|line| r.reached[line.index()]) {
        line.operands().iter().take(line.arity()).for_each(|&k| uses[k] += 1);
    }
    for line in r.lines.iter().filter(|line| r.reached[line.index()]) {
        let Some(outer) = r.matrix(&line) else { continue };
        let mut index = line.operands()[0];
        let inner = loop {
            index = r.behind_scalars(index);
            let source = r.line(index);
            // A result that goes another way too, as around a residual block, is no step between two layers alone.
            if uses[index] > 1 {
                break None;
            }
            if let Some(matrix) = r.matrix(&source) {
                break Some((source, matrix));
            }
            // A bias, a mask of dropout.
            let side = |k: usize| {
                let other = r.line(r.behind_moves(source.operands()[k]));
                other.op().parameter().is_some() || !other.wants_gradient()
            };
            match binary(&source) {
                Some(BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul) if side(1) => {
                    index = source.operands()[0];
                }
                Some(BinaryOp::Add | BinaryOp::Mul) if side(0) => index = source.operands()[1],
                _ => break None,
            }
        };
        let Some((source, matrix)) = inner else { continue };
        let (before, after) = (r.widths(&source, &matrix), r.widths(&line, &outer));
        // A narrow layer between two wide ones is a factorisation, and meant so; so are a convolution of each channel next to one of all
        // channels, one matrix used twice, and the product of keys with a learnt query.
        let narrow = before.outputs < before.inputs.min(after.outputs);
        let alike = before.groups.max(after.groups) > 1 || matrix.is(&outer);
        let query = after.outputs == 1 && is_weighed(r, line.index());
        if !(narrow || alike || query) {
            pairs.push(
                Finding::certain(Fault::NoNonlinearity)
                    .layer(line.layer())
                    .op(line.op().name(), line.at()),
            );
        }
    }
    found.extend(grouped(pairs));
}

/// Whether a softmax makes weights of these numbers.
fn is_weighed<T: Float>(r: &Reading<'_, '_, T>, index: usize) -> bool {
    let is_softmax = |line: &TapeLine<'_, T>| {
        line.op().is::<ops::Softmax>() && r.behind_scalars(line.operands()[0]) == index
    };
    r.lines.iter().any(|line| is_softmax(&line))
}
