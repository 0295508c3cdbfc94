//! Writing by index: adding or assigning what an index tensor places, and assigning what a view sees. Each returns a new
//! tensor.

use crate::axes::{axis_or_refuse, is_axis_of_scalar};
use crate::error::Fault;
use crate::index::{outside, refuse_misfit, refuse_not_a_list, refuse_outside, without_axis};
use crate::kernel::join::overwrite;
use crate::layout::Walk;
use crate::{Element, Error, Number, Result, Slice, Tensor};

impl<T: Element> Tensor<T> {
    /// With the elements of `src` where `index` places them along `axis`: `y[index[i][j]][j] = src[i][j]` for axis 0. If
    /// a place is named twice, the last one in row-major order stays.
    ///
    /// # Errors
    /// [`Error::Axis`] if there is no such axis, [`Error::Shape`] if index or `src` do not fit, [`Error::Index`] if a
    /// number lies outside the axis.
    #[track_caller]
    #[inline(never)]
    pub fn scatter(&self, axis: isize, index: &Tensor<usize>, src: &Self) -> Result<Self> {
        self.scattered("scatter", axis, index, src, |_, new| new)
    }

    /// Joins each element of `src` into the place that `index` names, in row-major order.
    #[track_caller]
    fn scattered(
        &self,
        op: &'static str,
        axis: isize,
        index: &Tensor<usize>,
        src: &Self,
        join: impl Fn(T, T) -> T,
    ) -> Result<Self> {
        if is_axis_of_scalar(self.shape(), axis) {
            let (index, src) = (index.line(), src.line());
            return self.line().scattered(op, 0, &index, &src, join)?.reshape([]);
        }
        let axis = axis_or_refuse(op, self.shape(), axis)?;
        refuse_misfit(op, self.shape(), index.shape(), axis)?;
        let fits = src.rank() == index.rank()
            && index.shape().iter().zip(src.shape()).all(|(index, src)| index <= src);
        if !fits {
            let rule = "no axis of the index may be longer than that of the source";
            return Err(Error::Shape(Fault::new(op, &[index.shape(), src.shape()], rule)));
        }
        if self.is_empty() && !index.is_empty() {
            // Then `axis` is what is empty, as the index fits the others.
            return Err(outside(op, self.shape(), index, 0, axis));
        }
        let mut out = self.copied(op)?;
        let (size, step) = (out.shape()[axis], out.strides()[axis]);
        if let (Some((numbers, n)), Some(elements)) = (self.rows_by(axis, index), src.as_slice())
            && src.shape() == index.shape()
        {
            let rows = out.as_mut_slice().chunks_exact_mut(size);
            let sources = numbers.chunks_exact(n).zip(elements.chunks_exact(n));
            for (row, (target, (numbers, elements))) in rows.zip(sources).enumerate() {
                for (i, (&number, &x)) in numbers.iter().zip(elements).enumerate() {
                    match target.get_mut(number) {
                        Some(to) => *to = join(*to, x),
                        None => return Err(outside(op, self.shape(), index, row * n + i, axis)),
                    }
                }
            }
            return Ok(out);
        }
        let rest = without_axis(out.strides(), axis);
        let (numbers, elements) = (index.storage.as_slice(), src.storage.as_slice());
        let (first_number, first) = (index.layout().offset as isize, src.layout().offset as isize);
        let target = out.as_mut_slice();
        let mut wrong = None;
        let mut place = 0;
        let walk = Walk::new(index.shape(), [&rest, index.strides(), src.strides()]);
        walk.places(|[at, number_at, element_at]| {
            let number = numbers[(first_number + number_at) as usize];
            if number < size {
                let to = &mut target[(at + number as isize * step) as usize];
                *to = join(*to, elements[(first + element_at) as usize]);
            } else {
                wrong = wrong.or(Some(place));
            }
            place += 1;
        });
        match wrong {
            Some(place) => Err(outside(op, self.shape(), index, place, axis)),
            None => Ok(out),
        }
    }

    /// With `src` instead of the elements that `view` shows. `src` broadcasts to the view's shape.
    ///
    /// ```
    /// # use wengert_tensor::{Tensor, tensor};
    /// let x = Tensor::<f32>::zeros([2, 2]).assign_through(|x| x.diagonal(0, 0, 1), &tensor![1.0, 2.0])?;
    /// assert_eq!(x, tensor![[1.0, 0.0], [0.0, 2.0]]);
    /// # Ok::<(), wengert_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// The errors of `view`; [`Error::Shape`] if `src` does not broadcast to the view, [`Error::Value`] if `view` returns
    /// something else than a view, or one that shows an element twice.
    #[track_caller]
    pub fn assign_through(
        &self,
        view: impl FnOnce(&Self) -> Result<Self>,
        src: &Self,
    ) -> Result<Self> {
        let op = "assign_through";
        let mut out = self.copied(op)?;
        let seen = view(&out)?;
        let spread = seen.layout().repeats();
        if !seen.shares_storage(&out) || spread {
            let rule = match spread {
                true => "the view shows elements more than once",
                false => "what the function returns is not a view: it copied",
            };
            return Err(Error::Value(Fault::new(op, &[self.shape(), seen.shape()], rule)));
        }
        let src = src.spread_over(op, seen.shape())?;
        let place = seen.layout().clone();
        // The buffer is held once again, and written in place.
        drop(seen);
        overwrite(out.as_mut_slice(), &place, &src);
        Ok(out)
    }

