//! Tensors in files. Nothing a file claims is believed before it is checked, and nothing is written by halves.

#![forbid(unsafe_code)]

mod whole;

pub use whole::write_whole;
