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
    Optim(Box<wengert_optim::Error>),
    /// In a metric.
    #[error("{0}")]
    Data(#[from] wengert_data::Error),
    /// The loss of an epoch is infinite or no number, and there are no better weights to go back to.
    #[error(
        "Trainer: the loss is {loss} after epoch {epoch}, at a learning rate of {learning_rate}\n  help: try a lower learning rate, or clip the gradients with `.clip_norm(1.0)`; `loss.first_non_finite_gradient()` and `tape.first_non_finite()` name the op"
    )]
    NotFinite {
        /// The loss.
        loss: f64,
        /// The epoch, from 1.
        epoch: usize,
        /// The learning rate of its last step.
        learning_rate: f64,
    },
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

impl From<wengert_optim::Error> for Error {
    fn from(error: wengert_optim::Error) -> Self {
        // Boxed, or every result that goes well would be as large as the largest of its errors.
        Self::Optim(Box::new(error))
    }
}
