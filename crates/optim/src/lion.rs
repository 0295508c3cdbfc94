//! Lion: steps by the sign of a running mean of gradients.

use wengert_tensor::pointwise::C;

use crate::rule::{Pull, Rule, decay, formulas, mean};
use crate::settings::optimizer;

optimizer! {
    /// Lion, by Chen and others, 2023.
    ///
    /// ```text
    /// θ ← θ - η·λ·θ - η·sign(β₁·m + (1 - β₁)·g)
    /// m ← β₂·m + (1 - β₂)·g
    /// ```
    ///
    /// Each element moves by η, whatever its gradient's size, so the rate is a third to a tenth of Adam's and the decay larger by
    /// the same factor. It remembers one tensor, and Adam two.
    ///
    /// ```
    /// # use wengert_autograd::Param;
    /// # use wengert_optim::{Lion, Optimizer};
    /// # use wengert_tensor::tensor;
    /// let w = Param::new(tensor![1.0_f32, 1.0, 1.0]);
    /// let mut optimizer = Lion::new([w.clone()], 0.25);
    /// w.set_grad(Some(tensor![1e-3, -1e3, 0.0]));
    /// optimizer.step()?;
    /// assert_eq!(w.value(), tensor![0.75, 1.25, 1.0]);
    /// # Ok::<(), wengert_optim::Error>(())
    /// ```
    Lion, LionSettings, momentum beta1 {
        /// β₁ and β₂, the fractions of the mean that the step and the state keep: `betas`, 0.9 and 0.99 by default.
        betas(beta1 = 0.9 in SHARE, beta2 = 0.99 in SHARE);
        /// λ, the pull of each parameter to 0, apart from the gradient: `weight_decay`, 0 by default.
        weight_decay(weight_decay = 0.0 in NOT_NEGATIVE);
    } flags {
        /// Maximises instead of minimising.
        maximize;
    }
}

formulas! {
    { pull: Pull, shrink: C, rate: C, beta1: C, beta2: C }
    /// θ ← (1 - η·λ)·θ - η·sign(mean of m and g), m ← mean of g
    Sign [p, m = "exp_avg"] g => {
        let g = pull.on(p, g);
        [shrink * p - rate * mean(beta1, m, g).sign(), mean(beta2, m, g)]
    }
}

impl Rule for LionSettings {
    type Formula = Formula;

    fn formula(&self, _: u64, _: &mut f64) -> Formula {
        let (pull, shrink) = decay(self.maximize, true, self.learning_rate, self.weight_decay);
        Formula::Sign(Constants {
            pull,
            shrink,
            rate: C(self.learning_rate),
            beta1: C(self.beta1),
            beta2: C(self.beta2),
        })
    }
}
