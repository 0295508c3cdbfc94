//! The [fixed tree](super::tree) across rows: many columns folded at once, each row joined whole into accumulators.

use std::marker::PhantomData;

use smallvec::SmallVec;

use super::folding::Folding;
use super::joins::{joined, with};
use super::level::{Arch, Kernel, Level, lower};
use super::tree::{By, FEW, Fold, LEAF, lanes};
use crate::layout::Walk;
use crate::{Element, Tensor};

/// Bytes of a row of columns that are folded at once: a page, which is read ahead to its end. The accumulators of all lanes stay in L2, and are fetched for four
/// rows at a time.
const ROW: usize = 4096;

/// The number of columns that are folded at once.
pub(crate) const fn block<O>() -> usize {
    ROW / size_of::<O>()
}

/// Folds `width` columns, whose first elements are neighbours at `first`, over the rows that `rows` steps to. A number a
/// column in `about`, if the fold has one.
///
/// # Safety
/// `width` elements may be read at each of the rows, and written at `out`. `width` is at most [`block`].
pub(crate) unsafe fn columns<T: Element, O: Element>(
    fold: &Folding<T, O>,
    first: *const T,
    rows: &Walk<1>,
    width: usize,
    about: &[O],
    out: *mut O,
) {
    let count: usize = rows.axes().iter().map(|a| a.0).product();
    let (_, [down]) = rows.inner();
    // Rows that follow one another are walked as one run, whatever their width.
    let flat = rows.axes().len() == 1 && down == width as isize;
    if let Some(few_rows) = fold.few_rows
        && count < FEW
        && rows.axes().len() == 1
    {
        // SAFETY: passed on.
        return unsafe { few_rows(count, down, first, width, out) };
    }
    let leaves = count.div_ceil(LEAF);
    let levels = (usize::BITS - leaves.leading_zeros()) as usize;
    let apart = lanes::<O>(count);
    // The accumulators of the lanes, the counter's digits, and `about` beside each lane.
    let repeated = if !fold.is_about {
        0
    } else if flat {
        apart
    } else {
        1
    };
    let mut scratch = Tensor::full([(apart + levels + repeated) * width], fold.start);
    let scratch = scratch.as_mut_slice();
    let (lanes, rest) = scratch.split_at_mut(apart * width);
    let (digits, rest) = rest.split_at_mut(levels * width);
    for row in rest.chunks_exact_mut(width) {
        row.copy_from_slice(about);
    }
    let about = &*rest;
    let mut counted = 0;
    let mut leaf = |first: *const T, steps: &[isize], rows: usize| {
        fold.kernels.rows(Rows { first, steps, rows, width, lanes, digits, counted, apart, about });
        counted += 1;
    };
    if flat {
        for start in (0..count).step_by(LEAF) {
            leaf(first.wrapping_add(start * width), &[], LEAF.min(count - start));
        }
    } else {
        let mut steps = SmallVec::<[isize; LEAF]>::new();
        rows.places(|[step]| {
            steps.push(step);
            if steps.len() == LEAF {
                leaf(first, &steps, LEAF);
                steps.clear();
            }
        });
        if !steps.is_empty() {
            leaf(first, &steps, steps.len());
        }
    }
    // SAFETY: the caller's promise.
    let out = unsafe { std::slice::from_raw_parts_mut(out, width) };
    fold.kernels.total(Total { digits, counted, out, elements: PhantomData });
}

/// A leaf of rows, joined into the counter.
pub(crate) struct Rows<'a, T, O> {
    first: *const T,
    /// Their positions; empty if they are contiguous.
    steps: &'a [isize],
    rows: usize,
    width: usize,
    lanes: &'a mut [O],
    digits: &'a mut [O],
    counted: usize,
    apart: usize,
    about: &'a [O],
}

