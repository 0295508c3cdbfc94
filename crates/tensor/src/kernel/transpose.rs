//! Rows to columns: blocks that are turned over in registers, each cache line read and written once and whole.

use super::level::{Level, level};

/// Rows and columns of the squares that are walked one after another: of as many rows there are pages at hand.
const TILE: usize = 64;

/// A matrix of `rows` × `columns` whose rows are runs `across` apart, to one of `columns` × `rows` whose rows are runs
/// `down` apart.
#[derive(Clone, Copy)]
pub(crate) struct Transpose<T> {
    pub(crate) from: *const T,
    pub(crate) across: isize,
    pub(crate) to: *mut T,
    pub(crate) down: isize,
    pub(crate) rows: usize,
    pub(crate) columns: usize,
}

impl<T: Copy> Transpose<T> {
    /// # Safety
    /// All elements of the one may be read, of the other written, and they do not overlap.
    pub(crate) unsafe fn run(self) {
        let side = match level() {
            _ if size_of::<T>() != 4 => 0,
            Level::Avx512 => 16,
            Level::Avx2 => 8,
            Level::Portable => 0,
        };
        for j0 in (0..self.columns).step_by(TILE) {
            let columns = TILE.min(self.columns - j0);
            for i0 in (0..self.rows).step_by(TILE) {
                let rows = TILE.min(self.rows - i0);
                // SAFETY: a part of what the caller promised.
                unsafe { self.part(i0, j0, rows, columns).tile(side) };
            }
        }
    }

    /// # Safety
    /// As [`run`](Self::run), and the part lies within.
    #[inline(always)]
    unsafe fn part(self, i: usize, j: usize, rows: usize, columns: usize) -> Self {
        // SAFETY: the caller's promise.
        let from = unsafe { self.from.offset(i as isize * self.across + j as isize) };
        // SAFETY: the caller's promise.
        let to = unsafe { self.to.offset(j as isize * self.down + i as isize) };
        Self { from, to, rows, columns, ..self }
    }

    /// # Safety
    /// As [`run`](Self::run); this machine has what blocks of `side` need.
    #[inline(always)]
    unsafe fn tile(self, side: usize) {
        if side == 0 {
            // SAFETY: the caller's promise.
            return unsafe { self.plain() };
        }
        let (whole_rows, whole_columns) =
            (self.rows - self.rows % side, self.columns - self.columns % side);
        for j in (0..whole_columns).step_by(side) {
            for i in (0..whole_rows).step_by(side) {
                // SAFETY: a block of the tile.
                let block = unsafe { self.part(i, j, side, side) };
                #[cfg(target_arch = "x86_64")]
                match side {
                    // SAFETY: elements are of 4 bytes, and `run` asked for the level.
                    16 => unsafe {
                        x86::block16(block.from.cast(), self.across, block.to.cast(), self.down)
                    },
                    // SAFETY: as above.
                    _ => unsafe {
                        x86::block8(block.from.cast(), self.across, block.to.cast(), self.down)
                    },
                }
                #[cfg(not(target_arch = "x86_64"))]
                // SAFETY: the caller's promise.
                unsafe {
                    block.plain()
                }
            }
        }
        // SAFETY: what is left at the right.
        unsafe { self.part(0, whole_columns, self.rows, self.columns - whole_columns).plain() };
        // SAFETY: what is left below.
        unsafe { self.part(whole_rows, 0, self.rows - whole_rows, whole_columns).plain() };
    }

