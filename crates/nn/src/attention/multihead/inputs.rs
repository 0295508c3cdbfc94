//! `MultiheadAttention` as a module of each of its inputs, and as one that returns its weights too.

use wengert_autograd::{Result, Var, Who};
use wengert_tensor::{Element, Float, Tensor};

use super::{Mask, MultiheadAttention};
use crate::{Module, Parts, Visitor};

/// A [`MultiheadAttention`] that returns its weights besides the result; see [`MultiheadAttention::weighed`]. It is a type of its
/// own, so that a layer has one result for each input, and Rust finds its type.
#[derive(Clone, Copy)]
pub struct Weighed<'a, T>(pub(super) &'a MultiheadAttention<T>);

impl<T: Float> std::fmt::Debug for Weighed<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl<T: Float> Parts<T> for Weighed<'_, T> {
    fn visit(&self, v: &mut Visitor<'_, T>) {
        self.0.visit(v);
    }
    fn describe(&self) -> Option<String> {
        self.0.describe()
    }
    fn who(&self) -> Who {
        self.0.who()
    }
}

/// The tensors of a query, a key and a value.
type Qkv<T> = (Tensor<T>, Tensor<T>, Tensor<T>);
/// The same with a mask.
type Masked<T, E> = (Tensor<T>, Tensor<T>, Tensor<T>, Tensor<E>);
/// A result and weights.
type Both<T> = (Tensor<T>, Tensor<T>);

/// One kind of input, with and without weights in the result.
macro_rules! takes {
    ($([$($E:ident)?] $In:ty => |$x:ident| $inputs:expr, $mask:expr;)*) => {$(
        impl<T: Float $(, $E: Element)?> Module<T, $In> for MultiheadAttention<T> {
            #[track_caller]
            fn forward<'t>(&self, $x: Var<'t, T, $In>) -> Result<Var<'t, T>> {
                Ok(self.attend($inputs, $mask, false)?.0)
            }
        }
        impl<T: Float $(, $E: Element)?> Module<T, $In, Both<T>> for Weighed<'_, T> {
            #[track_caller]
            fn forward<'t>(&self, $x: Var<'t, T, $In>) -> Result<Var<'t, T, Both<T>>> {
                match self.0.attend($inputs, $mask, true)? {
                    (y, Some(weights)) => Var::pack((y, weights)),
                    (_, None) => unreachable!("weights were asked for"),
                }
            }
        }
    )*};
}
takes! {
    [] Tensor<T> => |x| [x, x, x], Mask::None;
    [E] (Tensor<T>, Tensor<E>) => |x| [x.unpack().0; 3], Mask::of(x.unpack().1)?;
    [] Qkv<T> => |x| <[Var<'t, T>; 3]>::from(x.unpack()), Mask::None;
    [E] Masked<T, E> => |x| { let (q, k, v, _) = x.unpack(); [q, k, v] }, Mask::of(x.unpack().3)?;
}
