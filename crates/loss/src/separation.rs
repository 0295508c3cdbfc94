//! The separation of two sides by a linear model: its margin, the slack of each sample, the support vectors; and whether a logistic
//! regression has an end at all.

use std::fmt;

use wengert_autograd::Result;
use wengert_tensor::{Error as TensorError, Fault, Float, Tensor};

use crate::refuse::{Numbers, alike, signs};

/// A sample counts as a support vector up to this much beyond its margin: training comes near it, and not onto it.
const NEAR: f64 = 0.02;

/// Two sides, as the scores f(x) = w·x + b of a linear model separate them.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Separation {
    /// 2/‖w‖: the width of the band between the scores -1 and 1.
    pub margin: f64,
    /// max(0, 1 - y·f(x)) of each sample: how far it is from its side of the band, in scores. Above 1 it is on the wrong side.
    pub slack: Vec<f64>,
    /// The samples on the border of the band or on the wrong side of it: without the others the answer would be the same.
    pub support: Vec<usize>,
    /// The least y·f(x).
    pub least: f64,
}

impl Separation {
    /// Whether every sample is on its own side.
    ///
    /// Then a logistic regression without a penalty has no best weights: twice the weights make each sample surer, and the loss
    /// smaller. They grow without bound, and training ends where patience does.
    pub fn is_complete(&self) -> bool {
        self.least > 0.0
    }
}

/// The separation of two sides by scores. Scores and sides have one shape, and a side is 1 or -1; the weight is that of the linear
/// model, without its bias.
///
/// ```
/// use wengert_loss::separation;
/// use wengert_tensor::tensor;
///
/// // f(x) = 2x - 1 of the numbers 0, 1 and ¼.
/// let found = separation(&tensor![-1.0_f64, 1.0, -0.5], &tensor![-1.0, 1.0, -1.0], &tensor![[2.0]])?;
/// assert_eq!(found.margin, 1.0);
/// assert_eq!(found.slack, [0.0, 0.0, 0.5]);
/// assert_eq!(found.support, [0, 1, 2]);
/// assert!(found.is_complete());
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
///
/// # Errors
/// If the shapes differ, a target is neither -1 nor 1, or there is no sample.
#[track_caller]
pub fn separation<T: Float>(
    scores: &Tensor<T>,
    sides: &Tensor<T>,
    weight: &Tensor<T>,
) -> Result<Separation> {
    const OP: &str = "separation";
    alike(OP, "scores", scores.shape(), "sides", sides.shape())?;
    signs(OP, sides, Numbers::Checked)?;
    if scores.is_empty() {
        return Err(
            TensorError::Value(Fault::new(OP, &[scores.shape()], "there is no sample")).into()
        );
    }
    let inside: Vec<f64> =
        scores.iter().zip(sides.iter()).map(|(f, y)| f.to_f64() * y.to_f64()).collect();
    let squares: f64 = weight.iter().map(|w| w.to_f64().powi(2)).sum();
    Ok(Separation {
        margin: 2.0 / squares.sqrt(),
        slack: inside.iter().map(|inside| (1.0 - inside).max(0.0)).collect(),
        support: (0..inside.len()).filter(|&k| inside[k] <= 1.0 + NEAR).collect(),
        least: inside.iter().copied().fold(f64::INFINITY, f64::min),
    })
}

impl fmt::Display for Separation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (all, support) = (self.slack.len(), self.support.len());
        let inside = self.slack.iter().filter(|s| **s > NEAR).count();
        let wrong = self.slack.iter().filter(|s| **s >= 1.0).count();
        writeln!(f, "margin {:.4}, {support} of {all} samples are support vectors", self.margin)?;
        writeln!(f, "{inside} are inside the margin or beyond it, {wrong} on the wrong side")?;
        match self.is_complete() {
            true => write!(
                f,
                "the sides are separated: a logistic regression without a penalty has no best weights, they grow without bound\n  help: add `penalty::l2`, or stop early"
            ),
            false => write!(f, "the sides overlap"),
        }
    }
}
