//! The loss: the probability of all ways to write the labels over time, in logarithms.

use std::panic::Location;

use wengert_autograd::{Error, Result, Var};
use wengert_tensor::{Error as TensorError, Fault, Float, Tensor};

use crate::Reduction;
use crate::criterion::Loss;
use crate::reduce::{reduce, reducible};

const OP: &str = "ctc";

/// The labels of a batch of sequences, for [`CtcLoss`].
#[derive(Clone, Copy, Debug)]
pub struct CtcTarget<'a> {
    /// The labels: padded to one length `[batch, labels]`, or of all sequences one after another.
    pub labels: &'a Tensor<usize>,
    /// The number of steps of each sequence of the prediction: `[batch]`.
    pub steps: &'a Tensor<usize>,
    /// The number of labels of each sequence: `[batch]`.
    pub lengths: &'a Tensor<usize>,
}

/// -ln of the probability that the steps spell the labels, with steps of blanks left out and repeated classes read once.
///
/// It takes log-probabilities `[time, batch, classes]`, or `[time, classes]` of one sequence, as `log_softmax` gives them. The mean
/// divides each loss by the number of labels first, as PyTorch's does. Labels that the steps are too few to spell have an
/// infinite loss, and [`zero_infinity`](Self::zero_infinity) makes it 0.
///
/// ```
/// use wengert_autograd::Tape;
/// use wengert_loss::{CtcLoss, CtcTarget, Loss};
/// use wengert_tensor::{Tensor, tensor};
///
/// let tape = Tape::new();
/// // Two steps, one sequence, two classes besides the blank, which is class 0.
/// let logits = tape.var(Tensor::<f64>::zeros([2, 1, 3]));
/// let target = CtcTarget { labels: &tensor![[1]], steps: &tensor![2], lengths: &tensor![1] };
/// let loss = CtcLoss::new().forward(logits.log_softmax(-1)?, target)?;
/// // "1 1", "1 -" and "- 1" of the nine that are possible.
/// assert!((loss.item()? - 3f64.ln()).abs() < 1e-12);
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[must_use]
pub struct CtcLoss {
    blank: usize,
    zero_infinity: bool,
    reduction: Reduction,
}

impl CtcLoss {
    /// With class 0 as the blank.
    pub fn new() -> Self {
        Self::default()
    }
    /// With this class as the blank.
    pub fn blank(mut self, class: usize) -> Self {
        self.blank = class;
        self
    }
    /// A sequence that is too short for its labels has loss 0 and no gradient, and not an infinite loss.
    pub fn zero_infinity(mut self) -> Self {
        self.zero_infinity = true;
        self
    }

    /// The losses of all sequences, `[batch]`: the sum over all paths, step by step.
    #[track_caller]
    fn losses<'t, T: Float>(&self, x: Var<'t, T>, batch: &Batch) -> Result<Var<'t, T>> {
        let (tape, shape) = (x.tape(), x.shape());
        let (time, count, width) = (shape[0], shape[1], batch.places);
        let never = T::from_f64(f64::NEG_INFINITY);
        let spelled = Tensor::from_vec(batch.spelled.clone(), [count, width])?;
        let skips = Tensor::from_vec(batch.skips.clone(), [count, width])?;
        // Before the first step: at the first place, with nothing said.
        let start = Tensor::from_fn([count, width], |at| if at[1] == 0 { T::ZERO } else { never });
        let mut paths = tape.constant(start);
        let later = |paths: Var<'t, T>, by: usize| {
            let by = by.min(width);
            let kept = paths.narrow(1, 0, width - by)?;
            kept.pad([(0, 0), (by as isize, 0)], never)
        };
        let none = tape.constant(Tensor::scalar(never));
        for t in 0..time {
            let one = paths.logaddexp(later(paths, 1)?)?;
            let two = later(paths, 2)?.where_(&skips, none)?;
            let said = x.select(0, t)?.gather(1, &spelled)?;
            let next = one.logaddexp(two)?.try_add(said)?;
            let running = Tensor::from_fn([count, 1], |at| t < batch.steps[at[0]]);
            paths = if running.all() { next } else { next.where_(&running, paths)? };
        }
        // A path ends at the last label, or at the blank after it.
        let end = |back: usize| {
            let at = batch.lengths.iter().map(|n| (2 * n).saturating_sub(back)).collect();
            paths.gather(1, Tensor::from_vec(at, [count, 1])?)?.reshape([count])
        };
        let last = Tensor::from_fn([count], |at| batch.lengths[at[0]] > 0);
        let total = end(0)?.logaddexp(end(1)?.where_(&last, none)?)?;
        let possible = total.value()?.map(|x| x != never);
        match self.zero_infinity && !possible.all() {
            true => (-total).masked_fill(&!&possible, T::ZERO),
            false => Ok(-total),
        }
    }
}
reducible!(CtcLoss);

