//! Layers that take one input or several: their `call` finds out from its argument which it is.

use wengert_autograd::{Result, Tensors, Var};
use wengert_tensor::Float;

/// A var, or vars that are one input together: what `call` of a layer takes that has several kinds of input.
///
/// [`Module::call`](crate::Module::call) knows the type of the input from the layer. A layer that takes `x`, or `(x, state)`,
/// learns it from the argument:
///
/// ```
/// use wengert_autograd::{Result, Tape, Var};
/// use wengert_nn::Input;
/// use wengert_tensor::{Float, Tensor, tensor};
///
/// fn parts<'t>(x: impl Input<'t, f32, Tensors = (Tensor<f32>, Tensor<f32>)>) -> Result<usize> {
///     let (a, b) = x.packed()?.unpack();
///     Ok(a.len() + b.len())
/// }
///
/// let tape = Tape::new();
/// let (a, b) = (tape.input(tensor![1.0, 2.0]), tape.input(tensor![3.0]));
/// assert_eq!(parts((a, b))?, 3);
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
pub trait Input<'t, T: Float> {
    /// The tensors that the vars stand for.
    type Tensors: Tensors;

    /// The vars as one.
    ///
    /// # Errors
    /// If they are on two tapes.
    fn packed(self) -> Result<Var<'t, T, Self::Tensors>>;
}

impl<'t, T: Float, K: Tensors> Input<'t, T> for Var<'t, T, K> {
    type Tensors = K;
    #[track_caller]
    fn packed(self) -> Result<Self> {
        Ok(self)
    }
}

macro_rules! tuples {
    ($(($($A:ident $i:tt),+))*) => {$(
        impl<'t, T: Float, $($A: Input<'t, T>),+> Input<'t, T> for ($($A,)+) {
            type Tensors = ($($A::Tensors,)+);
            #[track_caller]
            fn packed(self) -> Result<Var<'t, T, Self::Tensors>> {
                Var::pack(($(self.$i.packed()?.unpack(),)+))
            }
        }
    )*};
}
tuples! { (A 0, B 1) (A 0, B 1, C 2) (A 0, B 1, C 2, D 3) }

/// `call` of a layer that takes several kinds of input.
macro_rules! several_inputs {
    ($Layer:ident<T> -> $Out:ty) => {
        impl<T: Float> $Layer<T> {
            /// [`Module::call`] of any of the inputs that it takes: the layer as a function.
            ///
            /// # Errors
            /// If the shapes do not fit; the error names the layer.
            #[track_caller]
            pub fn call<'t, X>(
                &self,
                x: X,
            ) -> Result<<$Out as wengert_autograd::Tensors>::Vars<'t, T>>
            where
                X: crate::Input<'t, T>,
                Self: Module<T, X::Tensors, $Out>,
            {
                let at = std::panic::Location::caller();
                Ok(crate::module::run(self, x.packed()?, "", at)?.unpack())
            }
        }
    };
}
pub(crate) use several_inputs;
