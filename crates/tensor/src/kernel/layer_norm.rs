//! Rows of neighbours normalised, scaled by a weight and shifted by a bias, and their reverse rules. The values have the bits of
//! [`normalize`](super::normalize) and of a product and a sum after it.

use super::level::{Arch, Kernel, dispatch};
use super::normalize::{By, moments};
use super::pool::{self, Shared};
use super::softmax::{THREADS_FROM, in_chunks};
use super::tree::{Sum, total};
use crate::{Float, Shape, Tensor};

/// Rows whose products are added up one after another for the gradient of a weight. The sums of blocks are added up as a tree.
const BLOCK: usize = 32;

/// `x` normalised along rows that are as long as the weight, scaled and shifted. `None` if there are no elements.
pub(crate) fn layer_norm_rows<T: Float>(
    x: &Tensor<T>,
    weight: &Tensor<T>,
    bias: Option<&Tensor<T>>,
    by: By,
    epsilon: f64,
) -> Option<Tensor<T>> {
    let (x, weight, bias) = (x.contiguous(), weight.contiguous(), bias.map(Tensor::contiguous));
    let (source, weight) = (x.as_slice()?, weight.as_slice()?);
    let bias = bias.as_ref().and_then(Tensor::as_slice);
    if source.is_empty() {
        return None;
    }
    // SAFETY: `Rows` writes every element of `out`.
    Some(unsafe {
        Tensor::filled_by(x.layout().shape.clone(), |out| {
            let target = Shared(out.as_mut_ptr().cast::<T>());
            in_chunks(source.len(), weight.len(), &|start, end| {
                // Chunks are disjoint parts of `out`.
                let out = target.get().wrapping_add(start);
                dispatch(Rows { x: &source[start..end], weight, bias, out, by, epsilon });
            });
        })
    })
}

/// The gradient of `x`, from the incoming gradient.
pub(crate) fn pull_rows<T: Float>(
    g: &Tensor<T>,
    x: &Tensor<T>,
    weight: &Tensor<T>,
    by: By,
    epsilon: f64,
) -> Option<Tensor<T>> {
    let (g, x, weight) = (g.contiguous(), x.contiguous(), weight.contiguous());
    let (gs, xs, weight) = (g.as_slice()?, x.as_slice()?, weight.as_slice()?);
    if xs.is_empty() {
        return None;
    }
    // SAFETY: `PullRows` writes every element of `out`.
    Some(unsafe {
        Tensor::filled_by(x.layout().shape.clone(), |out| {
            let target = Shared(out.as_mut_ptr().cast::<T>());
            in_chunks(xs.len(), weight.len(), &|start, end| {
                // Chunks are disjoint parts of `out`.
                let out = target.get().wrapping_add(start);
                let (g, x) = (&gs[start..end], &xs[start..end]);
                dispatch(PullRows { g, x, weight, out, by, epsilon });
            });
        })
    })
}

/// The gradient of a weight of this shape: the sum over rows of `g` times the normalised `x`.
pub(crate) fn pull_weight<T: Float>(
    g: &Tensor<T>,
    x: &Tensor<T>,
    weight: &[usize],
    by: By,
    epsilon: f64,
) -> Option<Tensor<T>> {
    let (g, x) = (g.contiguous(), x.contiguous());
    let (gs, xs) = (g.as_slice()?, x.as_slice()?);
    if xs.is_empty() {
        return None;
    }
    let width: usize = weight.iter().product();
    // The borders of blocks do not depend on the number of threads.
    let size = BLOCK * width;
    let blocks = xs.len().div_ceil(size);
    // SAFETY: `PullWeight` writes the row of its block.
    let sums = unsafe {
        Tensor::filled_by(Shape::new(&[blocks, width]), |out| {
            let target = Shared(out.as_mut_ptr().cast::<T>());
            let block = |i: usize| {
                let part = i * size..xs.len().min((i + 1) * size);
                let out = target.get().wrapping_add(i * width);
                dispatch(PullWeight {
                    g: &gs[part.clone()],
                    x: &xs[part],
                    out,
                    width,
                    by,
                    epsilon,
                });
            };
            if xs.len() < THREADS_FROM {
                (0..blocks).for_each(block)
            } else {
                pool::run(blocks, &block)
            }
        })
    };
    let sum = if blocks == 1 { sums } else { sums.sum_over(0).ok()? };
    sum.reshape(weight).ok()
}

