//! Writing a new tensor from its first element to its last, without filling it before.

use std::mem::MaybeUninit;

use crate::error::no_memory;
use crate::{Element, Result, Shape, Tensor};

/// A writer of the elements of a new tensor, in row-major order.
pub(crate) struct Writer<'a, T> {
    room: &'a mut [MaybeUninit<T>],
    written: usize,
}

impl<T: Copy> Writer<'_, T> {
    /// The next element.
    #[inline(always)]
    pub(crate) fn push(&mut self, element: T) {
        self.room[self.written].write(element);
        self.written += 1;
    }

    /// The next elements.
    #[inline(always)]
    pub(crate) fn extend(&mut self, elements: &[T]) {
        for (out, &element) in self.room[self.written..][..elements.len()].iter_mut().zip(elements)
        {
            out.write(element);
        }
        self.written += elements.len();
    }
}

/// A row-major tensor of `shape`, whose elements `write` gives in that order.
#[track_caller]
pub(crate) fn written<T: Element>(
    op: &'static str,
    shape: Shape,
    write: impl FnOnce(&mut Writer<T>),
) -> Result<Tensor<T>> {
    Shape::len_or_refuse(op, &shape)?;
    // SAFETY: the shape was checked. A writer writes every place below `written`, and what may be left is filled after it.
    let tensor = unsafe {
        Tensor::try_filled_by(shape.clone(), |room| {
            let mut writer = Writer { room, written: 0 };
            write(&mut writer);
            debug_assert_eq!(writer.written, writer.room.len());
            let written = writer.written;
            writer.room[written..].fill(MaybeUninit::new(T::default()));
        })
    };
    match tensor {
        Some(tensor) => Ok(tensor),
        None => Err(no_memory::<T>(op, &shape)),
    }
}
