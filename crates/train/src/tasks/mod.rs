//! `MultiTask`: several losses of one model as one, with weights that are given, learned, or follow the gradients.

mod in_trainer;
mod report;
mod weighting;

use std::fmt;
use std::panic::Location;
use std::sync::{Mutex, MutexGuard, PoisonError};

use wengert_autograd::{Error, Param, Result, Var};
use wengert_nn::{Parts, Visitor};
use wengert_tensor::{Float, Tensor};

use crate::epoch::value_of;
pub use report::{TaskLine, TaskReport};

/// Several losses of one model as one: Σ wᵢ·Lᵢ. They differ in how the weights are found.
///
/// | | the weights |
/// |---|---|
/// | [`fixed`](Self::fixed) | are yours |
/// | [`uncertainty`](Self::uncertainty) | are learned with the model, each by the noise of its task: for losses of different scales |
/// | [`grad_norm`](Self::grad_norm) | bring the gradients at the shared parameters to lengths that let all tasks learn equally fast |
/// | [`dwa`](Self::dwa) | are larger for tasks whose loss falls slowly, epoch by epoch; scales stay as they are |
/// | [`pcgrad`](Self::pcgrad) | take from each gradient its part against the others; scales stay as they are |
///
/// In a loop, [`combine`](Self::combine) stands between the losses and `backward`:
///
/// ```
/// use wengert_autograd::Tape;
/// use wengert_loss::mse;
/// use wengert_nn::{Linear, Module, Parts, Tanh, sequential};
/// use wengert_optim::{Adam, Optimizer};
/// use wengert_tensor::{Rng, Tensor};
/// use wengert_train::MultiTask;
///
/// let rng = &mut Rng::new(0);
/// let trunk = sequential![Linear::<f32>::new(3, 16, rng), Tanh];
/// let (near, far) = (Linear::new(16, 1, rng), Linear::new(16, 1, rng));
/// let tasks = MultiTask::uncertainty(["near", "far"]).watching(trunk.parameters());
/// let all = (&trunk, &near, &far, &tasks);
/// let mut optimizer = Adam::new(all.parameters(), 0.01);
/// let x = Tensor::randn([8, 3], rng);
/// let (y_near, y_far) = (Tensor::ones([8, 1]), Tensor::full([8, 1], 1000.0));
///
/// for _ in 0..3 {
///     let tape = Tape::new();
///     optimizer.zero_grad();
///     let h = trunk.call(tape.constant(x.clone()))?;
///     let losses = [mse(near.call(h)?, &y_near)?, mse(far.call(h)?, &y_far)?];
///     tasks.combine(&losses)?.backward()?;
///     optimizer.step()?;
/// }
/// let report = tasks.report().unwrap();
/// assert_eq!(report.step, 2);
/// assert!(report.tasks[1].loss > 9e5 && report.cosines[0][1].abs() <= 1.0, "{report}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// In a [`Trainer`](crate::Trainer), `combine` ends the closure of [`Trainer::custom`](crate::Trainer::custom), the tasks are
/// one of the parts (`&(&model, &tasks)`), and `.with(&tasks)` tells them of epochs and saves them in checkpoints.
pub struct MultiTask<T: Float> {
    names: Vec<String>,
    rule: Rule<T>,
    /// The parameters at which gradients are compared.
    shared: Vec<Param<T>>,
    memory: Mutex<Memory>,
}

/// The rule for the weights.
enum Rule<T> {
    Fixed,
    /// By the logarithms of variances, `[tasks]`.
    Uncertainty(Param<T>),
    GradNorm {
        alpha: f64,
        rate: f64,
    },
    Dwa {
        temperature: f64,
    },
    PcGrad,
}

/// The state that the next weights depend on.
#[derive(Clone, Debug, Default)]
struct Memory {
    steps: usize,
    weights: Vec<f64>,
    /// The losses of the first step; empty before it.
    first: Vec<f64>,
    /// The sums of the losses of this epoch, and the number of its steps.
    sums: Vec<f64>,
    count: usize,
    /// The mean losses of the last epoch, and of that before it; empty if there was none.
    last: Vec<f64>,
    before: Vec<f64>,
    report: Option<TaskReport>,
}

