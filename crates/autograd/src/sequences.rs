//! Nets over sequences as methods of `Var`.

use smallvec::SmallVec;
use wengert_tensor::Float;
use wengert_tensor::recurrent::{Direction, Step};

use crate::ops::{Recurrent, SelfAttention};
use crate::{Result, Var};

impl<T: Float> Var<'_, T> {
    /// A recurrent net over a whole sequence, as one op: the states of all steps `[time, batch, hidden]`. Behind those of
    /// [`Step::Lstm`] stands the last memory: `[time + 1, batch, hidden]`.
    ///
    /// This var is the input's part of each step, x·Wᵀ + b: `[time, batch, gates · hidden]`. The first state `h` is
    /// `[batch, hidden]`, the first memory `c` too, `u` is `[gates · hidden, hidden]` and the bias `d` is `[gates · hidden]`.
    ///
    /// ```
    /// use wengert_autograd::Tape;
    /// use wengert_tensor::recurrent::{Direction, Step};
    /// use wengert_tensor::tensor;
    ///
    /// let tape = Tape::new();
    /// let x = tape.var(tensor![[[1.0]], [[2.0]], [[4.0]]]);
    /// let (h, u) = (tape.var(tensor![[0.0]]), tape.var(tensor![[0.5]]));
    /// // Each step is half of the state before it, and the new input.
    /// let y = x.recurrent(Step::Relu, Direction::Forward, h, u, None, None)?;
    /// assert_eq!(y.value()?.to_vec(), [1.0, 2.5, 5.25]);
    /// let g = y.select(0, 2)?.sum().gradients()?;
    /// assert_eq!(g.wrt(x).value()?.to_vec(), [0.25, 0.5, 1.0]);
    /// # Ok::<(), wengert_autograd::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the shapes do not fit, or a memory is missing or not wanted.
    #[track_caller]
    pub fn recurrent(
        self,
        step: Step,
        direction: Direction,
        h: Self,
        u: Self,
        c: Option<Self>,
        d: Option<Self>,
    ) -> Result<Self> {
        const OP: &str = "recurrent";
        self.recordable(OP, &[h, u])?;
        let mut operands: SmallVec<[u32; 5]> = SmallVec::from_slice(&[self.index]);
        for operand in [Some(h), Some(u), c, d].into_iter().flatten() {
            self.same_tape(operand, OP)?;
            operands.push(operand.index);
        }
        if c.is_some() != (step == Step::Lstm) {
            let shapes: [&[usize]; 2] = [&self.shape(), &h.shape()];
            let rule = "an LSTM has a first memory, and no other net has one";
            let fault = wengert_tensor::Fault::new(OP, &shapes, rule);
            return Err(wengert_tensor::Error::Shape(fault).into());
        }
        self.tape.record(Recurrent::new(step, direction), &operands)
    }

    /// Attention of sequences to themselves, as one op that keeps no scores: softmax(q·kᵀ·scale)·v for each head. Queries, keys
    /// and values lie next to each other: `[batch, time, 3 · width]` gives `[batch, time, width]`, and each head has its part of
    /// the width. If `causal`, place i sees the places up to i. The scale is 1/√size of a head unless another is given.
    ///
    /// ```
    /// use wengert_autograd::Tape;
    /// use wengert_tensor::tensor;
    ///
    /// // Scores of 0: each place is the mean of the values that it sees.
    /// let tape = Tape::new();
    /// let x = tape.var(tensor![[[0.0, 0.0, 1.0], [0.0, 0.0, 3.0]]]);
    /// assert_eq!(x.self_attention(1, true, None)?.value()?, tensor![[[1.0], [2.0]]]);
    /// # Ok::<(), wengert_autograd::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the heads do not divide the width.
    #[track_caller]
    pub fn self_attention(self, heads: usize, causal: bool, scale: Option<f64>) -> Result<Self> {
        let size = self.shape().last().map_or(0, |wide| wide / 3 / heads.max(1));
        let scale = scale.unwrap_or(1.0 / (size.max(1) as f64).sqrt());
        self.apply(SelfAttention { heads, causal, scale })
    }
}
