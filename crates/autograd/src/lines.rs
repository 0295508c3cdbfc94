//! A tape as data: its lines, each with everything that is known about it. Prints, pictures, statistics and searches are
//! readers of these lines, and so is a reader that you write.

use std::cell::Ref;
use std::time::Duration;

use smallvec::SmallVec;
use wengert_tensor::{AnyTensor, Float, Shape, Tensor, compiled};

use crate::error::Line;
use crate::inner::Inner;
use crate::nodes::Node;
use crate::ops::{Leaf, Op, Operation as _};
use crate::{Result, Tape, Var};

/// The lines of a tape, in the order in which they were recorded; see [`Tape::lines`].
pub struct Lines<'t, T: Float> {
    inner: Ref<'t, Inner<T>>,
}

/// One line of a tape: an op, its operands, its value, and what is known about it.
pub struct TapeLine<'a, T: Float> {
    inner: &'a Inner<T>,
    node: Node<'a, T>,
    index: usize,
}

impl<T: Float> Tape<T> {
    /// The lines of this tape, for reading. Nothing can be recorded while they are borrowed.
    ///
    /// A reader of your own is a loop. This one counts the multiplications of a step's matrix products, forward and back:
    ///
    /// ```
    /// use wengert_autograd::{Tape, ops};
    /// use wengert_tensor::Tensor;
    ///
    /// fn products<T: wengert_tensor::Float>(tape: &Tape<T>) -> usize {
    ///     let lines = tape.lines();
    ///     let mut count = 0;
    ///     for line in lines.iter().filter(|l| l.op().is::<ops::MatMul>() || l.op().is::<ops::Linear>()) {
    ///         let operand = |k: usize| lines.get(line.operands()[k]).unwrap();
    ///         let one = line.shape().iter().product::<usize>() * operand(0).shape().last().unwrap();
    ///         let wanted = (0..2).filter(|&k| operand(k).wants_gradient()).count();
    ///         count += one * (1 + wanted); // one product forward, and one back to each operand that wants a gradient
    ///     }
    ///     count
    /// }
    ///
    /// let tape = Tape::<f32>::new();
    /// let (x, w) = (tape.constant(Tensor::ones([32, 64])), tape.var(Tensor::ones([64, 10])));
    /// x.matmul(w)?.tanh();
    /// assert_eq!(products(&tape), 2 * 32 * 64 * 10);
    /// # Ok::<(), wengert_autograd::Error>(())
    /// ```
    pub fn lines(&self) -> Lines<'_, T> {
        Lines { inner: self.inner.borrow() }
    }
}

impl<T: Float> Inner<T> {
    /// A line, for reading.
    pub(crate) fn line(&self, index: usize) -> TapeLine<'_, T> {
        TapeLine { inner: self, node: self.nodes.at(index), index }
    }
}

impl<T: Float> Lines<'_, T> {
    /// The number of lines.
    pub fn len(&self) -> usize {
        self.inner.nodes.len()
    }

    /// Whether the tape is empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The line of this number.
    pub fn get(&self, index: usize) -> Option<TapeLine<'_, T>> {
        Some(TapeLine { inner: &self.inner, node: self.inner.nodes.get(index)?, index })
    }

    /// The line of a var; `None` for a var of another tape, or one without a value.
    pub fn of(&self, var: Var<'_, T>) -> Option<TapeLine<'_, T>> {
        std::ptr::eq(&raw const *self.inner, var.tape.inner.as_ptr())
            .then(|| self.get(var.index()))?
    }

    /// All lines.
    pub fn iter(
        &self,
    ) -> impl DoubleEndedIterator<Item = TapeLine<'_, T>> + ExactSizeIterator + Clone {
        let nodes = self.inner.nodes.iter().enumerate();
        nodes.map(|(index, node)| TapeLine { inner: &self.inner, node, index })
    }

    /// The line of the `backward` that spent the tape, if it is spent.
    pub fn spent(&self) -> Option<Line> {
        self.inner.spent
    }
}

impl<'a, T: Float> TapeLine<'a, T> {
    /// The number of this line.
    pub fn index(&self) -> usize {
        self.index
    }

