//! Softmax and negative log-likelihood in one op: finite for all finite logits, and its gradient is p - q.

use std::fmt;
use std::sync::Arc;

use wengert_tensor::{Error as TensorError, Fault, Float, Shape, Tensor, keep};

use crate::Result;
use crate::algebra::Algebra;
use crate::ops::Softmax;

/// What the losses of single samples are made into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Reduction {
    /// Their mean: over samples that count, or, where samples have weights, the weighted mean. Where nothing counts (an
    /// empty batch, all targets ignored) it is 0/0, and refused.
    #[default]
    Mean,
    /// The mean, and 0 where nothing counts.
    MeanOrZero,
    /// The mean, and NaN where nothing counts: PyTorch's.
    MeanOrNan,
    /// Their sum.
    Sum,
    /// One loss a sample.
    None,
}

impl Reduction {
    /// What the sum of the losses is multiplied with, when they count for `total`: `shapes` are for the error.
    ///
    /// ```
    /// use wengert_autograd::cross_entropy::Reduction;
    ///
    /// assert_eq!(Reduction::Mean.scale("my_loss", &[&[4]], 4.0)?, 0.25);
    /// assert_eq!(Reduction::MeanOrZero.scale("my_loss", &[&[0]], 0.0)?, 0.0);
    /// let error = Reduction::Mean.scale("my_loss", &[&[0]], 0.0).unwrap_err();
    /// assert!(error.to_string().starts_with("my_loss: [0]: the mean of no losses"));
    /// # Ok::<(), wengert_autograd::Error>(())
    /// ```
    ///
    /// # Errors
    /// If this is [`Reduction::Mean`], and nothing counts.
    #[track_caller]
    pub fn scale(self, op: &'static str, shapes: &[&[usize]], total: f64) -> Result<f64> {
        match self {
            Self::Sum | Self::None => Ok(1.0),
            Self::MeanOrZero if total == 0.0 => Ok(0.0),
            Self::Mean if total == 0.0 => {
                let rule = "the mean of no losses: the batch is empty, or every target is ignored or has weight 0";
                let fault = Fault::new(op, shapes, rule);
                let help = "skip such a batch, or take `Reduction::MeanOrZero` (or `MeanOrNan`) if its mean is to be 0 (or NaN)";
                Err(TensorError::Value(fault.help(help)).into())
            }
            _ => Ok(1.0 / total),
        }
    }
}

/// What the classes ought to be.
#[derive(Clone)]
pub enum Labels<T> {
    /// A class number for each sample.
    Classes(Tensor<usize>),
    /// A probability for each class of each sample.
    Probabilities(Tensor<T>),
}

/// Everything about a cross-entropy but the logits: `[N, C]` or `[N, C, …]` with the classes on axis 1, or `[C]`.
#[derive(Clone)]
pub struct Targets<T> {
    /// The loss is -Σ q·ln p: q for each place of the logits, classes moved last, `[positions, C]`; for plain class
    /// numbers only the one entry of each row that is not 0.
    rows: Rows<T>,
    /// What the sum over positions is multiplied with.
    scale: f64,
    reduction: Reduction,
    classes: usize,
}

/// The common case lies in place: a step that repeats itself asks for no memory.
#[derive(Clone)]
enum Rows<T> {
    /// A class for each position, contiguous; all count the same.
    Plain(Tensor<usize>),
    /// A class and its weight for each position; weight 0 where it is ignored.
    Sparse(Arc<(Tensor<usize>, Tensor<T>)>),
    /// A weight for each class of each position, `[positions, C]`.
    Dense(Arc<Tensor<T>>),
}

/// The classes and weights of positions, one after another.
type Picks<'a, T> = (&'a [usize], Option<&'a [T]>);

impl<T> fmt::Debug for Targets<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "targets of {} classes", self.classes)
    }
}

impl<T> fmt::Debug for Labels<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Classes(_) => "class numbers",
            Self::Probabilities(_) => "probabilities",
        })
    }
}

/// The shape of one loss a position.
fn positions(logits: &[usize]) -> Shape {
    let mut shape = Shape::new(logits);
    shape.remove(class_axis(logits.len()));
    shape
}

/// The axis of the classes.
fn class_axis(rank: usize) -> usize {
    usize::from(rank > 1)
}

