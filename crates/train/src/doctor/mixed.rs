//! Which sample each number of a tape belongs to, from the input to the prediction: the first op that mixes samples is named.
//!
//! Each number gets the row of the sample that it comes from. Ops that move numbers move the rows with them; ops of elements must
//! meet equal rows; sums and products must sum over numbers of one row. It is exact, and needs no second pass of the model.

mod fate;

use std::collections::HashMap;

use wengert_autograd::{TapeLine, ops};
use wengert_tensor::{Float, Result, Tensor};

use super::reading::Reading;
use super::{Fault, Finding};
use fate::{Fate, fate};

/// The rows of a value's numbers.
type Rows = Tensor<f32>;

/// The op at which samples are mixed first on the way to the prediction. Where time may stand before the samples, both axes of the input
/// have to be mixed.
pub(crate) fn look<T: Float>(r: &Reading<'_, '_, T>, prediction: usize) -> Option<Finding> {
    let found = along(r, prediction, 0)?;
    let (first, _) = leaves(r, prediction)?;
    let shape = r.line(first).shape();
    let places = shape.len() > 2 || shape.len() == 2 && r.line(first).data().is_some();
    let count = r.line(prediction).shape().first().copied().unwrap_or(0);
    let time_first = places && shape[1] > 1 && [shape[1], shape[0] * shape[1]].contains(&count);
    if time_first && along(r, prediction, 1).is_none() {
        return None;
    }
    Some(found)
}

/// The first input that leads to the prediction, and which lines do.
fn leaves<T: Float>(r: &Reading<'_, '_, T>, prediction: usize) -> Option<(usize, Vec<bool>)> {
    let mut leads = r.leading_to(prediction);
    // A line without a gradient does not say its operands: what stands before it may lead to it.
    let hidden = |line: &TapeLine<'_, T>| leads[line.index()] && line.op().is::<ops::Untracked>();
    let before = r.lines.iter().find(hidden).map_or(0, |line| line.index());
    leads[..before].fill(true);
    let first = r.lines.iter().find(|line| leads[line.index()] && is_leaf(line))?;
    Some((first.index(), leads))
}

fn is_leaf<T: Float>(line: &TapeLine<'_, T>) -> bool {
    let held = line.op().is::<ops::Constant>() || line.data().is_some();
    line.arity() == 0 && line.shape().len() > 1 && held
}

/// [`look`], with the samples along this axis of the input.
fn along<T: Float>(r: &Reading<'_, '_, T>, prediction: usize, axis: usize) -> Option<Finding> {
    let (first, leads) = leaves(r, prediction)?;
    let n = r.line(first).shape()[axis];
    if n < 2 || r.line(prediction).shape().iter().product::<usize>() % n != 0 {
        return None;
    }
    let mut rows: Vec<Option<Rows>> = vec![None; prediction + 1];
    let mut inputs = true;
    for line in r.lines.iter().take(prediction + 1).skip(first) {
        let index = line.index();
        if inputs && leads[index] && is_leaf(&line) && line.shape()[axis] == n {
            rows[index] = rows_of(n, &line.shape(), axis).ok();
            continue;
        }
        inputs = false;
        if line.op().is::<ops::Untracked>() {
            rows[index] = untracked(r, &line, &rows);
        }
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
    if axis > 0 && of_prediction.shape().first() != Some(&n) {
        return None;
    }
    let expected = rows_of(n, of_prediction.shape(), 0).ok()?;
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

/// The rows of numbers that were moved before a gradient was wanted: the tape does not say how, so they are looked for on an earlier line,
/// all in the same order or with two axes exchanged, else each by itself. `None` if one is not there, or stands in several rows.
fn untracked<T: Float>(
    r: &Reading<'_, '_, T>,
    line: &TapeLine<'_, T>,
    rows: &[Option<Rows>],
) -> Option<Rows> {
    let value = line.value()?;
    let mut before =
        (0..line.index()).filter_map(|k| Some((rows[k].as_ref()?, r.line(k).value()?)));
    let (of, source) = before.clone().next()?;
    if let Some(whole) = before.find_map(|(of, source)| moved_whole(of, &source, &value)) {
        return Some(whole);
    }
    let mut row_of: HashMap<u64, Option<f32>> = HashMap::with_capacity(source.len());
    for (x, row) in source.iter().zip(of.iter()) {
        let known = row_of.entry(x.to_f64().to_bits()).or_insert(Some(row));
        *known = known.filter(|known| *known == row);
    }
    let look_up = |x: T| row_of.get(&x.to_f64().to_bits()).copied().flatten();
    let all = value.iter().map(look_up).collect::<Option<Vec<f32>>>()?;
    Tensor::from_vec(all, value.shape()).ok()
}

/// The rows of a value whose numbers are all those of the source, in its order or with two axes exchanged.
fn moved_whole<T: Float>(of: &Rows, source: &Tensor<T>, value: &Tensor<T>) -> Option<Rows> {
    if source.len() != value.len() {
        return None;
    }
    if source.iter().eq(value.iter()) {
        return of.contiguous().reshape(value.shape()).ok();
    }
    let axes = 0..source.rank() as isize;
    let mut pairs =
        axes.clone().flat_map(|a| axes.clone().map(move |b| (a, b)).filter(|(a, b)| a < b));
    pairs.find_map(|(a, b)| {
        let moved = source.transpose(a, b).ok()?;
        let same = moved.shape() == value.shape() && moved.iter().eq(value.iter());
        if same { of.transpose(a, b).ok() } else { None }
    })
}

/// Row by row along an axis.
fn rows_of(n: usize, shape: &[usize], axis: usize) -> Result<Rows> {
    let mut column = vec![1; shape.len()];
    column[axis] = n;
    let rows: Vec<f32> = (0..n).map(|row| row as f32).collect();
    if shape[axis] == n {
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
    // One before a gradient was wanted comes first.
    let moved = |line: &TapeLine<'_, T>| rows.get(line.index()).is_some_and(Option::is_some);
    let early = |op: &ops::Untracked| op.0 == "reshape";
    let untracked = r.lines.iter().take(line.index());
    let mut untracked = untracked
        .filter(|line| moved(line) && line.op().get::<ops::Untracked>().is_some_and(early));
    if let Some(reshape) = untracked.next() {
        return Some(r.line(reshape.index()));
    }
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
        let op = r.line(index).op();
        if !op.moves_numbers() && !op.is::<ops::Normalize>() {
            return None;
        }
    }
}
