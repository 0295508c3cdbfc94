//! Rates that fall along half a cosine wave, once or repeatedly.

use std::f64::consts::PI;

use super::Schedule;
use super::options::{LENGTH, RATE, STEPS, check};
use crate::Result;

/// From `high` to `low` along half a cosine wave, at a fraction of the steps.
pub(super) fn half_wave(high: f64, low: f64, way: f64) -> f64 {
    low + (high - low) * (1.0 + (PI * way).cos()) / 2.0
}

/// Falls along half a cosine wave: PyTorch's `CosineAnnealingLR`. After its steps the wave continues, and rises again.
///
/// ```
/// # use wengert_optim::schedule::{CosineAnnealingLr, Schedule};
/// let schedule = CosineAnnealingLr::new(1.0, 100).to(0.5);
/// assert_eq!([0, 50, 100].map(|step| schedule.rate(step)), [1.0, 0.75, 0.5]);
/// ```
#[derive(Clone, Debug)]
pub struct CosineAnnealingLr {
    rate: f64,
    steps: usize,
    end: f64,
}

impl CosineAnnealingLr {
    /// From this rate to 0 over so many steps: `T_max`.
    pub fn new(rate: f64, steps: usize) -> Self {
        Self { rate, steps, end: 0.0 }
    }

    /// The rate at the end: `eta_min`, 0 by default.
    #[must_use]
    pub fn to(self, end: f64) -> Self {
        Self { end, ..self }
    }
}

impl Schedule for CosineAnnealingLr {
    fn rate(&self, step: usize) -> f64 {
        half_wave(self.rate, self.end, step as f64 / self.steps as f64)
    }
    #[track_caller]
    fn check(&self) -> Result<()> {
        let options = [
            ("rate", self.rate, RATE),
            ("steps", self.steps as f64, LENGTH),
            ("to", self.end, RATE),
        ];
        check("CosineAnnealingLr", &options)
    }
}

/// Falls along half a cosine wave and restarts from the top, with longer and longer falls if asked: PyTorch's
/// `CosineAnnealingWarmRestarts`.
///
/// ```
/// # use wengert_optim::schedule::{CosineAnnealingWarmRestarts, Schedule};
/// let schedule = CosineAnnealingWarmRestarts::new(1.0, 10).longer(2);
/// assert_eq!([0, 5, 10, 20, 30].map(|step| schedule.rate(step)), [1.0, 0.5, 1.0, 0.5, 1.0]);
/// ```
#[derive(Clone, Debug)]
pub struct CosineAnnealingWarmRestarts {
    rate: f64,
    first: usize,
    longer: usize,
    end: f64,
}

impl CosineAnnealingWarmRestarts {
    /// From this rate to 0 over so many steps, and again: `T_0`.
    pub fn new(rate: f64, steps: usize) -> Self {
        Self { rate, first: steps, longer: 1, end: 0.0 }
    }

    /// The factor by which each fall is longer than the one before: `T_mult`, 1 by default.
    #[must_use]
    pub fn longer(self, times: usize) -> Self {
        Self { longer: times, ..self }
    }

    /// The rate at the end of a fall: `eta_min`, 0 by default.
    #[must_use]
    pub fn to(self, end: f64) -> Self {
        Self { end, ..self }
    }
}

impl Schedule for CosineAnnealingWarmRestarts {
    fn rate(&self, step: usize) -> f64 {
        if self.first == 0 || self.longer == 0 {
            return f64::NAN;
        }
        let (mut since, mut length) = (step, self.first);
        if self.longer == 1 {
            since %= length;
        }
        while since >= length {
            since -= length;
            length = length.saturating_mul(self.longer);
        }
        half_wave(self.rate, self.end, since as f64 / length as f64)
    }
    #[track_caller]
    fn check(&self) -> Result<()> {
        let options = [
            ("rate", self.rate, RATE),
            ("steps", self.first as f64, LENGTH),
            ("longer", self.longer as f64, (STEPS, "1 repeats falls of one length")),
            ("to", self.end, RATE),
        ];
        check("CosineAnnealingWarmRestarts", &options)
    }
}
