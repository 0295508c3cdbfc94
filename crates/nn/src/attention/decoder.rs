//! The decoder of a transformer: attention of a sequence to itself and to the encoder's result, and a net for each place.

use wengert_autograd::{Result, Var};
use wengert_tensor::{Element, Float, Rng, Tensor};

use super::feedforward::{Activation, FeedForward, Settings, settings};
use super::multihead::MultiheadAttention;
use super::stack::stack;
use crate::parts::debug_as_described;
use crate::several::several_inputs;
use crate::{LayerNorm, Module, Parts, Visitor};

/// A layer of a transformer's decoder: attention to itself, attention to the memory, which is the encoder's result, and two
/// products with an activation, each with a way around it and a normalisation.
///
/// It takes `(x, memory)`, or `(x, memory, mask)` with a mask of the memory. Instead of x it takes `(x, mask)`, with a mask of x:
/// `((x, mask), memory)`. Masks are those of [`MultiheadAttention`]; one of padding, `[batch, places]`, comes as `mask.unsqueeze(1)?`.
/// A decoder is [`causal`](Self::causal) as a rule, and a mask of x adds to that. Its layout is that of [`TransformerEncoderLayer`](crate::TransformerEncoderLayer).
///
/// ```
/// use wengert_nn::{Module, TransformerDecoderLayer};
/// use wengert_tensor::{Rng, Tensor, s, tensor};
///
/// let rng = &mut Rng::new(0);
/// let layer = TransformerDecoderLayer::<f32>::new(8, 2, rng).feedforward(32, rng).causal();
/// let (x, memory) = (Tensor::ones([3, 2, 8]), Tensor::ones([5, 2, 8]));
/// let y = layer.predict(&(x.clone(), memory.clone()))?;
/// assert_eq!(y.shape(), [3, 2, 8]);
///
/// // The second sequence has two places: its third is padding.
/// let words = tensor![[true, true, true], [true, true, false]].unsqueeze(1)?;
/// let padded = layer.predict(&((x, words), memory))?;
/// assert_eq!(padded.slice(s![..2])?, y.slice(s![..2])?); // it is causal: the first two never saw the third
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
#[derive(Clone)]
pub struct TransformerDecoderLayer<T> {
    /// The attention to itself.
    pub self_attn: MultiheadAttention<T>,
    /// The attention to the memory.
    pub multihead_attn: MultiheadAttention<T>,
    /// The normalisation of the first part.
    pub norm1: LayerNorm<T>,
    /// The normalisation of the second part.
    pub norm2: LayerNorm<T>,
    /// The normalisation of the third part.
    pub norm3: LayerNorm<T>,
    feedforward: FeedForward<T>,
    width: usize,
    settings: Settings,
}

impl<T: Float> TransformerDecoderLayer<T> {
    /// For vectors of this width, with so many heads.
    #[track_caller]
    pub fn new(width: usize, heads: usize, rng: &mut Rng) -> Self {
        let settings = Settings::DEFAULT;
        Self {
            self_attn: MultiheadAttention::new(width, heads, rng).dropout(settings.dropout),
            multihead_attn: MultiheadAttention::new(width, heads, rng).dropout(settings.dropout),
            norm1: LayerNorm::new([width]),
            norm2: LayerNorm::new([width]),
            norm3: LayerNorm::new([width]),
            feedforward: FeedForward::new(width, 2048, rng),
            width,
            settings,
        }
    }

    #[track_caller]
    fn run<'t>(
        &self,
        x: Var<'t, T>,
        to_itself: impl FnOnce(Var<'t, T>) -> Result<Var<'t, T>>,
        to_memory: impl FnOnce(Var<'t, T>) -> Result<Var<'t, T>>,
    ) -> Result<Var<'t, T>> {
        let x = self.settings.residual(x, &self.norm1, to_itself)?;
        let x = self.settings.residual(x, &self.norm2, to_memory)?;
        self.settings.residual(x, &self.norm3, |x| self.feedforward.run(x, &self.settings))
    }
}

settings!(TransformerDecoderLayer: norms norm1 norm2 norm3; attentions self_attn multihead_attn);
debug_as_described!(TransformerDecoderLayer<T>);
several_inputs!(TransformerDecoderLayer<T> -> Tensor<T>);

impl<T: Float> Parts<T> for TransformerDecoderLayer<T> {
    fn visit(&self, v: &mut Visitor<'_, T>) {
        v.module("self_attn", &self.self_attn);
        v.module("multihead_attn", &self.multihead_attn);
        self.feedforward.visit(v);
        v.module("norm1", &self.norm1);
        v.module("norm2", &self.norm2);
        v.module("norm3", &self.norm3);
    }
    fn describe(&self) -> Option<String> {
        let (attention, net) = (&self.self_attn, &self.feedforward);
        Some(self.settings.describe("TransformerDecoderLayer", self.width, attention, net))
    }
}

stack! {
    /// Layers of a transformer's decoder one after another, and a normalisation after the last, if there is one.
    ///
    /// ```
    /// use wengert_nn::{Module, TransformerDecoder, TransformerDecoderLayer};
    /// use wengert_tensor::{Rng, Tensor};
    ///
    /// let rng = &mut Rng::new(0);
    /// let layers = (0..2).map(|_| TransformerDecoderLayer::<f32>::new(8, 2, rng).feedforward(32, rng).causal());
    /// let decoder = TransformerDecoder::new(layers.collect());
    /// assert_eq!(decoder.predict(&(Tensor::ones([3, 8]), Tensor::ones([5, 8])))?.shape(), [3, 8]);
    /// # Ok::<(), wengert_autograd::Error>(())
    /// ```
    TransformerDecoder of TransformerDecoderLayer
}

/// A decoder and its layer take these vars, and say so what attends to itself, and what to the memory.
macro_rules! takes {
    ($x:ident: $([$($E:ident),*] $In:ty, $vars:tt => $itself:expr, $memory:expr;)*) => {$(
        impl<T: Float $(, $E: Element)*> Module<T, $In> for TransformerDecoderLayer<T> {
            #[track_caller]
            fn forward<'t>(&self, $x: Var<'t, T, $In>) -> Result<Var<'t, T>> {
                let $vars = $x.unpack();
                let (itself, memory) = (&self.self_attn, &self.multihead_attn);
                self.run($x, |$x| itself.call($itself), |$x| memory.call($memory))
            }
        }

        impl<T: Float $(, $E: Element)*> Module<T, $In> for TransformerDecoder<T> {
            #[track_caller]
            fn forward<'t>(&self, $x: Var<'t, T, $In>) -> Result<Var<'t, T>> {
                let $vars = $x.unpack();
                self.run($x, |layer, $x| layer.call($vars))
            }
        }
    )*};
}
takes! { x:
    [] Pair<Tensor<T>, T>, (x, memory) => x, (x, memory, memory);
    [M] Masked<Tensor<T>, T, M>, (x, memory, mask) => x, (x, memory, memory, mask);
    [X] Pair<(Tensor<T>, Tensor<X>), T>, ((x, seen), memory) => (x, seen), (x, memory, memory);
    [X, M] Masked<(Tensor<T>, Tensor<X>), T, M>, ((x, seen), memory, mask) =>
        (x, seen), (x, memory, memory, mask);
}

/// A sequence, with a mask or without, and a memory.
type Pair<X, T> = (X, Tensor<T>);
/// The same, and a mask of the memory.
type Masked<X, T, M> = (X, Tensor<T>, Tensor<M>);
