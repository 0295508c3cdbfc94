//! The state of a model: its values by name, and their loading, which checks every name and shape first.

use std::collections::{HashMap, HashSet};
use std::fmt;

use wengert_autograd::Param;
use wengert_files::{Entry, State};
use wengert_tensor::{Float, Tensor, compiled};

use crate::buffer::{Buffer, Counter};
use crate::error::list;
use crate::parts::{AnyParts, Part};

/// The differences between the names and shapes of a state and those of a model.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Mismatch {
    /// Names of the model that the state does not have.
    pub missing: Vec<String>,
    /// Names of the state that the model does not have.
    pub unexpected: Vec<String>,
    /// Names of both, with the model's shape and the state's.
    pub misshaped: Vec<(String, Vec<usize>, Vec<usize>)>,
    /// Names of both whose values the model cannot hold exactly: a count that is not whole, or a whole number that is too large.
    pub inexact: Vec<String>,
    /// Pairs of names that belong to one parameter, buffer or counter of the model, but have different values in the state.
    pub conflicting: Vec<(String, String)>,
}

impl Mismatch {
    /// Whether everything matches.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The prefix that all names of the state have and no name of the model has, if that is the only difference.
    fn prefix(&self) -> Option<&str> {
        let (first, name) = (self.unexpected.first()?, self.missing.first()?);
        let prefix = first.strip_suffix(name.as_str()).filter(|p| !p.is_empty())?;
        let stripped = |u: &String| u.strip_prefix(prefix).map(str::to_string);
        let renamed: Option<Vec<String>> = self.unexpected.iter().map(stripped).collect();
        (renamed? == self.missing).then_some(prefix)
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("the state fits the model");
        }
        f.write_str("load_state: the state does not fit the model, and nothing was loaded")?;
        if !self.missing.is_empty() {
            write!(f, "\n  missing: {}", list(&self.missing))?;
        }
        if !self.unexpected.is_empty() {
            write!(f, "\n  unexpected: {}", list(&self.unexpected))?;
        }
        for (name, model, state) in &self.misshaped {
            write!(f, "\n  `{name}` has shape {model:?} in the model and {state:?} in the state")?;
        }
        if !self.inexact.is_empty() {
            write!(f, "\n  not exact in the model's type: {}", list(&self.inexact))?;
        }
        for (first, second) in &self.conflicting {
            write!(
                f,
                "\n  `{first}` and `{second}` are one in the model and have different values in the state"
            )?;
        }
        match self.prefix() {
            Some(prefix) => write!(
                f,
                "\n  help: the state's names start with `{prefix}`: `state.rename(|n| n.strip_prefix(\"{prefix}\").map(str::to_string))`"
            ),
            None => write!(f, "\n  help: `load_matching` loads what fits, and reports the rest"),
        }
    }
}

/// A part of a model to which a value can be written.
enum Slot<T> {
    Param(Param<T>),
    Buffer(Buffer<T>),
    Counter(Counter),
}

impl<T: Float> Slot<T> {
    fn shape(&self) -> Vec<usize> {
        match self {
            Self::Param(p) => p.shape(),
            Self::Buffer(b) => b.shape(),
            Self::Counter(_) => Vec::new(),
        }
    }

    fn read(&self) -> Entry<T> {
        match self {
            Self::Param(p) => Entry::Float(p.value()),
            Self::Buffer(b) => Entry::Float(b.value()),
            Self::Counter(c) => Entry::Int(Tensor::scalar(c.get())),
        }
    }
}

/// Whether all elements are equal; NaN counts as equal to NaN.
fn same<T: Float>(a: &Entry<T>, b: &Entry<T>) -> bool {
    match (a, b) {
        (Entry::Float(a), Entry::Float(b)) => {
            let same = |(a, b): (T, T)| a == b || (a.is_nan() && b.is_nan());
            a.shape() == b.shape() && a.iter().zip(b.iter()).all(same)
        }
        _ => a == b,
    }
}

/// An entry as floats: whole numbers and doubles only if each is one exactly.
fn float<T: Float>(entry: &Entry<T>) -> Option<Tensor<T>> {
    match entry {
        Entry::Float(x) => Some(x.clone()),
        Entry::Int(x) => {
            let floats = x.cast::<T>();
            (floats.cast::<i64>() == *x).then_some(floats)
        }
        Entry::Number(x) => {
            let float = T::from_f64(*x);
            (float.to_f64() == *x).then(|| Tensor::scalar(float))
        }
    }
}

