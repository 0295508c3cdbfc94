//! Muon: momentum whose matrix is made orthogonal before the step.

use wengert_tensor::pointwise::{C, Real, Update, update_in_place};
use wengert_tensor::{Float, Tensor};

use crate::adam::{AdamWSettings, Formula as AdamW};
use crate::rule::{self, Rule, compiled_in_dev, mean};
use crate::settings::optimizer;
use crate::whole::{Mean, go, norm};

optimizer! {
    /// Muon, by Jordan and others, 2024, for matrices; everything else is updated by AdamW, with the same rate and decay. For
    /// matrices it is PyTorch's `Muon` (`lr` 1e-3 there), in the parameters' own precision.
    ///
    /// ```text
    /// m ← μ·m + (1 - μ)·g
    /// x = μ·m + (1 - μ)·g                      Nesterov's momentum
    /// x ← x/‖x‖, then five times x ← a·x + (b·xxᵀ + c·xxᵀxxᵀ)·x        about the nearest orthogonal matrix
    /// θ ← θ - η·λ·θ - η·√max(1, rows/columns)·x
    /// ```
    ///
    /// The iteration is Newton and Schulz's, with a, b, c = 3.4445, -4.775, 2.0315. It brings the singular values near 1, between
    /// 0.7 and 1.2, so each direction of a matrix moves by about the same amount.
    ///
    /// Its authors leave embeddings and the last layer to AdamW too, with a rate of its own:
    ///
    /// ```
    /// # use wengert_autograd::Param;
    /// # use wengert_optim::{Muon, Optimizer};
    /// # use wengert_tensor::{Tensor, tensor};
    /// # let param = |path: &str, shape: &[usize]| {
    /// #     let param = Param::new(Tensor::<f32>::ones(shape));
    /// #     param.set_path(path);
    /// #     param.set_grad(Some(Tensor::ones(shape)));
    /// #     param
    /// # };
    /// # let parameters = [param("body.weight", &[4, 3]), param("body.bias", &[4]), param("head.weight", &[2, 4])];
    /// let mut optimizer = Muon::new(parameters, 0.02)
    ///     .group("*.bias", |g| g.learning_rate(3e-4))
    ///     .group("head.*", |g| g.adamw().learning_rate(3e-4));
    /// optimizer.step()?;
    /// # assert!(optimizer.state().get("body.weight.momentum_buffer").is_some());
    /// # assert!(optimizer.state().get("head.weight.exp_avg_sq").is_some());
    /// # Ok::<(), wengert_optim::Error>(())
    /// ```
    Muon, MuonSettings, momentum momentum {
        /// μ, the fraction of the mean that is kept: `momentum`, 0.95 by default.
        momentum(momentum = 0.95 in SHARE);
        /// λ, the pull of each parameter to 0, apart from the gradient: `weight_decay`, 0.1 by default.
        weight_decay(weight_decay = 0.1 in NOT_NEGATIVE);
        /// ε, the least norm by which a matrix is divided: `eps`, 1e-7 by default.
        eps(eps = 1e-7 in POSITIVE);
        /// β₁ and β₂ of AdamW, for what is no matrix: 0.9 and 0.999 by default.
        adamw_betas(beta1 = 0.9 in SHARE, beta2 = 0.999 in SHARE);
        /// ε of AdamW: 1e-8 by default.
        adamw_eps(adamw_eps = 1e-8 in NOT_NEGATIVE);
    } flags {
        /// Updates matrices by AdamW too: for embeddings and the last layer, in a group.
        adamw;
        /// x = m: momentum that is not Nesterov's.
        plain_momentum;
        /// Multiplies the orthogonal matrix by 0.2·√max(rows, columns) instead, so that its elements are as large as AdamW's
        /// and a rate that suits AdamW suits Muon: `adjust_lr_fn="match_rms_adamw"`.
        match_rms_adamw;
        /// Maximises instead of minimising.
        maximize;
    }
}

/// a, b and c: a polynomial that brings singular values from 0…1 near 1 fast, though not to 1.
const QUINTIC: [f64; 3] = [3.4445, -4.775, 2.0315];
const ITERATIONS: usize = 5;

