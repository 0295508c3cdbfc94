//! The fixed tree by which everything is folded. Its borders are set by the number of elements alone, so the bits of a
//! result depend on neither strides, instruction set nor threads, and the error of a sum grows as that of pairwise
//! summation.
//!
//! Fewer than 16 elements are folded one after another, fewer than 256 in 16 lanes: element `i` goes to lane `i mod 16`,
//! then the lanes are joined by halves. More are cut into leaves of 1024 elements in 64 lanes, and leaves are joined in
//! pairs, pairs in pairs, as a binary counter carries. Along neighbours a lane is a place in a register; across rows it is
//! a row of accumulators: the same tree.

use super::folds::NumberFold;
use super::joins::{joined, with};
use super::level::{Arch, Kernel, Level, dispatch, lower};
use crate::{Element, Number};

/// Folds down the columns of rows, given their number, how far apart they are, the first, how long they are, and where the
/// results go.
pub(crate) type ColumnFold<T, O> = unsafe fn(usize, isize, *const T, usize, *mut O);

/// A fold: how an element enters, how two partial results are joined, and the fold of nothing.
pub(crate) trait Fold<T: Element>: Copy + Send + Sync {
    /// The result.
    type Out: Element;
    /// The fold of nothing.
    const START: Self::Out;
    /// Whether each fold has a number of its own (a mean, a maximum) that its elements are seen from.
    const ABOUT: bool = false;
    /// The best level that there is a copy of its kernels for, of those of the element. Few folds are run often.
    const BEST: Level = Level::Avx2;
    /// A kernel of its own for fewer than [`FEW`] rows.
    const FEW_ROWS: Option<ColumnFold<T, Self::Out>> = None;
    /// The contribution of an element, relative to `about`. Must be `#[inline(always)]`.
    fn lift<A: Arch>(self, x: T, about: Self::Out) -> Self::Out;
    /// The fold of both. Must be `#[inline(always)]`.
    fn join(a: Self::Out, b: Self::Out) -> Self::Out;
    /// The fold of a run of neighbours, by a call.
    fn of(self, x: &[T], about: Self::Out) -> Self::Out {
        let mut out = Self::START;
        let (first, len) = (x.as_ptr(), x.len());
        dispatch(By(self, Runs { first, step: 0, len, about: &[about], out: &mut out, count: 1 }));
        out
    }
}

/// a + b
#[derive(Clone, Copy)]
pub(crate) struct Sum;
/// a · b
#[derive(Clone, Copy)]
pub(crate) struct Product;
/// The larger; NaN if either is.
#[derive(Clone, Copy)]
pub(crate) struct Max;
/// The smaller; NaN if either is.
#[derive(Clone, Copy)]
pub(crate) struct Min;

macro_rules! plain {
    ($($Fold:ident $best:ident $start:ident |$a:ident, $b:ident| $join:expr $(, $few_rows:ident)?;)*) => {$(
        impl<T: Number> Fold<T> for $Fold {
            type Out = T;
            const START: T = T::$start;
            const BEST: Level = Level::$best;
            $(const FEW_ROWS: Option<ColumnFold<T, T>> = T::$few_rows;)?
            #[inline(always)]
            fn lift<A: Arch>(self, x: T, _: T) -> T {
                x
            }
            #[inline(always)]
            fn join($a: T, $b: T) -> T {
                $join
            }
            fn of(self, x: &[T], _: T) -> T {
                T::fold_slice(NumberFold::$Fold, x)
            }
        }
    )*};
}
plain! {
    Sum Avx512 ZERO |a, b| a.plus(b), COLUMN_SUMS;
    Product Avx2 ONE |a, b| a.times(b);
    Max Avx512 LEAST |a, b| if (a > b) | a.is_nan() { a } else { b };
    Min Avx2 GREATEST |a, b| if (a < b) | a.is_nan() { a } else { b };
}

