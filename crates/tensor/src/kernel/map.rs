//! Elementwise loops: N operands of one shape to a new tensor, or into the first operand's own buffer.
//!
//! Operands that lie alike in memory are walked as one run, whatever their shape; else row by row, a broadcast value
//! spread over a block; only operands whose rows do not lie together are copied first.

use std::mem::MaybeUninit;

use super::level::{Arch, Kernel, dispatch};
use super::{copy, pool};
use crate::layout::{Layout, Strides, Walk};
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
/// How much one thread takes at a time.
pub(crate) const CHUNK: usize = 1 << 15;

struct Run<F, T, O, const N: usize> {
    f: F,
    x: [*const T; N],
    out: *mut O,
    len: usize,
}

impl<F: Lanewise<T, O, N>, T: Copy, O, const N: usize> Kernel for Run<F, T, O, N> {
    type Output = ();
    #[inline(always)]
    fn run<A: Arch>(self) {
        for i in 0..self.len {
            // SAFETY: whoever makes a `Run` promises `len` readable elements at each `x` and writable ones at `out`.
            let x = std::array::from_fn(|k| unsafe { *self.x[k].add(i) });
            // SAFETY: as above.
            unsafe { self.out.add(i).write(self.f.at::<A>(x)) };
        }
    }
}

/// A loop over runs, whatever its function: `len` elements at each of the pointers, to as many at the last. The walk over
/// the operands is compiled once for it, not once for each function.
type Runs<'a, T, O, const N: usize> = &'a (dyn Fn([*const T; N], *mut O, usize) + Sync);

/// Pointers that the threads of one loop share; each touches places of its own.
#[derive(Clone, Copy)]
pub(crate) struct Shared<P>(pub(crate) P);
// SAFETY: see `split`.
unsafe impl<P> Send for Shared<P> {}
// SAFETY: see `split`.
unsafe impl<P> Sync for Shared<P> {}

/// One run over `len` elements, split over threads where that pays.
///
/// # Safety
/// `len` elements may be read at each `x` and written at `out`; `out` may be `x[0]`, and overlaps no other.
#[inline]
unsafe fn split<T, O, const N: usize>(
    runs: Runs<T, O, N>,
    x: [*const T; N],
    out: *mut O,
    len: usize,
) {
    if len < THREADS_FROM || pool::threads() == 1 {
        return runs(x, out, len);
    }
    let shared = Shared((x, out));
    pool::run(len.div_ceil(CHUNK), &move |chunk| {
        let whole = &shared;
        let (x, out) = whole.0;
        let start = chunk * CHUNK;
        let len = CHUNK.min(len - start);
        // SAFETY: chunks are disjoint parts of what the caller promised.
        let (x, out) = unsafe { (x.map(|p| p.add(start)), out.add(start)) };
        runs(x, out, len);
    });
}

/// `f` of the operands, each read as `shape`, which all of them broadcast to.
#[inline]
pub(crate) fn map<F, T, O, const N: usize>(f: F, x: [&Tensor<T>; N], shape: &[usize]) -> Tensor<O>
where
    F: Lanewise<T, O, N>,
    T: Element,
    O: Element,
{
    map_runs(&|x, out, len| dispatch(Run { f, x, out, len }), x, shape)
}

