//! Losses of one class among many: cross-entropy of logits, negative log-likelihood of log-probabilities, the focal loss.

use std::fmt;

use wengert_autograd::cross_entropy::{Labels, Targets};
use wengert_autograd::{Result, Var};
use wengert_tensor::{Axes, Float, Tensor};

use crate::Reduction;
use crate::criterion::Loss;
use crate::labels::Picks;
use crate::reduce::{Weight, reduce, reduce_over, reducible};
use crate::refuse::{alike, not_made_by, option};

/// What [`CrossEntropyLoss`] compares with: class numbers (`&Tensor<usize>`), probabilities (`&Tensor<T>`), or
/// probabilities that want a gradient (`Var`).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no target of a cross-entropy of `{T}`",
    label = "class numbers are `&Tensor<usize>`, probabilities `&Tensor<{T}>`",
    note = "it is borrowed: `&labels`; other numbers become class numbers by `labels.cast::<usize>()`"
)]
pub trait ClassTarget<'t, T: Float> {
    /// As one of the three.
    fn classes(self) -> Classes<'t, T>;
}

/// The forms of a class target.
#[non_exhaustive]
pub enum Classes<'t, T: Float> {
    /// Class numbers or probabilities.
    Fixed(Labels<T>),
    /// Probabilities with a history.
    Recorded(Var<'t, T>),
}

impl<T: Float> fmt::Debug for Classes<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(labels) => labels.fmt(f),
            Self::Recorded(q) => q.fmt(f),
        }
    }
}

impl<'t, T: Float> ClassTarget<'t, T> for &Tensor<usize> {
    fn classes(self) -> Classes<'t, T> {
        Classes::Fixed(Labels::Classes(self.clone()))
    }
}

impl<'t, T: Float> ClassTarget<'t, T> for Labels<T> {
    fn classes(self) -> Classes<'t, T> {
        Classes::Fixed(self)
    }
}

impl<'t, T: Float> ClassTarget<'t, T> for Var<'t, T> {
    fn classes(self) -> Classes<'t, T> {
        Classes::Recorded(self)
    }
}

macro_rules! probabilities {
    ($($t:ident)*) => {$(
        impl<'t> ClassTarget<'t, $t> for &Tensor<$t> {
            fn classes(self) -> Classes<'t, $t> {
                Classes::Fixed(Labels::Probabilities(self.clone()))
            }
        }
    )*};
}
probabilities!(f32 f64);

/// -Σ q_c·ln softmax(x)_c over the classes c of each sample, from logits x: for class numbers q is 1 at the class, so it is
/// -ln softmax(x) there. One node of the tape, finite for all finite logits; its slope is softmax(x) - q. PyTorch's
/// `cross_entropy`.
///
/// Logits are `[N, C]`, `[N, C, …]` with the classes on axis 1, or `[C]`; class numbers have that shape without the classes,
/// probabilities have it whole.
///
/// The mean's denominator: for class numbers the sum of their classes' weights over samples that are not ignored (without
/// weights: their number); for probabilities the number of samples. With label smoothing ε, q is (1 - ε)·q + ε/C. An
/// ignored class does not count as a target, but stays in the softmax.
///
/// ```
/// use wengert_autograd::Tape;
/// use wengert_loss::{CrossEntropyLoss, Loss};
/// use wengert_tensor::{Tensor, tensor};
///
/// let tape = Tape::new();
/// let logits = tape.var(Tensor::<f32>::zeros([2, 4]));
/// let criterion = CrossEntropyLoss::new();
/// let loss = criterion.forward(logits, &tensor![3_usize, 0])?;
/// assert_eq!(loss.item()?, 4.0_f32.ln());
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct CrossEntropyLoss<T> {
    weight: Weight<T>,
    smoothing: f64,
    ignored: Option<usize>,
    reduction: Reduction,
}

