//! The focal loss of logits.

use wengert_autograd::{Result, Var};
use wengert_tensor::pointwise::{C, Real};
use wengert_tensor::{Axes, Float, Tensor};

use crate::Reduction;
use crate::criterion::Loss;
use crate::cross_entropy::logits;
use crate::formula::formula;
use crate::labels::{ClassWeight, Picks};
use crate::reduce::{Weight, checks_numbers, reduce, reducible};
use crate::refuse::{Numbers, gamma};

/// (1 - p)^gamma · -ln p, p the softmax at each sample's class, from logits: confident predictions count less. The
/// mean's denominator is the number of samples. gamma 0 is [`CrossEntropyLoss`](crate::CrossEntropyLoss).
#[derive(Clone, Debug)]
#[must_use]
pub struct FocalLoss<T> {
    gamma: f64,
    weight: Weight<T>,
    numbers: Numbers,
    reduction: Reduction,
}

impl<T> FocalLoss<T> {
    /// With this gamma.
    pub fn new(gamma: f64) -> Self {
        Self { gamma, weight: Weight::NONE, numbers: Numbers::Checked, reduction: Reduction::Mean }
    }
    /// With a weight for each class, `[C]`.
    pub fn weight(mut self, weight: Tensor<T>) -> Self {
        self.weight = Weight::of(weight);
        self
    }
}

impl<'t, T: Float> Loss<'t, T, &Tensor<usize>> for FocalLoss<T> {
    #[track_caller]
    fn forward(&self, x: Var<'t, T>, labels: &Tensor<usize>) -> Result<Var<'t, T>> {
        const OP: &str = "focal";
        logits(OP, x)?;
        gamma(OP, self.gamma)?;
        let weight = ClassWeight(self.weight.get(), self.numbers);
        let picks = Picks::new(OP, &x.shape(), labels, weight, None)?;
        // The class against all others: p = σ(s) of s = x_y - ln Σ eˣ over the others, and nothing is lost where p rounds to 1.
        let ones = Tensor::try_full(picks.index.shape(), T::ONE)?;
        let own = Tensor::try_full(x.shape(), T::ZERO)?.scatter(picks.axis, &picks.index, &ones)?;
        let others = x.masked_fill(own.map(|c| c == T::ONE), T::LEAST)?;
        let s = picks.of(x)?.try_sub(others.logsumexp_over(Axes::from(picks.axis))?)?;
        let gamma = self.gamma;
        let losses = formula!(OP, { gamma }, |s| focal_of(s, gamma))?;
        reduce(OP, picks.weigh(losses)?, self.reduction)
    }
}

/// (1 - p)^gamma · -ln p of p = σ(s). The power is taken of the logarithm, so that it has a slope at 0 too.
#[inline(always)]
pub(crate) fn focal_of<R: Real>(s: R, gamma: C) -> R {
    (-(s.softplus() * gamma)).exp() * (-s).softplus()
}

/// The mean of [`FocalLoss`] over samples.
///
/// # Errors
/// As [`cross_entropy`](fn@crate::cross_entropy), and if gamma is negative.
#[track_caller]
pub fn focal<'t, T: Float>(
    logits: Var<'t, T>,
    labels: &Tensor<usize>,
    gamma: f64,
) -> Result<Var<'t, T>> {
    FocalLoss::new(gamma).forward(logits, labels)
}

reducible!(FocalLoss<T>);
checks_numbers!(FocalLoss<T>);
