//! The [fixed tree](super::tree) across rows: many columns folded at once, each row joined whole into accumulators.

use super::level::{Arch, Kernel, dispatch};
use super::tree::{Fold, LANES, LEAF};
use crate::Element;
use crate::layout::Walk;
use crate::storage::Storage;

/// Bytes of the accumulators of all lanes: they stay in L1, with room for the rows that pass.
const ACCUMULATORS: usize = 32 << 10;

/// How many columns are folded at once.
pub(crate) const fn block<O>() -> usize {
    ACCUMULATORS / LANES / size_of::<O>()
}

/// Folds `width` columns, whose first elements are neighbours at `first`, over the rows that `rows` steps to. A number a
/// column in `about`, if the fold has such.
///
/// # Safety
/// `width` elements may be read at each of the rows, and written at `out`. `width` is at most [`block`].
pub(crate) unsafe fn columns<F: Fold<T>, T: Element>(
    fold: F,
    first: *const T,
    rows: &Walk<1>,
    width: usize,
    about: &[F::Out],
    out: *mut F::Out,
) {
    let count: usize = rows.axes().iter().map(|a| a.0).product();
    let (_, [down]) = rows.inner();
    // Rows that follow one another are walked as one run, whatever their width.
    let flat = rows.axes().len() == 1 && down == width as isize;
    let sequential = count < LANES;
    let leaves = count.div_ceil(LEAF);
    let levels = (usize::BITS - leaves.leading_zeros()) as usize;
    let lanes = if sequential { 1 } else { LANES };
    // The accumulators of the lanes, the counter's digits, and `about` beside each lane.
    let repeated = if !F::ABOUT {
        0
    } else if flat {
        lanes
    } else {
        1
    };
    let mut scratch = Storage::full((lanes + levels + repeated) * width, F::START);
    let Some(scratch) = scratch.as_mut() else { unreachable!("a buffer just made is held once") };
    let (lanes, rest) = scratch.split_at_mut(lanes * width);
    let (digits, rest) = rest.split_at_mut(levels * width);
    for row in rest.chunks_exact_mut(width) {
        row.copy_from_slice(about);
    }
    let about = &*rest;
    let mut steps = [0isize; LEAF];
    let (mut waiting, mut counted) = (0, 0);
    let mut leaf = |steps: &[isize]| {
        dispatch(Rows {
            fold,
            first,
            steps,
            flat,
            width,
            lanes,
            digits,
            counted,
            sequential,
            about,
        });
        counted += 1;
    };
    rows.places(|[step]| {
        steps[waiting] = step;
        waiting += 1;
        if waiting == LEAF {
            leaf(&steps);
            waiting = 0;
        }
    });
    if waiting > 0 {
        leaf(&steps[..waiting]);
    }
    // SAFETY: the caller's promise.
    dispatch(Total::<F, T> {
        digits,
        counted,
        out: unsafe { std::slice::from_raw_parts_mut(out, width) },
    });
}

/// A leaf of rows, joined into the counter.
struct Rows<'a, F: Fold<T>, T> {
    fold: F,
    first: *const T,
    steps: &'a [isize],
    flat: bool,
    width: usize,
    lanes: &'a mut [F::Out],
    digits: &'a mut [F::Out],
    counted: usize,
    sequential: bool,
    about: &'a [F::Out],
}

impl<F: Fold<T>, T: Copy> Kernel for Rows<'_, F, T> {
    type Output = ();
    #[inline(always)]
    fn run<A: Arch>(self) {
        let Self { fold, first, steps, width, lanes, digits, about, .. } = self;
        lanes.fill(F::START);
        if self.flat && !self.sequential {
            // SAFETY: the rows of this leaf follow one another.
            let x =
                unsafe { std::slice::from_raw_parts(first.offset(steps[0]), steps.len() * width) };
            for x in x.chunks(LANES * width) {
                rows::<A, F, T, 1>(fold, lanes, [x], about);
            }
        } else {
            // SAFETY: `columns` was promised `width` elements at each row.
            let row =
                |i: usize| unsafe { std::slice::from_raw_parts(first.offset(steps[i]), width) };
            // Rows of one lane together, so that its accumulators are fetched and put back once for all of them.
            let apart = if self.sequential { 1 } else { LANES };
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
        let mut half = if self.sequential { 0 } else { LANES / 2 };
        while half > 0 {
            let (low, high) = lanes.split_at_mut(half * width);
            join::<F, T>(low, &high[..half * width]);
            half /= 2;
        }
        let total = &mut lanes[..width];
        let mut level = 0;
        while self.counted >> level & 1 == 1 {
            let digit = &digits[level * width..][..width];
            for i in 0..width {
                total[i] = F::join(digit[i], total[i]);
            }
            level += 1;
        }
        digits[level * width..][..width].copy_from_slice(total);
    }
}

/// Joins rows into accumulators, one after another. The last may be shorter than there are accumulators.
#[inline(always)]
fn rows<A: Arch, F: Fold<T>, T: Copy, const K: usize>(
    fold: F,
    into: &mut [F::Out],
    x: [&[T]; K],
    about: &[F::Out],
) {
    let n = into.len().min(x[0].len());
    let into = &mut into[..n];
    let about = if F::ABOUT { &about[..n] } else { &[] };
    let mut fixed: [&[T]; K] = [&[]; K];
    for k in 0..K {
        fixed[k] = &x[k][..n];
    }
    for i in 0..n {
        let mut total = into[i];
        for x in fixed {
            let about = if F::ABOUT { about[i] } else { F::START };
            total = F::join(total, fold.lift::<A>(x[i], about));
        }
        into[i] = total;
    }
}

#[inline(always)]
fn join<F: Fold<T>, T>(into: &mut [F::Out], other: &[F::Out]) {
    let n = into.len();
    let other = &other[..n];
    for i in 0..n {
        into[i] = F::join(into[i], other[i]);
    }
}

/// What the counter comes to.
struct Total<'a, F: Fold<T>, T> {
    digits: &'a [F::Out],
    counted: usize,
    out: &'a mut [F::Out],
}

impl<F: Fold<T>, T> Kernel for Total<'_, F, T> {
    type Output = ();
    #[inline(always)]
    fn run<A: Arch>(self) {
        let Self { digits, counted, out } = self;
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
                    out[i] = F::join(digit[i], out[i]);
                }
            }
            first = false;
        }
    }
}
