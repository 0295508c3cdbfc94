//! Operators that move numbers.

use wengert_autograd::{Result, Var};
use wengert_tensor::{Element, Slice, Tensor};

use super::bound;
use super::run::{Run, Value, refused};
use crate::proto::{Attribute, Node};

/// A method that vars and tensors share, on a value of any kind.
macro_rules! each {
    ($value:expr, $x:ident => $body:expr) => {
        match $value {
            Value::Float($x) => Value::Float($body),
            Value::Ints($x) => Value::Ints($body),
            Value::Mask($x) => Value::Mask($body),
        }
    };
}

/// The shape of a value.
pub(super) fn shape_of(x: &Value<'_>) -> Vec<usize> {
    match x {
        Value::Float(x) => x.shape().to_vec(),
        Value::Ints(x) => x.shape().to_vec(),
        Value::Mask(x) => x.shape().to_vec(),
    }
}

/// The axis that a number means.
pub(super) fn axis_of(node: &Node, axis: i64, rank: usize) -> Result<usize> {
    let counted = if axis < 0 { axis + rank as i64 } else { axis };
    if (0..rank as i64).contains(&counted) {
        return Ok(counted as usize);
    }
    Err(refused(node, format!("there is no axis {axis} of {rank}")))
}

impl<'t> Run<'t> {
    fn sizes(&self, node: &Node, all: &[i64]) -> Result<Vec<usize>> {
        let size =
            |&n: &i64| usize::try_from(n).map_err(|_| refused(node, format!("a size is {n}")));
        all.iter().map(size).collect()
    }

