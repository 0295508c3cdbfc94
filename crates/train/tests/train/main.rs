//! The loop's comforts, tested. One program, so that all is compiled once.

#![allow(clippy::unwrap_used)]

mod resume;
mod threads;
mod trainer;
