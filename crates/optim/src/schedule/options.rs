//! The options of a schedule, as they are checked: each with its bound, and the fix.

use std::panic::Location;

use crate::settings::{Bound, NOT_NEGATIVE};
use crate::{Error, Result};

/// A number of steps.
pub(super) const STEPS: Bound = Bound { holds: |x| x >= 1.0, words: "be at least 1" };

/// A bound and the fix.
type Rule = (Bound, &'static str);

/// The rates that a schedule starts from, rises to or ends at.
pub(super) const RATE: Rule = (NOT_NEGATIVE, "a learning rate is often between 0.0001 and 0.1");
/// γ.
pub(super) const GAMMA: Rule =
    (NOT_NEGATIVE, "a factor below 1 lowers the rate, and 1 leaves it as it is");
/// The number of steps that a schedule takes to its end.
pub(super) const LENGTH: Rule =
    (STEPS, "the number of steps, or of epochs, from the first rate to the last");
/// A fraction of the rate.
pub(super) const FRACTION: Rule = (NOT_NEGATIVE, "1 stands for the whole rate");

/// An option: its name, its value, its bound and the fix.
pub(super) type Choice = (&'static str, f64, Rule);

/// The error of the first option that is out of bounds.
#[track_caller]
pub(super) fn check(schedule: &'static str, options: &[Choice]) -> Result<()> {
    for &(setting, x, (bound, help)) in options {
        if let Some(rule) = bound.broken_by(setting, x) {
            let rule = format!("{rule}\n  help: {help}");
            return Err(Error::Setting {
                optimizer: schedule,
                setting,
                rule,
                at: Location::caller(),
            });
        }
    }
    Ok(())
}
