//! Poisson's distribution: counts.

use wengert_autograd::{Result, Var};
use wengert_tensor::{Axes, Float, Rng, Tensor};

use super::special::ln_gamma;
use super::{Likelihood, above_0};
use crate::refuse::{alike, every};

/// The count y with the probability λʸ·e^-λ / y! of a rate λ, which is given by its logarithm; for each element.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Poisson<'t, T: Float> {
    log_rate: Var<'t, T>,
}

impl<'t, T: Float> Poisson<'t, T> {
    /// Of logarithms of rates.
    pub fn new(log_rate: Var<'t, T>) -> Self {
        Self { log_rate }
    }

    /// λ
    pub fn mean(&self) -> Var<'t, T> {
        self.log_rate.exp()
    }

    /// A count for each element: how many waiting times fit into a time of 1. A draw costs as many random numbers as it counts.
    ///
    /// # Errors
    /// If the tape is spent, or a rate is above a million or NaN.
    #[track_caller]
    pub fn sample(&self, rng: &mut Rng) -> Result<Tensor<T>> {
        let rates = self.log_rate.value()?.exp();
        let rule = "a rate to draw from is at most a million";
        every("poisson", "rate", &rates, |rate| rate <= 1e6, rule, None)?;
        let mut counts = Vec::with_capacity(rates.len());
        for rate in rates.iter() {
            let (mut left, mut count) = (rate.to_f64(), 0.0);
            while left >= 0.0 {
                left += above_0::<f64>(&[1], rng).item()?.ln();
                count += 1.0;
            }
            counts.push(T::from_f64(f64::max(count - 1.0, 0.0)));
        }
        Ok(Tensor::from_vec(counts, rates.shape())?)
    }

    /// The entropy, for each element: the sum of -p·ln p over all counts whose p is not negligible.
    ///
    /// # Errors
    /// If the tape is spent, or a rate is above a million or NaN.
    #[track_caller]
    pub fn entropy(&self) -> Result<Var<'t, T>> {
        let x = self.log_rate;
        let rates = x.value()?.exp();
        let rule = "a rate whose entropy is summed is at most a million";
        every("poisson", "rate", &rates, |rate| rate <= 1e6, rule, None)?;
        let most = rates.iter().map(|rate| rate.to_f64()).fold(0.0, f64::max);
        let counts: Vec<f64> =
            (0..(most + 12.0 * most.sqrt() + 40.0) as usize).map(|k| k as f64).collect();
        let of = |f: &dyn Fn(f64) -> f64| {
            x.tape().constant(Tensor::from(
                counts.iter().map(|&k| T::from_f64(f(k))).collect::<Vec<T>>(),
            ))
        };
        let (count, factorial) = (of(&|k| k), of(&|k| ln_gamma(k + 1.0)));
        let x = x.unsqueeze(-1)?;
        let log_p = count.gate(x)?.try_sub(x.exp())?.try_sub(factorial)?;
        Ok(-log_p.exp().gate(log_p)?.sum_over(Axes::from(-1))?)
    }

    /// KL(self ‖ other) = λ₁·(ln λ₁ - ln λ₂) - λ₁ + λ₂, for each element.
    ///
    /// # Errors
    /// If the shapes differ.
    #[track_caller]
    pub fn kl(&self, other: &Self) -> Result<Var<'t, T>> {
        let (x, y) = (self.log_rate, other.log_rate);
        alike("poisson", "rates", &x.shape(), "other rates", &y.shape())?;
        x.exp().gate(x.try_sub(y)?)?.try_sub(x.exp())?.try_add(y.exp())
    }
}

impl<'t, T: Float> Likelihood<'t, T, &Tensor<T>> for Poisson<'t, T> {
    /// y·ln λ - λ - ln y!
    #[track_caller]
    fn log_prob(&self, observed: &Tensor<T>) -> Result<Var<'t, T>> {
        const OP: &str = "poisson";
        let x = self.log_rate;
        alike(OP, "rates", &x.shape(), "observed", observed.shape())?;
        let whole = |y: f64| y >= 0.0 && y.fract() == 0.0 && y.is_finite();
        every(OP, "observed", observed, whole, "a count is a whole number, 0 or more", None)?;
        let factorial = observed.map(|y| T::from_f64(ln_gamma(y.to_f64() + 1.0)));
        let y = x.tape().constant(observed.clone());
        y.gate(x)?.try_sub(x.exp())?.try_sub(&factorial)
    }
}
