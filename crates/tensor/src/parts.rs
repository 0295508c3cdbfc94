//! Views of a part of the elements: places of an axis, pieces, the diagonal.

use crate::axes::axis_or_refuse;
use crate::error::Fault;
use crate::layout::Layout;
use crate::{Axes, Element, Error, Result, Tensor};

// Without the type of the elements, so that it is compiled once.
impl Layout {
    /// Reduces an axis to every place that is `start + i·step`, `len` of them, which are in bounds.
    pub(crate) fn step(&mut self, axis: usize, start: usize, len: usize, step: isize) {
        self.shape.set(axis, len);
        if len > 0 {
            self.offset = (self.offset as isize + start as isize * self.strides[axis]) as usize;
        }
        // From a lone place nothing leads on, and the product might overflow.
        if len > 1 {
            self.strides[axis] *= step;
        }
    }

    #[track_caller]
    fn diagonal(&self, offset: isize, a: isize, b: isize) -> Result<Self> {
        let (i, j) = (
            axis_or_refuse("diagonal", &self.shape, a)?,
            axis_or_refuse("diagonal", &self.shape, b)?,
        );
        if i == j {
            let rule = format!("axes {a} and {b} are the same");
            return Err(Error::Axis(Fault::new("diagonal", &[&self.shape], rule)));
        }
        let (down, across) = (offset.min(0).unsigned_abs(), offset.max(0) as usize);
        let (rows, columns) = (self.shape[i], self.shape[j]);
        let len = rows.saturating_sub(down).min(columns.saturating_sub(across));
        let mut layout = self.clone();
        let step = layout.strides[i] + layout.strides[j];
        if len > 0 {
            let start = down as isize * layout.strides[i] + across as isize * layout.strides[j];
            layout.offset = (layout.offset as isize + start) as usize;
        }
        for axis in [i.max(j), i.min(j)] {
            layout.remove(axis);
        }
        layout.shape.push(len);
        layout.strides.push(step);
        Ok(layout)
    }
}

impl<T: Element> Tensor<T> {
    /// `len` places of `axis`, from `start` on.
    ///
    /// # Errors
    /// [`Error::Axis`] if there is no such axis, [`Error::Index`] if it has no such places.
    #[track_caller]
    #[inline(never)]
    pub fn narrow(&self, axis: isize, start: usize, len: usize) -> Result<Self> {
        let axis = axis_or_refuse("narrow", self.shape(), axis)?;
        let size = self.shape()[axis];
        if start.checked_add(len).is_none_or(|end| end > size) {
            let rule = format!("axis {axis} has {size} places, not {len} from {start} on");
            return Err(Error::Index(Fault::new("narrow", &[self.shape()], rule)));
        }
        Ok(self.stepped(axis, start, len, 1))
    }

    /// Every place of `axis` that is `start + i·step`, `len` of them, which are in bounds.
    pub(crate) fn stepped(&self, axis: usize, start: usize, len: usize, step: isize) -> Self {
        let mut layout = self.layout().clone();
        layout.step(axis, start, len, step);
        self.with_layout(layout)
    }

    /// Place `index` of `axis`, without the axis.
    ///
    /// # Errors
    /// [`Error::Axis`] if there is no such axis, [`Error::Index`] if it has no such place.
    #[track_caller]
    #[inline(never)]
    pub fn select(&self, axis: isize, index: usize) -> Result<Self> {
        let at = axis_or_refuse("select", self.shape(), axis)?;
        let size = self.shape()[at];
        if index >= size {
            let rule = format!("axis {at} has size {size}, so there is no place {index}");
            return Err(Error::Index(Fault::new("select", &[self.shape()], rule)));
        }
        Ok(self.selected_place(at, index))
    }

    /// [`select`](Self::select) of a place that exists.
    fn selected_place(&self, at: usize, index: usize) -> Self {
        let mut layout = self.layout().clone();
        layout.step(at, index, 1, 1);
        layout.remove(at);
        self.with_layout(layout)
    }

    /// The named axes read backwards.
    ///
    /// # Errors
    /// [`Error::Axis`] if there is no such axis.
    #[track_caller]
    pub fn flip(&self, axes: impl Into<Axes>) -> Result<Self> {
        let flags = axes.into().flags("flip", self.shape())?;
        let mut layout = self.layout().clone();
        for (axis, &size) in self.shape().iter().enumerate() {
            if flags[axis] && size > 0 {
                layout.step(axis, size - 1, size, -1);
            }
        }
        Ok(self.with_layout(layout))
    }

