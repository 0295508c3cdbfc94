//! `MultiheadAttention`: several attentions next to each other, between products with weights.

mod heads;
mod inputs;
mod mask;

use wengert_autograd::{Param, Result, Var};
use wengert_tensor::{Float, Rng, Tensor};

use crate::made::made;
use crate::parts::debug_as_described;
use crate::several::several_inputs;
use crate::{Linear, Module, Parts, Visitor, init};
pub use inputs::Weighed;
pub(crate) use mask::Mask;

/// Attention by several heads: queries, keys and values are products with weights, each head attends with its own part of
/// them, and one more product puts the heads together.
///
/// It takes x, which attends to itself; `(x, mask)`; `(query, key, value)`; or `(query, key, value, mask)`. Sequences are
/// `[time, batch, width]` (with [`batch_first`](Self::batch_first) `[batch, time, width]`, as [`SinusoidalPositions`](crate::SinusoidalPositions) and
/// [`LearnedPositions`](crate::LearnedPositions) take them) or, for one sequence, `[time, width]`. A mask of `bool` says where a query sees a key, a mask of floats is added to the scores. It is
/// `[queries, keys]`, `[batch, queries, keys]` or, with the heads, `[batch, heads, queries, keys]`; an axis of size 1 is for all.
/// A mask of two axes is always `[queries, keys]`, as PyTorch's `attn_mask`. One of padding, `[batch, keys]`, which is PyTorch's
/// `key_padding_mask`, gets its axis of the queries by `mask.unsqueeze(1)?`: without it, it would be taken as `[queries, keys]`
/// wherever the batch has as many sequences as there are queries.
///
/// ```
/// use wengert_autograd::Tape;
/// use wengert_nn::MultiheadAttention;
/// use wengert_tensor::{Rng, Tensor, tensor};
///
/// let attention = MultiheadAttention::<f32>::new(8, 2, &mut Rng::new(0)).batch_first();
/// let tape = Tape::new();
/// let x = tape.input(Tensor::ones([2, 3, 8]));
/// assert_eq!(*attention.call(x)?.shape(), [2, 3, 8]);
///
/// // The second sequence has two words: its third is padding, which nobody sees.
/// let words = tensor![[true, true, true], [true, true, false]];
/// let (_, weights) = attention.with_weights((x, tape.input(words.unsqueeze(1)?)))?;
/// assert_eq!(weights.value()?.get(&[1, 0, 2])?, 0.0);
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
#[derive(Clone)]
pub struct MultiheadAttention<T> {
    /// For queries, keys and values, one below the other: `[3 · width, width]`; or each by itself, where keys or values have
    /// another width.
    pub weights: InProjection<T>,
    /// `[3 · width]`
    pub in_proj_bias: Option<Param<T>>,
    /// A key and a value that each sequence has besides: `[1, 1, width]` each.
    pub bias_kv: Option<(Param<T>, Param<T>)>,
    /// From the heads to the result.
    pub out_proj: Linear<T>,
    settings: Settings,
}

/// The weights of queries, keys and values.
#[derive(Clone)]
pub enum InProjection<T> {
    /// One below the other: `[3 · width, width]`.
    Stacked(Param<T>),
    /// Each by itself: `[width, width]`, `[width, width of keys]`, `[width, width of values]`.
    Apart([Param<T>; 3]),
}

impl<T: Float> std::fmt::Debug for InProjection<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Stacked(all) => write!(f, "Stacked({:?})", all.shape()),
            Self::Apart(each) => write!(f, "Apart({:?})", each.each_ref().map(Param::shape)),
        }
    }
}

#[derive(Clone, Copy)]
struct Settings {
    width: usize,
    heads: usize,
    dropout: f64,
    zero_key: bool,
    batch_first: bool,
    causal: bool,
}

impl<T: Float> MultiheadAttention<T> {
    /// For vectors of this width, which so many heads share. `forward` rejects a width that the heads do not divide.
    #[track_caller]
    pub fn new(width: usize, heads: usize, rng: &mut Rng) -> Self {
        let three = width.saturating_mul(3);
        let stacked = Param::new(xavier(&[three, width], rng));
        let out_proj = Linear::new(width, width, rng);
        out_proj.bias.iter().for_each(|bias| bias.set(Tensor::zeros([width])));
        Self {
            weights: InProjection::Stacked(stacked),
            in_proj_bias: Some(Param::new(Tensor::zeros([three]))),
            bias_kv: None,
            out_proj,
            settings: Settings {
                width,
                heads,
                dropout: 0.0,
                zero_key: false,
                batch_first: false,
                causal: false,
            },
        }
    }

    /// With keys and values of other widths. The weights are drawn anew.
    #[must_use]
    #[track_caller]
    pub fn key_value_widths(mut self, keys: usize, values: usize, rng: &mut Rng) -> Self {
        let width = self.settings.width;
        let query = Param::new(xavier(&[width, width], rng));
        let key = Param::new(xavier(&[width, keys], rng));
        let value = Param::new(xavier(&[width, values], rng));
        self.weights = InProjection::Apart([query, key, value]);
        self
    }

