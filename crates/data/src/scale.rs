//! Scalers bring columns to one scale. They are fitted to the training part, applied to every part, and can be inverted.

use wengert_tensor::{Float, Tensor, compiled};

use crate::error::Fault;
use crate::{Error, Result, rows};

/// The common part of both scalers: (column - shift) / width + floor.
#[derive(Clone, Debug, PartialEq)]
struct Columns {
    /// The shape of a row.
    row: Vec<usize>,
    shift: Vec<f64>,
    width: Vec<f64>,
    floor: f64,
}

impl Columns {
    /// Learns shift and width of each column from its values.
    #[track_caller]
    fn fit<T: Float>(
        op: &'static str,
        x: &Tensor<T>,
        floor: f64,
        learn: impl Fn(&mut dyn Iterator<Item = f64>) -> (f64, f64),
    ) -> Result<Self> {
        let (n, wide) = (rows::count(x), rows::width(x));
        if n == 0 {
            return Err(Error::shape(op, format!("{:?} has no rows to learn from", x.shape())));
        }
        let source = x.contiguous();
        let elements = source.as_slice().unwrap_or(&[]);
        if let Some(place) = elements.iter().position(|x| !x.is_finite()) {
            let (row, column, value) = (place / wide, place % wide, elements[place]);
            let rule = format!("row {row}, column {column} is {value}");
            let fault = Fault::new(op, rule).help("leave such rows out, or fill them");
            return Err(Error::Value(fault));
        }
        let (mut shift, mut width) = (Vec::with_capacity(wide), Vec::with_capacity(wide));
        for column in 0..if x.is_empty() { 0 } else { wide } {
            let mut values = elements[column..].iter().step_by(wide).map(|x| x.to_f64());
            let (from, span) = learn(&mut values);
            if !(from.is_finite() && span.is_finite()) {
                let rule = format!("column {column} spans more than a double can tell");
                return Err(Error::value(op, rule));
            }
            shift.push(from);
            // A constant column becomes the floor, not NaN.
            width.push(if span > 0.0 { span } else { 1.0 });
        }
        Ok(Self { row: x.shape()[1..].to_vec(), shift, width, floor })
    }

    /// One number a column, in the shape of a row.
    fn as_row(&self, numbers: &[f64]) -> Tensor<f64> {
        match Tensor::from_slice(numbers, &self.row) {
            Ok(row) => row,
            Err(_) => unreachable!("one number for each place of a row"),
        }
    }

    #[track_caller]
    fn map<T: Float>(
        &self,
        op: &'static str,
        x: &Tensor<T>,
        f: impl Fn(f64, f64, f64) -> f64,
    ) -> Result<Tensor<T>> {
        if x.shape().get(1..) != Some(&self.row) {
            let rule = format!("learnt from rows {:?}, and given {:?}", self.row, x.shape());
            return Err(Error::shape(op, rule));
        }
        let mut out = x.contiguous();
        for row in out.as_mut_slice().chunks_exact_mut(self.shift.len().max(1)) {
            for ((x, &shift), &width) in row.iter_mut().zip(&self.shift).zip(&self.width) {
                *x = T::from_f64(f(x.to_f64(), shift, width));
            }
        }
        Ok(out)
    }

    #[track_caller]
    fn apply<T: Float>(&self, op: &'static str, x: &Tensor<T>) -> Result<Tensor<T>> {
        self.map(op, x, |x, shift, width| (x - shift) / width + self.floor)
    }

    #[track_caller]
    fn invert<T: Float>(&self, op: &'static str, y: &Tensor<T>) -> Result<Tensor<T>> {
        self.map(op, y, |y, shift, width| (y - self.floor) * width + shift)
    }
}

/// Brings each column to mean 0 and standard deviation 1; a column is a place of a row, whatever the row's shape.
///
/// Fit it to the training part only; otherwise the mean of the test leaks into training.
///
/// ```
/// use wengert_data::{Standardizer, wine};
///
/// let (train, test) = wine::<f32>().stratified_split(0.25, 0)?;
/// let standardizer = Standardizer::fit(train.features())?;
/// let train = train.with_features(standardizer.apply(train.features())?)?;
/// let test = test.with_features(standardizer.apply(test.features())?)?;
/// assert!(train.features().mean_over(0)?.abs().max()?.item()? < 1e-5);
/// # Ok::<(), wengert_data::Error>(())
/// ```
///
/// A column that is constant in the training part becomes 0 there: it is shifted and not scaled. The deviation divides by
/// the number of rows, as scikit-learn's scaler does.
#[derive(Clone, Debug, PartialEq)]
pub struct Standardizer(Columns);

impl Standardizer {
    /// Learns each column's mean and standard deviation.
    ///
    /// # Errors
    /// [`Error::Shape`] if there are no rows, [`Error::Value`] if an element is not finite.
    #[track_caller]
    #[inline(never)]
    pub fn fit<T: Float>(x: &Tensor<T>) -> Result<Self> {
        Ok(Self(Columns::fit("Standardizer", x, 0.0, |values| {
            // Welford's recurrence: exact for a constant column, and safe far from 0.
            let (mut n, mut mean, mut squares) = (0.0, 0.0, 0.0);
            for x in values {
                n += 1.0;
                let off = x - mean;
                mean += off / n;
                squares += off * (x - mean);
            }
            (mean, (squares / n).sqrt())
        })?))
    }

