//! Kind `layer`: layers by PyTorch's names and options, with given parameters and buffers, in a given mode.

use std::collections::HashMap;

use wengert::autograd::{Tape, Var};
use wengert::nn::{
    AdaptiveAvgPool, AvgPool, BatchNorm1d, BatchNorm2d, Bilinear, Celu, ConstantPad1d,
    ConstantPad2d, Conv, Elu, Embedding, Entry, Gelu, Glu, GroupNorm, Gru, GruCell, Hardshrink,
    Hardsigmoid, Hardswish, Hardtanh, InstanceNorm1d, LayerNorm, LeakyRelu, Linear, LogSigmoid,
    LogSoftmax, Lstm, LstmCell, MaxPool, Mish, Module, MultiheadAttention, PRelu, Parts,
    ReflectionPad1d, Relu, Relu6, RmsNorm, Rnn, RnnCell, Selu, Sigmoid, Silu, Softmax, Softmin,
    Softplus, Softshrink, Softsign, State, Tanh, Tanhshrink, Threshold, TransformerEncoderLayer,
    ZeroPad2d,
};
use wengert::tensor::{Border, Float, Rng, Tensor};

use super::call::{Answer, Call, IntoAnswer, Options, Refusal, Value, each};
use super::op::{self, Wrong};
use super::support::compare::{compare, widened};
use super::support::{Case, Json, Outcome, Stored};
use super::table::functional::padding_of;
use crate::table;

