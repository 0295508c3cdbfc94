//! The bound of a run: how many numbers a node would read and write, known before it runs.
//!
//! A few bytes of a file can ask for any amount of work: a size of a trillion, or a node that joins a value to itself, sixty times.
//! So each node is charged by the shapes of its operands, and a run that is charged too much ends with an error.

use wengert_autograd::Result;

use super::run::{Run, Value, refused};
use super::shape::shape_of;
use crate::proto::Node;

/// A run may read and write so many numbers for each number that it was given.
const TIMES: usize = 1 << 16;
/// And so many besides.
const BESIDES: usize = 1 << 24;
/// A value has no more axes than these: work at each of a million axes is work too.
pub(super) const AXES: usize = 64;
/// So many multiplications count as one number that is read.
const PRODUCTS: usize = 64;

/// The bound for a run that was given so many numbers.
pub(super) fn of_given(numbers: usize) -> usize {
    numbers.saturating_mul(TIMES).saturating_add(BESIDES)
}

/// The product of sizes, of which 0 counts as 1: what has no elements may have axes of any size all the same.
fn count(sizes: &[usize]) -> usize {
    sizes.iter().fold(1, |n: usize, &size| n.saturating_mul(size.max(1)))
}

/// The product of sizes as it is; too large for any tensor, where it overflows.
pub(super) fn elements(sizes: &[usize]) -> usize {
    if sizes.contains(&0) { 0 } else { count(sizes) }
}

/// The shape of a result of these shapes, if they fit; the larger size, where they do not.
fn joined(a: &[usize], b: &[usize]) -> Vec<usize> {
    let rank = a.len().max(b.len());
    let size = |shape: &[usize], axis: usize| {
        (axis + shape.len()).checked_sub(rank).map_or(1, |axis| shape[axis])
    };
    (0..rank).map(|axis| size(a, axis).max(size(b, axis))).collect()
}

/// A size of a file; what is below 0 counts as 0.
fn size(n: i64) -> usize {
    usize::try_from(n).unwrap_or(0)
}

impl<'t> Run<'t> {
    /// Takes what the node will read, write and multiply from what is left of the bound.
    pub(super) fn charge(&mut self, node: &Node) -> Result<()> {
        let known = node.inputs.iter().map(|name| self.known(name).map(shape_of));
        let shapes: Vec<Vec<usize>> = known.map(Option::unwrap_or_default).collect();
        if let Some(shape) = shapes.iter().find(|shape| shape.len() > AXES) {
            return Err(refused(
                node,
                format!("an operand has {} axes, more than {AXES}", shape.len()),
            ));
        }
        let read = shapes.iter().fold(0, |n: usize, shape| n.saturating_add(count(shape)));
        let (written, products) = self.work(node, &shapes)?;
        let all = read.saturating_add(written).saturating_add(products / PRODUCTS);
        match self.left.checked_sub(all) {
            Some(left) => self.left = left,
            None => {
                let rule = format!(
                    "the run would read and write {all} numbers more, and of its bound {} are left (`Net::limit` sets another)",
                    self.left
                );
                return Err(refused(node, rule));
            }
        }
        Ok(())
    }