#[derive(Clone, Copy)]
pub(crate) struct Formula {
    /// For what is no matrix.
    other: AdamW,
    matrices: bool,
    momentum: f64,
    nesterov: bool,
    /// 1 - η·λ
    shrink: f64,
    /// η, negative to maximise.
    rate: f64,
    match_rms: bool,
    eps: f64,
}

/// g ← μ·m + (1 - μ)·g
#[derive(Clone, Copy)]
struct Ahead(C);

impl Update<1> for Ahead {
    #[inline(always)]
    fn step<R: Real>(self, [g]: [R; 1], m: R) -> [R; 1] {
        [mean(self.0, m, g)]
    }
}

/// y ← a·y + b·x
#[derive(Clone, Copy)]
struct Blend(C, C);

impl Update<1> for Blend {
    #[inline(always)]
    fn step<R: Real>(self, [y]: [R; 1], x: R) -> [R; 1] {
        [self.0 * y + self.1 * x]
    }
}

impl Rule for MuonSettings {
    type Formula = Formula;

    fn formula(&self, step: u64, carried: &mut f64) -> Formula {
        let mut other = AdamWSettings::new(self.learning_rate)
            .betas(self.beta1, self.beta2)
            .eps(self.adamw_eps)
            .weight_decay(self.weight_decay);
        if self.maximize {
            other = other.maximize();
        }
        Formula {
            other: other.formula(step, carried),
            matrices: !self.adamw,
            momentum: self.momentum,
            nesterov: !self.plain_momentum,
            shrink: 1.0 - self.learning_rate * self.weight_decay,
            rate: if self.maximize { -self.learning_rate } else { self.learning_rate },
            match_rms: self.match_rms_adamw,
            eps: self.eps,
        }
    }
}

compiled_in_dev!(Formula);

impl rule::Formula for Formula {
    fn state(self, rank: usize) -> &'static [&'static str] {
        if rank == 2 && self.matrices { &["momentum_buffer"] } else { self.other.state(rank) }
    }

    #[track_caller]
    #[inline(never)]
    fn update<T: Float>(
        self,
        value: &mut Tensor<T>,
        state: &mut [Tensor<T>],
        g: &Tensor<T>,
    ) -> wengert_tensor::Result<()> {
        let [m] = state else { return self.other.update(value, state, g) };
        update_in_place(Mean(C(self.momentum)), [&mut *m], g)?;
        let mut x = m.clone();
        if self.nesterov {
            x = g.clone();
            update_in_place(Ahead(C(self.momentum)), [&mut x], m)?;
        }
        let [rows, columns] = [0, 1].map(|axis| value.shape()[axis] as f64);
        let size = if self.match_rms {
            0.2 * rows.max(columns).sqrt()
        } else {
            (rows / columns).max(1.0).sqrt()
        };
        go(value, self.shrink, self.rate * size, &orthogonal(&x, self.eps)?)
    }
}

/// About the nearest matrix to x whose rows or columns are orthogonal to each other, and of length 1.
#[track_caller]
fn orthogonal<T: Float>(x: &Tensor<T>, eps: f64) -> wengert_tensor::Result<Tensor<T>> {
    if x.is_empty() {
        return Ok(x.clone());
    }
    let [a, b, c] = QUINTIC;
    // The products of rows are a smaller matrix than those of columns if there are fewer rows.
    let tall = x.shape()[0] > x.shape()[1];
    let mut x = if tall { x.t() } else { x.clone() };
    x = x.div_scalar(norm(&x)?.max(eps));
    for _ in 0..ITERATIONS {
        let mut gram = x.matmul(&x.t())?;
        let squared = gram.matmul(&gram)?;
        update_in_place(Blend(C(b), C(c)), [&mut gram], &squared)?;
        let turned = gram.matmul(&x)?;
        update_in_place(Blend(C(a), C(1.0)), [&mut x], &turned)?;
    }
    Ok(if tall { x.t() } else { x })
}
