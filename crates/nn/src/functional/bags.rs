//! Rows of a table, put together bag by bag.

use std::panic::Location;

use wengert_autograd::{Result, Var};
use wengert_tensor::{Error, Fault, Float, Tensor};

use super::embedding;

/// The reduction of the rows of a bag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Bag {
    /// Their sum.
    Sum,
    /// Their mean.
    #[default]
    Mean,
    /// The greatest in each column.
    Max,
}

/// The indices of all bags.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Bags<'a> {
    /// Bags of one size: `[bags, size]`.
    Rows(&'a Tensor<usize>),
    /// Bags one after another `[indices]`, and the place where each begins `[bags]`, the first at 0.
    From(&'a Tensor<usize>, &'a Tensor<usize>),
}

/// The places where a bag begins and ends.
type Ends = (usize, usize);

impl Bags<'_> {
    /// All indices in a row, and the beginning and end of each bag.
    #[track_caller]
    fn apart(self) -> Result<(Tensor<usize>, Vec<Ends>)> {
        const OP: &str = "embedding_bag";
        let here = Location::caller();
        match self {
            Self::Rows(index) => {
                let &[bags, size] = index.shape() else {
                    let rule = "bags of one size must be [bags, size]";
                    let fault = Fault::new(OP, &[index.shape()], rule);
                    return Err(
                        Error::Shape(fault.help("with offsets the indices are one row")).into()
                    );
                };
                let ends = (0..bags).map(|i| (i * size, (i + 1) * size)).collect();
                Ok((index.flatten(), ends))
            }
            Self::From(index, offsets) => {
                let wrong = |rule: &str| {
                    let shapes = [index.shape(), offsets.shape()];
                    Err(Error::Shape(Fault::new(OP, &shapes, rule)).at(here).into())
                };
                if index.rank() != 1 || offsets.rank() != 1 {
                    return wrong("indices and offsets must each be one row");
                }
                let mut starts = offsets.to_vec();
                let rises = starts.windows(2).all(|w| w[0] <= w[1]);
                let first = starts.first().is_none_or(|&start| start == 0);
                if !rises || !first || starts.last().is_some_and(|&start| start > index.len()) {
                    return wrong("offsets must begin with 0, rise, and end within the indices");
                }
                starts.push(index.len());
                Ok((index.clone(), starts.windows(2).map(|w| (w[0], w[1])).collect()))
            }
        }
    }
}

/// The rows of `weight` `[things, width]` of each bag of indices, put together: `[bags, width]`. Indices that are `padding` are
/// left out, and an empty bag gives 0. With `scales`, a number for each index, each row is multiplied by it first.
///
/// ```
/// use wengert_autograd::Tape;
/// use wengert_nn::functional::{Bag, Bags, embedding_bag};
/// use wengert_tensor::tensor;
///
/// let tape = Tape::new();
/// let table = tape.var(tensor![[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]);
/// let (index, offsets) = (tensor![0_usize, 2, 1], tensor![0_usize, 2]);
/// let y = embedding_bag(Bags::From(&index, &offsets), table, Bag::Sum, None, None)?;
/// assert_eq!(y.value()?, tensor![[6.0, 8.0], [3.0, 4.0]]);
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
///
/// # Errors
/// If there is no row of an index, the shapes do not fit, or bags are scaled whose rows are not summed.
#[track_caller]
pub fn embedding_bag<'t, T: Float>(
    bags: Bags<'_>,
    weight: Var<'t, T>,
    mode: Bag,
    padding: Option<usize>,
    scales: Option<Var<'t, T>>,
) -> Result<Var<'t, T>> {
    let (index, ends) = bags.apart()?;
    let mut rows = embedding(&index, weight, None)?;
    let width = rows.shape()[1];
    if let Some(scales) = scales {
        let shape = scales.shape();
        if mode != Bag::Sum || scales.len() != index.len() {
            let rule = "there must be a scale for each index, of bags that are summed";
            let fault = Fault::new("embedding_bag", &[index.shape(), &shape], rule);
            return Err(Error::Shape(fault).into());
        }
        rows = rows.try_mul(scales.reshape([index.len(), 1])?)?;
    }
    // The places of each bag that count.
    let counts = |place: &usize| index.get(&[*place]).is_ok_and(|i| Some(i) != padding);
    let bags: Vec<Vec<usize>> =
        ends.iter().map(|&(from, to)| (from..to).filter(counts).collect()).collect();
    if mode == Bag::Max {
        return greatest(rows, &bags, width);
    }
    let mut of = Vec::with_capacity(index.len());
    let mut places = Vec::with_capacity(index.len());
    for (bag, inside) in bags.iter().enumerate() {
        places.extend_from_slice(inside);
        of.extend(inside.iter().map(|_| bag));
    }
    if places.len() < index.len() {
        rows = rows.index_select(0, Tensor::from_vec(places, [of.len()])?)?;
    }
    let count = of.len();
    let zeros = rows.tape().constant(Tensor::zeros([bags.len(), width]));
    let sums = zeros.index_add(0, Tensor::from_vec(of, [count])?, rows)?;
    if mode == Bag::Sum {
        return Ok(sums);
    }
    let share = |bag: &Vec<usize>| T::from_f64(1.0 / bag.len().max(1) as f64);
    let shares = Tensor::from_vec(bags.iter().map(share).collect(), [bags.len(), 1])?;
    sums.try_mul(&shares)
}

/// The greatest of each column of each bag, with the first row of an equal pair; 0 for an empty bag.
#[track_caller]
fn greatest<'t, T: Float>(
    rows: Var<'t, T>,
    bags: &[Vec<usize>],
    width: usize,
) -> Result<Var<'t, T>> {
    let values = rows.value()?.contiguous();
    let at = |place: usize, column: usize| values.get(&[place, column]);
    let mut best = Vec::with_capacity(bags.len() * width);
    for bag in bags {
        for column in 0..width {
            let mut first = bag.first().copied().unwrap_or(0);
            for &place in bag {
                // A NaN is the greatest.
                let (new, old) = (at(place, column)?, at(first, column)?);
                if new > old || (new.is_nan() && !old.is_nan()) {
                    first = place;
                }
            }
            best.push(first);
        }
    }
    let full: Vec<bool> = bags.iter().map(|bag| !bag.is_empty()).collect();
    let (best, count) = (Tensor::from_vec(best, [bags.len(), width])?, bags.len());
    if rows.is_empty() {
        return Ok(rows.tape().constant(Tensor::zeros([count, width])));
    }
    let y = rows.gather(0, best)?;
    if full.iter().all(|&full| full) {
        return Ok(y);
    }
    y.masked_fill(&!&Tensor::from_vec(full, [count, 1])?, T::ZERO)
}
