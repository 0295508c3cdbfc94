//! Convolutions as products: the windows of an image are the columns of a matrix, some of which are copied at a time to where the
//! product reads them, and never all. Where steps are 1, [`moved`] and [`shifted`] do without the copy.
//!
//! Each sample is done by one thread, in the same steps whatever their number, so that no bit depends on it. The gradient of the
//! weight is a sum over samples: of a fixed number of blocks of them, in order.

mod columns;
pub(crate) mod moved;
mod rows;
pub(crate) mod shifted;

use self::columns::{AddColumns, Columns, CopyColumns, Image};
use self::rows::CopyRows;
use super::gemm::{Init, Mat, Scratch};
use super::level::dispatch;
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
    /// Outputs, inputs and places of the window of a group: the sizes of its weight.
    pub(crate) fn weight(&self) -> [usize; 3] {
        [self.outputs, self.inputs, product(self.kernel)]
    }
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

/// Calls `part` with the columns from one to before another, in pieces of at most `width`, of so many.
fn pieces(all: usize, width: usize, mut part: impl FnMut(usize, usize)) {
    let mut from = 0;
    while from < all {
        let to = (from + width).min(all);
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
                let init =
                    bias.map_or(Init::Zero, |bias| Init::Column(bias.add(group * s.outputs)));
                if s.is_plain() {
                    let b = Mat { ptr: x, rs: windows as isize, cs: 1 };
                    T::product(s.outputs, windows, k, a, b, init, y, windows);
                    continue;
                }
                let image = image.of(s, x);
                pieces(windows, width, |from, to| {
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
                pieces(windows, width, |from, to| {
                    let out = scratch.ptr();
                    T::product(k, to - from, s.outputs, a, part(from), Init::Zero, out, pitch);
                    dispatch(AddColumns(Columns::new(s, image, out, pitch, (from, to))));
                });
                if s.is_padded() {
                    let (counts, len, places, (first, padded)) = s.rows();
                    let image = image.add(first).cast_const();
                    CopyRows { counts, len, from: (image, padded), to: (x, places) }.copy();
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
                pieces(windows, width, |from, to| {
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
