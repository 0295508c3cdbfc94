//! Rprop: steps by the gradient's sign alone, longer while it stays, shorter when it turns.

use wengert_tensor::pointwise::{C, ONE, ZERO};
use wengert_tensor::{Float, Tensor};

use crate::rule::{Pull, Rule, formulas};
use crate::settings::optimizer;

optimizer! {
    /// Resilient backpropagation: PyTorch's `Rprop` (`lr` 0.01 there). For gradients over all the data at once.
    ///
    /// ```text
    /// s ← s·η⁺ where g and the gradient before have one sign, s·η⁻ where they have not; within bounds
    /// g ← 0 where the sign turned
    /// θ ← θ - s·sign(g)
    /// ```
    ///
    /// The learning rate is what s starts from.
    ///
    /// ```
    /// # use wengert_autograd::Param;
    /// # use wengert_optim::{Optimizer, Rprop};
    /// # use wengert_tensor::tensor;
    /// let w = Param::new(tensor![1.0_f32, 1.0]);
    /// let mut optimizer = Rprop::new([w.clone()], 0.5);
    /// w.set_grad(Some(tensor![1e-3, -1e3]));
    /// optimizer.step()?;
    /// assert_eq!(w.value(), tensor![0.5, 1.5]);
    /// # Ok::<(), wengert_optim::Error>(())
    /// ```
    Rprop, RpropSettings {
        /// η⁻ and η⁺, by which a step grows shorter and longer: `etas`, 0.5 and 1.2 by default.
        etas(eta_minus = 0.5 in BELOW_ONE, eta_plus = 1.2 in ABOVE_ONE);
        /// The shortest and the longest step: `step_sizes`, 1e-6 and 50 by default.
        step_sizes(shortest = 1e-6 in NOT_NEGATIVE, longest = 50.0 in POSITIVE);
    } flags {
        /// Maximises instead of minimising.
        maximize;
    }
}

formulas! {
    { pull: Pull, minus: C, plus: C, shortest: C, longest: C }
    /// s ← s·η⁺ or s·η⁻, θ ← θ - s·sign(g)
    Signs [p, before = "prev", size = "step_size"] g => {
        let g = pull.on(p, g);
        let turned = g * before;
        let longer = turned.when_gt(ZERO, plus, ONE);
        let factor = (-turned).when_gt(ZERO, minus, longer);
        let size = (size * factor).max(shortest).min(longest);
        let g = (-turned).when_gt(ZERO, ZERO, g);
        [p - g.sign() * size, g, size]
    }
}

impl Rule for RpropSettings {
    type Formula = Formula;

    fn formula(&self, _: u64, _: &mut f64) -> Formula {
        Formula::Signs(Constants {
            pull: Pull::new(self.maximize, 0.0),
            minus: C(self.eta_minus),
            plus: C(self.eta_plus),
            shortest: C(self.shortest),
            longest: C(self.longest),
        })
    }

    fn start<T: Float>(&self, name: &str, value: &Tensor<T>) -> Tensor<T> {
        let start = if name == "step_size" { self.learning_rate } else { 0.0 };
        value.full_like(T::from_f64(start))
    }
}
