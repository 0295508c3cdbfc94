//! What can go wrong around the loop: what went wrong in it, and files that hold no checkpoint.

/// What went wrong. The text is that of the crate where it did.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// In a forward pass, a loss or a sweep.
    #[error("{0}")]
    Autograd(#[from] wengert_autograd::Error),
    /// In an update.
    #[error("{0}")]
    Optim(#[from] wengert_optim::Error),
    /// With a model's state, or a file.
    #[error("{0}")]
    Nn(#[from] wengert_nn::Error),
    /// A file that holds something, but no checkpoint of this model.
    #[error("{file}: {rule}")]
    Checkpoint {
        /// The file.
        file: String,
        /// What is wrong with it, and the fix.
        rule: String,
    },
}

/// `Result` with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;
