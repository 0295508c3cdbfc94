//! Memory to pack into: one buffer a thread, grown when it must be and kept.

use std::cell::Cell;
use std::mem::MaybeUninit;

/// A cache line. Never initialised as such: kernels write before they read.
#[repr(C, align(64))]
struct Line(MaybeUninit<[u8; 64]>);

thread_local!(static KEPT: Cell<Vec<Line>> = const { Cell::new(Vec::new()) });

/// The thread's buffer, for as long as this lives. Who asks for another meanwhile gets a new one.
pub(super) struct Scratch(Vec<Line>);

impl Scratch {
    /// Room for at least `len` elements.
    pub(super) fn new<T>(len: usize) -> Self {
        let lines = (len * size_of::<T>()).div_ceil(size_of::<Line>());
        // A thread that is ending has lost its buffer: this one is then allocated and freed.
        let mut kept = KEPT.try_with(Cell::take).unwrap_or_default();
        if kept.capacity() < lines {
            kept = Vec::with_capacity(lines);
        }
        Self(kept)
    }

    /// The first element, on a cache line.
    pub(super) fn ptr<T>(&mut self) -> *mut T {
        self.0.as_mut_ptr().cast()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let mine = std::mem::take(&mut self.0);
        // An error means that the thread is ending: nothing to keep it for.
        let _ = KEPT.try_with(|kept| kept.set(mine));
    }
}
