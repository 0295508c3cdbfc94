//! `Var`: a handle to a line of a tape, with which mathematics is written. It is two words wide and `Copy`.

use std::fmt;
use std::panic::Location;

use wengert_tensor::pointwise::UnaryOp;
use wengert_tensor::{Axes, Element, Float, Shape, Tensor};

use crate::error::Line;
use crate::fault::Fault;
use crate::inner::Watcher;
use crate::nodes::Node;
use crate::ops::{Detach, Mean, Op, Sum, Unary};
use crate::tensors::{Tapes, Tensors};
use crate::{Error, Result, Tape};

/// A recorded value. A copy refers to the same value.
///
/// ```
/// use wengert_autograd::Tape;
/// use wengert_tensor::tensor;
///
/// let tape = Tape::new();
/// let (w, b) = (tape.scalar(2.0_f64), tape.scalar(1.0));
/// let x = tape.constant(tensor![1.0, 2.0, 3.0]);
/// let loss = (w * x + b - 4.0).square().mean();
/// let g = loss.gradients()?;
/// assert_eq!(g.wrt(b).value()?.item()?, 2.0);
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
///
/// The third type parameter says what the value is. It is a tensor of floats unless you write something else: indices
/// (`Var<'t, f32, Tensor<usize>>`), a mask, or several tensors together, which [`unpack`](Self::unpack) separates.
pub struct Var<'t, T: Float, K: Tensors = Tensor<T>> {
    pub(crate) tape: &'t Tape<T>,
    pub(crate) index: K::At,
}

impl<T: Float, K: Tensors> Clone for Var<'_, T, K> {
    #[inline]
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Float, K: Tensors> Copy for Var<'_, T, K> {}

/// Of any value.
impl<'t, T: Float, K: Tensors> Var<'t, T, K> {
    /// The tape that it is on.
    #[inline]
    pub fn tape(self) -> &'t Tape<T> {
        self.tape
    }

    /// The value, as it was recorded.
    ///
    /// # Errors
    /// If this is the result of a method that had no value to return (`tanh` on a spent tape), or the value of a parameter
    /// that was changed after `backward` let go of it.
    #[track_caller]
    pub fn value(self) -> Result<K> {
        K::read(self.tape, self.index)
    }

    /// The vars of several tensors, apart.
    ///
    /// ```
    /// use wengert_autograd::{Tape, Var};
    /// use wengert_tensor::Tensor;
    ///
    /// type Pair = (Tensor<f64>, Tensor<f64>);
    /// let tape = Tape::new();
    /// let pair: Var<f64, Pair> = Var::pack((tape.scalar(2.0), tape.scalar(3.0)))?;
    /// let (a, b) = pair.unpack();
    /// assert_eq!((a * b).item()?, 6.0);
    /// # Ok::<(), wengert_autograd::Error>(())
    /// ```
    #[inline]
    pub fn unpack(self) -> K::Vars<'t, T> {
        K::vars(self.tape, self.index)
    }

    /// The numbers of its lines, tensor by tensor.
    #[doc(hidden)]
    pub fn each_line(self, see: &mut dyn FnMut(usize)) {
        K::each(self.index, &mut |line| see(line as usize));
    }

    /// This var as one of `L`, if that is what it is.
    #[doc(hidden)]
    pub fn of<L: Tensors>(self) -> Option<Var<'t, T, L>> {
        if std::any::TypeId::of::<K>() != std::any::TypeId::of::<L>() {
            return None;
        }
        let index = (&self.index as &dyn std::any::Any).downcast_ref::<L::At>()?;
        Some(Var { tape: self.tape, index: *index })
    }

    /// Several vars as one.
    ///
    /// # Errors
    /// If there is no var among them, or if they are on two tapes.
    #[track_caller]
    #[inline]
    pub fn pack(vars: K::Vars<'t, T>) -> Result<Self> {
        let mut tapes = Tapes { first: None, differ: false };
        let index = K::lines(&vars, &mut tapes);
        match tapes {
            Tapes { first: Some(tape), differ: false } => Ok(Self { tape, index }),
            Tapes { first: Some(_), .. } => {
                Err(Error::OtherTape { op: "pack", at: Location::caller() })
            }
            Tapes { first: None, .. } => {
                let rule = "pack: there is no var among these, so there is no tape".to_string();
                Err(Error::Use(rule, Location::caller()))
            }
        }
    }
}

/// Of one tensor.
impl<'t, T: Float, E: Element> Var<'t, T, Tensor<E>> {
    /// Its line on the tape.
    pub fn index(self) -> usize {
        self.index as usize
    }

    /// The sizes of its axes.
    pub fn shape(self) -> Shape {
        let line: Var<'t, T> = Var { tape: self.tape, index: self.index };
        line.look(|_, node| node.shape(), Fault::shape)
    }
}

