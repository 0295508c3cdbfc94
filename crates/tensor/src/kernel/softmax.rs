//! Softmax and its logarithm along rows of neighbours, and their reverse rules: a few rows at a time, read once and kept
//! in L1.

use super::folds::Exponentials;
use super::level::{Arch, Kernel, Level, dispatch};
use super::pool::{self, Shared};
use super::tree::{Max, Sum, total};
use crate::pointwise::Real;
use crate::{Float, Tensor};

/// Elements that are worked on together: whole rows, at least one. Short rows share the vector exponential.
const BLOCK: usize = 1024;
/// Elements over which two threads are quicker than one.
pub(super) const THREADS_FROM: usize = 1 << 16;
/// Elements that one thread takes at a time.
const CHUNK: usize = 1 << 14;

/// The softmax of each row of `x`, or its logarithm: rows of the last axis, contiguous.
pub(crate) fn softmax_rows<T: Float>(x: &Tensor<T>, logarithm: bool) -> Tensor<T> {
    let x = x.contiguous();
    let Some((source, &width)) = x.as_slice().zip(x.shape().last()) else { return x };
    if source.is_empty() {
        return x;
    }
    // SAFETY: `Rows` writes every element of `out`.
    unsafe {
        Tensor::filled_by("softmax", x.layout().shape.clone(), |out| {
            let target = Shared(out.as_mut_ptr().cast::<T>());
            in_chunks(source.len(), width, &|start, end| {
                // Chunks are disjoint parts of `out`.
                let out = target.get().wrapping_add(start);
                dispatch(Rows { x: &source[start..end], out, width, logarithm });
            });
        })
    }
}

/// The gradient of rows whose softmax, or its logarithm, is `y`, from the incoming gradient `g`: y·(g - Σ g·y), or g - eʸ·Σ g.
pub(crate) fn pull_softmax_rows<T: Float>(
    g: &Tensor<T>,
    y: &Tensor<T>,
    logarithm: bool,
) -> Tensor<T> {
    let y = y.contiguous();
    let Some((results, &width)) = y.as_slice().zip(y.shape().last()) else { return y };
    if results.is_empty() {
        return y;
    }
    // A single number for all elements is read directly, not copied first.
    let single = g.strides().iter().all(|&stride| stride == 0);
    let g = if single { g.clone() } else { g.contiguous() };
    let gs = &g.storage.as_slice()[g.layout().offset..];
    // SAFETY: `PullRows` writes every element of `out`.
    unsafe {
        Tensor::filled_by("softmax", y.layout().shape.clone(), |out| {
            let target = Shared(out.as_mut_ptr().cast::<T>());
            in_chunks(results.len(), width, &|start, end| {
                // Chunks are disjoint parts of `out`.
                let out = target.get().wrapping_add(start);
                let y = &results[start..end];
                let g = if single { Incoming::All(gs[0]) } else { Incoming::Each(&gs[start..end]) };
                dispatch(PullRows { g, y, out, width, logarithm });
            });
        })
    }
}

/// Calls `part` with where it begins and ends, for parts of whole rows that are all of `len` elements.
pub(super) fn in_chunks(len: usize, width: usize, part: &(dyn Fn(usize, usize) + Sync)) {
    if len < THREADS_FROM || pool::threads() == 1 {
        return part(0, len);
    }
    let size = (CHUNK / width).max(1) * width;
    pool::run(len.div_ceil(size), &|chunk| part(chunk * size, len.min((chunk + 1) * size)));
}

/// Whole rows of `x`, to as many elements at `out`.
struct Rows<'a, T> {
    x: &'a [T],
    out: *mut T,
    width: usize,
    logarithm: bool,
}

