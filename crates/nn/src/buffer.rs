//! `Buffer` and `Counter`: what a model remembers that no gradient changes.

use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use wengert_autograd::{Copied, Handle};
use wengert_tensor::{Element, Tensor};

/// A handle to a tensor that belongs to a model and is not trained, as running statistics are: clones are the same
/// buffer.
///
/// ```
/// use wengert_nn::Buffer;
/// use wengert_tensor::tensor;
///
/// let mean = Buffer::new(tensor![0.0_f32]);
/// let same = mean.clone();
/// mean.set(tensor![1.5]);
/// assert_eq!(same.value(), tensor![1.5]);
/// ```
pub struct Buffer<T>(Handle<Value<T>>);

struct Value<T>(Mutex<Tensor<T>>);

impl<T> Value<T> {
    /// A panic while the lock is held leaves a tensor, so a poisoned lock is as good as any.
    fn lock(&self) -> MutexGuard<'_, Tensor<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Copied for Value<T> {
    fn copied(&self) -> Self {
        Self(Mutex::new(self.lock().clone()))
    }
}

impl<T> Clone for Buffer<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: Element> Buffer<T> {
    /// A buffer that starts from this value.
    pub fn new(value: Tensor<T>) -> Self {
        Self(Handle::new(Value(Mutex::new(value))))
    }

    /// Whether both are handles to one buffer.
    pub fn is(&self, other: &Self) -> bool {
        self.0.is(&other.0)
    }

    /// An address that is the same for all handles to one buffer.
    pub(crate) fn address(&self) -> usize {
        self.0.address()
    }

    /// A snapshot of the value: later writes do not change it.
    pub fn value(&self) -> Tensor<T> {
        self.0.lock().clone()
    }

    /// The sizes of its axes.
    pub fn shape(&self) -> Vec<usize> {
        self.0.lock().shape().to_vec()
    }

    /// Writes the value.
    pub fn set(&self, value: Tensor<T>) {
        *self.0.lock() = value;
    }
}

impl<T: Element> fmt::Debug for Buffer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Buffer: {:?}", self.value())
    }
}

/// Its value, as a tensor prints.
impl<T: Element> fmt::Display for Buffer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.value(), f)
    }
}

/// A handle to a whole number that belongs to a model, as the number of batches seen: clones are the same counter.
#[derive(Clone, Debug)]
pub struct Counter(Handle<Count>);

#[derive(Debug)]
struct Count(AtomicI64);

impl Copied for Count {
    fn copied(&self) -> Self {
        Self(AtomicI64::new(self.0.load(Ordering::Relaxed)))
    }
}

impl Default for Counter {
    fn default() -> Self {
        Self::new(0)
    }
}

impl Counter {
    /// A counter that starts from here.
    pub fn new(value: i64) -> Self {
        Self(Handle::new(Count(AtomicI64::new(value))))
    }

    /// An address that is the same for all handles to one counter.
    pub(crate) fn address(&self) -> usize {
        self.0.address()
    }

    /// The number.
    pub fn get(&self) -> i64 {
        self.0.0.load(Ordering::Relaxed)
    }

    /// Writes the number.
    pub fn set(&self, value: i64) {
        self.0.0.store(value, Ordering::Relaxed);
    }

    /// Adds one, and gives the sum.
    pub fn increment(&self) -> i64 {
        self.0.0.fetch_add(1, Ordering::Relaxed).wrapping_add(1)
    }
}
