//! Other shapes of the same elements.

use smallvec::SmallVec;

use crate::axes::{axis_or_refuse, is_axis_of_scalar};
use crate::error::{Fault, refuse};
use crate::layout::{Layout, Strides, row_major};
use crate::{Element, Error, Result, Shape, Tensor};

/// In [`Tensor::reshape`], the size that follows from the others.
pub const REST: usize = usize::MAX;

// Without the type of the elements, so that it is compiled once.
impl Layout {
    /// Replaces [`REST`] by its size, and checks the number of elements.
    #[track_caller]
    fn resolve(&self, wanted: &[usize]) -> Result<Shape> {
        let mut shape = Shape::new(wanted);
        let rests = wanted.iter().filter(|&&s| s == REST).count();
        let to = |rule: String| {
            let size = |&s: &usize| if s == REST { "REST".to_string() } else { s.to_string() };
            let sizes: Vec<String> = wanted.iter().map(size).collect();
            format!("to [{}]: {rule}", sizes.join(", "))
        };
        if rests > 1 {
            let rule = to("only one size may be REST".to_string());
            return Err(Error::Shape(Fault::new("reshape", &[&self.shape], rule)));
        }
        if rests == 1 {
            let known: Shape = wanted.iter().copied().filter(|&s| s != REST).collect();
            let known_len = Shape::len_or_refuse("reshape", &known)?;
            if known_len == 0 || !self.len().is_multiple_of(known_len) {
                let rule =
                    format!("REST cannot be found: {} elements over {known_len}", self.len());
                return Err(Error::Shape(Fault::new("reshape", &[&self.shape], to(rule))));
            }
            shape = wanted
                .iter()
                .map(|&s| if s == REST { self.len() / known_len } else { s })
                .collect();
        }
        let len = Shape::len_or_refuse("reshape", &shape)?;
        if len != self.len() {
            let rule = format!("{} elements cannot become {len}", self.len());
            return Err(Error::Shape(Fault::new("reshape", &[&self.shape, &shape], rule)));
        }
        Ok(shape)
    }

    /// The strides with which `shape` is read from this buffer, if there are such strides. It has as many elements.
    fn reshaped(&self, shape: &Shape) -> Option<Self> {
        let offset = self.offset;
        if self.is_contiguous() {
            return Some(Self { offset, ..Self::contiguous(shape) });
        }
        // Runs of old axes that step evenly, each split into new axes.
        let old: SmallVec<[(usize, isize); 8]> = self
            .shape
            .iter()
            .copied()
            .zip(self.strides.iter().copied())
            .filter(|&(size, _)| size != 1)
            .collect();
        let mut strides: Strides = row_major(shape);
        let (mut i, mut j) = (0, 0);
        while i < old.len() {
            let (mut len, from) = (old[i].0, i);
            i += 1;
            let first = j;
            let mut new_len = 1;
            while new_len != len {
                if new_len < len {
                    new_len *= shape.get(j).copied()?;
                    j += 1;
                } else {
                    len *= old.get(i)?.0;
                    i += 1;
                }
            }
            for k in from..i - 1 {
                if old[k].1 != old[k + 1].1 * old[k + 1].0 as isize {
                    return None;
                }
            }
            let mut step = old[i - 1].1;
            for axis in (first..j).rev() {
                strides[axis] = step;
                step *= shape[axis] as isize;
            }
        }
        Some(Self { shape: shape.clone(), strides, offset })
    }
}

impl<T: Element> Tensor<T> {
    /// The same elements in row-major order, in another shape. One size may be [`REST`], which is computed from the others. The
    /// result is a view if strides can express it, else a copy.
    ///
    /// ```
    /// # use wengert_tensor::{REST, Tensor};
    /// let x = Tensor::arange(0_i64, 6, 1)?;
    /// assert_eq!(x.reshape([2, REST])?.shape(), [2, 3]);
    /// # Ok::<(), wengert_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] if the shapes have different numbers of elements; [`Error::Size`] if it must copy and there is no
    /// memory for that.
    #[track_caller]
    pub fn reshape(&self, shape: impl AsRef<[usize]>) -> Result<Self> {
        self.reshape_here(shape.as_ref())
    }

    #[track_caller]
    #[inline(never)]
    fn reshape_here(&self, shape: &[usize]) -> Result<Self> {
        let shape = self.layout().resolve(shape)?;
        Ok(match self.layout().reshaped(&shape) {
            Some(layout) => self.with_layout(layout),
            None => {
                let copied = self.copied("reshape")?;
                let offset = copied.layout().offset;
                copied.with_layout(Layout { offset, ..Layout::contiguous(&shape) })
            }
        })
    }

    /// [`reshape`](Self::reshape) that never copies.
    ///
    /// # Errors
    /// [`Error::Shape`] if the shapes have different numbers of elements, or if strides cannot say it.
    #[track_caller]
    pub fn view(&self, shape: impl AsRef<[usize]>) -> Result<Self> {
        self.view_here(shape.as_ref())
    }

    #[track_caller]
    #[inline(never)]
    fn view_here(&self, shape: &[usize]) -> Result<Self> {
        let shape = self.layout().resolve(shape)?;
        match self.layout().reshaped(&shape) {
            Some(layout) => Ok(self.with_layout(layout)),
            None => {
                let rule = format!(
                    "the elements lie with strides {:?}, which no strides of the new shape can say",
                    self.strides()
                );
                Err(Error::Shape(
                    Fault::new("view", &[self.shape(), &shape], rule)
                        .help("`reshape` copies where it must"),
                ))
            }
        }
    }

    /// All elements in one axis.
    ///
    /// # Panics
    /// If they have to be copied and there is no memory for that: an expanded view may have more elements than fit
    /// ([`reshape`](Self::reshape) returns this as an error).
    #[track_caller]
    pub fn flatten(&self) -> Self {
        match self.reshape([self.len()]) {
            Ok(flat) => flat,
            Err(error) => refuse(&error, "reshape"),
        }
    }

    /// Axes `from` to `to`, both included, joined into one.
    ///
    /// # Errors
    /// [`Error::Axis`] if there are no such axes in that order.
    #[track_caller]
    #[inline(never)]
    pub fn flatten_axes(&self, from: isize, to: isize) -> Result<Self> {
        if [from, to].iter().all(|&axis| is_axis_of_scalar(self.shape(), axis)) {
            return Ok(self.line());
        }
        let (a, b) = (
            axis_or_refuse("flatten_axes", self.shape(), from)?,
            axis_or_refuse("flatten_axes", self.shape(), to)?,
        );
        if a > b {
            let rule = format!("axis {from} comes after axis {to}");
            return Err(Error::Axis(Fault::new("flatten_axes", &[self.shape()], rule)));
        }
        let s = self.shape();
        // Checked by itself: beside an axis of size 0 the others may overflow.
        let joined = Shape::len_or_refuse("flatten_axes", &s[a..=b])?;
        self.reshape(s[..a].iter().chain([&joined]).chain(&s[b + 1..]).copied().collect::<Shape>())
    }

    /// A scalar as a line of one element.
    pub(crate) fn line(&self) -> Self {
        if self.rank() == 0 { self.flatten() } else { self.clone() }
    }
}

compiled!(f32 f64 usize bool: {
    Tensor::<T>::reshape_here,
    Tensor::<T>::view_here,
    Tensor::<T>::flatten_axes,
});
