//! Losses for yes or no: for one label, or for several labels that do not exclude one another.

use wengert_autograd::{Operand, Result, Var};
use wengert_tensor::pointwise::ONE;
use wengert_tensor::{Float, Tensor};

use crate::Reduction;
use crate::criterion::Loss;
use crate::formula::formula;
use crate::reduce::{Weight, checks_numbers, fits, reduce, reducible, weigh};
use crate::refuse::{Numbers, alike, every, inside, not_made_by, option, shares, weights};

/// Ops whose results are not logits.
const TO_PROBABILITY: &[&str] = &["sigmoid", "hardsigmoid", "softmax"];

/// Rejects the result of a sigmoid.
#[track_caller]
pub(crate) fn logits<T: Float>(op: &'static str, x: Var<'_, T>) -> Result<()> {
    let takes = "this loss takes logits and applies the sigmoid itself";
    let help = "pass what went into it, or use `bce`, which takes probabilities";
    not_made_by(op, x, TO_PROBABILITY, takes, help)
}

/// -(y·ln p + (1 - y)·ln(1 - p)) of a probability p, each logarithm at least -100; its mean is over all elements.
/// PyTorch's `binary_cross_entropy`; also known as the log loss.
///
/// A probability is the result of a sigmoid, which loses precision; from logits, [`BceWithLogitsLoss`] is exact.
#[derive(Clone, Debug)]
#[must_use]
pub struct BceLoss<T> {
    weight: Weight<T>,
    numbers: Numbers,
    reduction: Reduction,
}

/// max(x, 0) - x·y + ln(1 + e^-|x|): the binary cross-entropy of sigmoid(x), finite in value and slope for every x, and its
/// slope is sigmoid(x) - y. Its mean is over all elements. PyTorch's `binary_cross_entropy_with_logits`.
///
/// ```
/// use wengert_autograd::Tape;
/// use wengert_loss::bce_with_logits;
/// use wengert_tensor::tensor;
///
/// let tape = Tape::new();
/// let x = tape.var(tensor![-1.0_f64, 0.0, 1.0]);
/// let loss = bce_with_logits(x, &tensor![0.0, 1.0, 1.0])?;
/// assert!((loss.item()? - 0.439890).abs() < 1e-6);
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct BceWithLogitsLoss<T> {
    weight: Weight<T>,
    pos_weight: Weight<T>,
    numbers: Numbers,
    reduction: Reduction,
}

/// For labels that do not exclude one another, `[N, L]`: the mean over the L labels of the binary cross-entropy of each logit.
/// Its mean is over the N samples, so the denominator is N·L. PyTorch's `multilabel_soft_margin_loss`.
///
/// Its cost grows with N·L, as that of the forward pass does. [`Reduction::None`] gives one loss per sample.
#[derive(Clone, Debug)]
#[must_use]
pub struct MultilabelCrossEntropyLoss<T> {
    weight: Weight<T>,
    numbers: Numbers,
    reduction: Reduction,
}

/// [`MultilabelCrossEntropyLoss`] by PyTorch's name.
pub type MultilabelSoftMarginLoss<T> = MultilabelCrossEntropyLoss<T>;

macro_rules! weighted {
    ($($Loss:ident $what:literal)*) => {$(
        impl<T> Default for $Loss<T> {
            fn default() -> Self {
                Self::new()
            }
        }
        impl<T> $Loss<T> {
            #[doc = concat!("With weights for ", $what, ". The denominator of the mean stays the number of losses.")]
            pub fn weight(mut self, weight: Tensor<T>) -> Self {
                self.weight = Weight::of(weight);
                self
            }
        }
    )*};
}
weighted! {
    BceLoss "the losses, of their shape, or of one that is repeated to it"
    BceWithLogitsLoss "the losses, of their shape, or of one that is repeated to it"
    MultilabelCrossEntropyLoss "the labels, `[L]`"
}
reducible!(BceLoss<T> BceWithLogitsLoss<T> MultilabelCrossEntropyLoss<T>);
checks_numbers!(BceLoss<T> BceWithLogitsLoss<T> MultilabelCrossEntropyLoss<T>);

impl<T> BceLoss<T> {
    /// Without weights.
    pub fn new() -> Self {
        Self { weight: Weight::NONE, numbers: Numbers::Checked, reduction: Reduction::Mean }
    }
}

impl<T> BceWithLogitsLoss<T> {
    /// Without weights.
    pub fn new() -> Self {
        Self {
            weight: Weight::NONE,
            pos_weight: Weight::NONE,
            numbers: Numbers::Checked,
            reduction: Reduction::Mean,
        }
    }
    /// With weights for the yes side only, y·ln p, of a shape that broadcasts to the logits' (`[L]`: one per label). A weight above
    /// 1 trades precision for recall; the number of noes divided by that of yeses balances the two.
    pub fn pos_weight(mut self, weight: Tensor<T>) -> Self {
        self.pos_weight = Weight::of(weight);
        self
    }
}