/// -ln p at each sample's class, from log-probabilities ln p (of `log_softmax`), in the shapes of [`CrossEntropyLoss`], which
/// does both steps at once. The mean's denominator is the sum of the classes' weights over samples that are not ignored.
/// PyTorch's `nll_loss`.
#[derive(Clone, Debug)]
#[must_use]
pub struct NllLoss<T> {
    weight: Weight<T>,
    ignored: Option<usize>,
    reduction: Reduction,
}

/// (1 - p)^gamma · -ln p, p the softmax at each sample's class, from logits: samples that are known already count less. The
/// mean's denominator is the number of samples. gamma 0 is [`CrossEntropyLoss`].
#[derive(Clone, Debug)]
#[must_use]
pub struct FocalLoss<T> {
    gamma: f64,
    weight: Weight<T>,
    reduction: Reduction,
}

impl<T> Default for CrossEntropyLoss<T> {
    fn default() -> Self {
        Self { weight: Weight::NONE, smoothing: 0.0, ignored: None, reduction: Reduction::Mean }
    }
}

impl<T> CrossEntropyLoss<T> {
    /// Without weights and smoothing, and no class ignored.
    pub fn new() -> Self {
        Self::default()
    }
    /// With a weight a class, `[C]`.
    pub fn weight(mut self, weight: Tensor<T>) -> Self {
        self.weight = Weight::of(weight);
        self
    }
    /// With this share of the probability spread over all classes.
    pub fn label_smoothing(mut self, share: f64) -> Self {
        self.smoothing = share;
        self
    }
    /// Samples of this class do not count. It need not be a class that exists.
    pub fn ignore_index(mut self, class: usize) -> Self {
        self.ignored = Some(class);
        self
    }
}

impl<T> Default for NllLoss<T> {
    fn default() -> Self {
        Self { weight: Weight::NONE, ignored: None, reduction: Reduction::Mean }
    }
}

