//! Making tensors: from elements, full of one value, ranges, identities.

use crate::error::{Fault, no_memory, out_of_memory, refuse};
use crate::kernel::write::written;
use crate::storage::Storage;
use crate::{Element, Error, Float, Number, Result, Shape, Tensor};

impl<T: Element> Tensor<T> {
    /// A tensor of `shape` with these elements, in row-major order.
    ///
    /// ```
    /// # use wengert_tensor::Tensor;
    /// assert_eq!(Tensor::from_vec(vec![1.0_f32, 2.0, 3.0, 4.0], [2, 2])?.get(&[1, 0])?, 3.0);
    /// # Ok::<(), wengert_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] if the shape does not hold as many elements.
    #[track_caller]
    pub fn from_vec(elements: Vec<T>, shape: impl AsRef<[usize]>) -> Result<Self> {
        Self::slice_for("from_vec", &elements, shape.as_ref())
    }

    /// A tensor of `shape` with a copy of these elements, in row-major order.
    ///
    /// # Errors
    /// [`Error::Shape`] if the shape does not hold as many elements.
    #[track_caller]
    pub fn from_slice(elements: &[T], shape: impl AsRef<[usize]>) -> Result<Self> {
        Self::slice_for("from_slice", elements, shape.as_ref())
    }
    #[track_caller]
    fn slice_for(op: &'static str, elements: &[T], shape: &[usize]) -> Result<Self> {
        let len = Shape::len_or_refuse(op, shape)?;
        if len != elements.len() {
            let rule = format!("holds {len} elements, and {} are given", elements.len());
            return Err(Error::Shape(Fault::new(op, &[shape], rule)));
        }
        match Storage::from_slice(shape, elements) {
            Some(storage) => Ok(Self { storage }),
            None => Err(no_memory::<T>(op, shape)),
        }
    }

    /// A tensor without axes: one element.
    #[track_caller]
    #[inline]
    pub fn scalar(value: T) -> Self {
        match Storage::full(&[], value) {
            Some(storage) => Self { storage },
            None => out_of_memory::<T>("scalar", &[]),
        }
    }

    /// A tensor full of one value.
    ///
    /// # Panics
    /// If there is no memory for the shape ([`try_full`](Self::try_full) returns this as an error).
    #[track_caller]
    pub fn full(shape: impl AsRef<[usize]>, value: T) -> Self {
        match Self::try_full(shape, value) {
            Ok(tensor) => tensor,
            Err(error) => refuse(&error, "Tensor::try_full"),
        }
    }

    /// [`full`](Self::full), with an error instead of a panic.
    ///
    /// # Errors
    /// [`Error::Size`] if there is no memory for the shape.
    #[track_caller]
    pub fn try_full(shape: impl AsRef<[usize]>, value: T) -> Result<Self> {
        Self::full_for("full", shape.as_ref(), value)
    }
    #[track_caller]
    fn full_for(op: &'static str, shape: &[usize], value: T) -> Result<Self> {
        if let Some(storage) = Storage::full(shape, value) {
            return Ok(Self { storage });
        }
        Shape::len_or_refuse(op, shape)?;
        Err(no_memory::<T>(op, shape))
    }

    /// A tensor full of one value, of this one's shape.
    ///
    /// # Panics
    /// If there is no memory for it: an expanded view may have more elements than fit ([`try_full`](Self::try_full) returns
    /// this as an error).
    #[track_caller]
    pub fn full_like(&self, value: T) -> Self {
        Self::full(self.shape(), value)
    }

    /// A tensor whose elements are a function of the index, in row-major order.
    ///
    /// ```
    /// # use wengert_tensor::Tensor;
    /// let table = Tensor::from_fn([3, 3], |i| (i[0] + 1) * (i[1] + 1));
    /// assert_eq!(table.to_vec(), [1, 2, 3, 2, 4, 6, 3, 6, 9]);
    /// ```
    ///
    /// # Panics
    /// If there is no memory for the shape ([`try_from_fn`](Self::try_from_fn) returns this as an error).
    #[track_caller]
    pub fn from_fn(shape: impl AsRef<[usize]>, f: impl FnMut(&[usize]) -> T) -> Self {
        match Self::try_from_fn(shape, f) {
            Ok(tensor) => tensor,
            Err(error) => refuse(&error, "Tensor::try_from_fn"),
        }
    }

    /// [`from_fn`](Self::from_fn), with an error instead of a panic.
    ///
    /// # Errors
    /// [`Error::Size`] if there is no memory for the shape.
    #[track_caller]
    pub fn try_from_fn(shape: impl AsRef<[usize]>, f: impl FnMut(&[usize]) -> T) -> Result<Self> {
        Self::made("from_fn", shape, f)
    }

