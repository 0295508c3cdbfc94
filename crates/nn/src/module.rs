//! `Module`: a layer or a model, a function of vars whose parts have names; and functions as modules.

use std::marker::PhantomData;
use std::panic::Location;

use wengert_autograd::{Error, Line, Result, ScopeGuard, Tape, Tensors, Var};
use wengert_tensor::{Float, Tensor, compiled};

use crate::parts::{Any, AnyParts};
use crate::summary::{Summary, summary};
use crate::trace::path_of;
use crate::{Parts, Visitor};

/// A layer, or a model made of layers: a function of a var. Write [`forward`](Self::forward), and use [`call`](Self::call).
///
/// `In` and `Out` are the types that it takes and returns. Each is a tensor of floats unless you write something else: indices
/// (`Tensor<usize>`), masks (`Tensor<bool>`), or tuples and options of tensors. The tape has the mode, training or
/// evaluation, and the random numbers, so `forward` needs no other argument.
///
/// ```
/// use wengert_autograd::{Result, Tape, Var};
/// use wengert_nn::{Embedding, Linear, Module, parts};
/// use wengert_tensor::{Rng, Tensor, tensor};
///
/// struct Classifier {
///     words: Embedding<f32>,
///     head: Linear<f32>,
/// }
/// parts!(Classifier { words, head });
///
/// impl Module<f32, Tensor<usize>> for Classifier {
///     fn forward<'t>(&self, text: Var<'t, f32, Tensor<usize>>) -> Result<Var<'t, f32>> {
///         let words = self.words.call(text)?; // [samples, words, 8]
///         self.head.call(words.mean_over(1)?)
///     }
/// }
///
/// let rng = &mut Rng::new(0);
/// let model = Classifier { words: Embedding::new(100, 8, rng), head: Linear::new(8, 3, rng) };
/// assert_eq!(model.predict(&tensor![[3, 1, 4], [1, 5, 9]])?.shape(), [2, 3]);
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
///
/// `forward` must be written with the lifetime `'t`. Without it Rust's rules of elision tie the result to `&self`
/// instead of the tape, and the compiler says that the lifetimes of the method do not match the trait's:
///
/// ```compile_fail
/// # use wengert_autograd::{Result, Var};
/// # use wengert_nn::{Module, parts};
/// struct Double;
/// parts!(Double {});
/// impl Module for Double {
///     fn forward(&self, x: Var<'_, f32>) -> Result<Var<'_, f32>> { // must be `fn forward<'t>(&self, x: Var<'t, f32>) -> Result<Var<'t, f32>>`
///         Ok(x * 2.0)
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no module that takes `{In}` (over `{T}`)",
    note = "`impl Module for Model` takes and returns tensors of floats, `impl Module<f32, In, Out> for Model` something else; a module has `parts!(…)` and `fn forward<'t>(&self, x: Var<'t, In>) -> Result<Var<'t, Out>>`; a closure becomes one by `func(|x| …)`",
    note = "if it is one of another float type, take all types from one prelude: `wengert::prelude` is f32, `wengert::prelude64` is f64"
)]
pub trait Module<T: Float = f32, In: Tensors = Tensor<T>, Out: Tensors = Tensor<T>>:
    Parts<T>
{
    /// The function that you write: the result for a var, recorded on the var's tape.
    ///
    /// # Errors
    /// If the module does not accept the shape of the var.
    fn forward<'t>(&self, x: Var<'t, T, In>) -> Result<Var<'t, T, Out>>;

    /// The function that you call, as PyTorch's `model(x)`. It runs [`forward`](Self::forward) and tells the tape which layer
    /// runs, so that prints, traces and errors name it. Several inputs are one tuple: `bilinear.call((a, b))`.
    ///
    /// ```
    /// use wengert_autograd::Tape;
    /// use wengert_nn::{Linear, Module};
    /// use wengert_tensor::{Rng, Tensor};
    ///
    /// let layer = Linear::<f32>::new(3, 2, &mut Rng::new(0));
    /// let tape = Tape::new();
    /// let y = layer.call(tape.input(Tensor::ones([4, 3])))?;
    /// assert_eq!(*y.shape(), [4, 2]);
    /// # Ok::<(), wengert_autograd::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the module does not accept the shapes of the vars; the error names the layer.
    #[track_caller]
    #[inline]
    fn call<'t>(&self, x: In::Vars<'t, T>) -> Result<Out::Vars<'t, T>> {
        Ok(run(self, Var::pack(x)?, "", Location::caller())?.unpack())
    }

    /// The result for tensors, in evaluation mode, with nothing recorded.
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
    /// As [`call`](Self::call).
    #[track_caller]
    fn predict(&self, x: &In) -> Result<Out> {
        let tape = Tape::no_grad();
        run(self, tape.input(x.clone()), "", Location::caller())?.value()
    }

    /// Each layer with its kind, the shape of its result for an input like this one, and its parameters.
    ///
    /// ```
    /// use wengert_nn::{Linear, Module, Relu, Sequential};
    /// use wengert_tensor::{Rng, Tensor};
    ///
    /// let rng = &mut Rng::new(0);
    /// let model = Sequential::<f32>::new().with(Linear::new(784, 32, rng)).with(Relu).with(Linear::new(32, 10, rng));
    /// assert_eq!(
    ///     model.summary(&Tensor::zeros([64, 784]))?.to_string(),
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
    /// As [`call`](Self::call).
    #[track_caller]
    fn summary(&self, x: &In) -> Result<Summary> {
        summary(self, x, Location::caller())
    }
}

