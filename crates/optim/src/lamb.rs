//! LAMB: Adam whose step for each parameter is as large as the parameter.

use wengert_tensor::pointwise::C;
use wengert_tensor::{Float, Tensor};

use crate::rule::{self, Pull, Rule, compiled_in_dev, filled, formulas, mean};
use crate::settings::optimizer;
use crate::whole::{go, norm, trust_ratio};

optimizer! {
    /// LAMB, by You and others, 2020: Adam with a rate of its own for each parameter. For large batches.
    ///
    /// ```text
    /// m ← β₁·m + (1 - β₁)·g,  v ← β₂·v + (1 - β₂)·g²
    /// u = m/(1 - β₁ᵗ) / (√(v/(1 - β₂ᵗ)) + ε) + λ·θ
    /// θ ← θ - η·‖θ‖/‖u‖·u                     η·u if one of the norms is 0
    /// ```
    ///
    /// Norms are of a whole parameter, such as a layer's weight.
    ///
    /// ```
    /// # use wengert_autograd::Param;
    /// # use wengert_optim::{Lamb, Optimizer};
    /// # use wengert_tensor::tensor;
    /// let w = Param::new(tensor![3.0_f64, 4.0]);
    /// let mut optimizer = Lamb::new([w.clone()], 0.1).eps(0.0);
    /// w.set_grad(Some(tensor![1e-3, 1e3]));
    /// optimizer.step()?;
    /// // The first u is (1, 1); the step is a tenth of the parameter's norm, 5.
    /// let step = 0.5 / 2.0_f64.sqrt();
    /// assert!(w.value().allclose(&tensor![3.0 - step, 4.0 - step], 1e-12, 0.0, false)?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    Lamb, LambSettings, momentum beta1 {
        /// β₁ and β₂, the fractions of the two running means that a step keeps: `betas`, 0.9 and 0.999 by default.
        betas(beta1 = 0.9 in SHARE, beta2 = 0.999 in SHARE);
        /// ε, which keeps the quotient finite: `eps`, 1e-6 by default.
        eps(eps = 1e-6 in NOT_NEGATIVE);
        /// λ, the pull of each parameter to 0, added to u: `weight_decay`, 0 by default.
        weight_decay(weight_decay = 0.0 in NOT_NEGATIVE);
    } flags {
        /// Steps by η·u, as AdamW does. For biases, in a group.
        without_trust_ratio;
        /// Maximises instead of minimising.
        maximize;
    }
}

formulas! {
    {
        pull: Pull,
        decay: C,
        /// 1 / (1 - β₁ᵗ)
        fill: C,
        beta1: C,
        beta2: C,
        /// 1 / √(1 - β₂ᵗ)
        root: C,
        eps: C,
    }
    /// m ← mean of g, v ← mean of g², and u in place of θ
    Direction [p, m = "exp_avg", v = "exp_avg_sq"] g => {
        let g = pull.on(p, g);
        let (m, v) = (mean(beta1, m, g), mean(beta2, v, g * g));
        [fill * m / (v.sqrt() * root + eps) + decay * p, m, v]
    }
}

/// The elementwise formula gives the direction, and the step is as large as the parameter.
#[derive(Clone, Copy)]
pub(crate) struct Scaled {
    direction: Formula,
    rate: f64,
    trust: bool,
}

impl Rule for LambSettings {
    type Formula = Scaled;

    fn formula(&self, step: u64, _: &mut f64) -> Scaled {
        let direction = Formula::Direction(Constants {
            pull: Pull::new(self.maximize, 0.0),
            decay: C(self.weight_decay),
            fill: C(1.0 / filled(self.beta1, step)),
            beta1: C(self.beta1),
            beta2: C(self.beta2),
            root: C(1.0 / filled(self.beta2, step).sqrt()),
            eps: C(self.eps),
        });
        Scaled { direction, rate: self.learning_rate, trust: !self.without_trust_ratio }
    }
}

compiled_in_dev!(Scaled);

impl rule::Formula for Scaled {
    fn state(self, rank: usize) -> &'static [&'static str] {
        self.direction.state(rank)
    }

    #[track_caller]
    #[inline(never)]
    fn update<T: Float>(
        self,
        value: &mut Tensor<T>,
        state: &mut [Tensor<T>],
        g: &Tensor<T>,
    ) -> wengert_tensor::Result<()> {
        // A copy is written, since the parameter holds the buffer.
        let mut u = value.clone();
        self.direction.update(&mut u, state, g)?;
        let ratio = if self.trust { trust_ratio(norm(value)?, norm(&u)?) } else { 1.0 };
        go(value, 1.0, self.rate * ratio, &u)
    }
}
