//! Time series: a random walk, a walk with a memory, seasons with a trend; and windows, which make samples of a series.

use std::f64::consts::PI;

use wengert_tensor::{Element, Float, Tensor};

use super::{filled, fits, no_deviation, not_finite, refuse};
use crate::rng::{For, Rng};
use crate::{Error, Result, TensorDataset};

/// A random walk of `n` steps: `x₀ = 0`, `xₜ = xₜ₋₁ + N(0, 1)`. Nothing predicts it better than its last value.
#[track_caller]
pub fn random_walk<T: Float>(n: usize, seed: u64) -> Tensor<T> {
    fits("random_walk", &[n]);
    let mut rng = Rng::new(For::Synthetic, seed, 0);
    let mut at = 0.0;
    filled(
        &[n],
        (0..n).map(|t| {
            at += if t == 0 { 0.0 } else { rng.normal() };
            at
        }),
    )
}

/// A walk whose steps remember: `xₜ = xₜ₋₁ + dₜ` with `dₜ = pull·dₜ₋₁ + N(0, 1)`. The best prediction has a mean squared
/// error of 1; that of the last value is `1 / (1 - pull²)`. Without a pull it is a [`random_walk`].
#[track_caller]
pub fn momentum<T: Float>(n: usize, pull: f64, seed: u64) -> Tensor<T> {
    refuse("momentum", not_finite("pull", pull));
    fits("momentum", &[n]);
    let mut rng = Rng::new(For::Synthetic, seed, 0);
    let (mut at, mut step) = (0.0, 0.0);
    filled(
        &[n],
        (0..n).map(|t| {
            if t > 0 {
                step = pull * step + rng.normal();
                at += step;
            }
            at
        }),
    )
}

/// A trend and two seasons, as of hours, days and weeks: `xₜ = 0.01 t + sin(2π t/24) + ½ sin(2π t/168) + noise`.
#[track_caller]
pub fn seasons<T: Float>(n: usize, noise: f64, seed: u64) -> Tensor<T> {
    refuse("seasons", no_deviation("noise", noise));
    fits("seasons", &[n]);
    let mut rng = Rng::new(For::Synthetic, seed, 0);
    filled(
        &[n],
        (0..n).map(|t| {
            let t = t as f64;
            let season = |period: f64| (2.0 * PI * t / period).sin();
            0.01 * t + season(24.0) + 0.5 * season(168.0) + noise * rng.normal()
        }),
    )
}

/// Samples of a series: `width` values in a row are the features, and the value `ahead` steps after the last of them the target.
/// The features of sample `i` end before time `i + width`; split with [`time_split`](TensorDataset::time_split).
///
/// ```
/// use wengert_data::synth::windows;
/// use wengert_tensor::tensor;
///
/// let data = windows(&tensor![0.0_f32, 1.0, 2.0, 3.0, 4.0], 3, 1)?;
/// assert_eq!(data.features(), &tensor![[0.0, 1.0, 2.0], [1.0, 2.0, 3.0]]);
/// assert_eq!(data.targets(), &tensor![[3.0], [4.0]]);
/// # Ok::<(), wengert_data::Error>(())
/// ```
///
/// # Errors
/// [`Error::Shape`] unless the series has one axis, and at least `width + ahead` values; [`Error::Value`] if one of these is 0.
#[track_caller]
pub fn windows<T: Element>(
    series: &Tensor<T>,
    width: usize,
    ahead: usize,
) -> Result<TensorDataset<T, T>> {
    if width == 0 || ahead == 0 {
        let rule = format!("a width of {width}, {ahead} ahead; both must be 1 at least");
        return Err(Error::value("windows", rule));
    }
    let n = series.len();
    let taken = width.saturating_add(ahead - 1);
    if series.rank() != 1 || n <= taken {
        let shape = series.shape();
        let rule = format!("{shape:?} is no series of at least {width} and {ahead} values");
        return Err(Error::shape("windows", rule));
    }
    let count = n - taken;
    let series = series.contiguous();
    let values = series.as_slice().unwrap_or(&[]);
    let x: Vec<T> = values.windows(width).take(count).flatten().copied().collect();
    let y = Tensor::from_slice(&values[n - count..], [count, 1])?;
    Ok(TensorDataset::of(Tensor::from_vec(x, [count, width])?, y))
}
