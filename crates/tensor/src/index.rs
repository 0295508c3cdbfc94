//! Reading by index: rows of a table, places of an axis, an element for each number of an index tensor.

use crate::axes::{axis_or_refuse, is_axis_of_scalar};
use crate::error::{Fault, room_or_refuse};
use crate::kernel::write::written;
use crate::layout::{Strides, Walk};
use crate::{Element, Error, Result, Shape, Tensor};

/// An index outside its axis: its value, its place and the axis.
#[track_caller]
#[cold]
pub(crate) fn outside(
    op: &'static str,
    shape: &[usize],
    index: &Tensor<usize>,
    place: usize,
    axis: usize,
) -> Error {
    // The place is a number in row-major order; people count axis by axis.
    let at = Shape::index_of(index.shape(), place);
    let number = index.get(&at).unwrap_or_default();
    let size = shape[axis];
    let rule = format!("index {number} (at {at:?}) is not below {size}, the size of axis {axis}");
    Error::Index(Fault::new(op, &[shape, index.shape()], rule))
}

/// Checks every index against the size of the axis that it is for.
#[track_caller]
pub(crate) fn refuse_outside(
    op: &'static str,
    shape: &[usize],
    index: &Tensor<usize>,
    axis: usize,
) -> Result<()> {
    if !index.is_contiguous() {
        room_or_refuse::<usize>(op, index.shape())?;
    }
    match index.iter().position(|i| i >= shape[axis]) {
        Some(place) => Err(outside(op, shape, index, place, axis)),
        None => Ok(()),
    }
}

/// `index` must have the rank of `shape`, and no axis but `axis` longer than there.
#[track_caller]
pub(crate) fn refuse_misfit(
    op: &'static str,
    shape: &[usize],
    index: &[usize],
    axis: usize,
) -> Result<()> {
    if index.len() != shape.len() {
        let rule = "the index must have as many axes as the tensor";
        return Err(Error::Shape(Fault::new(op, &[shape, index], rule)));
    }
    match (0..shape.len()).find(|&i| i != axis && index[i] > shape[i]) {
        Some(i) => {
            let rule = format!("axis {i} of the index is longer ({}) than of the tensor", index[i]);
            Err(Error::Shape(Fault::new(op, &[shape, index], rule)))
        }
        None => Ok(()),
    }
}

/// These strides, none along `axis`: how to walk the places that an index then moves along it.
pub(crate) fn without_axis(strides: &[isize], axis: usize) -> Strides {
    strides.iter().enumerate().map(|(i, &s)| if i == axis { 0 } else { s }).collect()
}

impl<T: Element> Tensor<T> {
    /// For each number of `index` the element at that place of `axis`, and at the number's own place of the other axes:
    /// `y[i][j] = x[index[i][j]][j]` for axis 0. The index has as many axes as the tensor, and none but `axis` is longer;
    /// that holds for an index without elements too.
    ///
    /// ```
    /// # use wengert_tensor::tensor;
    /// let scores = tensor![[0.1_f32, 0.9], [0.8, 0.2]];
    /// let labels = tensor![1_usize, 0];
    /// assert_eq!(scores.gather(1, &labels.unsqueeze(1)?)?, tensor![[0.9], [0.8]]);
    /// # Ok::<(), wengert_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Axis`] if there is no such axis, [`Error::Shape`] if the index does not fit, [`Error::Index`] if a number
    /// lies outside the axis.
    #[track_caller]
    #[inline(never)]
    pub fn gather(&self, axis: isize, index: &Tensor<usize>) -> Result<Self> {
        if is_axis_of_scalar(self.shape(), axis) {
            return self.line().gather(0, &index.line())?.reshape(index.shape());
        }
        let axis = axis_or_refuse("gather", self.shape(), axis)?;
        refuse_misfit("gather", self.shape(), index.shape(), axis)?;
        self.gathered("gather", axis, index)
    }

