//! Losses as negative log-likelihoods: counts by Poisson's distribution, numbers by a normal one whose variance is
//! predicted too.

use std::f64::consts::PI;

use wengert_autograd::{Operand, Result, Var};
use wengert_tensor::pointwise::HALF;
use wengert_tensor::{Error as TensorError, Fault, Float};

use crate::Reduction;
use crate::criterion::Loss;
use crate::formula::formula;
use crate::reduce::{checks_numbers, reduce, reducible};
use crate::refuse::{Numbers, alike, amount, every, option};

/// Counts: λ - y·ln λ of a rate λ that is predicted by its logarithm x (eˣ - y·x) or, with `.of_rates()`, by itself
/// (x - y·ln(x + epsilon)). Its mean is over all elements. PyTorch's `poisson_nll_loss`.
///
/// ```
/// use wengert_autograd::Tape;
/// use wengert_loss::poisson_nll;
/// use wengert_tensor::tensor;
///
/// let tape = Tape::new();
/// let log_rate = tape.var(tensor![0.0_f64]);
/// let loss = poisson_nll(log_rate, &tensor![3.0])?;
/// assert_eq!(loss.item()?, 1.0);
/// // eˣ - y: the rate moves towards the count.
/// assert_eq!(loss.gradients()?.wrt(log_rate).value()?, tensor![-2.0]);
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub struct PoissonNllLoss {
    of_rates: bool,
    full: bool,
    epsilon: f64,
    numbers: Numbers,
    reduction: Reduction,
}

impl Default for PoissonNllLoss {
    fn default() -> Self {
        Self {
            of_rates: false,
            full: false,
            epsilon: 1e-8,
            numbers: Numbers::Checked,
            reduction: Reduction::Mean,
        }
    }
}

impl PoissonNllLoss {
    /// For logarithms of rates, without the term that depends on the target alone.
    pub fn new() -> Self {
        Self::default()
    }
    /// With predictions that are rates, not their logarithms: PyTorch's `log_input=False`.
    pub fn of_rates(mut self) -> Self {
        self.of_rates = true;
        self
    }
    /// With the term of the target alone, ln(y!), by Stirling's formula, where y > 1.
    pub fn full(mut self) -> Self {
        self.full = true;
        self
    }
    /// With this number added to a rate before its logarithm is taken; 1e-8 by default.
    pub fn epsilon(mut self, epsilon: f64) -> Self {
        self.epsilon = epsilon;
        self
    }
}

/// Normal noise with a predicted variance: ½(ln v + (ŷ - y)²/v), where v is the variance, or epsilon if that is larger. Its mean is over all
/// elements. PyTorch's `gaussian_nll_loss`. The target is a pair: the number and the variance.
///
/// The variance has the prediction's shape, or lacks its last axis, or has size 1 there: one variance per sample. Where it
/// counts as epsilon, its gradient passes as if it did not, so that a variance that is too low can rise again.
///
/// ```
/// use wengert_autograd::Tape;
/// use wengert_loss::{GaussianNllLoss, Loss};
/// use wengert_tensor::tensor;
///
/// let tape = Tape::new();
/// let (mean, variance) = (tape.var(tensor![1.0_f64, 2.0]), tape.var(tensor![1.0, 4.0]));
/// let loss = GaussianNllLoss::new().forward(mean, (&tensor![2.0, 2.0], variance))?;
/// assert_eq!(loss.item()?, (0.5 + 0.5 * 4.0_f64.ln()) / 2.0);
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub struct GaussianNllLoss {
    full: bool,
    epsilon: f64,
    reduction: Reduction,
}

impl Default for GaussianNllLoss {
    fn default() -> Self {
        Self { full: false, epsilon: 1e-6, reduction: Reduction::Mean }
    }
}

impl GaussianNllLoss {
    /// Without the constant ½ ln 2π.
    pub fn new() -> Self {
        Self::default()
    }
    /// With the constant ½ ln 2π.
    pub fn full(mut self) -> Self {
        self.full = true;
        self
    }
    /// The least variance; 1e-6 if it is not called.
    pub fn epsilon(mut self, epsilon: f64) -> Self {
        self.epsilon = epsilon;
        self
    }
}
reducible!(PoissonNllLoss GaussianNllLoss);
checks_numbers!(PoissonNllLoss);

