//! `lr_range_test`: a short run with an ever higher learning rate, to see which ones train.

use std::fmt;
use std::panic::Location;

use wengert_autograd::{Tape, Tensors};
use wengert_data::{DataLoader, Dataset};
use wengert_loss::Loss;
use wengert_nn::Module;
use wengert_optim::{Error as OptimError, Optimizer};
use wengert_tensor::Float;

use crate::Result;
use crate::companions::refuse;
use crate::epoch::{loss_on, tape_of, value_of};
use crate::held::Held;

/// The losses at ever higher learning rates. `{}` prints a table of them.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RangeTest {
    /// Learning rate and loss of the step before it, step by step; ends early where the loss blows up.
    pub steps: Vec<(f64, f64)>,
    /// The reason why it ended.
    pub end: RangeEnd,
}

/// The end of a range test.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum RangeEnd {
    /// All steps are done.
    Done,
    /// The loss rose above four times its least.
    Rose {
        /// The loss.
        loss: f64,
        /// The learning rate of the step after which it was so.
        rate: f64,
    },
    /// The loss or a gradient was not finite.
    NotFinite {
        /// The learning rate of the step after which it was so.
        rate: f64,
    },
}

impl fmt::Display for RangeEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done => write!(f, "all steps are done"),
            Self::Rose { loss, rate } => {
                write!(
                    f,
                    "the loss rose to {loss:.3e}, above four times its least, at a learning rate of {rate:.3e}"
                )
            }
            Self::NotFinite { rate } => {
                write!(f, "the loss or a gradient was not finite at a learning rate of {rate:.3e}")
            }
        }
    }
}

/// The suggestion, the end, and about ten of the steps.
impl fmt::Display for RangeTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let every = self.steps.len().div_ceil(10).max(1);
        writeln!(f, "learning rate      loss")?;
        for (rate, loss) in self.steps.iter().step_by(every) {
            writeln!(f, "{rate:>13.2e}  {loss:>8.4}")?;
        }
        match self.suggestion() {
            Some(rate) => write!(f, "suggestion: {rate:.2e}; {}", self.end),
            None => write!(f, "no suggestion; {}", self.end),
        }
    }
}

impl RangeTest {
    /// A tenth of the rate at which the loss, smoothed, was least: high enough to learn fast, and well below where it diverges.
    pub fn suggestion(&self) -> Option<f64> {
        let mut smooth = None;
        let mut least: Option<(f64, f64)> = None;
        for &(rate, loss) in &self.steps {
            let now = smooth.map_or(loss, |before: f64| 0.8 * before + 0.2 * loss);
            smooth = Some(now);
            if least.is_none_or(|(_, best)| now < best) {
                least = Some((rate, now));
            }
        }
        least.map(|(rate, _)| 0.1 * rate)
    }

    /// The rates' logarithms to base 10, and the losses: for a chart.
    pub fn points(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        self.steps.iter().map(|&(rate, loss)| (rate.log10(), loss))
    }
}

/// Trains for so many steps with a learning rate that rises from `rates.0` to `rates.1` by equal factors, and puts model and
/// optimiser back bit for bit as they were: weights, gradients, buffers, and what the optimiser remembers. When the loader's samples are
/// used up it begins its next epoch.
///
/// ```
/// use wengert_data::{DataLoader, digits};
/// use wengert_loss::CrossEntropyLoss;
/// use wengert_nn::{Linear, Parts, Relu, Sequential};
/// use wengert_optim::Sgd;
/// use wengert_tensor::Rng;
/// use wengert_train::{RangeEnd, lr_range_test};
///
/// let loader = DataLoader::new(digits::<f32>(), 32)?.shuffle(0);
/// let rng = &mut Rng::new(0);
/// let model = Sequential::new().with(Linear::new(64, 32, rng)).with(Relu).with(Linear::new(32, 10, rng));
/// let before = model.state();
/// let mut optimizer = Sgd::new(model.parameters(), 0.1);
/// let test = lr_range_test(&model, &CrossEntropyLoss::new(), &mut optimizer, &loader, (1e-4, 100.0), 100)?;
/// let rate = test.suggestion().unwrap();
/// assert!((0.01..1.0).contains(&rate), "{rate}");
/// assert!(matches!(test.end, RangeEnd::Rose { .. }), "{}", test.end);
/// assert_eq!(model.state(), before);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// If the rates do not rise from above 0, or there are fewer than 2 steps; and those of the loop, after which too all is put back. A
/// model that draws at random needs a seed: [`lr_range_test_seeded`].
#[track_caller]
pub fn lr_range_test<T: Float, X: Tensors, Y: Tensors, P: Tensors>(
    model: &(impl Module<T, X, P> + ?Sized),
    criterion: &impl for<'t, 'a> Loss<'t, T, &'a Y, P>,
    optimizer: &mut (impl Optimizer<T> + ?Sized),
    loader: &DataLoader<impl Dataset<Batch = (X, Y)>>,
    rates: (f64, f64),
    steps: usize,
) -> Result<RangeTest> {
    run(model, criterion, optimizer, loader, rates, steps, None)
}

