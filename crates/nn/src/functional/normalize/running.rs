//! Running statistics of channels, and normalisation by them.

use wengert_autograd::{Result, Var};
use wengert_tensor::{Axes, Error, Fault, Float, Tensor};

use crate::functional::per_channel;

/// Running means and variances of channels, `[C]` each.
#[derive(Clone)]
pub struct RunningStats<T> {
    /// The means.
    pub mean: Tensor<T>,
    /// The variances, each an estimate without bias.
    pub var: Tensor<T>,
}

impl<T: Float> std::fmt::Debug for RunningStats<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RunningStats of {} channels", self.mean.len())
    }
}

impl<T: Float> RunningStats<T> {
    /// Moved towards the newest by `momentum`.
    pub(super) fn moved(&self, mean: &Tensor<T>, var: &Tensor<T>, momentum: f64) -> Result<Self> {
        let moved = |old: &Tensor<T>, new: &Tensor<T>| {
            old.mul_scalar(1.0 - momentum).try_add(&new.mul_scalar(momentum))
        };
        Ok(Self { mean: moved(&self.mean, mean)?, var: moved(&self.var, var)? })
    }

    #[track_caller]
    pub(super) fn check(&self, op: &'static str, x: &[usize], channels: usize) -> Result<()> {
        for stat in [&self.mean, &self.var] {
            if stat.shape() != [channels] {
                let rule = format!("running statistics must be [{channels}], one a channel");
                return Err(Error::Shape(Fault::new(op, &[x, stat.shape()], rule)).into());
            }
        }
        Ok(())
    }
}

/// (x - mean) / √(variance + eps) by statistics of old, which are constants.
#[track_caller]
pub(super) fn by_running<'t, T: Float>(
    x: Var<'t, T>,
    stats: &RunningStats<T>,
    eps: f64,
) -> Result<Var<'t, T>> {
    let shape = per_channel(stats.mean.len(), x.rank());
    let scale = stats.var.add_scalar(eps).rsqrt().reshape(&shape)?;
    x.try_sub(stats.mean.reshape(&shape)?)?.try_mul(scale)
}

/// Mean over axes, and variance with Bessel's correction.
pub(super) fn mean_and_variance<T: Float>(x: &Tensor<T>, axes: &[isize]) -> Result<[Tensor<T>; 2]> {
    let axes = Axes::from(axes);
    Ok(match x.moments(&axes) {
        Some([mean, var]) => {
            let count = axes.count(x.shape())?;
            [mean, var.mul_scalar(count / (count - 1.0))]
        }
        None => [x.mean_over(axes.clone())?, x.var_over(axes, 1.0)?],
    })
}
