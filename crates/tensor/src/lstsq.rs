//! Least squares in closed form: `lstsq` and `ridge`.

use std::fmt;

use crate::error::Fault;
use crate::householder::{Columns, Qr};
use crate::{Element, Error, Float, Result, Tensor};

/// The result of [`Tensor::lstsq`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct LeastSquares<T: Element> {
    /// X, of the shape `[columns of A]` or `[columns of A, columns of B]`. If there are many, the one of the smallest norm.
    pub solution: Tensor<T>,
    /// ‖A x - b‖² for each column of B, or as a scalar.
    pub residual: Tensor<T>,
    /// The number of columns of A that are independent, as far as the precision of its elements can tell.
    pub rank: usize,
}

impl<T: Float> LeastSquares<T> {
    /// Whether there is no other solution: the columns of A are independent.
    pub fn is_unique(&self) -> bool {
        self.rank == self.solution.shape()[0]
    }
}

impl<T: Float> fmt::Display for LeastSquares<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = self.solution.shape()[0];
        write!(f, "rank {} of {of}", self.rank)?;
        if !self.is_unique() {
            write!(
                f,
                ": {} columns depend on the others, and this is the shortest solution",
                of - self.rank
            )?;
        }
        write!(f, "\nresidual {}\n{}", self.residual, self.solution)
    }
}

impl<T: Float> Tensor<T> {
    /// The X for which ‖A X - B‖² is least, where A is this matrix; computed in double precision, by QR with pivots.
    ///
    /// A model has such a closed form if its prediction is linear in its parameters and its loss is the squared error: a line, a
    /// polynomial in given powers, any sum of given features. A column of ones is the intercept. With an L2 penalty it has one too, by
    /// [`ridge`](Self::ridge). Absolute errors, cross-entropy, L1 penalties and nets with a hidden layer have none; these need
    /// descent.
    ///
    /// ```
    /// use wengert_tensor::{Tensor, tensor};
    ///
    /// // y = 3x + 4
    /// let x = tensor![[0.0_f64, 1.0], [1.0, 1.0], [2.0, 1.0]];
    /// let found = x.lstsq(&tensor![4.0, 7.0, 10.0])?;
    /// assert!(found.solution.allclose(&tensor![3.0, 4.0], 1e-12, 0.0, false)?);
    /// assert!(found.is_unique());
    ///
    /// // The same feature twice: any split of its weight will do, and the halves are the shortest.
    /// let found = tensor![[1.0_f64, 1.0], [2.0, 2.0]].lstsq(&tensor![4.0, 8.0])?;
    /// assert!(found.solution.allclose(&tensor![2.0, 2.0], 1e-12, 0.0, false)?);
    /// assert_eq!((found.rank, found.is_unique()), (1, false));
    /// # Ok::<(), wengert_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] if A is no matrix, or B is no vector or matrix with as many rows; [`Error::Value`] if an element is not
    /// finite.
    #[track_caller]
    pub fn lstsq(&self, b: &Self) -> Result<LeastSquares<T>> {
        let System { columns, targets, rows, units } = System::of("lstsq", self, b)?;
        let count = columns.len();
        let qr = Qr::pivoted(columns, rows);
        let diagonal = |k: usize| qr.r(k, k).abs();
        let least = rows.min(count);
        let tiny = rows.max(count) as f64 * T::EPSILON.to_f64();
        let rank = (0..least).take_while(|&k| diagonal(k) > tiny * diagonal(0)).count();
        // Of dependent columns the rows of R are wider than high: R = SᵀZᵀ, and the shortest solution lies in the span of Z.
        let transposed = || {
            (0..rank).map(|i| (0..count).map(|j| if j < i { 0.0 } else { qr.r(i, j) }).collect())
        };
        let short = (rank < count).then(|| Qr::plain(transposed().collect(), count));
        let (mut solutions, mut residuals) = (Vec::new(), Vec::new());
        for mut target in targets {
            qr.turn_back(&mut target);
            residuals.push(target[rank..].iter().map(|x| x * x).sum::<f64>());
            target.truncate(rank);
            match &short {
                None => qr.solve(&mut target),
                Some(short) => {
                    short.solve_transposed(&mut target);
                    target.resize(count, 0.0);
                    short.turn(&mut target);
                }
            }
            let mut solution = vec![0.0; count];
            qr.order.iter().zip(target).for_each(|(&j, x)| solution[j] = x);
            solutions.push(solution);
        }
        let residual = residuals.iter().map(|x| T::from_f64(x * units[1] * units[1]));
        let residual = Self::from_vec(residual.collect(), &b.shape()[1..])?;
        Ok(LeastSquares { solution: matrix(&solutions, count, b, units)?, residual, rank })
    }

