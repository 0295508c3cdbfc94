//! The loop's comforts, tested. One program, so that all is compiled once.

#![allow(clippy::unwrap_used)]

mod batches;
mod companions;
mod doctor;
mod preflight;
mod resume;
mod threads;
mod trainer;