impl<T: Float> MultiTask<T> {
    fn new(names: Vec<String>, rule: Rule<T>, shared: Vec<Param<T>>) -> Self {
        let (weights, sums) = (vec![1.0; names.len()], vec![0.0; names.len()]);
        let memory = Mutex::new(Memory { weights, sums, ..Memory::default() });
        Self { names, rule, shared: Param::each_once(shared), memory }
    }

    /// With these weights.
    pub fn fixed<N: Into<String>>(tasks: impl IntoIterator<Item = (N, f64)>) -> Self {
        let (names, weights): (Vec<String>, Vec<f64>) =
            tasks.into_iter().map(|(name, weight)| (name.into(), weight)).unzip();
        let tasks = Self::new(names, Rule::Fixed, Vec::new());
        tasks.memory().weights = weights;
        tasks
    }

    /// With weights ½e⁻ˢ, where s is a parameter for each task: the sum is Σ ½(e⁻ˢ·L + s), least where eˢ is the loss itself. It is
    /// the negative log-likelihood of normal noise of variance eˢ if L is a squared error; other losses that are not negative
    /// are treated alike. A. Kendall and others, 2018.
    pub fn uncertainty<N: Into<String>>(names: impl IntoIterator<Item = N>) -> Self {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        let log_variances = Param::new(Tensor::full([names.len()], T::ZERO));
        Self::new(names, Rule::Uncertainty(log_variances), Vec::new())
    }

    /// With weights that move, 2.5 % a step, to where the gradients at the shared parameters have the same length, but for a
    /// task that learns more slowly than the mean, which gets a longer one: by its slowness to the power 1.5. The weights add up to the number of tasks. After
    /// Z. Chen and others, 2018; their step is by the size of a gradient, ours by its sign.
    pub fn grad_norm<N: Into<String>>(
        names: impl IntoIterator<Item = N>,
        shared: impl IntoIterator<Item = Param<T>>,
    ) -> Self {
        let names = names.into_iter().map(Into::into).collect();
        let rule = Rule::GradNorm { alpha: 1.5, rate: 0.025 };
        Self::new(names, rule, shared.into_iter().collect())
    }

    /// With weights by the softmax of L(e-1)/L(e-2) over temperature 2, where L(e) is the mean loss of epoch e: dynamic weight averaging, of
    /// S. Liu and others, 2019. The weights are 1 in the first two epochs and add up to the number of tasks.
    pub fn dwa<N: Into<String>>(names: impl IntoIterator<Item = N>) -> Self {
        let names = names.into_iter().map(Into::into).collect();
        Self::new(names, Rule::Dwa { temperature: 2.0 }, Vec::new())
    }

    /// With weights that take from the gradient of each task, at the shared parameters, its part against that of each other one
    /// with which it conflicts: "gradient surgery", of T. Yu and others, 2020. The others come in their order, not in a random
    /// one.
    pub fn pcgrad<N: Into<String>>(
        names: impl IntoIterator<Item = N>,
        shared: impl IntoIterator<Item = Param<T>>,
    ) -> Self {
        let names = names.into_iter().map(Into::into).collect();
        Self::new(names, Rule::PcGrad, shared.into_iter().collect())
    }

    /// With gradients at these parameters in each [`report`](Self::report), at the cost of a sweep for each task and step.
    #[must_use]
    pub fn watching(mut self, shared: impl IntoIterator<Item = Param<T>>) -> Self {
        self.shared = Param::each_once(shared);
        self
    }

