//! Reductions over any set of axes: sums, means, products, extremes.

use smallvec::SmallVec;

use crate::axes::folding;
use crate::error::Fault;
use crate::kernel::folds::NumberFold;
use crate::kernel::reduce::THREADS_FROM;
use crate::layout::Strides;
use crate::{Axes, Element, Error, Float, Number, Result, Shape, Tensor};

/// The fold over `axes`, which are kept with size 1 or removed.
#[track_caller]
#[inline(never)]
fn folded<T: Number>(
    op: &'static str,
    by: NumberFold,
    x: &Tensor<T>,
    axes: &Axes,
) -> Result<Tensor<T>> {
    let flags = folding(op, x.shape(), axes)?;
    let kept = T::fold(by, x, &flags);
    Ok(kept.kept_or_not(axes, &flags))
}

/// The fold of all elements.
#[inline(never)]
fn folded_whole<T: Number>(by: NumberFold, x: &Tensor<T>) -> T {
    match x.as_slice() {
        // Without a walk: most losses end so.
        Some(x) if (1..THREADS_FROM).contains(&x.len()) => T::fold_slice(by, x),
        _ => T::fold(by, x, &every_axis(x)).as_slice().map_or(T::ZERO, |all| all[0]),
    }
}

/// One flag per axis, all set.
pub(crate) fn every_axis<T>(x: &Tensor<T>) -> SmallVec<[bool; 8]> {
    SmallVec::from_elem(true, x.rank())
}

impl<T: Element> Tensor<T> {
    /// Without the flagged axes, which have size 1.
    #[inline(never)]
    pub(crate) fn without(mut self, flags: &[bool]) -> Self {
        let layout = self.storage.layout_mut();
        for axis in (0..flags.len()).rev().filter(|&i| flags[i]) {
            layout.shape.remove(axis);
            layout.strides.remove(axis);
        }
        self
    }

    /// With the flagged axes, which have size 1, or without them.
    pub(crate) fn kept_or_not(self, axes: &Axes, flags: &[bool]) -> Self {
        if axes.keeps() { self } else { self.without(flags) }
    }

    /// A tensor of one element as a scalar.
    pub(crate) fn scalar_view(mut self) -> Self {
        let layout = self.storage.layout_mut();
        (layout.shape, layout.strides) = (Shape::new(&[]), Strides::new());
        self
    }

    /// Rejects a reduction that is undefined over an axis of size 0.
    #[track_caller]
    #[inline(never)]
    pub(crate) fn refuse_empty(&self, op: &'static str, axes: &Axes) -> Result<()> {
        let flags = axes.flags(op, self.shape())?;
        match (0..self.rank()).find(|&i| flags[i] && self.shape()[i] == 0) {
            Some(axis) => {
                let rule = format!("axis {axis} is empty, and the {op} of nothing has no answer");
                Err(Error::Shape(Fault::new(op, &[self.shape()], rule)))
            }
            None => Ok(()),
        }
    }
}

impl<T: Number> Tensor<T> {
    /// The sum of all elements, as a scalar. Its error grows as slowly as that of pairwise summation.
    pub fn sum(&self) -> Self {
        Self::scalar(folded_whole(NumberFold::Sum, self))
    }

    /// The sum over some axes.
    ///
    /// # Errors
    /// [`Error::Axis`] if there is no such axis.
    #[track_caller]
    pub fn sum_over(&self, axes: impl Into<Axes>) -> Result<Self> {
        folded("sum", NumberFold::Sum, self, &axes.into())
    }

    /// The sum over the first axis, as `sum_over(0)` gives it; of a matrix without looking up the axis.
    ///
    /// # Errors
    /// As [`sum_over`](Self::sum_over).
    #[doc(hidden)]
    #[track_caller]
    pub fn sum_rows(&self) -> Result<Self> {
        const ROWS: &[bool] = &[true, false];
        if self.rank() == 2 && !self.is_empty() {
            return Ok(T::fold(NumberFold::Sum, self, ROWS).without(ROWS));
        }
        self.sum_over(0)
    }

    /// The product of all elements, as a scalar.
    pub fn prod(&self) -> Self {
        Self::scalar(folded_whole(NumberFold::Product, self))
    }

