//! Sums down the columns of a matrix of few rows, as the gradient of a bias is: the products' vectors, as many of them as
//! the [fixed tree](crate::kernel::tree) has lanes, so that every lane stays in a register.

use super::GemmElem;
use super::simd::{Body, Simd};
use crate::kernel::tree::{FEW, NARROW};

/// `out[j] = Σ x[i, j]` over `rows` rows, fewer than [`FEW`], each `width` long, `down` apart.
#[derive(Clone, Copy)]
pub(super) struct ColumnSums<T> {
    pub(super) rows: usize,
    pub(super) down: isize,
    pub(super) x: *const T,
    pub(super) width: usize,
    pub(super) out: *mut T,
}

impl<V: Simd> Body<V> for &ColumnSums<V::Elem> {
    type Output = ();
    #[inline(always)]
    unsafe fn run(self) {
        debug_assert!(self.rows < FEW);
        let mut j = 0;
        // SAFETY: the caller's; what is beyond the last column is masked out.
        unsafe {
            while j + V::LANES <= self.width {
                self.strip::<V, true>(j, V::first(V::LANES)).store(self.out.add(j));
                j += V::LANES;
            }
            if j < self.width {
                let mask = V::first(self.width - j);
                self.strip::<V, false>(j, mask).store_first(self.out.add(j), mask);
            }
        }
    }
}

impl<T: GemmElem> ColumnSums<T> {
    /// # Safety
    /// As for the whole; `WHOLE` only if no lane is masked out.
    #[inline(always)]
    unsafe fn row<V: Simd<Elem = T>, const WHOLE: bool>(
        &self,
        i: usize,
        j: usize,
        mask: V::Mask,
    ) -> V {
        let p = self.x.wrapping_offset(i as isize * self.down).wrapping_add(j);
        // SAFETY: the caller's.
        unsafe { if WHOLE { V::load(p) } else { V::load_first(p, mask) } }
    }

    /// The sums of the columns from `j` on, as many as a vector has lanes.
    ///
    /// # Safety
    /// As for a row.
    #[inline(always)]
    unsafe fn strip<V: Simd<Elem = T>, const WHOLE: bool>(&self, j: usize, mask: V::Mask) -> V {
        // SAFETY: the caller's.
        unsafe {
            if self.rows < NARROW {
                let mut total = V::zero();
                for i in 0..self.rows {
                    total = total.add(self.row::<V, WHOLE>(i, j, mask));
                }
                return total;
            }
            let mut lanes = [V::zero(); NARROW];
            let mut i = 0;
            while i + NARROW <= self.rows {
                for (lane, total) in lanes.iter_mut().enumerate() {
                    *total = total.add(self.row::<V, WHOLE>(i + lane, j, mask));
                }
                i += NARROW;
            }
            // Each lane asked for, none picked by number: they stay in registers.
            for (lane, total) in lanes.iter_mut().enumerate() {
                if i + lane < self.rows {
                    *total = total.add(self.row::<V, WHOLE>(i + lane, j, mask));
                }
            }
            let mut half = NARROW / 2;
            while half > 0 {
                for lane in 0..half {
                    lanes[lane] = lanes[lane].add(lanes[lane + half]);
                }
                half /= 2;
            }
            lanes[0]
        }
    }
}
