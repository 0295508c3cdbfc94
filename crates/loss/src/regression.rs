//! Losses of the error of a number, each a function of prediction and target element by element.

use wengert_autograd::{Operand, Result, Var};
use wengert_tensor::Float;
use wengert_tensor::pointwise::{C, ONE, ZERO};

use crate::Reduction;
use crate::criterion::Loss;
use crate::formula::formula;
use crate::reduce::{reduce, reducible};
use crate::refuse::{alike, option};

/// The losses before they are reduced: of functions of the table, or of a formula at each place.
macro_rules! losses {
    (ops $name:ident { $($option:ident)? } |$a:ident, $b:ident| $losses:expr) => {
        $losses
    };
    (formula $name:ident { $($option:ident)? } |$a:ident, $b:ident| $losses:expr) => {
        formula!(stringify!($name), { $($option)? }, |$a, $b| $losses)
    };
}

/// Declares a pointwise loss: the struct, its function, and the losses of prediction and target; `valid` is what its options must
/// fulfil.
macro_rules! pointwise {
    ($(
        $(#[$doc:meta])*
        $Loss:ident $name:ident ($($(#[$option_doc:meta])* $option:ident = $default:literal $valid:literal |$v:ident| $test:expr)?)
            = $kind:ident |$a:ident, $b:ident| $losses:expr;
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
                let losses = losses!($kind $name { $($option)? } |$a, $b| $losses)?;
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
    MseLoss mse() = ops |a, b| a.squared_error(b);

    /// The absolute error, |ŷ - y|; its mean is over all elements. PyTorch's `l1_loss`. Its least value over a constant
    /// prediction is at the median of the targets; its slope is 0 at 0.
    MaeLoss mae() = ops |a, b| a.absolute_error(b);

    /// ½(ŷ - y)² up to |ŷ - y| = delta, and a line of slope delta beyond; its mean is over all elements. PyTorch's
    /// `huber_loss`. One wild target pulls with no more than delta / n.
    HuberLoss huber(
        /// With the error at which the square becomes a line; 1 if it is not called.
        delta = 1.0 "positive and finite" |d| d > 0.0 && d.is_finite()
    ) = ops |a, b| a.huber(b, delta);

    /// [`HuberLoss`] / beta: slope 1 beyond beta; the absolute error where beta is 0. Its mean is over all elements.
    /// PyTorch's `smooth_l1_loss`.
    SmoothL1Loss smooth_l1(
        /// With the error at which the square becomes a line; 1 if it is not called.
        beta = 1.0 "finite and 0 or more" |b| b >= 0.0 && b.is_finite()
    ) = ops |a, b| a.smooth_l1(b, beta);

    /// ln(cosh(ŷ - y)): ½e² near 0 and |e| - ln 2 far out, smooth to every order, and finite everywhere. Its mean is over
    /// all elements. Keras's `LogCosh`; PyTorch has none.
    LogCoshLoss log_cosh() = ops |a, b| a.try_sub(b).map(Var::log_cosh);

    /// The pinball loss, max(tau·e, (tau - 1)·e) of e = y - ŷ; its mean is over all elements. Its least value over a
    /// constant prediction is at the tau-quantile of the targets; tau = ½ is half the absolute error.
    QuantileLoss quantile(
        /// With the quantile that is wanted; ½, the median, if it is not called.
        tau = 0.5 "between 0 and 1" |t| t > 0.0 && t < 1.0
    ) = formula |a, b| (b - a).max(ZERO) * tau + (a - b).max(ZERO) * (ONE - tau);

    // As e·e / (√(e² + ε²) + ε), which loses nothing near 0; no square is taken that could overflow.
    /// √(e² + epsilon²) - epsilon: the absolute error with its corner rounded over a width of epsilon. Its mean is over all
    /// elements. Known as pseudo-Huber, up to a factor.
    CharbonnierLoss charbonnier(
        /// With the width of the rounding; 0.001 if it is not called.
        epsilon = 1e-3 "positive and finite" |e| e > 0.0 && e.is_finite()
    ) = formula |a, b| {
        let e = a - b;
        e * (e / (e.hypot(e.constant(epsilon)) + epsilon))
    };

    /// ln(1 + ½(e/c)²): outliers pull less the further out they lie. Its mean is over all elements. The negative
    /// log-likelihood of Cauchy's distribution, up to scale.
    CauchyLoss cauchy(
        /// With the error at which the pull begins to fall off; 1 if it is not called.
        scale = 1.0 "positive and finite" |c| c > 0.0 && c.is_finite()
    ) = ops |a, b| a.try_sub(b).map(|e| (e / C(scale)).square().mul_scalar(0.5).log1p());

    /// Tukey's biweight, c²/6·(1 - (1 - (e/c)²)³) up to |e| = c, and c²/6 beyond: ½e² near 0, and an error of more than c
    /// has no pull at all. Its mean is over all elements. An error that starts beyond c stays there, so begin near the
    /// answer: with the weights of [`HuberLoss`], say.
    TukeyLoss tukey(
        /// With the error beyond which nothing pulls; 4.685 if it is not called, with which 95 % of the precision of least
        /// squares is left if the errors are normal with deviation 1.
        scale = 4.685 "positive and finite" |c| c > 0.0 && c.is_finite()
    ) = formula |a, b| {
        // 1 - (1 - v)³ = v·(v·(v - 3) + 3), which loses nothing near 0.
        let v = ((a - b) / scale).square().min(ONE);
        v * ((v - C(3.0)) * v + C(3.0)) * (scale * scale / C(6.0))
    };
}
