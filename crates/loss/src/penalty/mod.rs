//! Penalties on parameters, which are added to a loss: L1, L2, both, of groups, for right angles, and a pull towards known values.
//!
//! A loss compares a prediction with a target; a penalty looks at the parameters alone. `loss + penalty` is the objective.
//! (`loss::mae` and `loss::mse` are sometimes called L1 and L2 too: those are of errors, these of parameters.)

use std::panic::Location;

use wengert_autograd::{Error, Param, Result, Tape, Var, matches};
use wengert_tensor::{Float, Tensor};

mod proximal;

pub use proximal::Proximal;

/// A penalty on some parameters, without biases unless they are named.
///
/// | | |
/// |---|---|
/// | [`l1`](Self::l1) | λ·Σ\|θ\|: some weights go to about 0; to exactly 0 by `optim::ProximalStep` |
/// | [`l2`](Self::l2) | ½λ·Σθ²: weights stay small |
/// | [`elastic_net`](Self::elastic_net) | both |
/// | [`group_lasso`](Self::group_lasso) | λ·Σ √n·‖θ_g‖ over groups of n weights: whole rows or columns go to about 0 |
/// | [`orthogonal`](Self::orthogonal) | λ·‖WWᵀ - I‖²: rows stay at right angles and of norm 1 |
///
/// The λ of `l2` is the `weight_decay` of SGD: both add λ·θ to the gradient. (Under Adam they differ; that is AdamW's
/// point.) Keras's `l2(λ)` has no ½: it is 2λ here.
///
/// A bias is a parameter with `bias` in the last part of its path; a parameter without a path is not a bias.
///
/// ```
/// use wengert_autograd::{Param, Tape};
/// use wengert_loss::penalty::Penalty;
/// use wengert_tensor::tensor;
///
/// let (w, b) = (Param::new(tensor![[3.0_f64, -4.0]]), Param::new(tensor![100.0]));
/// w.set_path("l1.weight");
/// b.set_path("l1.bias");
/// let tape = Tape::new();
/// let parameters = [w, b];
/// assert_eq!(Penalty::elastic_net(0.5, 0.1).on(&tape, &parameters)?.item()?, 3.5 + 1.25);
/// assert_eq!(Penalty::l1(1.0).of("*.bias").on(&tape, &parameters)?.item()?, 100.0);
/// assert_eq!(Penalty::group_lasso(1.0).on(&tape, &parameters)?.item()?, 2.0_f64.sqrt() * 5.0);
/// assert_eq!(Penalty::orthogonal(1.0).on(&tape, &parameters)?.item()?, 24.0 * 24.0);
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct Penalty {
    term: Term,
    /// With `None`, all parameters except biases; of matrix penalties, all matrices.
    pattern: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
enum Term {
    ElasticNet { l1: f64, l2: f64 },
    GroupLasso { strength: f64, axis: isize },
    Orthogonal(f64),
}

impl Penalty {
    /// strength·Σ|θ|; its slope is 0 at 0.
    pub fn l1(strength: f64) -> Self {
        Self::elastic_net(strength, 0.0)
    }
    /// ½·strength·Σθ²
    pub fn l2(strength: f64) -> Self {
        Self::elastic_net(0.0, strength)
    }
    /// l1·Σ|θ| + ½·l2·Σθ²
    pub fn elastic_net(l1: f64, l2: f64) -> Self {
        Self::new(Term::ElasticNet { l1, l2 })
    }
    /// strength·Σ √n·‖θ_g‖ over the rows of each matrix, of n weights each; its slope is 0 at a row of 0. The rows of a linear layer's
    /// weight are its outputs. See [`grouped_by`](Self::grouped_by).
    pub fn group_lasso(strength: f64) -> Self {
        Self::new(Term::GroupLasso { strength, axis: 0 })
    }
    /// strength·‖WWᵀ - I‖² of each matrix with at most as many rows as columns, strength·‖WᵀW - I‖² of each other one. Of a
    /// convolution's kernel, a row is all that makes one output.
    pub fn orthogonal(strength: f64) -> Self {
        Self::new(Term::Orthogonal(strength))
    }
    fn new(term: Term) -> Self {
        Self { term, pattern: None }
    }

    /// With groups of all weights that have one index on this axis: 0 for rows, 1 for columns, which are the inputs of a linear
    /// layer. Penalties without groups ignore it.
    pub fn grouped_by(mut self, by: isize) -> Self {
        if let Term::GroupLasso { axis, .. } = &mut self.term {
            *axis = by;
        }
        self
    }
    /// With only the parameters whose path fits a pattern, biases too: `encoder.*.weight`, see
    /// [`matches`](wengert_autograd::matches()).
    pub fn of(mut self, pattern: impl Into<String>) -> Self {
        self.pattern = Some(pattern.into());
        self
    }

    /// The penalty on some of these parameters, on a tape.
    ///
    /// # Errors
    /// If a strength is negative, no parameter matches, or a parameter that the pattern names has no such axis or is no matrix.
    #[track_caller]
    pub fn on<'t, T: Float>(&self, tape: &'t Tape<T>, params: &[Param<T>]) -> Result<Var<'t, T>> {
        let at = Location::caller();
        let of_matrices = match self.term {
            Term::ElasticNet { l1, l2 } => {
                strength("penalty", l1)?;
                strength("penalty", l2)?;
                false
            }
            Term::GroupLasso { strength: λ, .. } | Term::Orthogonal(λ) => {
                strength("penalty", λ)?;
                true
            }
        };
        let chosen = |p: &Param<T>| match &self.pattern {
            Some(pattern) => matches(pattern, &p.path()),
            None => {
                let is_matrix = || p.inspect(|value, _, _| value.rank() > 1);
                !p.is_bias() && (!of_matrices || is_matrix())
            }
        };
        let mut sum: Option<Var<'t, T>> = None;
        for (k, p) in params.iter().enumerate() {
            // A parameter that is named twice is penalised once.
            if !chosen(p) || params[..k].iter().any(|other| other.is(p)) {
                continue;
            }
            let theta = tape.param(p);
            match self.term {
                Term::ElasticNet { l1, l2 } => {
                    if l1 != 0.0 || l2 == 0.0 {
                        add(&mut sum, theta.abs().sum_over(..)?.mul_scalar(l1))?;
                    }
                    if l2 != 0.0 {
                        add(&mut sum, theta.square().sum_over(..)?.mul_scalar(0.5 * l2))?;
                    }
                }
                Term::GroupLasso { strength, axis } => {
                    let rows = theta.move_axis(axis, 0)?;
                    let count = rows.shape()[0];
                    let rows = rows.reshape([count, p.len() / count.max(1)])?;
                    let weight = strength * (rows.shape()[1] as f64).sqrt();
                    add(&mut sum, rows.norm_over(-1, 2.0)?.sum_over(..)?.mul_scalar(weight))?;
                }
                Term::Orthogonal(strength) => {
                    let rows = theta.flatten_axes(1, -1)?;
                    let wide = rows.shape()[0] <= rows.shape()[1];
                    let gram = if wide { rows.matmul(rows.t())? } else { rows.t().matmul(rows)? };
                    let apart = gram.squared_error(&Tensor::try_eye(gram.shape()[0])?)?;
                    add(&mut sum, apart.sum_over(..)?.mul_scalar(strength))?;
                }
            }
        }
        let what = self.pattern.as_deref().unwrap_or(match of_matrices {
            true => "all matrices",
            false => "all but biases",
        });
        sum.ok_or_else(|| nothing(what, params.iter().map(Param::path), at))
    }
}