    pub(super) fn shape(&self, node: &Node) -> Result<Value<'t>> {
        if node.op == "Concat" {
            return self.concat(node);
        }
        if node.op == "Where" {
            let Value::Mask(mask) = self.value(node, 0)? else {
                return Err(refused(node, "it has no mask"));
            };
            let (a, b) = (self.float(node, 1)?, self.float(node, 2)?);
            return Ok(Value::Float(a.where_(&mask, b)?));
        }
        let x = self.value(node, 0)?;
        let from = shape_of(&x);
        let rank = from.len();
        Ok(match node.op.as_str() {
            "Reshape" => {
                let wanted = self.integers(node, 1)?;
                let sizes = self.reshaped(node, &from, &wanted)?;
                each!(x, x => x.reshape(&sizes)?)
            }
            "Flatten" => {
                let axis = node.int("axis", 1);
                let axis = if axis == rank as i64 { rank } else { axis_of(node, axis, rank)? };
                let sizes = [bound::elements(&from[..axis]), bound::elements(&from[axis..])];
                each!(x, x => x.reshape(sizes)?)
            }
            "Transpose" => {
                let order: Vec<isize> = match node.ints("perm") {
                    Some(perm) => perm.iter().map(|&axis| axis as isize).collect(),
                    None => (0..rank as isize).rev().collect(),
                };
                each!(x, x => x.permute(&order)?)
            }
            "Expand" => {
                let mut wanted = self.sizes(node, &self.integers(node, 1)?)?;
                while wanted.len() < rank {
                    wanted.insert(0, 1);
                }
                let added = wanted.len() - rank;
                for (to, &from) in wanted[added..].iter_mut().zip(&from) {
                    if *to == 1 {
                        *to = from;
                    }
                }
                each!(x, x => x.expand(&wanted)?)
            }
            "Squeeze" => {
                let axes = match self.list(node, "axes", 1)? {
                    Some(axes) => {
                        axes.iter().map(|&a| axis_of(node, a, rank)).collect::<Result<Vec<_>>>()?
                    }
                    None => (0..rank).filter(|&axis| from[axis] == 1).collect(),
                };
                if axes.iter().any(|&axis| from[axis] != 1) {
                    return Err(refused(node, format!("an axis of {from:?} is not of size 1")));
                }
                let left: Vec<usize> =
                    (0..rank).filter(|a| !axes.contains(a)).map(|a| from[a]).collect();
                each!(x, x => x.reshape(&left)?)
            }
            "Unsqueeze" => {
                let axes = self.list(node, "axes", 1)?.unwrap_or_default();
                let total = rank + axes.len();
                if total > bound::AXES {
                    return Err(refused(node, format!("it would have {total} axes")));
                }
                let axes =
                    axes.iter().map(|&a| axis_of(node, a, total)).collect::<Result<Vec<_>>>()?;
                let mut rest = from.iter();
                let sizes: Vec<usize> =
                    (0..total)
                        .map(|axis| {
                            if axes.contains(&axis) { 1 } else { rest.next().copied().unwrap_or(1) }
                        })
                        .collect();
                each!(x, x => x.reshape(&sizes)?)
            }
            "Slice" => {
                let parts = self.parts(node, &from)?;
                each!(x, x => x.slice(&parts)?)
            }
            "Gather" => {
                let axis = axis_of(node, node.int("axis", 0), rank)?;
                let Value::Ints(places) = self.value(node, 1)? else {
                    return Err(refused(node, "its places are no integers"));
                };
                let n = from[axis] as i64;
                if let Some(i) = places.iter().find(|i| !(-n..n).contains(i)) {
                    return Err(refused(node, format!("there is no place {i} of {n}")));
                }
                let flat =
                    places.flatten().map(|i| if i < 0 { (i + n) as usize } else { i as usize });
                let shape = [&from[..axis], places.shape(), &from[axis + 1..]].concat();
                let axis = axis as isize;
                each!(x, x => x.index_select(axis, &flat)?.reshape(&shape)?)
            }
            "Shape" => {
                let sizes: Vec<i64> = from.iter().map(|&n| n as i64).collect();
                let clamp = |n: i64| {
                    (if n < 0 { n + rank as i64 } else { n }).clamp(0, rank as i64) as usize
                };
                let (start, end) =
                    (clamp(node.int("start", 0)), clamp(node.int("end", rank as i64)));
                Value::Ints(Tensor::from(sizes[start..end.max(start)].to_vec()))
            }
            "Pad" => {
                let pads = self.list(node, "pads", 1)?.unwrap_or_default();
                if pads.len() != 2 * rank {
                    return Err(refused(node, "borders of all axes are known"));
                }
                let value = match self.maybe(node, 2)? {
                    Some(value) => value.value()?.item()?,
                    None => node.float("value", 0.0) as f32,
                };
                if pads.iter().any(|n| n.unsigned_abs() > 1 << 31) {
                    return Err(refused(node, "a border has no size"));
                }
                let widths: Vec<(isize, isize)> =
                    (0..rank).map(|i| (pads[i] as isize, pads[rank + i] as isize)).collect();
                Value::Float(self.float(node, 0)?.pad(&widths, value)?)
            }
            "Cast" => match (node.int("to", 1), x) {
                (1, Value::Float(x)) => Value::Float(x),
                (1, Value::Ints(x)) => Value::Float(self.tape.constant(x.cast::<f32>())),
                (6 | 7, Value::Ints(x)) => Value::Ints(x),
                _ => return Err(refused(node, "a cast of these kinds is not known")),
            },
            "ConstantOfShape" => {
                let sizes = self.sizes(node, &self.integers(node, 0)?)?;
                let one = match node.attribute("value") {
                    Some(Attribute::Tensor(tensor)) => self.constant(tensor),
                    _ => Value::Float(self.tape.constant(Tensor::scalar(0.0))),
                };
                each!(one, x => x.reshape([0_usize; 0])?.expand(&sizes)?)
            }
            _ => return Err(refused(node, "it is not known")),
        })
    }

    /// The sizes of a reshape: 0 stands for the operand's, -1 for the rest.
    fn reshaped(&self, node: &Node, from: &[usize], wanted: &[i64]) -> Result<Vec<usize>> {
        let keeps = node.int("allowzero", 0) == 0;
        let mut sizes = Vec::new();
        let mut rest = None;
        for (i, &n) in wanted.iter().enumerate() {
            sizes.push(match n {
                0 if keeps => *from.get(i).ok_or_else(|| refused(node, "a size of no axis"))?,
                -1 if rest.is_none() => {
                    rest = Some(i);
                    1
                }
                n => usize::try_from(n).map_err(|_| refused(node, format!("a size is {n}")))?,
            });
        }
        if let Some(i) = rest {
            let others =
                sizes.iter().try_fold(1_usize, |n, &size| n.checked_mul(size)).unwrap_or(0);
            sizes[i] = bound::elements(from).checked_div(others).unwrap_or(0);
        }
        Ok(sizes)
    }

    fn parts(&self, node: &Node, from: &[usize]) -> Result<Vec<Slice>> {
        let starts = self.list(node, "starts", 1)?.unwrap_or_default();
        let ends = self.list(node, "ends", 2)?.unwrap_or_default();
        let all = (0..starts.len() as i64).collect();
        let axes = self.list(node, "axes", 3)?.unwrap_or(all);
        let steps = self.list(node, "steps", 4)?.unwrap_or_else(|| vec![1; starts.len()]);
        if [&ends, &axes, &steps].iter().any(|list| list.len() != starts.len()) {
            return Err(refused(node, "its lists are not of one length"));
        }
        let mut parts = vec![Slice::Range { start: 0, end: None, step: 1 }; from.len()];
        for (i, &axis) in axes.iter().enumerate() {
            let axis = axis_of(node, axis, from.len())?;
            let n = from[axis] as i64;
            let counted = |at: i64| if at < 0 { at.saturating_add(n) } else { at };
            let step = steps[i];
            let (start, end) = if step > 0 {
                (counted(starts[i]).clamp(0, n), counted(ends[i]).clamp(0, n))
            } else if step < 0 {
                // From the last place down to the one after the end: a range that is read backwards.
                (counted(ends[i]).clamp(-1, n - 1) + 1, counted(starts[i]).clamp(-1, n - 1) + 1)
            } else {
                return Err(refused(node, "a step is 0"));
            };
            let end = Some(end.max(start) as isize);
            parts[axis] = Slice::Range { start: start as isize, end, step: step as isize };
        }
        Ok(parts)
    }

    fn concat(&self, node: &Node) -> Result<Value<'t>> {
        let all =
            (0..node.inputs.len()).map(|k| self.value(node, k)).collect::<Result<Vec<_>>>()?;
        // In the first versions, where it may be left out, the axis is 1.
        let axis = node.int("axis", 1) as isize;
        fn joined<E: Element>(all: &[Tensor<E>], axis: isize) -> Result<Tensor<E>> {
            Ok(Tensor::cat(&all.iter().collect::<Vec<_>>(), axis)?)
        }
        let ints: Vec<_> = all
            .iter()
            .filter_map(|x| if let Value::Ints(x) = x { Some(x.clone()) } else { None })
            .collect();
        if ints.len() == all.len() && !ints.is_empty() {
            return joined(&ints, axis).map(Value::Ints);
        }
        let floats = (0..all.len()).map(|k| self.float(node, k)).collect::<Result<Vec<_>>>()?;
        Ok(Value::Float(Var::cat(&floats, axis)?))
    }

    pub(super) fn split(&self, node: &Node) -> Result<Vec<Value<'t>>> {
        let x = self.float(node, 0)?;
        let axis = axis_of(node, node.int("axis", 0), x.rank())?;
        let (size, count) = (x.shape()[axis], node.outputs.len().max(1));
        let sizes = match self.list(node, "split", 1)? {
            Some(sizes) if sizes.len() == count => self.sizes(node, &sizes)?,
            Some(sizes) => {
                let rule = format!("{} sizes for {count} results", sizes.len());
                return Err(refused(node, rule));
            }
            None => {
                let each = size.div_ceil(count);
                (0..count).map(|i| each.min(size.saturating_sub(i * each))).collect()
            }
        };
        Ok(x.split_sizes(axis as isize, &sizes)?.into_iter().map(Value::Float).collect())
    }
}
