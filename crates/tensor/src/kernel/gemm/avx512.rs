//! The vectors of AVX-512: 16 lanes of f32, 8 of f64, 32 registers.

use std::arch::asm;
use std::arch::x86_64::*;

use super::micro::{Block, Layout, kernels};
use super::simd::{Body, Simd};

#[derive(Clone, Copy)]
pub(super) struct F32x16(__m512);
#[derive(Clone, Copy)]
pub(super) struct F64x8(__m512d);

macro_rules! common {
    ($elem:ty, $lanes:literal, $mask:ty,
        $zero:ident $splat:ident $load:ident $maskload:ident $store:ident $maskstore:ident $add:ident $fma:ident
        $sum:ident) => {
        type Elem = $elem;
        type Mask = $mask;
        const LANES: usize = $lanes;
        const HEIGHTS: [usize; 4] = [14, 14, 8, 6];
        const DOTS: usize = 16;

        #[inline(always)]
        #[allow(clippy::pointers_in_nomem_asm_block)] // Nothing is read: there is no instruction.
        fn opaque(mut p: *const $elem) -> *const $elem {
            // SAFETY: no instruction.
            unsafe { asm!("/* {} */", inout(reg) p, options(pure, nomem, nostack, preserves_flags)) };
            p
        }
        #[inline(always)]
        unsafe fn first(n: usize) -> $mask {
            <$mask>::MAX >> ($lanes - n)
        }
        #[inline(always)]
        unsafe fn zero() -> Self {
            // SAFETY: the caller's, here and below.
            Self(unsafe { $zero() })
        }
        #[inline(always)]
        unsafe fn splat(x: $elem) -> Self {
            // SAFETY: see `zero`.
            Self(unsafe { $splat(x) })
        }
        #[inline(always)]
        unsafe fn load(p: *const $elem) -> Self {
            // SAFETY: see `zero`.
            Self(unsafe { $load(p) })
        }
        #[inline(always)]
        unsafe fn load_first(p: *const $elem, mask: $mask) -> Self {
            // SAFETY: see `zero`.
            Self(unsafe { $maskload(mask, p) })
        }
        #[inline(always)]
        unsafe fn store(self, p: *mut $elem) {
            // SAFETY: see `zero`.
            unsafe { $store(p, self.0) }
        }
        #[inline(always)]
        unsafe fn store_first(self, p: *mut $elem, mask: $mask) {
            // SAFETY: see `zero`.
            unsafe { $maskstore(p, mask, self.0) }
        }
        #[inline(always)]
        unsafe fn add(self, other: Self) -> Self {
            // SAFETY: see `zero`.
            Self(unsafe { $add(self.0, other.0) })
        }
        #[inline(always)]
        unsafe fn mul_add(self, b: Self, c: Self) -> Self {
            // SAFETY: see `zero`.
            Self(unsafe { $fma(self.0, b.0, c.0) })
        }
        #[inline(always)]
        unsafe fn sum(self) -> $elem {
            // SAFETY: see `zero`.
            unsafe { $sum(self.0) }
        }
        #[inline(never)]
        unsafe fn block<L: Layout>(h: usize, nv: usize, block: &Block<$elem>) {
            kernels!(L, h, nv, block, {
                1: [1 2 3 4 5 6 8 10 12 14]
                2: [1 2 3 4 5 6 8 10 12 14]
                3: [1 2 3 4 5 6 8]
                4: [1 2 3 4 5 6]
            })
        }
        #[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,avx2,fma")]
        unsafe fn enter<B: Body<Self>>(body: B) -> B::Output {
            // SAFETY: the caller's.
            unsafe { body.run() }
        }
    };
}

impl Simd for F32x16 {
    common!(f32, 16, __mmask16, _mm512_setzero_ps _mm512_set1_ps _mm512_loadu_ps _mm512_maskz_loadu_ps
        _mm512_storeu_ps _mm512_mask_storeu_ps _mm512_add_ps _mm512_fmadd_ps _mm512_reduce_add_ps);

