//! A loss that is a formula of prediction and target: its value for the best constant, and for a perfect prediction of each target.

use std::collections::VecDeque;

use wengert_autograd::Lines;
use wengert_autograd::ops::Own;
use wengert_tensor::{Float, Tensor};

use super::{Goal, Kind, ROWS};

/// The number of targets that are remembered.
const TARGETS: usize = 256;
/// The steps of a search, each of which leaves two thirds of a range.
const STEPS: usize = 48;

/// The values of a formula for the targets of the last looks.
#[derive(Clone, Debug, Default)]
pub(crate) struct Formula {
    targets: VecDeque<f64>,
    /// The mean for the best constant.
    pub(crate) constant: f64,
    /// The mean for a prediction that is best for each target.
    pub(crate) floor: f64,
    /// Whether the target itself is that prediction.
    pub(crate) in_units: bool,
}

impl Formula {
    /// Reads a batch: the mean of the formula of these predictions and targets, if it is a loss. A formula that no constant makes least
    /// is none.
    pub(crate) fn see<T: Float>(
        &mut self,
        own: &Own<T>,
        prediction_first: bool,
        p: &[f64],
        t: &[f64],
    ) -> Option<f64> {
        let of = |p: &[f64], t: &[f64]| -> Option<Vec<f64>> {
            let numbers = |x: &[f64]| -> Vec<T> { x.iter().map(|&x| T::from_f64(x)).collect() };
            let [p, t] = [p, t].map(|x| Tensor::from(numbers(x)));
            let operands = if prediction_first { [&p, &t] } else { [&t, &p] };
            Some(own.value(&operands).ok()?.iter().map(|y| y.to_f64()).collect())
        };
        self.targets.extend(t);
        self.targets.drain(..self.targets.len().saturating_sub(TARGETS));
        let targets = &*self.targets.make_contiguous();
        let all = || targets.iter().chain(p);
        let least = all().copied().fold(f64::INFINITY, f64::min);
        let most = all().copied().fold(f64::NEG_INFINITY, f64::max);
        let beyond = 1.0 + (most - least);
        let range = (least - beyond, most + beyond);
        if !(range.0.is_finite() && range.1.is_finite()) {
            return None;
        }
        let everywhere = |c: f64| of(&vec![c; targets.len()], targets).map(|y| mean(&y));
        let [constant] = lowest(range, [0.0], |c| Some([everywhere(c[0])?]))?;
        // It may fall to one side without end; then the search ends there.
        if !(constant < everywhere(range.0)? && constant < everywhere(range.1)?) {
            return None;
        }
        let floor = mean(&lowest(range, vec![0.0; targets.len()], |c| of(c, targets))?);
        let itself = mean(&of(targets, targets)?);
        (self.constant, self.floor) = (constant, floor);
        self.in_units = itself - floor < 1e-3 * (constant - floor);
        Some(mean(&of(p, t)?))
    }
}

impl Goal {
    /// Reads predictions and targets by the formula that compares them: its mean.
    pub(super) fn see_formula<T: Float>(
        &mut self,
        lines: &Lines<'_, T>,
        p: &[T],
        t: &[T],
    ) -> Option<f64> {
        let line = lines.get(self.compares)?;
        let own = line.op().get::<Own<T>>()?;
        let every = t.len().div_ceil(ROWS).max(1);
        let [p, t] =
            [p, t].map(|x| -> Vec<f64> { x.iter().step_by(every).map(|x| x.to_f64()).collect() });
        let first = line.operands()[0] == self.prediction;
        self.formula.see(own, first, &p, &t)
    }

    /// The error of the best prediction that there can be.
    pub(crate) fn floor(&self) -> f64 {
        if self.kind == Kind::Formula { self.formula.floor } else { 0.0 }
    }

    /// Whether predictions are in the units of the targets.
    pub(crate) fn is_in_units(&self) -> bool {
        self.kind == Kind::Numbers || self.kind == Kind::Formula && self.formula.in_units
    }

    /// Whether the loss is below a share of the way from a perfect prediction to a constant.
    pub(crate) fn is_below(&self, loss: f64, share: f64) -> bool {
        loss - self.floor() < share * (self.constant() - self.floor())
    }
}

fn mean(x: &[f64]) -> f64 {
    x.iter().sum::<f64>() / x.len() as f64
}

/// The least values of functions of one number each, all searched at once: by thirds, so each must fall and then rise.
fn lowest<C: AsRef<[f64]> + AsMut<[f64]> + Clone>(
    (low, high): (f64, f64),
    zeros: C,
    of: impl Fn(&C) -> Option<C>,
) -> Option<C> {
    let (mut low, mut high) = (filled(&zeros, |_| low), filled(&zeros, |_| high));
    for _ in 0..STEPS {
        let at = |share: f64| {
            filled(&zeros, |i| low.as_ref()[i] + share * (high.as_ref()[i] - low.as_ref()[i]))
        };
        let (left, right) = (at(1.0 / 3.0), at(2.0 / 3.0));
        let (y_left, y_right) = (of(&left)?, of(&right)?);
        for i in 0..zeros.as_ref().len() {
            if y_left.as_ref()[i] <= y_right.as_ref()[i] {
                high.as_mut()[i] = right.as_ref()[i];
            } else {
                low.as_mut()[i] = left.as_ref()[i];
            }
        }
    }
    of(&low)
}

fn filled<C: AsMut<[f64]> + Clone>(like: &C, of: impl Fn(usize) -> f64) -> C {
    let mut all = like.clone();
    all.as_mut().iter_mut().enumerate().for_each(|(i, x)| *x = of(i));
    all
}