/// Elements of a leaf.
pub(crate) const LEAF: usize = 16 * WIDE;
/// Lanes of a leaf: enough for the widest registers to hide the latency of their additions.
pub(crate) const WIDE: usize = 64;
/// Lanes of a fold of few elements.
pub(crate) const NARROW: usize = 16;
/// Fewer than this are few.
pub(crate) const FEW: usize = 256;

/// In how many lanes `len` elements are folded to an `O`: in one where their order is nothing to the result.
#[inline(always)]
pub(crate) const fn lanes<O: Element>(len: usize) -> usize {
    match len {
        _ if !O::ROUNDS => 1,
        0..NARROW => 1,
        NARROW..FEW => NARROW,
        _ => WIDE,
    }
}

/// Partial results of trees of 1, 2, 4, … leaves, as a binary counter holds its digits.
pub(crate) struct Counter<O> {
    partial: [O; usize::BITS as usize],
    leaves: usize,
}

impl<O: Element> Counter<O> {
    #[inline(always)]
    pub(crate) fn new() -> Self {
        Self { partial: [O::default(); usize::BITS as usize], leaves: 0 }
    }

    /// One more leaf - or one more tree of as many leaves as the others have, the last one of fewer.
    #[inline(always)]
    pub(crate) fn add(&mut self, mut leaf: O, join: impl Fn(O, O) -> O) {
        let mut level = 0;
        while self.leaves >> level & 1 == 1 {
            leaf = join(self.partial[level], leaf);
            level += 1;
        }
        self.partial[level] = leaf;
        self.leaves += 1;
    }

    /// All leaves joined, if there are any.
    #[inline(always)]
    pub(crate) fn total(&self, join: impl Fn(O, O) -> O) -> Option<O> {
        let mut total = None;
        for level in 0..usize::BITS as usize {
            if self.leaves >> level & 1 == 1 {
                let part = self.partial[level];
                total = Some(match total {
                    Some(t) => join(part, t),
                    None => part,
                });
            }
        }
        total
    }
}

/// The fold of a run of neighbours, for a kernel that does something else with them too. Many are folded by a call, so that the
/// tree is compiled once for all such kernels.
#[inline(always)]
pub(crate) fn total<A: Arch, F: Fold<T>, T: Element>(fold: F, x: &[T], about: F::Out) -> F::Out {
    match lanes::<F::Out>(x.len()) {
        1 => in_order::<A, F, T>(fold, x, about),
        NARROW => leaf::<A, F, T, NARROW>(fold, x, about),
        _ => fold.of(x, about),
    }
}

/// The fold of a run of neighbours.
#[inline(always)]
fn tree<A: Arch, F: Fold<T>, T: Element>(fold: F, mut x: &[T], about: F::Out) -> F::Out {
    match lanes::<F::Out>(x.len()) {
        1 => return in_order::<A, F, T>(fold, x, about),
        NARROW => return leaf::<A, F, T, NARROW>(fold, x, about),
        _ => {}
    }
    // One place for the leaf, which is long code.
    let mut counter = None;
    loop {
        let (first, rest) = x.split_at(x.len().min(LEAF));
        let leaf = leaf::<A, F, T, WIDE>(fold, first, about);
        if rest.is_empty() && counter.is_none() {
            return leaf;
        }
        let counter = counter.get_or_insert_with(Counter::new);
        counter.add(leaf, joined::<A, F, T>);
        if rest.is_empty() {
            return counter.total(joined::<A, F, T>).unwrap_or(F::START);
        }
        x = rest;
    }
}

/// The fold of a run in one lane.
#[inline(always)]
fn in_order<A: Arch, F: Fold<T>, T: Element>(fold: F, x: &[T], about: F::Out) -> F::Out {
    let mut total = F::START;
    for &x in x {
        total = with::<A, F, T>(fold, total, x, about);
    }
    total
}

