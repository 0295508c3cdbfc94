//! The readers of `tests/fuzz`, for libFuzzer: the same function for each format, and files to begin with.

// The readers are shared with plain tests, which use more of them.
#![allow(dead_code, clippy::unwrap_used)]

#[path = "../../tests/fuzz/corpus.rs"]
mod corpus;
#[path = "../../tests/fuzz/targets.rs"]
mod targets;

use std::fs;

use targets::{TARGETS, Target};

/// The folder of the repository.
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

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

/// Writes the files that a reader begins with, good ones and malformed ones, into `corpus/<target>`, where libFuzzer looks for them.
///
/// # Panics
/// If they cannot be written.
pub fn write_seeds(name: &str) {
    let folder = format!("{}/corpus/{}", env!("CARGO_MANIFEST_DIR"), name.replace(['.', '-'], "_"));
    fs::create_dir_all(&folder).unwrap();
    let malformed = corpus::of(name).into_iter().map(|(_, bytes)| bytes);
    for (i, bytes) in (target(name).seeds)().into_iter().chain(malformed).enumerate() {
        fs::write(format!("{folder}/seed-{i}"), bytes).unwrap();
    }
}
