//! `Param`: a value and its gradient, shared by model and optimiser.

mod display;
mod gradient;
mod reading;
mod shared;

use std::sync::atomic::Ordering;
use std::sync::{MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

use wengert_tensor::{Element, Tensor};

use crate::handle::Handle;
use crate::row_grad::Grad;

pub(crate) use self::reading::Reading;
pub use self::shared::GradUse;
use self::shared::{Shared, State};

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
pub struct Param<T>(Handle<Shared<T>>);

impl<T> Clone for Param<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

/// Of each number, whether it is the first of its kind.
fn firsts(numbers: Vec<u64>) -> Vec<bool> {
    let mut seen = std::collections::HashSet::new();
    numbers.into_iter().map(|number| seen.insert(number)).collect()
}

impl<T: Element> Param<T> {
    /// A parameter that starts from this value.
    pub fn new(value: Tensor<T>) -> Self {
        Self(Handle::new(Shared::new(value)))
    }

    /// A panic while the lock is held leaves values that are still tensors, so a poisoned lock is as good as any.
    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state, once no other thread is in the middle of an update.
    #[inline]
    fn writable(&self) -> MutexGuard<'_, State<T>> {
        let mut state = self.state();
        while state.updating.is_some_and(|thread| thread != thread::current().id()) {
            state = self.0.updated.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state
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
        self.0.is(&other.0)
    }

    /// These parameters in their order, each once, since a parameter that two layers share may have two names.
    ///
    /// ```
    /// # use wengert_autograd::Param;
    /// # use wengert_tensor::tensor;
    /// let (v, w) = (Param::new(tensor![1.0_f32]), Param::new(tensor![1.0]));
    /// let once = Param::each_once([v.clone(), w.clone(), v.clone()]);
    /// assert!(once.len() == 2 && once[0].is(&v) && once[1].is(&w));
    /// ```
    pub fn each_once(parameters: impl IntoIterator<Item = Self>) -> Vec<Self> {
        let mut all: Vec<Self> = parameters.into_iter().collect();
        let mut first = firsts(all.iter().map(Self::id).collect()).into_iter();
        all.retain(|_| first.next() == Some(true));
        all
    }

    /// Its path in the model, such as `l1.weight`, once [`set_path`](Self::set_path) has named it, as a model's
    /// `parameters()` does; else `param 7`, after its [`id`](Self::id).
    pub fn path(&self) -> String {
        self.0.path.get().cloned().unwrap_or_else(|| format!("param {}", self.0.id))
    }

    /// Names it, if it has no name yet.
    pub fn set_path(&self, path: &str) {
        // The first name stays: a parameter that is shared is known by where it was met first.
        let _ = self.0.path.set(path.to_string());
    }

    /// Whether it is a bias: the last part of its path contains `bias`. A parameter without a path is none.
    ///
    /// ```
    /// # use wengert_autograd::Param;
    /// let param = Param::<f32>::new(Default::default());
    /// param.set_path("encoder.l1.bias");
    /// assert!(param.is_bias());
    /// ```
    pub fn is_bias(&self) -> bool {
        let path = self.0.path.get();
        path.is_some_and(|path| path.rsplit('.').next().is_some_and(|name| name.contains("bias")))
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

    /// The number of elements.
    pub fn len(&self) -> usize {
        self.state().value.len()
    }

    /// Whether it has no numbers.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Writes the value, of whatever shape.
    pub fn set(&self, value: Tensor<T>) {
        let mut state = self.writable();
        state.value = value;
        self.written();
    }

    /// Whether it is left out of training: tapes keep no operands for it, and no gradient arrives.
    pub fn is_frozen(&self) -> bool {
        self.0.frozen.load(Ordering::Relaxed)
    }

    /// Leaves it out of training, or takes it back.
    pub fn set_frozen(&self, frozen: bool) {
        self.0.frozen.store(frozen, Ordering::Relaxed);
    }

    /// Changes the value and the gradient together. No lock is held while `change` runs. Until it returns, the closure and other
    /// threads still read the earlier value, and other threads that write to the parameter wait. If `change` also writes to
    /// the parameter itself instead of its arguments, that is overwritten when it returns.
    ///
    /// ```
    /// use wengert_autograd::Param;
    /// use wengert_tensor::tensor;
    ///
    /// let w = Param::new(tensor![1.0_f32, 2.0]);
    /// w.set_grad(Some(tensor![10.0, 20.0]));
    /// w.update(|value, grad| {
    ///     if let Some(g) = grad.take() {
    ///         *value = &*value - g * 0.1;
    ///     }
    /// });
    /// assert_eq!((w.value(), w.grad()), (tensor![0.0, 0.0], None));
    /// ```
    pub fn update<R>(&self, change: impl FnOnce(&mut Tensor<T>, &mut Option<Tensor<T>>) -> R) -> R {
        /// Lets others write again, also when the closure panics.
        struct Ending<'a, T: Element>(&'a Param<T>, Option<ThreadId>);
        impl<T: Element> Drop for Ending<'_, T> {
            fn drop(&mut self) {
                self.0.state().updating = self.1;
                self.0.0.updated.notify_all();
            }
        }
        let (mut value, mut grad, ending) = {
            let mut state = self.writable();
            let before = state.updating.replace(thread::current().id());
            (state.value.clone(), state.whole().cloned(), Ending(self, before))
        };
        let result = change(&mut value, &mut grad);
        {
            let mut state = self.state();
            (state.value, state.grad) = (value, grad.map(Grad::Whole));
            self.written();
        }
        drop(ending);
        result
    }

    /// [`update`](Self::update) without copies, for optimisers: `change` runs under the lock, so it must not touch this
    /// parameter.
    #[doc(hidden)]
    pub fn update_in_place<R>(
        &self,
        change: impl FnOnce(&mut Tensor<T>, &mut Option<Tensor<T>>) -> R,
    ) -> R {
        let mut guard = self.writable();
        let state = &mut *guard;
        self.written();
        state.whole();
        let mut grad = state.grad.take().and_then(Grad::into_whole);
        let result = change(&mut state.value, &mut grad);
        state.grad = grad.map(Grad::Whole);
        result
    }

    pub(crate) fn version(&self) -> u64 {
        self.0.version.load(Ordering::Acquire)
    }
}
