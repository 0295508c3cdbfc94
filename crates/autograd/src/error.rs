//! What can go wrong on a tape: a tensor operation that cannot be done, a tape used wrongly, a gradient that cannot be.

use std::panic::Location;

use wengert_tensor::Element;

use crate::Param;

/// A line of the user's program.
pub type Line = &'static Location<'static>;

/// What went wrong on a tape. The text names the op, the line and the fix.
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
        /// What was asked for.
        verb: &'static str,
        /// The shape of the loss.
        shape: Vec<usize>,
        /// The line that asked for it.
        at: Line,
    },

    /// The tape went through `backward` and has let go of what it held.
    #[error(
        "{verb}: this tape was spent by the `backward` at {spent}\n  help: make a new tape for each step; for a second sweep use `backward_keep` first, or `gradients`, which spend nothing\n  at {at}"
    )]
    Spent {
        /// What was asked for.
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
        /// What was asked for.
        verb: &'static str,
        /// The parameter's path.
        name: String,
        /// The line at which the tape took its value.
        read: Line,
        /// The line that asked for it.
        at: Line,
    },

    /// The value of a parameter that was changed after `backward` let go of what the tape had read.
    #[error(
        "{verb}: parameter `{name}` was changed after this tape read it at {read}, and the `backward` at {spent} let go of the value that was read\n  help: read the value before `backward`, use `backward_keep`, or ask the parameter for its new value\n  at {at}"
    )]
    ValueGone {
        /// What was asked for.
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

    /// Nothing that wants a gradient leads to the loss.
    #[error("{verb}: {why}\n  at {at}")]
    NoGradient {
        /// What was asked for.
        verb: &'static str,
        /// Why not.
        why: String,
        /// The line that asked for it.
        at: Line,
    },

    /// An op whose derivative of this order is not known.
    #[error("{op} (recorded at {recorded}) has no {what}\n  help: {help}")]
    NotDifferentiable {
        /// The op.
        op: String,
        /// Which derivative is missing.
        what: &'static str,
        /// What to do.
        help: &'static str,
        /// The line that recorded it.
        recorded: Line,
    },

    /// A var was asked for something that it cannot give.
    #[error("{0}\n  at {1}")]
    Use(String, Line),

    /// The loss or a gradient is not finite.
    #[error("{0}")]
    NotFinite(Box<crate::NonFinite>),

    /// Something went wrong inside of a layer.
    #[error("{error}\n  in layer `{layer}`")]
    InLayer {
        /// The layer's path.
        layer: String,
        /// Whether the path is whole already: what stands around the layer then adds nothing to it.
        whole: bool,
        /// What went wrong there.
        error: Box<Error>,
    },
}

impl Error {
    /// Says in which layer it happened. Each module that stands around the layer says so too, from inside out, so that
    /// the names make a path.
    ///
    /// ```
    /// # use wengert_autograd::Tape;
    /// # let error = Tape::<f32>::new().scalar(1.0).softmax(3).unwrap_err();
    /// let error = error.in_layer("head").in_layer("decoder");
    /// assert!(error.to_string().ends_with("in layer `decoder.head`"));
    /// ```
    #[must_use]
    #[cold]
    pub fn in_layer(self, name: &str) -> Self {
        match self {
            Self::InLayer { whole: true, .. } => self,
            Self::InLayer { layer, error, .. } => {
                Self::InLayer { layer: format!("{name}.{layer}"), whole: false, error }
            }
            error => {
                Self::InLayer { layer: name.to_string(), whole: false, error: Box::new(error) }
            }
        }
    }

    /// Says in which layer it happened, by the whole path that a parameter of the layer knows; nothing if it knows none.
    #[must_use]
    #[cold]
    pub fn in_layer_of<T: Element>(self, param: &Param<T>) -> Self {
        let path = if param.is_named() { param.path() } else { String::new() };
        match (path.rsplit_once('.'), self) {
            (Some((layer, _)), Self::InLayer { error, .. }) => {
                Self::InLayer { layer: layer.to_string(), whole: true, error }
            }
            (Some((layer, _)), error) => {
                Self::InLayer { layer: layer.to_string(), whole: true, error: Box::new(error) }
            }
            (None, error) => error,
        }
    }

    /// The same error of the line `at`, if the line that it names lies in the directory `library`: one of a library's own, which
    /// tells its user nothing.
    #[must_use]
    #[cold]
    pub fn outside_of(self, library: &str, at: Line) -> Self {
        match self {
            Self::Tensor(error) if error.fault().at.file().starts_with(library) => {
                Self::Tensor(error.at(at))
            }
            Self::InLayer { layer, whole, error } => {
                Self::InLayer { layer, whole, error: Box::new(error.outside_of(library, at)) }
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
            Self::InLayer { layer, whole, error } => {
                Self::InLayer { layer, whole, error: Box::new(error.on_line(line)) }
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

    /// What went wrong, without where.
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
