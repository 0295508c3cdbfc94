//! Adam and AdamW: running means of the gradient and of its square, corrected for their start from 0.

use wengert_tensor::compiled;
use wengert_tensor::pointwise::C;

use crate::core::Core;
use crate::rule::{self, Pull, Rule, decay, filled, formulas, mean};
use crate::settings::optimizer;

optimizer! {
    /// Adam: PyTorch's `Adam` (`lr` 1e-3 there).
    ///
    /// ```text
    /// g ← g + λ·θ
    /// m ← β₁·m + (1 - β₁)·g
    /// v ← β₂·v + (1 - β₂)·g²
    /// θ ← θ - η · m/(1 - β₁ᵗ) / (√(v/(1 - β₂ᵗ)) + ε)
    /// ```
    ///
    /// The first step of every element has size η, for any gradient. Weight decay is added to the gradient here, and so it is
    /// divided too; [`AdamW`] decays the parameter itself, which is usually better.
    ///
    /// ```
    /// # use wengert_autograd::Param;
    /// # use wengert_optim::{Adam, Optimizer};
    /// # use wengert_tensor::tensor;
    /// let w = Param::new(tensor![1.0_f32]);
    /// let mut optimizer = Adam::new([w.clone()], 1e-3);
    /// w.set_grad(Some(tensor![25.0]));
    /// optimizer.step()?;
    /// assert_eq!(w.value(), tensor![0.999]);
    /// # Ok::<(), wengert_optim::Error>(())
    /// ```
    Adam, AdamSettings, momentum beta1 {
        /// β₁ and β₂, the fractions of the two running means that a step keeps: `betas`, 0.9 and 0.999 by default.
        betas(beta1 = 0.9 in SHARE, beta2 = 0.999 in SHARE);
        /// ε, which keeps the quotient finite: `eps`, 1e-8 by default.
        eps(eps = 1e-8 in NOT_NEGATIVE);
        /// λ, the pull of each parameter towards 0, added to its gradient: `weight_decay`, 0 by default.
        weight_decay(weight_decay = 0.0 in NOT_NEGATIVE);
    } flags {
        /// Divides by the largest mean of squares so far, so that the step size never rises: AMSGrad, which converges in cases
        /// where Adam does not.
        amsgrad;
        /// Decays the parameter itself, as [`AdamW`] does.
        decoupled_weight_decay;
        /// Maximises instead of minimising.
        maximize;
        /// Leaves alone the rows of an embedding's table that a step has not seen, and their running means: PyTorch's `SparseAdam`.
        /// The other rows of a large table cost nothing then. Plain Adam moves them too, by what their running means hold of earlier
        /// steps. A whole gradient, as of any other parameter, is stepped with as usual.
        ///
        /// ```
        /// # use wengert_autograd::{Param, Tape};
        /// # use wengert_optim::{Adam, Optimizer};
        /// # use wengert_tensor::tensor;
        /// let table = Param::new(tensor![[1.0_f32], [2.0], [3.0]]);
        /// let mut optimizer = Adam::new([table.clone()], 0.5).lazy();
        /// for row in [0_usize, 2] {
        ///     table.zero_grad();
        ///     let tape = Tape::new();
        ///     tape.param(&table).rows(&tensor![row])?.sum().backward()?;
        ///     optimizer.step()?;
        /// }
        /// // Plain Adam would have moved row 0 a second time.
        /// assert!(table.value().allclose(&tensor![[0.5], [2.0], [2.6279]], 1e-4, 0.0, false)?);
        /// # Ok::<(), Box<dyn std::error::Error>>(())
        /// ```
        lazy;
    }
}

