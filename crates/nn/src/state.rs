//! `State`: the values of a model by name, for saving and loading.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use wengert_autograd::Param;
use wengert_tensor::{Float, Tensor};

use crate::buffer::{Buffer, Counter};
use crate::error::list;
use crate::parts::{AnyParts, Part};
use crate::safetensors::{list_from_json, list_to_json};

/// Values by name, in the order of the model's parts. PyTorch calls it a `state_dict`.
///
/// ```
/// use wengert_nn::{Linear, Parts};
/// use wengert_tensor::Rng;
///
/// let rng = &mut Rng::new(0);
/// let (trained, fresh) = (Linear::<f32>::new(3, 2, rng), Linear::new(3, 2, rng));
/// fresh.load_state(&trained.state())?;
/// assert_eq!(fresh.state(), trained.state());
/// # Ok::<(), wengert_nn::Error>(())
/// ```
#[derive(Clone)]
pub struct State<T> {
    entries: Vec<(String, Entry<T>)>,
    places: HashMap<String, usize>,
    notes: BTreeMap<String, String>,
}

/// A value of a [`State`].
#[derive(Clone)]
pub enum Entry<T> {
    /// A parameter or a buffer.
    Float(Tensor<T>),
    /// A counter.
    Int(Tensor<i64>),
}

impl<T: Float> Entry<T> {
    /// The sizes of its axes.
    pub fn shape(&self) -> &[usize] {
        match self {
            Self::Float(x) => x.shape(),
            Self::Int(x) => x.shape(),
        }
    }

    /// Whether all elements are equal; NaN counts as equal to NaN.
    fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Float(a), Self::Float(b)) => {
                let same = |(a, b): (T, T)| a == b || (a.is_nan() && b.is_nan());
                a.shape() == b.shape() && a.iter().zip(b.iter()).all(same)
            }
            _ => self == other,
        }
    }

    /// As floats: whole numbers only if each is one.
    fn float(&self) -> Option<Tensor<T>> {
        match self {
            Self::Float(x) => Some(x.clone()),
            Self::Int(x) => {
                let floats = x.cast::<T>();
                (floats.cast::<i64>() == *x).then_some(floats)
            }
        }
    }

    /// As a whole number, if it is one.
    fn int(&self) -> Option<i64> {
        let int = match self {
            Self::Float(x) => x.cast::<i64>(),
            Self::Int(x) => x.clone(),
        };
        let exact = match self {
            Self::Float(x) => int.cast::<T>() == *x,
            Self::Int(_) => true,
        };
        if exact { int.item().ok() } else { None }
    }
}

impl<T: Float> PartialEq for Entry<T> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Float(a), Self::Float(b)) => a == b,
            (Self::Int(a), Self::Int(b)) => a == b,
            _ => false,
        }
    }
}

impl<T: Float> fmt::Debug for Entry<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if matches!(self, Self::Float(_)) { T::NAME } else { "i64" };
        write!(f, "{kind} {:?}", self.shape())
    }
}

impl<T: Float> fmt::Debug for State<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<T> Default for State<T> {
    fn default() -> Self {
        Self { entries: Vec::new(), places: HashMap::new(), notes: BTreeMap::new() }
    }
}

impl<T: Float> PartialEq for State<T> {
    /// The same names with equal values, in any order. Notes do not count.
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().all(|(name, e)| other.entry(name) == Some(e))
    }
}

impl<T: Float> State<T> {
    /// No values.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a value, or replaces the one with this name.
    pub fn insert(&mut self, name: impl Into<String>, value: Tensor<T>) {
        self.insert_entry(name.into(), Entry::Float(value));
    }

    /// Adds a value of either kind, or replaces the one with this name.
    pub fn insert_entry(&mut self, name: impl Into<String>, entry: Entry<T>) {
        let name = name.into();
        if let Some(&i) = self.places.get(&name) {
            self.entries[i].1 = entry;
            return;
        }
        self.places.insert(name.clone(), self.entries.len());
        self.entries.push((name, entry));
    }

    /// The parameter or buffer of this name.
    pub fn get(&self, name: &str) -> Option<&Tensor<T>> {
        match self.entry(name) {
            Some(Entry::Float(x)) => Some(x),
            _ => None,
        }
    }

    /// The value of this name.
    pub fn entry(&self, name: &str) -> Option<&Entry<T>> {
        self.places.get(name).map(|&i| &self.entries[i].1)
    }

