//! Buffers of elements: counted, aligned to 64 bytes, and recycled.
//!
//! One allocation holds the count and the elements. A buffer whose last handle goes is kept in a list of its thread and
//! handed out again, so a training step that repeats its shapes asks the system for nothing, and large buffers are not
//! page-faulted anew. The lists hold at most [`KEPT_BYTES`] a thread.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::cell::UnsafeCell;
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicUsize, Ordering, fence};

/// The most that a thread keeps of dropped buffers.
pub(crate) const KEPT_BYTES: usize = 256 << 20;

/// What stands before the elements. As large as its alignment, so that they are aligned too.
#[repr(C, align(64))]
struct Header {
    handles: AtomicUsize,
    /// Elements in use.
    len: usize,
    /// Index of the size class: says how many bytes follow.
    class: usize,
    /// The next kept buffer of this class.
    next: Option<NonNull<Header>>,
}

const HEADER: usize = size_of::<Header>();
/// Four classes to each doubling, from 64 bytes to the whole address space.
const CLASSES: usize = 4 * 64;

/// The class of the smallest buffers that hold `bytes`.
#[inline]
fn class_of(bytes: usize) -> usize {
    // In units of 64 bytes, less one: 0 for the smallest class.
    let units = bytes.saturating_sub(1) >> 6;
    if units < 4 {
        return units;
    }
    let log = units.ilog2() as usize;
    4 * (log - 1) + ((units >> (log - 2)) & 3)
}

/// How many bytes a buffer of `class` holds.
#[inline]
fn bytes_of(class: usize) -> usize {
    if class < 4 {
        return 64 * (class + 1);
    }
    let (log, step) = (class / 4 + 1, class % 4);
    64 * ((5 + step) << (log - 2))
}

fn allocation(class: usize) -> Layout {
    match Layout::from_size_align(HEADER + bytes_of(class), HEADER) {
        Ok(layout) => layout,
        // `Shape::checked_len` bounds what is asked for far below this.
        Err(_) => unreachable!("a buffer larger than the address space"),
    }
}

/// A thread's kept buffers, a list for each class.
struct Kept {
    heads: [Option<NonNull<Header>>; CLASSES],
    bytes: usize,
}

struct KeptCell(UnsafeCell<Kept>);

thread_local! {
    static KEPT: KeptCell =
        const { KeptCell(UnsafeCell::new(Kept { heads: [None; CLASSES], bytes: 0 })) };
}

impl Drop for KeptCell {
    fn drop(&mut self) {
        let kept = self.0.get_mut();
        for (class, head) in kept.heads.iter_mut().enumerate() {
            while let Some(buffer) = head.take() {
                // SAFETY: a listed buffer is owned by the list alone.
                *head = unsafe { buffer.as_ref() }.next;
                // SAFETY: it was allocated with this layout, and nothing refers to it any more.
                unsafe { dealloc(buffer.as_ptr().cast(), allocation(class)) };
            }
        }
    }
}

/// A buffer with room for `bytes`, one handle counted.
#[inline]
fn take(bytes: usize, len: usize) -> NonNull<Header> {
    let class = class_of(bytes);
    // `try_with`: while a thread ends, its list is gone already.
    let kept = KEPT.try_with(|kept| {
        // SAFETY: the cell is this thread's, and no reference into it outlives this closure, which calls nothing.
        let kept = unsafe { &mut *kept.0.get() };
        let buffer = kept.heads[class]?;
        // SAFETY: a listed buffer is owned by the list alone.
        kept.heads[class] = unsafe { buffer.as_ref() }.next;
        kept.bytes -= bytes_of(class);
        Some(buffer)
    });
    let buffer = match kept {
        Ok(Some(buffer)) => buffer,
        _ => allocate(class),
    };
    let header = Header { handles: AtomicUsize::new(1), len, class, next: None };
    // SAFETY: the buffer is ours alone and begins with room for a header.
    unsafe { buffer.write(header) };
    buffer
}

#[cold]
fn allocate(class: usize) -> NonNull<Header> {
    let layout = allocation(class);
    // SAFETY: the layout's size is not zero.
    match NonNull::new(unsafe { alloc(layout) }.cast()) {
        Some(buffer) => buffer,
        None => handle_alloc_error(layout),
    }
}

/// Keeps a buffer that nothing refers to any more, or frees it.
#[inline]
fn give_back(mut buffer: NonNull<Header>) {
    // SAFETY: the caller held the last handle, so the buffer is ours alone.
    let header = unsafe { buffer.as_mut() };
    let class = header.class;
    let listed = KEPT.try_with(|kept| {
        // SAFETY: as in `take`.
        let kept = unsafe { &mut *kept.0.get() };
        let bytes = kept.bytes + bytes_of(class);
        if bytes > KEPT_BYTES {
            return false;
        }
        kept.bytes = bytes;
        header.next = kept.heads[class].replace(buffer);
        true
    });
    if !matches!(listed, Ok(true)) {
        // SAFETY: it was allocated with this layout, and nothing refers to it any more.
        unsafe { dealloc(buffer.as_ptr().cast(), allocation(class)) };
    }
}

/// A counted handle to a buffer of `T`.
pub(crate) struct Storage<T> {
    buffer: NonNull<Header>,
    element: PhantomData<T>,
}