impl<T: Float> Targets<T> {
    /// Checks labels against the logits' shape, and works out weights and denominator.
    ///
    /// `weight` has one number a class, `smoothing` is the share of the probability that is spread over all classes, and
    /// samples of class `ignored` do not count. The mean's denominator is the sum of the weights of the samples' classes;
    /// for probabilities it is their number.
    ///
    /// # Errors
    /// If the shapes do not fit, a class does not exist, the smoothing is not between 0 and 1, or nothing counts and the
    /// mean is asked for.
    #[track_caller]
    pub fn new(
        logits: &[usize],
        labels: Labels<T>,
        weight: Option<&Tensor<T>>,
        smoothing: f64,
        ignored: Option<usize>,
        reduction: Reduction,
    ) -> Result<Self> {
        const OP: &str = "cross_entropy";
        let Some(axis) = (!logits.is_empty()).then(|| class_axis(logits.len())) else {
            let rule = "the logits are a scalar, and must be [samples, classes]";
            return Err(TensorError::Shape(Fault::new(OP, &[logits], rule)).into());
        };
        let classes = logits[axis];
        let positions = positions(logits);
        if !(0.0..=1.0).contains(&smoothing) {
            let rule = format!("label smoothing is {smoothing}, and must lie between 0 and 1");
            return Err(TensorError::Value(Fault::new(OP, &[logits], rule)).into());
        }
        if let Some(w) = weight.filter(|w| w.shape() != [classes]) {
            let rule = format!("class weights must be [{classes}], one for each class");
            return Err(TensorError::Shape(Fault::new(OP, &[logits, w.shape()], rule)).into());
        }
        let weight_of = |c: usize| weight.map_or(Ok(T::ONE), |w| w.get(&[c]));
        let (rows, total) = match labels {
            Labels::Classes(labels) => {
                if labels.shape() != &*positions {
                    return Err(label_shape(logits, &labels, &positions));
                }
                let labels = labels.contiguous();
                if weight.is_none() && ignored.is_none() && smoothing == 0.0 {
                    let numbers = labels.as_slice().unwrap_or(&[]);
                    if let Some(place) = numbers.iter().position(|&class| class >= classes) {
                        return Err(no_class(logits, &labels, place, numbers[place]));
                    }
                    let scale = reduction.scale(OP, &[logits], labels.len() as f64)?;
                    return Ok(Self { rows: Rows::Plain(labels), scale, reduction, classes });
                }
                let mut weights = Vec::with_capacity(labels.len());
                for (place, class) in labels.iter().enumerate() {
                    if ignored == Some(class) {
                        weights.push(T::ZERO);
                    } else if class >= classes {
                        return Err(no_class(logits, &labels, place, class));
                    } else {
                        weights.push(weight_of(class)?);
                    }
                }
                let total: f64 = weights.iter().map(|w| w.to_f64()).sum();
                let weights = Tensor::from(weights);
                if smoothing == 0.0 {
                    (Rows::Sparse(Arc::new((labels, weights))), total)
                } else {
                    let mut q = vec![T::ZERO; labels.len() * classes];
                    for (place, class) in labels.iter().enumerate() {
                        if ignored == Some(class) {
                            continue;
                        }
                        for c in 0..classes {
                            let share = smoothing / classes as f64
                                + if c == class { 1.0 - smoothing } else { 0.0 };
                            q[place * classes + c] = T::from_f64(share).times(weight_of(c)?);
                        }
                    }
                    (Rows::Dense(Arc::new(Tensor::from_vec(q, [labels.len(), classes])?)), total)
                }
            }
            Labels::Probabilities(q) => {
                if q.shape() != logits {
                    let rule = "probability targets must have the logits' shape";
                    let fault = Fault::new(OP, &[logits, q.shape()], rule);
                    // Class numbers in floats, as a file may hold them.
                    let fault = if q.shape() == &*positions {
                        fault.help(
                            "one number a sample is a class number, and those are `Tensor<usize>`: `labels.cast::<usize>()`",
                        )
                    } else {
                        fault
                    };
                    return Err(TensorError::Shape(fault).into());
                }
                let q = q
                    .move_axis(axis as isize, -1)?
                    .reshape([positions.iter().product(), classes])?;
                let q = q.mul_scalar(1.0 - smoothing).add_scalar(smoothing / classes as f64);
                let q = weight.map_or(Ok(q.clone()), |w| q.try_mul(w))?;
                (Rows::Dense(Arc::new(q)), positions.iter().product::<usize>() as f64)
            }
        };
        let scale = reduction.scale(OP, &[logits], total)?;
        Ok(Self { rows, scale, reduction, classes })
    }

