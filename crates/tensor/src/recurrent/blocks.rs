//! Vectors of one length, side by side: a function of the numbers at each place.

use crate::Float;

/// Numbers of each vector that are read into an array, and then written from one.
const BLOCK: usize = 32;

/// The numbers of `read` at each place, and those that `of` gives of them, to the same place of each of `write`.
///
/// Between reading and writing, the numbers stand in arrays of one known length, which overlap with nothing. So the compiler makes
/// vectors of the loop over them, whatever it knows of the pointers.
///
/// # Safety
/// `len` numbers may be read at each of `read` and written at each of `write`. One of `write` may be one of `read`, and overlaps with no
/// other.
// Loops by index, as in `kernel/update.rs`: the inner ones are flattened before the vectoriser looks.
#[allow(clippy::needless_range_loop)]
#[inline(always)]
pub(super) unsafe fn each<T: Float, const I: usize, const O: usize>(
    read: [*const T; I],
    write: [*mut T; O],
    len: usize,
    of: impl Fn([T; I]) -> [T; O],
) {
    let mut start = 0;
    while start < len {
        let count = BLOCK.min(len - start);
        let mut x = [[T::ZERO; BLOCK]; I];
        for k in 0..I {
            // SAFETY: `count` numbers from `start` on are within `len`, and the array is no part of them.
            unsafe {
                let from = read[k].add(start);
                if count == BLOCK {
                    x[k] = from.cast::<[T; BLOCK]>().read();
                } else {
                    std::ptr::copy_nonoverlapping(from, x[k].as_mut_ptr(), count);
                }
            }
        }
        let mut y = [[T::ZERO; BLOCK]; O];
        for j in 0..BLOCK {
            let mut at = [T::ZERO; I];
            for k in 0..I {
                at[k] = x[k][j];
            }
            let new = of(at);
            for k in 0..O {
                y[k][j] = new[k];
            }
        }
        for k in 0..O {
            // SAFETY: as above.
            unsafe {
                let to = write[k].add(start);
                if count == BLOCK {
                    to.cast::<[T; BLOCK]>().write(y[k]);
                } else {
                    std::ptr::copy_nonoverlapping(y[k].as_ptr(), to, count);
                }
            }
        }
        start += count;
    }
}