    /// The product over some axes.
    ///
    /// # Errors
    /// [`Error::Axis`] if there is no such axis.
    #[track_caller]
    pub fn prod_over(&self, axes: impl Into<Axes>) -> Result<Self> {
        folded("prod", NumberFold::Product, self, &axes.into())
    }

    /// The largest element, as a scalar; NaN if any element is.
    ///
    /// # Errors
    /// [`Error::Shape`] if there is no element.
    #[track_caller]
    pub fn max(&self) -> Result<Self> {
        self.max_over(..)
    }

    /// The largest element along some axes; NaN if any element is.
    ///
    /// # Errors
    /// [`Error::Axis`] if there is no such axis, [`Error::Shape`] if it is empty.
    #[track_caller]
    pub fn max_over(&self, axes: impl Into<Axes>) -> Result<Self> {
        let axes = axes.into();
        self.refuse_empty("max", &axes)?;
        folded("max", NumberFold::Max, self, &axes)
    }

    /// The smallest element, as a scalar; NaN if any element is.
    ///
    /// # Errors
    /// [`Error::Shape`] if there is no element.
    #[track_caller]
    pub fn min(&self) -> Result<Self> {
        self.min_over(..)
    }

    /// The smallest element along some axes; NaN if any element is.
    ///
    /// # Errors
    /// [`Error::Axis`] if there is no such axis, [`Error::Shape`] if it is empty.
    #[track_caller]
    pub fn min_over(&self, axes: impl Into<Axes>) -> Result<Self> {
        let axes = axes.into();
        self.refuse_empty("min", &axes)?;
        folded("min", NumberFold::Min, self, &axes)
    }

    /// Summed over the axes along which `shape` broadcasts to this one's: the adjoint of that broadcast.
    ///
    /// ```
    /// # use wengert_tensor::Tensor;
    /// assert_eq!(Tensor::<f32>::ones([4, 3]).sum_to([1, 3])?, Tensor::full([1, 3], 4.0));
    /// # Ok::<(), wengert_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] if `shape` does not broadcast to this one's.
    #[track_caller]
    pub fn sum_to(&self, shape: impl AsRef<[usize]>) -> Result<Self> {
        self.sum_to_here(shape.as_ref())
    }

    #[track_caller]
    #[inline(never)]
    fn sum_to_here(&self, shape: &[usize]) -> Result<Self> {
        if shape == self.shape() {
            return Ok(self.clone());
        }
        if Shape::broadcast(shape, self.shape()).as_deref() != Some(self.shape()) {
            let rule = "the second does not broadcast to the first";
            return Err(Error::Shape(Fault::new("sum_to", &[self.shape(), shape], rule)));
        }
        Shape::len_or_refuse("sum_to", shape)?;
        let added = self.rank() - shape.len();
        let flags: SmallVec<[bool; 8]> = (0..self.rank())
            .map(|i| i < added || (shape[i - added] == 1 && self.shape()[i] != 1))
            .collect();
        T::fold(NumberFold::Sum, self, &flags).reshape(shape)
    }
}

impl<T: Float> Tensor<T> {
    /// The mean of all elements, as a scalar. It is NaN if there are none.
    pub fn mean(&self) -> Self {
        Self::scalar(folded_whole(NumberFold::Sum, self).over(T::from_f64(self.len() as f64)))
    }

    /// The mean over some axes. It is NaN over no elements.
    ///
    /// # Errors
    /// [`Error::Axis`] if there is no such axis.
    #[track_caller]
    pub fn mean_over(&self, axes: impl Into<Axes>) -> Result<Self> {
        self.mean_over_here(axes.into())
    }

    #[track_caller]
    #[inline(never)]
    fn mean_over_here(&self, axes: Axes) -> Result<Self> {
        let flags = axes.flags("mean", self.shape())?;
        // As doubles: beside an axis of size 0 the others may overflow.
        let count: f64 =
            (0..self.rank()).filter(|&i| flags[i]).map(|i| self.shape()[i] as f64).product();
        Ok(folded("mean", NumberFold::Sum, self, &axes)?.div_scalar(count))
    }
}

compiled!(f32 f64 usize: { folded::<T>, folded_whole::<T>, Tensor::<T>::without });
compiled!(f32 f64: { Tensor::<T>::sum_to_here, Tensor::<T>::mean_over_here, Tensor::<T>::refuse_empty });
