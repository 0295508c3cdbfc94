//! Blocks of elements: counted, aligned to 64 bytes, and recycled.
//!
//! A tensor is a pointer to a block, so that tapes, rules and results hand it on in a register. One allocation holds the
//! count, how the elements are read, and the elements. A view is a block without elements that holds on to the block whose
//! elements it reads.
//!
//! A block whose last handle goes is kept in a list of its thread and handed out again, so a training step that repeats
//! its shapes asks the system for nothing, and large buffers are not page-faulted anew. The lists hold at most
//! [`KEPT_BYTES`] a thread.

mod classes;
#[cfg(all(target_os = "linux", not(miri)))]
mod pages;

use std::alloc::{self, alloc, dealloc, handle_alloc_error};
use std::cell::UnsafeCell;
use std::marker::PhantomData;
use std::mem::{ManuallyDrop, MaybeUninit};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicUsize, Ordering, fence};

use self::classes::{CLASSES, bytes_of, class_of};
use crate::Shape;
use crate::layout::Layout;

/// The most that a thread keeps of dropped buffers.
///
/// Nothing under Miri, or with `--cfg wengert_no_reuse`: a buffer is then freed where it goes, so that a use after that is seen
/// by Miri or AddressSanitizer.
pub(crate) const KEPT_BYTES: usize = if cfg!(any(miri, wengert_no_reuse)) { 0 } else { 256 << 20 };

/// The header before the elements. Its size is a multiple of its alignment, so that they are aligned too.
#[repr(C, align(64))]
struct Header {
    handles: AtomicUsize,
    /// Elements in use.
    len: usize,
    /// Index of the size class: says how many bytes follow.
    class: usize,
    /// Of a view, the block that has the elements; of a kept block, the next one of its class.
    other: Option<NonNull<Header>>,
    /// The reader of the elements. Dropped by [`release`].
    layout: ManuallyDrop<Layout>,
}

const HEADER: usize = size_of::<Header>();
fn allocation(class: usize) -> alloc::Layout {
    match alloc::Layout::from_size_align(HEADER + bytes_of(class), align_of::<Header>()) {
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
                *head = unsafe { buffer.as_ref() }.other;
                // SAFETY: it was allocated with this layout, and nothing refers to it any more.
                unsafe { dealloc(buffer.as_ptr().cast(), allocation(class)) };
            }
        }
    }
}

/// A block with room for `bytes`, one handle counted; `None` if the system has no memory for it. The layout is made where it
/// stays: if it were made elsewhere and moved, the move would wait for the stores that made it.
#[inline]
fn take(
    bytes: usize,
    len: usize,
    layout: impl FnOnce() -> Layout,
    other: Option<NonNull<Header>>,
) -> Option<NonNull<Header>> {
    let class = class_of(bytes);
    let block = room(class)?;
    let layout = ManuallyDrop::new(layout());
    let header = Header { handles: AtomicUsize::new(1), len, class, other, layout };
    // SAFETY: the block is ours alone and begins with room for a header.
    unsafe { block.write(header) };
    Some(block)
}

/// A kept block of a class or a new one.
#[inline]
fn room(class: usize) -> Option<NonNull<Header>> {
    // `try_with`: while a thread ends, its list is gone already.
    let kept = KEPT.try_with(|kept| {
        // SAFETY: the cell is this thread's, and no reference into it outlives this closure, which calls nothing.
        let kept = unsafe { &mut *kept.0.get() };
        let block = kept.heads[class]?;
        // SAFETY: a listed block is owned by the list alone.
        kept.heads[class] = unsafe { block.as_ref() }.other;
        kept.bytes -= bytes_of(class);
        Some(block)
    });
    match kept {
        Ok(Some(block)) => Some(block),
        _ => allocate(class),
    }
}

#[cold]
fn allocate(class: usize) -> Option<NonNull<Header>> {
    let layout = allocation(class);
    // SAFETY: the layout's size is not zero.
    let buffer: NonNull<Header> = NonNull::new(unsafe { alloc(layout) }.cast())?;
    if layout.size() >= 2 * pages::HUGE {
        pages::ask_for_huge(buffer.cast(), layout.size());
    }
    Some(buffer)
}