impl<F: Fold<T>, T: Element> Kernel for By<F, Rows<'_, T, F::Out>> {
    type Output = ();
    const BEST: Level = lower(T::BEST, F::BEST);
    #[inline(always)]
    fn run<A: Arch>(self) {
        let Self(fold, operands) = self;
        let Rows { first, steps, width, lanes, digits, apart, about, counted, .. } = operands;
        lanes.fill(F::START);
        if steps.is_empty() {
            // SAFETY: the rows of this leaf follow one another.
            let x = unsafe { std::slice::from_raw_parts(first, operands.rows * width) };
            for x in x.chunks(apart * width) {
                rows::<A, F, T, 1>(fold, lanes, [x], about);
            }
        } else {
            // SAFETY: `columns` was promised `width` elements at each row.
            let row =
                |i: usize| unsafe { std::slice::from_raw_parts(first.offset(steps[i]), width) };
            // Rows of one lane together, so that its accumulators are fetched and put back once for all of them.
            for start in (0..steps.len()).step_by(4 * apart) {
                for lane in 0..apart.min(steps.len() - start) {
                    let i = start + lane;
                    let into = &mut lanes[lane * width..][..width];
                    if i + 3 * apart < steps.len() {
                        let four = [row(i), row(i + apart), row(i + 2 * apart), row(i + 3 * apart)];
                        rows::<A, F, T, 4>(fold, into, four, about);
                    } else {
                        for i in (i..steps.len()).step_by(apart) {
                            rows::<A, F, T, 1>(fold, into, [row(i)], about);
                        }
                    }
                }
            }
        }
        let mut half = apart / 2;
        while half > 0 {
            let (low, high) = lanes.split_at_mut(half * width);
            join::<A, F, T>(low, &high[..half * width]);
            half /= 2;
        }
        let total = &mut lanes[..width];
        let mut level = 0;
        while counted >> level & 1 == 1 {
            let digit = &digits[level * width..][..width];
            for i in 0..width {
                total[i] = joined::<A, F, T>(digit[i], total[i]);
            }
            level += 1;
        }
        digits[level * width..][..width].copy_from_slice(total);
    }
}

/// Joins rows into accumulators, one after another. The last may be shorter than there are accumulators.
#[allow(clippy::needless_range_loop)]
#[inline(always)]
fn rows<A: Arch, F: Fold<T>, T: Element, const K: usize>(
    fold: F,
    into: &mut [F::Out],
    x: [&[T]; K],
    about: &[F::Out],
) {
    let n = into.len().min(x[0].len());
    let into = &mut into[..n];
    let about = if F::ABOUT { &about[..n] } else { &[] };
    if let [x] = x[..] {
        let x = &x[..n];
        for i in 0..n {
            let about = if F::ABOUT { about[i] } else { F::START };
            into[i] = with::<A, F, T>(fold, into[i], x[i], about);
        }
        return;
    }
    // By index: `array::map` and an array's iterator are functions more to compile, for every fold.
    let mut rows = x;
    for k in 0..K {
        rows[k] = &x[k][..n];
    }
    for i in 0..n {
        let mut total = into[i];
        for k in 0..K {
            let about = if F::ABOUT { about[i] } else { F::START };
            total = with::<A, F, T>(fold, total, rows[k][i], about);
        }
        into[i] = total;
    }
}

#[inline(always)]
fn join<A: Arch, F: Fold<T>, T: Element>(into: &mut [F::Out], other: &[F::Out]) {
    let n = into.len();
    let other = &other[..n];
    for i in 0..n {
        into[i] = joined::<A, F, T>(into[i], other[i]);
    }
}

/// The total of the counter.
pub(crate) struct Total<'a, T, O> {
    digits: &'a [O],
    counted: usize,
    out: &'a mut [O],
    elements: PhantomData<T>,
}

impl<F: Fold<T>, T: Element> Kernel for By<F, Total<'_, T, F::Out>> {
    type Output = ();
    // A few passes, after one for each of a leaf's rows.
    const BEST: Level = Level::Portable;
    #[inline(always)]
    fn run<A: Arch>(self) {
        let Self(_, Total { digits, counted, out, .. }) = self;
        let width = out.len();
        let mut first = true;
        for level in 0..usize::BITS as usize {
            if counted >> level & 1 == 0 {
                continue;
            }
            let digit = &digits[level * width..][..width];
            if first {
                out.copy_from_slice(digit);
            } else {
                for i in 0..width {
                    out[i] = joined::<A, F, T>(digit[i], out[i]);
                }
            }
            first = false;
        }
    }
}
