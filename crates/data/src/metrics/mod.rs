//! How good predictions are: for people to read, not for gradients to follow.
//!
//! Scores are logits or probabilities, which give the same answer wherever only their order counts. A score that is NaN
//! is an error: a model that has diverged has no accuracy.

mod confusion;
mod multilabel;
mod ranking;
mod regression;
mod running;
mod scores;

pub use confusion::{Average, Confusion};
pub use multilabel::multilabel_f1;
pub use ranking::{auroc, average_precision};
pub use regression::{mae, mse, r2, rmse};
pub use running::RunningMean;
pub use scores::{accuracy, binary_accuracy, predictions, top_k_accuracy};

use wengert_tensor::{Element, Tensor};

use crate::{Error, Result};

/// Refuses tensors that do not belong together element by element, or hold none. `[N, 1]` and `[N]` do.
#[track_caller]
fn paired<A, B>(op: &'static str, a: &Tensor<A>, b: &Tensor<B>) -> Result<()> {
    fn flat(shape: &[usize]) -> &[usize] {
        match shape {
            [n, 1] => std::slice::from_ref(n),
            shape => shape,
        }
    }
    if flat(a.shape()) != flat(b.shape()) {
        let rule = format!("predictions {:?} and targets {:?}", a.shape(), b.shape());
        return Err(Error::shape(op, rule + " must have one shape"));
    }
    if a.is_empty() {
        return Err(Error::shape(op, format!("no answer for none, {:?}", a.shape())));
    }
    Ok(())
}

/// Targets that must be 0 or 1, of whatever type.
#[track_caller]
fn yes_or_no<L: Element>(op: &'static str, labels: &Tensor<L>) -> Result<Vec<bool>> {
    let mut out = Vec::with_capacity(labels.len());
    for (place, label) in labels.iter().enumerate() {
        match label.to_f64() {
            0.0 => out.push(false),
            1.0 => out.push(true),
            _ => {
                let rule = format!("target {place} is {label}, and must be 0 or 1");
                return Err(Error::value(op, rule));
            }
        }
    }
    Ok(out)
}
