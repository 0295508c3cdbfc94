//! The errors of labels that make no sense.

use wengert_autograd::Error;
use wengert_tensor::{Error as TensorError, Fault, Float, Tensor};

/// Names the first row that is not a distribution.
#[track_caller]
#[cold]
pub(super) fn no_distribution<T: Float>(
    op: &'static str,
    logits: &[usize],
    q: &Tensor<T>,
    sums: &Tensor<T>,
    off: impl Fn(T) -> bool,
) -> Error {
    let classes = q.shape()[1];
    let numbers = q.to_vec();
    let mut rule = String::new();
    for (row, sum) in sums.iter().enumerate() {
        let probabilities = &numbers[row * classes..][..classes];
        if let Some(class) = probabilities.iter().position(|p| !(T::ZERO..).contains(p)) {
            let p = probabilities[class];
            rule = format!(
                "the probability of class {class} of sample {row} is {p}, and must lie between 0 and 1"
            );
            break;
        }
        if off(sum) {
            rule = format!("the probabilities of sample {row} sum to {sum}, and must sum to 1");
            break;
        }
    }
    let fault = Fault::new(op, &[logits], rule);
    let help = "divide each sample's numbers by their sum; numbers that are meant as weights pass with `.unchecked()`";
    TensorError::Value(fault.help(help)).into()
}

#[track_caller]
#[cold]
pub(super) fn no_class(
    op: &'static str,
    logits: &[usize],
    labels: &Tensor<usize>,
    place: usize,
    class: usize,
    classes: usize,
) -> Error {
    let rule = match classes {
        0 => "there are no classes".to_string(),
        _ => format!("sample {place} has class {class}, and the classes are 0 to {}", classes - 1),
    };
    let fault = Fault::new(op, &[logits, labels.shape()], rule);
    TensorError::Index(fault.help(class_help(class, classes))).into()
}

/// The fix for a class number that does not exist.
pub(super) fn class_help(class: usize, classes: usize) -> String {
    if class == classes && classes > 0 {
        let needed = class + 1;
        return format!(
            "classes count from 0: subtract 1 if yours count from 1, else the last layer needs {needed} outputs"
        );
    }
    // A number that no layer is wide enough for stands for something.
    if class > 1 << 24 {
        return format!("if it means that there is no label, say `.ignore_index({class})`");
    }
    format!(
        "the last layer needs at least {} outputs; or if {class} means that there is no label, say `.ignore_index({class})`",
        class + 1
    )
}

#[track_caller]
#[cold]
pub(super) fn label_shape(
    op: &'static str,
    logits: &[usize],
    labels: &Tensor<usize>,
    samples: &[usize],
) -> Error {
    let rule = format!("class labels must be {samples:?}, one for each sample");
    let fault = Fault::new(op, &[logits, labels.shape()], rule);
    let fault = if labels.rank() == samples.len() + 1 && labels.shape().last() == Some(&1) {
        fault.help("did you mean `labels.squeeze(-1)`?")
    } else if labels.shape() == logits {
        fault.help("one-hot labels are probabilities: cast them to floats, or pass class numbers")
    } else {
        fault
    };
    TensorError::Shape(fault).into()
}
