//! `Optimizer`: what all optimisers do, and the state by which one is saved and resumed.

use std::collections::BTreeMap;
use std::fmt;

use wengert_autograd::Param;
use wengert_tensor::{Element, Float, Tensor};

use crate::Result;

/// What updates parameters from their gradients.
///
/// ```
/// use wengert_autograd::{Param, Tape};
/// use wengert_optim::{Optimizer, Sgd};
/// use wengert_tensor::tensor;
///
/// let w = Param::new(tensor![1.0_f32, 2.0]);
/// let mut optimizer = Sgd::new([w.clone()], 0.25);
/// for _ in 0..2 {
///     let tape = Tape::new();
///     optimizer.zero_grad();
///     tape.param(&w).square().sum().backward()?;
///     optimizer.step()?;
/// }
/// assert_eq!(w.value(), tensor![0.25, 0.5]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Optimizer<T: Float> {
    /// Updates every parameter that has a gradient, in place. Frozen parameters are left alone.
    ///
    /// # Errors
    /// [`Error::NoGradient`](crate::Error::NoGradient) if a parameter has no gradient and has never had one (unless the
    /// optimiser was told `allow_unused`), or if none has one: before anything is updated.
    /// [`Error::Setting`](crate::Error::Setting) and [`Error::Group`](crate::Error::Group) if the settings are not ones
    /// that the method can mean; [`Error::Shape`](crate::Error::Shape) if a gradient is not of its parameter's shape.
    #[track_caller]
    fn step(&mut self) -> Result<()>;

    /// Updates these parameters by these gradients, which may come from anywhere; bit for bit what [`step`](Self::step)
    /// does by the gradients that `backward` left.
    ///
    /// ```
    /// # use wengert_autograd::{Param, Tape};
    /// # use wengert_optim::{Optimizer, Sgd};
    /// # use wengert_tensor::tensor;
    /// let w = Param::new(tensor![1.0_f32, 2.0]);
    /// let mut optimizer = Sgd::new([w.clone()], 0.5);
    /// let g = {
    ///     let tape = Tape::new();
    ///     tape.param(&w).square().sum().gradients()?.wrt(&w).value()?
    /// };
    /// optimizer.apply(&[(&w, &g)])?;
    /// assert_eq!(w.value(), tensor![0.0, 0.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::NotMine`](crate::Error::NotMine) for a parameter that this optimiser does not have, before anything is
    /// updated; else as [`step`](Self::step).
    #[track_caller]
    fn apply(&mut self, gradients: &[(&Param<T>, &Tensor<T>)]) -> Result<()>;

    /// The parameters, each once.
    fn parameters(&self) -> &[Param<T>];

    /// Forgets their gradients.
    fn zero_grad(&self) {
        self.parameters().iter().for_each(Param::zero_grad);
    }

    /// The learning rate in force.
    fn learning_rate(&self) -> f64;

    /// Changes the learning rate: `optimizer.set_learning_rate(schedule.at(step))`. A group that has a rate of its own
    /// keeps its proportion to it. A rate that is not a number, or below 0, is refused by the next step.
    fn set_learning_rate(&mut self, learning_rate: f64);

    /// Changes the momentum, or the first of two betas, as [`OneCycleLr`](crate::schedule::OneCycleLr) asks.
    ///
    /// # Errors
    /// [`Error::Use`](crate::Error::Use) if this optimiser has none.
    #[track_caller]
    fn set_momentum(&mut self, momentum: f64) -> Result<()>;

    /// All that the next steps depend on beside the parameters and the settings, by the parameters' paths.
    fn state(&self) -> State<T>;

    /// Takes up where [`state`](Self::state) was asked: the next steps are those of the optimiser that was saved, bit for
    /// bit, in whatever order the parameters come.
    ///
    /// # Errors
    /// [`Error::State`](crate::Error::State), which lists what is missing, unexpected and of another shape; then nothing is
    /// loaded.
    #[track_caller]
    fn load_state(&mut self, state: State<T>) -> Result<()>;
}

/// What an optimiser remembers, by name: `l1.weight.exp_avg` among the tensors, `l1.weight.step` and `learning_rate` among
/// the numbers. The names after the path are PyTorch's. A snapshot: later steps do not write to it.
#[derive(Clone)]
pub struct State<T> {
    /// Tensors.
    pub tensors: BTreeMap<String, Tensor<T>>,
    /// Numbers, each as it was, to the bit.
    pub scalars: BTreeMap<String, f64>,
}

impl<T> Default for State<T> {
    fn default() -> Self {
        Self { tensors: BTreeMap::new(), scalars: BTreeMap::new() }
    }
}

impl<T: Element> PartialEq for State<T> {
    fn eq(&self, other: &Self) -> bool {
        self.tensors == other.tensors && self.scalars == other.scalars
    }
}

impl<T: Element> fmt::Debug for State<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State")
            .field("tensors", &self.tensors)
            .field("scalars", &self.scalars)
            .finish()
    }
}

impl<T> State<T> {
    /// The same with other names, for a model whose paths have changed since it was saved.
    ///
    /// ```
    /// # use wengert_optim::State;
    /// let mut state = State::<f32>::default();
    /// state.scalars.insert("l1.weight.step".to_string(), 7.0);
    /// let state = state.renamed(|name| name.replace("l1.", "encoder."));
    /// assert_eq!(state.scalars["encoder.weight.step"], 7.0);
    /// ```
    #[must_use]
    pub fn renamed(self, name: impl Fn(&str) -> String) -> Self {
        Self {
            tensors: self.tensors.into_iter().map(|(key, x)| (name(&key), x)).collect(),
            scalars: self.scalars.into_iter().map(|(key, x)| (name(&key), x)).collect(),
        }
    }
}
