//! Something to tell apart: moons, circles, blobs, spirals, the exclusive or, a rare class.

use std::f64::consts::PI;

use wengert_tensor::{Float, Tensor};

use super::{filled, fits, no_deviation, not_finite, refuse};
use crate::rng::{For, Rng};
use crate::{Error, Result, TensorDataset};

/// `n` points in `dims` dimensions, whose classes take turns. `point` gives the place of the `i`-th of `of` points of a class.
#[track_caller]
fn points<T: Float>(
    n: usize,
    classes: usize,
    dims: usize,
    mut point: impl FnMut(usize, usize, usize, &mut Vec<f64>),
) -> TensorDataset<T> {
    fits("synth", &[n, dims]);
    let mut x = Vec::with_capacity(n * dims);
    for i in 0..n {
        let (class, of) = (i % classes, (n - i % classes).div_ceil(classes));
        point(class, i / classes, of, &mut x);
    }
    let labels: Vec<usize> = (0..n).map(|i| i % classes).collect();
    TensorDataset::of(filled(&[n, dims], x), Tensor::from(labels))
}

/// The `i`th of `of` evenly spaced numbers from 0 to 1, both included.
fn part(i: usize, of: usize) -> f64 {
    i as f64 / of.saturating_sub(1).max(1) as f64
}

/// Two half circles that reach into each other: class 0 at `(cos t, sin t)`, class 1 at `(1 − cos t, ½ − sin t)`, `t` evenly
/// spaced over [0, π]; noise on both coordinates.
///
/// ```
/// let data = wengert_data::synth::moons::<f32>(200, 0.1, 0);
/// assert_eq!(data.features().shape(), [200, 2]);
/// assert_eq!(data.class_counts().into_iter().collect::<Vec<_>>(), [(0, 100), (1, 100)]);
/// ```
#[track_caller]
pub fn moons<T: Float>(n: usize, noise: f64, seed: u64) -> TensorDataset<T> {
    refuse("moons", no_deviation("noise", noise));
    let mut rng = Rng::new(For::Synthetic, seed, 0);
    points(n, 2, 2, |class, i, of, out| {
        let (sin, cos) = (PI * part(i, of)).sin_cos();
        let (x, y) = if class == 0 { (cos, sin) } else { (1.0 - cos, 0.5 - sin) };
        out.extend([x + noise * rng.normal(), y + noise * rng.normal()]);
    })
}

/// Two circles about 0: class 0 of radius 1, class 1 of radius `factor`, points evenly spaced; noise on both coordinates.
#[track_caller]
pub fn circles<T: Float>(n: usize, factor: f64, noise: f64, seed: u64) -> TensorDataset<T> {
    refuse("circles", not_finite("factor", factor).or_else(|| no_deviation("noise", noise)));
    let mut rng = Rng::new(For::Synthetic, seed, 0);
    points(n, 2, 2, |class, i, of, out| {
        let radius = if class == 0 { 1.0 } else { factor };
        // Evenly, and the end is not the start again.
        let (sin, cos) = (2.0 * PI * i as f64 / of as f64).sin_cos();
        out.extend([radius * cos + noise * rng.normal(), radius * sin + noise * rng.normal()]);
    })
}

/// `classes` clouds of points in `dims` dimensions: centres uniform over [-10, 10), points about them with deviation `spread`
/// in each coordinate.
///
/// # Errors
/// [`Error::Value`] if there are no classes, or `spread` is no deviation.
#[track_caller]
pub fn blobs<T: Float>(
    n: usize,
    classes: usize,
    dims: usize,
    spread: f64,
    seed: u64,
) -> Result<TensorDataset<T>> {
    if classes == 0 {
        return Err(Error::value("blobs", "0 classes; there must be one at least"));
    }
    if let Some(rule) = no_deviation("spread", spread) {
        return Err(Error::value("blobs", rule));
    }
    fits("blobs", &[classes, dims]);
    let mut rng = Rng::new(For::Synthetic, seed, 0);
    let centres: Vec<f64> = (0..classes * dims).map(|_| rng.uniform(-10.0, 10.0)).collect();
    Ok(points(n, classes, dims, |class, _, _, out| {
        let centre = &centres[class * dims..][..dims];
        out.extend(centre.iter().map(|x| x + spread * rng.normal()));
    }))
}

/// `classes` spiral arms that start at 0 and go round once: point `s` of the way along arm `k` of `K` lies at distance `s`, at
/// the angle `2π(s + k/K)`; noise on both coordinates.
///
/// # Errors
/// [`Error::Value`] if there are no classes, or `noise` is no deviation.
#[track_caller]
pub fn spirals<T: Float>(
    n: usize,
    classes: usize,
    noise: f64,
    seed: u64,
) -> Result<TensorDataset<T>> {
    if classes == 0 {
        return Err(Error::value("spirals", "0 classes; there must be one at least"));
    }
    if let Some(rule) = no_deviation("noise", noise) {
        return Err(Error::value("spirals", rule));
    }
    let mut rng = Rng::new(For::Synthetic, seed, 0);
    Ok(points(n, classes, 2, |class, i, of, out| {
        let s = part(i, of);
        let (sin, cos) = (2.0 * PI * (s + class as f64 / classes as f64)).sin_cos();
        out.extend([s * cos + noise * rng.normal(), s * sin + noise * rng.normal()]);
    }))
}

/// The exclusive or: points uniform over [-1, 1)², of class 1 where just one coordinate is positive; noise on both coordinates
/// afterwards. Each quadrant has a quarter of the points.
#[track_caller]
pub fn xor<T: Float>(n: usize, noise: f64, seed: u64) -> TensorDataset<T> {
    refuse("xor", no_deviation("noise", noise));
    let mut rng = Rng::new(For::Synthetic, seed, 0);
    points(n, 2, 2, |class, i, _, out| {
        let right = i % 2 == 0;
        let up = right != (class == 1);
        for positive in [right, up] {
            // (0, 1] and its mirror image: never on the border.
            let size = 1.0 - rng.unit();
            out.push(if positive { size } else { -size } + noise * rng.normal());
        }
    })
}

/// A rare class: two clouds in the plane with deviation 1, class 0 about (0, 0) and class 1 about (2, 2), with a fraction `share` of
/// the `n` samples (rounded, and at least one). The samples lie in random order.
///
/// # Errors
/// [`Error::Value`] unless `share` lies between 0 and 1.
#[track_caller]
pub fn imbalanced<T: Float>(n: usize, share: f64, seed: u64) -> Result<TensorDataset<T>> {
    if !(share > 0.0 && share < 1.0) {
        let rule = format!("the fraction of class 1 is {share}; it must lie between 0 and 1");
        return Err(Error::value("imbalanced", rule));
    }
    fits("imbalanced", &[n, 2]);
    let mut rng = Rng::new(For::Synthetic, seed, 0);
    let rare = ((n as f64 * share).round() as usize).clamp(n.min(1), n);
    let mut labels: Vec<usize> = (0..n).map(|i| usize::from(i < rare)).collect();
    rng.shuffle(&mut labels);
    let x = labels.iter().flat_map(|&class| {
        let centre = 2.0 * class as f64;
        [centre + rng.normal(), centre + rng.normal()]
    });
    let x = filled(&[n, 2], x);
    Ok(TensorDataset::of(x, Tensor::from(labels)))
}
