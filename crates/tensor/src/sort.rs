//! Order along an axis: sorting, the largest or smallest few, the median, quantiles. NaN counts as larger than every number.

use std::cmp::Ordering;

use crate::argmax::Lines;
use crate::axes::{axis_or_refuse, is_axis_of_scalar};
use crate::error::Fault;
use crate::layout::Layout;
use crate::{Axes, Error, Float, Number, Result, Shape, Tensor};

/// The order of a sorted line. NaN counts as larger than every number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The smallest element first.
    Ascending,
    /// The largest element first.
    Descending,
}

impl Order {
    /// Compares in this order; the two zeros are equal.
    pub(crate) fn compare<T: Number>(self, a: T, b: T) -> Ordering {
        let ascending = a.partial_cmp(&b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()));
        if self == Self::Ascending { ascending } else { ascending.reverse() }
    }
}

/// An element and its place in its line.
type Placed<T> = (T, usize);

impl<T: Number> Tensor<T> {
    /// Each line along `axis` in this order, and the places where its elements were. Equal elements stay as they are; NaN
    /// counts as largest.
    ///
    /// ```
    /// # use wengert_tensor::{Order, tensor};
    /// let (values, places) = tensor![3.0_f32, 1.0, 2.0].sort(0, Order::Ascending)?;
    /// assert_eq!(values, tensor![1.0, 2.0, 3.0]);
    /// assert_eq!(places, tensor![1, 2, 0]);
    /// # Ok::<(), wengert_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Axis`] if there is no such axis.
    #[track_caller]
    pub fn sort(&self, axis: isize, order: Order) -> Result<(Self, Tensor<usize>)> {
        if is_axis_of_scalar(self.shape(), axis) {
            let (values, places) = self.line().sort(0, order)?;
            return Ok((values.reshape([])?, places.reshape([])?));
        }
        let axis = axis_or_refuse("sort", self.shape(), axis)?;
        self.first_of_lines("sort", axis, self.shape()[axis], |line| {
            line.sort_by(|a, b| order.compare(a.0, b.0));
        })
    }

    /// The places of the elements of each line along `axis`, in the order of [`sort`](Self::sort).
    ///
    /// # Errors
    /// [`Error::Axis`] if there is no such axis.
    #[track_caller]
    pub fn argsort(&self, axis: isize, order: Order) -> Result<Tensor<usize>> {
        Ok(self.sort(axis, order)?.1)
    }

    /// The first `k` elements of each line along `axis` in this order, and where they were: the `k` largest if it is
    /// [descending](Order::Descending). Of equal elements the earlier ones come first; NaN counts as largest.
    ///
    /// ```
    /// # use wengert_tensor::{Order, tensor};
    /// let (values, places) = tensor![3, 1, 4, 1, 5_i64].topk(2, 0, Order::Descending)?;
    /// assert_eq!((values, places), (tensor![5, 4], tensor![4, 2]));
    /// # Ok::<(), wengert_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Axis`] if there is no such axis, [`Error::Value`] if it has fewer than `k` places.
    #[track_caller]
    pub fn topk(&self, k: usize, axis: isize, order: Order) -> Result<(Self, Tensor<usize>)> {
        if is_axis_of_scalar(self.shape(), axis) {
            let (values, places) = self.line().topk(k, 0, order)?;
            let shape: &[usize] = if k == 1 { &[] } else { &[k] };
            return Ok((values.reshape(shape)?, places.reshape(shape)?));
        }
        let axis = axis_or_refuse("topk", self.shape(), axis)?;
        let size = self.shape()[axis];
        if k > size {
            let rule = format!("axis {axis} has {size} places, fewer than k = {k}");
            return Err(Error::Value(Fault::new("topk", &[self.shape()], rule)));
        }
        self.first_of_lines("topk", axis, k, |line| {
            let by = |a: &Placed<T>, b: &Placed<T>| order.compare(a.0, b.0).then(a.1.cmp(&b.1));
            if 0 < k && k < line.len() {
                line.select_nth_unstable_by(k - 1, by);
            }
            line[..k].sort_unstable_by(by);
        })
    }

    /// The first `k` elements of each line along `axis`, and their places, after `arrange` has put them in order.
    #[track_caller]
    fn first_of_lines(
        &self,
        op: &'static str,
        axis: usize,
        k: usize,
        mut arrange: impl FnMut(&mut [Placed<T>]),
    ) -> Result<(Self, Tensor<usize>)> {
        let back = axis as isize;
        let moved = self.move_axis(back, -1)?;
        let mut shape = moved.shape().to_vec();
        if let Some(last) = shape.last_mut() {
            *last = k;
        }
        Shape::len_or_refuse(op, &shape)?;
        let mut values = Self::try_full(&shape, T::ZERO)?;
        let mut places = Tensor::try_full(&shape, 0)?;
        if !values.is_empty() {
            let source = moved.lying(op)?;
            let mut line: Vec<Placed<T>> = Vec::with_capacity(self.shape()[axis]);
            let lines = source.as_slice().unwrap_or(&[]).chunks_exact(self.shape()[axis]);
            let targets = values.as_mut_slice().chunks_exact_mut(k);
            let numbers = places.as_mut_slice().chunks_exact_mut(k);
            for ((elements, values), places) in lines.zip(targets).zip(numbers) {
                line.clear();
                line.extend(elements.iter().enumerate().map(|(i, &x)| (x, i)));
                arrange(&mut line);
                for ((&(x, i), value), place) in line.iter().zip(values).zip(places) {
                    (*value, *place) = (x, i);
                }
            }
        }
        Ok((values.move_axis(-1, back)?, places.move_axis(-1, back)?))
    }

