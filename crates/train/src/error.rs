//! Errors of training: errors inside the loop, and files that are not checkpoints.

use std::fmt;
use std::sync::Arc;

use wengert_autograd::Line;

use crate::Cause;

/// An error of training. The text is that of the crate in which it arose.
#[derive(Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// In a forward pass, a loss or a sweep.
    #[error("{0}")]
    Autograd(#[from] wengert_autograd::Error),
    /// In an update.
    #[error("{0}")]
    Optim(Box<wengert_optim::Error>),
    /// In a dataset or a metric.
    #[error("{0}")]
    Data(#[from] wengert_data::Error),
    /// The loss of a batch is not finite, and there are no better weights to go back to.
    #[error("training: the loss is {loss} in epoch {epoch}, batch {batch}: {}\n  at {at}", cause.text(*learning_rate))]
    NotFinite {
        /// The loss.
        loss: f64,
        /// The epoch, from 1.
        epoch: usize,
        /// The batch, from 1.
        batch: usize,
        /// Why.
        cause: Cause,
        /// The current learning rate.
        learning_rate: f64,
        /// The line that asked for the training.
        at: Line,
    },
    /// The loss of the validation data is not finite.
    #[error("validation: the loss is {loss} after epoch {epoch}: {}\n  at {at}", cause.text(*learning_rate))]
    Validation {
        /// The loss.
        loss: f64,
        /// The epoch, from 1.
        epoch: usize,
        /// Why.
        cause: Cause,
        /// The learning rate of the epoch's last step.
        learning_rate: f64,
        /// The line that asked for the training.
        at: Line,
    },
    /// With the settings of a run, or of a search.
    #[error("config: {rule}\n  at {at}")]
    Config {
        /// The rule that is broken, and the fix.
        rule: String,
        /// The line that asked for the setting, or that made the space.
        at: Line,
    },
    /// In a [`Companion`](crate::Companion) of your own, made by [`Error::other`].
    #[error("{0}")]
    Other(Arc<dyn std::error::Error + Send + Sync>),
    /// With a model's state.
    #[error("{0}")]
    Nn(#[from] wengert_nn::Error),
    /// With a file, or with a saved state.
    #[error("{0}")]
    File(Box<wengert_files::Error>),
    /// A file that holds something, but no checkpoint of this model; or a checkpoint that lacks something.
    #[error("{file}: {rule}\n  at {at}")]
    Checkpoint {
        /// The file, or `checkpoint`.
        file: String,
        /// The rule that is broken, and the fix.
        rule: String,
        /// The line that asked for it.
        at: Line,
    },
}

impl fmt::Debug for Error {
    /// The text of `Display`: what `main` prints of an error that it returns.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// `Result` with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl From<wengert_optim::Error> for Error {
    fn from(error: wengert_optim::Error) -> Self {
        // Boxed, or every result that goes well would be as large as the largest of its errors.
        Self::Optim(Box::new(error))
    }
}

impl From<wengert_files::Error> for Error {
    fn from(error: wengert_files::Error) -> Self {
        Self::File(Box::new(error))
    }
}

/// The directory of this crate's files, as lines of code name it.
pub(crate) const HERE: &str = file!().split_at(file!().len() - "error.rs".len()).0;

impl Error {
    /// Any error, or a text, as one of the loop: for a [`Companion`](crate::Companion) of your own.
    ///
    /// ```
    /// use wengert_train::Error;
    ///
    /// assert_eq!(Error::other("the disk is full").to_string(), "the disk is full");
    /// ```
    pub fn other(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Other(error.into().into())
    }

    /// The same error of the user's line, if the one that it names is in this crate.
    #[cold]
    pub(crate) fn on_line(self, line: Line) -> Self {
        match self {
            Self::Autograd(wengert_autograd::Error::NotScalar { verb, shape, at })
                if at.file().starts_with(HERE) =>
            {
                Self::Autograd(wengert_autograd::Error::NotScalar { verb, shape, at: line })
            }
            Self::Autograd(error) => Self::Autograd(error.outside_of(HERE, line)),
            Self::Optim(error) => Self::Optim(Box::new(error.outside_of(HERE, line))),
            Self::File(error) => Self::File(Box::new(error.outside_of(HERE, line))),
            Self::Nn(wengert_nn::Error::Autograd(error)) => {
                Self::Nn(error.outside_of(HERE, line).into())
            }
            error => error,
        }
    }

    /// Whether training diverged: earlier weights are better then. Bad data is no divergence.
    pub(crate) fn is_divergence(&self) -> bool {
        match self {
            Self::NotFinite { cause, .. } => !cause.is_data(),
            Self::Optim(error) => matches!(**error, wengert_optim::Error::NotFinite { .. }),
            _ => false,
        }
    }
}
