//! Softmax and negative log-likelihood in one op: finite for all finite logits, and its gradient is p - q.
//!
//! The op knows rows of logits and weights alone. What a label means, which samples count and what their mean is, the
//! losses say.

use std::fmt;
use std::sync::Arc;

use wengert_tensor::{Error as TensorError, Fault, Float, Shape, Tensor, keep};

use crate::algebra::Algebra;
use crate::ops::Softmax;
use crate::{Result, Tape};

/// The targets of rows of logits: the loss of a row is -Σ q·ln softmax(x), where q has a weight for each class.
///
/// The logits are `[N, C]`, `[N, C, …]` with the classes on axis 1, or `[C]`. A row is the `C`
/// numbers at one position, and rows are counted in the order of positions, with the axis of classes moved last.
///
/// ```
/// use wengert_autograd::Tape;
/// use wengert_autograd::cross_entropy::Targets;
/// use wengert_tensor::tensor;
///
/// let tape = Tape::new();
/// let logits = tape.var(tensor![[0.0_f64, 0.0], [0.0, 0.0]]);
/// let each = logits.cross_entropy(Targets::classes(tensor![1, 0]))?;
/// assert_eq!(each.value()?, tensor![2.0_f64.ln(), 2.0_f64.ln()]);
/// let mean = logits.cross_entropy(Targets::classes(tensor![1, 0]).sum_times(0.5))?;
/// assert_eq!(mean.gradients()?.wrt(logits).value()?, tensor![[0.25, -0.25], [-0.25, 0.25]]);
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
#[derive(Clone)]
pub struct Targets<T> {
    rows: Rows<T>,
    /// The factor of the sum over rows; with `None` there is one loss per row.
    scale: Option<f64>,
    /// The line of the tape that holds the classes.
    line: Option<u32>,
}

/// The weights of the rows' classes. The common case lies in place: a step that repeats itself asks for no memory.
#[derive(Clone)]
enum Rows<T> {
    /// One class for each row, of weight 1; contiguous.
    Classes(Tensor<usize>),
    /// One class and its weight for each row.
    Weighted(Arc<(Tensor<usize>, Tensor<T>)>),
    /// A weight for each class of each row, `[rows, C]`.
    Dense(Arc<Tensor<T>>),
}

impl<T: wengert_tensor::Float> Targets<T> {
    /// The same targets in `f64`.
    pub(crate) fn widened(&self) -> Targets<f64> {
        let rows = match &self.rows {
            Rows::Classes(classes) => Rows::Classes(classes.clone()),
            Rows::Weighted(both) => Rows::Weighted(Arc::new((both.0.clone(), both.1.cast()))),
            Rows::Dense(q) => Rows::Dense(Arc::new(q.cast())),
        };
        Targets { rows, scale: self.scale, line: self.line }
    }
}

/// The classes and weights of rows, one after another.
pub type Picks<'a, T> = (&'a [usize], Option<&'a [T]>);

impl<T> fmt::Debug for Targets<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.rows {
            Rows::Classes(_) => "one class a row",
            Rows::Weighted(_) => "one weighted class a row",
            Rows::Dense(_) => "a weight for each class of each row",
        })
    }
}

/// The shape of one loss a row.
fn positions(logits: &[usize]) -> Shape {
    let mut shape = Shape::new(logits);
    if !logits.is_empty() {
        shape.remove(class_axis(logits.len()));
    }
    shape
}

/// The number of classes.
fn classes_of(logits: &[usize]) -> usize {
    logits.get(class_axis(logits.len())).copied().unwrap_or(0)
}

/// The axis of the classes.
fn class_axis(rank: usize) -> usize {
    usize::from(rank > 1)
}

impl<T: Float> Targets<T> {
    /// One class for each row, of weight 1.
    pub fn classes(classes: Tensor<usize>) -> Self {
        Self { rows: Rows::Classes(classes.contiguous()), scale: None, line: None }
    }

    /// One class for each row, and its weight. A row of weight 0 does not count, and its class need not exist.
    pub fn weighted(classes: Tensor<usize>, weights: Tensor<T>) -> Self {
        let both = (classes.contiguous(), weights.contiguous());
        Self { rows: Rows::Weighted(Arc::new(both)), scale: None, line: None }
    }

    /// A weight for each class of each row, `[rows, C]`.
    pub fn dense(q: Tensor<T>) -> Self {
        Self { rows: Rows::Dense(Arc::new(q)), scale: None, line: None }
    }

