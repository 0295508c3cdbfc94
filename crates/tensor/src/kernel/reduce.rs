//! Folding axes away: which of a tensor's elements are neighbours, and so how the [tree](super::tree) is climbed.

use std::mem::MaybeUninit;

use smallvec::SmallVec;

use super::columns::{block, columns};
use super::copy;
use super::folding::Folding;
use super::level::dispatch;
use super::pieces::{Piece, Pieces};
use super::pool::{self, Shared};
use super::tree::{By, Counter, Fold, LEAF, Runs};
use crate::layout::Walk;
use crate::{Element, Shape, Tensor};

/// Elements over which two threads are quicker than one.
pub(crate) const THREADS_FROM: usize = 1 << 18;
/// Elements that one thread takes at a time. A power of two of leaves, so that a whole one is a tree of its own.
const CHUNK: usize = 1 << 16;

/// The fold over the flagged axes; they stay, with size 1. If the fold has a number of its own for each result, these are
/// in `about`, row-major.
pub(crate) fn fold<F: Fold<T>, T: Element>(
    fold: F,
    x: &Tensor<T>,
    flags: &[bool],
    about: &[F::Out],
) -> Tensor<F::Out> {
    let shape: Shape =
        x.shape().iter().zip(flags).map(|(&s, &gone)| if gone { 1 } else { s }).collect();
    if x.is_empty() {
        return Tensor::full(&shape, F::START);
    }
    // SAFETY: `fold_into` writes one place for each place of the kept axes.
    unsafe {
        Tensor::filled_by("reduce", shape, |out| {
            fold_into(&Folding::new(&fold), x, flags, about, out)
        })
    }
}

/// The fold of neighbours.
pub(crate) fn fold_slice<F: Fold<T>, T: Element>(fold: F, x: &[T]) -> F::Out {
    let mut out = F::START;
    let len = x.len();
    let runs = Runs { first: x.as_ptr(), step: 0, len, about: &[], out: &mut out, count: 1 };
    dispatch(By(fold, runs));
    out
}

