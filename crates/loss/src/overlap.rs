//! Losses of the overlap of two masks, for segmentation: Dice, Tversky, and Tversky's with a focus on hard masks.

use wengert_autograd::{Operand, Result, Var};
use wengert_tensor::Float;

use crate::Reduction;
use crate::binary::logits;
use crate::criterion::Loss;
use crate::reduce::{checks_numbers, reduce, reducible};
use crate::refuse::{Numbers, alike, amount, option, shares};

/// 1 - (2·Σpy + s)/(Σp + Σy + s) of a mask y and the sigmoid p of logits: one minus Dice's coefficient. It counts the overlap and
/// not the background, so that a small object is worth as much as a large one. It is [`TverskyLoss`] with ½ and ½.
///
/// The first axis counts the masks, `[N, …]`, and the mean is over them; a prediction of one axis is one mask. The smoothing s, 1
/// if nothing else is said, lets an empty mask that is predicted as empty cost 0.
///
/// ```
/// use wengert_autograd::Tape;
/// use wengert_loss::dice;
/// use wengert_tensor::tensor;
///
/// let tape = Tape::new();
/// let logits = tape.var(tensor![[100.0_f64, 100.0, -100.0, -100.0]]);
/// // Two pixels found, of which one is right: 1 - (2·1 + 1)/(2 + 1 + 1).
/// assert_eq!(dice(logits, &tensor![[1.0, 0.0, 0.0, 0.0]])?.item()?, 0.25);
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub struct DiceLoss {
    smooth: f64,
    numbers: Numbers,
    reduction: Reduction,
}

/// 1 - (TP + s)/(TP + alpha·FP + beta·FN + s) of a mask y and the sigmoid p of logits, with TP = Σpy, FP = Σp(1 - y) and
/// FN = Σ(1 - p)y: alpha is the price of a false alarm, beta that of a miss. Shapes, mean and smoothing are those of
/// [`DiceLoss`]. With `.gamma(g)` it is the power 1/g of that, which turns to the masks that are still hard: the focal
/// Tversky loss of N. Abraham and N. Khan, 2019, who found g = 4/3 best.
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub struct TverskyLoss {
    alpha: f64,
    beta: f64,
    gamma: f64,
    smooth: f64,
    numbers: Numbers,
    reduction: Reduction,
}
reducible!(DiceLoss TverskyLoss);
checks_numbers!(DiceLoss TverskyLoss);

impl Default for DiceLoss {
    fn default() -> Self {
        Self { smooth: 1.0, numbers: Numbers::Checked, reduction: Reduction::Mean }
    }
}

impl DiceLoss {
    /// With smoothing 1.
    pub fn new() -> Self {
        Self::default()
    }
    /// With this smoothing s.
    pub fn smooth(mut self, smooth: f64) -> Self {
        self.smooth = smooth;
        self
    }
}

impl TverskyLoss {
    /// With the price of a false alarm and that of a miss, and smoothing 1.
    pub fn new(alpha: f64, beta: f64) -> Self {
        let (numbers, reduction) = (Numbers::Checked, Reduction::Mean);
        Self { alpha, beta, gamma: 1.0, smooth: 1.0, numbers, reduction }
    }
    /// With the power 1/gamma of each loss; gamma is at least 1.
    pub fn gamma(mut self, gamma: f64) -> Self {
        self.gamma = gamma;
        self
    }
    /// With this smoothing s.
    pub fn smooth(mut self, smooth: f64) -> Self {
        self.smooth = smooth;
        self
    }
}

/// Rejects a smoothing that is not positive and finite.
#[track_caller]
fn smoothing(op: &'static str, smooth: f64) -> Result<()> {
    option(op, smooth > 0.0 && smooth.is_finite(), || {
        format!("the smoothing is {smooth}, and must be positive and finite")
    })
}

/// (alpha·FP + beta·FN)/(TP + alpha·FP + beta·FN + s) of each mask: the loss without the cancellation in 1 - …
#[track_caller]
fn missed<'t, T: Float>(
    op: &'static str,
    x: Var<'t, T>,
    y: Var<'t, T>,
    (alpha, beta, smooth): (f64, f64, f64),
    numbers: Numbers,
) -> Result<Var<'t, T>> {
    alike(op, "prediction", &x.shape(), "target", &y.shape())?;
    logits(op, x)?;
    shares(op, &y.value()?, numbers)?;
    option(op, amount(alpha) && amount(beta), || {
        format!("alpha is {alpha} and beta is {beta}, and both must be finite and 0 or more")
    })?;
    // 1 - σ(x) is σ(-x), exact where σ(x) rounds to 1.
    let (found, not_found) = (x.sigmoid(), (-x).sigmoid());
    let over = |pixels: Var<'t, T>| match pixels.rank() {
        0 | 1 => pixels.sum_over(..),
        _ => pixels.flatten_axes(1, -1)?.sum_over(-1),
    };
    let hit = over(found.try_mul(y)?)?;
    let alarms = over(found.try_mul(y.rsub_scalar(1.0))?)?.mul_scalar(alpha);
    let misses = over(not_found.try_mul(y)?)?.mul_scalar(beta);
    let wrong = alarms.try_add(misses)?;
    wrong.try_div(hit.try_add(wrong)?.add_scalar(smooth))
}

impl<'t, T: Float, Target: Operand<'t, T>> Loss<'t, T, Target> for DiceLoss {
    #[track_caller]
    fn forward(&self, x: Var<'t, T>, target: Target) -> Result<Var<'t, T>> {
        const OP: &str = "dice";
        smoothing(OP, self.smooth)?;
        let prices = (0.5, 0.5, self.smooth / 2.0);
        reduce(OP, missed(OP, x, target.on(x), prices, self.numbers)?, self.reduction)
    }
}

impl<'t, T: Float, Target: Operand<'t, T>> Loss<'t, T, Target> for TverskyLoss {
    #[track_caller]
    fn forward(&self, x: Var<'t, T>, target: Target) -> Result<Var<'t, T>> {
        const OP: &str = "tversky";
        let Self { alpha, beta, gamma, smooth, numbers, reduction } = *self;
        option(OP, gamma >= 1.0 && gamma.is_finite(), || {
            format!("gamma is {gamma}, and must be finite and 1 or more")
        })?;
        smoothing(OP, smooth)?;
        let losses = missed(OP, x, target.on(x), (alpha, beta, smooth), numbers)?;
        if gamma == 1.0 {
            return reduce(OP, losses, reduction);
        }
        // Below this the slope of the root, which is infinite at 0, counts as 0.
        const PERFECT: f64 = 1e-30;
        let losses = losses.clamp(PERFECT, f64::INFINITY).pow_scalar(1.0 / gamma);
        reduce(OP, losses, reduction)
    }
}

/// The mean of [`DiceLoss`], of smoothing 1, over masks.
///
/// # Errors
/// If the shapes differ, a target is not from 0 to 1, the prediction has been through a sigmoid, or there is no mask.
#[track_caller]
pub fn dice<'t, T: Float>(logits: Var<'t, T>, target: impl Operand<'t, T>) -> Result<Var<'t, T>> {
    DiceLoss::new().forward(logits, target)
}

/// The mean of [`TverskyLoss`], of smoothing 1, over masks.
///
/// # Errors
/// As [`dice`]; and if alpha or beta is negative.
#[track_caller]
pub fn tversky<'t, T: Float>(
    logits: Var<'t, T>,
    target: impl Operand<'t, T>,
    alpha: f64,
    beta: f64,
) -> Result<Var<'t, T>> {
    TverskyLoss::new(alpha, beta).forward(logits, target)
}