    /// With `src` instead of the elements of a slice; see [`s!`](crate::s). `src` broadcasts to the slice's shape.
    ///
    /// ```
    /// # use wengert_tensor::{Tensor, s, tensor};
    /// let x = Tensor::<f32>::zeros([2, 3]).slice_assign(s![.., 1..], &tensor![1.0, 2.0])?;
    /// assert_eq!(x, tensor![[0.0, 1.0, 2.0], [0.0, 1.0, 2.0]]);
    /// # Ok::<(), wengert_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`slice`](Self::slice); [`Error::Shape`] if `src` does not broadcast to the slice.
    #[track_caller]
    pub fn slice_assign(&self, axes: impl AsRef<[Slice]>, src: &Self) -> Result<Self> {
        self.slice_assign_here(axes.as_ref(), src)
    }

    #[track_caller]
    #[inline(never)]
    fn slice_assign_here(&self, axes: &[Slice], src: &Self) -> Result<Self> {
        let mut out = self.copied("slice_assign")?;
        let place = out.slice(axes)?.layout().clone();
        let src = src.spread_over("slice_assign", &place.shape)?;
        overwrite(out.as_mut_slice(), &place, &src);
        Ok(out)
    }

    /// [`expand`](Self::expand) in the name of another operation.
    #[track_caller]
    fn spread_over(&self, op: &'static str, shape: &[usize]) -> Result<Self> {
        match self.expand(shape) {
            Ok(spread) => Ok(spread),
            Err(_) => {
                let rule = "the first does not broadcast to the second, the part that is assigned";
                Err(Error::Shape(Fault::new(op, &[self.shape(), shape], rule)))
            }
        }
    }
}

impl<T: Number> Tensor<T> {
    /// With the elements of `src` added where `index` places them along `axis`: `y[index[i][j]][j] += src[i][j]` for
    /// axis 0, in row-major order. The adjoint of [`gather`](Self::gather).
    ///
    /// ```
    /// # use wengert_tensor::{Tensor, tensor};
    /// let votes = tensor![2_usize, 0, 2];
    /// let counts = Tensor::<f32>::zeros([3]).scatter_add(0, &votes, &Tensor::ones([3]))?;
    /// assert_eq!(counts, tensor![1.0, 0.0, 2.0]);
    /// # Ok::<(), wengert_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Axis`] if there is no such axis, [`Error::Shape`] if index or `src` do not fit, [`Error::Index`] if a
    /// number lies outside the axis.
    #[track_caller]
    #[inline(never)]
    pub fn scatter_add(&self, axis: isize, index: &Tensor<usize>, src: &Self) -> Result<Self> {
        self.scattered("scatter_add", axis, index, src, T::plus)
    }

    /// With place `i` of `axis` of `src` added to place `index[i]`, for each in turn. `src` has this one's shape but for
    /// `axis`, which is as long as the index, a list. The adjoint of [`index_select`](Self::index_select).
    ///
    /// # Errors
    /// [`Error::Axis`] if there is no such axis, [`Error::Shape`] if index or `src` do not fit, [`Error::Index`] if a
    /// number lies outside the axis.
    #[track_caller]
    #[inline(never)]
    pub fn index_add(&self, axis: isize, index: &Tensor<usize>, src: &Self) -> Result<Self> {
        let op = "index_add";
        if is_axis_of_scalar(self.shape(), axis) {
            return self.line().index_add(0, &index.line(), &src.line())?.reshape([]);
        }
        let axis = axis_or_refuse(op, self.shape(), axis)?;
        refuse_not_a_list(op, self.shape(), index)?;
        let mut wanted = self.shape().to_vec();
        wanted[axis] = index.len();
        if src.shape() != wanted {
            let rule = format!("the source must have the shape {wanted:?}");
            return Err(Error::Shape(Fault::new(op, &[self.shape(), src.shape()], rule)));
        }
        refuse_outside(op, self.shape(), index, axis)?;
        let mut out = self.copied(op)?;
        if out.is_empty() || src.is_empty() {
            return Ok(out);
        }
        let (numbers, src) = (index.to_vec(), src.contiguous());
        let row: usize = wanted[axis + 1..].iter().product();
        let size = self.shape()[axis];
        let blocks = out.as_mut_slice().chunks_exact_mut(size * row);
        let sources = src.as_slice().unwrap_or(&[]).chunks_exact(numbers.len() * row);
        for (block, source) in blocks.zip(sources) {
            for (&i, source) in numbers.iter().zip(source.chunks_exact(row)) {
                for (to, &x) in block[i * row..][..row].iter_mut().zip(source) {
                    *to = to.plus(x);
                }
            }
        }
        Ok(out)
    }

    /// With row `i` of `src` added to row `index[i]`, an index of any number of axes: `src`'s shape is the index's, then
    /// a row's. The adjoint of [`take_rows`](Self::take_rows).
    ///
    /// # Errors
    /// [`Error::Axis`] if the tensor is a scalar, [`Error::Shape`] if `src` does not fit, [`Error::Index`] if there is no
    /// such row.
    #[track_caller]
    #[inline(never)]
    pub fn add_rows(&self, index: &Tensor<usize>, src: &Self) -> Result<Self> {
        axis_or_refuse("add_rows", self.shape(), 0)?;
        let row = &self.shape()[1..];
        if !src.shape().iter().eq(index.shape().iter().chain(row)) {
            let rule = format!(
                "the source's shape must be the index's, {:?}, then a row's, {row:?}",
                index.shape()
            );
            return Err(Error::Shape(Fault::new("add_rows", &[self.shape(), src.shape()], rule)));
        }
        let list: Vec<usize> = [&[index.len()], row].concat();
        self.index_add(0, &index.flatten(), &src.reshape(list)?)
    }
}

compiled!(f32 f64: {
    Tensor::<T>::scatter,
    Tensor::<T>::scatter_add,
    Tensor::<T>::index_add,
    Tensor::<T>::add_rows,
    Tensor::<T>::slice_assign_here,
});
