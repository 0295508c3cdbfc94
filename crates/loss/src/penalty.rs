//! Penalties on parameters, which are added to a loss: L1, L2, both, and a pull towards known values.
//!
//! A loss compares a prediction with a target; a penalty looks at the parameters alone. `loss + penalty` is the objective.
//! (`loss::mae` and `loss::mse` are sometimes called L1 and L2 too: those are of errors, these of parameters.)

use std::fmt;
use std::panic::Location;

use wengert_autograd::{Error, Param, Result, Tape, Var};
use wengert_tensor::{Error as TensorError, Fault, Float, Tensor};

/// λ₁·Σ|θ| + ½λ₂·Σθ² over some parameters, without biases unless they are named.
///
/// With the ½, λ₂ is the `weight_decay` of SGD: both add λ₂·θ to the gradient. (Under Adam they differ; that is AdamW's
/// point.) Keras's `l2(λ)` has no ½: it is λ₂ = 2λ here.
///
/// A bias is a parameter with `bias` in the last part of its path; a parameter without a path is not a bias.
///
/// ```
/// use wengert_autograd::{Param, Tape};
/// use wengert_loss::penalty::Penalty;
/// use wengert_tensor::tensor;
///
/// let (w, b) = (Param::new(tensor![3.0_f64, -4.0]), Param::new(tensor![100.0]));
/// w.set_path("l1.weight");
/// b.set_path("l1.bias");
/// let tape = Tape::new();
/// let parameters = [w, b];
/// assert_eq!(Penalty::elastic_net(0.5, 0.1).on(&tape, &parameters)?.item()?, 3.5 + 1.25);
/// assert_eq!(Penalty::l1(1.0).of("*.bias").on(&tape, &parameters)?.item()?, 100.0);
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct Penalty {
    l1: f64,
    l2: f64,
    /// With `None`, all parameters except biases.
    pattern: Option<String>,
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
        Self { l1, l2, pattern: None }
    }
    /// With only the parameters whose path matches a pattern, biases too; `*` stands for any text, as in `encoder.*.weight`.
    pub fn of(mut self, pattern: impl Into<String>) -> Self {
        self.pattern = Some(pattern.into());
        self
    }

    /// The penalty on some of these parameters, on a tape.
    ///
    /// # Errors
    /// If a strength is negative, or no parameter matches.
    #[track_caller]
    pub fn on<'t, T: Float>(&self, tape: &'t Tape<T>, params: &[Param<T>]) -> Result<Var<'t, T>> {
        strength("penalty", self.l1)?;
        strength("penalty", self.l2)?;
        let at = Location::caller();
        let mut sum: Option<Var<'t, T>> = None;
        let chosen = |p: &Param<T>| match &self.pattern {
            Some(pattern) => fits(pattern, &p.path()),
            None => !is_bias(p),
        };
        let params = Param::each_once(params.iter().cloned());
        for p in params.iter().filter(|p| chosen(p)) {
            let theta = tape.param(p);
            if self.l1 != 0.0 || self.l2 == 0.0 {
                add(&mut sum, theta.abs().sum_over(..)?.mul_scalar(self.l1))?;
            }
            if self.l2 != 0.0 {
                add(&mut sum, theta.square().sum_over(..)?.mul_scalar(0.5 * self.l2))?;
            }
        }
        let what = self.pattern.as_deref().unwrap_or("all but biases");
        sum.ok_or_else(|| nothing(what, params.iter().map(Param::path), at))
    }
}

