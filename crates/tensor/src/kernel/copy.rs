//! Copying strided elements: runs where there are runs, blocks where rows become columns.

use std::mem::MaybeUninit;

use smallvec::SmallVec;

use super::transpose::Transpose;
use crate::error::out_of_memory;
use crate::layout::{Walk, row_major};
use crate::storage::Storage;
use crate::{Element, Tensor};

/// A copy of the elements in row-major order in a buffer of its own.
#[track_caller]
pub(crate) fn to_contiguous<T: Element>(x: &Tensor<T>) -> Tensor<T> {
    match T::copied(x) {
        Some(copy) => copy,
        None => out_of_memory::<T>("contiguous", x.shape()),
    }
}

/// The same; `None` if the system has no memory for it. Called by [`Element::copied`], so that each type's is compiled once.
pub(crate) fn copied<T: Element>(x: &Tensor<T>) -> Option<Tensor<T>> {
    if let Some(elements) = x.as_slice() {
        return Some(Tensor { storage: Storage::from_slice(x.shape(), elements)? });
    }
    if !x.is_empty() && x.strides().iter().all(|&stride| stride == 0) {
        // One number everywhere.
        let number = x.storage.as_slice()[x.layout().offset];
        return Some(Tensor { storage: Storage::full(x.shape(), number)? });
    }
    // SAFETY: `write_strided` writes each place of `x`'s shape, which is the result's.
    unsafe {
        Tensor::try_filled_by(x.layout().shape.clone(), |out| {
            write_strided(x, out, 0, &row_major(x.shape()));
        })
    }
}

/// Writes `x` into `out`, its first element at `offset`, with these strides.
pub(crate) fn write_strided<T: Element>(
    x: &Tensor<T>,
    out: &mut [MaybeUninit<T>],
    offset: usize,
    strides: &[isize],
) {
    if x.is_empty() {
        return;
    }
    let walk = Walk::new(x.shape(), [x.strides(), strides]);
    // The places written lie between these two; the places read are the tensor's own.
    let (least, most) = x.shape().iter().zip(strides).fold(
        (offset as isize, offset as isize),
        |(a, b), (&n, &s)| {
            let reach = (n as isize - 1) * s;
            if reach < 0 { (a + reach, b) } else { (a, b + reach) }
        },
    );
    assert!(0 <= least && (most as usize) < out.len(), "a copy outside its buffer");
    let source = x.first();
    // Not of a part of `out`: negative strides step back from the first element.
    let target = out.as_mut_ptr().wrapping_add(offset).cast::<T>();
    // SAFETY: every place read is one of `x`'s elements, every place written lies within `out` (asserted above), and
    // `out` is borrowed mutably, so the two do not overlap.
    unsafe { copy_axes(walk.axes(), source, target) }
}

/// # Safety
/// Every place that `axes` reach from `source` may be read, and from `target` written; the two do not overlap.
unsafe fn copy_axes<T: Copy>(axes: &[(usize, [isize; 2])], source: *const T, target: *mut T) {
    let (inner, [from, to]) = axes[axes.len() - 1];
    // An axis along which the source is dense, where the inner one is not: rows that become columns.
    let across = axes[..axes.len() - 1].iter().rposition(|&(n, [s, _])| s == 1 && n >= 4);
    if let Some(across) = across.filter(|_| from != 1 && to == 1 && inner >= 4) {
        let (columns, [_, down]) = axes[across];
        let mut outer: SmallVec<[(usize, [isize; 2]); 6]> = SmallVec::from_slice(axes);
        outer.remove(across);
        outer.pop();
        return each(&outer, 0, 0, &mut |s, t| {
            // SAFETY: within the axes.
            let (s, t) = unsafe { (source.offset(s), target.offset(t)) };
            // SAFETY: all elements lie within the axes.
            unsafe {
                Transpose { from: s, across: from, to: t, down, rows: inner, columns }.run();
            }
        });
    }
    each(&axes[..axes.len() - 1], 0, 0, &mut |s, t| {
        // SAFETY: the run lies within the axes.
        let (s, t) = unsafe { (source.offset(s), target.offset(t)) };
        match (from, to) {
            // SAFETY: as above; a call is not worth it for a handful.
            (1, 1) if inner > 16 => unsafe { std::ptr::copy_nonoverlapping(s, t, inner) },
            (0, 1) => {
                // SAFETY: as above.
                let x = unsafe { *s };
                for i in 0..inner {
                    // SAFETY: as above.
                    unsafe { *t.add(i) = x };
                }
            }
            _ => {
                for i in 0..inner as isize {
                    // SAFETY: as above.
                    unsafe { *t.offset(i * to) = *s.offset(i * from) };
                }
            }
        }
    });
}

/// Calls `run` with the steps to each place of `axes`, in row-major order.
fn each(axes: &[(usize, [isize; 2])], s: isize, t: isize, run: &mut impl FnMut(isize, isize)) {
    match axes {
        [] => run(s, t),
        [(n, [ds, dt]), rest @ ..] => {
            for i in 0..*n as isize {
                each(rest, s + i * ds, t + i * dt, run);
            }
        }
    }
}