    /// The names and values, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Entry<T>)> {
        self.entries.iter().map(|(name, entry)| (name.as_str(), entry))
    }

    /// The names, in order.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.entries.iter().map(|(name, _)| name.as_str())
    }

    /// The number of values.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// With other names: the function returns the new name, or `None` to leave the value out.
    ///
    /// ```
    /// use wengert_nn::{Linear, Parts, State};
    /// use wengert_tensor::Rng;
    ///
    /// let saved: State<f32> = Linear::new(3, 2, &mut Rng::new(0)).state();
    /// let renamed = saved.rename(|name| Some(format!("module.{name}")));
    /// let back = renamed.rename(|name| name.strip_prefix("module.").map(str::to_string));
    /// assert_eq!(back, saved);
    /// ```
    #[must_use]
    pub fn rename(&self, mut name: impl FnMut(&str) -> Option<String>) -> Self {
        let mut renamed = Self { notes: self.notes.clone(), ..Self::new() };
        for (old, entry) in &self.entries {
            if let Some(new) = name(old) {
                renamed.insert_entry(new, entry.clone());
            }
        }
        renamed
    }

    /// With a text about the model, under a key of your own. It is saved in the file, and ignored when a state is loaded into a
    /// model.
    #[must_use]
    pub fn with_note(mut self, key: impl Into<String>, text: impl Into<String>) -> Self {
        self.notes.insert(key.into(), text.into());
        self
    }

    /// The text under this key.
    pub fn note(&self, key: &str) -> Option<&str> {
        self.notes.get(key).map(String::as_str)
    }

    /// All texts with their keys, in the order of the keys.
    pub fn notes(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.notes.iter().map(|(key, text)| (key.as_str(), text.as_str()))
    }

    /// With the names of the model's classes, by class number: the note `class_names`, as a JSON list.
    ///
    /// ```
    /// use wengert_nn::{Linear, Parts, State, load, save};
    /// use wengert_tensor::Rng;
    ///
    /// let model = Linear::<f32>::new(4, 2, &mut Rng::new(0));
    /// let file = std::env::temp_dir().join(format!("wengert-names-{}.safetensors", std::process::id()));
    /// save(&file, &model.state().with_class_names(["cat", "dog"]))?;
    ///
    /// let state: State<f32> = load(&file)?;
    /// assert_eq!(state.class_names(), ["cat", "dog"]);
    /// # std::fs::remove_file(&file).unwrap();
    /// # Ok::<(), wengert_nn::Error>(())
    /// ```
    #[must_use]
    pub fn with_class_names<S: AsRef<str>>(self, names: impl IntoIterator<Item = S>) -> Self {
        let names: Vec<S> = names.into_iter().collect();
        self.with_note(CLASS_NAMES, list_to_json(names.iter().map(S::as_ref)))
    }

    /// The names of the classes, by class number; none if the state has none.
    pub fn class_names(&self) -> Vec<String> {
        self.note(CLASS_NAMES).and_then(list_from_json).unwrap_or_default()
    }
}

/// The key of the note with the classes' names.
const CLASS_NAMES: &str = "class_names";

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

    /// An identity that is equal for two handles to one value, and only for these.
    fn identity(&self) -> (char, u64) {
        match self {
            Self::Param(p) => ('p', p.id()),
            Self::Buffer(b) => ('b', b.address() as u64),
            Self::Counter(c) => ('c', c.address() as u64),
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

/// Every part with a value. A part with two names is listed twice, as in PyTorch's files.
fn slots<T: Float>(model: &dyn AnyParts<T>) -> Vec<(String, Slot<T>)> {
    let mut slots = Vec::new();
    model.walk(&mut |path, part| {
        let slot = match part {
            Part::Param(p) => Slot::Param(p.clone()),
            Part::Buffer(b) => Slot::Buffer(b.clone()),
            Part::Counter(c) => Slot::Counter(c.clone()),
            Part::Module(_) => return,
        };
        slots.push((path.to_string(), slot));
    });
    slots
}

pub(crate) fn of<T: Float>(model: &dyn AnyParts<T>) -> State<T> {
    let mut state = State::new();
    for (path, slot) in slots(model) {
        state.insert_entry(path, slot.read());
    }
    state
}

/// Writes the values that match; nothing if `all` must match and some do not.
pub(crate) fn load<T: Float>(model: &dyn AnyParts<T>, state: &State<T>, all: bool) -> Mismatch {
    let mut mismatch = Mismatch::default();
    let mut writes: Vec<Box<dyn FnOnce()>> = Vec::new();
    let mut known = std::collections::HashSet::new();
    let mut firsts: HashMap<(char, u64), (String, &Entry<T>)> = HashMap::new();
    for (path, slot) in slots(model) {
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
        } else if let Some((first, met)) = firsts.get(&slot.identity()) {
            if !met.same(entry) {
                mismatch.conflicting.push((first.clone(), path.clone()));
            }
        } else {
            firsts.insert(slot.identity(), (path.clone(), entry));
            let write: Option<Box<dyn FnOnce()>> = match slot {
                Slot::Param(p) => entry.float().map(|x| Box::new(move || p.set(x)) as _),
                Slot::Buffer(b) => entry.float().map(|x| Box::new(move || b.set(x)) as _),
                Slot::Counter(c) => entry.int().map(|x| Box::new(move || c.set(x)) as _),
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
