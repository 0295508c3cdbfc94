//! Schedules: the learning rate as a function of the step, and nothing else.
//!
//! A schedule has no state: `schedule.rate(step)` is the rate for a step, the first being 0, and asking twice, or in another
//! order, or after a restart gives the same. Whether a step is a batch or an epoch is up to the loop:
//!
//! ```
//! use wengert_autograd::Param;
//! use wengert_optim::schedule::{CosineAnnealingLr, Schedule};
//! use wengert_optim::{Optimizer, Sgd};
//! # use wengert_tensor::tensor;
//!
//! # let w = Param::new(tensor![1.0_f32]);
//! let mut optimizer = Sgd::new([w], 0.1);
//! let schedule = CosineAnnealingLr::new(0.1, 100).warm_up(10);
//! for epoch in 0..100 {
//!     optimizer.set_learning_rate(schedule.rate(epoch));
//!     // … the epoch's steps …
//! }
//! ```
//!
//! A schedule whose options give no rate (a period of 0 steps, say) returns NaN, which the optimiser's next step rejects.
//! [`Schedule::check`] names the option; a trainer asks it before the first step. [`ReduceLrOnPlateau`] is the one that has a state,
//! for it looks at the losses.
//!
//! | PyTorch | here |
//! |---|---|
//! | `ConstantLR` | [`ConstantLr`] |
//! | `LinearLR` | [`LinearLr`] |
//! | `StepLR`, `MultiStepLR` | [`StepLr`], [`MultiStepLr`] |
//! | `ExponentialLR` | [`ExponentialLr`] |
//! | `PolynomialLR` | [`PolynomialLr`] |
//! | `CosineAnnealingLR` | [`CosineAnnealingLr`] |
//! | `CosineAnnealingWarmRestarts` | [`CosineAnnealingWarmRestarts`] |
//! | `OneCycleLR` | [`OneCycleLr`] |
//! | `CyclicLR` | [`CyclicLr`] |
//! | `LambdaLR` | a closure: <code>&#124;step&#124; 0.1 * f(step)</code> |
//! | `MultiplicativeLR` | [`MultiplicativeLr`] |
//! | `SequentialLR` | [`.then(step, next)`](Schedule::then) |
//! | `ChainedScheduler` | [`.times(factor)`](Schedule::times) |
//! | `ReduceLROnPlateau` | [`ReduceLrOnPlateau`] |

mod combine;
mod cosine;
mod cycle;
mod decay;
mod options;
mod plateau;

pub use combine::{AtLeast, Then, Times, WarmUp};
pub use cosine::{CosineAnnealingLr, CosineAnnealingWarmRestarts};
pub use cycle::{Anneal, CyclicLr, OneCycleLr};
pub use decay::{
    ConstantLr, ExponentialLr, LinearLr, MultiStepLr, MultiplicativeLr, PolynomialLr, StepLr,
};
pub use plateau::{Mode, PlateauState, ReduceLrOnPlateau, Threshold};

use std::panic::Location;

use crate::Result;

/// The learning rate as a function of the step. Any `Fn(usize) -> f64` is one.
pub trait Schedule {
    /// The learning rate for this step; the first is 0.
    fn rate(&self, step: usize) -> f64;

    /// The momentum for this step, of schedules that cycle it: for [`set_momentum`](crate::Optimizer::set_momentum).
    fn momentum(&self, _step: usize) -> Option<f64> {
        None
    }

    /// Checks that the options give a rate at every step. A trainer calls it; call it yourself before a loop of your own.
    ///
    /// ```
    /// # use wengert_optim::schedule::{Schedule, StepLr};
    /// let error = StepLr::new(0.1, 0).check().unwrap_err().to_string();
    /// assert!(error.starts_with("StepLr: `size` is 0, and must be at least 1"));
    /// ```
    ///
    /// # Errors
    /// [`Error::Setting`](crate::Error::Setting) names the schedule, the option, its value, the rule and the fix.
    #[track_caller]
    fn check(&self) -> Result<()> {
        Ok(())
    }

    /// Rises evenly from near 0 to this schedule's rate over so many steps: times 1/steps, 2/steps, …, 1. The schedule
    /// itself runs meanwhile. Of 0 steps there is no rise.
    ///
    /// ```
    /// # use wengert_optim::schedule::{ConstantLr, Schedule};
    /// let schedule = ConstantLr::new(0.4).warm_up(4);
    /// assert_eq!([0, 1, 3, 100].map(|step| schedule.rate(step)), [0.1, 0.2, 0.4, 0.4]);
    /// ```
    fn warm_up(self, steps: usize) -> WarmUp<Self>
    where
        Self: Sized,
    {
        WarmUp::new(self, steps)
    }

    /// From `step` on another schedule, from its own beginning.
    ///
    /// ```
    /// # use wengert_optim::schedule::{ConstantLr, ExponentialLr, Schedule};
    /// let schedule = ConstantLr::new(0.5).then(10, ExponentialLr::new(0.5, 0.5));
    /// assert_eq!([9, 10, 11].map(|step| schedule.rate(step)), [0.5, 0.5, 0.25]);
    /// ```
    fn then<S: Schedule>(self, step: usize, next: S) -> Then<Self, S>
    where
        Self: Sized,
    {
        Then::new(self, step, next)
    }

    /// Times a factor that is a function of the step too.
    ///
    /// ```
    /// # use wengert_optim::schedule::{ExponentialLr, Schedule, StepLr};
    /// let schedule = StepLr::new(1.0, 2).gamma(0.5).times(|step| if step < 1 { 0.1 } else { 1.0 });
    /// assert_eq!([0, 1, 2].map(|step| schedule.rate(step)), [0.1, 1.0, 0.5]);
    /// ```
    fn times<S: Schedule>(self, factor: S) -> Times<Self, S>
    where
        Self: Sized,
    {
        Times::new(self, factor)
    }

    /// Never below this rate.
    fn at_least(self, floor: f64) -> AtLeast<Self>
    where
        Self: Sized,
    {
        AtLeast::new(self, floor)
    }
}

impl<F: Fn(usize) -> f64> Schedule for F {
    fn rate(&self, step: usize) -> f64 {
        self(step)
    }
}

impl Schedule for Box<dyn Schedule + '_> {
    fn rate(&self, step: usize) -> f64 {
        (**self).rate(step)
    }
    fn momentum(&self, step: usize) -> Option<f64> {
        (**self).momentum(step)
    }
    #[track_caller]
    fn check(&self) -> Result<()> {
        // Behind a `dyn` the caller's line is not known.
        let at = Location::caller();
        (**self).check().map_err(|error| error.outside_of("", at))
    }
}
