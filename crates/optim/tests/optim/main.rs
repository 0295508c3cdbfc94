//! The optimisers, tested. One program, so that each is compiled once and not for every file.

#![allow(clippy::unwrap_used)]

mod clipping;
mod common;
mod faults;
mod first_steps;
mod lbfgs;
mod peer;
mod proximal;
mod resume;
mod rows;
mod schedule_options;
mod schedules;
mod traces;
mod usage;
mod whole_traces;
mod wrappers;