    #[inline(always)]
    unsafe fn sums<const N: usize>(acc: [Self; N], out: *mut f32) {
        // SAFETY: the caller's: `out` is good for N.
        unsafe {
            if N == 16 || N == 8 {
                let mut v = [_mm512_setzero_ps(); 16];
                for (v, acc) in v.iter_mut().zip(acc) {
                    *v = acc.0;
                }
                if N == 16 {
                    _mm512_storeu_ps(out, sums16(v));
                } else {
                    _mm256_storeu_ps(out, _mm512_castps512_ps256(sums8(v)));
                }
            } else {
                for (i, v) in acc.into_iter().enumerate() {
                    *out.add(i) = v.sum();
                }
            }
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
            if w == 16 {
                for (q, row) in transpose16(src, lds, h - 1).into_iter().enumerate() {
                    _mm512_storeu_ps(dst.add(q * ldd), row);
                }
            } else {
                let mask = Self::first(w);
                let mut rows = [_mm512_setzero_ps(); 16];
                for (j, row) in rows.iter_mut().enumerate() {
                    *row = _mm512_maskz_loadu_ps(mask, src.offset(j.min(h - 1) as isize * lds));
                }
                for (q, row) in transposed16(rows).into_iter().enumerate() {
                    if q < w {
                        _mm512_storeu_ps(dst.add(q * ldd), row);
                    }
                }
            }
        }
    }
}

impl Simd for F64x8 {
    common!(f64, 8, __mmask8, _mm512_setzero_pd _mm512_set1_pd _mm512_loadu_pd _mm512_maskz_loadu_pd
        _mm512_storeu_pd _mm512_mask_storeu_pd _mm512_add_pd _mm512_fmadd_pd _mm512_reduce_add_pd);
}

/// 16 sums of 16 lanes, each by the same tree.
///
/// # Safety
/// The processor has AVX-512 F.
#[inline(always)]
unsafe fn sums16(v: [__m512; 16]) -> __m512 {
    // SAFETY: the caller's.
    unsafe {
        let a = halves(fours(v[0], v[1], v[2], v[3]), fours(v[4], v[5], v[6], v[7]));
        let b = halves(fours(v[8], v[9], v[10], v[11]), fours(v[12], v[13], v[14], v[15]));
        halves(a, b)
    }
}

/// The sums of the first 8, by that tree too, in the first 8 lanes.
///
/// # Safety
/// The processor has AVX-512 F.
#[inline(always)]
unsafe fn sums8(v: [__m512; 16]) -> __m512 {
    // SAFETY: the caller's.
    unsafe {
        let a = halves(fours(v[0], v[1], v[2], v[3]), fours(v[4], v[5], v[6], v[7]));
        halves(a, a)
    }
}

/// The sums of each quarter of four registers, next to one another in that quarter.
///
/// # Safety
/// The processor has AVX-512 F.
#[inline(always)]
unsafe fn fours(a: __m512, b: __m512, c: __m512, d: __m512) -> __m512 {
    // SAFETY: the caller's.
    unsafe {
        let ab = _mm512_add_ps(_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b));
        let cd = _mm512_add_ps(_mm512_unpacklo_ps(c, d), _mm512_unpackhi_ps(c, d));
        let (ab, cd) = (_mm512_castps_pd(ab), _mm512_castps_pd(cd));
        _mm512_add_ps(
            _mm512_castpd_ps(_mm512_unpacklo_pd(ab, cd)),
            _mm512_castpd_ps(_mm512_unpackhi_pd(ab, cd)),
        )
    }
}

/// Adjacent quarters of `a`, then of `b`, added.
///
/// # Safety
/// The processor has AVX-512 F.
#[inline(always)]
unsafe fn halves(a: __m512, b: __m512) -> __m512 {
    // SAFETY: the caller's.
    unsafe { _mm512_add_ps(_mm512_shuffle_f32x4::<0x88>(a, b), _mm512_shuffle_f32x4::<0xdd>(a, b)) }
}

