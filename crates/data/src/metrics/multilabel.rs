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
