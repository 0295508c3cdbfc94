//! The audit of a loss before it is used: its gradient, its extremes, its sign, its scale, the pull of an outlier, its cost.

use std::any::Any;
use std::fmt;
use std::time::{Duration, Instant};

use wengert_autograd::{GradCheck, Report, Result, Tape, Verdict};
use wengert_tensor::{Element, Error as TensorError, Fault, Tensor};

use crate::criterion::Loss;

/// The result of an [`audit`]. `{}` prints it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Audit {
    /// The gradient check at the sample, to second order where that can be recorded.
    pub gradients: Report,
    /// The largest size of predictions, of 1, 10², 10⁴ and 10⁸, up to which value and gradient are finite; 0 if they are at none.
    /// Predictions that the loss rejects are left out.
    pub finite_up_to: f64,
    /// The change of the value when the batch is repeated.
    pub batch: Batch,
    /// The largest slope along one prediction, if it stays bounded however far the predictions go.
    pub largest_slope: Option<f64>,
    /// The least value that a descent on the predictions reached.
    pub least: f64,
    /// The value where the prediction is the target, if both are numbers of one shape.
    pub at_target: Option<f64>,
    /// Whether an error upwards costs as much as one downwards, if prediction and target are numbers of one shape.
    pub symmetric: Option<bool>,
    /// The lines of the tape that it records, without its inputs.
    pub lines: usize,
    /// The time of its value and gradient.
    pub time: Duration,
}

/// The answer of a loss to a batch that is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Batch {
    /// The value stays: a mean.
    Mean,
    /// The value doubles: a sum. The learning rate then depends on the size of the batch.
    Sum,
    /// It is neither, as with a loss that compares samples with one another.
    Neither,
}

impl Audit {
    /// Its faults, in words. A loss that is a sum, that falls below 0, or whose slope is unbounded may be meant so; these are not
    /// among the faults.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if !self.gradients.is_right() || self.gradients.worst() == Verdict::Wrong {
            faults.push(format!("its gradient is not that of its value:\n{}", self.gradients));
        }
        if self.finite_up_to < 1e4 {
            faults.push(format!(
                "value or gradient is not finite for predictions of ±{:e}: write ln(1 + eˣ) as `softplus`, ln(softmax) as `log_softmax`, a root with a little under it",
                next(self.finite_up_to)
            ));
        }
        if !self.least.is_finite() {
            faults.push("a descent on the predictions ends at a value that is not finite".into());
        }
        faults
    }
}

/// The sizes of predictions that are tried.
const SIZES: [f64; 4] = [1.0, 1e2, 1e4, 1e8];

fn next(size: f64) -> f64 {
    SIZES.into_iter().find(|&s| s > size).unwrap_or(f64::INFINITY)
}

