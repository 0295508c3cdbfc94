//! Kind `init`: how parameters start, judged by what distributions they are drawn from; and dropout.

use std::collections::HashMap;

use wengert::autograd::Tape;
use wengert::nn::init::{self, Fan, Nonlinearity};
use wengert::nn::{BatchNorm1d, Conv2d, Dropout, Embedding, LayerNorm, Linear, Module};
use wengert::tensor::{Float, Rng, Tensor};

use super::call::{Call, Parameter, Refusal};
use super::op::Wrong;
use super::support::{Case, Outcome};
use crate::table;

/// A tensor, drawn anew with each call.
pub type Draw<T> = Box<dyn Fn(&[usize], &mut Rng) -> wengert::tensor::Result<Tensor<T>>>;

table! {
    fn draw -> Draw<T>, boxed;

    zeros() => |shape: &[usize], _: &mut Rng| init::zeros(shape), as "init::zeros(shape)";
    ones() => |shape: &[usize], _: &mut Rng| init::ones(shape), as "init::ones(shape)";
    constant(val: f64) => move |shape: &[usize], _: &mut Rng| init::constant(shape, val), as "init::constant(shape, val)";
    uniform(a: f64, b: f64) => move |shape: &[usize], rng: &mut Rng| init::uniform(shape, a, b, rng), as "init::uniform(shape, a, b, rng)";
    normal(mean: f64, std: f64) =>
        move |shape: &[usize], rng: &mut Rng| init::normal(shape, mean, std, rng), as "init::normal(shape, mean, std, rng)";
    trunc_normal(mean: f64, std: f64, a: f64, b: f64) =>
        move |shape: &[usize], rng: &mut Rng| init::truncated_normal(shape, mean, std, a, b, rng), as "init::truncated_normal(shape, mean, std, a, b, rng)";
    xavier_uniform(gain: f64, fan_in: usize, fan_out: usize) =>
        move |shape: &[usize], rng: &mut Rng| init::xavier_uniform(shape, gain, rng), as "init::xavier_uniform(shape, gain, rng)";
    xavier_normal(gain: f64, fan_in: usize, fan_out: usize) =>
        move |shape: &[usize], rng: &mut Rng| init::xavier_normal(shape, gain, rng), as "init::xavier_normal(shape, gain, rng)";
    kaiming_uniform(a: f64, mode: Fan, nonlinearity: Text, gain: f64, fan_in: usize, fan_out: usize) => {
        let nonlinearity = named(&nonlinearity, a)?;
        move |shape: &[usize], rng: &mut Rng| init::kaiming_uniform(shape, mode, nonlinearity, rng)
    }, as "init::kaiming_uniform(shape, mode, nonlinearity, rng)";
    kaiming_normal(a: f64, mode: Fan, nonlinearity: Text, gain: f64, fan_in: usize, fan_out: usize) => {
        let nonlinearity = named(&nonlinearity, a)?;
        move |shape: &[usize], rng: &mut Rng| init::kaiming_normal(shape, mode, nonlinearity, rng)
    }, as "init::kaiming_normal(shape, mode, nonlinearity, rng)";
    orthogonal(gain: f64) =>
        move |shape: &[usize], rng: &mut Rng| init::orthogonal(shape, gain, rng), as "init::orthogonal(shape, gain, rng)";
    calculate_gain(nonlinearity: Text, param: MaybeNumber) => {
        let gain = init::calculate_gain(named(&nonlinearity, param.unwrap_or(0.01))?);
        move |shape: &[usize], _: &mut Rng| init::constant(shape, gain)
    }, as "init::calculate_gain(nonlinearity)";
}

/// PyTorch's names of nonlinearities; `slope` is that of `leaky_relu`.
fn named(name: &str, slope: f64) -> Result<Nonlinearity, Refusal> {
    Ok(match name {
        "linear" | "conv1d" | "conv2d" | "conv3d" => Nonlinearity::Linear,
        "sigmoid" => Nonlinearity::Sigmoid,
        "tanh" => Nonlinearity::Tanh,
        "relu" => Nonlinearity::Relu,
        "leaky_relu" => Nonlinearity::LeakyRelu(slope),
        "selu" => Nonlinearity::Selu,
        other => return Err(Refusal::inexpressible(format!("the nonlinearity `{other}`"))),
    })
}

