//! Lookahead: slow weights that follow those of another optimiser.

use std::fmt;
use std::panic::Location;

use wengert_autograd::{Line, Param};
use wengert_files::Loader;
use wengert_tensor::pointwise::{C, Real, Update, update_in_place};
use wengert_tensor::{Float, Tensor};

use crate::groups::names;
use crate::whole::Mean;
use crate::{Error, Optimizer, Result, State};

/// Lookahead, by Zhang and others, 2019: every `steps` steps of another optimiser, the weights return a part of the way to where
/// they were `steps` steps ago.
///
/// ```text
/// every k steps:  φ ← φ + α·(θ - φ),  θ ← φ
/// ```
///
/// The slow weights φ vary less than θ from one k steps to the next. The state of the other optimiser is kept.
///
/// ```
/// # use wengert_autograd::Param;
/// # use wengert_optim::{Lookahead, Optimizer, Sgd};
/// # use wengert_tensor::tensor;
/// let w = Param::new(tensor![0.0_f64]);
/// let mut optimizer = Lookahead::new(Sgd::new([w.clone()], 1.0), 2, 0.5);
/// let mut values = Vec::new();
/// for _ in 0..4 {
///     w.set_grad(Some(tensor![-1.0]));
///     optimizer.step()?;
///     values.push(w.value().item()?);
/// }
/// assert_eq!(values, [1.0, 1.0, 2.0, 2.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Lookahead<T: Float, O> {
    inner: O,
    every: u64,
    alpha: f64,
    /// Steps so far.
    steps: u64,
    /// φ of each parameter, in their order; none before the first step.
    slow: Vec<Tensor<T>>,
    made: Line,
}

const NAME: &str = "Lookahead";
/// The kind of its states, before that of the other optimiser.
const OF: &str = "Lookahead of ";
/// Names in its states: of the other optimiser's entries, and of φ.
const INNER: &str = "inner.";
const SLOW: &str = "slow";

/// θ ← x
#[derive(Clone, Copy)]
struct Replace;

impl Update<1> for Replace {
    #[inline(always)]
    fn step<R: Real>(self, _: [R; 1], x: R) -> [R; 1] {
        [x]
    }
}

impl<T: Float, O: Optimizer<T>> Lookahead<T, O> {
    /// Around this optimiser: every `steps` steps (5 to 10 are usual), with the fraction `alpha` of the way that the slow weights
    /// follow (0.5 to 0.8). Both are checked by the first step.
    #[track_caller]
    pub fn new(optimizer: O, steps: u64, alpha: f64) -> Self {
        let (inner, every, made) = (optimizer, steps, Location::caller());
        Self { inner, every, alpha, steps: 0, slow: Vec::new(), made }
    }

    /// The optimiser that makes the steps.
    pub fn optimizer(&self) -> &O {
        &self.inner
    }

    /// The optimiser that makes the steps, to change its settings.
    pub fn optimizer_mut(&mut self) -> &mut O {
        &mut self.inner
    }

    /// The slow weights, in the order of the parameters; none before the first step.
    pub fn slow(&self) -> &[Tensor<T>] {
        &self.slow
    }

    /// Makes a step of the other optimiser, and follows it when it is time.
    fn around(&mut self, step: impl FnOnce(&mut O) -> Result<()>) -> Result<()> {
        self.check()?;
        let start = self.slow.is_empty();
        if start {
            self.slow = self.inner.parameters().iter().map(Param::value).collect();
        }
        if let Err(error) = step(&mut self.inner) {
            if start {
                self.slow.clear();
            }
            return Err(error);
        }
        self.steps += 1;
        if self.steps.is_multiple_of(self.every) {
            let follow = Mean(C(1.0 - self.alpha));
            for (param, slow) in self.inner.parameters().iter().zip(&mut self.slow) {
                if param.is_frozen() {
                    continue;
                }
                param.update_in_place(|value, _| {
                    update_in_place(follow, [&mut *slow], value)?;
                    update_in_place(Replace, [value], slow)
                })?;
            }
        }
        Ok(())
    }

    fn check(&self) -> Result<()> {
        let (setting, rule) = if self.every == 0 {
            ("steps", "`steps` is 0, and must be 1 or more".to_string())
        } else if !(0.0..=1.0).contains(&self.alpha) {
            ("alpha", format!("`alpha` is {}, and must be between 0 and 1", self.alpha))
        } else {
            return Ok(());
        };
        Err(Error::Setting { optimizer: NAME, setting, rule, at: self.made })
    }
}

impl<T: Float, O: Optimizer<T>> Optimizer<T> for Lookahead<T, O> {
    #[track_caller]
    fn step(&mut self) -> Result<()> {
        self.around(O::step)
    }

    #[track_caller]
    fn apply(&mut self, gradients: &[(&Param<T>, &Tensor<T>)]) -> Result<()> {
        self.around(|inner| inner.apply(gradients))
    }

    fn parameters(&self) -> &[Param<T>] {
        self.inner.parameters()
    }

    fn learning_rate(&self) -> f64 {
        self.inner.learning_rate()
    }

    fn set_learning_rate(&mut self, learning_rate: f64) {
        self.inner.set_learning_rate(learning_rate);
    }

    #[track_caller]
    fn set_momentum(&mut self, momentum: f64) -> Result<()> {
        self.inner.set_momentum(momentum)
    }

    fn state(&self) -> State<T> {
        let inner = self.inner.state();
        let kind = inner.kind.as_ref().map(|kind| format!("{OF}{kind}"));
        let mut state = State::new();
        state.kind = kind;
        state.insert_all(INNER, &inner);
        state.insert_number("steps", self.steps as f64);
        for (name, slow) in names(self.parameters()).iter().zip(&self.slow) {
            state.insert(format!("{name}.{SLOW}"), slow.clone());
        }
        state
    }

    #[track_caller]
    fn load_state(&mut self, mut state: State<T>) -> Result<()> {
        let kind = match state.kind.take() {
            None => None,
            Some(saved) => match saved.strip_prefix(OF) {
                Some(inner) => Some(inner.to_string()),
                None => {
                    let error =
                        wengert_files::Error::Kind { what: NAME, saved, at: Location::caller() };
                    return Err(error.into());
                }
            },
        };
        let mut loader = Loader::new(NAME, state)?;
        let steps = loader.count("steps");
        let mut inner = loader.under(INNER);
        inner.kind = kind;
        let mut slow = Vec::new();
        if steps > 0 {
            for (param, name) in self.parameters().iter().zip(names(self.parameters())) {
                slow.extend(loader.tensor(&format!("{name}.{SLOW}"), &param.shape()));
            }
        }
        loader.finish()?;
        self.inner.load_state(inner)?;
        (self.steps, self.slow) = (steps, slow);
        Ok(())
    }
}

impl<T: Float, O: fmt::Debug> fmt::Debug for Lookahead<T, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lookahead every {} steps, alpha {}, of {:?}", self.every, self.alpha, self.inner)
    }
}
