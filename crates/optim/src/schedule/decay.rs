//! Rates that fall or rise from an initial rate: in stairs, by powers, along lines.

use super::Schedule;
use super::options::{FRACTION, GAMMA, LENGTH, RATE, STEPS, check};
use crate::Result;
use crate::settings::NOT_NEGATIVE;

/// A constant rate, or a fraction of it for some steps first: PyTorch's `ConstantLR`.
///
/// ```
/// # use wengert_optim::schedule::{ConstantLr, Schedule};
/// assert_eq!(ConstantLr::new(0.1).rate(1000), 0.1);
/// let schedule = ConstantLr::new(0.4).factor(0.25, 5);
/// assert_eq!([4, 5].map(|step| schedule.rate(step)), [0.1, 0.4]);
/// ```
#[derive(Clone, Debug)]
pub struct ConstantLr {
    rate: f64,
    factor: f64,
    steps: usize,
}

impl ConstantLr {
    /// This rate.
    pub fn new(rate: f64) -> Self {
        Self { rate, factor: 1.0, steps: 0 }
    }

    /// This fraction of it for the first `steps`, which may be 0. PyTorch's defaults are ⅓ and 5.
    #[must_use]
    pub fn factor(self, factor: f64, steps: usize) -> Self {
        Self { factor, steps, ..self }
    }
}

impl Schedule for ConstantLr {
    fn rate(&self, step: usize) -> f64 {
        if step < self.steps { self.rate * self.factor } else { self.rate }
    }
    #[track_caller]
    fn check(&self) -> Result<()> {
        let options = [("rate", self.rate, RATE), ("factor", self.factor, FRACTION)];
        check("ConstantLr", &options)
    }
}

/// From one fraction of a rate to another along a line: PyTorch's `LinearLR`.
///
/// ```
/// # use wengert_optim::schedule::{LinearLr, Schedule};
/// let schedule = LinearLr::new(1.0, 4).from(0.5);
/// assert_eq!([0, 2, 4, 100].map(|step| schedule.rate(step)), [0.5, 0.75, 1.0, 1.0]);
/// ```
#[derive(Clone, Debug)]
pub struct LinearLr {
    rate: f64,
    start: f64,
    end: f64,
    steps: usize,
}

impl LinearLr {
    /// From ⅓ of the rate to the rate, over so many steps (5 in PyTorch); of 0 steps, the end from the first on.
    pub fn new(rate: f64, steps: usize) -> Self {
        Self { rate, start: 1.0 / 3.0, end: 1.0, steps }
    }

    /// The fraction at the start: `start_factor`, ⅓ by default.
    #[must_use]
    pub fn from(self, start: f64) -> Self {
        Self { start, ..self }
    }

    /// The fraction at the end: `end_factor`, 1 by default.
    #[must_use]
    pub fn to(self, end: f64) -> Self {
        Self { end, ..self }
    }
}

impl Schedule for LinearLr {
    fn rate(&self, step: usize) -> f64 {
        let way = if step < self.steps { step as f64 / self.steps as f64 } else { 1.0 };
        self.rate * (self.start + (self.end - self.start) * way)
    }
    #[track_caller]
    fn check(&self) -> Result<()> {
        let options =
            [("rate", self.rate, RATE), ("from", self.start, FRACTION), ("to", self.end, FRACTION)];
        check("LinearLr", &options)
    }
}

/// Multiplies by γ after every `size` steps: PyTorch's `StepLR`.
///
/// ```
/// # use wengert_optim::schedule::{Schedule, StepLr};
/// let schedule = StepLr::new(0.8, 30).gamma(0.5);
/// assert_eq!([0, 29, 30, 60].map(|step| schedule.rate(step)), [0.8, 0.8, 0.4, 0.2]);
/// ```
#[derive(Clone, Debug)]
pub struct StepLr {
    rate: f64,
    size: usize,
    gamma: f64,
}

impl StepLr {
    /// From this rate, lower after every `size` steps.
    pub fn new(rate: f64, size: usize) -> Self {
        Self { rate, size, gamma: 0.1 }
    }

    /// The factor of the rate: `gamma`, 0.1 by default.
    #[must_use]
    pub fn gamma(self, gamma: f64) -> Self {
        Self { gamma, ..self }
    }
}

impl Schedule for StepLr {
    fn rate(&self, step: usize) -> f64 {
        let falls = step.checked_div(self.size);
        falls.map_or(f64::NAN, |falls| self.rate * self.gamma.powf(falls as f64))
    }
    #[track_caller]
    fn check(&self) -> Result<()> {
        let options = [
            ("rate", self.rate, RATE),
            (
                "size",
                self.size as f64,
                (STEPS, "the rate falls after every `size` steps: `StepLr::new(0.1, 30)`"),
            ),
            ("gamma", self.gamma, GAMMA),
        ];
        check("StepLr", &options)
    }
}

