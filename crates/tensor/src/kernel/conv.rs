//! Convolutions as products: the windows of an image are the columns of a matrix, some of which are copied at a time to where the
//! product reads them, and never all.
//!
//! Each sample is done by one thread, in the same steps whatever their number, so that no bit depends on it. The gradient of the
//! weight is a sum over samples: of a fixed number of blocks of them, in order.

use super::gemm::{Init, Mat, Scratch};
use super::level::{Arch, Kernel, dispatch};
use super::pool::{self, Shared};
use crate::Float;

/// Elements of the columns that are copied at a time: they stay in the first cache.
const COLUMNS: usize = 8192;
/// Multiply-adds from which on a second thread brings more than calling it costs.
const WORTH: usize = 3 << 19;
/// No part is less work than this.
const PART: usize = 3 << 18;
/// The number of blocks of samples whose gradients of the weight are summed by themselves.
const BLOCKS: usize = 8;

/// The sizes of a convolution of three axes, the first of which may be 1.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    pub(crate) samples: usize,
    pub(crate) groups: usize,
    /// Channels and outputs of a group.
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
    /// Places of the input, and before and after them zeros.
    pub(crate) places: [usize; 3],
    pub(crate) before: [usize; 3],
    pub(crate) after: [usize; 3],
    pub(crate) kernel: [usize; 3],
    pub(crate) stride: [usize; 3],
    pub(crate) dilation: [usize; 3],
    /// Numbers of windows.
    pub(crate) counts: [usize; 3],
}

fn product(of: [usize; 3]) -> usize {
    of[0] * of[1] * of[2]
}

impl Sizes {
    /// The rows of the columns: elements that a window sees.
    fn terms(&self) -> usize {
        self.inputs * product(self.kernel)
    }
    /// The number of columns: windows of a sample.
    fn windows(&self) -> usize {
        product(self.counts)
    }
    fn padded(&self) -> [usize; 3] {
        std::array::from_fn(|i| self.before[i] + self.places[i] + self.after[i])
    }
    /// Elements of the input of a group of a sample.
    fn input(&self) -> usize {
        self.inputs * product(self.places)
    }
    /// Elements of the output of a group of a sample.
    fn output(&self) -> usize {
        self.outputs * self.windows()
    }
    fn is_padded(&self) -> bool {
        self.before != [0; 3] || self.after != [0; 3]
    }
    /// Whether the columns are the image itself.
    fn is_plain(&self) -> bool {
        !self.is_padded() && self.kernel == [1; 3] && self.stride == [1; 3]
    }
    /// Multiply-adds of a sample.
    fn work(&self) -> usize {
        self.groups.saturating_mul(self.terms()).saturating_mul(self.output())
    }
    /// The number of columns that are copied at a time, if they may have so many elements: those of whole rows, if one fits.
    fn width(&self, elements: usize) -> usize {
        let (fit, across) = (elements / self.terms().max(1), self.counts[2]);
        let fit = (fit / 32 * 32).max(64).min(self.windows());
        if fit < across { fit } else { fit / across * across }
    }

    /// Calls `part` with ranges of samples, on all threads.
    fn share(&self, part: &(dyn Fn(std::ops::Range<usize>) + Sync)) {
        let all = self.samples;
        let worth = self.work().saturating_mul(all) >= WORTH;
        let parts = if worth { (self.work().saturating_mul(all) / PART).clamp(1, all) } else { 1 };
        pool::run(parts, &|i| part(all * i / parts..all * (i + 1) / parts));
    }
}

/// The image of a group of a sample with its padding: where it lies, or a copy.
struct Image<T> {
    scratch: Scratch,
    element: std::marker::PhantomData<T>,
}

impl<T: Float> Image<T> {
    /// Room for an image with its padding, all zeros.
    fn new(s: &Sizes) -> Self {
        let len = if s.is_padded() { s.inputs * product(s.padded()) } else { 0 };
        let mut scratch = Scratch::new::<T>(len);
        // SAFETY: the scratch has room for so many elements, and all bits 0 are the number 0.
        unsafe { scratch.ptr::<T>().write_bytes(0, len) };
        Self { scratch, element: std::marker::PhantomData }
    }

