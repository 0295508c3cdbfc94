//! Rows of a table, put together bag by bag.

use std::ops::Range;
use std::panic::Location;

use wengert_autograd::{Result, Var};
use wengert_tensor::error::room_or_refuse;
use wengert_tensor::{Error, Fault, Float, Tensor};

use super::refuse_no_row;

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

impl Bags<'_> {
    /// All indices in a row, and the place where each bag begins.
    #[track_caller]
    fn apart(self) -> Result<(Tensor<usize>, Vec<usize>)> {
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
                room_or_refuse::<usize>(OP, &[bags])?;
                let flat = index.reshape([index.len()])?;
                Ok((flat, (0..bags).map(|i| i * size).collect()))
            }
            Self::From(index, offsets) => {
                let wrong = |rule: &str| {
                    let shapes = [index.shape(), offsets.shape()];
                    Err(Error::Shape(Fault::new(OP, &shapes, rule)).at(here).into())
                };
                if index.rank() != 1 || offsets.rank() != 1 {
                    return wrong("indices and offsets must each be one row");
                }
                let starts = offsets.to_vec();
                let rises = starts.windows(2).all(|w| w[0] <= w[1]);
                let first = starts.first().is_none_or(|&start| start == 0);
                if !rises || !first || starts.last().is_some_and(|&start| start > index.len()) {
                    return wrong("offsets must begin with 0, rise, and end within the indices");
                }
                Ok((index.clone(), starts))
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
    let (mut index, mut starts) = bags.apart()?;
    refuse_no_row(&index, &weight.shape())?;
    let mut scales = scales;
    if let Some(scales) = scales
        && (mode != Bag::Sum || scales.len() != index.len())
    {
        let rule = "there must be a scale for each index, of bags that are summed";
        let fault = Fault::new("embedding_bag", &[index.shape(), &scales.shape()], rule);
        return Err(Error::Shape(fault).into());
    }
    if starts.is_empty() {
        // No bag holds an index.
        (index, scales) = (index.narrow(0, 0, 0)?, None);
    }
    if let Some(padding) = padding
        && index.iter().any(|i| i == padding)
    {
        let places: Vec<usize> =
            index.iter().enumerate().filter(|&(_, i)| i != padding).map(|(at, _)| at).collect();
        for start in &mut starts {
            *start = places.partition_point(|&place| place < *start);
        }
        let places = Tensor::from(places);
        scales = match scales {
            Some(scales) => Some(scales.flatten().index_select(0, &places)?),
            None => None,
        };
        index = index.index_select(0, &places)?;
    }
    let end = |bag: usize| starts.get(bag + 1).copied().unwrap_or(index.len());
    let bags = || (0..starts.len()).map(|bag| starts[bag]..end(bag));
    if mode == Bag::Max {
        return greatest(weight.rows(&index)?, &bags().collect::<Vec<_>>());
    }
    if let Some(scales) = scales {
        let of: Vec<usize> =
            bags().enumerate().flat_map(|(bag, inside)| inside.map(move |_| bag)).collect();
        let rows = weight.rows(&index)?.try_mul(scales.reshape([index.len(), 1])?)?;
        let zeros = Tensor::zeros([starts.len(), rows.shape()[1]]);
        return rows.tape().constant(zeros).index_add(0, Tensor::from(of), rows);
    }
    let share = |inside: Range<usize>| T::from_f64(1.0 / inside.len().max(1) as f64);
    let shares = (mode == Bag::Mean)
        .then(|| Tensor::from_vec(bags().map(share).collect(), [starts.len(), 1]))
        .transpose()?;
    let sums = weight.sum_bags(index, Tensor::from(starts))?;
    match shares {
        Some(shares) => sums.try_mul(&shares),
        None => Ok(sums),
    }
}

/// The greatest of each column of each bag, with the first row of an equal pair; 0 for an empty bag.
#[track_caller]
fn greatest<'t, T: Float>(rows: Var<'t, T>, bags: &[Range<usize>]) -> Result<Var<'t, T>> {
    let (values, width, count) = (rows.value()?.to_vec(), rows.shape()[1], bags.len());
    if values.is_empty() {
        return Ok(rows.tape().constant(Tensor::zeros([count, width])));
    }
    let mut best = Vec::with_capacity(count * width);
    for bag in bags {
        for column in 0..width {
            let at = |place: usize| values[place * width + column];
            // A bag that is empty is filled with 0 below.
            let mut first = bag.start.min(values.len() / width - 1);
            for place in bag.clone() {
                // A NaN is the greatest.
                let (new, old) = (at(place), at(first));
                if new > old || (new.is_nan() && !old.is_nan()) {
                    first = place;
                }
            }
            best.push(first);
        }
    }
    let y = rows.gather(0, Tensor::from_vec(best, [count, width])?)?;
    let empty: Vec<bool> = bags.iter().map(Range::is_empty).collect();
    if !empty.contains(&true) {
        return Ok(y);
    }
    y.masked_fill(&Tensor::from_vec(empty, [count, 1])?, T::ZERO)
}
