//! `Pairing`: whether a loss can tell the samples that belong together from others. Results of the model are put into another order, and
//! the end of the tape is run again: where a model has learnt something of pairs, triplets or labels, that makes the loss larger.
//!
//! It asks for no target, so it holds for losses that compare no prediction with one.

use std::collections::VecDeque;

use wengert_autograd::{Lines, TapeLine, ops};
use wengert_tensor::pointwise::BinaryOp;
use wengert_tensor::{Float, Rng, Tensor};

use super::reading::{Reading, binary, unary};
use super::rows::{shuffled, spread};

/// The numbers of first and of last looks that are remembered.
const FIRST: usize = 8;
const LAST: usize = 16;

/// The results of a model that a loss joins, and the loss in other orders.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pairing {
    /// The lines of the results.
    results: Vec<usize>,
    /// The rise of the loss in another order, at the first looks and at the last.
    first: Vec<f64>,
    last: VecDeque<f64>,
    /// The size of the loss at the last look.
    size: f64,
    /// Results that are weighed by rewards of both signs, so that the size of the loss says nothing.
    pub(crate) rewarded: bool,
}

impl Pairing {
    /// Searches for the results: the last products on the way to the loss, and rows of tables. One alone must meet labels or other data.
    pub(crate) fn find<T: Float>(&mut self, r: &Reading<'_, '_, T>) {
        self.results.clear();
        let (mut stack, mut met) = (vec![(r.loss, true)], vec![false; r.lines.len()]);
        let mut data = false;
        while let Some((index, linear)) = stack.pop() {
            if std::mem::replace(&mut met[index], true) {
                continue;
            }
            let line = r.line(index);
            if !line.wants_gradient() {
                if linear && signed(&line) {
                    self.rewarded = true;
                    self.results.clear();
                    return;
                }
                data |= line.shape().iter().product::<usize>() > 1;
                continue;
            }
            data |= line.operands().len() > line.arity();
            if is_result(r, &line) {
                self.results.push(index);
                continue;
            }
            let scales = binary(&line) == Some(BinaryOp::Mul);
            let keeps = scales
                || matches!(binary(&line), Some(BinaryOp::Add | BinaryOp::Sub))
                || line.op().moves_numbers()
                || line.op().is::<ops::Sum>()
                || line.op().is::<ops::Mean>()
                || unary(&line).is_some_and(is_scaling);
            let operands = line.operands();
            stack.extend(operands.iter().take(line.arity()).map(|&k| (k, linear && keeps)));
        }
        let rows = |k: &usize| r.line(*k).shape().first().copied().unwrap_or(0);
        self.results.retain(|k| rows(k) > 3);
        if self.results.len() < 2 && !data {
            self.results.clear();
        }
        self.results.sort_unstable();
    }

    /// Puts the results of a step into another order.
    pub(crate) fn see<T: Float>(&mut self, lines: &Lines<'_, T>, loss: usize, step: usize) {
        let rng = &mut Rng::new(step as u64);
        let others: Option<Vec<_>> = self
            .results
            .iter()
            .map(|&k| Some((k, in_another_order(&lines.get(k)?.value()?, rng)?)))
            .collect();
        let Some(others) = others.filter(|others| !others.is_empty()) else { return };
        let number = |x: Tensor<T>| x.item().ok().map(|x| x.to_f64());
        let now = lines.get(loss).and_then(|line| number(line.value()?));
        let then = lines.value_if(loss, &others).and_then(number);
        let (Some(now), Some(then)) = (now, then) else {
            self.results.clear();
            return;
        };
        self.size = now.abs();
        if self.first.len() < FIRST {
            self.first.push(then - now);
        }
        self.last.push_back(then - now);
        self.last.drain(..self.last.len().saturating_sub(LAST));
    }

    /// The mean rise of the loss over the last looks, as a fraction of it, and in standard errors; and the standard errors of the first
    /// looks. `None` before enough looks, and for a loss to which the order makes no difference.
    pub(crate) fn tells(&self) -> Option<(f64, f64, f64)> {
        if self.last.len() < LAST {
            return None;
        }
        let (mean, deviation) = spread(self.last.iter().copied());
        let (early, early_deviation) = spread(self.first.iter().copied());
        let least = 1e-5 * self.size;
        (deviation > least).then(|| {
            let errors = |mean: f64, deviation: f64, n: usize| {
                mean / deviation.max(least).max(f64::MIN_POSITIVE) * (n as f64).sqrt()
            };
            let (late, first) =
                (errors(mean, deviation, LAST), errors(early, early_deviation, FIRST));
            (mean / self.size.max(f64::MIN_POSITIVE), late, first)
        })
    }
}

/// A layer's product, a recurrent layer's outputs, rows of a table of parameters.
fn is_result<T: Float>(r: &Reading<'_, '_, T>, line: &TapeLine<'_, T>) -> bool {
    let table = || r.operand(line, 0).op().parameter().is_some();
    r.matrix(line).is_some()
        || line.op().is::<ops::Recurrent<T>>()
        || line.op().is::<ops::IndexSelect>() && table()
}

fn is_scaling(op: wengert_tensor::pointwise::UnaryOp) -> bool {
    use wengert_tensor::pointwise::UnaryOp::{AddScalar, DivScalar, MulScalar, Neg, RsubScalar};
    matches!(op, Neg | MulScalar { .. } | DivScalar { .. } | AddScalar { .. } | RsubScalar { .. })
}

/// Numbers of both signs.
fn signed<T: Float>(line: &TapeLine<'_, T>) -> bool {
    let Some(x) = line.value() else { return false };
    x.iter().any(|x| x < T::ZERO) && x.iter().any(|x| x > T::ZERO)
}

/// The rows in another order; of sequences also those of one sample.
fn in_another_order<T: Float>(x: &Tensor<T>, rng: &mut Rng) -> Option<Tensor<T>> {
    let shape = x.shape().to_vec();
    let rows: usize = shape.iter().take(if shape.len() == 3 { 2 } else { 1 }).product();
    let flat = x.contiguous().reshape([rows, x.len() / rows.max(1)]).ok()?;
    let order = Tensor::from(shuffled(rows, rng));
    flat.index_select(0, &order).ok()?.reshape(&shape).ok()
}
