//! Which sample each number of a tape belongs to, from the input to the prediction: the first op that mixes samples is named.
//!
//! Each number gets the row of the sample that it comes from. Ops that move numbers move the rows with them; ops of elements must
//! meet equal rows; sums and products must sum over numbers of one row. It is exact, and needs no second pass of the model.

use wengert_autograd::{Op, TapeLine, ops};
use wengert_tensor::{Axes, Float, Result, Tensor, keep};

use super::reading::Reading;
use super::{Fault, Finding};

/// The rows of a value's numbers.
type Rows = Tensor<f32>;

/// The rows of a result, by the rows of an op's operands.
enum Fate {
    Kept(Rows),
    Mixed,
    /// The op is not known here, or its operands belong to no sample.
    Unknown,
}

/// The op at which samples are mixed first on the way to the prediction.
pub(crate) fn look<T: Float>(r: &Reading<'_, '_, T>, prediction: usize) -> Option<Finding> {
    let mut leads = vec![false; r.lines.len()];
    *leads.get_mut(prediction)? = true;
    for line in r.lines.iter().take(prediction + 1).rev() {
        if leads[line.index()] {
            line.operands().iter().for_each(|&k| leads[k] = true);
        }
    }
    let is_leaf = |line: &TapeLine<'_, T>| {
        leads[line.index()]
            && line.arity() == 0
            && line.shape().len() > 1
            && (line.op().is::<ops::Constant>() || line.data().is_some())
    };
    let first = r.lines.iter().find(|line| is_leaf(line))?;
    let n = first.shape()[0];
    if n < 2 || r.line(prediction).shape().iter().product::<usize>() % n != 0 {
        return None;
    }
    let mut rows: Vec<Option<Rows>> = vec![None; prediction + 1];
    let mut inputs = true;
    for line in r.lines.iter().take(prediction + 1).skip(first.index()) {
        let index = line.index();
        if inputs && is_leaf(&line) && line.shape()[0] == n {
            rows[index] = rows_of(n, &line.shape()).ok();
            continue;
        }
        inputs = false;
        if line.arity() == 0 || !leads[index] {
            continue;
        }
        let fate = fate(&line, &rows).unwrap_or(Fate::Unknown);
        match fate {
            Fate::Kept(of_line) if of_line.shape() == &line.shape()[..] => {
                rows[index] = Some(of_line)
            }
            Fate::Mixed => {
                let shapes: Vec<String> = line
                    .operands()
                    .iter()
                    .take(line.arity())
                    .map(|&k| r.line(k).shape().to_string())
                    .collect();
                // The op that moved the numbers is to blame, more than the one that met them.
                let blamed = blamed(r, &line, &rows).unwrap_or(line);
                return Some(
                    Finding::certain(Fault::RowsMixed)
                        .layer(blamed.layer())
                        .op(blamed.op().name(), blamed.at())
                        .noting(
                            format!(
                                "`{}` of {} joins numbers of different samples; samples",
                                line.op().name(),
                                shapes.join(" and ")
                            ),
                            n as f64,
                        ),
                );
            }
            _ => {}
        }
    }
    // Each row of the prediction must be of one sample, and in their order.
    let of_prediction = rows[prediction].as_ref()?;
    let expected = rows_of(n, of_prediction.shape()).ok()?;
    if of_prediction.shape().first() == Some(&n) && *of_prediction != expected {
        let line = r.line(prediction);
        let blamed = blamed(r, &line, &rows).unwrap_or(line);
        return Some(
            Finding::certain(Fault::RowsMixed)
                .layer(blamed.layer())
                .op(blamed.op().name(), blamed.at())
                .noting("rows of the prediction that are not of their sample; samples", n as f64),
        );
    }
    None
}

/// Row by row.
fn rows_of(n: usize, shape: &[usize]) -> Result<Rows> {
    let mut column = vec![1; shape.len()];
    column[0] = n;
    let rows: Vec<f32> = (0..n).map(|row| row as f32).collect();
    if shape[0] == n {
        return Tensor::from_vec(rows, &column)?.expand(shape);
    }
    // Rows of rows: the parts of each sample one after another.
    let parts = shape[0] / n;
    let all: Vec<f32> = (0..n * parts).map(|k| (k / parts.max(1)) as f32).collect();
    column[0] = n * parts;
    Tensor::from_vec(all, &column)?.expand(shape)
}

/// The last reshape before this line: where rows usually come apart.
fn blamed<'a, T: Float>(
    r: &'a Reading<'_, '_, T>,
    line: &TapeLine<'a, T>,
    rows: &[Option<Rows>],
) -> Option<TapeLine<'a, T>> {
    let mut index = line.index();
    loop {
        let here = r.line(index);
        if here.op().is::<ops::Reshape>() {
            return Some(here);
        }
        index = here
            .operands()
            .into_iter()
            .take(here.arity())
            .find(|&k| rows.get(k).is_some_and(Option::is_some))?;
        if !r.line(index).op().moves_numbers() {
            return None;
        }
    }
}

/// The rows along an axis if they do not change along it.
fn constant_along(rows: &Rows, axes: impl Into<Axes>) -> Result<Option<Rows>> {
    let axes = axes.into();
    let (least, most) = (rows.min_over(axes.clone())?, rows.max_over(axes)?);
    Ok((least == most).then_some(most))
}

fn fate<T: Float>(line: &TapeLine<'_, T>, rows: &[Option<Rows>]) -> Result<Fate> {
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
        .or(op.get::<ops::LogSumExp>().map(|o| &o.0));
    if let Some(axes) = axes {
        return Ok(constant_along(first, axes.clone())?.map_or(Fate::Mixed, Fate::Kept));
    }
    // Norms over a batch are meant to see it.
    if op.is::<ops::Normalize>() {
        return Ok(Fate::Kept(first.clone()));
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
    } else if let Some(select) = op.get::<ops::IndexSelect>() {
        x.index_select(select.0, &select.1.values)
    } else if let Some(gather) = op.get::<ops::Gather>() {
        x.gather(gather.0, &gather.1.values)
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
        (Some(a), Some(b)) if a != b => Fate::Mixed,
        (Some(a), _) | (None, Some(a)) => Fate::Kept(a.contiguous()),
        (None, None) => Fate::Unknown,
    })
}