    /// Puts the classes on a tape, so that its readers see them.
    pub(crate) fn on(mut self, tape: &Tape<T>) -> Self {
        self.line = match &self.rows {
            Rows::Classes(classes) => Some(tape.data(classes.clone().into())),
            Rows::Weighted(both) => Some(tape.data(both.0.clone().into())),
            Rows::Dense(_) => None,
        };
        self
    }

    /// The line of the tape that holds the classes.
    pub(crate) fn line(&self) -> Option<u32> {
        self.line
    }

    /// The sum of the rows' losses times `scale`, in place of one loss a row.
    pub fn sum_times(mut self, scale: f64) -> Self {
        self.scale = Some(scale);
        self
    }

    /// Rejects logits that these targets do not fit, so that all else may rely on rows and classes.
    #[track_caller]
    pub(crate) fn check(&self, logits: &[usize]) -> Result<()> {
        const OP: &str = "cross_entropy";
        let rows: usize = positions(logits).iter().product();
        let (given, fits) = match &self.rows {
            Rows::Classes(classes) => (classes.shape(), classes.len() == rows),
            Rows::Weighted(both) => (both.0.shape(), both.0.len() == rows && both.1.len() == rows),
            Rows::Dense(q) => (q.shape(), q.shape() == [rows, classes_of(logits)]),
        };
        if logits.is_empty() || !fits {
            let rule = "there must be one target for each row of logits, which are [N, C], [N, C, …] or [C]";
            return Err(TensorError::Shape(Fault::new(OP, &[logits, given], rule)).into());
        }
        let Some((classes, weights)) = self.picks() else { return Ok(()) };
        let last = classes_of(logits);
        let counts = |i: usize| weights.is_none_or(|w| w[i] != T::ZERO);
        match classes.iter().enumerate().find(|&(i, &class)| class >= last && counts(i)) {
            None => Ok(()),
            Some((i, class)) => {
                let rule = format!("row {i} has class {class}, and there are {last} classes");
                Err(TensorError::Index(Fault::new(OP, &[logits, given], rule)).into())
            }
        }
    }

