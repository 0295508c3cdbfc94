//! Adadelta: steps whose unit is the parameter's own, as the running means of both say.

use wengert_tensor::pointwise::C;

use crate::rule::{Pull, Rule, formulas, mean};
use crate::settings::optimizer;

optimizer! {
    /// Adadelta: PyTorch's `Adadelta` (`lr` 1 there).
    ///
    /// ```text
    /// g ← g + λ·θ
    /// s ← ρ·s + (1 - ρ)·g²
    /// d ← √(u + ε) / √(s + ε) · g
    /// u ← ρ·u + (1 - ρ)·d²
    /// θ ← θ - η·d
    /// ```
    ///
    /// The first steps are short: u starts from 0, so √ε is their measure.
    ///
    /// ```
    /// # use wengert_autograd::Param;
    /// # use wengert_optim::{Adadelta, Optimizer};
    /// # use wengert_tensor::tensor;
    /// let w = Param::new(tensor![1.0_f64]);
    /// let mut optimizer = Adadelta::new([w.clone()], 1.0);
    /// w.set_grad(Some(tensor![2.0]));
    /// optimizer.step()?;
    /// # Ok::<(), wengert_optim::Error>(())
    /// ```
    Adadelta, AdadeltaSettings {
        /// ρ, the fraction of both running means that a step keeps: `rho`, 0.9 by default.
        rho(rho = 0.9 in UP_TO_ONE);
        /// ε, which both roots start from: `eps`, 1e-6 by default.
        eps(eps = 1e-6 in NOT_NEGATIVE);
        /// λ, the pull of each parameter towards 0, added to its gradient: `weight_decay`, 0 by default.
        weight_decay(weight_decay = 0.0 in NOT_NEGATIVE);
    } flags {
        /// Maximises instead of minimising.
        maximize;
    }
}

formulas! {
    { pull: Pull, rate: C, rho: C, eps: C }
    /// s ← mean of g², d = √(u + ε)/√(s + ε)·g, θ ← θ - η·d, u ← mean of d²
    Ratio [p, s = "square_avg", u = "acc_delta"] g => {
        let g = pull.on(p, g);
        let s = mean(rho, s, g * g);
        let d = (u + eps).sqrt() / (s + eps).sqrt() * g;
        [p - rate * d, s, mean(rho, u, d * d)]
    }
}

impl Rule for AdadeltaSettings {
    type Formula = Formula;

    fn formula(&self, _: u64, _: &mut f64) -> Formula {
        Formula::Ratio(Constants {
            pull: Pull::new(self.maximize, self.weight_decay),
            rate: C(self.learning_rate),
            rho: C(self.rho),
            eps: C(self.eps),
        })
    }
}
