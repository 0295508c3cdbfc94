//! Barron's adaptive robust loss: the general robust loss as a likelihood, whose shape and scale are learned with the model.

use std::f64::consts::FRAC_PI_2;
use std::fmt;

use wengert_autograd::{Operand, Param, Result, Var};
use wengert_tensor::{Axes, Float, Tensor};

use crate::Reduction;
use crate::criterion::Loss;
use crate::reduce::{fits, reduce, reducible};
use crate::refuse::{alike, every};

/// The least and the largest shape. At 0 and 2 themselves the formula has no value.
const SHAPES: (f64, f64) = (0.001, 1.999);
/// The least scale: without one, a model that fits exactly would drive the likelihood to infinity.
const LEAST_SCALE: f64 = 1e-5;

/// -ln p of p(e) = exp(-ρ(e, α, c)) / (c·Z(α)), ρ the [general robust loss](crate::GeneralRobustLoss), whose shape α and scale c
/// are parameters: ρ + ln c + ln Z(α). Its mean is over all elements.
///
/// ρ alone would be least for an α far below 0, which forgets all errors. Here ln Z(α) is the price of heavy tails, so α
/// becomes as small as the outliers in the data ask for: 2 is a normal distribution, 0 is Cauchy's.
///
/// α lies between 0.001 and 1.999, and c is above 1e-5. An optimiser takes the parameters of the loss next to those of the
/// model. In a `Trainer`, `Trainer::custom` of the pair `(&model, criterion.parameters())` saves both. J. Barron, *A General and Adaptive Robust
/// Loss Function*, 2019.
///
/// ```
/// use wengert_autograd::Tape;
/// use wengert_loss::{AdaptiveRobustLoss, Loss};
/// use wengert_tensor::tensor;
///
/// let criterion = AdaptiveRobustLoss::<f64>::new();
/// let tape = Tape::new();
/// let prediction = tape.var(tensor![1.0, 2.0, 50.0]);
/// criterion.forward(prediction, &tensor![1.1, 1.9, 3.0])?.backward()?;
/// // The gradient, which an optimiser follows backwards, asks for a smaller α: heavier tails.
/// assert!(criterion.latent_alpha.grad().unwrap().item()? > 0.0);
/// assert_eq!(criterion.parameters().len(), 2);
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct AdaptiveRobustLoss<T> {
    /// a, any number: α = 0.001 + 1.998·sigmoid(a).
    pub latent_alpha: Param<T>,
    /// s, any number: c = 1e-5 + eˢ.
    pub log_scale: Param<T>,
    nodes: Nodes<T>,
    reduction: Reduction,
}
reducible!(AdaptiveRobustLoss<T>);

impl<T: Float> fmt::Debug for AdaptiveRobustLoss<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { latent_alpha, log_scale, reduction, .. } = self;
        write!(f, "AdaptiveRobustLoss: {latent_alpha:?}, {log_scale:?}, {reduction:?}")
    }
}

impl<T: Float> Default for AdaptiveRobustLoss<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Float> AdaptiveRobustLoss<T> {
    /// From α = 1, Charbonnier's shape, and c = 1.
    pub fn new() -> Self {
        let named = |name: &str| {
            let param = Param::new(Tensor::scalar(T::ZERO));
            param.set_path(name);
            param
        };
        Self {
            latent_alpha: named("loss.latent_alpha"),
            log_scale: named("loss.log_scale"),
            nodes: Nodes::new(),
            reduction: Reduction::Mean,
        }
    }

    /// Both parameters.
    pub fn parameters(&self) -> Vec<Param<T>> {
        vec![self.latent_alpha.clone(), self.log_scale.clone()]
    }

    /// The present shape α.
    ///
    /// # Errors
    /// If its parameter was set to a tensor of several elements.
    pub fn alpha(&self) -> Result<f64> {
        let a = self.latent_alpha.value().item()?.to_f64();
        Ok(SHAPES.0 + (SHAPES.1 - SHAPES.0) / (1.0 + (-a).exp()))
    }

    /// The present scale c.
    ///
    /// # Errors
    /// If its parameter was set to a tensor of several elements.
    pub fn scale(&self) -> Result<f64> {
        Ok(LEAST_SCALE + self.log_scale.value().item()?.to_f64().exp())
    }
}

