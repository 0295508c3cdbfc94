//! `ProximalStep`: the second half of a step, for penalties whose minimum is at a kink, and for bounds.

use std::panic::Location;

use wengert_autograd::{Line, Param, matches};
use wengert_tensor::{Float, Tensor, keep};

use crate::groups::names;
use crate::settings::{Bound, NOT_NEGATIVE, POSITIVE};
use crate::{Error, Optimizer, Result};

/// A step on the parameters after each step of an optimiser. A penalty that is added to the loss brings weights near 0, where
/// its slope jumps, and they go on jumping around it; a proximal step sets them to exactly 0.
///
/// | after each step, with the learning rate η | |
/// |---|---|
/// | [`l1`](Self::l1) | θ ← sign(θ)·max(\|θ\| - η·λ, 0) |
/// | [`elastic_net`](Self::elastic_net) | the same, then θ ← θ/(1 + η·λ₂) |
/// | [`group_lasso`](Self::group_lasso) | θ_g ← θ_g·max(1 - η·λ·√n/‖θ_g‖, 0) for each row of n weights |
/// | [`max_norm`](Self::max_norm) | θ_g ← θ_g·min(1, c/‖θ_g‖) for each row |
///
/// Biases are left out unless they are named, and for rows also what is no matrix. It stands after the step, instead of the penalty
/// in the loss:
///
/// ```
/// use wengert_autograd::{Param, Tape};
/// use wengert_optim::{Optimizer, ProximalStep, Sgd};
/// use wengert_tensor::tensor;
///
/// // ½(w - a)² + λ·|w| is least at a, moved by λ towards 0.
/// let w = Param::new(tensor![1.0_f64, 1.0]);
/// let mut optimizer = Sgd::new([w.clone()], 0.5);
/// let sparse = ProximalStep::l1(0.25);
/// for _ in 0..50 {
///     let tape = Tape::new();
///     optimizer.zero_grad();
///     let loss = tape.param(&w).squared_error(&tensor![3.0, 0.125])?.sum() * 0.5;
///     loss.backward()?;
///     optimizer.step()?;
///     sparse.after(&optimizer)?;
/// }
/// assert!(w.value().allclose(&tensor![2.75, 0.0], 1e-12, 0.0, false)?);
/// assert_eq!(w.value().get(&[1])?, 0.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// It is the exact minimiser of the penalty plus ‖θ - θ'‖²/2η, which is what gradient descent needs to converge. Optimisers that
/// divide gradients, such as Adam, take the same step by their learning rate; the penalty weighs more there where they step less.
#[derive(Clone, Debug)]
#[must_use]
pub struct ProximalStep {
    kind: Kind,
    pattern: Option<String>,
    axis: isize,
    made: Line,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    ElasticNet { l1: f64, l2: f64 },
    GroupLasso(f64),
    MaxNorm(f64),
}

const NAME: &str = "ProximalStep";

impl ProximalStep {
    /// Of the penalty strength·Σ|θ|.
    #[track_caller]
    pub fn l1(strength: f64) -> Self {
        Self::elastic_net(strength, 0.0)
    }

    /// Of the penalty l1·Σ|θ| + ½·l2·Σθ².
    #[track_caller]
    pub fn elastic_net(l1: f64, l2: f64) -> Self {
        Self::new(Kind::ElasticNet { l1, l2 })
    }

    /// Of the penalty strength·Σ √n·‖θ_g‖ over rows of n weights: whole rows become 0.
    #[track_caller]
    pub fn group_lasso(strength: f64) -> Self {
        Self::new(Kind::GroupLasso(strength))
    }

    /// No row has a larger norm than this; 3 to 4 are usual next to dropout.
    #[track_caller]
    pub fn max_norm(max: f64) -> Self {
        Self::new(Kind::MaxNorm(max))
    }

    #[track_caller]
    fn new(kind: Kind) -> Self {
        Self { kind, pattern: None, axis: 0, made: Location::caller() }
    }

    /// With groups of all weights that have one index on this axis: 0, the default, for rows, which are the outputs of a linear layer;
    /// 1 for columns, its inputs.
    pub fn grouped_by(self, axis: isize) -> Self {
        Self { axis, ..self }
    }

