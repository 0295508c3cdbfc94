//! Adafactor: the mean of squares of a matrix kept as one number a row and one a column.

use wengert_tensor::pointwise::{C, update_in_place};
use wengert_tensor::{Float, Tensor, keep};

use crate::rule::{self, Rule, compiled_in_dev, other_state};
use crate::settings::optimizer;
use crate::whole::{Mean, go, rms};

optimizer! {
    /// Adafactor: PyTorch's `Adafactor` (`lr` 0.01 there).
    ///
    /// ```text
    /// β = 1 - t^decay,  ρ = min(η, 1/√t),  α = max(ε₂, rms(θ))·ρ
    /// R ← β·R + (1 - β)·mean of g² over each row,  C ← the same over each column
    /// V = R·C / max(mean of R, ε₁)                  of a vector: V ← β·V + (1 - β)·g²
    /// u = g / √max(V, ε₁²)
    /// θ ← θ - η·λ·θ - α·u / max(1, rms(u)/d)
    /// ```
    ///
    /// ```
    /// # use wengert_autograd::Param;
    /// # use wengert_optim::{Adafactor, Optimizer};
    /// # use wengert_tensor::tensor;
    /// let w = Param::new(tensor![[1.0_f64, 2.0], [3.0, 4.0]]);
    /// let mut optimizer = Adafactor::new([w.clone()], 0.01);
    /// w.set_grad(Some(tensor![[1.0, 0.5], [0.5, 1.0]]));
    /// optimizer.step()?;
    /// # Ok::<(), wengert_optim::Error>(())
    /// ```
    Adafactor, AdafactorSettings {
        /// The power of t by which the means take in less and less: `beta2_decay`, -0.8 by default.
        beta2_decay(beta2_decay = -0.8 in FINITE);
        /// ε₁, under which a mean of squares counts for nothing (0, the default, stands for the distance from 1 to the next
        /// number of the parameters' type), and ε₂, the least size of a parameter, 1e-3: `eps`.
        eps(eps1 = 0.0 in NOT_NEGATIVE, eps2 = 1e-3 in NOT_NEGATIVE);
        /// d, the root mean square above which an update is scaled down: `d`, 1 by default.
        threshold(threshold = 1.0 in POSITIVE);
        /// λ, the pull of each parameter to 0, apart from the gradient: `weight_decay`, 0 by default.
        weight_decay(weight_decay = 0.0 in NOT_NEGATIVE);
    } flags {
        /// Maximises instead of minimising.
        maximize;
    }
}

#[derive(Clone, Copy)]
pub(crate) struct Formula {
    settings: [f64; 3],
    rate: f64,
    /// β
    keep: f64,
    /// 1 - η·λ
    shrink: f64,
    sign: f64,
}

impl Rule for AdafactorSettings {
    type Formula = Formula;

    fn formula(&self, step: u64, _: &mut f64) -> Formula {
        let t = step as f64;
        Formula {
            settings: [self.eps1, self.eps2, self.threshold],
            rate: self.learning_rate.min(1.0 / t.sqrt()),
            keep: 1.0 - t.powf(self.beta2_decay),
            shrink: 1.0 - self.learning_rate * self.weight_decay,
            sign: if self.maximize { -1.0 } else { 1.0 },
        }
    }

    fn start<T: Float>(&self, name: &str, value: &Tensor<T>) -> Tensor<T> {
        let mut shape = value.shape().to_vec();
        let rank = shape.len();
        match name {
            "row_var" => shape[rank - 1] = 1,
            "col_var" => shape[rank - 2] = 1,
            _ => {}
        }
        Tensor::zeros(shape)
    }
}

compiled_in_dev!(Formula);

/// Not place by place: the state of a matrix is smaller than the matrix.
impl rule::Formula for Formula {
    fn state(self, rank: usize) -> &'static [&'static str] {
        if rank > 1 { &["row_var", "col_var"] } else { &["variance"] }
    }

    #[track_caller]
    #[inline(never)]
    fn update<T: Float>(
        self,
        value: &mut Tensor<T>,
        state: &mut [Tensor<T>],
        g: &Tensor<T>,
    ) -> wengert_tensor::Result<()> {
        let [eps1, eps2, threshold] = self.settings;
        let eps1 = if eps1 == 0.0 { T::EPSILON.to_f64() } else { eps1 };
        let rate = rms(value)?.max(eps2) * self.rate;
        let take_in = Mean(C(self.keep));
        let squares = g.square();
        let variance = match state {
            [rows, columns] => {
                update_in_place(take_in, [rows], &squares.mean_over(keep(-1))?)?;
                update_in_place(take_in, [columns], &squares.mean_over(keep(-2))?)?;
                let middle = rows.mean_over(keep(-2))?.clamp(eps1, f64::INFINITY);
                rows.try_mul(columns)?.try_div(&middle)?
            }
            [variance] => {
                update_in_place(take_in, [&mut *variance], &squares)?;
                variance.clone()
            }
            _ => other_state(),
        };
        let u = variance.clamp(eps1 * eps1, f64::INFINITY).rsqrt().try_mul(g)?;
        let rate = self.sign * rate / (rms(&u)? / threshold).max(1.0);
        go(value, self.shrink, rate, &u)
    }
}
