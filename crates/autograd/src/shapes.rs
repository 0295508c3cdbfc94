//! More shapes of vars: splitting, moving and repeating axes, and padding. Each is made of recorded
//! ops, so every order of derivative follows.

use smallvec::SmallVec;
use wengert_tensor::{
    Border, Float, REST, Shape, Slice, Tensor, Window, axis_or_refuse, moved_axes,
};

use crate::ops::{Unslice, Unwindows, Windows};
use crate::{Result, Var};

impl<'t, T: Float> Var<'t, T> {
    /// Axes `from` to `to`, both included, merged into one.
    ///
    /// # Errors
    /// If there is no such axis, or `from` is later than `to`.
    #[track_caller]
    pub fn flatten_axes(self, from: isize, to: isize) -> Result<Self> {
        let shape = self.tensor_for("flatten_axes")?.flatten_axes(from, to)?;
        self.reshape(shape.shape())
    }

    /// [`expand`](Self::expand) under another name, which PyTorch and NumPy have too.
    ///
    /// # Errors
    /// If an axis whose size is not 1 would have to change.
    #[track_caller]
    pub fn broadcast_to(self, shape: impl AsRef<[usize]>) -> Result<Self> {
        self.recordable("broadcast_to", &[])?;
        self.expand(shape)
    }

    /// Axis `from` moved to place `to`, the others in their order.
    ///
    /// # Errors
    /// If there is no such axis.
    #[track_caller]
    pub fn move_axis(self, from: isize, to: isize) -> Result<Self> {
        self.recordable("move_axis", &[])?;
        self.permute(moved_axes("move_axis", &self.shape(), &[from], &[to])?)
    }

    /// Each axis of `from` moved to its place in `to`, the others in their order: PyTorch's `movedim`.
    ///
    /// # Errors
    /// If there is no such axis, one is named twice, or there are not as many places as axes.
    #[track_caller]
    pub fn move_axes(self, from: impl AsRef<[isize]>, to: impl AsRef<[isize]>) -> Result<Self> {
        self.recordable("move_axes", &[])?;
        self.permute(moved_axes("move_axes", &self.shape(), from.as_ref(), to.as_ref())?)
    }

    /// Pieces of these sizes along `axis`, which must add up to its size.
    ///
    /// # Errors
    /// If there is no such axis, or the sizes do not add up.
    #[track_caller]
    pub fn split_sizes(self, axis: isize, sizes: &[usize]) -> Result<Vec<Self>> {
        // The tensor's method checks the arguments here and below: its error is the one to return, and its pieces are views.
        let pieces = self.tensor_for("split_sizes")?.split_sizes(axis, sizes)?;
        self.pieces(axis, &pieces)
    }

    /// Pieces of `size` places along `axis`; the last one may be shorter.
    ///
    /// # Errors
    /// If there is no such axis, or `size` is 0.
    #[track_caller]
    pub fn split(self, axis: isize, size: usize) -> Result<Vec<Self>> {
        let pieces = self.tensor_for("split")?.split(axis, size)?;
        self.pieces(axis, &pieces)
    }

    /// At most `count` pieces along `axis`, of equal size except the last one.
    ///
    /// ```
    /// use wengert_autograd::Tape;
    /// use wengert_tensor::tensor;
    ///
    /// let tape = Tape::new();
    /// let x = tape.var(tensor![1.0_f64, 2.0, 3.0]);
    /// let parts = x.chunk(0, 2)?;
    /// let loss = parts[0].sum() - parts[1].sum();
    /// assert_eq!(loss.gradients()?.wrt(x).value()?, tensor![1.0, 1.0, -1.0]);
    /// # Ok::<(), wengert_autograd::Error>(())
    /// ```
    ///
    /// # Errors
    /// If there is no such axis, or `count` is 0.
    #[track_caller]
    pub fn chunk(self, axis: isize, count: usize) -> Result<Vec<Self>> {
        let pieces = self.tensor_for("chunk")?.chunk(axis, count)?;
        self.pieces(axis, &pieces)
    }

