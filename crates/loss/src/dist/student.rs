//! Student's t distribution.

use std::f64::consts::PI;

use wengert_autograd::{Operand, Result, Var};
use wengert_tensor::{Float, Rng, Tensor};

use super::special::{digamma, ln_gamma};
use super::{Likelihood, above_0, positive};
use crate::refuse::{alike, option};

/// The density of Student's t, for each element: proportional to (1 + z²/ν)^(-(ν + 1)/2) of z = (x - μ)/s. The smaller the
/// degrees of freedom ν, the heavier its tails: 1 is Cauchy's distribution, and ∞ would be the normal one.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct StudentT<'t, T: Float> {
    freedom: f64,
    mean: Var<'t, T>,
    scale: Var<'t, T>,
}

impl<'t, T: Float> StudentT<'t, T> {
    /// Of degrees of freedom ν, which are a fixed number, a centre μ, and a scale s, which has the centre's shape or is repeated to it.
    ///
    /// # Errors
    /// If ν or the scale is not positive and finite, or the scale does not fit.
    #[track_caller]
    pub fn new(freedom: f64, mean: Var<'t, T>, scale: impl Operand<'t, T>) -> Result<Self> {
        option("student_t", freedom > 0.0 && freedom.is_finite(), || {
            format!("the degrees of freedom are {freedom}, and must be positive and finite")
        })?;
        Ok(Self { freedom, mean, scale: positive("student_t", "the scale", scale, mean)? })
    }

    /// μ
    ///
    /// # Errors
    /// If ν is 1 or less: then there is no mean.
    #[track_caller]
    pub fn mean(&self) -> Result<Var<'t, T>> {
        option("student_t", self.freedom > 1.0, || {
            format!(
                "with {} degrees of freedom there is no mean; there is one above 1",
                self.freedom
            )
        })?;
        Ok(self.mean)
    }

    /// A draw for each element, by R. Bailey's polar method.
    ///
    /// # Errors
    /// If the tape is spent.
    #[track_caller]
    pub fn sample(&self, rng: &mut Rng) -> Result<Tensor<T>> {
        let mean = self.mean.value()?;
        let nu = self.freedom;
        let radius = above_0::<T>(mean.shape(), rng)
            .map(|u| T::from_f64((nu * (u.to_f64().powf(-2.0 / nu) - 1.0)).sqrt()));
        let angle = mean.rand_like(rng).map(|u| T::from_f64((2.0 * PI * u.to_f64()).cos()));
        let t = radius.try_mul(&angle)?;
        Ok(mean.try_add(&t.try_mul(&self.scale.value()?)?)?)
    }

    /// For each element of s: ln s + ln(√ν·B(ν/2, ½)) + (ν + 1)/2 · (ψ((ν + 1)/2) - ψ(ν/2)).
    pub fn entropy(&self) -> Var<'t, T> {
        let (half, more) = (self.freedom / 2.0, (self.freedom + 1.0) / 2.0);
        self.scale.ln().add_scalar(more * (digamma(more) - digamma(half)) - self.constant())
    }

    /// The logarithm of the density at its centre, if s is 1: ln Γ((ν + 1)/2) - ln Γ(ν/2) - ½ ln νπ.
    fn constant(&self) -> f64 {
        let nu = self.freedom;
        ln_gamma((nu + 1.0) / 2.0) - ln_gamma(nu / 2.0) - 0.5 * (nu * PI).ln()
    }
}

impl<'t, T: Float, X: Operand<'t, T>> Likelihood<'t, T, X> for StudentT<'t, T> {
    #[track_caller]
    fn log_prob(&self, observed: X) -> Result<Var<'t, T>> {
        let x = observed.on(self.mean);
        alike("student_t", "mean", &self.mean.shape(), "observed", &x.shape())?;
        let z2 = x.try_sub(self.mean)?.try_div(self.scale)?.square();
        let tail = z2.div_scalar(self.freedom).log1p().mul_scalar(-0.5 * (self.freedom + 1.0));
        Ok(tail.try_sub(self.scale.ln())?.add_scalar(self.constant()))
    }
}
