//! The other operand of an op: a var, a tensor or a number.

use wengert_tensor::{Element, Float, Tensor};

use crate::ops::Given;
use crate::{Result, Var};

/// The other operand of an op: another var, or a tensor or number as a constant. `E` is the type of its elements: the tape's
/// floats, `usize` for indices, `bool` for masks.
pub trait Operand<'t, T: Float, E: Element = T> {
    /// As a var on the tape of `beside`.
    fn on(self, beside: Var<'t, T>) -> Var<'t, T, Tensor<E>>;
}

impl<'t, T: Float, E: Element> Operand<'t, T, E> for Var<'t, T, Tensor<E>> {
    #[inline]
    fn on(self, _: Var<'t, T>) -> Self {
        self
    }
}

impl<'t, T: Float, E: Element> Operand<'t, T, E> for Tensor<E> {
    #[track_caller]
    fn on(self, beside: Var<'t, T>) -> Var<'t, T, Tensor<E>> {
        beside.tape.input(self)
    }
}

impl<'t, T: Float, E: Element> Operand<'t, T, E> for &Tensor<E> {
    #[track_caller]
    fn on(self, beside: Var<'t, T>) -> Var<'t, T, Tensor<E>> {
        beside.tape.input(self.clone())
    }
}

macro_rules! number {
    ($($t:ident)*) => {$(
        impl<'t> Operand<'t, $t> for $t {
            #[track_caller]
            fn on(self, beside: Var<'t, $t>) -> Var<'t, $t> {
                beside.tape.constant(Tensor::scalar(self))
            }
        }
    )*};
}
number!(f32 f64);

impl<'t, T: Float> Var<'t, T> {
    /// Indices or a mask, as the op `name` uses them.
    #[track_caller]
    pub(crate) fn given<E: Element>(
        self,
        name: &'static str,
        operand: impl Operand<'t, T, E>,
    ) -> Result<Given<E>> {
        let var = operand.on(self);
        self.same_tape(var, name)?;
        Ok(Given { values: var.value()?, line: Some(var.index) })
    }
}
