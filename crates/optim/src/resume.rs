//! The state of a run besides the model and the optimiser, in a checkpoint: averages, plateaus, L-BFGS, and further optimisers.

use std::panic::Location;

use wengert_autograd::Line;
use wengert_files::{Loader, Resume, State};
use wengert_tensor::Float;

use crate::schedule::{PlateauState, ReduceLrOnPlateau};
use crate::settings::NOT_NEGATIVE;
use crate::{Average, Error, Lbfgs, Optimizer};

/// An error of this crate, as one of a state.
fn of_state(error: Error, at: Line) -> wengert_files::Error {
    match error {
        Error::State(error) => *error,
        Error::Use(rule, at) => wengert_files::Error::Refused(rule, at),
        other => wengert_files::Error::Refused(other.to_string(), at),
    }
}

/// By the methods of the same names.
macro_rules! resume {
    ($($Of:ident)*) => {$(
        impl<T: Float> Resume<T> for $Of<T> {
            fn state(&self) -> State<T> {
                self.state()
            }

            #[track_caller]
            fn load_state(&mut self, state: State<T>) -> wengert_files::Result<()> {
                let at = Location::caller();
                self.load_state(state).map_err(|error| of_state(error, at))
            }
        }
    )*};
}
resume! { Average Lbfgs }

/// An optimiser as a part of a checkpoint with a name of its own: the second of a run that has two. The first is given to the checkpoint
/// as it is, and the models together, as a tuple.
///
/// ```
/// use wengert_autograd::Param;
/// use wengert_optim::{Adam, Optimizer, Resumable, Resume};
/// use wengert_tensor::tensor;
///
/// let w = Param::new(tensor![1.0_f64, 2.0]);
/// w.set_path("critic.w");
/// let mut critic = Adam::new([w.clone()], 0.5);
/// w.set_grad(Some(tensor![1.0, -1.0]));
/// critic.step()?;
///
/// // `Checkpoint::of(&(&generator, &critic), &optimizer, place).with("critic", &Resumable(&mut critic))` takes this state,
/// let saved = Resumable(&mut critic).state();
/// // and `checkpoints.resume(…, &mut [("critic", &mut Resumable(&mut critic))])` gives it back.
/// let mut again = Adam::new([w], 0.5);
/// Resumable(&mut again).load_state(saved)?;
/// assert_eq!(again.state(), critic.state());
/// # Ok::<(), wengert_optim::Error>(())
/// ```
#[derive(Debug)]
pub struct Resumable<'a, O: ?Sized>(pub &'a mut O);

impl<T: Float, O: Optimizer<T> + ?Sized> Resume<T> for Resumable<'_, O> {
    fn state(&self) -> State<T> {
        self.0.state()
    }

    #[track_caller]
    fn load_state(&mut self, state: State<T>) -> wengert_files::Result<()> {
        let at = Location::caller();
        self.0.load_state(state).map_err(|error| of_state(error, at))
    }
}

/// The rate in force, the best value, and the counts; not the settings, which are the program's.
///
/// ```
/// use wengert_optim::schedule::ReduceLrOnPlateau;
/// use wengert_optim::{Resume, State};
///
/// let new = || ReduceLrOnPlateau::new(0.5).factor(0.5).patience(1);
/// let mut plateau = new();
/// plateau.step(2.0);
/// plateau.step(2.0);
/// let saved: State<f32> = Resume::state(&plateau);
///
/// let mut again = new();
/// Resume::load_state(&mut again, saved)?;
/// assert_eq!(again.step(2.0), 0.25);
/// # Ok::<(), wengert_optim::Error>(())
/// ```
impl<T: Float> Resume<T> for ReduceLrOnPlateau {
    fn state(&self) -> State<T> {
        let PlateauState { rate, best, bad, cooldown } = self.state();
        let mut state = State::of(PLATEAU);
        state.insert_number("rate", rate);
        state.insert_number("best", best);
        state.insert_number("bad", bad as f64);
        state.insert_number("cooldown", cooldown as f64);
        state
    }

    #[track_caller]
    fn load_state(&mut self, state: State<T>) -> wengert_files::Result<()> {
        let mut loader = Loader::new(PLATEAU, state)?;
        let rate = NOT_NEGATIVE.number(&mut loader, "rate");
        // Infinite before the first step.
        let best = loader.number("best");
        let [bad, cooldown] = ["bad", "cooldown"].map(|name| loader.count(name) as usize);
        loader.finish()?;
        self.load_state(PlateauState { rate, best, bad, cooldown });
        Ok(())
    }
}

/// The kind of a plateau's states.
const PLATEAU: &str = "ReduceLrOnPlateau";
