//! SAM: a step by the gradient at the worst point nearby, towards minima that are flat.

use std::fmt;
use std::panic::Location;

use wengert_autograd::Line;
use wengert_tensor::pointwise::{C, Real, Update, update_in_place};
use wengert_tensor::{Float, Tensor};

use crate::whole::norm;
use crate::{Error, Optimizer, Result};

/// Sharpness-aware minimisation, by Foret and others, 2021, around another optimiser: it minimises the largest loss within a
/// distance ρ of the weights. A minimum found so is flat.
///
/// ```text
/// ε = ρ·g(θ)/‖g(θ)‖            up the slope, over all parameters as one vector
/// θ ← a step of the other optimiser from θ, by g(θ + ε)
/// ```
///
/// A step takes two gradients, so it is given the computation, as [`Lbfgs`](crate::Lbfgs) is. In a loop:
///
/// ```
/// use wengert_autograd::{Param, Tape};
/// use wengert_optim::{Error, Optimizer, Sam, Sgd};
/// use wengert_tensor::tensor;
///
/// let w = Param::new(tensor![3.0_f64, 4.0]);
/// let mut optimizer = Sam::new(Sgd::new([w.clone()], 0.25), 0.5);
/// for _batch in 0..1 {
///     let loss = optimizer.step(|| {
///         let tape = Tape::new();
///         let loss = tape.param(&w).square().sum();
///         loss.backward()?;
///         Ok::<_, Box<dyn std::error::Error>>(loss.item()?)
///     })?;
///     assert_eq!(loss, 25.0); // the loss at the weights, not at the worst point
/// }
/// // The slope at 5.5/5 of the weights, a quarter of it taken from the weights.
/// assert!(w.value().allclose(&tensor![1.35, 1.8], 1e-12, 0.0, false)?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Schedules, groups and checkpoints are the other optimiser's, which [`optimizer`](Self::optimizer) and
/// [`optimizer_mut`](Self::optimizer_mut) give: SAM itself remembers nothing. The closure runs twice, so a model with batch norm
/// updates its running statistics twice, and dropout draws the same mask twice if the closure makes its tape from one seed.
pub struct Sam<O> {
    inner: O,
    rho: f64,
    adaptive: bool,
    made: Line,
}

const NAME: &str = "Sam";

/// θ ← θ + a·g, or θ + a·θ²·g.
#[derive(Clone, Copy)]
struct Climb {
    by: C,
    adaptive: bool,
}

impl Update<1> for Climb {
    #[inline(always)]
    fn step<R: Real>(self, [p]: [R; 1], g: R) -> [R; 1] {
        [if self.adaptive { p + self.by * p * p * g } else { p + self.by * g }]
    }
}

impl<O> Sam<O> {
    /// Around this optimiser, with the distance ρ within which the loss is to be low; 0.05 is usual. It is checked by the first step.
    #[track_caller]
    pub fn new(optimizer: O, rho: f64) -> Self {
        Self { inner: optimizer, rho, adaptive: false, made: Location::caller() }
    }

    /// Measures distance in proportion to each weight, by ε = ρ·θ²·g/‖θ·g‖, so that it does not depend on how layers are scaled:
    /// ASAM, by Kwon and others, 2021. ρ is some ten times larger then.
    #[must_use]
    pub fn adaptive(self) -> Self {
        Self { adaptive: true, ..self }
    }

    /// The optimiser that makes the steps.
    pub fn optimizer(&self) -> &O {
        &self.inner
    }

    /// The optimiser that makes the steps, to change its settings or to load its state.
    pub fn optimizer_mut(&mut self) -> &mut O {
        &mut self.inner
    }

    /// Makes a step. The closure runs the model, calls `backward` and returns the loss; the gradients are cleared before each of its
    /// two runs. Returns the loss of the first run, at the weights.
    ///
    /// # Errors
    /// The errors of the closure and of [`Optimizer::step`], and [`Error::NotFinite`] if a gradient at the weights is not finite. The
    /// parameters are then those before the step.
    #[track_caller]
    pub fn step<T: Float, E: From<Error>>(
        &mut self,
        mut closure: impl FnMut() -> Result<T, E>,
    ) -> Result<T, E>
    where
        O: Optimizer<T>,
    {
        let at = Location::caller();
        if !(self.rho >= 0.0 && self.rho.is_finite()) {
            let rule = format!("`rho` is {}, and must be finite, and not below 0", self.rho);
            return Err(
                Error::Setting { optimizer: NAME, setting: "rho", rule, at: self.made }.into()
            );
        }
        self.inner.zero_grad();
        let loss = closure()?;
        let start = self.climb(at)?;
        self.inner.zero_grad();
        let worst = closure();
        for (param, value) in self.inner.parameters().iter().zip(start) {
            if let Some(value) = value {
                param.set(value);
            }
        }
        worst?;
        self.inner.step()?;
        Ok(loss)
    }

    /// Moves the parameters to the worst point nearby, and returns their values before it.
    fn climb<T: Float>(&self, at: Line) -> Result<Vec<Option<Tensor<T>>>>
    where
        O: Optimizer<T>,
    {
        let gradients = self.inner.parameters().iter().map(|param| {
            let Some(g) = param.grad().filter(|_| !param.is_frozen()) else { return Ok(None) };
            let value = param.value();
            let size = norm(&if self.adaptive { value.try_mul(&g)? } else { g.clone() })?;
            if !size.is_finite() {
                let found = g.iter().find(|x| !x.is_finite()).map_or(size, |x| x.to_f64());
                return Err(Error::NotFinite { function: NAME, name: param.path(), found, at });
            }
            Ok(Some((value, g, size)))
        });
        let gradients: Vec<_> = gradients.collect::<Result<_>>()?;
        let size =
            gradients.iter().flatten().fold(0.0, |total: f64, (.., size)| total.hypot(*size));
        // At a gradient of 0 no direction is the worst.
        let by = if size > 0.0 { self.rho / size } else { 0.0 };
        let climb = Climb { by: C(by), adaptive: self.adaptive };
        let mut places = Vec::with_capacity(gradients.len());
        for there in gradients {
            places.push(match there {
                Some((value, g, _)) => {
                    let mut worst = value.clone();
                    update_in_place(climb, [&mut worst], &g)?;
                    Some((value, worst))
                }
                None => None,
            });
        }
        // Nothing can fail now.
        let moved = self.inner.parameters().iter().zip(places).map(|(param, place)| {
            place.map(|(value, worst)| {
                param.set(worst);
                value
            })
        });
        Ok(moved.collect())
    }
}

impl<O: fmt::Debug> fmt::Debug for Sam<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.adaptive { ", adaptive" } else { "" };
        write!(f, "Sam, rho {}{kind}, of {:?}", self.rho, self.inner)
    }
}