impl<T: Float> Kernel for Rows<'_, T> {
    type Output = ();
    const BEST: Level = T::BEST;
    #[inline(always)]
    fn run<A: Arch>(self) {
        let Self { x, out, width, logarithm } = self;
        let mut exponentials = [T::ZERO; BLOCK];
        let block = (BLOCK / width).max(1) * width;
        for start in (0..x.len()).step_by(block) {
            let x = &x[start..x.len().min(start + block)];
            let first = out.wrapping_add(start);
            for (i, row) in x.chunks_exact(width).enumerate() {
                let most = total::<A, Max, T>(Max, row, T::ZERO);
                for (j, x) in row.iter().enumerate() {
                    // SAFETY: `out` has a place for each element of `x`.
                    unsafe { first.add(i * width + j).write(x.minus(most)) };
                }
            }
            // SAFETY: these places were just written.
            let out = unsafe { std::slice::from_raw_parts_mut(first, x.len()) };
            if logarithm {
                let short = out.len() <= BLOCK;
                if short {
                    for (e, &y) in exponentials.iter_mut().zip(&*out) {
                        *e = T::from_lane::<A>(y.lane::<A>().exp());
                    }
                }
                for (i, row) in out.chunks_exact_mut(width).enumerate() {
                    let sum = if short {
                        total::<A, Sum, T>(Sum, &exponentials[i * width..][..width], T::ZERO)
                    } else {
                        total::<A, Exponentials, T>(Exponentials, row, T::ZERO)
                    };
                    let log = T::from_lane::<A>(sum.lane::<A>().ln());
                    for y in row {
                        *y = y.minus(log);
                    }
                }
            } else {
                for y in &mut *out {
                    *y = T::from_lane::<A>(y.lane::<A>().exp());
                }
                for row in out.chunks_exact_mut(width) {
                    let scale = T::ONE.over(total::<A, Sum, T>(Sum, row, T::ZERO));
                    for y in row {
                        *y = y.times(scale);
                    }
                }
            }
        }
    }
}

/// A gradient: a number for each place, or one for all.
#[derive(Clone, Copy)]
enum Incoming<'a, T> {
    Each(&'a [T]),
    All(T),
}

/// The gradient of whole rows with the results `y`, from `g`, written to as many elements at `out`.
struct PullRows<'a, T> {
    g: Incoming<'a, T>,
    y: &'a [T],
    out: *mut T,
    width: usize,
    logarithm: bool,
}

impl<T: Float> Kernel for PullRows<'_, T> {
    type Output = ();
    const BEST: Level = T::BEST;
    #[inline(always)]
    fn run<A: Arch>(self) {
        let Self { g, y, out, width, logarithm } = self;
        for (i, y) in y.chunks_exact(width).enumerate() {
            let start = i * width;
            let first = out.wrapping_add(start);
            // SAFETY: `out` has a place for each element of `y`.
            let put = |j: usize, x: T| unsafe { first.add(j).write(x) };
            // What is added up, where it is not there to be read, stands for a moment where the result will.
            match g {
                Incoming::Each(_) if logarithm => {}
                Incoming::Each(g) => {
                    let g = &g[start..][..width];
                    for (j, (&g, &y)) in g.iter().zip(y).enumerate() {
                        put(j, g.times(y));
                    }
                }
                Incoming::All(g) => {
                    for (j, &y) in y.iter().enumerate() {
                        put(j, if logarithm { g } else { g.times(y) });
                    }
                }
            }
            let terms = match g {
                Incoming::Each(g) if logarithm => &g[start..][..width],
                // SAFETY: these places were just written.
                _ => unsafe { std::slice::from_raw_parts(first, width) },
            };
            let sum = total::<A, Sum, T>(Sum, terms, T::ZERO);
            match g {
                Incoming::Each(g) => {
                    let g = &g[start..][..width];
                    for (j, (&g, &y)) in g.iter().zip(y).enumerate() {
                        put(j, rule::<A, T>(g, y, sum, logarithm));
                    }
                }
                Incoming::All(g) => {
                    for (j, &y) in y.iter().enumerate() {
                        put(j, rule::<A, T>(g, y, sum, logarithm));
                    }
                }
            }
        }
    }
}

/// One element's rule; `sum` is Σ g·y, or Σ g.
#[inline(always)]
fn rule<A: Arch, T: Float>(g: T, y: T, sum: T, logarithm: bool) -> T {
    if logarithm {
        g.minus(T::from_lane::<A>(y.lane::<A>().exp()).times(sum))
    } else {
        g.minus(sum).times(y)
    }
}
