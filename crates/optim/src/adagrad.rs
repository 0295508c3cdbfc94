//! AdaGrad: a rate for each number, which falls with the squares of all gradients so far.

use wengert_tensor::pointwise::C;
use wengert_tensor::{Float, Tensor};

use crate::rule::{Pull, Rule, formulas};
use crate::settings::optimizer;

optimizer! {
    /// AdaGrad: PyTorch's `Adagrad` (`lr` 0.01 there).
    ///
    /// ```text
    /// g ← g + λ·θ
    /// s ← s + g²
    /// θ ← θ - η / (1 + (t - 1)·lr_decay) · g / (√s + ε)
    /// ```
    ///
    /// The first step of every number is η, whatever its gradient's size.
    ///
    /// ```
    /// # use wengert_autograd::Param;
    /// # use wengert_optim::{Adagrad, Optimizer};
    /// # use wengert_tensor::tensor;
    /// let w = Param::new(tensor![1.0_f32, 1.0]);
    /// let mut optimizer = Adagrad::new([w.clone()], 0.5);
    /// w.set_grad(Some(tensor![8.0, -1e3]));
    /// optimizer.step()?;
    /// assert_eq!(w.value(), tensor![0.5, 1.5]);
    /// # Ok::<(), wengert_optim::Error>(())
    /// ```
    Adagrad, AdagradSettings {
        /// The fall of the rate with the steps: `lr_decay`, 0 by default.
        lr_decay(lr_decay = 0.0 in NOT_NEGATIVE);
        /// λ, the pull of each parameter towards 0, added to its gradient: `weight_decay`, 0 by default.
        weight_decay(weight_decay = 0.0 in NOT_NEGATIVE);
        /// The initial value of the sums of squares: `initial_accumulator_value`, 0 by default.
        initial_accumulator(initial_accumulator = 0.0 in NOT_NEGATIVE);
        /// ε, which keeps the quotient finite: `eps`, 1e-10 by default.
        eps(eps = 1e-10 in NOT_NEGATIVE);
    } flags {
        /// Maximises instead of minimising.
        maximize;
    }
}

formulas! {
    { pull: Pull, rate: C, eps: C }
    /// s ← s + g², θ ← θ - η·g/(√s + ε)
    Squares [p, sum = "sum"] g => {
        let g = pull.on(p, g);
        let sum = sum + g * g;
        [p - rate * g / (sum.sqrt() + eps), sum]
    }
}

impl Rule for AdagradSettings {
    type Formula = Formula;

    fn formula(&self, step: u64, _: &mut f64) -> Formula {
        Formula::Squares(Constants {
            pull: Pull::new(self.maximize, self.weight_decay),
            rate: C(self.learning_rate / (1.0 + (step - 1) as f64 * self.lr_decay)),
            eps: C(self.eps),
        })
    }

    fn start<T: Float>(&self, _: &str, value: &Tensor<T>) -> Tensor<T> {
        value.full_like(T::from_f64(self.initial_accumulator))
    }
}
