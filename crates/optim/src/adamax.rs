//! Adamax: Adam with the largest gradient in place of the mean square.

use wengert_tensor::pointwise::C;

use crate::rule::{Pull, Rule, filled, formulas, mean};
use crate::settings::optimizer;

optimizer! {
    /// Adamax: PyTorch's `Adamax` (`lr` 2e-3 there).
    ///
    /// ```text
    /// g ← g + λ·θ
    /// m ← β₁·m + (1 - β₁)·g
    /// u ← max(β₂·u, |g| + ε)
    /// θ ← θ - η · m/(1 - β₁ᵗ) / u
    /// ```
    ///
    /// ```
    /// # use wengert_autograd::Param;
    /// # use wengert_optim::{Adamax, Optimizer};
    /// # use wengert_tensor::tensor;
    /// let w = Param::new(tensor![1.0_f64]);
    /// let mut optimizer = Adamax::new([w.clone()], 2e-3);
    /// w.set_grad(Some(tensor![2.0]));
    /// optimizer.step()?;
    /// # Ok::<(), wengert_optim::Error>(())
    /// ```
    Adamax, AdamaxSettings, momentum beta1 {
        /// β₁, the fraction of the mean that a step keeps, and β₂, the decay of the largest gradient: `betas`, 0.9 and 0.999 by default.
        betas(beta1 = 0.9 in SHARE, beta2 = 0.999 in SHARE);
        /// ε, which keeps the quotient finite: `eps`, 1e-8 by default.
        eps(eps = 1e-8 in NOT_NEGATIVE);
        /// λ, the pull of each parameter towards 0, added to its gradient: `weight_decay`, 0 by default.
        weight_decay(weight_decay = 0.0 in NOT_NEGATIVE);
    } flags {
        /// Maximises instead of minimising.
        maximize;
    }
}

formulas! {
    {
        pull: Pull,
        /// η / (1 - β₁ᵗ)
        rate: C,
        beta1: C,
        beta2: C,
        eps: C,
    }
    /// m ← mean of g, u ← max(β₂·u, |g| + ε), θ ← θ - η·m/u
    Largest [p, m = "exp_avg", u = "exp_inf"] g => {
        let g = pull.on(p, g);
        let m = mean(beta1, m, g);
        let u = (beta2 * u).max(g.abs() + eps);
        [p - rate * m / u, m, u]
    }
}

impl Rule for AdamaxSettings {
    type Formula = Formula;

    fn formula(&self, step: u64, _: &mut f64) -> Formula {
        Formula::Largest(Constants {
            pull: Pull::new(self.maximize, self.weight_decay),
            rate: C(self.learning_rate / filled(self.beta1, step)),
            beta1: C(self.beta1),
            beta2: C(self.beta2),
            eps: C(self.eps),
        })
    }
}
