//! Elementwise loops: N operands of one shape to a new tensor, or into the first operand's own buffer.
//!
//! Operands that lie alike in memory are walked as one run, whatever their shape; the others [by rows](super::rows).

use std::mem::MaybeUninit;

use super::level::{Arch, Kernel, Level, Portable, dispatch};
use super::pool::{self, Shared};
use super::rows::{Loop, Runs, beside, rows};
use crate::error::Named;
use crate::layout::Layout;
use crate::shape::same;
use crate::storage::Storage;
use crate::{Element, Shape, Tensor};

/// A function of N elements of one place.
pub(crate) trait Lanewise<T, O, const N: usize>: Copy + Send + Sync {
    /// Its value. Must be `#[inline(always)]`.
    fn at<A: Arch>(self, x: [T; N]) -> O;
}

/// A plain closure as a [`Lanewise`], for what needs no vector maths.
#[derive(Clone, Copy)]
pub(crate) struct Plain<F>(pub(crate) F);

impl<T, O, F: Fn([T; N]) -> O + Copy + Send + Sync, const N: usize> Lanewise<T, O, N> for Plain<F> {
    #[inline(always)]
    fn at<A: Arch>(self, x: [T; N]) -> O {
        self.0(x)
    }
}

/// Elements over which two threads are quicker than one, for the cheapest function. Fixed, so that it says nothing
/// about the result: each element is computed alone.
pub(crate) const THREADS_FROM: usize = 1 << 17;
/// The elements that one thread takes at a time.
pub(crate) const CHUNK: usize = 1 << 15;

/// `f` at a place. Where the crate is compiled for x86-64 without AVX2, a machine that runs this is rare: one copy for an
/// element, called, spares a third of the loops that are built.
#[inline(always)]
fn by<A: Arch, F: Lanewise<T, O, N>, T, O, const N: usize>(f: F, x: [T; N]) -> O {
    #[inline(never)]
    fn called<F: Lanewise<T, O, N>, T, O, const N: usize>(f: F, x: [T; N]) -> O {
        f.at::<Portable>(x)
    }
    if cfg!(target_arch = "x86_64") && matches!(A::LEVEL, Level::Portable) {
        return called(f, x);
    }
    f.at::<A>(x)
}

/// The elements at place `i`. (Not `array::map`: that is six functions more for the compiler, for each function of elements.)
///
/// # Safety
/// They may be read; there is at least one pointer.
#[inline(always)]
unsafe fn elements<T: Copy, const N: usize>(x: [*const T; N], i: usize) -> [T; N] {
    // SAFETY: the caller's.
    unsafe {
        let mut all = [*x[0].add(i); N];
        for k in 1..N {
            all[k] = *x[k].add(i);
        }
        all
    }
}

struct Run<F, T, O, const N: usize> {
    f: F,
    x: [*const T; N],
    out: *mut O,
    len: usize,
}

impl<F: Lanewise<T, O, N>, T: Copy, O, const N: usize> Kernel for Run<F, T, O, N> {
    type Output = ();
    const BEST: Level = if size_of::<T>() <= 4 { Level::Avx512 } else { Level::Avx2 };
    #[inline(always)]
    fn run<A: Arch>(self) {
        for i in 0..self.len {
            // SAFETY: whoever makes a `Run` promises `len` readable elements at each `x` and writable ones at `out`.
            unsafe { self.out.add(i).write(by::<A, _, _, _, N>(self.f, elements(self.x, i))) };
        }
    }
}

impl<F: Lanewise<T, O, N>, T: Copy, O, const N: usize> Loop<T, O, N> for F {
    fn run(&self, x: [*const T; N], out: *mut O, len: usize) {
        dispatch(Run { f: *self, x, out, len });
    }
}

/// One run over `len` elements, split over threads where that pays.
///
/// # Safety
/// `len` elements may be read at each `x` and written at `out`; `out` may be `x[0]`, and overlaps no other.
#[inline]
pub(crate) unsafe fn split<T, O, const N: usize>(
    runs: Runs<T, O, N>,
    x: [*const T; N],
    out: *mut O,
    len: usize,
) {
    if len < THREADS_FROM || pool::threads() == 1 {
        return runs.run(x, out, len);
    }
    let shared = Shared((x, out));
    pool::run(len.div_ceil(CHUNK), &move |chunk| {
        let (x, out) = shared.get();
        let start = chunk * CHUNK;
        let len = CHUNK.min(len - start);
        // SAFETY: chunks are disjoint parts of what the caller promised.
        let (x, out) = unsafe { (x.map(|p| p.add(start)), out.add(start)) };
        runs.run(x, out, len);
    });
}

/// `f` of the operands, each read as `shape`, which all of them broadcast to. A panic in this name if the system has no memory
/// for it.
#[track_caller]
#[inline]
pub(crate) fn map<F, T, O, const N: usize>(
    named: Named,
    f: F,
    x: [&Tensor<T>; N],
    shape: &[usize],
) -> Tensor<O>
where
    F: Lanewise<T, O, N>,
    T: Element,
    O: Element,
{
    match try_map(f, x, shape) {
        Some(y) => y,
        None => named.out_of_memory::<O>(shape),
    }
}

/// The same; `None` if the system has no memory for it.
#[inline]
pub(crate) fn try_map<F, T, O, const N: usize>(
    f: F,
    x: [&Tensor<T>; N],
    shape: &[usize],
) -> Option<Tensor<O>>
where
    F: Lanewise<T, O, N>,
    T: Element,
    O: Element,
{
    map_runs(&f, x, shape)
}