    /// A scaler from saved values of [`mean`](Self::mean) and [`deviation`](Self::deviation), so that it can be saved with its model.
    ///
    /// # Errors
    /// [`Error::Shape`] unless both have the shape of a row, [`Error::Value`] unless all are finite and no deviation is 0 or less.
    #[track_caller]
    pub fn of(mean: &Tensor<f64>, deviation: &Tensor<f64>) -> Result<Self> {
        let op = "Standardizer::of";
        if mean.shape() != deviation.shape() {
            let rule = format!("means {:?} and deviations {:?}", mean.shape(), deviation.shape());
            return Err(Error::shape(op, rule + " must have one shape"));
        }
        let (shift, width, row) = (mean.to_vec(), deviation.to_vec(), mean.shape().to_vec());
        let good = |(m, d): (&f64, &f64)| m.is_finite() && d.is_finite() && *d > 0.0;
        if let Some(column) = shift.iter().zip(&width).position(|pair| !good(pair)) {
            let rule =
                format!("column {column}: mean {}, deviation {}", shift[column], width[column]);
            return Err(Error::value(op, rule));
        }
        Ok(Self(Columns { row, shift, width, floor: 0.0 }))
    }

    /// The means of the columns, in the shape of a row.
    pub fn mean(&self) -> Tensor<f64> {
        self.0.as_row(&self.0.shift)
    }

    /// The columns' standard deviations, in the shape of a row; 1 where a column is constant.
    pub fn deviation(&self) -> Tensor<f64> {
        self.0.as_row(&self.0.width)
    }

    /// (element - mean) / deviation, with the mean and the deviation of its column.
    ///
    /// # Errors
    /// [`Error::Shape`] if the rows do not have the fitted shape.
    #[track_caller]
    #[inline(never)]
    pub fn apply<T: Float>(&self, x: &Tensor<T>) -> Result<Tensor<T>> {
        self.0.apply("Standardizer::apply", x)
    }

    /// The inverse of [`apply`](Self::apply).
    ///
    /// # Errors
    /// As [`apply`](Self::apply).
    #[track_caller]
    pub fn invert<T: Float>(&self, x: &Tensor<T>) -> Result<Tensor<T>> {
        self.0.invert("Standardizer::invert", x)
    }
}

/// Maps each column linearly, so that its least and greatest values become two given numbers.
///
/// ```
/// use wengert_data::MinMax;
/// use wengert_tensor::tensor;
///
/// let x = tensor![[1.0_f32, 7.0], [3.0, 7.0], [5.0, 7.0]];
/// let scaler = MinMax::fit(&x, -1.0, 1.0)?;
/// assert_eq!(scaler.apply(&x)?, tensor![[-1.0, -1.0], [0.0, -1.0], [1.0, -1.0]]);
/// assert_eq!(scaler.invert(&scaler.apply(&x)?)?, x);
/// # Ok::<(), wengert_data::Error>(())
/// ```
///
/// A column that is constant in the training part becomes the lower of the two.
#[derive(Clone, Debug, PartialEq)]
pub struct MinMax(Columns);

impl MinMax {
    /// Fits each column's least and greatest values, which become `from` and `to`.
    ///
    /// # Errors
    /// [`Error::Shape`] if there are no rows, [`Error::Value`] if an element is not finite or `from` is not less than `to`.
    #[track_caller]
    pub fn fit<T: Float>(x: &Tensor<T>, from: f64, to: f64) -> Result<Self> {
        if !(from < to && (to - from).is_finite()) {
            let rule = format!("from {from} to {to}: the first must be less than the second");
            return Err(Error::value("MinMax", rule));
        }
        Ok(Self(Columns::fit("MinMax", x, from, |values| {
            let (least, greatest) =
                values.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), x| (a.min(x), b.max(x)));
            (least, (greatest - least) / (to - from))
        })?))
    }

    /// The columns' least values, in the shape of a row.
    pub fn least(&self) -> Tensor<f64> {
        self.0.as_row(&self.0.shift)
    }

    /// Each element on the new scale; an element outside the fitted range lies outside `from` to `to`.
    ///
    /// # Errors
    /// [`Error::Shape`] if the rows do not have the fitted shape.
    #[track_caller]
    pub fn apply<T: Float>(&self, x: &Tensor<T>) -> Result<Tensor<T>> {
        self.0.apply("MinMax::apply", x)
    }

    /// The inverse of [`apply`](Self::apply).
    ///
    /// # Errors
    /// As [`apply`](Self::apply).
    #[track_caller]
    pub fn invert<T: Float>(&self, x: &Tensor<T>) -> Result<Tensor<T>> {
        self.0.invert("MinMax::invert", x)
    }
}

compiled!(f32: { Standardizer::fit::<T>, Standardizer::apply::<T> });
