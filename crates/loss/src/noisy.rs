//! Losses of one class among many that forgive wrong labels: between cross-entropy and the error rate.

use wengert_autograd::{Result, Var};
use wengert_tensor::{Float, Tensor};

use crate::Reduction;
use crate::criterion::Loss;
use crate::cross_entropy::{logits, of_classes};
use crate::labels::{Checked, ClassWeight};
use crate::reduce::{reduce_over, reducible};
use crate::refuse::{Numbers, amount, option};

/// (1 - p^q)/q of the softmax p at each sample's class, from logits: near q = 0 it is the cross-entropy -ln p, and at q = 1 it is
/// 1 - p, half the absolute error of the probabilities. A label that the model finds impossible costs at most 1/q and pulls no
/// more. The mean's denominator is the number of samples that are not ignored. Z. Zhang and M. Sabuncu, 2018.
///
/// ```
/// use wengert_autograd::Tape;
/// use wengert_loss::{GeneralizedCrossEntropyLoss, Loss};
/// use wengert_tensor::tensor;
///
/// let tape = Tape::new();
/// let logits = tape.var(tensor![[50.0_f64, 0.0], [0.0, 0.0]]);
/// let loss = GeneralizedCrossEntropyLoss::new().q(0.5).forward(logits, &tensor![1_usize, 0])?;
/// // The first label contradicts a sure prediction, and costs 1/q.
/// let expected = (2.0 + (1.0 - 0.5_f64.sqrt()) / 0.5) / 2.0;
/// assert!((loss.item()? - expected).abs() < 1e-9);
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub struct GeneralizedCrossEntropyLoss {
    q: f64,
    ignored: Option<usize>,
    reduction: Reduction,
}

/// alpha·CE + beta·RCE: the cross-entropy -ln p of the softmax p at each sample's class, and the reverse, in which the label's
/// logarithm of 0 counts as -4: RCE = 4·(1 - p). The first part learns, the second one forgives. The mean's denominator is the
/// number of samples that are not ignored. Y. Wang and others, 2019.
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub struct SymmetricCrossEntropyLoss {
    alpha: f64,
    beta: f64,
    ignored: Option<usize>,
    reduction: Reduction,
}
reducible!(GeneralizedCrossEntropyLoss SymmetricCrossEntropyLoss);

impl Default for GeneralizedCrossEntropyLoss {
    fn default() -> Self {
        Self { q: 0.7, ignored: None, reduction: Reduction::Mean }
    }
}

impl GeneralizedCrossEntropyLoss {
    /// With q = 0.7.
    pub fn new() -> Self {
        Self::default()
    }
    /// With this exponent, above 0 and at most 1: the larger, the more it forgives, and the slower it learns.
    pub fn q(mut self, q: f64) -> Self {
        self.q = q;
        self
    }
    /// Samples of this class do not count. It need not be a class that exists.
    pub fn ignore_index(mut self, class: usize) -> Self {
        self.ignored = Some(class);
        self
    }
}

impl Default for SymmetricCrossEntropyLoss {
    fn default() -> Self {
        Self { alpha: 0.1, beta: 1.0, ignored: None, reduction: Reduction::Mean }
    }
}

impl SymmetricCrossEntropyLoss {
    /// With 0.1 of the cross-entropy and 1 of the reverse.
    pub fn new() -> Self {
        Self::default()
    }
    /// With this weight of the cross-entropy.
    pub fn alpha(mut self, alpha: f64) -> Self {
        self.alpha = alpha;
        self
    }
    /// With this weight of the reverse cross-entropy.
    pub fn beta(mut self, beta: f64) -> Self {
        self.beta = beta;
        self
    }
    /// Samples of this class do not count. It need not be a class that exists.
    pub fn ignore_index(mut self, class: usize) -> Self {
        self.ignored = Some(class);
        self
    }
}

/// The cross-entropy of each sample, 0 if it is ignored, and the number of the others.
#[track_caller]
fn each<'t, T: Float>(
    op: &'static str,
    x: Var<'t, T>,
    labels: &Tensor<usize>,
    ignored: Option<usize>,
) -> Result<(Var<'t, T>, f64)> {
    logits(op, x)?;
    let weight = ClassWeight(None, Numbers::Checked);
    let labels = Checked::new(op, &x.shape(), labels, weight, ignored)?;
    let total = labels.total;
    Ok((of_classes(op, x, labels, weight, 0.0, Reduction::None)?, total))
}

impl<'t, T: Float> Loss<'t, T, &Tensor<usize>> for GeneralizedCrossEntropyLoss {
    #[track_caller]
    fn forward(&self, x: Var<'t, T>, labels: &Tensor<usize>) -> Result<Var<'t, T>> {
        const OP: &str = "generalized_cross_entropy";
        let q = self.q;
        option(OP, q > 0.0 && q <= 1.0, || format!("q is {q}, and must be above 0 and at most 1"))?;
        let (ce, total) = each(OP, x, labels, self.ignored)?;
        // p^q = e^(-q·CE)
        let losses = ce.mul_scalar(-q).expm1().mul_scalar(-1.0 / q);
        reduce_over(OP, losses, self.reduction, total)
    }
}

impl<'t, T: Float> Loss<'t, T, &Tensor<usize>> for SymmetricCrossEntropyLoss {
    #[track_caller]
    fn forward(&self, x: Var<'t, T>, labels: &Tensor<usize>) -> Result<Var<'t, T>> {
        const OP: &str = "symmetric_cross_entropy";
        let Self { alpha, beta, .. } = *self;
        option(OP, amount(alpha) && amount(beta), || {
            format!("alpha is {alpha} and beta is {beta}, and both must be finite and 0 or more")
        })?;
        let (ce, total) = each(OP, x, labels, self.ignored)?;
        let reverse = (-ce).expm1().mul_scalar(-4.0 * beta);
        reduce_over(OP, ce.mul_scalar(alpha).try_add(reverse)?, self.reduction, total)
    }
}

/// The mean of [`GeneralizedCrossEntropyLoss`] over samples.
///
/// # Errors
/// If the shapes do not match, a class does not exist, q is out of range, the prediction has been through a softmax, or there
/// is no sample.
#[track_caller]
pub fn generalized_cross_entropy<'t, T: Float>(
    logits: Var<'t, T>,
    labels: &Tensor<usize>,
    q: f64,
) -> Result<Var<'t, T>> {
    GeneralizedCrossEntropyLoss::new().q(q).forward(logits, labels)
}

/// The mean of [`SymmetricCrossEntropyLoss`], of 0.1 and 1, over samples.
///
/// # Errors
/// If the shapes do not match, a class does not exist, the prediction has been through a softmax, or there is no sample.
#[track_caller]
pub fn symmetric_cross_entropy<'t, T: Float>(
    logits: Var<'t, T>,
    labels: &Tensor<usize>,
) -> Result<Var<'t, T>> {
    SymmetricCrossEntropyLoss::new().forward(logits, labels)
}
