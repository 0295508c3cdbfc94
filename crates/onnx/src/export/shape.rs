//! Shapes, parts, joins, and elements by index.

use wengert_autograd::TapeLine;
use wengert_autograd::ops::{self, Index, Shaping};
use wengert_tensor::{Slice, Tensor};

use super::graph::{Builder, Dim};
use crate::Result;
use crate::proto::Attribute;

type Line<'t> = TapeLine<'t, f32>;

impl<'t> Builder<'t> {
    pub(super) fn shaping(&mut self, line: Line<'t>, op: &Shaping) -> Result<String> {
        match op {
            Shaping::Reshape(_) => {
                let (x, dims) = (self.operand(line, 0)?, self.dims(line.index())?);
                self.reshape(&x, &dims)
            }
            Shaping::Permute(ops::Permute(order)) => {
                let x = self.operand(line, 0)?;
                let order = order.iter().map(|&axis| self.axis(line, axis)).collect();
                Ok(self.add("Transpose", &[&x], vec![("perm", Attribute::Ints(order))]))
            }
            Shaping::Expand(_) => {
                let x = self.operand(line, 0)?;
                let (mut to, from) = (self.dims(line.index())?, self.dims(line.operands()[0])?);
                // A size of 1 leaves the operand's.
                let added = to.len() - from.len();
                for (to, from) in to[added..].iter_mut().zip(&from) {
                    if to == from {
                        *to = Dim::Fixed(1);
                    }
                }
                let sizes = self.sizes(&to);
                Ok(self.add("Expand", &[&x, &sizes], vec![]))
            }
            Shaping::Slicing(ops::Slicing(parts)) => {
                let other = self.b.get(line.index()).and_then(|l| l.op().get::<ops::Slicing>());
                let Some(other) = other else { return Err(self.no_image()) };
                self.part(line, parts, &other.0)
            }
            Shaping::Unslice(ops::Unslice(_, parts)) => {
                let other = self.b.get(line.index()).and_then(|l| l.op().get::<ops::Unslice>());
                let Some(other) = other else { return Err(self.no_image()) };
                self.padded(line, [parts, &other.1])
            }
            Shaping::Cat(ops::Cat(axis)) => {
                let all = (0..line.arity()).map(|k| self.operand(line, k));
                let all = all.collect::<Result<Vec<_>>>()?;
                let all: Vec<&str> = all.iter().map(String::as_str).collect();
                let axis = self.axis(line, *axis);
                Ok(self.add("Concat", &all, vec![("axis", Attribute::Int(axis))]))
            }
            _ => Err(self.no_image()),
        }
    }

    /// x in this shape.
    pub(super) fn reshape(&mut self, x: &str, dims: &[Dim]) -> Result<String> {
        let free = dims.iter().filter(|dim| matches!(dim, Dim::Batch(_))).count();
        let sizes = if free <= 1 {
            let size = |dim: &Dim| match dim {
                Dim::Fixed(n) => *n as i64,
                Dim::Batch(_) => -1,
            };
            let sizes: Vec<i64> = dims.iter().map(size).collect();
            self.ints("sizes", &sizes)
        } else {
            self.sizes(dims)
        };
        Ok(self.add("Reshape", &[x, &sizes], vec![]))
    }

    /// The places of a part along an axis of this size: the first, how many, and the step; and whether the axis goes.
    fn places(part: &Slice, size: usize) -> (i64, i64, i64, bool) {
        let n = size as i64;
        match *part {
            Slice::At(i) => (if i < 0 { i as i64 + n } else { i as i64 }, 1, 1, true),
            Slice::Range { start, end, step } => {
                let clamp = |i: isize| (if i < 0 { i as i64 + n } else { i as i64 }).clamp(0, n);
                let (start, end) = (clamp(start), end.map_or(n, clamp));
                let count = (end - start).max(0);
                let step = step as i64;
                // Backwards: the last one first.
                let count = (count + step.abs() - 1) / step.abs();
                (if step < 0 { end - 1 } else { start }, count, step, false)
            }
            Slice::New => (0, 0, 0, false),
        }
    }

