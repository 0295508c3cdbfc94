//! Attention of sequences to themselves: the scores of a few queries at a time, which stay in the first caches and are made
//! again on the way back.

mod weights;

use self::weights::{Slopes, Weights, apart, whole};
use super::gemm::{Init, Mat, Scratch};
use super::level::dispatch;
use super::pool::{self, Shared};
use super::transpose::Transpose;
use crate::Float;

/// Queries whose scores are made at once.
const TILE: usize = 32;
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

    /// Room for the scores of a tile.
    fn scores<T>(self) -> Scratch {
        Scratch::new::<T>(TILE.min(self.time) * apart(self.time))
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
        let work = (self.batch * self.time * self.width()).saturating_mul(self.time);
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

/// Columns that were rows, so that the product reads them one after another: `[time, size]` becomes `[size, time]`.
///
/// # Safety
/// `from` is good for `time` rows of `size` elements, `apart` from each other, and `to` for as many elements.
unsafe fn turned<T: Float>(from: *const T, apart: usize, heads: Heads, to: *mut T) -> Mat<T> {
    let Heads { time, size, .. } = heads;
    let (across, down) = (apart as isize, time as isize);
    // SAFETY: the caller's.
    unsafe { Transpose { from, across, to, down, rows: time, columns: size }.run() };
    rows(to, time)
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
        let (mut keys, mut scores) = (Scratch::new::<T>(size * time), heads.scores::<T>());
        // SAFETY: a head's queries, keys and values lie in rows of 3 · width elements of x, of which there are `time`, and its
        // results in rows of width elements of `out`, which no other head writes. The products write all scores.
        unsafe {
            let q = x.get().add(from);
            let (k, v) = (q.add(width), q.add(2 * width));
            let keys = turned(k, 3 * width, heads, keys.ptr());
            for (first, count, seen) in heads.tiles() {
                let q = rows(q.add(first * 3 * width), 3 * width);
                let (p, apart): (*mut T, _) = (scores.ptr(), apart(seen));
                T::product(count, seen, size, q, keys, Init::Zero, p, apart);
                dispatch(Weights { heads, first, seen, scores: whole(p, count, seen) });
                let (p, v) = (rows(p.cast_const(), apart), rows(v, 3 * width));
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
        let mut keys = Scratch::new::<T>(size * time);
        let mut values = Scratch::new::<T>(size * time);
        let (mut weights, mut slopes) = (heads.scores::<T>(), heads.scores::<T>());
        // SAFETY: as in `forward`; the gradients of a head's queries, keys and values lie where those lie in x.
        unsafe {
            let (q, dq) = (x.get().add(from), dx.get().add(from));
            let (k, v) = (q.add(width), q.add(2 * width));
            let (dk, dv) = (dq.add(width), dq.add(2 * width));
            let keys = turned(k, 3 * width, heads, keys.ptr());
            let values = turned(v, 3 * width, heads, values.ptr());
            for (first, count, seen) in heads.tiles() {
                let (row, result) = (first * 3 * width, to + first * width);
                let (q, g) = (q.add(row), gs.get().add(result));
                let (p, ds): (*mut T, *mut T) = (weights.ptr(), slopes.ptr());
                let apart = apart(seen);
                T::product(count, seen, size, rows(q, 3 * width), keys, Init::Zero, p, apart);
                let weights = whole(p, count, seen);
                dispatch(Weights { heads, first, seen, scores: weights });
                T::product(count, seen, size, rows(g, width), values, Init::Zero, ds, apart);
                let slopes = whole(ds, count, seen);
                let all = (count - 1) * width + size;
                let (gs, ys) = (std::slice::from_raw_parts(g, all), &y[result..][..all]);
                dispatch(Slopes { heads, seen, gs, ys, weights, slopes });
                let (p, ds) = (p.cast_const(), ds.cast_const());
                let sum = Init::Accumulate;
                let (g, q) = (rows(g, width), rows(q, 3 * width));
                T::product(seen, size, count, columns(p, apart), g, sum, dv, 3 * width);
                T::product(seen, size, count, columns(ds, apart), q, sum, dk, 3 * width);
                let k = rows(k, 3 * width);
                T::product(count, size, seen, rows(ds, apart), k, sum, dq.add(row), 3 * width);
            }
        }
    });
}