// SAFETY: a buffer is read through any handle and written only through the one there is; the count is atomic.
unsafe impl<T: Send + Sync> Send for Storage<T> {}
// SAFETY: as above.
unsafe impl<T: Send + Sync> Sync for Storage<T> {}

impl<T: Copy> Storage<T> {
    /// A buffer of `len` elements which `fill` must write, all of them.
    ///
    /// # Safety
    /// When `fill` returns, every element that it was given is initialised.
    #[inline]
    pub(crate) unsafe fn filled_by(len: usize, fill: impl FnOnce(&mut [MaybeUninit<T>])) -> Self {
        const { assert!(align_of::<T>() <= HEADER) };
        // Callers' lengths come from `Shape::checked_len`, so this cannot overflow.
        let buffer = take(len * size_of::<T>(), len);
        let storage = Self { buffer, element: PhantomData };
        // SAFETY: the buffer has room for `len` elements after the header, aligned, and is ours alone.
        fill(unsafe { std::slice::from_raw_parts_mut(storage.data().cast(), len) });
        storage
    }

    /// A buffer with a copy of `elements`.
    #[inline]
    pub(crate) fn from_slice(elements: &[T]) -> Self {
        // SAFETY: all `len` elements are written.
        unsafe {
            Self::filled_by(elements.len(), |out| {
                for (out, &x) in out.iter_mut().zip(elements) {
                    out.write(x);
                }
            })
        }
    }

    /// A buffer full of one value.
    #[inline]
    pub(crate) fn full(len: usize, value: T) -> Self {
        // SAFETY: all `len` elements are written.
        unsafe {
            Self::filled_by(len, |out| {
                out.fill(MaybeUninit::new(value));
            })
        }
    }

    #[inline]
    fn data(&self) -> *mut T {
        // SAFETY: the elements begin one header after the buffer's start, within its allocation.
        unsafe { self.buffer.as_ptr().add(1).cast() }
    }

    /// All elements.
    #[inline]
    pub(crate) fn as_slice(&self) -> &[T] {
        // SAFETY: `filled_by` saw `len` elements initialised; they are written only through `as_mut`, which is exclusive.
        unsafe { std::slice::from_raw_parts(self.data(), self.buffer.as_ref().len) }
    }

    /// All elements for writing, if this is the only handle.
    #[inline]
    pub(crate) fn as_mut(&mut self) -> Option<&mut [T]> {
        // SAFETY: the header lives as long as this handle.
        let header = unsafe { self.buffer.as_ref() };
        // Acquire: what other handles did before they went is seen here.
        if header.handles.load(Ordering::Acquire) != 1 {
            return None;
        }
        // SAFETY: initialised as in `as_slice`; ours alone, and borrowed mutably as long as the slice lives.
        Some(unsafe { std::slice::from_raw_parts_mut(self.data(), header.len) })
    }

    /// Whether both are handles to one buffer.
    #[inline]
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.buffer == other.buffer
    }

    /// How many handles to this buffer there are.
    pub(crate) fn handles(&self) -> usize {
        // SAFETY: the header lives as long as this handle.
        unsafe { self.buffer.as_ref() }.handles.load(Ordering::Relaxed)
    }
}

impl<T> Clone for Storage<T> {
    #[inline]
    fn clone(&self) -> Self {
        // SAFETY: the header lives as long as this handle.
        let before = unsafe { self.buffer.as_ref() }.handles.fetch_add(1, Ordering::Relaxed);
        // As `Arc` does: handles that are forgotten must not wrap the count.
        if before > isize::MAX as usize {
            std::process::abort();
        }
        Self { buffer: self.buffer, element: PhantomData }
    }
}

impl<T> Drop for Storage<T> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: the header lives as long as this handle.
        let handles = &unsafe { self.buffer.as_ref() }.handles;
        // Alone: no other handle can appear meanwhile, so the locked instruction is spared.
        if handles.load(Ordering::Acquire) != 1 {
            if handles.fetch_sub(1, Ordering::Release) != 1 {
                return;
            }
            fence(Ordering::Acquire);
        }
        give_back(self.buffer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_hold_what_they_promise_and_waste_little() {
        for bytes in (0..100_000).chain((20..40).flat_map(|p| (1 << p) - 3..(1 << p) + 3)) {
            let class = class_of(bytes);
            assert!(bytes_of(class) >= bytes);
            assert!(class == 0 || bytes_of(class - 1) < bytes, "{bytes} fits class {}", class - 1);
            assert!(bytes < 256 || bytes_of(class) <= bytes + bytes / 4 + 64);
        }
    }

    #[test]
    fn a_dropped_buffer_is_handed_out_again() {
        let first = Storage::full(1000, 1.0_f32);
        let place = first.as_slice().as_ptr();
        assert_eq!(place as usize % 64, 0);
        drop(first);
        let second = Storage::full(1000, 2.0_f32);
        assert_eq!(second.as_slice().as_ptr(), place);
        assert_eq!(second.as_slice()[999], 2.0);
    }

    #[test]
    fn only_a_lone_handle_writes() {
        let mut a = Storage::from_slice(&[1, 2, 3_i64]);
        let b = a.clone();
        assert!(a.as_mut().is_none());
        drop(b);
        a.as_mut().unwrap()[0] = 7;
        assert_eq!(a.as_slice(), [7, 2, 3]);
    }
}
