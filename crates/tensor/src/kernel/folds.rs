//! The folds of the statistics: deviations, powers, exponentials, counts.

use super::level::{Arch, Level};
use super::tree::{Fold, Max, Min};
use crate::pointwise::{C, Real};
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
    Magnitudes,
    Powers(f64),
    ScaledPowers(f64),
    MaxMagnitude,
    MinMagnitude,
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
/// The sum of |x|.
#[derive(Clone, Copy)]
pub(crate) struct Magnitudes;
/// The sum of |x|ᵖ.
#[derive(Clone, Copy)]
pub(crate) struct Powers(pub(crate) f64);
/// The sum of |x / about|ᵖ.
#[derive(Clone, Copy)]
pub(crate) struct ScaledPowers(pub(crate) f64);
/// The largest |x|.
#[derive(Clone, Copy)]
pub(crate) struct MaxMagnitude;
/// The smallest |x|.
#[derive(Clone, Copy)]
pub(crate) struct MinMagnitude;
/// The number of elements that are not zero.
#[derive(Clone, Copy)]
pub(crate) struct Nonzero;

macro_rules! folds {
    ($($Fold:ident $best:ident $about:literal |$this:ident, $x:ident, $seen_from:ident| $lift:expr;
        $start:expr, |$a:ident, $b:ident| $join:expr;)*) => {$(
        impl<T: Float> Fold<T> for $Fold {
            type Out = T;
            const START: T = $start;
            const BEST: Level = Level::$best;
            const ABOUT: bool = $about;
            #[inline(always)]
            fn lift<A: Arch>(self, x: T, about: T) -> T {
                let ($this, $x, $seen_from) = (self, x.lane::<A>(), about.lane::<A>());
                T::from_lane::<A>($lift)
            }
            #[inline(always)]
            fn join($a: T, $b: T) -> T {
                $join
            }
        }
    )*};
}
folds! {
    Deviations Avx2 true |_this, x, about| x - about; T::ZERO, |a, b| a.plus(b);
    SquaredDeviations Avx512 true |_this, x, about| (x - about).square(); T::ZERO, |a, b| a.plus(b);
    Exponentials Avx512 true |_this, x, about| (x - about).exp(); T::ZERO, |a, b| a.plus(b);
    Squares Avx512 false |_this, x, _about| x.square(); T::ZERO, |a, b| a.plus(b);
    Magnitudes Avx2 false |_this, x, _about| x.abs(); T::ZERO, |a, b| a.plus(b);
    Powers Avx2 false |this, x, _about| x.abs().powc(C(this.0)); T::ZERO, |a, b| a.plus(b);
    ScaledPowers Avx2 true |this, x, about| (x / about).abs().powc(C(this.0)); T::ZERO, |a, b| a.plus(b);
    MaxMagnitude Avx2 false |_this, x, _about| x.abs(); T::ZERO, |a, b| Max::join(a, b);
    MinMagnitude Avx2 false |_this, x, _about| x.abs(); T::GREATEST, |a, b| Min::join(a, b);
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
