//! Losses of the error of a number, each a function of prediction and target element by element.

use wengert_autograd::{Operand, Result, Var};
use wengert_tensor::{Float, Tensor};

use crate::Reduction;
use crate::criterion::Loss;
use crate::reduce::{reduce, reducible};
use crate::refuse::{alike, option};

/// Declares a pointwise loss: the struct, its function, and the formula; `valid` is what its options must fulfil.
macro_rules! pointwise {
    ($(
        $(#[$doc:meta])*
        $Loss:ident $name:ident ($($(#[$option_doc:meta])* $option:ident = $default:literal $valid:literal |$v:ident| $test:expr)?)
            = |$a:ident, $b:ident| $formula:expr;
    )*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq)]
        #[must_use]
        pub struct $Loss {
            $($option: f64,)?
            reduction: Reduction,
        }

        impl Default for $Loss {
            fn default() -> Self {
                Self { $($option: $default,)? reduction: Reduction::Mean }
            }
        }

        impl $Loss {
            /// The loss with its default options: its mean over all elements.
            pub fn new() -> Self {
                Self::default()
            }
            $(
                $(#[$option_doc])*
                pub fn $option(mut self, $option: f64) -> Self {
                    self.$option = $option;
                    self
                }
            )?
        }
        reducible!($Loss);

        impl<'t, T: Float, Target: Operand<'t, T>> Loss<'t, T, Target> for $Loss {
            #[track_caller]
            fn forward(&self, prediction: Var<'t, T>, target: Target) -> Result<Var<'t, T>> {
                const OP: &str = stringify!($name);
                let ($a, $b) = (prediction, target.on(prediction));
                alike(OP, "prediction", &$a.shape(), "target", &$b.shape())?;
                $(
                    let $option = self.$option;
                    option(OP, { let $v = $option; $test }, || {
                        format!(concat!(stringify!($option), " is {}, and must be ", $valid), $option)
                    })?;
                )?
                let losses = $formula;
                reduce(OP, losses, self.reduction)
            }
        }

        #[doc = concat!("The mean of [`", stringify!($Loss), "`] over all elements.")]
        ///
        /// # Errors
        /// If the shapes differ, an option is out of range, or there is no element.
        #[track_caller]
        pub fn $name<'t, T: Float>(
            prediction: Var<'t, T>,
            target: impl Operand<'t, T>,
            $($option: f64,)?
        ) -> Result<Var<'t, T>> {
            $Loss { $($option,)? reduction: Reduction::Mean }.forward(prediction, target)
        }
    )*};
}