optimizer! {
    /// Adam with weight decay separate from the gradient: PyTorch's `AdamW` (`lr` 1e-3 there).
    ///
    /// ```text
    /// θ ← θ - η·λ·θ
    /// θ ← θ - η · m/(1 - β₁ᵗ) / (√(v/(1 - β₂ᵗ)) + ε)        m, v as in Adam
    /// ```
    ///
    /// ```
    /// # use wengert_autograd::Param;
    /// # use wengert_optim::{AdamW, Optimizer};
    /// # use wengert_tensor::tensor;
    /// let weight = Param::new(tensor![[1.0_f32]]);
    /// let bias = Param::new(tensor![1.0_f32]);
    /// weight.set_path("l1.weight");
    /// bias.set_path("l1.bias");
    /// // Biases are not decayed.
    /// let mut optimizer = AdamW::new([weight.clone(), bias.clone()], 1e-3)
    ///     .weight_decay(0.1)
    ///     .group("*.bias", |g| g.weight_decay(0.0));
    /// # weight.set_grad(Some(tensor![[1.0]]));
    /// # bias.set_grad(Some(tensor![1.0]));
    /// # optimizer.step()?;
    /// # Ok::<(), wengert_optim::Error>(())
    /// ```
    AdamW, AdamWSettings, momentum beta1 {
        /// β₁ and β₂, the fractions of the two running means that a step keeps: `betas`, 0.9 and 0.999 by default.
        betas(beta1 = 0.9 in SHARE, beta2 = 0.999 in SHARE);
        /// ε, which keeps the quotient finite: `eps`, 1e-8 by default.
        eps(eps = 1e-8 in NOT_NEGATIVE);
        /// λ, the pull of each parameter to 0: `weight_decay`, 0.01 by default.
        weight_decay(weight_decay = 0.01 in NOT_NEGATIVE);
    } flags {
        /// Divides by the largest mean of squares so far, so that the step size never rises: AMSGrad.
        amsgrad;
        /// Maximises instead of minimising.
        maximize;
    }
}

formulas! {
    {
        pull: Pull,
        /// 1 - η·λ, where the parameter itself is decayed.
        shrink: C,
        /// η / (1 - β₁ᵗ)
        rate: C,
        beta1: C,
        beta2: C,
        /// 1 / √(1 - β₂ᵗ)
        root: C,
        eps: C,
    }
    /// m ← mean of g, v ← mean of g², θ ← θ - η·m̂/(√v̂ + ε)
    Plain [p, m = "exp_avg", v = "exp_avg_sq"] g => {
        let g = pull.on(p, g);
        let (m, v) = (mean(beta1, m, g), mean(beta2, v, g * g));
        [shrink * p - rate * m / (v.sqrt() * root + eps), m, v]
    }
    /// With the largest v so far in place of v.
    Amsgrad [p, m = "exp_avg", v = "exp_avg_sq", top = "max_exp_avg_sq"] g => {
        let g = pull.on(p, g);
        let (m, v) = (mean(beta1, m, g), mean(beta2, v, g * g));
        let top = top.max(v);
        [shrink * p - rate * m / (top.sqrt() * root + eps), m, v, top]
    }
}

macro_rules! rule {
    ($Settings:ident, |$settings:ident| $decoupled:expr, $lazy:expr) => {
        impl Rule for $Settings {
            type Formula = Formula;

            fn formula(&self, step: u64, _: &mut f64) -> Formula {
                let ($settings, rate) = (self, self.learning_rate);
                let (pull, shrink) = decay(self.maximize, $decoupled, rate, self.weight_decay);
                let constants = Constants {
                    pull,
                    shrink,
                    rate: C(rate / filled(self.beta1, step)),
                    beta1: C(self.beta1),
                    beta2: C(self.beta2),
                    root: C(1.0 / filled(self.beta2, step).sqrt()),
                    eps: C(self.eps),
                };
                if self.amsgrad { Formula::Amsgrad(constants) } else { Formula::Plain(constants) }
            }

            fn is_by_rows(&self) -> bool {
                let $settings = self;
                $lazy
            }
        }
    };
}
rule!(AdamSettings, |settings| settings.decoupled_weight_decay, settings.lazy);
rule!(AdamWSettings, |_settings| true, false);

compiled!(f32: {
    Core::<T, AdamSettings>::step,
    Core::<T, AdamSettings>::apply,
    Core::<T, AdamSettings>::state,
    Core::<T, AdamSettings>::load_state,
    Core::<T, AdamWSettings>::step,
    Core::<T, AdamWSettings>::apply,
    Core::<T, AdamWSettings>::state,
    Core::<T, AdamWSettings>::load_state,
    <Formula as rule::Formula>::update::<T>,
    <Formula as rule::Formula>::update_rows::<T>,
});
