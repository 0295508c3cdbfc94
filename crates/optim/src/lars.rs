//! LARS: gradient descent whose rate for each parameter follows its size.

use wengert_tensor::pointwise::C;
use wengert_tensor::{Float, Tensor};

use crate::rule::{self, Pull, Rule, compiled_in_dev, formulas};
use crate::settings::optimizer;
use crate::whole::{norm, trust_ratio};

optimizer! {
    /// LARS, by You and others, 2017: gradient descent with a rate of its own for each parameter. For large batches.
    ///
    /// ```text
    /// r = trust·‖θ‖ / (‖g‖ + λ·‖θ‖ + ε)         1 if θ or its gradient is 0
    /// v ← μ·v + η·r·(g + λ·θ)
    /// θ ← θ - v
    /// ```
    ///
    /// Norms are of a whole parameter, such as a layer's weight. Biases and the weights of norms are usually left out of it, as the
    /// example shows.
    ///
    /// ```
    /// # use wengert_autograd::Param;
    /// # use wengert_optim::{Lars, Optimizer};
    /// # use wengert_tensor::tensor;
    /// let (w, b) = (Param::new(tensor![[3.0_f64, 4.0]]), Param::new(tensor![1.0_f64]));
    /// w.set_path("l1.weight");
    /// b.set_path("l1.bias");
    /// let mut optimizer = Lars::new([w.clone(), b.clone()], 0.5)
    ///     .trust_coefficient(0.1)
    ///     .group("*.bias", |g| g.without_trust_ratio());
    /// w.set_grad(Some(tensor![[0.0, 10.0]]));
    /// b.set_grad(Some(tensor![1.0]));
    /// optimizer.step()?;
    /// // r is 0.1 · 5/10: the step is as long as a twentieth of the parameter, times the rate.
    /// assert_eq!(w.value(), tensor![[3.0, 3.75]]);
    /// assert_eq!(b.value(), tensor![0.5]);
    /// # Ok::<(), wengert_optim::Error>(())
    /// ```
    Lars, LarsSettings, momentum momentum {
        /// The fraction of the previous step that is kept: `momentum`, 0.9 by default.
        momentum(momentum = 0.9 in UP_TO_ONE);
        /// λ, the pull of each parameter towards 0, added to its gradient: `weight_decay`, 0 by default.
        weight_decay(weight_decay = 0.0 in NOT_NEGATIVE);
        /// The size of a step in proportion to its parameter, at a learning rate of 1: `trust_coefficient`, 0.001 by default.
        trust_coefficient(trust_coefficient = 0.001 in POSITIVE);
        /// ε, which is added to the gradient's norm: `eps`, 0 by default.
        eps(eps = 0.0 in NOT_NEGATIVE);
    } flags {
        /// Leaves r at 1: gradient descent with momentum. For biases, in a group.
        without_trust_ratio;
        /// Maximises instead of minimising.
        maximize;
    }
}

formulas! {
    { pull: Pull, rate: C, momentum: C }
    /// v ← μ·v + η·r·(g + λ·θ), θ ← θ - v
    Momentum [p, v = "momentum_buffer"] g => {
        let v = momentum * v + rate * pull.on(p, g);
        [p - v, v]
    }
}

/// The elementwise formula, whose rate is multiplied by r first.
#[derive(Clone, Copy)]
pub(crate) struct Scaled {
    constants: Constants,
    /// `trust`, λ and ε; `None` leaves r at 1.
    trust: Option<[f64; 3]>,
}

impl Rule for LarsSettings {
    type Formula = Scaled;

    fn formula(&self, _: u64, _: &mut f64) -> Scaled {
        let trust = [self.trust_coefficient, self.weight_decay, self.eps];
        Scaled {
            constants: Constants {
                pull: Pull::new(self.maximize, self.weight_decay),
                rate: C(self.learning_rate),
                momentum: C(self.momentum),
            },
            trust: (!self.without_trust_ratio).then_some(trust),
        }
    }
}

compiled_in_dev!(Scaled);

impl rule::Formula for Scaled {
    fn state(self, rank: usize) -> &'static [&'static str] {
        rule::Formula::state(Formula::Momentum(self.constants), rank)
    }

    #[track_caller]
    #[inline(never)]
    fn update<T: Float>(
        self,
        value: &mut Tensor<T>,
        state: &mut [Tensor<T>],
        g: &Tensor<T>,
    ) -> wengert_tensor::Result<()> {
        let mut constants = self.constants;
        if let Some([trust, decay, eps]) = self.trust {
            let (value, g) = (norm(value)?, norm(g)?);
            let pulled = if g > 0.0 { g + decay * value + eps } else { 0.0 };
            constants.rate = C(constants.rate.0 * trust_ratio(trust * value, pulled));
        }
        rule::Formula::update(Formula::Momentum(constants), value, state, g)
    }
}
