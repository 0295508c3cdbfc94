//! Adan: Nesterov's momentum by the differences of successive gradients.

use wengert_tensor::pointwise::C;

use crate::rule::{Pull, Rule, filled, formulas, mean};
use crate::settings::optimizer;

optimizer! {
    /// Adan, by Xie and others, 2022.
    ///
    /// ```text
    /// d = g - g of the step before            0 at the first step
    /// m ← β₁·m + (1 - β₁)·g
    /// v ← β₂·v + (1 - β₂)·d
    /// n ← β₃·n + (1 - β₃)·(g + β₂·d)²
    /// u = (m/(1 - β₁ᵗ) + β₂·v/(1 - β₂ᵗ)) / (√(n/(1 - β₃ᵗ)) + ε)
    /// θ ← (θ - η·u) / (1 + η·λ)
    /// ```
    ///
    /// The betas are the fractions that a mean keeps, as in the authors' program; the paper's own β are 1 minus these.
    ///
    /// ```
    /// # use wengert_autograd::Param;
    /// # use wengert_optim::{Adan, Optimizer};
    /// # use wengert_tensor::tensor;
    /// let w = Param::new(tensor![1.0_f64]);
    /// let mut optimizer = Adan::new([w.clone()], 1e-3).weight_decay(0.02);
    /// w.set_grad(Some(tensor![2.0]));
    /// optimizer.step()?;
    /// # Ok::<(), wengert_optim::Error>(())
    /// ```
    Adan, AdanSettings, momentum beta1 {
        /// β₁, β₂ and β₃, the fractions that the means of gradients, of their differences and of squares keep: `betas`, 0.98, 0.92
        /// and 0.99 by default.
        betas(beta1 = 0.98 in SHARE, beta2 = 0.92 in SHARE, beta3 = 0.99 in SHARE);
        /// ε, which keeps the quotient finite: `eps`, 1e-8 by default.
        eps(eps = 1e-8 in NOT_NEGATIVE);
        /// λ, the pull of each parameter to 0, apart from the gradient: `weight_decay`, 0 by default.
        weight_decay(weight_decay = 0.0 in NOT_NEGATIVE);
    } flags {
        /// Maximises instead of minimising.
        maximize;
    }
}

formulas! {
    {
        pull: Pull,
        /// 1 / (1 + η·λ)
        shrink: C,
        /// 0 at the first step, which has no gradient before it, else 1.
        differs: C,
        /// η / (1 - β₁ᵗ)
        rate: C,
        /// η·β₂ / (1 - β₂ᵗ)
        ahead: C,
        beta1: C,
        beta2: C,
        beta3: C,
        /// 1 / √(1 - β₃ᵗ)
        root: C,
        eps: C,
    }
    /// m ← mean of g, v ← mean of its changes, n ← mean of squares, θ ← (θ - η·(m̂ + β₂·v̂)/(√n̂ + ε)) / (1 + η·λ)
    Nesterov [p, m = "exp_avg", v = "exp_avg_diff", n = "exp_avg_sq", before = "prev"] g => {
        let g = pull.on(p, g);
        let change = differs * (g - before);
        let (m, v) = (mean(beta1, m, g), mean(beta2, v, change));
        let look = g + beta2 * change;
        let n = mean(beta3, n, look * look);
        let step = (rate * m + ahead * v) / (n.sqrt() * root + eps);
        [shrink * (p - step), m, v, n, g]
    }
}

impl Rule for AdanSettings {
    type Formula = Formula;

    fn formula(&self, step: u64, _: &mut f64) -> Formula {
        let rate = self.learning_rate;
        Formula::Nesterov(Constants {
            pull: Pull::new(self.maximize, 0.0),
            shrink: C(1.0 / (1.0 + rate * self.weight_decay)),
            differs: C(if step == 1 { 0.0 } else { 1.0 }),
            rate: C(rate / filled(self.beta1, step)),
            ahead: C(rate * self.beta2 / filled(self.beta2, step)),
            beta1: C(self.beta1),
            beta2: C(self.beta2),
            beta3: C(self.beta3),
            root: C(1.0 / filled(self.beta3, step).sqrt()),
            eps: C(self.eps),
        })
    }
}
