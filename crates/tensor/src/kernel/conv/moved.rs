//! A convolution, and the gradient of its input, without columns: what a place of the window sees is the image itself, moved, which the
//! product reads where it lies.
//!
//! Of each row of the padded image all positions are taken. What lies between two rows of results, where a window would reach from
//! the end of a row into the next, is left out when they are copied.

use smallvec::SmallVec;

use super::columns::Image;
use super::rows::{CopyRows, Spread};
use super::{Sizes, product};
use crate::Float;
use crate::kernel::gemm::{Init, Mat, Moved, Scratch};
use crate::kernel::pool::Shared;
use crate::kernel::transpose::Transpose;

/// Elements of results with what lies between their rows that are kept at a time: they stay in the second cache.
const KEPT: usize = 1 << 15;

impl Sizes {
    /// True if the convolution is done in this way, which is of use if steps are 1 and rows long.
    pub(crate) fn is_moved(&self) -> bool {
        self.is_worth(self.counts)
    }
    /// The same for the gradient of the input, in which what lies outside the output counts as 0: right of finite weights alone.
    pub(crate) fn is_moved_back(&self) -> bool {
        self.is_worth(self.places)
    }
    /// True if the rows of `kept` results with what lies between them are not many more than the windows.
    fn is_worth(&self, [d, down, across]: [usize; 3]) -> bool {
        let all = d * ((down - 1) * self.padded()[2] + across);
        self.stride == [1; 3] && self.kernel != [1; 3] && all / 5 * 4 <= self.windows()
    }

    /// A place of the window, counted in positions of the padded image from the first.
    fn shift(&self, [z, y, x]: [usize; 3]) -> usize {
        let ([_, h, w], [da, db, de]) = (self.padded(), self.dilation);
        (z * da * h + y * db) * w + x * de
    }
    /// All of them, in order.
    pub(super) fn shifts(&self) -> impl Iterator<Item = usize> {
        let [a, b, e] = self.kernel;
        (0..a * b * e).map(move |i| self.shift([i / (b * e), i / e % b, i % e]))
    }
    /// The last of them.
    fn farthest(&self) -> usize {
        self.shift(self.kernel.map(|size| size - 1))
    }
}

/// y = weight · windows of x + bias.
///
/// # Safety
/// As [`super::forward`].
pub(crate) unsafe fn forward<T: Float>(
    s: &Sizes,
    x: *const T,
    weight: *const T,
    bias: Option<*const T>,
    y: *mut T,
) {
    let ([outputs, inputs, places], k, plane) = (s.weight(), s.terms(), product(s.padded()));
    let mut turned = Scratch::new::<T>(s.groups * outputs * k);
    let turned: *mut T = turned.ptr();
    for o in 0..s.groups * outputs {
        let (rows, across, columns, down) = (inputs, places as isize, places, inputs as isize);
        // SAFETY: the caller's, and the scratch is as large as the weight.
        unsafe {
            let (from, to) = (weight.add(o * k), turned.add(o * k));
            Transpose { from, across, to, down, rows, columns }.run();
        }
    }
    let starts: Starts = s.shifts().map(usize::cast_signed).collect();
    let shared = Shared((x, turned.cast_const(), bias, y));
    s.share(&|samples| {
        let (x, turned, bias, y) = shared.get();
        let (mut image, mut wide) = (Image::new(s), Wide::new(s, s.counts, outputs));
        for g in samples.start * s.groups..samples.end * s.groups {
            let first = g % s.groups * outputs;
            // SAFETY: the caller's: a group of a sample lies within each; the parts write groups of their own.
            unsafe {
                wide.run(
                    y.add(g * s.output()),
                    &Moved {
                        m: outputs,
                        n: 0,
                        k: inputs,
                        a: Mat { ptr: turned.add(first * k), rs: k as isize, cs: 1 },
                        b: image.of(s, x.add(g * s.input())),
                        ldb: plane,
                        starts: &starts,
                        rest: inputs * plane - s.farthest(),
                        init: bias.map_or(Init::Zero, |bias| Init::Column(bias.add(first))),
                        c: std::ptr::null_mut(),
                        ldc: 0,
                    },
                );
            }
        }
    });
}