/// strength·Σ|θ| over all parameters except biases; see [`Penalty`].
///
/// # Errors
/// If the strength is negative, or there is no such parameter.
#[track_caller]
pub fn l1<'t, T: Float>(
    tape: &'t Tape<T>,
    params: &[Param<T>],
    strength: f64,
) -> Result<Var<'t, T>> {
    Penalty::l1(strength).on(tape, params)
}

/// ½·strength·Σθ² over all parameters except biases; see [`Penalty`].
///
/// # Errors
/// If the strength is negative, or there is no such parameter.
#[track_caller]
pub fn l2<'t, T: Float>(
    tape: &'t Tape<T>,
    params: &[Param<T>],
    strength: f64,
) -> Result<Var<'t, T>> {
    Penalty::l2(strength).on(tape, params)
}

/// l1·Σ|θ| + ½·l2·Σθ² over all parameters except biases; see [`Penalty`].
///
/// # Errors
/// If a strength is negative, or there is no such parameter.
#[track_caller]
pub fn elastic_net<'t, T: Float>(
    tape: &'t Tape<T>,
    params: &[Param<T>],
    l1: f64,
    l2: f64,
) -> Result<Var<'t, T>> {
    Penalty::elastic_net(l1, l2).on(tape, params)
}

#[track_caller]
fn add<'t, T: Float>(sum: &mut Option<Var<'t, T>>, term: Var<'t, T>) -> Result<()> {
    *sum = Some(match *sum {
        None => term,
        Some(sum) => sum.try_add(term)?,
    });
    Ok(())
}

#[track_caller]
fn strength(op: &'static str, strength: f64) -> Result<()> {
    crate::refuse::option(op, strength >= 0.0 && strength.is_finite(), || {
        format!(
            "the strength is {strength}, and must be 0 or more: a negative one drives parameters to infinity"
        )
    })
}

#[cold]
fn nothing(
    what: &str,
    paths: impl Iterator<Item = String>,
    at: &'static Location<'static>,
) -> Error {
    let paths: Vec<String> = paths.take(8).collect();
    let rule =
        format!("penalty: no parameter is meant by `{what}`; there are: {}", paths.join(", "));
    Error::Use(rule, at)
}
