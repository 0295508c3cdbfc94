//! Naming axes: one, several or all of them, from the front or (negative) from the end, kept with size 1 or dropped.

use std::ops::RangeFull;

use smallvec::SmallVec;

use crate::error::{Fault, room_or_refuse};
use crate::{Error, Result, Shape};

/// The axes that a reduction runs over.
///
/// ```
/// use wengert_tensor::{Tensor, keep, tensor};
///
/// let x = tensor![[1.0_f32, 2.0], [3.0, 4.0]];
/// assert_eq!(x.sum_over(0)?.to_vec(), [4.0, 6.0]);          // one axis
/// assert_eq!(x.sum_over([0, -1])?.item()?, 10.0);           // several; negative: from the end
/// assert_eq!(x.sum_over(keep(-1))?.shape(), [2, 1]);        // kept with size 1
/// assert_eq!(x.sum_over(keep(..))?.shape(), [1, 1]);        // all
/// # Ok::<(), wengert_tensor::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Axes {
    /// `None`: all.
    which: Option<SmallVec<[isize; 4]>>,
    keep: bool,
}

/// These axes, each left in the result with size 1, so that it broadcasts against what was reduced.
pub fn keep(axes: impl Into<Axes>) -> Axes {
    Axes { keep: true, ..axes.into() }
}

impl Axes {
    /// Every axis.
    pub const ALL: Self = Self { which: None, keep: false };

    /// The last `count` axes.
    ///
    /// ```
    /// # use wengert_tensor::Axes;
    /// assert_eq!(Axes::last(2), Axes::from([-2, -1]));
    /// ```
    pub fn last(count: usize) -> Self {
        (1..=count as isize).rev().map(|i| -i).collect::<Vec<_>>().into()
    }

    /// Whether reduced axes stay, with size 1.
    pub fn keeps(&self) -> bool {
        self.keep
    }

    /// One flag per axis of `shape`: whether it is named. Rejects axes that do not exist, or are named twice. A scalar
    /// accepts 0 and -1, which have no meaning there, as in NumPy and PyTorch.
    #[track_caller]
    pub fn flags(&self, op: &'static str, shape: &[usize]) -> Result<SmallVec<[bool; 8]>> {
        let Some(which) = &self.which else {
            return Ok(SmallVec::from_elem(true, shape.len()));
        };
        let mut flags = SmallVec::from_elem(false, shape.len());
        for &axis in which {
            if is_axis_of_scalar(shape, axis) {
                continue;
            }
            let i = axis_or_refuse(op, shape, axis)?;
            if std::mem::replace(&mut flags[i], true) {
                let rule = format!("axis {axis} is named twice");
                return Err(Error::Axis(Fault::new(op, &[shape], rule)));
            }
        }
        Ok(flags)
    }

    /// The shape of a reduction of `shape`, with the reduced axes kept as axes of size 1.
    ///
    /// ```
    /// use wengert_tensor::Axes;
    ///
    /// assert_eq!(*Axes::from(-1).kept(&[2, 3])?, [2, 1]);
    /// # Ok::<(), wengert_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// If there is no such axis.
    #[track_caller]
    pub fn kept(&self, shape: &[usize]) -> Result<Shape> {
        let flags = self.flags("reduction", shape)?;
        Ok(shape.iter().zip(flags).map(|(&size, reduced)| if reduced { 1 } else { size }).collect())
    }

    /// The number of elements of `shape` in each result of a reduction.
    ///
    /// ```
    /// use wengert_tensor::Axes;
    ///
    /// assert_eq!(Axes::from(-1).count(&[2, 3])?, 3.0);
    /// # Ok::<(), wengert_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// If there is no such axis.
    #[track_caller]
    pub fn count(&self, shape: &[usize]) -> Result<f64> {
        let sizes = shape.iter().map(|&size| size as f64);
        if self.which.is_none() {
            return Ok(sizes.product());
        }
        let flags = self.flags("reduction", shape)?;
        Ok(sizes.zip(flags).filter(|(_, named)| *named).map(|(size, _)| size).product())
    }
}

impl std::fmt::Display for Axes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.which.as_deref() {
            Some([axis]) => write!(f, "{axis}")?,
            Some(axes) => write!(f, "{axes:?}")?,
            None => f.write_str("..")?,
        }
        f.write_str(if self.keep { " kept" } else { "" })
    }
}

/// Whether `axis` is 0 or -1 of a scalar. There is no such axis, but ops along an axis accept it, and treat the scalar as a line of
/// one element, as NumPy and PyTorch do.
pub fn is_axis_of_scalar(shape: &[usize], axis: isize) -> bool {
    shape.is_empty() && matches!(axis, 0 | -1)
}

