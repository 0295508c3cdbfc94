//! PyTorch's shapes, parts and indices, and what each is here.
//!
//! A size of -1 is `REST` in a reshape; in `expand` sizes are written out. Places are `usize`; from the end they are taken
//! with `s![…]`.

use wengert::autograd::Var;
use wengert::tensor::{Border, Float, REST, Slice};

use super::super::call::{Answer, IntoAnswer, Refusal};
use crate::table;

table! {
    fn call -> Answer<'t, T>, IntoAnswer::into_answer;

    reshape(x: Var, shape: List) => x.reshape(sizes(&shape)?), as "x.reshape(shape)";
    flatten(x: Var, start_dim: isize, end_dim: isize) => x.flatten_axes(start_dim, end_dim);
    permute(x: Var, dims: List) => x.permute(dims);
    transpose(x: Var, dim0: isize, dim1: isize) => x.transpose(dim0, dim1);
    t(x: Var) => x.t();
    movedim(x: Var, source: List, destination: List) => x.move_axes(source, destination);
    squeeze(x: Var, dim: MaybeList) => match dim {
        None => x.squeeze(..),
        Some(dim) => x.squeeze(of_size_1(x, dim)),
    }, as "x.squeeze(dim)";
    unsqueeze(x: Var, dim: isize) => x.unsqueeze(dim);
    expand(x: Var, size: List) => x.expand(written_out(x, &size)?), as "x.expand(size)";
    broadcast_to(x: Var, size: List) => x.broadcast_to(written_out(x, &size)?), as "x.broadcast_to(size)";
    cat(xs: Vars, dim: isize) => Var::cat(&xs, dim);
    stack(xs: Vars, dim: isize) => Var::stack(&xs, dim);
    split(x: Var, size: isize, dim: isize) => x.split(dim, places(size)?), as "x.split(dim, size)";
    split(x: Var, size: List, dim: isize) => x.split_sizes(dim, &sizes(&size)?), as "x.split_sizes(dim, &size)";
    chunk(x: Var, chunks: isize, dim: isize) => x.chunk(dim, places(chunks)?), as "x.chunk(dim, chunks)";
    unbind(x: Var, dim: isize) => x.unbind(dim);
    narrow(x: Var, dim: isize, start: Count, length: isize) =>
        x.narrow(dim, from_start(x, dim, start)?, places(length)?),
        as "x.narrow(dim, start, length)";
    select(x: Var, dim: isize, index: usize) => x.select(dim, index);
    select(x: Var, dim: isize, index: isize) => x.slice(along(x, dim, Slice::At(index))?), as "x.slice(s![.., -1])";
    slice(x: Var, dim: isize, start: MaybeInt, end: MaybeInt, step: MaybeInt) =>
        x.slice(along(x, dim, clipped(x, dim, start, end, step)?)?),
        as "x.slice(s![.., start..end; step])";
    flip(x: Var, dims: List) => x.flip(dims);
    roll(x: Var, shifts: List, dims: MaybeList) => rolled(x, &shifts, dims), as "x.roll(shift, dim)";
    repeat(x: Var, repeats: List) => x.repeat(sizes(&repeats)?), as "x.repeat(repeats)";
    tril(x: Var, diagonal: isize) => x.tril(diagonal);
    triu(x: Var, diagonal: isize) => x.triu(diagonal);
    diag(x: Var, diagonal: isize) => x.diag(diagonal);
    diagonal(x: Var, offset: isize, dim1: isize, dim2: isize) => x.diagonal(offset, dim1, dim2);
    pad(x: Var, pad: List, mode: Text, value: MaybeNumber) => padded(x, &pad, &mode, value), as "x.pad([(0, 0), (before, after)], value)`, `x.pad_with(widths, Border::Reflect)";
    gather(x: Var, dim: isize, index: Index) => x.gather(dim, &index);
    index_select(x: Var, dim: isize, index: Index) => x.index_select(dim, &index);
    scatter_add(x: Var, dim: isize, index: Index, src: Var) => x.scatter_add(dim, &index, src);
    index_add(x: Var, dim: isize, index: Index, source: Var, alpha: f64) =>
        x.index_add(dim, &index, source.mul_scalar(alpha));
    index_add(x: Var, dim: isize, index: Index, source: Var) => x.index_add(dim, &index, source);
    masked_select(x: Var, mask: Mask) => x.masked_select(&mask);
    one_hot(x: Index, num_classes: isize) => match num_classes {
        -1 => x.one_hot::<i64>(x.iter().max().map_or(0, |largest| largest + 1)),
        count => x.one_hot::<i64>(places(count)?),
    }, as "x.one_hot::<f64>(num_classes)";
}

/// Counts and sizes are `usize`: a negative one cannot be said.
fn places(n: isize) -> Result<usize, Refusal> {
    usize::try_from(n).map_err(|_| Refusal::inexpressible(format!("{n} places")))
}

