//! L-BFGS: directions from the curvature along the last steps; each step computes the loss several times.

mod direction;
mod gradient;
mod saving;

use std::panic::Location;

use wengert_autograd::{Line, Param};
use wengert_tensor::pointwise::{C, update_in_place};
use wengert_tensor::{Float, Tensor};

use crate::wolfe::{Point, strong_wolfe};
use crate::{Error, Result};
use direction::{Add, Memory, dot, largest};

/// Limited-memory BFGS: PyTorch's `LBFGS`, for losses over all the data at once. A step is PyTorch's `step(closure)`: up to
/// 20 iterations, each of which computes the loss and the gradients again.
///
/// Iteration by iteration the path is PyTorch's. Without a line search and with a learning rate well below 1 it magnifies
/// rounding, so after some twenty iterations even two runs of PyTorch that began one rounding apart differ in the third
/// digit.
///
/// ```
/// use wengert_autograd::{Param, Tape};
/// use wengert_optim::{Error, Lbfgs};
/// use wengert_tensor::tensor;
///
/// // Rosenbrock's valley.
/// let w = Param::new(tensor![-1.2_f64, 1.0]);
/// let mut optimizer = Lbfgs::new([w.clone()], 1.0).strong_wolfe();
/// for _ in 0..5 {
///     optimizer.step(|| {
///         let tape = Tape::new();
///         let w = tape.param(&w);
///         let (x, y) = (w.select(0, 0)?, w.select(0, 1)?);
///         let loss = (1.0 - x).square() + 100.0 * (y - x.square()).square();
///         loss.backward()?;
///         Ok::<_, Box<dyn std::error::Error>>(loss.item()?)
///     })?;
/// }
/// assert!(w.value().allclose(&tensor![1.0, 1.0], 1e-4, 0.0, false)?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Lbfgs<T: Float> {
    parameters: Vec<Param<T>>,
    learning_rate: f64,
    max_iterations: usize,
    max_evaluations: Option<usize>,
    tolerance_grad: f64,
    tolerance_change: f64,
    history: usize,
    line_search: bool,
    allow_non_finite: bool,
    memory: Option<Memory<T>>,
    made: Line,
}

impl<T: Float> Lbfgs<T> {
    /// For these parameters, with this learning rate (`lr`, 1 in PyTorch). Settings are checked by the first step.
    #[track_caller]
    pub fn new(parameters: impl IntoIterator<Item = Param<T>>, learning_rate: f64) -> Self {
        Self {
            parameters: Param::each_once(parameters),
            learning_rate,
            max_iterations: 20,
            max_evaluations: None,
            tolerance_grad: 1e-7,
            tolerance_change: 1e-9,
            history: 100,
            line_search: false,
            allow_non_finite: false,
            memory: None,
            made: Location::caller(),
        }
    }

    /// The most iterations of a step: `max_iter`, 20 by default.
    #[must_use]
    pub fn max_iterations(self, count: usize) -> Self {
        Self { max_iterations: count, ..self }
    }

    /// A step ends after so many evaluations of the loss: `max_eval`, 5/4 of the iterations by default.
    #[must_use]
    pub fn max_evaluations(self, count: usize) -> Self {
        Self { max_evaluations: Some(count), ..self }
    }

    /// A step ends when no gradient is larger: `tolerance_grad`, 1e-7 by default.
    #[must_use]
    pub fn tolerance_grad(self, tolerance: f64) -> Self {
        Self { tolerance_grad: tolerance, ..self }
    }

    /// A step ends when loss or parameters change less: `tolerance_change`, 1e-9 by default.
    #[must_use]
    pub fn tolerance_change(self, tolerance: f64) -> Self {
        Self { tolerance_change: tolerance, ..self }
    }

    /// The number of iterations that are remembered: `history_size`, 100 by default.
    #[must_use]
    pub fn history(self, count: usize) -> Self {
        Self { history: count, ..self }
    }

    /// Searches along each direction for a point that is low and flat enough: `line_search_fn="strong_wolfe"`. Without it each
    /// iteration takes the step that the learning rate gives, and may overshoot.
    #[must_use]
    pub fn strong_wolfe(self) -> Self {
        Self { line_search: true, ..self }
    }

    /// Continues with a loss or a gradient that holds an infinity or NaN. Otherwise the step is an error, and the parameters
    /// are reset to those before it.
    #[must_use]
    pub fn allow_non_finite(self) -> Self {
        Self { allow_non_finite: true, ..self }
    }

    /// The parameters, each once.
    pub fn parameters(&self) -> &[Param<T>] {
        &self.parameters
    }

