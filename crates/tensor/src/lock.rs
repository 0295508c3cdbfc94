//! `Lock`: a lock for what threads seldom want at once, as the parameters of a model.
//!
//! Taking and releasing a `std::sync::Mutex` are a locked instruction each, since the release must know whether somebody sleeps.
//! A step takes a parameter's lock five times, which is a tenth of a small net's step. Here the release is a plain store, and a
//! thread that finds the lock taken looks again, at first at once and then every 50 µs.

use std::cell::UnsafeCell;
use std::fmt;
use std::hint::spin_loop;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// A value that one thread at a time reads and writes. A panic under the lock releases it, and the value stays as it is then.
pub struct Lock<T> {
    taken: AtomicBool,
    value: UnsafeCell<T>,
}

/// The way to a locked value. Releases the lock when it is dropped.
pub struct Guard<'a, T> {
    lock: &'a Lock<T>,
    /// It stays on its thread, as that of a mutex does.
    here: PhantomData<*mut T>,
}

// SAFETY: the value is reached through a guard alone, of which there is one at a time, so threads only hand it on.
unsafe impl<T: Send> Sync for Lock<T> {}

impl<T> UnwindSafe for Lock<T> {}
impl<T> RefUnwindSafe for Lock<T> {}

impl<T> Lock<T> {
    /// Around this value.
    pub const fn new(value: T) -> Self {
        Self { taken: AtomicBool::new(false), value: UnsafeCell::new(value) }
    }

    /// Waits until no other guard is there. Twice on one thread is a wait without end.
    #[inline]
    pub fn lock(&self) -> Guard<'_, T> {
        if !self.take() {
            self.wait();
        }
        Guard { lock: self, here: PhantomData }
    }

    /// Acquire: what was written under the lock before is seen.
    #[inline]
    fn take(&self) -> bool {
        self.taken.compare_exchange(false, true, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    #[cold]
    fn wait(&self) {
        let mut times = 0;
        while self.taken.load(Ordering::Relaxed) || !self.take() {
            pause(times);
            times += 1;
        }
    }
}

/// The pause of a thread that has looked so many times in vain.
pub fn pause(times: u32) {
    match times {
        0..64 => spin_loop(),
        64..128 => thread::yield_now(),
        _ => thread::sleep(Duration::from_micros(50)),
    }
}

impl<T> Deref for Guard<'_, T> {
    type Target = T;
    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: this is the only guard, and the value is borrowed no longer than it is.
        unsafe { &*self.lock.value.get() }
    }
}

impl<T> DerefMut for Guard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as above, and the guard is borrowed mutably.
        unsafe { &mut *self.lock.value.get() }
    }
}

impl<T> Drop for Guard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        // Release: the next guard sees what was written.
        self.lock.taken.store(false, Ordering::Release);
    }
}

impl<T> fmt::Debug for Lock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.taken.load(Ordering::Relaxed) { "a lock, taken" } else { "a lock" })
    }
}

impl<T> fmt::Debug for Guard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a guard of a lock")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_addition_under_a_lock_is_lost() {
        let (threads, times) = if cfg!(miri) { (3, 20) } else { (8, 20_000) };
        // Two numbers, which only a lock keeps alike.
        let lock = Lock::new((0, 0));
        thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    for _ in 0..times {
                        let mut both = lock.lock();
                        assert_eq!(both.0, both.1);
                        both.0 += 1;
                        both.1 += 1;
                    }
                });
            }
        });
        assert_eq!(*lock.lock(), (threads * times, threads * times));
    }

    #[test]
    fn who_waits_long_gets_it_when_it_is_released() {
        let lock = Lock::new(1);
        thread::scope(|scope| {
            let mut guard = lock.lock();
            let other = scope.spawn(|| *lock.lock());
            thread::sleep(Duration::from_millis(20));
            *guard = 2;
            drop(guard);
            assert_eq!(other.join().ok(), Some(2));
        });
    }

    #[test]
    fn a_panic_releases_it() {
        let lock = Lock::new(1);
        let panicked = std::panic::catch_unwind(|| {
            *lock.lock() = 2;
            let _guard = lock.lock();
            panic!("under the lock");
        });
        assert!(panicked.is_err());
        assert_eq!(*lock.lock(), 2);
    }
}
