//! Focal losses: confident predictions count less. Of one class among several, and of yes or no.

use wengert_autograd::{Operand, Result, Var};
use wengert_tensor::pointwise::{C, ONE, Real};
use wengert_tensor::{Axes, Float, Tensor};

use crate::Reduction;
use crate::binary::logits as binary_logits;
use crate::criterion::Loss;
use crate::cross_entropy::logits;
use crate::formula::formula;
use crate::labels::{ClassWeight, Picks, several_classes};
use crate::reduce::{Weight, checks_numbers, reduce, reducible};
use crate::refuse::{Numbers, alike, every, gamma, inside, option};

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

/// (1 - pₜ)^gamma · BCE of the logits, where pₜ is the probability of the true side: confident predictions count less. Its mean is
/// over all elements (Lin et al. divide by the number of positives: use the sum for that). torchvision's
/// `sigmoid_focal_loss`.
///
/// With `alpha`, positives are weighted by alpha and negatives by 1 - alpha.
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub struct BinaryFocalLoss {
    gamma: f64,
    alpha: Option<f64>,
    reduction: Reduction,
}

impl BinaryFocalLoss {
    /// With this gamma (0 is plain cross-entropy; the authors found 2 best), and equal weights for both sides.
    pub fn new(gamma: f64) -> Self {
        Self { gamma, alpha: None, reduction: Reduction::Mean }
    }
    /// With positives weighted by alpha and negatives by 1 - alpha.
    pub fn alpha(mut self, alpha: f64) -> Self {
        self.alpha = Some(alpha);
        self
    }
}

impl<'t, T: Float> Loss<'t, T, &Tensor<usize>> for FocalLoss<T> {
    #[track_caller]
    fn forward(&self, x: Var<'t, T>, labels: &Tensor<usize>) -> Result<Var<'t, T>> {
        const OP: &str = "focal";
        logits(OP, x)?;
        several_classes(OP, &x.shape(), self.numbers, "BinaryFocalLoss")?;
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

impl<'t, T: Float, Target: Operand<'t, T>> Loss<'t, T, Target> for BinaryFocalLoss {
    #[track_caller]
    fn forward(&self, x: Var<'t, T>, target: Target) -> Result<Var<'t, T>> {
        const OP: &str = "binary_focal";
        let y = target.on(x);
        alike(OP, "prediction", &x.shape(), "target", &y.shape())?;
        binary_logits(OP, x)?;
        gamma(OP, self.gamma)?;
        option(OP, self.alpha.is_none_or(inside), || "alpha must lie between 0 and 1".into())?;
        every(OP, "target", &y.value()?, |y| y == 0.0 || y == 1.0, "the targets are 0 or 1", None)?;
        let gamma = self.gamma;
        let (weight_of_0, weight_of_1) =
            self.alpha.map_or((1.0, 1.0), |alpha| (1.0 - alpha, alpha));
        let losses = formula!(OP, { gamma, weight_of_0, weight_of_1 }, |x, y| {
            // The logit of the true side: x, or -x.
            let s = y.when_eq(ONE, x, -x);
            focal_of(s, gamma) * y.when_eq(ONE, weight_of_1, weight_of_0)
        })?;
        reduce(OP, losses, self.reduction)
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

/// The mean of [`BinaryFocalLoss`] over all elements.
///
/// # Errors
/// If the shapes differ, a target is neither 0 nor 1, gamma is negative, the prediction has been through a sigmoid, or
/// there is no element.
#[track_caller]
pub fn binary_focal<'t, T: Float>(
    logits: Var<'t, T>,
    target: impl Operand<'t, T>,
    gamma: f64,
) -> Result<Var<'t, T>> {
    BinaryFocalLoss::new(gamma).forward(logits, target)
}

reducible!(FocalLoss<T> BinaryFocalLoss);
checks_numbers!(FocalLoss<T>);