    fn part(&mut self, line: Line<'t>, parts: &[Slice], others: &[Slice]) -> Result<String> {
        let mut x = self.operand(line, 0)?;
        let dims = self.dims(line.operands()[0])?;
        let (mut starts, mut ends, mut axes, mut steps) = (vec![], vec![], vec![], vec![]);
        let (mut gone, mut added) = (vec![], vec![]);
        let (mut axis, mut place) = (0, 0);
        for (part, other) in parts.iter().zip(others) {
            if matches!(part, Slice::New) {
                added.push(place);
                place += 1;
                continue;
            }
            let dim = dims[axis];
            let a = Self::places(part, dim.at(0));
            let b = Self::places(other, dim.at(1));
            let whole = |p: (i64, i64, i64, bool), n: usize| p == (0, n as i64, 1, false);
            if !(whole(a, dim.at(0)) && whole(b, dim.at(1))) {
                if a != b {
                    return Err(self.refused("the part depends on the batch"));
                }
                let (start, count, step, at) = a;
                let end = start + count * step;
                starts.push(start);
                // An end before the first place is written as far before it.
                ends.push(if end < 0 { i64::MIN + 1 } else { end });
                axes.push(axis as i64);
                steps.push(step);
                if at {
                    gone.push(axis as i64);
                }
            }
            if !a.3 {
                place += 1;
            }
            axis += 1;
        }
        if !axes.is_empty() {
            let given = [("starts", starts), ("ends", ends), ("axes", axes), ("steps", steps)];
            let given = given.map(|(name, numbers)| self.ints(name, &numbers));
            let [starts, ends, axes, steps] = &given;
            x = self.add("Slice", &[&x, starts, ends, axes, steps], vec![]);
        }
        if !gone.is_empty() {
            let gone = self.ints("axes", &gone);
            x = self.add("Squeeze", &[&x, &gone], vec![]);
        }
        if !added.is_empty() {
            let added = self.ints("axes", &added);
            x = self.add("Unsqueeze", &[&x, &added], vec![]);
        }
        Ok(x)
    }

    /// Zeros around x.
    fn padded(&mut self, line: Line<'t>, parts: [&[Slice]; 2]) -> Result<String> {
        let x = self.operand(line, 0)?;
        let (dims, from) = (self.dims(line.index())?, self.dims(line.operands()[0])?);
        let (mut before, mut after) = (vec![], vec![]);
        for (i, dim) in dims.iter().enumerate() {
            let in_recording = |k: usize| {
                let (start, count, step) = match parts[k].get(i) {
                    Some(part @ Slice::Range { .. }) => {
                        let (start, count, step, _) = Self::places(part, dim.at(k));
                        (start, count, step)
                    }
                    None => (0, dim.at(k) as i64, 1),
                    _ => return None,
                };
                Some((start, dim.at(k) as i64 - start - count, step))
            };
            let Some((start, end, step)) = in_recording(0) else { return Err(self.no_image()) };
            if in_recording(1) != Some((start, end, step)) {
                return Err(self.refused("the padding depends on the batch"));
            }
            if step != 1 || dim != &from[i] && matches!(dim, Dim::Batch(_)) {
                return Err(self.no_image());
            }
            before.push(start);
            after.push(end);
        }
        let pads = self.ints("pads", &[before, after].concat());
        Ok(self.add("Pad", &[&x, &pads], vec![]))
    }

    pub(super) fn index(&mut self, line: Line<'t>, op: &Index) -> Result<String> {
        let other = self.b.get(line.index());
        match op {
            Index::IndexSelect(ops::IndexSelect(axis, index)) => {
                let other = other.and_then(|line| line.op().get::<ops::IndexSelect>());
                let Some(other) = other else { return Err(self.no_image()) };
                let is_fixed = self
                    .all_others::<ops::IndexSelect>(line, |other| other.1.values == index.values);
                let places = self.places_of(&index.values, &other.1.values, is_fixed)?;
                let (x, axis) = (self.operand(line, 0)?, self.axis(line, *axis));
                Ok(self.add("Gather", &[&x, &places], vec![("axis", Attribute::Int(axis))]))
            }
            Index::Gather(ops::Gather(axis, index)) => {
                if !self.all_others::<ops::Gather>(line, |other| other.1.values == index.values) {
                    return Err(self.refused("its index depends on the input or on the batch"));
                }
                let places = self.constant("index", index.values.clone());
                let (x, axis) = (self.operand(line, 0)?, self.axis(line, *axis));
                Ok(self.add("GatherElements", &[&x, &places], vec![("axis", Attribute::Int(axis))]))
            }
            _ => Err(self.no_image()),
        }
    }

    /// The input's own numbers, or numbers that are always the same.
    fn places_of(
        &mut self,
        a: &Tensor<usize>,
        b: &Tensor<usize>,
        is_fixed: bool,
    ) -> Result<String> {
        let input = [self.a, self.b].map(|lines| {
            let data = lines.get(0)?.data()?;
            data.get::<usize>().cloned()
        });
        if let [Some(x), Some(y)] = &input
            && x.iter().eq(a.iter())
            && y.iter().eq(b.iter())
        {
            let flat = self.ints("sizes", &[-1]);
            return Ok(self.add("Reshape", &["input", &flat], vec![]));
        }
        if !is_fixed {
            return Err(self.refused("its index depends on the input or on the batch"));
        }
        Ok(self.constant("index", a.clone()))
    }
}
