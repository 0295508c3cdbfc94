//! The steps of a fold: an element joined to a result, and two partial results joined; by a call where few will run it.

use super::level::{Arch, Level, Portable};
use super::tree::Fold;
use crate::Element;

/// `total` with an element joined. On x86-64 without AVX2, which is rare, a fold that is not run often joins by a call: its loops are
/// built three times, and those were the longest.
#[inline(always)]
pub(super) fn with<A: Arch, F: Fold<T>, T: Element>(
    fold: F,
    total: F::Out,
    x: T,
    about: F::Out,
) -> F::Out {
    #[inline(never)]
    fn called<F: Fold<T>, T: Element>(fold: F, total: F::Out, x: T, about: F::Out) -> F::Out {
        F::join(total, fold.lift::<Portable>(x, about))
    }
    if const { by_calls::<A, F, T>() } {
        return called(fold, total, x, about);
    }
    F::join(total, fold.lift::<A>(x, about))
}

/// Two partial results joined, [by a call](with) where elements are.
#[inline(always)]
pub(super) fn joined<A: Arch, F: Fold<T>, T: Element>(a: F::Out, b: F::Out) -> F::Out {
    #[inline(never)]
    fn called<F: Fold<T>, T: Element>(a: F::Out, b: F::Out) -> F::Out {
        F::join(a, b)
    }
    if const { by_calls::<A, F, T>() } { called::<F, T>(a, b) } else { F::join(a, b) }
}

const fn by_calls<A: Arch, F: Fold<T>, T: Element>() -> bool {
    cfg!(target_arch = "x86_64")
        && matches!(A::LEVEL, Level::Portable)
        && matches!(F::BEST, Level::Avx2)
        && !matches!(T::BEST, Level::Portable)
}
