//! Copies of short rows, such as those of an image to a padded one: a call for each would cost more than the copy.

use std::marker::PhantomData;

use super::{Sizes, product};
use crate::Float;
use crate::kernel::gemm::Scratch;
use crate::kernel::level::{Arch, Kernel, Level, dispatch};

/// Rows of `len` elements, so many along each of three axes, to other places.
pub(super) struct CopyRows<T> {
    pub(super) counts: [usize; 3],
    pub(super) len: usize,
    /// The first row, and the elements from one to the next along each axis.
    pub(super) from: (*const T, [usize; 3]),
    pub(super) to: (*mut T, [usize; 3]),
}

impl<T: Float> CopyRows<T> {
    /// Copies them.
    ///
    /// # Safety
    /// Each row may be read, and written where it goes; none of those overlap.
    pub(super) unsafe fn copy(self) {
        dispatch(self);
    }
}

impl<T: Float> Kernel for CopyRows<T> {
    type Output = ();
    const BEST: Level = Level::Avx2;
    #[inline(always)]
    fn run<A: Arch>(self) {
        let ((from, [fa, fb, fc]), (to, [ta, tb, tc])) = (self.from, self.to);
        for a in 0..self.counts[0] {
            for b in 0..self.counts[1] {
                for c in 0..self.counts[2] {
                    let (i, o) = (a * fa + b * fb + c * fc, a * ta + b * tb + c * tc);
                    // SAFETY: `copy`'s.
                    unsafe { copy_run(from.add(i), to.add(o), self.len) }
                }
            }
        }
    }
}

impl Sizes {
    /// The rows of the image of a group: their numbers and length, the distances between them, and in the padded image the first of
    /// them and the distances there.
    pub(super) fn rows(&self) -> ([usize; 3], usize, [usize; 3], (usize, [usize; 3])) {
        let ([pd, ph, pw], [_, h, w]) = (self.places, self.padded());
        let first = (self.before[0] * h + self.before[1]) * w + self.before[2];
        let image = [product(self.places), ph * pw, pw];
        ([self.inputs, pd, ph], pw, image, (first, [product(self.padded()), h * w, w]))
    }
}

/// The output of a group with its rows as far apart as those of the padded image, and zeros before, between and behind them.
pub(super) struct Spread<T> {
    before: usize,
    each: usize,
    scratch: Scratch,
    element: PhantomData<T>,
}

impl<T: Float> Spread<T> {
    /// Room for outputs of `each` elements, `before` zeros ahead of the first row.
    pub(super) fn new(s: &Sizes, before: usize, each: usize) -> Self {
        let mut scratch = Scratch::new::<T>(s.outputs * each);
        // SAFETY: the scratch has room for so many elements, and all bits 0 are the number 0.
        unsafe { scratch.ptr::<T>().write_bytes(0, s.outputs * each) };
        Self { before, each, scratch, element: PhantomData }
    }

    /// The output of these elements.
    ///
    /// # Safety
    /// `y` is good for the output of a group, whose rows with what lies between them fit `each`.
    pub(super) unsafe fn of(&mut self, s: &Sizes, y: *const T) -> *const T {
        let spread = self.scratch.ptr::<T>();
        let ([_, h, w], [d, down, across]) = (s.padded(), s.counts);
        // SAFETY: the caller's.
        unsafe {
            let rows = CopyRows {
                counts: [s.outputs, d, down],
                len: across,
                from: (y, [s.windows(), down * across, across]),
                to: (spread.add(self.before), [self.each, h * w, w]),
            };
            rows.copy();
        }
        spread
    }
}

/// Copies a run: eight elements at a time, the last ones once more, as a call for so few costs more than the copy.
///
/// # Safety
/// Both are good for `len` elements, and do not overlap.
#[inline(always)]
pub(super) unsafe fn copy_run<T: Float>(from: *const T, to: *mut T, len: usize) {
    // SAFETY: the caller's.
    unsafe {
        if len >= 8 {
            let mut i = 0;
            while i + 8 <= len {
                to.add(i)
                    .cast::<[T; 8]>()
                    .write_unaligned(from.add(i).cast::<[T; 8]>().read_unaligned());
                i += 8;
            }
            let i = len - 8;
            to.add(i)
                .cast::<[T; 8]>()
                .write_unaligned(from.add(i).cast::<[T; 8]>().read_unaligned());
        } else {
            for i in 0..len {
                *to.add(i) = *from.add(i);
            }
        }
    }
}