    /// The classes and their weights, if q has but one entry a row.
    fn picks(&self) -> Option<Picks<'_, T>> {
        match &self.rows {
            Rows::Plain(classes) => Some((classes.as_slice().unwrap_or(&[]), None)),
            Rows::Sparse(both) => {
                let (classes, weights) = (both.0.as_slice(), both.1.as_slice());
                Some((classes.unwrap_or(&[]), Some(weights.unwrap_or(&[]))))
            }
            Rows::Dense(_) => None,
        }
    }

    /// [N, C, …] as [positions, C].
    fn flat(&self, x: &Tensor<T>) -> Result<Tensor<T>> {
        if x.rank() == 2 {
            return Ok(x.clone());
        }
        let last = x.move_axis(class_axis(x.rank()) as isize, -1)?;
        Ok(last.reshape([positions(x.shape()).iter().product(), self.classes])?)
    }

    /// [positions, C] as the logits' [N, C, …].
    fn unflat(&self, rows: Tensor<T>, shape: &[usize]) -> Result<Tensor<T>> {
        if shape.len() == 2 {
            return Ok(rows);
        }
        let axis = class_axis(shape.len());
        let mut last = positions(shape);
        last.push(self.classes);
        Ok(rows.reshape(last)?.move_axis(-1, axis as isize)?)
    }

    pub(crate) fn forward(&self, logits: &Tensor<T>) -> Result<Tensor<T>> {
        let x = self.flat(logits)?;
        let losses = match (self.picks(), &self.rows) {
            (Some((classes, weights)), _) => {
                let mut losses = Tensor::try_full([classes.len()], T::ZERO)?;
                let out = losses.as_mut_slice();
                // Where the logit of sample i's class is, and the class's weight; nothing for one that is ignored, whose class
                // may not exist.
                let each = |i: usize| match weights.map(|w| w[i]) {
                    Some(w) if w == T::ZERO => None,
                    w => Some((i * self.classes + classes[i], w.unwrap_or(T::ONE))),
                };
                if x.len() <= SHORT {
                    let logs = x.log_softmax(-1)?.contiguous();
                    let logs = logs.as_slice().unwrap_or(&[]);
                    for (i, out) in out.iter_mut().enumerate() {
                        if let Some((place, w)) = each(i) {
                            *out = T::ZERO.minus(logs[place]).times(w);
                        }
                    }
                } else {
                    let top = x.logsumexp_over(-1)?.contiguous();
                    let x = x.contiguous();
                    let (x, top) = (x.as_slice().unwrap_or(&[]), top.as_slice().unwrap_or(&[]));
                    for (i, out) in out.iter_mut().enumerate() {
                        if let Some((place, w)) = each(i) {
                            *out = top[i].minus(x[place]).times(w);
                        }
                    }
                }
                losses
            }
            (None, Rows::Dense(q)) => -gated(q, &x.log_softmax(-1)?)?.sum_over(-1)?,
            (None, _) => unreachable!("what is not dense has picks"),
        };
        Ok(match self.reduction {
            Reduction::None => losses.reshape(positions(logits.shape()))?,
            _ => losses.sum().mul_scalar(self.scale),
        })
    }

    /// q, dense, `[positions, C]`.
    fn dense(&self) -> Result<Tensor<T>> {
        match (self.picks(), &self.rows) {
            (None, Rows::Dense(q)) => Ok(q.as_ref().clone()),
            (None, _) => unreachable!("what is not dense has picks"),
            (Some((classes, weights)), _) => {
                let mut q = vec![T::ZERO; classes.len() * self.classes];
                for (i, &class) in classes.iter().enumerate() {
                    if class < self.classes {
                        q[i * self.classes + class] = weights.map_or(T::ONE, |w| w[i]);
                    }
                }
                Ok(Tensor::from_vec(q, [classes.len(), self.classes])?)
            }
        }
    }

    /// What `g` gives the logits, on tensors: softmax·Σq - q in one buffer.
    pub(crate) fn pull_tensor(&self, g: Tensor<T>, logits: &Tensor<T>) -> Result<Tensor<T>> {
        let mut p = self.flat(logits)?.softmax(-1)?;
        let n = self.classes;
        // One number for all, or one each.
        let each = self.reduction == Reduction::None;
        let g = if each { g.contiguous() } else { g.mul_scalar(self.scale).contiguous() };
        let gs = g.as_slice().unwrap_or(&[]);
        let g = |i: usize| if each { gs[i] } else { gs[0] };
        let out = p.as_mut_slice();
        match (self.picks(), &self.rows) {
            (Some((classes, weights)), _) => {
                for (i, (&class, row)) in
                    classes.iter().zip(out.chunks_exact_mut(n.max(1))).enumerate()
                {
                    let w = weights.map_or(T::ONE, |w| w[i]);
                    let c = g(i).times(w);
                    // A sample that does not count gets nothing, even of a mean that is 0/0.
                    if c == T::ZERO || w == T::ZERO {
                        row.fill(T::ZERO);
                        continue;
                    }
                    for p in row.iter_mut() {
                        *p = p.times(c);
                    }
                    row[class] = row[class].minus(c);
                }
            }
            (None, Rows::Dense(q)) => {
                let total = q.sum_over(-1)?.contiguous();
                let (q, total) = (q.contiguous(), total.as_slice().unwrap_or(&[]).to_vec());
                let q = q.as_slice().unwrap_or(&[]);
                for (i, row) in out.chunks_exact_mut(n.max(1)).enumerate() {
                    for (p, &q) in row.iter_mut().zip(&q[i * n..]) {
                        *p = g(i).times(p.times(total[i]).minus(q));
                    }
                }
            }
            (None, _) => unreachable!("what is not dense has picks"),
        }
        self.unflat(p, logits.shape())
    }

    /// What `g` gives the logits, in recorded ops.
    pub(crate) fn pull_recorded<A: Algebra<T>>(&self, g: A, logits: &A) -> Result<A> {
        let shape = logits.shape();
        let axis = class_axis(shape.len());
        let q = self.dense()?;
        let total = self.unflat(q.sum_over(keep(-1))?.expand(q.shape())?.contiguous(), &shape)?;
        let q = logits.fixed(self.unflat(q, &shape)?);
        let p = A::run(Softmax(axis as isize), &[logits])?;
        let g = if self.reduction == Reduction::None {
            let mut kept = shape.to_vec();
            kept[axis] = 1;
            g.reshape(&kept)?
        } else {
            g.scaled(self.scale)
        };
        Ok(g * (p * logits.fixed(total) - q))
    }

    /// The direction of the loss along `t`: the same slopes, summed over the classes.
    pub(crate) fn push<A: Algebra<T>>(&self, logits: &A, t: &A) -> Result<A> {
        let shape = logits.shape();
        let axis = class_axis(shape.len()) as isize;
        // d(-Σ q·log_softmax(x)) = -Σ q·(t - Σ p·t)
        let q = logits.fixed(self.unflat(self.dense()?, &shape)?);
        let p = A::run(Softmax(axis), &[logits])?;
        let mean = (p * t.clone()).sum(keep(axis))?;
        let rows = -(q * (t.clone() - mean)).sum(wengert_tensor::Axes::from(axis))?;
        match self.reduction {
            Reduction::None => Ok(rows),
            _ => Ok(rows.sum(wengert_tensor::Axes::ALL)?.scaled(self.scale)),
        }
    }
}

