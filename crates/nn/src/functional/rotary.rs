//! Rotary positions.

use wengert_autograd::{Result, Var};
use wengert_tensor::{Error, Fault, Float, Tensor};

/// Each pair of neighbours (a, b) of place t turned by the angle t·f: (a·cos - b·sin, a·sin + b·cos). The frequencies f of the
/// pairs go from 1 down to about 1/base: `[…, time, width]`, of an even width.
///
/// # Errors
/// If there are no such axes, or the width is odd.
#[track_caller]
pub fn rotary<T: Float>(x: Var<'_, T>, base: f64) -> Result<Var<'_, T>> {
    let shape = x.shape();
    let &[.., time, width] = shape.sizes() else {
        let rule = "must be […, time, width]";
        return Err(Error::Shape(Fault::new("rotary", &[&shape], rule)).into());
    };
    if !width.is_multiple_of(2) {
        let rule = format!("the width must be even, for pairs, and is {width}");
        return Err(Error::Shape(Fault::new("rotary", &[&shape], rule)).into());
    }
    if !(base > 0.0 && base.is_finite()) {
        let rule = format!("the base is {base}, and must be positive and finite");
        return Err(Error::Value(Fault::new("rotary", &[&shape], rule)).into());
    }
    let each = |f: fn(f64) -> f64| {
        let wave = |at: &[usize]| T::from_f64(f(angle(at[0], at[1] / 2, width, base)));
        Tensor::try_from_fn([time, width], wave)
    };
    // (a, b) becomes (-b, a) by two selections of columns.
    let swapped = Tensor::<usize>::try_from_fn([width], |at| at[0] ^ 1)?;
    let sign = |at: &[usize]| T::from_f64(if at[0].is_multiple_of(2) { -1.0 } else { 1.0 });
    let signs = Tensor::try_from_fn([width], sign)?;
    let sin = each(f64::sin)?.try_mul(&signs)?;
    x.try_mul(each(f64::cos)?)?.try_add(x.index_select(-1, swapped)?.try_mul(&sin)?)
}

/// The angle of pair `i` of vectors of this width at place `t`: t / base^(2i / width).
pub(crate) fn angle(t: usize, i: usize, width: usize, base: f64) -> f64 {
    t as f64 * base.powf(-2.0 * i as f64 / width as f64)
}
