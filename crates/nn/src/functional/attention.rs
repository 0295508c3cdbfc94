//! Scaled dot-product attention.

use wengert_autograd::{Result, Var};
use wengert_tensor::{Error, Fault, Float, Shape, Tensor};

use super::dropout;

/// The score of a key that is not seen: lower than all others, and finite.
const UNSEEN: f64 = -3e38;

/// The options of [`scaled_dot_product_attention`].
///
/// ```
/// use wengert_autograd::Tape;
/// use wengert_nn::functional::{Attention, scaled_dot_product_attention};
/// use wengert_tensor::{Tensor, tensor};
///
/// let tape = Tape::new();
/// let x = tape.input(Tensor::<f64>::ones([2, 3, 4]));
/// let mask = tape.input(tensor![true, true, false]);
/// let y = scaled_dot_product_attention(x, x, x, Attention::new().causal().mask(mask))?;
/// assert_eq!(*y.shape(), [2, 3, 4]);
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
#[derive(Clone, Copy)]
pub struct Attention<'t, T: Float> {
    pub(crate) mask: Option<Var<'t, T, Tensor<bool>>>,
    pub(crate) bias: Option<Var<'t, T>>,
    pub(crate) causal: bool,
    pub(crate) dropout: f64,
    scale: Option<f64>,
}

impl<T: Float> std::fmt::Debug for Attention<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let masked = if self.mask.is_some() { ", masked" } else { "" };
        let causal = if self.causal { ", causal" } else { "" };
        write!(f, "Attention(dropout {}{masked}{causal})", self.dropout)
    }
}

impl<T: Float> Default for Attention<'_, T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<'t, T: Float> Attention<'t, T> {
    /// Each query sees each key; scores are divided by the root of the keys' size.
    pub fn new() -> Self {
        Self { mask: None, bias: None, causal: false, dropout: 0.0, scale: None }
    }

    /// A query sees a key where the mask is true. The mask broadcasts to `[…, queries, keys]`. A query that sees no key gets 0.
    #[must_use]
    pub fn mask(mut self, mask: Var<'t, T, Tensor<bool>>) -> Self {
        self.mask = Some(mask);
        self
    }

    /// These numbers are added to the scores. They broadcast to `[…, queries, keys]`.
    #[must_use]
    pub fn bias(mut self, bias: Var<'t, T>) -> Self {
        self.bias = Some(bias);
        self
    }

    /// Query i sees keys 0 to i.
    #[must_use]
    pub fn causal(mut self) -> Self {
        self.causal = true;
        self
    }

    /// In training, each weight is 0 with this probability.
    #[must_use]
    pub fn dropout(mut self, p: f64) -> Self {
        self.dropout = p;
        self
    }

    /// Scores are multiplied by this.
    #[must_use]
    pub fn scale(mut self, scale: f64) -> Self {
        self.scale = Some(scale);
        self
    }

    /// The keys that each query sees, if it does not see all.
    #[track_caller]
    fn seen(&self, queries: usize, keys: usize) -> Result<Option<Tensor<bool>>> {
        let causal = match self.causal {
            true => Some(Tensor::try_full([queries, keys], true)?.tril(0)?),
            false => None,
        };
        let mask = self.mask.map(|mask| mask.value()).transpose()?;
        Ok(match (causal, mask) {
            (Some(causal), Some(mask)) => Some(mask.logical_and(&causal)?),
            (causal, mask) => causal.or(mask),
        })
    }
}

/// softmax(q·kᵀ / √size)·v: for each query a mean of values, weighted by how well the query fits the keys.
///
/// Queries `[…, queries, size]`, keys `[…, keys, size]` and values `[…, keys, width]` give `[…, queries, width]`.
///
/// # Errors
/// If the shapes do not fit.
#[track_caller]
pub fn scaled_dot_product_attention<'t, T: Float>(
    query: Var<'t, T>,
    key: Var<'t, T>,
    value: Var<'t, T>,
    options: Attention<'t, T>,
) -> Result<Var<'t, T>> {
    Ok(attend(query, key, value, options)?.0)
}

