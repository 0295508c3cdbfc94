//! Something to fit: a line, a sine, a function of ten features of which five matter.

use std::f64::consts::PI;

use wengert_tensor::{Float, Tensor};

use super::{filled, fits, no_deviation, not_finite, refuse};
use crate::TensorDataset;
use crate::rng::{For, Rng};

/// A noisy function of `n` evenly spaced points; features and targets `[n, 1]`.
#[track_caller]
fn curve<T: Float>(
    n: usize,
    from: f64,
    to: f64,
    noise: f64,
    seed: u64,
    f: impl Fn(f64) -> f64,
) -> TensorDataset<T, T> {
    let mut rng = Rng::new(For::Synthetic, seed, 0);
    refuse("synth", no_deviation("noise", noise));
    fits("synth", &[n, 1]);
    let x = Tensor::linspace(from, to, n).to_vec();
    let y = x.iter().map(|&x| f(x) + noise * rng.normal()).collect::<Vec<_>>();
    TensorDataset::of(filled(&[n, 1], x), filled(&[n, 1], y))
}

/// A line: `y = slope·x + intercept + noise` at `n` points evenly spaced over [-10, 10].
///
/// ```
/// // x = linspace(-10, 10, 100); y = 3x + 4 + 0.5·randn(100)
/// let data = wengert_data::synth::linear::<f32>(100, 3.0, 4.0, 0.5, 42);
/// assert_eq!(data.features().shape(), [100, 1]);
/// assert_eq!(data.targets().shape(), [100, 1]);
/// ```
#[track_caller]
pub fn linear<T: Float>(
    n: usize,
    slope: f64,
    intercept: f64,
    noise: f64,
    seed: u64,
) -> TensorDataset<T, T> {
    let line = not_finite("slope", slope).or_else(|| not_finite("intercept", intercept));
    refuse("linear", line);
    curve(n, -10.0, 10.0, noise, seed, |x| slope * x + intercept)
}

/// A period of the sine: `y = sin x + noise` at `n` points evenly spaced over [-π, π].
#[track_caller]
pub fn sine<T: Float>(n: usize, noise: f64, seed: u64) -> TensorDataset<T, T> {
    curve(n, -PI, PI, noise, seed, f64::sin)
}

/// Friedman's first benchmark: ten features uniform over [0, 1), of which five matter,
/// `y = 10 sin(π x₀ x₁) + 20 (x₂ − ½)² + 10 x₃ + 5 x₄ + noise`.
///
/// J. H. Friedman, "Multivariate adaptive regression splines", Annals of Statistics 19 (1991).
#[track_caller]
pub fn friedman1<T: Float>(n: usize, noise: f64, seed: u64) -> TensorDataset<T, T> {
    refuse("friedman1", no_deviation("noise", noise));
    fits("friedman1", &[n, 11]);
    let mut rng = Rng::new(For::Synthetic, seed, 0);
    let x: Vec<f64> = (0..n * 10).map(|_| rng.unit()).collect();
    let y: Vec<f64> = x
        .chunks_exact(10)
        .map(|x| {
            let wave = 10.0 * (PI * x[0] * x[1]).sin();
            wave + 20.0 * (x[2] - 0.5).powi(2) + 10.0 * x[3] + 5.0 * x[4] + noise * rng.normal()
        })
        .collect();
    TensorDataset::of(filled(&[n, 10], x), filled(&[n, 1], y))
}
