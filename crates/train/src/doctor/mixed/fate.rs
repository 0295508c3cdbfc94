//! The fate of rows in an op: kept, moved or mixed.

use wengert_autograd::{Op, TapeLine, ops};
use wengert_tensor::{Axes, Float, Result, Tensor, keep};

use super::Rows;

/// The rows of a result, by the rows of an op's operands.
pub(super) enum Fate {
    Kept(Rows),
    Mixed,
    /// The op is not known here, or its operands belong to no sample.
    Unknown,
}

/// The rows along an axis if they do not change along it.
fn constant_along(rows: &Rows, axes: impl Into<Axes>) -> Result<Option<Rows>> {
    let axes = axes.into();
    let (least, most) = (rows.min_over(axes.clone())?, rows.max_over(axes)?);
    Ok((least == most).then_some(most))
}

pub(super) fn fate<T: Float>(line: &TapeLine<'_, T>, rows: &[Option<Rows>]) -> Result<Fate> {
    let op = line.op();
    let operands = line.operands();
    let of = |k: usize| operands.get(k).and_then(|&index| rows.get(index)?.as_ref());
    let shape = line.shape();
    let kept = |rows: Result<Rows>| Ok(Fate::Kept(rows?));
    if let Some(op) = op.get::<ops::IndexSelect>()
        && of(0).is_none()
    {
        // Rows of a table by index: they belong to the samples of the indices.
        let Some(index) = operands.get(1).and_then(|&k| rows.get(k)?.as_ref()) else {
            return Ok(Fate::Unknown);
        };
        if op.0 != 0 || index.len() != shape[0] {
            return Ok(Fate::Unknown);
        }
        let mut column = vec![1; shape.len()];
        column[0] = shape[0];
        return kept(index.contiguous().reshape(&column)?.expand(&shape));
    }
    // The axis of the samples, in the operand and in the result: all other axes are joined.
    let axis = match () {
        () if op.is::<ops::Conv>() => Some(0),
        () if op.is::<ops::SelfAttention>() => Some(0),
        () if op.is::<ops::Recurrent<T>>() => Some(1),
        () => None,
    };
    if let Some(axis) = axis {
        return match of(0) {
            Some(x) if x.rank() == shape.len() && shape.len() > 2 => joined_but(x, axis, &shape),
            _ => Ok(Fate::Unknown),
        };
    }
    // Norms over a batch are meant to see it.
    if let Some(x) = of(0).filter(|_| op.is::<ops::Normalize>()) {
        return Ok(Fate::Kept(x.clone()));
    }
    if line.arity() > 2 && !op.is::<ops::Linear>() && !op.is::<ops::Cat>() {
        return Ok(Fate::Unknown);
    }
    let Some(first) = of(0).or_else(|| of(1)) else { return Ok(Fate::Unknown) };
    if let Some(fate) = moved(op, first, line, rows)? {
        return Ok(fate);
    }
    if op.is::<ops::Linear>() || op.is::<ops::MatMul>() {
        return product(line, rows);
    }
    if let Some(axis) =
        op.get::<ops::Softmax>().map(|o| o.0).or(op.get::<ops::LogSoftmax>().map(|o| o.0))
    {
        return Ok(match constant_along(first, axis)? {
            Some(_) => Fate::Kept(first.clone()),
            None => Fate::Mixed,
        });
    }
    let axes = op
        .get::<ops::Sum>()
        .map(|o| &o.0)
        .or(op.get::<ops::Mean>().map(|o| &o.0))
        .or(op.get::<ops::Max>().map(|o| &o.0))
        .or(op.get::<ops::Min>().map(|o| &o.0))
        .or(op.get::<ops::LogSumExp>().map(|o| &o.0))
        .or(op.get::<ops::Variance>().map(|o| &o.0))
        .or(op.get::<ops::Std>().map(|o| &o.0))
        .or(op.get::<ops::Norm>().map(|o| &o.0));
    if let Some(axes) = axes {
        // A statistic of the whole batch belongs to no sample, as in a norm over the batch.
        return Ok(constant_along(first, axes.clone())?.map_or(Fate::Unknown, Fate::Kept));
    }
    let of_elements = op.is::<ops::Unary>() || op.is::<ops::Binary>() || op.is::<ops::Where>();
    if !of_elements {
        return Ok(Fate::Unknown);
    }
    let here = first.expand(&shape)?;
    Ok(match (of(0), of(1)) {
        (Some(a), Some(b)) if a.expand(&shape)? != b.expand(&shape)? => Fate::Mixed,
        _ => Fate::Kept(here.contiguous()),
    })
}