/// q·x, and 0 where q is: -∞ has no part in what it does not weigh.
fn gated<T: Float>(q: &Tensor<T>, x: &Tensor<T>) -> Result<Tensor<T>> {
    Ok(q.gate(x)?)
}

/// Logits up to which the logarithms of all classes are had in one pass; beyond it only those that are asked for.
const SHORT: usize = 1 << 14;

#[track_caller]
#[cold]
fn no_class(logits: &[usize], labels: &Tensor<usize>, place: usize, class: usize) -> crate::Error {
    let last = logits[class_axis(logits.len())] as isize - 1;
    let rule = format!("sample {place} has class {class}, and the classes are 0 to {last}");
    let fault = Fault::new("cross_entropy", &[logits, labels.shape()], rule);
    let classes = logits[class_axis(logits.len())];
    TensorError::Index(fault.help(class_help(class, classes))).into()
}

/// What would mend a class number that does not exist.
pub fn class_help(class: usize, classes: usize) -> String {
    if class == classes && classes > 0 {
        let needed = class + 1;
        return format!(
            "classes count from 0: subtract 1 if yours count from 1, else the last layer needs {needed} outputs"
        );
    }
    // A number that no layer is wide enough for stands for something.
    if class > 1 << 24 {
        return format!("if it means that there is no label, say `.ignore_index({class})`");
    }
    format!(
        "the last layer needs at least {} outputs; or if {class} means that there is no label, say `.ignore_index({class})`",
        class + 1
    )
}

#[track_caller]
#[cold]
fn label_shape(logits: &[usize], labels: &Tensor<usize>, positions: &[usize]) -> crate::Error {
    let rule = format!("class labels must be {positions:?}, one for each sample");
    let fault = Fault::new("cross_entropy", &[logits, labels.shape()], rule);
    let fault = if labels.rank() == positions.len() + 1 && labels.shape().last() == Some(&1) {
        fault.help("did you mean `labels.squeeze(-1)`?")
    } else if labels.shape() == logits {
        fault.help("one-hot labels are probabilities: cast them to floats, or pass class numbers")
    } else {
        fault
    };
    TensorError::Shape(fault).into()
}
