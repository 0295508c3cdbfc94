//! Recurrent layers over whole sequences.

use wengert_autograd::{Error as AutogradError, Result, Var};
use wengert_tensor::recurrent::Step;
use wengert_tensor::{Element, Error, Fault, Float, Rng, Tensor};

use super::settings::Settings;
use super::step::State;
use super::weights::RecurrentWeights;
use crate::parts::debug_as_described;
use crate::several::several_inputs;
use crate::{Module, Parts, Visitor};

macro_rules! layers {
    ($($(#[$doc:meta])* $Layer:ident = $kind:expr, $State:ty;)*) => {$(
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $Layer<T> {
            /// Of each layer, and in it of each direction.
            pub weights: Vec<RecurrentWeights<T>>,
            pub(super) settings: Settings,
        }

        impl<T: Float> $Layer<T> {
            /// One layer in one direction, from this number of inputs to a state of this size.
            #[track_caller]
            pub fn new(inputs: usize, hidden: usize, rng: &mut Rng) -> Self {
                let settings = Settings::new(stringify!($Layer), $kind, inputs, hidden);
                Self { weights: settings.weights(rng), settings }
            }

            /// With other settings, and weights drawn for them.
            #[track_caller]
            fn redrawn(mut self, rng: &mut Rng, set: impl FnOnce(&mut Settings)) -> Self {
                set(&mut self.settings);
                self.weights = self.settings.weights(rng);
                self
            }

            /// With this number of layers, each on the outputs of the one before it. All weights are drawn anew. `forward`
            /// rejects 0.
            #[must_use]
            #[track_caller]
            pub fn layers(self, count: usize, rng: &mut Rng) -> Self {
                self.redrawn(rng, |settings| settings.layers = count)
            }

            /// With a second net in each layer that reads the sequence from its end; the outputs of both stand next to each
            /// other. All weights are drawn anew.
            #[must_use]
            #[track_caller]
            pub fn bidirectional(self, rng: &mut Rng) -> Self {
                self.redrawn(rng, |settings| settings.both_ways = true)
            }

            /// Without biases.
            #[must_use]
            pub fn without_bias(mut self) -> Self {
                self.settings.bias = false;
                for weights in &mut self.weights {
                    (weights.bias_ih, weights.bias_hh) = (None, None);
                }
                self
            }

            /// With sequences and outputs as `[batch, time, …]`. States are `[layers · directions, batch, hidden]` all the same.
            #[must_use]
            pub fn batch_first(mut self) -> Self {
                self.settings.batch_first = true;
                self
            }

            /// With dropout of this probability between layers, in training. One layer has none; `forward` rejects a number
            /// that is not between 0 and 1.
            #[must_use]
            pub fn dropout(mut self, p: f64) -> Self {
                self.settings.dropout = p;
                self
            }
        }

        debug_as_described!($Layer<T>);

        impl<T: Float> Parts<T> for $Layer<T> {
            fn visit(&self, v: &mut Visitor<'_, T>) {
                let directions = self.settings.directions();
                for (i, weights) in self.weights.iter().enumerate() {
                    let side = if i % directions == 0 { "" } else { "_reverse" };
                    weights.name(&format!("_l{}{side}", i / directions), v);
                }
            }
            fn describe(&self) -> Option<String> {
                Some(self.settings.describe())
            }
        }

        several_inputs!($Layer<T> -> (Tensor<T>, $State));
    )*};
}

layers! {
    /// A plain recurrent net over sequences: hₜ = tanh(Wxₜ + b + Uhₜ₋₁ + d).
    ///
    /// It takes x `[time, batch, inputs]`, or `[time, inputs]` for one sequence; `(x, state)`; `(x, lengths)`; or
    /// `(x, state, lengths)`. It returns the outputs of all steps `[time, batch, hidden]`, and the last state
    /// `[layers · directions, batch, hidden]`. Without a state it starts from 0.
    ///
    /// `lengths` says how long each sequence of the batch is: after its end the outputs are 0 and the state stays as it is, and
    /// the net that reads backwards starts at its end.
    ///
    /// ```
    /// use wengert_autograd::Tape;
    /// use wengert_nn::Rnn;
    /// use wengert_tensor::{Rng, Tensor, tensor};
    ///
    /// let rng = &mut Rng::new(0);
    /// let rnn = Rnn::<f32>::new(3, 8, rng).layers(2, rng).bidirectional(rng);
    /// let tape = Tape::new();
    /// let x = tape.input(Tensor::ones([5, 2, 3]));
    /// let (outputs, state) = rnn.call(x)?;
    /// assert_eq!((&*outputs.shape(), &*state.shape()), (&[5, 2, 16][..], &[4, 2, 8][..]));
    ///
    /// let (outputs, _) = rnn.call((x, state, tape.input(tensor![5_usize, 3])))?;
    /// assert!(outputs.value()?.select(0, 4)?.select(0, 1)?.iter().all(|y| y == 0.0));
    /// # Ok::<(), wengert_autograd::Error>(())
    /// ```
    Rnn = Step::Tanh, Tensor<T>;
    /// A gated recurrent net over sequences; [`GruCell`](crate::GruCell) has the formula.
    ///
    /// Inputs, outputs and states are those of [`Rnn`].
    ///
    /// ```
    /// use wengert_autograd::{Result, Var};
    /// use wengert_nn::{Gru, Linear, Module, parts};
    /// use wengert_tensor::{Rng, Tensor};
    ///
    /// struct Forecast {
    ///     gru: Gru<f32>,
    ///     head: Linear<f32>,
    /// }
    /// parts!(Forecast { gru, head });
    ///
    /// impl Module for Forecast {
    ///     fn forward<'t>(&self, x: Var<'t, f32>) -> Result<Var<'t, f32>> {
    ///         let (_, state) = self.gru.call(x)?;
    ///         self.head.call(state.select(0, 0)?)
    ///     }
    /// }
    ///
    /// let rng = &mut Rng::new(0);
    /// let model = Forecast { gru: Gru::new(4, 16, rng).batch_first(), head: Linear::new(16, 1, rng) };
    /// assert_eq!(model.predict(&Tensor::ones([32, 10, 4]))?.shape(), [32, 1]);
    /// # Ok::<(), wengert_autograd::Error>(())
    /// ```
    Gru = Step::Gru, Tensor<T>;
    /// A net with a long short-term memory over sequences; [`LstmCell`](crate::LstmCell) has the formula.
    ///
    /// Inputs and outputs are those of [`Rnn`]; a state is a pair `(h, c)`.
    ///
    /// ```
    /// use wengert_autograd::Tape;
    /// use wengert_nn::Lstm;
    /// use wengert_tensor::{Rng, Tensor};
    ///
    /// let lstm = Lstm::<f32>::new(3, 8, &mut Rng::new(0)).batch_first();
    /// let tape = Tape::new();
    /// let x = tape.input(Tensor::ones([2, 5, 3]));
    /// let (_, state) = lstm.call(x)?;
    /// let (outputs, (h, c)) = lstm.call((x, state))?;
    /// assert_eq!(*outputs.shape(), [2, 5, 8]);
    /// assert_eq!((&*h.shape(), &*c.shape()), (&[1, 2, 8][..], &[1, 2, 8][..]));
    /// # Ok::<(), wengert_autograd::Error>(())
    /// ```
    Lstm = Step::Lstm, (Tensor<T>, Tensor<T>);
}

impl<T: Float> Rnn<T> {
    /// With relu in place of tanh.
    #[must_use]
    pub fn relu(mut self) -> Self {
        self.settings.kind = Step::Relu;
        self
    }
}

impl<T: Float> Lstm<T> {
    /// With h projected to this size, which is smaller than that of the state, by a product with a weight of its own. All weights
    /// are drawn anew.
    #[must_use]
    #[track_caller]
    pub fn projection(self, outputs: usize, rng: &mut Rng) -> Self {
        self.redrawn(rng, |settings| settings.projection = Some(outputs))
    }
}

/// A state, or lengths.
type Second<'t, T> = (Option<Var<'t, T>>, Option<Tensor<usize>>);

