//! `ReduceLrOnPlateau`: a lower rate when the loss has stopped falling. The one schedule that remembers.

use super::options::{RATE, check};
use crate::Result;
use crate::settings::{FINITE, NOT_NEGATIVE, SHARE};

/// Whether less is better, or more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Less is better: a loss.
    #[default]
    Min,
    /// More is better: an accuracy.
    Max,
}

/// By how much a value must be better than the best to count as better.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Threshold {
    /// By this fraction of the best.
    Relative(f64),
    /// By this amount.
    Absolute(f64),
}

/// Lowers the rate when a loss, or another measure, has not become better for a while: PyTorch's `ReduceLROnPlateau`.
///
/// ```
/// # use wengert_optim::schedule::ReduceLrOnPlateau;
/// let mut plateau = ReduceLrOnPlateau::new(0.5).factor(0.5).patience(1);
/// let rates = [3.0, 2.0, 2.0, 2.0, 2.0].map(|loss| plateau.step(loss));
/// assert_eq!(rates, [0.5, 0.5, 0.5, 0.25, 0.25]);
/// ```
///
/// In a loop: `optimizer.set_learning_rate(plateau.step(validation_loss))`.
#[derive(Clone, Debug)]
pub struct ReduceLrOnPlateau {
    mode: Mode,
    threshold: Threshold,
    factor: f64,
    patience: usize,
    cooldown: usize,
    floor: f64,
    eps: f64,
    state: PlateauState,
}

/// The state: everything that must be saved.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlateauState {
    /// The rate in force.
    pub rate: f64,
    /// The best value so far; none yet: infinity of the worse sign.
    pub best: f64,
    /// Steps since then, or since the rate was lowered.
    pub bad: usize,
    /// Steps in which bad ones do not count, still to come.
    pub cooldown: usize,
}

impl ReduceLrOnPlateau {
    /// From this rate; a tenth of it after ten steps without one that is better.
    pub fn new(rate: f64) -> Self {
        Self {
            mode: Mode::Min,
            threshold: Threshold::Relative(1e-4),
            factor: 0.1,
            patience: 10,
            cooldown: 0,
            floor: 0.0,
            eps: 1e-8,
            state: PlateauState { rate, best: f64::INFINITY, bad: 0, cooldown: 0 },
        }
    }

    /// Whether less is better, or more: `mode`, less by default.
    #[must_use]
    pub fn mode(mut self, mode: Mode) -> Self {
        self.mode = mode;
        self.state.best = match mode {
            Mode::Min => f64::INFINITY,
            Mode::Max => f64::NEG_INFINITY,
        };
        self
    }

    /// The factor by which the rate is reduced: `factor`, 0.1 by default.
    #[must_use]
    pub fn factor(self, factor: f64) -> Self {
        Self { factor, ..self }
    }

    /// The number of steps in a row that may be no better: `patience`, 10 by default.
    #[must_use]
    pub fn patience(self, steps: usize) -> Self {
        Self { patience: steps, ..self }
    }

    /// By how much a value must be better to count: `threshold` and `threshold_mode`, a fraction of 1e-4 by default.
    #[must_use]
    pub fn threshold(self, threshold: Threshold) -> Self {
        Self { threshold, ..self }
    }

    /// The number of steps after a reduction that do not count: `cooldown`, 0 by default.
    #[must_use]
    pub fn cooldown(self, steps: usize) -> Self {
        Self { cooldown: steps, ..self }
    }

    /// Never below this rate: `min_lr`, 0 by default.
    #[must_use]
    pub fn at_least(self, floor: f64) -> Self {
        Self { floor, ..self }
    }

    /// A change smaller than this is not made: `eps`, 1e-8 by default.
    #[must_use]
    pub fn eps(self, eps: f64) -> Self {
        Self { eps, ..self }
    }

    /// Checks that the settings give a rate after every step. A trainer calls it; call it yourself before a loop of your own.
    ///
    /// ```
    /// # use wengert_optim::schedule::ReduceLrOnPlateau;
    /// assert!(ReduceLrOnPlateau::new(0.1).check().is_ok());
    /// assert!(ReduceLrOnPlateau::new(0.1).factor(2.0).check().is_err());
    /// ```
    ///
    /// # Errors
    /// [`Error::Setting`](crate::Error::Setting) names the setting, its value, the rule and the fix.
    #[track_caller]
    pub fn check(&self) -> Result<()> {
        let by = match self.threshold {
            Threshold::Relative(by) | Threshold::Absolute(by) => by,
        };
        let options = [
            ("rate", self.state.rate, RATE),
            ("factor", self.factor, (SHARE, "0.1 lowers the rate to a tenth of it")),
            ("threshold", by, (FINITE, "at 0 any improvement counts")),
            ("at_least", self.floor, RATE),
            ("eps", self.eps, (NOT_NEGATIVE, "at 0 any change is made")),
        ];
        check("ReduceLrOnPlateau", &options)
    }

    /// Takes note of a step's value, and gives the rate from now on. A value that is not a number is no better.
    pub fn step(&mut self, value: f64) -> f64 {
        let state = &mut self.state;
        let better = match (self.mode, self.threshold) {
            (Mode::Min, Threshold::Relative(share)) => value < state.best * (1.0 - share),
            (Mode::Min, Threshold::Absolute(by)) => value < state.best - by,
            (Mode::Max, Threshold::Relative(share)) => value > state.best * (1.0 + share),
            (Mode::Max, Threshold::Absolute(by)) => value > state.best + by,
        };
        if better {
            (state.best, state.bad) = (value, 0);
        } else {
            state.bad += 1;
        }
        if state.cooldown > 0 {
            state.cooldown -= 1;
            state.bad = 0;
        }
        if state.bad > self.patience {
            let lower = (state.rate * self.factor).max(self.floor);
            if state.rate - lower > self.eps {
                state.rate = lower;
            }
            (state.cooldown, state.bad) = (self.cooldown, 0);
        }
        state.rate
    }

    /// The rate in force.
    pub fn rate(&self) -> f64 {
        self.state.rate
    }

    /// The state.
    pub fn state(&self) -> PlateauState {
        self.state
    }

    /// Takes up from there.
    pub fn load_state(&mut self, state: PlateauState) {
        self.state = state;
    }
}
