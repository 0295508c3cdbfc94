//! Labels read off log-probabilities: the best class of each step, or a search over beams.

use std::collections::BTreeMap;

use wengert_autograd::Result;
use wengert_tensor::{Error, Fault, Float, Tensor};

/// The labels that the likeliest class of each step spells: `[time, classes]`.
///
/// ```
/// use wengert_loss::ctc_greedy;
/// use wengert_tensor::tensor;
///
/// let steps = tensor![[0.0, 9.0, 0.0], [0.0, 9.0, 0.0], [9.0, 0.0, 0.0], [0.0, 9.0, 0.0], [0.0, 0.0, 9.0]];
/// assert_eq!(ctc_greedy(&steps, 0)?, [1, 1, 2]);
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
///
/// # Errors
/// If the scores are not `[time, classes]`, or the blank is not a class.
#[track_caller]
pub fn ctc_greedy<T: Float>(scores: &Tensor<T>, blank: usize) -> Result<Vec<usize>> {
    check("ctc_greedy", scores.shape(), blank)?;
    let mut best = scores.argmax_over(1)?.to_vec();
    best.dedup();
    best.retain(|&class| class != blank);
    Ok(best)
}

/// The likeliest labels by a search that keeps so many beginnings at each step, best first, with the logarithm of the probability
/// of each. It takes log-probabilities `[time, classes]`. All ways to spell the same labels count together, which the best
/// class of each step does not see:
///
/// ```
/// use wengert_loss::{ctc_beam, ctc_greedy};
/// use wengert_tensor::tensor;
///
/// // A blank is likelier at each step, and some 1 is likelier in all.
/// let steps = tensor![[0.6_f64, 0.4], [0.6, 0.4]].ln();
/// assert!(ctc_greedy(&steps, 0)?.is_empty());
/// let (labels, score) = ctc_beam(&steps, 0, 4)?.remove(0);
/// assert_eq!(labels, [1]);
/// assert!((score - 0.64_f64.ln()).abs() < 1e-12);
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
///
/// # Errors
/// If the shape is not `[time, classes]`, or the blank is not a class.
#[track_caller]
pub fn ctc_beam<T: Float>(
    log_probabilities: &Tensor<T>,
    blank: usize,
    width: usize,
) -> Result<Vec<(Vec<usize>, f64)>> {
    let [time, classes] = check("ctc_beam", log_probabilities.shape(), blank)?;
    let numbers = log_probabilities.to_vec();
    let mut beams = vec![(Vec::new(), Ends { blank: 0.0, label: f64::NEG_INFINITY })];
    for t in 0..time {
        let said = |class: usize| numbers[t * classes + class].to_f64();
        let mut next: BTreeMap<Vec<usize>, Ends> = BTreeMap::new();
        for (labels, ends) in &beams {
            let same = next.entry(labels.clone()).or_default();
            same.blank = add(same.blank, ends.total() + said(blank));
            if let Some(&last) = labels.last() {
                same.label = add(same.label, ends.label + said(last));
            }
            for class in (0..classes).filter(|&class| class != blank) {
                // A class right after itself is a second label only if a blank stands between.
                let from = if labels.last() == Some(&class) { ends.blank } else { ends.total() };
                let mut longer = labels.clone();
                longer.push(class);
                let longer = next.entry(longer).or_default();
                longer.label = add(longer.label, from + said(class));
            }
        }
        beams = next.into_iter().collect();
        beams.sort_by(|(_, a), (_, b)| b.total().total_cmp(&a.total()));
        beams.truncate(width.max(1));
    }
    Ok(beams.into_iter().map(|(labels, ends)| (labels, ends.total())).collect())
}

/// The logarithm of the probability of labels, by the last step: a blank, or the last label.
#[derive(Clone, Copy)]
struct Ends {
    blank: f64,
    label: f64,
}

impl Default for Ends {
    /// Impossible.
    fn default() -> Self {
        Self { blank: f64::NEG_INFINITY, label: f64::NEG_INFINITY }
    }
}

impl Ends {
    fn total(&self) -> f64 {
        add(self.blank, self.label)
    }
}

/// ln(eᵃ + eᵇ)
fn add(a: f64, b: f64) -> f64 {
    let (low, high) = if a < b { (a, b) } else { (b, a) };
    if high == f64::NEG_INFINITY { high } else { high + (low - high).exp().ln_1p() }
}

#[track_caller]
fn check(op: &'static str, shape: &[usize], blank: usize) -> Result<[usize; 2]> {
    match *shape {
        [time, classes] if blank < classes => Ok([time, classes]),
        _ => {
            let rule =
                format!("the scores must be [time, classes], and the blank, {blank}, a class");
            Err(Error::Shape(Fault::new(op, &[shape], rule)).into())
        }
    }
}