/// Looks at a loss, at some predictions and their targets, before it is used. They should be a few samples of the task: two at
/// least, with predictions that are not at a corner of the loss.
///
/// ```
/// use wengert_loss::{Batch, audit, custom};
/// use wengert_tensor::{Tensor, tensor};
///
/// // ln(1 + e^-yx), as one would write it at first.
/// let naive = custom(|x, y: &Tensor<f64>| Ok((-x.try_mul(y)?).exp().log1p().mean()));
/// let found = audit(&naive, &tensor![0.5, -1.0, 2.0], &tensor![1.0, 1.0, -1.0])?;
/// assert_eq!(found.batch, Batch::Mean);
/// // It overflows.
/// assert_eq!(found.finite_up_to, 1e2);
/// assert_eq!(found.faults().len(), 1, "{found}");
///
/// let stable = custom(|x, y: &Tensor<f64>| Ok(-x.try_mul(y)?.log_sigmoid().mean()));
/// let found = audit(&stable, &tensor![0.5, -1.0, 2.0], &tensor![1.0, 1.0, -1.0])?;
/// assert!(found.faults().is_empty(), "{found}");
/// assert_eq!(found.largest_slope, Some(1.0 / 3.0));
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
///
/// # Errors
/// If the loss rejects these samples, or its value is not a single number.
#[track_caller]
pub fn audit<Y, L>(criterion: &L, prediction: &Tensor<f64>, target: &Tensor<Y>) -> Result<Audit>
where
    Y: Element,
    L: for<'t, 'a> Loss<'t, f64, &'a Tensor<Y>>,
{
    let loss = Subject { criterion, target };
    let started = Instant::now();
    let (value, _, lines) = loss.at(prediction)?;
    let time = started.elapsed();
    let numbers = (target as &dyn Any).downcast_ref::<Tensor<f64>>();
    let numbers = numbers.filter(|y| y.shape() == prediction.shape());
    Ok(Audit {
        gradients: GradCheck::new()
            .check(|x| criterion.forward(x[0], target), std::slice::from_ref(prediction)),
        finite_up_to: loss.finite_up_to(prediction),
        batch: loss.of_repeated(prediction, value)?,
        largest_slope: loss.largest_slope(prediction),
        least: loss.least(prediction)?,
        at_target: numbers.and_then(|y| Some(loss.at(y).ok()?.0)),
        symmetric: match numbers {
            Some(y) => loss.symmetric(prediction, y)?,
            None => None,
        },
        lines,
        time,
    })
}

/// A loss with its targets.
struct Subject<'a, L, Y> {
    criterion: &'a L,
    target: &'a Tensor<Y>,
}

