//! The worst samples of a batch: which samples the loss is made of.

use std::fmt;

use wengert_autograd::{Tape, Tensors, Var, ops};
use wengert_loss::Loss;
use wengert_nn::Module;
use wengert_tensor::Float;

use super::evidence::number;
use super::goal::{Goal, Kind};
use super::reading::Reading;
use crate::Result;
use crate::epoch::loss_on;

/// A sample, and its loss.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Sample {
    /// Its row in the batch.
    pub row: usize,
    /// The loss of a batch of this sample alone.
    pub loss: f64,
    /// Its contribution to the loss of the batch. Those of all samples and the terms besides the data add up to it.
    pub contribution: f64,
    /// The target: the class, or the first number. `None` if the loss has no target of one of these kinds.
    pub target: Option<f64>,
    /// The prediction: the class, or the first number.
    pub prediction: Option<f64>,
}

/// The samples of a batch, the one with the highest loss first, and what else the loss is made of. It prints as a table.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Worst {
    /// All samples of the batch.
    pub samples: Vec<Sample>,
    /// The loss of the batch.
    pub loss: f64,
    /// The contributions of the samples of each class; empty if the targets are not classes.
    pub classes: Vec<f64>,
    /// The terms that add up to the loss: `data`, and each term of parameters alone by the line of your program.
    pub terms: Vec<(String, f64)>,
}

/// A loss, its terms, and the target and the prediction of the first sample.
struct Found {
    loss: f64,
    data: f64,
    penalties: Vec<(String, f64)>,
    target: Option<f64>,
    prediction: Option<f64>,
    classes: bool,
    /// The weights of the samples in the mean; empty if they count alike.
    weights: Vec<f64>,
}