/// An op that keeps the axis of the samples and joins along all others.
fn joined_but(x: &Rows, axis: usize, shape: &[usize]) -> Result<Fate> {
    let others: Vec<isize> = (0..shape.len()).filter(|&k| k != axis).map(|k| k as isize).collect();
    Ok(match constant_along(x, keep(others))? {
        Some(rows) if rows.shape()[axis] == shape[axis] => {
            Fate::Kept(rows.expand(shape)?.contiguous())
        }
        Some(_) => Fate::Unknown,
        None => Fate::Mixed,
    })
}

/// Ops that move numbers: the rows move with them.
fn moved<T: Float>(
    op: &Op<T>,
    x: &Rows,
    line: &TapeLine<'_, T>,
    rows: &[Option<Rows>],
) -> Result<Option<Fate>> {
    let result = if let Some(reshape) = op.get::<ops::Reshape>() {
        x.reshape(&reshape.0)
    } else if let Some(permute) = op.get::<ops::Permute>() {
        x.permute(&permute.0)
    } else if let Some(expand) = op.get::<ops::Expand>() {
        x.expand(&expand.0)
    } else if let Some(slicing) = op.get::<ops::Slicing>() {
        x.slice(&slicing.0)
    } else if let Some(windows) = op.get::<ops::Windows>() {
        x.windows(&windows.0)
    } else if let Some(select) = op.get::<ops::IndexSelect>() {
        x.index_select(select.0, &select.1.values)
    } else if let Some(gather) = op.get::<ops::Gather>() {
        x.gather(gather.0, &gather.1.values)
    } else if let Some(pool) = op.get::<ops::MaxPool>() {
        let Some(places) = pool.places() else { return Ok(Some(Fate::Unknown)) };
        let axis = (x.rank() - pool.parts.len()) as isize;
        let taken = x.flatten_axes(axis, -1)?.gather(axis, &places.flatten_axes(axis, -1)?);
        taken.and_then(|taken| taken.reshape(places.shape()))
    } else if let Some(cat) = op.get::<ops::Cat>() {
        let parts: Option<Vec<&Rows>> =
            line.operands().iter().take(line.arity()).map(|&k| rows.get(k)?.as_ref()).collect();
        match parts {
            Some(parts) => Tensor::cat(&parts, cat.0),
            None => return Ok(Some(Fate::Unknown)),
        }
    } else if op.is::<ops::Detach>() {
        Ok(x.clone())
    } else {
        return Ok(None);
    };
    Ok(Some(Fate::Kept(result?)))
}

/// Products sum over an axis of each operand.
fn product<T: Float>(line: &TapeLine<'_, T>, rows: &[Option<Rows>]) -> Result<Fate> {
    let operands = line.operands();
    let of = |k: usize| rows.get(operands[k]).and_then(Option::as_ref);
    let shape = line.shape();
    let left = match of(0) {
        Some(a) if a.rank() > 1 => match constant_along(a, keep(-1))? {
            Some(a) => Some(a.expand(&shape)?),
            None => return Ok(Fate::Mixed),
        },
        Some(_) => return Ok(Fate::Unknown),
        None => None,
    };
    let right = match of(1) {
        Some(b) if b.rank() > 1 && line.op().is::<ops::MatMul>() => {
            match constant_along(b, keep(-2))? {
                Some(b) => Some(b.expand(&shape)?),
                None => return Ok(Fate::Mixed),
            }
        }
        Some(_) => return Ok(Fate::Unknown),
        None => None,
    };
    Ok(match (left, right) {
        // Of each sample with each: a table of pairs, that belongs to no sample.
        (Some(a), Some(b)) if a != b && a == b.transpose(-1, -2)? => Fate::Unknown,
        (Some(a), Some(b)) if a != b => Fate::Mixed,
        (Some(a), _) | (None, Some(a)) => Fate::Kept(a.contiguous()),
        (None, None) => Fate::Unknown,
    })
}
