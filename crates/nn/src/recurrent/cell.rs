//! Cells: recurrent nets that take one step.

use wengert_autograd::{Result, Var};
use wengert_tensor::recurrent::Step;
use wengert_tensor::{Error, Fault, Float, Rng, Tensor};

use super::step::{State, step};
use super::weights::RecurrentWeights;
use crate::parts::debug_as_described;
use crate::several::several_inputs;
use crate::{Module, Parts, Visitor};

macro_rules! cells {
    ($($(#[$doc:meta])* $Cell:ident = $kind:expr, $State:ty;)*) => {$(
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $Cell<T> {
            /// W, U and their biases.
            pub weights: RecurrentWeights<T>,
            kind: Step,
        }

        impl<T: Float> $Cell<T> {
            /// From this number of inputs to a state of this size.
            #[track_caller]
            pub fn new(inputs: usize, hidden: usize, rng: &mut Rng) -> Self {
                let name = stringify!($Cell);
                let weights = RecurrentWeights::new(name, $kind, inputs, hidden, None, true, rng);
                Self { weights, kind: $kind }
            }

            /// Without biases.
            #[must_use]
            pub fn without_bias(mut self) -> Self {
                (self.weights.bias_ih, self.weights.bias_hh) = (None, None);
                self
            }

            /// The state after a step.
            #[track_caller]
            fn step<'t>(&self, x: Var<'t, T>, state: Option<State<'t, T>>) -> Result<State<'t, T>> {
                take_step(stringify!($Cell), self.kind, &self.weights, x, state)
            }
        }

        debug_as_described!($Cell<T>);

        impl<T: Float> Parts<T> for $Cell<T> {
            fn visit(&self, v: &mut Visitor<'_, T>) {
                self.weights.name("", v);
            }
            fn describe(&self) -> Option<String> {
                let (ih, hh) = (self.weights.weight_ih.shape(), self.weights.weight_hh.shape());
                let size = |shape: &[usize]| shape.get(1).copied().unwrap_or(0);
                Some(format!("{}({} -> {})", stringify!($Cell), size(&ih), size(&hh)))
            }
        }

        several_inputs!($Cell<T> -> $State);
    )*};
}

cells! {
    /// One step of a plain recurrent net: h' = tanh(Wx + b + Uh + d).
    ///
    /// It takes x `[batch, inputs]` or `[inputs]`, or x and the state h; without a state h is 0. It returns the next state.
    ///
    /// ```
    /// use wengert_autograd::Tape;
    /// use wengert_nn::RnnCell;
    /// use wengert_tensor::{Rng, Tensor};
    ///
    /// let cell = RnnCell::<f32>::new(3, 5, &mut Rng::new(0));
    /// let tape = Tape::new();
    /// let mut h = cell.call(tape.input(Tensor::ones([2, 3])))?;
    /// h = cell.call((tape.input(Tensor::ones([2, 3])), h))?;
    /// assert_eq!(*h.shape(), [2, 5]);
    /// # Ok::<(), wengert_autograd::Error>(())
    /// ```
    RnnCell = Step::Tanh, Tensor<T>;
    /// One step of a gated recurrent net.
    ///
    /// ```text
    /// r = σ(W₁x + b₁ + U₁h + d₁)      z = σ(W₂x + b₂ + U₂h + d₂)
    /// n = tanh(W₃x + b₃ + r·(U₃h + d₃))      h' = (1 - z)·n + z·h
    /// ```
    ///
    /// It takes x `[batch, inputs]` or `[inputs]`, or x and the state h; without a state h is 0. It returns the next state.
    ///
    /// ```
    /// use wengert_nn::{GruCell, Module};
    /// use wengert_tensor::{Rng, Tensor};
    ///
    /// let cell = GruCell::<f32>::new(3, 5, &mut Rng::new(0));
    /// assert_eq!(cell.predict(&Tensor::ones([3]))?.shape(), [5]);
    /// # Ok::<(), wengert_autograd::Error>(())
    /// ```
    GruCell = Step::Gru, Tensor<T>;
    /// One step of a net with a long short-term memory.
    ///
    /// ```text
    /// i, f, o = σ(Wx + b + Uh + d)      g = tanh(Wx + b + Uh + d)
    /// c' = f·c + i·g      h' = o·tanh(c')
    /// ```
    ///
    /// It takes x `[batch, inputs]` or `[inputs]`, or x and the state `(h, c)`; without a state both are 0. It returns the next
    /// state.
    ///
    /// ```
    /// use wengert_autograd::Tape;
    /// use wengert_nn::LstmCell;
    /// use wengert_tensor::{Rng, Tensor};
    ///
    /// let cell = LstmCell::<f32>::new(3, 5, &mut Rng::new(0));
    /// let tape = Tape::new();
    /// let state = cell.call(tape.input(Tensor::ones([2, 3])))?;
    /// let (h, c) = cell.call((tape.input(Tensor::ones([2, 3])), state))?;
    /// assert_eq!((&*h.shape(), &*c.shape()), (&[2, 5][..], &[2, 5][..]));
    /// # Ok::<(), wengert_autograd::Error>(())
    /// ```
    LstmCell = Step::Lstm, (Tensor<T>, Tensor<T>);
}

impl<T: Float> RnnCell<T> {
    /// With relu in place of tanh.
    #[must_use]
    pub fn relu(mut self) -> Self {
        self.kind = Step::Relu;
        self
    }
}

/// The state after a step from x and a state, or from zeros.
#[track_caller]
fn take_step<'t, T: Float>(
    name: &'static str,
    kind: Step,
    weights: &RecurrentWeights<T>,
    x: Var<'t, T>,
    state: Option<State<'t, T>>,
) -> Result<State<'t, T>> {
    let shape = x.shape();
    let (inputs, hidden) = (weights.weight_ih.shape()[1], weights.weight_hh.shape()[1]);
    let wrong = |shapes: &[&[usize]], rule: String| {
        Err(Error::Shape(Fault::new(name, shapes, rule)).into())
    };
    if !matches!(shape.len(), 1 | 2) || shape.last() != Some(&inputs) {
        return wrong(&[&shape], format!("x must be [batch, {inputs}] or [{inputs}]"));
    }
    let mut wanted = shape.to_vec();
    wanted[shape.len() - 1] = hidden;
    let tape = x.tape();
    let zeros = Tensor::try_full(&wanted, T::ZERO)?;
    let zeros = || tape.constant(zeros.clone());
    let state = match state {
        Some(state) => state,
        None => State { h: zeros(), c: (kind == Step::Lstm).then(zeros) },
    };
    for part in [Some(state.h), state.c].into_iter().flatten() {
        if part.shape().sizes() != wanted {
            return wrong(&[&shape, &part.shape()], format!("the state must be {wanted:?}"));
        }
    }
    let weights = weights.on(tape);
    step(kind, x.linear(weights.ih, weights.bias_ih)?, state, &weights)
}

