//! Rows of neighbours brought to variance 1, or to a mean square of 1, then scaled by a weight and shifted by a bias if there are
//! any, and their reverse rules. Each row is read once and then stays in the first cache.

use super::folds::{SquaredDeviations, Squares};
use super::level::{Arch, Kernel, Level, dispatch};
use super::pool::{self, Shared};
use super::softmax::{THREADS_FROM, in_chunks};
use super::tree::{Sum, total};
use crate::{Divisor, Float, Shape, Tensor};

/// Rows whose products are added up one after another for the gradient of a weight. The sums of blocks are added up as a tree.
const BLOCK: usize = 32;

/// Rows that are normalised, each by itself.
#[derive(Clone, Copy)]
pub(crate) struct Rows {
    /// Elements of a row, at least one.
    pub(crate) width: usize,
    pub(crate) divisor: Divisor,
    pub(crate) epsilon: f64,
}

impl Rows {
    /// The rows of `x`, normalised, scaled by the weight and shifted by the bias. A bias needs a weight.
    pub(crate) fn normalize<T: Float>(
        self,
        x: &Tensor<T>,
        weight: Option<&Tensor<T>>,
        bias: Option<&Tensor<T>>,
    ) -> Option<Tensor<T>> {
        let [x, weight, bias] = [Some(x), weight, bias].map(|part| part.map(Tensor::contiguous));
        let x = x?;
        let [weight, bias] = [&weight, &bias].map(|part| part.as_ref().and_then(Tensor::as_slice));
        let source = x.as_slice()?;
        let shape = x.layout().shape.clone();
        Some(self.filled(shape, |start, end, out| {
            dispatch(Forward { rows: self, x: &source[start..end], weight, bias, out });
        }))
    }

    /// The gradient of `x`, from the incoming gradient.
    pub(crate) fn pull<T: Float>(
        self,
        g: &Tensor<T>,
        x: &Tensor<T>,
        weight: Option<&Tensor<T>>,
    ) -> Option<Tensor<T>> {
        let (g, x, weight) = (g.contiguous(), x.contiguous(), weight.map(Tensor::contiguous));
        let (gs, xs) = (g.as_slice()?, x.as_slice()?);
        let weight = weight.as_ref().and_then(Tensor::as_slice);
        Some(self.filled(x.layout().shape.clone(), |start, end, out| {
            dispatch(Pull { rows: self, g: &gs[start..end], x: &xs[start..end], weight, out });
        }))
    }

    /// The gradient of the weight: the sum over rows of `g` times the normalised `x`.
    pub(crate) fn pull_weight<T: Float>(self, g: &Tensor<T>, x: &Tensor<T>) -> Option<Tensor<T>> {
        let (g, x) = (g.contiguous(), x.contiguous());
        let (gs, xs) = (g.as_slice()?, x.as_slice()?);
        // The borders of blocks do not depend on the number of threads.
        let size = BLOCK * self.width;
        let blocks = xs.len().div_ceil(size);
        // SAFETY: `PullWeight` writes the row of its block.
        let sums = unsafe {
            Tensor::filled_by("normalize", Shape::new(&[blocks, self.width]), |out| {
                let target = Shared(out.as_mut_ptr().cast::<T>());
                let block = |i: usize| {
                    let part = i * size..xs.len().min((i + 1) * size);
                    let out = target.get().wrapping_add(i * self.width);
                    dispatch(PullWeight { rows: self, g: &gs[part.clone()], x: &xs[part], out });
                };
                if xs.len() < THREADS_FROM {
                    (0..blocks).for_each(block)
                } else {
                    pool::run(blocks, &block)
                }
            })
        };
        if blocks == 1 { sums.reshape([self.width]).ok() } else { sums.sum_over(0).ok() }
    }

    /// A tensor of this shape. `write` gets where a part of whole rows begins and ends, and must write as many elements.
    fn filled<T: Float>(
        self,
        shape: Shape,
        write: impl Fn(usize, usize, *mut T) + Sync,
    ) -> Tensor<T> {
        let len = shape.iter().product();
        // SAFETY: the kernels below write every element of `out`.
        unsafe {
            Tensor::filled_by("normalize", shape, |out| {
                let target = Shared(out.as_mut_ptr().cast::<T>());
                // Parts are disjoint.
                in_chunks(len, self.width, &|start, end| {
                    write(start, end, target.get().wrapping_add(start));
                });
            })
        }
    }

    /// The mean that is taken away from a row, and the factor of what is left.
    #[inline(always)]
    fn moments<A: Arch, T: Float>(self, row: &[T]) -> (T, T) {
        let count = T::from_f64(self.width as f64);
        let (mean, square) = match self.divisor {
            Divisor::Deviation => {
                let mean = total::<A, Sum, T>(Sum, row, T::ZERO).over(count);
                (mean, total::<A, SquaredDeviations, T>(SquaredDeviations, row, mean).over(count))
            }
            Divisor::RootMeanSquare => {
                (T::ZERO, total::<A, Squares, T>(Squares, row, T::ZERO).over(count))
            }
        };
        (mean, T::ONE.over(square.plus(T::from_f64(self.epsilon)).sqrt()))
    }
}

