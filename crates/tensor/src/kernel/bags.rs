//! Rows of a table summed bag by bag, and added back to the table.

use std::mem::MaybeUninit;

use super::level::{Arch, Kernel, Level, dispatch};
use super::map::THREADS_FROM;
use super::pool::{self, Shared};
use crate::room::{Room, written_mut};
use crate::{Float, Shape, Tensor};

/// Bags that a thread takes at a time.
const BAGS: usize = 16;

/// The place where bag `i` ends.
#[inline(always)]
fn end(starts: &[usize], i: usize, len: usize) -> usize {
    starts.get(i + 1).copied().unwrap_or(len)
}

/// The sums of rows, bag by bag, of a table with so many columns; `None` if the system has no memory for them. The numbers of `index`
/// are rows of it, and `starts` rises.
pub(crate) fn sum<T: Float>(
    table: &[T],
    columns: usize,
    index: &[usize],
    starts: &[usize],
    shape: Shape,
) -> Option<Tensor<T>> {
    let bags = starts.len();
    // SAFETY: `Sums` writes the row of each of its bags.
    unsafe {
        Tensor::try_filled_by(shape, |out| {
            let target = Shared(out.as_mut_ptr().cast::<T>());
            let part = |from: usize, to: usize| {
                let out = target.get().wrapping_add(from * columns);
                dispatch(Sums { table, columns, index, starts, bags: (from, to), out });
            };
            if index.len() * columns < THREADS_FROM || pool::threads() == 1 {
                part(0, bags);
            } else {
                pool::run(bags.div_ceil(BAGS), &|i| part(i * BAGS, bags.min((i + 1) * BAGS)));
            }
        })
    }
}

/// Adds row b of `src` to each row of the table that bag b holds. With a `start`, no row was written before, and each begins with this
/// number. Afterwards all are written.
pub(crate) fn add<T: Float>(
    table: &mut Room<T>,
    start: Option<T>,
    columns: usize,
    index: &[usize],
    starts: &[usize],
    src: &[T],
) {
    let mut met = vec![start.is_none(); table.len().checked_div(columns).unwrap_or(0)];
    let first = start.unwrap_or(T::ZERO);
    dispatch(Add { table, met: &mut met, first, columns, index, starts, src });
    for (row, _) in table.chunks_exact_mut(columns.max(1)).zip(met).filter(|(_, met)| !met) {
        row.fill(MaybeUninit::new(first));
    }
}

/// The sums of the bags from one on, to as many rows at `out`.
struct Sums<'a, T> {
    table: &'a [T],
    columns: usize,
    index: &'a [usize],
    starts: &'a [usize],
    bags: (usize, usize),
    out: *mut T,
}

impl<T: Float> Kernel for Sums<'_, T> {
    type Output = ();
    const BEST: Level = Level::Avx2;
    #[inline(always)]
    fn run<A: Arch>(self) {
        let Self { table, columns, index, starts, bags, out } = self;
        for (row, i) in (bags.0..bags.1).enumerate() {
            // SAFETY: `out` has a row for each bag; its places are written first, and then read.
            let sum = unsafe {
                let first = out.add(row * columns);
                for j in 0..columns {
                    first.add(j).write(T::ZERO);
                }
                std::slice::from_raw_parts_mut(first, columns)
            };
            for &row in &index[starts[i]..end(starts, i, index.len())] {
                for (sum, &x) in sum.iter_mut().zip(&table[row * columns..][..columns]) {
                    *sum = sum.plus(x);
                }
            }
        }
    }
}

struct Add<'a, T> {
    table: &'a mut Room<T>,
    /// True for a row that was written.
    met: &'a mut [bool],
    first: T,
    columns: usize,
    index: &'a [usize],
    starts: &'a [usize],
    src: &'a [T],
}

impl<T: Float> Kernel for Add<'_, T> {
    type Output = ();
    const BEST: Level = Level::Avx2;
    #[inline(always)]
    fn run<A: Arch>(self) {
        let Self { table, met, first, columns, index, starts, src } = self;
        for (i, &start) in starts.iter().enumerate() {
            let g = &src[i * columns..][..columns];
            for &row in &index[start..end(starts, i, index.len())] {
                let sums = &mut table[row * columns..][..columns];
                if !std::mem::replace(&mut met[row], true) {
                    for (sum, &g) in sums.iter_mut().zip(g) {
                        sum.write(first.plus(g));
                    }
                    continue;
                }
                // SAFETY: the row was written.
                for (sum, &g) in unsafe { written_mut(sums) }.iter_mut().zip(g) {
                    *sum = sum.plus(g);
                }
            }
        }
    }
}
