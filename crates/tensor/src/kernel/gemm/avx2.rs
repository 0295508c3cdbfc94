//! The vectors of AVX2 with FMA: 8 lanes of f32, 4 of f64, 16 registers.

use std::arch::asm;
use std::arch::x86_64::*;

use super::micro::{Block, Layout, kernels};
use super::simd::{Body, Simd};

#[derive(Clone, Copy)]
pub(super) struct F32x8(__m256);
#[derive(Clone, Copy)]
pub(super) struct F64x4(__m256d);

/// A window into these, moved by what is not wanted, is a mask.
static MASK32: [i32; 16] = [-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0];
static MASK64: [i64; 8] = [-1, -1, -1, -1, 0, 0, 0, 0];

macro_rules! common {
    ($elem:ty, $lanes:literal, $masks:ident,
        $zero:ident $splat:ident $load:ident $maskload:ident $store:ident $add:ident $fma:ident) => {
        type Elem = $elem;
        type Mask = __m256i;
        const LANES: usize = $lanes;
        const HEIGHTS: [usize; 4] = [10, 6, 4, 0];
        const DOTS: usize = 8;

        #[inline(always)]
        #[allow(clippy::pointers_in_nomem_asm_block)] // Nothing is read: there is no instruction.
        fn opaque(mut p: *const $elem) -> *const $elem {
            // SAFETY: no instruction.
            unsafe { asm!("/* {} */", inout(reg) p, options(pure, nomem, nostack, preserves_flags)) };
            p
        }
        #[inline(always)]
        unsafe fn first(n: usize) -> __m256i {
            // SAFETY: the caller's, here and below; the window of `$lanes` from `$lanes - n` on is inside.
            unsafe { _mm256_loadu_si256($masks.as_ptr().add($lanes - n).cast()) }
        }
        #[inline(always)]
        unsafe fn zero() -> Self {
            // SAFETY: see `first`.
            Self(unsafe { $zero() })
        }
        #[inline(always)]
        unsafe fn splat(x: $elem) -> Self {
            // SAFETY: see `first`.
            Self(unsafe { $splat(x) })
        }
        #[inline(always)]
        unsafe fn load(p: *const $elem) -> Self {
            // SAFETY: see `first`.
            Self(unsafe { $load(p) })
        }
        #[inline(always)]
        unsafe fn load_first(p: *const $elem, mask: __m256i) -> Self {
            // SAFETY: see `first`.
            Self(unsafe { $maskload(p, mask) })
        }
        #[inline(always)]
        unsafe fn store(self, p: *mut $elem) {
            // SAFETY: see `first`.
            unsafe { $store(p, self.0) }
        }
        #[inline(always)]
        unsafe fn add(self, other: Self) -> Self {
            // SAFETY: see `first`.
            Self(unsafe { $add(self.0, other.0) })
        }
        #[inline(always)]
        unsafe fn mul_add(self, b: Self, c: Self) -> Self {
            // SAFETY: see `first`.
            Self(unsafe { $fma(self.0, b.0, c.0) })
        }
        #[inline(never)]
        unsafe fn block<L: Layout>(h: usize, nv: usize, block: &Block<$elem>) {
            kernels!(L, h, nv, block, {
                1: [1 2 3 4 5 6 8 10]
                2: [1 2 3 4 5 6]
                3: [1 2 3 4]
            })
        }
        #[target_feature(enable = "avx2,fma")]
        unsafe fn enter<B: Body<Self>>(body: B) -> B::Output {
            // SAFETY: the caller's.
            unsafe { body.run() }
        }
    };
}

impl Simd for F32x8 {
    common!(f32, 8, MASK32, _mm256_setzero_ps _mm256_set1_ps _mm256_loadu_ps _mm256_maskload_ps
        _mm256_storeu_ps _mm256_add_ps _mm256_fmadd_ps);

    /// Without the masked store, which takes AMD's processors 14 cycles: most rows end with a whole vector.
    #[inline(always)]
    unsafe fn store_first(self, mut p: *mut f32, mask: __m256i) {
        // SAFETY: the caller's. Parts of 4, 2 and 1 make up the number of lanes that are meant.
        unsafe {
            let lanes = _mm256_movemask_ps(_mm256_castsi256_ps(mask)).count_ones();
            if lanes == 8 {
                return self.store(p);
            }
            let mut rest = _mm256_castps256_ps128(self.0);
            if lanes & 4 != 0 {
                _mm_storeu_ps(p, rest);
                (p, rest) = (p.add(4), _mm256_extractf128_ps::<1>(self.0));
            }
            if lanes & 2 != 0 {
                _mm_storel_pd(p.cast(), _mm_castps_pd(rest));
                (p, rest) = (p.add(2), _mm_movehl_ps(rest, rest));
            }
            if lanes & 1 != 0 {
                _mm_store_ss(p, rest);
            }
        }
    }

