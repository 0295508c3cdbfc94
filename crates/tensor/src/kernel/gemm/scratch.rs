//! Memory to pack into: each thread's own, grown when it must be and kept.

use std::cell::Cell;
use std::mem::MaybeUninit;

/// A cache line. Never initialised: kernels write before they read.
#[repr(C, align(64))]
struct Line(MaybeUninit<[u8; 64]>);

thread_local!(static KEPT: Cell<Vec<Vec<Line>>> = const { Cell::new(Vec::new()) });

/// A buffer of the thread, for as long as this lives.
pub(in crate::kernel) struct Scratch(Vec<Line>);

impl Scratch {
    /// Room for at least `len` elements.
    pub(in crate::kernel) fn new<T>(len: usize) -> Self {
        let lines = (len * size_of::<T>()).div_ceil(size_of::<Line>());
        // A thread that is ending has lost its buffers: this one is then allocated and freed.
        let mut buffer = with(|kept| kept.pop().unwrap_or_default()).unwrap_or_default();
        if buffer.capacity() < lines {
            buffer = Vec::with_capacity(lines);
        }
        Self(buffer)
    }

    /// The first element, on a cache line.
    pub(in crate::kernel) fn ptr<T>(&mut self) -> *mut T {
        self.0.as_mut_ptr().cast()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let mine = std::mem::take(&mut self.0);
        // A thread that is ending keeps nothing.
        with(|kept| kept.push(mine));
    }
}

/// `f` with the buffers that are not in use.
fn with<R>(f: impl FnOnce(&mut Vec<Vec<Line>>) -> R) -> Option<R> {
    KEPT.try_with(|cell| {
        let mut kept = cell.take();
        let result = f(&mut kept);
        cell.set(kept);
        result
    })
    .ok()
}
