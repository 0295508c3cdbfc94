//! Errors of files and of saved state.

use std::fmt;
use std::panic::Location;

/// The line of a program.
pub type Line = &'static Location<'static>;

/// An error of a file, or of a state that does not fit.
#[derive(Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file that is not a valid file of tensors.
    #[error("{0}")]
    File(Box<FileFault>),

    /// A file that could not be read or written.
    #[error("{path}: {what}\n  at {at}")]
    Io {
        /// The file.
        path: String,
        /// The message of the system.
        what: String,
        /// The kind of error.
        kind: std::io::ErrorKind,
        /// The line that asked for the file.
        at: Line,
    },

    /// A saved state does not fit. Nothing was loaded.
    #[error(
        "{what}: this state is not of these parameters and settings, and nothing was loaded{}{}{}{}\n  at {at}",
        list("missing", missing),
        list("unexpected", unexpected),
        list("of another shape", misshaped),
        list("not valid", invalid)
    )]
    State {
        /// The kind that was to load it.
        what: &'static str,
        /// Entries that it needs and the state has not.
        missing: Vec<String>,
        /// Entries that the state has and it has no use for.
        unexpected: Vec<String>,
        /// Entries of another shape, with both shapes.
        misshaped: Vec<String>,
        /// Numbers that cannot be, with the rule.
        invalid: Vec<String>,
        /// The line that asked for it.
        at: Line,
    },

    /// A saved state was made by another kind. Nothing was loaded.
    #[error(
        "{what}: this state was made by `{saved}`, and nothing was loaded\n  help: load it with one of that kind; or start with a new state; or set `state.kind = None` to load it by its names alone\n  at {at}"
    )]
    Kind {
        /// The kind that was to load it.
        what: &'static str,
        /// The kind that made it.
        saved: String,
        /// The line that asked for it.
        at: Line,
    },

    /// A state is not loaded for another reason.
    #[error("{0}\n  at {1}")]
    Refused(String, Line),
}

/// `Result` with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// The same error of the line `line`, if the one that it names lies in the directory `library`, or in this crate: a line of
    /// a library, which tells its user nothing.
    #[must_use]
    #[cold]
    pub fn outside_of(mut self, library: &str, line: Line) -> Self {
        let at = match &mut self {
            Self::File(fault) => match &mut fault.at {
                Some(at) => at,
                None => return self,
            },
            Self::Io { at, .. }
            | Self::State { at, .. }
            | Self::Kind { at, .. }
            | Self::Refused(_, at) => at,
        };
        if at.file().starts_with(library) || at.file().starts_with(HERE) {
            *at = line;
        }
        self
    }
}

/// The directory of this crate's files, as lines of code name it.
const HERE: &str = file!().split_at(file!().len() - "error.rs".len()).0;

/// The reason why a file of tensors cannot be read, or a state cannot be written.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{}{rule}{}{}",
    file.as_ref().map_or(String::new(), |f| format!("{f}: ")),
    help.map_or(String::new(), |h| format!("\n  help: {h}")),
    at.map_or(String::new(), |at| format!("\n  at {at}"))
)]
pub struct FileFault {
    /// The file's path, if there is a file.
    pub file: Option<String>,
    /// The rule that is broken.
    pub rule: String,
    /// The fix, if it is clear.
    pub help: Option<&'static str>,
    /// The line that asked for the file.
    pub at: Option<Line>,
}

/// `Debug` of an error is its text, because a program prints `Debug` of the error that `main` returns.
macro_rules! debug_is_display {
    ($($E:ty),*) => {$(
        impl fmt::Debug for $E {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    )*};
}
debug_is_display!(Error, FileFault);

/// Some names, in a sentence: `a`, `b` and 7 more.
#[doc(hidden)]
pub fn listed(names: &[String]) -> String {
    const SHOWN: usize = 6;
    let quoted: Vec<String> = names.iter().take(SHOWN).map(|n| format!("`{n}`")).collect();
    match names.len() {
        0 => "none".to_string(),
        1 => quoted.concat(),
        n if n <= SHOWN => format!("{} and {}", quoted[..n - 1].join(", "), quoted[n - 1]),
        n => format!("{} and {} more", quoted.join(", "), n - SHOWN),
    }
}

fn list(what: &str, names: &[String]) -> String {
    if names.is_empty() { String::new() } else { format!("\n  {what}: {}", listed(names)) }
}
