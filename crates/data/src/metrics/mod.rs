//! Measures of predictions: for people to read, not for gradients to follow.
//!
//! Scores are logits or probabilities, which give the same answer wherever only their order counts. A score that is NaN
//! is an error, and so is a number to be measured that is not finite: a model that has diverged has no accuracy.
//! Predictions and targets have one shape, as for a loss.

mod boxes;
mod calibration;
mod confusion;
mod edits;
mod multilabel;
mod ranking;
mod regression;
mod running;
mod scores;

pub use boxes::iou;
pub use calibration::{CalibrationBin, calibration, calibration_error};
pub use confusion::{Average, Confusion};
pub use edits::{edit_distance, token_error_rate};
pub use multilabel::{best_thresholds, multilabel_f1};
pub use ranking::{auroc, average_precision, sensitivity_and_specificity, sensitivity_at};
pub use regression::{mae, mse, r2, rmse};
pub use running::RunningMean;
pub use scores::{accuracy, binary_accuracy, predictions, top_k_accuracy};

use wengert_tensor::{Element, Shape, Tensor};

use crate::error::Fault;
use crate::{Error, Result};

/// Rejects targets of another shape than the predictions', as a loss does, and tensors without elements.
#[track_caller]
fn paired<A, B>(op: &'static str, predictions: &Tensor<A>, targets: &Tensor<B>) -> Result<()> {
    alike(op, "prediction", predictions.shape(), "target", targets.shape())?;
    if predictions.is_empty() {
        let rule = format!("prediction and target are {:?}, without elements", targets.shape());
        return Err(Error::shape(op, rule));
    }
    Ok(())
}

/// Rejects `b` if its shape is not `a`'s.
#[track_caller]
fn alike(op: &'static str, a_name: &str, a: &[usize], b_name: &str, b: &[usize]) -> Result<()> {
    if a == b {
        return Ok(());
    }
    let rule = format!(
        "{a_name} is {a:?} and {b_name} is {b:?}; a metric compares element with element and never broadcasts"
    );
    let fault = Fault::new(op, rule);
    Err(Error::Shape(match Shape::fix(a, b) {
        Some(how) => fault.help(format!("did you mean `{b_name}{how}`?")),
        None => fault,
    }))
}

/// Rejects a tensor of which an element fails the test; `rule` is said of that element.
#[track_caller]
fn every<T: Element>(
    op: &'static str,
    name: &str,
    x: &Tensor<T>,
    test: impl Fn(T) -> bool,
    rule: &str,
) -> Result<()> {
    let Some((place, value)) = x.iter().enumerate().find(|&(_, value)| !test(value)) else {
        return Ok(());
    };
    let place = Shape::index_of(x.shape(), place);
    let place = if let [row] = place[..] { row.to_string() } else { format!("{place:?}") };
    Err(Error::value(op, format!("{name} {place} is {value}{rule}")))
}

/// Rejects a threshold that nothing can lie above or below.
#[track_caller]
fn threshold_fits(op: &'static str, threshold: f64) -> Result<()> {
    if threshold.is_nan() {
        return Err(Error::value(op, "the threshold is NaN"));
    }
    Ok(())
}

/// Targets that must be 0 or 1, of any type.
#[track_caller]
fn yes_or_no<L: Element>(op: &'static str, labels: &Tensor<L>) -> Result<Vec<bool>> {
    let fits = |label: L| matches!(label.to_f64(), 0.0 | 1.0);
    every(op, "target", labels, fits, ", and must be 0 or 1")?;
    Ok(labels.iter().map(|label| label.to_f64() == 1.0).collect())
}