    /// Calls `row` with each row of the image and where it is in the padded one.
    fn rows(s: &Sizes, mut row: impl FnMut(usize, usize)) {
        let [_, h, w] = s.padded();
        for c in 0..s.inputs {
            for z in 0..s.places[0] {
                for y in 0..s.places[1] {
                    let from = ((c * s.places[0] + z) * s.places[1] + y) * s.places[2];
                    let plane = c * s.padded()[0] + s.before[0] + z;
                    row(from, (plane * h + s.before[1] + y) * w + s.before[2]);
                }
            }
        }
    }

    /// The padded image of these elements.
    ///
    /// # Safety
    /// `x` is good for the input of a group.
    unsafe fn of(&mut self, s: &Sizes, x: *const T) -> *const T {
        if !s.is_padded() {
            return x;
        }
        let padded = self.scratch.ptr::<T>();
        // SAFETY: the caller's, and each row lies within the padded image.
        Self::rows(s, |from, to| unsafe {
            std::ptr::copy_nonoverlapping(x.add(from), padded.add(to), s.places[2]);
        });
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

/// Copies a run: eight elements at a time, the last ones once more, as a call for so few costs more than the copy.
///
/// # Safety
/// Both are good for `len` elements, and do not overlap.
#[inline(always)]
unsafe fn copy_run<T: Float>(from: *const T, to: *mut T, len: usize) {
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

/// Columns of windows, next to the padded image that they are of: those from one to before another, `pitch` apart from row to row.
struct Columns<'a, T> {
    sizes: &'a Sizes,
    image: *mut T,
    columns: *mut T,
    pitch: usize,
    range: (usize, usize),
}

impl<'a, T: Float> Columns<'a, T> {
    /// # Safety
    /// `image` is good for a padded image, and `columns` for so many elements in each row.
    unsafe fn new(
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
struct CopyColumns<'a, T>(Columns<'a, T>);

impl<T: Float> Kernel for CopyColumns<'_, T> {
    type Output = ();
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
struct AddColumns<'a, T>(Columns<'a, T>);

impl<T: Float> Kernel for AddColumns<'_, T> {
    type Output = ();
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

/// Calls `part` with the columns from one to before another, in pieces of at most `width`.
fn pieces(s: &Sizes, width: usize, mut part: impl FnMut(usize, usize)) {
    let mut from = 0;
    while from < s.windows() {
        let to = (from + width).min(s.windows());
        part(from, to);
        from = to;
    }
}

/// y = weight · windows of x + bias.
///
/// # Safety
/// `x` is good for the inputs, `weight` for `[groups · outputs, terms]`, `bias`, if there is one, for the outputs, all in row-major
/// order, and `y` for writes of the outputs; it may be uninitialised.
pub(crate) unsafe fn forward<T: Float>(
    s: &Sizes,
    x: *const T,
    weight: *const T,
    bias: Option<*const T>,
    y: *mut T,
) {
    let (k, windows) = (s.terms(), s.windows());
    let shared = Shared((x, weight, bias, y));
    s.share(&|samples| {
        let (x, weight, bias, y) = shared.get();
        let width = s.width(COLUMNS);
        let pitch = width.next_multiple_of(16);
        let (mut image, mut scratch) = (Image::new(s), Scratch::new::<T>(k * pitch));
        for g in samples.start * s.groups..samples.end * s.groups {
            let group = g % s.groups;
            // SAFETY: the caller's: a group of a sample lies within each; the parts write groups of their own.
            unsafe {
                let (x, y) = (x.add(g * s.input()), y.add(g * s.output()));
                let a = Mat { ptr: weight.add(group * s.outputs * k), rs: k as isize, cs: 1 };
                let init = match bias {
                    None => Init::Zero,
                    Some(bias) => {
                        for o in 0..s.outputs {
                            let start = *bias.add(group * s.outputs + o);
                            (0..windows).for_each(|p| y.add(o * windows + p).write(start));
                        }
                        Init::Accumulate
                    }
                };
                if s.is_plain() {
                    let b = Mat { ptr: x, rs: windows as isize, cs: 1 };
                    T::product(s.outputs, windows, k, a, b, init, y, windows);
                    continue;
                }
                let image = image.of(s, x);
                pieces(s, width, |from, to| {
                    let out = scratch.ptr();
                    let image = image.cast_mut();
                    dispatch(CopyColumns(Columns::new(s, image, out, pitch, (from, to))));
                    let b = Mat { ptr: out.cast_const(), rs: pitch as isize, cs: 1 };
                    T::product(s.outputs, to - from, k, a, b, init, y.add(from), windows);
                });
            }
        }
    });
}

/// The gradient of the input: x = windows of weightᵀ · y, added in their places.
///
/// # Safety
/// `turned` is good for `[groups, terms, outputs]`, `y` for the outputs, and `x` for writes of the inputs; it may be uninitialised.
pub(crate) unsafe fn input<T: Float>(s: &Sizes, y: *const T, turned: *const T, x: *mut T) {
    let (k, windows) = (s.terms(), s.windows());
    let shared = Shared((x, turned, y));
    s.share(&|samples| {
        let (x, turned, y) = shared.get();
        let width = s.width(2 * COLUMNS);
        let len = if s.is_padded() { s.inputs * product(s.padded()) } else { 0 };
        let pitch = width.next_multiple_of(16);
        let (mut image, mut scratch) = (Scratch::new::<T>(len), Scratch::new::<T>(k * pitch));
        for g in samples.start * s.groups..samples.end * s.groups {
            // SAFETY: as in `forward`.
            unsafe {
                let (x, y) = (x.add(g * s.input()), y.add(g * s.output()));
                let rows = turned.add(g % s.groups * k * s.outputs);
                let a = Mat { ptr: rows, rs: s.outputs as isize, cs: 1 };
                let part = |from: usize| Mat { ptr: y.add(from), rs: windows as isize, cs: 1 };
                if s.is_plain() {
                    T::product(k, windows, s.outputs, a, part(0), Init::Zero, x, windows);
                    continue;
                }
                let image = if s.is_padded() { image.ptr() } else { x };
                image.write_bytes(0, s.inputs * product(s.padded()));
                pieces(s, width, |from, to| {
                    let out = scratch.ptr();
                    T::product(k, to - from, s.outputs, a, part(from), Init::Zero, out, pitch);
                    dispatch(AddColumns(Columns::new(s, image, out, pitch, (from, to))));
                });
                if s.is_padded() {
                    Image::<T>::rows(s, |to, from| {
                        std::ptr::copy_nonoverlapping(image.add(from), x.add(to), s.places[2]);
                    });
                }
            }
        }
    });
}

/// The number of blocks of samples that [`weight`] sums by themselves.
pub(crate) fn blocks(s: &Sizes) -> usize {
    let worth = s.work().saturating_mul(s.samples) >= WORTH;
    if worth { BLOCKS.min(s.samples).max(1) } else { 1 }
}

/// The gradient of the weight: y · windows of xᵀ, summed over the samples of each block, `[blocks, groups · outputs, terms]`.
///
/// # Safety
/// `x` is good for the inputs, `y` for the outputs, `out` for writes of so many weights; it may be uninitialised.
pub(crate) unsafe fn weight<T: Float>(s: &Sizes, x: *const T, y: *const T, out: *mut T) {
    let (k, windows, blocks) = (s.terms(), s.windows(), blocks(s));
    let shared = Shared((x, y, out));
    pool::run(blocks, &|block| {
        let (x, y, out) = shared.get();
        let each = s.groups * s.outputs * k;
        let width = s.width(8 * COLUMNS);
        let pitch = width.next_multiple_of(16);
        let (mut image, mut scratch) = (Image::new(s), Scratch::new::<T>(k * pitch));
        let samples = s.samples * block / blocks..s.samples * (block + 1) / blocks;
        // SAFETY: as in `forward`; the blocks write weights of their own. All bits 0 are the number 0.
        unsafe {
            let out = out.add(block * each);
            out.write_bytes(0, each);
            for g in samples.start * s.groups..samples.end * s.groups {
                let (x, y) = (x.add(g * s.input()), y.add(g * s.output()));
                let c = out.add(g % s.groups * s.outputs * k);
                let part = |from: usize| Mat { ptr: y.add(from), rs: windows as isize, cs: 1 };
                if s.is_plain() {
                    let b = Mat { ptr: x, rs: 1, cs: windows as isize };
                    T::product(s.outputs, k, windows, part(0), b, Init::Accumulate, c, k);
                    continue;
                }
                let image = image.of(s, x);
                pieces(s, width, |from, to| {
                    let rows = scratch.ptr();
                    let image = image.cast_mut();
                    dispatch(CopyColumns(Columns::new(s, image, rows, pitch, (from, to))));
                    let b = Mat { ptr: rows.cast_const(), rs: 1, cs: pitch as isize };
                    T::product(s.outputs, k, to - from, part(from), b, Init::Accumulate, c, k);
                });
            }
        }
    });
}
