//! Padding: more places before and after each axis, of one value or of what lies near.

use crate::error::Fault;
use crate::kernel::join::overwrite;
use crate::{Element, Error, Result, Shape, Tensor};

/// The values of the places beyond the border; see [`Tensor::pad_with`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Border {
    /// The element at the same distance inside the border, which itself is not repeated: `c b | a b c | b a`.
    Reflect,
    /// The border: `a a | a b c | c c`.
    Replicate,
    /// The elements at the other side: `b c | a b c | a b`.
    Circular,
}

impl<T: Element> Tensor<T> {
    /// `widths[i]` more places of this value before and after axis `i`; negative widths cut places off. One pair an axis.
    ///
    /// ```
    /// # use wengert_tensor::tensor;
    /// let x = tensor![[1.0_f32, 2.0]];
    /// assert_eq!(x.pad([(0, 1), (2, 0)], 0.0)?, tensor![[0.0, 0.0, 1.0, 2.0], [0.0, 0.0, 0.0, 0.0]]);
    /// assert_eq!(x.pad([(0, 0), (-1, 0)], 0.0)?, tensor![[2.0]]);
    /// # Ok::<(), wengert_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] unless there is one pair an axis, [`Error::Value`] if more is cut off than there is,
    /// [`Error::Size`] if the result has more elements than memory can address.
    #[track_caller]
    pub fn pad(&self, widths: impl AsRef<[(isize, isize)]>, value: T) -> Result<Self> {
        self.pad_here(widths.as_ref(), value)
    }

    #[track_caller]
    #[inline(never)]
    fn pad_here(&self, widths: &[(isize, isize)], value: T) -> Result<Self> {
        let shape = self.padded_shape("pad", widths)?;
        let mut out = Self::try_full(&shape, value)?;
        if self.is_empty() || out.is_empty() {
            return Ok(out);
        }
        // What stays of this tensor, and where it goes.
        let (mut stays, mut place) = (self.clone(), out.clone());
        for (axis, &(before, after)) in widths.iter().enumerate() {
            let cut = |width: isize| width.min(0).unsigned_abs();
            let len = self.shape()[axis] - cut(before) - cut(after);
            stays = stays.stepped(axis, cut(before), len, 1);
            place = place.stepped(axis, before.max(0) as usize, len, 1);
        }
        let place = place.layout().clone();
        overwrite(out.as_mut_slice(), &place, &stays);
        Ok(out)
    }

    /// `widths[i]` more places before and after axis `i`, filled from within; negative widths cut places off.
    ///
    /// ```
    /// # use wengert_tensor::{Border, tensor};
    /// let x = tensor![1, 2, 3_i64];
    /// assert_eq!(x.pad_with([(2, 1)], Border::Reflect)?, tensor![3, 2, 1, 2, 3, 2]);
    /// assert_eq!(x.pad_with([(2, 1)], Border::Replicate)?, tensor![1, 1, 1, 2, 3, 3]);
    /// assert_eq!(x.pad_with([(2, 1)], Border::Circular)?, tensor![2, 3, 1, 2, 3, 1]);
    /// # Ok::<(), wengert_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] unless there is one pair an axis, [`Error::Value`] if an axis is too short: reflecting needs more
    /// places than it adds, going round as many, replicating one.
    #[track_caller]
    pub fn pad_with(&self, widths: impl AsRef<[(isize, isize)]>, border: Border) -> Result<Self> {
        self.pad_with_here(widths.as_ref(), border)
    }

    #[track_caller]
    #[inline(never)]
    fn pad_with_here(&self, widths: &[(isize, isize)], border: Border) -> Result<Self> {
        let shape = self.padded_with_shape(widths, border)?;
        if shape.contains(&0) {
            return Self::try_full(&shape, T::default());
        }
        let mut out = self.clone();
        for (axis, &(before, after)) in widths.iter().enumerate() {
            if (before, after) == (0, 0) {
                continue;
            }
            let (size, last) = (self.shape()[axis] as isize, self.shape()[axis] as isize - 1);
            let numbers: Vec<usize> = (0..shape[axis] as isize)
                .map(|i| {
                    let i = i - before;
                    let from = match border {
                        Border::Reflect if i < 0 => -i,
                        Border::Reflect if i > last => 2 * last - i,
                        Border::Reflect => i,
                        Border::Replicate => i.clamp(0, last),
                        Border::Circular => i.rem_euclid(size),
                    };
                    from as usize
                })
                .collect();
            out = out.index_select(axis as isize, &Tensor::from(numbers))?;
        }
        Ok(out)
    }

    /// The shape of [`pad_with`](Self::pad_with), or its error.
    #[doc(hidden)]
    #[track_caller]
    pub fn padded_with_shape(&self, widths: &[(isize, isize)], border: Border) -> Result<Shape> {
        let shape = self.padded_shape("pad_with", widths)?;
        for (axis, &(before, after)) in widths.iter().enumerate() {
            let size = self.shape()[axis];
            let widest = before.max(after).max(0) as usize;
            let (needed, what) = match border {
                Border::Reflect => (widest.saturating_add(1), "reflecting"),
                Border::Replicate => (1, "replicating"),
                Border::Circular => (widest, "going round"),
            };
            if widest > 0 && size < needed {
                let rule = format!(
                    "{what} axis {axis} by {widest} needs {needed} places, and there are {size}"
                );
                return Err(Error::Value(Fault::new("pad_with", &[self.shape()], rule)));
            }
        }
        Ok(shape)
    }

    /// The shape with these widths added.
    #[doc(hidden)]
    #[track_caller]
    pub fn padded_shape(&self, op: &'static str, widths: &[(isize, isize)]) -> Result<Shape> {
        if widths.len() != self.rank() {
            let rule = format!("{} pairs of widths for {} axes", widths.len(), self.rank());
            return Err(Error::Shape(Fault::new(op, &[self.shape()], rule)));
        }
        let mut shape = Shape::new(&[]);
        for (axis, (&size, &(before, after))) in self.shape().iter().zip(widths).enumerate() {
            let cut = before.min(0).unsigned_abs().checked_add(after.min(0).unsigned_abs());
            let Some(stays) = cut.and_then(|cut| size.checked_sub(cut)) else {
                let rule =
                    format!("widths {before} and {after} cut more off axis {axis} than {size}");
                return Err(Error::Value(Fault::new(op, &[self.shape()], rule)));
            };
            // Beyond what a `usize` holds is beyond memory too: what saturates is rejected below.
            let wider = stays.saturating_add(before.max(0) as usize);
            shape.push(wider.saturating_add(after.max(0) as usize));
        }
        Shape::len_or_refuse(op, &shape)?;
        Ok(shape)
    }
}

compiled!(f32 f64: { Tensor::<T>::pad_here, Tensor::<T>::pad_with_here });
