//! Copies of pieces of B in the order in which the kernel reads them.

use super::Mat;
use super::simd::Simd;
use crate::Number;

/// `k` rows of `w` columns of B to rows `ldo` apart, in whole vectors: what comes beyond `w` is not said.
///
/// # Safety
/// `b` is good for k × w, `out` for k × `ldo`; `ldo` is a multiple of the lanes, at least w; the processor has V.
#[inline(always)]
pub(super) unsafe fn panel<V: Simd>(
    k: usize,
    w: usize,
    b: Mat<V::Elem>,
    out: *mut V::Elem,
    ldo: usize,
) {
    // SAFETY: the caller's.
    unsafe {
        if b.cs == 1 {
            copy_rows::<V>(k, w, b, out, ldo);
        } else if b.rs == 1 {
            let mut j = 0;
            while j < w {
                let h = (w - j).min(V::LANES);
                let from = b.ptr.offset(j as isize * b.cs);
                let mut p = 0;
                while p < k {
                    // A short rest is done with what is before it once more: whole blocks are faster.
                    let d = k.min(V::LANES);
                    let q = p.min(k - d);
                    V::transpose(from.add(q), b.cs, h, d, out.add(q * ldo + j), ldo);
                    p += d;
                }
                j += h;
            }
        } else {
            for p in 0..k {
                for j in 0..w.next_multiple_of(V::LANES) {
                    *out.add(p * ldo + j) = if j < w { *b.at(p, j).ptr } else { V::Elem::ZERO };
                }
            }
        }
    }
}

/// `k` rows of `w` columns of B as panels two vectors wide, `size` apart; the last may be one vector wide.
///
/// # Safety
/// As [`panel`].
#[inline(always)]
pub(super) unsafe fn panels<V: Simd>(
    k: usize,
    w: usize,
    b: Mat<V::Elem>,
    out: *mut V::Elem,
    size: usize,
) {
    let nr = 2 * V::LANES;
    let mut j = 0;
    // SAFETY: the caller's.
    unsafe {
        let whole = w / nr;
        if b.cs == 1 && whole > 0 {
            // Long pieces of the rows, which lie far apart.
            for p in 0..k {
                let (from, to) = (b.at(p, 0).ptr, out.add(p * nr));
                for q in 0..whole {
                    V::load(from.add(q * nr)).store(to.add(q * size));
                    V::load(from.add(q * nr + V::LANES)).store(to.add(q * size + V::LANES));
                }
            }
            j = whole * nr;
        }
        while j < w {
            let width = (w - j).min(nr);
            let ldo = width.next_multiple_of(V::LANES);
            panel::<V>(k, width, b.at(0, j), out.add(j / nr * size), ldo);
            j += width;
        }
    }
}

/// # Safety
/// As `panel`, and the rows of B are contiguous.
#[inline(always)]
unsafe fn copy_rows<V: Simd>(k: usize, w: usize, b: Mat<V::Elem>, out: *mut V::Elem, ldo: usize) {
    let last = (w - 1) / V::LANES * V::LANES;
    // SAFETY: the caller's.
    unsafe {
        let mask = V::first(w - last);
        for p in 0..k {
            let (from, to) = (b.ptr.offset(p as isize * b.rs), out.add(p * ldo));
            let mut j = 0;
            while j < last {
                V::load(from.add(j)).store(to.add(j));
                j += V::LANES;
            }
            V::load_first(from.add(last), mask).store(to.add(last));
        }
    }
}