    /// The median of all elements, as a scalar: the lower of the middle two if their number is even. NaN if any is.
    ///
    /// # Errors
    /// [`Error::Shape`] if there is no element.
    #[track_caller]
    pub fn median(&self) -> Result<Self> {
        Ok(self.median_over(..)?.0)
    }

    /// The median along one axis, and the first place where it is (over all axes, `..`, counted in row-major order): of
    /// an even number of elements the lower one of the middle two. NaN if any is.
    ///
    /// ```
    /// # use wengert_tensor::tensor;
    /// let (values, places) = tensor![[4.0_f32, 1.0, 3.0, 2.0]].median_over(1)?;
    /// assert_eq!((values, places), (tensor![2.0], tensor![3]));
    /// # Ok::<(), wengert_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Axis`] if there is no such axis, or if several but not all are named; [`Error::Shape`] if it is empty.
    #[track_caller]
    pub fn median_over(&self, axes: impl Into<Axes>) -> Result<(Self, Tensor<usize>)> {
        let lines = Lines::new("median", self, &axes.into())?;
        let (mut values, mut places) = (Vec::new(), Vec::new());
        let mut scratch = Vec::new();
        for line in lines.each() {
            let place = line.iter().position(|x| x.is_nan()).or_else(|| {
                scratch.clear();
                scratch.extend_from_slice(line);
                let middle = (line.len() - 1) / 2;
                let &mut median = scratch
                    .select_nth_unstable_by(middle, |a, b| Order::Ascending.compare(*a, *b))
                    .1;
                line.iter().position(|&x| x == median)
            });
            // There is one: the median is an element.
            let place = place.unwrap_or(0);
            values.push(line[place]);
            places.push(place);
        }
        let layout = Layout::contiguous(&lines.shape);
        Ok((
            Tensor::from(values).with_layout(layout.clone()),
            Tensor::from(places).with_layout(layout),
        ))
    }
}

impl<T: Float> Tensor<T> {
    /// The quantile of all elements, as a scalar: the number that a fraction `q` of them lies below. Between two elements it is
    /// interpolated linearly, as by NumPy and PyTorch, so that 0.5 is the mean of the middle two if their number is even. NaN if any is.
    ///
    /// ```
    /// # use wengert_tensor::tensor;
    /// let x = tensor![4.0_f32, 1.0, 3.0, 2.0];
    /// assert_eq!([x.quantile(0.0)?.item()?, x.quantile(0.5)?.item()?, x.quantile(0.9)?.item()?], [1.0, 2.5, 3.7]);
    /// # Ok::<(), wengert_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] if there is no element, [`Error::Value`] unless `q` is from 0 to 1.
    #[track_caller]
    pub fn quantile(&self, q: f64) -> Result<Self> {
        self.quantile_over(.., q)
    }

    /// The quantile along one axis, or over all, `..`; see [`quantile`](Self::quantile).
    ///
    /// ```
    /// # use wengert_tensor::{keep, tensor};
    /// let x = tensor![[1.0_f32, 2.0, 4.0], [0.0, 0.0, 8.0]];
    /// assert_eq!(x.quantile_over(1, 0.75)?, tensor![3.0, 4.0]);
    /// assert_eq!(x.quantile_over(keep(0), 0.5)?, tensor![[0.5, 1.0, 6.0]]);
    /// # Ok::<(), wengert_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Axis`] if there is no such axis, or if several but not all are named; and as [`quantile`](Self::quantile).
    #[track_caller]
    pub fn quantile_over(&self, axes: impl Into<Axes>, q: f64) -> Result<Self> {
        self.quantile_over_here(&axes.into(), q)
    }

    #[track_caller]
    #[inline(never)]
    fn quantile_over_here(&self, axes: &Axes, q: f64) -> Result<Self> {
        if !(0.0..=1.0).contains(&q) {
            let rule = format!("q is a fraction from 0 to 1, and here it is {q}");
            let fault = Fault::new("quantile", &[self.shape()], rule);
            return Err(Error::Value(match q {
                1.0..=100.0 => fault.help(format!("{q} percent are {}", q / 100.0)),
                _ => fault,
            }));
        }
        let lines = Lines::new("quantile", self, axes)?;
        let mut scratch: Vec<T> = Vec::new();
        let mut of = |line: &[T]| {
            if line.iter().any(|x| x.is_nan()) {
                return T::NAN;
            }
            scratch.clear();
            scratch.extend_from_slice(line);
            let at = q * (line.len() - 1) as f64;
            let compare = |a: &T, b: &T| Order::Ascending.compare(*a, *b);
            let (_, &mut low, above) = scratch.select_nth_unstable_by(at as usize, compare);
            let high = above.iter().copied().min_by(compare).unwrap_or(low);
            T::from_f64(between(low.to_f64(), high.to_f64(), at.fract()))
        };
        let values: Vec<T> = lines.each().map(&mut of).collect();
        Ok(Tensor::from(values).with_layout(Layout::contiguous(&lines.shape)))
    }
}

/// The number a fraction of the way from `a` to `b`, from the end that is nearer; exactly `a` for 0 and for equal numbers.
fn between(a: f64, b: f64, fraction: f64) -> f64 {
    if fraction == 0.0 || a == b {
        return a;
    }
    match b - a {
        // An end is infinite, or the two are far apart.
        step if step.is_infinite() => a * (1.0 - fraction) + b * fraction,
        step if fraction < 0.5 => a + step * fraction,
        step => b - step * (1.0 - fraction),
    }
}

compiled!(f32 f64: { Tensor::<T>::quantile_over_here });