    fn known(&self, name: &str) -> Option<&Value<'t>> {
        self.values.get(name).filter(|_| !name.is_empty())
    }

    /// The most numbers that a node writes, and the most products that it adds up.
    fn work(&self, node: &Node, shapes: &[Vec<usize>]) -> Result<(usize, usize)> {
        let none = Vec::new();
        let shape = |k: usize| shapes.get(k).unwrap_or(&none);
        let (x, w) = (shape(0), shape(1));
        let listed = |name: &str, k: usize| -> Result<Vec<i64>> {
            Ok(self.list(node, name, k)?.unwrap_or_default())
        };
        Ok(match node.op.as_str() {
            "MatMul" | "Gemm" => {
                let turned = |name: &str| node.op == "Gemm" && node.int(name, 0) != 0;
                let (rows, inner, a) = matrix(x, turned("transA"), true);
                let (_, columns, b) = matrix(w, turned("transB"), false);
                let y = [joined(&a, &b), vec![rows, columns]].concat();
                (count(&joined(&y, shape(2))), count(&y).saturating_mul(inner))
            }
            "Conv" | "ConvTranspose" | "MaxPool" | "AveragePool" => self.windowed(node, x, w),
            "RNN" | "GRU" | "LSTM" => {
                // The gates of each step; two products give them.
                let (steps, u) = (count(&x[..x.len().min(2)]), shape(2));
                let gates = count(w).max(count(u));
                let wide = u.last().map_or(1, |&n| n.max(1)).saturating_mul(16);
                (steps.saturating_mul(wide).saturating_add(gates), steps.saturating_mul(gates))
            }
            "Expand" => {
                let wanted: Vec<usize> = self.integers(node, 1)?.into_iter().map(size).collect();
                (count(&joined(x, &wanted)), 0)
            }
            "ConstantOfShape" => {
                let wanted: Vec<usize> = self.integers(node, 0)?.into_iter().map(size).collect();
                (count(&wanted), 0)
            }
            "Pad" => {
                let pads = listed("pads", 1)?;
                let more = |axis: usize| pads.get(axis).copied().map_or(0, size);
                let padded = x.iter().enumerate().map(|(axis, n)| {
                    n.saturating_add(more(axis)).saturating_add(more(x.len() + axis))
                });
                (count(&padded.collect::<Vec<_>>()), 0)
            }
            "Gather" => {
                let axis = node.int("axis", 0);
                let axis = size(if axis < 0 { axis + x.len() as i64 } else { axis });
                let rest = x.iter().enumerate().filter(|(of, _)| *of != axis).map(|(_, &n)| n);
                (count(w).saturating_mul(count(&rest.collect::<Vec<_>>())), 0)
            }
            "Concat" => (shapes.iter().fold(0, |n, of| n.saturating_add(count(of))), 0),
            "Reshape" | "Flatten" | "Transpose" | "Squeeze" | "Unsqueeze" | "Slice" | "Split"
            | "Cast" | "Shape" => (count(x), 0),
            // Elements one by one, reductions and norms: no more than their operands have together.
            _ => (count(&shapes.iter().fold(Vec::new(), |all, of| joined(&all, of))), 0),
        })
    }

    /// Convolutions and pools: the windows, and what each of them holds.
    fn windowed(&self, node: &Node, x: &[usize], w: &[usize]) -> (usize, usize) {
        let axes = x.len().saturating_sub(2);
        let convolves = node.op.starts_with("Conv");
        let number = |name: &str, i: usize, default: usize| {
            node.ints(name).map_or(default, |all| all.get(i).copied().map_or(0, size))
        };
        let mut y = vec![x.first().copied().unwrap_or(1)];
        y.push(match node.op.as_str() {
            "Conv" => w.first().copied().unwrap_or(1),
            "ConvTranspose" => {
                w.get(1).map_or(1, |n| n.saturating_mul(size(node.int("group", 1)).max(1)))
            }
            _ => x.get(1).copied().unwrap_or(1),
        });
        let mut window = 1_usize;
        for i in 0..axes {
            let of = x[2 + i];
            let wide = if convolves {
                w.get(2 + i).copied().unwrap_or(1)
            } else {
                number("kernel_shape", i, 1)
            };
            let span = wide.saturating_mul(number("dilations", i, 1).max(1));
            let padding = number("pads", i, 0).saturating_add(number("pads", axes + i, 0));
            window = window.saturating_mul(wide.max(1));
            y.push(if node.op == "ConvTranspose" {
                let steps = of.saturating_mul(number("strides", i, 1).max(1));
                steps.saturating_add(span).saturating_add(number("output_padding", i, 0))
            } else {
                // The padded operand is made; it has no fewer places than there are windows.
                of.saturating_add(padding).saturating_add(span)
            });
        }
        let products = if convolves {
            // Of a transposed one, the operand's elements meet the weight.
            let from = if node.op == "Conv" { &*y } else { x };
            count(from).saturating_mul(window).saturating_mul(w.get(1).map_or(1, |&n| n.max(1)))
        } else {
            count(&y).saturating_mul(window)
        };
        (count(&y), products)
    }
}

/// The rows and columns of an operand of a product, of at least 1, and the axes before them. A vector is a row or a column.
fn matrix(shape: &[usize], turned: bool, row: bool) -> (usize, usize, Vec<usize>) {
    let (rows, columns, lead) = match *shape {
        [] => (1, 1, vec![]),
        [n] if row => (1, n, vec![]),
        [n] => (n, 1, vec![]),
        [ref lead @ .., rows, columns] => (rows, columns, lead.to_vec()),
    };
    let (rows, columns) = (rows.max(1), columns.max(1));
    if turned { (columns, rows, lead) } else { (rows, columns, lead) }
}
