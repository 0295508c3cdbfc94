//! The loop's comforts, tested. One program, so that all is compiled once.

#![allow(clippy::unwrap_used)]

mod batches;
mod companions;
mod penalties;
mod doctor;
mod resume;
mod tasks;
mod sweep;
mod threads;
mod trainer;
