//! Errors of data: the operation, the file and the place in it, the rule that was broken, and the fix.

use std::fmt;
use std::io;
use std::panic::Location;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Data that cannot be read, written or meant. The variant is the kind of mistake, for programs; the text is for people.
///
/// ```
/// use wengert_data::{Csv, Error};
///
/// let error = Csv::new().parse("x,y\n1,2\n3").unwrap_err();
/// assert!(matches!(error, Error::Format(_)));
/// assert!(error.to_string().starts_with("csv: line 3: has 1 cell where the others have 2"));
/// ```
#[derive(Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file is not what its format asks for, or holds what cannot become what was asked for.
    #[error("{0}")]
    Format(Box<Fault>),
    /// The system could not read or write.
    #[error("{fault}")]
    Io {
        /// The facts.
        fault: Box<Fault>,
        /// The error of the system.
        source: Arc<io::Error>,
    },
    /// Tensors whose shapes do not fit one another, or the operation.
    #[error("{0}")]
    Shape(Box<Fault>),
    /// An argument has a value that the operation cannot mean.
    #[error("{0}")]
    Value(Box<Fault>),
    /// A tensor operation rejected.
    #[error(transparent)]
    Tensor(#[from] wengert_tensor::Error),
    /// In a [`Dataset`](crate::Dataset) of your own, made by [`Error::other`].
    #[error("{0}")]
    Other(Arc<dyn std::error::Error + Send + Sync>),
}

/// The text that `{}` prints: it is what a `main` that returns the error shows.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text that `{}` prints.
impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// `Result` with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// A line of a text file, counted from 1, and the column by its name, where it is one column's fault.
    Line {
        /// The line, counted from 1.
        line: usize,
        /// The column's name.
        column: Option<String>,
    },
    /// The number of bytes before it (after decompression).
    Byte(u64),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line { line, column: Some(column) } => write!(f, "line {line}, column {column}"),
            Self::Line { line, column: None } => write!(f, "line {line}"),
            Self::Byte(at) => write!(f, "byte {at}"),
        }
    }
}

/// The facts of an [`Error`].
#[derive(Clone, PartialEq, Eq)]
pub struct Fault {
    /// The operation that rejected.
    pub op: &'static str,
    /// The file, where it was read or written by its path.
    pub file: Option<PathBuf>,
    /// The place in the file.
    pub place: Option<Place>,
    /// The rule that was broken, with the numbers that broke it.
    pub rule: String,
    /// The fix, if it is clear.
    pub help: Option<String>,
    /// The line that asked for it.
    pub at: &'static Location<'static>,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.op)?;
        if let Some(file) = &self.file {
            write!(f, "{}: ", file.display())?;
        }
        if let Some(place) = &self.place {
            write!(f, "{place}: ")?;
        }
        f.write_str(&self.rule)?;
        if let Some(help) = &self.help {
            write!(f, "\n  help: {help}")?;
        }
        write!(f, "\n  at {}", self.at)
    }
}

impl Fault {
    /// A fault at the caller's line.
    #[track_caller]
    #[cold]
    pub(crate) fn new(op: &'static str, rule: impl Into<String>) -> Box<Self> {
        let (rule, at) = (rule.into(), Location::caller());
        Box::new(Self { op, file: None, place: None, rule, help: None, at })
    }

    /// With this fix.
    #[must_use]
    pub(crate) fn help(mut self: Box<Self>, help: impl Into<String>) -> Box<Self> {
        self.help = Some(help.into());
        self
    }
}

impl Error {
    /// Any error, or a text, as one of data: for a [`Dataset`](crate::Dataset) of your own.
    ///
    /// ```
    /// use wengert_data::Error;
    ///
    /// assert_eq!(Error::other("image 7 is damaged").to_string(), "image 7 is damaged");
    /// ```
    pub fn other(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Other(error.into().into())
    }

    /// The facts, unless a tensor operation rejected, whose error has its own, or a dataset of your own.
    pub fn fault(&self) -> Option<&Fault> {
        match self {
            Self::Format(f) | Self::Shape(f) | Self::Value(f) | Self::Io { fault: f, .. } => {
                Some(f)
            }
            Self::Tensor(_) | Self::Other(_) => None,
        }
    }

    /// An [`Error::Value`] at the caller's line.
    #[track_caller]
    #[cold]
    pub(crate) fn value(op: &'static str, rule: impl Into<String>) -> Self {
        Self::Value(Fault::new(op, rule))
    }

    /// An [`Error::Shape`] at the caller's line.
    #[track_caller]
    #[cold]
    pub(crate) fn shape(op: &'static str, rule: impl Into<String>) -> Self {
        Self::Shape(Fault::new(op, rule))
    }
}

/// A flaw that a parser found. It does not know the name of the file or of the caller; [`Flaw::error`] adds both.
#[derive(Debug)]
pub(crate) struct Flaw {
    pub(crate) place: Option<Place>,
    pub(crate) rule: String,
    pub(crate) help: Option<String>,
    source: Option<io::Error>,
}

impl Flaw {
    #[cold]
    pub(crate) fn new(rule: impl Into<String>) -> Self {
        Self { place: None, rule: rule.into(), help: None, source: None }
    }

    #[cold]
    pub(crate) fn byte(at: u64, rule: impl Into<String>) -> Self {
        Self { place: Some(Place::Byte(at)), ..Self::new(rule) }
    }

    #[cold]
    pub(crate) fn line(line: usize, rule: impl Into<String>) -> Self {
        Self { place: Some(Place::Line { line, column: None }), ..Self::new(rule) }
    }

    #[must_use]
    pub(crate) fn column(mut self, name: &str) -> Self {
        if let Some(Place::Line { column, .. }) = &mut self.place {
            *column = Some(name.to_string());
        }
        self
    }

    #[must_use]
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The error that this makes in the name of `op`, in `file`, for the line `at`.
    #[cold]
    pub(crate) fn error(
        self,
        op: &'static str,
        file: Option<&Path>,
        at: &'static Location<'static>,
    ) -> Error {
        let Self { place, rule, help, source } = self;
        let fault =
            Box::new(Fault { op, file: file.map(Path::to_path_buf), place, rule, help, at });
        match source {
            Some(source) => Error::Io { fault, source: Arc::new(source) },
            None => Error::Format(fault),
        }
    }
}

impl From<wengert_files::zip::Flaw> for Flaw {
    #[cold]
    fn from(flaw: wengert_files::zip::Flaw) -> Self {
        Self { place: flaw.place.map(Place::Byte), ..Self::new(flaw.rule) }
    }
}

impl From<io::Error> for Flaw {
    #[cold]
    fn from(source: io::Error) -> Self {
        use io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
        // A decompressor's complaint is about the file, not about the system.
        if matches!(source.kind(), InvalidData | InvalidInput | UnexpectedEof) {
            return Self::new(format!("cannot be read: {source}"));
        }
        let rule = source.to_string();
        Self { source: Some(source), ..Self::new(rule) }
    }
}
