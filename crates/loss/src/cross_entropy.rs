//! Losses of one class among many: cross-entropy of logits, negative log-likelihood of log-probabilities, the focal loss.

use wengert_autograd::cross_entropy::Targets;
use wengert_autograd::{Result, Var};
use wengert_tensor::{Axes, Float, Tensor, compiled};

use crate::Reduction;
use crate::class_target::{ClassTarget, Classes};
use crate::criterion::Loss;
use crate::labels::{Checked, ClassWeight, Labels, class_axis, distributions, several_classes};
use crate::reduce::{Weight, checks_numbers, reduce, reducible};
use crate::refuse::{Numbers, alike, not_made_by, option};

/// -Σ q_c·ln softmax(x)_c over the classes c of each sample, from logits x. For class numbers q is 1 at the class, so it is
/// -ln softmax(x) there. It is one line of the tape, finite for all finite logits, and its slope is softmax(x) - q. PyTorch's
/// `cross_entropy`.
///
/// Logits are `[N, C]`, `[N, C, …]` with the classes on axis 1, or `[C]`; class numbers have that shape without the axis of
/// classes, and probabilities have the same shape.
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
    numbers: Numbers,
    reduction: Reduction,
}

impl<T> Default for CrossEntropyLoss<T> {
    fn default() -> Self {
        Self {
            weight: Weight::NONE,
            smoothing: 0.0,
            ignored: None,
            numbers: Numbers::Checked,
            reduction: Reduction::Mean,
        }
    }
}

impl<T> CrossEntropyLoss<T> {
    /// Without weights and smoothing, and no class ignored.
    pub fn new() -> Self {
        Self::default()
    }
    /// With a weight for each class, `[C]`.
    pub fn weight(mut self, weight: Tensor<T>) -> Self {
        self.weight = Weight::of(weight);
        self
    }
    /// With this fraction of the probability spread over all classes.
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

reducible!(CrossEntropyLoss<T>);
checks_numbers!(CrossEntropyLoss<T>);

/// Rejects a prediction that does not consist of logits.
#[track_caller]
pub(crate) fn logits<T: Float>(op: &'static str, x: Var<'_, T>) -> Result<()> {
    let takes = "this loss takes logits and applies the softmax itself";
    let help = "pass what went into it (probabilities squashed twice train, only badly); of log-probabilities use `nll`";
    not_made_by(op, x, &["softmax", "log_softmax", "sigmoid"], takes, help)
}

impl<'t, T: Float, Target: ClassTarget<'t, T>> Loss<'t, T, Target> for CrossEntropyLoss<T> {
    #[track_caller]
    fn forward(&self, x: Var<'t, T>, target: Target) -> Result<Var<'t, T>> {
        self.against(x, target.classes())
    }
}

/// Rejects label smoothing outside 0 to 1.
#[track_caller]
pub(crate) fn smoothing(op: &'static str, share: f64) -> Result<()> {
    option(op, (0.0..=1.0).contains(&share), || {
        format!("label smoothing is {share}, and must lie between 0 and 1")
    })
}

/// The cross-entropy of checked labels, in one node. `weight` holds the weights that smoothing gives to other classes.
#[track_caller]
pub(crate) fn of_classes<'t, T: Float>(
    op: &'static str,
    x: Var<'t, T>,
    labels: Checked<T>,
    weight: ClassWeight<'_, T>,
    smoothing: f64,
    reduction: Reduction,
) -> Result<Var<'t, T>> {
    let total = labels.total;
    let targets = match labels.weight {
        _ if smoothing > 0.0 => {
            Targets::dense(smoothed(op, &x.shape(), &labels, weight, smoothing)?)
        }
        None => Targets::classes(labels.classes),
        Some(weight) => Targets::weighted(labels.classes, weight),
    };
    fused(op, x, targets, total, reduction)
}

/// (1 - ε)·q + ε/C of class numbers times the classes' weights, `[samples, C]`; 0 for a sample that is ignored.
#[track_caller]
fn smoothed<T: Float>(
    op: &'static str,
    shape: &[usize],
    labels: &Checked<T>,
    weight: ClassWeight<'_, T>,
    smoothing: f64,
) -> Result<Tensor<T>> {
    let (_, classes) = class_axis(op, shape)?;
    let by_class = weight.0.map(Tensor::to_vec);
    let mut q = vec![T::ZERO; labels.classes.len() * classes];
    for (row, class) in q.chunks_exact_mut(classes.max(1)).zip(labels.classes.iter()) {
        if labels.ignored == Some(class) {
            continue;
        }
        for (c, q) in row.iter_mut().enumerate() {
            let own = if c == class { 1.0 - smoothing } else { 0.0 };
            let w = by_class.as_ref().map_or(T::ONE, |w| w[c]);
            *q = T::from_f64(own + smoothing / classes as f64).times(w);
        }
    }
    Ok(Tensor::from_vec(q, [labels.classes.len(), classes])?)
}

