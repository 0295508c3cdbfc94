//! The worst samples of a batch: which samples the loss is made of.

use std::fmt;

use wengert_autograd::{Tape, Tensors, Var};
use wengert_loss::Loss;
use wengert_nn::Module;
use wengert_tensor::Float;

use super::finding::number;
use super::goal::{Goal, Kind};
use crate::Result;

/// A sample, and its loss.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Sample {
    /// Its row in the batch.
    pub row: usize,
    /// The loss of a batch of this sample alone.
    pub loss: f64,
    /// The target: the class, or the first number. `None` if the loss has no target of one of these kinds.
    pub target: Option<f64>,
    /// The prediction: the class, or the first number.
    pub prediction: Option<f64>,
}

/// The samples of a batch, the one with the highest loss first. It prints as a table.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Worst {
    /// All samples of the batch.
    pub samples: Vec<Sample>,
    /// The loss of the batch.
    pub loss: f64,
}

impl Worst {
    /// The part of the sum of all losses that the worst `n` samples make.
    pub fn share(&self, n: usize) -> f64 {
        let sum = |samples: &[Sample]| samples.iter().map(|s| s.loss).sum::<f64>();
        sum(&self.samples[..n.min(self.samples.len())]) / sum(&self.samples)
    }
}

/// The losses of a batch sample by sample, in evaluation mode, the worst first. The mean of the samples' losses is the batch's loss for a loss
/// that is a mean over samples.
///
/// ```
/// use wengert_data::{DataLoader, digits};
/// use wengert_loss::CrossEntropyLoss;
/// use wengert_nn::Linear;
/// use wengert_tensor::Rng;
/// use wengert_train::doctor::worst_samples;
///
/// let batch = DataLoader::new(digits::<f64>(), 50)?.epoch(0).next().unwrap();
/// let model = Linear::new(64, 10, &mut Rng::new(0));
/// let worst = worst_samples(&model, &CrossEntropyLoss::new(), &batch)?;
/// println!("{worst}");
/// let mean = worst.samples.iter().map(|s| s.loss).sum::<f64>() / 50.0;
/// assert!((mean - worst.loss).abs() < 1e-12);
/// assert_ne!(worst.samples[0].prediction, worst.samples[0].target);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// As the forward pass and the loss.
#[track_caller]
pub fn worst_samples<T, X, Y, P, L>(
    model: &(impl Module<T, X, P> + ?Sized),
    criterion: &L,
    batch: &(X, Y),
) -> Result<Worst>
where
    T: Float,
    X: Tensors,
    Y: Tensors,
    P: Tensors,
    L: for<'t, 'a> Loss<'t, T, &'a Y, P>,
{
    let (x, y) = batch;
    let of = |x: &X, y: &Y| -> Result<(f64, Option<f64>, Option<f64>)> {
        // It records, so that prediction and target can be found.
        let tape = Tape::new().evaluating();
        let out = Var::pack(model.call(tape.input(x.clone()).unpack())?)?;
        let loss = criterion.forward(out, y)?;
        let lines = tape.lines();
        let goal = Goal::find(&lines, loss.index());
        let pair = goal.map(|goal| {
            let prediction = lines.get(goal.prediction).and_then(|l| l.value());
            let numbers: Vec<f64> =
                prediction.iter().flat_map(|p| p.iter()).map(|x| x.to_f64()).collect();
            match goal.kind {
                Kind::Classes => {
                    let most =
                        (0..numbers.len()).max_by(|&a, &b| numbers[a].total_cmp(&numbers[b]));
                    (goal.first_label(&lines), most.map(|k| k as f64))
                }
                _ => {
                    let target = lines.get(goal.target).and_then(|l| l.value());
                    (
                        target.and_then(|t| t.iter().next().map(|t| t.to_f64())),
                        numbers.first().copied(),
                    )
                }
            }
        });
        drop(lines);
        let (target, prediction) = pair.unwrap_or((None, None));
        Ok((loss.item()?.to_f64(), target, prediction))
    };
    let whole = of(x, y)?.0;
    let mut samples = Vec::with_capacity(x.samples());
    for row in 0..x.samples() {
        let (loss, target, prediction) = of(&x.pick(&[row])?, &y.pick(&[row])?)?;
        samples.push(Sample { row, loss, target, prediction });
    }
    samples.sort_by(|a, b| b.loss.total_cmp(&a.loss));
    Ok(Worst { samples, loss: whole })
}

impl fmt::Display for Worst {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "loss {} of {} samples; the worst:", number(self.loss), self.samples.len())?;
        writeln!(f, "{:>6}  {:>10}  {:>10}  {:>10}", "row", "loss", "target", "prediction")?;
        let text = |x: Option<f64>| x.map_or("-".into(), number);
        for s in self.samples.iter().take(10) {
            writeln!(
                f,
                "{:>6}  {:>10}  {:>10}  {:>10}",
                s.row,
                number(s.loss),
                text(s.target),
                text(s.prediction)
            )?;
        }
        let n = 10.min(self.samples.len());
        write!(f, "the worst {n} make {:.0} % of the loss", 100.0 * self.share(n))
    }
}