impl<T> MultilabelCrossEntropyLoss<T> {
    /// Without weights.
    pub fn new() -> Self {
        Self { weight: Weight::NONE, numbers: Numbers::Checked, reduction: Reduction::Mean }
    }
}

impl<'t, T: Float, Target: Operand<'t, T>> Loss<'t, T, Target> for BceLoss<T> {
    #[track_caller]
    fn forward(&self, p: Var<'t, T>, target: Target) -> Result<Var<'t, T>> {
        const OP: &str = "bce";
        let y = target.on(p);
        alike(OP, "prediction", &p.shape(), "target", &y.shape())?;
        let help = "if these are logits, use `bce_with_logits`";
        let takes = "this loss takes probabilities, from 0 to 1";
        every(OP, "prediction", &p.value()?, inside, takes, Some(help))?;
        shares(OP, &y.value()?, self.numbers)?;
        reduce(OP, weigh(OP, p.bce(y)?, self.weight.get(), self.numbers)?, self.reduction)
    }
}

impl<'t, T: Float, Target: Operand<'t, T>> Loss<'t, T, Target> for BceWithLogitsLoss<T> {
    #[track_caller]
    fn forward(&self, x: Var<'t, T>, target: Target) -> Result<Var<'t, T>> {
        const OP: &str = "bce_with_logits";
        let y = target.on(x);
        alike(OP, "prediction", &x.shape(), "target", &y.shape())?;
        logits(OP, x)?;
        shares(OP, &y.value()?, self.numbers)?;
        let losses = match self.pos_weight.get() {
            None => x.bce_with_logits(y)?,
            Some(weight) => {
                fits(OP, "`pos_weight`", weight.shape(), &x.shape())?;
                weights(OP, "pos_weight", weight, self.numbers)?;
                // -(w·y·ln σ(x) + (1 - y)·ln σ(-x)); a side that is not asked for costs nothing, even at -∞.
                let w = weight.on(x);
                formula!(OP, |x, y, w| {
                    (y * w).gated((-x).softplus()) + (ONE - y).gated(x.softplus())
                })?
            }
        };
        reduce(OP, weigh(OP, losses, self.weight.get(), self.numbers)?, self.reduction)
    }
}

impl<'t, T: Float, Target: Operand<'t, T>> Loss<'t, T, Target> for MultilabelCrossEntropyLoss<T> {
    #[track_caller]
    fn forward(&self, x: Var<'t, T>, target: Target) -> Result<Var<'t, T>> {
        const OP: &str = "multilabel_cross_entropy";
        let y = target.on(x);
        let shape = x.shape();
        alike(OP, "prediction", &shape, "target", &y.shape())?;
        option(OP, shape.last().is_some_and(|&labels| labels > 0), || {
            format!(
                "the prediction is {shape}, and must be [samples, labels], with at least one label"
            )
        })?;
        logits(OP, x)?;
        shares(OP, &y.value()?, self.numbers)?;
        let losses = weigh(OP, x.bce_with_logits(y)?, self.weight.get(), self.numbers)?;
        reduce(OP, losses.mean_over(-1)?, self.reduction)
    }
}

/// The mean of [`BceLoss`] over all elements, of probabilities.
///
/// # Errors
/// If the shapes differ, a number is not a probability, or there is no element.
#[track_caller]
pub fn bce<'t, T: Float>(p: Var<'t, T>, target: impl Operand<'t, T>) -> Result<Var<'t, T>> {
    BceLoss::new().forward(p, target)
}

/// [`bce`] by its other name: the mean over all elements of -(y·ln p + (1 - y)·ln(1 - p)), each logarithm at least
/// -100.
///
/// # Errors
/// As [`bce`].
#[track_caller]
pub fn log_loss<'t, T: Float>(p: Var<'t, T>, target: impl Operand<'t, T>) -> Result<Var<'t, T>> {
    bce(p, target)
}

/// The mean of [`BceWithLogitsLoss`] over all elements.
///
/// # Errors
/// If the shapes differ, a target is not a probability, the prediction has been through a sigmoid, or there is no element.
#[track_caller]
pub fn bce_with_logits<'t, T: Float>(
    logits: Var<'t, T>,
    target: impl Operand<'t, T>,
) -> Result<Var<'t, T>> {
    BceWithLogitsLoss::new().forward(logits, target)
}

/// The mean of [`MultilabelCrossEntropyLoss`] over samples and labels.
///
/// # Errors
/// As [`bce_with_logits`].
#[track_caller]
pub fn multilabel_cross_entropy<'t, T: Float>(
    logits: Var<'t, T>,
    target: impl Operand<'t, T>,
) -> Result<Var<'t, T>> {
    MultilabelCrossEntropyLoss::new().forward(logits, target)
}

/// [`multilabel_cross_entropy`] by PyTorch's name.
///
/// # Errors
/// As [`bce_with_logits`].
#[track_caller]
pub fn multilabel_soft_margin<'t, T: Float>(
    logits: Var<'t, T>,
    target: impl Operand<'t, T>,
) -> Result<Var<'t, T>> {
    multilabel_cross_entropy(logits, target)
}
