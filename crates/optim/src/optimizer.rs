//! `Optimizer`: the interface of all optimisers.

use std::panic::Location;

use wengert_autograd::{Line, Param, Who};
use wengert_files::Loader;
use wengert_tensor::{Float, Tensor};

use crate::settings::{LEARNING_RATE, NOT_NEGATIVE};
use crate::{Error, Result, State};

/// An optimiser updates parameters from their gradients.
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
///
/// An optimiser of your own needs four methods:
///
/// ```
/// use wengert_autograd::{Param, Tape};
/// use wengert_optim::{Optimizer, Result};
/// use wengert_tensor::tensor;
///
/// /// Steps of one size, for any gradient.
/// struct SignSgd {
///     parameters: Vec<Param<f32>>,
///     rate: f64,
/// }
///
/// impl Optimizer<f32> for SignSgd {
///     fn step(&mut self) -> Result<()> {
///         for p in &self.parameters {
///             p.update(|w, g| {
///                 if let Some(g) = g {
///                     *w = &*w - g.sign() * self.rate as f32;
///                 }
///             });
///         }
///         Ok(())
///     }
///     fn parameters(&self) -> &[Param<f32>] {
///         &self.parameters
///     }
///     fn learning_rate(&self) -> f64 {
///         self.rate
///     }
///     fn set_learning_rate(&mut self, learning_rate: f64) {
///         self.rate = learning_rate;
///     }
/// }
///
/// let w = Param::new(tensor![1.0_f32, -3.0]);
/// let mut optimizer = SignSgd { parameters: vec![w.clone()], rate: 0.5 };
/// let tape = Tape::new();
/// optimizer.zero_grad();
/// tape.param(&w).square().sum().backward()?;
/// optimizer.step()?;
/// assert_eq!(w.value(), tensor![0.5, -2.5]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Optimizer<T: Float> {
    /// Updates every parameter that has a gradient, in place. Frozen parameters are left alone.
    ///
    /// # Errors
    /// [`Error::NoGradient`](crate::Error::NoGradient) if a parameter has no gradient and has never had one (unless
    /// `allow_unused` was called), or if none has one. Nothing has been updated then.
    /// [`Error::Setting`](crate::Error::Setting) and [`Error::Group`](crate::Error::Group) if a setting is
    /// out of range; [`Error::Shape`](crate::Error::Shape) if a gradient is not of its parameter's shape.
    #[track_caller]
    fn step(&mut self) -> Result<()>;

    /// Updates these parameters by these gradients, from any source. The result has the same bits as that of
    /// [`step`](Self::step) with the same gradients from `backward`.
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
    fn apply(&mut self, gradients: &[(&Param<T>, &Tensor<T>)]) -> Result<()> {
        let mine = self.parameters();
        if let Some((p, _)) = gradients.iter().find(|(p, _)| !mine.iter().any(|m| m.is(p))) {
            let at = Location::caller();
            return Err(Error::NotMine { optimizer: Who::of(self).kind(), name: p.path(), at });
        }
        // A step by these gradients, after which those that were there are there again.
        let before: Vec<_> = mine.iter().map(|p| (p.clone(), p.grad())).collect();
        self.zero_grad();
        gradients.iter().for_each(|(p, g)| p.set_grad(Some((*g).clone())));
        let done = self.step();
        before.into_iter().for_each(|(p, g)| p.set_grad(g));
        done
    }

    /// The parameters, each once.
    fn parameters(&self) -> &[Param<T>];

    /// Clears their gradients.
    fn zero_grad(&self) {
        self.parameters().iter().for_each(Param::zero_grad);
    }

    /// The current learning rate.
    fn learning_rate(&self) -> f64;

    /// Changes the learning rate: `optimizer.set_learning_rate(schedule.rate(step))`. A group with a rate of its own
    /// keeps its ratio to it. The next step rejects a rate that is NaN or below 0.
    fn set_learning_rate(&mut self, learning_rate: f64);

    /// The settings by name, as they hold for parameters of no group: `learning_rate`, `weight_decay`, `eps` and their kin. For
    /// readers such as a doctor; the default names the learning rate alone.
    ///
    /// ```
    /// use wengert_optim::{Adam, Optimizer};
    ///
    /// let adam = Adam::<f32>::new([], 0.01).eps(1e-6);
    /// assert!(adam.settings().contains(&("eps", 1e-6)));
    /// ```
    fn settings(&self) -> Vec<(&'static str, f64)> {
        vec![(LEARNING_RATE, self.learning_rate())]
    }

    /// Changes the momentum, or the first of two betas, as [`OneCycleLr`](crate::schedule::OneCycleLr) asks.
    ///
    /// # Errors
    /// [`Error::Use`](crate::Error::Use) if this optimiser has none.
    #[track_caller]
    fn set_momentum(&mut self, momentum: f64) -> Result<()> {
        Err(no_momentum(Who::of(self).kind(), momentum, Location::caller()))
    }

    /// The state on which the next steps depend, besides the parameters and the settings, by the parameters' paths. The
    /// default is the learning rate alone; an optimiser with more state must override this method.
    fn state(&self) -> State<T> {
        let mut state = State::of(Who::of(self).kind());
        state.insert_number(LEARNING_RATE, self.learning_rate());
        state
    }

    /// Continues from a saved [`state`](Self::state): the next steps are those of the saved optimiser, to the bit, in any order
    /// of the parameters.
    ///
    /// # Errors
    /// [`Error::State`](crate::Error::State), which lists the entries that are missing, unexpected, of another shape or not valid
    /// numbers, or names the kind of optimiser that made it. Then nothing is loaded.
    #[track_caller]
    fn load_state(&mut self, state: State<T>) -> Result<()> {
        let mut loader = Loader::new(Who::of(self).kind(), state)?;
        let rate = NOT_NEGATIVE.number(&mut loader, LEARNING_RATE);
        loader.finish()?;
        self.set_learning_rate(rate);
        Ok(())
    }
}

/// The error of setting the momentum of an optimiser without one.
pub(crate) fn no_momentum(optimizer: &str, momentum: f64, at: Line) -> Error {
    let rule = format!("it has no momentum to set to {momentum}");
    let help = "a schedule that sets one leaves it alone if told `.without_momentum()`";
    Error::Use(format!("{optimizer}: {rule}\n  help: {help}"), at)
}