/// Writes a row.
///
/// # Safety
/// `out` has `width` places.
#[inline(always)]
unsafe fn put<T>(out: *mut T, width: usize, of: impl Fn(usize) -> T) {
    for j in 0..width {
        // SAFETY: `out` has this place.
        unsafe { out.add(j).write(of(j)) };
    }
}

/// Whole rows of `x`, to as many elements at `out`.
struct Forward<'a, T> {
    rows: Rows,
    x: &'a [T],
    weight: Option<&'a [T]>,
    bias: Option<&'a [T]>,
    out: *mut T,
}

impl<T: Float> Kernel for Forward<'_, T> {
    type Output = ();
    const BEST: Level = T::BEST;
    #[inline(always)]
    fn run<A: Arch>(self) {
        let width = self.rows.width;
        let [weight, bias] = [self.weight, self.bias].map(|part| part.map(|part| &part[..width]));
        for (i, x) in self.x.chunks_exact(width).enumerate() {
            let (mean, scale) = self.rows.moments::<A, T>(x);
            let out = self.out.wrapping_add(i * width);
            let y = |j: usize| x[j].minus(mean).times(scale);
            // SAFETY: `out` has a place for each element of `x`.
            unsafe {
                match (weight, bias) {
                    (None, _) => put(out, width, y),
                    (Some(w), None) => put(out, width, |j| y(j).times(w[j])),
                    (Some(w), Some(b)) => put(out, width, |j| y(j).times(w[j]).plus(b[j])),
                }
            }
        }
    }
}

/// The gradient of whole rows, written to as many elements at `out`.
struct Pull<'a, T> {
    rows: Rows,
    g: &'a [T],
    x: &'a [T],
    weight: Option<&'a [T]>,
    out: *mut T,
}

impl<T: Float> Kernel for Pull<'_, T> {
    type Output = ();
    const BEST: Level = T::BEST;
    #[inline(always)]
    fn run<A: Arch>(self) {
        let width = self.rows.width;
        let weight = self.weight.map(|weight| &weight[..width]);
        for (i, (x, g)) in self.x.chunks_exact(width).zip(self.g.chunks_exact(width)).enumerate() {
            let out = self.out.wrapping_add(i * width);
            // SAFETY: `out` has a place for each element of `x`.
            unsafe {
                match weight {
                    None => pull_row::<A, T>(self.rows, x, |j| g[j], out),
                    Some(w) => pull_row::<A, T>(self.rows, x, |j| g[j].times(w[j]), out),
                }
            }
        }
    }
}

/// The gradient of the row `x`, from the gradient `g` of the normalised row.
///
/// # Safety
/// `out` has a place for each element of `x`.
#[inline(always)]
unsafe fn pull_row<A: Arch, T: Float>(rows: Rows, x: &[T], g: impl Fn(usize) -> T, out: *mut T) {
    let width = x.len();
    let (mean, scale) = rows.moments::<A, T>(x);
    let y = |j: usize| x[j].minus(mean).times(scale);
    // The terms of a mean stand in `out` for a moment, to be added up as a tree.
    // SAFETY: `out` has a place for each element, and is read after it was written.
    let sum =
        || unsafe { total::<A, Sum, T>(Sum, std::slice::from_raw_parts(out, width), T::ZERO) };
    let count = T::from_f64(width as f64);
    let mut middle = T::ZERO;
    if rows.divisor == Divisor::Deviation {
        // SAFETY: as above.
        unsafe { put(out, width, &g) };
        middle = sum().over(count);
    }
    // SAFETY: as above.
    unsafe { put(out, width, |j| g(j).times(y(j))) };
    let along = sum().over(count);
    // SAFETY: as above.
    unsafe { put(out, width, |j| g(j).minus(middle).minus(y(j).times(along)).times(scale)) };
}

/// The sum over some rows of `g` times the normalised `x`, written to a row at `out`.
struct PullWeight<'a, T> {
    rows: Rows,
    g: &'a [T],
    x: &'a [T],
    out: *mut T,
}

impl<T: Float> Kernel for PullWeight<'_, T> {
    type Output = ();
    const BEST: Level = T::BEST;
    #[inline(always)]
    fn run<A: Arch>(self) {
        let (width, out) = (self.rows.width, self.out);
        // SAFETY: `out` has `width` places, which are written here and read below.
        unsafe { put(out, width, |_| T::ZERO) };
        for (x, g) in self.x.chunks_exact(width).zip(self.g.chunks_exact(width)) {
            let (mean, scale) = self.rows.moments::<A, T>(x);
            // SAFETY: as above.
            unsafe {
                put(out, width, |j| {
                    out.add(j).read().plus(g[j].times(x[j].minus(mean).times(scale)))
                });
            }
        }
    }
}
