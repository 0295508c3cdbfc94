//! Class targets, checked in one place: labels and class weights against the shape of a prediction.

mod errors;

use std::fmt;

use wengert_autograd::{Result, Var};
use wengert_tensor::{Error as TensorError, Fault, Float, Shape, Tensor};

use crate::refuse::{Numbers, weights};
use errors::{label_shape, no_class, no_distribution};

/// The target of each sample.
#[derive(Clone)]
pub enum Labels<T> {
    /// A class number for each sample.
    Classes(Tensor<usize>),
    /// A probability for each class of each sample.
    Probabilities(Tensor<T>),
}

impl<T> fmt::Debug for Labels<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Classes(_) => "class numbers",
            Self::Probabilities(_) => "probabilities",
        })
    }
}

/// The axis of the classes in logits `[N, C]`, `[N, C, …]` or `[C]`, and their number.
#[track_caller]
pub(crate) fn class_axis(op: &'static str, logits: &[usize]) -> Result<(usize, usize)> {
    let axis = usize::from(logits.len() > 1);
    match logits.get(axis) {
        Some(&classes) => Ok((axis, classes)),
        None => {
            let rule = "the prediction is a scalar, and must be [samples, classes]";
            Err(TensorError::Shape(Fault::new(op, &[logits], rule)).into())
        }
    }
}

/// Rejects a single class, unless numbers are not checked: nothing could be learnt, since the loss is always 0.
#[track_caller]
pub(crate) fn several_classes(
    op: &'static str,
    logits: &[usize],
    numbers: Numbers,
    binary: &str,
) -> Result<()> {
    let (_, classes) = class_axis(op, logits)?;
    if classes != 1 || numbers == Numbers::Unchecked {
        return Ok(());
    }
    let rule = "one score a sample is one class, which has no other to be mistaken for: the loss is always 0";
    let fault = Fault::new(op, &[logits], rule).help(format!(
        "of one logit for yes or no use `{binary}`; for classes give the last layer one output for each"
    ));
    Err(TensorError::Shape(fault).into())
}

/// The shape of one number for each sample.
fn samples(logits: &[usize], axis: usize) -> Shape {
    let mut shape = Shape::new(logits);
    shape.remove(axis);
    shape
}

/// A loss's weight for each class, if it has one, and whether its numbers are checked.
#[derive(Clone, Copy)]
pub(crate) struct ClassWeight<'a, T>(pub(crate) Option<&'a Tensor<T>>, pub(crate) Numbers);

impl<'a, T: Float> ClassWeight<'a, T> {
    /// The weights, checked.
    #[track_caller]
    pub(crate) fn of(
        self,
        op: &'static str,
        logits: &[usize],
        classes: usize,
    ) -> Result<Option<&'a Tensor<T>>> {
        let Self(weight, numbers) = self;
        let Some(weight) = weight else { return Ok(None) };
        if weight.shape() != [classes] {
            let rule = format!("class weights must be [{classes}], one for each class");
            return Err(TensorError::Shape(Fault::new(op, &[logits, weight.shape()], rule)).into());
        }
        weights(op, "weight", weight, numbers)?;
        Ok(Some(weight))
    }
}

/// Class numbers that match a prediction, with the weight of each sample.
pub(crate) struct Checked<T> {
    /// The class of each sample. One that is ignored need not exist.
    pub(crate) classes: Tensor<usize>,
    /// The weight of each sample, 0 if it is ignored; with `None` all weights are equal.
    pub(crate) weight: Option<Tensor<T>>,
    /// The sum of the weights.
    pub(crate) total: f64,
    /// The class that is ignored.
    pub(crate) ignored: Option<usize>,
}

impl<T: Float> Checked<T> {
    #[track_caller]
    pub(crate) fn new(
        op: &'static str,
        logits: &[usize],
        labels: &Tensor<usize>,
        weight: ClassWeight<'_, T>,
        ignored: Option<usize>,
    ) -> Result<Self> {
        let (axis, classes) = class_axis(op, logits)?;
        let samples = samples(logits, axis);
        if labels.shape() != &*samples {
            return Err(label_shape(op, logits, labels, &samples));
        }
        let weight = weight.of(op, logits, classes)?;
        let labels = labels.contiguous();
        let numbers = labels.as_slice().unwrap_or(&[]);
        let wrong = |&class: &usize| class >= classes && ignored != Some(class);
        if let Some(place) = numbers.iter().position(wrong) {
            return Err(no_class(op, logits, &labels, place, numbers[place], classes));
        }
        if weight.is_none() && ignored.is_none() {
            let total = labels.len() as f64;
            return Ok(Self { classes: labels, weight: None, total, ignored });
        }
        let by_class = weight.map(Tensor::to_vec);
        let count = |&class: &usize| match &by_class {
            _ if ignored == Some(class) => T::ZERO,
            Some(weights) => weights[class],
            None => T::ONE,
        };
        let counts: Vec<T> = numbers.iter().map(count).collect();
        let total = counts.iter().map(|w| w.to_f64()).sum();
        let weight = Some(Tensor::from_vec(counts, samples)?);
        Ok(Self { classes: labels, weight, total, ignored })
    }
}