impl<'t, T: Float, Target: Operand<'t, T>> Loss<'t, T, Target> for PoissonNllLoss {
    #[track_caller]
    fn forward(&self, x: Var<'t, T>, target: Target) -> Result<Var<'t, T>> {
        const OP: &str = "poisson_nll";
        let y = target.on(x);
        alike(OP, "prediction", &x.shape(), "target", &y.shape())?;
        if self.numbers == Numbers::Checked {
            every(OP, "target", &y.value()?, amount, "a count is finite and 0 or more", None)?;
            if self.of_rates {
                let help = "if these are logarithms of rates, leave out `.of_rates()`";
                every(
                    OP,
                    "prediction",
                    &x.value()?,
                    |x| x >= 0.0,
                    "a rate is 0 or more",
                    Some(help),
                )?;
            }
        }
        option(OP, amount(self.epsilon), || {
            format!("epsilon is {}, and must be finite and 0 or more", self.epsilon)
        })?;
        // A count of 0 takes no part, even where the logarithm of the rate is infinite.
        let epsilon = self.epsilon;
        let losses = if self.of_rates {
            formula!(OP, { epsilon }, |x, y| x - y.gated((x + epsilon).ln()))?
        } else {
            formula!(OP, |x, y| x.exp() - y.gated(x))?
        };
        let losses = if self.full { losses.try_add(stirling(y)?)? } else { losses };
        reduce(OP, losses, self.reduction)
    }
}

/// y·ln y - y + ½ ln 2πy where y > 1, else 0.
#[track_caller]
fn stirling<'t, T: Float>(y: Var<'t, T>) -> Result<Var<'t, T>> {
    let large = y.value()?.map(|y| y > T::ONE);
    let one = y.tape().constant(y.value()?.ones_like());
    let y = y.where_(&large, one)?;
    let full =
        y.try_mul(y.ln())?.try_sub(y)?.try_add(y.mul_scalar(2.0 * PI).ln().mul_scalar(0.5))?;
    full.masked_fill(&!large, T::ZERO)
}

impl<'t, T: Float, Target: Operand<'t, T>, Variance: Operand<'t, T>> Loss<'t, T, (Target, Variance)>
    for GaussianNllLoss
{
    #[track_caller]
    fn forward(&self, mean: Var<'t, T>, target: (Target, Variance)) -> Result<Var<'t, T>> {
        const OP: &str = "gaussian_nll";
        let (y, variance) = (target.0.on(mean), target.1.on(mean));
        let shape = mean.shape();
        alike(OP, "prediction", &shape, "target", &y.shape())?;
        option(OP, self.epsilon > 0.0 && self.epsilon.is_finite(), || {
            format!("epsilon is {}, and must be positive and finite", self.epsilon)
        })?;
        let variance = variance_for(OP, variance, &shape)?;
        let value = variance.value()?;
        every(
            OP,
            "variance",
            &value,
            amount,
            "a variance is finite and 0 or more",
            Some("let the net predict its logarithm, and pass `x.exp()`"),
        )?;
        let low = value.map(|v| v.to_f64() < self.epsilon);
        let variance = if low.any() {
            // Lifted by a constant, so that the gradient passes.
            variance.try_add(value.clamp(self.epsilon, f64::INFINITY).try_sub(&value)?)?
        } else {
            variance
        };
        let losses = formula!(OP, |mean, y, variance| {
            (variance.ln() + (mean - y).square() / variance) * HALF
        })?;
        let losses = if self.full { losses.add_scalar(0.5 * (2.0 * PI).ln()) } else { losses };
        reduce(OP, losses, self.reduction)
    }
}

/// The variance, with a last axis of size 1 if it lacks one.
#[track_caller]
fn variance_for<'t, T: Float>(
    op: &'static str,
    variance: Var<'t, T>,
    shape: &[usize],
) -> Result<Var<'t, T>> {
    let given = variance.shape();
    let Some((_, samples)) = shape.split_last().filter(|_| *given != *shape) else {
        alike(op, "prediction", shape, "variance", &given)?;
        return Ok(variance);
    };
    if *given == *samples {
        return variance.unsqueeze(-1);
    }
    if given.len() == shape.len() && given.last() == Some(&1) && given.starts_with(samples) {
        return Ok(variance);
    }
    let rule = format!(
        "the variance is {given}, and must have the prediction's shape, or 1 for its last axis, or lack that axis"
    );
    Err(TensorError::Shape(Fault::new(op, &[shape, &given], rule)).into())
}

/// The mean of [`PoissonNllLoss`], of logarithms of rates, over all elements.
///
/// # Errors
/// If the shapes differ, a count is negative or not finite, or there is no element.
#[track_caller]
pub fn poisson_nll<'t, T: Float>(
    log_rate: Var<'t, T>,
    target: impl Operand<'t, T>,
) -> Result<Var<'t, T>> {
    PoissonNllLoss::new().forward(log_rate, target)
}

/// The mean of [`GaussianNllLoss`] over all elements.
///
/// # Errors
/// If the shapes do not match, a variance is negative or not finite, or there is no element.
#[track_caller]
pub fn gaussian_nll<'t, T: Float>(
    mean: Var<'t, T>,
    target: impl Operand<'t, T>,
    variance: impl Operand<'t, T>,
) -> Result<Var<'t, T>> {
    GaussianNllLoss::new().forward(mean, (target, variance))
}