/// A second input as a state, or as lengths.
#[track_caller]
fn second<'t, T: Float, E: Element>(
    name: &'static str,
    second: Var<'t, T, Tensor<E>>,
) -> Result<Second<'t, T>> {
    match (second.of::<Tensor<T>>(), second.of::<Tensor<usize>>()) {
        (Some(state), _) => Ok((Some(state), None)),
        (_, Some(lengths)) => Ok((None, Some(lengths.value()?))),
        _ => {
            let rule = "the second input must be a state, of the layer's own floats, or lengths";
            let fault = Fault::new(name, &[&second.shape()], rule);
            Err(AutogradError::from(Error::Value(fault)))
        }
    }
}

macro_rules! of_one_state {
    ($($Layer:ident)*) => {$(
        impl<T: Float> $Layer<T> {
            #[track_caller]
            fn run<'t>(
                &self,
                x: Var<'t, T>,
                h: Option<Var<'t, T>>,
                lengths: Option<&Tensor<usize>>,
            ) -> Result<Var<'t, T, (Tensor<T>, Tensor<T>)>> {
                let start = h.map(|h| State { h, c: None });
                let (y, last) = self.settings.run(&self.weights, x, start, lengths)?;
                Var::pack((y, last.h))
            }
        }

        impl<T: Float> Module<T, Tensor<T>, (Tensor<T>, Tensor<T>)> for $Layer<T> {
            #[track_caller]
            fn forward<'t>(&self, x: Var<'t, T>) -> Result<Var<'t, T, (Tensor<T>, Tensor<T>)>> {
                self.run(x, None, None)
            }
        }

        impl<T: Float, E: Element>
            Module<T, (Tensor<T>, Tensor<E>), (Tensor<T>, Tensor<T>)> for $Layer<T>
        {
            #[track_caller]
            fn forward<'t>(
                &self,
                x: Var<'t, T, (Tensor<T>, Tensor<E>)>,
            ) -> Result<Var<'t, T, (Tensor<T>, Tensor<T>)>> {
                let (x, other) = x.unpack();
                let (h, lengths) = second(self.settings.name, other)?;
                self.run(x, h, lengths.as_ref())
            }
        }

        impl<T: Float> Module<T, (Tensor<T>, Tensor<T>, Tensor<usize>), (Tensor<T>, Tensor<T>)>
            for $Layer<T>
        {
            #[track_caller]
            fn forward<'t>(
                &self,
                x: Var<'t, T, (Tensor<T>, Tensor<T>, Tensor<usize>)>,
            ) -> Result<Var<'t, T, (Tensor<T>, Tensor<T>)>> {
                let (x, h, lengths) = x.unpack();
                self.run(x, Some(h), Some(&lengths.value()?))
            }
        }
    )*};
}
of_one_state! { Rnn Gru }
