//! Softmax and its logarithm along rows of neighbours: a few rows at a time, read once and kept in L1.

use super::folds::Exponentials;
use super::level::{Arch, Kernel, dispatch};
use super::pool;
use super::tree::{Max, Sum, total};
use crate::pointwise::Real;
use crate::{Float, Tensor};

/// Elements that are worked on together: whole rows, at least one. Short rows share the vector exponential.
const BLOCK: usize = 1024;
/// Elements over which two threads are quicker than one.
const THREADS_FROM: usize = 1 << 16;
/// Elements that one thread takes at a time.
const CHUNK: usize = 1 << 14;

/// The softmax of each row of `x`, or its logarithm: rows of the last axis, contiguous.
pub(crate) fn softmax_rows<T: Float>(x: &Tensor<T>, logarithm: bool) -> Tensor<T> {
    let x = x.contiguous();
    let Some((source, &width)) = x.as_slice().zip(x.shape().last()) else { return x };
    if source.is_empty() {
        return x;
    }
    // SAFETY: `Rows` writes every element of `out`.
    unsafe {
        Tensor::filled_by(x.layout().shape.clone(), |out| {
            let target = Shared(out.as_mut_ptr().cast::<T>());
            let rows = source.len() / width;
            let at_a_time = if source.len() < THREADS_FROM || pool::threads() == 1 {
                rows
            } else {
                (CHUNK / width).max(1)
            };
            pool::run(rows.div_ceil(at_a_time), &|chunk| {
                let start = chunk * at_a_time * width;
                let x = &source[start..source.len().min(start + at_a_time * width)];
                // Chunks are disjoint parts of `out`.
                let out = target.get().wrapping_add(start);
                dispatch(Rows { x, out, width, logarithm });
            });
        })
    }
}

/// The result's first element; each thread writes rows of its own.
struct Shared<T>(*mut T);
// SAFETY: see above.
unsafe impl<T> Sync for Shared<T> {}
impl<T> Shared<T> {
    fn get(&self) -> *mut T {
        self.0
    }
}

/// Whole rows of `x`, to as many elements at `out`.
struct Rows<'a, T> {
    x: &'a [T],
    out: *mut T,
    width: usize,
    logarithm: bool,
}

impl<T: Float> Kernel for Rows<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<A: Arch>(self) {
        let Self { x, out, width, logarithm } = self;
        let mut exponentials = [T::ZERO; BLOCK];
        let block = (BLOCK / width).max(1) * width;
        for start in (0..x.len()).step_by(block) {
            let x = &x[start..x.len().min(start + block)];
            let first = out.wrapping_add(start);
            for (i, row) in x.chunks_exact(width).enumerate() {
                let most = total::<A, Max, T>(Max, row, T::ZERO);
                for (j, x) in row.iter().enumerate() {
                    // SAFETY: `out` has a place for each element of `x`.
                    unsafe { first.add(i * width + j).write(x.minus(most)) };
                }
            }
            // SAFETY: these places were just written.
            let out = unsafe { std::slice::from_raw_parts_mut(first, x.len()) };
            if logarithm {
                let short = out.len() <= BLOCK;
                if short {
                    for (e, &y) in exponentials.iter_mut().zip(&*out) {
                        *e = T::from_lane::<A>(y.lane::<A>().exp());
                    }
                }
                for (i, row) in out.chunks_exact_mut(width).enumerate() {
                    let sum = if short {
                        total::<A, Sum, T>(Sum, &exponentials[i * width..][..width], T::ZERO)
                    } else {
                        total::<A, Exponentials, T>(Exponentials, row, T::ZERO)
                    };
                    let log = T::from_lane::<A>(sum.lane::<A>().ln());
                    for y in row {
                        *y = y.minus(log);
                    }
                }
            } else {
                for y in &mut *out {
                    *y = T::from_lane::<A>(y.lane::<A>().exp());
                }
                for row in out.chunks_exact_mut(width) {
                    let scale = T::ONE.over(total::<A, Sum, T>(Sum, row, T::ZERO));
                    for y in row {
                        *y = y.times(scale);
                    }
                }
            }
        }
    }
}
