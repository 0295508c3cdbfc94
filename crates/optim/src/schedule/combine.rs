//! Combinations of schedules: one after another, one times another, with a warm-up, with a lower bound.

use super::Schedule;
use super::options::{RATE, check};
use crate::Result;

/// [`Schedule::warm_up`].
#[derive(Clone, Debug)]
pub struct WarmUp<S> {
    schedule: S,
    steps: usize,
}

impl<S> WarmUp<S> {
    pub(crate) fn new(schedule: S, steps: usize) -> Self {
        Self { schedule, steps }
    }
}

impl<S: Schedule> Schedule for WarmUp<S> {
    fn rate(&self, step: usize) -> f64 {
        let rate = self.schedule.rate(step);
        if step < self.steps { rate * ((step + 1) as f64 / self.steps as f64) } else { rate }
    }
    fn momentum(&self, step: usize) -> Option<f64> {
        self.schedule.momentum(step)
    }
    #[track_caller]
    fn check(&self) -> Result<()> {
        self.schedule.check()
    }
}

/// [`Schedule::then`].
#[derive(Clone, Debug)]
pub struct Then<A, B> {
    first: A,
    from: usize,
    next: B,
}

impl<A, B> Then<A, B> {
    pub(crate) fn new(first: A, from: usize, next: B) -> Self {
        Self { first, from, next }
    }
}

impl<A: Schedule, B: Schedule> Schedule for Then<A, B> {
    fn rate(&self, step: usize) -> f64 {
        match step.checked_sub(self.from) {
            None => self.first.rate(step),
            Some(since) => self.next.rate(since),
        }
    }
    fn momentum(&self, step: usize) -> Option<f64> {
        match step.checked_sub(self.from) {
            None => self.first.momentum(step),
            Some(since) => self.next.momentum(since),
        }
    }
    #[track_caller]
    fn check(&self) -> Result<()> {
        self.first.check()?;
        self.next.check()
    }
}

/// [`Schedule::times`].
#[derive(Clone, Debug)]
pub struct Times<A, B> {
    schedule: A,
    factor: B,
}

impl<A, B> Times<A, B> {
    pub(crate) fn new(schedule: A, factor: B) -> Self {
        Self { schedule, factor }
    }
}

impl<A: Schedule, B: Schedule> Schedule for Times<A, B> {
    fn rate(&self, step: usize) -> f64 {
        self.schedule.rate(step) * self.factor.rate(step)
    }
    fn momentum(&self, step: usize) -> Option<f64> {
        self.schedule.momentum(step)
    }
    #[track_caller]
    fn check(&self) -> Result<()> {
        self.schedule.check()?;
        self.factor.check()
    }
}

/// [`Schedule::at_least`].
#[derive(Clone, Debug)]
pub struct AtLeast<S> {
    schedule: S,
    floor: f64,
}

impl<S> AtLeast<S> {
    pub(crate) fn new(schedule: S, floor: f64) -> Self {
        Self { schedule, floor }
    }
}

impl<S: Schedule> Schedule for AtLeast<S> {
    fn rate(&self, step: usize) -> f64 {
        let rate = self.schedule.rate(step);
        // Not `max`, which would take a NaN for the floor.
        if rate < self.floor { self.floor } else { rate }
    }
    fn momentum(&self, step: usize) -> Option<f64> {
        self.schedule.momentum(step)
    }
    #[track_caller]
    fn check(&self) -> Result<()> {
        self.schedule.check()?;
        check("at_least", &[("floor", self.floor, RATE)])
    }
}
