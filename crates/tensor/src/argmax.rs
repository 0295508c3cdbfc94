//! The places of the largest and the smallest elements, and the lines along an axis in which they are searched.

use crate::error::{Fault, room_or_refuse};
use crate::kernel::reduce::fold_slice;
use crate::kernel::tree::{Fold, Max, Min};
use crate::kernel::write::written;
use crate::{Axes, Error, Number, Result, Shape, Tensor};

/// A tensor as lines along one axis, or as one line of all elements.
pub(crate) struct Lines<T> {
    /// The lines one after another.
    elements: Tensor<T>,
    len: usize,
    /// The shape with one element per line.
    pub(crate) shape: Shape,
}

impl<T: Number> Lines<T> {
    /// The lines along the one axis that is meant, or the one through all of them. Rejects lines without elements.
    #[track_caller]
    pub(crate) fn new(op: &'static str, x: &Tensor<T>, axes: &Axes) -> Result<Self> {
        let flags = axes.flags(op, x.shape())?;
        x.refuse_empty(op, axes)?;
        // The elements are copied where they do not lie as they must.
        room_or_refuse::<T>(op, x.shape())?;
        let meant: Vec<usize> = (0..x.rank()).filter(|&i| flags[i]).collect();
        let sizes = |gone: &[usize]| -> Shape {
            (0..x.rank())
                .filter_map(|i| match gone.contains(&i) {
                    true => axes.keeps().then_some(1),
                    false => Some(x.shape()[i]),
                })
                .collect()
        };
        match meant[..] {
            [axis] => {
                let elements = x.move_axis(axis as isize, -1)?.contiguous();
                Ok(Self { elements, len: x.shape()[axis], shape: sizes(&meant) })
            }
            _ if meant.len() == x.rank() => {
                Ok(Self { elements: x.contiguous(), len: x.len(), shape: sizes(&meant) })
            }
            _ => {
                let rule = format!("runs over one axis or over all, not over {}", meant.len());
                Err(Error::Axis(Fault::new(op, &[x.shape()], rule)))
            }
        }
    }

    /// Each line.
    pub(crate) fn each(&self) -> impl Iterator<Item = &[T]> {
        // A line has elements; there may be none of them.
        self.elements.as_slice().unwrap_or(&[]).chunks_exact(self.len.max(1))
    }
}

/// The place of the first element that equals the fold of the line.
fn first<F: Fold<T, Out = T>, T: Number>(fold: F, line: &[T]) -> usize {
    let wanted = fold_slice(fold, line);
    let found = match wanted.is_nan() {
        true => line.iter().position(|x| x.is_nan()),
        false => line.iter().position(|&x| x == wanted),
    };
    found.unwrap_or(0)
}

#[track_caller]
fn arg<F: Fold<T, Out = T>, T: Number>(
    fold: F,
    op: &'static str,
    x: &Tensor<T>,
    axes: &Axes,
) -> Result<Tensor<usize>> {
    let lines = Lines::new(op, x, axes)?;
    written(op, lines.shape.clone(), |out| {
        lines.each().for_each(|line| out.push(first(fold, line)));
    })
}

/// The element that the fold of each line gives, and its place.
#[track_caller]
fn at<F: Fold<T, Out = T>, T: Number>(
    fold: F,
    op: &'static str,
    x: &Tensor<T>,
    axes: &Axes,
) -> Result<(Tensor<T>, Tensor<usize>)> {
    let lines = Lines::new(op, x, axes)?;
    let places = written(op, lines.shape.clone(), |out| {
        lines.each().for_each(|line| out.push(first(fold, line)));
    })?;
    let values = written(op, lines.shape.clone(), |out| {
        lines.each().zip(places.iter()).for_each(|(line, place)| out.push(line[place]));
    })?;
    Ok((values, places))
}

impl<T: Number> Tensor<T> {
    /// The place of the largest element, counted in row-major order; of the first one of several. NaN counts as largest.
    ///
    /// # Errors
    /// [`Error::Shape`] if there is no element.
    #[track_caller]
    pub fn argmax(&self) -> Result<usize> {
        self.argmax_over(..)?.item()
    }

    /// The place of the largest element along one axis (over all axes, `..`, counted in row-major order); of the first
    /// one of several. NaN counts as largest.
    ///
    /// ```
    /// # use wengert_tensor::{keep, tensor};
    /// let scores = tensor![[0.1_f32, 0.7, 0.2], [0.5, 0.5, 0.0]];
    /// assert_eq!(scores.argmax_over(1)?, tensor![1, 0]);
    /// assert_eq!(scores.argmax_over(keep(-1))?, tensor![[1], [0]]);
    /// # Ok::<(), wengert_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Axis`] if there is no such axis, or if several but not all are named; [`Error::Shape`] if it is empty.
    #[track_caller]
    pub fn argmax_over(&self, axes: impl Into<Axes>) -> Result<Tensor<usize>> {
        arg(Max, "argmax", self, &axes.into())
    }

    /// The place of the smallest element, counted in row-major order; of the first one of several, or of the first NaN if
    /// there is one.
    ///
    /// # Errors
    /// [`Error::Shape`] if there is no element.
    #[track_caller]
    pub fn argmin(&self) -> Result<usize> {
        self.argmin_over(..)?.item()
    }

    /// The place of the smallest element along one axis (over all axes, `..`, counted in row-major order); of the first
    /// one of several, or of the first NaN if there is one.
    ///
    /// # Errors
    /// [`Error::Axis`] if there is no such axis, or if several but not all are named; [`Error::Shape`] if it is empty.
    #[track_caller]
    pub fn argmin_over(&self, axes: impl Into<Axes>) -> Result<Tensor<usize>> {
        arg(Min, "argmin", self, &axes.into())
    }
    /// The largest along one axis (or of all, `..`), and the first place where it is. NaN counts as largest.
    ///
    /// ```
    /// # use wengert_tensor::tensor;
    /// let scores = tensor![[0.1_f32, 0.7, 0.2], [0.5, 0.5, 0.0]];
    /// assert_eq!(scores.max_at(1)?, (tensor![0.7, 0.5], tensor![1, 0]));
    /// # Ok::<(), wengert_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`argmax_over`](Self::argmax_over).
    #[track_caller]
    pub fn max_at(&self, axes: impl Into<Axes>) -> Result<(Self, Tensor<usize>)> {
        at(Max, "max_at", self, &axes.into())
    }

    /// The smallest along one axis (or of all, `..`), and the first place where it is, or where the first NaN is.
    ///
    /// # Errors
    /// As [`argmin_over`](Self::argmin_over).
    #[track_caller]
    pub fn min_at(&self, axes: impl Into<Axes>) -> Result<(Self, Tensor<usize>)> {
        at(Min, "min_at", self, &axes.into())
    }
}