table! {
    fn build -> Layer<T>, made;

    Linear(in_features: usize, out_features: usize, bias: bool) =>
        Linear::new(in_features, out_features, &mut Rng::new(0)).when(!bias, Linear::without_bias),
        as "Linear::new(in_features, out_features, rng).without_bias()";
    Bilinear(in1_features: usize, in2_features: usize, out_features: usize, bias: bool) =>
        Bilinear::new(in1_features, in2_features, out_features, &mut Rng::new(0))
            .when(!bias, Bilinear::without_bias),
        as "Bilinear::new(in1_features, in2_features, out_features, rng).without_bias()";
    Embedding(num_embeddings: usize, embedding_dim: usize, padding_idx: MaybeIndex,
              norm_type: MaybeNumber, scale_grad_by_freq: MaybeBool, sparse: MaybeBool) => {
        if scale_grad_by_freq == Some(true) {
            return Err(Refusal::Missing("Embedding with scale_grad_by_freq".into()));
        }
        Embedding::new(num_embeddings, embedding_dim, &mut Rng::new(0))
            .when(padding_idx.is_some(), |e| e.padding(padding_idx.unwrap_or(0)))
    },
        as "Embedding::new(num_embeddings, embedding_dim, rng).padding(padding_idx)";

    LayerNorm(normalized_shape: Sizes, eps: f64, elementwise_affine: bool, bias: bool) =>
        LayerNorm::new(normalized_shape).eps(eps)
            .when(!elementwise_affine, LayerNorm::without_affine)
            .when(!bias, LayerNorm::without_bias);
    RMSNorm(normalized_shape: Sizes, eps: MaybeNumber, elementwise_affine: bool) =>
        RmsNorm::new(normalized_shape)
            .when(eps.is_some(), |n| n.eps(eps.unwrap_or(0.0)))
            .when(!elementwise_affine, RmsNorm::without_affine),
        as "RmsNorm::new(normalized_shape).eps(eps).without_affine()";
    GroupNorm(num_groups: usize, num_channels: usize, eps: f64, affine: bool, bias: MaybeBool) =>
        GroupNorm::new(num_groups, num_channels).eps(eps)
            .when(!affine, GroupNorm::without_affine)
            .when(bias == Some(false), GroupNorm::without_bias);
    BatchNorm1d(num_features: usize, eps: f64, momentum: MaybeNumber, affine: bool,
                track_running_stats: bool, bias: MaybeBool) =>
        BatchNorm1d::new(num_features).eps(eps).momentum(momentum.unwrap_or(0.0))
            .when(momentum.is_none(), BatchNorm1d::cumulative)
            .when(!affine, BatchNorm1d::without_affine)
            .when(bias == Some(false), BatchNorm1d::without_bias)
            .when(!track_running_stats, BatchNorm1d::without_tracking),
        as "BatchNorm1d::new(num_features).eps(eps).momentum(momentum).cumulative().without_affine().without_bias().without_tracking()";
    BatchNorm2d(num_features: usize, eps: f64, momentum: MaybeNumber, affine: bool,
                track_running_stats: bool, bias: MaybeBool) =>
        BatchNorm2d::new(num_features).eps(eps).momentum(momentum.unwrap_or(0.0))
            .when(momentum.is_none(), BatchNorm2d::cumulative)
            .when(!affine, BatchNorm2d::without_affine)
            .when(bias == Some(false), BatchNorm2d::without_bias)
            .when(!track_running_stats, BatchNorm2d::without_tracking),
        as "BatchNorm2d::new(num_features).eps(eps).momentum(momentum).cumulative().without_affine().without_bias().without_tracking()";
    InstanceNorm1d(num_features: usize, eps: f64, momentum: MaybeNumber, affine: bool,
                   track_running_stats: bool, bias: MaybeBool) =>
        InstanceNorm1d::new(num_features).eps(eps).momentum(momentum.unwrap_or(0.0))
            .when(momentum.is_none(), InstanceNorm1d::cumulative)
            .when(affine, InstanceNorm1d::affine)
            .when(affine && bias == Some(false), |mut n| { n.bias = None; n })
            .when(track_running_stats, InstanceNorm1d::tracking),
        as "InstanceNorm1d::new(num_features).eps(eps).momentum(momentum).cumulative().affine().tracking()";

    RNN(input_size: usize, hidden_size: usize, num_layers: usize, nonlinearity: Text, bias: bool,
        batch_first: bool, dropout: f64, bidirectional: bool) =>
        Rnn::new(input_size, hidden_size, &mut Rng::new(0)).layers(num_layers, &mut Rng::new(0))
            .when(bidirectional, |rnn| rnn.bidirectional(&mut Rng::new(0)))
            .when(nonlinearity == "relu", Rnn::relu)
            .when(!bias, Rnn::without_bias)
            .when(batch_first, Rnn::batch_first)
            .dropout(dropout),
        as "Rnn::new(input_size, hidden_size, rng).layers(num_layers, rng).bidirectional(rng).relu().without_bias().batch_first().dropout(dropout)";
    GRU(input_size: usize, hidden_size: usize, num_layers: usize, bias: bool, batch_first: bool,
        dropout: f64, bidirectional: bool) =>
        Gru::new(input_size, hidden_size, &mut Rng::new(0)).layers(num_layers, &mut Rng::new(0))
            .when(bidirectional, |gru| gru.bidirectional(&mut Rng::new(0)))
            .when(!bias, Gru::without_bias)
            .when(batch_first, Gru::batch_first)
            .dropout(dropout),
        as "Gru::new(input_size, hidden_size, rng).layers(num_layers, rng).bidirectional(rng).without_bias().batch_first().dropout(dropout)";
    LSTM(input_size: usize, hidden_size: usize, num_layers: usize, bias: bool, batch_first: bool,
         dropout: f64, bidirectional: bool, proj_size: usize) =>
        Lstm::new(input_size, hidden_size, &mut Rng::new(0)).layers(num_layers, &mut Rng::new(0))
            .when(bidirectional, |lstm| lstm.bidirectional(&mut Rng::new(0)))
            .when(proj_size > 0, |lstm| lstm.projection(proj_size, &mut Rng::new(0)))
            .when(!bias, Lstm::without_bias)
            .when(batch_first, Lstm::batch_first)
            .dropout(dropout),
        as "Lstm::new(input_size, hidden_size, rng).layers(num_layers, rng).bidirectional(rng).projection(proj_size, rng).without_bias().batch_first().dropout(dropout)";
    RNNCell(input_size: usize, hidden_size: usize, bias: bool, nonlinearity: Text) =>
        RnnCell::new(input_size, hidden_size, &mut Rng::new(0))
            .when(nonlinearity == "relu", RnnCell::relu)
            .when(!bias, RnnCell::without_bias),
        as "RnnCell::new(input_size, hidden_size, rng).relu().without_bias()";
    GRUCell(input_size: usize, hidden_size: usize, bias: bool) =>
        GruCell::new(input_size, hidden_size, &mut Rng::new(0)).when(!bias, GruCell::without_bias),
        as "GruCell::new(input_size, hidden_size, rng).without_bias()";
    LSTMCell(input_size: usize, hidden_size: usize, bias: bool) =>
        LstmCell::new(input_size, hidden_size, &mut Rng::new(0))
            .when(!bias, LstmCell::without_bias),
        as "LstmCell::new(input_size, hidden_size, rng).without_bias()";

    MultiheadAttention(embed_dim: usize, num_heads: usize, dropout: f64, bias: bool,
                       add_bias_kv: bool, add_zero_attn: bool, kdim: MaybeIndex, vdim: MaybeIndex,
                       batch_first: bool) => {
        let (keys, values) = (kdim.unwrap_or(embed_dim), vdim.unwrap_or(embed_dim));
        MultiheadAttention::new(embed_dim, num_heads, &mut Rng::new(0))
            .when((keys, values) != (embed_dim, embed_dim), |attention| {
                attention.key_value_widths(keys, values, &mut Rng::new(0))
            })
            .when(add_bias_kv, |attention| attention.bias_kv(&mut Rng::new(0)))
            .when(add_zero_attn, MultiheadAttention::zero_key)
            .when(!bias, MultiheadAttention::without_bias)
            .when(batch_first, MultiheadAttention::batch_first)
            .dropout(dropout)
    },
        as "MultiheadAttention::new(embed_dim, num_heads, rng).key_value_widths(kdim, vdim, rng).bias_kv(rng).zero_key().without_bias().batch_first().dropout(dropout)";
    TransformerEncoderLayer(d_model: usize, nhead: usize, dim_feedforward: usize, dropout: f64,
                            activation: Text, layer_norm_eps: f64, batch_first: bool,
                            norm_first: bool, bias: bool) =>
        TransformerEncoderLayer::new(d_model, nhead, &mut Rng::new(0))
            .feedforward(dim_feedforward, &mut Rng::new(0))
            .dropout(dropout)
            .eps(layer_norm_eps)
            .when(activation == "gelu", TransformerEncoderLayer::gelu)
            .when(batch_first, TransformerEncoderLayer::batch_first)
            .when(norm_first, TransformerEncoderLayer::norm_first)
            .when(!bias, TransformerEncoderLayer::without_bias),
        as "TransformerEncoderLayer::new(d_model, nhead, rng).feedforward(dim_feedforward, rng).dropout(dropout).gelu().eps(layer_norm_eps).batch_first().norm_first().without_bias()";
    Conv1d(in_channels: usize, out_channels: usize, kernel_size: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes,
           groups: usize, bias: bool, padding_mode: Text) =>
        Conv::<T, 1>::grouped(in_channels, out_channels, each(&kernel_size)?, groups, &mut Rng::new(0))
            .stride(each(&stride)?).padding(each::<1>(&padding)?).dilation(each(&dilation)?)
            .maybe(border(&padding_mode)?, Conv::padding_mode).when(!bias, Conv::without_bias),
        as "Conv1d::new(in_channels, out_channels, kernel_size, rng).stride(stride).padding(padding).dilation(dilation).without_bias()`, `Conv1d::grouped(in_channels, out_channels, kernel_size, groups, rng).padding_mode(Border::Reflect)";
    Conv1d(in_channels: usize, out_channels: usize, kernel_size: Sizes, stride: Sizes, padding: Text, dilation: Sizes,
           groups: usize, bias: bool, padding_mode: Text) =>
        Conv::<T, 1>::grouped(in_channels, out_channels, each(&kernel_size)?, groups, &mut Rng::new(0))
            .stride(each(&stride)?).padding(padding_of::<1>(&padding)?).dilation(each(&dilation)?)
            .maybe(border(&padding_mode)?, Conv::padding_mode).when(!bias, Conv::without_bias), as "";
    Conv2d(in_channels: usize, out_channels: usize, kernel_size: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes,
           groups: usize, bias: bool, padding_mode: Text) =>
        Conv::<T, 2>::grouped(in_channels, out_channels, each(&kernel_size)?, groups, &mut Rng::new(0))
            .stride(each(&stride)?).padding(each::<2>(&padding)?).dilation(each(&dilation)?)
            .maybe(border(&padding_mode)?, Conv::padding_mode).when(!bias, Conv::without_bias),
        as "Conv2d::new(in_channels, out_channels, kernel_size, rng).stride(stride).padding(padding).dilation(dilation).without_bias()`, `Conv2d::grouped(in_channels, out_channels, kernel_size, groups, rng).padding_mode(Border::Reflect)";
    Conv2d(in_channels: usize, out_channels: usize, kernel_size: Sizes, stride: Sizes, padding: Text, dilation: Sizes,
           groups: usize, bias: bool, padding_mode: Text) =>
        Conv::<T, 2>::grouped(in_channels, out_channels, each(&kernel_size)?, groups, &mut Rng::new(0))
            .stride(each(&stride)?).padding(padding_of::<2>(&padding)?).dilation(each(&dilation)?)
            .maybe(border(&padding_mode)?, Conv::padding_mode).when(!bias, Conv::without_bias), as "";
    MaxPool1d(kernel_size: Sizes, stride: MaybeSizes, padding: Sizes, dilation: Sizes, return_indices: bool, ceil_mode: bool) => {
        let pool = MaxPool::<1>::new(each(&kernel_size)?).padding(each(&padding)?).dilation(each(&dilation)?)
            .stride(each(&stride.unwrap_or(kernel_size))?).when(ceil_mode, MaxPool::ceil);
        if return_indices { Layer::from(AtPlaces(pool)) } else { Layer::from(pool) }
    }, as "MaxPool1d::new(kernel_size).stride(stride).padding(padding).dilation(dilation).ceil()`, `MaxPool1d::new(kernel_size).forward_at(x)";
    MaxPool2d(kernel_size: Sizes, stride: MaybeSizes, padding: Sizes, dilation: Sizes, return_indices: bool, ceil_mode: bool) => {
        let pool = MaxPool::<2>::new(each(&kernel_size)?).padding(each(&padding)?).dilation(each(&dilation)?)
            .stride(each(&stride.unwrap_or(kernel_size))?).when(ceil_mode, MaxPool::ceil);
        if return_indices { Layer::from(AtPlaces(pool)) } else { Layer::from(pool) }
    }, as "MaxPool2d::new(kernel_size).stride(stride).padding(padding).dilation(dilation).ceil()`, `MaxPool2d::new(kernel_size).forward_at(x)";
    AvgPool1d(kernel_size: Sizes, stride: MaybeSizes, padding: Sizes, ceil_mode: bool, count_include_pad: bool) =>
        AvgPool::<1>::new(each(&kernel_size)?).padding(each(&padding)?).stride(each(&stride.unwrap_or(kernel_size))?)
            .when(ceil_mode, AvgPool::ceil).when(!count_include_pad, AvgPool::of_elements),
        as "AvgPool1d::new(kernel_size).stride(stride).padding(padding).ceil().of_elements()";
    AvgPool2d(kernel_size: Sizes, stride: MaybeSizes, padding: Sizes, ceil_mode: bool, count_include_pad: bool,
              divisor_override: MaybeInt) =>
        AvgPool::<2>::new(each(&kernel_size)?).padding(each(&padding)?).stride(each(&stride.unwrap_or(kernel_size))?)
            .when(ceil_mode, AvgPool::ceil).when(!count_include_pad, AvgPool::of_elements)
            .maybe(divisor_override, AvgPool::divisor),
        as "AvgPool2d::new(kernel_size).stride(stride).padding(padding).ceil().of_elements().divisor(divisor_override)";
    AdaptiveAvgPool1d(output_size: SizesOrRest) => AdaptiveAvgPool::<1>::new(each(&output_size)?),
        as "AdaptiveAvgPool1d::new(output_size)";
    AdaptiveAvgPool2d(output_size: SizesOrRest) => AdaptiveAvgPool::<2>::new(each(&output_size)?),
        as "AdaptiveAvgPool2d::new(output_size)";

    ReLU() => Relu;
    ReLU6() => Relu6;
    LeakyReLU(negative_slope: f64) => LeakyRelu::new(negative_slope);
    PReLU(num_parameters: usize, init: f64) => PRelu::new(num_parameters);
    ELU(alpha: f64) => Elu::new(alpha);
    CELU(alpha: f64) => Celu::new(alpha);
    SELU() => Selu;
    GELU(approximate: Text) => match &*approximate {
        "none" => Gelu::new(),
        "tanh" => Gelu::tanh(),
        other => return Err(Refusal::inexpressible(other)),
    },
        as "Gelu::new()`, `Gelu::tanh()";
    SiLU() => Silu;
    Mish() => Mish;
    Sigmoid() => Sigmoid;
    LogSigmoid() => LogSigmoid;
    Tanh() => Tanh;
    Tanhshrink() => Tanhshrink;
    Softplus(beta: f64, threshold: f64) => Softplus::new(beta, threshold);
    Softsign() => Softsign;
    Softshrink(lambd: f64) => Softshrink::new(lambd);
    Hardshrink(lambd: f64) => Hardshrink::new(lambd);
    Hardtanh(min_val: f64, max_val: f64) => Hardtanh::new(min_val, max_val);
    Hardsigmoid() => Hardsigmoid;
    Hardswish() => Hardswish;
    Threshold(threshold: f64, value: f64) => Threshold::new(threshold, value);
    GLU(dim: isize) => Glu::new(dim);
    Softmax(dim: isize) => Softmax::new(dim);
    Softmin(dim: isize) => Softmin::new(dim);
    LogSoftmax(dim: isize) => LogSoftmax::new(dim);

    ConstantPad1d(padding: List, value: f64) => ConstantPad1d::new(widths(&padding)?, value), as "ConstantPad1d::new([(left, right)], value)";
    ConstantPad2d(padding: List, value: f64) => ConstantPad2d::new(widths(&padding)?, value), as "ConstantPad2d::new([(left, right), (top, bottom)], value)";
    ZeroPad2d(padding: List, value: MaybeNumber) => ZeroPad2d::new(widths(&padding)?), as "ZeroPad2d::new([(left, right), (top, bottom)])";
    ReflectionPad1d(padding: List) => ReflectionPad1d::new(widths(&padding)?), as "ReflectionPad1d::new([(left, right)])";
}

