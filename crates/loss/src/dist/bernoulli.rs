//! Bernoulli's distribution: yes or no.

use wengert_autograd::{Operand, Result, Var};
use wengert_tensor::{Float, Rng, Tensor};

use super::Likelihood;
use crate::binary::logits;
use crate::refuse::{Numbers, alike, shares};

/// 1 with the probability p = sigmoid(x) of a logit x, else 0; for each element.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Bernoulli<'t, T: Float> {
    logits: Var<'t, T>,
}

impl<'t, T: Float> Bernoulli<'t, T> {
    /// Of logits.
    ///
    /// # Errors
    /// If they have been through a sigmoid.
    #[track_caller]
    pub fn new(x: Var<'t, T>) -> Result<Self> {
        logits("bernoulli", x)?;
        Ok(Self { logits: x })
    }

    /// p
    pub fn mean(&self) -> Var<'t, T> {
        self.logits.sigmoid()
    }

    /// A draw for each element.
    ///
    /// # Errors
    /// If the tape is spent.
    #[track_caller]
    pub fn sample(&self, rng: &mut Rng) -> Result<Tensor<T>> {
        let p = self.logits.value()?.sigmoid();
        let yes = p.rand_like(rng).less(&p)?;
        Ok(yes.map(|yes| if yes { T::ONE } else { T::ZERO }))
    }

    /// -p·ln p - (1 - p)·ln(1 - p), for each element.
    ///
    /// # Errors
    /// If the tape is spent.
    #[track_caller]
    pub fn entropy(&self) -> Result<Var<'t, T>> {
        let x = self.logits;
        let yes = x.sigmoid().gate(x.log_sigmoid())?;
        Ok(-yes.try_add((-x).sigmoid().gate((-x).log_sigmoid())?)?)
    }

    /// KL(self ‖ other), for each element.
    ///
    /// # Errors
    /// If the shapes differ.
    #[track_caller]
    pub fn kl(&self, other: &Self) -> Result<Var<'t, T>> {
        let (x, y) = (self.logits, other.logits);
        alike("bernoulli", "logits", &x.shape(), "other logits", &y.shape())?;
        let side = |x: Var<'t, T>, y: Var<'t, T>| {
            x.sigmoid().gate(x.log_sigmoid().try_sub(y.log_sigmoid())?)
        };
        side(x, y)?.try_add(side(-x, -y)?)
    }
}

impl<'t, T: Float, X: Operand<'t, T>> Likelihood<'t, T, X> for Bernoulli<'t, T> {
    /// y·ln p + (1 - y)·ln(1 - p); y may lie between 0 and 1.
    #[track_caller]
    fn log_prob(&self, observed: X) -> Result<Var<'t, T>> {
        let y = observed.on(self.logits);
        alike("bernoulli", "logits", &self.logits.shape(), "observed", &y.shape())?;
        shares("bernoulli", &y.value()?, Numbers::Checked)?;
        Ok(-self.logits.bce_with_logits(y)?)
    }
}
