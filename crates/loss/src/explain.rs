//! The parts of a loss: the contributions of samples, classes and terms, which add up to it.

use std::any::Any;
use std::fmt;

use wengert_autograd::{Result, Tape};
use wengert_tensor::{Element, Float, Tensor};

use crate::Reduction;
use crate::criterion::Loss;
use crate::worst::losses_of_samples;

/// The contributions to a loss. Each list adds up to the loss, within rounding.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Explanation {
    /// The whole: the data's loss and all other terms.
    pub loss: f64,
    /// That of each sample, in their order, to the loss of the data.
    pub samples: Vec<f64>,
    /// That of the samples of each class, to the loss of the data; empty if the targets are not class numbers.
    pub classes: Vec<f64>,
    /// The terms by name: `data`, and those that [`with`](Self::with) added.
    pub terms: Vec<(String, f64)>,
}

impl Explanation {
    /// With another term of the objective: a penalty.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: f64) -> Self {
        self.loss += value;
        self.terms.push((name.into(), value));
        self
    }
}

/// The contributions to the loss of a batch. `make` builds the loss with a reduction: it is asked for single losses and for their
/// mean, so weights of samples and of classes are accounted for.
///
/// ```
/// use wengert_loss::{CrossEntropyLoss, explain};
/// use wengert_tensor::tensor;
///
/// let logits = tensor![[3.0_f64, 0.0], [0.0, 1.0], [2.0, 0.0]];
/// let labels = tensor![0_usize, 1, 1];
/// let why = explain(|r| CrossEntropyLoss::new().reduction(r), &logits, &labels)?.with("l2", 0.1);
/// assert!((why.samples.iter().sum::<f64>() + 0.1 - why.loss).abs() < 1e-12);
/// assert!((why.classes.iter().sum::<f64>() + 0.1 - why.loss).abs() < 1e-12);
/// // The last sample makes most of it.
/// assert!(why.samples[2] > 0.8 * (why.loss - 0.1));
/// println!("{why}");
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
///
/// # Errors
/// Those of the loss; and if it gives no number for each sample without a reduction.
#[track_caller]
pub fn explain<T, Y, L>(
    make: impl Fn(Reduction) -> L,
    prediction: &Tensor<T>,
    target: &Tensor<Y>,
) -> Result<Explanation>
where
    T: Float,
    Y: Element,
    L: for<'t, 'a> Loss<'t, T, &'a Tensor<Y>>,
{
    let tape = Tape::no_grad();
    let mean = make(Reduction::Mean).forward(tape.constant(prediction.clone()), target)?;
    let loss = mean.item()?.to_f64();
    let mut samples = losses_of_samples(&make(Reduction::None), prediction, target)?;
    // The mean is their sum times one factor: 1/N, or 1 divided by the sum of the weights.
    let sum: f64 = samples.iter().sum();
    let scale = if sum == 0.0 { 0.0 } else { loss / sum };
    samples.iter_mut().for_each(|l| *l *= scale);
    let mut classes = Vec::new();
    if let Some(labels) = (target as &dyn Any).downcast_ref::<Tensor<usize>>()
        && labels.len() == samples.len()
    {
        for (class, loss) in labels.iter().zip(&samples) {
            // A class that is ignored need not exist, and costs nothing.
            if *loss != 0.0 || class < classes.len() {
                classes.resize(classes.len().max(class + 1), 0.0);
                classes[class] += loss;
            }
        }
    }
    Ok(Explanation { loss, samples, classes, terms: vec![("data".into(), loss)] })
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "loss {:.6}", self.loss)?;
        let share = |x: f64| if self.loss == 0.0 { 0.0 } else { 100.0 * x / self.loss };
        for (name, value) in &self.terms {
            write!(f, "\n  {name}: {value:.6} ({:.1} %)", share(*value))?;
        }
        for (class, value) in self.classes.iter().enumerate() {
            write!(f, "\n  class {class}: {value:.6} ({:.1} %)", share(*value))?;
        }
        let mut order: Vec<usize> = (0..self.samples.len()).collect();
        order.sort_by(|&a, &b| self.samples[b].total_cmp(&self.samples[a]));
        for &sample in order.iter().take(5) {
            let value = self.samples[sample];
            write!(f, "\n  sample {sample}: {value:.6} ({:.1} %)", share(value))?;
        }
        Ok(())
    }
}
