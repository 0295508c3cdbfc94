//! The columns of a convolution: an image with its padding, and copies of its windows, there and back.

use super::rows::{CopyRows, copy_run};
use super::{Sizes, product};
use crate::Float;
use crate::kernel::gemm::Scratch;
use crate::kernel::level::{Arch, Kernel, Level};

/// The image of a group of a sample with its padding: where it lies, or a copy.
pub(super) struct Image<T> {
    scratch: Scratch,
    element: std::marker::PhantomData<T>,
}

impl<T: Float> Image<T> {
    /// Room for an image with its padding, all zeros.
    pub(super) fn new(s: &Sizes) -> Self {
        let len = if s.is_padded() { s.inputs * product(s.padded()) } else { 0 };
        let mut scratch = Scratch::new::<T>(len);
        // SAFETY: the scratch has room for so many elements, and all bits 0 are the number 0.
        unsafe { scratch.ptr::<T>().write_bytes(0, len) };
        Self { scratch, element: std::marker::PhantomData }
    }

    /// The padded image of these elements.
    ///
    /// # Safety
    /// `x` is good for the input of a group.
    pub(super) unsafe fn of(&mut self, s: &Sizes, x: *const T) -> *const T {
        if !s.is_padded() {
            return x;
        }
        let padded = self.scratch.ptr::<T>();
        let (counts, len, image, (first, places)) = s.rows();
        // SAFETY: the caller's, and each row lies within the padded image.
        unsafe {
            CopyRows { counts, len, from: (x, image), to: (padded.add(first), places) }.copy()
        };
        padded
    }
}

/// Calls `run` for each run of windows of a row, of those from one to before another: its first place in the padded image, its
/// first column, counted from `from`, and its length.
#[inline(always)]
fn runs(s: &Sizes, from: usize, to: usize, mut run: impl FnMut(usize, usize, usize)) {
    let [_, h, w] = s.padded();
    let [_, down, across] = s.counts;
    // One division here, none in the loop: it would take longer than the copy of a short run.
    let (row, mut x) = (from / across, from % across);
    let (mut z, mut y) = (row / down, row % down);
    let mut p = from;
    while p < to {
        let len = (across - x).min(to - p);
        let first = (z * s.stride[0] * h + y * s.stride[1]) * w + x * s.stride[2];
        run(first, p - from, len);
        (p, x, y) = (p + len, 0, y + 1);
        if y == down {
            (y, z) = (0, z + 1);
        }
    }
}

/// Calls `term` with the place, in the padded image, of what each element of the first window is.
#[inline(always)]
fn terms(s: &Sizes, mut term: impl FnMut(usize, usize)) {
    let [d, h, w] = s.padded();
    let mut k = 0;
    for c in 0..s.inputs {
        for a in 0..s.kernel[0] {
            for b in 0..s.kernel[1] {
                let row = ((c * d + a * s.dilation[0]) * h + b * s.dilation[1]) * w;
                for e in 0..s.kernel[2] {
                    term(k, row + e * s.dilation[2]);
                    k += 1;
                }
            }
        }
    }
}

/// Columns of windows, next to the padded image that they are of: those from one to before another, `pitch` apart from row to row.
pub(super) struct Columns<'a, T> {
    sizes: &'a Sizes,
    image: *mut T,
    columns: *mut T,
    pitch: usize,
    range: (usize, usize),
}

impl<'a, T: Float> Columns<'a, T> {
    /// # Safety
    /// `image` is good for a padded image, and `columns` for so many elements in each row.
    pub(super) unsafe fn new(
        sizes: &'a Sizes,
        image: *mut T,
        columns: *mut T,
        pitch: usize,
        range: (usize, usize),
    ) -> Self {
        Self { sizes, image, columns, pitch, range }
    }

    /// Calls `run` with the image and the columns at each run of windows, and its length.
    #[inline(always)]
    fn each(&self, run: impl Fn(*mut T, *mut T, usize)) {
        let (s, (from, to)) = (self.sizes, self.range);
        let across = s.counts[2];
        let whole_rows = from.is_multiple_of(across) && to.is_multiple_of(across);
        if whole_rows && s.counts[0] == 1 {
            let down = s.stride[1] * s.padded()[2];
            terms(s, |k, at| {
                let mut image = self.image.wrapping_add(at + from / across * down);
                let mut column = self.columns.wrapping_add(k * self.pitch);
                for _ in 0..(to - from) / across {
                    run(image, column, across);
                    image = image.wrapping_add(down);
                    column = column.wrapping_add(across);
                }
            });
            return;
        }
        terms(s, |k, at| {
            runs(s, from, to, |first, column, len| {
                let column = self.columns.wrapping_add(k * self.pitch + column);
                run(self.image.wrapping_add(at + first), column, len);
            });
        });
    }
}

/// Copies the image to its columns.
pub(super) struct CopyColumns<'a, T>(pub(super) Columns<'a, T>);

impl<T: Float> Kernel for CopyColumns<'_, T> {
    type Output = ();
    const BEST: Level = Level::Avx2;
    #[inline(always)]
    fn run<A: Arch>(self) {
        let step = self.0.sizes.stride[2];
        // SAFETY: `Columns::new`'s: a window lies within the padded image, and its columns are written.
        self.0.each(|image, columns, len| unsafe {
            if step == 1 {
                copy_run(image.cast_const(), columns, len);
            } else {
                for i in 0..len {
                    *columns.add(i) = *image.add(i * step);
                }
            }
        });
    }
}

/// Adds columns to the image that they are of.
pub(super) struct AddColumns<'a, T>(pub(super) Columns<'a, T>);

impl<T: Float> Kernel for AddColumns<'_, T> {
    type Output = ();
    const BEST: Level = Level::Avx2;
    #[inline(always)]
    fn run<A: Arch>(self) {
        let step = self.0.sizes.stride[2];
        // SAFETY: as for `CopyColumns`, the image being written.
        self.0.each(|image, columns, len| unsafe {
            let add = |image: *mut T, i: usize| *image = image.read().plus(*columns.add(i));
            // The compiler's loop is for long runs.
            let eights = if step == 1 && len < 64 { len / 8 * 8 } else { 0 };
            for start in (0..eights).step_by(8) {
                (start..start + 8).for_each(|i| add(image.add(i), i));
            }
            (eights..len).for_each(|i| add(image.add(i * step), i));
        });
    }
}
