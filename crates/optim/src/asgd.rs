//! Averaged gradient descent: next to the parameters, the mean of their values along the path.

use wengert_tensor::pointwise::C;

use crate::rule::{Pull, Rule, formulas, mean};
use crate::settings::optimizer;

optimizer! {
    /// Averaged stochastic gradient descent: PyTorch's `ASGD` (`lr` 0.01 there).
    ///
    /// ```text
    /// ηₜ = η / (1 + λ·η·(t - 1))^α,  μₜ = 1 / max(1, t - 1 - t₀)
    /// g ← g + weight_decay·θ
    /// θ ← θ - λ·ηₜ·θ - ηₜ·g
    /// a ← a + μₜ·(θ - a)
    /// ```
    ///
    /// The mean a is in the [`state`](crate::Optimizer::state), as `ax`; the parameters themselves are not averaged.
    ///
    /// ```
    /// # use wengert_autograd::Param;
    /// # use wengert_optim::{Asgd, Optimizer};
    /// # use wengert_tensor::tensor;
    /// let w = Param::new(tensor![1.0_f64]);
    /// w.set_path("w");
    /// let mut optimizer = Asgd::new([w.clone()], 0.5).lambda(0.0);
    /// w.set_grad(Some(tensor![1.0]));
    /// optimizer.step()?;
    /// assert_eq!(optimizer.state().get("w.ax"), Some(&tensor![0.5]));
    /// # Ok::<(), wengert_optim::Error>(())
    /// ```
    Asgd, AsgdSettings {
        /// λ, the decay of the parameters, and of the rate: `lambd`, 1e-4 by default.
        lambda(lambda = 1e-4 in NOT_NEGATIVE);
        /// α, the power by which the rate falls: `alpha`, 0.75 by default.
        alpha(alpha = 0.75 in FINITE);
        /// t₀, the step at which averaging begins: `t0`, 1e6 by default. Until then a is the parameter.
        t0(t0 = 1e6 in NOT_NEGATIVE);
        /// The pull of each parameter towards 0, added to its gradient: `weight_decay`, 0 by default.
        weight_decay(weight_decay = 0.0 in NOT_NEGATIVE);
    } flags {
        /// Maximises instead of minimising.
        maximize;
    }
}

formulas! {
    {
        pull: Pull,
        rate: C,
        /// 1 - λ·ηₜ
        shrink: C,
        /// 1 - μₜ, the fraction of the mean that is kept.
        stays: C,
    }
    /// θ ← (1 - λ·ηₜ)·θ - ηₜ·g, a ← a + μₜ·(θ - a)
    Averaged [p, a = "ax"] g => {
        let p = shrink * p - rate * pull.on(p, g);
        [p, mean(stays, a, p)]
    }
}

impl Rule for AsgdSettings {
    type Formula = Formula;

    fn formula(&self, step: u64, _: &mut f64) -> Formula {
        let done = (step - 1) as f64;
        let slower = (1.0 + self.lambda * self.learning_rate * done).powf(self.alpha);
        let rate = self.learning_rate / slower;
        Formula::Averaged(Constants {
            pull: Pull::new(self.maximize, self.weight_decay),
            rate: C(rate),
            shrink: C(1.0 - self.lambda * rate),
            stays: C(1.0 - 1.0 / (done - self.t0).max(1.0)),
        })
    }
}
