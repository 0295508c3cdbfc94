//! Distributions whose parameters a model predicts: their negative log-likelihoods are losses.
//!
//! | distribution | of | [`nll`](Likelihood::nll) is | closed forms |
//! |---|---|---|---|
//! | [`Normal`] | numbers | half of [`mse`](crate::mse), if its deviation is 1 | entropy, KL |
//! | [`Laplace`] | numbers | [`mae`](crate::mae), if its scale is 1 | entropy, KL |
//! | [`StudentT`] | numbers, some far out | that of a robust loss | entropy |
//! | [`Mixture`] | numbers about several centres | that of a mixture density network | |
//! | [`Bernoulli`] | yes or no | [`bce_with_logits`](crate::bce_with_logits) | entropy, KL |
//! | [`Categorical`] | classes | [`cross_entropy`](crate::cross_entropy) | entropy, KL |
//! | [`Poisson`] | counts | [`poisson_nll`](crate::poisson_nll) | entropy, KL |
//!
//! (But for a constant, which has no gradient: ½ ln 2π, ln 2, and ln y! of counts y.) The parameters are vars, and everything
//! that is computed from them is recorded: a KL divergence or an entropy can be a term of a loss.
//!
//! ```
//! use wengert_autograd::Tape;
//! use wengert_loss::dist::{Likelihood, Normal};
//! use wengert_tensor::{Rng, tensor};
//!
//! let tape = Tape::new();
//! let (mean, log_std) = (tape.var(tensor![1.0_f64, 2.0]), tape.var(tensor![0.0, 0.5]));
//! let predicted = Normal::new(mean, log_std.exp())?;
//! let loss = predicted.nll(&tensor![0.5, 2.5])?;
//! let prior = Normal::new(tape.constant(tensor![0.0, 0.0]), 1.0)?;
//! let objective = loss + predicted.kl(&prior)?.mean() * 0.1;
//! let gradients = objective.gradients()?;
//! assert_eq!(gradients.wrt(log_std).value()?.shape(), [2]);
//! assert_eq!(predicted.sample(&mut Rng::new(0))?.shape(), [2]);
//! # Ok::<(), wengert_autograd::Error>(())
//! ```

mod bernoulli;
mod categorical;
mod laplace;
mod mixture;
mod normal;
mod poisson;
mod special;
mod student;

use wengert_autograd::{Operand, Result, Var};
use wengert_tensor::{Float, Rng, Tensor};

pub use bernoulli::Bernoulli;
pub use categorical::Categorical;
pub use laplace::Laplace;
pub use mixture::Mixture;
pub use normal::Normal;
pub use poisson::Poisson;
pub use student::StudentT;

use crate::Reduction;
use crate::reduce::{fits, reduce};
use crate::refuse::every;

/// A distribution of observations `X`: numbers, `&Tensor<T>` or a var, or class numbers.
pub trait Likelihood<'t, T: Float, X> {
    /// The logarithm of the density, or of the probability, of each observation.
    ///
    /// # Errors
    /// If the observations do not have the shape of the distribution, or cannot come from it.
    fn log_prob(&self, observed: X) -> Result<Var<'t, T>>;

    /// The negative log-likelihood: the mean of -[`log_prob`](Self::log_prob) over all observations.
    ///
    /// # Errors
    /// As `log_prob`; and if there are no observations.
    #[track_caller]
    fn nll(&self, observed: X) -> Result<Var<'t, T>> {
        reduce("nll", -self.log_prob(observed)?, Reduction::Mean)
    }
}

/// A positive parameter of the shape of another one, or of one that is repeated to it.
#[track_caller]
fn positive<'t, T: Float>(
    op: &'static str,
    name: &str,
    parameter: impl Operand<'t, T>,
    like: Var<'t, T>,
) -> Result<Var<'t, T>> {
    let parameter = parameter.on(like);
    fits(op, name, &parameter.shape(), &like.shape())?;
    let rule = "it must be positive and finite";
    let help = "let the net predict its logarithm, and pass `x.exp()`";
    every(op, name, &parameter.value()?, |x| x > 0.0 && x.is_finite(), rule, Some(help))?;
    Ok(parameter)
}

/// Numbers above 0 and at most 1, evenly distributed.
fn above_0<T: Float>(shape: &[usize], rng: &mut Rng) -> Tensor<T> {
    Tensor::rand(shape, rng).map(|u: T| T::from_f64(1.0 - u.to_f64()))
}