/// Pairs before and after, the last axis first; one number is every width.
fn widths<const D: usize>(padding: &[isize]) -> Result<[(isize, isize); D], Refusal> {
    match padding {
        [all] => Ok([(*all, *all); D]),
        pairs if pairs.len() == 2 * D => {
            Ok(std::array::from_fn(|i| (pairs[2 * i], pairs[2 * i + 1])))
        }
        other => Err(Refusal::inexpressible(format!("{other:?} for {D} axes"))),
    }
}

/// The border of a convolution, by the name of its padding mode.
fn border(mode: &str) -> Result<Option<Border>, Refusal> {
    match mode {
        "zeros" => Ok(None),
        "reflect" => Ok(Some(Border::Reflect)),
        "replicate" => Ok(Some(Border::Replicate)),
        "circular" => Ok(Some(Border::Circular)),
        other => Err(Refusal::inexpressible(other)),
    }
}

/// A layer, by what it takes.
pub enum Layer<T: Float> {
    /// A var.
    Module(Box<dyn Module<T>>),
    /// Two vars.
    Bilinear(Bilinear<T>),
    /// Indices.
    Embedding(Embedding<T>),
    /// A var or several, and gives one or several.
    Several(Box<dyn Several<T>>),
}

/// Pooling that gives places.
pub struct AtPlaces<const D: usize>(MaxPool<D>);