/// The gradient of the input: x = weightᵀ · y moved back, summed over the places of the window.
///
/// # Safety
/// As [`super::input`], but the weight is as in [`super::forward`].
pub(crate) unsafe fn input<T: Float>(s: &Sizes, y: *const T, weight: *const T, x: *mut T) {
    let ([outputs, inputs, places], k) = (s.weight(), s.terms());
    let terms = outputs * places;
    let mut turned = Scratch::new::<T>(s.groups * inputs * terms);
    let turned: *mut T = turned.ptr();
    for i in 0..s.groups * inputs {
        let (rows, across, columns, down) = (outputs, k as isize, places, outputs as isize);
        // SAFETY: the caller's, and the scratch is as large as the weight.
        unsafe {
            let from = weight.add(i / inputs * outputs * k + i % inputs * places);
            let to = turned.add(i * terms);
            Transpose { from, across, to, down, rows, columns }.run();
        }
    }
    let starts: Starts = s.shifts().map(|shift| -shift.cast_signed()).collect();
    let shared = Shared((x, turned.cast_const(), y));
    s.share(&|samples| {
        let (x, turned, y) = shared.get();
        let mut wide = Wide::new(s, s.places, inputs);
        let [_, h, w] = s.padded();
        // Zeros as far as the farthest place looks back, then the rows of windows with zeros between and behind them.
        let (back, row) = (s.farthest(), s.farthest() + product(s.padded()));
        let first = back + (s.before[0] * h + s.before[1]) * w + s.before[2];
        let mut spread = Spread::new(s, back, row);
        for g in samples.start * s.groups..samples.end * s.groups {
            // SAFETY: as in `forward`.
            unsafe {
                let output = spread.of(s, y.add(g * s.output()));
                let ptr = turned.add(g % s.groups * inputs * terms);
                wide.run(
                    x.add(g * s.input()),
                    &Moved {
                        m: inputs,
                        n: 0,
                        k: outputs,
                        a: Mat { ptr, rs: terms as isize, cs: 1 },
                        b: output.add(first),
                        ldb: row,
                        starts: &starts,
                        rest: outputs * row - first,
                        init: Init::Zero,
                        c: std::ptr::null_mut(),
                        ldc: 0,
                    },
                );
            }
        }
    });
}

/// The starts of a product, of which those of the usual windows need no memory of their own.
type Starts = SmallVec<[isize; 64]>;

/// Results of `kept` places, `[d, h, w]`, whose rows lie as far apart as in the padded image.
struct Wide<T> {
    kept: [usize; 3],
    padded: [usize; 3],
    /// Rows that are done at a time.
    rows: usize,
    scratch: Scratch,
    element: std::marker::PhantomData<T>,
}

impl<T: Float> Wide<T> {
    /// Room for `m` such results.
    fn new(s: &Sizes, kept: [usize; 3], m: usize) -> Self {
        let padded = s.padded();
        let rows = (KEPT / (m * padded[2]).max(1)).clamp(1, kept[1]);
        let len = if rows > 1 && kept[2] < padded[2] { m * rows * padded[2] } else { 0 };
        let scratch = Scratch::new::<T>(len);
        Self { kept, padded, rows, scratch, element: std::marker::PhantomData }
    }

    /// Does the product, which says neither n nor C, for all places, and writes them one after another.
    ///
    /// # Safety
    /// As [`Moved::run`]; `out` is good for writes of m times so many.
    unsafe fn run(&mut self, out: *mut T, whole: &Moved<'_, T>) {
        let ([d, down, across], [_, h, w]) = (self.kept, self.padded);
        let all = d * down * across;
        for z in 0..d {
            for y in (0..down).step_by(self.rows) {
                let rows = self.rows.min(down - y);
                let (from, n) = ((z * h + y) * w, (rows - 1) * w + across);
                // SAFETY: the caller's; the scratch has room for `rows` rows of each of the m.
                unsafe {
                    let out = out.add((z * down + y) * across);
                    let lies = n == rows * across;
                    let (c, ldc) = if lies { (out, all) } else { (self.scratch.ptr(), n) };
                    let b = whole.b.add(from);
                    T::moved_product(&Moved { n, b, rest: whole.rest - from, c, ldc, ..*whole });
                    if !lies {
                        let rows = CopyRows {
                            counts: [1, whole.m, rows],
                            len: across,
                            from: (c.cast_const(), [0, n, w]),
                            to: (out, [0, all, across]),
                        };
                        rows.copy();
                    }
                }
            }
        }
    }
}