    /// Each place of `axis` as a var of its own, without the axis.
    ///
    /// # Errors
    /// If there is no such axis.
    #[track_caller]
    pub fn unbind(self, axis: isize) -> Result<Vec<Self>> {
        self.recordable("unbind", &[])?;
        let at = axis_or_refuse("unbind", &self.shape(), axis)?;
        (0..self.shape()[at]).map(|i| self.select(axis, i)).collect()
    }

    /// Consecutive pieces along `axis`, with these sizes.
    #[track_caller]
    fn pieces(self, axis: isize, sizes: &[Tensor<T>]) -> Result<Vec<Self>> {
        let at = axis_or_refuse("split", &self.shape(), axis)?;
        let mut start = 0;
        sizes
            .iter()
            .map(|piece| {
                let len = piece.shape()[at];
                start += len;
                self.narrow(axis, start - len, len)
            })
            .collect()
    }

    /// Every element moved `shift` places along `axis`; elements that leave at the end come back at the start.
    ///
    /// # Errors
    /// If there is no such axis.
    #[track_caller]
    pub fn roll(self, shift: isize, axis: isize) -> Result<Self> {
        self.recordable("roll", &[])?;
        let at = axis_or_refuse("roll", &self.shape(), axis)?;
        let size = self.shape()[at];
        if self.is_empty() || shift.rem_euclid(size as isize) == 0 {
            return Ok(self);
        }
        let shift = shift.rem_euclid(size as isize) as usize;
        let back = self.narrow(axis, size - shift, shift)?;
        let front = self.narrow(axis, 0, size - shift)?;
        Self::cat(&[back, front], axis)
    }

    /// Repeated `counts[i]` times along axis `i`, counted from the last; with more counts than axes, axes are added in front.
    ///
    /// # Errors
    /// If the result has more elements than memory can address.
    #[track_caller]
    pub fn repeat(self, counts: impl AsRef<[usize]>) -> Result<Self> {
        self.recordable("repeat", &[])?;
        let (counts, shape) = (counts.as_ref(), self.shape());
        let rank = counts.len().max(shape.len());
        let (mut apart, mut grown, mut whole) = (Vec::new(), Vec::new(), Vec::new());
        for i in 0..rank {
            let count = (i + counts.len()).checked_sub(rank).map_or(1, |i| counts[i]);
            let size = (i + shape.len()).checked_sub(rank).map_or(1, |i| shape[i]);
            // Each axis as two, the outer one of size 1, which then grows; at last the two become one.
            apart.extend([1, size]);
            grown.extend([count, size]);
            whole.push(count.saturating_mul(size));
        }
        Shape::len_or_refuse("repeat", &whole)?;
        self.reshape(apart)?.expand(grown)?.reshape(whole)
    }

    /// `widths[i]` more places of this value before and after axis `i`; negative widths crop.
    ///
    /// ```
    /// use wengert_autograd::Tape;
    /// use wengert_tensor::tensor;
    ///
    /// let tape = Tape::new();
    /// let x = tape.var(tensor![1.0_f64, 2.0]);
    /// let y = x.pad([(-1, 2)], 5.0)?;
    /// assert_eq!(y.value()?, tensor![2.0, 5.0, 5.0]);
    /// assert_eq!(y.sum().gradients()?.wrt(x).value()?, tensor![0.0, 1.0]);
    /// # Ok::<(), wengert_autograd::Error>(())
    /// ```
    ///
    /// # Errors
    /// Unless there is one pair per axis, or if more places are cropped than there are.
    #[track_caller]
    pub fn pad(self, widths: impl AsRef<[(isize, isize)]>, value: T) -> Result<Self> {
        let (widths, shape) = (widths.as_ref(), self.shape());
        let padded = self.tensor_for("pad")?.padded_shape("pad", widths)?;
        let (mut stays, mut place) = (Vec::new(), Vec::new());
        for (&size, &(before, after)) in shape.iter().zip(widths) {
            let cut = (-before).max(0);
            let len = size as isize - cut - (-after).max(0);
            stays.push(Slice::from(cut..cut + len));
            place.push(Slice::from(before.max(0)..before.max(0) + len));
        }
        let any = |is: fn(isize) -> bool| widths.iter().any(|w| is(w.0) || is(w.1));
        let y = if any(|width| width < 0) { self.slice(stays)? } else { self };
        if !any(|width| width > 0) {
            return Ok(y);
        }
        let y = y.apply(Unslice(padded, place))?;
        if value == T::ZERO {
            return Ok(y);
        }
        // The places of the elements. An axis that stays as it is, as that of the batch, needs one for all.
        let sizes = shape.iter().zip(widths).map(|(&n, w)| if *w == (0, 0) { 1 } else { n });
        let inside = Tensor::try_full(sizes.collect::<Shape>(), true)?.pad(widths, false)?;
        y.masked_fill(&!inside, value)
    }

