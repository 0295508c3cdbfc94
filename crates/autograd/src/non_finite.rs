//! The post-mortem: when a loss or a gradient is not finite, which op was the first to make it so, and of what.

use std::fmt;
use std::panic::Location;

use wengert_tensor::{Float, Shape, Tensor, compiled};

use crate::error::Line;
use crate::inner::Inner;
use crate::sweep::Keep;
use crate::{Error, Result, Tape, Var};

/// The op that made a value or a gradient that is not finite, or the data that held it.
#[derive(Clone, Debug)]
pub struct NonFinite {
    /// Its line on the tape.
    pub index: usize,
    /// Its name.
    pub op: &'static str,
    /// The path of its scope, and of the parameters that it reads.
    pub layer: String,
    /// The user's line.
    pub at: Line,
    /// Whether the value is at fault (forward), or the gradient that the op hands back (reverse).
    pub in_reverse: bool,
    /// The number that is not finite.
    pub value: f64,
    /// Its place in the result.
    pub place: Vec<usize>,
    /// The operands at that place, where they have it; in reverse the incoming gradient first.
    pub operands: Vec<f64>,
    /// The fix, if one is known.
    pub hint: Option<&'static str>,
}

impl fmt::Display for NonFinite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = if self.in_reverse { "the gradient through" } else { "the result of" };
        write!(f, "{what} %{} {} is {} at {:?}", self.index, self.op, self.value, self.place)?;
        if !self.operands.is_empty() {
            write!(f, ", of {:?}", self.operands)?;
        }
        if !self.layer.is_empty() {
            write!(f, "\n  in {}", self.layer)?;
        }
        if let Some(hint) = self.hint {
            write!(f, "\n  help: {hint}")?;
        }
        write!(f, "\n  at {}", self.at)
    }
}

impl<T: Float> Tape<T> {
    /// The first op that made of finite operands a result that is not finite, or a NaN of operands without one; or the
    /// first data or parameter that holds a NaN. Infinities that were recorded as data are meant, as those of a mask, and
    /// what only hands them on is no fault: they are named if nothing else is found and the last value of the tape is not
    /// finite. `None` otherwise. Nothing need be switched on: the tape holds every value, but for parameters that were
    /// changed after `backward`.
    ///
    /// ```
    /// use wengert_autograd::Tape;
    /// use wengert_tensor::tensor;
    ///
    /// let tape = Tape::new();
    /// let p = tape.var(tensor![0.5_f32, 0.0]);
    /// let loss = -p.ln().mean();
    /// let found = tape.first_non_finite().unwrap();
    /// assert_eq!((found.op, &found.place[..], found.operands[0]), ("ln", &[1][..], 0.0));
    /// assert!(found.hint.unwrap().contains("log_softmax"));
    /// # let _ = loss;
    /// ```
    #[inline(never)]
    pub fn first_non_finite(&self) -> Option<NonFinite> {
        let inner = self.inner.borrow();
        let mut kinds: Vec<Kind> = Vec::with_capacity(inner.nodes.len());
        let mut infinite_data = None;
        for (i, node) in inner.nodes.iter().enumerate() {
            let value = current(&inner, i);
            let kind = value.as_ref().map_or(Kind::Finite, Kind::of);
            kinds.push(kind);
            let (Some(value), true) = (value, kind != Kind::Finite) else { continue };
            let from = node.operands.iter().map(|&j| kinds[j as usize]).max();
            let data = node.operands.is_empty() && node.op.parameter().is_none();
            let made = match from {
                _ if data => kind == Kind::Nan,
                Some(from) => kind > from,
                None => true,
            };
            let found = || Some(report(&inner, i, &value, first_place(&value, kind)?, None));
            if made {
                return found();
            }
            if data && infinite_data.is_none() {
                infinite_data = found();
            }
        }
        infinite_data.filter(|_| kinds.last().is_some_and(|last| *last != Kind::Finite))
    }
}

impl<T: Float> Var<'_, T> {
    /// The first op, going back from this number, that makes a gradient that is not finite out of one that is. `None` if
    /// all gradients are finite. Ask it before the optimiser's step, and after `backward` within [`Tape::unspent`].
    ///
    /// # Errors
    /// As [`gradients`](Var::gradients).
    #[track_caller]
    #[inline(never)]
    pub fn first_non_finite_gradient(self) -> Result<Option<NonFinite>> {
        let at = Location::caller();
        self.startable("first_non_finite_gradient", at)?;
        let seed = self.value()?.ones_like();
        let grads = self.tape.sweep(vec![(self.index, seed)], Keep::All)?;
        let inner = self.tape.inner.borrow();
        for i in (0..grads.len()).rev() {
            let Some(g) = grads[i].as_ref().filter(|g| Kind::of(g) == Kind::Finite) else {
                continue;
            };
            // A finite gradient came in; what did this op hand back?
            for &j in inner.nodes.operands(i) {
                if let Some(back) = grads.get(j as usize).and_then(Option::as_ref)
                    && let Some(place) = first_place(back, Kind::of(back))
                {
                    return Ok(Some(report(&inner, i, back, place, Some(g))));
                }
            }
        }
        Ok(None)
    }
}

