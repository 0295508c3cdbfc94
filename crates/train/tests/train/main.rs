//! The loop's comforts, tested. One program, so that all is compiled once.

#![allow(clippy::unwrap_used)]

mod adversaries;
mod batches;
mod by_metric;
mod companions;
mod datasets;
mod doctor;
mod files;
mod golden;
mod kills;
mod lines;
mod panics;
mod penalties;
mod preflight;
mod resume;
mod settings;
mod sweep;
mod tasks;
mod together;
mod trainer;