pointwise! {
    /// The squared error, (ŷ - y)²; its mean is over all elements: Σ(ŷ - y)² / n. PyTorch's `mse_loss`. Its least value over
    /// a constant prediction is at the mean of the targets.
    ///
    /// ```
    /// use wengert_autograd::Tape;
    /// use wengert_loss::{Loss, MseLoss, Reduction, mse};
    /// use wengert_tensor::tensor;
    ///
    /// let tape = Tape::new();
    /// let y = tape.var(tensor![1.5_f64, 2.5, 3.5]);
    /// let target = tensor![1.0, 2.0, 3.0];
    /// assert_eq!(mse(y, &target)?.item()?, 0.25);
    /// let sum = MseLoss::new().reduction(Reduction::Sum).forward(y, &target)?;
    /// assert_eq!(sum.item()?, 0.75);
    /// # Ok::<(), wengert_autograd::Error>(())
    /// ```
    MseLoss mse() = |a, b| a.squared_error(b)?;

    /// The absolute error, |ŷ - y|; its mean is over all elements. PyTorch's `l1_loss`. Its least value over a constant
    /// prediction is at the median of the targets; its slope is 0 at 0.
    MaeLoss mae() = |a, b| a.absolute_error(b)?;

    /// ½(ŷ - y)² up to |ŷ - y| = delta, and a line of slope delta beyond; its mean is over all elements. PyTorch's
    /// `huber_loss`. One wild target pulls with no more than delta / n.
    HuberLoss huber(
        /// With the error at which the square becomes a line; 1 if it is not called.
        delta = 1.0 "positive and finite" |d| d > 0.0 && d.is_finite()
    ) = |a, b| a.huber(b, delta)?;

    /// [`HuberLoss`] / beta: slope 1 beyond beta; the absolute error where beta is 0. Its mean is over all elements.
    /// PyTorch's `smooth_l1_loss`.
    SmoothL1Loss smooth_l1(
        /// With the error at which the square becomes a line; 1 if it is not called.
        beta = 1.0 "finite and 0 or more" |b| b >= 0.0 && b.is_finite()
    ) = |a, b| a.smooth_l1(b, beta)?;

    /// ln(cosh(ŷ - y)): ½e² near 0 and |e| - ln 2 far out, smooth to every order, and finite everywhere. Its mean is over
    /// all elements. Keras's `LogCosh`; PyTorch has none.
    LogCoshLoss log_cosh() = |a, b| a.try_sub(b)?.log_cosh();

    /// The pinball loss, max(tau·e, (tau - 1)·e) of e = y - ŷ; its mean is over all elements. Its least value over a
    /// constant prediction is at the tau-quantile of the targets; tau = ½ is half the absolute error.
    QuantileLoss quantile(
        /// With the quantile that is wanted; ½, the median, if it is not called.
        tau = 0.5 "between 0 and 1" |t| t > 0.0 && t < 1.0
    ) = |a, b| pinball(a, b, tau)?;

    /// √(e² + epsilon²) - epsilon: the absolute error with its corner rounded over a width of epsilon. Its mean is over all
    /// elements. Known as pseudo-Huber, up to a factor.
    CharbonnierLoss charbonnier(
        /// With the width of the rounding; 0.001 if it is not called.
        epsilon = 1e-3 "positive and finite" |e| e > 0.0 && e.is_finite()
    ) = |a, b| rounded(a, b, epsilon)?;

    /// ln(1 + ½(e/c)²): outliers pull less the further out they lie. Its mean is over all elements. The negative
    /// log-likelihood of Cauchy's distribution, up to scale.
    CauchyLoss cauchy(
        /// With the error at which the pull begins to fall off; 1 if it is not called.
        scale = 1.0 "positive and finite" |c| c > 0.0 && c.is_finite()
    ) = |a, b| a.try_sub(b)?.div_scalar(scale).square().mul_scalar(0.5).log1p();

    /// Tukey's biweight, c²/6·(1 - (1 - (e/c)²)³) up to |e| = c, and c²/6 beyond: ½e² near 0, and an error of more than c
    /// has no pull at all. Its mean is over all elements. An error that starts beyond c stays there, so begin near the
    /// answer: with the weights of [`HuberLoss`], say.
    TukeyLoss tukey(
        /// With the error beyond which nothing pulls; 4.685 if it is not called, with which 95 % of the precision of least
        /// squares is left if the errors are normal with deviation 1.
        scale = 4.685 "positive and finite" |c| c > 0.0 && c.is_finite()
    ) = |a, b| biweight(a, b, scale)?;
}

#[track_caller]
fn biweight<'t, T: Float>(a: Var<'t, T>, b: Var<'t, T>, c: f64) -> Result<Var<'t, T>> {
    // 1 - (1 - v)³ = v·(v·(v - 3) + 3), which loses nothing near 0.
    let v = a.try_sub(b)?.div_scalar(c).square().clamp(0.0, 1.0);
    let rest = v.add_scalar(-3.0).try_mul(v)?.add_scalar(3.0);
    Ok(v.try_mul(rest)?.mul_scalar(c * c / 6.0))
}

#[track_caller]
fn pinball<'t, T: Float>(a: Var<'t, T>, b: Var<'t, T>, tau: f64) -> Result<Var<'t, T>> {
    // The two sides apart: one is 0 wherever the other is not, and a weight of 0 meets no infinity.
    let e = b.try_sub(a)?;
    e.relu().mul_scalar(tau).try_add((-e).relu().mul_scalar(1.0 - tau))
}

#[track_caller]
fn rounded<'t, T: Float>(a: Var<'t, T>, b: Var<'t, T>, epsilon: f64) -> Result<Var<'t, T>> {
    // √(e² + ε²) - ε = e·e / (√(e² + ε²) + ε), which loses nothing near 0; no square is taken that could overflow.
    let e = a.try_sub(b)?;
    let root = e.hypot(a.tape().constant(Tensor::scalar(T::from_f64(epsilon))))?;
    e.try_mul(e.try_div(root.add_scalar(epsilon))?)
}
