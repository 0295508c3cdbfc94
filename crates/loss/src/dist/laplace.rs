//! Laplace's distribution.

use std::f64::consts::LN_2;

use wengert_autograd::{Operand, Result, Var};
use wengert_tensor::{Float, Rng, Tensor};

use super::{Likelihood, above_0, positive};
use crate::refuse::alike;

/// The density exp(-|x - μ|/b) / 2b, for each element.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Laplace<'t, T: Float> {
    mean: Var<'t, T>,
    scale: Var<'t, T>,
}

impl<'t, T: Float> Laplace<'t, T> {
    /// Of a mean μ, which is the median too, and a scale b, which has its shape or is repeated to it.
    ///
    /// # Errors
    /// If the scale does not fit, or is not positive and finite.
    #[track_caller]
    pub fn new(mean: Var<'t, T>, scale: impl Operand<'t, T>) -> Result<Self> {
        Ok(Self { mean, scale: positive("laplace", "the scale", scale, mean)? })
    }

    /// μ
    pub fn mean(&self) -> Var<'t, T> {
        self.mean
    }

    /// A draw for each element.
    ///
    /// # Errors
    /// If the tape is spent.
    #[track_caller]
    pub fn sample(&self, rng: &mut Rng) -> Result<Tensor<T>> {
        let mean = self.mean.value()?;
        let far = above_0::<T>(mean.shape(), rng).ln().try_mul(&self.scale.value()?)?;
        let side =
            mean.rand_like(rng).map(|u| T::from_f64(if u.to_f64() < 0.5 { 1.0 } else { -1.0 }));
        Ok(mean.try_add(&far.try_mul(&side)?)?)
    }

    /// 1 + ln 2b, for each element of b.
    pub fn entropy(&self) -> Var<'t, T> {
        self.scale.ln().add_scalar(1.0 + LN_2)
    }

    /// KL(self ‖ other) = ln(b₂/b₁) + (b₁·exp(-d/b₁) + d)/b₂ - 1 of d = |μ₁ - μ₂|, for each element.
    ///
    /// # Errors
    /// If the shapes differ.
    #[track_caller]
    pub fn kl(&self, other: &Self) -> Result<Var<'t, T>> {
        alike("laplace", "mean", &self.mean.shape(), "other mean", &other.mean.shape())?;
        let apart = self.mean.absolute_error(other.mean)?;
        let near = self.scale.try_mul((-apart.try_div(self.scale)?).exp())?;
        let ratio = other.scale.try_div(self.scale)?.ln();
        Ok(near.try_add(apart)?.try_div(other.scale)?.try_add(ratio)?.add_scalar(-1.0))
    }
}

impl<'t, T: Float, X: Operand<'t, T>> Likelihood<'t, T, X> for Laplace<'t, T> {
    /// -|x - μ|/b - ln 2b
    #[track_caller]
    fn log_prob(&self, observed: X) -> Result<Var<'t, T>> {
        let x = observed.on(self.mean);
        alike("laplace", "mean", &self.mean.shape(), "observed", &x.shape())?;
        let far = -self.mean.absolute_error(x)?.try_div(self.scale)?;
        Ok(far.try_sub(self.scale.ln())?.add_scalar(-LN_2))
    }
}