/// Whole rows of `x`, to as many elements at `out`.
struct Rows<'a, T> {
    x: &'a [T],
    weight: &'a [T],
    bias: Option<&'a [T]>,
    out: *mut T,
    by: By,
    epsilon: f64,
}

impl<T: Float> Kernel for Rows<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<A: Arch>(self) {
        let Self { x, weight, bias, out, by, epsilon } = self;
        let width = weight.len();
        for (i, row) in x.chunks_exact(width).enumerate() {
            let (mean, scale) = moments::<A, T>(row, by, epsilon);
            let out = out.wrapping_add(i * width);
            let scaled = |x: T, weight: T| x.minus(mean).times(scale).times(weight);
            if let Some(bias) = bias {
                for (j, ((&x, &weight), &bias)) in row.iter().zip(weight).zip(bias).enumerate() {
                    // SAFETY: `out` has a place for each element of `x`.
                    unsafe { out.add(j).write(scaled(x, weight).plus(bias)) };
                }
            } else {
                for (j, (&x, &weight)) in row.iter().zip(weight).enumerate() {
                    // SAFETY: as above.
                    unsafe { out.add(j).write(scaled(x, weight)) };
                }
            }
        }
    }
}

/// The gradient of whole rows, written to as many elements at `out`.
struct PullRows<'a, T> {
    g: &'a [T],
    x: &'a [T],
    weight: &'a [T],
    out: *mut T,
    by: By,
    epsilon: f64,
}

impl<T: Float> Kernel for PullRows<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<A: Arch>(self) {
        let Self { g, x, weight, out, by, epsilon } = self;
        let width = weight.len();
        let count = T::from_f64(width as f64);
        for (i, (x, g)) in x.chunks_exact(width).zip(g.chunks_exact(width)).enumerate() {
            let (mean, scale) = moments::<A, T>(x, by, epsilon);
            let out = out.wrapping_add(i * width);
            // The terms of two sums stand in `out` for a moment, to be added up.
            // SAFETY: `out` has a place for each element, and is read after it was written.
            let sum = || unsafe {
                total::<A, Sum, T>(Sum, std::slice::from_raw_parts(out, width), T::ZERO)
            };
            let mut middle = T::ZERO;
            if by == By::Deviation {
                for (j, (&g, &weight)) in g.iter().zip(weight).enumerate() {
                    // SAFETY: as above.
                    unsafe { out.add(j).write(g.times(weight)) };
                }
                middle = sum().over(count);
            }
            for (j, ((&g, &weight), &x)) in g.iter().zip(weight).zip(x).enumerate() {
                // SAFETY: as above.
                unsafe { out.add(j).write(g.times(weight).times(x.minus(mean).times(scale))) };
            }
            let along = sum().over(count);
            for (j, ((&g, &weight), &x)) in g.iter().zip(weight).zip(x).enumerate() {
                let y = x.minus(mean).times(scale);
                let d = g.times(weight).minus(middle).minus(y.times(along)).times(scale);
                // SAFETY: as above.
                unsafe { out.add(j).write(d) };
            }
        }
    }
}

/// The sum over some rows of `g` times the normalised `x`, written to `width` elements at `out`.
struct PullWeight<'a, T> {
    g: &'a [T],
    x: &'a [T],
    out: *mut T,
    width: usize,
    by: By,
    epsilon: f64,
}

impl<T: Float> Kernel for PullWeight<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<A: Arch>(self) {
        let Self { g, x, out, width, by, epsilon } = self;
        // SAFETY: `out` has `width` places, which are written here and read below.
        (0..width).for_each(|j| unsafe { out.add(j).write(T::ZERO) });
        for (x, g) in x.chunks_exact(width).zip(g.chunks_exact(width)) {
            let (mean, scale) = moments::<A, T>(x, by, epsilon);
            for (j, (&g, &x)) in g.iter().zip(x).enumerate() {
                // SAFETY: as above.
                unsafe {
                    out.add(j).write(out.add(j).read().plus(g.times(x.minus(mean).times(scale))))
                };
            }
        }
    }
}