/// Checked labels, as an index into the prediction.
pub(crate) struct Picks<T> {
    /// The axis of the classes.
    pub(crate) axis: isize,
    /// The class of each sample, with the axis of the classes as 1; 0 where it is ignored.
    pub(crate) index: Tensor<usize>,
    /// The weight of each sample, in the labels' shape; 0 if it is ignored.
    pub(crate) weight: Tensor<T>,
    /// The sum of the weights.
    pub(crate) total: f64,
}

impl<T: Float> Picks<T> {
    #[track_caller]
    pub(crate) fn new(
        op: &'static str,
        shape: &[usize],
        labels: &Tensor<usize>,
        weight: ClassWeight<'_, T>,
        ignored: Option<usize>,
    ) -> Result<Self> {
        let Checked { classes, weight, total, .. } =
            Checked::new(op, shape, labels, weight, ignored)?;
        let (axis, _) = class_axis(op, shape)?;
        let mut kept = shape.to_vec();
        kept[axis] = 1;
        let index = classes.map(|class| if ignored == Some(class) { 0 } else { class });
        let weight = match weight {
            Some(weight) => weight,
            None => Tensor::try_full(classes.shape(), T::ONE)?,
        };
        Ok(Self { axis: axis as isize, index: index.reshape(kept)?, weight, total })
    }

    /// The elements of a prediction at the labels, in the labels' shape.
    #[track_caller]
    pub(crate) fn of<'t>(&self, x: Var<'t, T>) -> Result<Var<'t, T>> {
        x.gather(self.axis, &self.index)?.reshape(self.weight.shape())
    }

    /// These numbers, one for each sample, and 0 for samples that do not count.
    pub(crate) fn counted(&self, x: &Tensor<T>) -> Result<Tensor<T>> {
        let counts = self.weight.map(|w| if w == T::ZERO { T::ZERO } else { T::ONE });
        Ok(counts.gate(x)?)
    }

    /// Each loss times the weight of its sample; exactly 0 if the sample does not count.
    #[track_caller]
    pub(crate) fn weigh<'t>(&self, losses: Var<'t, T>) -> Result<Var<'t, T>> {
        losses.tape().constant(self.weight.clone()).gate(losses)
    }
}

/// The largest distance from 1 of the sum of a sample's probabilities, so that thirds can be written as 0.33.
const TOLERANCE: f64 = 0.0101;

/// Probabilities of classes in the logits' shape as rows, `[samples, classes]`, each a distribution.
#[track_caller]
pub(crate) fn distributions<T: Float>(
    op: &'static str,
    logits: &[usize],
    q: &Tensor<T>,
    numbers: Numbers,
) -> Result<Tensor<T>> {
    let (axis, classes) = class_axis(op, logits)?;
    let samples = samples(logits, axis);
    if q.shape() != logits {
        let rule = "probability targets must have the logits' shape";
        let fault = Fault::new(op, &[logits, q.shape()], rule);
        // Class numbers in floats, as a file may hold them.
        let fault = if *q.shape() == *samples {
            fault.help(
                "one number a sample is a class number, and those are `Tensor<usize>`: `labels.cast::<usize>()`",
            )
        } else {
            fault
        };
        return Err(TensorError::Shape(fault).into());
    }
    let rows: usize = samples.iter().product();
    let q = q.move_axis(axis as isize, -1)?.reshape([rows, classes])?;
    if numbers == Numbers::Unchecked || rows == 0 {
        return Ok(q);
    }
    let sums = q.sum_over(-1)?;
    // NaN is not at least 0.
    let negative = classes > 0 && !(T::ZERO..).contains(&q.min()?.item()?);
    let off = |sum: T| !(1.0 - TOLERANCE..=1.0 + TOLERANCE).contains(&sum.to_f64());
    match negative || sums.iter().any(off) {
        true => Err(no_distribution(op, logits, &q, &sums, off)),
        false => Ok(q),
    }
}
