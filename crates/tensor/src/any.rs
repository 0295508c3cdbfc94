//! `AnyTensor`: a tensor whose element type is known when the program runs.

use std::any::Any;
use std::fmt;

use crate::{Element, Tensor};

/// A tensor of any element type, as in a file, or as indices and masks on a tape.
///
/// ```
/// use wengert_tensor::{AnyTensor, tensor};
///
/// let labels = AnyTensor::from(tensor![3_usize, 1, 2]);
/// assert_eq!((labels.shape(), labels.type_name()), (&[3][..], "usize"));
/// assert_eq!(labels.get::<usize>(), Some(&tensor![3, 1, 2]));
/// assert_eq!(labels.get::<f32>(), None);
/// ```
#[derive(Clone, PartialEq)]
pub enum AnyTensor {
    /// Single precision.
    F32(Tensor<f32>),
    /// Double precision.
    F64(Tensor<f64>),
    /// Integers.
    I64(Tensor<i64>),
    /// Indices and class numbers.
    Usize(Tensor<usize>),
    /// Bytes.
    U8(Tensor<u8>),
    /// Masks.
    Bool(Tensor<bool>),
}

/// Evaluates an expression of the tensor in an [`AnyTensor`], whatever its type.
///
/// ```
/// use wengert_tensor::{AnyTensor, any_tensor, tensor};
///
/// let x = AnyTensor::from(tensor![1_u8, 2, 3]);
/// assert_eq!(any_tensor!(&x, x => x.len()), 3);
/// ```
#[macro_export]
macro_rules! any_tensor {
    ($any:expr, $x:ident => $body:expr) => {
        match $any {
            $crate::AnyTensor::F32($x) => $body,
            $crate::AnyTensor::F64($x) => $body,
            $crate::AnyTensor::I64($x) => $body,
            $crate::AnyTensor::Usize($x) => $body,
            $crate::AnyTensor::U8($x) => $body,
            $crate::AnyTensor::Bool($x) => $body,
        }
    };
}

impl AnyTensor {
    /// The sizes of the axes.
    pub fn shape(&self) -> &[usize] {
        any_tensor!(self, x => x.shape())
    }

    /// The name of the element type, as Rust writes it.
    pub fn type_name(&self) -> &'static str {
        fn name<E: Element>(_: &Tensor<E>) -> &'static str {
            E::NAME
        }
        any_tensor!(self, x => name(x))
    }

    /// The tensor, if its elements are of type `E`.
    pub fn get<E: Element>(&self) -> Option<&Tensor<E>> {
        any_tensor!(self, x => (x as &dyn Any).downcast_ref())
    }
}

impl<E: Element> From<Tensor<E>> for AnyTensor {
    fn from(x: Tensor<E>) -> Self {
        let mut x = Some(x);
        let x: &mut dyn Any = &mut x;
        macro_rules! one_of {
            ($($Variant:ident $t:ident)*) => {
                $(if let Some(x) = x.downcast_mut::<Option<Tensor<$t>>>().and_then(Option::take) {
                    return Self::$Variant(x);
                })*
            };
        }
        one_of!(F32 f32 F64 f64 I64 i64 Usize usize U8 u8 Bool bool);
        unreachable!("there are six element types")
    }
}

impl fmt::Display for AnyTensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        any_tensor!(self, x => fmt::Display::fmt(x, f))
    }
}

impl fmt::Debug for AnyTensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}", self.type_name(), self.shape())
    }
}
