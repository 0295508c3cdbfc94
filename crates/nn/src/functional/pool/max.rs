//! The largest element of each window, and back to its place.

use wengert_autograd::{Result, Var};
use wengert_tensor::error::room_or_refuse;
use wengert_tensor::{Error, Fault, Float, Part, Shape, Tensor};

use super::{Pool, refuse_rank};
use crate::Each;

/// The largest element of each window; of NaN and numbers it is NaN.
///
/// # Errors
/// If the input is not `[N, C, …]` or `[C, …]`, the padding is more than half of the kernel, or a window is larger than the padded
/// input.
#[track_caller]
pub fn max_pool<T: Float, const D: usize>(x: Var<'_, T>, pool: Pool<D>) -> Result<Var<'_, T>> {
    x.max_pool(parts(&x.shape(), pool)?)
}

/// [`max_pool`], and the place of each element in its plane, counted in row-major order: PyTorch's `return_indices`.
///
/// # Errors
/// As for [`max_pool`].
#[track_caller]
pub fn max_pool_at<T: Float, const D: usize>(
    x: Var<'_, T>,
    pool: Pool<D>,
) -> Result<(Var<'_, T>, Tensor<usize>)> {
    let parts = parts(&x.shape(), pool)?;
    let (_, places) = x.value()?.max_pool(&parts)?;
    Ok((x.max_pool(parts)?, places))
}

/// The places of each axis that the windows see.
#[track_caller]
fn parts<const D: usize>(shape: &[usize], pool: Pool<D>) -> Result<Vec<Vec<Part>>> {
    const OP: &str = "max_pool";
    let counts = pool.counts(OP, shape)?;
    counts.iter().try_for_each(|&count| room_or_refuse::<Part>(OP, &[count]))?;
    let axis = |i: usize| {
        let (places, window) = (shape[shape.len() - D + i], pool.window(i));
        let padding = pool.padding.0[i];
        (0..counts[i]).map(|n| window.part(n, padding, places)).collect()
    };
    Ok((0..D).map(axis).collect())
}

/// Zeros with these last axes, and the elements of `x` at their places, as [`max_pool_at`] gives them. Where a place is named
/// several times, the last element stays.
///
/// # Errors
/// If the shapes differ, or a place lies outside the plane.
#[track_caller]
pub fn max_unpool<'t, T: Float, const D: usize>(
    x: Var<'t, T>,
    places: &Tensor<usize>,
    sizes: impl Into<Each<D>>,
) -> Result<Var<'t, T>> {
    const OP: &str = "max_unpool";
    let (shape, sizes) = (x.shape(), sizes.into().0);
    let lead = refuse_rank::<D>(OP, &shape)?;
    if places.shape() != &*shape {
        let rule = "there is a place for each element";
        return Err(Error::Shape(Fault::new(OP, &[&shape, places.shape()], rule)).into());
    }
    let whole: Vec<usize> = shape[..lead].iter().chain(&sizes).copied().collect();
    // Of an empty batch too: its result has no elements, however large the planes are.
    let plane = Shape::len_or_refuse(OP, &sizes)?;
    room_or_refuse::<T>(OP, &whole)?;
    let axis = lead as isize;
    let places = places.flatten_axes(axis, -1)?;
    let flat: Vec<usize> = shape[..lead].iter().copied().chain([plane]).collect();
    let x = x.flatten_axes(axis, -1)?;
    let kept = last_of_each(&places, plane);
    let x = if kept.count() == x.len() { x } else { x.masked_fill(&!kept, T::ZERO)? };
    let zeros = x.tape().constant(Tensor::try_full(&flat, T::ZERO)?);
    zeros.scatter_add(axis, &places, x)?.reshape(whole)
}

/// For each element, whether no later one of its plane names the same place.
fn last_of_each(places: &Tensor<usize>, plane: usize) -> Tensor<bool> {
    let each = places.shape().last().copied().unwrap_or(1).max(1);
    let numbers = places.to_vec();
    let mut kept = vec![true; numbers.len()];
    for (row, numbers) in numbers.chunks(each).enumerate() {
        let mut met = vec![false; plane];
        for (i, &n) in numbers.iter().enumerate().rev() {
            // One outside is rejected where it is written.
            if let Some(met) = met.get_mut(n) {
                kept[row * each + i] = !std::mem::replace(met, true);
            }
        }
    }
    match Tensor::from(kept).reshape(places.shape()) {
        Ok(mask) => mask,
        Err(_) => unreachable!("as many as places"),
    }
}
