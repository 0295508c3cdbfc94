//! `Handle`: a value that its owners share; and the deep copy, within which a clone is a handle to a copy.

use std::cell::Cell;
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// A value of which a deep copy makes another one.
pub trait Copied {
    /// Another value like this one.
    fn copied(&self) -> Self;
}

/// A handle to a value: clones are handles to the same value. Within [`deep_copy`] they are handles to a copy, the same copy for all
/// handles to one value, so that what was shared before is shared after.
#[derive(Debug)]
pub struct Handle<V>(Arc<Held<V>>);

#[derive(Debug)]
struct Held<V> {
    value: V,
    /// The number of the last deep copy that met this value, and its copy there.
    copy: Mutex<(u64, Weak<Self>)>,
}

thread_local! {
    /// The number of the deep copy that runs on this thread, or 0.
    static RUNNING: Cell<u64> = const { Cell::new(0) };
}

/// The number of deep copies so far. It is locked while one runs: a value remembers one copy.
static COUNT: Mutex<u64> = Mutex::new(0);

/// The result of `clone`, within which a clone of a handle is a handle to a copy.
pub fn deep_copy<R>(clone: impl FnOnce() -> R) -> R {
    /// Ends it, also when the closure panics.
    struct Ending;
    impl Drop for Ending {
        fn drop(&mut self) {
            RUNNING.set(0);
        }
    }
    if RUNNING.get() != 0 {
        return clone();
    }
    let mut count = COUNT.lock().unwrap_or_else(PoisonError::into_inner);
    *count += 1;
    RUNNING.set(*count);
    let _ending = Ending;
    clone()
}

impl<V> Handle<V> {
    /// A handle to this value, the first.
    pub fn new(value: V) -> Self {
        Self(Arc::new(Held { value, copy: Mutex::new((0, Weak::new())) }))
    }

    /// Whether both are handles to one value.
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// An address that is the same for all handles to one value.
    pub fn address(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }
}

impl<V> Deref for Handle<V> {
    type Target = V;
    #[inline]
    fn deref(&self) -> &V {
        &self.0.value
    }
}

impl<V: Copied> Clone for Handle<V> {
    #[inline]
    fn clone(&self) -> Self {
        match RUNNING.get() {
            0 => Self(self.0.clone()),
            number => self.copy_in(number),
        }
    }
}

impl<V: Copied> Handle<V> {
    /// The copy of this deep copy; a copy is its own.
    #[cold]
    fn copy_in(&self, number: u64) -> Self {
        let mut met = self.0.copy.lock().unwrap_or_else(PoisonError::into_inner);
        if met.0 == number
            && let Some(copy) = met.1.upgrade()
        {
            return Self(copy);
        }
        let value = self.0.value.copied();
        let copy = Arc::new_cyclic(|copy| Held { value, copy: Mutex::new((number, copy.clone())) });
        *met = (number, Arc::downgrade(&copy));
        Self(copy)
    }
}