/// [`lr_range_test`] of a model that draws at random, as dropout does: each step draws what that batch draws in
/// [`train_epoch_seeded`](crate::train_epoch_seeded) with this seed.
///
/// # Errors
/// As [`lr_range_test`].
#[track_caller]
pub fn lr_range_test_seeded<T: Float, X: Tensors, Y: Tensors, P: Tensors>(
    model: &(impl Module<T, X, P> + ?Sized),
    criterion: &impl for<'t, 'a> Loss<'t, T, &'a Y, P>,
    optimizer: &mut (impl Optimizer<T> + ?Sized),
    loader: &DataLoader<impl Dataset<Batch = (X, Y)>>,
    rates: (f64, f64),
    steps: usize,
    seed: u64,
) -> Result<RangeTest> {
    run(model, criterion, optimizer, loader, rates, steps, Some(seed))
}

/// The rule that the arguments break, if they do: the curve would have no slope, or be read from its end.
fn broken((first, last): (f64, f64), steps: usize) -> Option<String> {
    let rule = if !(first > 0.0 && first < last && last.is_finite()) {
        format!("the rates are {first} and {last}, and must be above 0, finite, and rise")
    } else if steps < 2 {
        format!("`steps` is {steps}, and must be at least 2")
    } else {
        return None;
    };
    Some(format!("lr_range_test: {rule}\n  help: 100 steps from 1e-5 to 1.0: `(1e-5, 1.0), 100`"))
}

#[track_caller]
fn run<T: Float, X: Tensors, Y: Tensors, P: Tensors>(
    model: &(impl Module<T, X, P> + ?Sized),
    criterion: &impl for<'t, 'a> Loss<'t, T, &'a Y, P>,
    optimizer: &mut (impl Optimizer<T> + ?Sized),
    loader: &DataLoader<impl Dataset<Batch = (X, Y)>>,
    rates: (f64, f64),
    steps: usize,
    seed: Option<u64>,
) -> Result<RangeTest> {
    let at = Location::caller();
    refuse(broken(rates, steps)).map_err(|error| error.on_line(at))?;
    let memory = optimizer.state();
    let held = Held::of(model).and_parameters(optimizer.parameters());
    let factor = (rates.1 / rates.0).powf(1.0 / steps.saturating_sub(1).max(1) as f64);
    let batches = (0..).flat_map(|epoch| loader.try_epoch(epoch)).take(steps);
    let mut test = RangeTest { steps: Vec::with_capacity(steps), end: RangeEnd::Done };
    let mut wrong = None;
    for (step, batch) in batches.enumerate() {
        let rate = rates.0 * factor.powi(step as i32);
        let before = test.steps.last().map_or(rate, |s| s.0);
        let tape = tape_of(seed, step / loader.batches(), step % loader.batches());
        let loss = match batch {
            Ok((x, y)) => one(&tape, model, criterion, optimizer, x, &y, rate),
            Err(error) => Err(error.into()),
        };
        match loss {
            Ok(loss) => {
                let least = test.steps.iter().map(|s| s.1).fold(f64::INFINITY, f64::min);
                // It has blown up: the next losses tell nothing.
                if !loss.is_finite() {
                    test.end = RangeEnd::NotFinite { rate: before };
                    break;
                }
                if loss > 4.0 * least.abs().max(f64::MIN_POSITIVE) && step > 0 {
                    test.end = RangeEnd::Rose { loss, rate: before };
                    break;
                }
                test.steps.push((rate, loss));
            }
            Err(error) => {
                wrong = Some(error);
                break;
            }
        }
    }
    drop(held);
    optimizer.load_state(memory)?;
    wrong.map_or(Ok(test), Err)
}

/// A step, and the loss before it.
#[track_caller]
fn one<T: Float, X: Tensors, Y: Tensors, P: Tensors>(
    tape: &Tape<T>,
    model: &(impl Module<T, X, P> + ?Sized),
    criterion: &impl for<'t, 'a> Loss<'t, T, &'a Y, P>,
    optimizer: &mut (impl Optimizer<T> + ?Sized),
    inputs: X,
    targets: &Y,
    rate: f64,
) -> Result<f64> {
    optimizer.set_learning_rate(rate);
    optimizer.zero_grad();
    let loss = loss_on(tape, model, criterion, inputs, targets)?;
    let value = value_of("lr_range_test", loss)?;
    if value.is_finite() {
        loss.backward()?;
        match optimizer.step() {
            // The loss was finite still, and its gradient is not: it has blown up.
            Err(OptimError::NotFinite { .. }) => return Ok(f64::INFINITY),
            done => done?,
        }
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_prints_its_rates_and_its_suggestion() {
        let steps = (0..20).map(|k| (1e-3 * 2.0_f64.powi(k), 2.0 - 0.05 * f64::from(k))).collect();
        let test = RangeTest { steps, end: RangeEnd::NotFinite { rate: 1e3 } };
        let text = test.to_string();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 12, "{text}");
        assert_eq!(lines[..2], ["learning rate      loss", "      1.00e-3    2.0000"]);
        assert_eq!(
            lines[11],
            "suggestion: 5.24e1; the loss or a gradient was not finite at a learning rate of 1.000e3"
        );
    }
}