/// Keeps a block that nothing refers to any more, or frees it.
#[inline]
fn give_back(mut block: NonNull<Header>) {
    // SAFETY: the caller held the last handle, so the block is ours alone.
    let header = unsafe { block.as_mut() };
    // SAFETY: a block that is used again gets a new layout, so this one is dropped once.
    unsafe { ManuallyDrop::drop(&mut header.layout) };
    let class = header.class;
    let listed = KEPT.try_with(|kept| {
        // SAFETY: as in `take`.
        let kept = unsafe { &mut *kept.0.get() };
        let bytes = kept.bytes + bytes_of(class);
        if bytes > KEPT_BYTES {
            return false;
        }
        kept.bytes = bytes;
        header.other = kept.heads[class].replace(block);
        true
    });
    if !matches!(listed, Ok(true)) {
        // SAFETY: it was allocated with this layout, and nothing refers to it any more.
        unsafe { dealloc(block.as_ptr().cast(), allocation(class)) };
    }
}

/// Counts one handle more.
#[inline]
fn hold(block: NonNull<Header>) {
    // SAFETY: the caller has a handle, so the header lives.
    let before = unsafe { block.as_ref() }.handles.fetch_add(1, Ordering::Relaxed);
    // As `Arc` does: handles that are forgotten must not wrap the count.
    if before > isize::MAX as usize {
        std::process::abort();
    }
}

/// Counts one handle less; whether it was the last.
#[inline]
fn let_go(block: NonNull<Header>) -> bool {
    // SAFETY: the caller has a handle, so the header lives.
    let handles = &unsafe { block.as_ref() }.handles;
    // Alone: no other handle can appear meanwhile, so the locked instruction is spared.
    if handles.load(Ordering::Acquire) != 1 {
        if handles.fetch_sub(1, Ordering::Release) != 1 {
            return false;
        }
        fence(Ordering::Acquire);
    }
    true
}

/// A counted handle to elements of `T` and how they are read.
pub(crate) struct Storage<T> {
    block: NonNull<Header>,
    element: PhantomData<T>,
}

// SAFETY: a block is read through any handle and written only through the one there is; the count is atomic.
unsafe impl<T: Send + Sync> Send for Storage<T> {}
// SAFETY: as above.
unsafe impl<T: Send + Sync> Sync for Storage<T> {}

impl<T> Storage<T> {
    #[inline]
    fn header(&self) -> &Header {
        // SAFETY: the header lives as long as this handle.
        unsafe { self.block.as_ref() }
    }

    /// The reader of the elements.
    #[inline]
    pub(crate) fn layout(&self) -> &Layout {
        &self.header().layout
    }

    /// The same for writing: how this handle alone reads the elements.
    #[inline]
    pub(crate) fn layout_mut(&mut self) -> &mut Layout {
        if self.header().handles.load(Ordering::Acquire) != 1 {
            *self = self.view(self.layout().clone());
        }
        // SAFETY: the block lives as long as this handle, which is the only one, and borrowed mutably.
        unsafe { &mut (*self.block.as_ptr()).layout }
    }

    /// The block that has the elements.
    #[inline]
    fn owner(&self) -> NonNull<Header> {
        self.header().other.unwrap_or(self.block)
    }

    /// The number of elements, also of those that the layout does not reach.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        // SAFETY: the owner lives as long as this handle.
        unsafe { self.owner().as_ref() }.len
    }

    /// The same elements, read otherwise.
    #[inline]
    pub(crate) fn view(&self, layout: Layout) -> Self {
        let owner = self.owner();
        let Some(block) = take(0, 0, || layout, Some(owner)) else {
            handle_alloc_error(allocation(0));
        };
        hold(owner);
        Self { block, element: PhantomData }
    }
}

impl<T: Copy> Storage<T> {
    /// `len` elements which `fill` must write, all of them; `None` if the system has no memory for them.
    ///
    /// # Safety
    /// When `fill` returns, every element that it was given is initialised. The layout reaches no place beyond `len`.
    #[inline]
    pub(crate) unsafe fn filled_by(
        layout: impl FnOnce() -> Layout,
        len: usize,
        fill: impl FnOnce(&mut [MaybeUninit<T>]),
    ) -> Option<Self> {
        const { assert!(align_of::<T>() <= align_of::<Header>()) };
        // Callers' lengths come from `Shape::checked_len`, so this cannot overflow.
        let block = take(len * size_of::<T>(), len, layout, None)?;
        let storage = Self { block, element: PhantomData };
        debug_assert!(storage.layout().fits(len), "a layout that reaches beyond its elements");
        // SAFETY: the block has room for `len` elements after the header, aligned, and is ours alone.
        fill(unsafe { std::slice::from_raw_parts_mut(storage.data().cast(), len) });
        Some(storage)
    }