/// Known values of parameters, and the pull towards them: ½·strength·‖θ - θ*‖².
///
/// This is what the tutorials call the "gradient descent loss". It does not depend on data: gradient descent is an algorithm,
/// not a loss, and θ*, the best parameters, is the result that training looks for. If some θ* *is* known, the
/// penalty is useful: it keeps a pretrained net near where it started (L2-SP), or a client near the server (FedProx).
///
/// Under gradient descent with rate η and strength 1 alone, the distance shrinks by the same factor each step:
/// ‖θₜ - θ*‖ = (1 - η)ᵗ·‖θ₀ - θ*‖.
///
/// ```
/// use wengert_autograd::{Param, Tape};
/// use wengert_loss::penalty::Proximal;
/// use wengert_tensor::tensor;
///
/// let w = Param::new(tensor![1.0_f64, 2.0]);
/// let proximal = Proximal::to_present(&[w.clone()], 1.0);
/// w.set(tensor![4.0, 6.0]);
/// let tape = Tape::new();
/// let penalty = proximal.on(&tape)?;
/// assert_eq!(penalty.item()?, 12.5);
/// penalty.backward()?;
/// assert_eq!(w.grad(), Some(tensor![3.0, 4.0]));
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct Proximal<T> {
    anchors: Vec<(Param<T>, Tensor<T>)>,
    strength: f64,
}

impl<T> fmt::Debug for Proximal<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proximal of {} parameters, strength {}", self.anchors.len(), self.strength)
    }
}

impl<T: Float> Proximal<T> {
    /// Towards the values that these parameters have now, biases included.
    pub fn to_present(params: &[Param<T>], strength: f64) -> Self {
        Self::to(params.iter().map(|p| (p.clone(), p.value())), strength)
    }
    /// Towards given values.
    pub fn to(anchors: impl IntoIterator<Item = (Param<T>, Tensor<T>)>, strength: f64) -> Self {
        let mut seen = std::collections::HashSet::new();
        let anchors = anchors.into_iter().filter(|(p, _)| seen.insert(p.id())).collect();
        Self { anchors, strength }
    }
    /// With only the parameters whose path matches a pattern; `*` stands for any text.
    pub fn of(mut self, pattern: &str) -> Self {
        self.anchors.retain(|(p, _)| fits(pattern, &p.path()));
        self
    }

    /// The penalty, on a tape.
    ///
    /// # Errors
    /// If the strength is negative, a value does not have its parameter's shape, or there is no parameter.
    #[track_caller]
    pub fn on<'t>(&self, tape: &'t Tape<T>) -> Result<Var<'t, T>> {
        const OP: &str = "proximal";
        let at = Location::caller();
        strength(OP, self.strength)?;
        let mut sum: Option<Var<'t, T>> = None;
        for (p, anchor) in &self.anchors {
            let theta = tape.param(p);
            if *theta.shape() != *anchor.shape() {
                let rule = format!("the value to be near to has not the shape of `{}`", p.path());
                let fault = Fault::new(OP, &[&theta.shape(), anchor.shape()], rule);
                return Err(TensorError::Shape(fault).into());
            }
            let apart = theta.squared_error(anchor)?;
            add(&mut sum, apart.sum_over(..)?.mul_scalar(0.5 * self.strength))?;
        }
        let paths = self.anchors.iter().map(|(p, _)| p.path());
        sum.ok_or_else(|| nothing("the proximal penalty", paths, at))
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

/// Whether the last part of its path contains `bias`.
fn is_bias<T: Float>(p: &Param<T>) -> bool {
    p.path().rsplit('.').next().is_some_and(|name| name.contains("bias"))
}

/// Whether a path matches a pattern in which `*` stands for any text.
fn fits(pattern: &str, path: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| path.strip_prefix(first)) else {
        return false;
    };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        // The first place leaves the most for what follows.
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    true
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn stars_stand_for_any_text() {
        for (pattern, path, expected) in [
            ("l1.weight", "l1.weight", true),
            ("l1.weight", "l1.weights", false),
            ("*", "", true),
            ("*.weight", "a.b.weight", true),
            ("*.weight", "a.b.bias", false),
            ("encoder.*", "encoder.0.weight", true),
            ("encoder.*.weight", "encoder.weight", false),
            ("encoder.*.weight", "encoder.0.weight", true),
            ("a*b*a", "aba", true),
            ("a*b*a", "ab", false),
            ("ab*ba", "aba", false),
        ] {
            assert_eq!(fits(pattern, path), expected, "{pattern} {path}");
        }
    }
}