impl<'t, T: Float, Target: Operand<'t, T>> Loss<'t, T, Target> for AdaptiveRobustLoss<T> {
    #[track_caller]
    fn forward(&self, prediction: Var<'t, T>, target: Target) -> Result<Var<'t, T>> {
        let tape = prediction.tape();
        let a = tape.param(&self.latent_alpha).sigmoid();
        let alpha = a.mul_scalar(SHAPES.1 - SHAPES.0).add_scalar(SHAPES.0);
        let scale = tape.param(&self.log_scale).exp().add_scalar(LEAST_SCALE);
        let losses = likelihood(prediction, target.on(prediction), alpha, scale, &self.nodes)?;
        reduce(OP, losses, self.reduction)
    }
}

/// The mean over all elements of ρ + ln c + ln Z(α), as in [`AdaptiveRobustLoss`], for a shape α and a scale c that a model predicts:
/// of the prediction's shape, or of one that is repeated to it.
///
/// # Errors
/// If the shapes do not fit, α is not between 0 and 2, c is not positive, or there is no element.
#[track_caller]
pub fn robust_nll<'t, T: Float>(
    prediction: Var<'t, T>,
    target: impl Operand<'t, T>,
    alpha: impl Operand<'t, T>,
    scale: impl Operand<'t, T>,
) -> Result<Var<'t, T>> {
    let [y, alpha, scale] = [target.on(prediction), alpha.on(prediction), scale.on(prediction)];
    reduce(OP, likelihood(prediction, y, alpha, scale, &Nodes::new())?, Reduction::Mean)
}

const OP: &str = "robust_nll";

#[track_caller]
fn likelihood<'t, T: Float>(
    x: Var<'t, T>,
    y: Var<'t, T>,
    alpha: Var<'t, T>,
    scale: Var<'t, T>,
    nodes: &Nodes<T>,
) -> Result<Var<'t, T>> {
    let shape = x.shape();
    alike(OP, "prediction", &shape, "target", &y.shape())?;
    fits(OP, "alpha", &alpha.shape(), &shape)?;
    fits(OP, "the scale", &scale.shape(), &shape)?;
    let rule = "the shape lies between 0 and 2";
    every(OP, "alpha", &alpha.value()?, |a| a > 0.0 && a < 2.0, rule, None)?;
    let rule = "a scale is positive and finite";
    every(OP, "scale", &scale.value()?, |c| c > 0.0 && c.is_finite(), rule, None)?;
    let z = x.try_sub(y)?.try_div(scale)?;
    robust(z.square(), alpha)?.try_add(scale.ln())?.try_add(nodes.log_z(alpha)?)
}

/// ρ of z², for a shape that may be learned: (b/α)·((z²/b + 1)^(α/2) - 1), b = 2 - α.
#[track_caller]
fn robust<'t, T: Float>(z2: Var<'t, T>, alpha: Var<'t, T>) -> Result<Var<'t, T>> {
    let b = alpha.rsub_scalar(2.0);
    let power = z2.try_div(b)?.log1p().try_mul(alpha.mul_scalar(0.5))?;
    power.expm1().try_mul(b.try_div(alpha)?)
}

/// The squares and the logarithms of the weights with which Z(α) = ∫ exp(-ρ(z, α)) dz is a sum: the trapezoidal rule after the
/// substitution z = sinh(½π·sinh t), Takahasi and Mori's double exponential rule. It takes tails of every weight between a normal
/// distribution's and Cauchy's: ln Z is exact to 1e-12 up to α = 1.9, and to 2e-10 at 1.999.
#[derive(Clone)]
struct Nodes<T> {
    squares: Tensor<T>,
    log_weights: Tensor<T>,
}

impl<T: Float> Nodes<T> {
    fn new() -> Self {
        const STEP: f64 = 1.0 / 32.0;
        // From 0 to z = 10¹⁷; the other half is alike, so each node but the first counts twice.
        let t = (0..=124).map(|k| STEP * f64::from(k));
        let (squares, log_weights): (Vec<T>, Vec<T>) = t
            .map(|t| {
                let u = FRAC_PI_2 * t.sinh();
                let times = if t == 0.0 { 1.0 } else { 2.0 };
                let weight = times * STEP * FRAC_PI_2 * t.cosh() * u.cosh();
                (T::from_f64(u.sinh().powi(2)), T::from_f64(weight.ln()))
            })
            .unzip();
        Self { squares: Tensor::from(squares), log_weights: Tensor::from(log_weights) }
    }

    /// ln Z(α), in ops, so that its slope along α follows.
    #[track_caller]
    fn log_z<'t>(&self, alpha: Var<'t, T>) -> Result<Var<'t, T>> {
        let tape = alpha.tape();
        let (z2, w) =
            (tape.constant(self.squares.clone()), tape.constant(self.log_weights.clone()));
        w.try_sub(robust(z2, alpha.unsqueeze(-1)?)?)?.logsumexp_over(Axes::from(-1))
    }
}
