//! Slicing as it is read: `x.slice(s![1.., ..;2, -1])`.

use std::ops::{Range, RangeFrom, RangeFull, RangeInclusive, RangeTo, RangeToInclusive};

use crate::error::Fault;
use crate::layout::Layout;
use crate::{Element, Error, Result, Tensor};

/// The part that is taken of one axis. Made by [`s!`](crate::s).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slice {
    /// The places from `start` up to but without `end` (to the end where `None`), every `step`th, backwards if negative.
    Range {
        /// The first place; negative: from the end.
        start: isize,
        /// The place after the last; negative: from the end.
        end: Option<isize>,
        /// The step from one place to the next.
        step: isize,
    },
    /// One place, and the axis goes; negative: from the end.
    At(isize),
    /// A new axis of size 1.
    New,
}

impl Slice {
    /// Every `step`th place of this range, the last one first if negative.
    #[must_use]
    pub fn step(self, by: isize) -> Self {
        match self {
            Self::Range { start, end, step } => {
                Self::Range { start, end, step: step.saturating_mul(by) }
            }
            other => other,
        }
    }
}

/// The parts that are taken of the axes, in order: ranges, `range;step`, single places (negative: from the end), `new` for an axis
/// of size 1. Axes that are not named are taken whole.
///
/// ```
/// use wengert_tensor::{Tensor, s};
///
/// let x = Tensor::arange(0_i64, 12, 1)?.reshape([3, 4])?;
/// assert_eq!(x.slice(s![1..])?.shape(), [2, 4]);
/// assert_eq!(x.slice(s![.., -1])?.to_vec(), [3, 7, 11]);
/// assert_eq!(x.slice(s![0, ..;2])?.to_vec(), [0, 2]);
/// assert_eq!(x.slice(s![0, ..;-1])?.to_vec(), [3, 2, 1, 0]);
/// assert_eq!(x.slice(s![-2.., 1..-1])?.to_vec(), [5, 6, 9, 10]);
/// assert_eq!(x.slice(s![new, 0])?.shape(), [1, 4]);
/// # Ok::<(), wengert_tensor::Error>(())
/// ```
#[macro_export]
macro_rules! s {
    (@ [$($done:expr,)*]) => { [$($done),*] };
    (@ [$($done:expr,)*] new $(, $($rest:tt)*)?) => {
        $crate::s!(@ [$($done,)* $crate::Slice::New,] $($($rest)*)?)
    };
    (@ [$($done:expr,)*] $r:expr; $step:expr $(, $($rest:tt)*)?) => {
        $crate::s!(@ [$($done,)* $crate::Slice::from($r).step($step),] $($($rest)*)?)
    };
    (@ [$($done:expr,)*] $r:expr $(, $($rest:tt)*)?) => {
        $crate::s!(@ [$($done,)* $crate::Slice::from($r),] $($($rest)*)?)
    };
    ($($axes:tt)*) => { $crate::s!(@ [] $($axes)*) };
}

impl From<isize> for Slice {
    fn from(place: isize) -> Self {
        Self::At(place)
    }
}
impl From<RangeFull> for Slice {
    fn from(_: RangeFull) -> Self {
        Self::Range { start: 0, end: None, step: 1 }
    }
}
impl From<Range<isize>> for Slice {
    fn from(r: Range<isize>) -> Self {
        Self::Range { start: r.start, end: Some(r.end), step: 1 }
    }
}
impl From<RangeFrom<isize>> for Slice {
    fn from(r: RangeFrom<isize>) -> Self {
        Self::Range { start: r.start, end: None, step: 1 }
    }
}
impl From<RangeTo<isize>> for Slice {
    fn from(r: RangeTo<isize>) -> Self {
        Self::Range { start: 0, end: Some(r.end), step: 1 }
    }
}
impl From<RangeInclusive<isize>> for Slice {
    fn from(r: RangeInclusive<isize>) -> Self {
        Self::Range { start: *r.start(), end: after(*r.end()), step: 1 }
    }
}
impl From<RangeToInclusive<isize>> for Slice {
    fn from(r: RangeToInclusive<isize>) -> Self {
        Self::Range { start: 0, end: after(r.end), step: 1 }
    }
}

/// The end of a range that includes `last`; the one after -1 is the axis's end.
fn after(last: isize) -> Option<isize> {
    (last != -1).then_some(last.saturating_add(1))
}

// Without the type of the elements, so that it is compiled once.
impl Layout {
    #[track_caller]
    fn sliced(&self, axes: &[Slice]) -> Result<Self> {
        let named = axes.iter().filter(|s| !matches!(s, Slice::New)).count();
        if named > self.shape.len() {
            let rule = format!("{named} axes are named, and there are {}", self.shape.len());
            return Err(Error::Axis(Fault::new("slice", &[&self.shape], rule)));
        }
        let mut out = self.clone();
        // `from` counts this layout's axes, `to` the result's.
        let (mut from, mut to) = (0, 0);
        for &slice in axes {
            match slice {
                Slice::New => {
                    out.insert(to);
                    to += 1;
                }
                Slice::At(place) => {
                    let size = self.shape[from];
                    match from_end(place, size).filter(|&i| i < size) {
                        Some(i) => {
                            out.step(to, i, 1, 1);
                            out.remove(to);
                        }
                        None => {
                            let rule = format!(
                                "axis {from} has size {size}, so there is no place {place}"
                            );
                            return Err(Error::Index(Fault::new("slice", &[&self.shape], rule)));
                        }
                    }
                    from += 1;
                }
                Slice::Range { start, end, step } => {
                    let size = self.shape[from];
                    let a = from_end(start, size);
                    let b = end.map_or(Some(size), |end| from_end(end, size));
                    let (Some(a), Some(b)) = (a.filter(|&a| a <= size), b.filter(|&b| b <= size))
                    else {
                        let end = end.map_or(String::new(), |e| e.to_string());
                        let rule = format!(
                            "axis {from} has size {size}, and {start}..{end} reaches outside"
                        );
                        return Err(Error::Index(Fault::new("slice", &[&self.shape], rule)));
                    };
                    if step == 0 {
                        let rule = format!("the step along axis {from} is 0");
                        return Err(Error::Value(Fault::new("slice", &[&self.shape], rule)));
                    }
                    let len = b.saturating_sub(a).div_ceil(step.unsigned_abs());
                    let first = if step < 0 && len > 0 { b - 1 } else { a };
                    out.step(to, first, len, step);
                    from += 1;
                    to += 1;
                }
            }
        }
        Ok(out)
    }
}

impl<T: Element> Tensor<T> {
    /// A part of the tensor; see [`s!`](crate::s). Moves no element.
    ///
    /// # Errors
    /// [`Error::Axis`] if more axes are named than there are, [`Error::Index`] if a place or a range lies outside its axis,
    /// [`Error::Value`] if a step is 0.
    #[track_caller]
    pub fn slice(&self, axes: impl AsRef<[Slice]>) -> Result<Self> {
        Ok(self.with_layout(self.layout().sliced(axes.as_ref())?))
    }
}

/// A place counted from the front, or `None` if it lies before it.
fn from_end(place: isize, size: usize) -> Option<usize> {
    if place < 0 { size.checked_sub(place.unsigned_abs()) } else { Some(place as usize) }
}
