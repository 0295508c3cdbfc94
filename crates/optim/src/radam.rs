//! RAdam: Adam that waits with dividing until the mean of squares says something.

use wengert_tensor::pointwise::C;

use crate::rule::{Pull, Rule, decay, filled, formulas, mean};
use crate::settings::optimizer;

optimizer! {
    /// RAdam, "rectified": PyTorch's `RAdam` (`lr` 1e-3 there).
    ///
    /// ```text
    /// m, v as in Adam; m̂ = m/(1 - β₁ᵗ)
    /// ρ∞ = 2/(1 - β₂) - 1,  ρ = ρ∞ - 2·t·β₂ᵗ/(1 - β₂ᵗ)
    /// where ρ > 5:  r = √((ρ - 4)(ρ - 2)·ρ∞ / ((ρ∞ - 4)(ρ∞ - 2)·ρ)),  θ ← θ - η·r·m̂ / ((√v + ε)/√(1 - β₂ᵗ))
    /// else:         θ ← θ - η·m̂
    /// ```
    ///
    /// With the default β₂ the first five steps are of momentum alone.
    ///
    /// ```
    /// # use wengert_autograd::Param;
    /// # use wengert_optim::{Optimizer, RAdam};
    /// # use wengert_tensor::tensor;
    /// let w = Param::new(tensor![1.0_f64]);
    /// let mut optimizer = RAdam::new([w.clone()], 1e-3).weight_decay(1e-2).decoupled_weight_decay();
    /// w.set_grad(Some(tensor![2.0]));
    /// optimizer.step()?;
    /// # Ok::<(), wengert_optim::Error>(())
    /// ```
    RAdam, RAdamSettings, momentum beta1 {
        /// β₁ and β₂, the fractions of the two running means that a step keeps: `betas`, 0.9 and 0.999 by default.
        betas(beta1 = 0.9 in SHARE, beta2 = 0.999 in SHARE);
        /// ε, which keeps the quotient finite: `eps`, 1e-8 by default.
        eps(eps = 1e-8 in NOT_NEGATIVE);
        /// λ, the pull of each parameter towards 0, added to its gradient: `weight_decay`, 0 by default.
        weight_decay(weight_decay = 0.0 in NOT_NEGATIVE);
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
        /// η / (1 - β₁ᵗ), and where ρ > 5 that times r·√(1 - β₂ᵗ).
        rate: C,
        beta1: C,
        beta2: C,
        eps: C,
    }
    /// ρ > 5: the mean of squares divides.
    Adaptive [p, m = "exp_avg", v = "exp_avg_sq"] g => {
        let g = pull.on(p, g);
        let (m, v) = (mean(beta1, m, g), mean(beta2, v, g * g));
        [shrink * p - rate * m / (v.sqrt() + eps), m, v]
    }
    /// ρ ≤ 5: it says too little yet.
    Plain [p, m = "exp_avg", v = "exp_avg_sq"] g => {
        let g = pull.on(p, g);
        let (m, v) = (mean(beta1, m, g), mean(beta2, v, g * g));
        [shrink * p - rate * m, m, v]
    }
}

impl Rule for RAdamSettings {
    type Formula = Formula;

    fn formula(&self, step: u64, _: &mut f64) -> Formula {
        let rate = self.learning_rate;
        let (pull, shrink) =
            decay(self.maximize, self.decoupled_weight_decay, rate, self.weight_decay);
        let squares = filled(self.beta2, step);
        let longest = 2.0 / (1.0 - self.beta2) - 1.0;
        let length = longest - 2.0 * step as f64 * self.beta2.powf(step as f64) / squares;
        let adaptive = length > 5.0;
        let rectified = if adaptive {
            let now = (length - 4.0) * (length - 2.0) / length;
            let end = (longest - 4.0) * (longest - 2.0) / longest;
            (now / end * squares).sqrt()
        } else {
            1.0
        };
        let constants = Constants {
            pull,
            shrink,
            rate: C(rate / filled(self.beta1, step) * rectified),
            beta1: C(self.beta1),
            beta2: C(self.beta2),
            eps: C(self.eps),
        };
        if adaptive { Formula::Adaptive(constants) } else { Formula::Plain(constants) }
    }
}
