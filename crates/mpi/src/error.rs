//! Errors between ranks.

use wengert_autograd::Line;

/// An error between ranks, or of what a call does on its own rank.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// MPI could not be started.
    #[error("World: {0}")]
    Start(String),
    /// The ranks do not do the same: one has left, makes another call, or holds something else.
    #[error("{call}, on rank {here}: {rule}\n  at {at}")]
    Ranks {
        /// The method.
        call: &'static str,
        /// The rank that says so.
        here: usize,
        /// The rule that is broken, and the fix.
        rule: String,
        /// The line of your program.
        at: Line,
    },
    /// With a checkpoint.
    #[error("{0}")]
    Train(#[from] wengert_train::Error),
    /// With the data of a loader.
    #[error("{0}")]
    Data(#[from] wengert_data::Error),
    /// With a tensor.
    #[error("{0}")]
    Tensor(#[from] wengert_tensor::Error),
}

/// `Result` with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;
