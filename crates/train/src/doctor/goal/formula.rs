//! A loss that is a formula of prediction and target: its value for the best constant, and for a perfect prediction of each target.

use std::collections::VecDeque;

use wengert_autograd::ops::Own;
use wengert_tensor::{Float, Tensor};

/// The number of targets that are remembered.
const TARGETS: usize = 256;
/// The steps of a search, each of which leaves two thirds of a range.
const STEPS: usize = 48;

/// What is known of a formula from the targets of the last looks.
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
