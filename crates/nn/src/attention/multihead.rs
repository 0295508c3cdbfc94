//! `MultiheadAttention`: several attentions next to each other, between products with weights.

use wengert_autograd::{Param, Result, Tape, Var};
use wengert_tensor::{Element, Error, Fault, Float, Rng, Tensor};

use crate::functional::{Attention, attend, scaled_dot_product_attention, self_attention};
use crate::parts::debug_as_described;
use crate::several::several_inputs;
use crate::{Linear, Module, Parts, Visitor, init};

/// Attention by several heads: queries, keys and values are products with weights, each head attends with its own part of
/// them, and one more product puts the heads together.
///
/// It takes x, which attends to itself; `(x, mask)`; `(query, key, value)`; or `(query, key, value, mask)`. Sequences are `[time, batch, width]` or, for
/// one sequence, `[time, width]`. A mask of `bool` says where a query sees a key, a mask of floats is added to the scores. It is
/// `[queries, keys]`, `[batch, queries, keys]` or, with the heads, `[batch, heads, queries, keys]`; an axis of size 1 is for all.
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
/// let words = tape.input(tensor![[[true, true, true]], [[true, true, false]]]);
/// let (_, weights) = attention.with_weights((x, words))?;
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
    pub fn new(width: usize, heads: usize, rng: &mut Rng) -> Self {
        let stacked = Param::new(xavier(&[3 * width, width], rng));
        let out_proj = Linear::new(width, width, rng);
        out_proj.bias.iter().for_each(|bias| bias.set(Tensor::zeros([width])));
        Self {
            weights: InProjection::Stacked(stacked),
            in_proj_bias: Some(Param::new(Tensor::zeros([3 * width]))),
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
    pub fn key_value_widths(mut self, keys: usize, values: usize, rng: &mut Rng) -> Self {
        let width = self.settings.width;
        let each = [width, keys, values].map(|from| Param::new(xavier(&[width, from], rng)));
        self.weights = InProjection::Apart(each);
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
    pub fn bias_kv(mut self, rng: &mut Rng) -> Self {
        let shape = [1, 1, self.settings.width];
        // Cannot fail: the shape has three axes.
        let mut draw = || {
            let drawn = init::xavier_normal(shape, 1.0, rng);
            Param::new(drawn.unwrap_or_else(|_| Tensor::zeros(shape)))
        };
        self.bias_kv = Some((draw(), draw()));
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
    pub fn with_weights<'t, X>(&self, x: X) -> Result<(Var<'t, T>, Var<'t, T>)>
    where
        X: crate::Input<'t, T>,
        Self: Module<T, X::Tensors, (Tensor<T>, Tensor<T>)>,
    {
        let at = std::panic::Location::caller();
        Ok(crate::module::run(self, x.packed()?, "", at)?.unpack())
    }

    /// Queries, keys and values, with the weights on the tape.
    #[track_caller]
    fn project<'t>(&self, [q, k, v]: [Var<'t, T>; 3]) -> Result<[Var<'t, T>; 3]> {
        let (tape, width) = (q.tape(), self.settings.width);
        let bias = self.in_proj_bias.as_ref().map(|bias| tape.param(bias));
        let part = |all: Var<'t, T>, i: usize| all.narrow(0, i * width, width);
        let one = |x: Var<'t, T>, weight: Var<'t, T>, i: usize| {
            x.linear(weight, bias.map(|bias| part(bias, i)).transpose()?)
        };
        match &self.weights {
            InProjection::Stacked(stacked) if q.is(k) && k.is(v) => {
                let all = q.linear(tape.param(stacked), bias)?;
                let part = |i: usize| all.narrow(-1, i * width, width);
                Ok([part(0)?, part(1)?, part(2)?])
            }
            InProjection::Stacked(stacked) => {
                let all = tape.param(stacked);
                let weight = |i| part(all, i);
                Ok([one(q, weight(0)?, 0)?, one(k, weight(1)?, 1)?, one(v, weight(2)?, 2)?])
            }
            InProjection::Apart([a, b, c]) => Ok([
                one(q, tape.param(a), 0)?,
                one(k, tape.param(b), 1)?,
                one(v, tape.param(c), 2)?,
            ]),
        }
    }

    /// The result; and the weights, if they are wanted.
    #[track_caller]
    fn attend<'t>(
        &self,
        inputs: [Var<'t, T>; 3],
        mask: Mask<'t, T>,
        weighed: bool,
    ) -> Result<(Var<'t, T>, Option<Var<'t, T>>)> {
        let Settings { width, heads, dropout, zero_key, batch_first, causal } = self.settings;
        self.check(inputs)?;
        let (tape, one) = (inputs[0].tape(), inputs[0].rank() == 2);
        if let (InProjection::Stacked(stacked), false) = (&self.weights, weighed)
            && self.bias_kv.is_none()
            && !zero_key
            && matches!(mask, Mask::None)
            && inputs[0].is(inputs[1])
            && inputs[1].is(inputs[2])
        {
            return Ok((self.of_itself(inputs[0], tape.param(stacked))?, None));
        }
        let [q, k, v] = self.project(inputs)?;
        // [batch, time, width]
        let form = |x: Var<'t, T>| match (one, batch_first) {
            (true, _) => x.unsqueeze(0),
            (false, true) => Ok(x),
            (false, false) => x.transpose(0, 1),
        };
        let (q, mut k, mut v) = (form(q)?, form(k)?, form(v)?);
        let (batch, queries) = (q.shape()[0], q.shape()[1]);
        let mut more = 0;
        let mut append = |x: Var<'t, T>, y: Var<'t, T>| -> Result<()> {
            let whole = [batch, 1, width];
            k = Var::cat(&[k, x.expand(whole)?], 1)?;
            v = Var::cat(&[v, y.expand(whole)?], 1)?;
            more += 1;
            Ok(())
        };
        if let Some((key, value)) = &self.bias_kv {
            append(tape.param(key), tape.param(value))?;
        }
        if zero_key {
            let zero = tape.constant(Tensor::zeros([1, 1, width]));
            append(zero, zero)?;
        }
        let split = |x: Var<'t, T>| {
            let time = x.shape()[1];
            x.reshape([batch, time, heads, width / heads])?.transpose(1, 2)
        };
        let options = mask.options(more, causal.then_some((queries, k.shape()[1] - more)))?;
        let options = options.dropout(dropout);
        let (q, k, v) = (split(q)?, split(k)?, split(v)?);
        let (y, weights) = match weighed {
            true => {
                let (y, weights) = attend(q, k, v, options)?;
                let mean = weights.mean_over(1)?;
                (y, Some(if one { mean.squeeze(0)? } else { mean }))
            }
            false => (scaled_dot_product_attention(q, k, v, options)?, None),
        };
        let y = y.transpose(1, 2)?.reshape([batch, queries, width])?;
        let y = match (one, batch_first) {
            (true, _) => y.squeeze(0)?,
            (false, true) => y,
            (false, false) => y.transpose(0, 1)?,
        };
        Ok((self.out_proj.forward(y)?, weights))
    }

    /// Attention of a sequence to itself without a mask: one product for queries, keys and values, and one op for all heads.
    #[track_caller]
    fn of_itself<'t>(&self, x: Var<'t, T>, weight: Var<'t, T>) -> Result<Var<'t, T>> {
        let Settings { heads, dropout, batch_first, causal, .. } = self.settings;
        let bias = self.in_proj_bias.as_ref().map(|bias| x.tape().param(bias));
        let qkv = x.linear(weight, bias)?;
        let options = Attention::new().dropout(dropout);
        let options = if causal { options.causal() } else { options };
        let y = match (x.rank(), batch_first) {
            (2, _) => self_attention(qkv.unsqueeze(0)?, heads, options)?.squeeze(0)?,
            (_, true) => self_attention(qkv, heads, options)?,
            (_, false) => self_attention(qkv.transpose(0, 1)?, heads, options)?.transpose(0, 1)?,
        };
        self.out_proj.forward(y)
    }

    /// Rejects widths and sequences that do not fit.
    #[track_caller]
    fn check(&self, inputs: [Var<'_, T>; 3]) -> Result<()> {
        const OP: &str = "MultiheadAttention";
        let Settings { width, heads, batch_first, .. } = self.settings;
        let shapes = inputs.map(|x| x.shape());
        let [q, k, v] = &shapes;
        let wrong = |rule: String| {
            let shapes: [&[usize]; 3] = [q, k, v];
            Err(Error::Shape(Fault::new(OP, &shapes, rule)).into())
        };
        if heads == 0 || !width.is_multiple_of(heads) {
            return wrong(format!("{heads} heads do not divide a width of {width}"));
        }
        let (keys, values) = match &self.weights {
            InProjection::Stacked(_) => (width, width),
            InProjection::Apart([_, k, v]) => (k.shape()[1], v.shape()[1]),
        };
        let wide = |x: &[usize], size| x.last() == Some(&size);
        if !wide(q, width) || !wide(k, keys) || !wide(v, values) {
            return wrong(format!("the widths must be {width}, {keys} and {values}"));
        }
        let batch = if batch_first { 0 } else { 1 };
        let fits = match q.len() {
            2 => k.len() == 2 && v.len() == 2 && k[0] == v[0],
            3 => k.len() == 3 && v.len() == 3 && k[..2] == v[..2] && q[batch] == k[batch],
            _ => false,
        };
        match (fits, batch_first) {
            (true, _) => Ok(()),
            (_, true) => wrong("sequences must be [batch, time, width], or [time, width]".into()),
            (_, false) => wrong("sequences must be [time, batch, width], or [time, width]".into()),
        }
    }
}