fn map_runs<T: Element, O: Element, const N: usize>(
    runs: Runs<T, O, N>,
    x: [&Tensor<T>; N],
    shape: &[usize],
) -> Option<Tensor<O>> {
    let first = x[0];
    let alike = x.iter().all(|x| same(x.shape(), shape) && x.strides() == first.strides());
    if alike {
        if first.is_contiguous() {
            return flat(runs, x, |x| x.layout().offset, || Layout::contiguous(shape));
        }
        if let Some(start) = first.layout().dense_start() {
            // The result lies as its operands do.
            let lead = first.layout().offset - start;
            let layout = || Layout { offset: lead, ..first.layout().clone() };
            return flat(runs, x, |x| x.layout().offset - lead, layout);
        }
    }
    // Single numbers beside tensors that lie as the result does need no walk.
    let whole = |x: &Tensor<T>| x.shape() == shape && x.is_contiguous();
    let easy = x.iter().all(|x| x.len() == 1 || whole(x));
    // SAFETY: `beside` and `rows` write every place of the shape.
    unsafe {
        Tensor::try_filled_by(Shape::new(shape), |out: &mut [MaybeUninit<O>]| {
            if out.is_empty() {
                // Nothing is read where nothing is written.
            } else if easy {
                beside(runs, x, out.len(), out.as_mut_ptr().cast());
            } else {
                rows(runs, x, shape, out.as_mut_ptr().cast());
            }
        })
    }
}

/// One run over all elements. The operands lie alike, and each fills a run that starts where `start` says.
#[inline]
fn flat<T: Element, O: Element, const N: usize>(
    runs: Runs<T, O, N>,
    x: [&Tensor<T>; N],
    start: impl Fn(&Tensor<T>) -> usize,
    layout: impl FnOnce() -> Layout,
) -> Option<Tensor<O>> {
    let len = x[0].len();
    let x = x.map(|x| {
        if len == 0 { [].as_ptr() } else { x.storage.as_slice()[start(x)..][..len].as_ptr() }
    });
    // SAFETY: the slices above have `len` elements, and so has the new buffer, of which each is written.
    let storage = unsafe {
        Storage::filled_by(layout, len, |out| split(runs, x, out.as_mut_ptr().cast(), len))
    };
    storage.map(|storage| Tensor { storage })
}

/// A function of an element that is rewritten, and of N more of its place.
pub(crate) trait InPlace<T, const N: usize>: Copy + Send + Sync {
    /// The element anew. Must be `#[inline(always)]`.
    fn at<A: Arch>(self, own: T, others: [T; N]) -> T;
}

/// [`by`] for a function that rewrites an element.
#[inline(always)]
fn rewritten<A: Arch, F: InPlace<T, N>, T, const N: usize>(f: F, own: T, others: [T; N]) -> T {
    #[inline(never)]
    fn called<F: InPlace<T, N>, T, const N: usize>(f: F, own: T, others: [T; N]) -> T {
        f.at::<Portable>(own, others)
    }
    if cfg!(target_arch = "x86_64") && matches!(A::LEVEL, Level::Portable) {
        return called(f, own, others);
    }
    f.at::<A>(own, others)
}

/// A loop that writes where it reads one operand. Apart from [`Run`]: of two pointers that may be equal the compiler
/// must assume that they overlap, and would leave the loop as it stands, an element at a time.
struct RunInPlace<F, T, const N: usize> {
    f: F,
    target: *mut T,
    x: [*const T; N],
    len: usize,
}

impl<F: InPlace<T, N>, T: Copy, const N: usize> Kernel for RunInPlace<F, T, N> {
    type Output = ();
    const BEST: Level = if size_of::<T>() <= 4 { Level::Avx512 } else { Level::Avx2 };
    #[inline(always)]
    fn run<A: Arch>(self) {
        for i in 0..self.len {
            // SAFETY: whoever makes a `RunInPlace` promises `len` elements at each pointer; nothing else points to the target.
            unsafe {
                let own = self.target.add(i);
                *own = rewritten::<A, _, _, N>(self.f, *own, elements(self.x, i));
            }
        }
    }
}

/// `f` of each element of `g` and of the others, in `g`'s own buffer if nobody else holds it. The others broadcast to its shape.
#[inline]
pub(crate) fn update<F, T, const N: usize>(f: F, g: Tensor<T>, others: [&Tensor<T>; N]) -> Tensor<T>
where
    F: InPlace<T, N>,
    T: Element,
{
    update_runs(&Rewriting(f), g, others)
}

/// The loop of a function that rewrites an element.
struct Rewriting<F>(F);

impl<F: InPlace<T, N>, T: Copy, const N: usize> Loop<T, T, N> for Rewriting<F> {
    fn run(&self, x: [*const T; N], target: *mut T, len: usize) {
        dispatch(RunInPlace { f: self.0, target, x, len });
    }
}

fn update_runs<T: Element, const N: usize>(
    runs: Runs<T, T, N>,
    mut g: Tensor<T>,
    others: [&Tensor<T>; N],
) -> Tensor<T> {
    // Most lie as they must; what does not is copied.
    let mut copies: [Option<Tensor<T>>; N] = [const { None }; N];
    let x: [*const T; N] = std::array::from_fn(|k| {
        let elements = match others[k].as_slice() {
            Some(elements) if same(others[k].shape(), g.shape()) => elements,
            _ => {
                let copy = others[k].expanded(g.layout().shape.clone()).contiguous();
                copies[k].insert(copy).as_slice().unwrap_or(&[])
            }
        };
        elements.as_ptr()
    });
    let target = g.as_mut_slice();
    // SAFETY: all are contiguous and have the target's length; `g` is held once, so no other operand is a view of it.
    unsafe { split(runs, x, target.as_mut_ptr(), target.len()) };
    g
}