/// Attention of sequences to themselves, of queries, keys and values that lie next to each other, as one product gives them:
/// `[batch, time, 3 · width]` gives `[batch, time, width]`. Each head has its part of the width. It is [`scaled_dot_product_attention`] in
/// one op, which keeps no scores.
///
/// ```
/// use wengert_autograd::Tape;
/// use wengert_nn::functional::{Attention, self_attention};
/// use wengert_tensor::Tensor;
///
/// let tape = Tape::new();
/// let qkv = tape.input(Tensor::<f64>::ones([2, 5, 3 * 8]));
/// assert_eq!(*self_attention(qkv, 4, Attention::new().causal())?.shape(), [2, 5, 8]);
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
///
/// # Errors
/// If the heads do not divide the width, or the mask does not fit.
#[track_caller]
pub fn self_attention<'t, T: Float>(
    qkv: Var<'t, T>,
    heads: usize,
    options: Attention<'t, T>,
) -> Result<Var<'t, T>> {
    let shape = qkv.shape();
    let plain = options.mask.is_none() && options.bias.is_none();
    if plain && (options.dropout == 0.0 || !qkv.tape().is_training()) {
        return qkv.self_attention(heads, options.causal, options.scale);
    }
    let &[batch, time, wide] = shape.sizes() else {
        let rule = "must be [batch, time, 3 · width]";
        return Err(Error::Shape(Fault::new("self_attention", &[&shape], rule)).into());
    };
    if heads == 0 || !wide.is_multiple_of(3 * heads) {
        let rule =
            format!("must be [batch, time, 3 · width], of a width that {heads} heads divide");
        return Err(Error::Shape(Fault::new("self_attention", &[&shape], rule)).into());
    }
    let all = qkv.reshape([batch, time, 3 * heads, wide / 3 / heads])?;
    let part = |i: usize| all.narrow(2, i * heads, heads)?.transpose(1, 2);
    let y = scaled_dot_product_attention(part(0)?, part(1)?, part(2)?, options)?;
    y.transpose(1, 2)?.reshape([batch, time, wide / 3])
}

/// The result of attention, and its weights `[…, queries, keys]`.
#[track_caller]
pub(crate) fn attend<'t, T: Float>(
    query: Var<'t, T>,
    key: Var<'t, T>,
    value: Var<'t, T>,
    options: Attention<'t, T>,
) -> Result<(Var<'t, T>, Var<'t, T>)> {
    let (queries, keys, size) = sizes(query, key, value)?;
    let scale = options.scale.unwrap_or(1.0 / (size as f64).sqrt());
    let mut scores = query.mul_scalar(scale).matmul(key.transpose(-1, -2)?)?;
    if let Some(bias) = options.bias {
        fits(&scores.shape(), &bias.shape())?;
        scores = scores.try_add(bias)?;
    }
    let weights = match options.seen(queries, keys)? {
        None => scores.softmax(-1)?,
        Some(seen) => {
            fits(&scores.shape(), seen.shape())?;
            // Not -∞, with which the row of a query that sees nothing would become 0/0.
            let weights = scores.masked_fill(&!&seen, T::from_f64(UNSEEN))?.softmax(-1)?;
            match seen.any_over(-1)?.all() {
                true => weights,
                false => weights.masked_fill(&!&seen, T::ZERO)?,
            }
        }
    };
    let weights = dropout(weights, options.dropout)?;
    Ok((weights.matmul(value)?, weights))
}

/// The numbers of queries and keys, and the size of both.
#[track_caller]
fn sizes<T: Float>(
    query: Var<'_, T>,
    key: Var<'_, T>,
    value: Var<'_, T>,
) -> Result<(usize, usize, usize)> {
    let (q, k, v) = (query.shape(), key.shape(), value.shape());
    if let ([.., queries, size], [.., keys, other], [.., values, _]) = (&q[..], &k[..], &v[..])
        && size == other
        && keys == values
    {
        return Ok((*queries, *keys, *size));
    }
    let rule = "must be […, queries, size], […, keys, size] and […, keys, width]";
    Err(Error::Shape(Fault::new("scaled_dot_product_attention", &[&q, &k, &v], rule)).into())
}

/// Rejects a mask that would make the scores grow.
#[track_caller]
fn fits(scores: &[usize], mask: &[usize]) -> Result<()> {
    const OP: &str = "scaled_dot_product_attention";
    if Shape::broadcast_or_refuse(OP, scores, mask)?.sizes() == scores {
        return Ok(());
    }
    let rule = "the mask must broadcast to the scores, […, queries, keys]";
    Err(Error::Shape(Fault::new(OP, &[scores, mask], rule)).into())
}