/// The fold of a run in `L` lanes.
#[inline(always)]
fn leaf<A: Arch, F: Fold<T>, T: Element, const L: usize>(
    fold: F,
    x: &[T],
    about: F::Out,
) -> F::Out {
    let mut lanes = [F::START; L];
    enter::<A, F, T, L>(fold, &mut lanes, 0, x, about);
    halved(lanes, joined::<A, F, T>)
}

/// Joins a run into lanes that have taken `before` elements.
#[inline(always)]
pub(super) fn enter<A: Arch, F: Fold<T>, T: Element, const L: usize>(
    fold: F,
    lanes: &mut [F::Out; L],
    before: usize,
    mut x: &[T],
    about: F::Out,
) {
    let start = before % L;
    if start != 0 {
        let (head, rest) = x.split_at(x.len().min(L - start));
        for (lane, &x) in lanes[start..].iter_mut().zip(head) {
            *lane = with::<A, F, T>(fold, *lane, x, about);
        }
        x = rest;
    }
    let (rows, rest) = x.as_chunks::<L>();
    for row in rows {
        for i in 0..L {
            lanes[i] = with::<A, F, T>(fold, lanes[i], row[i], about);
        }
    }
    for i in 0..rest.len() {
        lanes[i] = with::<A, F, T>(fold, lanes[i], rest[i], about);
    }
}

/// The lanes joined by halves.
#[inline(always)]
pub(super) fn halved<O: Copy, const L: usize>(mut lanes: [O; L], join: impl Fn(O, O) -> O) -> O {
    let mut half = L / 2;
    while half > 0 {
        for i in 0..half {
            lanes[i] = join(lanes[i], lanes[i + half]);
        }
        half /= 2;
    }
    lanes[0]
}

/// A kernel of this fold, with its operands.
pub(crate) struct By<F, K>(pub(crate) F, pub(crate) K);

/// Several runs of `len` neighbours, `step` apart, each to its place of `out`.
pub(crate) struct Runs<'a, T, O> {
    pub(crate) first: *const T,
    pub(crate) step: isize,
    pub(crate) len: usize,
    /// One number per run, if the fold has one.
    pub(crate) about: &'a [O],
    pub(crate) out: *mut O,
    pub(crate) count: usize,
}

/// Runs too short for lanes that are folded side by side.
const SIDE_BY_SIDE: usize = 32;

impl<F: Fold<T>, T: Element> Kernel for By<F, Runs<'_, T, F::Out>> {
    type Output = ();
    const BEST: Level = lower(T::BEST, F::BEST);
    #[inline(always)]
    fn run<A: Arch>(self) {
        let Self(fold, Runs { first, step, len, about, out, count }) = self;
        let mut done = 0;
        if len < NARROW {
            while count - done >= SIDE_BY_SIDE {
                let mut totals = [F::START; SIDE_BY_SIDE];
                // SAFETY: whoever makes a `Runs` promises `count` runs of `len` readable elements.
                let block = unsafe { first.offset(done as isize * step) };
                for j in 0..len {
                    for i in 0..SIDE_BY_SIDE {
                        // SAFETY: as above.
                        let x = unsafe { *block.offset(i as isize * step + j as isize) };
                        let about = if F::ABOUT { about[done + i] } else { F::START };
                        totals[i] = with::<A, F, T>(fold, totals[i], x, about);
                    }
                }
                // SAFETY: and as many places at `out`.
                unsafe { out.add(done).cast::<[F::Out; SIDE_BY_SIDE]>().write(totals) };
                done += SIDE_BY_SIDE;
            }
        }
        for i in done..count {
            // SAFETY: as above.
            let x = unsafe { std::slice::from_raw_parts(first.offset(i as isize * step), len) };
            let about = if F::ABOUT { about[i] } else { F::START };
            // SAFETY: as above.
            unsafe { out.add(i).write(tree::<A, F, T>(fold, x, about)) };
        }
    }
}
