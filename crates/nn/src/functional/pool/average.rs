//! The mean of each window, or its norm.

use wengert_autograd::{Result, Var};
use wengert_tensor::{Error, Fault, Float, Tensor, Window};

use super::Pool;
use crate::Each;

/// The mean of each window, with the padding as zeros.
///
/// # Errors
/// As for [`max_pool`](super::max_pool), and if there is a dilation.
#[track_caller]
pub fn avg_pool<T: Float, const D: usize>(x: Var<'_, T>, pool: Pool<D>) -> Result<Var<'_, T>> {
    means("avg_pool", x, pool)
}

/// [`avg_pool`], as a part of this op.
#[track_caller]
fn means<'t, T: Float, const D: usize>(
    op: &'static str,
    x: Var<'t, T>,
    pool: Pool<D>,
) -> Result<Var<'t, T>> {
    let shape = x.shape();
    let sums = sums_of_windows(op, x, pool)?;
    let padded = |i: usize| shape[shape.len() - D + i] + 2 * pool.padding.0[i];
    // A window that begins in the places added by `ceil` ends at the padding.
    divided::<T, D>(sums, |i, n| {
        let start = n * pool.stride.0[i];
        (start + pool.kernel.0[i]).min(padded(i)) - start
    })
}

/// The mean of the elements in each window, without the padding: PyTorch's `count_include_pad=False`.
///
/// # Errors
/// As for [`avg_pool`].
#[track_caller]
pub fn avg_pool_of_elements<T: Float, const D: usize>(
    x: Var<'_, T>,
    pool: Pool<D>,
) -> Result<Var<'_, T>> {
    let shape = x.shape();
    let sums = sums_of_windows("avg_pool", x, pool)?;
    divided::<T, D>(sums, |i, n| {
        let (places, padding) = (shape[shape.len() - D + i], pool.padding.0[i]);
        let (start, end) = (n * pool.stride.0[i], n * pool.stride.0[i] + pool.kernel.0[i]);
        end.min(places + padding) - start.max(padding)
    })
}

/// The sum of each window divided by this number, which need not be that of its elements: PyTorch's `divisor_override`.
///
/// # Errors
/// As for [`avg_pool`], and if the divisor is 0.
#[track_caller]
pub fn avg_pool_by<T: Float, const D: usize>(
    x: Var<'_, T>,
    pool: Pool<D>,
    divisor: isize,
) -> Result<Var<'_, T>> {
    if divisor == 0 {
        let rule = "the divisor is 0";
        return Err(Error::Value(Fault::new("avg_pool", &[&x.shape()], rule)).into());
    }
    Ok(sums_of_windows("avg_pool", x, pool)?.div_scalar(divisor as f64))
}

/// The sum of each window, the padding being zeros.
#[track_caller]
fn sums_of_windows<'t, T: Float, const D: usize>(
    op: &'static str,
    x: Var<'t, T>,
    pool: Pool<D>,
) -> Result<Var<'t, T>> {
    let shape = x.shape();
    let counts = pool.counts(op, &shape)?;
    if pool.dilation != Each([1; D]) {
        let rule = "a mean has no dilation";
        return Err(Error::Value(Fault::new(op, &[&shape], rule)).into());
    }
    let lead = shape.len() - D;
    let mut widths = vec![(0, 0); lead];
    for i in 0..D {
        let window = pool.window(i);
        let padding = pool.padding.0[i];
        let reach = (counts[i] - 1) * window.stride + window.span();
        widths.push((padding as isize, reach.saturating_sub(padding + shape[lead + i]) as isize));
    }
    let x = x.pad(widths, T::ZERO)?;
    let windows: Vec<Window> = (0..D).map(|i| pool.window(i)).collect();
    let seen: Vec<isize> = (1..=D as isize).map(|i| -i).collect();
    x.windows(windows)?.sum_over(seen)
}

/// Sums divided by the product of a number for each axis and place.
#[track_caller]
fn divided<T: Float, const D: usize>(
    sums: Var<'_, T>,
    of: impl Fn(usize, usize) -> usize,
) -> Result<Var<'_, T>> {
    let shape = sums.shape();
    let lead = shape.len() - D;
    let (mut same, mut by) = (1.0, None::<Tensor<T>>);
    for i in 0..D {
        let numbers: Vec<usize> = (0..shape[lead + i]).map(|n| of(i, n)).collect();
        if numbers.iter().all(|n| *n == numbers[0]) {
            same *= numbers.first().map_or(1.0, |&n| n as f64);
            continue;
        }
        let mut along = vec![1; D];
        along[i] = numbers.len();
        let numbers = Tensor::from(numbers).cast::<T>().reshape(along)?;
        by = Some(match by {
            None => numbers,
            Some(by) => by.try_mul(&numbers)?,
        });
    }
    match by {
        None => Ok(sums.div_scalar(same)),
        Some(by) => sums.try_div(by.mul_scalar(same)),
    }
}

/// The p-norm of each window: (Σ xᵖ)^(1/p), which is the sum for p = 1.
///
/// # Errors
/// As for [`avg_pool`], and if there is padding or p is 0.
#[track_caller]
pub fn lp_pool<T: Float, const D: usize>(
    x: Var<'_, T>,
    p: f64,
    pool: Pool<D>,
) -> Result<Var<'_, T>> {
    if p == 0.0 || p.is_nan() || pool.padding != Each([0; D]) {
        let rule = "the power is not 0 or NaN, and there is no padding";
        return Err(Error::Value(Fault::new("lp_pool", &[&x.shape()], rule)).into());
    }
    let means = means("lp_pool", x.powf(p), pool)?;
    // Now that a window is known to fit, this is a number.
    let places: usize = pool.kernel.0.iter().product();
    // By the mean, as PyTorch: a window that sees fewer places counts as a whole one.
    Ok(means.mul_scalar(places as f64).powf(1.0 / p))
}
