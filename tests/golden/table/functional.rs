//! PyTorch's normalisations and embedding as functions, and what each is here.

use wengert::autograd::Var;
use wengert::nn::Padding;
use wengert::nn::functional::{self, Convolution, Pool, RunningStats};
use wengert::tensor::{Float, Tensor};

use super::super::call::{Answer, IntoAnswer, Options, Refusal, Value, each};
use crate::table;

table! {
    fn call -> Answer<'t, T>, IntoAnswer::into_answer;

    layer_norm(x: Var, normalized_shape: Sizes, weight: MaybeVar, bias: MaybeVar, eps: f64) =>
        functional::layer_norm(x, &normalized_shape, weight, bias, eps);
    rms_norm(x: Var, normalized_shape: Sizes, weight: MaybeVar, eps: MaybeNumber) =>
        functional::rms_norm(x, &normalized_shape, weight, eps);
    group_norm(x: Var, num_groups: usize, weight: MaybeVar, bias: MaybeVar, eps: f64) =>
        functional::group_norm(x, num_groups, weight, bias, eps);
    batch_norm(
        x: Var, running_mean: MaybeData, running_var: MaybeData, weight: MaybeVar, bias: MaybeVar,
        training: bool, momentum: f64, eps: f64
    ) => {
        let running = stats(running_mean, running_var);
        functional::batch_norm(x, running.as_ref(), weight, bias, training, momentum, eps)
            .map(|(y, moved)| with_stats(y, moved.or(running)))
    }, as "functional::batch_norm(x, running, weight, bias, training, momentum, eps)";
    instance_norm(
        x: Var, running_mean: MaybeData, running_var: MaybeData, weight: MaybeVar, bias: MaybeVar,
        use_input_stats: bool, momentum: f64, eps: f64
    ) => {
        let running = stats(running_mean, running_var);
        functional::instance_norm(x, running.as_ref(), weight, bias, use_input_stats, momentum, eps)
            .map(|(y, _)| y)
    }, as "functional::instance_norm(x, running, weight, bias, use_input_stats, momentum, eps)";
    embedding(idx: Index, weight: Var, padding_idx: MaybeInt) =>
        functional::embedding(&idx, weight, padding(padding_idx, weight)?),
        as "functional::embedding(&idx, weight, padding_idx)";
    conv1d(x: Var, weight: Var, bias: MaybeVar, stride: Sizes, padding: Sizes, dilation: Sizes, groups: usize) =>
        functional::conv(x, weight, bias, convolution::<1>(&stride, each(&padding)?.into(), &dilation, groups)?),
        as "functional::conv(x, weight, bias, functional::Convolution::<1>::new().stride(stride).padding(padding).dilation(dilation).groups(groups))";
    conv1d(x: Var, weight: Var, bias: MaybeVar, stride: Sizes, padding: Text, dilation: Sizes, groups: usize) =>
        functional::conv(x, weight, bias, convolution::<1>(&stride, padding_of(&padding)?, &dilation, groups)?), as "";
    conv2d(x: Var, weight: Var, bias: MaybeVar, stride: Sizes, padding: Sizes, dilation: Sizes, groups: usize) =>
        functional::conv(x, weight, bias, convolution::<2>(&stride, each(&padding)?.into(), &dilation, groups)?),
        as "functional::conv(x, weight, bias, functional::Convolution::<2>::new().stride(stride).padding(padding).dilation(dilation).groups(groups))";
    conv2d(x: Var, weight: Var, bias: MaybeVar, stride: Sizes, padding: Text, dilation: Sizes, groups: usize) =>
        functional::conv(x, weight, bias, convolution::<2>(&stride, padding_of(&padding)?, &dilation, groups)?), as "";
    max_pool2d(x: Var, kernel_size: Sizes, stride: MaybeSizes, padding: Sizes, dilation: Sizes, ceil_mode: bool) =>
        functional::max_pool(x, pool::<2>(&kernel_size, stride, &padding, &dilation, ceil_mode)?),
        as "functional::max_pool(x, functional::Pool::<2>::new(kernel_size).stride(stride).padding(padding).dilation(dilation).ceil())";
    avg_pool2d(
        x: Var, kernel_size: Sizes, stride: MaybeSizes, padding: Sizes, ceil_mode: bool, count_include_pad: bool,
        divisor_override: MaybeInt
    ) => {
        let pool = pool::<2>(&kernel_size, stride, &padding, &[1], ceil_mode)?;
        match (divisor_override, count_include_pad) {
            (Some(divisor), _) => functional::avg_pool_by(x, pool, divisor),
            (None, true) => functional::avg_pool(x, pool),
            (None, false) => functional::avg_pool_of_elements(x, pool),
        }
    }, as "functional::avg_pool(x, functional::Pool::<2>::new(kernel_size).stride(stride).padding(padding).ceil())`, `functional::avg_pool_of_elements(x, functional::Pool::<2>::new(kernel_size))`, `functional::avg_pool_by(x, functional::Pool::<2>::new(kernel_size), divisor_override)";
}

/// The options of a convolution.
fn convolution<const D: usize>(
    stride: &[usize],
    padding: Padding<D>,
    dilation: &[usize],
    groups: usize,
) -> Result<Convolution<D>, Refusal> {
    let options = Convolution::new().stride(each(stride)?).dilation(each(dilation)?);
    Ok(options.padding(padding).groups(groups))
}

/// A padding by its name.
pub fn padding_of<const D: usize>(name: &str) -> Result<Padding<D>, Refusal> {
    match name {
        "same" => Ok(Padding::Same),
        "valid" => Ok(0.into()),
        other => Err(Refusal::inexpressible(other)),
    }
}

/// The options of a pooling.
fn pool<const D: usize>(
    kernel: &[usize],
    stride: Option<Vec<usize>>,
    padding: &[usize],
    dilation: &[usize],
    ceil: bool,
) -> Result<Pool<D>, Refusal> {
    let kernel = each(kernel)?;
    let stride = stride.map_or(Ok(kernel), |stride| each(&stride))?;
    let pool = Pool::new(kernel).stride(stride).padding(each(padding)?).dilation(each(dilation)?);
    Ok(pool.when(ceil, Pool::ceil))
}

/// Running statistics, if there are any.
fn stats<T: Float>(mean: Option<Tensor<T>>, var: Option<Tensor<T>>) -> Option<RunningStats<T>> {
    Some(RunningStats { mean: mean?, var: var? })
}

/// What was normalised, and the statistics afterwards.
fn with_stats<'t, T: Float>(y: Var<'t, T>, stats: Option<RunningStats<T>>) -> Answer<'t, T> {
    let mut answer = vec![Value::Float(y)];
    if let Some(stats) = stats {
        let tape = y.tape();
        answer.extend([stats.mean, stats.var].map(|x| Value::Float(tape.constant(x))));
    }
    answer
}

/// A row that is counted from the end is counted from the front here.
fn padding<T: Float>(index: Option<isize>, weight: Var<T>) -> Result<Option<usize>, Refusal> {
    let Some(index) = index else { return Ok(None) };
    let rows = weight.shape().first().map_or(0, |&n| n as isize);
    let index = if index < 0 { index + rows } else { index };
    match usize::try_from(index) {
        Ok(index) => Ok(Some(index)),
        Err(_) => Err(Refusal::inexpressible(format!("the padding is row {index}"))),
    }
}
