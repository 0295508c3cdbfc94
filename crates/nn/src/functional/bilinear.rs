//! The form of two vectors.

use wengert_autograd::{Result, Var};
use wengert_tensor::{Error, Fault, Float};

/// yₒ = x₁ᵀ·Wₒ·x₂ + bₒ, on the last axes: `[…, first]`, `[…, second]` and a weight `[outputs, first, second]` give
/// `[…, outputs]`.
///
/// # Errors
/// If the shapes do not fit.
#[track_caller]
pub fn bilinear<'t, T: Float>(
    first: Var<'t, T>,
    second: Var<'t, T>,
    weight: Var<'t, T>,
    bias: Option<Var<'t, T>>,
) -> Result<Var<'t, T>> {
    let (a, b, w) = (first.shape(), second.shape(), weight.shape());
    let fits = match (&a[..], &b[..], &w[..]) {
        ([rows @ .., m], [others @ .., n], [_, wm, wn]) => rows == others && m == wm && n == wn,
        _ => false,
    };
    if !fits {
        let rule = "must be […, first], […, second] and a weight [outputs, first, second]";
        return Err(Error::Shape(Fault::new("bilinear", &[&a, &b, &w], rule)).into());
    }
    let (outputs, m, n) = (w[0], w[1], w[2]);
    let mut shape = a[..a.len() - 1].to_vec();
    let rows: usize = shape.iter().product();
    // x₁ against all W at once, then row by row against x₂.
    let beside = weight.permute([1, 0, 2])?.reshape([m, outputs * n])?;
    let product = first.reshape([rows, m])?.matmul(beside)?.reshape([rows, outputs, n])?;
    let column = second.reshape([rows, n, 1])?;
    shape.push(outputs);
    let y = product.matmul(column)?.reshape(shape)?;
    match bias {
        Some(bias) => y.try_add(bias),
        None => Ok(y),
    }
}
