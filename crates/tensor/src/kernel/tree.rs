//! The fixed tree by which everything is folded. Its borders are set by the number of elements alone, so the bits of a
//! result depend on neither strides, instruction set nor threads, and the error of a sum grows as that of pairwise
//! summation.
//!
//! Fewer than 16 elements are folded one after another. More are cut into leaves of 256: in a leaf, element `i` goes to
//! lane `i mod 16`, then the lanes are joined by halves. Leaves are joined in pairs, pairs in pairs, as a binary counter
//! carries. Along neighbours a lane is a place in a register; across rows it is a row of accumulators: the same tree.

use super::level::{Arch, Kernel};
use crate::{Element, Number};

/// What is folded: how an element enters, how two partial results join, and what a fold of nothing is.
pub(crate) trait Fold<T>: Copy + Send + Sync {
    /// What it comes to.
    type Out: Element;
    /// The fold of nothing.
    const START: Self::Out;
    /// Whether each fold has a number of its own (a mean, a maximum) that its elements are seen from.
    const ABOUT: bool = false;
    /// What an element counts, seen from `about`. Must be `#[inline(always)]`.
    fn lift<A: Arch>(self, x: T, about: Self::Out) -> Self::Out;
    /// The fold of both. Must be `#[inline(always)]`.
    fn join(a: Self::Out, b: Self::Out) -> Self::Out;
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
    ($($Fold:ident $start:ident |$a:ident, $b:ident| $join:expr;)*) => {$(
        impl<T: Number> Fold<T> for $Fold {
            type Out = T;
            const START: T = T::$start;
            #[inline(always)]
            fn lift<A: Arch>(self, x: T, _: T) -> T {
                x
            }
            #[inline(always)]
            fn join($a: T, $b: T) -> T {
                $join
            }
        }
    )*};
}
plain! {
    Sum ZERO |a, b| a.plus(b);
    Product ONE |a, b| a.times(b);
    Max LEAST |a, b| if (a > b) | a.is_nan() { a } else { b };
    Min GREATEST |a, b| if (a < b) | a.is_nan() { a } else { b };
}

/// Partial results side by side in a leaf.
pub(crate) const LANES: usize = 16;
/// Elements of a leaf.
pub(crate) const LEAF: usize = 16 * LANES;
/// Leaves that are folded at a time, so that one's additions hide the latency of another's.
pub(crate) const ABREAST: usize = 4;

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
    pub(crate) fn add<F: Fold<T, Out = O>, T>(&mut self, mut leaf: O) {
        let mut level = 0;
        while self.leaves >> level & 1 == 1 {
            leaf = F::join(self.partial[level], leaf);
            level += 1;
        }
        self.partial[level] = leaf;
        self.leaves += 1;
    }

    #[inline(always)]
    pub(crate) fn total<F: Fold<T, Out = O>, T>(&self) -> O {
        let mut total = None;
        for level in 0..usize::BITS as usize {
            if self.leaves >> level & 1 == 1 {
                let part = self.partial[level];
                total = Some(match total {
                    Some(t) => F::join(part, t),
                    None => part,
                });
            }
        }
        match total {
            Some(total) => total,
            None => F::START,
        }
    }
}

/// The fold of a run of neighbours.
#[inline(always)]
pub(crate) fn total<A: Arch, F: Fold<T>, T: Copy>(fold: F, x: &[T], about: F::Out) -> F::Out {
    if x.len() < LANES {
        let mut total = F::START;
        for &x in x {
            total = F::join(total, fold.lift::<A>(x, about));
        }
        return total;
    }
    if x.len() <= LEAF {
        return leaf::<A, F, T>(fold, x, about);
    }
    let mut counter = Counter::new();
    let (whole, rest) = x.as_chunks::<LEAF>();
    let (abreast, whole) = whole.as_chunks::<ABREAST>();
    for x in abreast {
        for leaf in leaves::<A, F, T, ABREAST>(fold, x.each_ref(), about) {
            counter.add::<F, T>(leaf);
        }
    }
    let (pairs, whole) = whole.as_chunks::<2>();
    for x in pairs {
        for leaf in leaves::<A, F, T, 2>(fold, x.each_ref(), about) {
            counter.add::<F, T>(leaf);
        }
    }
    for x in whole {
        counter.add::<F, T>(leaf::<A, F, T>(fold, x, about));
    }
    if !rest.is_empty() {
        counter.add::<F, T>(leaf::<A, F, T>(fold, rest, about));
    }
    counter.total::<F, T>()
}

