//! `ClassTarget`: the forms of a class target, class numbers or probabilities.

use std::fmt;

use wengert_autograd::Var;
use wengert_tensor::{Float, Tensor};

use crate::labels::Labels;

/// A target of [`CrossEntropyLoss`](crate::CrossEntropyLoss): class numbers (`&Tensor<usize>`), probabilities (`&Tensor<T>`), or probabilities that want
/// a gradient (`Var`).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no target of a cross-entropy of `{T}`",
    label = "class numbers are `&Tensor<usize>`, probabilities `&Tensor<{T}>`",
    note = "it is borrowed: `&labels`; other numbers become class numbers by `labels.cast::<usize>()`"
)]
pub trait ClassTarget<'t, T: Float> {
    /// As one of the three.
    fn classes(self) -> Classes<'t, T>;
}

/// The forms of a class target.
#[non_exhaustive]
pub enum Classes<'t, T: Float> {
    /// Class numbers or probabilities.
    Fixed(Labels<T>),
    /// Probabilities that are a var.
    Recorded(Var<'t, T>),
}

impl<T: Float> fmt::Debug for Classes<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(labels) => labels.fmt(f),
            Self::Recorded(q) => q.fmt(f),
        }
    }
}

impl<'t, T: Float> ClassTarget<'t, T> for &Tensor<usize> {
    fn classes(self) -> Classes<'t, T> {
        Classes::Fixed(Labels::Classes(self.clone()))
    }
}

impl<'t, T: Float> ClassTarget<'t, T> for Labels<T> {
    fn classes(self) -> Classes<'t, T> {
        Classes::Fixed(self)
    }
}

impl<'t, T: Float> ClassTarget<'t, T> for Var<'t, T> {
    fn classes(self) -> Classes<'t, T> {
        Classes::Recorded(self)
    }
}

macro_rules! probabilities {
    ($($t:ident)*) => {$(
        impl<'t> ClassTarget<'t, $t> for &Tensor<$t> {
            fn classes(self) -> Classes<'t, $t> {
                Classes::Fixed(Labels::Probabilities(self.clone()))
            }
        }
    )*};
}

probabilities!(f32 f64);