impl<T: Float, const D: usize> From<AtPlaces<D>> for Layer<T> {
    fn from(layer: AtPlaces<D>) -> Self {
        Self::Several(Box::new(layer))
    }
}

impl<T: Float, const D: usize> Several<T> for AtPlaces<D> {
    fn parts(&self) -> &dyn Parts<T> {
        &self.0
    }
    fn forward<'t>(&self, x: &[Value<'t, T>], _: &[&str]) -> Result<Answer<'t, T>, Refusal> {
        match x {
            [Value::Float(x)] => self.0.forward_at(*x).into_answer(),
            _ => Err(Refusal::Mismatch),
        }
    }
}

/// A layer that takes a var or several, and gives one or several.
pub trait Several<T: Float> {
    fn parts(&self) -> &dyn Parts<T>;
    fn forward<'t>(&self, x: &[Value<'t, T>], names: &[&str]) -> Result<Answer<'t, T>, Refusal>;
}

macro_rules! several {
    ($($Layer:ident { $($args:pat => |$layer:ident| $y:expr;)* })*) => {$(
        impl<T: Float> Several<T> for $Layer<T> {
            fn parts(&self) -> &dyn Parts<T> {
                self
            }
            fn forward<'t>(
                &self,
                x: &[Value<'t, T>],
                names: &[&str],
            ) -> Result<Answer<'t, T>, Refusal> {
                use Value::Float;
                let masks = names.len() - x.iter().take_while(|x| matches!(x, Float(_))).count();
                let (x, masks) = x.split_at(names.len() - masks);
                let mask = seen(masks, &names[x.len()..])?;
                let mask = match (&mask, x) {
                    (Some(mask), [Float(x), ..]) => Some(x.tape().input(mask.clone())),
                    _ => None,
                };
                match (x, mask) {
                    $($args => { let $layer = self; $y.into_answer() })*
                    _ => Err(Refusal::Mismatch),
                }
            }
        }
        impl<T: Float> From<$Layer<T>> for Layer<T> {
            fn from(layer: $Layer<T>) -> Self {
                Self::Several(Box::new(layer))
            }
        }
    )*};
}

