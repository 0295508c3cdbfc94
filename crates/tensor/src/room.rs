//! Room for elements that are still to be written.

use std::mem::MaybeUninit;
use std::ops::Range;

use crate::error::no_memory;
use crate::{Element, Result, Shape, Tensor};

/// Elements that are still to be written.
pub(crate) type Room<T> = [MaybeUninit<T>];

/// Two tensors, whose elements `fill` writes.
///
/// # Safety
/// When `fill` returns, every element of both is initialised.
#[track_caller]
pub(crate) unsafe fn two<T: Element, U: Element>(
    op: &'static str,
    first: Shape,
    second: Shape,
    fill: impl FnOnce(&mut Room<T>, &mut Room<U>),
) -> Result<(Tensor<T>, Tensor<U>)> {
    Shape::len_or_refuse(op, &first)?;
    Shape::len_or_refuse(op, &second)?;
    let mut other = None;
    // SAFETY: the caller's. If there is no memory for the second tensor, nobody reads the first.
    let one = unsafe {
        Tensor::try_filled_by(first.clone(), |a| {
            other = Tensor::try_filled_by(second.clone(), |b| fill(a, b));
        })
    };
    match (one, other) {
        (Some(one), Some(other)) => Ok((one, other)),
        (None, _) => Err(no_memory::<T>(op, &first)),
        (_, None) => Err(no_memory::<U>(op, &second)),
    }
}

/// A part of a room that several threads write.
///
/// # Safety
/// `all` is good for it as long as the part is used, and nothing else reads or writes it meanwhile.
#[inline(always)]
pub(crate) unsafe fn part<'a, T>(all: *mut MaybeUninit<T>, at: Range<usize>) -> &'a mut Room<T> {
    // SAFETY: the caller's.
    unsafe { std::slice::from_raw_parts_mut(all.add(at.start), at.len()) }
}

/// [`part`], of elements that were written.
///
/// # Safety
/// They were, `all` is good for it as long as the part is used, and nothing writes it meanwhile.
#[inline(always)]
pub(crate) unsafe fn written_part<'a, T>(all: *mut MaybeUninit<T>, at: Range<usize>) -> &'a [T] {
    // SAFETY: the caller's.
    unsafe { std::slice::from_raw_parts(all.add(at.start).cast(), at.len()) }
}

/// Elements that were written.
///
/// # Safety
/// They were.
#[inline(always)]
pub(crate) unsafe fn written<T>(room: &Room<T>) -> &[T] {
    // SAFETY: the two have the same layout, and the caller's promise.
    unsafe { &*(std::ptr::from_ref(room) as *const [T]) }
}

/// [`written`], to write others in their place.
///
/// # Safety
/// They were.
#[inline(always)]
pub(crate) unsafe fn written_mut<T>(room: &mut Room<T>) -> &mut [T] {
    // SAFETY: as above.
    unsafe { &mut *(std::ptr::from_mut(room) as *mut [T]) }
}

/// Elements as room for others.
///
/// # Safety
/// Only initialised elements are written there.
pub(crate) unsafe fn as_room<T>(elements: &mut [T]) -> &mut Room<T> {
    // SAFETY: the two have the same layout, and the caller's promise.
    unsafe { &mut *(std::ptr::from_mut(elements) as *mut Room<T>) }
}
