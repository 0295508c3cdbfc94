//! The normal distribution.

use std::f64::consts::PI;

use wengert_autograd::{Operand, Result, Var};
use wengert_tensor::{Float, Rng, Tensor};

use super::{Likelihood, positive};
use crate::refuse::alike;

/// The density exp(-½((x - μ)/σ)²) / (σ√2π), for each element.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Normal<'t, T: Float> {
    mean: Var<'t, T>,
    std: Var<'t, T>,
}

impl<'t, T: Float> Normal<'t, T> {
    /// Of a mean μ and a standard deviation σ, which has its shape or is repeated to it.
    ///
    /// # Errors
    /// If the deviation does not fit, or is not positive and finite.
    #[track_caller]
    pub fn new(mean: Var<'t, T>, std: impl Operand<'t, T>) -> Result<Self> {
        Ok(Self { mean, std: positive("normal", "the deviation", std, mean)? })
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
        Ok(mean.try_add(&mean.randn_like(rng).try_mul(&self.std.value()?)?)?)
    }

    /// ½ ln(2πe·σ²), for each element of σ.
    pub fn entropy(&self) -> Var<'t, T> {
        self.std.ln().add_scalar(0.5 * (2.0 * PI).ln() + 0.5)
    }

    /// KL(self ‖ other) = ln(σ₂/σ₁) + (σ₁² + (μ₁ - μ₂)²)/(2σ₂²) - ½, for each element.
    ///
    /// # Errors
    /// If the shapes differ.
    #[track_caller]
    pub fn kl(&self, other: &Self) -> Result<Var<'t, T>> {
        alike("normal", "mean", &self.mean.shape(), "other mean", &other.mean.shape())?;
        let apart = self.mean.try_sub(other.mean)?.try_div(other.std)?.square();
        let ratio = self.std.try_div(other.std)?;
        // ½(r² - 1 + d²) - ln r
        let halves = ratio.square().try_add(apart)?.add_scalar(-1.0).mul_scalar(0.5);
        halves.try_sub(ratio.ln())
    }
}

/// -½((x - μ)/σ)² - ln σ - ½ ln 2π
#[track_caller]
pub(super) fn log_density<'t, T: Float>(
    x: Var<'t, T>,
    mean: Var<'t, T>,
    std: Var<'t, T>,
) -> Result<Var<'t, T>> {
    let z = x.try_sub(mean)?.try_div(std)?;
    Ok(z.square().mul_scalar(-0.5).try_sub(std.ln())?.add_scalar(-0.5 * (2.0 * PI).ln()))
}

impl<'t, T: Float, X: Operand<'t, T>> Likelihood<'t, T, X> for Normal<'t, T> {
    #[track_caller]
    fn log_prob(&self, observed: X) -> Result<Var<'t, T>> {
        let x = observed.on(self.mean);
        alike("normal", "mean", &self.mean.shape(), "observed", &x.shape())?;
        log_density(x, self.mean, self.std)
    }
}
