//! The folds of the statistics: deviations, powers, exponentials, counts.

use super::level::{Arch, Level};
use super::tree::Fold;
use crate::pointwise::Real;
use crate::{Element, Float};

/// The folds that every number type has.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub enum NumberFold {
    Sum,
    Product,
    Max,
    Min,
}

/// The folds of the statistics; each is the type below of the same name.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub enum FloatFold {
    Deviations,
    SquaredDeviations,
    Exponentials,
    Squares,
}

/// The sum of x - about.
#[derive(Clone, Copy)]
pub(crate) struct Deviations;
/// The sum of (x - about)².
#[derive(Clone, Copy)]
pub(crate) struct SquaredDeviations;
/// The sum of e^(x - about).
#[derive(Clone, Copy)]
pub(crate) struct Exponentials;
/// The sum of x².
#[derive(Clone, Copy)]
pub(crate) struct Squares;
/// The number of elements that are not zero.
#[derive(Clone, Copy)]
pub(crate) struct Nonzero;

macro_rules! folds {
    ($($Fold:ident $best:ident $about:literal |$x:ident, $seen_from:ident| $lift:expr;)*) => {$(
        impl<T: Float> Fold<T> for $Fold {
            type Out = T;
            const START: T = T::ZERO;
            const BEST: Level = Level::$best;
            const ABOUT: bool = $about;
            #[inline(always)]
            fn lift<A: Arch>(self, x: T, about: T) -> T {
                let ($x, $seen_from) = (x.lane::<A>(), about.lane::<A>());
                T::from_lane::<A>($lift)
            }
            #[inline(always)]
            fn join(a: T, b: T) -> T {
                a.plus(b)
            }
        }
    )*};
}
folds! {
    Deviations Avx2 true |x, about| x - about;
    SquaredDeviations Avx512 true |x, about| (x - about).square();
    Exponentials Avx512 true |x, about| (x - about).exp();
    Squares Avx512 false |x, _about| x.square();
}

impl<T: Element> Fold<T> for Nonzero {
    type Out = usize;
    const START: usize = 0;
    #[inline(always)]
    fn lift<A: Arch>(self, x: T, _: usize) -> usize {
        usize::from(x != T::default())
    }
    #[inline(always)]
    fn join(a: usize, b: usize) -> usize {
        a + b
    }
}