fn map_runs<T: Element, O: Element, const N: usize>(
    runs: Runs<T, O, N>,
    x: [&Tensor<T>; N],
    shape: &[usize],
) -> Tensor<O> {
    let first = x[0];
    let alike = x.iter().all(|x| x.shape() == shape && x.strides() == first.strides());
    if alike {
        if first.is_contiguous() {
            return flat(
                runs,
                x,
                |x| x.layout.offset,
                Layout::contiguous(first.layout.shape.clone()),
            );
        }
        if first.layout.dense_start().is_some() {
            // The result lies as its operands do.
            let start = first.layout.dense_start().unwrap_or(0);
            let lead = first.layout.offset - start;
            let layout = Layout { offset: lead, ..first.layout.clone() };
            return flat(runs, x, |x| x.layout.offset - lead, layout);
        }
    }
    // SAFETY: `rows` writes every place of the shape.
    unsafe {
        Tensor::filled_by(Shape::new(shape), |out: &mut [MaybeUninit<O>]| {
            if !out.is_empty() {
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
    layout: Layout,
) -> Tensor<O> {
    let len = layout.len();
    let x = x.map(|x| {
        if len == 0 { [].as_ptr() } else { x.storage.as_slice()[start(x)..][..len].as_ptr() }
    });
    // SAFETY: the slices above have `len` elements, and so has the new buffer, of which each is written.
    let storage =
        unsafe { Storage::filled_by(len, |out| split(runs, x, out.as_mut_ptr().cast(), len)) };
    Tensor { storage, layout }
}

/// Elements that a [`Blocks`] lays out for one run.
const BLOCK: usize = 256;
/// What one store of a repeated value may write beyond a block.
const SLACK: usize = 16;
/// Rows shorter than this are gathered, several to a run.
const SHORT: usize = 32;

/// Room for a block of each operand that does not lie as the result does.
struct Blocks<T, const N: usize>([[MaybeUninit<T>; BLOCK + SLACK]; N]);

/// Row by row into `out`, row-major.
///
/// # Safety
/// `out` has room for `shape`, which all operands broadcast to and which has elements.
unsafe fn rows<T: Element, O, const N: usize>(
    runs: Runs<T, O, N>,
    x: [&Tensor<T>; N],
    shape: &[usize],
    out: *mut O,
) {
    let mut strides: [Strides; N] = std::array::from_fn(|k| x[k].layout.strides_as(shape));
    let mut first = x.map(|x| x.storage.as_slice()[x.layout.offset..].as_ptr());
    let mut walk = Walk::<N>::new(shape, std::array::from_fn(|k| &strides[k][..]));
    // An operand that steps along its rows is turned over once, by blocks, not place by place.
    let mut copies: [Option<Tensor<T>>; N] = [const { None }; N];
    let steps = walk.inner().1;
    if steps.iter().any(|step| !matches!(step, 0 | 1)) {
        for k in 0..N {
            if !matches!(steps[k], 0 | 1) {
                let copy = copies[k].insert(copy::to_contiguous(x[k]));
                strides[k] = copy.layout.strides_as(shape);
                first[k] = copy.storage.as_slice().as_ptr();
            }
        }
        walk = Walk::new(shape, std::array::from_fn(|k| &strides[k][..]));
    }
    let mut blocks = Blocks([const { [const { MaybeUninit::uninit() }; BLOCK + SLACK] }; N]);
    // SAFETY: the strides reach each operand's own elements, which are as many as the walk's places.
    unsafe {
        if walk.inner().0 < SHORT && walk.axes().len() > 1 {
            short_rows(runs, &walk, first, out, &mut blocks);
        } else {
            long_rows(runs, &walk, first, out, &mut blocks);
        }
    }
}

/// Rows that are worth a run each; a value that does not change along them fills a block.
///
/// # Safety
/// Every place of the walk may be read from `first`, and as many written at `out`. The rows' steps are 0 or 1.
unsafe fn long_rows<T: Element, O, const N: usize>(
    runs: Runs<T, O, N>,
    walk: &Walk<N>,
    first: [*const T; N],
    out: *mut O,
    blocks: &mut Blocks<T, N>,
) {
    let (inner, steps) = walk.inner();
    let spreads = steps.contains(&0);
    let mut row_start = 0;
    walk.rows(|at| {
        let mut x = first;
        for k in 0..N {
            // SAFETY: the walk stays within the operand.
            x[k] = unsafe { first[k].offset(at[k]) };
            if steps[k] == 0 {
                // SAFETY: as above.
                let value = MaybeUninit::new(unsafe { *x[k] });
                blocks.0[k][..BLOCK.min(inner)].fill(value);
                x[k] = blocks.0[k].as_ptr().cast();
            }
        }
        let mut done = 0;
        while done < inner {
            let len = if spreads { BLOCK.min(inner - done) } else { inner };
            // SAFETY: rows are consecutive parts of `out`, and `len` elements of each operand lie at `x`.
            unsafe { split(runs, x, out.add(row_start + done), len) };
            for k in 0..N {
                if steps[k] == 1 {
                    x[k] = x[k].wrapping_add(len);
                }
            }
            done += len;
        }
        row_start += inner;
    });
}

/// Rows too short for a run each: as many as fit a block are laid out one behind another. An operand that lies so anyhow
/// is read in place; one that repeats its row is laid out once.
///
/// # Safety
/// As [`long_rows`]; the rows are shorter than [`SHORT`].
unsafe fn short_rows<T: Element, O, const N: usize>(
    runs: Runs<T, O, N>,
    walk: &Walk<N>,
    first: [*const T; N],
    mut out: *mut O,
    blocks: &mut Blocks<T, N>,
) {
    let (outer, inner) = walk.axes().split_at(walk.axes().len() - 1);
    let (len, steps) = inner[0];
    let rows: usize = outer.iter().map(|a| a.0).product();
    let a_block = (BLOCK / len).min(rows);
    let in_place: [bool; N] = std::array::from_fn(|k| walk.is_contiguous(k));
    let repeats: [bool; N] = std::array::from_fn(|k| outer.iter().all(|(_, s)| s[k] == 0));
    // SAFETY: a block has room for `a_block` rows and the slack, and a row's places may be read.
    let lay = |block: &mut [MaybeUninit<T>], row: usize, from: *const T, step: isize| unsafe {
        let to = block.as_mut_ptr().add(row * len);
        if step == 0 && len <= SLACK {
            // All at once, past the row's end: what comes there is written later.
            to.cast::<[MaybeUninit<T>; SLACK]>().write([MaybeUninit::new(*from); SLACK]);
        } else {
            for i in 0..len {
                to.add(i).write(MaybeUninit::new(*from.offset(i as isize * step)));
            }
        }
    };
    for k in 0..N {
        if repeats[k] {
            lay(&mut blocks.0[k], 0, first[k], steps[k]);
            let mut laid = 1;
            while laid < a_block {
                let more = laid.min(a_block - laid);
                blocks.0[k].copy_within(..more * len, laid * len);
                laid += more;
            }
        }
    }
    let mut x: [*const T; N] =
        std::array::from_fn(|k| if in_place[k] { first[k] } else { blocks.0[k].as_ptr().cast() });
    let mut run = |count: usize| {
        // `count` rows lie at each `x`; they are the next of `out`.
        runs(x, out, count * len);
        out = out.wrapping_add(count * len);
        for k in 0..N {
            if in_place[k] {
                x[k] = x[k].wrapping_add(count * len);
            }
        }
    };
    if (0..N).all(|k| in_place[k] || repeats[k]) {
        for done in (0..rows).step_by(a_block) {
            run(a_block.min(rows - done));
        }
        return;
    }
    let mut laid = 0;
    walk.rows(|at| {
        for k in 0..N {
            if !in_place[k] && !repeats[k] {
                lay(&mut blocks.0[k], laid, first[k].wrapping_offset(at[k]), steps[k]);
            }
        }
        laid += 1;
        if laid == a_block {
            run(laid);
            laid = 0;
        }
    });
    if laid > 0 {
        run(laid);
    }
}

/// `f` with each element of `g` first, into `g`'s own buffer if nobody else holds it. The others broadcast to its shape.
#[inline]
pub(crate) fn update<F, T, const M: usize, const N: usize>(
    f: F,
    g: Tensor<T>,
    others: [&Tensor<T>; M],
) -> Tensor<T>
where
    F: Lanewise<T, T, N>,
    T: Element,
{
    const { assert!(N == M + 1) };
    update_runs(&|x, out, len| dispatch(Run { f, x, out, len }), g, others)
}

fn update_runs<T: Element, const M: usize, const N: usize>(
    runs: Runs<T, T, N>,
    mut g: Tensor<T>,
    others: [&Tensor<T>; M],
) -> Tensor<T> {
    let alone = g.is_contiguous() && g.storage.as_mut().is_some();
    let contiguous = |x: &Tensor<T>| x.shape() == g.shape() && x.is_contiguous();
    if !alone || !others.iter().all(|x| contiguous(x)) {
        let shape = g.layout.shape.clone();
        let all: [&Tensor<T>; N] = std::array::from_fn(|k| if k == 0 { &g } else { others[k - 1] });
        return map_runs(runs, all, &shape);
    }
    let len = g.len();
    let target = g.as_mut_slice().as_mut_ptr();
    let x: [*const T; N] = std::array::from_fn(|k| match k {
        0 => target.cast_const(),
        k => others[k - 1].as_slice().unwrap_or(&[]).as_ptr(),
    });
    // SAFETY: all are contiguous and have `len` elements; `g` is held once, so no other operand is a view of it.
    unsafe { split(runs, x, target, len) };
    g
}
