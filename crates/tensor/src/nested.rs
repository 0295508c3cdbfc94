//! `tensor!`: a tensor from nested lists.

use crate::error::out_of_memory;
use crate::storage::Storage;
use crate::{Element, Shape, Tensor};

/// An argument of `tensor!`: an element, or a list of arguments of equal length.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no element of a tensor, nor a nested array of such",
    note = "elements are f32, f64, i64, usize, u8 and bool; whole numbers whose kind nothing says are i32: give one a suffix (`0_usize`, `0_i64`), or the tensor a type (`let labels: Labels = tensor![0, 1];` under a prelude, `Tensor<usize>` without one)"
)]
pub trait Nested<T>: sealed::Nested {
    /// Adds the sizes of its axes to `shape`.
    fn sizes(shape: &mut Shape);
    /// Adds its elements to `out`, in row-major order.
    fn flatten(self, out: &mut Vec<T>);
}

/// [`Tensor::from_nested`] relies on the number of elements that the sizes give, so no other crate may implement
/// [`Nested`].
mod sealed {
    pub trait Nested {}
    impl<N: Nested, const LEN: usize> Nested for [N; LEN] {}
}

macro_rules! leaf {
    ($($t:ident)*) => {$(
        impl sealed::Nested for $t {}
        impl Nested<$t> for $t {
            fn sizes(_: &mut Shape) {}
            fn flatten(self, out: &mut Vec<$t>) {
                out.push(self);
            }
        }
    )*};
}
leaf!(f32 f64 i64 usize u8 bool);

impl<T, N: Nested<T>, const LEN: usize> Nested<T> for [N; LEN] {
    fn sizes(shape: &mut Shape) {
        shape.push(LEN);
        N::sizes(shape);
    }
    fn flatten(self, out: &mut Vec<T>) {
        for inner in self {
            inner.flatten(out);
        }
    }
}

impl<T: Element> Tensor<T> {
    /// A tensor from nested arrays; [`tensor!`](crate::tensor) reads better.
    pub fn from_nested<N: Nested<T>>(nested: N) -> Self {
        let mut shape = Shape::new(&[]);
        N::sizes(&mut shape);
        let mut elements = Vec::new();
        nested.flatten(&mut elements);
        // `from_slice` checks that the shape has as many elements as there are.
        match Storage::from_slice(&shape, &elements) {
            Some(storage) => Self { storage },
            None => out_of_memory::<T>("tensor", &[elements.len()]),
        }
    }
}

/// A tensor from nested lists.
///
/// ```
/// # use wengert_tensor::{Tensor, tensor};
/// let x: Tensor<f32> = tensor![[1., 2., 3.], [4., 5., 6.]];
/// assert_eq!(x.shape(), [2, 3]);
/// assert_eq!(tensor![7_usize, 8].shape(), [2]);
/// ```
///
/// Lists of different lengths do not compile:
///
/// ```compile_fail
/// # use wengert_tensor::tensor;
/// let x = tensor![[1.0_f32, 2.0], [3.0]];
/// ```
#[macro_export]
macro_rules! tensor {
    ($($x:expr),* $(,)?) => { $crate::Tensor::from_nested([$($x),*]) };
}
