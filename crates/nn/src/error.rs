//! What can go wrong around a model, beyond what goes wrong on its tape: weights that do not fit it, files, names.

use wengert_autograd::Line;

use crate::check::ParameterMismatch;
use crate::state::Mismatch;

/// What went wrong. [`Module::forward`](crate::Module::forward) itself returns `wengert_autograd`'s error, which this
/// one takes over with `?`.
#[derive(Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A tape or tensor operation that cannot be done.
    #[error("{0}")]
    Autograd(#[from] wengert_autograd::Error),

    /// Names or shapes of a state that are not the model's.
    #[error("{0}")]
    State(Box<Mismatch>),

    /// What a forward pass used is not what the model names.
    #[error("{0}")]
    Parameters(Box<ParameterMismatch>),

    /// A pattern that fits no parameter.
    #[error(
        "{verb}: no parameter's path fits `{pattern}`\n  help: the paths are {}\n  at {at}",
        list(known)
    )]
    NoSuchPath {
        /// What was to be done.
        verb: &'static str,
        /// The pattern.
        pattern: String,
        /// The paths that there are.
        known: Vec<String>,
        /// The line that asked for it.
        at: Line,
    },

    /// A file of weights that is not one.
    #[error("{0}")]
    File(Box<FileFault>),

    /// A file that could not be read or written.
    #[error("{path}: {what}\n  at {at}")]
    Io {
        /// The file.
        path: String,
        /// The system's words.
        what: String,
        /// Their kind.
        kind: std::io::ErrorKind,
        /// The line that asked for the file.
        at: Line,
    },
}

/// `Result` with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl From<wengert_tensor::Error> for Error {
    fn from(error: wengert_tensor::Error) -> Self {
        Self::Autograd(error.into())
    }
}

/// Why a file of weights cannot be read, or a state not be written.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{}{rule}{}{}",
    file.as_ref().map_or(String::new(), |f| format!("{f}: ")),
    help.map_or(String::new(), |h| format!("\n  help: {h}")),
    at.map_or(String::new(), |at| format!("\n  at {at}"))
)]
pub struct FileFault {
    /// The file's path, where there is a file.
    pub file: Option<String>,
    /// What is wrong with it.
    pub rule: String,
    /// What would help, where that is plain.
    pub help: Option<&'static str>,
    /// The line that asked for the file.
    pub at: Option<Line>,
}

/// `Debug` of an error is its text: that is what a program prints whose `main` returns it.
macro_rules! debug_is_display {
    ($($E:ty),*) => {$(
        impl std::fmt::Debug for $E {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(self, f)
            }
        }
    )*};
}
debug_is_display!(Error, FileFault, ParameterMismatch, Mismatch);

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