impl<T> NllLoss<T> {
    /// Without weights, and no class ignored.
    pub fn new() -> Self {
        Self::default()
    }
    /// With a weight a class, `[C]`.
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

impl<T> FocalLoss<T> {
    /// With this gamma.
    pub fn new(gamma: f64) -> Self {
        Self { gamma, weight: Weight::NONE, reduction: Reduction::Mean }
    }
    /// With a weight a class, `[C]`.
    pub fn weight(mut self, weight: Tensor<T>) -> Self {
        self.weight = Weight::of(weight);
        self
    }
}
reducible!(CrossEntropyLoss<T> NllLoss<T> FocalLoss<T>);

/// Refuses a prediction that is none of logits.
#[track_caller]
pub(crate) fn logits<T: Float>(op: &'static str, x: Var<'_, T>) -> Result<()> {
    let takes = "this loss takes logits and applies the softmax itself";
    let help = "pass what went into it (probabilities squashed twice train, only badly); of log-probabilities use `nll`";
    not_made_by(op, x, &["softmax", "log_softmax", "sigmoid"], takes, help)
}

impl<'t, T: Float, Target: ClassTarget<'t, T>> Loss<'t, T, Target> for CrossEntropyLoss<T> {
    #[track_caller]
    fn forward(&self, x: Var<'t, T>, target: Target) -> Result<Var<'t, T>> {
        logits("cross_entropy", x)?;
        let labels = match target.classes() {
            Classes::Fixed(labels) => labels,
            Classes::Recorded(q) if q.wants_grad() => return self.recorded(x, q),
            Classes::Recorded(q) => Labels::Probabilities(q.value()?),
        };
        let (weight, ignored) = (self.weight.get(), self.ignored);
        let targets =
            Targets::new(&x.shape(), labels, weight, self.smoothing, ignored, self.reduction)?;
        x.cross_entropy(targets)
    }
}

impl<T: Float> CrossEntropyLoss<T> {
    /// In several ops, so that the target gets a gradient too.
    #[track_caller]
    fn recorded<'t>(&self, x: Var<'t, T>, q: Var<'t, T>) -> Result<Var<'t, T>> {
        const OP: &str = "cross_entropy";
        let shape = x.shape();
        alike(OP, "prediction", &shape, "target", &q.shape())?;
        // For its refusals: of weights, smoothing, an empty batch.
        let labels = Labels::Probabilities(q.value()?);
        Targets::new(&shape, labels, self.weight.get(), self.smoothing, None, self.reduction)?;
        let axis = usize::from(shape.len() > 1);
        let classes = shape[axis] as f64;
        let q = q.mul_scalar(1.0 - self.smoothing).add_scalar(self.smoothing / classes);
        let q = match self.weight.get() {
            None => q,
            Some(w) => {
                let mut along = vec![1; shape.len()];
                along[axis] = shape[axis];
                q.try_mul(w.reshape(along)?)?
            }
        };
        let axis = axis as isize;
        let losses = -q.gate(x.log_softmax(axis)?)?.sum_over(Axes::from(axis))?;
        reduce(OP, losses, self.reduction)
    }
}

impl<'t, T: Float> Loss<'t, T, &Tensor<usize>> for NllLoss<T> {
    #[track_caller]
    fn forward(&self, x: Var<'t, T>, labels: &Tensor<usize>) -> Result<Var<'t, T>> {
        const OP: &str = "nll";
        let takes = "this loss takes log-probabilities";
        let help = "use `log_softmax` in its place, or `cross_entropy` on what went into it";
        not_made_by(OP, x, &["softmax", "sigmoid"], takes, help)?;
        let picks = Picks::new(OP, &x.shape(), labels, self.weight.get(), self.ignored)?;
        let losses = -picks.weigh(picks.of(x)?)?;
        reduce_over(OP, losses, self.reduction, picks.total)
    }
}

impl<'t, T: Float> Loss<'t, T, &Tensor<usize>> for FocalLoss<T> {
    #[track_caller]
    fn forward(&self, x: Var<'t, T>, labels: &Tensor<usize>) -> Result<Var<'t, T>> {
        const OP: &str = "focal";
        logits(OP, x)?;
        option(OP, self.gamma >= 0.0, || {
            format!("gamma is {}, and must be 0 or more", self.gamma)
        })?;
        let picks = Picks::new(OP, &x.shape(), labels, self.weight.get(), None)?;
        let log_p = x.log_softmax(picks.axis)?;
        // ln(1 - p) as the logarithm of all other classes' sum: 1 - p itself would round to 0.
        let ones = Tensor::full(picks.index.shape(), T::ONE);
        let own = Tensor::full(x.shape(), T::ZERO).scatter(picks.axis, &picks.index, &ones)?;
        let others = log_p.masked_fill(&own.map(|c| c == T::ONE), T::LEAST)?;
        let log_rest = others.logsumexp_over(Axes::from(picks.axis))?;
        let losses = -log_rest.mul_scalar(self.gamma).exp().try_mul(picks.of(log_p)?)?;
        reduce(OP, picks.weigh(losses)?, self.reduction)
    }
}

/// The mean of [`CrossEntropyLoss`] over samples.
///
/// # Errors
/// If the shapes do not fit, a class does not exist, the prediction has been through a softmax, or there is no sample.
#[track_caller]
pub fn cross_entropy<'t, T: Float>(
    logits: Var<'t, T>,
    target: impl ClassTarget<'t, T>,
) -> Result<Var<'t, T>> {
    CrossEntropyLoss::new().forward(logits, target)
}

/// The mean of [`NllLoss`] over samples.
///
/// # Errors
/// If the shapes do not fit, a class does not exist, the prediction is of probabilities, or there is no sample.
#[track_caller]
pub fn nll<'t, T: Float>(
    log_probabilities: Var<'t, T>,
    labels: &Tensor<usize>,
) -> Result<Var<'t, T>> {
    NllLoss::new().forward(log_probabilities, labels)
}

/// The mean of [`FocalLoss`] over samples.
///
/// # Errors
/// As [`cross_entropy`], and if gamma is negative.
#[track_caller]
pub fn focal<'t, T: Float>(
    logits: Var<'t, T>,
    labels: &Tensor<usize>,
    gamma: f64,
) -> Result<Var<'t, T>> {
    FocalLoss::new(gamma).forward(logits, labels)
}