    /// The X for which ‖A X - B‖² + strength·‖X‖² is least, where A is this matrix; computed in double precision, by QR. It exists
    /// also if columns of A depend on each other, and is the only one.
    ///
    /// A mean squared error over N numbers with the penalty `Penalty::l2(λ)` is least there, with strength N·λ/2. The penalty is on all
    /// of X: to leave an intercept out, subtract the means from A and B instead of adding a column of ones.
    ///
    /// ```
    /// use wengert_tensor::{Tensor, tensor};
    ///
    /// let same = tensor![[1.0_f64, 1.0], [1.0, 1.0]];
    /// let x = same.ridge(&tensor![3.0, 3.0], 2.0)?;
    /// assert!(x.allclose(&tensor![1.0, 1.0], 1e-12, 0.0, false)?);
    /// # Ok::<(), wengert_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`lstsq`](Self::lstsq), and [`Error::Value`] if the strength is not above 0.
    #[track_caller]
    pub fn ridge(&self, b: &Self, strength: f64) -> Result<Self> {
        if !(strength > 0.0 && strength.is_finite()) {
            let rule = format!("the strength is {strength}, and must be finite, and above 0");
            let fault = Fault::new("ridge", &[self.shape(), b.shape()], rule);
            return Err(Error::Value(fault.help("without a penalty it is `lstsq`")));
        }
        let System { mut columns, targets, rows, units } = System::of("ridge", self, b)?;
        let count = columns.len();
        // ‖A x - b‖² + λ‖x‖² is the square of one longer vector, whose last rows are √λ·x.
        for (j, column) in columns.iter_mut().enumerate() {
            column.resize(rows + count, 0.0);
            column[rows + j] = strength.sqrt() / units[0];
        }
        let qr = Qr::plain(columns, rows + count);
        let solve = |mut target: Vec<f64>| {
            target.resize(rows + count, 0.0);
            qr.turn_back(&mut target);
            target.truncate(count);
            qr.solve(&mut target);
            target
        };
        let solutions: Columns = targets.into_iter().map(solve).collect();
        matrix(&solutions, count, b, units)
    }
}

/// A and B in double precision, each over its largest magnitude, so that no square overflows.
struct System {
    columns: Columns,
    targets: Columns,
    rows: usize,
    units: [f64; 2],
}

impl System {
    #[track_caller]
    fn of<T: Float>(op: &'static str, a: &Tensor<T>, b: &Tensor<T>) -> Result<Self> {
        if a.rank() != 2 || !(b.rank() == 1 || b.rank() == 2) || a.shape()[0] != b.shape()[0] {
            let rule =
                "the first must be a matrix, and the second a vector or a matrix with as many rows";
            return Err(Error::Shape(Fault::new(op, &[a.shape(), b.shape()], rule)));
        }
        if !(a.all_finite() && b.all_finite()) {
            let rule = "an element is not finite";
            return Err(Error::Value(Fault::new(op, &[a.shape(), b.shape()], rule)));
        }
        // What there is no memory for is an error: the copies, and the result, which can be large although A is empty.
        let width = b.shape().get(1).copied().unwrap_or(1);
        for shape in [a.shape(), b.shape(), &[a.shape()[1], width], &[width, a.shape()[1]]] {
            Tensor::try_full(shape, 0.0)?;
        }
        let (rows, unit) = (a.shape()[0], [a, b].map(unit));
        let scaled = |x: &Tensor<T>, unit: f64| -> Columns {
            let width = x.shape().get(1).copied().unwrap_or(1);
            let elements: Vec<f64> = x.iter().map(|x| x.to_f64() / unit).collect();
            let column = |j| elements.iter().skip(j).step_by(width).copied().collect();
            (0..width).map(column).collect()
        };
        let (columns, targets) = (scaled(a, unit[0]), scaled(b, unit[1]));
        Ok(Self { columns, targets, rows, units: unit })
    }
}

/// The largest magnitude; 1 if all is 0.
fn unit<T: Float>(x: &Tensor<T>) -> f64 {
    let most = x.iter().fold(0.0, |most: f64, x| most.max(x.to_f64().abs()));
    if most > 0.0 { most } else { 1.0 }
}

/// Solutions, each a column, as a vector if B is one.
#[track_caller]
fn matrix<T: Float>(
    solutions: &Columns,
    count: usize,
    b: &Tensor<T>,
    [a, unit]: [f64; 2],
) -> Result<Tensor<T>> {
    let row = |i: usize| solutions.iter().map(move |x| T::from_f64(x[i] / a * unit));
    let elements = (0..count).flat_map(row).collect();
    Tensor::from_vec(elements, [&[count], &b.shape()[1..]].concat())
}
