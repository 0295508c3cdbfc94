//! Barron's general robust loss: one number goes from the square over Charbonnier and Cauchy to losses that forget outliers.

use wengert_autograd::{Operand, Result, Var};
use wengert_tensor::Float;

use crate::Reduction;
use crate::criterion::Loss;
use crate::reduce::{reduce, reducible};
use crate::refuse::{alike, option};

/// (|α - 2|/α)·((z²/|α - 2| + 1)^(α/2) - 1) of z = (ŷ - y)/c; its mean is over all elements.
///
/// | α | it is |
/// |---|---|
/// | 2 | ½z², half the square |
/// | 1 | √(z² + 1) - 1, [Charbonnier's](crate::CharbonnierLoss) |
/// | 0 | ln(½z² + 1), [Cauchy's](crate::CauchyLoss) |
/// | -2 | 2z²/(z² + 4), Geman and McClure's |
/// | -∞ | 1 - exp(-½z²), Welsch's |
///
/// At 2, 0 and -∞, where the formula has no value, this is its limit. [`AdaptiveRobustLoss`](crate::AdaptiveRobustLoss) learns α
/// and c. J. Barron, *A General and Adaptive Robust Loss
/// Function*, 2019.
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub struct GeneralRobustLoss {
    alpha: f64,
    scale: f64,
    reduction: Reduction,
}

impl GeneralRobustLoss {
    /// With the shape α and the scale c.
    pub fn new(alpha: f64, scale: f64) -> Self {
        Self { alpha, scale, reduction: Reduction::Mean }
    }
}
reducible!(GeneralRobustLoss);

impl<'t, T: Float, Target: Operand<'t, T>> Loss<'t, T, Target> for GeneralRobustLoss {
    #[track_caller]
    fn forward(&self, prediction: Var<'t, T>, target: Target) -> Result<Var<'t, T>> {
        const OP: &str = "general_robust";
        let Self { alpha, scale, reduction } = *self;
        let target = target.on(prediction);
        alike(OP, "prediction", &prediction.shape(), "target", &target.shape())?;
        option(OP, scale > 0.0 && scale.is_finite(), || {
            format!("the scale is {scale}, and must be positive and finite")
        })?;
        option(OP, !alpha.is_nan() && alpha < f64::INFINITY, || {
            format!("alpha is {alpha}, and must be a number below infinity")
        })?;
        let z2 = prediction.try_sub(target)?.div_scalar(scale).square();
        let losses = if alpha == 2.0 {
            z2.mul_scalar(0.5)
        } else if alpha == 0.0 {
            z2.mul_scalar(0.5).log1p()
        } else if alpha == f64::NEG_INFINITY {
            -z2.mul_scalar(-0.5).expm1()
        } else {
            // (1 + u)^(α/2) - 1 as expm1(α/2 · log1p(u)): exact near 0, and near α = 0 and 2.
            let b = (alpha - 2.0).abs();
            let power = z2.div_scalar(b).log1p().mul_scalar(alpha / 2.0);
            power.expm1().mul_scalar(b / alpha)
        };
        reduce(OP, losses, reduction)
    }
}

/// The mean of [`GeneralRobustLoss`] over all elements.
///
/// # Errors
/// If the shapes differ, the scale is not positive, or there is no element.
#[track_caller]
pub fn general_robust<'t, T: Float>(
    prediction: Var<'t, T>,
    target: impl Operand<'t, T>,
    alpha: f64,
    scale: f64,
) -> Result<Var<'t, T>> {
    GeneralRobustLoss::new(alpha, scale).forward(prediction, target)
}