/// Xavier's uniform numbers.
fn xavier<T: Float>(shape: &[usize], rng: &mut Rng) -> Tensor<T> {
    // Cannot fail: the shape has two axes.
    init::xavier_uniform(shape, 1.0, rng).unwrap_or_else(|_| Tensor::zeros(shape))
}

/// A mask of an attention layer.
#[derive(Clone, Copy)]
pub(crate) enum Mask<'t, T: Float> {
    /// There is none.
    None,
    /// A mask: true where a query sees a key.
    Seen(Var<'t, T, Tensor<bool>>),
    /// Numbers for the scores.
    Added(Var<'t, T>),
}

impl<'t, T: Float> Mask<'t, T> {
    /// A mask of either kind.
    #[track_caller]
    pub(crate) fn of<E: Element>(mask: Var<'t, T, Tensor<E>>) -> Result<Self> {
        match (mask.of::<Tensor<bool>>(), mask.of::<Tensor<T>>()) {
            (Some(seen), _) => Ok(Self::Seen(seen)),
            (_, Some(added)) => Ok(Self::Added(added)),
            _ => {
                let rule = "a mask is of `bool`, or of the layer's own floats";
                let fault = Fault::new("MultiheadAttention", &[&mask.shape()], rule);
                Err(Error::Value(fault).into())
            }
        }
    }

    /// As options of attention over `more` keys that every query sees, and causal over these queries and keys.
    #[track_caller]
    fn options(self, more: usize, causal: Option<(usize, usize)>) -> Result<Attention<'t, T>> {
        let options = Attention::new();
        let triangle = |tape: &'t Tape<T>| match causal {
            Some((queries, keys)) if more > 0 => {
                let seen = Tensor::try_full([queries, keys], true)?.tril(0)?;
                Ok::<_, wengert_autograd::Error>(Some(tape.input(padded(&seen, more)?)))
            }
            _ => Ok(None),
        };
        let options = if causal.is_some() && more == 0 { options.causal() } else { options };
        Ok(match self {
            Self::None => options,
            Self::Seen(seen) => {
                let mask = with_heads(seen.value()?)?;
                let mask = padded(&mask, more)?;
                let mask = match triangle(seen.tape())? {
                    Some(triangle) => mask.logical_and(&triangle.value()?)?,
                    None => mask,
                };
                return Ok(options.mask(seen.tape().input(mask)));
            }
            Self::Added(added) => {
                let rank = added.rank();
                let mut bias = if rank == 3 { added.unsqueeze(1)? } else { added };
                if more > 0 {
                    let mut widths = vec![(0, 0); bias.rank()];
                    if let Some(last) = widths.last_mut() {
                        *last = (0, more as isize);
                    }
                    bias = bias.pad(widths, T::ZERO)?;
                }
                let options = options.bias(bias);
                match triangle(added.tape())? {
                    Some(triangle) => options.mask(triangle),
                    None => options,
                }
            }
        })
    }
}

