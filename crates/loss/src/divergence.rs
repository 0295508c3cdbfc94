//! The divergence of one distribution from another.

use wengert_autograd::{Operand, Result, Var};
use wengert_tensor::{Float, Tensor};

use crate::Reduction;
use crate::criterion::Loss;
use crate::reduce::{checks_numbers, reduce, reduce_over};
use crate::refuse::{Numbers, alike, every, log_probabilities, not_made_by};

/// The reduction of the terms of a KL divergence. There are two means, which differ by the number of classes, so neither is
/// called just "mean".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum KlReduction {
    /// The mean divergence of a sample: Σ / N, N the size of the first axis. PyTorch's `batchmean`, and the one that is a
    /// divergence.
    #[default]
    BatchMean,
    /// Σ / number of elements: PyTorch's `mean`.
    ElementMean,
    /// Their sum.
    Sum,
    /// One term per element.
    None,
}

/// KL(q ‖ p) = Σ q·(ln q - ln p), from log-probabilities ln p (of `log_softmax`) and probabilities q; 0 where q is. PyTorch's
/// `kl_div`.
///
/// ```
/// use wengert_autograd::Tape;
/// use wengert_loss::{KlDivLoss, KlReduction, Loss};
/// use wengert_tensor::tensor;
///
/// let tape = Tape::new();
/// let log_p = tape.var(tensor![[0.5_f64, 0.5], [0.5, 0.5]].ln());
/// let q = tensor![[1.0, 0.0], [0.0, 1.0]];
/// let loss = KlDivLoss::new().forward(log_p, &q)?;
/// assert_eq!(loss.item()?, 2.0_f64.ln());
/// let elements = KlDivLoss::new().reduction(KlReduction::ElementMean).forward(log_p, &q)?;
/// assert_eq!(elements.item()?, 2.0_f64.ln() / 2.0);
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[must_use]
pub struct KlDivLoss {
    log_target: bool,
    numbers: Numbers,
    reduction: KlReduction,
}
checks_numbers!(KlDivLoss);

impl KlDivLoss {
    /// With probabilities as targets, and the mean over the batch.
    pub fn new() -> Self {
        Self::default()
    }
    /// With log-probabilities as targets.
    pub fn log_target(mut self) -> Self {
        self.log_target = true;
        self
    }
    /// With this reduction; [`KlReduction::BatchMean`] if it is not called.
    pub fn reduction(mut self, reduction: KlReduction) -> Self {
        self.reduction = reduction;
        self
    }
}

impl KlDivLoss {
    /// Rejects predictions that are not log-probabilities, and targets that are not probabilities. (Sums are not checked, since the
    /// classes may lie along any axis.)
    #[track_caller]
    fn check<T: Float>(&self, log_p: &Tensor<T>, q: &Tensor<T>) -> Result<()> {
        const OP: &str = "kl_div";
        log_probabilities(
            OP,
            "prediction",
            log_p,
            "if these are logits, pass `x.log_softmax(-1)?`",
        )?;
        let help = "this loss is of two distributions; of two numbers use `mse`";
        if self.log_target {
            let rule = "the targets are log-probabilities, 0 or less";
            return every(OP, "target", q, |q| q <= 1e-3, rule, Some(help));
        }
        let rule = "the targets are probabilities, from 0 to 1";
        every(OP, "target", q, |q| (0.0..=1.001).contains(&q), rule, Some(help))
    }
}

impl<'t, T: Float, Target: Operand<'t, T>> Loss<'t, T, Target> for KlDivLoss {
    #[track_caller]
    fn forward(&self, log_p: Var<'t, T>, target: Target) -> Result<Var<'t, T>> {
        const OP: &str = "kl_div";
        let q = target.on(log_p);
        alike(OP, "prediction", &log_p.shape(), "target", &q.shape())?;
        let takes = "this loss takes log-probabilities";
        let help = "use `log_softmax` in its place";
        not_made_by(OP, log_p, &["softmax", "sigmoid"], takes, help)?;
        if self.numbers == Numbers::Checked {
            self.check(&log_p.value()?, &q.value()?)?;
        }
        let terms = if self.log_target {
            q.exp().gate(q.try_sub(log_p)?)?
        } else {
            q.xlogy(q)?.try_sub(q.gate(log_p)?)?
        };
        let batch = log_p.shape().first().copied().unwrap_or(1) as f64;
        match self.reduction {
            KlReduction::BatchMean => reduce_over(OP, terms, Reduction::Mean, batch),
            KlReduction::ElementMean => reduce(OP, terms, Reduction::Mean),
            KlReduction::Sum => reduce(OP, terms, Reduction::Sum),
            KlReduction::None => Ok(terms),
        }
    }
}

/// [`KlDivLoss`] with its mean over the batch.
///
/// # Errors
/// If the shapes differ, a prediction is not a log-probability, a target is not a probability, or there is no sample.
#[track_caller]
pub fn kl_div<'t, T: Float>(
    log_probabilities: Var<'t, T>,
    target: impl Operand<'t, T>,
) -> Result<Var<'t, T>> {
    KlDivLoss::new().forward(log_probabilities, target)
}
