//! `Param`: the one thing that is shared, a value and its gradient, held by model and optimiser.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use wengert_tensor::{Element, Float, Tensor};

/// A handle to a parameter: clones are the same parameter.
///
/// ```
/// use wengert_autograd::Param;
/// use wengert_tensor::tensor;
///
/// let w = Param::new(tensor![1.0_f32, 2.0]);
/// assert_eq!(w.value(), tensor![1.0, 2.0]);
/// assert!(w.grad().is_none());
/// ```
pub struct Param<T>(Arc<Shared<T>>);

struct Shared<T> {
    id: u64,
    path: OnceLock<String>,
    /// Counts writes, so that a tape can tell that what it read is no longer the value. Written under the lock; read
    /// without it.
    version: AtomicU64,
    frozen: AtomicBool,
    state: Mutex<State<T>>,
}

struct State<T> {
    value: Tensor<T>,
    grad: Option<Tensor<T>>,
    /// The youngest tape that has read it, by number, and its line there: a tape finds its parameters without a table.
    reader: (u64, u32),
}

/// What a tape learns when it reads a parameter.
pub(crate) enum Reading<T> {
    /// It has read it already, on this line.
    Known(u32),
    /// A younger tape has read it since, so it may have.
    Unsure,
    /// Never before. Value, version and frozen.
    First(Tensor<T>, u64, bool),
}

static NEXT: AtomicU64 = AtomicU64::new(0);

impl<T> Clone for Param<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: Element> Param<T> {
    /// A parameter that starts from this value.
    pub fn new(value: Tensor<T>) -> Self {
        Self(Arc::new(Shared {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            path: OnceLock::new(),
            version: AtomicU64::new(0),
            frozen: AtomicBool::new(false),
            state: Mutex::new(State { value, grad: None, reader: (0, 0) }),
        }))
    }

    /// A panic while the lock is held leaves values that are still tensors, so a poisoned lock is as good as any.
    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Called under the lock, so no count is lost.
    fn written(&self) {
        self.0.version.store(self.version() + 1, Ordering::Release);
    }

    /// A number that no other parameter of this process has.
    pub fn id(&self) -> u64 {
        self.0.id
    }

    /// Whether both are handles to one parameter.
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Where it stands in its model, as `l1.weight`, once a visitor has named it; else `param 7`.
    pub fn path(&self) -> String {
        self.0.path.get().cloned().unwrap_or_else(|| format!("param {}", self.0.id))
    }

    /// Names it, if it has no name yet.
    pub fn set_path(&self, path: &str) {
        // The first name stays: a parameter that is shared is known by where it was met first.
        let _ = self.0.path.set(path.to_string());
    }

    /// Whether a visitor has named it.
    pub fn is_named(&self) -> bool {
        self.0.path.get().is_some()
    }

    /// The value. A snapshot: later steps do not write to it.
    pub fn value(&self) -> Tensor<T> {
        self.state().value.clone()
    }

    /// The sizes of its axes.
    pub fn shape(&self) -> Vec<usize> {
        self.state().value.shape().to_vec()
    }

    /// How many numbers it has.
    pub fn len(&self) -> usize {
        self.state().value.len()
    }

    /// Whether it has no numbers.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Writes the value, of whatever shape.
    pub fn set(&self, value: Tensor<T>) {
        let mut state = self.state();
        state.value = value;
        self.written();
    }

    /// The gradient that `backward` has added up since `zero_grad`; `None` if none has arrived.
    pub fn grad(&self) -> Option<Tensor<T>> {
        self.state().grad.clone()
    }

    /// Writes the gradient.
    pub fn set_grad(&self, grad: Option<Tensor<T>>) {
        self.state().grad = grad;
    }

    /// Forgets the gradient.
    pub fn zero_grad(&self) {
        self.state().grad = None;
    }

    /// Whether it is left out of training: tapes keep no operands for it, and no gradient arrives.
    pub fn is_frozen(&self) -> bool {
        self.0.frozen.load(Ordering::Relaxed)
    }

    /// Leaves it out of training, or takes it back.
    pub fn set_frozen(&self, frozen: bool) {
        self.0.frozen.store(frozen, Ordering::Relaxed);
    }

    /// Changes the value and the gradient in place, under one lock: what optimisers do.
    pub fn update<R>(&self, change: impl FnOnce(&mut Tensor<T>, &mut Option<Tensor<T>>) -> R) -> R {
        let mut guard = self.state();
        let state = &mut *guard;
        self.written();
        change(&mut state.value, &mut state.grad)
    }

    /// Value, version and frozen under one lock: what a tape reads.
    pub(crate) fn read(&self) -> (Tensor<T>, u64, bool) {
        let state = self.state();
        (state.value.clone(), self.version(), self.is_frozen())
    }

    /// What tape number `tape` learns, all under one lock. If it is the first time, it will stand on line `index` there.
    #[inline]
    pub(crate) fn read_by(&self, tape: u64, index: u32) -> Reading<T> {
        let mut state = self.state();
        match state.reader.0.cmp(&tape) {
            std::cmp::Ordering::Equal => return Reading::Known(state.reader.1),
            std::cmp::Ordering::Greater => return Reading::Unsure,
            std::cmp::Ordering::Less => state.reader = (tape, index),
        }
        Reading::First(state.value.clone(), self.version(), self.is_frozen())
    }

    pub(crate) fn version(&self) -> u64 {
        self.0.version.load(Ordering::Acquire)
    }
}

impl<T: Float> Param<T> {
    /// Adds to the gradient. An error if the gradient that was set has another shape.
    pub(crate) fn add_grad(&self, g: Tensor<T>) -> wengert_tensor::Result<()> {
        let mut state = self.state();
        state.grad = Some(match state.grad.take() {
            Some(sum) => sum.accumulate(&g)?,
            None => g,
        });
        Ok(())
    }
}

impl<T: Element> fmt::Debug for Param<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Param `{}` {:?}", self.path(), self.shape())?;
        if self.is_frozen() { f.write_str(" (frozen)") } else { Ok(()) }
    }
}
