//! Making tensors: from elements, full of one value, ranges, identities.

use crate::error::Fault;
use crate::layout::Layout;
use crate::storage::Storage;
use crate::{Element, Error, Float, Number, Result, Shape, Tensor};

impl<T: Element> Tensor<T> {
    /// A tensor of `shape` with these elements, in row-major order.
    ///
    /// ```
    /// # use wengert_tensor::Tensor;
    /// let x = Tensor::from_vec(vec![1.0_f32, 2.0, 3.0, 4.0], [2, 2])?;
    /// assert_eq!(x.get(&[1, 0])?, 3.0);
    /// # Ok::<(), wengert_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] if the shape does not hold as many elements.
    #[track_caller]
    pub fn from_vec(elements: Vec<T>, shape: impl AsRef<[usize]>) -> Result<Self> {
        Self::from_slice(&elements, shape)
    }

    /// A tensor of `shape` with a copy of these elements, in row-major order.
    ///
    /// # Errors
    /// [`Error::Shape`] if the shape does not hold as many elements.
    #[track_caller]
    pub fn from_slice(elements: &[T], shape: impl AsRef<[usize]>) -> Result<Self> {
        let shape = shape.as_ref();
        let len = Shape::len_or_refuse("from_slice", shape)?;
        if len != elements.len() {
            let rule = format!("holds {len} elements, and {} are given", elements.len());
            return Err(Error::Shape(Fault::new("from_slice", &[shape], rule)));
        }
        let layout = Layout::contiguous(Shape::new(shape));
        Ok(Self { storage: Storage::from_slice(layout, elements) })
    }

    /// A tensor without axes: one element.
    #[inline]
    pub fn scalar(value: T) -> Self {
        let layout = Layout::contiguous(Shape::new(&[]));
        Self { storage: Storage::full(layout, 1, value) }
    }

    /// A tensor full of one value.
    ///
    /// # Panics
    /// If the shape has more elements than memory can address ([`try_full`](Self::try_full) returns this as an error).
    #[track_caller]
    pub fn full(shape: impl AsRef<[usize]>, value: T) -> Self {
        match Self::try_full(shape, value) {
            Ok(tensor) => tensor,
            Err(error) => crate::error::refuse(&error, "Tensor::try_full"),
        }
    }

    /// [`full`](Self::full), or an error where that panics.
    ///
    /// # Errors
    /// [`Error::Size`] if the shape has more elements than memory can address.
    #[track_caller]
    pub fn try_full(shape: impl AsRef<[usize]>, value: T) -> Result<Self> {
        let len = Shape::len_or_refuse("full", shape.as_ref())?;
        let layout = Layout::contiguous(Shape::new(shape.as_ref()));
        Ok(Self { storage: Storage::full(layout, len, value) })
    }

    /// A tensor full of one value, of this one's shape.
    pub fn full_like(&self, value: T) -> Self {
        // An expanded view may have more elements than fit; then this is the shape that memory refuses.
        Self::full(self.shape(), value)
    }

    /// Element by element from a function of the index, in row-major order.
    ///
    /// ```
    /// # use wengert_tensor::Tensor;
    /// let table = Tensor::from_fn([3, 3], |i| (i[0] + 1) * (i[1] + 1));
    /// assert_eq!(table.to_vec(), [1, 2, 3, 2, 4, 6, 3, 6, 9]);
    /// ```
    #[track_caller]
    pub fn from_fn(shape: impl AsRef<[usize]>, mut f: impl FnMut(&[usize]) -> T) -> Self {
        let mut tensor = Self::full(shape, T::default());
        let shape = tensor.layout().shape.clone();
        let mut index = vec![0; shape.len()];
        for out in tensor.as_mut_slice() {
            *out = f(&index);
            for axis in (0..shape.len()).rev() {
                index[axis] += 1;
                if index[axis] < shape[axis] {
                    break;
                }
                index[axis] = 0;
            }
        }
        tensor
    }
}

impl<T: Number> Tensor<T> {
    /// A tensor of zeros.
    ///
    /// # Panics
    /// As [`full`](Self::full).
    #[track_caller]
    pub fn zeros(shape: impl AsRef<[usize]>) -> Self {
        Self::full(shape, T::ZERO)
    }

    /// A tensor of ones.
    ///
    /// # Panics
    /// As [`full`](Self::full).
    #[track_caller]
    pub fn ones(shape: impl AsRef<[usize]>) -> Self {
        Self::full(shape, T::ONE)
    }

