//! Attention of sequences to themselves: the scores of a few queries at a time, which stay in the first caches and are made
//! again on the way back.

use super::gemm::{Init, Mat};
use super::level::{Arch, Kernel, dispatch};
use super::pool::{self, Shared};
use super::tree::{Max, Sum, total};
use crate::pointwise::Real;
use crate::{Float, Tensor};

/// Queries whose scores are made at once.
const TILE: usize = 64;
/// Multiply-adds over which two threads are quicker than one.
const THREADS_FROM: usize = 1 << 17;

/// The sizes of heads, and what each sees.
#[derive(Clone, Copy)]
pub(crate) struct Heads {
    pub(crate) batch: usize,
    pub(crate) time: usize,
    pub(crate) heads: usize,
    pub(crate) size: usize,
    pub(crate) causal: bool,
    pub(crate) scale: f64,
}

impl Heads {
    fn width(self) -> usize {
        self.heads * self.size
    }

    /// The first query of each tile, the number of them, and the number of keys that one of them sees at least.
    fn tiles(self) -> impl Iterator<Item = (usize, usize, usize)> {
        (0..self.time).step_by(TILE).map(move |first| {
            let count = TILE.min(self.time - first);
            (first, count, if self.causal { first + count } else { self.time })
        })
    }

    /// Calls `one` for each head of each sequence, with the place of its first element in rows of queries, keys and values, and
    /// in rows of results.
    fn each(self, one: &(dyn Fn(usize, usize) + Sync)) {
        let work = self.batch * self.heads * self.time * self.time * self.size;
        let call = |i: usize| {
            let (b, h) = (i / self.heads, i % self.heads);
            let row = b * self.time * self.width();
            one(3 * row + h * self.size, row + h * self.size);
        };
        match self.batch * self.heads {
            n if work < THREADS_FROM => (0..n).for_each(call),
            n => pool::run(n, &call),
        }
    }
}

/// A matrix of rows, or of columns, so many elements apart.
fn rows<T>(ptr: *const T, apart: usize) -> Mat<T> {
    Mat { ptr, rs: apart as isize, cs: 1 }
}

fn columns<T>(ptr: *const T, apart: usize) -> Mat<T> {
    Mat { ptr, rs: 1, cs: apart as isize }
}

/// Room for numbers on the way.
fn room<T: Float>(len: usize) -> Tensor<T> {
    Tensor::zeros([len])
}

/// Columns that were rows, so that the product reads them one after another: `[time, size]` becomes `[size, time]`.
///
/// # Safety
/// `from` is good for `time` rows of `size` elements, `apart` from each other.
unsafe fn turned<T: Float>(from: *const T, apart: usize, heads: Heads, to: &mut [T]) {
    for t in 0..heads.time {
        for j in 0..heads.size {
            // SAFETY: the caller's.
            to[j * heads.time + t] = unsafe { *from.add(t * apart + j) };
        }
    }
}

/// Writes the results of all heads.
///
/// # Safety
/// `out` is good for writes of `[batch, time, width]`.
pub(crate) unsafe fn forward<T: Float>(heads: Heads, x: &[T], out: *mut T) {
    if x.is_empty() {
        return;
    }
    let Heads { batch, time, size, .. } = heads;
    let width = heads.width();
    assert_eq!(x.len(), batch * time * 3 * width);
    let (x, out) = (Shared(x.as_ptr()), Shared(out));
    heads.each(&|from, to| {
        let (mut keys, mut scores) = (room::<T>(size * time), room::<T>(TILE.min(time) * time));
        let (keys, scores) = (keys.as_mut_slice(), scores.as_mut_slice());
        // SAFETY: a head's queries, keys and values lie in rows of 3 · width elements of x, of which there are `time`, and its
        // results in rows of width elements of `out`, which no other head writes.
        unsafe {
            let q = x.get().add(from);
            let (k, v) = (q.add(width), q.add(2 * width));
            turned(k, 3 * width, heads, keys);
            for (first, count, seen) in heads.tiles() {
                let q = rows(q.add(first * 3 * width), 3 * width);
                let p = scores.as_mut_ptr();
                T::product(count, seen, size, q, rows(keys.as_ptr(), time), Init::Zero, p, seen);
                dispatch(Weights { heads, first, seen, scores: &mut scores[..count * seen] });
                let (p, v) = (rows(p.cast_const(), seen), rows(v, 3 * width));
                let out = out.get().add(to + first * width);
                T::product(count, size, seen, p, v, Init::Zero, out, width);
            }
        }
    });
}