    /// `widths[i]` more places before and after axis `i`, filled from the elements inside; negative widths crop.
    ///
    /// # Errors
    /// Unless there is one pair per axis, or if an axis is too short.
    #[track_caller]
    pub fn pad_with(self, widths: impl AsRef<[(isize, isize)]>, border: Border) -> Result<Self> {
        let (widths, shape) = (widths.as_ref(), self.shape());
        self.tensor_for("pad_with")?.padded_with_shape(widths, border)?;
        let mut y = self;
        for (axis, &width) in widths.iter().enumerate().filter(|(_, w)| **w != (0, 0)) {
            let places = Tensor::<usize>::arange(0, shape[axis], 1)?.pad_with([width], border)?;
            y = y.index_select(axis as isize, &places)?;
        }
        Ok(y)
    }

    /// The windows over the last axes, one for each of `windows`: an axis of `n` places becomes one of so many windows, and
    /// the places that a window sees are in axes of their own at the end. Pooling is a reduction of windows, and convolution
    /// their product with weights.
    ///
    /// ```
    /// use wengert_autograd::Tape;
    /// use wengert_tensor::{Window, tensor};
    ///
    /// let tape = Tape::new();
    /// let x = tape.var(tensor![1.0_f64, 2.0, 3.0]);
    /// let means = x.windows([Window::new(2)])?.mean_over(-1)?;
    /// assert_eq!(means.value()?, tensor![1.5, 2.5]);
    /// assert_eq!(means.sum().gradients()?.wrt(x).value()?, tensor![0.5, 1.0, 0.5]);
    /// # Ok::<(), wengert_autograd::Error>(())
    /// ```
    ///
    /// # Errors
    /// If there are fewer axes than windows, a window spans more places than its axis has, or a size, a stride or a dilation
    /// is 0.
    #[track_caller]
    pub fn windows(self, windows: impl AsRef<[Window]>) -> Result<Self> {
        self.apply(Windows(SmallVec::from_slice(windows.as_ref())))
    }

    /// The adjoint of [`windows`](Self::windows): zeros whose last axes have these sizes, with each window of this var added
    /// in its place.
    ///
    /// # Errors
    /// Unless the shape is that of the windows over such axes, and as for [`windows`](Self::windows).
    #[track_caller]
    pub fn unwindows(
        self,
        sizes: impl AsRef<[usize]>,
        windows: impl AsRef<[Window]>,
    ) -> Result<Self> {
        let windows = Windows(SmallVec::from_slice(windows.as_ref()));
        self.apply(Unwindows(Shape::new(sizes.as_ref()), windows))
    }

    /// Along the last axis the elements where the mask is true, in row-major order; the two broadcast against each other.
    ///
    /// # Errors
    /// If the shapes do not broadcast.
    #[track_caller]
    pub fn masked_select(self, mask: &Tensor<bool>) -> Result<Self> {
        self.recordable("masked_select", &[])?;
        let shape = Shape::broadcast_or_refuse("masked_select", &self.shape(), mask.shape())?;
        let numbers = Tensor::<usize>::arange(0, shape.iter().product(), 1)?.reshape(&shape)?;
        let places = numbers.masked_select(mask)?;
        self.expand(&shape)?.reshape([REST])?.index_select(0, &places)
    }
}