    /// # Safety
    /// As [`run`](Self::run).
    #[inline(always)]
    unsafe fn plain(self) {
        for j in 0..self.columns as isize {
            // SAFETY: the caller's promise.
            let (from, to) = unsafe { (self.from.offset(j), self.to.offset(j * self.down)) };
            for i in 0..self.rows as isize {
                // SAFETY: the caller's promise.
                unsafe { *to.offset(i) = *from.offset(i * self.across) };
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    /// 16 × 16 elements of 4 bytes. Pairs of rows are woven by elements, then by pairs, then by quarters of a register.
    ///
    /// # Safety
    /// As [`Transpose::run`](super::Transpose::run), for the block.
    #[target_feature(enable = "avx512f")]
    pub(super) unsafe fn block16(from: *const f32, across: isize, to: *mut f32, down: isize) {
        // SAFETY: the caller's promise.
        let r: [__m512; 16] =
            std::array::from_fn(|i| unsafe { _mm512_loadu_ps(from.offset(i as isize * across)) });
        let mut t = [_mm512_setzero_ps(); 16];
        for i in 0..8 {
            t[2 * i] = _mm512_unpacklo_ps(r[2 * i], r[2 * i + 1]);
            t[2 * i + 1] = _mm512_unpackhi_ps(r[2 * i], r[2 * i + 1]);
        }
        // u[4 * q + c]: of rows 4q to 4q + 3, columns c, c + 4, c + 8, c + 12.
        let mut u = [_mm512_setzero_ps(); 16];
        for q in 0..4 {
            for half in 0..2 {
                let a = _mm512_castps_pd(t[4 * q + half]);
                let b = _mm512_castps_pd(t[4 * q + 2 + half]);
                u[4 * q + 2 * half] = _mm512_castpd_ps(_mm512_unpacklo_pd(a, b));
                u[4 * q + 2 * half + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(a, b));
            }
        }
        for c in 0..4 {
            let a = _mm512_shuffle_f32x4::<0b10_00_10_00>(u[c], u[4 + c]);
            let b = _mm512_shuffle_f32x4::<0b11_01_11_01>(u[c], u[4 + c]);
            let d = _mm512_shuffle_f32x4::<0b10_00_10_00>(u[8 + c], u[12 + c]);
            let e = _mm512_shuffle_f32x4::<0b11_01_11_01>(u[8 + c], u[12 + c]);
            let columns = [
                _mm512_shuffle_f32x4::<0b10_00_10_00>(a, d),
                _mm512_shuffle_f32x4::<0b10_00_10_00>(b, e),
                _mm512_shuffle_f32x4::<0b11_01_11_01>(a, d),
                _mm512_shuffle_f32x4::<0b11_01_11_01>(b, e),
            ];
            for (k, column) in columns.into_iter().enumerate() {
                // SAFETY: the caller's promise.
                unsafe { _mm512_storeu_ps(to.offset((c + 4 * k) as isize * down), column) };
            }
        }
    }

    /// 8 × 8 elements of 4 bytes.
    ///
    /// # Safety
    /// As [`Transpose::run`](super::Transpose::run), for the block.
    #[target_feature(enable = "avx2")]
    pub(super) unsafe fn block8(from: *const f32, across: isize, to: *mut f32, down: isize) {
        // SAFETY: the caller's promise.
        let r: [__m256; 8] =
            std::array::from_fn(|i| unsafe { _mm256_loadu_ps(from.offset(i as isize * across)) });
        // u[4 * q + c]: of rows 4q to 4q + 3, columns c and c + 4.
        let mut u = [_mm256_setzero_ps(); 8];
        for q in 0..2 {
            let [a, b, c, d] = [r[4 * q], r[4 * q + 1], r[4 * q + 2], r[4 * q + 3]];
            let (ab, cd) = (_mm256_unpacklo_ps(a, b), _mm256_unpacklo_ps(c, d));
            u[4 * q] = _mm256_shuffle_ps::<0b01_00_01_00>(ab, cd);
            u[4 * q + 1] = _mm256_shuffle_ps::<0b11_10_11_10>(ab, cd);
            let (ab, cd) = (_mm256_unpackhi_ps(a, b), _mm256_unpackhi_ps(c, d));
            u[4 * q + 2] = _mm256_shuffle_ps::<0b01_00_01_00>(ab, cd);
            u[4 * q + 3] = _mm256_shuffle_ps::<0b11_10_11_10>(ab, cd);
        }
        for c in 0..4 {
            let low = _mm256_permute2f128_ps::<0x20>(u[c], u[4 + c]);
            let high = _mm256_permute2f128_ps::<0x31>(u[c], u[4 + c]);
            // SAFETY: the caller's promise.
            unsafe { _mm256_storeu_ps(to.offset(c as isize * down), low) };
            // SAFETY: the caller's promise.
            unsafe { _mm256_storeu_ps(to.offset((c + 4) as isize * down), high) };
        }
    }
}