    /// The numbers of an index and the length of its rows, if `axis` is the last, and both have the same number of rows along it:
    /// then a row of one goes with a row of the other.
    pub(crate) fn rows_by<'a>(
        &self,
        axis: usize,
        index: &'a Tensor<usize>,
    ) -> Option<(&'a [usize], usize)> {
        let n = *index.shape().get(axis)?;
        let fits = axis + 1 == self.rank() && self.shape()[..axis] == index.shape()[..axis];
        (fits && n > 0 && !self.is_empty()).then_some(())?;
        Some((index.as_slice()?, n))
    }

    /// [`gather`](Self::gather) with an index that is known to fit but for its numbers.
    #[track_caller]
    fn gathered(&self, op: &'static str, axis: usize, index: &Tensor<usize>) -> Result<Self> {
        if self.is_empty() && !index.is_empty() {
            // Then `axis` is what is empty, as the index fits the others.
            return Err(outside(op, self.shape(), index, 0, axis));
        }
        let (size, step) = (self.shape()[axis], self.strides()[axis]);
        if let (Some((numbers, n)), Some(x)) = (self.rows_by(axis, index), self.as_slice()) {
            let mut wrong = None;
            let gathered = written(op, index.layout().shape.clone(), |out| {
                for (row, (x, numbers)) in
                    x.chunks_exact(size).zip(numbers.chunks_exact(n)).enumerate()
                {
                    for (i, &number) in numbers.iter().enumerate() {
                        out.push(x.get(number).copied().unwrap_or_else(|| {
                            wrong = wrong.or(Some(row * n + i));
                            T::default()
                        }));
                    }
                }
            });
            return match wrong {
                Some(place) => Err(outside(op, self.shape(), index, place, axis)),
                None => gathered,
            };
        }
        let (elements, numbers) = (self.storage.as_slice(), index.storage.as_slice());
        let (first, first_number) = (self.layout().offset as isize, index.layout().offset as isize);
        let rest = without_axis(self.strides(), axis);
        let walk = Walk::new(index.shape(), [&rest, index.strides()]);
        let mut wrong = None;
        let gathered = written(op, index.layout().shape.clone(), |out| {
            let mut place = 0;
            walk.places(|[at, number_at]| {
                let number = numbers[(first_number + number_at) as usize];
                if number < size {
                    out.push(elements[(first + at + number as isize * step) as usize]);
                } else {
                    out.push(T::default());
                    wrong = wrong.or(Some(place));
                }
                place += 1;
            });
        });
        match wrong {
            Some(place) => Err(outside(op, self.shape(), index, place, axis)),
            None => gathered,
        }
    }

    /// The places of `axis` that `index`, which has one axis, names: in its order, and as often as they are named.
    ///
    /// ```
    /// # use wengert_tensor::tensor;
    /// let x = tensor![[1, 2, 3], [4, 5, 6_i64]];
    /// assert_eq!(x.index_select(1, &tensor![2_usize, 0])?, tensor![[3, 1], [6, 4]]);
    /// # Ok::<(), wengert_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Axis`] if there is no such axis, [`Error::Shape`] if the index has not one axis, [`Error::Index`] if a
    /// number lies outside the axis.
    #[track_caller]
    #[inline(never)]
    pub fn index_select(&self, axis: isize, index: &Tensor<usize>) -> Result<Self> {
        if is_axis_of_scalar(self.shape(), axis) {
            return self.line().index_select(0, &index.line())?.reshape([]);
        }
        let axis = axis_or_refuse("index_select", self.shape(), axis)?;
        refuse_not_a_list("index_select", self.shape(), index)?;
        let mut shape = self.layout().shape.to_vec();
        shape[axis] = index.len();
        self.selected("index_select", axis, index, Shape::new(&shape))
    }

    /// A row (a place of axis 0) for each number of `index`, which may have any number of axes. The result's shape is the index's,
    /// then the row's. This is the function of an embedding.
    ///
    /// ```
    /// # use wengert_tensor::tensor;
    /// let table = tensor![[1.0_f32, 2.0], [3.0, 4.0], [5.0, 6.0]];
    /// let words = tensor![[2_usize, 0], [1, 1]];
    /// assert_eq!(table.take_rows(&words)?.shape(), [2, 2, 2]);
    /// # Ok::<(), wengert_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Axis`] if the tensor is a scalar, [`Error::Index`] if there is no such row.
    #[track_caller]
    #[inline(never)]
    pub fn take_rows(&self, index: &Tensor<usize>) -> Result<Self> {
        axis_or_refuse("take_rows", self.shape(), 0)?;
        let shape = index.shape().iter().chain(&self.shape()[1..]).copied().collect();
        self.selected("take_rows", 0, index, shape)
    }

    /// The places of `axis` that `index` names, as `shape`, which has as many elements as that makes.
    #[track_caller]
    fn selected(
        &self,
        op: &'static str,
        axis: usize,
        index: &Tensor<usize>,
        shape: Shape,
    ) -> Result<Self> {
        Shape::len_or_refuse(op, &shape)?;
        refuse_outside(op, self.shape(), index, axis)?;
        let Some(elements) = self.as_slice() else {
            // Element by element, rather than a copy of what may be a large table: as if the index, spread over the
            // other axes, were to be gathered.
            let (mut lone, mut wide) = (vec![1; self.rank()], self.shape().to_vec());
            (lone[axis], wide[axis]) = (index.len(), index.len());
            let spread = index.reshape(lone)?.expand(wide)?;
            return self.gathered(op, axis, &spread)?.reshape(shape);
        };
        let numbers = index.contiguous();
        let numbers = numbers.as_slice().unwrap_or(&[]);
        written(op, shape.clone(), |out| {
            if shape.contains(&0) {
                return;
            }
            let size = self.shape()[axis];
            let row: usize = self.shape()[axis + 1..].iter().product();
            for block in elements.chunks_exact(size * row) {
                if row == 1 {
                    numbers.iter().for_each(|&i| out.push(block[i]));
                } else {
                    numbers.iter().for_each(|&i| out.extend(&block[i * row..][..row]));
                }
            }
        })
    }
}

/// Rejects an index that has not exactly one axis.
#[track_caller]
pub(crate) fn refuse_not_a_list(
    op: &'static str,
    shape: &[usize],
    index: &Tensor<usize>,
) -> Result<()> {
    if index.rank() == 1 {
        return Ok(());
    }
    let rule = format!("the index must have one axis, and has {}", index.rank());
    Err(Error::Shape(Fault::new(op, &[shape, index.shape()], rule)))
}

compiled!(f32 f64 usize: { Tensor::<T>::gather, Tensor::<T>::index_select, Tensor::<T>::take_rows });