    /// Pieces of these sizes along `axis`, which must add up to its size.
    ///
    /// # Errors
    /// [`Error::Axis`] if there is no such axis, [`Error::Shape`] if the sizes do not add up.
    #[track_caller]
    pub fn split_sizes(&self, axis: isize, sizes: &[usize]) -> Result<Vec<Self>> {
        let at = axis_or_refuse("split_sizes", self.shape(), axis)?;
        let sum = sizes.iter().try_fold(0usize, |n, &s| n.checked_add(s));
        if sum != Some(self.shape()[at]) {
            let rule = format!("sizes {sizes:?} do not add up to axis {at}'s {}", self.shape()[at]);
            return Err(Error::Shape(Fault::new("split_sizes", &[self.shape()], rule)));
        }
        let mut start = 0;
        sizes
            .iter()
            .map(|&len| {
                let piece = self.narrow(axis, start, len);
                start += len;
                piece
            })
            .collect()
    }

    /// Pieces of `size` places along `axis`; the last one may be shorter.
    ///
    /// # Errors
    /// [`Error::Axis`] if there is no such axis, [`Error::Value`] if `size` is 0, [`Error::Size`] if there is no memory for so
    /// many pieces.
    #[track_caller]
    pub fn split(&self, axis: isize, size: usize) -> Result<Vec<Self>> {
        let at = axis_or_refuse("split", self.shape(), axis)?;
        if size == 0 {
            return Err(Error::Value(Fault::new("split", &[self.shape()], "pieces of size 0")));
        }
        let total = self.shape()[at];
        // An axis of size 0 is one empty piece.
        let pieces = total.div_ceil(size).max(1);
        self.pieces("split", pieces, |i| self.stepped(at, i * size, size.min(total - i * size), 1))
    }

    /// A list of `count` views; or an [`Error::Size`] if there is no memory for it: an axis without elements beside it may
    /// be of any length.
    #[track_caller]
    fn pieces(
        &self,
        op: &'static str,
        count: usize,
        piece: impl FnMut(usize) -> Self,
    ) -> Result<Vec<Self>> {
        let mut pieces = Vec::new();
        if pieces.try_reserve_exact(count).is_err() {
            let rule = format!("the system has no memory for a list of {count} tensors");
            return Err(Error::Size(Fault::new(op, &[self.shape()], rule)));
        }
        pieces.extend((0..count).map(piece));
        Ok(pieces)
    }

    /// At most `count` pieces along `axis`, of equal size except the last one.
    ///
    /// # Errors
    /// [`Error::Axis`] if there is no such axis, [`Error::Value`] if `count` is 0, [`Error::Size`] if there is no memory for
    /// so many pieces.
    #[track_caller]
    pub fn chunk(&self, axis: isize, count: usize) -> Result<Vec<Self>> {
        let at = axis_or_refuse("chunk", self.shape(), axis)?;
        if count == 0 {
            return Err(Error::Value(Fault::new("chunk", &[self.shape()], "0 pieces")));
        }
        match self.shape()[at].div_ceil(count) {
            0 => self.pieces("chunk", count, |_| self.clone()),
            size => self.split(axis, size),
        }
    }

    /// Each place of `axis` as a tensor of its own, without the axis.
    ///
    /// # Errors
    /// [`Error::Axis`] if there is no such axis, [`Error::Size`] if there is no memory for so many pieces.
    #[track_caller]
    pub fn unbind(&self, axis: isize) -> Result<Vec<Self>> {
        let at = axis_or_refuse("unbind", self.shape(), axis)?;
        self.pieces("unbind", self.shape()[at], |i| self.selected_place(at, i))
    }

    /// The diagonal of axes `a` and `b`, `offset` above (or, negative, below) the main one, as a new last axis.
    ///
    /// # Errors
    /// [`Error::Axis`] if there are no such two axes.
    #[track_caller]
    pub fn diagonal(&self, offset: isize, a: isize, b: isize) -> Result<Self> {
        Ok(self.with_layout(self.layout().diagonal(offset, a, b)?))
    }
}

compiled!(f32 f64 usize: { Tensor::<T>::narrow, Tensor::<T>::select });
