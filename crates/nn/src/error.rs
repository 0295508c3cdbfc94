//! Errors of models, besides those of tapes: weights that do not fit, files, names.

use wengert_autograd::Line;

use crate::check::ParameterMismatch;
use crate::state::Mismatch;

/// An error of a model. [`Module::forward`](crate::Module::forward) returns the error of `wengert_autograd`, which `?`
/// converts to this one.
#[derive(Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A tape or tensor operation that is not possible.
    #[error("{0}")]
    Autograd(#[from] wengert_autograd::Error),

    /// Names or shapes of a state differ from the model's.
    #[error("{0}")]
    State(Box<Mismatch>),

    /// The parameters that a forward pass used are not those that the model names.
    #[error("{0}")]
    Parameters(Box<ParameterMismatch>),

    /// A pattern that matches no parameter.
    #[error(
        "{verb}: no parameter's path fits `{pattern}`\n  help: the paths are {}\n  at {at}",
        list(known)
    )]
    NoSuchPath {
        /// The method that was called.
        verb: &'static str,
        /// The pattern.
        pattern: String,
        /// The existing paths.
        known: Vec<String>,
        /// The line that asked for it.
        at: Line,
    },

    /// A file that cannot be read or written, or holds no weights.
    #[error("{0}")]
    File(#[from] wengert_files::Error),
}

/// `Result` with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl From<wengert_tensor::Error> for Error {
    fn from(error: wengert_tensor::Error) -> Self {
        Self::Autograd(error.into())
    }
}

/// `Debug` of an error is its text, because a program prints `Debug` of the error that `main` returns.
macro_rules! debug_is_display {
    ($($E:ty),*) => {$(
        impl std::fmt::Debug for $E {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(self, f)
            }
        }
    )*};
}
debug_is_display!(Error, ParameterMismatch, Mismatch);

/// Some names of many.
pub(crate) fn list(names: &[String]) -> String {
    const SHOWN: usize = 12;
    let mut text =
        names.iter().take(SHOWN).map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ");
    match names.len() {
        0 => text.push_str("none"),
        n if n > SHOWN => text.push_str(&format!(" and {} more", n - SHOWN)),
        _ => {}
    }
    text
}
