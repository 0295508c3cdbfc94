//! An optimiser's step: several tensors are rewritten in one pass over memory, and one more is only read.

use super::level::{Arch, Kernel, Level, dispatch};
use super::map::{CHUNK, THREADS_FROM};
use super::pool::{self, Shared};
use crate::{Element, Tensor};

/// A function of the N elements of one place, and of one more, that gives the N anew.
pub(crate) trait Rewrite<T, const N: usize>: Copy + Send + Sync {
    /// The N anew. Must be `#[inline(always)]`.
    fn at<A: Arch>(self, state: [T; N], g: T) -> [T; N];
}

struct Run<F, T, const N: usize> {
    f: F,
    state: [*mut T; N],
    g: *const T,
    len: usize,
}

impl<F: Rewrite<T, N>, T: Element, const N: usize> Kernel for Run<F, T, N> {
    type Output = ();
    const BEST: Level = T::BEST;
    // Loops by index: zipped iterators over the arrays are flattened too late for the vectoriser, unless a whole program is
    // optimised at once, and a number at a time takes five times as long.
    #[allow(clippy::needless_range_loop)]
    #[inline(always)]
    fn run<A: Arch>(self) {
        for i in 0..self.len {
            // SAFETY: whoever makes a `Run` promises `len` elements at each pointer.
            unsafe {
                let mut state = [*self.state[0].add(i); N];
                for k in 1..N {
                    state[k] = *self.state[k].add(i);
                }
                let new = self.f.at::<A>(state, *self.g.add(i));
                for k in 0..N {
                    self.state[k].add(i).write(new[k]);
                }
            }
        }
    }
}

/// Rewrites each place of the N tensors, in their own buffers where nobody else holds those. All have `g`'s shape.
#[inline]
pub(crate) fn rewrite<F, T, const N: usize>(f: F, state: [&mut Tensor<T>; N], g: &Tensor<T>)
where
    F: Rewrite<T, N>,
    T: Element,
{
    let len = g.len();
    let copy;
    let g = match g.as_slice() {
        Some(elements) => elements,
        None => {
            copy = g.contiguous();
            copy.as_slice().unwrap_or(&[])
        }
    };
    // A slice to write to is of a buffer with one handle, so no two overlap, and none is `g`'s.
    let state = state.map(|tensor| {
        let elements = tensor.as_mut_slice();
        assert_eq!(elements.len(), len, "the caller has checked the shapes");
        elements.as_mut_ptr()
    });
    if len < THREADS_FROM || pool::threads() == 1 {
        return dispatch(Run { f, state, g: g.as_ptr(), len });
    }
    let shared = Shared((state, g.as_ptr()));
    pool::run(len.div_ceil(CHUNK), &move |chunk| {
        let (state, g) = shared.get();
        let start = chunk * CHUNK;
        let len = CHUNK.min(len - start);
        // SAFETY: chunks are disjoint parts of the slices above.
        let (state, g) = unsafe { (state.map(|p| p.add(start)), g.add(start)) };
        dispatch(Run { f, state, g, len });
    });
}

/// Rewrites some rows of the N tensors, which are contiguous and of one shape; row `k` of `g` belongs to row `rows[k]`.
///
/// # Panics
/// If a row is not there, or `g` has another number of elements than these rows.
pub(crate) fn rewrite_rows<F, T, const N: usize>(
    f: F,
    state: [&mut Tensor<T>; N],
    width: usize,
    rows: &[usize],
    g: &Tensor<T>,
) where
    F: Rewrite<T, N>,
    T: Element,
{
    let g = g.contiguous();
    let g = g.as_slice().unwrap_or(&[]);
    let len = state[0].len();
    assert!(rows.iter().all(|row| (row + 1) * width <= len) && g.len() == rows.len() * width);
    let state = state.map(|tensor| {
        let elements = tensor.as_mut_slice();
        assert_eq!(elements.len(), len, "the caller has checked the shapes");
        elements.as_mut_ptr()
    });
    let all = Shared((state, g.as_ptr()));
    let some = |from: usize, to: usize| {
        let (state, g) = all.get();
        for (k, &row) in rows[from..to].iter().enumerate() {
            // SAFETY: the rows are in the slices above, and no two threads have a row in common.
            let (state, g) =
                unsafe { (state.map(|x| x.add(row * width)), g.add((from + k) * width)) };
            dispatch(Run { f, state, g, len: width });
        }
    };
    let rising = rows.windows(2).all(|pair| pair[0] < pair[1]);
    if g.len() < THREADS_FROM || pool::threads() == 1 || !rising {
        return some(0, rows.len());
    }
    pool::run(rows.len().div_ceil(ROWS), &|i| some(i * ROWS, rows.len().min((i + 1) * ROWS)));
}

/// Rows that a thread takes at a time.
const ROWS: usize = 256;