/// Adds the gradients of all heads to `dx`.
pub(crate) fn back<T: Float>(heads: Heads, x: &[T], g: &[T], y: &[T], dx: &mut [T]) {
    if x.is_empty() {
        return;
    }
    let Heads { batch, time, size, .. } = heads;
    let width = heads.width();
    assert!(x.len() == batch * time * 3 * width && dx.len() == x.len());
    assert!(g.len() == batch * time * width && y.len() == g.len());
    let (x, gs, dx) = (Shared(x.as_ptr()), Shared(g.as_ptr()), Shared(dx.as_mut_ptr()));
    heads.each(&|from, to| {
        let (mut keys, mut values) = (room::<T>(size * time), room::<T>(size * time));
        let tile = TILE.min(time) * time;
        let (mut weights, mut slopes) = (room::<T>(tile), room::<T>(tile));
        let (keys, values) = (keys.as_mut_slice(), values.as_mut_slice());
        let (weights, slopes) = (weights.as_mut_slice(), slopes.as_mut_slice());
        // SAFETY: as in `forward`; the gradients of a head's queries, keys and values lie where those lie in x.
        unsafe {
            let (q, dq) = (x.get().add(from), dx.get().add(from));
            let (k, v) = (q.add(width), q.add(2 * width));
            let (dk, dv) = (dq.add(width), dq.add(2 * width));
            turned(k, 3 * width, heads, keys);
            turned(v, 3 * width, heads, values);
            for (first, count, seen) in heads.tiles() {
                let (row, result) = (first * 3 * width, first * width);
                let (q, g) = (q.add(row), gs.get().add(to + result));
                let (p, ds) = (weights.as_mut_ptr(), slopes.as_mut_ptr());
                let keys = rows(keys.as_ptr(), time);
                T::product(count, seen, size, rows(q, 3 * width), keys, Init::Zero, p, seen);
                dispatch(Weights { heads, first, seen, scores: &mut weights[..count * seen] });
                let values = rows(values.as_ptr(), time);
                T::product(count, seen, size, rows(g, width), values, Init::Zero, ds, seen);
                // Σ g·y of each query, which is what all its weights have in common.
                let mut common = [T::ZERO; TILE];
                for (i, sum) in common.iter_mut().enumerate().take(count) {
                    for j in 0..size {
                        let g = *g.add(i * width + j);
                        *sum = sum.plus(g.times(y[to + result + i * width + j]));
                    }
                }
                let (weights, slopes) = (&weights[..count * seen], &mut slopes[..count * seen]);
                dispatch(Slopes { seen, scale: heads.scale, common: &common, weights, slopes });
                let (p, ds) = (p.cast_const(), ds.cast_const());
                let sum = Init::Accumulate;
                let (g, q) = (rows(g, width), rows(q, 3 * width));
                T::product(seen, size, count, columns(p, seen), g, sum, dv, 3 * width);
                T::product(seen, size, count, columns(ds, seen), q, sum, dk, 3 * width);
                let k = rows(k, 3 * width);
                T::product(count, size, seen, rows(ds, seen), k, sum, dq.add(row), 3 * width);
            }
        }
    });
}

/// The scores of some queries as weights: scaled, without what is not seen, and a softmax.
struct Weights<'a, T> {
    heads: Heads,
    first: usize,
    seen: usize,
    scores: &'a mut [T],
}

impl<T: Float> Kernel for Weights<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<A: Arch>(self) {
        let Self { heads, first, seen, scores } = self;
        let scale = T::from_f64(heads.scale);
        for (i, row) in scores.chunks_exact_mut(seen).enumerate() {
            let count = if heads.causal { first + i + 1 } else { seen };
            let (row, hidden) = row.split_at_mut(count);
            for x in &mut *row {
                *x = x.times(scale);
            }
            let most = total::<A, Max, T>(Max, row, T::ZERO);
            for x in &mut *row {
                *x = T::from_lane::<A>(x.minus(most).lane::<A>().exp());
            }
            let share = T::ONE.over(total::<A, Sum, T>(Sum, row, T::ZERO));
            for x in row {
                *x = x.times(share);
            }
            hidden.fill(T::ZERO);
        }
    }
}

/// The gradients of scores, from those of weights: p·(dp - Σ g·y)·scale.
struct Slopes<'a, T> {
    seen: usize,
    scale: f64,
    common: &'a [T; TILE],
    weights: &'a [T],
    slopes: &'a mut [T],
}

impl<T: Float> Kernel for Slopes<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<A: Arch>(self) {
        let scale = T::from_f64(self.scale);
        let rows =
            self.slopes.chunks_exact_mut(self.seen).zip(self.weights.chunks_exact(self.seen));
        for ((slopes, weights), &common) in rows.zip(self.common) {
            for (d, &p) in slopes.iter_mut().zip(weights) {
                *d = d.minus(common).times(p).times(scale);
            }
        }
    }
}
