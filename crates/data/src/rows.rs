//! Rows of a tensor, which are places along its first axis: how many, some of them gathered, a run of them as a view.

use std::ops::Range;

use wengert_tensor::{Element, Tensor, compiled};

use crate::{Error, Result};

/// The number of rows. A scalar has none.
pub(crate) fn count<T>(x: &Tensor<T>) -> usize {
    x.shape().first().copied().unwrap_or(0)
}

/// The number of elements of a row.
pub(crate) fn width<T>(x: &Tensor<T>) -> usize {
    // Where this overflows, another axis is empty, and no row is ever read.
    x.shape().iter().skip(1).fold(1usize, |n, &size| n.saturating_mul(size))
}

/// Rejects the index of a sample that is not below `n`.
#[track_caller]
pub(crate) fn check(op: &'static str, rows: &[usize], n: usize) -> Result<()> {
    match rows.iter().find(|&&row| row >= n) {
        Some(row) => Err(Error::value(op, format!("there is no sample {row}: there are {n}"))),
        None => Ok(()),
    }
}

/// Rejects a run that does not lie within the `n` samples.
#[track_caller]
pub(crate) fn check_run(op: &'static str, rows: &Range<usize>, n: usize) -> Result<()> {
    if rows.start > rows.end || rows.end > n {
        return Err(Error::value(op, format!("there are no samples {rows:?}: there are {n}")));
    }
    Ok(())
}

/// The named rows, all of which [exist](check), in that order, one next to another.
#[inline(never)]
pub(crate) fn gather<T: Element>(x: &Tensor<T>, rows: &[usize]) -> Tensor<T> {
    let mut shape = x.shape().to_vec();
    if let Some(first) = shape.first_mut() {
        *first = rows.len();
    }
    let mut out = Tensor::full(&shape, T::default());
    let (source, width) = (x.contiguous(), width(x));
    let (source, out_elements) = (source.as_slice().unwrap_or(&[]), out.as_mut_slice());
    if width == 1 {
        for (out, &row) in out_elements.iter_mut().zip(rows) {
            *out = source[row];
        }
    } else if width > 0 {
        for (out, &row) in out_elements.chunks_exact_mut(width).zip(rows) {
            out.copy_from_slice(&source[row * width..][..width]);
        }
    }
    out
}

/// A run of rows, all of which [exist](check_run). Copies no element.
#[track_caller]
pub(crate) fn run<T: Element>(
    x: &Tensor<T>,
    rows: Range<usize>,
) -> Result<Tensor<T>, wengert_tensor::Error> {
    x.narrow(0, rows.start, rows.end - rows.start)
}

compiled!(f32 usize: { gather::<T> });