    #[inline(always)]
    unsafe fn sum(self) -> f32 {
        // SAFETY: the caller's.
        unsafe {
            let x = _mm_add_ps(_mm256_castps256_ps128(self.0), _mm256_extractf128_ps::<1>(self.0));
            let x = _mm_add_ps(x, _mm_movehl_ps(x, x));
            _mm_cvtss_f32(_mm_add_ss(x, _mm_movehdup_ps(x)))
        }
    }

    #[inline(always)]
    unsafe fn transpose(
        src: *const f32,
        lds: isize,
        h: usize,
        w: usize,
        dst: *mut f32,
        ldd: usize,
    ) {
        // SAFETY: the caller's: rows beyond `h` and columns beyond `w` are not read, rows beyond `w` not written.
        unsafe {
            let mask = Self::first(w);
            let mut v = [_mm256_setzero_ps(); 8];
            for (j, row) in v.iter_mut().enumerate() {
                *row = _mm256_maskload_ps(src.offset(j.min(h - 1) as isize * lds), mask);
            }
            for (q, row) in transposed8(v).into_iter().enumerate() {
                if q < w {
                    _mm256_storeu_ps(dst.add(q * ldd), row);
                }
            }
        }
    }
}

impl Simd for F64x4 {
    common!(f64, 4, MASK64, _mm256_setzero_pd _mm256_set1_pd _mm256_loadu_pd _mm256_maskload_pd
        _mm256_storeu_pd _mm256_add_pd _mm256_fmadd_pd);

    /// See [`F32x8`]'s.
    #[inline(always)]
    unsafe fn store_first(self, mut p: *mut f64, mask: __m256i) {
        // SAFETY: the caller's. Parts of 2 and 1 make up the number of lanes that are meant.
        unsafe {
            let lanes = _mm256_movemask_pd(_mm256_castsi256_pd(mask)).count_ones();
            if lanes == 4 {
                return self.store(p);
            }
            let mut rest = _mm256_castpd256_pd128(self.0);
            if lanes & 2 != 0 {
                _mm_storeu_pd(p, rest);
                (p, rest) = (p.add(2), _mm256_extractf128_pd::<1>(self.0));
            }
            if lanes & 1 != 0 {
                _mm_store_sd(p, rest);
            }
        }
    }

    #[inline(always)]
    unsafe fn sum(self) -> f64 {
        // SAFETY: the caller's.
        unsafe {
            let x = _mm_add_pd(_mm256_castpd256_pd128(self.0), _mm256_extractf128_pd::<1>(self.0));
            _mm_cvtsd_f64(_mm_add_sd(x, _mm_unpackhi_pd(x, x)))
        }
    }
}

/// 8 rows in registers, transposed.
///
/// # Safety
/// The processor has AVX.
#[inline(always)]
unsafe fn transposed8(r: [__m256; 8]) -> [__m256; 8] {
    // SAFETY: the caller's.
    unsafe {
        let f = |x| _mm256_castps_pd(x);
        let g = |x| _mm256_castpd_ps(x);
        let mut t = [[_mm256_setzero_ps(); 4]; 2];
        for (q, t) in t.iter_mut().enumerate() {
            let (a, b, c, d) = (r[4 * q], r[4 * q + 1], r[4 * q + 2], r[4 * q + 3]);
            let (ab0, ab1) = (f(_mm256_unpacklo_ps(a, b)), f(_mm256_unpackhi_ps(a, b)));
            let (cd0, cd1) = (f(_mm256_unpacklo_ps(c, d)), f(_mm256_unpackhi_ps(c, d)));
            *t = [
                g(_mm256_unpacklo_pd(ab0, cd0)),
                g(_mm256_unpackhi_pd(ab0, cd0)),
                g(_mm256_unpacklo_pd(ab1, cd1)),
                g(_mm256_unpackhi_pd(ab1, cd1)),
            ];
        }
        let mut out = [_mm256_setzero_ps(); 8];
        for i in 0..4 {
            out[i] = _mm256_permute2f128_ps::<0x20>(t[0][i], t[1][i]);
            out[4 + i] = _mm256_permute2f128_ps::<0x31>(t[0][i], t[1][i]);
        }
        out
    }
}
