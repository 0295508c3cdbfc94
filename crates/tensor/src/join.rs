//! Joining and repeating: along an existing axis, along a new one, repeatedly, cyclically.

use std::borrow::Borrow;

use crate::axes::{axis_or_refuse, new_axis_or_refuse};
use crate::error::{Fault, no_memory, room_or_refuse};
use crate::kernel::join;
use crate::{Element, Error, Result, Shape, Tensor};

/// Rejects shapes that do not stack along this axis of the result: none, several, or no such axis.
#[doc(hidden)]
#[track_caller]
pub fn stack_or_refuse(shapes: &[&[usize]], axis: isize) -> Result<()> {
    let Some(first) = shapes.first() else {
        return Err(Error::Value(Fault::new("stack", &[], "there is no tensor to join")));
    };
    new_axis_or_refuse("stack", first, axis)?;
    if let Some(k) = shapes.iter().position(|shape| shape != first) {
        let rule = format!("the first and tensor {k} have different shapes");
        return Err(Error::Shape(Fault::new("stack", &[first, shapes[k]], rule)));
    }
    Ok(())
}

impl<T: Element> Tensor<T> {
    /// Tensors one after another along an axis; their other sizes are the same. Takes tensors or references to them.
    ///
    /// ```
    /// # use wengert_tensor::{Tensor, tensor};
    /// let (a, b) = (tensor![[1, 2_i64]], tensor![[3, 4], [5, 6]]);
    /// assert_eq!(Tensor::cat(&[&a, &b], 0)?, tensor![[1, 2], [3, 4], [5, 6]]);
    /// assert_eq!(Tensor::cat(&b.split(1, 1)?, -1)?, b);
    /// # Ok::<(), wengert_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Value`] if there is none, [`Error::Axis`] if there is no such axis, [`Error::Shape`] if sizes differ
    /// along another axis.
    #[track_caller]
    pub fn cat(tensors: &[impl Borrow<Self>], axis: isize) -> Result<Self> {
        let parts: Vec<&Self> = tensors.iter().map(Borrow::borrow).collect();
        let Some(first) = parts.first() else {
            return Err(Error::Value(Fault::new("cat", &[], "there is no tensor to join")));
        };
        let at = axis_or_refuse("cat", first.shape(), axis)?;
        let mut shape = first.shape().to_vec();
        let mut whole = Some(0usize);
        for (k, part) in parts.iter().enumerate() {
            let shapes = [first.shape(), part.shape()];
            if part.rank() != shape.len() {
                let rule =
                    format!("tensor {k} has {} axes, the first {}", part.rank(), shape.len());
                return Err(Error::Shape(Fault::new("cat", &shapes, rule)));
            }
            if let Some(i) = (0..shape.len()).find(|&i| i != at && part.shape()[i] != shape[i]) {
                let rule = format!(
                    "axis {i} has size {} in the first and {} in tensor {k}; only axis {at} may differ",
                    shape[i],
                    part.shape()[i]
                );
                return Err(Error::Shape(Fault::new("cat", &shapes, rule)));
            }
            whole = whole.and_then(|n| n.checked_add(part.shape()[at]));
        }
        shape[at] = whole.unwrap_or(usize::MAX);
        if whole.is_none() {
            let rule = format!("axis {at} would be longer than memory can address");
            return Err(Error::Size(Fault::new("cat", &[first.shape()], rule)));
        }
        Shape::len_or_refuse("cat", &shape)?;
        match join::cat(&parts, at, Shape::new(&shape)) {
            Some(whole) => Ok(whole),
            None => Err(no_memory::<T>("cat", &shape)),
        }
    }

    /// Tensors of one shape along a new axis, at place `axis` of the result.
    ///
    /// ```
    /// # use wengert_tensor::{Tensor, tensor};
    /// let (a, b) = (tensor![1, 2_i64], tensor![3, 4]);
    /// assert_eq!(Tensor::stack(&[&a, &b], 0)?, tensor![[1, 2], [3, 4]]);
    /// assert_eq!(Tensor::stack(&[&a, &b], 1)?, tensor![[1, 3], [2, 4]]);
    /// # Ok::<(), wengert_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Value`] if there is none, [`Error::Axis`] if the result has no such axis, [`Error::Shape`] if the shapes
    /// differ.
    #[track_caller]
    pub fn stack(tensors: &[impl Borrow<Self>], axis: isize) -> Result<Self> {
        let shapes: Vec<&[usize]> = tensors.iter().map(|part| part.borrow().shape()).collect();
        stack_or_refuse(&shapes, axis)?;
        let parts: Result<Vec<_>> =
            tensors.iter().map(|part| part.borrow().unsqueeze(axis)).collect();
        Self::cat(&parts?, axis)
    }