/// The flags of the axes that a reduction of `shape` runs over. Rejects, besides what [`Axes::flags`] does, a result that
/// the system has no memory for: without the axis that is empty the others may be too many, and so may those of a view.
#[track_caller]
pub(crate) fn folding(
    op: &'static str,
    shape: &[usize],
    axes: &Axes,
) -> Result<SmallVec<[bool; 8]>> {
    let flags = axes.flags(op, shape)?;
    let kept: Shape =
        shape.iter().zip(&flags).filter(|(_, gone)| !**gone).map(|(&size, _)| size).collect();
    // No element is wider than a double.
    room_or_refuse::<f64>(op, &kept)?;
    Ok(flags)
}

/// The axis that `axis` means in `shape`, negative counting from the end; or an [`Error::Axis`] in the name of `op`.
#[track_caller]
pub fn axis_or_refuse(op: &'static str, shape: &[usize], axis: isize) -> Result<usize> {
    let rank = shape.len() as isize;
    let i = if axis < 0 { axis + rank } else { axis };
    if (0..rank).contains(&i) {
        return Ok(i as usize);
    }
    let rule = match rank {
        0 => format!("there is no axis {axis}: a scalar has none"),
        1 => format!("there is no axis {axis}: the only one is 0 (or -1)"),
        _ => format!("there is no axis {axis}: axes go from {} to {}", -rank, rank - 1),
    };
    Err(Error::Axis(Fault::new(op, &[shape], rule)))
}

/// Rejects an axis that is not there; a scalar is a line of one element.
#[doc(hidden)]
#[track_caller]
pub fn axis_or_scalar(op: &'static str, shape: &[usize], axis: isize) -> Result<()> {
    if is_axis_of_scalar(shape, axis) {
        return Ok(());
    }
    axis_or_refuse(op, shape, axis).map(|_| ())
}

/// The order of the axes of `shape` in which each axis of `from` is at its place in `to`, and the others follow one another.
#[doc(hidden)]
#[track_caller]
pub fn moved_axes(
    op: &'static str,
    shape: &[usize],
    from: &[isize],
    to: &[isize],
) -> Result<SmallVec<[isize; 6]>> {
    if from.len() != to.len() {
        let rule = format!("{} axes to {} places", from.len(), to.len());
        return Err(Error::Axis(Fault::new(op, &[shape], rule)));
    }
    let mut order: SmallVec<[Option<isize>; 6]> = SmallVec::from_elem(None, shape.len());
    let mut rest: SmallVec<[isize; 6]> = (0..shape.len() as isize).collect();
    for (&axis, &place) in from.iter().zip(to) {
        if is_axis_of_scalar(shape, axis) && is_axis_of_scalar(shape, place) {
            continue;
        }
        let (i, k) = (axis_or_refuse(op, shape, axis)?, axis_or_refuse(op, shape, place)?);
        let Some(at) = rest.iter().position(|&axis| axis == i as isize) else {
            let rule = format!("axis {axis} is named twice");
            return Err(Error::Axis(Fault::new(op, &[shape], rule)));
        };
        rest.remove(at);
        if order[k].replace(i as isize).is_some() {
            let rule = format!("place {place} is named twice");
            return Err(Error::Axis(Fault::new(op, &[shape], rule)));
        }
    }
    let mut rest = rest.into_iter();
    Ok(order.into_iter().filter_map(|axis| axis.or_else(|| rest.next())).collect())
}

/// The place of a new axis in a shape with one axis more than `shape`, negative counting from the end.
#[track_caller]
pub(crate) fn new_axis_or_refuse(op: &'static str, shape: &[usize], axis: isize) -> Result<usize> {
    let rank = shape.len() as isize + 1;
    let i = if axis < 0 { axis + rank } else { axis };
    if (0..rank).contains(&i) {
        return Ok(i as usize);
    }
    let rule = match rank {
        1 => format!("a new axis {axis} is not possible: the only place is 0 (or -1)"),
        _ => format!("a new axis {axis} is not possible: places go from {} to {}", -rank, rank - 1),
    };
    Err(Error::Axis(Fault::new(op, &[shape], rule)))
}

impl From<isize> for Axes {
    fn from(axis: isize) -> Self {
        Self { which: Some(SmallVec::from_slice(&[axis])), keep: false }
    }
}

impl From<&[isize]> for Axes {
    fn from(axes: &[isize]) -> Self {
        Self { which: Some(SmallVec::from_slice(axes)), keep: false }
    }
}

impl<const N: usize> From<[isize; N]> for Axes {
    fn from(axes: [isize; N]) -> Self {
        Self::from(&axes[..])
    }
}

impl<const N: usize> From<&[isize; N]> for Axes {
    fn from(axes: &[isize; N]) -> Self {
        Self::from(&axes[..])
    }
}

impl From<Vec<isize>> for Axes {
    fn from(axes: Vec<isize>) -> Self {
        Self::from(&axes[..])
    }
}

impl From<RangeFull> for Axes {
    fn from(_: RangeFull) -> Self {
        Self::ALL
    }
}
