//! The element types of products, and the vectors that each has.

use super::portable::Four;
use super::simd::{Body, Simd};
use super::{Init, Mat, rows};
use crate::Number;
#[cfg(target_arch = "x86_64")]
use crate::kernel::level::Level;
use crate::kernel::level::{Arch, Portable, level};

/// Vectors of an element type, known only inside this crate.
pub(super) trait Vectors: Sized {
    #[cfg(target_arch = "x86_64")]
    type V512: Simd<Elem = Self>;
    #[cfg(target_arch = "x86_64")]
    type V256: Simd<Elem = Self>;
}

/// An element type of products: f32 and f64.
#[allow(private_bounds)]
pub trait GemmElem: Vectors + Number {
    /// `self * b + c` in portable code.
    #[doc(hidden)]
    fn times_plus(self, b: Self, c: Self) -> Self;
    /// [`rows`](super::rows), compiled in this crate.
    ///
    /// # Safety
    /// As there.
    #[doc(hidden)]
    unsafe fn product_rows(
        sizes: [usize; 3],
        a: Mat<Self>,
        b: Mat<Self>,
        init: Init<Self>,
        c: *mut Self,
        ldc: usize,
    );
}

impl Vectors for f32 {
    #[cfg(target_arch = "x86_64")]
    type V512 = super::avx512::F32x16;
    #[cfg(target_arch = "x86_64")]
    type V256 = super::avx2::F32x8;
}
impl Vectors for f64 {
    #[cfg(target_arch = "x86_64")]
    type V512 = super::avx512::F64x8;
    #[cfg(target_arch = "x86_64")]
    type V256 = super::avx2::F64x4;
}

macro_rules! elements {
    ($($t:ty: $times_plus:ident;)*) => {$(
        impl GemmElem for $t {
            #[inline(always)]
            fn times_plus(self, b: Self, c: Self) -> Self {
                Portable::$times_plus(self, b, c)
            }
            unsafe fn product_rows(
                sizes: [usize; 3],
                a: Mat<Self>,
                b: Mat<Self>,
                init: Init<Self>,
                c: *mut Self,
                ldc: usize,
            ) {
                // SAFETY: passed on.
                unsafe { rows(sizes, a, b, init, c, ldc) }
            }
        }
    )*};
}
elements! { f32: mul_add; f64: mul_add64; }

/// A body that runs on whichever vectors the level in force has.
#[cfg(target_arch = "x86_64")]
pub(super) trait AnyBody<T: GemmElem>:
    Body<T::V512> + Body<T::V256> + Body<Four<T>>
{
}
#[cfg(target_arch = "x86_64")]
impl<T: GemmElem, B: Body<T::V512> + Body<T::V256> + Body<Four<T>>> AnyBody<T> for B {}
#[cfg(not(target_arch = "x86_64"))]
pub(super) trait AnyBody<T: GemmElem>: Body<Four<T>> {}
#[cfg(not(target_arch = "x86_64"))]
impl<T: GemmElem, B: Body<Four<T>>> AnyBody<T> for B {}

/// Runs the body on the level in force. It should be a reference, or hold one: a call that passes more than a word passes
/// it through memory.
///
/// # Safety
/// As the body's, but for the instructions: those are there.
#[inline(always)]
pub(super) unsafe fn run<T: GemmElem, B: AnyBody<T>>(body: B) {
    // SAFETY: the caller's, and a level is in force only where the processor has its instructions.
    unsafe {
        match level() {
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => {
                <T::V512 as Simd>::enter(body);
            }
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => {
                <T::V256 as Simd>::enter(body);
            }
            _ => {
                Four::<T>::enter(body);
            }
        }
    }
}
