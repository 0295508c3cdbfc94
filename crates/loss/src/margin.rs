//! Losses of two sides, -1 and 1, that want a score on the right side, or beyond a margin there.

use wengert_autograd::{Operand, Result, Var};
use wengert_tensor::Float;
use wengert_tensor::pointwise::{Arg as _, ONE, ZERO};

use crate::Reduction;
use crate::criterion::Loss;
use crate::formula::formula;
use crate::reduce::{checks_numbers, reduce, reducible};
use crate::refuse::{Numbers, alike, margin, signs};

/// max(0, 1 - y·x) of a score x and a side y, -1 or 1; its mean is over all elements. The loss of a support vector machine:
/// with ½λ‖w‖² ([`penalty::l2`](crate::penalty::l2)) the margin is 2/‖w‖. `.squared()` gives its square, which punishes
/// far outliers more and has no corner. Targets of 0 and 1 are rejected, since 0 is neither side.
///
/// ```
/// use wengert_autograd::Tape;
/// use wengert_loss::hinge;
/// use wengert_tensor::tensor;
///
/// let tape = Tape::new();
/// let scores = tape.var(tensor![2.0_f64, 0.5, -1.0]);
/// let sides = tensor![1.0, 1.0, 1.0];
/// assert_eq!(hinge(scores, &sides)?.item()?, 2.5 / 3.0);
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[must_use]
pub struct HingeLoss {
    squared: bool,
    reduction: Reduction,
}

impl HingeLoss {
    /// The plain hinge.
    pub fn new() -> Self {
        Self::default()
    }
    /// With the square of each loss.
    pub fn squared(mut self) -> Self {
        self.squared = true;
        self
    }
}

/// ln(1 + e^(-y·x)) of a score x and a side y, -1 or 1; its mean is over all elements. PyTorch's `soft_margin_loss`, finite
/// for every score: the same as [`bce_with_logits`](crate::bce_with_logits) with targets 0 and 1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[must_use]
pub struct SoftMarginLoss {
    numbers: Numbers,
    reduction: Reduction,
}

impl SoftMarginLoss {
    /// Its mean over all elements.
    pub fn new() -> Self {
        Self::default()
    }
}

/// For a distance x: x itself if the target is 1 (similar), and max(0, margin - x) if it is -1. Its mean is over all
/// elements. PyTorch's `hinge_embedding_loss`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub struct HingeEmbeddingLoss {
    margin: f64,
    reduction: Reduction,
}

impl Default for HingeEmbeddingLoss {
    fn default() -> Self {
        Self { margin: 1.0, reduction: Reduction::Mean }
    }
}

impl HingeEmbeddingLoss {
    /// With margin 1.
    pub fn new() -> Self {
        Self::default()
    }
    /// With the distance that dissimilar samples should keep.
    pub fn margin(mut self, margin: f64) -> Self {
        self.margin = margin;
        self
    }
}
reducible!(HingeLoss SoftMarginLoss HingeEmbeddingLoss);
checks_numbers!(SoftMarginLoss);

/// x, and 0 below. At 0 its slope is 1, as that of PyTorch's `clamp_min`.
#[track_caller]
pub(crate) fn at_least_0<T: Float>(x: Var<'_, T>) -> Var<'_, T> {
    x.clamp(0.0, f64::INFINITY)
}

impl<'t, T: Float, Target: Operand<'t, T>> Loss<'t, T, Target> for HingeLoss {
    #[track_caller]
    fn forward(&self, x: Var<'t, T>, target: Target) -> Result<Var<'t, T>> {
        const OP: &str = "hinge";
        let y = target.on(x);
        alike(OP, "prediction", &x.shape(), "target", &y.shape())?;
        signs(OP, &y.value()?, Numbers::Checked)?;
        let losses = formula!(OP, |x, y| (ONE - y * x).max(ZERO))?;
        reduce(OP, if self.squared { losses.square() } else { losses }, self.reduction)
    }
}

impl<'t, T: Float, Target: Operand<'t, T>> Loss<'t, T, Target> for SoftMarginLoss {
    #[track_caller]
    fn forward(&self, x: Var<'t, T>, target: Target) -> Result<Var<'t, T>> {
        const OP: &str = "soft_margin";
        let y = target.on(x);
        alike(OP, "prediction", &x.shape(), "target", &y.shape())?;
        signs(OP, &y.value()?, self.numbers)?;
        reduce(OP, formula!(OP, |x, y| (-(y * x)).softplus())?, self.reduction)
    }
}

impl<'t, T: Float, Target: Operand<'t, T>> Loss<'t, T, Target> for HingeEmbeddingLoss {
    #[track_caller]
    fn forward(&self, x: Var<'t, T>, target: Target) -> Result<Var<'t, T>> {
        const OP: &str = "hinge_embedding";
        let y = target.on(x);
        alike(OP, "prediction", &x.shape(), "target", &y.shape())?;
        signs(OP, &y.value()?, Numbers::Checked)?;
        margin(OP, self.margin)?;
        let margin = self.margin;
        let losses = formula!(OP, { margin }, |x, y| {
            // At the margin its slope is -1, as that of PyTorch's `clamp_min`.
            let apart = ZERO.beside(x).when_gt(margin - x, ZERO, margin - x);
            y.when_eq(ONE, x, apart)
        })?;
        reduce(OP, losses, self.reduction)
    }
}

/// The mean of [`HingeLoss`] over all elements.
///
/// # Errors
/// If the shapes differ, a target is not -1 or 1, or there is no element.
#[track_caller]
pub fn hinge<'t, T: Float>(scores: Var<'t, T>, target: impl Operand<'t, T>) -> Result<Var<'t, T>> {
    HingeLoss::new().forward(scores, target)
}

/// The mean over all elements of the squares of [`HingeLoss`].
///
/// # Errors
/// As [`hinge`].
#[track_caller]
pub fn squared_hinge<'t, T: Float>(
    scores: Var<'t, T>,
    target: impl Operand<'t, T>,
) -> Result<Var<'t, T>> {
    HingeLoss::new().squared().forward(scores, target)
}

/// The mean of [`SoftMarginLoss`] over all elements.
///
/// # Errors
/// If the shapes differ, a target is not -1 or 1, or there is no element.
#[track_caller]
pub fn soft_margin<'t, T: Float>(
    scores: Var<'t, T>,
    target: impl Operand<'t, T>,
) -> Result<Var<'t, T>> {
    SoftMarginLoss::new().forward(scores, target)
}

/// The mean of [`HingeEmbeddingLoss`], of margin 1, over all elements.
///
/// # Errors
/// If the shapes differ, a target is not -1 or 1, or there is no element.
#[track_caller]
pub fn hinge_embedding<'t, T: Float>(
    distances: Var<'t, T>,
    target: impl Operand<'t, T>,
) -> Result<Var<'t, T>> {
    HingeEmbeddingLoss::new().forward(distances, target)
}
