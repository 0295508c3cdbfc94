//! The readers of `tests/fuzz`, for libFuzzer: the same function for each format, and files to begin with.

// The readers are shared with plain tests, which use more of them.
#![allow(dead_code, clippy::unwrap_used)]

#[path = "../../tests/fuzz/corpus.rs"]
mod corpus;
#[path = "../../tests/fuzz/targets.rs"]
mod targets;

use targets::{TARGETS, Target};

/// The folder of the repository.
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// The names of all readers.
pub fn names() -> impl Iterator<Item = &'static str> {
    TARGETS.iter().map(|target| target.name)
}

fn target(name: &str) -> &'static Target {
    TARGETS.iter().find(|target| target.name == name).unwrap()
}

/// Reads bytes with the reader of this name, and what can be read from the result.
///
/// # Panics
/// If the reader does, which is the finding.
pub fn read(name: &str, bytes: &[u8]) {
    let _ = (target(name).read)(bytes);
}

/// The files that a reader begins with: good ones, and malformed ones.
pub fn seeds(name: &str) -> Vec<Vec<u8>> {
    let malformed = corpus::of(name).into_iter().map(|(_, bytes)| bytes);
    (target(name).seeds)().into_iter().chain(malformed).collect()
}
