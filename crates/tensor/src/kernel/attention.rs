//! Attention of sequences to themselves: the scores of a few queries at a time, which stay in the first caches and are made
//! again on the way back.

use super::gemm::{Init, Mat, Scratch};
use super::level::{Arch, Kernel, Level, dispatch};
use super::pool::{self, Shared};
use super::transpose::Transpose;
use super::tree::{Sum, total};
use crate::Float;
use crate::pointwise::Real;

/// Queries whose scores are made at once.
const TILE: usize = 32;
/// A row of scores takes a multiple of this, so that it is worked on in whole vectors.
const LANES: usize = 16;
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
        Scratch::new::<T>(TILE.min(self.time) * self.time.next_multiple_of(LANES))
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
                let (p, apart): (*mut T, _) = (scores.ptr(), seen.next_multiple_of(LANES));
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
                let apart = seen.next_multiple_of(LANES);
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

/// Rows of scores of which the first `seen` are written: the others, to a whole number of vectors, become 0.
///
/// # Safety
/// `scores` is good for `count` rows of `seen`, rounded up to whole vectors, and the first `seen` of each are written.
unsafe fn whole<'a, T: Float>(scores: *mut T, count: usize, seen: usize) -> &'a mut [T] {
    let apart = seen.next_multiple_of(LANES);
    for row in 0..count {
        for place in seen..apart {
            // SAFETY: the caller's.
            unsafe { scores.add(row * apart + place).write(T::ZERO) };
        }
    }
    // SAFETY: the caller's, and the rest was just written.
    unsafe { std::slice::from_raw_parts_mut(scores, count * apart) }
}

/// Ones, then zeros: a mask for the vector that a row fills in part.
type Ones<T> = [T; 2 * LANES];

/// The first `count` numbers of a row of whole vectors, changed, and `rest` in the place of the others.
#[inline(always)]
fn change<T: Float>(
    row: &mut [[T; LANES]],
    (count, ones): (usize, &Ones<T>),
    rest: T,
    to: impl Fn(T) -> T,
) {
    let (all, others) = row.split_at_mut(count / LANES);
    for lanes in all {
        for x in lanes {
            *x = to(*x);
        }
    }
    if let Some((some, none)) = others.split_first_mut() {
        let (x, ones) = (*some, &ones[LANES - count % LANES..]);
        *some = std::array::from_fn(|j| if ones[j] > T::ZERO { to(x[j]) } else { rest });
        none.fill([rest; LANES]);
    }
}

/// A row of whole vectors, folded lane by lane, and the lanes by halves.
#[inline(always)]
fn folded<T: Float>(row: &[[T; LANES]], start: T, join: impl Fn(T, T) -> T) -> T {
    let mut lanes = [start; LANES];
    for x in row {
        for i in 0..LANES {
            lanes[i] = join(lanes[i], x[i]);
        }
    }
    let mut half = LANES / 2;
    while half > 0 {
        for i in 0..half {
            lanes[i] = join(lanes[i], lanes[i + half]);
        }
        half /= 2;
    }
    lanes[0]
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
    const BEST: Level = T::BEST;
    #[inline(always)]
    fn run<A: Arch>(self) {
        let Self { heads, first, seen, scores } = self;
        let scale = T::from_f64(heads.scale);
        let apart = seen.next_multiple_of(LANES);
        let count = |i: usize| if heads.causal { first + i + 1 } else { seen };
        let ones = std::array::from_fn(|j| if j < LANES { T::ONE } else { T::ZERO });
        // Three loops, so that the next rows need not wait for what a row is folded to.
        let mut most = [T::ZERO; TILE];
        for (i, row) in scores.chunks_exact_mut(apart).enumerate() {
            let row = row.as_chunks_mut().0;
            change(row, (count(i), &ones), T::LEAST, |x| x.times(scale));
            // A score that is NaN is no maximum, and makes the sum NaN.
            most[i] = folded(row, T::LEAST, |a, b| if b > a { b } else { a });
        }
        for (i, row) in scores.chunks_exact_mut(apart).enumerate() {
            let (row, most) = (row.as_chunks_mut().0, most[i]);
            change(row, (count(i), &ones), T::ZERO, |x| {
                T::from_lane::<A>(x.minus(most).lane::<A>().exp())
            });
        }
        for row in scores.chunks_exact_mut(apart) {
            let row = row.as_chunks_mut().0;
            let share = T::ONE.over(folded(row, T::ZERO, T::plus));
            change(row, (apart, &ones), T::ZERO, |x| x.times(share));
        }
    }
}

/// The gradients of scores, from those of weights: p·(dp - Σ g·y)·scale, where Σ g·y, of the gradient and the result of a query,
/// is what all its weights have in common.
struct Slopes<'a, T> {
    heads: Heads,
    seen: usize,
    gs: &'a [T],
    ys: &'a [T],
    weights: &'a [T],
    slopes: &'a mut [T],
}

impl<T: Float> Kernel for Slopes<'_, T> {
    type Output = ();
    const BEST: Level = T::BEST;
    #[inline(always)]
    fn run<A: Arch>(self) {
        let Self { heads, seen, gs, ys, weights, slopes } = self;
        let (scale, width) = (T::from_f64(heads.scale), heads.width());
        let apart = seen.next_multiple_of(LANES);
        let queries = gs.chunks(width).zip(ys.chunks(width));
        let rows = slopes.chunks_exact_mut(apart).zip(weights.chunks_exact(apart));
        for ((slopes, weights), (g, y)) in rows.zip(queries) {
            let common = dot::<A, T>(&g[..heads.size], &y[..heads.size]);
            let (slopes, weights) =
                (slopes.as_chunks_mut::<LANES>().0, weights.as_chunks::<LANES>().0);
            for (slopes, weights) in slopes.iter_mut().zip(weights) {
                // All are read before one is written, as neither is known to lie apart.
                let ds = *slopes;
                *slopes =
                    std::array::from_fn(|j| ds[j].minus(common).times(weights[j]).times(scale));
            }
        }
    }
}

/// Σ a·b, in 16 sums.
#[inline(always)]
fn dot<A: Arch, T: Float>(a: &[T], b: &[T]) -> T {
    let mut sums = [T::ZERO; 16];
    let ((whole_a, rest_a), (whole_b, rest_b)) = (a.as_chunks::<16>(), b.as_chunks::<16>());
    for (a, b) in whole_a.iter().zip(whole_b) {
        for i in 0..16 {
            sums[i] = sums[i].plus(a[i].times(b[i]));
        }
    }
    let mut sum =
        if whole_a.is_empty() { T::ZERO } else { total::<A, Sum, T>(Sum, &sums, T::ZERO) };
    for (&a, &b) in rest_a.iter().zip(rest_b) {
        sum = sum.plus(a.times(b));
    }
    sum
}
