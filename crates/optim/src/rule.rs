//! `Rule`: the one thing in which optimisers differ, what becomes of a parameter when a gradient arrives.

use wengert_tensor::pointwise::{C, Real};
use wengert_tensor::{Float, Tensor};

use crate::settings::Settings;

/// Settings that say what becomes of a parameter and of what is kept for it.
pub(crate) trait Rule: Settings {
    /// The formula with its constants: the same for all parameters of these settings that have made as many steps. The
    /// constants are found in doubles, whatever the parameters are.
    type Formula: Copy;

    /// A number that is carried from step to step, by name, and what it starts from.
    const CARRIED: Option<(&'static str, f64)> = None;

    /// The names of the tensors that are kept for a parameter of this rank.
    fn kept(&self, rank: usize) -> &'static [&'static str];

    /// What a kept tensor is before the first step.
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

    /// A rule between settings that is broken: the setting, and the rule.
    fn conflict(&self) -> Option<(&'static str, String)> {
        None
    }
}

/// How many tensors are kept is decided by `kept`, so that `run` can meet no other number.
#[cold]
pub(crate) fn unkept() -> ! {
    unreachable!("as many tensors are kept as the rule names")
}

/// The gradient that a parameter is moved against.
#[derive(Clone, Copy)]
pub(crate) struct Pull {
    /// -1 to climb instead.
    sign: C,
    /// Weight decay, where it is a part of the gradient: the slope of ½·λ·θ².
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

/// A running mean: what it was and what comes in, in shares of `keep` and `1 - keep`.
#[inline(always)]
pub(crate) fn mean<R: Real>(keep: C, was: R, now: R) -> R {
    keep * was + C(1.0 - keep.0) * now
}

/// 1 - βᵗ: how much of a running mean that started from 0 is there after t steps.
pub(crate) fn filled(beta: f64, step: u64) -> f64 {
    1.0 - beta.powf(step as f64)
}
