//! The whole framework, tested as its users meet it. One program, so that it is compiled and linked once and not for every file.

#![allow(clippy::unwrap_used)]

mod classifier;
mod conventions;
mod errata;
mod examples;
mod misuse;
mod own_optimizer;
mod pytorch_loop;
mod tutorials;
