//! Gradient descent, with and without momentum.

use wengert_tensor::compiled;
use wengert_tensor::pointwise::C;

use crate::core::Core;
use crate::rule::{self, Pull, Rule, formulas};
use crate::settings::optimizer;

optimizer! {
    /// Stochastic gradient descent, with momentum if asked: PyTorch's `SGD`.
    ///
    /// ```text
    /// g ← g + λ·θ                        weight_decay λ
    /// v ← μ·v + (1 - τ)·g                momentum μ, dampening τ; v = g at the first step
    /// θ ← θ - η·v                        or θ - η·(g + μ·v) with nesterov
    /// ```
    ///
    /// Without options it is gradient descent, θ ← θ - η·g. It is called *batch* gradient descent if each step sees all the
    /// data, *stochastic* if it sees one row, and *mini-batch* if it sees some rows; the loader decides.
    ///
    /// ```
    /// # use wengert_autograd::Param;
    /// # use wengert_optim::{Optimizer, Sgd};
    /// # use wengert_tensor::tensor;
    /// let w = Param::new(tensor![1.0_f64]);
    /// let mut optimizer = Sgd::new([w.clone()], 0.1).momentum(0.9).nesterov().weight_decay(1e-4);
    /// w.set_grad(Some(tensor![2.0]));
    /// optimizer.step()?;
    /// # Ok::<(), wengert_optim::Error>(())
    /// ```
    Sgd, SgdSettings, momentum momentum {
        /// The fraction of the previous step that is kept: `momentum`, 0 by default. 0.9 is usual.
        momentum(momentum = 0.0 in UP_TO_ONE);
        /// The fraction of the gradient that does not enter the momentum: `dampening`, 0 by default. The first step is not dampened.
        dampening(dampening = 0.0 in FINITE);
        /// λ, the pull of each parameter towards 0, added to its gradient: `weight_decay`, 0 by default.
        weight_decay(weight_decay = 0.0 in NOT_NEGATIVE);
    } flags {
        /// Nesterov's momentum: the step is g + μ·v instead of v. It needs momentum, and no dampening.
        nesterov;
        /// Maximises instead of minimising.
        maximize;
    }
}

/// Gradient descent: [`Sgd`] without options.
pub type GradientDescent<T> = Sgd<T>;

formulas! {
    {
        pull: Pull,
        rate: C,
        momentum: C,
        /// 1 - τ: the fraction of the gradient that enters the momentum.
        enters: C,
    }
    /// θ ← θ - η·g
    Descent [p] g => {
        [p - rate * pull.on(p, g)]
    }
    /// v ← μ·v + (1 - τ)·g, θ ← θ - η·v
    Momentum [p, v = "momentum_buffer"] g => {
        let v = momentum * v + enters * pull.on(p, g);
        [p - rate * v, v]
    }
    /// v ← μ·v + g, θ ← θ - η·(g + μ·v)
    Nesterov [p, v = "momentum_buffer"] g => {
        let g = pull.on(p, g);
        let v = momentum * v + enters * g;
        [p - rate * (g + momentum * v), v]
    }
}

impl Rule for SgdSettings {
    type Formula = Formula;

    fn formula(&self, step: u64, _: &mut f64) -> Formula {
        let constants = Constants {
            pull: Pull::new(self.maximize, self.weight_decay),
            rate: C(self.learning_rate),
            momentum: C(self.momentum),
            // PyTorch starts from the whole first gradient.
            enters: C(if step == 1 { 1.0 } else { 1.0 - self.dampening }),
        };
        match (self.momentum != 0.0, self.nesterov) {
            (false, _) => Formula::Descent(constants),
            (true, false) => Formula::Momentum(constants),
            (true, true) => Formula::Nesterov(constants),
        }
    }

    /// A row without a gradient stays where it is in any case.
    fn is_by_rows(&self) -> bool {
        self.momentum == 0.0 && self.weight_decay == 0.0
    }

    fn conflict(&self) -> Option<(&'static str, String)> {
        let wrong = self.nesterov && (self.momentum == 0.0 || self.dampening != 0.0);
        wrong.then(|| {
            let (momentum, dampening) = (self.momentum, self.dampening);
            let rule = format!(
                "`nesterov` needs a momentum above 0 and no dampening, and they are {momentum} and {dampening}\n  help: say `.momentum(0.9).nesterov()`"
            );
            ("nesterov", rule)
        })
    }
}

compiled!(f32: {
    Core::<T, SgdSettings>::step,
    Core::<T, SgdSettings>::apply,
    Core::<T, SgdSettings>::state,
    Core::<T, SgdSettings>::load_state,
    <Formula as rule::Formula>::update::<T>,
    <Formula as rule::Formula>::update_rows::<T>,
});
