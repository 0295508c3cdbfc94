//! L-BFGS: directions from the curvature along the last steps; each step computes the loss several times.

use std::collections::VecDeque;
use std::panic::Location;

use wengert_autograd::{Line, Param};
use wengert_files::Loader;
use wengert_tensor::pointwise::{C, Real, Update, update_in_place};
use wengert_tensor::{Float, Shape, Tensor};

use crate::error::Misfit;
use crate::groups::names;
use crate::settings::{FINITE, LEARNING_RATE, NOT_NEGATIVE, POSITIVE};
use crate::wolfe::{Point, strong_wolfe};
use crate::{Error, Result, State};

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

/// The history of the path. Each vector holds all parameters, one after another.
#[derive(Clone)]
struct Memory<T: Float> {
    /// Iterations so far.
    iterations: u64,
    direction: Tensor<T>,
    /// The step size of the last iteration.
    length: f64,
    gradient: Tensor<T>,
    loss: f64,
    pairs: VecDeque<Pair<T>>,
    /// The scale of the inverse curvature, from the last pair.
    scale: f64,
}

/// The change of the gradient along a step.
#[derive(Clone)]
struct Pair<T: Float> {
    change: Tensor<T>,
    step: Tensor<T>,
    /// 1 / (change · step)
    inverse: f64,
}

/// y ← y + a·x
#[derive(Clone, Copy)]
struct Add(C);

impl Update<1> for Add {
    #[inline(always)]
    fn step<R: Real>(self, [y]: [R; 1], x: R) -> [R; 1] {
        [y + self.0 * x]
    }
}

fn dot<T: Float>(a: &Tensor<T>, b: &Tensor<T>) -> Result<f64> {
    Ok(a.dot(b)?.item()?.to_f64())
}

