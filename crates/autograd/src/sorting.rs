//! Order along an axis of vars: extremes with their places, sorting, the largest few, the median. Where elements are equal
//! one of them is chosen, and the gradient goes to that one alone.

use wengert_tensor::{Axes, Float, Order, Tensor, axis_or_refuse};

use crate::{Result, Var};

impl<'t, T: Float> Var<'t, T> {
    /// The largest along one axis (or of all, `..`), and the first place where it is. The gradient goes there;
    /// [`max_over`](Self::max_over) instead divides it among equal elements.
    ///
    /// ```
    /// use wengert_autograd::Tape;
    /// use wengert_tensor::tensor;
    ///
    /// let tape = Tape::new();
    /// let x = tape.var(tensor![[1.0_f64, 3.0, 3.0]]);
    /// let (values, places) = x.max_at(1)?;
    /// assert_eq!((values.value()?, places), (tensor![3.0], tensor![1]));
    /// assert_eq!(values.sum().gradients()?.wrt(x).value()?, tensor![[0.0, 1.0, 0.0]]);
    /// # Ok::<(), wengert_autograd::Error>(())
    /// ```
    ///
    /// # Errors
    /// If there is no such axis, or if it is empty.
    #[track_caller]
    pub fn max_at(self, axes: impl Into<Axes>) -> Result<(Self, Tensor<usize>)> {
        let axes = axes.into();
        let places = self.tensor_for("max_at")?.max_at(axes.clone())?.1;
        Ok((self.at_places(&axes, &places)?, places))
    }

    /// The smallest along one axis (or of all, `..`), and the first place where it is. The gradient goes there.
    ///
    /// # Errors
    /// If there is no such axis, or if it is empty.
    #[track_caller]
    pub fn min_at(self, axes: impl Into<Axes>) -> Result<(Self, Tensor<usize>)> {
        let axes = axes.into();
        let places = self.tensor_for("min_at")?.min_at(axes.clone())?.1;
        Ok((self.at_places(&axes, &places)?, places))
    }

    /// The median along one axis (or of all, `..`), of an even number the lower one of the middle two, and the first place
    /// where it is. The gradient goes there.
    ///
    /// # Errors
    /// If there is no such axis, or if it is empty.
    #[track_caller]
    pub fn median_at(self, axes: impl Into<Axes>) -> Result<(Self, Tensor<usize>)> {
        let axes = axes.into();
        let places = self.tensor_for("median_at")?.median_over(axes.clone())?.1;
        Ok((self.at_places(&axes, &places)?, places))
    }

    /// Each line along `axis` in this order, and the places where its elements were; see
    /// [`Tensor::sort`].
    ///
    /// # Errors
    /// If there is no such axis.
    #[track_caller]
    pub fn sort(self, axis: isize, order: Order) -> Result<(Self, Tensor<usize>)> {
        let places = self.tensor_for("sort")?.argsort(axis, order)?;
        Ok((self.gather(axis, &places)?, places))
    }

    /// The first `k` elements of each line along `axis` in this order, and where they were; see [`Tensor::topk`].
    ///
    /// # Errors
    /// If there is no such axis, or it has fewer than `k` places.
    #[track_caller]
    pub fn topk(self, k: usize, axis: isize, order: Order) -> Result<(Self, Tensor<usize>)> {
        let places = self.tensor_for("topk")?.topk(k, axis, order)?.1;
        Ok((self.gather(axis, &places)?, places))
    }

    /// The place of the smallest element along an axis. It is not recorded, because an index has no slope.
    ///
    /// # Errors
    /// If there is no such axis, or it is empty.
    #[track_caller]
    pub fn argmin(self, axis: isize) -> Result<Tensor<usize>> {
        let value = self.tensor_for("argmin")?;
        self.tape.note(self.index, "argmin", std::panic::Location::caller());
        Ok(value.argmin_over(axis)?)
    }

    /// The element at one place of each line along which a reduction over `axes` runs: over all axes, or over one.
    #[track_caller]
    fn at_places(self, axes: &Axes, places: &Tensor<usize>) -> Result<Self> {
        let shape = self.shape();
        let flags = axes.flags("places", &shape)?;
        let one =
            flags.iter().position(|&f| f).filter(|_| flags.iter().filter(|f| **f).count() == 1);
        let y = match one {
            Some(axis) => {
                let mut kept = shape.to_vec();
                kept[axis] = 1;
                let axis = axis_or_refuse("places", &shape, axis as isize)? as isize;
                self.gather(axis, &places.reshape(&kept)?)?
            }
            None => self.flatten().index_select(0, places.flatten())?,
        };
        y.reshape(places.shape())
    }
}
