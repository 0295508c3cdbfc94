//! Adam and AdamW: running means of the gradient and of its square, corrected for their start from 0.

use wengert_tensor::pointwise::{C, Real, Update, update_in_place};
use wengert_tensor::{Float, Tensor};

use crate::rule::{Pull, Rule, filled, mean, unkept};
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
    Adam, AdamSettings {
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
    AdamW, AdamWSettings {
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

#[derive(Clone, Copy)]
pub(crate) struct Formula {
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

impl Formula {
    #[inline(always)]
    fn means<R: Real>(self, [p, m, v]: [R; 3], g: R) -> [R; 2] {
        let g = self.pull.on(p, g);
        [mean(self.beta1, m, g), mean(self.beta2, v, g * g)]
    }

    #[inline(always)]
    fn moved<R: Real>(self, p: R, m: R, v: R) -> R {
        self.shrink * p - self.rate * m / (v.sqrt() * self.root + self.eps)
    }
}

impl Update<3> for Formula {
    #[inline(always)]
    fn step<R: Real>(self, [p, m, v]: [R; 3], g: R) -> [R; 3] {
        let [m, v] = self.means([p, m, v], g);
        [self.moved(p, m, v), m, v]
    }
}

/// With the largest v so far in place of v.
#[derive(Clone, Copy)]
struct Amsgrad(Formula);

impl Update<4> for Amsgrad {
    #[inline(always)]
    fn step<R: Real>(self, [p, m, v, top]: [R; 4], g: R) -> [R; 4] {
        let [m, v] = self.0.means([p, m, v], g);
        let top = top.max(v);
        [self.0.moved(p, m, top), m, v, top]
    }
}

macro_rules! rule {
    ($Settings:ident, |$settings:ident| $decoupled:expr) => {
        impl Rule for $Settings {
            type Formula = Formula;

            fn kept(&self, _: usize) -> &'static [&'static str] {
                if self.amsgrad {
                    &["exp_avg", "exp_avg_sq", "max_exp_avg_sq"]
                } else {
                    &["exp_avg", "exp_avg_sq"]
                }
            }

            fn formula(&self, step: u64, _: &mut f64) -> Formula {
                let $settings = self;
                let [pull, shrink] = if $decoupled {
                    [0.0, 1.0 - self.learning_rate * self.weight_decay]
                } else {
                    [self.weight_decay, 1.0]
                };
                Formula {
                    pull: Pull::new(self.maximize, pull),
                    shrink: C(shrink),
                    rate: C(self.learning_rate / filled(self.beta1, step)),
                    beta1: C(self.beta1),
                    beta2: C(self.beta2),
                    root: C(1.0 / filled(self.beta2, step).sqrt()),
                    eps: C(self.eps),
                }
            }

            #[track_caller]
            #[inline]
            fn run<T: Float>(
                formula: Formula,
                value: &mut Tensor<T>,
                kept: &mut [Tensor<T>],
                g: &Tensor<T>,
            ) -> wengert_tensor::Result<()> {
                match kept {
                    [m, v] => update_in_place(formula, [value, m, v], g),
                    [m, v, top] => update_in_place(Amsgrad(formula), [value, m, v, top], g),
                    _ => unkept(),
                }
            }

            fn set_momentum(&mut self, momentum: f64) -> bool {
                self.beta1 = momentum;
                true
            }
        }
    };
}
rule!(AdamSettings, |settings| settings.decoupled_weight_decay);
rule!(AdamWSettings, |_settings| true);
