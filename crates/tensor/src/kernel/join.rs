//! Strided copies into parts of a row-major tensor: joining along an axis, overwriting what a view sees.

use std::mem::MaybeUninit;

use super::copy::write_strided;
use crate::layout::{Layout, row_major};
use crate::{Element, Shape, Tensor};

/// The parts one after another along `axis`. Their sizes along it add up to `shape`'s, the others are `shape`'s, which
/// passed `Shape::checked_len`. `None` if the system has no memory for it.
pub(crate) fn cat<T: Element>(
    parts: &[&Tensor<T>],
    axis: usize,
    shape: Shape,
) -> Option<Tensor<T>> {
    let fits = |part: &&Tensor<T>| {
        part.rank() == shape.len()
            && (0..shape.len()).all(|i| i == axis || part.shape()[i] == shape[i])
    };
    assert!(parts.iter().all(fits), "parts of another shape");
    let whole = parts.iter().try_fold(0usize, |sum, part| sum.checked_add(part.shape()[axis]));
    assert_eq!(whole, Some(shape[axis]), "parts that do not fill the whole");
    assert!(Shape::checked_len(&shape).is_some(), "more elements than memory can address");
    let strides = row_major(&shape);
    // SAFETY: the parts, by the assertions above, fill the shape: each is written where the one before ended.
    unsafe {
        Tensor::try_filled_by(shape, |out| {
            let mut start = 0;
            for part in parts.iter().filter(|part| !part.is_empty()) {
                write_strided(part, out, start * strides[axis] as usize, &strides);
                start += part.shape()[axis];
            }
        })
    }
}

/// Writes `x` where `place` says in `out`. They have one shape.
pub(crate) fn overwrite<T: Element>(out: &mut [T], place: &Layout, x: &Tensor<T>) {
    assert_eq!(x.shape(), &*place.shape, "a part of another shape");
    let len = out.len();
    let out = out.as_mut_ptr().cast::<MaybeUninit<T>>();
    // SAFETY: `MaybeUninit<T>` lies in memory as `T`, and `write_strided` only writes elements of `x`, which are
    // initialised, so that `out` stays so.
    let out = unsafe { std::slice::from_raw_parts_mut(out, len) };
    write_strided(x, out, place.offset, &place.strides);
}
