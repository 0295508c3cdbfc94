//! `Resume`: everything that a run depends on, besides the model and the optimiser; and `Loader`, which reads a saved state.

use std::collections::HashMap;
use std::panic::Location;

use wengert_tensor::{Float, Rng, Shape, Tensor, compiled};

use crate::{Entry, Error, Line, Result, State};

/// Something with a state. Saved in a checkpoint, it continues from there.
///
/// ```
/// use wengert_files::{Resume, State};
/// use wengert_tensor::Rng;
///
/// let mut rng = Rng::new(42);
/// let saved: State<f32> = rng.state();
/// let expected = rng.split();
/// Resume::load_state(&mut rng, saved)?;
/// assert_eq!(rng.split(), expected);
/// # Ok::<(), wengert_files::Error>(())
/// ```
pub trait Resume<T: Float> {
    /// A snapshot of the state.
    fn state(&self) -> State<T>;

    /// Continues from a saved [`state`](Self::state).
    ///
    /// # Errors
    /// If the state is of another kind, or holds an invalid value. Then nothing is loaded.
    #[track_caller]
    fn load_state(&mut self, state: State<T>) -> Result<()>;
}

/// A generator goes on with the number that it would have drawn next.
impl<T: Float> Resume<T> for Rng {
    fn state(&self) -> State<T> {
        let words = self.to_bytes();
        let (words, _) = words.as_chunks::<8>();
        let words = Tensor::from_fn([words.len()], |i| i64::from_le_bytes(words[i[0]]));
        let mut state = State::of(RNG);
        state.insert_entry("words", Entry::Int(words));
        state
    }

    #[track_caller]
    fn load_state(&mut self, state: State<T>) -> Result<()> {
        let at = Location::caller();
        let mut loader = Loader::new(RNG, state)?;
        let words = loader.ints("words", &[4]);
        loader.finish()?;
        let mut bytes = [0; 32];
        for (to, word) in bytes.chunks_exact_mut(8).zip(words.iter().flat_map(Tensor::iter)) {
            to.copy_from_slice(&word.to_le_bytes());
        }
        let refused = |e: wengert_tensor::Error| Error::Refused(e.to_string(), at);
        *self = Rng::from_bytes(bytes).map_err(refused)?;
        Ok(())
    }
}

/// The kind of a generator's states.
const RNG: &str = "Rng";

/// Takes entries out of a state by name and notes what is wrong with them, so that everything is checked before anything
/// is changed.
///
/// ```
/// use wengert_files::{Loader, Result, Resume, State};
///
/// struct Counter(u64);
/// impl Resume<f32> for Counter {
///     fn state(&self) -> State<f32> {
///         let mut state = State::of("Counter");
///         state.insert_number("count", self.0 as f64);
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
/// state.insert_number("count", 1.5);
/// let error = counter.load_state(state).unwrap_err().to_string();
/// assert!(error.contains("`count is 1.5, and must be a whole number, and not below 0`"));
/// assert_eq!(counter.0, 7);
/// # Ok::<(), wengert_files::Error>(())
/// ```
#[derive(Debug)]
pub struct Loader<T: Float> {
    kind: &'static str,
    /// In their order; `None` where one is taken out.
    entries: Vec<Option<(String, Entry<T>)>>,
    places: HashMap<String, usize>,
    missing: Vec<String>,
    misshaped: Vec<String>,
    invalid: Vec<String>,
    at: Line,
}

impl<T: Float> Loader<T> {
    /// A loader of a state of this kind, or of no kind.
    ///
    /// # Errors
    /// [`Error::Kind`] if it is of another.
    #[track_caller]
    #[inline(never)]
    pub fn new(kind: &'static str, state: State<T>) -> Result<Self> {
        let at = Location::caller();
        match state.kind {
            Some(saved) if saved != kind => Err(Error::Kind { what: kind, saved, at }),
            _ => {
                let (missing, misshaped, invalid) = (Vec::new(), Vec::new(), Vec::new());
                let entries: Vec<_> = state.into_entries().map(Some).collect();
                let named = entries.iter().flatten().enumerate();
                let places = named.map(|(i, (name, _))| (name.clone(), i)).collect();
                Ok(Self { kind, entries, places, missing, misshaped, invalid, at })
            }
        }
    }