/// PyTorch's masks, which say what is *not* seen, as one that says what is: `[batch, heads, queries, keys]`.
fn seen<T: Float>(masks: &[Value<'_, T>], names: &[&str]) -> Result<Option<Tensor<bool>>, Refusal> {
    let mut all: Option<Tensor<bool>> = None;
    for (mask, name) in masks.iter().zip(names) {
        let Value::Bool(hidden) = mask else { return Err(Refusal::Mismatch) };
        let shape = match (hidden.shape(), name.contains("padding")) {
            (&[keys], true) => vec![1, 1, 1, keys],
            (&[batch, keys], true) => vec![batch, 1, 1, keys],
            (&[queries, keys], false) => vec![1, 1, queries, keys],
            // All heads of all sequences; the cases have one sequence.
            (&[heads, queries, keys], false) => vec![1, heads, queries, keys],
            _ => return Err(Refusal::Mismatch),
        };
        let seen = hidden.logical_not().reshape(shape)?;
        all = Some(match all {
            Some(all) => all.logical_and(&seen)?,
            None => seen,
        });
    }
    Ok(all)
}

several! {
    Rnn {
        ([Float(x)], None) => |rnn| rnn.call(*x);
        ([Float(x), Float(h)], None) => |rnn| rnn.call((*x, *h));
    }
    Gru {
        ([Float(x)], None) => |gru| gru.call(*x);
        ([Float(x), Float(h)], None) => |gru| gru.call((*x, *h));
    }
    Lstm {
        ([Float(x)], None) => |lstm| lstm.call(*x);
        ([Float(x), Float(h), Float(c)], None) => |lstm| lstm.call((*x, (*h, *c)));
    }
    RnnCell {
        ([Float(x)], None) => |rnn| rnn.call(*x);
        ([Float(x), Float(h)], None) => |rnn| rnn.call((*x, *h));
    }
    GruCell {
        ([Float(x)], None) => |gru| gru.call(*x);
        ([Float(x), Float(h)], None) => |gru| gru.call((*x, *h));
    }
    LstmCell {
        ([Float(x)], None) => |lstm| lstm.call(*x);
        ([Float(x), Float(h), Float(c)], None) => |lstm| lstm.call((*x, (*h, *c)));
    }
    MultiheadAttention {
        ([Float(q), Float(k), Float(v)], None) => |attention| attention.with_weights((*q, *k, *v));
        ([Float(q), Float(k), Float(v)], Some(mask)) => |attention| {
            attention.with_weights((*q, *k, *v, mask))
        };
    }
    TransformerEncoderLayer {
        ([Float(x)], None) => |layer| layer.call(*x);
        ([Float(x)], Some(mask)) => |layer| layer.call((*x, mask));
    }
}

/// A line's layer as one of the kinds.
fn made<T: Float>(layer: impl Into<Layer<T>>) -> Result<Layer<T>, Refusal> {
    Ok(layer.into())
}

impl<T: Float> From<Bilinear<T>> for Layer<T> {
    fn from(layer: Bilinear<T>) -> Self {
        Self::Bilinear(layer)
    }
}

impl<T: Float> From<Embedding<T>> for Layer<T> {
    fn from(layer: Embedding<T>) -> Self {
        Self::Embedding(layer)
    }
}

macro_rules! modules {
    ($($Layer:ty)*) => {$(
        impl<T: Float> From<$Layer> for Layer<T> {
            fn from(layer: $Layer) -> Self {
                Self::Module(Box::new(layer))
            }
        }
    )*};
}
modules! {
    Linear<T> LayerNorm<T> RmsNorm<T> GroupNorm<T> BatchNorm1d<T> BatchNorm2d<T> InstanceNorm1d<T> PRelu<T>
    Relu Relu6 LeakyRelu Elu Celu Selu Gelu Silu Mish Sigmoid LogSigmoid Tanh Tanhshrink Softplus Softsign Softshrink
    Hardshrink Hardtanh Hardsigmoid Hardswish Threshold Glu Softmax Softmin LogSoftmax ConstantPad1d ConstantPad2d
    ReflectionPad1d Conv<T, 1> Conv<T, 2> MaxPool<1> MaxPool<2> AvgPool<1> AvgPool<2> AdaptiveAvgPool<1> AdaptiveAvgPool<2>
}

impl<T: Float> Layer<T> {
    fn parts(&self) -> &dyn Parts<T> {
        match self {
            Self::Module(layer) => &**layer,
            Self::Bilinear(layer) => layer,
            Self::Embedding(layer) => layer,
            Self::Several(layer) => layer.parts(),
        }
    }

    fn forward<'t>(
        &self,
        tape: &'t Tape<T>,
        args: &[Value<'t, T>],
        names: &[&str],
    ) -> Result<Answer<'t, T>, Wrong> {
        match (self, args) {
            (Self::Module(layer), [Value::Float(x)]) => Ok(layer.call(*x).into_answer()?),
            (Self::Bilinear(layer), [Value::Float(a), Value::Float(b)]) => {
                Ok(layer.call((*a, *b)).into_answer()?)
            }
            (Self::Embedding(layer), [Value::Int(index)]) => {
                Ok(layer.call(tape.input(index.map(|i| i as usize))).into_answer()?)
            }
            (Self::Several(layer), args) => Ok(layer.forward(args, names)?),
            _ => Err(Wrong::Differs(format!("it does not take {} such arguments", args.len()))),
        }
    }
}

