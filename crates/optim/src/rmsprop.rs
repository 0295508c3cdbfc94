//! RMSprop: a rate for each number, by the running mean of its squared gradients.

use wengert_tensor::pointwise::{C, Real, ZERO};

use crate::rule::{Pull, Rule, formulas, mean};
use crate::settings::optimizer;

optimizer! {
    /// RMSprop: PyTorch's `RMSprop` (`lr` 0.01 there).
    ///
    /// ```text
    /// g ← g + λ·θ
    /// s ← α·s + (1 - α)·g²
    /// m ← α·m + (1 - α)·g                where centered; else m = 0
    /// v ← μ·v + g / (√(s - m²) + ε)      momentum μ
    /// θ ← θ - η·v
    /// ```
    ///
    /// The mean starts from 0 and is not corrected for it, so the first steps are long: η / √(1 - α), ten times η. ε stands
    /// outside the root; TensorFlow's stands inside.
    ///
    /// ```
    /// # use wengert_autograd::Param;
    /// # use wengert_optim::{Optimizer, RmsProp};
    /// # use wengert_tensor::tensor;
    /// let w = Param::new(tensor![1.0_f64]);
    /// let mut optimizer = RmsProp::new([w.clone()], 0.01).alpha(0.9).momentum(0.9);
    /// w.set_grad(Some(tensor![2.0]));
    /// optimizer.step()?;
    /// # Ok::<(), wengert_optim::Error>(())
    /// ```
    RmsProp, RmsPropSettings, momentum momentum {
        /// α, the fraction of the running mean that a step keeps: `alpha`, 0.99 by default.
        alpha(alpha = 0.99 in SHARE);
        /// ε, which keeps the quotient finite: `eps`, 1e-8 by default.
        eps(eps = 1e-8 in NOT_NEGATIVE);
        /// λ, the pull of each parameter towards 0, added to its gradient: `weight_decay`, 0 by default.
        weight_decay(weight_decay = 0.0 in NOT_NEGATIVE);
        /// μ, the fraction of the previous step that is kept: `momentum`, 0 by default.
        momentum(momentum = 0.0 in UP_TO_ONE);
    } flags {
        /// Divides by the deviation from the mean gradient in place of the size: `centered`.
        centered;
        /// Maximises instead of minimising.
        maximize;
    }
}

formulas! {
    { pull: Pull, rate: C, alpha: C, eps: C, momentum: C }
    /// θ ← θ - η·g/(√s + ε)
    Plain [p, s = "square_avg"] g => {
        let g = pull.on(p, g);
        let s = mean(alpha, s, g * g);
        [p - rate * g / (s.sqrt() + eps), s]
    }
    /// v ← μ·v + g/(√s + ε), θ ← θ - η·v
    Momentum [p, s = "square_avg", v = "momentum_buffer"] g => {
        let g = pull.on(p, g);
        let s = mean(alpha, s, g * g);
        let v = momentum * v + g / (s.sqrt() + eps);
        [p - rate * v, s, v]
    }
    /// `Plain` with the variance in place of the mean of squares.
    Centered [p, s = "square_avg", m = "grad_avg"] g => {
        let g = pull.on(p, g);
        let (s, m) = (mean(alpha, s, g * g), mean(alpha, m, g));
        [p - rate * g / (deviation(s, m) + eps), s, m]
    }
    /// `Momentum` with the variance in place of the mean of squares.
    CenteredMomentum [p, s = "square_avg", m = "grad_avg", v = "momentum_buffer"] g => {
        let g = pull.on(p, g);
        let (s, m) = (mean(alpha, s, g * g), mean(alpha, m, g));
        let v = momentum * v + g / (deviation(s, m) + eps);
        [p - rate * v, s, m, v]
    }
}

/// √(s - m²); rounding may take the variance of a gradient that never changes below 0.
#[inline(always)]
fn deviation<R: Real>(s: R, m: R) -> R {
    (s - m * m).max(ZERO).sqrt()
}

impl Rule for RmsPropSettings {
    type Formula = Formula;

    fn formula(&self, _: u64, _: &mut f64) -> Formula {
        let constants = Constants {
            pull: Pull::new(self.maximize, self.weight_decay),
            rate: C(self.learning_rate),
            alpha: C(self.alpha),
            eps: C(self.eps),
            momentum: C(self.momentum),
        };
        match (self.centered, self.momentum != 0.0) {
            (false, false) => Formula::Plain(constants),
            (false, true) => Formula::Momentum(constants),
            (true, false) => Formula::Centered(constants),
            (true, true) => Formula::CenteredMomentum(constants),
        }
    }
}
