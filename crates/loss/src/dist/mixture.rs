//! A mixture of normal distributions.

use wengert_autograd::{Operand, Result, Var};
use wengert_tensor::{Axes, Float, Rng, Tensor};

use super::categorical::drawn;
use super::normal::log_density;
use super::{Likelihood, positive};
use crate::refuse::alike;

/// The density Σₖ πₖ·N(x; μₖ, σₖ) of K normal distributions on the last axis, `[…, K]`, weighted by π = softmax(logits); for
/// each element of `[…]`. It can say that a number is near one of several values, where a single normal distribution says that it is
/// between them.
///
/// ```
/// use wengert_autograd::Tape;
/// use wengert_loss::dist::{Likelihood, Mixture};
/// use wengert_tensor::tensor;
///
/// let tape = Tape::new();
/// let [logits, means] = [tensor![[0.0_f64, 0.0]], tensor![[-3.0, 3.0]]].map(|x| tape.var(x));
/// let two = Mixture::new(logits, means, 0.5)?;
/// assert_eq!(two.mean()?.value()?, tensor![0.0]);
/// // The mean itself is hardly ever seen.
/// let far = two.log_prob(&tensor![0.0])?.item()? - two.log_prob(&tensor![3.0])?.item()?;
/// assert!(far < -17.0);
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Mixture<'t, T: Float> {
    logits: Var<'t, T>,
    means: Var<'t, T>,
    stds: Var<'t, T>,
}

impl<'t, T: Float> Mixture<'t, T> {
    /// Of the logits of the weights, the means, and the standard deviations, which have their shape or are repeated to it.
    ///
    /// # Errors
    /// If the shapes do not fit, or a deviation is not positive and finite.
    #[track_caller]
    pub fn new(logits: Var<'t, T>, means: Var<'t, T>, stds: impl Operand<'t, T>) -> Result<Self> {
        crate::cross_entropy::logits("mixture", logits)?;
        alike("mixture", "logits", &logits.shape(), "means", &means.shape())?;
        Ok(Self { logits, means, stds: positive("mixture", "the deviations", stds, means)? })
    }

    /// Σ πₖ·μₖ
    ///
    /// # Errors
    /// If the parameters are scalars.
    #[track_caller]
    pub fn mean(&self) -> Result<Var<'t, T>> {
        self.logits.softmax(-1)?.try_mul(self.means)?.sum_over(Axes::from(-1))
    }

    /// A draw for each element: of one of the normal distributions, which is drawn first.
    ///
    /// # Errors
    /// If there are no components, or the tape is spent.
    #[track_caller]
    pub fn sample(&self, rng: &mut Rng) -> Result<Tensor<T>> {
        let means = self.means.value()?;
        let index = drawn(&self.logits.value()?, -1, rng)?.unsqueeze(-1)?;
        let stds = self.stds.value()?.expand(means.shape())?;
        let of = |x: &Tensor<T>| x.gather(-1, &index)?.squeeze(-1);
        let (mean, std) = (of(&means)?, of(&stds)?);
        Ok(mean.try_add(&mean.randn_like(rng).try_mul(&std)?)?)
    }
}

impl<'t, T: Float, X: Operand<'t, T>> Likelihood<'t, T, X> for Mixture<'t, T> {
    /// The logarithm of the density, by a sum of exponentials that neither overflows nor vanishes.
    #[track_caller]
    fn log_prob(&self, observed: X) -> Result<Var<'t, T>> {
        let x = observed.on(self.means);
        let shape = self.means.shape();
        alike("mixture", "means", &shape[..shape.len().saturating_sub(1)], "observed", &x.shape())?;
        let each = log_density(x.unsqueeze(-1)?, self.means, self.stds)?;
        self.logits.log_softmax(-1)?.try_add(each)?.logsumexp_over(Axes::from(-1))
    }
}
