//! The sum of products whose B is one matrix, moved: what the places of a window see of an image.

use super::direct::widest;
use super::elem::run;
use super::micro::Block;
use super::plan::RUN;
use super::simd::{Body, Simd};
use super::{GemmElem, Init, Mat};

/// C = init + A₀ B₀ + A₁ B₁ + …: each Aᵢ is the next k columns of A, and Bᵢ is `[k, n]` from the start i on.
///
/// The order of the sums follows from the number of starts and k alone.
#[derive(Clone, Copy, Debug)]
pub struct Moved<'a, T> {
    /// Rows of C.
    pub m: usize,
    /// Columns of C.
    pub n: usize,
    /// Rows of each Bᵢ.
    pub k: usize,
    /// `[m, starts · k]`, its rows contiguous.
    pub a: Mat<T>,
    /// The place from which the starts are counted.
    pub b: *const T,
    /// Elements from one row of each Bᵢ to the next.
    pub ldb: usize,
    /// The first element of each Bᵢ.
    pub starts: &'a [isize],
    /// Elements that may be read from the greatest start on.
    pub rest: usize,
    /// The initial value.
    pub init: Init<T>,
    /// The first element of C.
    pub c: *mut T,
    /// Elements from one row of C to the next.
    pub ldc: usize,
}

impl<T: GemmElem> Moved<'_, T> {
    /// Does it, on this thread.
    ///
    /// # Safety
    /// There are starts, and k is not 0. A and each Bᵢ are good for reads of their shapes, and C for writes; the rows of A are
    /// contiguous. C may be uninitialised, unless it is added to, and overlaps none of the others.
    pub unsafe fn run(&self) {
        if self.m > 0 && self.n > 0 {
            // SAFETY: the caller's.
            unsafe { run(self) }
        }
    }
}

impl<V: Simd> Body<V> for &Moved<'_, V::Elem> {
    type Output = ();
    #[inline(always)]
    unsafe fn run(self) {
        let Moved { m, n, k, a, b, ldb, starts, init, c, ldc, .. } = *self;
        let vectors = widest::<V>(m, n);
        // Either several starts at a time or some rows of one.
        let rows = k.div_ceil(k.div_ceil(RUN).max(1)).max(1);
        let places = if rows < k { 1 } else { RUN / rows };
        let mut j = 0;
        while j < n {
            let width = (n - j).min(vectors * V::LANES);
            let nv = width.div_ceil(V::LANES);
            let mut init = init.at(0, j);
            for (i, starts) in starts.chunks(places).enumerate() {
                let mut p = 0;
                while p < k {
                    let h = rows.min(k - p);
                    let block = Block {
                        k: h,
                        a: a.at(0, i * places * k + p),
                        b: b.wrapping_add(p * ldb + j),
                        ldb: ldb as isize,
                        starts,
                        ragged: self.ragged(p, h, j + nv * V::LANES),
                        c: c.wrapping_add(j),
                        ldc,
                        width,
                        init,
                    };
                    // SAFETY: the caller's.
                    unsafe { block.down::<V>(m, nv) };
                    init = Init::Accumulate;
                    p += h;
                }
            }
            j += width;
        }
    }
}

impl<T> Moved<'_, T> {
    /// The number of the rows from `p` to before `p + h`, the last ones, of which vectors up to column `end` may not be read whole.
    #[inline(always)]
    fn ragged(&self, p: usize, h: usize, end: usize) -> usize {
        let whole = match self.rest.checked_sub(end) {
            _ if end <= self.n => p + h,
            None => 0,
            Some(beyond) => beyond / self.ldb + 1,
        };
        h - whole.saturating_sub(p).min(h)
    }
}