    /// The current learning rate.
    pub fn learning_rate(&self) -> f64 {
        self.learning_rate
    }

    /// Changes the learning rate.
    pub fn set_learning_rate(&mut self, learning_rate: f64) {
        self.learning_rate = learning_rate;
    }

    /// Moves the parameters to reduce the loss that `closure` computes. The closure runs the model, calls `backward` and returns
    /// the loss; the gradients are cleared before each call. Returns the loss before the step.
    ///
    /// # Errors
    /// The errors of the closure and of [`Optimizer::step`](crate::Optimizer::step); [`Error::Loss`] and [`Error::NotFinite`] if the
    /// loss or a gradient is not finite. The parameters and the state are then those before the step.
    #[track_caller]
    pub fn step<E: From<Error>>(
        &mut self,
        mut closure: impl FnMut() -> Result<T, E>,
    ) -> Result<T, E> {
        let at = Location::caller();
        self.check()?;
        let start: Vec<Tensor<T>> = self.parameters.iter().map(Param::value).collect();
        let memory = self.memory.clone();
        let done = self.iterate(&mut closure, at);
        if done.is_err() {
            self.memory = memory;
            for (param, value) in self.parameters.iter().zip(start) {
                param.set(value);
            }
        }
        done
    }

    fn iterate<E: From<Error>>(
        &mut self,
        closure: &mut impl FnMut() -> Result<T, E>,
        at: Line,
    ) -> Result<T, E> {
        let (first_loss, mut here) = self.evaluate(closure, at)?;
        self.finite(&here, at)?;
        let mut evaluations = 1;
        if largest(&here.gradient)? <= self.tolerance_grad {
            return Ok(first_loss);
        }
        for iteration in 1..=self.max_iterations {
            let (direction, mut length) = self.direction(&here)?;
            let before = here.loss;
            let slope = dot(&here.gradient, &direction)?;
            self.remember(&here, &direction, length);
            // No longer downhill.
            if slope > -self.tolerance_change {
                break;
            }
            let mut flat = false;
            if self.line_search {
                let start: Vec<Tensor<T>> = self.parameters.iter().map(Param::value).collect();
                let size = largest(&direction)?;
                let tried = strong_wolfe(&here, slope, length, size, |t| {
                    self.go(&direction, t)?;
                    let (_, there) = self.evaluate(closure, at)?;
                    for (param, value) in self.parameters.iter().zip(&start) {
                        param.set(value.clone());
                    }
                    let slope = dot(&there.gradient, &direction)?;
                    Ok::<_, E>((there, slope))
                })?;
                (here, length, evaluations) = (tried.0, tried.1, evaluations + tried.2);
                self.go(&direction, length)?;
                flat = largest(&here.gradient)? <= self.tolerance_grad;
            } else {
                self.go(&direction, length)?;
                // The last place of a step is looked at by the next one.
                if iteration != self.max_iterations {
                    here = self.evaluate(closure, at)?.1;
                    evaluations += 1;
                    flat = largest(&here.gradient)? <= self.tolerance_grad;
                }
            }
            self.finite(&here, at)?;
            if let Some(memory) = &mut self.memory {
                memory.length = length;
            }
            let most = self.max_evaluations.unwrap_or(self.max_iterations * 5 / 4);
            if iteration == self.max_iterations
                || evaluations >= most
                || flat
                || largest(&direction)? * length.abs() <= self.tolerance_change
                || (here.loss - before).abs() < self.tolerance_change
            {
                break;
            }
        }
        Ok(first_loss)
    }

    /// Moves the parameters along a direction.
    fn go(&self, direction: &Tensor<T>, length: f64) -> Result<()> {
        let mut from = 0;
        for param in self.free() {
            let len = param.len();
            let part = direction.narrow(0, from, len)?.reshape(param.shape())?;
            param.update_in_place(|value, _| update_in_place(Add(C(length)), [value], &part))?;
            from += len;
        }
        Ok(())
    }

    /// The loss at this point, and the gradients one after another.
    fn evaluate<E: From<Error>>(
        &self,
        closure: &mut impl FnMut() -> Result<T, E>,
        at: Line,
    ) -> Result<(T, Point<T>), E> {
        self.parameters.iter().for_each(Param::zero_grad);
        let loss = closure()?;
        let gradient = self.gradient(at)?;
        Ok((loss, Point { loss: loss.to_f64(), gradient }))
    }
}

impl<T: Float> std::fmt::Debug for Lbfgs<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (count, rate) = (self.parameters.len(), self.learning_rate);
        write!(f, "Lbfgs of {count} parameters, learning_rate {rate}")
    }
}