/// `[batch, queries, keys]` with an axis for the heads.
#[track_caller]
fn with_heads(mask: Tensor<bool>) -> Result<Tensor<bool>> {
    Ok(if mask.rank() == 3 { mask.unsqueeze(1)? } else { mask })
}

/// A mask with so many keys more, which every query sees.
#[track_caller]
fn padded(mask: &Tensor<bool>, more: usize) -> Result<Tensor<bool>> {
    if more == 0 {
        return Ok(mask.clone());
    }
    let mut widths = vec![(0, 0); mask.rank()];
    if let Some(last) = widths.last_mut() {
        *last = (0, more as isize);
    }
    Ok(mask.pad(widths, true)?)
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
        Some(format!("MultiheadAttention({width}, {heads} heads)"))
    }
}

several_inputs!(MultiheadAttention<T> -> Tensor<T>);

/// The tensors of a query, a key and a value.
type Qkv<T> = (Tensor<T>, Tensor<T>, Tensor<T>);
/// The same with a mask.
type Masked<T, E> = (Tensor<T>, Tensor<T>, Tensor<T>, Tensor<E>);
/// A result and weights.
type Weighed<T> = (Tensor<T>, Tensor<T>);

/// One kind of input, with and without weights in the result.
macro_rules! takes {
    ($([$($E:ident)?] $In:ty => |$x:ident| $inputs:expr, $mask:expr;)*) => {$(
        impl<T: Float $(, $E: Element)?> Module<T, $In> for MultiheadAttention<T> {
            #[track_caller]
            fn forward<'t>(&self, $x: Var<'t, T, $In>) -> Result<Var<'t, T>> {
                Ok(self.attend($inputs, $mask, false)?.0)
            }
        }
        impl<T: Float $(, $E: Element)?> Module<T, $In, Weighed<T>> for MultiheadAttention<T> {
            #[track_caller]
            fn forward<'t>(&self, $x: Var<'t, T, $In>) -> Result<Var<'t, T, Weighed<T>>> {
                match self.attend($inputs, $mask, true)? {
                    (y, Some(weights)) => Var::pack((y, weights)),
                    (_, None) => unreachable!("weights were asked for"),
                }
            }
        }
    )*};
}
takes! {
    [] Tensor<T> => |x| [x, x, x], Mask::None;
    [E] (Tensor<T>, Tensor<E>) => |x| [x.unpack().0; 3], Mask::of(x.unpack().1)?;
    [] Qkv<T> => |x| <[Var<'t, T>; 3]>::from(x.unpack()), Mask::None;
    [E] Masked<T, E> => |x| { let (q, k, v, _) = x.unpack(); [q, k, v] }, Mask::of(x.unpack().3)?;
}
