//! Reductions from one loss per element to one number: means, sum, weights. Every pointwise loss ends here.

use std::fmt;

use wengert_autograd::{Error, Operand, Result, Var};
use wengert_tensor::{Error as TensorError, Fault, Float, Shape, Tensor, compiled};

use crate::refuse::{Numbers, weights};

/// The reduction of the losses of single samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Reduction {
    /// Their mean over the samples that count; the weighted mean if samples have weights. If nothing counts (an empty batch, all
    /// targets ignored) it is 0/0, which is an error.
    #[default]
    Mean,
    /// The mean, and 0 if nothing counts.
    MeanOrZero,
    /// The mean, and NaN if nothing counts, as in PyTorch. The gradients are 0 then.
    MeanOrNan,
    /// Their sum.
    Sum,
    /// One loss for each sample.
    None,
}

impl Reduction {
    /// The factor of the sum of losses, whose weights add up to `total`; `None` if there is no sum. If nothing counts it is 0, and
    /// [`over_nothing`](Self::over_nothing) does the rest.
    #[track_caller]
    pub(crate) fn scale(
        self,
        op: &'static str,
        shapes: &[&[usize]],
        total: f64,
    ) -> Result<Option<f64>> {
        match self {
            Self::None => Ok(None),
            Self::Sum => Ok(Some(1.0)),
            Self::Mean if total == 0.0 => Err(no_losses(op, shapes)),
            _ if total == 0.0 => Ok(Some(0.0)),
            _ => Ok(Some(1.0 / total)),
        }
    }

    /// A loss that [`scale`](Self::scale) made, and NaN if nothing counted and this reduction asks for it: one rule for all
    /// losses. As a constant is added, no gradient becomes NaN.
    pub(crate) fn over_nothing<T: Float>(self, loss: Var<'_, T>, total: f64) -> Var<'_, T> {
        if self == Self::MeanOrNan && total == 0.0 { loss.add_scalar(f64::NAN) } else { loss }
    }
}

#[track_caller]
#[cold]
fn no_losses(op: &'static str, shapes: &[&[usize]]) -> Error {
    let rule =
        "the mean of no losses: the batch is empty, or every target is ignored or has weight 0";
    let help = "skip such a batch, or use `Reduction::MeanOrZero` (or `MeanOrNan`) for a mean of 0 (or NaN)";
    TensorError::Value(Fault::new(op, shapes, rule).help(help)).into()
}

/// Reduces the losses of single elements; the denominator of a mean is their number.
#[track_caller]
pub(crate) fn reduce<'t, T: Float>(
    op: &'static str,
    losses: Var<'t, T>,
    reduction: Reduction,
) -> Result<Var<'t, T>> {
    let count = losses.len();
    reduce_over(op, losses, reduction, count as f64)
}

/// [`reduce`] with another denominator.
#[track_caller]
#[inline(never)]
pub(crate) fn reduce_over<'t, T: Float>(
    op: &'static str,
    losses: Var<'t, T>,
    reduction: Reduction,
    total: f64,
) -> Result<Var<'t, T>> {
    let mean = matches!(reduction, Reduction::Mean | Reduction::MeanOrNan);
    if mean && total > 1.0 && total == losses.len() as f64 {
        return losses.mean_over(..);
    }
    match reduction.scale(op, &[&losses.shape()], total)? {
        None => Ok(losses),
        Some(1.0) => losses.sum_over(..),
        Some(scale) => Ok(reduction.over_nothing(losses.sum_over(..)?.mul_scalar(scale), total)),
    }
}

/// Σ wᵢ·lᵢ / Σ wᵢ of losses that were not reduced: PyTorch's `weight` of `mse_loss` and kin.
///
/// The weights have the losses' shape, or that of its first axes (`[N]` for `[N, D]`: one weight per sample).
///
/// ```
/// use wengert_autograd::Tape;
/// use wengert_loss::{Loss, MseLoss, Reduction, weighted_mean};
/// use wengert_tensor::tensor;
///
/// let tape = Tape::new();
/// let y = tape.var(tensor![1.0_f64, 2.0]);
/// let losses = MseLoss::new().reduction(Reduction::None).forward(y, &tensor![0.0, 0.0])?;
/// assert_eq!(weighted_mean(losses, &tensor![3.0, 1.0])?.item()?, 7.0 / 4.0);
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
///
/// # Errors
/// If the weights' shape does not match, one is negative or not finite, or their sum is 0.
#[track_caller]
pub fn weighted_mean<'t, T: Float>(
    losses: Var<'t, T>,
    weight: impl Operand<'t, T>,
) -> Result<Var<'t, T>> {
    const OP: &str = "weighted_mean";
    let weight = spread(OP, losses, weight.on(losses))?;
    let total = weight.sum_over(..)?;
    Reduction::Mean.scale(OP, &[&losses.shape(), &weight.shape()], total.item()?.to_f64())?;
    weight.gate(losses)?.sum_over(..)?.try_div(total)
}

