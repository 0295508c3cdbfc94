//! Softmax and negative log-likelihood in one op: finite for all finite logits, and its gradient is p - q.
//!
//! The op knows rows of logits and weights alone. What a label means, which samples count and what their mean is, the
//! losses say.

mod rules;

use std::fmt;

use wengert_tensor::{Error as TensorError, Fault, Float, Shape, Tensor};

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
    /// One class for each row and its weight, or weight 1 for all; contiguous.
    Classes(Tensor<usize>, Option<Tensor<T>>),
    /// A weight for each class of each row, `[rows, C]`.
    Dense(Tensor<T>),
}

impl<T: wengert_tensor::Float> Targets<T> {
    /// The same targets in `f64`.
    pub(crate) fn widened(&self) -> Targets<f64> {
        let rows = match &self.rows {
            Rows::Classes(classes, w) => {
                Rows::Classes(classes.clone(), w.as_ref().map(Tensor::cast))
            }
            Rows::Dense(q) => Rows::Dense(q.cast()),
        };
        Targets { rows, scale: self.scale, line: self.line }
    }
}

/// The classes and weights of rows, one after another.
pub type Picks<'a, T> = (&'a [usize], Option<&'a [T]>);

impl<T> fmt::Debug for Targets<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.rows {
            Rows::Classes(_, None) => "one class a row",
            Rows::Classes(_, Some(_)) => "one weighted class a row",
            Rows::Dense(_) => "a weight for each class of each row",
        })
    }
}

/// The numbers of classes and weights.
fn picks<'a, T: Float>(classes: &'a Tensor<usize>, weights: Option<&'a Tensor<T>>) -> Picks<'a, T> {
    let weights = weights.map(|w| w.as_slice().unwrap_or(&[]));
    (classes.as_slice().unwrap_or(&[]), weights)
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
        Self { rows: Rows::Classes(classes.contiguous(), None), scale: None, line: None }
    }

    /// One class for each row, and its weight. A row of weight 0 does not count, and its class need not exist.
    pub fn weighted(classes: Tensor<usize>, weights: Tensor<T>) -> Self {
        let rows = Rows::Classes(classes.contiguous(), Some(weights.contiguous()));
        Self { rows, scale: None, line: None }
    }

    /// A weight for each class of each row, `[rows, C]`.
    pub fn dense(q: Tensor<T>) -> Self {
        Self { rows: Rows::Dense(q), scale: None, line: None }
    }

    /// Puts the classes on a tape, so that its readers see them.
    #[track_caller]
    pub(crate) fn on(mut self, tape: &Tape<T>) -> Self {
        self.line = match &self.rows {
            Rows::Classes(classes, _) => Some(tape.data(classes.clone().into())),
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
            Rows::Classes(classes, weights) => {
                let weighted = weights.as_ref().is_none_or(|w| w.len() == rows);
                (classes.shape(), classes.len() == rows && weighted)
            }
            Rows::Dense(q) => (q.shape(), q.shape() == [rows, classes_of(logits)]),
        };
        if logits.is_empty() || !fits {
            let rule = "there must be one target for each row of logits, which are [N, C], [N, C, …] or [C]";
            return Err(TensorError::Shape(Fault::new(OP, &[logits, given], rule)).into());
        }
        let Some((classes, weights)) = self.labels() else { return Ok(()) };
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
        match &self.rows {
            Rows::Classes(classes, weights) => Some(picks(classes, weights.as_ref())),
            Rows::Dense(_) => None,
        }
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
            Rows::Classes(..) => None,
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
}
