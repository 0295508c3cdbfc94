//! `Rule`: the only thing in which optimisers differ, the update of a parameter by its gradient.

use wengert_tensor::pointwise::{C, Real};
use wengert_tensor::{Float, Tensor};

use crate::settings::Settings;

/// Settings with an update rule for a parameter and its state.
pub(crate) trait Rule: Settings {
    /// The formula with its constants. It is the same for all parameters with these settings and this number of steps. The
    /// constants are computed in double precision for every type of parameter.
    type Formula: Copy;

    /// A number that is carried from step to step: its name and its initial value.
    const CARRIED: Option<(&'static str, f64)> = None;

    /// The names of the state tensors of a parameter of this rank.
    fn kept(&self, rank: usize) -> &'static [&'static str];

    /// The initial value of a state tensor.
    fn start<T: Float>(&self, _kept: &str, value: &Tensor<T>) -> Tensor<T> {
        value.zeros_like()
    }

    /// The formula at a step; the first is 1.
    fn formula(&self, step: u64, carried: &mut f64) -> Self::Formula;

    /// Runs it.
    #[track_caller]
    fn run<T: Float>(
        formula: Self::Formula,
        value: &mut Tensor<T>,
        kept: &mut [Tensor<T>],
        g: &Tensor<T>,
    ) -> wengert_tensor::Result<()>;

    /// Sets the momentum, if there is one.
    fn set_momentum(&mut self, _momentum: f64) -> bool {
        false
    }

    /// A conflict between settings: the setting, and the rule that is broken.
    fn conflict(&self) -> Option<(&'static str, String)> {
        None
    }
}

/// `kept` decides the number of state tensors, so `run` gets no other number.
#[cold]
pub(crate) fn unkept() -> ! {
    unreachable!("as many tensors are kept as the rule names")
}

/// The gradient of the objective, with sign and weight decay.
#[derive(Clone, Copy)]
pub(crate) struct Pull {
    /// -1 to maximise.
    sign: C,
    /// Weight decay that is added to the gradient: the slope of ½·λ·θ².
    decay: C,
}

impl Pull {
    pub(crate) fn new(maximize: bool, weight_decay: f64) -> Self {
        Self { sign: C(if maximize { -1.0 } else { 1.0 }), decay: C(weight_decay) }
    }

    /// ±g + λ·θ
    #[inline(always)]
    pub(crate) fn on<R: Real>(self, p: R, g: R) -> R {
        self.sign * g + self.decay * p
    }
}

/// A running mean: `keep` times the earlier mean, plus `1 - keep` times the new value.
#[inline(always)]
pub(crate) fn mean<R: Real>(keep: C, was: R, now: R) -> R {
    keep * was + C(1.0 - keep.0) * now
}

/// 1 - βᵗ: the total weight of the values in a running mean that started from 0, after t steps.
pub(crate) fn filled(beta: f64, step: u64) -> f64 {
    1.0 - beta.powf(step as f64)
}