/// An entry as a whole number, if it is one.
fn int<T: Float>(entry: &Entry<T>) -> Option<i64> {
    let int = match entry {
        Entry::Float(x) => x.cast::<i64>(),
        Entry::Int(x) => x.clone(),
        Entry::Number(x) => Tensor::scalar(*x).cast(),
    };
    let exact = match entry {
        Entry::Float(x) => int.cast::<T>() == *x,
        Entry::Int(_) => true,
        Entry::Number(x) => int.cast::<f64>() == Tensor::scalar(*x),
    };
    if exact { int.item().ok() } else { None }
}

/// An identity of what has a value, which is equal for two handles to it, and only for these.
fn identity<T: Float>(part: Part<'_, T>) -> Option<(char, u64)> {
    match part {
        Part::Param(p) => Some(('p', p.id())),
        Part::Buffer(b) => Some(('b', b.address() as u64)),
        Part::Counter(c) => Some(('c', c.address() as u64)),
        Part::Module(_) => None,
    }
}

/// Every part with a value, with its path and its identity. A part with two names is listed twice, as in PyTorch's files.
fn slots<T: Float>(model: &dyn AnyParts<T>) -> Vec<(String, (char, u64), Slot<T>)> {
    let mut slots = Vec::new();
    model.walk(&mut |path, part| {
        let slot = match part {
            Part::Param(p) => Slot::Param(p.clone()),
            Part::Buffer(b) => Slot::Buffer(b.clone()),
            Part::Counter(c) => Slot::Counter(c.clone()),
            Part::Module(_) => return,
        };
        slots.extend(identity(part).map(|identity| (path.to_string(), identity, slot)));
    });
    slots
}

/// The path of a part of the second model that is one of the first.
#[inline(never)]
pub(crate) fn shared<T: Float>(a: &dyn AnyParts<T>, b: &dyn AnyParts<T>) -> Option<String> {
    let mut known = HashSet::new();
    a.walk(&mut |_, part| known.extend(identity(part)));
    let mut found = None;
    b.walk(&mut |path, part| {
        if identity(part).is_some_and(|part| known.contains(&part)) {
            found.get_or_insert_with(|| path.to_string());
        }
    });
    found
}

#[inline(never)]
pub(crate) fn of<T: Float>(model: &dyn AnyParts<T>) -> State<T> {
    let mut state = State::new();
    for (path, _, slot) in slots(model) {
        state.insert_entry(path, slot.read());
    }
    state
}

/// Writes the values that match; nothing if `all` must match and some do not.
#[inline(never)]
pub(crate) fn load<T: Float>(model: &dyn AnyParts<T>, state: &State<T>, all: bool) -> Mismatch {
    let mut mismatch = Mismatch::default();
    let mut writes: Vec<Box<dyn FnOnce()>> = Vec::new();
    let mut known = HashSet::new();
    let mut firsts: HashMap<(char, u64), (String, &Entry<T>)> = HashMap::new();
    for (path, identity, slot) in slots(model) {
        let Some(entry) = state.entry(&path) else {
            mismatch.missing.push(path);
            continue;
        };
        let shape = slot.shape();
        // A count may come as a list of one number.
        let fits =
            entry.shape() == shape || (matches!(slot, Slot::Counter(_)) && *entry.shape() == [1]);
        if !fits {
            mismatch.misshaped.push((path.clone(), shape, entry.shape().to_vec()));
        } else if let Some((first, met)) = firsts.get(&identity) {
            if !same(met, entry) {
                mismatch.conflicting.push((first.clone(), path.clone()));
            }
        } else {
            firsts.insert(identity, (path.clone(), entry));
            let write: Option<Box<dyn FnOnce()>> = match slot {
                Slot::Param(p) => float(entry).map(|x| Box::new(move || p.set(x)) as _),
                Slot::Buffer(b) => float(entry).map(|x| Box::new(move || b.set(x)) as _),
                Slot::Counter(c) => int(entry).map(|x| Box::new(move || c.set(x)) as _),
            };
            match write {
                Some(write) => writes.push(write),
                None => mismatch.inexact.push(path.clone()),
            }
        }
        known.insert(path);
    }
    let unexpected = state.names().filter(|name| !known.contains(*name));
    mismatch.unexpected = unexpected.map(str::to_string).collect();
    if !all || mismatch.is_empty() {
        for write in writes {
            write();
        }
    }
    mismatch
}

compiled!(f32 f64: { of::<T>, load::<T>, shared::<T> });
