//! Running totals along an axis: each element joined to all before it, carried in double precision.

use std::marker::PhantomData;

use super::level::{Arch, Kernel, Level, dispatch};
use crate::{Element, Float, Number, Shape, Tensor};

/// The total with the next element. Must be `#[inline(always)]`.
pub(crate) trait Step<T: Number>: Copy {
    /// The total of nothing.
    const START: T::Total;
    /// The total with one more element.
    fn step(total: T::Total, x: T::Total) -> T::Total;
}

/// The scans that every number type has.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub enum NumberScan {
    Sum,
    Product,
}

/// The total plus x.
#[derive(Clone, Copy)]
pub(crate) struct Adding;
impl<T: Number> Step<T> for Adding {
    const START: T::Total = T::Total::ZERO;
    #[inline(always)]
    fn step(total: T::Total, x: T::Total) -> T::Total {
        total.plus(x)
    }
}

/// The total times x.
#[derive(Clone, Copy)]
pub(crate) struct Multiplying;
impl<T: Number> Step<T> for Multiplying {
    const START: T::Total = T::Total::ONE;
    #[inline(always)]
    fn step(total: T::Total, x: T::Total) -> T::Total {
        total.times(x)
    }
}

/// ln(e^total + eˣ), without overflow.
#[derive(Clone, Copy)]
pub(crate) struct AddingExponentials;
impl<T: Float> Step<T> for AddingExponentials {
    const START: T::Total = T::Total::LEAST;
    #[inline(always)]
    fn step(total: T::Total, x: T::Total) -> T::Total {
        let (total, x) = (total.to_f64(), x.to_f64());
        let most = if (total > x) | total.is_nan() { total } else { x };
        // Where both are the same infinity their difference is NaN, and where one is NaN so is the result.
        let sum = if most.is_infinite() { most } else { most + (-(total - x).abs()).exp().ln_1p() };
        T::Total::from_f64(sum)
    }
}

struct Scan<'a, S, T: Number> {
    step: PhantomData<S>,
    x: &'a [T],
    out: *mut T,
    /// Elements of the axis, and how far apart they are.
    size: usize,
    width: usize,
    /// Room for a total a place of the axes after this one.
    totals: &'a mut [T::Total],
}

impl<S: Step<T>, T: Number> Kernel for Scan<'_, S, T> {
    type Output = ();
    // An element waits for the one before it, whatever the instructions.
    const BEST: Level = Level::Portable;
    #[inline(always)]
    fn run<A: Arch>(self) {
        let Self { x, out, size, width, totals, .. } = self;
        if width == 1 {
            return abreast::<S, T>(x, out, size);
        }
        for (block, x) in x.chunks_exact(size * width).enumerate() {
            totals.fill(S::START);
            for (row, x) in x.chunks_exact(width).enumerate() {
                let out = out.wrapping_add((block * size + row) * width);
                for i in 0..width {
                    totals[i] = S::step(totals[i], x[i].to_total());
                    // SAFETY: `out` has a place for each element of `x`.
                    unsafe { out.add(i).write(T::from_total(totals[i])) };
                }
            }
        }
    }
}

/// Rows that are walked at once, so that one's additions hide the latency of another's.
const ABREAST: usize = 8;

/// The totals along rows of neighbours, whose elements `out` has places for.
#[inline(always)]
fn abreast<S: Step<T>, T: Number>(x: &[T], out: *mut T, size: usize) {
    let together = x.len() / (ABREAST * size) * ABREAST * size;
    for first in (0..together).step_by(ABREAST * size) {
        let mut totals = [S::START; ABREAST];
        for i in 0..size {
            for (k, total) in totals.iter_mut().enumerate() {
                let place = first + k * size + i;
                *total = S::step(*total, x[place].to_total());
                // SAFETY: `out` has a place for each element of `x`.
                unsafe { out.add(place).write(T::from_total(*total)) };
            }
        }
    }
    for first in (together..x.len()).step_by(size) {
        let mut total = S::START;
        for (i, x) in x[first..first + size].iter().enumerate() {
            total = S::step(total, x.to_total());
            // SAFETY: as above.
            unsafe { out.add(first + i).write(T::from_total(total)) };
        }
    }
}

/// The totals up to each element along `axis`, itself included.
pub(crate) fn scan<S: Step<T>, T: Number>(_: S, x: &Tensor<T>, axis: usize) -> Tensor<T> {
    let x = x.contiguous();
    let Some(source) = x.as_slice().filter(|x| !x.is_empty()) else { return x };
    let size = x.shape()[axis];
    let width: usize = x.shape()[axis + 1..].iter().product();
    let mut totals = Tensor::full([width], S::START);
    let totals = totals.as_mut_slice();
    // SAFETY: `Scan` writes every element.
    unsafe {
        Tensor::filled_by("scan", Shape::new(x.shape()), |out| {
            dispatch(Scan {
                step: PhantomData::<S>,
                x: source,
                out: out.as_mut_ptr().cast(),
                size,
                width,
                totals,
            });
        })
    }
}