    /// Without biases.
    #[must_use]
    pub fn without_bias(mut self) -> Self {
        (self.in_proj_bias, self.out_proj.bias) = (None, None);
        self
    }

    /// With one more key and value, which are learned, in each sequence.
    #[must_use]
    #[track_caller]
    pub fn bias_kv(mut self, rng: &mut Rng) -> Self {
        let shape = [1, 1, self.settings.width];
        let key = made(NAME, init::xavier_normal(shape, 1.0, rng));
        let value = made(NAME, init::xavier_normal(shape, 1.0, rng));
        self.bias_kv = Some((Param::new(key), Param::new(value)));
        self
    }

    /// With one more key and value of zeros in each sequence.
    #[must_use]
    pub fn zero_key(mut self) -> Self {
        self.settings.zero_key = true;
        self
    }

    /// With this probability that a weight is 0 in training.
    #[must_use]
    pub fn dropout(mut self, p: f64) -> Self {
        self.settings.dropout = p;
        self
    }

    /// With sequences as `[batch, time, width]`.
    #[must_use]
    pub fn batch_first(mut self) -> Self {
        self.settings.batch_first = true;
        self
    }

    /// Each query sees the keys up to its own place.
    #[must_use]
    pub fn causal(mut self) -> Self {
        self.settings.causal = true;
        self
    }

    /// The result, and the weights with which each query looked at each key, as the mean over the heads:
    /// `[batch, queries, keys]`.
    ///
    /// # Errors
    /// As [`call`](Self::call).
    #[track_caller]
    pub fn with_weights<'a, 't, X>(&'a self, x: X) -> Result<(Var<'t, T>, Var<'t, T>)>
    where
        X: crate::Input<'t, T>,
        Weighed<'a, T>: Module<T, X::Tensors, (Tensor<T>, Tensor<T>)>,
    {
        let at = std::panic::Location::caller();
        Ok(crate::module::run(&self.weighed(), x.packed()?, "", at)?.unpack())
    }

    /// The module that returns the weights besides the result, as [`with_weights`](Self::with_weights) does.
    ///
    /// ```
    /// use wengert_nn::{Module, MultiheadAttention};
    /// use wengert_tensor::{Rng, Tensor};
    ///
    /// let attention = MultiheadAttention::<f32>::new(8, 2, &mut Rng::new(0));
    /// let (y, weights) = attention.weighed().predict(&Tensor::ones([5, 2, 8]))?;
    /// assert_eq!((y.shape(), weights.shape()), (&[5, 2, 8][..], &[2, 5, 5][..]));
    /// # Ok::<(), wengert_autograd::Error>(())
    /// ```
    pub fn weighed(&self) -> Weighed<'_, T> {
        Weighed(self)
    }
}

impl<T> MultiheadAttention<T> {
    pub(crate) fn heads(&self) -> usize {
        self.settings.heads
    }

    /// The options that are not the defaults, as a print shows them. The dropout of a layer around it may have another default.
    pub(crate) fn options(&self, dropout: f64) -> String {
        let Settings { dropout: p, zero_key, batch_first, causal, .. } = self.settings;
        let options = [
            (causal, "causal".to_string()),
            (p != dropout, format!("dropout {p}")),
            (batch_first, "batch first".to_string()),
            (self.in_proj_bias.is_none(), "no bias".to_string()),
            (self.bias_kv.is_some(), "bias of keys and values".to_string()),
            (zero_key, "zero key".to_string()),
        ];
        let set = options.into_iter().filter(|(is, _)| *is);
        set.map(|(_, option)| format!(", {option}")).collect()
    }
}

/// The name in errors and prints.
const NAME: &str = "MultiheadAttention";

/// Xavier's uniform numbers.
#[track_caller]
fn xavier<T: Float>(shape: &[usize], rng: &mut Rng) -> Tensor<T> {
    made(NAME, init::xavier_uniform(shape, 1.0, rng))
}

debug_as_described!(MultiheadAttention<T>);

impl<T: Float> Parts<T> for MultiheadAttention<T> {
    fn visit(&self, v: &mut Visitor<'_, T>) {
        match &self.weights {
            InProjection::Stacked(stacked) => v.param("in_proj_weight", stacked),
            InProjection::Apart(each) => {
                let names = ["q_proj_weight", "k_proj_weight", "v_proj_weight"];
                names.iter().zip(each).for_each(|(name, weight)| v.param(name, weight));
            }
        }
        v.module("in_proj_bias", &self.in_proj_bias);
        if let Some((key, value)) = &self.bias_kv {
            v.param("bias_k", key);
            v.param("bias_v", value);
        }
        v.module("out_proj", &self.out_proj);
    }
    fn describe(&self) -> Option<String> {
        let Settings { width, heads, .. } = self.settings;
        let wide = match &self.weights {
            InProjection::Stacked(_) => String::new(),
            InProjection::Apart([_, keys, values]) => {
                let size = |weight: &Param<T>| weight.shape().get(1).copied().unwrap_or(0);
                format!(", keys {}, values {}", size(keys), size(values))
            }
        };
        Some(format!("{NAME}({width}, {heads} heads{wide}{})", self.options(0.0)))
    }
}

several_inputs!(MultiheadAttention<T> -> Tensor<T>);