/// Multiplies by γ at each of some steps: PyTorch's `MultiStepLR`.
///
/// ```
/// # use wengert_optim::schedule::{MultiStepLr, Schedule};
/// let schedule = MultiStepLr::new(0.8, [30, 80]).gamma(0.5);
/// assert_eq!([29, 30, 79, 80].map(|step| schedule.rate(step)), [0.8, 0.4, 0.4, 0.2]);
/// ```
#[derive(Clone, Debug)]
pub struct MultiStepLr {
    rate: f64,
    milestones: Vec<usize>,
    gamma: f64,
}

impl MultiStepLr {
    /// From this rate, lower at each of these steps (at one that is named twice, twice).
    pub fn new(rate: f64, milestones: impl Into<Vec<usize>>) -> Self {
        Self { rate, milestones: milestones.into(), gamma: 0.1 }
    }

    /// The factor of the rate: `gamma`, 0.1 by default.
    #[must_use]
    pub fn gamma(self, gamma: f64) -> Self {
        Self { gamma, ..self }
    }
}

impl Schedule for MultiStepLr {
    fn rate(&self, step: usize) -> f64 {
        let falls = self.milestones.iter().filter(|&&m| m <= step).count();
        self.rate * self.gamma.powf(falls as f64)
    }
    #[track_caller]
    fn check(&self) -> Result<()> {
        let options = [("rate", self.rate, RATE), ("gamma", self.gamma, GAMMA)];
        check("MultiStepLr", &options)
    }
}

/// Multiplies by γ at every step: PyTorch's `ExponentialLR`.
///
/// ```
/// # use wengert_optim::schedule::{ExponentialLr, Schedule};
/// let schedule = ExponentialLr::new(0.8, 0.5);
/// assert_eq!([0, 1, 2].map(|step| schedule.rate(step)), [0.8, 0.4, 0.2]);
/// ```
#[derive(Clone, Debug)]
pub struct ExponentialLr {
    rate: f64,
    gamma: f64,
}

impl ExponentialLr {
    /// From this rate, times `gamma` at every step.
    pub fn new(rate: f64, gamma: f64) -> Self {
        Self { rate, gamma }
    }
}

impl Schedule for ExponentialLr {
    fn rate(&self, step: usize) -> f64 {
        self.rate * self.gamma.powf(step as f64)
    }
    #[track_caller]
    fn check(&self) -> Result<()> {
        let options = [("rate", self.rate, RATE), ("gamma", self.gamma, GAMMA)];
        check("ExponentialLr", &options)
    }
}

/// To 0 by a power of the fraction of steps that are left: PyTorch's `PolynomialLR`.
///
/// ```
/// # use wengert_optim::schedule::{PolynomialLr, Schedule};
/// let schedule = PolynomialLr::new(0.8, 4).power(2.0);
/// assert_eq!([0, 2, 4, 9].map(|step| schedule.rate(step)), [0.8, 0.2, 0.0, 0.0]);
/// ```
#[derive(Clone, Debug)]
pub struct PolynomialLr {
    rate: f64,
    steps: usize,
    power: f64,
}

impl PolynomialLr {
    /// From this rate to 0 over so many steps (5 in PyTorch).
    pub fn new(rate: f64, steps: usize) -> Self {
        Self { rate, steps, power: 1.0 }
    }

    /// The power: `power`, 1 (a line) by default.
    #[must_use]
    pub fn power(self, power: f64) -> Self {
        Self { power, ..self }
    }
}

impl Schedule for PolynomialLr {
    fn rate(&self, step: usize) -> f64 {
        let left = if step < self.steps { 1.0 - step as f64 / self.steps as f64 } else { 0.0 };
        self.rate * left.powf(self.power)
    }
    #[track_caller]
    fn check(&self) -> Result<()> {
        let options = [
            ("rate", self.rate, RATE),
            ("steps", self.steps as f64, LENGTH),
            ("power", self.power, (NOT_NEGATIVE, "1 is a line")),
        ];
        check("PolynomialLr", &options)
    }
}

/// Times a factor that each step has of its own: PyTorch's `MultiplicativeLR`. A step's rate is the product of all factors
/// from step 1 on, so asking for it takes as long as the step is late; a closed formula as a closure does not.
///
/// ```
/// # use wengert_optim::schedule::{MultiplicativeLr, Schedule};
/// let schedule = MultiplicativeLr::new(0.8, |step| if step < 3 { 0.5 } else { 1.0 });
/// assert_eq!([0, 1, 2, 3].map(|step| schedule.rate(step)), [0.8, 0.4, 0.2, 0.2]);
/// ```
#[derive(Clone, Debug)]
pub struct MultiplicativeLr<F> {
    rate: f64,
    factor: F,
}

impl<F: Fn(usize) -> f64> MultiplicativeLr<F> {
    /// From this rate; the factors are of the steps from 1 on.
    pub fn new(rate: f64, factor: F) -> Self {
        Self { rate, factor }
    }
}

impl<F: Fn(usize) -> f64> Schedule for MultiplicativeLr<F> {
    fn rate(&self, step: usize) -> f64 {
        (1..=step).fold(self.rate, |rate, step| rate * (self.factor)(step))
    }
    #[track_caller]
    fn check(&self) -> Result<()> {
        check("MultiplicativeLr", &[("rate", self.rate, RATE)])
    }
}