    /// The op, with its attributes.
    pub fn op(&self) -> &'a Op<T> {
        self.node.op
    }

    /// The path of a parameter, and the name of any other op.
    pub fn name(&self) -> String {
        match self.node.op.parameter() {
            Some(read) => read.param.path(),
            None => self.node.op.name().to_string(),
        }
    }

    /// The lines of the operands, in order; behind them the lines of indices, masks and labels.
    #[inline(never)]
    pub fn operands(&self) -> SmallVec<[usize; 4]> {
        let data = self.node.op.data();
        self.node.operands.iter().chain(&data).map(|&line| line as usize).collect()
    }

    /// The number of operands that are floats: the first of [`operands`](Self::operands).
    pub fn arity(&self) -> usize {
        self.node.operands.len()
    }

    /// The shape of the value.
    pub fn shape(&self) -> Shape {
        self.node.shape()
    }

    /// The value. `None` for [`data`](Self::data), and for a parameter that was changed after `backward` let go of it.
    pub fn value(&self) -> Option<Tensor<T>> {
        if self.data().is_some() {
            return None;
        }
        self.inner.value_of(self.node, "lines", self.node.at).ok()
    }

    /// The value of operand `k`; of a parameter that `backward` let go of, the value that it still has if it is `read`.
    pub(crate) fn operand_value(&self, k: usize, read: bool) -> Result<Tensor<T>> {
        let operand = self.inner.nodes.at(self.node.operands[k] as usize);
        if read {
            self.inner.value_of(operand, "pull", self.node.at)
        } else {
            Ok(operand.value.clone())
        }
    }

    /// The value as the tape holds it.
    pub(crate) fn result_value(&self) -> &'a Tensor<T> {
        self.node.value
    }

    /// The value of a line of indices, a mask or labels.
    pub fn data(&self) -> Option<&'a AnyTensor> {
        match self.node.op {
            Op::Leaf(Leaf::Data(data)) => Some(&data.0),
            _ => None,
        }
    }

    /// The gradient of the number that `backward` started from with respect to this value, on a tape that is
    /// [keeping adjoints](Tape::keeping_adjoints).
    pub fn adjoint(&self) -> Option<&'a Tensor<T>> {
        self.inner.adjoints.get(self.index)?.as_ref()
    }

    /// Whether something that wants a gradient leads here.
    pub fn wants_gradient(&self) -> bool {
        self.node.wanted
    }

    /// The path of the scope that it was recorded in.
    pub fn scope(&self) -> String {
        self.inner.scopes.path(self.node.scope)
    }

    /// The path of the layer: of the one that a parameter belongs to, or whose parameters the op reads, or of the scope.
    #[inline(never)]
    pub fn layer(&self) -> String {
        let layer_of = |path: &str| path.rsplit_once('.').map(|(layer, _)| layer.to_string());
        if let Some(read) = self.node.op.parameter() {
            return layer_of(&read.param.path()).unwrap_or_default();
        }
        let reads = self.node.operands.iter().find_map(|&line| {
            let read = self.inner.nodes.op(line as usize).parameter()?;
            if read.param.is_named() { layer_of(&read.param.path()) } else { None }
        });
        match (reads, self.scope()) {
            (Some(layer), scope) if scope.is_empty() || layer.starts_with(&scope) => layer,
            (Some(layer), scope) if scope.ends_with(&layer) => scope,
            (Some(layer), scope) => format!("{scope}.{layer}"),
            (None, scope) if scope.is_empty() => self.kind().unwrap_or_default().to_string(),
            (None, scope) => scope,
        }
    }

    /// The kind of the innermost layer that recorded it: `Linear`.
    pub fn kind(&self) -> Option<&'static str> {
        self.inner.scopes.kind(self.node.scope)
    }

    /// The number of the innermost scope that it was recorded in, in [`Tape::scopes`].
    pub fn scope_number(&self) -> Option<usize> {
        (self.node.scope as usize).checked_sub(1)
    }

    /// The line of the user's program that recorded it: for an op within a layer of the library, the call of the layer.
    pub fn at(&self) -> Line {
        self.inner.user_line(self.node)
    }

    /// The bytes that were taken for the value: none for a view, nor for a parameter, which is the model's.
    pub fn bytes(&self) -> usize {
        let value = self.node.value;
        let is_view =
            self.operands().iter().any(|&j| value.shares_storage(self.inner.nodes.value(j)));
        if is_view || self.node.op.parameter().is_some() { 0 } else { value.bytes() }
    }

    /// The time that the forward pass took, on a tape that is [timed](Tape::timed).
    pub fn time(&self) -> Option<Duration> {
        self.inner.times.get(self.index).copied()
    }
}

impl<T: Float> Clone for TapeLine<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Float> Copy for TapeLine<'_, T> {}

impl<T: Float> std::fmt::Debug for TapeLine<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "%{} {} {}", self.index, self.name(), self.shape())
    }
}

impl<T: Float> std::fmt::Debug for Lines<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

compiled!(f32 f64: { TapeLine::<T>::operands, TapeLine::<T>::layer });
