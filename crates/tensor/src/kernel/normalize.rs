//! Rows of neighbours brought to variance 1, or to a mean square of 1, and their reverse rules: each row is read once and then
//! stays in the first cache.

use super::folds::{SquaredDeviations, Squares};
use super::level::{Arch, Kernel, dispatch};
use super::pool::Shared;
use super::softmax::in_chunks;
use super::tree::{Sum, total};
use crate::{Float, Tensor};

/// The divisor of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// The standard deviation, after the mean is taken away.
    Deviation,
    /// The root of the mean square.
    Square,
}

impl By {
    /// The standard deviation if a mean is taken away.
    pub(crate) fn of(centred: bool) -> Self {
        if centred { Self::Deviation } else { Self::Square }
    }
}

/// The rows of the last axis, normalised.
pub(crate) fn normalize_rows<T: Float>(x: &Tensor<T>, by: By, epsilon: f64) -> Tensor<T> {
    let x = x.contiguous();
    let Some((source, &width)) = x.as_slice().zip(x.shape().last()) else { return x };
    if source.is_empty() {
        return x;
    }
    // SAFETY: `Rows` writes every element of `out`.
    unsafe {
        Tensor::filled_by(x.layout().shape.clone(), |out| {
            let target = Shared(out.as_mut_ptr().cast::<T>());
            in_chunks(source.len(), width, &|start, end| {
                // Chunks are disjoint parts of `out`.
                let out = target.get().wrapping_add(start);
                dispatch(Rows { x: &source[start..end], out, width, by, epsilon });
            });
        })
    }
}

/// The gradient of rows x that were normalised to y, from the incoming gradient.
pub(crate) fn pull_normalize_rows<T: Float>(
    g: &Tensor<T>,
    x: &Tensor<T>,
    y: &Tensor<T>,
    by: By,
    epsilon: f64,
) -> Tensor<T> {
    let (x, y, g) = (x.contiguous(), y.contiguous(), g.contiguous());
    let (Some(xs), Some(ys), Some(gs)) = (x.as_slice(), y.as_slice(), g.as_slice()) else {
        return g;
    };
    let width = x.shape().last().copied().unwrap_or(0);
    if xs.is_empty() || gs.len() != xs.len() || ys.len() != xs.len() {
        return g;
    }
    // SAFETY: `PullRows` writes every element of `out`.
    unsafe {
        Tensor::filled_by(x.layout().shape.clone(), |out| {
            let target = Shared(out.as_mut_ptr().cast::<T>());
            in_chunks(xs.len(), width, &|start, end| {
                // Chunks are disjoint parts of `out`.
                let out = target.get().wrapping_add(start);
                let (x, y, g) = (&xs[start..end], &ys[start..end], &gs[start..end]);
                dispatch(PullRows { g, x, y, out, width, by, epsilon });
            });
        })
    }
}

/// The mean that is taken away from a row, and the factor of what is left.
#[inline(always)]
pub(super) fn moments<A: Arch, T: Float>(row: &[T], by: By, epsilon: f64) -> (T, T) {
    let count = T::from_f64(row.len() as f64);
    let (mean, square) = match by {
        By::Deviation => {
            let mean = total::<A, Sum, T>(Sum, row, T::ZERO).over(count);
            (mean, total::<A, SquaredDeviations, T>(SquaredDeviations, row, mean).over(count))
        }
        By::Square => (T::ZERO, total::<A, Squares, T>(Squares, row, T::ZERO).over(count)),
    };
    (mean, T::ONE.over(square.plus(T::from_f64(epsilon)).sqrt()))
}

/// Whole rows of `x`, to as many elements at `out`.
struct Rows<'a, T> {
    x: &'a [T],
    out: *mut T,
    width: usize,
    by: By,
    epsilon: f64,
}

impl<T: Float> Kernel for Rows<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<A: Arch>(self) {
        let Self { x, out, width, by, epsilon } = self;
        for (i, row) in x.chunks_exact(width).enumerate() {
            let (mean, scale) = moments::<A, T>(row, by, epsilon);
            let out = out.wrapping_add(i * width);
            for (j, &x) in row.iter().enumerate() {
                // SAFETY: `out` has a place for each element of `x`.
                unsafe { out.add(j).write(x.minus(mean).times(scale)) };
            }
        }
    }
}

/// The gradient of whole rows, written to as many elements at `out`.
struct PullRows<'a, T> {
    g: &'a [T],
    x: &'a [T],
    y: &'a [T],
    out: *mut T,
    width: usize,
    by: By,
    epsilon: f64,
}

impl<T: Float> Kernel for PullRows<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<A: Arch>(self) {
        let Self { g, x, y, out, width, by, epsilon } = self;
        let count = T::from_f64(width as f64);
        let rows = x.chunks_exact(width).zip(y.chunks_exact(width)).zip(g.chunks_exact(width));
        for (i, ((x, y), g)) in rows.enumerate() {
            let (_, scale) = moments::<A, T>(x, by, epsilon);
            let out = out.wrapping_add(i * width);
            for (j, (&g, &y)) in g.iter().zip(y).enumerate() {
                // SAFETY: `out` has a place for each element. The products stand there for a moment, to be added up.
                unsafe { out.add(j).write(g.times(y)) };
            }
            // SAFETY: these places were just written.
            let products = unsafe { std::slice::from_raw_parts(out, width) };
            let along = total::<A, Sum, T>(Sum, products, T::ZERO).over(count);
            let mean = match by {
                By::Deviation => total::<A, Sum, T>(Sum, g, T::ZERO).over(count),
                By::Square => T::ZERO,
            };
            for (j, (&g, &y)) in g.iter().zip(y).enumerate() {
                let d = g.minus(mean).minus(y.times(along)).times(scale);
                // SAFETY: as above.
                unsafe { out.add(j).write(d) };
            }
        }
    }
}