/// The folds of whole leaves.
#[inline(always)]
fn leaves<A: Arch, F: Fold<T>, T: Copy, const K: usize>(
    fold: F,
    x: [&[T; LEAF]; K],
    about: F::Out,
) -> [F::Out; K] {
    let mut lanes = [[F::START; LANES]; K];
    for row in (0..LEAF).step_by(LANES) {
        for k in 0..K {
            for i in 0..LANES {
                lanes[k][i] = F::join(lanes[k][i], fold.lift::<A>(x[k][row + i], about));
            }
        }
    }
    let mut out = [F::START; K];
    for k in 0..K {
        out[k] = halved::<F, T>(lanes[k]);
    }
    out
}

/// The fold of a leaf: at most [`LEAF`] elements.
#[inline(always)]
pub(crate) fn leaf<A: Arch, F: Fold<T>, T: Copy>(fold: F, x: &[T], about: F::Out) -> F::Out {
    let mut lanes = [F::START; LANES];
    let (rows, rest) = x.as_chunks::<LANES>();
    for row in rows {
        for i in 0..LANES {
            lanes[i] = F::join(lanes[i], fold.lift::<A>(row[i], about));
        }
    }
    if !rest.is_empty() {
        for i in 0..rest.len() {
            lanes[i] = F::join(lanes[i], fold.lift::<A>(rest[i], about));
        }
    }
    halved::<F, T>(lanes)
}

#[inline(always)]
fn halved<F: Fold<T>, T>(mut lanes: [F::Out; LANES]) -> F::Out {
    let mut half = LANES / 2;
    while half > 0 {
        for i in 0..half {
            lanes[i] = F::join(lanes[i], lanes[i + half]);
        }
        half /= 2;
    }
    lanes[0]
}

/// Several runs of `len` neighbours, `step` apart, each to its place of `out`.
pub(crate) struct Runs<'a, F: Fold<T>, T> {
    pub(crate) fold: F,
    pub(crate) first: *const T,
    pub(crate) step: isize,
    pub(crate) len: usize,
    /// A number a run, if the fold has such.
    pub(crate) about: &'a [F::Out],
    pub(crate) out: *mut F::Out,
    pub(crate) count: usize,
}

/// Runs too short for lanes that are folded side by side.
const SIDE_BY_SIDE: usize = 32;

impl<F: Fold<T>, T: Copy> Kernel for Runs<'_, F, T> {
    type Output = ();
    #[inline(always)]
    fn run<A: Arch>(self) {
        let Self { fold, first, step, len, about, out, count } = self;
        let mut done = 0;
        if len < LANES {
            while count - done >= SIDE_BY_SIDE {
                let mut totals = [F::START; SIDE_BY_SIDE];
                // SAFETY: whoever makes a `Runs` promises `count` runs of `len` readable elements.
                let block = unsafe { first.offset(done as isize * step) };
                for j in 0..len {
                    for i in 0..SIDE_BY_SIDE {
                        // SAFETY: as above.
                        let x = unsafe { *block.offset(i as isize * step + j as isize) };
                        let about = if F::ABOUT { about[done + i] } else { F::START };
                        totals[i] = F::join(totals[i], fold.lift::<A>(x, about));
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
            unsafe { out.add(i).write(total::<A, F, T>(fold, x, about)) };
        }
    }
}

/// Whole leaves, wherever they lie.
pub(crate) struct Leaves<'a, F: Fold<T>, T> {
    pub(crate) fold: F,
    pub(crate) x: [&'a [T; LEAF]; ABREAST],
    pub(crate) about: F::Out,
}

impl<F: Fold<T>, T: Copy> Kernel for Leaves<'_, F, T> {
    type Output = [F::Out; ABREAST];
    #[inline(always)]
    fn run<A: Arch>(self) -> [F::Out; ABREAST] {
        leaves::<A, F, T, ABREAST>(self.fold, self.x, self.about)
    }
}

/// One leaf, which may be short.
pub(crate) struct Leaf<'a, F: Fold<T>, T> {
    pub(crate) fold: F,
    pub(crate) x: &'a [T],
    pub(crate) about: F::Out,
}

impl<F: Fold<T>, T: Copy> Kernel for Leaf<'_, F, T> {
    type Output = F::Out;
    #[inline(always)]
    fn run<A: Arch>(self) -> F::Out {
        leaf::<A, F, T>(self.fold, self.x, self.about)
    }
}
