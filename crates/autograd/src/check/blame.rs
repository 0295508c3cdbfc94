//! Finds the wrong op: each node of the tape is checked alone, at the operands that it had.

use wengert_tensor::{Rng, Tensor};

use super::report::Blame;
use super::slope::{Value, slope};
use crate::algebra::{At as _, Incoming};
use crate::inner::Inner;
use crate::ops::{Op, Operation as _};
use crate::sweep::AtTensors;
use crate::{Result, Tape};

/// The most elements of an operand that are tried one by one.
const ELEMENTS: usize = 64;

/// Every op on the tape whose reverse rule disagrees with differences.
pub(super) fn blame(tape: &Tape<f64>, rng: &mut Rng) -> Vec<Blame> {
    let inner = tape.inner.borrow();
    (0..inner.nodes.len()).filter_map(|i| check_node(&inner, i, rng)).collect()
}

fn check_node(inner: &Inner<f64>, i: usize, rng: &mut Rng) -> Option<Blame> {
    let node = inner.nodes.at(i);
    if node.operands.is_empty() || !node.wanted {
        return None;
    }
    let x: Vec<Tensor<f64>> =
        node.operands.iter().map(|&j| inner.nodes.value(j as usize).clone()).collect();
    let g = Tensor::uniform(node.value.shape(), 0.5, 1.5, rng).ok()?;
    let at = AtTensors { values: inner.nodes.values(), index: i, operands: node.operands };
    (0..x.len()).filter(|&k| inner.nodes.wanted(node.operands[k] as usize)).find_map(|k| {
        let analytic = given(node.op, k, &g, &at).ok()?;
        let numeric = numeric(node.op, k, &g, &x)?;
        let scale = numeric.iter().flatten().fold(0.0f64, |m, n| m.max(n.0.abs()));
        let analytic: Vec<f64> = analytic.iter().collect();
        let worst = (0..numeric.len())
            .filter_map(|e| {
                let (n, error, sides) = numeric[e]?;
                let (a, slack) = (analytic[e], 1e-6 * scale + 10.0 * error);
                let inside = a >= sides.0 - slack && a <= sides.1 + slack;
                // A NaN is never near.
                let near = (a - n).abs() <= slack;
                (!inside && !near).then_some((e, a, n))
            })
            .max_by(|p, q| (p.1 - p.2).abs().total_cmp(&(q.1 - q.2).abs()))?;
        let numbers: Vec<f64> = numeric.iter().map(|n| n.map_or(f64::NAN, |n| n.0)).collect();
        Some(Blame {
            index: i,
            op: node.op.name(),
            layer: inner.line(i).layer(),
            at: inner.user_line(node),
            operand: k,
            analytic: worst.1,
            numeric: worst.2,
            cause: cause(&analytic, &numbers, x[k].shape()),
        })
    })
}

/// The gradient of operand `k` from the rule, in the operand's shape, as the sweep would compute it.
fn given(op: &Op<f64>, k: usize, g: &Tensor<f64>, at: &AtTensors<f64>) -> Result<Tensor<f64>> {
    let part = op.pull(k, Incoming::Lent(g), at)?;
    #[cfg(test)]
    let part = super::planted::mistaken(op.name(), k, part);
    let shape = at.shape(k);
    Ok(if part.shape() == &*shape { part } else { part.sum_to(&*shape)? })
}

/// Slope, uncertainty and one-sided slopes of each of the first elements; `None` where differences cannot tell.
type Numeric = Vec<Option<(f64, f64, (f64, f64))>>;

fn numeric(op: &Op<f64>, k: usize, g: &Tensor<f64>, x: &[Tensor<f64>]) -> Option<Numeric> {
    let base = x[k].contiguous();
    let length = base.iter().fold(0.0f64, |m, v| m.max(v.abs()));
    Some(
        (0..base.len().min(ELEMENTS))
            .map(|e| {
                let s = slope(
                    |h| {
                        let mut moved = base.clone();
                        moved.as_mut_slice()[e] += h;
                        let operands: Vec<&Tensor<f64>> = x
                            .iter()
                            .enumerate()
                            .map(|(j, x)| if j == k { &moved } else { x })
                            .collect();
                        let y = op.forward(&operands).ok()?;
                        let terms = y.try_mul(g).ok()?;
                        let (value, size) = (terms.sum().item(), terms.abs().sum().item());
                        Some(Value { value: value.ok()?, magnitude: size.ok()? })
                    },
                    length,
                )
                .ok()
                .filter(|s| s.kink.is_some() || s.is_settled())?;
                let sides = s.kink.unwrap_or((s.central, s.central));
                Some((s.central, s.error, sides))
            })
            .collect(),
    )
}

/// The likely cause, from the numbers of the rule compared with those of differences.
fn cause(analytic: &[f64], numeric: &[f64], shape: &[usize]) -> Option<String> {
    let pairs: Vec<(f64, f64)> =
        analytic.iter().zip(numeric).map(|(&a, &n)| (a, n)).filter(|p| p.1.is_finite()).collect();
    let scale = pairs.iter().fold(0.0f64, |m, p| m.max(p.1.abs()));
    let close = |a: f64, b: f64| (a - b).abs() <= 1e-4 * scale.max(f64::MIN_POSITIVE);
    if pairs.iter().all(|&(a, n)| close(a, -n)) {
        return Some("the sign is wrong".into());
    }
    if pairs.iter().all(|&(a, _)| a == 0.0) {
        return Some("the rule gives 0".into());
    }
    if let &[rows, columns] = shape
        && rows == columns
        && numeric.len() == analytic.len()
        && (0..rows * columns)
            .all(|i| close(analytic[i], numeric[(i % columns) * rows + i / columns]))
    {
        return Some("the gradient is transposed".into());
    }
    let (a, n) = pairs.iter().copied().max_by(|p, q| p.1.abs().total_cmp(&q.1.abs()))?;
    let factor = a / n;
    if factor.is_finite() && pairs.iter().all(|&(a, n)| close(a, factor * n)) {
        let inverse = 1.0 / factor;
        if let Some(axis) = shape.iter().position(|&s| s > 1 && (inverse - s as f64).abs() < 1e-3) {
            return Some(format!(
                "a factor of 1/{}: is a sum over axis {axis} missing?",
                shape[axis]
            ));
        }
        return Some(format!("a factor of {factor:.4}"));
    }
    let shift = a - n;
    if pairs.iter().all(|&(a, n)| close(a - n, shift)) {
        return Some(format!("every element is off by the constant {shift:.4}"));
    }
    None
}