/// Runs a case in its type.
pub fn run(case: Case) -> Outcome {
    op::in_its_type(case, check::<f32>, check::<f64>)
}

/// Arguments of a call that say what is so anyway.
const SAID_ANYWAY: &[(&str, bool)] =
    &[("need_weights", true), ("average_attn_weights", true), ("is_causal", false)];

/// Options that are one of several words, and what a line of the table knows of them.
const WORDS: &[(&str, &[&str])] =
    &[("nonlinearity", &["tanh", "relu"]), ("activation", &["relu", "gelu"])];

/// Whether every other argument of the call is one that we have, and every option a word that a line of the table knows.
fn readable(case: Case) -> Result<(), Wrong> {
    let said = |key: &str, x: &Json| {
        x.is_null() || SAID_ANYWAY.iter().any(|(k, so)| *k == key && x.boolean() == Some(*so))
    };
    for (key, x) in case.json.get("forward").fields() {
        if !said(key, x) {
            return Err(Wrong::Missing(format!("{} called with {key} = {x}", case.op())));
        }
    }
    for (key, words) in WORDS {
        let x = case.attrs().get(key);
        if !x.is_null() && !x.text().is_some_and(|x| words.contains(&x)) {
            return Err(Wrong::Missing(format!("{} with {key} = {x}", case.op())));
        }
    }
    // Zeros are what it pads with.
    if case.op() == "ZeroPad2d" && !matches!(case.attrs().get("value").number(), None | Some(0.0)) {
        return Err(Wrong::Missing("ZeroPad2d with another value than 0".into()));
    }
    Ok(())
}

