//! Every operation of tensors against plain loops. One program, so that what the files share is compiled once; tests that set
//! the level or the threads of the whole process are programs of their own.
#![allow(clippy::unwrap_used)]

mod attention;
mod cases;
mod common;
mod compare;
mod conv;
mod display;
mod edges;
mod errors;
mod every_method;
mod exact;
mod index;
mod join;
mod lstsq;
mod matmul;
mod pointwise;
mod prepare;
mod random;
mod reduce;
mod scan;
mod smoke;
mod sort;
mod sound;
mod statistics;
#[path = "../../../tensor/tests/support/mod.rs"]
mod support;
mod views;

/// An axis of which two have more elements than can be counted.
const WIDE: usize = 1 << (usize::BITS * 5 / 8);
/// A quarter of the numbers of a `usize`.
const QUARTER: usize = 1 << (usize::BITS - 2);
