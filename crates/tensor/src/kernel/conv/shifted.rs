//! The gradient of a convolution's weight, place by place of the window: each is a product with the whole image, moved by so much.
//!
//! All positions of the padded image are taken, row after row, from the first window to the last. Between two rows, where a window
//! would reach from the end of a row into the next, the gradient of the output is 0, which is only right of finite numbers. In return
//! no column is copied, and a piece of the image that lies in the first cache serves all places of the window.

use super::columns::Image;
use super::rows::Spread;
use super::{Sizes, pieces, product};
use crate::Float;
use crate::kernel::gemm::{Init, Mat, Scratch};
use crate::kernel::pool::{self, Shared};
use crate::kernel::transpose::Transpose;

/// Positions that are multiplied at a time for the gradient of the weight.
const DEPTH: usize = 512;
/// With fewer channels or outputs, products are mostly their beginning and end.
const MANY: usize = 16;

impl Sizes {
    /// True if the gradient is found in this way, which is of use if steps are 1, channels many, and the zeros few.
    pub(crate) fn is_shifted(&self) -> bool {
        let many = self.inputs >= MANY && self.outputs >= MANY;
        many && self.stride == [1; 3]
            && self.kernel != [1; 3]
            && self.positions() <= self.windows() / 4 * 5
    }

    /// The positions from the first window to the last.
    fn positions(&self) -> usize {
        let ([_, h, w], [d, down, across]) = (self.padded(), self.counts);
        ((d - 1) * h + down - 1) * w + across
    }

    /// The padded image of a group from this position on: a matrix of its channels × positions.
    fn moved<T>(&self, image: *const T, position: usize) -> Mat<T> {
        let plane = product(self.padded()) as isize;
        Mat { ptr: image.wrapping_add(position), rs: plane, cs: 1 }
    }

    /// The weights of one place of the window, of a group: a matrix of `outputs` × `inputs`.
    fn place<T>(&self, weight: *const T, group: usize, place: usize) -> *const T {
        let each = self.outputs * self.inputs;
        weight.wrapping_add((group * product(self.kernel) + place) * each)
    }
}

/// The gradient of the weight: image moved · yᵀ, for each place of the window, `[blocks, groups, places, inputs, outputs]`.
///
/// # Safety
/// As [`super::weight`].
pub(crate) unsafe fn weight<T: Float>(s: &Sizes, x: *const T, y: *const T, out: *mut T) {
    let (positions, blocks) = (s.positions(), super::blocks(s));
    let shared = Shared((x, y, out));
    pool::run(blocks, &|block| {
        let (x, y, out) = shared.get();
        let each = s.groups * s.outputs * s.terms();
        let mut image = Image::new(s);
        let mut spread = (positions > s.windows()).then(|| Spread::new(s, 0, positions));
        let mut turned = Scratch::new::<T>(positions * s.outputs);
        let samples = s.samples * block / blocks..s.samples * (block + 1) / blocks;
        // SAFETY: as in `input`; the blocks write weights of their own. All bits 0 are the number 0.
        unsafe {
            let out = out.add(block * each);
            out.write_bytes(0, each);
            for g in samples.start * s.groups..samples.end * s.groups {
                let image = image.of(s, x.add(g * s.input()));
                let to: *mut T = turned.ptr();
                let (down, across) = (s.outputs as isize, positions as isize);
                let (rows, columns) = (s.outputs, positions);
                let y = y.add(g * s.output());
                let from = spread.as_mut().map_or(y, |spread| spread.of(s, y));
                Transpose { from, across, to, down, rows, columns }.run();
                pieces(positions, DEPTH, |first, last| {
                    let b = to.add(first * s.outputs).cast_const();
                    let b = Mat { ptr: b, rs: down, cs: 1 };
                    for (place, shift) in s.shifts().enumerate() {
                        let a = s.moved(image, shift + first);
                        let c = s.place(out, g % s.groups, place).cast_mut();
                        let init = Init::Accumulate;
                        T::product(s.inputs, s.outputs, last - first, a, b, init, c, s.outputs);
                    }
                });
            }
        }
    });
}