impl Worst {
    /// The fraction of the sum of all losses that the worst `n` samples make.
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
/// assert!((worst.classes.iter().sum::<f64>() - worst.loss).abs() < 1e-12);
/// assert_eq!(worst.terms, [("data".to_string(), worst.loss)]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// As the forward pass and the loss.
#[track_caller]
pub fn worst_samples<T: Float, X: Tensors, Y: Tensors, P: Tensors>(
    model: &(impl Module<T, X, P> + ?Sized),
    criterion: &impl for<'t, 'a> Loss<'t, T, &'a Y, P>,
    batch: &(X, Y),
) -> Result<Worst> {
    let (x, y) = batch;
    let of = |x: &X, y: &Y| -> Result<Found> {
        // It records, so that prediction and target can be found.
        let tape = Tape::new().evaluating();
        Ok(found(loss_on(&tape, model, criterion, x.clone(), y)?)?)
    };
    let whole = of(x, y)?;
    let all: Vec<Found> = (0..x.samples())
        .map(|row| of(&x.pick(&[row])?, &y.pick(&[row])?))
        .collect::<Result<_>>()?;
    // The data's term is the samples' sum times one factor: 1/N for a mean. Alone, a sample's weight in a weighted mean cancels.
    let weight = |row: usize| whole.weights.get(row).copied().unwrap_or(1.0);
    let weights: f64 = (0..all.len()).map(weight).sum();
    let mean = all.iter().enumerate().map(|(k, f)| weight(k) * f.data).sum::<f64>() / weights;
    let weighted = (mean - whole.data).abs() <= 1e-5 * whole.data.abs();
    let part = |row: usize, f: &Found| if weighted { weight(row) * f.data } else { f.data };
    let sum: f64 = all.iter().enumerate().map(|(row, f)| part(row, f)).sum();
    let scale = if sum == 0.0 { 0.0 } else { whole.data / sum };
    let (mut samples, mut classes) = (Vec::with_capacity(all.len()), Vec::new());
    for (row, f) in all.into_iter().enumerate() {
        let contribution = scale * part(row, &f);
        if let Some(class) = f.target.filter(|_| f.classes).map(|class| class as usize) {
            classes.resize(classes.len().max(class + 1), 0.0);
            classes[class] += contribution;
        }
        let (target, prediction) = (f.target, f.prediction);
        samples.push(Sample { row, loss: f.loss, contribution, target, prediction });
    }
    samples.sort_by(|a, b| b.loss.total_cmp(&a.loss));
    let mut terms = vec![("data".to_string(), whole.data)];
    terms.extend(whole.penalties);
    Ok(Worst { samples, loss: whole.loss, classes, terms })
}

/// Reads a loss, its terms and its first sample from its tape.
fn found<T: Float>(loss: Var<'_, T>) -> wengert_autograd::Result<Found> {
    let lines = loss.tape().lines();
    let goal = Goal::find(&lines, loss.index());
    let (data, penalties) = super::structure::terms(&Reading::new(&lines, loss.index()), None);
    let value = |k: usize| {
        let value = lines.get(k).and_then(|line| line.value()?.item().ok());
        value.map_or(f64::NAN, |x| x.to_f64())
    };
    let named = |&k: &usize| {
        let at = lines.get(k).map_or(String::new(), |l| format!("{} at {}", l.op().name(), l.at()));
        (at, value(k))
    };
    let pair = goal.as_ref().map(|goal| {
        let prediction = lines.get(goal.prediction).and_then(|l| l.value());
        let numbers: Vec<f64> =
            prediction.iter().flat_map(|p| p.iter()).map(|x| x.to_f64()).collect();
        match goal.kind {
            Kind::Classes => {
                let most = (0..numbers.len()).max_by(|&a, &b| numbers[a].total_cmp(&numbers[b]));
                (goal.first_label(&lines), most.map(|k| k as f64))
            }
            _ => {
                let target = lines.get(goal.target).and_then(|l| l.value());
                let target = target.and_then(|t| t.iter().next().map(|t| t.to_f64()));
                (target, numbers.first().copied())
            }
        }
    });
    let (target, prediction) = pair.unwrap_or((None, None));
    let weights = goal.as_ref().and_then(|goal| {
        let line = lines.get(goal.compares)?;
        let (_, weights) = line.op().get::<ops::CrossEntropy<T>>()?.0.labels()?;
        Some(weights?.iter().map(|w| w.to_f64()).collect())
    });
    Ok(Found {
        loss: loss.item()?.to_f64(),
        data: data.into_iter().map(value).sum(),
        weights: weights.unwrap_or_default(),
        penalties: penalties.iter().map(named).collect(),
        target,
        prediction,
        // Of one label a sample; places of a sequence have a label each.
        classes: goal.is_some_and(|goal| {
            let one = lines.get(goal.prediction).is_some_and(|l| l.shape().first() == Some(&1));
            goal.kind == Kind::Classes && one
        }),
    })
}

impl fmt::Display for Worst {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "loss {} of {} samples; the worst:", number(self.loss), self.samples.len())?;
        writeln!(
            f,
            "{:>6}  {:>10}  {:>12}  {:>10}  {:>10}",
            "row", "loss", "contribution", "target", "prediction"
        )?;
        let text = |x: Option<f64>| x.map_or("-".into(), number);
        for s in self.samples.iter().take(10) {
            writeln!(
                f,
                "{:>6}  {:>10}  {:>12}  {:>10}  {:>10}",
                s.row,
                number(s.loss),
                number(s.contribution),
                text(s.target),
                text(s.prediction)
            )?;
        }
        for (class, part) in self.classes.iter().enumerate() {
            writeln!(f, "class {class}: {} ({:.0} %)", number(*part), 100.0 * part / self.loss)?;
        }
        for (name, part) in &self.terms {
            writeln!(f, "{name}: {} ({:.0} %)", number(*part), 100.0 * part / self.loss)?;
        }
        let n = 10.min(self.samples.len());
        write!(f, "the worst {n} make {:.0} % of the loss", 100.0 * self.share(n))
    }
}
