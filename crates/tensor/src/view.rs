//! Views, which copy no element: the same buffer, read with other sizes and steps.

use crate::axes::{axis_or_refuse, is_axis_of_scalar, moved_axes, new_axis_or_refuse};
use crate::error::Fault;
use crate::layout::Layout;
use crate::{Axes, Element, Error, Result, Shape, Tensor};

// Without the type of the elements, so that it is compiled once.
impl Layout {
    #[track_caller]
    fn permuted(&self, order: &[isize]) -> Result<Self> {
        let rank = self.shape.len();
        let flags = Axes::from(order).flags("permute", &self.shape)?;
        if order.len() != rank || flags.contains(&false) {
            let rule = format!("{order:?} names {} of {rank} axes", order.len());
            return Err(Error::Axis(Fault::new("permute", &[&self.shape], rule)));
        }
        let at = |&i: &isize| if i < 0 { i + rank as isize } else { i } as usize;
        Ok(Self {
            shape: order.iter().map(|i| self.shape[at(i)]).collect(),
            strides: order.iter().map(|i| self.strides[at(i)]).collect(),
            offset: self.offset,
        })
    }

    #[track_caller]
    fn squeezed(&self, axes: &Axes) -> Result<Self> {
        let flags = axes.flags("squeeze", &self.shape)?;
        let mut layout = self.clone();
        for (i, &size) in self.shape.iter().enumerate().rev() {
            if flags[i] && size == 1 {
                layout.remove(i);
            } else if flags[i] && *axes != Axes::ALL {
                let rule = format!("axis {i} has size {size}, and only an axis of size 1 can go");
                return Err(Error::Shape(Fault::new("squeeze", &[&self.shape], rule)));
            }
        }
        Ok(layout)
    }

    /// The shape `to`, if a tensor of this layout can be read so.
    #[track_caller]
    fn expandable(&self, op: &'static str, to: &[usize]) -> Result<Shape> {
        Shape::len_or_refuse(op, to)?;
        let fits = to.len() >= self.shape.len()
            && self.shape.iter().rev().zip(to.iter().rev()).all(|(&s, &to)| s == to || s == 1);
        if !fits {
            let rule = "only axes of size 1 can grow, and axes are added in front";
            return Err(Error::Shape(Fault::new(op, &[&self.shape, to], rule)));
        }
        Ok(Shape::new(to))
    }

    /// Without axis `at`, of which place 0 stays.
    pub(crate) fn remove(&mut self, at: usize) {
        self.shape.remove(at);
        self.strides.remove(at);
    }

    /// With a new axis of size 1 at place `at`.
    pub(crate) fn insert(&mut self, at: usize) {
        self.shape.insert(at, 1);
        self.strides.insert(at, 1);
    }
}

impl<T: Element> Tensor<T> {
    /// The transpose: the last two axes exchanged. A vector or scalar stays as it is.
    ///
    /// ```
    /// # use wengert_tensor::tensor;
    /// assert_eq!(tensor![[1, 2, 3], [4, 5, 6_i64]].t(), tensor![[1, 4], [2, 5], [3, 6]]);
    /// ```
    #[must_use]
    pub fn t(&self) -> Self {
        let mut layout = self.layout().clone();
        if let rank @ 2.. = self.rank() {
            layout.shape.swap(rank - 2, rank - 1);
            layout.strides.swap(rank - 2, rank - 1);
        }
        self.with_layout(layout)
    }

    /// Axes `a` and `b` exchanged.
    ///
    /// # Errors
    /// [`Error::Axis`] if there is no such axis.
    #[track_caller]
    #[inline(never)]
    pub fn transpose(&self, a: isize, b: isize) -> Result<Self> {
        if [a, b].iter().all(|&axis| is_axis_of_scalar(self.shape(), axis)) {
            return Ok(self.clone());
        }
        let (a, b) = (
            axis_or_refuse("transpose", self.shape(), a)?,
            axis_or_refuse("transpose", self.shape(), b)?,
        );
        let mut layout = self.layout().clone();
        layout.shape.swap(a, b);
        layout.strides.swap(a, b);
        Ok(self.with_layout(layout))
    }