    /// [`try_from_fn`](Self::try_from_fn), in the name of `op`.
    #[track_caller]
    fn made(
        op: &'static str,
        shape: impl AsRef<[usize]>,
        mut f: impl FnMut(&[usize]) -> T,
    ) -> Result<Self> {
        let mut tensor = Self::full_for(op, shape.as_ref(), T::default())?;
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
        Ok(tensor)
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
    ///
    /// # Panics
    /// As [`full_like`](Self::full_like).
    #[track_caller]
    pub fn zeros_like(&self) -> Self {
        self.full_like(T::ZERO)
    }

    /// Ones of this one's shape.
    ///
    /// # Panics
    /// As [`full_like`](Self::full_like).
    #[track_caller]
    pub fn ones_like(&self) -> Self {
        self.full_like(T::ONE)
    }

    /// The identity matrix of `n` rows.
    ///
    /// # Panics
    /// If there is no memory for so many rows ([`try_eye`](Self::try_eye) returns this as an error).
    #[track_caller]
    pub fn eye(n: usize) -> Self {
        match Self::try_eye(n) {
            Ok(tensor) => tensor,
            Err(error) => refuse(&error, "Tensor::try_eye"),
        }
    }

    /// [`eye`](Self::eye), with an error instead of a panic.
    ///
    /// # Errors
    /// [`Error::Size`] if there is no memory for so many rows.
    #[track_caller]
    pub fn try_eye(n: usize) -> Result<Self> {
        Self::made("eye", [n, n], |i| if i[0] == i[1] { T::ONE } else { T::ZERO })
    }

    /// `start`, `start + step`, … up to but excluding `end`.
    ///
    /// ```
    /// # use wengert_tensor::Tensor;
    /// assert_eq!(Tensor::arange(0_i64, 10, 3)?.to_vec(), [0, 3, 6, 9]);
    /// assert_eq!(Tensor::arange(1.0_f32, 0.0, -0.25)?.to_vec(), [1.0, 0.75, 0.5, 0.25]);
    /// # Ok::<(), wengert_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Value`] if the step is zero or any number is not finite, [`Error::Size`] if there is no memory for so many.
    #[track_caller]
    pub fn arange(start: T, end: T, step: T) -> Result<Self> {
        let Some(count) = T::count_steps(start, end, step) else {
            let rule = format!(
                "from {start} to {end} by {step}: the step must not be 0, and all must be finite"
            );
            return Err(Error::Value(Fault::new("arange", &[], rule)));
        };
        written("arange", Shape::new(&[count]), |out| {
            (0..count).for_each(|i| out.push(start.after_steps(i, step)));
        })
    }
}

impl<T: Float> Tensor<T> {
    /// `count` evenly spaced values from `start` to `end`, both included: NaN between them if one is not finite.
    ///
    /// ```
    /// # use wengert_tensor::Tensor;
    /// assert_eq!(Tensor::linspace(0.0_f32, 1.0, 5).to_vec(), [0.0, 0.25, 0.5, 0.75, 1.0]);
    /// ```
    ///
    /// # Panics
    /// If there is no memory for so many ([`try_linspace`](Self::try_linspace) returns this as an error).
    #[track_caller]
    pub fn linspace(start: T, end: T, count: usize) -> Self {
        match Self::try_linspace(start, end, count) {
            Ok(tensor) => tensor,
            Err(error) => refuse(&error, "Tensor::try_linspace"),
        }
    }

    /// [`linspace`](Self::linspace), with an error instead of a panic.
    ///
    /// # Errors
    /// [`Error::Size`] if there is no memory for so many.
    #[track_caller]
    pub fn try_linspace(start: T, end: T, count: usize) -> Result<Self> {
        let (from, to) = (start.to_f64(), end.to_f64());
        let gaps = count.saturating_sub(1).max(1) as f64;
        // The distance of two large numbers may overflow, half of it does not.
        let (distance, unit) = match to - from {
            far if far.is_infinite() => (to / 2.0 - from / 2.0, 2.0),
            near => (near, 1.0),
        };
        Self::made("linspace", [count], |i| {
            // From the nearer end, so that both ends are exact.
            let i = i[0];
            T::from_f64(if 2 * i < count {
                from + distance * (unit * (i as f64 / gaps))
            } else {
                to - distance * (unit * ((count - 1 - i) as f64 / gaps))
            })
        })
    }
}

impl Tensor<usize> {
    /// Class numbers as rows of zeros with a single one: `[…]` becomes `[…, classes]`.
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
        let mut out = Tensor::full_for("one_hot", &shape, T::ZERO)?;
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
