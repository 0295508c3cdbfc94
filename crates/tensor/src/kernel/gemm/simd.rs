//! The vectors of a kernel: a handful of instructions, and the number of registers.

use super::GemmElem;
use super::micro::{Block, Layout};

/// A body to be compiled for one instruction set. `run` must be `#[inline(always)]`, as all that it calls on vectors:
/// a function that is not inlined into [`Simd::enter`] does not have the instructions.
pub(super) trait Body<V: Simd> {
    type Output;
    /// # Safety
    /// The pointers inside are good, and the processor has the instructions of `V`.
    unsafe fn run(self) -> Self::Output;
}

/// A vector register of `LANES` elements.
///
/// # Safety
/// Every function asks that the processor has the instructions; those with pointers, that these are good for what is
/// read or written: `LANES` elements, or the masked ones (others are never touched).
pub(super) trait Simd: Copy {
    type Elem: GemmElem;
    /// Says which of the first lanes are meant.
    type Mask: Copy;
    const LANES: usize;
    /// The number of rows that a block of 1, 2, 3, 4 vectors may have without running out of registers. 0: do not.
    const HEIGHTS: [usize; 4];
    /// The number of vectors of one call of `sums`: dot products that fit the registers.
    const DOTS: usize;

    /// The same pointer, of which the compiler does not know where it comes from.
    #[inline(always)]
    fn opaque(p: *const Self::Elem) -> *const Self::Elem {
        p
    }
    /// The first `n` lanes, 1 to `LANES`.
    unsafe fn first(n: usize) -> Self::Mask;
    unsafe fn zero() -> Self;
    unsafe fn splat(x: Self::Elem) -> Self;
    unsafe fn load(p: *const Self::Elem) -> Self;
    /// Lanes not meant are zero.
    unsafe fn load_first(p: *const Self::Elem, mask: Self::Mask) -> Self;
    unsafe fn store(self, p: *mut Self::Elem);
    unsafe fn store_first(self, p: *mut Self::Elem, mask: Self::Mask);
    unsafe fn add(self, other: Self) -> Self;
    /// `self * b + c`.
    unsafe fn mul_add(self, b: Self, c: Self) -> Self;
    /// The sum of the lanes, always in the same order.
    unsafe fn sum(self) -> Self::Elem;
    /// `out[i] = acc[i].sum()`, for `N` vectors at once.
    #[inline(always)]
    unsafe fn sums<const N: usize>(acc: [Self; N], out: *mut Self::Elem) {
        for (i, v) in acc.into_iter().enumerate() {
            // SAFETY: the caller's: `out` is good for N.
            unsafe { *out.add(i) = v.sum() };
        }
    }
    /// `h` rows (at most `LANES`) of `w` elements (at most `LANES`), `lds` apart, to `w` rows of `LANES`, `ldd` apart;
    /// what is in lanes from `h` on is not said.
    #[inline(always)]
    unsafe fn transpose(
        src: *const Self::Elem,
        lds: isize,
        h: usize,
        w: usize,
        dst: *mut Self::Elem,
        ldd: usize,
    ) {
        // SAFETY: the caller's.
        unsafe {
            for q in 0..w {
                let row = dst.add(q * ldd);
                for j in 0..h {
                    *row.add(j) = *src.offset(j as isize * lds).add(q);
                }
                for j in h..Self::LANES {
                    *row.add(j) = *row;
                }
            }
        }
    }

    /// A height at or near `h` for which there is a kernel, where `left` rows are left. Of odd heights above six there is none:
    /// each is time to compile, and two low blocks are hardly slower.
    #[inline(always)]
    fn height(h: usize, left: usize) -> usize {
        match h {
            ..=6 => h,
            _ if h.is_multiple_of(2) => h,
            _ if h < left => h + 1,
            7 => 4,
            _ => h - 5,
        }
    }
    /// Calls the kernel for a block of `h` rows, as [`height`](Self::height) says, by `nv` vectors.
    unsafe fn block<L: Layout>(h: usize, nv: usize, block: &Block<Self::Elem>);
    /// Runs the body with the instructions of this vector.
    unsafe fn enter<B: Body<Self>>(body: B) -> B::Output;
}