impl<T: Float> Var<'_, T> {
    /// The error that names the op, if this number or one of the parameters' gradients is not finite.
    #[track_caller]
    #[inline(never)]
    pub(crate) fn refuse_non_finite(self, grads: &[Option<Tensor<T>>]) -> Result<()> {
        let finite = |x: &Tensor<T>| x.is_empty() || largest(x).is_ok_and(T::is_finite);
        let loss_is_finite = finite(&self.value()?);
        if loss_is_finite && grads.iter().flatten().all(finite) {
            return Ok(());
        }
        let forward = if loss_is_finite { None } else { self.tape.first_non_finite() };
        let found = match forward {
            Some(found) => Some(found),
            None => self.first_non_finite_gradient()?,
        };
        Err(match found {
            Some(found) => Error::NotFinite(Box::new(found)),
            // A watcher put it there, and not again.
            None => Error::Use("a gradient is not finite".to_string(), Location::caller()),
        })
    }
}

/// A node's value. `None` of a parameter that was changed after `backward` let go of it.
fn current<T: Float>(inner: &Inner<T>, i: usize) -> Option<Tensor<T>> {
    let node = inner.nodes.at(i);
    inner.value_of(node, "first_non_finite", node.at).ok()
}

fn largest<T: Float>(x: &Tensor<T>) -> Result<T> {
    Ok(x.norm(f64::INFINITY)?.item()?)
}

/// The worst element of a tensor, from good to bad.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Finite,
    Infinite,
    Nan,
}

impl Kind {
    fn of<T: Float>(x: &Tensor<T>) -> Self {
        let kind = |x: T| match (x.is_nan(), x.is_finite()) {
            (true, _) => Self::Nan,
            (_, true) => Self::Finite,
            _ => Self::Infinite,
        };
        x.iter().map(kind).max().unwrap_or(Self::Finite)
    }
}

/// The first place that is as bad as `kind`; `None` of what is finite.
fn first_place<T: Float>(x: &Tensor<T>, kind: Kind) -> Option<usize> {
    match kind {
        Kind::Finite => None,
        Kind::Infinite => x.iter().position(|x| !x.is_finite()),
        Kind::Nan => x.iter().position(T::is_nan),
    }
}

fn report<T: Float>(
    inner: &Inner<T>,
    i: usize,
    bad: &Tensor<T>,
    place: usize,
    g: Option<&Tensor<T>>,
) -> NonFinite {
    let node = inner.nodes.at(i);
    let index = Shape::index_of(bad.shape(), place);
    // Operands that have this place when broadcast; others are of another kind, and say nothing.
    let at = |x: &Tensor<T>| x.expand(bad.shape()).ok()?.get(&index).ok().map(|x| x.to_f64());
    let mut operands: Vec<f64> = g.and_then(at).into_iter().collect();
    operands.extend(node.operands.iter().filter_map(|&j| at(&current(inner, j as usize)?)));
    let value = bad.get(&index).map_or(f64::NAN, |x| x.to_f64());
    NonFinite {
        index: i,
        op: node.op.name(),
        layer: inner.line(i).layer(),
        at: inner.user_line(node),
        in_reverse: g.is_some(),
        value,
        place: index,
        hint: hint(node.op, g.is_some()),
        operands,
    }
}

fn hint<T: Float>(op: &crate::Op<T>, in_reverse: bool) -> Option<&'static str> {
    Some(match (op.name(), in_reverse) {
        ("constant" | "input", _) => {
            "the data itself is not finite: check what was read, and what was divided by (an infinity may be meant, as in a mask)"
        }
        ("param", _) => {
            "the parameter is not finite already: a step before this one went wrong (a lower rate, or clipping?)"
        }
        ("ln" | "log2" | "log10", _) => {
            "ln(0) is -inf: of a softmax use `log_softmax`, of a sigmoid `log_sigmoid` or a loss on logits"
        }
        ("exp" | "exp2" | "expm1" | "sinh" | "cosh", _) => {
            "the exponential overflows: `logsumexp`, `softmax` and losses on logits shift it first"
        }
        ("div" | "recip" | "rdiv_scalar", _) => {
            "a division by 0: add a small number to the divisor, or choose with `where_`"
        }
        ("sqrt" | "rsqrt" | "norm" | "std", true) => {
            "the slope of a root at 0 is infinite: add a small number under it, or use `norm_over`, whose slope at 0 is 0"
        }
        ("sqrt" | "rsqrt", false) => "the root of a number below 0, or 1 over the root of 0",
        ("pow" | "pow_scalar", _) => {
            "a power of 0 with a negative exponent, or of a negative number with a fraction"
        }
        ("asin" | "acos", _) => "the slope is infinite at ±1, and there is no value beyond",
        ("bce", _) => "of logits use `bce_with_logits`",
        ("sub", false) => "inf - inf: look for what overflowed before",
        ("matmul" | "linear" | "sum" | "square" | "mul", false) => {
            "the numbers grew too large: a lower rate, clipping, or another initialisation"
        }
        _ => return None,
    })
}

compiled!(f32 f64: {
    Tape::<T>::first_non_finite,
    Var::<T>::first_non_finite_gradient,
    Var::<T>::refuse_non_finite,
});
