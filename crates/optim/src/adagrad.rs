//! AdaGrad: a rate for each number, which falls with the squares of all gradients so far.

use wengert_tensor::pointwise::{C, Real, Update, update_in_place};
use wengert_tensor::{Float, Tensor};

use crate::rule::{Pull, Rule, unkept};
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
        /// How the rate falls with the steps: `lr_decay`, 0 by default.
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

#[derive(Clone, Copy)]
pub(crate) struct Formula {
    pull: Pull,
    rate: C,
    eps: C,
}

impl Update<2> for Formula {
    #[inline(always)]
    fn step<R: Real>(self, [p, sum]: [R; 2], g: R) -> [R; 2] {
        let g = self.pull.on(p, g);
        let sum = sum + g * g;
        [p - self.rate * g / (sum.sqrt() + self.eps), sum]
    }
}

impl Rule for AdagradSettings {
    type Formula = Formula;

    fn kept(&self, _: usize) -> &'static [&'static str] {
        &["sum"]
    }

    fn start<T: Float>(&self, _: &str, value: &Tensor<T>) -> Tensor<T> {
        value.full_like(T::from_f64(self.initial_accumulator))
    }

    fn formula(&self, step: u64, _: &mut f64) -> Formula {
        Formula {
            pull: Pull::new(self.maximize, self.weight_decay),
            rate: C(self.learning_rate / (1.0 + (step - 1) as f64 * self.lr_decay)),
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
        let [sum] = kept else { unkept() };
        update_in_place(formula, [value, sum], g)
    }
}