/// The fused op, reduced.
#[track_caller]
fn fused<'t, T: Float>(
    op: &'static str,
    x: Var<'t, T>,
    targets: Targets<T>,
    total: f64,
    reduction: Reduction,
) -> Result<Var<'t, T>> {
    match reduction.scale(op, &[&x.shape()], total)? {
        None => x.cross_entropy(targets),
        Some(scale) => {
            let loss = x.cross_entropy(targets.sum_times(scale))?;
            Ok(reduction.over_nothing(loss, total))
        }
    }
}

impl<T: Float> CrossEntropyLoss<T> {
    /// The loss for targets of any kind.
    #[track_caller]
    #[inline(never)]
    fn against<'t>(&self, x: Var<'t, T>, target: Classes<'t, T>) -> Result<Var<'t, T>> {
        const OP: &str = "cross_entropy";
        logits(OP, x)?;
        several_classes(OP, &x.shape(), self.numbers, "BceWithLogitsLoss")?;
        smoothing(OP, self.smoothing)?;
        let weight = ClassWeight(self.weight.get(), self.numbers);
        match target {
            Classes::Fixed(Labels::Classes(labels)) => {
                let labels = Checked::new(OP, &x.shape(), &labels, weight, self.ignored)?;
                of_classes(OP, x, labels, weight, self.smoothing, self.reduction)
            }
            Classes::Fixed(Labels::Probabilities(q)) => self.of_probabilities(x, &q),
            Classes::Recorded(q) if q.wants_grad() => self.of_recorded(x, q),
            Classes::Recorded(q) => self.of_probabilities(x, &q.value()?),
        }
    }

    /// The loss for probabilities, in one node.
    #[track_caller]
    fn of_probabilities<'t>(&self, x: Var<'t, T>, q: &Tensor<T>) -> Result<Var<'t, T>> {
        const OP: &str = "cross_entropy";
        let shape = x.shape();
        let (_, classes) = class_axis(OP, &shape)?;
        let weight = ClassWeight(self.weight.get(), self.numbers).of(OP, &shape, classes)?;
        let q = distributions(OP, &shape, q, self.numbers)?;
        let samples = q.shape()[0] as f64;
        let q = match self.smoothing {
            0.0 => q,
            share => q.mul_scalar(1.0 - share).add_scalar(share / classes as f64),
        };
        let q = weight.map_or(Ok(q.clone()), |w| q.try_mul(w))?;
        fused(OP, x, Targets::dense(q), samples, self.reduction)
    }

    /// The loss for probabilities that want a gradient, in several ops.
    #[track_caller]
    fn of_recorded<'t>(&self, x: Var<'t, T>, q: Var<'t, T>) -> Result<Var<'t, T>> {
        const OP: &str = "cross_entropy";
        let shape = x.shape();
        alike(OP, "prediction", &shape, "target", &q.shape())?;
        let (axis, classes) = class_axis(OP, &shape)?;
        let weight = ClassWeight(self.weight.get(), self.numbers).of(OP, &shape, classes)?;
        distributions(OP, &shape, &q.value()?, self.numbers)?;
        let q = q.mul_scalar(1.0 - self.smoothing).add_scalar(self.smoothing / classes as f64);
        let q = match weight {
            None => q,
            Some(w) => {
                let mut along = vec![1; shape.len()];
                along[axis] = classes;
                q.try_mul(w.reshape(along)?)?
            }
        };
        let axis = axis as isize;
        let losses = -q.gate(x.log_softmax(axis)?)?.sum_over(Axes::from(axis))?;
        reduce(OP, losses, self.reduction)
    }
}

/// The mean of [`CrossEntropyLoss`] over samples.
///
/// # Errors
/// If the shapes do not match, a class does not exist or is the only one, the prediction has been through a softmax, or there is no
/// sample.
#[track_caller]
pub fn cross_entropy<'t, T: Float>(
    logits: Var<'t, T>,
    target: impl ClassTarget<'t, T>,
) -> Result<Var<'t, T>> {
    CrossEntropyLoss::new().forward(logits, target)
}

compiled!(f32 f64: { CrossEntropyLoss::<T>::against });