fn fold_into<T: Element, O: Element>(
    fold: &Folding<T, O>,
    x: &Tensor<T>,
    flags: &[bool],
    about: &[O],
    out: &mut [MaybeUninit<O>],
) {
    let base = x.first();
    let target = out.as_mut_ptr().cast::<O>();
    let is_about = fold.is_about;
    let runs = |first, step, len, about, out, count| {
        fold.kernels.runs(Runs { first, step, len, about, out, count });
    };
    if out.len() == 1 && x.is_contiguous() {
        let whole = |start: usize, len: usize, target: *mut O| {
            // SAFETY: part of the elements, which lie together.
            runs(unsafe { base.add(start) }, 0, len, about, target, 1);
        };
        let len = x.len();
        if len < THREADS_FROM || pool::threads() == 1 {
            return whole(0, len, target);
        }
        let mut partial = Tensor::full([len.div_ceil(CHUNK)], fold.start);
        let partial = partial.as_mut_slice();
        let shared = Shared((whole, partial.as_mut_ptr()));
        pool::run(partial.len(), &|chunk| {
            let (whole, partial) = shared.get();
            let start = chunk * CHUNK;
            // SAFETY: each chunk has its place.
            whole(start, CHUNK.min(len - start), unsafe { partial.add(chunk) });
        });
        let mut counter = Counter::new();
        for &part in &*partial {
            counter.add(part, |a, b| fold.kernels.join(a, b));
        }
        out[0].write(counter.total(|a, b| fold.kernels.join(a, b)).unwrap_or(fold.start));
        return;
    }
    let side = |gone: bool| -> Walk<1> {
        let axes = x.shape().iter().zip(x.strides()).zip(flags).filter(|axis| *axis.1 == gone);
        Walk::over(axes.map(|((&size, &stride), _)| (size, [stride])))
    };
    let (kept, gone) = (side(false), side(true));
    let (count, [step]) = kept.inner();
    let (len, [down]) = gone.inner();
    let single = gone.axes().len() == 1;
    let threads = if x.len() < THREADS_FROM { 1 } else { pool::threads() };
    if step == 1 && (count >= 4 || (single && down == count as isize)) && (down != 1 || len == 1) {
        let mut at_out = 0;
        // Every thread has some.
        let at_a_time = block::<O>().min(count.div_ceil(threads).next_multiple_of(64));
        kept.rows(|[at]| {
            let piece = |start: usize| {
                let width = at_a_time.min(count - start);
                let about = if is_about { &about[at_out + start..][..width] } else { &[] };
                // SAFETY: the walks stay within the tensor, and the innermost kept axis is `count` neighbours, which
                // `out` has places for.
                unsafe {
                    let first = base.offset(at + start as isize);
                    columns(fold, first, &gone, width, about, target.add(at_out + start));
                }
            };
            split(threads, count.div_ceil(at_a_time), piece, |piece, i| piece(i * at_a_time));
            at_out += count;
        });
    } else if single && (down == 1 || len == 1) {
        let at_a_time = (CHUNK / len).max(1);
        let mut at_out = 0;
        kept.rows(|[at]| {
            let part = |start: usize| {
                let count = at_a_time.min(count - start);
                let about = if is_about { &about[at_out + start..][..count] } else { &[] };
                // SAFETY: the walks stay within the tensor, the folded axis is `len` neighbours, and `out` has a place
                // for each run.
                unsafe {
                    let first = base.offset(at + start as isize * step);
                    runs(first, step, len, about, target.add(at_out + start), count);
                }
            };
            if threads == 1 {
                // Not in parts: a part is a call.
                let about = if is_about { &about[at_out..][..count] } else { &[] };
                // SAFETY: as above.
                unsafe { runs(base.offset(at), step, len, about, target.add(at_out), count) };
            } else {
                split(threads, count.div_ceil(at_a_time), part, |part, i| part(i * at_a_time));
            }
            at_out += count;
        });
    } else if down == 1 {
        let mut done = 0;
        kept.places(|[at]| {
            let about = if is_about { about[done] } else { fold.start };
            // SAFETY: the walks stay within the tensor.
            out[done].write(unsafe { in_pieces(fold, base.offset(at), &gone, about) });
            done += 1;
        });
    } else {
        // Neither side lies together: a copy in which the folded axes do.
        let sides = [false, true].map(|gone| (0..x.rank()).filter(move |&i| flags[i] == gone));
        let order: SmallVec<[isize; 8]> = sides.into_iter().flatten().map(|i| i as isize).collect();
        let Ok(permuted) = x.permute(&order) else { unreachable!("each axis is named once") };
        let mut flags = SmallVec::<[bool; 8]>::from_slice(flags);
        flags.sort_unstable();
        fold_into(fold, &copy::to_contiguous(&permuted), &flags, about, out);
    }
}

/// Calls `run` for each of `parts`, on several threads if there are to be.
#[inline]
fn split<P>(threads: usize, parts: usize, part: P, run: impl Fn(&P, usize)) {
    if threads == 1 || parts == 1 {
        for i in 0..parts {
            run(&part, i);
        }
        return;
    }
    // Parts read the tensor, which is shared, and write places of their own.
    let shared = Shared((&part, &run));
    pool::run(parts, &|i| {
        let (part, run) = shared.get();
        run(part, i);
    });
}

/// The fold of one result's elements, which lie in several runs of neighbours.
///
/// # Safety
/// Every place that `runs` steps to from `first` may be read.
unsafe fn in_pieces<T: Element, O: Element>(
    fold: &Folding<T, O>,
    first: *const T,
    runs: &Walk<1>,
    about: O,
) -> O {
    let len: usize = runs.axes().iter().map(|a| a.0).product();
    let (run, _) = runs.inner();
    let mut leaf = Pieces::new(fold.start, len);
    let mut counter = Counter::new();
    let join = |a, b| fold.kernels.join(a, b);
    runs.rows(|[step]| {
        // SAFETY: the innermost axis is `run` neighbours, which the caller lets us read.
        let mut x = unsafe { std::slice::from_raw_parts(first.offset(step), run) };
        while !x.is_empty() {
            let (piece, rest) = x.split_at(x.len().min(LEAF - leaf.filled));
            fold.kernels.piece(Piece { leaf: &mut leaf, x: piece, about });
            if leaf.filled == LEAF {
                counter.add(fold.kernels.take(&mut leaf), join);
            }
            x = rest;
        }
    });
    if leaf.filled > 0 {
        counter.add(fold.kernels.take(&mut leaf), join);
    }
    counter.total(join).unwrap_or(fold.start)
}
