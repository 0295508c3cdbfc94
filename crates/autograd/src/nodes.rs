//! `Nodes`: the lines of a tape, one list for each part of a line. An op is written once, into the place where it stays.

use wengert_tensor::{Float, Shape, Tensor};

use crate::error::Line;
use crate::ops::{Input, Leaf, Op};

/// The lines of a tape.
pub(crate) struct Nodes<T> {
    /// One more than the other lists while an op is being recorded.
    ops: Vec<Op<T>>,
    values: Vec<Tensor<T>>,
    records: Vec<Record>,
    /// The operands of all lines, one line after another.
    operands: Vec<u32>,
}

/// The small parts of a line.
#[derive(Clone, Copy)]
struct Record {
    /// The end of its operands, which begin where those of the line before it end.
    end: u32,
    scope: u32,
    wanted: bool,
    at: Line,
}

/// One line of a tape, for reading.
pub(crate) struct Node<'a, T> {
    pub(crate) op: &'a Op<T>,
    pub(crate) operands: &'a [u32],
    pub(crate) value: &'a Tensor<T>,
    /// Whether something that wants a gradient leads here.
    pub(crate) wanted: bool,
    /// The scope, counted from 1; 0 is none.
    pub(crate) scope: u32,
    pub(crate) at: Line,
}

impl<T> Default for Nodes<T> {
    fn default() -> Self {
        Self { ops: Vec::new(), values: Vec::new(), records: Vec::new(), operands: Vec::new() }
    }
}

impl<T> Nodes<T> {
    /// The number of lines.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    pub(crate) fn clear(&mut self) {
        self.ops.clear();
        self.values.clear();
        self.records.clear();
        self.operands.clear();
    }

    /// Takes the values of some lines, whose numbers rise. The tape is cleared next.
    pub(crate) fn take_values(&mut self, lines: &[u32], into: &mut [Option<Tensor<T>>]) {
        for (&line, place) in lines.iter().zip(into).rev() {
            *place = Some(self.values.swap_remove(line as usize));
        }
    }

    /// Puts down the op of the next line; [`finish`](Self::finish) or [`give_up`](Self::give_up) follows.
    #[inline(always)]
    pub(crate) fn begin(&mut self, op: impl Into<Op<T>>) {
        // A function of the user's own may have panicked in the line that was begun last.
        if self.ops.len() > self.values.len() {
            self.give_up();
        }
        self.ops.extend(std::iter::once_with(|| op.into()));
    }

    /// The op that was put down.
    #[inline]
    pub(crate) fn begun(&self) -> &Op<T> {
        &self.ops[self.values.len()]
    }

    /// Puts another op in place of the one that was put down.
    pub(crate) fn replace(&mut self, op: Op<T>) {
        self.ops[self.values.len()] = op;
    }

    /// Takes away the op that was put down.
    pub(crate) fn give_up(&mut self) {
        self.ops.truncate(self.values.len());
    }

    /// Completes the line whose op was put down.
    #[inline(always)]
    pub(crate) fn finish(
        &mut self,
        operands: &[u32],
        value: Tensor<T>,
        wanted: bool,
        scope: u32,
        at: Line,
    ) {
        self.operands.extend_from_slice(operands);
        self.values.push(value);
        self.records.push(Record { end: self.operands.len() as u32, scope, wanted, at });
    }

    /// The operands of a line.
    #[inline]
    pub(crate) fn operands(&self, index: usize) -> &[u32] {
        let start = if index == 0 { 0 } else { self.records[index - 1].end };
        &self.operands[start as usize..self.records[index].end as usize]
    }

    #[inline]
    pub(crate) fn op(&self, index: usize) -> &Op<T> {
        &self.ops[index]
    }

    #[inline]
    pub(crate) fn value(&self, index: usize) -> &Tensor<T> {
        &self.values[index]
    }

    /// The values of all lines.
    #[inline]
    pub(crate) fn values(&self) -> &[Tensor<T>] {
        &self.values
    }

    #[inline]
    pub(crate) fn wanted(&self, index: usize) -> bool {
        self.records[index].wanted
    }

    #[inline]
    pub(crate) fn get(&self, index: usize) -> Option<Node<'_, T>> {
        let Record { scope, wanted, at, .. } = *self.records.get(index)?;
        let (op, value) = (&self.ops[index], &self.values[index]);
        Some(Node { op, operands: self.operands(index), value, wanted, scope, at })
    }

    /// All lines, in order.
    pub(crate) fn iter(
        &self,
    ) -> impl DoubleEndedIterator<Item = Node<'_, T>> + ExactSizeIterator + Clone {
        (0..self.len()).map(|index| self.at(index))
    }

    /// The line of an index that is on the tape.
    #[inline]
    pub(crate) fn at(&self, index: usize) -> Node<'_, T> {
        match self.get(index) {
            Some(node) => node,
            None => unreachable!("line {index} of a tape of {}", self.len()),
        }
    }

    pub(crate) fn set_value(&mut self, index: usize, value: Tensor<T>) {
        self.values[index] = value;
    }

    /// Makes a constant an input that wants a gradient.
    pub(crate) fn want(&mut self, index: usize) {
        self.ops[index] = Input.into();
        self.records[index].wanted = true;
    }

    /// Says that the lines from `start` on were recorded at `at`.
    pub(crate) fn set_place(&mut self, start: usize, at: Line) {
        for record in &mut self.records[start..] {
            record.at = at;
        }
    }
}

impl<T> Clone for Node<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Node<'_, T> {}

impl<T: Float> Node<'_, T> {
    /// The shape of the value.
    #[inline]
    pub(crate) fn shape(&self) -> Shape {
        match self.op {
            Op::Leaf(Leaf::Data(data)) => Shape::new(data.0.shape()),
            _ => Shape::new(self.value.shape()),
        }
    }
}
