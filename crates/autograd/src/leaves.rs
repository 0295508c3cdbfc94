//! The lines on which a tape begins: data, constants, inputs, parameters.

use std::panic::Location;

use wengert_tensor::{AnyTensor, Float, Shape, Tensor, compiled};

use crate::error::Line;
use crate::ops::{Constant, Data, Input, Op, Parameter};
use crate::param::Reading;
use crate::tensors::Tensors;
use crate::{Error, Param, Tape, Var};

impl<T: Float> Tape<T> {
    /// A batch on this tape, as data: a tensor of floats, indices or a mask, or several tensors together.
    ///
    /// ```
    /// use wengert_autograd::Tape;
    /// use wengert_tensor::tensor;
    ///
    /// let tape = Tape::new();
    /// let table = tape.var(tensor![[1.0_f64, 2.0], [3.0, 4.0]]);
    /// let tokens = tape.input(tensor![1_usize, 1, 0]);
    /// let rows = table.index_select(0, tokens)?;
    /// // The tape shows where the rows come from.
    /// assert_eq!(tape.lines().of(rows).unwrap().operands()[..], [0, 1]);
    /// # Ok::<(), wengert_autograd::Error>(())
    /// ```
    #[track_caller]
    pub fn input<K: Tensors>(&self, batch: K) -> Var<'_, T, K> {
        Var { tape: self, index: batch.put(self) }
    }

    /// The line of a tensor whose elements are not this tape's floats.
    #[track_caller]
    pub(crate) fn data(&self, data: AnyTensor) -> u32 {
        self.leaf(Data(data), Tensor::scalar(T::ZERO), false).index
    }

    /// A constant: a value that wants no gradient.
    #[track_caller]
    pub fn constant(&self, value: impl Into<Tensor<T>>) -> Var<'_, T> {
        self.leaf(Constant, value.into(), false)
    }

    /// A var that wants a gradient.
    ///
    /// ```
    /// use wengert_autograd::Tape;
    /// use wengert_tensor::tensor;
    ///
    /// let tape = Tape::new();
    /// let x = tape.var(tensor![1.0_f64, 2.0, 3.0]);
    /// let y = (x * x).sum();
    /// assert_eq!(y.gradients()?.wrt(x).value()?, tensor![2.0, 4.0, 6.0]);
    /// # Ok::<(), wengert_autograd::Error>(())
    /// ```
    #[track_caller]
    pub fn var(&self, value: impl Into<Tensor<T>>) -> Var<'_, T> {
        self.leaf(Input, value.into(), self.recording.get())
    }

    /// A number that wants a gradient.
    #[track_caller]
    pub fn scalar(&self, value: T) -> Var<'_, T> {
        self.leaf(Input, Tensor::scalar(value), self.recording.get())
    }

    /// A parameter: the same var each time on this tape.
    #[track_caller]
    #[inline(never)]
    pub fn param(&self, param: &Param<T>) -> Var<'_, T> {
        let Ok(mut inner) = self.inner.try_borrow_mut() else {
            let error = Self::busy("param", Location::caller());
            return self.fault("param", Shape::new(&param.shape()), error);
        };
        if let Some(spent) = inner.spent {
            if let Some(index) = inner.line_of(param) {
                return Var { tape: self, index };
            }
            let error = Error::Spent { verb: "param", spent, at: Location::caller() };
            return self.fault("param", Shape::new(&param.shape()), error);
        }
        let index = inner.nodes.len() as u32;
        let (value, version, frozen) = match param.read_by(inner.number, index) {
            Reading::First(value, version, frozen) => (value, version, frozen),
            Reading::Known(index) => return Var { tape: self, index },
            Reading::Unsure => match inner.line_of(param) {
                Some(index) => return Var { tape: self, index },
                None => param.read(),
            },
        };
        inner.params.push(index);
        let wanted = self.recording.get() && !frozen;
        let op = Parameter { param: param.clone(), version };
        inner.leaf(op, value, wanted, Location::caller());
        Var { tape: self, index }
    }

    /// The line of a parameter, with this value in place of its own.
    pub(crate) fn param_with(&self, param: &Param<T>, value: Tensor<T>, wanted: bool) -> u32 {
        let mut inner = self.inner.borrow_mut();
        let index = inner.nodes.len() as u32;
        // So that `param` finds this line.
        let _ = param.read_by(inner.number, index);
        inner.params.push(index);
        let op = Parameter { param: param.clone(), version: param.version() };
        inner.leaf(op, value, wanted, Location::caller());
        index
    }

    /// The parameters that were read on this tape, in order.
    ///
    /// ```
    /// use wengert_autograd::{Param, Tape};
    /// use wengert_tensor::tensor;
    ///
    /// let (used, other) = (Param::new(tensor![1.0_f32]), Param::new(tensor![2.0_f32]));
    /// let tape = Tape::new();
    /// let _ = tape.param(&used) * 2.0;
    /// let read = tape.params();
    /// assert!(read.len() == 1 && read[0].0.is(&used) && !read[0].0.is(&other));
    /// ```
    #[inline(never)]
    pub fn params(&self) -> Vec<(Param<T>, Var<'_, T>)> {
        let inner = self.inner.borrow();
        let params = inner.params.iter();
        params
            .filter_map(|&index| {
                let read = inner.nodes.op(index as usize).parameter()?;
                Some((read.param.clone(), Var { tape: self, index }))
            })
            .collect()
    }

    /// The var on this line of the tape; [`Var::index`] is its number. `None` for a line of indices or a mask.
    pub fn line(&self, index: usize) -> Option<Var<'_, T>> {
        let is_data = self.inner.borrow().nodes.get(index)?.op.is_data();
        (!is_data).then_some(Var { tape: self, index: index as u32 })
    }

    /// A constant, in the name of this line.
    pub(crate) fn leaf_at(&self, value: Tensor<T>, at: Line) -> Var<'_, T> {
        let var = self.constant(value);
        if !var.is_fault() {
            self.inner.borrow_mut().nodes.set_place(var.index(), at);
        }
        var
    }

    #[track_caller]
    fn leaf(&self, op: impl Into<Op<T>>, value: Tensor<T>, wanted: bool) -> Var<'_, T> {
        let Ok(mut inner) = self.inner.try_borrow_mut() else {
            let (name, shape) = (op.into().name(), Shape::new(value.shape()));
            return self.fault(name, shape, Self::busy(name, Location::caller()));
        };
        let index = inner.nodes.len() as u32;
        inner.leaf(op, value, wanted, Location::caller());
        Var { tape: self, index }
    }
}

compiled!(f32 f64: { Tape::<T>::param, Tape::<T>::params });
