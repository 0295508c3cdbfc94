//! The samples and their files, tested. One program, which is linked once and not for every file.

#![allow(clippy::unwrap_used)]

mod files;
mod hostile;
mod loader;
mod mapped;
mod metrics;
mod planted;
mod split;
mod synth_options;
mod values;
