//! Errors on a tape: a tensor operation that is not possible, a tape used wrongly, a gradient that does not exist.

use std::panic::Location;

/// A line of the user's program.
pub type Line = &'static Location<'static>;

/// An error on a tape. The text names the op, the line and the fix.
#[derive(Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A tensor operation that cannot be done.
    #[error("{0}")]
    Tensor(#[from] wengert_tensor::Error),

    /// A var of one tape met a var of another.
    #[error(
        "{op}: its operands are recorded on two tapes\n  help: record both on one, or pass the other's value as a constant: `tape.constant(x.value()?)`\n  at {at}"
    )]
    OtherTape {
        /// The op that was to be recorded.
        op: &'static str,
        /// The line that asked for it.
        at: Line,
    },

    /// Gradients of something that has no single number.
    #[error(
        "{verb}: the loss has shape {shape:?}, and only a single number has a gradient\n  help: reduce it first, with `.mean()` or `.sum()`\n  at {at}"
    )]
    NotScalar {
        /// The method that was called.
        verb: &'static str,
        /// The shape of the loss.
        shape: Vec<usize>,
        /// The line that asked for it.
        at: Line,
    },

    /// The tape is spent: `backward` has released its values.
    #[error(
        "{verb}: this tape was spent by the `backward` at {spent}\n  help: make a new tape for each step; for a second sweep use `backward_keep` first, or `gradients`, which spend nothing\n  at {at}"
    )]
    Spent {
        /// The method that was called.
        verb: &'static str,
        /// The line that spent the tape.
        spent: Line,
        /// The line that asked for it.
        at: Line,
    },

    /// A parameter was written between the forward pass and the reverse sweep.
    #[error(
        "{verb}: parameter `{name}` was changed after this tape read it at {read}, so its gradient would belong to neither value\n  help: step the optimiser after `backward`, and make a new tape for the next step\n  at {at}"
    )]
    ParameterChanged {
        /// The method that was called.
        verb: &'static str,
        /// The parameter's path.
        name: String,
        /// The line at which the tape took its value.
        read: Line,
        /// The line that asked for it.
        at: Line,
    },

    /// The value of a parameter that was changed after `backward` released the value that the tape had read.
    #[error(
        "{verb}: parameter `{name}` was changed after this tape read it at {read}, and the `backward` at {spent} released the value that was read\n  help: read the value before `backward`, use `backward_keep`, or ask the parameter for its new value\n  at {at}"
    )]
    ValueGone {
        /// The method that was called.
        verb: &'static str,
        /// The parameter's path.
        name: String,
        /// The line at which the tape took its value.
        read: Line,
        /// The line that spent the tape.
        spent: Line,
        /// The line that asked for it.
        at: Line,
    },

    /// Something random on a tape that has no seed.
    #[error(
        "{op}: it draws random numbers, and this tape has no seed\n  help: `Tape::new().seeded(seed)`, with another seed for each step; in evaluation, `Tape::no_grad()` or `.evaluating()`; a `Trainer` takes a seed by `.seed(…)`\n  at {at}"
    )]
    Unseeded {
        /// The op that draws.
        op: &'static str,
        /// The line that asked for it.
        at: Line,
    },

    /// The loss does not depend on anything that wants a gradient.
    #[error("{verb}: {why}\n  at {at}")]
    NoGradient {
        /// The method that was called.
        verb: &'static str,
        /// The reason.
        why: String,
        /// The line that asked for it.
        at: Line,
    },

    /// An op without a derivative of this order.
    #[error("{op} (recorded at {recorded}) has no {what}\n  help: {help}")]
    NotDifferentiable {
        /// The op.
        op: String,
        /// Which derivative is missing.
        what: &'static str,
        /// The fix.
        help: &'static str,
        /// The line that recorded it.
        recorded: Line,
    },

    /// A var was used in a way that it does not support.
    #[error("{0}\n  at {1}")]
    Use(String, Line),

    /// The loss or a gradient is not finite.
    #[error("{0}")]
    NotFinite(Box<crate::NonFinite>),

    /// An error inside a layer.
    #[error("{error}\n  in layer `{layer}`")]
    InLayer {
        /// The layer's path.
        layer: String,
        /// The number of the layer's call in [`Tape::scopes`](crate::Tape::scopes).
        scope: usize,
        /// The error there.
        error: Box<Error>,
    },
}

impl Error {
    /// Notes the call of the layer in which it happened, unless one within that layer is noted.
    #[doc(hidden)]
    #[must_use]
    #[cold]
    pub fn in_scope(self, scope: Option<usize>) -> Self {
        match (self, scope) {
            (Self::InLayer { layer, scope, error }, _) => Self::InLayer { layer, scope, error },
            (error, Some(scope)) => {
                Self::InLayer { layer: String::new(), scope, error: Box::new(error) }
            }
            (error, None) => error,
        }
    }

    /// The number of the call in which it happened.
    #[doc(hidden)]
    pub fn scope(&self) -> Option<usize> {
        match self {
            Self::InLayer { scope, .. } => Some(*scope),
            _ => None,
        }
    }

    /// Names the layer in which it happened; no layer, if the path is empty.
    #[doc(hidden)]
    #[must_use]
    #[cold]
    pub fn in_layer(self, path: &str) -> Self {
        match self {
            Self::InLayer { error, .. } if path.is_empty() => *error,
            Self::InLayer { scope, error, .. } => {
                Self::InLayer { layer: path.to_string(), scope, error }
            }
            error => error,
        }
    }

    /// The same error of the line `at`, if the line that it names lies in the directory `library`: one of a library's own, which
    /// tells its user nothing.
    #[doc(hidden)]
    #[must_use]
    #[cold]
    pub fn outside_of(self, library: &str, at: Line) -> Self {
        match self {
            Self::Tensor(error) if error.fault().at.file().starts_with(library) => {
                Self::Tensor(error.at(at))
            }
            Self::InLayer { layer, scope, error } => {
                Self::InLayer { layer, scope, error: Box::new(error.outside_of(library, at)) }
            }
            Self::Use(rule, line) if line.file().starts_with(library) => Self::Use(rule, at),
            Self::Unseeded { op, at: line } if line.file().starts_with(library) => {
                Self::Unseeded { op, at }
            }
            Self::Spent { verb, spent, at: line } if line.file().starts_with(library) => {
                Self::Spent { verb, spent, at }
            }
            Self::OtherTape { op, at: line } if line.file().starts_with(library) => {
                Self::OtherTape { op, at }
            }
            error => error,
        }
    }

    /// The same error on another line: that of the user who asked for what the library did.
    #[must_use]
    #[cold]
    pub(crate) fn on_line(self, line: Line) -> Self {
        match self {
            Self::Tensor(error) => Self::Tensor(error.at(line)),
            Self::InLayer { layer, scope, error } => {
                Self::InLayer { layer, scope, error: Box::new(error.on_line(line)) }
            }
            error => error,
        }
    }

    /// The same error in the name of the method that the user called.
    #[must_use]
    #[cold]
    pub(crate) fn of(self, method: &'static str) -> Self {
        match self {
            Self::Spent { spent, at, .. } => Self::Spent { verb: method, spent, at },
            error => error,
        }
    }

    /// The error itself, without the layers around it.
    pub fn root(&self) -> &Self {
        match self {
            Self::InLayer { error, .. } => error.root(),
            error => error,
        }
    }
}

/// The text of `Display`: it is what `main` prints of an error that it returns.
impl std::fmt::Debug for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

/// `Result` with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;
