//! Errors of updating parameters: the optimiser, the parameter or setting, the rule, and the fix.

use std::fmt;

use wengert_autograd::Line;
use wengert_files::listed;
use wengert_tensor::Shape;

/// An error of updating parameters. The text names the optimiser, the parameter or the setting, the line and the fix.
#[derive(Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A tensor operation that is not possible.
    #[error("{0}")]
    Tensor(#[from] wengert_tensor::Error),

    /// A setting is out of range.
    #[error("{optimizer}: {rule}\n  at {at}")]
    Setting {
        /// The optimiser, or the function.
        optimizer: &'static str,
        /// The setting.
        setting: &'static str,
        /// The rule, and the value that broke it.
        rule: String,
        /// The line that made the optimiser, or that called the function.
        at: Line,
    },

    /// A group's pattern matches no parameter.
    #[error(
        "{optimizer}: the group `{pattern}` matches no parameter\n  help: `*` stands for any letters; the parameters are {}\n  at {at}",
        listed(names)
    )]
    Group {
        /// The optimiser.
        optimizer: &'static str,
        /// The pattern.
        pattern: String,
        /// The names of the existing parameters.
        names: Vec<String>,
        /// The line that made the optimiser.
        at: Line,
    },

    /// Parameters without a gradient, which have never had one.
    #[error("{optimizer}: {}\n  at {at}", no_gradient(names, *of))]
    NoGradient {
        /// The optimiser.
        optimizer: &'static str,
        /// The parameters.
        names: Vec<String>,
        /// The number of parameters that could have had one.
        of: usize,
        /// The line that asked for the step.
        at: Line,
    },

    /// A gradient for a parameter that the optimiser does not have.
    #[error(
        "{optimizer}: `{name}` is not one of its parameters, so it has no settings and no state for it\n  help: make the optimiser from the parameters that it is to update\n  at {at}"
    )]
    NotMine {
        /// The optimiser.
        optimizer: &'static str,
        /// The parameter.
        name: String,
        /// The line that asked for the update.
        at: Line,
    },

    /// A parameter, its gradient and its state do not have the same shape.
    #[error("{0}")]
    Shape(Box<Misfit>),

    /// A saved state is of another kind, or not of this optimiser and these parameters. Nothing was loaded.
    #[error("{0}")]
    State(Box<wengert_files::Error>),

    /// A gradient is not finite. Nothing was changed.
    #[error(
        "{function}: the gradient of `{name}` is not finite: it holds {found}\n  help: check the data for NaN; `loss.first_non_finite_gradient()`, asked before `backward`, names the op that made it; a lower learning rate or a loss on logits often cures it; `.allow_non_finite()` lets it pass\n  at {at}"
    )]
    NotFinite {
        /// The optimiser, or the function, that rejects it.
        function: &'static str,
        /// The parameter.
        name: String,
        /// The number that is not finite.
        found: f64,
        /// The line that called it.
        at: Line,
    },

    /// A gradient holds one that a step was already made with. Nothing was changed.
    #[error(
        "{optimizer}: a step was already made with a part of the gradient of `{name}`, and `backward` has added to it since\n  help: call `optimizer.zero_grad()` before each `backward()`; if gradients are to add up over several steps, say `.allow_used_gradients()`\n  at {at}"
    )]
    UsedGradient {
        /// The optimiser.
        optimizer: &'static str,
        /// The parameter.
        name: String,
        /// The line that asked for the step.
        at: Line,
    },

    /// A loss is not finite. Nothing was changed.
    #[error(
        "{optimizer}: the loss is {loss}\n  help: check the data for NaN, and the start; `tape.first_non_finite()` names the op that made it; `.allow_non_finite()` lets it pass\n  at {at}"
    )]
    Loss {
        /// The optimiser.
        optimizer: &'static str,
        /// The loss.
        loss: f64,
        /// The line that asked for the step.
        at: Line,
    },

    /// Something was asked for that this one does not have.
    #[error("{0}\n  at {1}")]
    Use(String, Line),
}

impl Error {
    /// The same error of the line `line`, if the one that it names lies in the directory `library` or in this crate: a line of a
    /// library, which tells its user nothing. An optimiser behind a `dyn` does not know its caller's line.
    #[must_use]
    #[cold]
    pub fn outside_of(mut self, library: &str, line: Line) -> Self {
        let at = match &mut self {
            Self::Tensor(_) => return self,
            Self::State(error) => {
                **error = (**error).clone().outside_of(library, line).outside_of(HERE, line);
                return self;
            }
            Self::Shape(misfit) => &mut misfit.at,
            Self::Use(_, at)
            | Self::Setting { at, .. }
            | Self::Group { at, .. }
            | Self::NoGradient { at, .. }
            | Self::NotMine { at, .. }
            | Self::NotFinite { at, .. }
            | Self::UsedGradient { at, .. }
            | Self::Loss { at, .. } => at,
        };
        if at.file().starts_with(library) || at.file().starts_with(HERE) {
            *at = line;
        }
        self
    }
}

/// The directory of this crate's files, as lines of code name it.
const HERE: &str = file!().split_at(file!().len() - "error.rs".len()).0;

impl fmt::Debug for Error {
    /// The text of `Display`: what `main` prints of an error that it returns.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The facts of an [`Error::Shape`].
#[derive(Clone)]
pub struct Misfit {
    /// The optimiser.
    pub optimizer: &'static str,
    /// The parameter.
    pub name: String,
    /// The parameter's shape.
    pub shape: Shape,
    /// The part that does not fit it.
    pub what: &'static str,
    /// The shape of that.
    pub other: Shape,
    /// The fix.
    pub help: &'static str,
    /// The line that asked for the update.
    pub at: Line,
}

impl fmt::Debug for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { optimizer, name, shape, what, other, help, at } = self;
        writeln!(f, "{optimizer}: `{name}` has shape {shape}, and its {what} {other}")?;
        write!(f, "  help: {help}\n  at {at}")
    }
}

impl From<wengert_files::Error> for Error {
    fn from(error: wengert_files::Error) -> Self {
        Self::State(Box::new(error))
    }
}

/// `Result` with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

fn no_gradient(names: &[String], of: usize) -> String {
    if names.len() == of {
        let who = match of {
            1 => format!("its one parameter, {}, has no gradient", listed(names)),
            n => format!("none of its {n} parameters has a gradient"),
        };
        return format!(
            "{who}\n  help: call `loss.backward()` before `step()`, and `zero_grad()` before `backward()`, not after it; and make the optimiser from the parameters of the model that made this loss"
        );
    }
    let them = if names.len() == 1 { "it" } else { "them" };
    format!(
        "{} got no gradient: the loss does not depend on {them}\n  help: use {them} in the forward pass, freeze {them}, leave {them} out of the optimiser, or say `.allow_unused()`",
        listed(names)
    )
}
