//! The samples that cost most: where wrong labels, outliers and hard cases are found.

use std::fmt;

use wengert_autograd::{Result, Tape};
use wengert_tensor::{Element, Error as TensorError, Fault, Float, Tensor};

use crate::criterion::Loss;

/// A sample with its loss.
#[derive(Clone)]
#[non_exhaustive]
pub struct Sample<T, Y> {
    /// Its place in the batch, from 0.
    pub index: usize,
    /// Its loss: the mean of its losses, if it has several.
    pub loss: f64,
    /// Its target.
    pub target: Tensor<Y>,
    /// Its prediction.
    pub prediction: Tensor<T>,
}

impl<T: Element, Y: Element> fmt::Debug for Sample<T, Y> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<T: Element, Y: Element> fmt::Display for Sample<T, Y> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { index, loss, target, prediction } = self;
        write!(f, "sample {index}: loss {loss:.4}, target {target}, prediction {prediction}")
    }
}

/// The samples of the largest loss, at most `count` of them, the largest first; one whose loss is NaN comes before all others.
/// The loss must give one number for each sample or element: build it with `.reduction(Reduction::None)`.
///
/// ```
/// use wengert_loss::{CrossEntropyLoss, Reduction, worst_samples};
/// use wengert_tensor::tensor;
///
/// let criterion = CrossEntropyLoss::new().reduction(Reduction::None);
/// let logits = tensor![[4.0_f64, 0.0], [3.0, 0.0], [0.0, 1.0]];
/// // The second label looks wrong.
/// let worst = worst_samples(&criterion, &logits, &tensor![0_usize, 1, 1], 1)?;
/// assert_eq!(worst[0].index, 1);
/// assert_eq!(worst[0].to_string(), "sample 1: loss 3.0486, target 1, prediction [3.0, 0.0]");
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
///
/// # Errors
/// Those of the loss; and if it gives one number for all samples.
#[track_caller]
pub fn worst_samples<T, Y, L>(
    criterion: &L,
    prediction: &Tensor<T>,
    target: &Tensor<Y>,
    count: usize,
) -> Result<Vec<Sample<T, Y>>>
where
    T: Float,
    Y: Element,
    L: for<'t, 'a> Loss<'t, T, &'a Tensor<Y>>,
{
    let losses = losses_of_samples(criterion, prediction, target)?;
    let rank = |loss: f64| if loss.is_nan() { f64::INFINITY } else { loss };
    let mut order: Vec<usize> = (0..losses.len()).collect();
    order.sort_by(|&a, &b| rank(losses[b]).total_cmp(&rank(losses[a])).then(a.cmp(&b)));
    let sample = |&index: &usize| {
        let target = target.select(0, index)?;
        let prediction = prediction.select(0, index)?;
        Ok(Sample { index, loss: losses[index], target, prediction })
    };
    order.iter().take(count).map(sample).collect()
}

/// The loss of each sample along the first axis.
#[track_caller]
pub(crate) fn losses_of_samples<T, Y, L>(
    criterion: &L,
    prediction: &Tensor<T>,
    target: &Tensor<Y>,
) -> Result<Vec<f64>>
where
    T: Float,
    Y: Element,
    L: for<'t, 'a> Loss<'t, T, &'a Tensor<Y>>,
{
    let tape = Tape::no_grad();
    let losses = criterion.forward(tape.constant(prediction.clone()), target)?.value()?;
    let samples = target.shape().first().copied();
    if losses.shape().first().copied() != samples || samples.is_none() {
        let rule = "the loss gives no number for each sample";
        let fault = Fault::new("worst_samples", &[losses.shape(), target.shape()], rule);
        let help = "build it with `.reduction(Reduction::None)`";
        return Err(TensorError::Shape(fault.help(help)).into());
    }
    let each = losses.len() / losses.shape()[0].max(1);
    let numbers = losses.to_vec();
    let mean = |losses: &[T]| losses.iter().map(|l| l.to_f64()).sum::<f64>() / each as f64;
    Ok(numbers.chunks(each.max(1)).map(mean).collect())
}
