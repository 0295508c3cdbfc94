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

/// A formula, as far as the targets tell of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Formula {
    targets: VecDeque<f64>,
    looks: usize,
    /// `None` if it is no loss.
    scale: Option<Scale>,
}

/// The scale on which values of a formula are seen.
#[derive(Clone, Copy, Debug)]
struct Scale {
    /// The mean for the best constant.
    constant: f64,
    /// The mean for a prediction that is best for each target.
    floor: f64,
    /// True if the best prediction of a target is the target.
    in_units: bool,
}

impl Formula {
    /// The mean for the best constant; NaN if it is no loss.
    pub(super) fn constant(&self) -> f64 {
        self.scale.map_or(f64::NAN, |scale| scale.constant)
    }
}

impl Scale {
    /// The scale of a formula, from targets and from some of the predictions. A formula that no constant makes least is no loss.
    fn of<T: Float>(own: &Own<T>, is_first: bool, targets: &[f64], p: &[T]) -> Option<Self> {
        let numbers =
            |x: &[f64]| Tensor::from(x.iter().map(|&x| T::from_f64(x)).collect::<Vec<_>>());
        let t = numbers(targets);
        let of = |p: &[f64]| -> Option<Vec<f64>> {
            let p = numbers(p);
            let operands = if is_first { [&p, &t] } else { [&t, &p] };
            Some(own.value(&operands).ok()?.iter().map(|y| y.to_f64()).collect())
        };
        let all = || targets.iter().copied().chain(p.iter().map(|p| p.to_f64()));
        let (least, most) =
            (all().fold(f64::INFINITY, f64::min), all().fold(f64::NEG_INFINITY, f64::max));
        let beyond = 1.0 + (most - least);
        let range @ (low, high) = (least - beyond, most + beyond);
        if !(low.is_finite() && high.is_finite()) {
            return None;
        }
        let everywhere = |c: f64| of(&vec![c; targets.len()]).map(|y| mean(&y));
        let constant = lowest(range, 1, |c| Some(vec![everywhere(c[0])?]))?[0];
        // It may fall to one side without end; then the search ends there.
        if !(constant < everywhere(low)? && constant < everywhere(high)?) {
            return None;
        }
        let floor = mean(&lowest(range, targets.len(), of)?);
        let in_units = mean(&of(targets)?) - floor < 1e-3 * (constant - floor);
        Some(Self { constant, floor, in_units })
    }
}

impl Goal {
    /// Reads predictions and targets by the formula that compares them: its mean, if it is a loss.
    pub(super) fn see_formula<T: Float>(
        &mut self,
        lines: &Lines<'_, T>,
        p: &[T],
        t: &[T],
    ) -> Option<f64> {
        let line = lines.get(self.compares)?;
        let own = line.op().get::<Own<T>>()?;
        let Formula { targets, looks, scale } = &mut self.formula;
        let every = t.len().div_ceil(ROWS).max(1);
        targets.extend(t.iter().step_by(every).map(|t| t.to_f64()));
        targets.drain(..targets.len().saturating_sub(TARGETS));
        // A search takes as long as many steps, and the targets of later looks are much the same.
        *looks += 1;
        if looks.is_power_of_two() {
            let is_first = line.operands()[0] == self.prediction;
            let p: Vec<T> = p.iter().copied().step_by(every).collect();
            *scale = Scale::of(own, is_first, targets.make_contiguous(), &p);
        }
        (*scale)?;
        let values = line.value()?;
        Some(values.iter().map(|y| y.to_f64()).sum::<f64>() / values.len() as f64)
    }

    /// The error of the best prediction that there can be.
    pub(crate) fn floor(&self) -> f64 {
        self.formula.scale.map_or(0.0, |scale| scale.floor)
    }

    /// True if predictions have the units of the targets.
    pub(crate) fn is_in_units(&self) -> bool {
        self.kind == Kind::Numbers || self.formula.scale.is_some_and(|scale| scale.in_units)
    }

    /// True if the loss is below a share of the way from a perfect prediction to a constant.
    pub(crate) fn is_below(&self, loss: f64, share: f64) -> bool {
        loss - self.floor() < share * (self.constant() - self.floor())
    }
}

fn mean(x: &[f64]) -> f64 {
    x.iter().sum::<f64>() / x.len() as f64
}

/// The least values of `n` functions of one number each, all searched at once: by thirds, so each must fall and then rise.
fn lowest(
    (low, high): (f64, f64),
    n: usize,
    of: impl Fn(&[f64]) -> Option<Vec<f64>>,
) -> Option<Vec<f64>> {
    let (mut low, mut high) = (vec![low; n], vec![high; n]);
    for _ in 0..STEPS {
        let third = |share: f64| -> Vec<f64> {
            low.iter().zip(&high).map(|(low, high)| low + share * (high - low)).collect()
        };
        let (left, right) = (third(1.0 / 3.0), third(2.0 / 3.0));
        let (y_left, y_right) = (of(&left)?, of(&right)?);
        for i in 0..n {
            if y_left[i] <= y_right[i] {
                high[i] = right[i];
            } else {
                low[i] = left[i];
            }
        }
    }
    of(&low)
}
