//! Averages of weights over training, which often do better than the last weights.

use std::panic::Location;

use wengert_autograd::{Line, Param};
use wengert_files::Loader;
use wengert_tensor::pointwise::{C, update_in_place};
use wengert_tensor::{Float, Tensor};

use crate::groups::names;
use crate::whole::Mean;
use crate::{Error, Result, State};

/// A running average of parameters: exponential ([`new`](Self::new)), or of equal weights ([`equal`](Self::equal), as in
/// stochastic weight averaging; PyTorch's `AveragedModel`).
///
/// ```
/// # use wengert_autograd::Param;
/// # use wengert_optim::Average;
/// # use wengert_tensor::tensor;
/// let w = Param::new(tensor![1.0_f64]);
/// let mut average = Average::new([w.clone()], 0.75);
/// w.set(tensor![5.0]);
/// average.update()?; // after each optimiser step
///
/// average.swap(); // the model has the average now: evaluate it
/// assert_eq!(w.value(), tensor![2.0]);
/// average.swap(); // and its own weights again
/// assert_eq!(w.value(), tensor![5.0]);
/// # Ok::<(), wengert_optim::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Average<T: Float> {
    parameters: Vec<Param<T>>,
    values: Vec<Tensor<T>>,
    /// The fraction that an update keeps; with `None` all weights are equal.
    decay: Option<f64>,
    updates: u64,
    swapped: bool,
}

/// The kind of its states.
const KIND: &str = "Average";

impl<T: Float> Average<T> {
    /// An exponential average that starts from the current values; each update keeps the fraction `decay` of it (0.999 is
    /// usual).
    pub fn new(parameters: impl IntoIterator<Item = Param<T>>, decay: f64) -> Self {
        Self::make(parameters, Some(decay))
    }

    /// The mean of the values at all updates.
    pub fn equal(parameters: impl IntoIterator<Item = Param<T>>) -> Self {
        Self::make(parameters, None)
    }

    fn make(parameters: impl IntoIterator<Item = Param<T>>, decay: Option<f64>) -> Self {
        let parameters = Param::each_once(parameters);
        let values = parameters.iter().map(Param::value).collect();
        Self { parameters, values, decay, updates: 0, swapped: false }
    }

    /// Adds the current values to the average.
    ///
    /// # Errors
    /// [`Error::Setting`] if the decay is not between 0 and 1, [`Error::Use`] while the average is swapped in, and
    /// [`Error::Tensor`] if the shape of a parameter has changed.
    #[track_caller]
    pub fn update(&mut self) -> Result<()> {
        let at = Location::caller();
        self.not_swapped("update", at)?;
        let keep = match self.decay {
            Some(decay) if (0.0..=1.0).contains(&decay) => decay,
            Some(decay) => {
                let rule = format!("`decay` is {decay}, and must be between 0 and 1");
                return Err(Error::Setting { optimizer: "Average", setting: "decay", rule, at });
            }
            None => self.updates as f64 / (self.updates + 1) as f64,
        };
        for (param, average) in self.parameters.iter().zip(&mut self.values) {
            update_in_place(Mean(C(keep)), [average], &param.value())?;
        }
        self.updates += 1;
        Ok(())
    }

    /// Exchanges the parameters' values and the average. A second call exchanges them back.
    pub fn swap(&mut self) {
        for (param, average) in self.parameters.iter().zip(&mut self.values) {
            let value = std::mem::replace(average, param.value());
            param.set(value);
        }
        self.swapped = !self.swapped;
    }

    /// The entry of a state that was taken while the average was swapped in.
    #[doc(hidden)]
    pub const SWAPPED: &'static str = "swapped";

    /// The average by the parameters' paths, and how many updates it is of: what [`load_state`](Self::load_state) goes on from. While
    /// the average is swapped in, the model does not hold its weights, so a checkpoint of both is not written.
    ///
    /// ```
    /// # use wengert_autograd::Param;
    /// # use wengert_optim::Average;
    /// # use wengert_tensor::tensor;
    /// let w = Param::new(tensor![1.0_f64]);
    /// let mut average = Average::equal([w.clone()]);
    /// average.update()?;
    /// let saved = average.state();
    ///
    /// let mut again = Average::equal([w.clone()]);
    /// again.load_state(saved)?;
    /// w.set(tensor![3.0]);
    /// again.update()?;
    /// assert_eq!(again.values(), [tensor![2.0]]);
    /// # Ok::<(), wengert_optim::Error>(())
    /// ```
    pub fn state(&self) -> State<T> {
        let mut state = State::of(KIND);
        state.insert_number("updates", self.updates as f64);
        for (name, average) in names(&self.parameters).into_iter().zip(self.values()) {
            state.insert(format!("{name}.average"), average);
        }
        if self.swapped {
            // The weights are not where a checkpoint looks for them, and it rejects this.
            state.insert_number(Self::SWAPPED, 1.0);
        }
        state
    }

    /// Continues from a saved [`state`](Self::state).
    ///
    /// # Errors
    /// [`Error::State`], which lists the entries that are missing, unexpected or of another shape; and [`Error::Use`] while the average is
    /// swapped in; then nothing is loaded.
    #[track_caller]
    pub fn load_state(&mut self, state: State<T>) -> Result<()> {
        let at = Location::caller();
        self.not_swapped("load_state", at)?;
        let mut loader = Loader::new(KIND, state)?;
        let updates = loader.count("updates");
        let mut values = Vec::with_capacity(self.values.len());
        for (name, here) in names(&self.parameters).iter().zip(&self.values) {
            values.extend(loader.tensor(&format!("{name}.average"), here.shape()));
        }
        loader.finish()?;
        (self.values, self.updates) = (values, updates);
        Ok(())
    }

    /// Rejects calls that would treat the average as the weights.
    fn not_swapped(&self, verb: &str, at: Line) -> Result<()> {
        if !self.swapped {
            return Ok(());
        }
        let rule = format!(
            "Average: the parameters hold the average now, which is not to be averaged\n  help: call `swap()` once more before `{verb}()`"
        );
        Err(Error::Use(rule, at))
    }

    /// The average, parameter by parameter.
    pub fn values(&self) -> Vec<Tensor<T>> {
        if self.swapped {
            return self.parameters.iter().map(Param::value).collect();
        }
        self.values.clone()
    }
}