    /// The classes and their weights, if q has but one entry a row.
    fn picks(&self) -> Option<Picks<'_, T>> {
        match &self.rows {
            Rows::Classes(classes) => Some((classes.as_slice().unwrap_or(&[]), None)),
            Rows::Weighted(both) => {
                let (classes, weights) = (both.0.as_slice(), both.1.as_slice());
                Some((classes.unwrap_or(&[]), Some(weights.unwrap_or(&[]))))
            }
            Rows::Dense(_) => None,
        }
    }

    /// The class of each row and, if the rows are weighted, the weights; `None` if a row has a weight for each class. For readers of
    /// tapes.
    ///
    /// ```
    /// use wengert_autograd::cross_entropy::Targets;
    /// use wengert_tensor::tensor;
    ///
    /// let targets = Targets::<f64>::classes(tensor![2, 0]);
    /// assert_eq!(targets.labels(), Some((&[2, 0][..], None)));
    /// assert_eq!(Targets::dense(tensor![[0.5, 0.5]]).labels(), None);
    /// ```
    pub fn labels(&self) -> Option<Picks<'_, T>> {
        self.picks()
    }

    /// The weights of the classes, `[rows, C]`, if each row has one for each class.
    ///
    /// ```
    /// use wengert_autograd::cross_entropy::Targets;
    /// use wengert_tensor::tensor;
    ///
    /// let q = tensor![[0.5_f64, 0.5]];
    /// assert_eq!(Targets::dense(q.clone()).shares(), Some(&q));
    /// ```
    pub fn shares(&self) -> Option<&Tensor<T>> {
        match &self.rows {
            Rows::Dense(q) => Some(q),
            _ => None,
        }
    }

    /// [N, C, …] as [positions, C].
    fn flat(&self, x: &Tensor<T>) -> Result<Tensor<T>> {
        if x.rank() == 2 {
            return Ok(x.clone());
        }
        let last = x.move_axis(class_axis(x.rank()) as isize, -1)?;
        Ok(last.reshape([positions(x.shape()).iter().product(), classes_of(x.shape())])?)
    }

    /// [positions, C] as the logits' [N, C, …].
    fn unflat(&self, rows: Tensor<T>, shape: &[usize]) -> Result<Tensor<T>> {
        if shape.len() == 2 {
            return Ok(rows);
        }
        let axis = class_axis(shape.len());
        let mut last = positions(shape);
        last.push(classes_of(shape));
        Ok(rows.reshape(last)?.move_axis(-1, axis as isize)?)
    }

    pub(crate) fn forward(&self, logits: &Tensor<T>) -> Result<Tensor<T>> {
        let x = self.flat(logits)?;
        let n = classes_of(logits.shape());
        let losses = match (self.picks(), &self.rows) {
            (Some((classes, weights)), _) => {
                let mut losses = Tensor::try_full([classes.len()], T::ZERO)?;
                let out = losses.as_mut_slice();
                // Where the logit of sample i's class is, and the class's weight; nothing for one that is ignored, whose class
                // may not exist.
                let each = |i: usize| match weights.map(|w| w[i]) {
                    Some(w) if w == T::ZERO => None,
                    w => Some((i * n + classes[i], w.unwrap_or(T::ONE))),
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
        Ok(match self.scale {
            None => losses.reshape(positions(logits.shape()))?,
            Some(scale) => losses.sum().mul_scalar(scale),
        })
    }

    /// q, dense, `[positions, C]`.
    fn all_weights(&self, n: usize) -> Result<Tensor<T>> {
        match (self.picks(), &self.rows) {
            (None, Rows::Dense(q)) => Ok(q.as_ref().clone()),
            (None, _) => unreachable!("what is not dense has picks"),
            (Some((classes, weights)), _) => {
                let mut q = vec![T::ZERO; classes.len() * n];
                for (i, &class) in classes.iter().enumerate() {
                    if class < n {
                        q[i * n + class] = weights.map_or(T::ONE, |w| w[i]);
                    }
                }
                Ok(Tensor::from_vec(q, [classes.len(), n])?)
            }
        }
    }

    /// The gradient of the logits from `g`, on tensors: softmax·Σq - q in one buffer.
    pub(crate) fn pull_tensor(&self, g: Tensor<T>, logits: &Tensor<T>) -> Result<Tensor<T>> {
        let mut p = self.flat(logits)?.softmax(-1)?;
        let n = classes_of(logits.shape());
        // One number for each row, or one for all.
        let g = match self.scale {
            None => g.contiguous(),
            Some(scale) => g.mul_scalar(scale).contiguous(),
        };
        let gs = g.as_slice().unwrap_or(&[]);
        let g = |i: usize| if self.scale.is_none() { gs[i] } else { gs[0] };
        let out = p.as_mut_slice();
        match (self.picks(), &self.rows) {
            (Some((classes, weights)), _) => {
                for (i, (&class, row)) in
                    classes.iter().zip(out.chunks_exact_mut(n.max(1))).enumerate()
                {
                    let w = weights.map_or(T::ONE, |w| w[i]);
                    let c = g(i).times(w);
                    // A row that does not count gets nothing, whatever the gradient is.
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

    /// The gradient of the logits from `g`, in recorded ops.
    pub(crate) fn pull_recorded<A: Algebra<T>>(&self, g: A, logits: &A) -> Result<A> {
        let shape = logits.shape();
        let axis = class_axis(shape.len());
        let q = self.all_weights(classes_of(&shape))?;
        let total = self.unflat(q.sum_over(keep(-1))?.expand(q.shape())?.contiguous(), &shape)?;
        let q = logits.fixed(self.unflat(q, &shape)?);
        let p = A::run(Softmax(axis as isize), &[logits])?;
        let g = match self.scale {
            Some(scale) => g.scaled(scale),
            None => {
                let mut kept = shape.to_vec();
                kept[axis] = 1;
                g.reshape(&kept)?
            }
        };
        Ok(g * (p * logits.fixed(total) - q))
    }

    /// The direction of the loss along `t`: the same slopes, summed over the classes.
    pub(crate) fn push<A: Algebra<T>>(&self, logits: &A, t: &A) -> Result<A> {
        let shape = logits.shape();
        let axis = class_axis(shape.len()) as isize;
        // d(-Σ q·log_softmax(x)) = -Σ q·(t - Σ p·t)
        let q = logits.fixed(self.unflat(self.all_weights(classes_of(&shape))?, &shape)?);
        let p = A::run(Softmax(axis), &[logits])?;
        let mean = (p * t.clone()).sum(keep(axis))?;
        let rows = -(q * (t.clone() - mean)).sum(wengert_tensor::Axes::from(axis))?;
        match self.scale {
            None => Ok(rows),
            Some(scale) => Ok(rows.sum(wengert_tensor::Axes::ALL)?.scaled(scale)),
        }
    }
}

/// q·x, and 0 where q is: -∞ has no part in what it does not weigh.
fn gated<T: Float>(q: &Tensor<T>, x: &Tensor<T>) -> Result<Tensor<T>> {
    Ok(q.gate(x)?)
}

/// Logits up to which the logarithms of all classes are had in one pass; beyond it only those that are asked for.
const SHORT: usize = 1 << 14;
