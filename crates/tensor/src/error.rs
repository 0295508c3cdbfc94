//! Errors of tensors: the operation, the shapes, the rule that was broken, the line, and the fix.

use std::fmt;
use std::panic::Location;

use crate::Shape;

/// A tensor operation that cannot be done. The variant is the kind of mistake, for programs; the text is for people.
///
/// ```
/// use wengert_tensor::{Error, Tensor};
///
/// let a = Tensor::<f32>::zeros([2, 3]);
/// let b = Tensor::<f32>::zeros([4, 5]);
/// let error = a.matmul(&b).unwrap_err();
/// assert!(matches!(error, Error::Shape(_)));
/// assert!(error.to_string().starts_with("matmul: [2, 3] and [4, 5]: "));
/// ```
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operands' shapes do not fit one another, or the operation.
    #[error("{0}")]
    Shape(Box<Fault>),
    /// There is no such axis, or it is named twice.
    #[error("{0}")]
    Axis(Box<Fault>),
    /// An index lies outside its axis.
    #[error("{0}")]
    Index(Box<Fault>),
    /// An argument that is not a shape, an axis or an index has a value that the operation cannot mean.
    #[error("{0}")]
    Value(Box<Fault>),
    /// More elements than memory can address, or than this machine has memory for.
    #[error("{0}")]
    Size(Box<Fault>),
}

/// `Result` with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The facts of an [`Error`].
#[derive(Clone, PartialEq, Eq)]
pub struct Fault {
    /// The operation.
    pub op: &'static str,
    /// The shapes of its operands.
    pub shapes: Vec<Shape>,
    /// The rule that was broken, with the numbers that broke it.
    pub rule: String,
    /// The fix, if it is clear.
    pub help: Option<String>,
    /// The line that asked for it.
    pub at: &'static Location<'static>,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.op)?;
        for (i, shape) in self.shapes.iter().enumerate() {
            f.write_str(match i {
                0 => ": ",
                _ if i + 1 == self.shapes.len() => " and ",
                _ => ", ",
            })?;
            write!(f, "{shape}")?;
        }
        write!(f, ": {}", self.rule)?;
        if let Some(help) = &self.help {
            write!(f, "\n  help: {help}")?;
        }
        write!(f, "\n  at {}", self.at)
    }
}

/// As [`Display`](fmt::Display): what `unwrap` and a `main` that returns the error print. `{:#?}` shows the fields.
impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !f.alternate() {
            return fmt::Display::fmt(self, f);
        }
        f.debug_struct("Fault")
            .field("op", &self.op)
            .field("shapes", &self.shapes)
            .field("rule", &self.rule)
            .field("help", &self.help)
            .field("at", &format_args!("{}", self.at))
            .finish()
    }
}

/// As [`Display`](fmt::Display): what `unwrap` and a `main` that returns the error print. `{:#?}` shows the fields.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !f.alternate() {
            return fmt::Display::fmt(self, f);
        }
        let kind = match self {
            Self::Shape(_) => "Shape",
            Self::Axis(_) => "Axis",
            Self::Index(_) => "Index",
            Self::Value(_) => "Value",
            Self::Size(_) => "Size",
        };
        f.debug_tuple(kind).field(self.fault()).finish()
    }
}

impl Fault {
    /// A fault at the caller's line.
    #[track_caller]
    #[cold]
    pub fn new(op: &'static str, shapes: &[&[usize]], rule: impl Into<String>) -> Box<Self> {
        let shapes = shapes.iter().map(|s| Shape::new(s)).collect();
        Box::new(Self { op, shapes, rule: rule.into(), help: None, at: Location::caller() })
    }

    /// With this fix.
    #[must_use]
    pub fn help(mut self: Box<Self>, help: impl Into<String>) -> Box<Self> {
        self.help = Some(help.into());
        self
    }
}

impl Error {
    /// The facts.
    pub fn fault(&self) -> &Fault {
        match self {
            Self::Shape(f) | Self::Axis(f) | Self::Index(f) | Self::Value(f) | Self::Size(f) => f,
        }
    }

    /// The same error of another line: for a library whose own line would tell its user nothing.
    #[must_use]
    pub fn at(mut self, line: &'static Location<'static>) -> Self {
        let (Self::Shape(f) | Self::Axis(f) | Self::Index(f) | Self::Value(f) | Self::Size(f)) =
            &mut self;
        f.at = line;
        self
    }
}

/// The end of an operator that cannot be done: with the whole message, at the user's line.
#[track_caller]
#[cold]
pub(crate) fn refuse(error: &Error, twin: &str) -> ! {
    panic!("{error}\n  ({twin} returns this as an error)")
}

/// An [`Error::Size`]: the shape could be addressed, but the system gives no memory for it.
#[track_caller]
#[inline]
pub(crate) fn no_memory<T>(op: &'static str, shape: &[usize]) -> Error {
    no_memory_for(size_of::<T>(), op, shape)
}

#[track_caller]
#[cold]
fn no_memory_for(element: usize, op: &'static str, shape: &[usize]) -> Error {
    let bytes = shape.iter().fold(element, |n, &size| n.saturating_mul(size));
    let rule = format!("the result takes {}, and the system has no memory for it", amount(bytes));
    Error::Size(Fault::new(op, &[shape], rule))
}

/// Refuses a result of `shape` in the name of `op` if the system has no memory for it: for what asks for that memory where it
/// can return no error. What is small is not looked at.
#[doc(hidden)]
#[track_caller]
pub fn room_or_refuse<T>(op: &'static str, shape: &[usize]) -> Result<()> {
    const SURE: usize = 1 << 28;
    let bytes = Shape::len_or_refuse(op, shape)? * size_of::<T>();
    if bytes < SURE {
        return Ok(());
    }
    let mut room = Vec::<u8>::new();
    let refused = room.try_reserve_exact(bytes).is_err();
    // Without this the compiler leaves out an allocation that nobody uses.
    std::hint::black_box(&room);
    if refused { Err(no_memory::<T>(op, shape)) } else { Ok(()) }
}

/// The end of the function `op`, which returns no `Result`, when the system has no memory for its result; at the user's line.
#[track_caller]
#[cold]
pub(crate) fn out_of_memory<T>(op: &'static str, shape: &[usize]) -> ! {
    panic!("{}", no_memory::<T>(op, shape))
}

/// A number of bytes, as people read it.
fn amount(bytes: usize) -> String {
    match bytes {
        0..0x10_0000 => format!("{bytes} bytes"),
        0x10_0000..0x4000_0000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

/// A function without `Result`, and the one that returns an error in its place, if there is one.
#[derive(Clone, Copy)]
pub(crate) struct Named {
    pub(crate) op: &'static str,
    pub(crate) twin: Option<&'static str>,
}

impl Named {
    /// The end of the function when the system has no memory for its result.
    #[track_caller]
    #[cold]
    pub(crate) fn out_of_memory<T>(self, shape: &[usize]) -> ! {
        match self.twin {
            Some(twin) => refuse(&no_memory::<T>(self.op, shape), twin),
            None => out_of_memory::<T>(self.op, shape),
        }
    }
}
