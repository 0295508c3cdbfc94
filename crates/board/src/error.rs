//! Errors of what is shown elsewhere.

use std::fmt;
use std::io::ErrorKind;
use std::panic::Location;

/// The reason why something is not shown.
#[derive(Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file that could not be written.
    #[error("{path}: {what}\n  at {at}")]
    Io {
        /// The file, or the directory.
        path: String,
        /// The message of the system.
        what: String,
        /// The kind of error.
        kind: ErrorKind,
        /// The line that asked for it.
        at: &'static Location<'static>,
    },
    /// A value that cannot be shown.
    #[error("{op}: {rule}\n  help: {help}\n  at {at}")]
    Value {
        /// The method.
        op: &'static str,
        /// The rule that is broken.
        rule: String,
        /// The fix.
        help: &'static str,
        /// The line that asked for it.
        at: &'static Location<'static>,
    },
    /// A server that could not be reached, or that refused.
    #[error("visdom: {address}: {what}\n  help: {help}\n  at {at}")]
    Server {
        /// The address of the server.
        address: String,
        /// The message of the system, or the answer of the server.
        what: String,
        /// The fix.
        help: &'static str,
        /// The line that asked for it.
        at: &'static Location<'static>,
    },
}

/// `Result` with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl fmt::Debug for Error {
    /// The text of `Display`: what `main` prints of an error that it returns.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Error {
    #[track_caller]
    #[cold]
    pub(crate) fn value(op: &'static str, rule: impl Into<String>, help: &'static str) -> Self {
        Self::Value { op, rule: rule.into(), help, at: Location::caller() }
    }

    #[track_caller]
    #[cold]
    pub(crate) fn io(path: &std::path::Path, error: &std::io::Error) -> Self {
        let (path, what) = (path.display().to_string(), error.to_string());
        Self::Io { path, what, kind: error.kind(), at: Location::caller() }
    }
}