fn largest<T: Float>(x: &Tensor<T>) -> Result<f64> {
    Ok(x.norm(f64::INFINITY)?.item()?.to_f64())
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

    /// The direction, and the first step size.
    fn direction(&mut self, here: &Point<T>) -> Result<(Tensor<T>, f64)> {
        let g = &here.gradient;
        let Some(memory) = &mut self.memory else {
            let length = (1.0 / g.norm(1.0)?.item()?.to_f64()).min(1.0) * self.learning_rate;
            return Ok((g.neg(), length));
        };
        let change = g.try_sub(&memory.gradient)?;
        let step = memory.direction.mul_scalar(memory.length);
        let curvature = dot(&change, &step)?;
        if curvature > 1e-10 && self.history > 0 {
            if memory.pairs.len() == self.history {
                memory.pairs.pop_front();
            }
            memory.scale = curvature / dot(&change, &change)?;
            memory.pairs.push_back(Pair { change, step, inverse: 1.0 / curvature });
        }
        // The inverse curvature times -g, by two loops over the pairs.
        let mut d = g.neg();
        let mut shares = Vec::with_capacity(memory.pairs.len());
        for pair in memory.pairs.iter().rev() {
            let share = dot(&pair.step, &d)? * pair.inverse;
            update_in_place(Add(C(-share)), [&mut d], &pair.change)?;
            shares.push(share);
        }
        let mut d = d.mul_scalar(memory.scale);
        for (pair, share) in memory.pairs.iter().zip(shares.into_iter().rev()) {
            let other = dot(&pair.change, &d)? * pair.inverse;
            update_in_place(Add(C(share - other)), [&mut d], &pair.step)?;
        }
        Ok((d, self.learning_rate))
    }

    fn remember(&mut self, here: &Point<T>, direction: &Tensor<T>, length: f64) {
        let (pairs, scale, iterations) = match self.memory.take() {
            Some(memory) => (memory.pairs, memory.scale, memory.iterations),
            None => (VecDeque::new(), 1.0, 0),
        };
        self.memory = Some(Memory {
            iterations: iterations + 1,
            direction: direction.clone(),
            length,
            gradient: here.gradient.clone(),
            loss: here.loss,
            pairs,
            scale,
        });
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

    /// Rejects a point whose loss or gradient is not finite: no direction can be computed there.
    fn finite(&self, here: &Point<T>, at: Line) -> Result<()> {
        if self.allow_non_finite {
            return Ok(());
        }
        if !here.loss.is_finite() {
            return Err(Error::Loss { optimizer: "Lbfgs", loss: here.loss, at });
        }
        let Some(place) = here.gradient.iter().position(|x| !x.is_finite()) else { return Ok(()) };
        let mut end = 0;
        let holds = |param: &&Param<T>| {
            end += param.len();
            place < end
        };
        let name = self.free().find(holds).map(Param::path).unwrap_or_default();
        let found = here.gradient.get(&[place])?.to_f64();
        Err(Error::NotFinite { function: "Lbfgs", name, found, at })
    }

    fn gradient(&self, at: Line) -> Result<Tensor<T>> {
        let (mut parts, mut missing) = (Vec::new(), Vec::new());
        for (param, name) in self.parameters.iter().zip(names(&self.parameters)) {
            match param.grad() {
                _ if param.is_frozen() => {}
                Some(g) if g.shape() == &param.shape()[..] => parts.push(g.flatten()),
                Some(g) => {
                    return Err(Error::Shape(Box::new(Misfit {
                        optimizer: "Lbfgs",
                        name,
                        shape: Shape::new(&param.shape()),
                        what: "gradient",
                        other: Shape::new(g.shape()),
                        help: "a gradient has its parameter's shape: nothing is broadcast",
                        at,
                    })));
                }
                None => missing.push(name),
            }
        }
        let of = parts.len() + missing.len();
        if !missing.is_empty() || of == 0 {
            return Err(Error::NoGradient { optimizer: "Lbfgs", names: missing, of, at });
        }
        Ok(Tensor::cat(&parts, 0)?)
    }

    fn free(&self) -> impl Iterator<Item = &Param<T>> {
        self.parameters.iter().filter(|p| !p.is_frozen())
    }

    fn check(&self) -> Result<()> {
        for (setting, x) in [
            ("learning_rate", self.learning_rate),
            ("tolerance_grad", self.tolerance_grad),
            ("tolerance_change", self.tolerance_change),
        ] {
            if !(x >= 0.0 && x.is_finite()) {
                let rule = format!("`{setting}` is {x}, and must be finite, and not below 0");
                return Err(Error::Setting { optimizer: "Lbfgs", setting, rule, at: self.made });
            }
        }
        Ok(())
    }

    /// The state on which the next steps depend, besides the parameters and the settings.
    pub fn state(&self) -> State<T> {
        let mut state = State::of("Lbfgs");
        state.insert_number(LEARNING_RATE, self.learning_rate);
        let Some(memory) = &self.memory else { return state };
        for (name, x) in [
            ("n_iter", memory.iterations as f64),
            ("t", memory.length),
            ("prev_loss", memory.loss),
            ("H_diag", memory.scale),
        ] {
            state.insert_number(name, x);
        }
        state.insert("d", memory.direction.clone());
        state.insert("prev_flat_grad", memory.gradient.clone());
        for (k, pair) in memory.pairs.iter().enumerate() {
            state.insert(format!("old_dirs.{k}"), pair.change.clone());
            state.insert(format!("old_stps.{k}"), pair.step.clone());
            state.insert_number(format!("ro.{k}"), pair.inverse);
        }
        state
    }

    /// Continues from a saved [`state`](Self::state).
    ///
    /// # Errors
    /// As [`Optimizer::load_state`](crate::Optimizer::load_state).
    #[track_caller]
    pub fn load_state(&mut self, state: State<T>) -> Result<()> {
        let len: usize = self.free().map(Param::len).sum();
        let mut loader = Loader::new("Lbfgs", state)?;
        let rate = NOT_NEGATIVE.number(&mut loader, LEARNING_RATE);
        let mut memory = None;
        if loader.has("n_iter") {
            let iterations = loader.count("n_iter");
            let [length, loss] = ["t", "prev_loss"].map(|name| FINITE.number(&mut loader, name));
            let scale = POSITIVE.number(&mut loader, "H_diag");
            let vector = |loader: &mut Loader<T>, name: &str| {
                loader.tensor(name, &[len]).unwrap_or_else(|| Tensor::zeros([len]))
            };
            let direction = vector(&mut loader, "d");
            let gradient = vector(&mut loader, "prev_flat_grad");
            let mut pairs = VecDeque::new();
            while loader.has(&format!("ro.{}", pairs.len())) {
                let k = pairs.len();
                let change = vector(&mut loader, &format!("old_dirs.{k}"));
                let step = vector(&mut loader, &format!("old_stps.{k}"));
                let inverse = POSITIVE.number(&mut loader, &format!("ro.{k}"));
                pairs.push_back(Pair { change, step, inverse });
            }
            memory = Some(Memory { iterations, direction, length, gradient, loss, pairs, scale });
        }
        loader.finish()?;
        (self.memory, self.learning_rate) = (memory, rate);
        Ok(())
    }
}

impl<T: Float> std::fmt::Debug for Lbfgs<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (count, rate) = (self.parameters.len(), self.learning_rate);
        write!(f, "Lbfgs of {count} parameters, learning_rate {rate}")
    }
}
