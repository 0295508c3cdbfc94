//! `State`: the state of an optimiser by name, and its loading: everything is checked before anything is changed.

use std::collections::BTreeMap;
use std::fmt;
use std::panic::Location;

use wengert_autograd::Line;
use wengert_tensor::{Element, Shape, Tensor};

use crate::settings::{ANY, Bound};
use crate::{Error, Result};

/// The name of the learning rate in a [`State`].
pub(crate) const LEARNING_RATE: &str = "learning_rate";

/// Counts: beyond 2⁵³ a double does not hold every whole number.
const COUNT: Bound = Bound {
    holds: |x| x >= 0.0 && x.fract() == 0.0 && x <= 9_007_199_254_740_992.0,
    words: "be a whole number, and not below 0",
};

/// The state of an optimiser, by name: `l1.weight.exp_avg` among the tensors, `l1.weight.step` and `learning_rate` among
/// the numbers. The names after the path are PyTorch's. A snapshot: later steps do not write to it.
#[derive(Clone)]
pub struct State<T> {
    /// The kind of optimiser that made it, such as `Adam`; no other kind loads it. A state whose kind is `None` is loaded by any
    /// that knows the names.
    pub kind: Option<String>,
    /// Tensors.
    pub tensors: BTreeMap<String, Tensor<T>>,
    /// Numbers, exact to the bit.
    pub scalars: BTreeMap<String, f64>,
}

impl<T> Default for State<T> {
    fn default() -> Self {
        Self { kind: None, tensors: BTreeMap::new(), scalars: BTreeMap::new() }
    }
}

impl<T: Element> PartialEq for State<T> {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind && self.tensors == other.tensors && self.scalars == other.scalars
    }
}

impl<T: Element> fmt::Debug for State<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State")
            .field("kind", &self.kind)
            .field("tensors", &self.tensors)
            .field("scalars", &self.scalars)
            .finish()
    }
}

impl<T> State<T> {
    /// An empty state of this kind.
    pub fn of(kind: &str) -> Self {
        Self { kind: Some(kind.to_string()), ..Self::default() }
    }

    /// The same state with other names, for a model whose paths have changed since it was saved.
    ///
    /// ```
    /// # use wengert_optim::State;
    /// let mut state = State::<f32>::default();
    /// state.scalars.insert("l1.weight.step".to_string(), 7.0);
    /// let state = state.renamed(|name| name.replace("l1.", "encoder."));
    /// assert_eq!(state.scalars["encoder.weight.step"], 7.0);
    /// ```
    #[must_use]
    pub fn renamed(self, name: impl Fn(&str) -> String) -> Self {
        Self {
            kind: self.kind,
            tensors: self.tensors.into_iter().map(|(key, x)| (name(&key), x)).collect(),
            scalars: self.scalars.into_iter().map(|(key, x)| (name(&key), x)).collect(),
        }
    }
}

/// Takes entries out of a state by name and notes what is wrong with them, so that everything is checked before anything
/// is changed.
///
/// ```
/// use wengert_optim::{Loader, Result, State};
///
/// struct Counter(u64);
/// impl Counter {
///     fn state(&self) -> State<f32> {
///         let mut state = State::of("Counter");
///         state.scalars.insert("count".to_string(), self.0 as f64);
///         state
///     }
///     fn load_state(&mut self, state: State<f32>) -> Result<()> {
///         let mut loader = Loader::new("Counter", state)?;
///         let count = loader.count("count");
///         loader.finish()?;
///         self.0 = count;
///         Ok(())
///     }
/// }
///
/// let mut counter = Counter(7);
/// let mut state = counter.state();
/// state.scalars.insert("count".to_string(), 1.5);
/// let error = counter.load_state(state).unwrap_err().to_string();
/// assert!(error.contains("`count is 1.5, and must be a whole number, and not below 0`"));
/// assert_eq!(counter.0, 7);
/// # Ok::<(), wengert_optim::Error>(())
/// ```
#[derive(Debug)]
pub struct Loader<T: Element> {
    kind: &'static str,
    state: State<T>,
    missing: Vec<String>,
    misshaped: Vec<String>,
    invalid: Vec<String>,
    at: Line,
}

impl<T: Element> Loader<T> {
    /// A loader of a state of this kind, or of no kind.
    ///
    /// # Errors
    /// [`Error::Kind`] if it is of another.
    #[track_caller]
    pub fn new(kind: &'static str, state: State<T>) -> Result<Self> {
        let at = Location::caller();
        match state.kind {
            Some(saved) if saved != kind => Err(Error::Kind { optimizer: kind, saved, at }),
            _ => {
                let (missing, misshaped, invalid) = (Vec::new(), Vec::new(), Vec::new());
                Ok(Self { kind, state, missing, misshaped, invalid, at })
            }
        }
    }

    /// Whether a number of this name is left.
    pub fn has_number(&self, name: &str) -> bool {
        self.state.scalars.contains_key(name)
    }

    /// Whether a tensor of this name is left.
    pub fn has_tensor(&self, name: &str) -> bool {
        self.state.tensors.contains_key(name)
    }

    /// A number, which may be infinite but not NaN; 0 if there is none.
    pub fn number(&mut self, name: &str) -> f64 {
        self.number_in(name, ANY)
    }

    /// A whole number, 0 or more: of steps, epochs, updates.
    pub fn count(&mut self, name: &str) -> u64 {
        self.number_in(name, COUNT) as u64
    }

    pub(crate) fn number_in(&mut self, name: &str, bound: Bound) -> f64 {
        let Some(x) = self.state.scalars.remove(name) else {
            self.missing.push(name.to_string());
            return 0.0;
        };
        if !(bound.holds)(x) {
            self.invalid.push(format!("{name} is {x}, and must {}", bound.words));
        }
        x
    }

    /// A tensor of this shape.
    pub fn tensor(&mut self, name: &str, shape: &[usize]) -> Option<Tensor<T>> {
        let Some(x) = self.state.tensors.remove(name) else {
            self.missing.push(name.to_string());
            return None;
        };
        if x.shape() != shape {
            let (got, wanted) = (Shape::new(x.shape()), Shape::new(shape));
            self.misshaped.push(format!("{name} {got} for {wanted}"));
        }
        Some(x)
    }

    /// All entries whose names start with `prefix`, without it.
    pub fn under(&mut self, prefix: &str) -> State<T> {
        let mut state = State::default();
        for (name, x) in std::mem::take(&mut self.state.tensors) {
            match name.strip_prefix(prefix) {
                Some(rest) => state.tensors.insert(rest.to_string(), x),
                None => self.state.tensors.insert(name, x),
            };
        }
        for (name, x) in std::mem::take(&mut self.state.scalars) {
            match name.strip_prefix(prefix) {
                Some(rest) => state.scalars.insert(rest.to_string(), x),
                None => self.state.scalars.insert(name, x),
            };
        }
        state
    }

    /// Ends the loading.
    ///
    /// # Errors
    /// [`Error::State`], which lists all wrong entries and all entries that are left over.
    pub fn finish(self) -> Result<()> {
        let Self { kind: optimizer, state, missing, misshaped, invalid, at } = self;
        let unexpected: Vec<String> =
            state.tensors.into_keys().chain(state.scalars.into_keys()).collect();
        if [&missing, &unexpected, &misshaped, &invalid].iter().all(|names| names.is_empty()) {
            return Ok(());
        }
        Err(Error::State { optimizer, missing, unexpected, misshaped, invalid, at })
    }
}
