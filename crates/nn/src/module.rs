//! `Module`: what maps a var to a var, with parts that have names; and functions as modules.

use wengert_autograd::{Result, Tape, Var};
use wengert_tensor::{Float, Tensor};

use crate::summary::{Summary, summary};
use crate::{Parts, Visitor};

/// A layer, or a model made of layers: what it does with a var.
///
/// Whether it trains or evaluates is the tape's mode, and what is random comes from the tape, so `forward` takes nothing
/// else. What takes another kind of input ([`Embedding`](crate::Embedding), [`Bilinear`](crate::Bilinear), your own
/// model of two inputs) has [`Parts`] and a `forward` of its own.
///
/// `forward` must be written with the lifetime `'t`. Without it Rust's rules of elision tie the result to `&self`
/// instead of the tape, and the compiler says that the lifetimes of the method do not match the trait's:
///
/// ```compile_fail
/// # use wengert_autograd::{Result, Var};
/// # use wengert_nn::{Module, parts};
/// struct Double;
/// parts!(Double {});
/// impl Module<f32> for Double {
///     fn forward(&self, x: Var<'_, f32>) -> Result<Var<'_, f32>> { // must be `fn forward<'t>(&self, x: Var<'t, f32>) -> Result<Var<'t, f32>>`
///         Ok(x * 2.0)
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no module of `{T}`",
    note = "a module has `parts!(…)` and `impl Module<{T}>` with `fn forward<'t>(&self, x: Var<'t>) -> Result<Var<'t>>`; a closure becomes one by `func(|x| …)`",
    note = "if it is one of another float type, take all types from one prelude: `wengert::prelude` is f32, `wengert::prelude64` is f64"
)]
pub trait Module<T: Float>: Parts<T> {
    /// The result for a var, recorded on the var's tape.
    ///
    /// # Errors
    /// If the var's shape is not one that the module takes; the error names the layer.
    fn forward<'t>(&self, x: Var<'t, T>) -> Result<Var<'t, T>>;

    /// The result for a tensor, in evaluation mode, with nothing recorded.
    ///
    /// ```
    /// use wengert_nn::{Dropout, Module};
    /// use wengert_tensor::tensor;
    ///
    /// let x = tensor![1.0_f32, 2.0];
    /// assert_eq!(Dropout::new(0.5).predict(&x)?, x);
    /// # Ok::<(), wengert_autograd::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`forward`](Self::forward).
    #[track_caller]
    fn predict(&self, x: &Tensor<T>) -> Result<Tensor<T>> {
        let tape = Tape::no_grad();
        self.forward(tape.constant(x.clone()))?.value()
    }

    /// Each layer with its kind, the shape of its result for an input of this shape, and its parameters.
    ///
    /// ```
    /// use wengert_nn::{Linear, Module, Relu, Sequential};
    /// use wengert_tensor::Rng;
    ///
    /// let rng = &mut Rng::new(0);
    /// let model = Sequential::<f32>::new().with(Linear::new(784, 32, rng)).with(Relu).with(Linear::new(32, 10, rng));
    /// assert_eq!(
    ///     model.summary(&[64, 784])?.to_string(),
    ///     "\
    /// layer  kind               result    parameters
    ///        Sequential         [64, 10]
    /// 0      Linear(784 -> 32)  [64, 32]      25,120
    /// 1      Relu               [64, 32]           0
    /// 2      Linear(32 -> 10)   [64, 10]         330
    /// total                                   25,450
    /// "
    /// );
    /// # Ok::<(), wengert_autograd::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`forward`](Self::forward), on zeros.
    fn summary(&self, input_shape: &[usize]) -> Result<Summary> {
        summary(self, input_shape)
    }
}

/// A function as a module without parts; see [`func`].
#[derive(Clone, Copy, Debug)]
pub struct Func<F>(F);

/// A function as a layer.
///
/// It is a wrapper, and not the closure itself, because only a parameter that is bound by `Fn` tells the compiler that
/// the closure takes a var of any tape.
///
/// ```
/// use wengert_nn::{Module, Sequential, Tanh, func};
/// use wengert_tensor::tensor;
///
/// let net = Sequential::<f32>::new().with(Tanh).with(func(|x| Ok(x.square() * 2.0)));
/// assert_eq!(net.predict(&tensor![0.0])?, tensor![0.0]);
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
pub fn func<T, F>(f: F) -> Func<F>
where
    T: Float,
    F: for<'t> Fn(Var<'t, T>) -> Result<Var<'t, T>> + Send + Sync,
{
    Func(f)
}

impl<T: Float, F> Parts<T> for Func<F>
where
    F: for<'t> Fn(Var<'t, T>) -> Result<Var<'t, T>> + Send + Sync,
{
    fn visit(&self, _: &mut Visitor<'_, T>) {}
    fn describe(&self) -> Option<String> {
        Some("func".into())
    }
}

impl<T: Float, F> Module<T> for Func<F>
where
    F: for<'t> Fn(Var<'t, T>) -> Result<Var<'t, T>> + Send + Sync,
{
    fn forward<'t>(&self, x: Var<'t, T>) -> Result<Var<'t, T>> {
        (self.0)(x)
    }
}