    /// A copy of `elements`, of which the shape has as many, in row-major order; `None` if the system has no memory for it.
    #[inline]
    pub(crate) fn from_slice(shape: &[usize], elements: &[T]) -> Option<Self> {
        let len = elements.len();
        assert_eq!(Shape::checked_len(shape), Some(len), "a shape of as many elements");
        // SAFETY: all `len` elements are written, and the layout reaches no others.
        unsafe {
            let fill = |out: &mut [MaybeUninit<T>]| {
                for (out, &x) in out.iter_mut().zip(elements) {
                    out.write(x);
                }
            };
            Self::filled_by(|| Layout::contiguous(shape), len, fill)
        }
    }

    /// One value in each place of a shape; `None` if the system has no memory for it.
    #[inline]
    pub(crate) fn full(shape: &[usize], value: T) -> Option<Self> {
        let len = Shape::checked_len(shape)?;
        // SAFETY: all `len` elements are written, and the layout reaches no others.
        unsafe {
            let fill = |out: &mut [MaybeUninit<T>]| out.fill(MaybeUninit::new(value));
            Self::filled_by(|| Layout::contiguous(shape), len, fill)
        }
    }

    /// One element, which is read at each place of a shape; `None` if the system has no memory for it.
    pub(crate) fn repeated(shape: &[usize], value: T) -> Option<Self> {
        let layout = || Layout {
            shape: Shape::new(shape),
            strides: std::iter::repeat_n(0, shape.len()).collect(),
            offset: 0,
        };
        // SAFETY: the element is written, and steps of 0 reach no other.
        unsafe { Self::filled_by(layout, 1, |out| out.fill(MaybeUninit::new(value))) }
    }

    #[inline]
    fn data(&self) -> *mut T {
        // SAFETY: the elements begin one header after their block's start, within its allocation.
        unsafe { self.owner().as_ptr().add(1).cast() }
    }

    /// All elements, also those that the layout does not reach.
    #[inline]
    pub(crate) fn as_slice(&self) -> &[T] {
        let len = self.len();
        // SAFETY: `filled_by` saw `len` elements initialised; they are written only through `as_mut`, which is exclusive.
        unsafe { std::slice::from_raw_parts(self.data(), len) }
    }

    /// All elements for writing, if this is the only handle.
    #[inline]
    pub(crate) fn as_mut(&mut self) -> Option<&mut [T]> {
        // SAFETY: the owner lives as long as this handle.
        let owner = unsafe { self.owner().as_ref() };
        // Acquire: what other handles did before they went is seen here.
        let alone = |header: &Header| header.handles.load(Ordering::Acquire) == 1;
        if !alone(self.header()) || !alone(owner) {
            return None;
        }
        let len = owner.len;
        // SAFETY: initialised as in `as_slice`; ours alone, and borrowed mutably as long as the slice lives.
        Some(unsafe { std::slice::from_raw_parts_mut(self.data(), len) })
    }

    /// Whether both read elements of one block.
    #[inline]
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.owner() == other.owner()
    }

    /// The number of handles to these elements; those of another view count as one.
    pub(crate) fn handles(&self) -> usize {
        let handles = |header: &Header| header.handles.load(Ordering::Relaxed);
        match self.header().other {
            None => handles(self.header()),
            // SAFETY: the owner lives as long as this handle.
            Some(owner) => handles(self.header()) + handles(unsafe { owner.as_ref() }) - 1,
        }
    }
}

impl<T> Clone for Storage<T> {
    #[inline]
    fn clone(&self) -> Self {
        hold(self.block);
        Self { block: self.block, element: PhantomData }
    }
}

impl<T> Drop for Storage<T> {
    #[inline]
    fn drop(&mut self) {
        if let_go(self.block) {
            release(self.block);
        }
    }
}

/// The end of a block whose last handle went. (By a call, as `room` by one, a plain op of one element took 16.3 ns in place of 14.6.)
#[inline]
fn release(block: NonNull<Header>) {
    // SAFETY: the caller held the last handle, so the header lives.
    let owner = unsafe { block.as_ref() }.other;
    give_back(block);
    if let Some(owner) = owner
        && let_go(owner)
    {
        give_back(owner);
    }
}

#[cfg(not(all(target_os = "linux", not(miri))))]
mod pages {
    use std::ptr::NonNull;

    pub(super) const HUGE: usize = 2 << 20;

    pub(super) fn ask_for_huge(_: NonNull<u8>, _: usize) {}
}
