//! F1 where a sample may have several labels at once.

use wengert_tensor::{Element, Float, Tensor};

use super::confusion::{Average, Tally, mean_of};
use super::scores::refuse_nan;
use super::{paired, threshold_fits, yes_or_no};
use crate::{Error, Result};

/// F1 over the labels of `[N, L]` scores and targets; a score at or above the threshold says yes (0 for logits, 0.5 for
/// probabilities). Targets are 0 or 1, of any type.
///
/// ```
/// use wengert_data::metrics::{Average, multilabel_f1};
/// use wengert_tensor::tensor;
///
/// let scores = tensor![[0.9_f32, 0.2], [0.8, 0.7], [0.1, 0.6]];
/// let targets = tensor![[1_usize, 0], [0, 1], [0, 1]];
/// assert_eq!(multilabel_f1(&scores, &targets, 0.5, Average::Micro)?, 6.0 / 7.0);
/// # Ok::<(), wengert_data::Error>(())
/// ```
///
/// # Errors
/// [`Error::Shape`] unless both are `[N, L]` and not empty; [`Error::Value`] if a target is neither 0 nor 1, or a score or
/// the threshold is NaN.
#[track_caller]
pub fn multilabel_f1<T: Float, L: Element>(
    scores: &Tensor<T>,
    targets: &Tensor<L>,
    threshold: f64,
    average: Average,
) -> Result<f64> {
    paired("multilabel_f1", scores, targets)?;
    threshold_fits("multilabel_f1", threshold)?;
    refuse_nan("multilabel_f1", scores)?;
    let &[_, labels] = scores.shape() else {
        let rule = format!("scores {:?}; they must be [N, L], a column a label", scores.shape());
        return Err(Error::shape("multilabel_f1", rule));
    };
    let targets = yes_or_no("multilabel_f1", targets)?;
    let mut tallies = vec![Tally::default(); labels];
    for (place, (score, target)) in scores.iter().zip(targets).enumerate() {
        let said = score.to_f64() >= threshold;
        let tally = &mut tallies[place % labels];
        tally.hits += u64::from(said && target);
        tally.said += u64::from(said);
        tally.true_ones += u64::from(target);
    }
    Ok(mean_of(&tallies, average, Tally::f1))
}

/// The threshold of each label with the best F1 of that label: `[L]`, each in the middle between two scores. Choose them on
/// validation samples, and subtract them from the scores of others: `multilabel_f1(&(scores - thresholds), …, 0.0, …)`.
///
/// ```
/// use wengert_data::metrics::best_thresholds;
/// use wengert_tensor::tensor;
///
/// let scores = tensor![[0.9_f64, 0.2], [0.6, 0.3], [0.1, 0.1]];
/// let targets = tensor![[1_usize, 1], [0, 1], [0, 0]];
/// let found = best_thresholds(&scores, &targets)?.to_vec();
/// assert!((found[0] - 0.75).abs() < 1e-12 && (found[1] - 0.15).abs() < 1e-12);
/// # Ok::<(), wengert_data::Error>(())
/// ```
///
/// # Errors
/// As [`multilabel_f1`].
#[track_caller]
pub fn best_thresholds<T: Float, L: Element>(
    scores: &Tensor<T>,
    targets: &Tensor<L>,
) -> Result<Tensor<T>> {
    // Its checks are those here.
    multilabel_f1(scores, targets, 0.0, Average::Micro)?;
    let labels = scores.shape()[1];
    let (scores, targets) = (scores.to_vec(), yes_or_no("best_thresholds", targets)?);
    let mut out = Tensor::zeros([labels]);
    for (label, out) in out.as_mut_slice().iter_mut().enumerate() {
        let pairs = scores.iter().zip(&targets).skip(label).step_by(labels);
        let mut pairs: Vec<(f64, bool)> = pairs.map(|(s, y)| (s.to_f64(), *y)).collect();
        pairs.sort_by(|a, b| b.0.total_cmp(&a.0));
        let all = pairs.iter().filter(|pair| pair.1).count();
        let (mut hits, mut best) = (0, (-1.0, 0.0));
        for (i, &(score, yes)) in pairs.iter().enumerate() {
            hits += usize::from(yes);
            let next = pairs.get(i + 1).map(|pair| pair.0);
            if next == Some(score) {
                continue;
            }
            let f1 = 2.0 * hits as f64 / (i + 1 + all).max(1) as f64;
            if f1 > best.0 {
                best = (f1, next.map_or(score, |next| (score + next) / 2.0));
            }
        }
        *out = T::from_f64(best.1);
    }
    Ok(out)
}
