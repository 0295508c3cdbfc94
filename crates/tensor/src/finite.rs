//! Whether all numbers are finite: one pass that an optimiser makes before each step; and others in place of those that are not.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::kernel::level::{Arch, Kernel, Level, dispatch};
use crate::kernel::map::{CHUNK, THREADS_FROM};
use crate::kernel::pool;
use crate::{Float, Tensor};

impl<T: Float> Tensor<T> {
    /// Whether every element is finite: no infinity and no NaN. True of a tensor without elements.
    ///
    /// ```
    /// # use wengert_tensor::tensor;
    /// assert!(tensor![1.0_f32, -2.0].all_finite());
    /// assert!(!tensor![1.0_f32, f32::NAN].all_finite());
    /// ```
    #[inline]
    pub fn all_finite(&self) -> bool {
        match self.as_slice() {
            Some(x) if x.len() < THREADS_FROM => finite(x),
            Some(x) => finite_in_parallel(x),
            None => self.iter().all(|x| x.is_finite()),
        }
    }

    /// With this number in place of NaN, and the largest and the least finite number in place of infinities, as in NumPy and PyTorch.
    /// [`clamp`](Self::clamp) before it puts other numbers in place of infinities.
    ///
    /// ```
    /// # use wengert_tensor::tensor;
    /// let x = tensor![1.0, f32::NAN, f32::NEG_INFINITY];
    /// assert_eq!(x.nan_to_num(0.0), tensor![1.0, 0.0, f32::MIN]);
    /// assert_eq!(x.clamp(-9.0, 9.0).nan_to_num(0.0), tensor![1.0, 0.0, -9.0]);
    /// ```
    #[track_caller]
    pub fn nan_to_num(&self, nan: f64) -> Self {
        let nan = T::from_f64(nan);
        self.mapped("nan_to_num", |x| match x {
            x if x.is_nan() => nan,
            x if x > T::MAX => T::MAX,
            x if x < T::ZERO.minus(T::MAX) => T::ZERO.minus(T::MAX),
            x => x,
        })
    }
}

/// True if all numbers are finite: few are read one after another, many by vectors.
#[inline]
fn finite<T: Float>(x: &[T]) -> bool {
    if x.len() < LANES { each(x) } else { dispatch(Finite(x)) }
}

#[inline(always)]
fn each<T: Float>(x: &[T]) -> bool {
    x.iter().fold(true, |all, x| all & x.is_finite())
}

/// Four vectors of AVX2, so that no addition waits for the one before it.
const LANES: usize = 32;

/// True if all numbers are finite. All are read, so that a vector is read at a time.
struct Finite<'a, T>(&'a [T]);

impl<T: Float> Kernel for Finite<'_, T> {
    type Output = bool;
    const BEST: Level = Level::Avx2;

    #[inline(always)]
    fn run<A: Arch>(self) -> bool {
        // x - x is 0 for a finite number and NaN for any other, and so is a sum of such differences.
        let mut sums = [T::ZERO; LANES];
        let (chunks, rest) = self.0.as_chunks::<LANES>();
        for chunk in chunks {
            for (sum, &x) in sums.iter_mut().zip(chunk) {
                *sum = sum.plus(x.minus(x));
            }
        }
        each(&sums) & each(rest)
    }
}

#[cold]
fn finite_in_parallel<T: Float>(x: &[T]) -> bool {
    let all = AtomicBool::new(true);
    pool::run(x.len().div_ceil(CHUNK), &|chunk| {
        let part = &x[chunk * CHUNK..x.len().min((chunk + 1) * CHUNK)];
        if !finite(part) {
            all.store(false, Ordering::Relaxed);
        }
    });
    all.into_inner()
}