impl<'t, T: Float> Var<'t, T> {
    /// The numbers, as they were recorded.
    #[track_caller]
    pub(crate) fn floats(self) -> Result<Tensor<T>> {
        let at = Location::caller();
        self.look(
            |inner, node| inner.value_of(node, "value", at),
            |fault| Err(fault.error().clone()),
        )
    }

    /// The number of axes.
    pub fn rank(self) -> usize {
        self.look(|_, node| node.value.rank(), |fault| fault.shape().len())
    }

    /// The number of elements.
    pub fn len(self) -> usize {
        self.look(|_, node| node.value.len(), |fault| fault.shape().iter().product())
    }

    /// Whether it has no numbers.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The only number of a var that has one.
    ///
    /// # Errors
    /// If it has none or several.
    #[track_caller]
    pub fn item(self) -> Result<T> {
        // Mostly a loss, whose value need not be held to be read.
        let of = |node: Node<'_, T>| node.op.parameter().is_none().then(|| node.value.item().ok());
        match self.look(|_, node| of(node), |_| None).flatten() {
            Some(number) => Ok(number),
            None => Ok(self.value()?.item()?),
        }
    }

    /// Whether something that wants a gradient leads here.
    pub fn wants_grad(self) -> bool {
        self.look(|_, node| node.wanted, |_| false)
    }

    /// The op that made it.
    pub fn op(self) -> &'static str {
        self.look(|_, node| node.op.name(), Fault::op)
    }

    /// The line that recorded it.
    pub fn recorded_at(self) -> Line {
        self.look(|inner, node| inner.user_line(node), Fault::at)
    }

    /// The path of the scope that it was recorded in.
    pub fn scope(self) -> String {
        self.look(|inner, node| inner.scopes.path(node.scope), |_| String::new())
    }

    /// Whether both are the same node.
    pub fn is(self, other: Self) -> bool {
        std::ptr::eq(self.tape, other.tape) && self.index == other.index
    }

    /// The value without its history: no gradient comes back through it.
    #[track_caller]
    #[must_use]
    pub fn detach(self) -> Self {
        self.infallible(Detach)
    }

    /// Calls `see` with this value's gradient when a sweep over tensors (`backward`, `gradients`) has it complete. What it
    /// returns, if anything, takes its place: the sweep is an error if that has another shape.
    ///
    /// ```
    /// use wengert_autograd::Tape;
    ///
    /// let tape = Tape::new();
    /// let x = tape.scalar(3.0_f64);
    /// let y = x.square();
    /// y.watch(|g| Some(g * 10.0));
    /// assert_eq!(y.gradients()?.wrt(x).value()?.item()?, 60.0);
    /// # Ok::<(), wengert_autograd::Error>(())
    /// ```
    #[track_caller]
    pub fn watch(self, see: impl Fn(&Tensor<T>) -> Option<Tensor<T>> + 'static) {
        if let Ok(mut inner) = self.tape.inner.try_borrow_mut() {
            let (see, at) = (Box::new(see), Location::caller());
            inner.watchers.push(Watcher { node: self.index, see, at });
        }
    }

    /// Records an op of this one.
    #[track_caller]
    #[inline]
    pub(crate) fn apply(self, op: impl Into<Op<T>>) -> Result<Self> {
        self.tape.record(op, &[self.index])
    }

    /// Records an op of this and another one.
    #[track_caller]
    #[inline]
    pub(crate) fn apply_with(self, op: impl Into<Op<T>>, other: Self) -> Result<Self> {
        if !std::ptr::eq(self.tape, other.tape) {
            return Err(Error::OtherTape { op: op.into().name(), at: Location::caller() });
        }
        self.tape.record(op, &[self.index, other.index])
    }

    /// Rejects a var of another tape.
    #[track_caller]
    #[inline]
    pub(crate) fn same_tape<K: Tensors>(
        self,
        other: Var<'t, T, K>,
        op: &'static str,
    ) -> Result<()> {
        if std::ptr::eq(self.tape, other.tape) {
            return Ok(());
        }
        Err(Error::OtherTape { op, at: Location::caller() })
    }

    /// The sum of all elements.
    #[track_caller]
    pub fn sum(self) -> Self {
        self.infallible(Sum(Axes::ALL))
    }

    /// The mean of all elements.
    #[track_caller]
    pub fn mean(self) -> Self {
        self.infallible(Mean(Axes::ALL))
    }

    /// x to a constant power. The square and the square root have ops of their own.
    #[track_caller]
    pub fn powf(self, exponent: f64) -> Self {
        self.infallible_as("powf", Unary(UnaryOp::power(exponent)))
    }
}

impl<T: Float> fmt::Display for Var<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.value() {
            Ok(value) => fmt::Display::fmt(&value, f),
            Err(error) => fmt::Display::fmt(&error, f),
        }
    }
}

impl<T: Float> fmt::Debug for Var<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.look(
            |_, node| format!("%{} = {} {:?}", self.index, node.op.name(), node.value.shape()),
            |fault| format!("no value: {}", fault.error()),
        );
        f.write_str(&text)
    }
}