fn sizes(list: &[isize]) -> Result<Vec<usize>, Refusal> {
    list.iter().map(|&n| if n == -1 { Ok(REST) } else { places(n) }).collect()
}

/// A shape to expand to, in which -1 leaves an axis as it is.
fn written_out<T: Float>(x: Var<T>, size: &[isize]) -> Result<Vec<usize>, Refusal> {
    let (shape, added) = (x.shape(), size.len().saturating_sub(x.rank()));
    size.iter()
        .enumerate()
        .map(|(i, &n)| match (n, i.checked_sub(added)) {
            (-1, Some(old)) => Ok(shape[old]),
            (n, _) => places(n),
        })
        .collect()
}

/// An axis counted from the front; one that is not there stays as it is, to be refused.
fn from_front<T: Float>(x: Var<T>, dim: isize) -> Option<usize> {
    let rank = x.rank() as isize;
    (-rank..rank).contains(&dim).then(|| dim.rem_euclid(rank) as usize)
}

/// PyTorch's `squeeze` passes over axes that are not 1, ours refuses them.
fn of_size_1<T: Float>(x: Var<T>, dim: Vec<isize>) -> Vec<isize> {
    let shape = x.shape();
    dim.into_iter().filter(|&d| from_front(x, d).is_none_or(|i| shape[i] == 1)).collect()
}

/// A slice of one axis, all of those before it.
fn along<T: Float>(x: Var<T>, dim: isize, slice: Slice) -> Result<Vec<Slice>, Refusal> {
    let axis = match from_front(x, dim) {
        Some(axis) => axis,
        // There is no such axis; past the last one it is refused.
        None => x.rank(),
    };
    let mut slices = vec![Slice::from(..); axis];
    slices.push(slice);
    Ok(slices)
}

/// A place that may be counted from the end, counted from the start.
fn from_start<T: Float>(x: Var<T>, dim: isize, start: isize) -> Result<usize, Refusal> {
    let size = from_front(x, dim).map_or(0, |i| x.shape()[i] as isize);
    places(if start < 0 { start + size } else { start })
}

/// Python's slices end where the axis does; ours refuse what lies beyond.
fn clipped<T: Float>(
    x: Var<T>,
    dim: isize,
    start: Option<isize>,
    end: Option<isize>,
    step: Option<isize>,
) -> Result<Slice, Refusal> {
    let size = from_front(x, dim).map_or(0, |i| x.shape()[i] as isize);
    let clip = |place: isize| if place < 0 { place + size } else { place }.clamp(0, size);
    let start = clip(start.unwrap_or(0));
    let end = clip(end.unwrap_or(size)).max(start);
    Ok(Slice::Range { start, end: Some(end), step: step.unwrap_or(1) })
}

/// Axis by axis; without axes the flattened tensor.
fn rolled<'t, T: Float>(
    x: Var<'t, T>,
    shifts: &[isize],
    dims: Option<Vec<isize>>,
) -> Result<Var<'t, T>, Refusal> {
    match dims.filter(|dims| !dims.is_empty()) {
        Some(dims) if dims.len() == shifts.len() => {
            shifts.iter().zip(dims).try_fold(x, |x, (&shift, dim)| Ok(x.roll(shift, dim)?))
        }
        None if shifts.len() == 1 => Ok(x.flatten().roll(shifts[0], 0)?.reshape(&*x.shape())?),
        _ => Err(Refusal::inexpressible("as many shifts as axes: one call rolls one axis")),
    }
}

/// PyTorch writes widths from the last axis back, and leaves out those of the first axes; ours are one pair an axis.
fn padded<'t, T: Float>(
    x: Var<'t, T>,
    pad: &[isize],
    mode: &str,
    value: Option<f64>,
) -> Result<Var<'t, T>, Refusal> {
    let pairs = pad.chunks_exact(2);
    if !pad.len().is_multiple_of(2) || pairs.len() > x.rank() {
        return Err(Refusal::inexpressible("widths that are not one pair an axis"));
    }
    let mut widths = vec![(0, 0); x.rank()];
    for (width, pair) in widths.iter_mut().rev().zip(pairs) {
        *width = (pair[0], pair[1]);
    }
    if mode != "constant" && value.is_some_and(|value| value != 0.0) {
        return Err(Refusal::inexpressible(format!("a value where the border is `{mode}`")));
    }
    let border = match mode {
        "constant" => return Ok(x.pad(widths, T::from_f64(value.unwrap_or(0.0)))?),
        "reflect" => Border::Reflect,
        "replicate" => Border::Replicate,
        "circular" => Border::Circular,
        other => return Err(Refusal::inexpressible(other)),
    };
    Ok(x.pad_with(widths, border)?)
}
