//! Faults that real data have, planted where they are known: wrong labels, outliers.

use wengert_tensor::{Float, Tensor};

use super::{filled, no_share, not_finite, refuse};
use crate::rng::{For, Rng};

/// So many of `n`, each place equally likely.
fn chosen(n: usize, share: f64, rng: &mut Rng) -> Vec<usize> {
    let count = (share * n as f64).round() as usize;
    rng.order(n).into_iter().take(count).collect()
}

/// Labels of which a fraction `share` (rounded) is replaced by another class out of `classes`, each equally likely; and a
/// mask of those that were replaced.
///
/// ```
/// use wengert_data::synth::flipped;
/// use wengert_tensor::tensor;
///
/// let (labels, wrong) = flipped(&tensor![0_usize, 1, 2, 0, 1], 3, 0.4, 0);
/// assert_eq!(wrong.count(), 2);
/// assert_eq!(labels.not_equal(&tensor![0, 1, 2, 0, 1])?, wrong);
/// # Ok::<(), wengert_tensor::Error>(())
/// ```
#[track_caller]
pub fn flipped(
    labels: &Tensor<usize>,
    classes: usize,
    share: f64,
    seed: u64,
) -> (Tensor<usize>, Tensor<bool>) {
    refuse("flipped", no_share(share));
    let mut rng = Rng::new(For::Synthetic, seed, 0);
    let mut out = labels.contiguous();
    let mut wrong = Tensor::full(labels.shape(), false);
    if classes > 1 {
        let (labels, mask) = (out.as_mut_slice(), wrong.as_mut_slice());
        for i in chosen(labels.len(), share, &mut rng) {
            // The classes after its own, around to it.
            labels[i] = (labels[i] + 1 + rng.below(classes - 1)) % classes;
            mask[i] = true;
        }
    }
    (out, wrong)
}

/// Numbers of which a fraction `share` (rounded) has `size` times a number from ½ to 1½ added: outliers, all on one side.
///
/// ```
/// use wengert_data::synth::with_outliers;
/// use wengert_tensor::Tensor;
///
/// let y = with_outliers(&Tensor::<f64>::zeros([10, 1]), 0.2, 30.0, 0);
/// assert_eq!(y.iter().filter(|y| *y >= 15.0).count(), 2);
/// ```
#[track_caller]
pub fn with_outliers<T: Float>(y: &Tensor<T>, share: f64, size: f64, seed: u64) -> Tensor<T> {
    refuse("with_outliers", no_share(share).or_else(|| not_finite("size", size)));
    let mut rng = Rng::new(For::Synthetic, seed, 0);
    let mut values: Vec<f64> = y.iter().map(|y| y.to_f64()).collect();
    for i in chosen(values.len(), share, &mut rng) {
        values[i] += size * rng.uniform(0.5, 1.5);
    }
    filled(y.shape(), values)
}
