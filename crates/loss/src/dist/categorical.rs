//! The categorical distribution: one class among several.

use wengert_autograd::{Result, Var};
use wengert_tensor::{Axes, Float, Rng, Tensor};

use super::Likelihood;
use crate::Reduction;
use crate::cross_entropy::{logits, of_classes};
use crate::labels::{Checked, ClassWeight, class_axis};
use crate::refuse::{Numbers, alike};

/// Class c with the probability softmax(x)_c of logits x, `[N, C]`, `[N, C, …]` with the classes on axis 1, or `[C]`.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Categorical<'t, T: Float> {
    logits: Var<'t, T>,
    axis: isize,
}

impl<'t, T: Float> Categorical<'t, T> {
    /// Of logits.
    ///
    /// # Errors
    /// If they are a scalar, or have been through a softmax.
    #[track_caller]
    pub fn new(x: Var<'t, T>) -> Result<Self> {
        const OP: &str = "categorical";
        logits(OP, x)?;
        let (axis, _) = class_axis(OP, &x.shape())?;
        Ok(Self { logits: x, axis: axis as isize })
    }

    /// The probabilities: the mean of classes that are written as one-hot vectors.
    ///
    /// # Errors
    /// If the tape is spent.
    #[track_caller]
    pub fn mean(&self) -> Result<Var<'t, T>> {
        self.logits.softmax(self.axis)
    }

    /// A class for each sample.
    ///
    /// # Errors
    /// If the tape is spent, or there are no classes.
    #[track_caller]
    pub fn sample(&self, rng: &mut Rng) -> Result<Tensor<usize>> {
        drawn(&self.logits.value()?, self.axis, rng)
    }

    /// -Σ p·ln p of each sample.
    ///
    /// # Errors
    /// If the tape is spent.
    #[track_caller]
    pub fn entropy(&self) -> Result<Var<'t, T>> {
        let log_p = self.logits.log_softmax(self.axis)?;
        Ok(-log_p.exp().gate(log_p)?.sum_over(Axes::from(self.axis))?)
    }

    /// KL(self ‖ other) = Σ p·(ln p - ln q) of each sample.
    ///
    /// # Errors
    /// If the shapes differ.
    #[track_caller]
    pub fn kl(&self, other: &Self) -> Result<Var<'t, T>> {
        alike(
            "categorical",
            "logits",
            &self.logits.shape(),
            "other logits",
            &other.logits.shape(),
        )?;
        let (p, q) = (self.logits.log_softmax(self.axis)?, other.logits.log_softmax(self.axis)?);
        p.exp().gate(p.try_sub(q)?)?.sum_over(Axes::from(self.axis))
    }
}

/// The place of the largest logit along an axis after each got a draw of Gumbel's distribution: a draw of their softmax.
#[track_caller]
pub(super) fn drawn<T: Float>(
    logits: &Tensor<T>,
    axis: isize,
    rng: &mut Rng,
) -> Result<Tensor<usize>> {
    // Of u in (0, 1]: where u is 1, -ln u is 0, and its logarithm an infinity that wins.
    let gumbel =
        super::above_0::<T>(logits.shape(), rng).map(|u| T::from_f64(-(-u.to_f64().ln()).ln()));
    Ok(logits.try_add(&gumbel)?.argmax_over(axis)?)
}

impl<'t, T: Float> Likelihood<'t, T, &Tensor<usize>> for Categorical<'t, T> {
    /// ln softmax(x) at each sample's class.
    #[track_caller]
    fn log_prob(&self, observed: &Tensor<usize>) -> Result<Var<'t, T>> {
        const OP: &str = "categorical";
        let weight = ClassWeight(None, Numbers::Checked);
        let labels = Checked::new(OP, &self.logits.shape(), observed, weight, None)?;
        Ok(-of_classes(OP, self.logits, labels, weight, 0.0, Reduction::None)?)
    }
}