impl<'t, T: Float> Parameter<'t, T> for Fan {
    type Out = Self;
    fn read(call: &Call<'_, 't, T>, name: &str) -> Result<Self, Refusal> {
        match &*String::read(call, name)? {
            "fan_in" => Ok(Self::In),
            "fan_out" => Ok(Self::Out),
            other => Err(Refusal::inexpressible(format!("the mode `{other}`"))),
        }
    }
}

/// A line's function, wherever it comes from.
fn boxed<T: Float>(
    f: impl Fn(&[usize], &mut Rng) -> wengert::tensor::Result<Tensor<T>> + 'static,
) -> Result<Draw<T>, Refusal> {
    Ok(Box::new(f))
}

/// How a layer's parameter starts: a new layer's.
fn of_layer(case: Case) -> Option<Draw<f64>> {
    let size = |key: &str| case.attrs().get(key).integer().unwrap_or(0) as usize;
    let two = |a: &str, b: &str| (size(a), size(b));
    let shape: Vec<usize> = case
        .attrs()
        .get("normalized_shape")
        .list()
        .iter()
        .filter_map(|x| Some(x.integer()? as usize))
        .collect();
    let none = || Tensor::zeros([0]);
    Some(match case.op() {
        "Linear.weight" | "Linear.bias" => {
            let (sizes, weight) =
                (two("in_features", "out_features"), case.op() == "Linear.weight");
            Box::new(move |_, rng| {
                let layer = Linear::new(sizes.0, sizes.1, rng);
                let bias = layer.bias.map_or_else(none, |b| b.value());
                Ok(if weight { layer.weight.value() } else { bias })
            })
        }
        "Conv2d.weight" => {
            let sizes = two("in_channels", "out_channels");
            let kernel = size("kernel_size");
            Box::new(move |_, rng| Ok(Conv2d::new(sizes.0, sizes.1, kernel, rng).weight.value()))
        }
        "Embedding.weight" => {
            let sizes = two("num_embeddings", "embedding_dim");
            Box::new(move |_, rng| Ok(Embedding::new(sizes.0, sizes.1, rng).weight.value()))
        }
        "LayerNorm.weight" => {
            Box::new(move |_, _| Ok(LayerNorm::new(&shape).weight.map_or_else(none, |w| w.value())))
        }
        "LayerNorm.bias" => {
            Box::new(move |_, _| Ok(LayerNorm::new(&shape).bias.map_or_else(none, |b| b.value())))
        }
        "BatchNorm1d.weight" | "BatchNorm1d.bias" => {
            let (channels, weight) = (size("num_features"), case.op() == "BatchNorm1d.weight");
            Box::new(move |_, _| {
                let layer = BatchNorm1d::new(channels);
                let param = if weight { layer.weight } else { layer.bias };
                Ok(param.map_or_else(none, |p| p.value()))
            })
        }
        _ => return None,
    })
}

/// Runs a case.
pub fn run(case: Case) -> Outcome {
    let result = if case.op() == "dropout" { dropout(case) } else { check(case) };
    match result {
        Ok(()) => Outcome::Passed,
        Err(Wrong::Missing(what)) => Outcome::Unsupported(what),
        Err(Wrong::Differs(why)) => Outcome::Failed(why),
    }
}