fn check<T: Float>(case: Case) -> Result<(), Wrong> {
    readable(case)?;
    let training = case.json.get("training").boolean();
    let training = training.ok_or("`training` is neither true nor false".to_string())?;
    let tape = if training { Tape::new() } else { Tape::new().evaluating() };
    let layer =
        build(&Call { tape: &tape, op: case.op(), args: HashMap::new(), attrs: case.attrs() })
            .map_err(|refusal| match refusal {
                Refusal::Missing(_) => Refusal::Missing(missing(case)),
                other => other,
            })?;

    let mut state = State::new();
    for (key, prefix) in [("params", "p"), ("buffers", "b")] {
        for name in case.names(key) {
            let entry = match case.stored(&format!("{prefix}.{name}"))? {
                Stored::Float(x) => Entry::Float(x.cast::<T>()),
                Stored::Int(x) => Entry::Int(x.clone()),
                Stored::Bool(_) => return Err(Wrong::Differs(format!("`{name}` is of booleans"))),
            };
            state.insert_entry(name, entry);
        }
    }
    layer.parts().load_state(&state).map_err(|e| e.to_string())?;

    let mut wanted = case.names("grads");
    wanted.extend(case.names("grads_opt"));
    let mut args = Vec::new();
    let mut leaves: HashMap<String, Var<T>> = HashMap::new();
    for name in case.names("args") {
        let value = Value::new(&tape, case.stored(name)?, wanted.contains(&name));
        if let Value::Float(x) = &value {
            leaves.insert(name.to_string(), *x);
        }
        args.push(value);
    }
    let answer = layer.forward(&tape, &args, &case.names("args"))?;
    let after = layer.parts().state();
    let mut results = answer.into_iter();
    let mut loss = tape.constant(Tensor::scalar(T::ZERO));
    for output in case.names("outputs") {
        let Some(name) = output.strip_prefix("nb.") else {
            let result = results.next().ok_or_else(|| format!("there is no `{output}`"))?;
            compare(output, &result.stored()?, case.stored(output)?, case.tolerance("y")?)?;
            if case.names("diff").contains(&output) {
                let Value::Float(y) = result else {
                    return Err(Wrong::Differs(format!("`{output}` is not of floats")));
                };
                let weight: Tensor<T> = case.floats(&format!("w.{output}"))?;
                loss = loss.try_add(y.try_mul(&weight)?.sum())?;
            }
            continue;
        };
        let got = match after.entry(name) {
            Some(Entry::Float(x)) => widened(x),
            Some(Entry::Int(x)) => Stored::Int(x.clone()),
            Some(Entry::Number(_)) | None => {
                return Err(Wrong::Differs(format!("there is no `{name}` afterwards")));
            }
        };
        compare(output, &got, case.stored(output)?, case.tolerance("y")?)?;
    }
    if results.next().is_some() {
        return Err(Wrong::Differs("the layer gives more than the case looks at".into()));
    }

    for (name, param) in layer.parts().named_parameters() {
        leaves.insert(format!("p.{name}"), tape.param(&param));
    }
    let of = |name: &&str| {
        leaves.get(*name).copied().ok_or_else(|| format!("there is no parameter `{name}`"))
    };
    let vars = wanted.iter().map(of).collect::<Result<Vec<_>, _>>()?;
    let found = loss.pull_tensors(&vars, &loss.value()?.ones_like())?;
    for (name, got) in wanted.iter().zip(found) {
        let key = format!("g.{name}");
        compare(&key, &widened(&got), case.stored(&key)?, case.tolerance("g")?)?;
    }
    op::second_order(case, &leaves, loss)
}