    /// Zeros of this one's shape.
    pub fn zeros_like(&self) -> Self {
        self.full_like(T::ZERO)
    }

    /// Ones of this one's shape.
    pub fn ones_like(&self) -> Self {
        self.full_like(T::ONE)
    }

    /// The identity matrix of `n` rows.
    #[track_caller]
    pub fn eye(n: usize) -> Self {
        Self::from_fn([n, n], |i| if i[0] == i[1] { T::ONE } else { T::ZERO })
    }

    /// `start`, `start + step`, … up to but without `end`.
    ///
    /// ```
    /// # use wengert_tensor::Tensor;
    /// assert_eq!(Tensor::arange(0_i64, 10, 3)?.to_vec(), [0, 3, 6, 9]);
    /// assert_eq!(Tensor::arange(1.0_f32, 0.0, -0.25)?.to_vec(), [1.0, 0.75, 0.5, 0.25]);
    /// # Ok::<(), wengert_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Value`] if the step is zero or any number is not finite.
    #[track_caller]
    pub fn arange(start: T, end: T, step: T) -> Result<Self> {
        let (from, to, by) = (start.to_f64(), end.to_f64(), step.to_f64());
        if by == 0.0 || !(from.is_finite() && to.is_finite() && by.is_finite()) {
            let rule = format!(
                "from {start} to {end} by {step}: the step must not be 0, and all must be finite"
            );
            return Err(Error::Value(Fault::new("arange", &[], rule)));
        }
        let count = ((to - from) / by).ceil().max(0.0);
        let len = Shape::len_or_refuse("arange", &[count as usize])?;
        Ok(Self::from((0..len).map(|i| T::from_f64(from + i as f64 * by)).collect::<Vec<_>>()))
    }
}

impl<T: Float> Tensor<T> {
    /// `count` evenly spaced values from `start` to `end`, both included.
    ///
    /// ```
    /// # use wengert_tensor::Tensor;
    /// assert_eq!(Tensor::linspace(0.0_f32, 1.0, 5).to_vec(), [0.0, 0.25, 0.5, 0.75, 1.0]);
    /// ```
    #[track_caller]
    pub fn linspace(start: T, end: T, count: usize) -> Self {
        let (from, to) = (start.to_f64(), end.to_f64());
        let gaps = count.saturating_sub(1).max(1) as f64;
        Self::from_fn([count], |i| {
            // From the nearer end, so that both ends are exact.
            let i = i[0];
            T::from_f64(if 2 * i < count {
                from + (to - from) * (i as f64 / gaps)
            } else {
                to - (to - from) * ((count - 1 - i) as f64 / gaps)
            })
        })
    }
}

impl Tensor<usize> {
    /// Class numbers as rows of zeros with a one: `[…]` becomes `[…, classes]`.
    ///
    /// ```
    /// # use wengert_tensor::tensor;
    /// let y = tensor![2, 0_usize].one_hot::<f32>(3)?;
    /// assert_eq!(y.to_vec(), [0.0, 0.0, 1.0, 1.0, 0.0, 0.0]);
    /// # Ok::<(), wengert_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Index`] if a number is not below `classes`.
    #[track_caller]
    pub fn one_hot<T: Number>(&self, classes: usize) -> Result<Tensor<T>> {
        let mut shape = self.layout().shape.clone();
        shape.push(classes);
        let mut out = Tensor::try_full(&shape, T::ZERO)?;
        let elements = out.as_mut_slice();
        for (row, class) in self.iter().enumerate() {
            if class >= classes {
                let rule = format!(
                    "class {class} (place {row}) is not below {classes}, the number of classes"
                );
                return Err(Error::Index(Fault::new("one_hot", &[self.shape()], rule)));
            }
            elements[row * classes + class] = T::ONE;
        }
        Ok(out)
    }
}

/// What `tensor!` takes: elements, or equally long lists of what it takes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no element of a tensor, nor a nested array of such",
    note = "elements are f32, f64, i64, usize, u8 and bool; whole numbers whose kind nothing says are i32: give one a suffix (`0_usize`, `0_i64`), or the tensor a type (`let labels: Labels = tensor![0, 1];` under a prelude, `Tensor<usize>` without one)"
)]
pub trait Nested<T> {
    /// Adds the sizes of its axes to `shape`.
    fn sizes(shape: &mut Shape);
    /// Adds its elements to `out`, in row-major order.
    fn flatten(self, out: &mut Vec<T>);
}

macro_rules! leaf {
    ($($t:ident)*) => {$(
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
        Self { storage: Storage::from_slice(Layout::contiguous(shape), &elements) }
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
