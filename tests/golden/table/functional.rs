//! PyTorch's normalisations and embedding as functions, and what each is here.

use wengert::autograd::Var;
use wengert::nn::functional::{self, RunningStats};
use wengert::tensor::{Float, Tensor};

use super::super::call::{Answer, IntoAnswer, Refusal, Value};
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
