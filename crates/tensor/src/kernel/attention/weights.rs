//! Scores as weights, and the gradients of scores: rows of whole vectors, and the last one filled in part.

use super::{Heads, TILE};
use crate::Float;
use crate::kernel::level::{Arch, Kernel, Level};
use crate::pointwise::Real;

/// A row of scores takes a multiple of this, so that it is worked on in whole vectors.
const LANES: usize = 16;

/// The elements from a row of scores to the next: whole vectors.
pub(super) fn apart(seen: usize) -> usize {
    seen.next_multiple_of(LANES)
}

/// Rows of scores of which the first `seen` are written. The others become 0.
///
/// # Safety
/// `scores` is good for `count` rows of [`apart`], and the first `seen` of each are written.
pub(super) unsafe fn whole<'a, T: Float>(scores: *mut T, count: usize, seen: usize) -> &'a mut [T] {
    let apart = apart(seen);
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

/// A row of whole vectors, folded lane by lane, and the lanes by halves. (`tree::total` takes rows of any length: its code for the
/// end of a row is as long as that for a short row.)
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
pub(super) struct Weights<'a, T> {
    pub(super) heads: Heads,
    pub(super) first: usize,
    pub(super) seen: usize,
    pub(super) scores: &'a mut [T],
}

impl<T: Float> Kernel for Weights<'_, T> {
    type Output = ();
    const BEST: Level = T::BEST;
    #[inline(always)]
    fn run<A: Arch>(self) {
        let Self { heads, first, seen, scores } = self;
        let scale = T::from_f64(heads.scale);
        let apart = apart(seen);
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
        for (i, row) in scores.chunks_exact_mut(apart).enumerate() {
            let row = row.as_chunks_mut().0;
            let share = T::ONE.over(folded(row, T::ZERO, T::plus));
            // What is not seen weighs 0, also where a score, and so the share, is NaN.
            change(row, (count(i), &ones), T::ZERO, |x| x.times(share));
        }
    }
}

/// The gradients of scores, from those of weights: p·(dp - Σ g·y)·scale, where Σ g·y, of the gradient and the result of a query,
/// is what all its weights have in common.
pub(super) struct Slopes<'a, T> {
    pub(super) heads: Heads,
    pub(super) seen: usize,
    pub(super) gs: &'a [T],
    pub(super) ys: &'a [T],
    pub(super) weights: &'a [T],
    pub(super) slopes: &'a mut [T],
}

impl<T: Float> Kernel for Slopes<'_, T> {
    type Output = ();
    const BEST: Level = T::BEST;
    #[inline(always)]
    fn run<A: Arch>(self) {
        let Self { heads, seen, gs, ys, weights, slopes } = self;
        let (scale, width) = (T::from_f64(heads.scale), heads.width());
        let apart = apart(seen);
        let queries = gs.chunks(width).zip(ys.chunks(width));
        let rows = slopes.chunks_exact_mut(apart).zip(weights.chunks_exact(apart));
        for ((slopes, weights), (g, y)) in rows.zip(queries) {
            let common = dot(&g[..heads.size], &y[..heads.size]);
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

/// Σ a·b, in as many sums as lanes.
#[inline(always)]
fn dot<T: Float>(a: &[T], b: &[T]) -> T {
    let mut sums = [T::ZERO; LANES];
    let ((whole_a, rest_a), (whole_b, rest_b)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    for (a, b) in whole_a.iter().zip(whole_b) {
        for i in 0..LANES {
            sums[i] = sums[i].plus(a[i].times(b[i]));
        }
    }
    let mut sum = if whole_a.is_empty() { T::ZERO } else { folded(&[sums], T::ZERO, T::plus) };
    for (&a, &b) in rest_a.iter().zip(rest_b) {
        sum = sum.plus(a.times(b));
    }
    sum
}
