//! Rows of a tensor, which are places along its first axis: how many, some of them gathered, a run of them as a view.

use std::ops::Range;

use wengert_tensor::{Element, Tensor};

/// How many rows. A scalar has none.
pub(crate) fn count<T>(x: &Tensor<T>) -> usize {
    x.shape().first().copied().unwrap_or(0)
}

/// How many elements a row has.
pub(crate) fn width<T>(x: &Tensor<T>) -> usize {
    // Where this overflows, another axis is empty, and no row is ever read.
    x.shape().iter().skip(1).fold(1usize, |n, &size| n.saturating_mul(size))
}

/// The named rows, in that order, one next to another.
///
/// # Panics
/// If there is no such row.
#[track_caller]
pub(crate) fn gather<T: Element>(x: &Tensor<T>, rows: &[usize]) -> Tensor<T> {
    let n = count(x);
    if let Some(row) = rows.iter().find(|&&row| row >= n) {
        panic!("there is no row {row}: {:?} has {n}", x.shape());
    }
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

/// A run of rows. Moves no element.
///
/// # Panics
/// If there are no such rows.
#[track_caller]
pub(crate) fn run<T: Element>(x: &Tensor<T>, rows: Range<usize>) -> Tensor<T> {
    match x.narrow(0, rows.start, rows.end.saturating_sub(rows.start)) {
        Ok(view) => view,
        Err(error) => panic!("{error}"),
    }
}
