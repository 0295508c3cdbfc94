//! Pooling into a number of parts.

use wengert_autograd::{Result, Var};
use wengert_tensor::error::room_or_refuse;
use wengert_tensor::{Error, Fault, Float, Part, REST, Tensor, keep};

use super::refuse_rank;
use crate::Each;

/// The parts of an axis that adaptive pooling to so many places takes, which may overlap by one place: first and last, which is
/// not included.
fn parts(places: usize, into: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..into).map(move |i| (i * places / into, ((i + 1) * places).div_ceil(into)))
}

/// The mean of each of so many parts of each axis, as nearly equal as can be; [`REST`](wengert_tensor::REST) leaves an axis as it is.
///
/// # Errors
/// If the input is not `[N, C, …]` or `[C, …]`, or an axis has no place.
#[track_caller]
pub fn adaptive_avg_pool<T: Float, const D: usize>(
    x: Var<'_, T>,
    sizes: impl Into<Each<D>>,
) -> Result<Var<'_, T>> {
    const OP: &str = "adaptive_avg_pool";
    let shape = x.shape();
    let lead = refuse_rank::<D>(OP, &shape)?;
    let sizes = wanted(OP, &shape, lead, sizes.into())?;
    let mut y = x;
    for (i, &into) in sizes.iter().enumerate() {
        let (axis, places) = (lead + i, shape[lead + i]);
        if into == 0 {
            y = y.narrow(axis as isize, 0, 0)?;
        } else if places.is_multiple_of(into) {
            let sizes = [&y.shape()[..axis], &[into, places / into], &y.shape()[axis + 1..]];
            y = y.reshape(sizes.concat())?.mean_over(axis as isize + 1)?;
        } else {
            let means = parts(places, into).map(|(from, to)| {
                y.narrow(axis as isize, from, to - from)?.mean_over(keep(axis as isize))
            });
            y = Var::cat(&means.collect::<Result<Vec<_>>>()?, axis as isize)?;
        }
    }
    Ok(y)
}

/// The largest element of each of so many parts of each axis, and its place in its plane, counted in row-major order.
///
/// # Errors
/// As for [`adaptive_avg_pool`].
#[track_caller]
pub fn adaptive_max_pool_at<T: Float, const D: usize>(
    x: Var<'_, T>,
    sizes: impl Into<Each<D>>,
) -> Result<(Var<'_, T>, Tensor<usize>)> {
    let parts = all_parts(&x.shape(), sizes.into())?;
    let (_, places) = x.value()?.max_pool(&parts)?;
    Ok((x.max_pool(parts)?, places))
}

/// The largest element of each of so many parts of each axis.
///
/// # Errors
/// As for [`adaptive_avg_pool`].
#[track_caller]
pub fn adaptive_max_pool<T: Float, const D: usize>(
    x: Var<'_, T>,
    sizes: impl Into<Each<D>>,
) -> Result<Var<'_, T>> {
    x.max_pool(all_parts(&x.shape(), sizes.into())?)
}

/// The parts of each of the last axes.
#[track_caller]
fn all_parts<const D: usize>(shape: &[usize], sizes: Each<D>) -> Result<Vec<Vec<Part>>> {
    const OP: &str = "adaptive_max_pool";
    let lead = refuse_rank::<D>(OP, shape)?;
    let sizes = wanted(OP, shape, lead, sizes)?;
    let part = |(start, end): (usize, usize)| Part { start, len: end - start, step: 1 };
    Ok((0..D).map(|i| parts(shape[lead + i], sizes[i]).map(part).collect()).collect())
}

/// The sizes to pool to, each `REST` being the size that there is. Axes without places are rejected: they have neither mean nor
/// maximum.
#[track_caller]
fn wanted<const D: usize>(
    op: &'static str,
    shape: &[usize],
    lead: usize,
    sizes: Each<D>,
) -> Result<[usize; D]> {
    if shape[lead..].contains(&0) {
        return Err(Error::Shape(Fault::new(op, &[shape], "an axis has no place")).into());
    }
    let sizes = std::array::from_fn(|i| match sizes.0[i] {
        REST => shape[lead + i],
        size => size,
    });
    room_or_refuse::<f64>(op, &[&shape[..lead], &sizes[..]].concat())?;
    // Each part of an axis has its place in a list, and may have a line of the tape.
    sizes.iter().try_for_each(|&size| room_or_refuse::<[usize; 32]>(op, &[size]))?;
    Ok(sizes)
}
