//! The place of a batch's samples in the value of each line of a tape.

use wengert_tensor::Float;

use crate::inner::Inner;
use crate::nodes::{Node, Nodes};
use crate::ops::{
    Binary, Conv, Detach, Gather, IndexSelect, Linear, LogSoftmax, MatMul, Max, MaxPool, Mean,
    Normalize, Operation as _, Own, Permute, Reshape, Softmax, Sum, Unary, Where, Windows,
};

/// The place of the samples in the value of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Samples {
    /// Nowhere: it does not depend on the batch.
    Absent,
    /// Along the first axis, one after another, each with as many places as the others.
    Leading,
    /// Not known.
    Unknown,
}

/// A tape of a batch of n samples.
pub(super) struct Batch<'a, T> {
    pub(super) nodes: &'a Nodes<T>,
    pub(super) samples: Vec<Samples>,
    pub(super) n: usize,
}

impl<'a, T: Float> Batch<'a, T> {
    pub(super) fn new(inner: &'a Inner<T>, batch: &[u32], n: usize) -> Self {
        let samples = Vec::with_capacity(inner.nodes.len());
        let mut this = Self { nodes: &inner.nodes, samples, n };
        for (i, node) in inner.nodes.iter().enumerate() {
            let samples = if batch.contains(&(i as u32)) {
                if node.shape().first() == Some(&n) { Samples::Leading } else { Samples::Unknown }
            } else {
                this.of(node)
            };
            this.samples.push(samples);
        }
        this
    }

    pub(super) fn at(&self, line: u32) -> Samples {
        self.samples[line as usize]
    }

    /// The place of the samples in the value of a node, from their places in its operands.
    fn of(&self, node: Node<'_, T>) -> Samples {
        let operand = |k: usize| self.nodes.value(node.operands[k] as usize);
        let data = node.op.data();
        if let Some(IndexSelect(0, index)) = node.op.get() {
            let by_sample = data.iter().all(|&line| {
                self.at(line) == Samples::Leading
                    && self.nodes.at(line as usize).shape().iter().product::<usize>()
                        == index.values.len()
            });
            if by_sample && !data.is_empty() && self.at(node.operands[0]) == Samples::Absent {
                return Samples::Leading;
            }
        }
        let reads = || node.operands.iter().chain(&data);
        if reads().all(|&j| self.at(j) == Samples::Absent) {
            return Samples::Absent;
        }
        if data.iter().any(|&j| self.at(j) != Samples::Absent)
            || node.operands.iter().any(|&j| self.at(j) == Samples::Unknown)
        {
            return Samples::Unknown;
        }
        let shape = node.value.shape();
        let leads = |k: usize| self.at(node.operands[k]) == Samples::Leading;
        let axis = |axis: isize| axis.rem_euclid(shape.len().max(1) as isize);
        let kept = |axes: &wengert_tensor::Axes| {
            axes.flags("sum", operand(0).shape()).is_ok_and(|flags| !flags[0])
        };
        let op = &node.op;
        let stays = if op.is::<Unary>() || op.is::<Detach>() {
            true
        } else if op.is::<Binary>() || op.is::<Own<T>>() || op.is::<Where>() {
            // What has samples is not broadcast along them.
            (0..node.operands.len()).filter(|&k| leads(k)).all(|k| {
                let from = operand(k).shape();
                from.len() == shape.len() && from.first() == shape.first()
            })
        } else if op.is::<Linear>() || op.is::<MatMul>() {
            let rest = (1..node.operands.len()).all(|k| !leads(k) && operand(k).rank() <= 2);
            rest && operand(0).rank() > 1
        } else if op.is::<Reshape>() {
            shape.first().is_some_and(|&first| first > 0 && first % self.n == 0)
        } else if let Some(Permute(order)) = op.get() {
            order.first().is_some_and(|&first| axis(first) == 0)
        } else if op.is::<Conv>() {
            (1..node.operands.len()).all(|k| !leads(k))
        } else if let Some(Windows(along)) = op.get() {
            operand(0).rank() > along.len()
        } else if let Some(pool) = op.get::<MaxPool>() {
            operand(0).rank() > pool.parts.len()
        } else if let Some(&Gather(along, _)) = op.get() {
            axis(along) != 0 && operand(0).shape().first() == shape.first()
        } else if let Some(axes) = (op.get().map(|Sum(axes)| axes))
            .or(op.get().map(|Mean(axes)| axes))
            .or(op.get().map(|Max(axes)| axes))
            .or(op.get().map(|op: &Normalize| &op.axes))
        {
            // Weights and biases belong to no sample.
            kept(axes) && (1..node.operands.len()).all(|k| !leads(k))
        } else if let Some(along) =
            op.get().map(|&Softmax(along)| along).or(op.get().map(|&LogSoftmax(along)| along))
        {
            axis(along) != 0
        } else {
            false
        };
        if stays { Samples::Leading } else { Samples::Unknown }
    }
}