    /// The tensor repeated `counts[i]` times along axis `i`. With more counts than axes, axes are added in front;
    /// with fewer, they are for the last axes.
    ///
    /// ```
    /// # use wengert_tensor::tensor;
    /// let x = tensor![1, 2_i64];
    /// assert_eq!(x.repeat([3])?, tensor![1, 2, 1, 2, 1, 2]);
    /// assert_eq!(x.repeat([2, 2])?, tensor![[1, 2, 1, 2], [1, 2, 1, 2]]);
    /// # Ok::<(), wengert_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Size`] if that makes more elements than memory can address.
    #[track_caller]
    pub fn repeat(&self, counts: impl AsRef<[usize]>) -> Result<Self> {
        let counts = counts.as_ref();
        let rank = counts.len().max(self.rank());
        let count = |i: usize| (i + counts.len()).checked_sub(rank).map_or(1, |i| counts[i]);
        let size = |i: usize| (i + self.rank()).checked_sub(rank).map_or(1, |i| self.shape()[i]);
        // Each axis as two, the outer one of size 1, which then grows; at last the two become one.
        let mut apart = Shape::new(&[]);
        let mut grown = Shape::new(&[]);
        let mut whole = Shape::new(&[]);
        for i in 0..rank {
            let Some(product) = count(i).checked_mul(size(i)) else {
                let rule = format!("{} times axis {i} is longer than memory can address", count(i));
                return Err(Error::Size(Fault::new("repeat", &[self.shape()], rule)));
            };
            whole.push(product);
            apart.push(1);
            apart.push(size(i));
            grown.push(count(i));
            grown.push(size(i));
        }
        Shape::len_or_refuse("repeat", &whole)?;
        self.reshape(apart)?.expand(grown)?.reshape(whole)
    }

    /// Each place of `axis` repeated: a number of times that is the same for all, or one for each place. [`repeat`](Self::repeat)
    /// repeats the whole.
    ///
    /// ```
    /// # use wengert_tensor::tensor;
    /// let x = tensor![[1, 2_i64], [3, 4]];
    /// assert_eq!(x.repeat_interleave(2, 1)?, tensor![[1, 1, 2, 2], [3, 3, 4, 4]]);
    /// assert_eq!(x.repeat_interleave(tensor![0_usize, 2], 0)?, tensor![[3, 4], [3, 4]]);
    /// # Ok::<(), wengert_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Axis`] if there is no such axis, [`Error::Shape`] unless there is one number for all places or one for each,
    /// [`Error::Size`] if that makes more elements than memory can address.
    #[track_caller]
    pub fn repeat_interleave(
        &self,
        repeats: impl Into<Tensor<usize>>,
        axis: isize,
    ) -> Result<Self> {
        const OP: &str = "repeat_interleave";
        let repeats = repeats.into();
        let at = axis_or_refuse(OP, self.shape(), axis)?;
        let size = self.shape()[at];
        let Ok(counts) = repeats.expand([size]) else {
            let rule =
                format!("axis {at} has {size} places, so the repeats are one number or {size}");
            let shapes = [self.shape(), repeats.shape()];
            return Err(Error::Shape(Fault::new(OP, &shapes, rule)));
        };
        room_or_refuse::<usize>(OP, &[size])?;
        let Some(whole) = counts.iter().try_fold(0_usize, usize::checked_add) else {
            let rule = format!("axis {at} would be longer than memory can address");
            return Err(Error::Size(Fault::new(OP, &[self.shape()], rule)));
        };
        let mut shape = self.shape().to_vec();
        shape[at] = whole;
        room_or_refuse::<T>(OP, &shape)?;
        room_or_refuse::<usize>(OP, &[whole])?;
        let places = counts.iter().enumerate().flat_map(|(i, n)| std::iter::repeat_n(i, n));
        self.index_select(axis, &Tensor::from(places.collect::<Vec<_>>()))
    }

    /// Vectors as the axes of a grid: tensors of one shape, a size for each vector, each with the numbers of its vector along its own
    /// axis. The first vector goes along axis 0, as in PyTorch; NumPy lets it go along axis 1. They are views.
    ///
    /// ```
    /// # use wengert_tensor::{Tensor, tensor};
    /// let [y, x] = Tensor::meshgrid([&tensor![0.0_f32, 1.0], &tensor![5.0, 6.0, 7.0]])?;
    /// assert_eq!(y, tensor![[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]]);
    /// assert_eq!(x, tensor![[5.0, 6.0, 7.0], [5.0, 6.0, 7.0]]);
    /// # Ok::<(), wengert_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] if one is no vector, [`Error::Size`] if the grid has more places than memory can address.
    #[track_caller]
    pub fn meshgrid<const N: usize>(vectors: [&Self; N]) -> Result<[Self; N]> {
        let mut shape = [0; N];
        for (size, vector) in shape.iter_mut().zip(vectors) {
            let [n] = vector.shape() else {
                let shapes = vectors.map(Self::shape);
                return Err(Error::Shape(Fault::new("meshgrid", &shapes, "all must be vectors")));
            };
            *size = *n;
        }
        Shape::len_or_refuse("meshgrid", &shape)?;
        let mut grids = vectors.map(Self::clone);
        for (i, grid) in grids.iter_mut().enumerate() {
            let mut along = [1; N];
            along[i] = shape[i];
            *grid = grid.reshape(along)?.expand(shape)?;
        }
        Ok(grids)
    }

    /// Every element moved `shift` places along `axis`; elements that leave at the end come back at the start.
    ///
    /// ```
    /// # use wengert_tensor::tensor;
    /// assert_eq!(tensor![1, 2, 3, 4_i64].roll(1, 0)?, tensor![4, 1, 2, 3]);
    /// # Ok::<(), wengert_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Axis`] if there is no such axis.
    #[track_caller]
    pub fn roll(&self, shift: isize, axis: isize) -> Result<Self> {
        let at = axis_or_refuse("roll", self.shape(), axis)?;
        if self.is_empty() {
            return Ok(self.clone());
        }
        let size = self.shape()[at];
        match shift.rem_euclid(size as isize) as usize {
            0 => Ok(self.clone()),
            shift => {
                let back = self.narrow(axis, size - shift, shift)?;
                let front = self.narrow(axis, 0, size - shift)?;
                Self::cat(&[back, front], axis)
            }
        }
    }
}
