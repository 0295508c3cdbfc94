//! Padding: more places before and after axes, of one value or of what lies near.

use wengert_autograd::{Result, Var};
use wengert_tensor::{Border, Float, Tensor};

/// `widths[i]` more places of this value before and after axis `i`; negative widths cut places off. One pair an axis, as
/// [`Tensor::pad`] takes them.
///
/// # Errors
/// If there is not one pair an axis, or more is cut off than there is.
#[track_caller]
pub fn pad<T: Float>(
    x: Var<'_, T>,
    widths: impl AsRef<[(isize, isize)]>,
    value: T,
) -> Result<Var<'_, T>> {
    let widths = widths.as_ref();
    let wanted = x.value()?.pad(widths, value)?;
    let mut y = x;
    for (axis, &(before, after)) in widths.iter().enumerate() {
        let cut = |width: isize| width.min(0).unsigned_abs();
        let along = axis as isize;
        let shape = y.shape();
        if cut(before) + cut(after) > 0 {
            y = y.narrow(along, cut(before), shape[axis] - cut(before) - cut(after))?;
        }
        let border = |width: isize| -> Result<Option<Var<'_, T>>> {
            if width <= 0 {
                return Ok(None);
            }
            let mut sizes = shape.to_vec();
            sizes[axis] = width as usize;
            Ok(Some(x.tape().constant(Tensor::try_full(sizes, value)?)))
        };
        let parts: Vec<Var<'_, T>> =
            [border(before)?, Some(y), border(after)?].into_iter().flatten().collect();
        if parts.len() > 1 {
            y = Var::cat(&parts, along)?;
        }
    }
    debug_assert_eq!(y.shape().sizes(), wanted.shape());
    Ok(y)
}

/// `widths[i]` more places before and after axis `i`, filled from within, as [`Tensor::pad_with`] fills them.
///
/// # Errors
/// If there is not one pair an axis, or an axis is too short.
#[track_caller]
pub fn pad_with<T: Float>(
    x: Var<'_, T>,
    widths: impl AsRef<[(isize, isize)]>,
    border: Border,
) -> Result<Var<'_, T>> {
    let widths = widths.as_ref();
    // Rejected with the tensor's error, before anything is recorded.
    x.value()?.pad_with(widths, border)?;
    let mut y = x;
    for (axis, &width) in widths.iter().enumerate().filter(|(_, w)| **w != (0, 0)) {
        // Which place each place comes from: the numbers of the places, padded.
        let places = Tensor::<usize>::arange(0, y.shape()[axis], 1)?.pad_with([width], border)?;
        y = y.index_select(axis as isize, &places)?;
    }
    Ok(y)
}
