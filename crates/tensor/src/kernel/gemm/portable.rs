//! Vectors of four lanes in plain Rust: what any processor has, as the compiler sees fit.

use super::GemmElem;
use super::micro::{Block, Layout, kernels};
use super::simd::{Body, Simd};

#[derive(Clone, Copy)]
pub(super) struct Four<T>([T; 4]);

impl<T: GemmElem> Simd for Four<T> {
    type Elem = T;
    type Mask = usize;
    const LANES: usize = 4;
    const HEIGHTS: [usize; 4] = [8, 4, 0, 0];
    const DOTS: usize = 4;

    #[inline(always)]
    unsafe fn first(n: usize) -> usize {
        n
    }
    #[inline(always)]
    unsafe fn zero() -> Self {
        Self([T::ZERO; 4])
    }
    #[inline(always)]
    unsafe fn splat(x: T) -> Self {
        Self([x; 4])
    }
    #[inline(always)]
    unsafe fn load(p: *const T) -> Self {
        // SAFETY: the caller's: good for four; an array of T is aligned as T is.
        Self(unsafe { *p.cast() })
    }
    #[inline(always)]
    unsafe fn load_first(p: *const T, n: usize) -> Self {
        // SAFETY: the caller's: good for the first n.
        unsafe {
            if n == 4 {
                return Self::load(p);
            }
            let mut x = [T::ZERO; 4];
            for (i, x) in x.iter_mut().enumerate().take(n) {
                *x = *p.add(i);
            }
            Self(x)
        }
    }
    #[inline(always)]
    unsafe fn store(self, p: *mut T) {
        // SAFETY: the caller's.
        unsafe { *p.cast() = self.0 }
    }
    #[inline(always)]
    unsafe fn store_first(self, p: *mut T, n: usize) {
        // SAFETY: the caller's: good for the first n.
        unsafe {
            if n == 4 {
                return self.store(p);
            }
            for (i, x) in self.0.into_iter().enumerate().take(n) {
                *p.add(i) = x;
            }
        }
    }
    #[inline(always)]
    unsafe fn add(mut self, other: Self) -> Self {
        for i in 0..4 {
            self.0[i] = self.0[i].plus(other.0[i]);
        }
        self
    }
    #[inline(always)]
    unsafe fn mul_add(mut self, b: Self, c: Self) -> Self {
        for i in 0..4 {
            self.0[i] = self.0[i].times_plus(b.0[i], c.0[i]);
        }
        self
    }
    #[inline(always)]
    unsafe fn sum(self) -> T {
        (self.0[0].plus(self.0[2])).plus(self.0[1].plus(self.0[3]))
    }
    /// On a machine of this kind, one without AVX2 is rare: blocks of one row or four spare it most of the kernels.
    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    fn height(h: usize, _left: usize) -> usize {
        if h < 4 { 1 } else { 4 }
    }
    #[inline(never)]
    unsafe fn block<L: Layout>(h: usize, nv: usize, block: &Block<T>) {
        #[cfg(target_arch = "x86_64")]
        kernels!(L, h, nv, block, { 1: [1 4] 2: [1 4] });
        #[cfg(not(target_arch = "x86_64"))]
        kernels!(L, h, nv, block, { 1: [1 2 3 4 5 6 8] 2: [1 2 3 4] });
    }
    #[inline(never)]
    unsafe fn enter<B: Body<Self>>(body: B) -> B::Output {
        // SAFETY: the caller's.
        unsafe { body.run() }
    }
}
