//! The part of a transformer's layer that acts on each place by itself, and the settings of such a layer.

use wengert_autograd::{Result, Var};
use wengert_tensor::{Float, Rng};

use super::MultiheadAttention;
use crate::{LayerNorm, Linear, Module, Visitor, functional};

/// Two products with an activation between them.
#[derive(Clone)]
pub(crate) struct FeedForward<T> {
    pub(crate) linear1: Linear<T>,
    pub(crate) linear2: Linear<T>,
}

/// The nonlinearity of a transformer's layer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Activation {
    Relu,
    Gelu,
}

/// The settings of a transformer's layer.
#[derive(Clone, Copy)]
pub(crate) struct Settings {
    pub(crate) dropout: f64,
    pub(crate) norm_first: bool,
    pub(crate) activation: Activation,
}

impl Settings {
    pub(crate) const DEFAULT: Self =
        Self { dropout: 0.1, norm_first: false, activation: Activation::Relu };

    /// One part of a layer: x + f(x), normalised before or after.
    #[track_caller]
    pub(crate) fn residual<'t, T: Float>(
        &self,
        x: Var<'t, T>,
        norm: &LayerNorm<T>,
        f: impl FnOnce(Var<'t, T>) -> Result<Var<'t, T>>,
    ) -> Result<Var<'t, T>> {
        if self.norm_first {
            return x.try_add(functional::dropout(f(norm.call(x)?)?, self.dropout)?);
        }
        norm.call(x.try_add(functional::dropout(f(x)?, self.dropout)?)?)
    }
}

impl<T: Float> FeedForward<T> {
    #[track_caller]
    pub(crate) fn new(width: usize, hidden: usize, rng: &mut Rng) -> Self {
        Self { linear1: Linear::new(width, hidden, rng), linear2: Linear::new(hidden, width, rng) }
    }

    pub(crate) fn without_bias(&mut self) {
        (self.linear1.bias, self.linear2.bias) = (None, None);
    }

    #[track_caller]
    pub(crate) fn run<'t>(&self, x: Var<'t, T>, settings: &Settings) -> Result<Var<'t, T>> {
        let x = self.linear1.call(x)?;
        let x = match settings.activation {
            Activation::Relu => x.relu(),
            Activation::Gelu => x.gelu(),
        };
        self.linear2.call(functional::dropout(x, settings.dropout)?)
    }

    pub(crate) fn visit(&self, v: &mut Visitor<'_, T>) {
        v.module("linear1", &self.linear1);
        v.module("linear2", &self.linear2);
    }
}

impl Settings {
    /// The text of a layer with this attention to itself, in a print.
    pub(crate) fn describe<T: Float>(
        &self,
        name: &str,
        width: usize,
        attention: &MultiheadAttention<T>,
        net: &FeedForward<T>,
    ) -> String {
        let hidden = net.linear1.weight.shape().first().copied().unwrap_or(0);
        let mut text = format!("{name}({width}, {} heads, feedforward {hidden}", attention.heads());
        if self.activation == Activation::Gelu {
            text += ", gelu";
        }
        if self.norm_first {
            text += ", norm first";
        }
        text + &attention.options(Self::DEFAULT.dropout) + ")"
    }
}

/// The settings that all layers of transformers have, as methods.
macro_rules! settings {
    ($Layer:ident: norms $($norm:ident)*; attentions $($attention:ident)*) => {
        impl<T: Float> $Layer<T> {
            /// With this width between the two products, 2048 otherwise. Their weights are drawn anew.
            #[must_use]
            #[track_caller]
            pub fn feedforward(mut self, hidden: usize, rng: &mut Rng) -> Self {
                let bias = self.feedforward.linear1.bias.is_some();
                self.feedforward = FeedForward::new(self.width, hidden, rng);
                if !bias {
                    self.feedforward.without_bias();
                }
                self
            }

            /// With this dropout, 0.1 otherwise: of the weights of attention, between the products, and after each part.
            #[must_use]
            pub fn dropout(mut self, p: f64) -> Self {
                self.settings.dropout = p;
                $(self.$attention = self.$attention.dropout(p);)*
                self
            }

            /// With gelu in place of relu.
            #[must_use]
            pub fn gelu(mut self) -> Self {
                self.settings.activation = Activation::Gelu;
                self
            }

            /// Each part normalises its input and not its result.
            #[must_use]
            pub fn norm_first(mut self) -> Self {
                self.settings.norm_first = true;
                self
            }

            /// With this number added to variances, 1e-5 otherwise.
            #[must_use]
            pub fn eps(mut self, eps: f64) -> Self {
                $(self.$norm = self.$norm.eps(eps);)*
                self
            }

            /// Without biases.
            #[must_use]
            pub fn without_bias(mut self) -> Self {
                self.feedforward.without_bias();
                $(self.$norm = self.$norm.without_bias();)*
                $(self.$attention = self.$attention.without_bias();)*
                self
            }

            /// With sequences as `[batch, time, width]`.
            #[must_use]
            pub fn batch_first(mut self) -> Self {
                $(self.$attention = self.$attention.batch_first();)*
                self
            }

            /// Each place sees those up to its own.
            #[must_use]
            pub fn causal(mut self) -> Self {
                self.self_attn = self.self_attn.causal();
                self
            }
        }
    };
}
pub(crate) use settings;