/// Σ wᵢ·lᵢ of losses that were not reduced; see [`weighted_mean`].
///
/// # Errors
/// If the weights' shape does not match, or one is negative or not finite.
#[track_caller]
pub fn weighted_sum<'t, T: Float>(
    losses: Var<'t, T>,
    weight: impl Operand<'t, T>,
) -> Result<Var<'t, T>> {
    const OP: &str = "weighted_sum";
    let weight = spread(OP, losses, weight.on(losses))?;
    weight.gate(losses)?.sum_over(..)
}

/// Weights broadcast to the losses' shape.
#[track_caller]
fn spread<'t, T: Float>(
    op: &'static str,
    losses: Var<'t, T>,
    weight: Var<'t, T>,
) -> Result<Var<'t, T>> {
    let (shape, given) = (losses.shape(), weight.shape());
    weights(op, "weight", &weight.value()?, Numbers::Checked)?;
    if given == shape {
        return Ok(weight);
    }
    if given.is_empty() || !shape.starts_with(&given) {
        let rule = format!(
            "the weights are {given}, and must have the losses' shape {shape}, or that of its first axes"
        );
        return Err(TensorError::Shape(Fault::new(op, &[&shape, &given], rule)).into());
    }
    let mut kept = given.to_vec();
    kept.resize(shape.len(), 1);
    weight.reshape(kept)?.expand(shape)
}

/// Weights that a loss holds, or none.
#[derive(Clone)]
pub(crate) struct Weight<T>(Option<Tensor<T>>);

impl<T> Weight<T> {
    pub(crate) const NONE: Self = Self(None);
    pub(crate) fn of(weight: Tensor<T>) -> Self {
        Self(Some(weight))
    }
    pub(crate) fn get(&self) -> Option<&Tensor<T>> {
        self.0.as_ref()
    }
}

impl<T> fmt::Debug for Weight<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "given" } else { "none" })
    }
}

/// Losses times weights that belong to the loss: of the losses' shape, or one that broadcasts to it (`[C]` for `[N, C]`).
/// The means' denominator stays the number of losses, as in PyTorch.
#[track_caller]
pub(crate) fn weigh<'t, T: Float>(
    op: &'static str,
    losses: Var<'t, T>,
    weight: Option<&Tensor<T>>,
    numbers: Numbers,
) -> Result<Var<'t, T>> {
    let Some(weight) = weight else { return Ok(losses) };
    fits(op, "the weight", weight.shape(), &losses.shape())?;
    weights(op, "weight", weight, numbers)?;
    losses.tape().constant(weight.clone()).gate(losses)
}

/// Rejects a shape that does not broadcast to another one.
#[track_caller]
pub(crate) fn fits(op: &'static str, what: &str, given: &[usize], shape: &[usize]) -> Result<()> {
    if Shape::broadcast(given, shape).is_some_and(|s| *s == *shape) {
        return Ok(());
    }
    let rule = format!(
        "{what} is {}, which cannot be repeated to {}",
        Shape::new(given),
        Shape::new(shape)
    );
    Err(TensorError::Shape(Fault::new(op, &[shape, given], rule)).into())
}

/// The builder's method of every loss.
macro_rules! reducible {
    ($($Loss:ident $(<$T:ident>)?)*) => {$(
        impl $(<$T>)? $Loss $(<$T>)? {
            /// With this reduction; [`Reduction::Mean`] if it is not called.
            pub fn reduction(mut self, reduction: $crate::Reduction) -> Self {
                self.reduction = reduction;
                self
            }
        }
    )*};
}
pub(crate) use reducible;

/// The builder's method of losses that check the numbers of their targets and weights.
macro_rules! checks_numbers {
    ($($Loss:ident $(<$T:ident>)?)*) => {$(
        impl $(<$T>)? $Loss $(<$T>)? {
            /// Accepts any number as a target or a weight, as PyTorch does, and computes the formula. Shapes,
            /// class numbers and options are still checked.
            pub fn unchecked(mut self) -> Self {
                self.numbers = $crate::refuse::Numbers::Unchecked;
                self
            }
        }
    )*};
}
pub(crate) use checks_numbers;

compiled!(f32 f64: { reduce_over::<T> });
