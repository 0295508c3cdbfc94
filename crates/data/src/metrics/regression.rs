//! Distances of predicted numbers from true ones.

use wengert_tensor::{Float, Tensor};

use super::{every, paired};
use crate::{Error, Result};

/// The mean of a function of prediction and target.
#[track_caller]
fn mean<T: Float>(
    op: &'static str,
    predictions: &Tensor<T>,
    targets: &Tensor<T>,
    f: impl Fn(f64) -> f64,
) -> Result<f64> {
    paired(op, predictions, targets)?;
    every(op, "prediction", predictions, |x| x.is_finite(), "")?;
    every(op, "target", targets, |x| x.is_finite(), "")?;
    let off = predictions.iter().zip(targets.iter()).map(|(p, y)| f(p.to_f64() - y.to_f64()));
    Ok(off.sum::<f64>() / predictions.len() as f64)
}

/// The mean squared error.
///
/// ```
/// use wengert_data::metrics::{mae, mse, r2};
/// use wengert_tensor::tensor;
///
/// let (predictions, targets) = (tensor![1.0_f32, 2.0, 5.0], tensor![1.0_f32, 3.0, 5.0]);
/// assert_eq!(mse(&predictions, &targets)?, 1.0 / 3.0);
/// assert_eq!(mae(&predictions, &targets)?, 1.0 / 3.0);
/// assert_eq!(r2(&predictions, &targets)?, 0.875);
/// # Ok::<(), wengert_data::Error>(())
/// ```
///
/// # Errors
/// [`Error::Shape`] unless both have one shape and are not empty; [`Error::Value`] if a prediction or a target is not finite.
#[track_caller]
pub fn mse<T: Float>(predictions: &Tensor<T>, targets: &Tensor<T>) -> Result<f64> {
    mean("mse", predictions, targets, |off| off * off)
}

/// The square root of [`mse`], in the targets' own unit.
///
/// # Errors
/// As [`mse`].
#[track_caller]
pub fn rmse<T: Float>(predictions: &Tensor<T>, targets: &Tensor<T>) -> Result<f64> {
    Ok(mean("rmse", predictions, targets, |off| off * off)?.sqrt())
}

/// The mean absolute error.
///
/// # Errors
/// As [`mse`].
#[track_caller]
pub fn mae<T: Float>(predictions: &Tensor<T>, targets: &Tensor<T>) -> Result<f64> {
    mean("mae", predictions, targets, f64::abs)
}

/// R², the fraction of the targets' variance that the predictions explain: 1 for perfect predictions, 0 for the targets' mean,
/// below 0 for worse ones.
///
/// # Errors
/// As [`mse`]; [`Error::Value`] if all targets are equal, so that there is nothing to explain.
#[track_caller]
pub fn r2<T: Float>(predictions: &Tensor<T>, targets: &Tensor<T>) -> Result<f64> {
    let left = mean("r2", predictions, targets, |off| off * off)?;
    let n = targets.len() as f64;
    let centre = targets.iter().map(|y| y.to_f64()).sum::<f64>() / n;
    let all = targets.iter().map(|y| (y.to_f64() - centre).powi(2)).sum::<f64>() / n;
    let first = targets.iter().next();
    if targets.iter().all(|y| Some(y) == first) {
        return Err(Error::value("r2", "all targets are equal: there is no variance to explain"));
    }
    Ok(1.0 - left / all)
}
