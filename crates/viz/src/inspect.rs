//! `Inspect`: the methods by which a tape shows itself.

use std::path::Path;

use wengert_autograd::{Result, Tape};
use wengert_tensor::Float;

use crate::Debugger;

/// A tape, looked at step by step: in a browser, or in a terminal.
///
/// ```
/// use wengert_autograd::Tape;
/// use wengert_viz::Inspect;
///
/// let tape = Tape::new();
/// let x = tape.scalar(0.5_f64);
/// (x * x).tanh();
/// let path = std::env::temp_dir().join(format!("wengert-inspect-{}.html", std::process::id()));
/// tape.explore(&path)?;
/// assert!(tape.debugger().answer("until tanh").unwrap().contains("%2 = tanh(%1)"));
/// # std::fs::remove_file(&path).unwrap();
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
pub trait Inspect<T: Float> {
    /// A debugger of the recorded pass, for the terminal: `tape.debugger().in_terminal()?`.
    fn debugger(&self) -> Debugger<'_, T>;

    /// Writes a page that replays the recorded pass: see [`explore`](crate::explore()).
    ///
    /// # Errors
    /// If the file cannot be written.
    #[track_caller]
    fn explore(&self, path: impl AsRef<Path>) -> Result<()>;
}

impl<T: Float> Inspect<T> for Tape<T> {
    fn debugger(&self) -> Debugger<'_, T> {
        Debugger::new(self)
    }
    fn explore(&self, path: impl AsRef<Path>) -> Result<()> {
        crate::explore_to(self, path)
    }
}
