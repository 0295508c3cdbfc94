//! Folding axes away: sums, products, extremes. One fixed tree, by length alone, so the bits depend on neither the
//! instruction set nor the number of threads, and the error of a sum grows as that of pairwise summation.

use std::mem::MaybeUninit;

use super::copy;
use super::level::{Arch, Kernel, dispatch};
use crate::layout::Walk;
use crate::{Number, Shape, Tensor};

/// How two partial results join, and what a fold of nothing is.
pub(crate) trait Fold<T>: Copy + Send + Sync {
    /// The fold of nothing.
    const START: T;
    /// The fold of both. Must be `#[inline(always)]`.
    fn join(a: T, b: T) -> T;
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

impl<T: Number> Fold<T> for Sum {
    const START: T = T::ZERO;
    #[inline(always)]
    fn join(a: T, b: T) -> T {
        a.plus(b)
    }
}
impl<T: Number> Fold<T> for Product {
    const START: T = T::ONE;
    #[inline(always)]
    fn join(a: T, b: T) -> T {
        a.times(b)
    }
}
impl<T: Number> Fold<T> for Max {
    const START: T = T::LEAST;
    #[inline(always)]
    fn join(a: T, b: T) -> T {
        if a > b || a.is_nan() { a } else { b }
    }
}
impl<T: Number> Fold<T> for Min {
    const START: T = T::GREATEST;
    #[inline(always)]
    fn join(a: T, b: T) -> T {
        if a < b || a.is_nan() { a } else { b }
    }
}

/// Partial results side by side: enough for the widest registers to hide the latency of their additions.
const LANES: usize = 64;
/// A leaf of the tree: 16 elements a lane.
const LEAF: usize = 16 * LANES;

/// Partial results of trees of 1, 2, 4, … leaves, as a binary counter holds its digits.
struct Counter<T> {
    partial: [T; usize::BITS as usize],
    leaves: usize,
}

impl<T: Number> Counter<T> {
    #[inline(always)]
    fn new() -> Self {
        Self { partial: [T::ZERO; usize::BITS as usize], leaves: 0 }
    }
    #[inline(always)]
    fn add<F: Fold<T>>(&mut self, mut leaf: T) {
        let mut level = 0;
        while self.leaves >> level & 1 == 1 {
            leaf = F::join(self.partial[level], leaf);
            level += 1;
        }
        self.partial[level] = leaf;
        self.leaves += 1;
    }
    #[inline(always)]
    fn total<F: Fold<T>>(&self) -> T {
        let mut total = None;
        for level in 0..usize::BITS as usize {
            if self.leaves >> level & 1 == 1 {
                let part = self.partial[level];
                total = Some(total.map_or(part, |t| F::join(part, t)));
            }
        }
        total.unwrap_or(F::START)
    }
}

struct FoldRun<'a, F, T> {
    x: &'a [T],
    fold: std::marker::PhantomData<F>,
}

impl<F: Fold<T>, T: Number> Kernel for FoldRun<'_, F, T> {
    type Output = T;
    #[inline(always)]
    fn run<A: Arch>(self) -> T {
        if self.x.len() <= LEAF {
            return leaf::<F, T>(self.x);
        }
        let mut counter = Counter::new();
        for block in self.x.chunks(LEAF) {
            counter.add::<F>(leaf::<F, T>(block));
        }
        counter.total::<F>()
    }
}

#[inline(always)]
fn leaf<F: Fold<T>, T: Number>(x: &[T]) -> T {
    let mut lanes = [F::START; LANES];
    let (rows, rest) = x.as_chunks::<LANES>();
    for row in rows {
        for i in 0..LANES {
            lanes[i] = F::join(lanes[i], row[i]);
        }
    }
    for (lane, &x) in lanes.iter_mut().zip(rest) {
        *lane = F::join(*lane, x);
    }
    let mut half = LANES / 2;
    while half > 0 {
        for i in 0..half {
            lanes[i] = F::join(lanes[i], lanes[i + half]);
        }
        half /= 2;
    }
    lanes[0]
}

/// The fold of a run.
#[inline]
pub(crate) fn fold_slice<F: Fold<T>, T: Number>(x: &[T]) -> T {
    if x.len() < 16 {
        // Too few for lanes to pay.
        return x.iter().fold(F::START, |a, &b| F::join(a, b));
    }
    dispatch(FoldRun::<F, T> { x, fold: std::marker::PhantomData })
}

/// Rows that are added one after another before the tree takes over.
const ROWS: usize = 32;

/// Joins rows into an accumulator of the same width.
struct FoldRows<'a, F, T> {
    into: &'a mut [T],
    rows: [&'a [T]; 4],
    fold: std::marker::PhantomData<F>,
}

impl<F: Fold<T>, T: Number> Kernel for FoldRows<'_, F, T> {
    type Output = ();
    #[inline(always)]
    fn run<A: Arch>(self) {
        let n = self.into.len();
        let [a, b, c, d] = self.rows.map(|r| &r[..n]);
        for i in 0..n {
            let four = F::join(F::join(a[i], b[i]), F::join(c[i], d[i]));
            self.into[i] = F::join(self.into[i], four);
        }
    }
}

struct FoldRow<'a, F, T> {
    into: &'a mut [T],
    row: &'a [T],
    fold: std::marker::PhantomData<F>,
}

impl<F: Fold<T>, T: Number> Kernel for FoldRow<'_, F, T> {
    type Output = ();
    #[inline(always)]
    fn run<A: Arch>(self) {
        for (into, &x) in self.into.iter_mut().zip(self.row) {
            *into = F::join(*into, x);
        }
    }
}