/// The directory of this crate's files, whose lines are not shown to users.
const HERE: &str = file!().split_at(file!().len() - "module.rs".len()).0;

/// Runs a module in a scope of its own, which records the layer, its name, the line of the call and the results.
#[inline]
pub(crate) fn run<'t, T, In, Out, M>(
    layer: &M,
    x: Var<'t, T, In>,
    name: &str,
    at: Line,
) -> Result<Var<'t, T, Out>>
where
    T: Float,
    In: Tensors,
    Out: Tensors,
    M: Module<T, In, Out> + ?Sized,
{
    let scope = x.tape().enter(layer.who(), name, at, HERE);
    match layer.forward(x).and_then(|y| scope.gave(y).map(|()| y)) {
        Ok(y) => Ok(y),
        Err(error) => Err(failed(error, &Any(layer), x.tape(), &scope, at)),
    }
}

/// An error on its way out of a call. The innermost call notes its scope; the outermost, which knows the names of its
/// parts, finds the path. A line of this crate becomes the line of the call around it that is the user's.
#[cold]
#[inline(never)]
fn failed<T: Float>(
    error: Error,
    layer: &dyn AnyParts<T>,
    tape: &Tape<T>,
    scope: &ScopeGuard<'_, T>,
    at: Line,
) -> Error {
    let error = error.outside_of(HERE, at).in_scope(scope.number());
    match error.scope() {
        Some(inner) if scope.is_outermost() => error.in_layer(&path_of(layer, tape, inner)),
        _ => error,
    }
}

/// A function as a module without parts; see [`func`].
pub struct Func<F, In, Out> {
    f: F,
    of: PhantomData<fn(In) -> Out>,
}

impl<F, In, Out> std::fmt::Debug for Func<F, In, Out> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("func")
    }
}

impl<F: Clone, In, Out> Clone for Func<F, In, Out> {
    fn clone(&self) -> Self {
        Self { f: self.f.clone(), of: PhantomData }
    }
}

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
pub fn func<T, F>(f: F) -> Func<F, Tensor<T>, Tensor<T>>
where
    T: Float,
    F: for<'t> Fn(Var<'t, T>) -> Result<Var<'t, T>> + Send + Sync,
{
    Func { f, of: PhantomData }
}

/// A function as a layer, with the inputs that its annotation names.
///
/// ```
/// use wengert_autograd::Var;
/// use wengert_nn::{Module, func_of};
/// use wengert_tensor::{Tensor, tensor};
///
/// type Pair = (Tensor<f32>, Tensor<f32>);
/// let sum = func_of(|pair: Var<f32, Pair>| {
///     let (a, b) = pair.unpack();
///     a.try_add(b)
/// });
/// assert_eq!(sum.predict(&(tensor![1.0], tensor![2.0]))?, tensor![3.0]);
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
pub fn func_of<T, In, Out, F>(f: F) -> Func<F, In, Out>
where
    T: Float,
    In: Tensors,
    Out: Tensors,
    F: for<'t> Fn(Var<'t, T, In>) -> Result<Var<'t, T, Out>> + Send + Sync,
{
    Func { f, of: PhantomData }
}

impl<T: Float, F: Send + Sync, In, Out> Parts<T> for Func<F, In, Out> {
    fn visit(&self, _: &mut Visitor<'_, T>) {}
    fn describe(&self) -> Option<String> {
        Some("func".into())
    }
}

impl<T, In, Out, F> Module<T, In, Out> for Func<F, In, Out>
where
    T: Float,
    In: Tensors,
    Out: Tensors,
    F: for<'t> Fn(Var<'t, T, In>) -> Result<Var<'t, T, Out>> + Send + Sync,
{
    fn forward<'t>(&self, x: Var<'t, T, In>) -> Result<Var<'t, T, Out>> {
        (self.f)(x)
    }
}

compiled!(f32 f64: { failed::<T> });