/// 16 rows of 16, turned while they are loaded: a quarter row goes to its place by a masked broadcast, which the load
/// ports do; the shuffle port, of which there is one, is left half the work.
///
/// # Safety
/// `src` is good for rows of 16, `lds` apart, the last of them `last`, which stands for all beyond it; the processor has
/// AVX-512.
#[inline(always)]
unsafe fn transpose16(src: *const f32, lds: isize, last: usize) -> [__m512; 16] {
    // SAFETY: the caller's.
    unsafe {
        // v[4 g + i]: columns 4 g .. 4 g + 4 of rows i, 4 + i, 8 + i, 12 + i.
        let mut v = [_mm512_setzero_ps(); 16];
        for i in 0..4 {
            for g in 0..4 {
                let at = |q: usize| {
                    let row = (4 * q + i).min(last) as isize;
                    _mm_loadu_ps(src.offset(row * lds).add(4 * g))
                };
                let x = _mm512_castps128_ps512(at(0));
                let x = _mm512_mask_broadcast_f32x4(x, 0x00f0, at(1));
                let x = _mm512_mask_broadcast_f32x4(x, 0x0f00, at(2));
                v[4 * g + i] = _mm512_mask_broadcast_f32x4(x, 0xf000, at(3));
            }
        }
        let mut out = [_mm512_setzero_ps(); 16];
        for g in 0..4 {
            let q = quads(v[4 * g], v[4 * g + 1], v[4 * g + 2], v[4 * g + 3]);
            out[4 * g..4 * g + 4].copy_from_slice(&q);
        }
        out
    }
}

/// Each quarter of the four registers, 4 by 4, transposed.
///
/// # Safety
/// The processor has AVX-512 F.
#[inline(always)]
unsafe fn quads(a: __m512, b: __m512, c: __m512, d: __m512) -> [__m512; 4] {
    // SAFETY: the caller's.
    unsafe {
        let f = |x| _mm512_castps_pd(x);
        let g = |x| _mm512_castpd_ps(x);
        let (ab0, ab1) = (f(_mm512_unpacklo_ps(a, b)), f(_mm512_unpackhi_ps(a, b)));
        let (cd0, cd1) = (f(_mm512_unpacklo_ps(c, d)), f(_mm512_unpackhi_ps(c, d)));
        [
            g(_mm512_unpacklo_pd(ab0, cd0)),
            g(_mm512_unpackhi_pd(ab0, cd0)),
            g(_mm512_unpacklo_pd(ab1, cd1)),
            g(_mm512_unpackhi_pd(ab1, cd1)),
        ]
    }
}

/// 16 rows in registers, transposed.
///
/// # Safety
/// The processor has AVX-512 F.
#[inline(always)]
unsafe fn transposed16(r: [__m512; 16]) -> [__m512; 16] {
    // SAFETY: the caller's.
    unsafe {
        // t[g][i]: of rows 4 g .. 4 g + 4, column 4 q + i in quarter q.
        let mut t = [[_mm512_setzero_ps(); 4]; 4];
        for (g, t) in t.iter_mut().enumerate() {
            *t = quads(r[4 * g], r[4 * g + 1], r[4 * g + 2], r[4 * g + 3]);
        }
        let mut out = [_mm512_setzero_ps(); 16];
        for i in 0..4 {
            let (a, b) = (t[0][i], t[1][i]);
            let (c, d) = (t[2][i], t[3][i]);
            let ab_even = _mm512_shuffle_f32x4::<0x88>(a, b);
            let ab_odd = _mm512_shuffle_f32x4::<0xdd>(a, b);
            let cd_even = _mm512_shuffle_f32x4::<0x88>(c, d);
            let cd_odd = _mm512_shuffle_f32x4::<0xdd>(c, d);
            out[i] = _mm512_shuffle_f32x4::<0x88>(ab_even, cd_even);
            out[4 + i] = _mm512_shuffle_f32x4::<0x88>(ab_odd, cd_odd);
            out[8 + i] = _mm512_shuffle_f32x4::<0xdd>(ab_even, cd_even);
            out[12 + i] = _mm512_shuffle_f32x4::<0xdd>(ab_odd, cd_odd);
        }
        out
    }
}
