//! NAdam: Adam with Nesterov's momentum.

use wengert_tensor::pointwise::C;

use crate::rule::{Pull, Rule, decay, filled, formulas, mean};
use crate::settings::optimizer;

optimizer! {
    /// NAdam: PyTorch's `NAdam` (`lr` 2e-3 there).
    ///
    /// ```text
    /// μₜ = β₁·(1 - ½·0.96^(t·ψ))                 momentum_decay ψ
    /// g ← g + λ·θ                                or θ ← θ - η·λ·θ where decoupled
    /// m ← β₁·m + (1 - β₁)·g
    /// v ← β₂·v + (1 - β₂)·g²
    /// θ ← θ - η · (μₜ₊₁·m/(1 - μ₁⋯μₜ₊₁) + (1 - μₜ)·g/(1 - μ₁⋯μₜ)) / (√(v/(1 - β₂ᵗ)) + ε)
    /// ```
    ///
    /// ```
    /// # use wengert_autograd::Param;
    /// # use wengert_optim::{NAdam, Optimizer};
    /// # use wengert_tensor::tensor;
    /// let w = Param::new(tensor![1.0_f64]);
    /// let mut optimizer = NAdam::new([w.clone()], 2e-3);
    /// w.set_grad(Some(tensor![2.0]));
    /// optimizer.step()?;
    /// # Ok::<(), wengert_optim::Error>(())
    /// ```
    NAdam, NAdamSettings, momentum beta1 {
        /// β₁ and β₂, the fractions of the two running means that a step keeps: `betas`, 0.9 and 0.999 by default.
        betas(beta1 = 0.9 in SHARE, beta2 = 0.999 in SHARE);
        /// ε, which keeps the quotient finite: `eps`, 1e-8 by default.
        eps(eps = 1e-8 in NOT_NEGATIVE);
        /// λ, the pull of each parameter towards 0, added to its gradient: `weight_decay`, 0 by default.
        weight_decay(weight_decay = 0.0 in NOT_NEGATIVE);
        /// ψ, how fast μ comes up to β₁: `momentum_decay`, 4e-3 by default.
        momentum_decay(momentum_decay = 4e-3 in NOT_NEGATIVE);
    } flags {
        /// Decays the parameter itself, as [`AdamW`](crate::AdamW) does.
        decoupled_weight_decay;
        /// Maximises instead of minimising.
        maximize;
    }
}

formulas! {
    {
        pull: Pull,
        /// 1 - η·λ, where the parameter itself is decayed.
        shrink: C,
        /// η·(1 - μₜ) / (1 - μ₁⋯μₜ)
        rate_of_g: C,
        /// η·μₜ₊₁ / (1 - μ₁⋯μₜ₊₁)
        rate_of_m: C,
        beta1: C,
        beta2: C,
        /// 1 / √(1 - β₂ᵗ)
        root: C,
        eps: C,
    }
    /// θ ← θ - (a·g + b·m) / (√v̂ + ε)
    Ahead [p, m = "exp_avg", v = "exp_avg_sq"] g => {
        let g = pull.on(p, g);
        let (m, v) = (mean(beta1, m, g), mean(beta2, v, g * g));
        let ahead = rate_of_g * g + rate_of_m * m;
        [shrink * p - ahead / (v.sqrt() * root + eps), m, v]
    }
}

impl Rule for NAdamSettings {
    type Formula = Formula;

    /// μ₁⋯μₜ
    const CARRIED: Option<(&'static str, f64)> = Some(("mu_product", 1.0));

    fn formula(&self, step: u64, product: &mut f64) -> Formula {
        let mu = |t: u64| self.beta1 * (1.0 - 0.5 * 0.96_f64.powf(t as f64 * self.momentum_decay));
        *product *= mu(step);
        let (rate, next) = (self.learning_rate, mu(step + 1));
        let (pull, shrink) =
            decay(self.maximize, self.decoupled_weight_decay, rate, self.weight_decay);
        Formula::Ahead(Constants {
            pull,
            shrink,
            rate_of_g: C(rate * (1.0 - mu(step)) / (1.0 - *product)),
            rate_of_m: C(rate * next / (1.0 - *product * next)),
            beta1: C(self.beta1),
            beta2: C(self.beta2),
            root: C(1.0 / filled(self.beta2, step).sqrt()),
            eps: C(self.eps),
        })
    }
}
