//! Recurrent nets over whole sequences: all steps forward, and all steps back, in buffers that are made once.
//!
//! A step multiplies the state with its weight, and one loop over the product does the rest. The input's part of all steps is a
//! single product that the caller has made before; so are the gradients of the weights, which the caller makes of the
//! gradients of all steps afterwards. Sequences know nothing of each other: each thread takes some of them from the first step to the
//! last.

mod back;
mod forward;
mod panels;

use std::ops::Range;

use self::panels::Panels;
use crate::kernel::pool;
use crate::room::{Room, two};
use crate::{Error, Fault, Float, Result, Shape, Tensor};

const OP: &str = "recurrent";

/// The formula of a step of a recurrent net, from the input's part x and the state's part u = h·Uᵀ + d.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// h' = tanh(x + u)
    Tanh,
    /// h' = max(x + u, 0)
    Relu,
    /// r, z = σ(x + u), n = tanh(x + r·u), h' = (1 - z)·n + z·h
    Gru,
    /// i, f, o = σ(x + u), g = tanh(x + u), c' = f·c + i·g, h' = o·tanh(c')
    Lstm,
}

impl Step {
    /// The number of vectors of the state's size that the products give.
    pub fn gates(self) -> usize {
        match self {
            Self::Tanh | Self::Relu => 1,
            Self::Gru => 3,
            Self::Lstm => 4,
        }
    }

    /// The number of vectors that a step keeps for the way back.
    fn kept(self) -> usize {
        match self {
            Self::Tanh | Self::Relu => 0,
            // r, z, u of n, n
            Self::Gru => 4,
            // i, f, g, o, c', tanh c'
            Self::Lstm => 6,
        }
    }
}

/// The direction in which steps are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the first to the last.
    Forward,
    /// From the last to the first.
    Backward,
}

/// A recurrent net with its operands.
pub struct Recurrence<'a, T> {
    /// The formula.
    pub step: Step,
    /// The direction of the steps.
    pub direction: Direction,
    /// The input's part of all steps: `[time, batch, gates · hidden]`.
    pub x: &'a Tensor<T>,
    /// The first state: `[batch, hidden]`.
    pub h: &'a Tensor<T>,
    /// The first memory, of [`Step::Lstm`] alone: `[batch, hidden]`.
    pub c: Option<&'a Tensor<T>>,
    /// U, the weight of the state: `[gates · hidden, hidden]`.
    pub u: &'a Tensor<T>,
    /// d, the bias of the state: `[gates · hidden]`.
    pub d: Option<&'a Tensor<T>>,
}

impl<T> std::fmt::Debug for Recurrence<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Recurrence({:?}, {:?})", self.step, self.direction)
    }
}

/// The sizes of a recurrent net and its sequences.
#[derive(Clone, Copy)]
struct Sizes {
    time: usize,
    batch: usize,
    hidden: usize,
}

impl Sizes {
    /// The number of elements of one state.
    fn state(self) -> usize {
        self.batch * self.hidden
    }

    /// Calls `one` for some sequences after others, until all are done, on as many threads as the products are worth.
    fn share(self, step: Step, one: &(dyn Fn(Sequences) + Sync)) {
        let Self { time, batch, hidden } = self;
        let products = (time * batch * hidden).saturating_mul(step.gates() * hidden);
        let shares = pool::threads().min(products / WORTH).clamp(1, batch);
        pool::run(shares, &|share| {
            let first = batch * share / shares;
            one(Sequences { batch, first, count: batch * (share + 1) / shares - first });
        });
    }
}

/// The weight of the state, and the first state and memory.
struct Starts<T> {
    u: Panels<T>,
    h: Tensor<T>,
    c: Option<Tensor<T>>,
}

impl<T: Float> Starts<T> {
    fn h(&self) -> &[T] {
        slice(&self.h)
    }
    /// Nothing, where there is no memory.
    fn c(&self) -> &[T] {
        self.c.as_ref().map_or(&[], slice)
    }
}

/// Multiply-adds that are worth a thread.
const WORTH: usize = 3 << 18;

/// Some of the sequences of a batch.
#[derive(Clone, Copy)]
struct Sequences {
    batch: usize,
    first: usize,
    count: usize,
}

impl Sequences {
    /// Their rows of step `t` in `[time, batch, width]`.
    fn at(self, t: usize, width: usize) -> Range<usize> {
        let start = (t * self.batch + self.first) * width;
        start..start + self.count * width
    }
}

/// The gradients of the states and of the parts of all steps.
#[derive(Clone)]
pub struct Back<T> {
    /// The gradient of x.
    pub x: Tensor<T>,
    /// The gradient of u = h·Uᵀ + d, of all steps: that of x, but for [`Step::Gru`].
    pub u: Tensor<T>,
    /// The gradient of the first state.
    pub h: Tensor<T>,
    /// The gradient of the first memory.
    pub c: Option<Tensor<T>>,
}

impl<T> std::fmt::Debug for Back<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Back")
    }
}

