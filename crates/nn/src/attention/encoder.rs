//! The encoder of a transformer: attention of a sequence to itself, and a net for each place.

use wengert_autograd::{Result, Var};
use wengert_tensor::{Element, Float, Rng, Tensor};

use super::feedforward::{Activation, FeedForward, Settings, settings};
use super::multihead::MultiheadAttention;
use super::stack::stack;
use crate::parts::debug_as_described;
use crate::several::several_inputs;
use crate::{LayerNorm, Module, Parts, Visitor};

/// A layer of a transformer's encoder: attention to itself, then two products with an activation, each with a way around it and
/// a normalisation. With [`causal`](Self::causal) it is a layer of a language model.
///
/// It takes x `[time, batch, width]` or `[time, width]`, or `(x, mask)`, as [`MultiheadAttention`] does. Positions before it are
/// `TimeFirst(SinusoidalPositions)` then, and `SinusoidalPositions` with [`batch_first`](Self::batch_first).
///
/// ```
/// use wengert_nn::{Module, TransformerEncoderLayer};
/// use wengert_tensor::{Rng, Tensor};
///
/// let rng = &mut Rng::new(0);
/// let layer = TransformerEncoderLayer::<f32>::new(8, 2, rng).feedforward(32, rng).batch_first().causal();
/// assert_eq!(layer.predict(&Tensor::ones([2, 3, 8]))?.shape(), [2, 3, 8]);
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
#[derive(Clone)]
pub struct TransformerEncoderLayer<T> {
    /// The attention to itself.
    pub self_attn: MultiheadAttention<T>,
    /// The normalisation of the first part.
    pub norm1: LayerNorm<T>,
    /// The normalisation of the second part.
    pub norm2: LayerNorm<T>,
    feedforward: FeedForward<T>,
    width: usize,
    settings: Settings,
}

impl<T: Float> TransformerEncoderLayer<T> {
    /// For vectors of this width, with so many heads.
    #[track_caller]
    pub fn new(width: usize, heads: usize, rng: &mut Rng) -> Self {
        let settings = Settings::DEFAULT;
        Self {
            self_attn: MultiheadAttention::new(width, heads, rng).dropout(settings.dropout),
            norm1: LayerNorm::new([width]),
            norm2: LayerNorm::new([width]),
            feedforward: FeedForward::new(width, 2048, rng),
            width,
            settings,
        }
    }

    #[track_caller]
    fn run<'t>(
        &self,
        x: Var<'t, T>,
        attention: impl FnOnce(Var<'t, T>) -> Result<Var<'t, T>>,
    ) -> Result<Var<'t, T>> {
        let x = self.settings.residual(x, &self.norm1, attention)?;
        self.settings.residual(x, &self.norm2, |x| self.feedforward.run(x, &self.settings))
    }
}

settings!(TransformerEncoderLayer: norms norm1 norm2; attentions self_attn);
debug_as_described!(TransformerEncoderLayer<T>);
several_inputs!(TransformerEncoderLayer<T> -> Tensor<T>);

impl<T: Float> Parts<T> for TransformerEncoderLayer<T> {
    fn visit(&self, v: &mut Visitor<'_, T>) {
        v.module("self_attn", &self.self_attn);
        self.feedforward.visit(v);
        v.module("norm1", &self.norm1);
        v.module("norm2", &self.norm2);
    }
    fn describe(&self) -> Option<String> {
        let (attention, net) = (&self.self_attn, &self.feedforward);
        Some(self.settings.describe("TransformerEncoderLayer", self.width, attention, net))
    }
}

impl<T: Float> Module<T> for TransformerEncoderLayer<T> {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Result<Var<'t, T>> {
        self.run(x, |x| self.self_attn.call(x))
    }
}

impl<T: Float, E: Element> Module<T, (Tensor<T>, Tensor<E>)> for TransformerEncoderLayer<T> {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T, (Tensor<T>, Tensor<E>)>) -> Result<Var<'t, T>> {
        let (x, mask) = x.unpack();
        self.run(x, |x| self.self_attn.call((x, mask)))
    }
}

stack! {
    /// Layers of a transformer's encoder one after another, and a normalisation after the last, if there is one.
    ///
    /// ```
    /// use wengert_nn::{LayerNorm, Module, TransformerEncoder, TransformerEncoderLayer};
    /// use wengert_tensor::{Rng, Tensor};
    ///
    /// let rng = &mut Rng::new(0);
    /// let layers = (0..3).map(|_| TransformerEncoderLayer::<f32>::new(8, 2, rng).feedforward(32, rng).norm_first());
    /// let encoder = TransformerEncoder::new(layers.collect()).norm(LayerNorm::new([8]));
    /// assert_eq!(encoder.predict(&Tensor::ones([5, 8]))?.shape(), [5, 8]);
    /// # Ok::<(), wengert_autograd::Error>(())
    /// ```
    TransformerEncoder of TransformerEncoderLayer
}

impl<T: Float> Module<T> for TransformerEncoder<T> {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Result<Var<'t, T>> {
        self.run(x, |layer, x| layer.call(x))
    }
}

impl<T: Float, E: Element> Module<T, (Tensor<T>, Tensor<E>)> for TransformerEncoder<T> {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T, (Tensor<T>, Tensor<E>)>) -> Result<Var<'t, T>> {
        let (x, mask) = x.unpack();
        self.run(x, |layer, x| layer.call((x, mask)))
    }
}
