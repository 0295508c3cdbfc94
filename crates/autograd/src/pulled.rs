//! One step of the reverse sweep, for reading: what a line hands to one of its operands.

use wengert_tensor::{Float, Shape, Tensor, compiled};

use crate::algebra::Incoming;
use crate::ops::Operation as _;
use crate::sweep::AtTensors;
use crate::{Error, Op, Result, TapeLine};

/// The contribution of a line to the gradient of one of its operands; see [`TapeLine::pull`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Pulled<T: Float> {
    /// The contribution, in the shape of the operand.
    pub gradient: Tensor<T>,
    /// The shape that the rule returned, if the operand was broadcast: the contribution is the sum over the axes that the
    /// operand lacks.
    pub summed_from: Option<Shape>,
}

/// The reverse rule of an op for operand `k`, from the gradient of its result. `values` are its operands and, last, its result.
#[inline(never)]
fn pull<T: Float>(op: &Op<T>, k: usize, g: &Tensor<T>, values: &[Tensor<T>]) -> Result<Tensor<T>> {
    let index = values.len() - 1;
    let operands: Vec<u32> = (0..index as u32).collect();
    op.pull(k, Incoming::Lent(g), &AtTensors { values, index, operands: &operands })
}

impl<T: Float> TapeLine<'_, T> {
    /// The contribution of this line to the gradient of operand `k`, if `g` is the gradient of its own value: the reverse rule,
    /// summed over the axes along which the operand was broadcast. The gradient of a value is the sum of the contributions
    /// of all lines that use it.
    ///
    /// ```
    /// use wengert_autograd::Tape;
    /// use wengert_tensor::tensor;
    ///
    /// let tape = Tape::new();
    /// let (x, b) = (tape.var(tensor![[1.0_f64, 2.0], [3.0, 4.0]]), tape.var(tensor![5.0, 6.0]));
    /// let y = x * b;
    /// let lines = tape.lines();
    /// let pulled = lines.of(y).unwrap().pull(1, &tensor![[1.0, 1.0], [1.0, 1.0]])?;
    /// assert_eq!(pulled.gradient, tensor![4.0, 6.0]);
    /// assert_eq!(*pulled.summed_from.unwrap(), [2, 2]);
    /// # Ok::<(), wengert_autograd::Error>(())
    /// ```
    ///
    /// # Errors
    /// If there is no operand `k` that is a float, `g` has another shape than the value, the op has no derivative, or the rule
    /// reads a parameter that was changed since.
    #[track_caller]
    pub fn pull(&self, k: usize, g: &Tensor<T>) -> Result<Pulled<T>> {
        let at = std::panic::Location::caller();
        let refuse =
            |why: String| Error::Use(format!("pull: %{} {} {why}", self.index(), self.name()), at);
        if k >= self.arity() {
            return Err(refuse(format!(
                "has {} operands that are floats, and no operand {k}",
                self.arity()
            )));
        }
        if g.shape() != &*self.shape() {
            return Err(refuse(format!(
                "has the shape {}, and its gradient {:?}",
                self.shape(),
                g.shape()
            )));
        }
        let (op, reads) = (self.op(), self.op().reads(k));
        let x = (0..self.arity()).map(|j| self.operand_value(j, reads.reads_operand(j)));
        let mut x = x.collect::<Result<Vec<_>>>().map_err(|error| error.on_line(at))?;
        x.push(self.result_value().clone());
        let part = pull(op, k, g, &x)?;
        if part.shape() == x[k].shape() {
            return Ok(Pulled { gradient: part, summed_from: None });
        }
        let summed_from = Some(Shape::new(part.shape()));
        Ok(Pulled { gradient: part.sum_to(x[k].shape())?, summed_from })
    }
}

compiled!(f32 f64: { pull::<T>, TapeLine::<T>::pull });