    /// With only the parameters whose path fits a pattern, biases too: `encoder.*.weight`, see
    /// [`matches`](wengert_autograd::matches()).
    pub fn of(self, pattern: impl Into<String>) -> Self {
        Self { pattern: Some(pattern.into()), ..self }
    }

    /// Changes the parameters of this optimiser, which has just made a step, by its learning rate; the rates of groups are not looked
    /// at. Frozen parameters are left alone.
    ///
    /// # Errors
    /// [`Error::Setting`] if a strength is out of range, [`Error::Group`] if the pattern matches no parameter, [`Error::Tensor`] if a
    /// named parameter has no such axis. Nothing is changed then.
    #[track_caller]
    pub fn after<T: Float>(&self, optimizer: &(impl Optimizer<T> + ?Sized)) -> Result<()> {
        self.check::<T>()?;
        let parameters = optimizer.parameters();
        let mut found = false;
        for param in parameters.iter().filter(|param| self.is_for(param)) {
            found = true;
            if self.is_of_groups() {
                param.value().move_axis(self.axis, 0)?;
            }
        }
        if !found {
            let pattern = self.pattern.clone().unwrap_or_else(|| "all but biases".to_string());
            let (names, at) = (names(parameters), self.made);
            return Err(Error::Group { optimizer: NAME, pattern, names, at });
        }
        let rate = optimizer.learning_rate();
        for param in parameters.iter().filter(|param| self.is_for(param) && !param.is_frozen()) {
            param.set(self.moved(&param.value(), rate)?);
        }
        Ok(())
    }

    fn is_for<T: Float>(&self, param: &Param<T>) -> bool {
        match &self.pattern {
            Some(pattern) => matches(pattern, &param.path()),
            None => {
                let is_matrix = || param.inspect(|value, _, _| value.rank() > 1);
                !param.is_bias() && (!self.is_of_groups() || is_matrix())
            }
        }
    }

    fn is_of_groups(&self) -> bool {
        !matches!(self.kind, Kind::ElasticNet { .. })
    }

    /// The value after the step.
    #[track_caller]
    fn moved<T: Float>(&self, value: &Tensor<T>, rate: f64) -> Result<Tensor<T>> {
        match self.kind {
            Kind::ElasticNet { l1, l2 } => {
                Ok(value.softshrink(rate * l1).div_scalar(1.0 + rate * l2))
            }
            Kind::GroupLasso(strength) => self.scaled(value, |norm, count| {
                let off = rate * strength * (count as f64).sqrt();
                if norm <= off { 0.0 } else { 1.0 - off / norm }
            }),
            Kind::MaxNorm(max) => {
                self.scaled(value, |norm, _| if norm > max { max / norm } else { 1.0 })
            }
        }
    }

    /// Each group times a factor, which depends on its norm and the number of its elements.
    #[track_caller]
    fn scaled<T: Float>(
        &self,
        value: &Tensor<T>,
        factor: impl Fn(f64, usize) -> f64,
    ) -> Result<Tensor<T>> {
        let groups = value.move_axis(self.axis, 0)?;
        let number = groups.shape()[0];
        let count = value.len() / number.max(1);
        let norms = groups.reshape([number, count])?.norm_over(keep(-1), 2.0)?;
        let factors = norms.map(|norm| T::from_f64(factor(norm.to_f64(), count)));
        let mut shape = vec![1; value.rank()];
        shape[0] = number;
        Ok(value.try_mul(&factors.reshape(shape)?.move_axis(0, self.axis)?)?)
    }

    fn check<T: Float>(&self) -> Result<()> {
        let checked: &[(&'static str, f64, Bound)] = match &self.kind {
            Kind::ElasticNet { l1, l2 } => &[("l1", *l1, NOT_NEGATIVE), ("l2", *l2, NOT_NEGATIVE)],
            Kind::GroupLasso(strength) => &[("strength", *strength, NOT_NEGATIVE)],
            Kind::MaxNorm(max) => &[("max_norm", *max, POSITIVE)],
        };
        for &(setting, x, bound) in checked {
            if let Some(rule) = bound.broken_for::<T>(setting, x) {
                return Err(Error::Setting { optimizer: NAME, setting, rule, at: self.made });
            }
        }
        Ok(())
    }
}
