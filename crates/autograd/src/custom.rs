//! Ops of the user's own, on tensors, with a rule of their own.

use std::fmt;
use std::sync::Arc;

use wengert_tensor::{Float, Tensor};

use crate::error::Line;
use crate::ops::{Custom, Op};
use crate::recompute::Segment;
use crate::{Result, Tape, Var};

/// An op on tensors with a rule of its own.
#[doc(hidden)]
pub trait CustomOp<T: Float>: fmt::Debug + Send + Sync {
    fn name(&self) -> &'static str;
    fn forward(&self, x: &[&Tensor<T>]) -> Result<Tensor<T>>;
    /// The gradient of each operand from `g`; `None` if it gets no gradient.
    fn pull(&self, g: &Tensor<T>, x: &[Tensor<T>], y: &Tensor<T>)
    -> Result<Vec<Option<Tensor<T>>>>;
    fn at(&self) -> Line;
    /// The part of a computation that it runs again, if it is one.
    #[allow(private_interfaces)]
    fn segment(&self) -> Option<&Segment<T>> {
        None
    }
}

type Forward<T> = dyn Fn(&[&Tensor<T>]) -> Result<Tensor<T>> + Send + Sync;
type Pull<T> =
    dyn Fn(&Tensor<T>, &[Tensor<T>], &Tensor<T>) -> Result<Vec<Option<Tensor<T>>>> + Send + Sync;

/// A [`CustomOp`] of two closures.
struct Closures<T> {
    name: &'static str,
    forward: Box<Forward<T>>,
    pull: Box<Pull<T>>,
    at: Line,
}

impl<T> fmt::Debug for Closures<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl<T: Float> CustomOp<T> for Closures<T> {
    fn name(&self) -> &'static str {
        self.name
    }
    fn forward(&self, x: &[&Tensor<T>]) -> Result<Tensor<T>> {
        (self.forward)(x)
    }
    fn pull(
        &self,
        g: &Tensor<T>,
        x: &[Tensor<T>],
        y: &Tensor<T>,
    ) -> Result<Vec<Option<Tensor<T>>>> {
        (self.pull)(g, x, y)
    }
    fn at(&self) -> Line {
        self.at
    }
}

impl<T: Float> Tape<T> {
    /// An op of your own on tensors: its value, and what an incoming gradient gives each operand, from the gradient, the
    /// operands and the value. It has a first derivative only: a second one is an error that names the op.
    ///
    /// ```
    /// use wengert_autograd::Tape;
    /// use wengert_tensor::tensor;
    ///
    /// let tape = Tape::new();
    /// let x = tape.var(tensor![1.0_f64, 2.0]);
    /// let cube = tape.custom(
    ///     "cube",
    ///     &[x],
    ///     |x| Ok(x[0] * x[0] * x[0]),
    ///     |g, x, _| Ok(vec![Some(g * x[0].square() * 3.0)]),
    /// )?;
    /// assert_eq!(cube.sum().gradients()?.wrt(x).value()?, tensor![3.0, 12.0]);
    /// # Ok::<(), wengert_autograd::Error>(())
    /// ```
    ///
    /// # Errors
    /// The errors of `forward`, or an error if an operand is on another tape.
    #[track_caller]
    pub fn custom<'t>(
        &'t self,
        name: &'static str,
        operands: &[Var<'t, T>],
        forward: impl Fn(&[&Tensor<T>]) -> Result<Tensor<T>> + Send + Sync + 'static,
        pull: impl Fn(&Tensor<T>, &[Tensor<T>], &Tensor<T>) -> Result<Vec<Option<Tensor<T>>>>
        + Send
        + Sync
        + 'static,
    ) -> Result<Var<'t, T>> {
        let at = std::panic::Location::caller();
        self.check_vars(name, operands, at)?;
        let indices: Vec<u32> = operands.iter().map(|x| x.index).collect();
        let op = Closures { name, forward: Box::new(forward), pull: Box::new(pull), at };
        self.record(Op::Custom(Custom(Arc::new(op))), &indices)
    }
}