    /// The weighted sum of the losses, one for each task in their order. On a tape that records, it is a step: weights that follow
    /// the training move before they are used. On another tape nothing moves.
    ///
    /// # Errors
    /// If there is not one loss for each task, or one is not a single number.
    #[track_caller]
    pub fn combine<'t>(&self, losses: &[Var<'t, T>]) -> Result<Var<'t, T>> {
        if losses.len() != self.names.len() || losses.is_empty() {
            return Err(self.count(losses.len()));
        }
        let values = losses.iter().map(|&l| value_of("combine", l)).collect::<Result<Vec<_>>>()?;
        let steps = losses[0].tape().is_recording();
        let products = match steps && !self.shared.is_empty() {
            true => Some(report::products(losses, &self.shared)?),
            false => None,
        };
        let mut memory = self.memory();
        if steps {
            self.move_weights(&mut memory, &values, products.as_deref());
        }
        let loss = match &self.rule {
            Rule::Uncertainty(s) => {
                let s = losses[0].tape().param(s);
                memory.weights = s.value()?.iter().map(|s| 0.5 * (-s.to_f64()).exp()).collect();
                let noisy = Var::stack(losses, 0)?.try_mul((-s).exp())?;
                noisy.try_add(s)?.sum_over(..)?.mul_scalar(0.5)
            }
            _ => {
                // PCGrad's weights are those of one step's gradients, and mean nothing without them.
                let plain = matches!(self.rule, Rule::PcGrad) && !steps;
                let weight = |k: usize| if plain { 1.0 } else { memory.weights[k] };
                let mut sum = losses[0].mul_scalar(weight(0));
                for (k, loss) in losses.iter().enumerate().skip(1) {
                    sum = sum.try_add(loss.mul_scalar(weight(k)))?;
                }
                sum
            }
        };
        if steps {
            memory.note(&self.names, &values, products.as_deref());
        }
        Ok(loss)
    }

    fn move_weights(&self, memory: &mut Memory, values: &[f64], products: Option<&[Vec<f64>]>) {
        if memory.first.is_empty() {
            memory.first = values.to_vec();
        }
        match (&self.rule, products) {
            (Rule::GradNorm { alpha, rate }, Some(products)) => {
                let norms: Vec<f64> = (0..values.len()).map(|k| products[k][k].sqrt()).collect();
                let Memory { weights, first, .. } = memory;
                weighting::grad_norm(weights, &norms, values, first, *alpha, *rate);
            }
            (Rule::PcGrad, Some(products)) => memory.weights = weighting::pcgrad(products),
            _ => {}
        }
    }

    /// Tells [`dwa`](Self::dwa) that an epoch has ended; the others need no telling.
    pub fn end_epoch(&self) {
        let mut memory = self.memory();
        if memory.count == 0 {
            return;
        }
        let count = memory.count as f64;
        let means = memory.sums.iter().map(|sum| sum / count).collect();
        memory.before = std::mem::replace(&mut memory.last, means);
        memory.sums.fill(0.0);
        memory.count = 0;
        if let (Rule::Dwa { temperature }, false) = (&self.rule, memory.before.is_empty()) {
            memory.weights = weighting::dwa(&memory.last, &memory.before, *temperature);
        }
    }

    /// The present weights, in the order of the tasks.
    pub fn weights(&self) -> Vec<f64> {
        self.memory().weights.clone()
    }

    /// The tasks at the last step; `None` before the first.
    pub fn report(&self) -> Option<TaskReport> {
        self.memory().report.clone()
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[track_caller]
    #[cold]
    fn count(&self, given: usize) -> Error {
        let names = self.names.join(", ");
        let rule = format!(
            "combine: {given} losses for the tasks {names}\n  help: pass one loss for each task, in their order"
        );
        Error::Use(rule, Location::caller())
    }
}

impl Memory {
    /// Takes note of a step.
    fn note(&mut self, names: &[String], values: &[f64], products: Option<&[Vec<f64>]>) {
        self.sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
        self.count += 1;
        let line = |(k, name): (usize, &String)| TaskLine {
            name: name.clone(),
            loss: values[k],
            weight: self.weights[k],
            gradient_norm: products.map(|products| products[k][k].sqrt()),
        };
        let tasks = names.iter().enumerate().map(line).collect();
        let cosines = products.map(report::cosines).unwrap_or_default();
        self.report = Some(TaskReport { step: self.steps, tasks, cosines });
        self.steps += 1;
    }
}

/// The parameters that are learned with the model: those of [`MultiTask::uncertainty`].
impl<T: Float> Parts<T> for MultiTask<T> {
    fn visit(&self, v: &mut Visitor<'_, T>) {
        if let Rule::Uncertainty(log_variances) = &self.rule {
            v.param("log_variances", log_variances);
        }
    }
}

impl<T: Float> fmt::Debug for MultiTask<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MultiTask of {}, weights {:?}", self.names.join(", "), self.weights())
    }
}
