//! A vector times a matrix whose rows are contiguous: every row is scaled and added.

use super::simd::{Body, Simd};

/// The initial value of the result.
#[derive(Clone, Copy)]
pub(super) enum Start<T> {
    Zero,
    Vector(*const T),
    Scalar(*const T),
}

/// `y[n] = start + x[k] · rows[k, n]`.
pub(super) struct Axpy<T> {
    pub(super) n: usize,
    pub(super) k: usize,
    pub(super) x: *const T,
    pub(super) xs: isize,
    pub(super) rows: *const T,
    /// The distance between rows.
    pub(super) ld: isize,
    pub(super) start: Start<T>,
    pub(super) y: *mut T,
}

impl<V: Simd> Body<V> for &Axpy<V::Elem> {
    type Output = ();
    #[inline(always)]
    unsafe fn run(self) {
        // With 32 registers, 16 vectors: from memory, long pieces of the rows.
        let wide = V::HEIGHTS[3] > 0;
        let mut j = 0;
        while j < self.n {
            let left = (self.n - j).div_ceil(V::LANES);
            // SAFETY: the caller's.
            j += unsafe {
                match left {
                    1 => self.block::<V, 1, 4>(j),
                    2 => self.block::<V, 2, 2>(j),
                    3 => self.block::<V, 3, 2>(j),
                    16.. if wide => self.block::<V, 16, 1>(j),
                    8.. => self.block::<V, 8, 1>(j),
                    _ => self.block::<V, 4, 1>(j),
                }
            };
        }
    }
}

impl<T: super::GemmElem> Axpy<T> {
    /// The columns from `j` on, at most `NV` vectors of them, in `U` chains: with few vectors the sums would wait for
    /// one another. Returns how many columns it did.
    ///
    /// # Safety
    /// As for the whole.
    #[inline(always)]
    unsafe fn block<V: Simd<Elem = T>, const NV: usize, const U: usize>(&self, j: usize) -> usize {
        let width = (self.n - j).min(NV * V::LANES);
        // SAFETY: the caller's.
        unsafe {
            let mask = V::first(width - (NV - 1) * V::LANES);
            let mut acc = [[V::zero(); NV]; U];
            let (mut x, mut row) = (self.x, self.rows.wrapping_add(j));
            let mut left = self.k;
            while left >= U {
                for chain in &mut acc {
                    add::<V, NV>(chain, *x, row, mask);
                    x = x.wrapping_offset(self.xs);
                    row = row.wrapping_offset(self.ld);
                }
                left -= U;
            }
            for _ in 0..left {
                add::<V, NV>(&mut acc[0], *x, row, mask);
                x = x.wrapping_offset(self.xs);
                row = row.wrapping_offset(self.ld);
            }
            let y = self.y.add(j);
            for v in 0..NV {
                let last = v + 1 == NV;
                let mut sum = acc[0][v];
                for chain in &acc[1..] {
                    sum = sum.add(chain[v]);
                }
                match self.start {
                    Start::Zero => {}
                    Start::Scalar(s) => sum = sum.add(V::splat(*s)),
                    Start::Vector(s) => {
                        let p = s.add(j + v * V::LANES);
                        sum = sum.add(if last { V::load_first(p, mask) } else { V::load(p) });
                    }
                }
                let q = y.add(v * V::LANES);
                if last { sum.store_first(q, mask) } else { sum.store(q) }
            }
        }
        width
    }
}

/// # Safety
/// `row` is good for the vectors of `acc`, the last of them masked.
#[inline(always)]
unsafe fn add<V: Simd, const NV: usize>(
    acc: &mut [V; NV],
    x: V::Elem,
    row: *const V::Elem,
    mask: V::Mask,
) {
    // SAFETY: the caller's.
    unsafe {
        let x = V::splat(x);
        for (v, sum) in acc.iter_mut().enumerate() {
            let p = row.add(v * V::LANES);
            *sum = x.mul_add(if v + 1 == NV { V::load_first(p, mask) } else { V::load(p) }, *sum);
        }
    }
}
