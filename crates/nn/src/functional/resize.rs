//! Other sizes of the last axes, and channels in other places.

use wengert_autograd::{Result, Var};
use wengert_tensor::error::room_or_refuse;
use wengert_tensor::{Error, Fault, Float, Tensor};

/// The interpolation of places between those of the input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Interpolation {
    /// By the place before: PyTorch's `nearest`.
    #[default]
    Nearest,
    /// By both neighbours along each axis, weighted by their distance; places are the middles of cells. PyTorch's `linear`,
    /// `bilinear` and `trilinear`.
    Linear,
    /// As `Linear`, with the first and the last places at the ends: PyTorch's `align_corners=True`.
    LinearByCorners,
}

/// `x` `[N, C, …]` with its last axes in these sizes.
///
/// ```
/// use wengert_autograd::Tape;
/// use wengert_nn::functional::{Interpolation, interpolate};
/// use wengert_tensor::tensor;
///
/// let tape = Tape::new();
/// let x = tape.var(tensor![[[1.0_f64, 3.0]]]);
/// assert_eq!(interpolate(x, [4], Interpolation::Nearest)?.value()?, tensor![[[1.0, 1.0, 3.0, 3.0]]]);
/// assert_eq!(interpolate(x, [4], Interpolation::Linear)?.value()?, tensor![[[1.0, 1.5, 2.5, 3.0]]]);
/// assert_eq!(interpolate(x, [3], Interpolation::LinearByCorners)?.value()?, tensor![[[1.0, 2.0, 3.0]]]);
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
///
/// # Errors
/// Unless there is a size for each axis after the second, or if an axis has no place.
#[track_caller]
pub fn interpolate<T: Float>(
    x: Var<'_, T>,
    sizes: impl AsRef<[usize]>,
    how: Interpolation,
) -> Result<Var<'_, T>> {
    let (sizes, shape) = (sizes.as_ref(), x.shape());
    let steps: Vec<f64> = match shape.get(2..) {
        Some(places) => places.iter().zip(sizes).map(|(&n, &to)| n as f64 / to as f64).collect(),
        None => Vec::new(),
    };
    resampled(x, sizes, &steps, how)
}

/// `x` `[N, C, …]` with its last axes as many times as long, rounded down.
///
/// # Errors
/// As for [`interpolate`], and if a factor is not positive.
#[track_caller]
pub fn interpolate_by<T: Float>(
    x: Var<'_, T>,
    factors: impl AsRef<[f64]>,
    how: Interpolation,
) -> Result<Var<'_, T>> {
    let (factors, shape) = (factors.as_ref(), x.shape());
    if let Some(factor) = factors.iter().find(|f| !(f.is_finite() && **f > 0.0)) {
        let rule = format!("a factor is positive, and here it is {factor}");
        return Err(Error::Value(Fault::new("interpolate", &[&shape], rule)).into());
    }
    let places = shape.get(2..).unwrap_or(&[]);
    let sizes: Vec<usize> =
        places.iter().zip(factors).map(|(&n, f)| (n as f64 * f).floor() as usize).collect();
    let steps: Vec<f64> = factors.iter().map(|f| 1.0 / f).collect();
    resampled(x, &sizes, &steps, how)
}

/// Each axis after the second in another size, a step of the result being so many of the input.
#[track_caller]
fn resampled<'t, T: Float>(
    x: Var<'t, T>,
    sizes: &[usize],
    steps: &[f64],
    how: Interpolation,
) -> Result<Var<'t, T>> {
    let shape = x.shape();
    if shape.len() < 3 || shape.len() != sizes.len() + 2 || shape[2..].contains(&0) {
        let rule = "must be [N, C, …] with a size for each of the other axes, and places in them";
        return Err(Error::Shape(Fault::new("interpolate", &[&shape, sizes], rule)).into());
    }
    let whole: Vec<usize> = shape[..2].iter().chain(sizes).copied().collect();
    room_or_refuse::<T>("interpolate", &whole)?;
    // Lists of two places and a weight along an axis.
    sizes.iter().try_for_each(|&to| room_or_refuse::<[usize; 3]>("interpolate", &[to]))?;
    let mut y = x;
    for (i, (&to, &step)) in sizes.iter().zip(steps).enumerate() {
        let (axis, from) = (i as isize + 2, shape[2 + i]);
        let last = from - 1;
        if how == Interpolation::Nearest {
            let place = |n: usize| ((n as f64 * step).floor() as usize).min(last);
            y = y.index_select(axis, Tensor::from((0..to).map(place).collect::<Vec<_>>()))?;
            continue;
        }
        let at = |n: usize| match how {
            Interpolation::LinearByCorners if to < 2 => 0.0,
            Interpolation::LinearByCorners => n as f64 * last as f64 / (to - 1) as f64,
            _ => ((n as f64 + 0.5) * step - 0.5).clamp(0.0, last as f64),
        };
        let below: Vec<usize> = (0..to).map(|n| (at(n).floor() as usize).min(last)).collect();
        let above: Vec<usize> = below.iter().map(|n| (n + 1).min(last)).collect();
        let mut along = vec![1; sizes.len()];
        along[i] = to;
        let weights = (0..to).map(|n| T::from_f64(at(n) - below[n] as f64)).collect::<Vec<_>>();
        let weights = Tensor::from(weights).reshape(along)?;
        let a = y.index_select(axis, Tensor::from(below))?;
        let b = y.index_select(axis, Tensor::from(above))?;
        y = a.try_mul(weights.mul_scalar(-1.0).add_scalar(1.0))?.try_add(b.try_mul(weights)?)?;
    }
    Ok(y)
}

