//! Comforts of the training loop, each of which can be left out: a [line of progress](Progress).

#![forbid(unsafe_code)]

mod progress;

pub use progress::Progress;
