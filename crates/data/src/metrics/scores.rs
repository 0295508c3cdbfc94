//! Accuracy of one class among several, from scores.

use wengert_tensor::{Element, Float, Shape, Tensor, compiled};

use super::{every, paired, threshold_fits, yes_or_no};
use crate::error::Fault;
use crate::{Error, Result};

/// The class with the highest score in each row of `[N, C]`; of equals, the first.
///
/// # Errors
/// [`Error::Shape`] unless scores have two axes and a class, [`Error::Value`] if one is NaN.
#[track_caller]
#[inline(never)]
pub fn predictions<T: Float>(scores: &Tensor<T>) -> Result<Tensor<usize>> {
    let classes = columns("predictions", scores)?;
    let scores = scores.contiguous();
    let best = |row: &[T]| {
        let better = |best: usize, i: usize| if row[i] > row[best] { i } else { best };
        (1..row.len()).fold(0, better)
    };
    let rows = scores.as_slice().unwrap_or(&[]).chunks_exact(classes);
    Ok(Tensor::from(rows.map(best).collect::<Vec<_>>()))
}

/// The fraction of rows whose highest score is that of their label. The first of equal scores counts as the highest.
///
/// ```
/// use wengert_data::metrics::accuracy;
/// use wengert_tensor::tensor;
///
/// let scores = tensor![[2.0_f32, 1.0], [0.1, 0.9], [3.0, 5.0]];
/// assert_eq!(accuracy(&scores, &tensor![0_usize, 1, 0])?, 2.0 / 3.0);
/// # Ok::<(), wengert_data::Error>(())
/// ```
///
/// # Errors
/// [`Error::Shape`] unless scores are `[N, C]`, labels `[N]` and `N` not 0; [`Error::Value`] if a label is not below `C` or a
/// score is NaN.
#[track_caller]
pub fn accuracy<T: Float>(scores: &Tensor<T>, labels: &Tensor<usize>) -> Result<f64> {
    top("accuracy", scores, labels, 1)
}

/// The fraction of rows whose label's score is among the `k` highest. The first of equal scores counts as the highest.
///
/// # Errors
/// As [`accuracy`]; [`Error::Value`] if `k` is 0 or more than there are classes.
#[track_caller]
pub fn top_k_accuracy<T: Float>(
    scores: &Tensor<T>,
    labels: &Tensor<usize>,
    k: usize,
) -> Result<f64> {
    top("top_k_accuracy", scores, labels, k)
}

/// The fraction of scores on their target's side of the threshold: 0 for logits, 0.5 for probabilities. A score on the
/// threshold says 1. Targets are 0 or 1, of any type.
///
/// # Errors
/// [`Error::Shape`] unless both have one shape and are not empty; [`Error::Value`] if a target is neither 0 nor 1, or a score
/// or the threshold is NaN.
#[track_caller]
pub fn binary_accuracy<T: Float, L: Element>(
    scores: &Tensor<T>,
    targets: &Tensor<L>,
    threshold: f64,
) -> Result<f64> {
    paired("binary_accuracy", scores, targets)?;
    threshold_fits("binary_accuracy", threshold)?;
    refuse_nan("binary_accuracy", scores)?;
    let targets = yes_or_no("binary_accuracy", targets)?;
    let hits = scores.iter().zip(&targets).filter(|(s, y)| (s.to_f64() >= threshold) == **y);
    Ok(hits.count() as f64 / targets.len() as f64)
}

#[track_caller]
#[inline(never)]
fn top<T: Float>(
    op: &'static str,
    scores: &Tensor<T>,
    labels: &Tensor<usize>,
    k: usize,
) -> Result<f64> {
    let classes = columns(op, scores)?;
    labels_fit(op, scores, labels)?;
    if k == 0 || k > classes {
        return Err(Error::value(op, format!("the {k} highest of {classes} scores")));
    }
    let scores = scores.contiguous();
    let rows = scores.as_slice().unwrap_or(&[]).chunks_exact(classes);
    let hit = |(row, label): &(&[T], usize)| {
        let own = row[*label];
        let before = row[..*label].iter().filter(|&&s| s >= own).count();
        before + row[label + 1..].iter().filter(|&&s| s > own).count() < k
    };
    Ok(rows.zip(labels.iter()).filter(hit).count() as f64 / labels.len() as f64)
}

/// The number of classes of scores.
#[track_caller]
pub(super) fn columns<T: Float>(op: &'static str, scores: &Tensor<T>) -> Result<usize> {
    match *scores.shape() {
        [_, classes] if classes > 0 => refuse_nan(op, scores).map(|()| classes),
        _ => {
            let rule =
                format!("scores {:?}; they must be [N, C], a column a class", scores.shape());
            let mut fault = Fault::new(op, rule);
            if scores.rank() == 1 {
                fault = fault.help("one score a sample is for `binary_accuracy`");
            }
            Err(Error::Shape(fault))
        }
    }
}

/// Rejects labels that do not belong to rows of scores.
#[track_caller]
pub(super) fn labels_fit<T: Float>(
    op: &'static str,
    scores: &Tensor<T>,
    labels: &Tensor<usize>,
) -> Result<()> {
    let (n, classes) = (scores.shape()[0], scores.shape()[1]);
    if labels.shape() != [n] || n == 0 {
        let rule = format!("scores {:?} and labels {:?}", scores.shape(), labels.shape());
        let fault = Fault::new(op, rule + "; labels must be [N], and N not 0");
        return Err(Error::Shape(match Shape::fix(&[n], labels.shape()) {
            Some(how) => fault.help(format!("did you mean `labels{how}`?")),
            None => fault,
        }));
    }
    let rule = format!(", and the classes are 0 to {}", classes - 1);
    every(op, "label", labels, |label| label < classes, &rule)
}

#[track_caller]
pub(super) fn refuse_nan<T: Float>(op: &'static str, scores: &Tensor<T>) -> Result<()> {
    every(op, "score", scores, |x| !x.is_nan(), "")
}

compiled!(f32: { top::<T>, predictions::<T> });