/// Channels as places: `[…, C·r², H, W]` gives `[…, C, H·r, W·r]`.
///
/// # Errors
/// If there are fewer than three axes, or r² does not divide the channels.
#[track_caller]
pub fn pixel_shuffle<T: Float>(x: Var<'_, T>, r: usize) -> Result<Var<'_, T>> {
    let shape = x.shape();
    let &[ref lead @ .., c, h, w] = &shape[..] else {
        return Err(not_an_image("pixel_shuffle", &shape, r));
    };
    let square = r.checked_mul(r).filter(|&n| n > 0 && c.is_multiple_of(n));
    let Some(square) = square else { return Err(not_an_image("pixel_shuffle", &shape, r)) };
    let (apart, at) = ([c / square, r, r, h, w], lead.len() as isize);
    let order: Vec<isize> = (0..at).chain([0, 3, 1, 4, 2].map(|i| at + i)).collect();
    let whole = [c / square, h * r, w * r];
    x.reshape([lead, &apart[..]].concat())?.permute(order)?.reshape([lead, &whole[..]].concat())
}

/// Places as channels: `[…, C, H·r, W·r]` gives `[…, C·r², H, W]`.
///
/// # Errors
/// If there are fewer than three axes, or r does not divide the last two.
#[track_caller]
pub fn pixel_unshuffle<T: Float>(x: Var<'_, T>, r: usize) -> Result<Var<'_, T>> {
    let shape = x.shape();
    let &[ref lead @ .., c, h, w] = &shape[..] else {
        return Err(not_an_image("pixel_unshuffle", &shape, r));
    };
    if r == 0 || !h.is_multiple_of(r) || !w.is_multiple_of(r) {
        return Err(not_an_image("pixel_unshuffle", &shape, r));
    }
    let (apart, at) = ([c, h / r, r, w / r, r], lead.len() as isize);
    let order: Vec<isize> = (0..at).chain([0, 2, 4, 1, 3].map(|i| at + i)).collect();
    let Some(channels) = r.checked_mul(r).and_then(|n| n.checked_mul(c)) else {
        return Err(not_an_image("pixel_unshuffle", &shape, r));
    };
    let whole = [channels, h / r, w / r];
    x.reshape([lead, &apart[..]].concat())?.permute(order)?.reshape([lead, &whole[..]].concat())
}

#[track_caller]
fn not_an_image(op: &'static str, shape: &[usize], r: usize) -> wengert_autograd::Error {
    let rule =
        format!("must be […, C, H, W], and {r} or its square must divide the axis that is split");
    Error::Shape(Fault::new(op, &[shape], rule)).into()
}

/// The channels of `[N, C, …]` in another order: of so many groups, first the first of each, then the second of each.
///
/// # Errors
/// If there are fewer than two axes, or the groups do not divide the channels.
#[track_caller]
pub fn channel_shuffle<T: Float>(x: Var<'_, T>, groups: usize) -> Result<Var<'_, T>> {
    let shape = x.shape();
    let channels = shape.get(1).copied().unwrap_or(0);
    if shape.len() < 2 || groups == 0 || !channels.is_multiple_of(groups) {
        let rule = format!("must be [N, C, …], and {groups} groups must divide the channels");
        return Err(Error::Shape(Fault::new("channel_shuffle", &[&shape], rule)).into());
    }
    let apart = [&shape[..1], &[groups, channels / groups], &shape[2..]].concat();
    x.reshape(apart)?.transpose(1, 2)?.reshape(&*shape)
}
