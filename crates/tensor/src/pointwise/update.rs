//! `Update`: a step of an optimiser as a formula: some tensors and a gradient, place by place, to the tensors anew.

use super::lane::{LaneFloat, lanes};
use super::real::Real;
use crate::error::Fault;
use crate::index::refuse_outside;
use crate::kernel::level::Arch;
use crate::kernel::update::{Rewrite, rewrite, rewrite_rows};
use crate::shape::same;
use crate::{Error, Float, Result, Shape, Tensor};

/// The update of N numbers, a parameter and its state, by a gradient.
///
/// ```
/// use wengert_tensor::pointwise::{C, Real, Update, update_in_place};
/// use wengert_tensor::{Result, tensor};
///
/// /// v ← μ·v + g, θ ← θ - η·v
/// #[derive(Clone, Copy)]
/// struct Momentum {
///     rate: C,
///     momentum: C,
/// }
///
/// impl Update<2> for Momentum {
///     fn step<R: Real>(self, [p, v]: [R; 2], g: R) -> [R; 2] {
///         let v = self.momentum * v + g;
///         [p - self.rate * v, v]
///     }
/// }
///
/// let (mut p, mut v) = (tensor![1.0_f32, 2.0], tensor![0.0_f32, 1.0]);
/// let step = Momentum { rate: C(0.5), momentum: C(0.5) };
/// update_in_place(step, [&mut p, &mut v], &tensor![2.0, 1.0])?;
/// assert_eq!((p, v), (tensor![0.0, 1.25], tensor![2.0, 1.5]));
/// # Ok::<(), wengert_tensor::Error>(())
/// ```
pub trait Update<const N: usize>: Copy + Send + Sync {
    /// The N numbers anew. Mark it `#[inline(always)]`, or it runs a number at a time.
    fn step<R: Real>(self, state: [R; N], g: R) -> [R; N];
}

#[derive(Clone, Copy)]
struct Lanes<F>(F);

impl<T: LaneFloat, F: Update<N>, const N: usize> Rewrite<T, N> for Lanes<F> {
    #[inline(always)]
    fn at<A: Arch>(self, state: [T; N], g: T) -> [T; N] {
        let lanes = self.0.step(lanes::<A, _, N>(state), g.lane::<A>());
        let mut new = state;
        for k in 0..N {
            new[k] = T::from_lane::<A>(lanes[k]);
        }
        new
    }
}

/// Rewrites the tensors of `state`, of which the parameter is the first, in one pass over memory: in place where nobody
/// else holds a buffer, else in a copy of it.
///
/// # Errors
/// [`Error::Shape`] if they are not all of the gradient's shape: an update broadcasts nothing.
#[track_caller]
#[inline]
pub fn update_in_place<T: Float, F: Update<N>, const N: usize>(
    f: F,
    state: [&mut Tensor<T>; N],
    g: &Tensor<T>,
) -> Result<()> {
    if let Some(other) = state.iter().find(|x| !same(x.shape(), g.shape())) {
        let rule = "a tensor and the gradient that updates it must have one shape";
        return Err(Error::Shape(Fault::new("update_in_place", &[other.shape(), g.shape()], rule)));
    }
    rewrite(Lanes(f), state, g);
    Ok(())
}

/// Rewrites some rows of the tensors of `state`, as [`update_in_place`] rewrites all: row `k` of the gradient belongs to row `rows[k]`.
///
/// ```
/// use wengert_tensor::pointwise::{Real, Update, update_rows_in_place};
/// use wengert_tensor::tensor;
///
/// #[derive(Clone, Copy)]
/// struct Descent;
/// impl Update<1> for Descent {
///     fn step<R: Real>(self, [p]: [R; 1], g: R) -> [R; 1] {
///         [p - g]
///     }
/// }
///
/// let mut table = tensor![[1.0_f32, 2.0], [3.0, 4.0], [5.0, 6.0]];
/// update_rows_in_place(Descent, [&mut table], &tensor![2_usize], &tensor![[1.0, 2.0]])?;
/// assert_eq!(table, tensor![[1.0, 2.0], [3.0, 4.0], [4.0, 4.0]]);
/// assert!(update_rows_in_place(Descent, [&mut table], &tensor![3_usize], &tensor![[1.0, 2.0]]).is_err());
/// # Ok::<(), wengert_tensor::Error>(())
/// ```
///
/// # Errors
/// [`Error::Shape`] if the tensors have not one shape, or the gradient not that shape with as many rows as there are numbers of
/// rows; [`Error::Index`] if there is no such row.
#[track_caller]
pub fn update_rows_in_place<T: Float, F: Update<N>, const N: usize>(
    f: F,
    state: [&mut Tensor<T>; N],
    rows: &Tensor<usize>,
    g: &Tensor<T>,
) -> Result<()> {
    const OP: &str = "update_rows_in_place";
    let shape = Shape::new(state[0].shape());
    let fits = !shape.is_empty() && g.rank() == shape.len() && g.shape()[1..] == shape[1..];
    if !fits || g.shape()[0] != rows.len() {
        let rule = "the gradient must have the tensor's shape, and a row for each number of a row";
        return Err(Error::Shape(Fault::new(OP, &[&shape, rows.shape(), g.shape()], rule)));
    }
    if let Some(other) = state.iter().find(|x| !same(x.shape(), &shape)) {
        let rule = "the tensors must have one shape";
        return Err(Error::Shape(Fault::new(OP, &[&shape, other.shape()], rule)));
    }
    refuse_outside(OP, &shape, rows, 0)?;
    let width = shape[1..].iter().product();
    rewrite_rows(Lanes(f), state, width, &rows.to_vec(), g);
    Ok(())
}
