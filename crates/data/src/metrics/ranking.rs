//! Measures of scores that should put yes before no, whatever the threshold.

use wengert_tensor::{Element, Float, Tensor};

use super::scores::refuse_nan;
use super::{paired, threshold_fits, yes_or_no};
use crate::{Error, Result};

/// For each run of equal scores, from the lowest: how many targets in it are no, how many yes.
#[track_caller]
fn runs<T: Float, L: Element>(
    op: &'static str,
    scores: &Tensor<T>,
    targets: &Tensor<L>,
) -> Result<Vec<(usize, usize)>> {
    paired(op, scores, targets)?;
    refuse_nan(op, scores)?;
    let targets = yes_or_no(op, targets)?;
    let yes = targets.iter().filter(|&&y| y).count();
    if yes == 0 || yes == targets.len() {
        let rule = format!("all {} targets are {}", targets.len(), u8::from(yes > 0));
        return Err(Error::value(op, rule + ": there is nothing to tell apart"));
    }
    let mut pairs: Vec<(f64, bool)> = scores.iter().map(|s| s.to_f64()).zip(targets).collect();
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    let count = |run: &[(f64, bool)]| {
        let yes = run.iter().filter(|pair| pair.1).count();
        (run.len() - yes, yes)
    };
    // `==`, under which the two zeros are one score.
    Ok(pairs.chunk_by(|a, b| a.0 == b.0).map(count).collect())
}

/// The area under the receiver operating characteristic: how often a yes scores higher than a no, ties counting half. 1 is
/// perfect, 0.5 is chance. Targets are 0 or 1, of any type.
///
/// ```
/// use wengert_data::metrics::auroc;
/// use wengert_tensor::tensor;
///
/// assert_eq!(auroc(&tensor![0.1_f32, 0.4, 0.35, 0.8], &tensor![0_usize, 0, 1, 1])?, 0.75);
/// # Ok::<(), wengert_data::Error>(())
/// ```
///
/// # Errors
/// [`Error::Shape`] unless both have one shape and are not empty; [`Error::Value`] if a
/// target is neither 0 nor 1, all are the same, or a score is NaN.
#[track_caller]
pub fn auroc<T: Float, L: Element>(scores: &Tensor<T>, targets: &Tensor<L>) -> Result<f64> {
    let (mut below, mut wins, mut all_yes) = (0, 0.0, 0);
    for (no, yes) in runs("auroc", scores, targets)? {
        wins += yes as f64 * (below as f64 + no as f64 / 2.0);
        below += no;
        all_yes += yes;
    }
    Ok(wins / (below as f64 * all_yes as f64))
}

/// The average precision: the area under the precision-recall curve, by steps. More telling than [`auroc`] where yes is rare.
///
/// # Errors
/// As [`auroc`].
#[track_caller]
pub fn average_precision<T: Float, L: Element>(
    scores: &Tensor<T>,
    targets: &Tensor<L>,
) -> Result<f64> {
    let (mut taken, mut found, mut sum) = (0, 0, 0.0);
    for (no, yes) in runs("average_precision", scores, targets)?.into_iter().rev() {
        taken += no + yes;
        found += yes;
        sum += yes as f64 * found as f64 / taken as f64;
    }
    Ok(sum / found as f64)
}

/// The fraction of yes that is found when the threshold is such that at least a fraction `specificity` of no stays below it; and
/// the least such threshold: a score above it says yes.
///
/// ```
/// use wengert_data::metrics::sensitivity_at;
/// use wengert_tensor::tensor;
///
/// let (scores, targets) = (tensor![0.1_f32, 0.2, 0.3, 0.9, 0.25, 0.8], tensor![0_usize, 0, 0, 0, 1, 1]);
/// let (sensitivity, threshold) = sensitivity_at(0.75, &scores, &targets)?;
/// assert_eq!((sensitivity, threshold as f32), (0.5, 0.3));
/// # Ok::<(), wengert_data::Error>(())
/// ```
///
/// # Errors
/// As [`auroc`]; [`Error::Value`] unless the specificity lies between 0 and 1.
#[track_caller]
pub fn sensitivity_at<T: Float, L: Element>(
    specificity: f64,
    scores: &Tensor<T>,
    targets: &Tensor<L>,
) -> Result<(f64, f64)> {
    if !(0.0..=1.0).contains(&specificity) {
        let rule = format!("the specificity is {specificity}; it must lie between 0 and 1");
        return Err(Error::value("sensitivity_at", rule));
    }
    runs("sensitivity_at", scores, targets)?;
    let targets = yes_or_no("sensitivity_at", targets)?;
    let side = |yes: bool| {
        let pairs = scores.iter().zip(&targets).filter(move |(_, y)| **y == yes);
        pairs.map(|(score, _)| score.to_f64()).collect::<Vec<f64>>()
    };
    let (mut no, yes) = (side(false), side(true));
    no.sort_by(f64::total_cmp);
    // So many of no must not be above; a sum of halves and such is not exact, so it is rounded up from just below.
    let below = (specificity * no.len() as f64 - 1e-9).ceil().max(0.0) as usize;
    let threshold = if below == 0 { f64::NEG_INFINITY } else { no[below - 1] };
    let found = yes.iter().filter(|score| **score > threshold).count();
    Ok((found as f64 / yes.len() as f64, threshold))
}

/// The fraction of yes that scores above a threshold, and the fraction of no that does not: sensitivity and specificity.
///
/// ```
/// use wengert_data::metrics::sensitivity_and_specificity;
/// use wengert_tensor::tensor;
///
/// let (scores, targets) = (tensor![0.1_f32, 0.2, 0.3, 0.9, 0.25, 0.8], tensor![0_usize, 0, 0, 0, 1, 1]);
/// assert_eq!(sensitivity_and_specificity(&scores, &targets, 0.5)?, (0.5, 0.75));
/// # Ok::<(), wengert_data::Error>(())
/// ```
///
/// # Errors
/// As [`auroc`]; [`Error::Value`] if the threshold is NaN.
#[track_caller]
pub fn sensitivity_and_specificity<T: Float, L: Element>(
    scores: &Tensor<T>,
    targets: &Tensor<L>,
    threshold: f64,
) -> Result<(f64, f64)> {
    const OP: &str = "sensitivity_and_specificity";
    threshold_fits(OP, threshold)?;
    runs(OP, scores, targets)?;
    // Those above the threshold and all, of no and of yes.
    let mut counts = [(0, 0); 2];
    for (score, yes) in scores.iter().zip(yes_or_no(OP, targets)?) {
        let (above, all) = &mut counts[usize::from(yes)];
        *above += usize::from(score.to_f64() > threshold);
        *all += 1;
    }
    let [no, yes] = counts.map(|(above, all)| above as f64 / all as f64);
    Ok((yes, 1.0 - no))
}