/// A target, checked, with a blank before, between and after the labels.
struct Batch {
    /// The number of places of the longest.
    places: usize,
    /// The class of each place of each sequence.
    spelled: Vec<usize>,
    /// Whether a path may come from two places before: over the blank between two classes that differ.
    skips: Vec<bool>,
    steps: Vec<usize>,
    lengths: Vec<usize>,
}

impl Batch {
    #[track_caller]
    fn new(x: &[usize], blank: usize, target: CtcTarget<'_>) -> Result<Self> {
        let (time, count, classes) = (x[0], x[1], x[2]);
        let CtcTarget { labels, steps, lengths } = target;
        let here = Location::caller();
        let wrong = |rule: String| -> Error {
            let shapes = [x, labels.shape(), steps.shape(), lengths.shape()];
            TensorError::Shape(Fault::new(OP, &shapes, rule)).at(here).into()
        };
        if blank >= classes {
            return Err(wrong(format!("the blank is {blank}, and there are {classes} classes")));
        }
        if steps.shape() != [count] || lengths.shape() != [count] {
            return Err(wrong(format!("steps and lengths must have shape [{count}]")));
        }
        if let Some((i, n)) = steps.iter().enumerate().find(|(_, n)| *n > time) {
            return Err(wrong(format!("sequence {i} has {n} steps, and there are {time}")));
        }
        if let Some((i, n)) = lengths.iter().enumerate().find(|(_, n)| *n > labels.len()) {
            let rule = format!("sequence {i} has {n} labels, and there are {}", labels.len());
            return Err(wrong(rule));
        }
        let (steps, lengths, all) = (steps.to_vec(), lengths.to_vec(), labels.to_vec());
        let total: usize = lengths.iter().sum();
        let longest = lengths.iter().copied().max().unwrap_or(0);
        // The place where each sequence's labels begin.
        let starts: Vec<usize> = match *labels.shape() {
            [n] if n == total => {
                lengths.iter().scan(0, |at, n| Some(std::mem::replace(at, *at + n))).collect()
            }
            [n, room] if n == count && longest <= room => (0..n).map(|i| i * room).collect(),
            _ => {
                let rule = format!(
                    "the labels must be [{count}, at least {longest}], or [{total}], all in a row"
                );
                return Err(wrong(rule));
            }
        };
        let places = 2 * longest + 1;
        let mut spelled = vec![blank; count * places];
        let mut skips = vec![false; count * places];
        for (i, (&start, &n)) in starts.iter().zip(&lengths).enumerate() {
            for (j, &label) in all[start..start + n].iter().enumerate() {
                if label >= classes || label == blank {
                    let rule = format!(
                        "label {j} of sequence {i} is {label}: it must be a class below {classes}, and not the blank, {blank}"
                    );
                    return Err(wrong(rule));
                }
                let place = i * places + 2 * j + 1;
                spelled[place] = label;
                skips[place] = j > 0 && all[start + j - 1] != label;
            }
        }
        Ok(Self { places, spelled, skips, steps, lengths })
    }
}

impl<'t, T: Float> Loss<'t, T, CtcTarget<'_>> for CtcLoss {
    #[track_caller]
    fn forward(&self, x: Var<'t, T>, target: CtcTarget<'_>) -> Result<Var<'t, T>> {
        let shape = x.shape();
        let x = match shape.len() {
            2 => x.unsqueeze(1)?,
            3 => x,
            _ => {
                let rule =
                    "the log-probabilities must be [time, batch, classes] or [time, classes]";
                return Err(TensorError::Shape(Fault::new(OP, &[&shape], rule)).into());
            }
        };
        let batch = Batch::new(&x.shape(), self.blank, target)?;
        let losses = self.losses(x, &batch)?;
        if matches!(self.reduction, Reduction::None | Reduction::Sum) {
            return reduce(OP, losses, self.reduction);
        }
        let share = |at: &[usize]| T::from_f64(1.0 / batch.lengths[at[0]].max(1) as f64);
        let shares = Tensor::from_fn([batch.lengths.len()], share);
        reduce(OP, losses.try_mul(&shares)?, self.reduction)
    }
}

/// The mean of [`CtcLoss`], each loss divided by the number of its labels, with class 0 as the blank.
///
/// # Errors
/// If the shapes do not match, or a label is not a class.
#[track_caller]
pub fn ctc<'t, T: Float>(
    log_probabilities: Var<'t, T>,
    target: CtcTarget<'_>,
) -> Result<Var<'t, T>> {
    CtcLoss::new().forward(log_probabilities, target)
}