fn check(case: Case) -> Result<(), Wrong> {
    let tape = Tape::<f64>::new();
    let draw = match of_layer(case) {
        Some(draw) => draw,
        None => {
            let call =
                Call { tape: &tape, op: case.op(), args: HashMap::new(), attrs: case.attrs() };
            draw(&call).map_err(|refusal| match refusal {
                Refusal::Missing(_) => Wrong::Missing(case.op().into()),
                other => other.into(),
            })?
        }
    };
    let shape: Vec<usize> =
        case.json.get("shape").list().iter().filter_map(|x| Some(x.integer()? as usize)).collect();
    let (expect, check) = (case.json.get("expect"), case.json.get("check"));
    let number = |key: &str| expect.get(key).number();
    let rng = &mut Rng::new(20_260_701);
    let draws = check.get("draws").integer().unwrap_or(1);
    let kind = expect.get("kind").text().unwrap_or_default();
    let (mut count, mut sum, mut squares) = (0.0, 0.0, 0.0);
    let centre = number("mean").unwrap_or(0.0);
    for _ in 0..draws {
        let x = draw(&shape, rng)?;
        if x.shape() != shape {
            return Err(format!("got shape {:?}, expected {shape:?}", x.shape()).into());
        }
        if kind == "orthogonal" {
            orthogonal(
                &x,
                expect.get("of").text().unwrap_or("rows"),
                number("gram_diagonal"),
                check,
            )?;
        }
        for x in x.iter() {
            let (low, high) = (number("low"), number("high"));
            if low.is_some_and(|low| x < low) || high.is_some_and(|high| x > high) {
                return Err(format!("{x} is not between {low:?} and {high:?}").into());
            }
            if kind == "constant" {
                constant(x, number("value").unwrap_or(f64::NAN), check.get("abs").number())?;
            }
            count += 1.0;
            sum += x - centre;
            squares += (x - centre) * (x - centre);
        }
    }
    let offset = sum / count;
    let (mean_abs, std_rel) = (check.get("mean_abs").number(), check.get("std_rel").number());
    if let Some(most) = mean_abs.filter(|_| kind != "constant")
        && offset.abs() > most
    {
        return Err(format!("the mean is {offset} from {centre}, expected {most} at most").into());
    }
    if let (Some(std), Some(most)) = (number("std"), std_rel)
        && std > 0.0
    {
        let got = (squares / count - offset * offset).sqrt();
        if (got / std - 1.0).abs() > most {
            return Err(format!("the deviation is {got}, expected {std} within {most}").into());
        }
    }
    Ok(())
}

/// The one value. Where no tolerance is given, the case has the `f32` that PyTorch made of it.
fn constant(got: f64, expected: f64, abs: Option<f64>) -> Result<(), Wrong> {
    let equal = match abs {
        Some(abs) => (got - expected).abs() <= abs,
        None => got == expected || f64::from(got as f32) == expected,
    };
    if equal { Ok(()) } else { Err(format!("got {got}, expected {expected}").into()) }
}

/// The products of rows (or columns) with one another are those of a multiple of the identity.
fn orthogonal(
    x: &Tensor<f64>,
    of: &str,
    diagonal: Option<f64>,
    check: &super::support::Json,
) -> Result<(), Wrong> {
    let flat = x.flatten_axes(1, -1)?;
    let rows = if of == "rows" { flat } else { flat.t() };
    let gram = rows.matmul(&rows.t())?;
    let wanted = Tensor::eye(gram.shape()[0]).mul_scalar(diagonal.unwrap_or(1.0));
    let most = check.get("abs").number().unwrap_or(0.0);
    let apart = gram.try_sub(&wanted)?.abs().max()?.item()?;
    if apart <= most { Ok(()) } else { Err(format!("the Gram matrix is {apart} off").into()) }
}

/// Each element is 0 or 1/(1 - p), the gradient equals the result, and in evaluation it is the input.
fn dropout(case: Case) -> Result<(), Wrong> {
    let (expect, check) = (case.json.get("expect"), case.json.get("check"));
    let p = case.attrs().get("p").number().unwrap_or(0.5);
    let training = case.attrs().get("training").boolean().unwrap_or(true);
    let tape = Tape::<f64>::new().seeded(7);
    let tape = if training { tape } else { tape.evaluating() };
    let size = case.json.get("shape").list().first().and_then(super::support::Json::integer);
    let x = tape.var(Tensor::ones([size.unwrap_or(10_000) as usize]));
    let y = Dropout::new(p).forward(x)?;
    let value = y.value()?;
    let kept = expect.get("kept_value_times").number().unwrap_or(1.0);
    let zeros = value.iter().filter(|&y| y == 0.0).count() as f64 / value.len() as f64;
    if let Some(y) = value.iter().find(|&y| y != 0.0 && (y - kept).abs() > 1e-12 * kept.abs()) {
        return Err(format!("got {y}, expected 0 or {kept}").into());
    }
    let (wanted, most) = (expect.get("zero_fraction").number(), check.get("fraction_abs").number());
    if (zeros - wanted.unwrap_or(0.0)).abs() > most.unwrap_or(0.0) {
        return Err(format!("a share of {zeros} is 0, expected {wanted:?} within {most:?}").into());
    }
    let g = y.sum().pull_tensors(&[x], &Tensor::scalar(1.0))?;
    if g[0] != value {
        return Err("the gradient of the sum is not the result".to_string().into());
    }
    Ok(())
}
