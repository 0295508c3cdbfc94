//! `Pointwise`: a function of your own, of N numbers at each place, with derivatives by dual numbers.

use super::Dual;
use super::lane::{LaneFloat, lanes};
use super::real::{Arg as _, ONE, Real, ZERO};
use crate::error::no_memory;
use crate::kernel::level::Arch;
use crate::kernel::map::{InPlace, Lanewise, try_map, update};
use crate::{Float, Result, Shape, Tensor};

/// A function of N numbers at each place, written once, over any [`Real`]. It runs as one vector kernel; its derivatives are found by
/// dual numbers, and are as exact as a formula.
///
/// ```
/// use wengert_tensor::pointwise::{C, Pointwise, Real, ZERO};
/// use wengert_tensor::tensor;
///
/// /// The pinball loss of a prediction and a target.
/// #[derive(Clone, Copy)]
/// struct Pinball(C);
/// impl Pointwise<2> for Pinball {
///     const NAME: &'static str = "pinball";
///     fn value<R: Real>(self, [prediction, target]: [R; 2]) -> R {
///         let e = target - prediction;
///         e.when_gt(ZERO, e * self.0, e * (self.0 - C(1.0)))
///     }
/// }
///
/// let (prediction, target) = (tensor![1.0_f64, 5.0], tensor![2.0, 3.0]);
/// let pinball = Pinball(C(0.75));
/// assert_eq!(pinball.apply([&prediction, &target])?, tensor![0.75, 0.5]);
/// // The slope along the prediction, times a gradient of 1.
/// let slope = pinball.pull(0, prediction.ones_like(), [&prediction, &target]);
/// assert_eq!(slope, tensor![-0.75, 0.25]);
/// # Ok::<(), wengert_tensor::Error>(())
/// ```
pub trait Pointwise<const N: usize = 1>: Copy + Send + Sync + 'static {
    /// The name in prints, reports and errors.
    const NAME: &'static str;

    /// Its value. Mark it `#[inline(always)]` if it is long, so that it runs in vectors.
    fn value<R: Real>(self, x: [R; N]) -> R;

    /// Its options by name, as prints and reports show them; none unless it says so.
    fn options(self) -> Vec<(&'static str, f64)> {
        Vec::new()
    }

    /// Its derivative along operand `k`.
    #[inline(always)]
    fn slope<R: Real>(self, k: usize, x: [R; N]) -> R {
        let mut along = [Dual::fixed(x[0]); N];
        for (i, place) in along.iter_mut().enumerate() {
            *place = Dual::of(x[i], if i == k { ONE } else { ZERO }.beside(x[i]));
        }
        self.value(along).slope
    }

    /// Its value at each place of the operands, broadcast against one another.
    ///
    /// # Errors
    /// If the shapes do not broadcast, or to more elements than there is memory for.
    #[track_caller]
    fn apply<T: Float>(self, x: [&Tensor<T>; N]) -> Result<Tensor<T>> {
        let mut shape = Shape::new(x[0].shape());
        for x in &x[1..] {
            shape = Shape::broadcast_or_refuse(Self::NAME, &shape, x.shape())?;
        }
        Shape::len_or_refuse(Self::NAME, &shape)?;
        try_map(Value(self), x, &shape).ok_or_else(|| no_memory::<T>(Self::NAME, &shape))
    }

    /// The reverse rule along operand `k`: `g`, of the value's shape, times the slope, in that shape; 0 where `g` is 0.
    ///
    /// # Panics
    /// If an operand does not broadcast to g's shape.
    fn pull<T: Float>(self, k: usize, g: Tensor<T>, x: [&Tensor<T>; N]) -> Tensor<T> {
        update(Pull(self, k), g, x)
    }
}

#[derive(Clone, Copy)]
struct Value<F>(F);
impl<T: LaneFloat, F: Pointwise<N>, const N: usize> Lanewise<T, T, N> for Value<F> {
    #[inline(always)]
    fn at<A: Arch>(self, x: [T; N]) -> T {
        T::from_lane::<A>(self.0.value(lanes::<A, _, N>(x)))
    }
}

#[derive(Clone, Copy)]
struct Pull<F>(F, usize);
impl<T: LaneFloat, F: Pointwise<N>, const N: usize> InPlace<T, N> for Pull<F> {
    #[inline(always)]
    fn at<A: Arch>(self, g: T, x: [T; N]) -> T {
        let slope = self.0.slope(self.1, lanes::<A, _, N>(x));
        T::from_lane::<A>(g.lane::<A>().gated(slope))
    }
}
