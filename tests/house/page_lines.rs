//! Every line of docs/pytorch.md, compiled and never run. Made by `WENGERT_GOLDEN_BLESS=1 cargo test --test golden page`.

#![allow(dead_code, unused_variables, clippy::all, clippy::pedantic)]
#![allow(non_snake_case)]

use wengert::prelude64::*;
use wengert::tensor::Border;

type V = Var<'static>;
type M<T> = wengert::tensor::Tensor<T>;

/// A value of the type that is asked for.
fn any<T>() -> T {
    unreachable!("the lines are compiled, and not run")
}

fn over(_dim: impl Sized, _keepdim: bool) -> Axes {
    any()
}

#[rustfmt::skip]
fn lines() -> Result<(), Box<dyn std::error::Error>> {
    { let x: V = any(); let _ = x.exp(); }
    { let x: V = any(); let _ = x.ln(); }
    { let x: V = any(); let _ = x.log1p(); }
    { let x: V = any(); let _ = x.log2(); }
    { let x: V = any(); let _ = x.log10(); }
    { let x: V = any(); let _ = x.expm1(); }
    { let x: V = any(); let _ = x.exp2(); }
    { let x: V = any(); let _ = x.sqrt(); }
    { let x: V = any(); let _ = x.rsqrt(); }
    { let x: V = any(); let _ = x.recip(); }
    { let x: V = any(); let _ = x.square(); }
    { let x: V = any(); let _ = x.sin(); }
    { let x: V = any(); let _ = x.cos(); }
    { let x: V = any(); let _ = x.tan(); }
    { let x: V = any(); let _ = x.asin(); }
    { let x: V = any(); let _ = x.acos(); }
    { let x: V = any(); let _ = x.atan(); }
    { let x: V = any(); let _ = x.sinh(); }
    { let x: V = any(); let _ = x.cosh(); }
    { let x: V = any(); let _ = x.tanh(); }
    { let x: V = any(); let _ = x.erf(); }
    { let x: V = any(); let _ = x.abs(); }
    { let x: V = any(); let _ = x.sign(); }
    { let x: V = any(); let _ = -x; }
    { let x: V = any(); let _ = x.ceil(); }
    { let x: V = any(); let _ = x.floor(); }
    { let x: V = any(); let _ = x.round(); }
    { let x: V = any(); let _ = x.trunc(); }
    { let x: V = any(); let _ = x.sigmoid(); }
    { let x: V = any(); let _ = x.value()?.is_nan(); }
    { let x: V = any(); let _ = x.value()?.is_infinite(); }
    { let x: V = any(); let _ = x.value()?.is_finite(); }
    { let x: V = any(); let _ = x.detach(); }
    { let x: V = any(); let _ = x.relu(); }
    { let x: V = any(); let _ = x.relu6(); }
    { let x: V = any(); let negative_slope: f64 = any(); let _ = x.leaky_relu(negative_slope); }
    { let x: V = any(); let weight: V = any(); let _ = functional::prelu(x, weight); }
    { let x: V = any(); let alpha: f64 = any(); let _ = x.elu(alpha); }
    { let x: V = any(); let alpha: f64 = any(); let _ = x.celu(alpha); }
    { let x: V = any(); let _ = x.selu(); }
    { let x: V = any(); let _ = x.gelu(); }
    { let x: V = any(); let _ = x.gelu_tanh(); }
    { let x: V = any(); let _ = x.silu(); }
    { let x: V = any(); let _ = x.mish(); }
    { let x: V = any(); let beta: f64 = any(); let threshold: f64 = any(); let _ = x.softplus(beta, threshold); }
    { let x: V = any(); let _ = x.softsign(); }
    { let x: V = any(); let _ = x.log_sigmoid(); }
    { let x: V = any(); let min_val: f64 = any(); let max_val: f64 = any(); let _ = x.hardtanh(min_val, max_val); }
    { let x: V = any(); let _ = x.hardsigmoid(); }
    { let x: V = any(); let _ = x.hardswish(); }
    { let x: V = any(); let lambd: f64 = any(); let _ = x.softshrink(lambd); }
    { let x: V = any(); let lambd: f64 = any(); let _ = x.hardshrink(lambd); }
    { let x: V = any(); let _ = x.tanhshrink(); }
    { let x: V = any(); let threshold: f64 = any(); let value: f64 = any(); let _ = x.threshold(threshold, value); }
    { let x: V = any(); let dim: isize = any(); let _ = functional::glu(x, dim); }
    { let x: V = any(); let other: f64 = any(); let alpha: f64 = any(); let _ = x.add_scalar(alpha * other); }
    { let x: V = any(); let other: V = any(); let alpha: f64 = any(); let _ = x + other * alpha; }
    { let x: V = any(); let other: f64 = any(); let alpha: f64 = any(); let _ = x.add_scalar(-alpha * other); }
    { let x: V = any(); let other: V = any(); let alpha: f64 = any(); let _ = x - other * alpha; }
    { let x: V = any(); let other: f64 = any(); let _ = x.rsub_scalar(other); }
    { let x: V = any(); let other: f64 = any(); let alpha: f64 = any(); let _ = (x * alpha).rsub_scalar(other); }
    { let x: V = any(); let other: V = any(); let _ = other.try_sub(x); }
    { let x: V = any(); let other: V = any(); let alpha: f64 = any(); let _ = other - x * alpha; }
    { let x: V = any(); let other: f64 = any(); let _ = x.mul_scalar(other); }
    { let x: V = any(); let other: V = any(); let _ = x.try_mul(other); }
    { let x: V = any(); let other: f64 = any(); let _ = x.div_scalar(other); }
    { let x: V = any(); let other: V = any(); let _ = x.try_div(other); }
    { let x: V = any(); let other: f64 = any(); let _ = x.rdiv_scalar(other); }
    { let x: V = any(); let other: V = any(); let _ = other.try_div(x); }
    { let x: V = any(); let other: V = any(); let _ = x.div_trunc(other); }
    { let x: V = any(); let other: V = any(); let _ = x.div_floor(other); }
    { let x: V = any(); let other: V = any(); let _ = x.fmod(other); }
    { let x: V = any(); let other: V = any(); let _ = x.remainder(other); }
    { let x: V = any(); let exponent: f64 = any(); let _ = x.powf(exponent); }
    { let x: f64 = any(); let exponent: V = any(); let _ = exponent.rpow_scalar(x); }
    { let x: V = any(); let exponent: V = any(); let _ = x.pow(exponent); }
    { let x: V = any(); let other: V = any(); let _ = x.maximum(other); }
    { let x: V = any(); let other: V = any(); let _ = x.minimum(other); }
    { let x: V = any(); let min: f64 = any(); let max: f64 = any(); let _ = x.clamp(min, max); }
    { let x: V = any(); let min: V = any(); let max: V = any(); let _ = x.clamp_min(min)?.clamp_max(max); }
    { let x: V = any(); let other: V = any(); let _ = x.atan2(other); }
    { let x: V = any(); let other: V = any(); let _ = x.hypot(other); }
    { let x: V = any(); let other: V = any(); let _ = x.logaddexp(other); }
    { let x: V = any(); let other: V = any(); let _ = x.xlogy(other); }
    { let x: V = any(); let end: V = any(); let weight: V = any(); let _ = x.lerp(end, weight); }
    { let cond: M<bool> = any(); let x: V = any(); let other: V = any(); let _ = x.where_(&cond, other); }
    { let x: V = any(); let mask: M<bool> = any(); let value: f64 = any(); let _ = x.masked_fill(&mask, value); }
    { let x: V = any(); let mask: M<bool> = any(); let value: V = any(); let _ = value.where_(&mask, x); }
    { let x: V = any(); let other: V = any(); let _ = x.value()?.equal(&other.value()?); }
    { let x: V = any(); let other: V = any(); let _ = x.value()?.not_equal(&other.value()?); }
    { let x: V = any(); let other: V = any(); let _ = x.value()?.less(&other.value()?); }
    { let x: V = any(); let other: V = any(); let _ = x.value()?.less_equal(&other.value()?); }
    { let x: V = any(); let other: V = any(); let _ = x.value()?.greater(&other.value()?); }
    { let x: V = any(); let other: V = any(); let _ = x.value()?.greater_equal(&other.value()?); }
    { let x: V = any(); let other: V = any(); let _ = x.matmul(other); }
    { let x: V = any(); let other: V = any(); let _ = x.mm(other); }
    { let x: V = any(); let vec: V = any(); let _ = x.mv(vec); }
    { let x: V = any(); let other: V = any(); let _ = x.bmm(other); }
    { let x: V = any(); let other: V = any(); let _ = x.dot(other); }
    { let x: V = any(); let other: V = any(); let _ = x.outer(other); }
    { let x: V = any(); let mat1: V = any(); let mat2: V = any(); let beta: f64 = any(); let alpha: f64 = any(); let _ = x.addmm(mat1, mat2, beta, alpha); }
    { let x: V = any(); let weight: V = any(); let bias: Option<V> = any(); let _ = x.linear(weight, bias); }
    { let x: V = any(); let x2: V = any(); let weight: V = any(); let bias: Option<V> = any(); let _ = functional::bilinear(x, x2, weight, bias); }
    { let xs: Vec<V> = any(); let equation: String = any(); let _ = einsum(&equation, &xs); }
    { let x: V = any(); let dim: Vec<isize> = any(); let keepdim: bool = any(); let _ = x.sum_over(over(dim, keepdim)); }
    { let x: V = any(); let dim: Vec<isize> = any(); let keepdim: bool = any(); let _ = x.mean_over(over(dim, keepdim)); }
    { let x: V = any(); let dim: isize = any(); let keepdim: bool = any(); let _ = x.prod_over(over(dim, keepdim)); }
    { let x: V = any(); let dim: Vec<isize> = any(); let keepdim: bool = any(); let _ = x.max_over(over(dim, keepdim)); }
    { let x: V = any(); let dim: Vec<isize> = any(); let keepdim: bool = any(); let _ = x.min_over(over(dim, keepdim)); }
    { let x: V = any(); let dim: isize = any(); let _ = x.max_at(dim); }
    { let x: V = any(); let _ = x.max(); }
    { let x: V = any(); let dim: isize = any(); let _ = x.min_at(dim); }
    { let x: V = any(); let _ = x.min(); }
    { let x: V = any(); let dim: isize = any(); let _ = x.median_at(dim); }
    { let x: V = any(); let _ = x.median_at(..); }
    { let x: V = any(); let dim: Vec<isize> = any(); let correction: f64 = any(); let keepdim: bool = any(); let _ = x.var_over(over(dim, keepdim), correction); }
    { let x: V = any(); let dim: Vec<isize> = any(); let correction: f64 = any(); let keepdim: bool = any(); let _ = x.std_over(over(dim, keepdim), correction); }
    { let x: V = any(); let p: f64 = any(); let dim: Vec<isize> = any(); let keepdim: bool = any(); let _ = x.norm_over(over(dim, keepdim), p); }
    { let x: V = any(); let dim: Vec<isize> = any(); let keepdim: bool = any(); let _ = x.logsumexp_over(over(dim, keepdim)); }
    { let x: V = any(); let dim: Vec<isize> = any(); let _ = x.value()?.count_nonzero_over(over(dim, false)); }
    { let x: V = any(); let dim: isize = any(); let keepdim: bool = any(); let _ = x.value()?.argmax_over(over(dim, keepdim)); }
    { let x: V = any(); let dim: isize = any(); let keepdim: bool = any(); let _ = x.value()?.argmin_over(over(dim, keepdim)); }
    { let x: V = any(); let dim: isize = any(); let _ = x.softmax(dim); }
    { let x: V = any(); let dim: isize = any(); let _ = x.log_softmax(dim); }
    { let x: V = any(); let dim: isize = any(); let _ = (-x).softmax(dim); }
    { let x: V = any(); let dim: isize = any(); let _ = x.cumsum(dim); }
    { let x: V = any(); let dim: isize = any(); let _ = x.cumprod(dim); }
    { let x: V = any(); let dim: isize = any(); let _ = x.logcumsumexp(dim); }
    { let x: V = any(); let dim: isize = any(); let _ = x.sort(dim, Order::Descending); }
    { let x: V = any(); let k: usize = any(); let dim: isize = any(); let _ = x.topk(k, dim, Order::Descending); }
    { let x: V = any(); let p: f64 = any(); let dim: isize = any(); let eps: f64 = any(); let _ = x.unit_norm(dim, p, eps); }
    { let x: V = any(); let x2: V = any(); let dim: isize = any(); let eps: f64 = any(); let _ = x.cosine_similarity(x2, dim, eps); }
    { let x: V = any(); let x2: V = any(); let p: f64 = any(); let eps: f64 = any(); let keepdim: bool = any(); let _ = x.pairwise_distance(x2, p, eps, keepdim); }
    { let x: V = any(); let shape: Vec<usize> = any(); let _ = x.reshape(shape); }
    { let x: V = any(); let start_dim: isize = any(); let end_dim: isize = any(); let _ = x.flatten_axes(start_dim, end_dim); }
    { let x: V = any(); let dims: Vec<isize> = any(); let _ = x.permute(dims); }
    { let x: V = any(); let dim0: isize = any(); let dim1: isize = any(); let _ = x.transpose(dim0, dim1); }
    { let x: V = any(); let _ = x.t(); }
    { let x: V = any(); let source: Vec<isize> = any(); let destination: Vec<isize> = any(); let _ = x.move_axes(source, destination); }
    { let x: V = any(); let dim: Vec<isize> = any(); let _ = x.squeeze(dim); }
    { let x: V = any(); let dim: isize = any(); let _ = x.unsqueeze(dim); }
    { let x: V = any(); let size: Vec<usize> = any(); let _ = x.expand(size); }
    { let x: V = any(); let size: Vec<usize> = any(); let _ = x.broadcast_to(size); }
    { let xs: Vec<V> = any(); let dim: isize = any(); let _ = Var::cat(&xs, dim); }
    { let xs: Vec<V> = any(); let dim: isize = any(); let _ = Var::stack(&xs, dim); }
    { let x: V = any(); let size: usize = any(); let dim: isize = any(); let _ = x.split(dim, size); }
    { let x: V = any(); let size: Vec<usize> = any(); let dim: isize = any(); let _ = x.split_sizes(dim, &size); }
    { let x: V = any(); let chunks: usize = any(); let dim: isize = any(); let _ = x.chunk(dim, chunks); }
    { let x: V = any(); let dim: isize = any(); let _ = x.unbind(dim); }
    { let x: V = any(); let dim: isize = any(); let start: usize = any(); let length: usize = any(); let _ = x.narrow(dim, start, length); }
    { let x: V = any(); let dim: isize = any(); let index: usize = any(); let _ = x.select(dim, index); }
    { let x: V = any(); let _ = x.slice(s![.., -1]); }
    { let x: V = any(); let start: isize = any(); let end: isize = any(); let step: isize = any(); let _ = x.slice(s![.., start..end; step]); }
    { let x: V = any(); let dims: Vec<isize> = any(); let _ = x.flip(dims); }
    { let dim: isize = any(); let shift: isize = any(); let x: V = any(); let _ = x.roll(shift, dim); }
    { let x: V = any(); let repeats: Vec<usize> = any(); let _ = x.repeat(repeats); }
    { let x: V = any(); let diagonal: isize = any(); let _ = x.tril(diagonal); }
    { let x: V = any(); let diagonal: isize = any(); let _ = x.triu(diagonal); }
    { let x: V = any(); let diagonal: isize = any(); let _ = x.diag(diagonal); }
    { let x: V = any(); let offset: isize = any(); let dim1: isize = any(); let dim2: isize = any(); let _ = x.diagonal(offset, dim1, dim2); }
    { let before: isize = any(); let after: isize = any(); let x: V = any(); let pad: Vec<isize> = any(); let value: f64 = any(); let _ = x.pad([(0, 0), (before, after)], value); }
    { let widths: Vec<(isize, isize)> = any(); let x: V = any(); let _ = x.pad_with(widths, Border::Reflect); }
    { let x: V = any(); let dim: isize = any(); let index: M<usize> = any(); let _ = x.gather(dim, &index); }
    { let x: V = any(); let dim: isize = any(); let index: M<usize> = any(); let _ = x.index_select(dim, &index); }
    { let x: V = any(); let dim: isize = any(); let index: M<usize> = any(); let src: V = any(); let _ = x.scatter_add(dim, &index, src); }
    { let x: V = any(); let dim: isize = any(); let index: M<usize> = any(); let source: V = any(); let alpha: f64 = any(); let _ = x.index_add(dim, &index, source.mul_scalar(alpha)); }
    { let x: V = any(); let dim: isize = any(); let index: M<usize> = any(); let source: V = any(); let _ = x.index_add(dim, &index, source); }
    { let x: V = any(); let mask: M<bool> = any(); let _ = x.masked_select(&mask); }
    { let x: M<usize> = any(); let num_classes: usize = any(); let _ = x.one_hot::<f64>(num_classes); }
    { let x: V = any(); let target: V = any(); let reduction: Reduction = any(); let _ = MseLoss::new().reduction(reduction).forward(x, target); }
    { let x: V = any(); let target: V = any(); let reduction: Reduction = any(); let _ = MaeLoss::new().reduction(reduction).forward(x, target); }
    { let x: V = any(); let target: V = any(); let reduction: Reduction = any(); let delta: f64 = any(); let _ = HuberLoss::new().delta(delta).reduction(reduction).forward(x, target); }
    { let x: V = any(); let target: V = any(); let reduction: Reduction = any(); let beta: f64 = any(); let _ = SmoothL1Loss::new().beta(beta).reduction(reduction).forward(x, target); }
    { let x: V = any(); let target: V = any(); let weight: M<f64> = any(); let reduction: Reduction = any(); let _ = BceLoss::new().unchecked().weight(weight).reduction(reduction).forward(x, target); }
    { let x: V = any(); let target: V = any(); let weight: M<f64> = any(); let pos_weight: M<f64> = any(); let reduction: Reduction = any(); let _ = BceWithLogitsLoss::new().unchecked().weight(weight).pos_weight(pos_weight).reduction(reduction).forward(x, target); }
    { let x: V = any(); let target: M<usize> = any(); let weight: M<f64> = any(); let ignore_index: usize = any(); let label_smoothing: f64 = any(); let reduction: Reduction = any(); let _ = CrossEntropyLoss::new().unchecked().weight(weight).label_smoothing(label_smoothing).ignore_index(ignore_index).reduction(reduction).forward(x, &target); }
    { let x: V = any(); let target: V = any(); let weight: M<f64> = any(); let label_smoothing: f64 = any(); let reduction: Reduction = any(); let _ = CrossEntropyLoss::new().unchecked().weight(weight).label_smoothing(label_smoothing).reduction(reduction).forward(x, target); }
    { let x: V = any(); let target: M<usize> = any(); let weight: M<f64> = any(); let ignore_index: usize = any(); let reduction: Reduction = any(); let _ = NllLoss::new().unchecked().weight(weight).ignore_index(ignore_index).reduction(reduction).forward(x, &target); }
    { let x: V = any(); let target: V = any(); let reduction: KlReduction = any(); let log_target: bool = any(); let _ = KlDivLoss::new().unchecked().log_target().reduction(reduction).forward(x, target); }
    { let x: V = any(); let target: V = any(); let full: bool = any(); let eps: f64 = any(); let reduction: Reduction = any(); let _ = PoissonNllLoss::new().unchecked().of_rates().full().epsilon(eps).reduction(reduction).forward(x, target); }
    { let x: V = any(); let target: V = any(); let var: V = any(); let full: bool = any(); let eps: f64 = any(); let reduction: Reduction = any(); let _ = GaussianNllLoss::new().full().epsilon(eps).reduction(reduction).forward(x, (target, var)); }
    { let x: V = any(); let target: V = any(); let margin: f64 = any(); let reduction: Reduction = any(); let _ = HingeEmbeddingLoss::new().margin(margin).reduction(reduction).forward(x, target); }
    { let x: V = any(); let target: V = any(); let reduction: Reduction = any(); let _ = SoftMarginLoss::new().unchecked().reduction(reduction).forward(x, target); }
    { let x: V = any(); let x2: V = any(); let target: V = any(); let margin: f64 = any(); let reduction: Reduction = any(); let _ = MarginRankingLoss::new().unchecked().margin(margin).reduction(reduction).forward(x, (x2, target)); }
    { let x: V = any(); let x2: V = any(); let target: V = any(); let margin: f64 = any(); let reduction: Reduction = any(); let _ = CosineEmbeddingLoss::new().margin(margin).reduction(reduction).forward(x, (x2, target)); }
    { let anchor: V = any(); let positive: V = any(); let negative: V = any(); let margin: f64 = any(); let p: f64 = any(); let eps: f64 = any(); let swap: bool = any(); let reduction: Reduction = any(); let _ = TripletMarginLoss::new().margin(margin).p(p).epsilon(eps).swap().reduction(reduction).forward(anchor, (positive, negative)); }
    { let x: V = any(); let target: M<usize> = any(); let p: usize = any(); let margin: f64 = any(); let weight: M<f64> = any(); let reduction: Reduction = any(); let _ = MultiMarginLoss::new().unchecked().p(p as u32).margin(margin).weight(weight).reduction(reduction).forward(x, &target); }
    { let x: V = any(); let target: M<i64> = any(); let reduction: Reduction = any(); let _ = MultilabelMarginLoss::new().reduction(reduction).forward(x, &target); }
    { let x: V = any(); let target: V = any(); let weight: M<f64> = any(); let reduction: Reduction = any(); let _ = MultilabelSoftMarginLoss::new().unchecked().weight(weight).reduction(reduction).forward(x, target); }
    { let x: V = any(); let normalized_shape: Vec<usize> = any(); let weight: Option<V> = any(); let bias: Option<V> = any(); let eps: f64 = any(); let _ = functional::layer_norm(x, &normalized_shape, weight, bias, eps); }
    { let x: V = any(); let normalized_shape: Vec<usize> = any(); let weight: Option<V> = any(); let eps: Option<f64> = any(); let _ = functional::rms_norm(x, &normalized_shape, weight, eps); }
    { let x: V = any(); let num_groups: usize = any(); let weight: Option<V> = any(); let bias: Option<V> = any(); let eps: f64 = any(); let _ = functional::group_norm(x, num_groups, weight, bias, eps); }
    { let running: Option<&functional::RunningStats<f64>> = any(); let x: V = any(); let weight: Option<V> = any(); let bias: Option<V> = any(); let training: bool = any(); let momentum: f64 = any(); let eps: f64 = any(); let _ = functional::batch_norm(x, running, weight, bias, training, momentum, eps); }
    { let running: Option<&functional::RunningStats<f64>> = any(); let x: V = any(); let weight: Option<V> = any(); let bias: Option<V> = any(); let use_input_stats: bool = any(); let momentum: f64 = any(); let eps: f64 = any(); let _ = functional::instance_norm(x, running, weight, bias, use_input_stats, momentum, eps); }
    { let idx: M<usize> = any(); let weight: V = any(); let padding_idx: Option<usize> = any(); let _ = functional::embedding(&idx, weight, padding_idx); }
    { let x: V = any(); let weight: V = any(); let bias: Option<V> = any(); let stride: usize = any(); let padding: usize = any(); let dilation: usize = any(); let groups: usize = any(); let _ = functional::conv(x, weight, bias, functional::Convolution::<1>::new().stride(stride).padding(padding).dilation(dilation).groups(groups)); }
    { let x: V = any(); let weight: V = any(); let bias: Option<V> = any(); let stride: usize = any(); let padding: usize = any(); let dilation: usize = any(); let groups: usize = any(); let _ = functional::conv(x, weight, bias, functional::Convolution::<2>::new().stride(stride).padding(padding).dilation(dilation).groups(groups)); }
    { let x: V = any(); let kernel_size: usize = any(); let stride: usize = any(); let padding: usize = any(); let dilation: usize = any(); let _ = functional::max_pool(x, functional::Pool::<2>::new(kernel_size).stride(stride).padding(padding).dilation(dilation).ceil()); }
    { let x: V = any(); let kernel_size: usize = any(); let stride: usize = any(); let padding: usize = any(); let _ = functional::avg_pool(x, functional::Pool::<2>::new(kernel_size).stride(stride).padding(padding).ceil()); }
    { let x: V = any(); let kernel_size: usize = any(); let _ = functional::avg_pool_of_elements(x, functional::Pool::<2>::new(kernel_size)); }
    { let x: V = any(); let kernel_size: usize = any(); let divisor_override: isize = any(); let _ = functional::avg_pool_by(x, functional::Pool::<2>::new(kernel_size), divisor_override); }
    { let x: M<f64> = any(); let _ = x.unique(); }
    { let x: M<usize> = any(); let minlength: usize = any(); let _ = x.bincount(minlength); }
    { let x: M<f64> = any(); let q: f64 = any(); let dim: isize = any(); let keepdim: bool = any(); let _ = x.quantile_over(over(dim, keepdim), q); }
    { let x: M<f64> = any(); let nan: f64 = any(); let _ = x.nan_to_num(nan); }
    { let x: M<f64> = any(); let repeats: usize = any(); let dim: isize = any(); let _ = x.repeat_interleave(repeats, dim); }
    { let x: M<f64> = any(); let other: M<f64> = any(); let _ = Tensor::meshgrid([&x, &other]); }
    { let rng: &mut Rng = any(); let in_features: usize = any(); let out_features: usize = any(); let _ = Linear::new(in_features, out_features, rng).without_bias(); }
    { let rng: &mut Rng = any(); let in1_features: usize = any(); let in2_features: usize = any(); let out_features: usize = any(); let _ = Bilinear::new(in1_features, in2_features, out_features, rng).without_bias(); }
    { let rng: &mut Rng = any(); let num_embeddings: usize = any(); let embedding_dim: usize = any(); let padding_idx: usize = any(); let _ = Embedding::new(num_embeddings, embedding_dim, rng).padding(padding_idx); }
    { let normalized_shape: Vec<usize> = any(); let eps: f64 = any(); let _ = LayerNorm::new(normalized_shape).eps(eps).without_affine().without_bias(); }
    { let normalized_shape: Vec<usize> = any(); let eps: f64 = any(); let _ = RmsNorm::new(normalized_shape).eps(eps).without_affine(); }
    { let num_groups: usize = any(); let num_channels: usize = any(); let eps: f64 = any(); let _ = GroupNorm::new(num_groups, num_channels).eps(eps).without_affine().without_bias(); }
    { let num_features: usize = any(); let eps: f64 = any(); let momentum: f64 = any(); let _ = BatchNorm1d::new(num_features).eps(eps).momentum(momentum).cumulative().without_affine().without_bias().without_tracking(); }
    { let num_features: usize = any(); let eps: f64 = any(); let momentum: f64 = any(); let _ = BatchNorm2d::new(num_features).eps(eps).momentum(momentum).cumulative().without_affine().without_bias().without_tracking(); }
    { let num_features: usize = any(); let eps: f64 = any(); let momentum: f64 = any(); let affine: bool = any(); let _ = InstanceNorm1d::new(num_features).eps(eps).momentum(momentum).cumulative().affine().tracking(); }
    { let rng: &mut Rng = any(); let input_size: usize = any(); let hidden_size: usize = any(); let num_layers: usize = any(); let batch_first: bool = any(); let dropout: f64 = any(); let bidirectional: bool = any(); let _ = Rnn::new(input_size, hidden_size, rng).layers(num_layers, rng).bidirectional(rng).relu().without_bias().batch_first().dropout(dropout); }
    { let rng: &mut Rng = any(); let input_size: usize = any(); let hidden_size: usize = any(); let num_layers: usize = any(); let batch_first: bool = any(); let dropout: f64 = any(); let bidirectional: bool = any(); let _ = Gru::new(input_size, hidden_size, rng).layers(num_layers, rng).bidirectional(rng).without_bias().batch_first().dropout(dropout); }
    { let rng: &mut Rng = any(); let input_size: usize = any(); let hidden_size: usize = any(); let num_layers: usize = any(); let batch_first: bool = any(); let dropout: f64 = any(); let bidirectional: bool = any(); let proj_size: usize = any(); let _ = Lstm::new(input_size, hidden_size, rng).layers(num_layers, rng).bidirectional(rng).projection(proj_size, rng).without_bias().batch_first().dropout(dropout); }
    { let rng: &mut Rng = any(); let input_size: usize = any(); let hidden_size: usize = any(); let _ = RnnCell::new(input_size, hidden_size, rng).relu().without_bias(); }
    { let rng: &mut Rng = any(); let input_size: usize = any(); let hidden_size: usize = any(); let _ = GruCell::new(input_size, hidden_size, rng).without_bias(); }
    { let rng: &mut Rng = any(); let input_size: usize = any(); let hidden_size: usize = any(); let _ = LstmCell::new(input_size, hidden_size, rng).without_bias(); }
    { let rng: &mut Rng = any(); let embed_dim: usize = any(); let num_heads: usize = any(); let dropout: f64 = any(); let kdim: usize = any(); let vdim: usize = any(); let batch_first: bool = any(); let _ = MultiheadAttention::new(embed_dim, num_heads, rng).key_value_widths(kdim, vdim, rng).bias_kv(rng).zero_key().without_bias().batch_first().dropout(dropout); }
    { let rng: &mut Rng = any(); let d_model: usize = any(); let nhead: usize = any(); let dim_feedforward: usize = any(); let dropout: f64 = any(); let layer_norm_eps: f64 = any(); let batch_first: bool = any(); let norm_first: bool = any(); let _ = TransformerEncoderLayer::new(d_model, nhead, rng).feedforward(dim_feedforward, rng).dropout(dropout).gelu().eps(layer_norm_eps).batch_first().norm_first().without_bias(); }
    { let rng: &mut Rng = any(); let in_channels: usize = any(); let out_channels: usize = any(); let kernel_size: usize = any(); let stride: usize = any(); let padding: usize = any(); let dilation: usize = any(); let _ = Conv1d::new(in_channels, out_channels, kernel_size, rng).stride(stride).padding(padding).dilation(dilation).without_bias(); }
    { let rng: &mut Rng = any(); let in_channels: usize = any(); let out_channels: usize = any(); let kernel_size: usize = any(); let groups: usize = any(); let padding_mode: String = any(); let _ = Conv1d::grouped(in_channels, out_channels, kernel_size, groups, rng).padding_mode(Border::Reflect); }
    { let rng: &mut Rng = any(); let in_channels: usize = any(); let out_channels: usize = any(); let kernel_size: usize = any(); let stride: usize = any(); let padding: usize = any(); let dilation: usize = any(); let _ = Conv2d::new(in_channels, out_channels, kernel_size, rng).stride(stride).padding(padding).dilation(dilation).without_bias(); }
    { let rng: &mut Rng = any(); let in_channels: usize = any(); let out_channels: usize = any(); let kernel_size: usize = any(); let groups: usize = any(); let padding_mode: String = any(); let _ = Conv2d::grouped(in_channels, out_channels, kernel_size, groups, rng).padding_mode(Border::Reflect); }
    { let kernel_size: usize = any(); let stride: usize = any(); let padding: usize = any(); let dilation: usize = any(); let _ = MaxPool1d::new(kernel_size).stride(stride).padding(padding).dilation(dilation).ceil(); }
    { let x: V = any(); let x: V = any(); let kernel_size: usize = any(); let _ = MaxPool1d::new(kernel_size).forward_at(x); }
    { let kernel_size: usize = any(); let stride: usize = any(); let padding: usize = any(); let dilation: usize = any(); let _ = MaxPool2d::new(kernel_size).stride(stride).padding(padding).dilation(dilation).ceil(); }
    { let x: V = any(); let x: V = any(); let kernel_size: usize = any(); let _ = MaxPool2d::new(kernel_size).forward_at(x); }
    { let kernel_size: usize = any(); let stride: usize = any(); let padding: usize = any(); let _ = AvgPool1d::new(kernel_size).stride(stride).padding(padding).ceil().of_elements(); }
    { let kernel_size: usize = any(); let stride: usize = any(); let padding: usize = any(); let divisor_override: isize = any(); let _ = AvgPool2d::new(kernel_size).stride(stride).padding(padding).ceil().of_elements().divisor(divisor_override); }
    { let output_size: usize = any(); let _ = AdaptiveAvgPool1d::new(output_size); }
    { let output_size: usize = any(); let _ = AdaptiveAvgPool2d::new(output_size); }
    { let _ = Relu; }
    { let _ = Relu6; }
    { let negative_slope: f64 = any(); let _ = LeakyRelu::new(negative_slope); }
    { let num_parameters: usize = any(); let _ = PRelu::new(num_parameters); }
    { let alpha: f64 = any(); let _ = Elu::new(alpha); }
    { let alpha: f64 = any(); let _ = Celu::new(alpha); }
    { let _ = Selu; }
    { let _ = Gelu::new(); }
    { let _ = Gelu::tanh(); }
    { let _ = Silu; }
    { let _ = Mish; }
    { let _ = Sigmoid; }
    { let _ = LogSigmoid; }
    { let _ = Tanh; }
    { let _ = Tanhshrink; }
    { let beta: f64 = any(); let threshold: f64 = any(); let _ = Softplus::new(beta, threshold); }
    { let _ = Softsign; }
    { let lambd: f64 = any(); let _ = Softshrink::new(lambd); }
    { let lambd: f64 = any(); let _ = Hardshrink::new(lambd); }
    { let min_val: f64 = any(); let max_val: f64 = any(); let _ = Hardtanh::new(min_val, max_val); }
    { let _ = Hardsigmoid; }
    { let _ = Hardswish; }
    { let threshold: f64 = any(); let value: f64 = any(); let _ = Threshold::new(threshold, value); }
    { let dim: isize = any(); let _ = Glu::new(dim); }
    { let dim: isize = any(); let _ = Softmax::new(dim); }
    { let dim: isize = any(); let _ = Softmin::new(dim); }
    { let dim: isize = any(); let _ = LogSoftmax::new(dim); }
    { let left: isize = any(); let right: isize = any(); let value: f64 = any(); let _ = ConstantPad1d::new([(left, right)], value); }
    { let left: isize = any(); let right: isize = any(); let top: isize = any(); let bottom: isize = any(); let value: f64 = any(); let _ = ConstantPad2d::new([(left, right), (top, bottom)], value); }
    { let left: isize = any(); let right: isize = any(); let top: isize = any(); let bottom: isize = any(); let _ = ZeroPad2d::new([(left, right), (top, bottom)]); }
    { let left: isize = any(); let right: isize = any(); let _ = ReflectionPad1d::new([(left, right)]); }
    { let p: f64 = any(); let _ = Dropout::new(p); }
    { let start_dim: isize = any(); let end_dim: isize = any(); let _ = Flatten::new(start_dim, end_dim); }
    { let _ = Identity; }
    { let a: Linear = any(); let b: Linear = any(); let _ = sequential![a, b]; }
    { let left: isize = any(); let right: isize = any(); let _ = ZeroPad1d::new([(left, right)]); }
    { let left: isize = any(); let right: isize = any(); let top: isize = any(); let bottom: isize = any(); let _ = ReflectionPad2d::new([(left, right), (top, bottom)]); }
    { let rng: &mut Rng = any(); let in_channels: usize = any(); let out_channels: usize = any(); let kernel_size: usize = any(); let stride: usize = any(); let padding: usize = any(); let dilation: usize = any(); let groups: usize = any(); let _ = Conv3d::grouped(in_channels, out_channels, kernel_size, groups, rng).stride(stride).padding(padding).dilation(dilation); }
    { let rng: &mut Rng = any(); let in_channels: usize = any(); let out_channels: usize = any(); let kernel_size: usize = any(); let stride: usize = any(); let padding: usize = any(); let output_padding: usize = any(); let groups: usize = any(); let dilation: usize = any(); let _ = ConvTranspose1d::grouped(in_channels, out_channels, kernel_size, groups, rng).stride(stride).padding(padding).output_padding(output_padding).dilation(dilation); }
    { let rng: &mut Rng = any(); let in_channels: usize = any(); let out_channels: usize = any(); let kernel_size: usize = any(); let stride: usize = any(); let padding: usize = any(); let output_padding: usize = any(); let groups: usize = any(); let dilation: usize = any(); let _ = ConvTranspose2d::grouped(in_channels, out_channels, kernel_size, groups, rng).stride(stride).padding(padding).output_padding(output_padding).dilation(dilation); }
    { let kernel_size: usize = any(); let stride: usize = any(); let padding: usize = any(); let dilation: usize = any(); let _ = MaxPool3d::new(kernel_size).stride(stride).padding(padding).dilation(dilation); }
    { let kernel_size: usize = any(); let stride: usize = any(); let padding: usize = any(); let _ = AvgPool3d::new(kernel_size).stride(stride).padding(padding); }
    { let norm_type: f64 = any(); let kernel_size: usize = any(); let stride: usize = any(); let _ = LpPool2d::new(norm_type, kernel_size).stride(stride); }
    { let output_size: usize = any(); let _ = AdaptiveMaxPool2d::new(output_size); }
    { let num_features: usize = any(); let _ = BatchNorm3d::new(num_features); }
    { let num_features: usize = any(); let _ = InstanceNorm2d::new(num_features); }
    { let p: f64 = any(); let _ = Dropout1d::new(p); }
    { let p: f64 = any(); let _ = Dropout2d::new(p); }
    { let size: Vec<usize> = any(); let _ = Upsample::to(size); }
    { let scale_factor: Vec<f64> = any(); let mode: String = any(); let _ = Upsample::by(scale_factor).mode(functional::Interpolation::Linear); }
    { let upscale_factor: usize = any(); let _ = PixelShuffle::new(upscale_factor); }
    { let downscale_factor: usize = any(); let _ = PixelUnshuffle::new(downscale_factor); }
    { let groups: usize = any(); let _ = ChannelShuffle::new(groups); }
    { let kernel_size: usize = any(); let dilation: usize = any(); let padding: usize = any(); let stride: usize = any(); let _ = Unfold::new(kernel_size).dilation(dilation).padding(padding).stride(stride); }
    { let output_size: usize = any(); let kernel_size: usize = any(); let dilation: usize = any(); let padding: usize = any(); let stride: usize = any(); let _ = Fold::new(output_size, kernel_size).dilation(dilation).padding(padding).stride(stride); }
    { let shape: Vec<usize> = any(); let _: Result<M<f64>, wengert::tensor::Error> = init::zeros(shape); }
    { let shape: Vec<usize> = any(); let _: Result<M<f64>, wengert::tensor::Error> = init::ones(shape); }
    { let shape: Vec<usize> = any(); let val: f64 = any(); let _: Result<M<f64>, wengert::tensor::Error> = init::constant(shape, val); }
    { let shape: Vec<usize> = any(); let rng: &mut Rng = any(); let a: f64 = any(); let b: f64 = any(); let _: Result<M<f64>, wengert::tensor::Error> = init::uniform(shape, a, b, rng); }
    { let shape: Vec<usize> = any(); let rng: &mut Rng = any(); let mean: f64 = any(); let std: f64 = any(); let _: Result<M<f64>, wengert::tensor::Error> = init::normal(shape, mean, std, rng); }
    { let shape: Vec<usize> = any(); let rng: &mut Rng = any(); let mean: f64 = any(); let std: f64 = any(); let a: f64 = any(); let b: f64 = any(); let _: Result<M<f64>, wengert::tensor::Error> = init::truncated_normal(shape, mean, std, a, b, rng); }
    { let shape: Vec<usize> = any(); let rng: &mut Rng = any(); let gain: f64 = any(); let _: Result<M<f64>, wengert::tensor::Error> = init::xavier_uniform(shape, gain, rng); }
    { let shape: Vec<usize> = any(); let rng: &mut Rng = any(); let gain: f64 = any(); let _: Result<M<f64>, wengert::tensor::Error> = init::xavier_normal(shape, gain, rng); }
    { let shape: Vec<usize> = any(); let rng: &mut Rng = any(); let mode: init::Fan = any(); let nonlinearity: init::Nonlinearity = any(); let _: Result<M<f64>, wengert::tensor::Error> = init::kaiming_uniform(shape, mode, nonlinearity, rng); }
    { let shape: Vec<usize> = any(); let rng: &mut Rng = any(); let mode: init::Fan = any(); let nonlinearity: init::Nonlinearity = any(); let _: Result<M<f64>, wengert::tensor::Error> = init::kaiming_normal(shape, mode, nonlinearity, rng); }
    { let shape: Vec<usize> = any(); let rng: &mut Rng = any(); let gain: f64 = any(); let _: Result<M<f64>, wengert::tensor::Error> = init::orthogonal(shape, gain, rng); }
    { let nonlinearity: init::Nonlinearity = any(); let _ = init::calculate_gain(nonlinearity); }
    { let parameters: Vec<Param> = any(); let lr: f64 = any(); let momentum: f64 = any(); let dampening: f64 = any(); let weight_decay: f64 = any(); let nesterov: bool = any(); let maximize: bool = any(); let _ = Sgd::new(parameters, lr).momentum(momentum).dampening(dampening).weight_decay(weight_decay).nesterov().maximize(); }
    { let parameters: Vec<Param> = any(); let lr: f64 = any(); let betas: (f64, f64) = any(); let eps: f64 = any(); let weight_decay: f64 = any(); let amsgrad: bool = any(); let maximize: bool = any(); let decoupled_weight_decay: bool = any(); let _ = Adam::new(parameters, lr).betas(betas.0, betas.1).eps(eps).weight_decay(weight_decay).amsgrad().decoupled_weight_decay().maximize(); }
    { let parameters: Vec<Param> = any(); let lr: f64 = any(); let betas: (f64, f64) = any(); let eps: f64 = any(); let weight_decay: f64 = any(); let amsgrad: bool = any(); let maximize: bool = any(); let _ = AdamW::new(parameters, lr).betas(betas.0, betas.1).eps(eps).weight_decay(weight_decay).amsgrad().maximize(); }
    { let parameters: Vec<Param> = any(); let lr: f64 = any(); let lr_decay: f64 = any(); let eps: f64 = any(); let weight_decay: f64 = any(); let initial_accumulator_value: f64 = any(); let maximize: bool = any(); let _ = Adagrad::new(parameters, lr).lr_decay(lr_decay).eps(eps).weight_decay(weight_decay).initial_accumulator(initial_accumulator_value).maximize(); }
    { let parameters: Vec<Param> = any(); let lr: f64 = any(); let momentum: f64 = any(); let alpha: f64 = any(); let eps: f64 = any(); let centered: bool = any(); let weight_decay: f64 = any(); let maximize: bool = any(); let _ = RmsProp::new(parameters, lr).momentum(momentum).alpha(alpha).eps(eps).weight_decay(weight_decay).centered().maximize(); }
    { let parameters: Vec<Param> = any(); let lr: f64 = any(); let rho: f64 = any(); let eps: f64 = any(); let weight_decay: f64 = any(); let maximize: bool = any(); let _ = Adadelta::new(parameters, lr).rho(rho).eps(eps).weight_decay(weight_decay).maximize(); }
    { let parameters: Vec<Param> = any(); let lr: f64 = any(); let betas: (f64, f64) = any(); let eps: f64 = any(); let weight_decay: f64 = any(); let maximize: bool = any(); let _ = Adamax::new(parameters, lr).betas(betas.0, betas.1).eps(eps).weight_decay(weight_decay).maximize(); }
    { let parameters: Vec<Param> = any(); let lr: f64 = any(); let betas: (f64, f64) = any(); let eps: f64 = any(); let weight_decay: f64 = any(); let momentum_decay: f64 = any(); let decoupled_weight_decay: bool = any(); let maximize: bool = any(); let _ = NAdam::new(parameters, lr).betas(betas.0, betas.1).eps(eps).weight_decay(weight_decay).momentum_decay(momentum_decay).decoupled_weight_decay().maximize(); }
    { let parameters: Vec<Param> = any(); let lr: f64 = any(); let betas: (f64, f64) = any(); let eps: f64 = any(); let weight_decay: f64 = any(); let maximize: bool = any(); let decoupled_weight_decay: bool = any(); let _ = RAdam::new(parameters, lr).betas(betas.0, betas.1).eps(eps).weight_decay(weight_decay).decoupled_weight_decay().maximize(); }
    { let parameters: Vec<Param> = any(); let lr: f64 = any(); let etas: (f64, f64) = any(); let step_sizes: (f64, f64) = any(); let maximize: bool = any(); let _ = Rprop::new(parameters, lr).etas(etas.0, etas.1).step_sizes(step_sizes.0, step_sizes.1).maximize(); }
    { let parameters: Vec<Param> = any(); let lr: f64 = any(); let lambd: f64 = any(); let alpha: f64 = any(); let t0: f64 = any(); let weight_decay: f64 = any(); let maximize: bool = any(); let _ = Asgd::new(parameters, lr).lambda(lambd).alpha(alpha).t0(t0).weight_decay(weight_decay).maximize(); }
    { let parameters: Vec<Param> = any(); let lr: f64 = any(); let beta2_decay: f64 = any(); let eps: (f64, f64) = any(); let d: f64 = any(); let weight_decay: f64 = any(); let maximize: bool = any(); let _ = Adafactor::new(parameters, lr).beta2_decay(beta2_decay).eps(eps.0, eps.1).threshold(d).weight_decay(weight_decay).maximize(); }
    { let rate: f64 = any(); let factor: f64 = any(); let total_iters: usize = any(); let _ = schedule::ConstantLr::new(rate).factor(factor, total_iters); }
    { let rate: f64 = any(); let start_factor: f64 = any(); let end_factor: f64 = any(); let total_iters: usize = any(); let _ = schedule::LinearLr::new(rate, total_iters).from(start_factor).to(end_factor); }
    { let rate: f64 = any(); let step_size: usize = any(); let gamma: f64 = any(); let _ = schedule::StepLr::new(rate, step_size).gamma(gamma); }
    { let rate: f64 = any(); let milestones: Vec<usize> = any(); let gamma: f64 = any(); let _ = schedule::MultiStepLr::new(rate, milestones).gamma(gamma); }
    { let rate: f64 = any(); let gamma: f64 = any(); let _ = schedule::ExponentialLr::new(rate, gamma); }
    { let rate: f64 = any(); let total_iters: usize = any(); let power: f64 = any(); let _ = schedule::PolynomialLr::new(rate, total_iters).power(power); }
    { let rate: f64 = any(); let T_max: usize = any(); let eta_min: f64 = any(); let _ = schedule::CosineAnnealingLr::new(rate, T_max).to(eta_min); }
    { let rate: f64 = any(); let T_0: usize = any(); let T_mult: usize = any(); let eta_min: f64 = any(); let _ = schedule::CosineAnnealingWarmRestarts::new(rate, T_0).longer(T_mult).to(eta_min); }
    { let base_lr: f64 = any(); let max_lr: f64 = any(); let step_size_up: usize = any(); let step_size_down: usize = any(); let gamma: f64 = any(); let base_momentum: f64 = any(); let max_momentum: f64 = any(); let _ = schedule::CyclicLr::new(base_lr, max_lr, step_size_up).down(step_size_down).halving().shrinking(gamma).momenta(base_momentum, max_momentum).without_momentum(); }
    { let max_lr: f64 = any(); let total_steps: usize = any(); let pct_start: f64 = any(); let base_momentum: f64 = any(); let max_momentum: f64 = any(); let div_factor: f64 = any(); let final_div_factor: f64 = any(); let _ = schedule::OneCycleLr::new(max_lr, total_steps).rise(pct_start).anneal(schedule::Anneal::Linear).divisors(div_factor, final_div_factor).momenta(base_momentum, max_momentum).without_momentum().three_phases(); }
    Ok(())
}