    /// The axes in another order: axis `i` of the result is axis `order[i]` of this.
    ///
    /// # Errors
    /// [`Error::Axis`] if `order` does not name each axis once.
    #[track_caller]
    pub fn permute(&self, order: impl AsRef<[isize]>) -> Result<Self> {
        Ok(self.with_layout(self.layout().permuted(order.as_ref())?))
    }

    /// Axis `from` moved to place `to`, the others in their order.
    ///
    /// # Errors
    /// [`Error::Axis`] if there is no such axis.
    #[track_caller]
    pub fn move_axis(&self, from: isize, to: isize) -> Result<Self> {
        self.permute(moved_axes("move_axis", self.shape(), &[from], &[to])?)
    }

    /// Each axis of `from` moved to its place in `to`, the others in their order: PyTorch's `movedim`.
    ///
    /// ```
    /// # use wengert_tensor::Tensor;
    /// let images = Tensor::<f32>::zeros([8, 28, 30, 3]); // channels last
    /// assert_eq!(images.move_axes([-1], [1])?.shape(), [8, 3, 28, 30]);
    /// assert_eq!(images.move_axes([0, 1], [-1, 0])?.shape(), [28, 30, 3, 8]);
    /// # Ok::<(), wengert_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Axis`] if there is no such axis, one is named twice, or there are not as many places as axes.
    #[track_caller]
    pub fn move_axes(&self, from: impl AsRef<[isize]>, to: impl AsRef<[isize]>) -> Result<Self> {
        self.permute(moved_axes("move_axes", self.shape(), from.as_ref(), to.as_ref())?)
    }

    /// Without the named axes, which must have size 1 (`..`: without all axes of size 1).
    ///
    /// # Errors
    /// [`Error::Axis`] if there is no such axis, [`Error::Shape`] if its size is not 1.
    #[track_caller]
    pub fn squeeze(&self, axes: impl Into<Axes>) -> Result<Self> {
        Ok(self.with_layout(self.layout().squeezed(&axes.into())?))
    }

    /// With a new axis of size 1 at place `axis` of the result.
    ///
    /// # Errors
    /// [`Error::Axis`] if the result has no such axis.
    #[track_caller]
    #[inline(never)]
    pub fn unsqueeze(&self, axis: isize) -> Result<Self> {
        let at = new_axis_or_refuse("unsqueeze", self.shape(), axis)?;
        let mut layout = self.layout().clone();
        layout.insert(at);
        Ok(self.with_layout(layout))
    }

    /// Read as `shape`, each axis of size 1 repeated as often as needed, and axes added in front.
    ///
    /// ```
    /// # use wengert_tensor::tensor;
    /// let row = tensor![1.0_f32, 2.0];
    /// assert_eq!(row.expand([3, 2])?, tensor![[1.0, 2.0], [1.0, 2.0], [1.0, 2.0]]);
    /// # Ok::<(), wengert_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] if an axis whose size is not 1 would have to change.
    #[track_caller]
    pub fn expand(&self, shape: impl AsRef<[usize]>) -> Result<Self> {
        Ok(self.expanded(self.layout().expandable("expand", shape.as_ref())?))
    }

    /// [`expand`](Self::expand) under NumPy's name.
    ///
    /// # Errors
    /// As [`expand`](Self::expand).
    #[track_caller]
    pub fn broadcast_to(&self, shape: impl AsRef<[usize]>) -> Result<Self> {
        Ok(self.expanded(self.layout().expandable("broadcast_to", shape.as_ref())?))
    }

    /// [`expand`](Self::expand) to a shape that is known to match.
    pub(crate) fn expanded(&self, shape: Shape) -> Self {
        let strides = self.layout().strides_as(&shape);
        self.with_layout(Layout { shape, strides, offset: self.layout().offset })
    }
}

compiled!(f32 f64 usize: { Tensor::<T>::transpose, Tensor::<T>::unsqueeze });
