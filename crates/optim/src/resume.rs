//! `Resume`: the state of a run besides the model and the optimiser, which has to be saved with them.

use wengert_tensor::Float;

use crate::schedule::{PlateauState, ReduceLrOnPlateau};
use crate::settings::NOT_NEGATIVE;
use crate::state::Loader;
use crate::{Average, Result, State};

/// Something with a state. Saved in a checkpoint, it continues from there.
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
pub trait Resume<T: Float> {
    /// A snapshot of the state.
    fn state(&self) -> State<T>;

    /// Continues from a saved [`state`](Self::state).
    ///
    /// # Errors
    /// If the state is of another kind, or holds an invalid value. Then nothing is loaded.
    #[track_caller]
    fn load_state(&mut self, state: State<T>) -> Result<()>;
}

impl<T: Float> Resume<T> for Average<T> {
    fn state(&self) -> State<T> {
        self.state()
    }

    #[track_caller]
    fn load_state(&mut self, state: State<T>) -> Result<()> {
        self.load_state(state)
    }
}

impl<T: Float> Resume<T> for ReduceLrOnPlateau {
    fn state(&self) -> State<T> {
        let PlateauState { rate, best, bad, cooldown } = self.state();
        let mut state = State::of(PLATEAU);
        for (name, x) in
            [("rate", rate), ("best", best), ("bad", bad as f64), ("cooldown", cooldown as f64)]
        {
            state.scalars.insert(name.to_string(), x);
        }
        state
    }

    #[track_caller]
    fn load_state(&mut self, state: State<T>) -> Result<()> {
        let mut loader = Loader::new(PLATEAU, state)?;
        let rate = loader.number_in("rate", NOT_NEGATIVE);
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
