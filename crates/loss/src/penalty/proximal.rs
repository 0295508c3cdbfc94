//! `Proximal`: the pull of parameters towards known values.

use std::fmt;
use std::panic::Location;

use wengert_autograd::{Error, Param, Result, Tape, Var, matches};
use wengert_tensor::{Error as TensorError, Fault, Float, Tensor};

use super::{add, nothing, strength};

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
    /// Each parameter once, and a second time if it has another value there.
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
    /// Towards given values, one for each parameter.
    pub fn to(anchors: impl IntoIterator<Item = (Param<T>, Tensor<T>)>, strength: f64) -> Self {
        let mut kept = Vec::<(Param<T>, Tensor<T>)>::new();
        for (param, value) in anchors {
            if !kept.iter().any(|(p, v)| p.is(&param) && *v == value) {
                kept.push((param, value));
            }
        }
        Self { anchors: kept, strength }
    }
    /// With only the parameters whose path fits a pattern; see [`matches`](wengert_autograd::matches()).
    pub fn of(mut self, pattern: &str) -> Self {
        self.anchors.retain(|(p, _)| matches(pattern, &p.path()));
        self
    }

    /// The penalty, on a tape.
    ///
    /// # Errors
    /// If the strength is negative, a value does not have its parameter's shape, a parameter has two values, or there is no
    /// parameter.
    #[track_caller]
    pub fn on<'t>(&self, tape: &'t Tape<T>) -> Result<Var<'t, T>> {
        const OP: &str = "proximal";
        let at = Location::caller();
        strength(OP, self.strength)?;
        let mut sum: Option<Var<'t, T>> = None;
        for (k, (p, anchor)) in self.anchors.iter().enumerate() {
            if self.anchors[..k].iter().any(|(other, _)| other.is(p)) {
                let rule = format!(
                    "{OP}: `{}` was given two values to be near to\n  help: give one value for each parameter",
                    p.path()
                );
                return Err(Error::Use(rule, at));
            }
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