/// What the table has no line for: the layer, or these options of it.
fn missing(case: Case) -> String {
    if ROWS.iter().any(|row| row.op == case.op()) {
        return format!("{} with {}", case.op(), case.attrs());
    }
    case.op().to_string()
}

#[cfg(test)]
mod tests {
    use super::super::support::case::Family;
    use super::*;

    fn outcome(fields: &str, outputs: &[(&str, f64)]) -> Outcome {
        let names: Vec<&str> = outputs.iter().map(|(name, _)| *name).collect();
        let case = format!(
            r#"{{"id":"a","dtype":"f64","n":1,"inputs":["input"],"args":["input"],"outputs":{names:?},
                "params":[],"buffers":[],"tol":{{"y":[0,0],"g":[0,0],"h":[0,0]}},{fields}}}"#
        );
        let scalar =
            |(name, x): &(&str, f64)| (format!("1.{name}"), Stored::Float(Tensor::full([1], *x)));
        let mut tensors: Vec<_> = outputs.iter().map(scalar).collect();
        // At 2 with the weight 3 and v = 1: ReLU6 is straight.
        let known =
            [("input", 2.0), ("w.y", 3.0), ("g.input", 3.0), ("v.input", 1.0), ("h.input", 7.0)];
        tensors.extend(known.iter().map(scalar));
        let family = Family::of("layer", Json::read(&case).unwrap(), tensors);
        run(Case { family: &family, json: &family.cases[0] })
    }

    const RELU6: &str = r#""op":"ReLU6","attrs":{},"diff":["y"],"grads":["input"],"training":true"#;

    #[test]
    fn every_other_argument_of_the_call_is_read() {
        let of = |forward: &str| outcome(&format!("{RELU6},\"forward\":{forward}"), &[("y", 2.0)]);
        assert_eq!(of("{}"), Outcome::Passed);
        assert_eq!(of(r#"{"is_causal":false,"mask":null}"#), Outcome::Passed);
        let causal = of(r#"{"is_causal":true}"#);
        let right =
            matches!(&causal, Outcome::Unsupported(what) if what.contains("is_causal = true"));
        assert!(right, "{causal:?}");
    }

    #[test]
    fn the_second_order_and_the_mode_are_read() {
        let second = outcome(&format!("{RELU6},\"hvp\":[\"input\"]"), &[("y", 2.0)]);
        assert!(matches!(&second, Outcome::Failed(why) if why.contains("h.input")), "{second:?}");
        let mode = outcome(&RELU6.replace("true", "null"), &[("y", 2.0)]);
        assert!(matches!(&mode, Outcome::Failed(why) if why.contains("`training`")), "{mode:?}");
    }

    #[test]
    fn an_option_of_no_meaning_is_no_default() {
        let attrs =
            r#""attrs":{"input_size":1,"hidden_size":1,"bias":false,"nonlinearity":"sine"}"#;
        let outcome = outcome(&format!(r#""op":"RNNCell",{attrs},"training":true"#), &[("y", 0.0)]);
        let right = matches!(&outcome, Outcome::Unsupported(what) if what.contains("sine"));
        assert!(right, "{outcome:?}");
    }
}