impl<T: Float> Recurrence<'_, T> {
    /// The states of all steps `[time, batch, hidden]`, and what [`back`](Self::back) needs to know of each. For [`Step::Lstm`]
    /// the last memory stands behind the states: `[time + 1, batch, hidden]`.
    ///
    /// ```
    /// use wengert_tensor::recurrent::{Direction, Recurrence, Step};
    /// use wengert_tensor::tensor;
    ///
    /// // The sum of all inputs so far.
    /// let (x, h, u) = (tensor![[[1.0]], [[2.0]], [[4.0]]], tensor![[0.0]], tensor![[1.0]]);
    /// let net = Recurrence { step: Step::Relu, direction: Direction::Forward, x: &x, h: &h, c: None, u: &u, d: None };
    /// assert_eq!(net.forward()?.0.to_vec(), [1.0, 3.0, 7.0]);
    /// # Ok::<(), wengert_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] if the shapes do not fit.
    #[track_caller]
    #[inline(never)]
    pub fn forward(&self) -> Result<(Tensor<T>, Tensor<T>)> {
        let sizes = self.sizes()?;
        let Sizes { time, batch, hidden } = sizes;
        let starts = self.starts(&self.u.t())?;
        let memory = usize::from(self.step == Step::Lstm);
        let all = Shape::new(&[time + memory, batch, hidden]);
        let wide = Shape::new(&[time, batch, self.step.kept() * hidden]);
        let fill = |y: &mut Room<T>, kept: &mut Room<T>| {
            if sizes.state() > 0 {
                forward::run(self, sizes, &starts, y, kept);
            }
        };
        // SAFETY: each step writes its state and its rows of what is kept; with no element in a state there is none at all.
        unsafe { two(OP, all, wide, fill) }
    }

    /// The way back: from the gradient `g` of the states `y` and the last memory, which is of their shape.
    ///
    /// # Errors
    /// [`Error::Shape`] if the shapes do not fit.
    #[track_caller]
    #[inline(never)]
    pub fn back(&self, g: &Tensor<T>, y: &Tensor<T>, kept: &Tensor<T>) -> Result<Back<T>> {
        let sizes = self.sizes()?;
        let Sizes { time, batch, hidden } = sizes;
        let states = [time + usize::from(self.step == Step::Lstm), batch, hidden];
        let fits = kept.shape() == [time, batch, self.step.kept() * hidden];
        if g.shape() != states || y.shape() != states || !fits {
            let rule =
                "must be the gradient, the states and what was kept, as `forward` gives the two";
            let shapes = [g.shape(), y.shape(), kept.shape()];
            return Err(Error::Shape(Fault::new(OP, &shapes, rule)));
        }
        let starts = self.starts(self.u)?;
        let (mut h, mut c) = (self.h.zeros_like(), self.c.map(Tensor::zeros_like));
        let (y, g, kept) = (y.contiguous(), g.contiguous(), kept.contiguous());
        let given = back::Given { y: slice(&y), g: slice(&g), kept: slice(&kept) };
        let all = Shape::new(self.x.shape());
        let apart = self.step == Step::Gru;
        let of_u = if apart { all.clone() } else { Shape::new(&[0]) };
        let fill = |x: &mut Room<T>, u: &mut Room<T>| {
            let (h, c) = (h.as_mut_slice(), c.as_mut().map(Tensor::as_mut_slice));
            if sizes.state() > 0 {
                back::run(self, sizes, &starts, given, back::Found { x, u, h, c });
            }
        };
        // SAFETY: each step writes its rows of both; with no element in a state there is none at all.
        let (x, u) = unsafe { two(OP, all, of_u, fill) }?;
        let u = if apart { u } else { x.clone() };
        Ok(Back { x, u, h, c })
    }

    /// The start of all steps, with U or its transpose.
    #[track_caller]
    fn starts(&self, u: &Tensor<T>) -> Result<Starts<T>> {
        let c = self.c.map(|c| c.contiguous());
        Ok(Starts { u: Panels::new(u)?, h: self.h.contiguous(), c })
    }

    #[track_caller]
    fn sizes(&self) -> Result<Sizes> {
        let (x, h, u) = (self.x.shape(), self.h.shape(), self.u.shape());
        let gates = self.step.gates();
        let memory = self.step == Step::Lstm;
        if let (&[time, batch, wide], &[rows, hidden]) = (x, h)
            && wide == gates * hidden
            && rows == batch
            && *u == [wide, hidden]
            && self.d.is_none_or(|d| d.shape() == [wide])
            && self.c.is_some() == memory
            && self.c.is_none_or(|c| c.shape() == h)
        {
            return Ok(Sizes { time, batch, hidden });
        }
        let rule = format!(
            "must be x [time, batch, {gates}·hidden], h [batch, hidden] and U [{gates}·hidden, hidden], with a memory if it has one"
        );
        Err(Error::Shape(Fault::new(OP, &[x, h, u], rule)))
    }

    /// Step number `i` in the order in which they are taken.
    fn nth(&self, i: usize, sizes: Sizes) -> usize {
        match self.direction {
            Direction::Forward => i,
            Direction::Backward => sizes.time - 1 - i,
        }
    }
}

/// The elements of a contiguous tensor.
fn slice<T: Float>(x: &Tensor<T>) -> &[T] {
    x.as_slice().unwrap_or(&[])
}

compiled!(f32 f64: { Recurrence::<T>::forward, Recurrence::<T>::back });