    /// True if a value of this name was not read yet.
    pub fn has(&self, name: &str) -> bool {
        self.places.contains_key(name)
    }

    fn take(&mut self, name: &str) -> Option<Entry<T>> {
        let place = self.places.remove(name)?;
        self.entries[place].take().map(|(_, entry)| entry)
    }

    /// A number, which may be infinite but not NaN; 0 if there is none.
    pub fn number(&mut self, name: &str) -> f64 {
        self.number_in(name, "be a number", |x| !x.is_nan())
    }

    /// A whole number, 0 or more: of steps, epochs, updates.
    pub fn count(&mut self, name: &str) -> u64 {
        // Beyond 2⁵³ a double does not hold every whole number.
        let holds = |x: f64| x >= 0.0 && x.fract() == 0.0 && x <= 9_007_199_254_740_992.0;
        self.number_in(name, "be a whole number, and not below 0", holds) as u64
    }

    /// A number for which `holds` is true. `words` say so in an error, after "must".
    pub fn number_in(&mut self, name: &str, words: &str, holds: impl Fn(f64) -> bool) -> f64 {
        let x = match self.take(name) {
            None => {
                self.missing.push(name.to_string());
                return 0.0;
            }
            Some(Entry::Number(x)) => x,
            Some(_) => {
                self.invalid.push(format!("{name} is a tensor, and must be a number"));
                return 0.0;
            }
        };
        if !holds(x) {
            self.invalid.push(format!("{name} is {x}, and must {words}"));
        }
        x
    }

    /// A tensor of this shape.
    pub fn tensor(&mut self, name: &str, shape: &[usize]) -> Option<Tensor<T>> {
        match self.of_shape(name, shape)? {
            Entry::Float(x) => Some(x),
            _ => {
                self.invalid.push(format!("{name} is not of {}", T::NAME));
                None
            }
        }
    }

    /// Whole numbers of this shape.
    pub fn ints(&mut self, name: &str, shape: &[usize]) -> Option<Tensor<i64>> {
        match self.of_shape(name, shape)? {
            Entry::Int(x) => Some(x),
            _ => {
                self.invalid.push(format!("{name} is not of i64"));
                None
            }
        }
    }

    #[inline(never)]
    fn of_shape(&mut self, name: &str, shape: &[usize]) -> Option<Entry<T>> {
        let Some(x) = self.take(name) else {
            self.missing.push(name.to_string());
            return None;
        };
        if x.shape() != shape {
            let (got, wanted) = (Shape::new(x.shape()), Shape::new(shape));
            self.misshaped.push(format!("{name} {got} for {wanted}"));
        }
        Some(x)
    }

    /// All entries whose names start with `prefix`, without it, in their order.
    pub fn under(&mut self, prefix: &str) -> State<T> {
        let mut state = State::new();
        for place in &mut self.entries {
            if let Some((name, entry)) = place.take_if(|(name, _)| name.starts_with(prefix)) {
                self.places.remove(&name);
                state.insert_entry(&name[prefix.len()..], entry);
            }
        }
        state
    }

    /// Ends the loading.
    ///
    /// # Errors
    /// [`Error::State`], which lists all wrong entries and all entries that are left over.
    #[inline(never)]
    pub fn finish(self) -> Result<()> {
        let Self { kind: what, entries, missing, misshaped, invalid, at, .. } = self;
        let unexpected: Vec<String> = entries.into_iter().flatten().map(|(name, _)| name).collect();
        if [&missing, &unexpected, &misshaped, &invalid].iter().all(|names| names.is_empty()) {
            return Ok(());
        }
        Err(Error::State { what, missing, unexpected, misshaped, invalid, at })
    }
}

compiled!(f32: { Loader::<T>::new, Loader::<T>::finish, Loader::<T>::of_shape });