impl<Y: Element, L> Subject<'_, L, Y>
where
    L: for<'t, 'a> Loss<'t, f64, &'a Tensor<Y>>,
{
    /// Value, gradient, and number of lines.
    #[track_caller]
    fn at(&self, x: &Tensor<f64>) -> Result<(f64, Tensor<f64>, usize)> {
        let tape = Tape::new();
        let x = tape.var(x.clone());
        let before = tape.len();
        let loss = self.criterion.forward(x, self.target)?;
        let lines = tape.len() - before;
        if !loss.shape().is_empty() {
            let rule = "the loss is not a single number";
            let fault = Fault::new("audit", &[&loss.shape()], rule);
            let help = "reduce it: `.mean()`, or `.reduction(Reduction::Mean)`";
            return Err(TensorError::Shape(fault.help(help)).into());
        }
        let gradient = loss.gradients()?.wrt(x).value()?;
        Ok((loss.item()?, gradient, lines))
    }

    /// Predictions of about this size, on all sides: alike, opposite, and one sign after the other.
    fn far(prediction: &Tensor<f64>, size: f64) -> [Tensor<f64>; 4] {
        let turns = Tensor::from_fn(prediction.shape(), |place| {
            if place.iter().sum::<usize>() % 2 == 0 { size } else { -size }
        });
        [prediction.full_like(size), prediction.full_like(-size), turns.clone(), -turns]
    }

    fn finite_up_to(&self, prediction: &Tensor<f64>) -> f64 {
        let finite = |size: f64| {
            Self::far(prediction, size).iter().all(|x| match self.at(x) {
                Ok((value, g, _)) => value.is_finite() && g.iter().all(f64::is_finite),
                Err(_) => true,
            })
        };
        SIZES.into_iter().take_while(|&size| finite(size)).last().unwrap_or(0.0)
    }

    #[track_caller]
    fn of_repeated(&self, prediction: &Tensor<f64>, value: f64) -> Result<Batch> {
        let target = Tensor::cat(&[self.target.clone(), self.target.clone()], 0)?;
        let twice = Subject { criterion: self.criterion, target: &target };
        let (double, ..) = twice.at(&Tensor::cat(&[prediction.clone(), prediction.clone()], 0)?)?;
        let near = |a: f64, b: f64| (a - b).abs() <= 1e-9 * b.abs();
        Ok(match value {
            value if near(double, value) => Batch::Mean,
            value if near(double, 2.0 * value) => Batch::Sum,
            _ => Batch::Neither,
        })
    }

    /// The largest slope if it does not grow any more.
    fn largest_slope(&self, prediction: &Tensor<f64>) -> Option<f64> {
        let most = |size: f64| {
            let slopes = Self::far(prediction, size).map(|x| match self.at(&x) {
                Ok((_, g, _)) => {
                    g.iter().map(f64::abs).filter(|g| g.is_finite()).fold(0.0, f64::max)
                }
                Err(_) => 0.0,
            });
            slopes.into_iter().fold(0.0, f64::max)
        };
        let slopes = SIZES.map(most);
        let most = slopes.into_iter().fold(0.0, f64::max);
        (slopes[3] <= 1.01 * slopes[2].max(slopes[1])).then_some(most)
    }

    /// The least value on the way of a descent by signs, whose steps grow while a sign stays and shrink when it turns.
    #[track_caller]
    fn least(&self, prediction: &Tensor<f64>) -> Result<f64> {
        let mut x = prediction.to_vec();
        let (mut steps, mut before) = (vec![0.1_f64; x.len()], vec![0.0; x.len()]);
        let mut least = f64::INFINITY;
        for _ in 0..300 {
            let Ok((value, g, _)) = self.at(&Tensor::from_vec(x.clone(), prediction.shape())?)
            else {
                // Beyond what the loss takes.
                break;
            };
            if value.is_nan() || value == f64::NEG_INFINITY {
                return Ok(value);
            }
            least = least.min(value);
            for (k, g) in g.iter().enumerate() {
                let turned = g * before[k] < 0.0;
                steps[k] = (steps[k] * if turned { 0.5 } else { 1.2 }).min(10.0);
                x[k] -= steps[k] * if g == 0.0 { 0.0 } else { g.signum() };
                before[k] = g;
            }
        }
        Ok(least)
    }

    /// Whether errors of these sizes cost as much above all targets as below them.
    #[track_caller]
    fn symmetric(&self, x: &Tensor<f64>, y: &Tensor<f64>) -> Result<Option<bool>> {
        let errors = x.try_sub(y)?.abs();
        let sides = [self.at(&y.try_add(&errors)?), self.at(&y.try_sub(&errors)?)];
        // What is beyond its target may be no prediction.
        let [Ok((above, ..)), Ok((below, ..))] = sides else { return Ok(None) };
        Ok(Some((above - below).abs() <= 1e-9 * above.abs()))
    }
}

impl fmt::Display for Audit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let right = if self.gradients.is_right() { "right" } else { "WRONG" };
        writeln!(f, "gradient        {right}")?;
        writeln!(f, "finite          for predictions up to ±{:e}", self.finite_up_to)?;
        let batch = match self.batch {
            Batch::Mean => "a mean: its scale does not depend on the size of the batch",
            Batch::Sum => {
                "a sum: its scale grows with the batch, and the learning rate must shrink"
            }
            Batch::Neither => "neither a mean nor a sum over samples",
        };
        writeln!(f, "batch           {batch}")?;
        match self.largest_slope {
            Some(slope) => writeln!(f, "an outlier      pulls with {slope:.4} at most")?,
            None => writeln!(f, "an outlier      pulls without bound")?,
        }
        let sign = if self.least < 0.0 { ": it can be negative" } else { "" };
        writeln!(f, "least value     {:.4e}{sign}", self.least)?;
        if let Some(value) = self.at_target {
            writeln!(f, "at the target   {value:.4e}")?;
        }
        if let Some(symmetric) = self.symmetric {
            writeln!(f, "symmetric       {}", if symmetric { "yes" } else { "no" })?;
        }
        write!(f, "cost            {} lines of the tape, {:.1?}", self.lines, self.time)?;
        for fault in self.faults() {
            write!(f, "\nfault           {fault}")?;
        }
        Ok(())
    }
}