macro_rules! of_one_state {
    ($($Cell:ident)*) => {$(
        impl<T: Float> Module<T> for $Cell<T> {
            #[track_caller]
            fn forward<'t>(&self, x: Var<'t, T>) -> Result<Var<'t, T>> {
                Ok(self.step(x, None)?.h)
            }
        }
        impl<T: Float> Module<T, (Tensor<T>, Tensor<T>)> for $Cell<T> {
            #[track_caller]
            fn forward<'t>(&self, x: Var<'t, T, (Tensor<T>, Tensor<T>)>) -> Result<Var<'t, T>> {
                let (x, h) = x.unpack();
                Ok(self.step(x, Some(State { h, c: None }))?.h)
            }
        }
    )*};
}
of_one_state! { RnnCell GruCell }

/// The state of a net with a memory: h and c.
type Pair<T> = (Tensor<T>, Tensor<T>);

/// A state of both.
fn pair<T: Float>(state: State<'_, T>) -> Result<Var<'_, T, Pair<T>>> {
    match state.c {
        Some(c) => Var::pack((state.h, c)),
        None => unreachable!("a step of a net with a memory gives one"),
    }
}

impl<T: Float> Module<T, Tensor<T>, Pair<T>> for LstmCell<T> {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Result<Var<'t, T, Pair<T>>> {
        pair(self.step(x, None)?)
    }
}

impl<T: Float> Module<T, (Tensor<T>, Pair<T>), Pair<T>> for LstmCell<T> {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T, (Tensor<T>, Pair<T>)>) -> Result<Var<'t, T, Pair<T>>> {
        let (x, (h, c)) = x.unpack();
        pair(self.step(x, Some(State { h, c: Some(c) }))?)
    }
}
