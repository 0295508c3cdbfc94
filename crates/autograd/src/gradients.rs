//! `Gradients`: what a sweep found, and where it found nothing, why.

use std::fmt;
use std::panic::Location;

use wengert_tensor::{Float, Tensor, compiled};

use crate::error::Line;
use crate::ops::Detach;
use crate::{Error, Param, Result, Var};

/// The gradients of one number with respect to everything on its tape.
pub struct Gradients<'t, T: Float> {
    loss: Var<'t, T>,
    grads: Vec<Option<Tensor<T>>>,
}

/// A gradient, or the reason why there is none.
#[derive(Clone)]
#[non_exhaustive]
pub enum Gradient<T> {
    /// The gradient. It is all zeros if the value is used, but a change of it changes nothing.
    Value(Tensor<T>),
    /// The loss does not depend on it.
    Unused,
    /// It reaches the loss only through a `detach`.
    Detached {
        /// The line of the `detach`.
        at: Line,
    },
    /// It reaches the loss only through an op that has no derivative.
    NotDifferentiable {
        /// The op.
        op: &'static str,
        /// Its line.
        at: Line,
    },
    /// It is data, or a frozen parameter: it wants no gradient.
    NotWanted,
    /// It is recorded on another tape than the loss.
    OtherTape,
}

/// A var or a parameter, whose gradient can be asked for.
pub trait Wrt<'t, T: Float> {
    /// Its node on the tape, if it is there.
    fn node(&self, loss: Var<'t, T>) -> Option<Var<'t, T>>;
    /// The reason why it is not there.
    fn absent(&self) -> Gradient<T> {
        Gradient::Unused
    }
}

impl<'t, T: Float> Wrt<'t, T> for Var<'t, T> {
    fn node(&self, loss: Var<'t, T>) -> Option<Var<'t, T>> {
        std::ptr::eq(self.tape, loss.tape).then_some(*self)
    }
    fn absent(&self) -> Gradient<T> {
        Gradient::OtherTape
    }
}

impl<'t, T: Float> Wrt<'t, T> for &Param<T> {
    fn node(&self, loss: Var<'t, T>) -> Option<Var<'t, T>> {
        let index = loss.tape.inner.borrow().line_of(self)?;
        Some(Var { tape: loss.tape, index })
    }
}

impl<'t, T: Float> Gradients<'t, T> {
    pub(crate) fn new(loss: Var<'t, T>, grads: Vec<Option<Tensor<T>>>) -> Self {
        Self { loss, grads }
    }

    /// The gradient with respect to a var or a parameter, or why there is none.
    pub fn wrt(&self, x: impl Wrt<'t, T>) -> Gradient<T> {
        let Some(node) = x.node(self.loss) else { return x.absent() };
        let x = node;
        match self.grads.get(x.index()).and_then(Option::as_ref) {
            Some(g) if x.wants_grad() => Gradient::Value(g.clone()),
            _ => Self::missing(self.loss, x),
        }
    }

    /// The reason why no gradient of `loss` reaches `x`.
    #[inline(never)]
    pub(crate) fn missing(loss: Var<'t, T>, x: Var<'t, T>) -> Gradient<T> {
        if !x.wants_grad() {
            return Gradient::NotWanted;
        }
        let inner = loss.tape.inner.borrow();
        // Everything that x leads to, and the first place where it leaves the tape.
        let mut reached = vec![false; inner.nodes.len()];
        reached[x.index()] = true;
        let mut detached = None;
        for (i, node) in inner.nodes.iter().enumerate().skip(x.index() + 1) {
            if node.operands.iter().any(|&j| reached[j as usize]) {
                if node.op.is::<Detach>() {
                    detached = detached.or(Some(inner.user_line(node)));
                } else {
                    reached[i] = true;
                }
            }
        }
        if let Some(at) = detached {
            return Gradient::Detached { at };
        }
        match inner.notes.iter().find(|n| reached[n.node as usize]) {
            Some(note) => Gradient::NotDifferentiable { op: note.op, at: note.at },
            None => Gradient::Unused,
        }
    }

    /// [`missing`](Self::missing) as the text of an error.
    pub(crate) fn reason(loss: Var<'t, T>, x: Var<'t, T>) -> String {
        let missing = Self::missing(loss, x);
        format!("there is no gradient: %{} {} {missing}{}", x.index, x.op(), missing.help())
    }

    /// The reason why no operand of `loss` wants a gradient.
    #[inline(never)]
    pub(crate) fn nothing_wanted(loss: Var<'t, T>) -> String {
        let inner = loss.tape.inner.borrow();
        let detach = inner.nodes.iter().take(loss.index() + 1).rev().find(|n| n.op.is::<Detach>());
        let why = match detach {
            Some(node) => {
                format!("its history was cut by the `detach` at {}", inner.user_line(node))
            }
            None => "it was computed from constants and frozen parameters alone".to_string(),
        };
        format!("nothing that wants a gradient leads to this loss: {why}\n  help: {HELP}")
    }
}

/// The way to give a loss a gradient.
const HELP: &str = "record inputs with `tape.var(…)` and parameters with `tape.param(…)`, and compute with vars: \
    a loss made from `.value()` has left the tape";

impl<T: Float> Gradient<T> {
    /// The fix for a missing gradient.
    fn help(&self) -> String {
        match self {
            Self::NotWanted => format!("\n  help: {HELP}"),
            _ => String::new(),
        }
    }

    /// The gradient.
    ///
    /// # Errors
    /// [`Error::NoGradient`] if there is none; it gives the reason.
    #[track_caller]
    pub fn value(self) -> Result<Tensor<T>> {
        match self {
            Self::Value(g) => Ok(g),
            other => Err(Error::NoGradient {
                verb: "wrt",
                why: format!("there is no gradient: it {other}{}", other.help()),
                at: Location::caller(),
            }),
        }
    }

    /// The gradient, if there is one.
    pub fn ok(self) -> Option<Tensor<T>> {
        match self {
            Self::Value(g) => Some(g),
            _ => None,
        }
    }
}

impl<T: Float> fmt::Debug for Gradient<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<T: Float> fmt::Display for Gradient<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(g) => fmt::Display::fmt(g, f),
            Self::Unused => f.write_str("is unused: the loss does not depend on it"),
            Self::Detached { at } => {
                write!(f, "is detached at {at}: no gradient comes back through there")
            }
            Self::NotDifferentiable { op, at } => {
                write!(f, "leads on only through `{op}` at {at}, which has no derivative")
            }
            Self::NotWanted => f.write_str("wants no gradient: it is data, or a frozen parameter"),
            Self::OtherTape => f.write_str("is recorded on another tape than the loss"),
        }
    }
}

impl<T: Float> fmt::Debug for Gradients<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Gradients of {:?}", self.loss)
    }
}

compiled!(f32 f64: { Gradients::<T>::nothing_wanted, Gradients::<T>::missing });
