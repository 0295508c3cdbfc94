//! `Dropout`: in training, each number is left out with some probability.

use wengert_autograd::{Result, Var};
use wengert_tensor::Float;

use crate::{Module, Parts, Visitor, functional};

/// In training, each number is 0 with probability `p`, and the others are scaled by 1/(1 - p), so that their mean stays;
/// in evaluation, what comes in goes out. The tape says which, and draws the numbers: it needs a seed for them, another
/// one for each step.
///
/// ```
/// use wengert_autograd::Tape;
/// use wengert_nn::{Dropout, Module};
/// use wengert_tensor::Tensor;
///
/// let tape = Tape::new().seeded(7);
/// let x = tape.constant(Tensor::<f32>::ones([1000]));
/// let y = Dropout::new(0.2).forward(x)?.value()?;
/// assert!(y.iter().all(|y| y == 0.0 || y == 1.25));
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Dropout {
    p: f64,
}

impl Default for Dropout {
    /// A half.
    fn default() -> Self {
        Self::new(0.5)
    }
}

impl Dropout {
    /// With this probability. One that is not from 0 to 1 is rejected by `forward`.
    pub fn new(p: f64) -> Self {
        Self { p }
    }
}

impl<T: Float> Parts<T> for Dropout {
    fn visit(&self, _: &mut Visitor<'_, T>) {}
    fn describe(&self) -> Option<String> {
        Some(format!("Dropout({})", self.p))
    }
}

impl<T: Float> Module<T> for Dropout {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Result<Var<'t, T>> {
        functional::dropout(x, self.p)
    }
}