/// The fold over the flagged axes; they stay, with size 1.
pub(crate) fn fold<F: Fold<T>, T: Number>(x: &Tensor<T>, flags: &[bool]) -> Tensor<T> {
    let kept_shape: Shape =
        x.shape().iter().zip(flags).map(|(&s, &gone)| if gone { 1 } else { s }).collect();
    if x.is_empty() {
        return Tensor::full(&kept_shape, F::START);
    }
    if flags.iter().all(|&gone| gone)
        && let Some(start) = x.layout.dense_start().filter(|_| x.is_contiguous())
    {
        let total = fold_slice::<F, T>(&x.storage.as_slice()[start..][..x.len()]);
        return Tensor::full(&kept_shape, total);
    }
    let part = |gone: bool| -> (Shape, Vec<isize>) {
        let axes = (0..x.rank()).filter(|&i| flags[i] == gone);
        (axes.clone().map(|i| x.shape()[i]).collect(), axes.map(|i| x.strides()[i]).collect())
    };
    let ((kept, kept_strides), (gone, gone_strides)) = (part(false), part(true));
    let outer = Walk::new(&kept, [&kept_strides]);
    let inner = Walk::new(&gone, [&gone_strides]);
    let down = inner.inner();
    let across = outer.inner();
    let by_rows = down.1[0] == 1 || down.0 == 1;
    let by_columns = across.1[0] == 1 && (across.0 >= 4 || !by_rows);
    if !by_rows && !by_columns {
        // Neither side lies together: a copy in which the folded axes do.
        let order: Vec<isize> = (0..x.rank() as isize)
            .filter(|&i| !flags[i as usize])
            .chain((0..x.rank() as isize).filter(|&i| flags[i as usize]))
            .collect();
        let Ok(permuted) = x.permute(&order) else { unreachable!("each axis is named once") };
        let copied = copy::to_contiguous(&permuted);
        let flags: Vec<bool> = (0..x.rank()).map(|i| i >= kept.len()).collect();
        let folded = fold::<F, T>(&copied, &flags);
        return match folded.reshape(&kept_shape) {
            Ok(folded) => folded,
            Err(_) => unreachable!("the kept sizes are the same"),
        };
    }
    let elements = &x.storage.as_slice()[x.layout.offset..];
    let base = elements.as_ptr();
    if by_rows && (!by_columns || inner.axes().len() == 1) {
        let fill = |out: &mut [MaybeUninit<T>]| {
            let mut out = out.iter_mut();
            outer.places(|[at]| {
                let run = |step: isize| {
                    // SAFETY: the walks stay within the tensor.
                    let first = unsafe { base.offset(at + step) };
                    // SAFETY: the innermost folded axis is `down.0` neighbours.
                    unsafe { std::slice::from_raw_parts(first, down.0) }
                };
                let folded = if inner.axes().len() == 1 {
                    fold_slice::<F, T>(run(0))
                } else {
                    let mut counter = Counter::new();
                    inner.rows(|[step]| counter.add::<F>(fold_slice::<F, T>(run(step))));
                    counter.total::<F>()
                };
                if let Some(out) = out.next() {
                    out.write(folded);
                }
            });
        };
        // SAFETY: `places` of the kept axes visits as many places as the result has.
        return unsafe { Tensor::filled_by(kept_shape, fill) };
    }
    columns::<F, T>(base, &outer, &inner, kept_shape)
}

/// Folds whole rows of neighbours into one another.
fn columns<F: Fold<T>, T: Number>(
    base: *const T,
    outer: &Walk<1>,
    inner: &Walk<1>,
    shape: Shape,
) -> Tensor<T> {
    let width = outer.inner().0;
    let rows: usize = inner.axes().iter().map(|a| a.0).product();
    // One accumulator for each digit of the counter, and one for the leaf in work.
    let leaves = rows.div_ceil(ROWS);
    let levels = (usize::BITS - leaves.leading_zeros()) as usize;
    let mut scratch = Tensor::full([levels + 1, width], F::START);
    let (work, partial) = scratch.as_mut_slice().split_at_mut(width);
    let mut out = Tensor::full(&shape, F::START);
    let mut targets = out.as_mut_slice().chunks_exact_mut(width);
    let fold = std::marker::PhantomData::<F>;
    outer.rows(|[at]| {
        let mut counted = 0usize;
        let mut in_work = 0;
        let mut waiting: [&[T]; 4] = [&[]; 4];
        let mut finish = |work: &mut [T], counted: &mut usize| {
            let mut level = 0;
            while *counted >> level & 1 == 1 {
                let row = &partial[level * width..][..width];
                dispatch(FoldRow { into: work, row, fold });
                level += 1;
            }
            partial[level * width..][..width].copy_from_slice(work);
            work.fill(F::START);
            *counted += 1;
        };
        inner.places(|[step]| {
            // SAFETY: the walks stay within the tensor, and the innermost kept axis is `width` neighbours.
            waiting[in_work % 4] =
                unsafe { std::slice::from_raw_parts(base.offset(at + step), width) };
            in_work += 1;
            if in_work.is_multiple_of(4) {
                dispatch(FoldRows { into: work, rows: waiting, fold });
            }
            if in_work == ROWS {
                finish(work, &mut counted);
                in_work = 0;
            }
        });
        for row in &waiting[..in_work % 4] {
            dispatch(FoldRow { into: work, row, fold });
        }
        if in_work > 0 {
            finish(work, &mut counted);
        }
        if let Some(target) = targets.next() {
            let mut first = true;
            for level in 0..levels {
                if counted >> level & 1 == 1 {
                    let row = &partial[level * width..][..width];
                    if first {
                        target.copy_from_slice(row);
                    } else {
                        dispatch(FoldRow { into: target, row, fold });
                    }
                    first = false;
                }
            }
        }
    });
    out
}
