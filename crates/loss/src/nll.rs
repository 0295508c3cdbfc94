//! The negative log-likelihood of log-probabilities.

use wengert_autograd::{Result, Var};
use wengert_tensor::{Float, Tensor};

use crate::Reduction;
use crate::criterion::Loss;
use crate::labels::{ClassWeight, Picks};
use crate::reduce::{Weight, checks_numbers, reduce_over, reducible};
use crate::refuse::{Numbers, log_probabilities, not_made_by};

/// -ln p at each sample's class, from log-probabilities ln p (of `log_softmax`), in the shapes of [`CrossEntropyLoss`](crate::CrossEntropyLoss), which
/// does both steps at once. The mean's denominator is the sum of the classes' weights over samples that are not ignored.
/// PyTorch's `nll_loss`.
#[derive(Clone, Debug)]
#[must_use]
pub struct NllLoss<T> {
    weight: Weight<T>,
    ignored: Option<usize>,
    numbers: Numbers,
    reduction: Reduction,
}

impl<T> Default for NllLoss<T> {
    fn default() -> Self {
        Self {
            weight: Weight::NONE,
            ignored: None,
            numbers: Numbers::Checked,
            reduction: Reduction::Mean,
        }
    }
}

impl<T> NllLoss<T> {
    /// Without weights, and no class ignored.
    pub fn new() -> Self {
        Self::default()
    }
    /// With a weight for each class, `[C]`.
    pub fn weight(mut self, weight: Tensor<T>) -> Self {
        self.weight = Weight::of(weight);
        self
    }
    /// Samples of this class do not count. It need not be a class that exists.
    pub fn ignore_index(mut self, class: usize) -> Self {
        self.ignored = Some(class);
        self
    }
}

impl<'t, T: Float> Loss<'t, T, &Tensor<usize>> for NllLoss<T> {
    #[track_caller]
    fn forward(&self, x: Var<'t, T>, labels: &Tensor<usize>) -> Result<Var<'t, T>> {
        const OP: &str = "nll";
        let takes = "this loss takes log-probabilities";
        let help = "use `log_softmax` in its place, or `cross_entropy` on what went into it";
        not_made_by(OP, x, &["softmax", "sigmoid"], takes, help)?;
        let weight = ClassWeight(self.weight.get(), self.numbers);
        let picks = Picks::new(OP, &x.shape(), labels, weight, self.ignored)?;
        let chosen = picks.of(x)?;
        if self.numbers == Numbers::Checked {
            let help = "if these are logits, use `cross_entropy`";
            log_probabilities(
                OP,
                "the prediction at the class of sample ",
                &picks.counted(&chosen.value()?)?,
                help,
            )?;
        }
        let losses = -picks.weigh(chosen)?;
        reduce_over(OP, losses, self.reduction, picks.total)
    }
}

/// The mean of [`NllLoss`] over samples.
///
/// # Errors
/// If the shapes do not match, a class does not exist, the prediction does not consist of log-probabilities, or there is no sample.
#[track_caller]
pub fn nll<'t, T: Float>(
    log_probabilities: Var<'t, T>,
    labels: &Tensor<usize>,
) -> Result<Var<'t, T>> {
    NllLoss::new().forward(log_probabilities, labels)
}

reducible!(NllLoss<T>);
checks_numbers!(NllLoss<T>);
