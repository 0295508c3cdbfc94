//! `Loss`: the interface of losses, for structs of this crate, structs of yours, and closures.

use wengert_autograd::{Result, Tensors, Var};
use wengert_tensor::{Float, Tensor};

/// A function of a prediction and a target, made of recorded ops: its gradient needs no code.
///
/// `Target` is what it compares with: `&Tensor<T>` or a var for most, `&Tensor<usize>` for class numbers, a pair where
/// there are two. `P` is what a model predicts: one tensor unless it is said otherwise, as in `Loss<'t, T, &Tensor<T>, (Tensor<T>, Tensor<T>)>`
/// for a model with two results. A loss of your own is a closure (see [`custom`] and [`custom_of`]) or an `impl`:
///
/// ```
/// use wengert_autograd::{Result, Tape, Var};
/// use wengert_loss::{Loss, same_shape};
/// use wengert_tensor::{Float, Tensor, tensor};
///
/// /// mean(|e|³)
/// struct Cubic;
/// impl<'t, T: Float> Loss<'t, T, &Tensor<T>> for Cubic {
///     fn forward(&self, prediction: Var<'t, T>, target: &Tensor<T>) -> Result<Var<'t, T>> {
///         same_shape("cubic", prediction, target)?;
///         Ok(prediction.try_sub(target)?.abs().powf(3.0).mean())
///     }
/// }
///
/// let tape = Tape::new();
/// let y = tape.var(tensor![1.0_f64, 2.0]);
/// let loss = Cubic.forward(y, &tensor![0.0, 4.0])?;
/// assert_eq!(loss.item()?, 4.5);
/// assert_eq!(loss.gradients()?.wrt(y).value()?, tensor![1.5, -6.0]);
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a loss that compares a prediction with `{Target}`",
    label = "not a loss",
    note = "a closure is a loss if it is wrapped in `custom`, where it stands: `let criterion = wengert::loss::custom(|prediction, target: &Tensor<f32>| …);`"
)]
pub trait Loss<'t, T: Float, Target, P: Tensors = Tensor<T>> {
    /// The loss of a prediction.
    ///
    /// # Errors
    /// If the target is none for this prediction: another shape, labels that do not exist, numbers out of range.
    fn forward(&self, prediction: Var<'t, T, P>, target: Target) -> Result<Var<'t, T>>;
}

/// A closure as a loss, made by [`custom`] or [`custom_of`].
#[derive(Clone, Copy)]
pub struct Custom<F>(F);

impl<F> std::fmt::Debug for Custom<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a loss by a closure")
    }
}

impl<'t, 'a, T: Float, Target: ?Sized, P: Tensors, F> Loss<'t, T, &'a Target, P> for Custom<F>
where
    F: Fn(Var<'t, T, P>, &'a Target) -> Result<Var<'t, T>>,
{
    #[track_caller]
    fn forward(&self, prediction: Var<'t, T, P>, target: &'a Target) -> Result<Var<'t, T>> {
        (self.0)(prediction, target)
    }
}

/// A closure as a loss. It tells the compiler that the closure takes vars of every tape, which it cannot infer.
///
/// ```
/// use wengert_autograd::Tape;
/// use wengert_loss::{Loss, custom};
/// use wengert_tensor::{Tensor, tensor};
///
/// // The weighted squares of the errors: four times as much for those that are too low.
/// let criterion = custom(|prediction, target: &Tensor<f64>| {
///     let e = prediction.try_sub(target)?;
///     Ok((e.square() + (-e).relu().square() * 3.0).mean())
/// });
/// let tape = Tape::new();
/// let y = tape.var(tensor![3.0, 1.0]);
/// let loss = criterion.forward(y, &tensor![2.0, 2.0])?;
/// assert_eq!(loss.item()?, 2.5);
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
pub fn custom<T: Float, Target, F>(loss: F) -> Custom<F>
where
    F: for<'t, 'a> Fn(Var<'t, T>, &'a Target) -> Result<Var<'t, T>>,
{
    Custom(loss)
}

/// A closure as a loss of another prediction than one tensor: of that which its annotation names.
///
/// ```
/// use wengert_autograd::{Tape, Var};
/// use wengert_loss::{Loss, custom_of};
/// use wengert_tensor::{Tensor, tensor};
///
/// // The errors of two results, of which the second counts a tenth.
/// let criterion = custom_of(|both: Var<f64, (Tensor<f64>, Tensor<f64>)>, target: &Tensor<f64>| {
///     let (main, side) = both.unpack();
///     Ok(main.try_sub(target)?.square().mean() + side.try_sub(target)?.square().mean() * 0.1)
/// });
/// let tape = Tape::new();
/// let both = tape.input((tensor![3.0, 1.0], tensor![2.0, 2.0]));
/// assert_eq!(criterion.forward(both, &tensor![2.0, 2.0])?.item()?, 1.0);
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
pub fn custom_of<T: Float, Target, P: Tensors, F>(loss: F) -> Custom<F>
where
    F: for<'t, 'a> Fn(Var<'t, T, P>, &'a Target) -> Result<Var<'t, T>>,
{
    Custom(loss)
}
