//! `State`: values by name, for saving and loading. A model, an optimiser and everything else that a run depends on give one.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use wengert_tensor::{Float, Tensor};

use crate::safetensors::{list_from_json, list_to_json};

/// Values by name, in the order in which they were added: a snapshot of a model, of an optimiser, or of anything else that a run
/// depends on. PyTorch calls it a `state_dict`.
///
/// ```
/// use wengert_files::State;
/// use wengert_tensor::tensor;
///
/// let mut state = State::<f32>::of("Adam");
/// state.insert("l1.weight.exp_avg", tensor![0.5, 0.25]);
/// state.insert_number("l1.weight.step", 7.0);
/// assert_eq!(state.get("l1.weight.exp_avg"), Some(&tensor![0.5, 0.25]));
/// assert_eq!(state.number("l1.weight.step"), Some(7.0));
/// ```
#[derive(Clone)]
pub struct State<T> {
    /// The kind that made it, such as `Adam`; no other kind loads it. A state whose kind is `None` is loaded by any that knows the
    /// names. A model's state has none.
    pub kind: Option<String>,
    entries: Vec<(String, Entry<T>)>,
    places: HashMap<String, usize>,
    notes: BTreeMap<String, String>,
}

/// A value of a [`State`].
#[derive(Clone)]
pub enum Entry<T> {
    /// A parameter, a buffer, or what an optimiser remembers of them.
    Float(Tensor<T>),
    /// Counts, and other whole numbers.
    Int(Tensor<i64>),
    /// A number, exact to the bit.
    Number(f64),
}

impl<T: Float> Entry<T> {
    /// The sizes of its axes.
    pub fn shape(&self) -> &[usize] {
        match self {
            Self::Float(x) => x.shape(),
            Self::Int(x) => x.shape(),
            Self::Number(_) => &[],
        }
    }
}

impl<T: Float> PartialEq for Entry<T> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Float(a), Self::Float(b)) => a == b,
            (Self::Int(a), Self::Int(b)) => a == b,
            (Self::Number(a), Self::Number(b)) => a == b,
            _ => false,
        }
    }
}

impl<T: Float> fmt::Debug for Entry<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Float(x) => write!(f, "{} {:?}", T::NAME, x.shape()),
            Self::Int(x) => write!(f, "i64 {:?}", x.shape()),
            Self::Number(x) => write!(f, "{x}"),
        }
    }
}

impl<T: Float> fmt::Debug for State<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(kind) = &self.kind {
            write!(f, "{kind} ")?;
        }
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<T> Default for State<T> {
    fn default() -> Self {
        Self { kind: None, entries: Vec::new(), places: HashMap::new(), notes: BTreeMap::new() }
    }
}

impl<T: Float> PartialEq for State<T> {
    /// The same kind, and the same names with equal values, in any order. Notes do not count.
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
            && self.len() == other.len()
            && self.iter().all(|(name, e)| other.entry(name) == Some(e))
    }
}

impl<T: Float> State<T> {
    /// No values, of no kind.
    pub fn new() -> Self {
        Self::default()
    }

    /// No values, of this kind.
    pub fn of(kind: &str) -> Self {
        Self { kind: Some(kind.to_string()), ..Self::default() }
    }

    /// Adds a tensor, or replaces the value with this name.
    pub fn insert(&mut self, name: impl Into<String>, value: Tensor<T>) {
        self.insert_entry(name, Entry::Float(value));
    }

    /// Adds a number, or replaces the value with this name.
    pub fn insert_number(&mut self, name: impl Into<String>, value: f64) {
        self.insert_entry(name, Entry::Number(value));
    }

    /// Adds a value of any type, or replaces the one with this name.
    pub fn insert_entry(&mut self, name: impl Into<String>, entry: Entry<T>) {
        let name = name.into();
        if let Some(&i) = self.places.get(&name) {
            self.entries[i].1 = entry;
            return;
        }
        self.places.insert(name.clone(), self.entries.len());
        self.entries.push((name, entry));
    }

    /// Adds all values of another state, with `prefix` before their names.
    pub fn insert_all(&mut self, prefix: &str, other: &Self) {
        for (name, entry) in other.iter() {
            self.insert_entry(format!("{prefix}{name}"), entry.clone());
        }
    }

    /// Takes the value of this name out.
    pub fn remove(&mut self, name: &str) -> Option<Entry<T>> {
        let at = self.places.remove(name)?;
        self.places.values_mut().filter(|place| **place > at).for_each(|place| *place -= 1);
        Some(self.entries.remove(at).1)
    }

    /// The tensor of this name.
    pub fn get(&self, name: &str) -> Option<&Tensor<T>> {
        match self.entry(name) {
            Some(Entry::Float(x)) => Some(x),
            _ => None,
        }
    }

    /// The number of this name.
    pub fn number(&self, name: &str) -> Option<f64> {
        match self.entry(name) {
            Some(Entry::Number(x)) => Some(*x),
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

    /// The names and values as they are, in order.
    pub fn into_entries(self) -> impl ExactSizeIterator<Item = (String, Entry<T>)> {
        self.entries.into_iter()
    }

    /// The names, in order.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.entries.iter().map(|(name, _)| name.as_str())
    }

    /// The number of values.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// True if it has no values.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// With other names: the function returns the new name, or `None` to leave the value out. It is for a model whose paths
    /// have changed since it was saved.
    ///
    /// ```
    /// use wengert_files::State;
    ///
    /// let mut saved = State::<f32>::new();
    /// saved.insert_number("l1.weight.step", 7.0);
    /// let renamed = saved.rename(|name| Some(name.replace("l1.", "encoder.")));
    /// assert_eq!(renamed.number("encoder.weight.step"), Some(7.0));
    /// assert_eq!(renamed.rename(|_| None), State::new());
    /// ```
    #[must_use]
    pub fn rename(&self, mut name: impl FnMut(&str) -> Option<String>) -> Self {
        let mut renamed =
            Self { kind: self.kind.clone(), notes: self.notes.clone(), ..Self::new() };
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
    /// use wengert_files::{State, safetensors};
    ///
    /// let file = std::env::temp_dir().join(format!("wengert-names-{}.safetensors", std::process::id()));
    /// safetensors::save(&file, &State::<f32>::new().with_class_names(["cat", "dog"]))?;
    /// let state: State<f32> = safetensors::load(&file)?;
    /// assert_eq!(state.class_names(), ["cat", "dog"]);
    /// # std::fs::remove_file(&file).unwrap();
    /// # Ok::<(), wengert_files::Error>(())
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
