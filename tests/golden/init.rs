//! Kind `init`: how parameters start, judged by what distributions they are drawn from; and dropout.

use std::collections::HashMap;

use wengert::autograd::Tape;
use wengert::nn::init::{self, Fan, Nonlinearity};
use wengert::nn::{BatchNorm1d, Conv2d, Dropout, Embedding, LayerNorm, Linear, Module};
use wengert::tensor::{Float, Rng, Tensor};

use super::call::{Call, Parameter, Refusal};
use super::op::Wrong;
use super::support::{Case, Json, Outcome};
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
        "linear" | "conv1d" | "conv2d" | "conv3d" | "conv_transpose1d" | "conv_transpose2d"
        | "conv_transpose3d" => Nonlinearity::Linear,
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
        Some(draw) => {
            // Options beyond the sizes would be passed over.
            let sizes = [
                "in_features",
                "out_features",
                "num_embeddings",
                "embedding_dim",
                "normalized_shape",
                "num_features",
                "in_channels",
                "out_channels",
                "kernel_size",
            ];
            let other = |(key, x): &&(String, Json)| !x.is_null() && !sizes.contains(&&**key);
            if let Some((key, _)) = case.attrs().fields().iter().find(other) {
                return Err(Wrong::Missing(format!("{} with `{key}`", case.op())));
            }
            draw
        }
        None => {
            let call =
                Call { tape: &tape, op: case.op(), args: HashMap::new(), attrs: case.attrs() };
            draw(&call).map_err(|refusal| match refusal {
                Refusal::Missing(_) => {
                    Wrong::Missing(match ROWS.iter().any(|row| row.op == case.op()) {
                        true => format!("{} with {}", case.op(), case.attrs()),
                        false => case.op().into(),
                    })
                }
                other => other.into(),
            })?
        }
    };
    judge(case, |shape, rng| Ok(draw(shape, rng)?))
}

/// The shape of a case.
fn shape(case: Case) -> Result<Vec<usize>, String> {
    let sizes = match case.json.get("shape") {
        Json::List(sizes) => sizes.iter().map(|x| usize::try_from(x.integer()?).ok()).collect(),
        _ => None,
    };
    sizes.ok_or_else(|| "`shape` is no shape".into())
}

/// A number that must be there.
fn number(of: &Json, key: &str) -> Result<f64, String> {
    of.get(key).number().ok_or_else(|| format!("`{key}` is {}, and no number", of.get(key)))
}

/// Whether a difference is at most this; NaN is not.
fn within(difference: f64, most: f64) -> bool {
    difference.abs() <= most
}

/// Whether what is drawn is distributed as the case expects. NaN is never as expected.
fn judge(
    case: Case,
    mut draw: impl FnMut(&[usize], &mut Rng) -> Result<Tensor<f64>, Wrong>,
) -> Result<(), Wrong> {
    let shape = shape(case)?;
    let (expect, check) = (case.json.get("expect"), case.json.get("check"));
    let rng = &mut Rng::new(20_260_701);
    let kind = expect.get("kind").text().unwrap_or_default();
    let bounds = match kind {
        "uniform" | "truncated" => number(expect, "low")?..=number(expect, "high")?,
        "normal" | "constant" | "orthogonal" => f64::NEG_INFINITY..=f64::INFINITY,
        other => return Err(Wrong::Missing(format!("the distribution `{other}`"))),
    };
    // A gain and an orthogonal matrix are looked at once.
    let draws = match check.get("draws") {
        Json::Null if matches!(kind, "constant" | "orthogonal") => 1.0,
        _ => number(check, "draws")?,
    };
    let random = matches!(kind, "uniform" | "truncated" | "normal");
    let centre = if random { number(expect, "mean")? } else { 0.0 };
    let (mut count, mut sum, mut squares) = (0.0, 0.0, 0.0);
    for _ in 0..draws as usize {
        let x = draw(&shape, rng)?;
        if x.shape() != shape {
            return Err(format!("got shape {:?}, expected {shape:?}", x.shape()).into());
        }
        if kind == "orthogonal" {
            let of = expect.get("of").text().unwrap_or_default();
            orthogonal(&x, of, number(expect, "gram_diagonal")?, number(check, "abs")?)?;
        }
        for x in x.iter() {
            if !bounds.contains(&x) {
                return Err(format!("{x} is not in {bounds:?}").into());
            }
            if kind == "constant" {
                constant(x, number(expect, "value")?, check.get("abs").number())?;
            }
            count += 1.0;
            sum += x - centre;
            squares += (x - centre) * (x - centre);
        }
    }
    if count == 0.0 {
        return Err("nothing was drawn".to_string().into());
    }
    if !random {
        return Ok(());
    }
    let (offset, most) = (sum / count, number(check, "mean_abs")?);
    if !within(offset, most) {
        return Err(format!("the mean is {offset} from {centre}, expected {most} at most").into());
    }
    let got = (squares / count - offset * offset).sqrt();
    let (std, most) = (number(expect, "std")?, number(check, "std_rel")?);
    if !within(got / std - 1.0, most) {
        return Err(format!("the deviation is {got}, expected {std} within {most}").into());
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
fn orthogonal(x: &Tensor<f64>, of: &str, diagonal: f64, most: f64) -> Result<(), Wrong> {
    let flat = x.flatten_axes(1, -1)?;
    let rows = match of {
        "rows" => flat,
        other if other.starts_with("col") => flat.t(),
        other => return Err(format!("`of` is `{other}`, neither rows nor columns").into()),
    };
    let gram = rows.matmul(&rows.t())?;
    let wanted = Tensor::eye(gram.shape()[0]).mul_scalar(diagonal);
    let apart = gram.try_sub(&wanted)?.abs().max()?.item()?;
    if apart <= most { Ok(()) } else { Err(format!("the Gram matrix is {apart} off").into()) }
}

/// Each element is 0 or 1/(1 - p), the gradient equals the result, and in evaluation it is the input.
fn dropout(case: Case) -> Result<(), Wrong> {
    let (expect, check) = (case.json.get("expect"), case.json.get("check"));
    let known = ["p", "training", "inplace"];
    if let Some((key, _)) = case.attrs().fields().iter().find(|(key, _)| !known.contains(&&**key)) {
        return Err(Wrong::Missing(format!("dropout with `{key}`")));
    }
    if expect.get("kind").text() != Some("dropout") {
        return Err(Wrong::Missing(format!("dropout that is expected to be {expect}")));
    }
    let p = number(case.attrs(), "p")?;
    let training = case.attrs().get("training").boolean();
    let training = training.ok_or("`training` is neither true nor false".to_string())?;
    let dropout = Dropout::new(p);
    // In evaluation nothing is dropped, whatever the mode of the case.
    let tape = Tape::<f64>::new().evaluating();
    let ones = Tensor::ones(shape(case)?);
    if dropout.forward(tape.input(ones.clone()))?.value()? != ones {
        return Err("in evaluation it is not the input".to_string().into());
    }
    let tape = Tape::<f64>::new().seeded(7);
    let tape = if training { tape } else { tape.evaluating() };
    let x = tape.var(ones);
    let y = dropout.forward(x)?;
    let value = y.value()?;
    let kept = number(expect, "kept_value_times")?;
    let zeros = value.iter().filter(|&y| y == 0.0).count() as f64 / value.len() as f64;
    if let Some(y) = value.iter().find(|&y| y != 0.0 && !within(y - kept, 1e-12 * kept.abs())) {
        return Err(format!("got {y}, expected 0 or {kept}").into());
    }
    let (wanted, most) = (number(expect, "zero_fraction")?, number(check, "fraction_abs")?);
    if !within(zeros - wanted, most) {
        return Err(format!("a share of {zeros} is 0, expected {wanted} within {most}").into());
    }
    let g = y.sum().pull_tensors(&[x], &Tensor::scalar(1.0))?;
    if g[0] != value {
        return Err("the gradient of the sum is not the result".to_string().into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::support::case::Family;
    use super::*;

    fn judged(expect: &str, check: &str, x: f64) -> Result<(), Wrong> {
        let case = format!(
            r#"{{"id":"a","op":"mine","dtype":"f64","n":1,"shape":[2,2],"attrs":{{}},
                "expect":{{{expect}}},"check":{{{check}}}}}"#
        );
        let family = Family::of("init", Json::read(&case).unwrap(), Vec::new());
        // x, -x, x, -x: the mean 0, the deviation |x|.
        judge(Case { family: &family, json: &family.cases[0] }, |shape, _| {
            Ok(Tensor::from_vec(vec![x, -x, x, -x], shape)?)
        })
    }

    const NORMAL: &str = r#""kind":"normal","mean":0,"std":1"#;
    const CHECK: &str = r#""draws":3,"mean_abs":0.1,"std_rel":0.1"#;

    #[test]
    fn nan_is_never_as_expected() {
        assert!(judged(NORMAL, CHECK, 1.0).is_ok());
        assert!(judged(NORMAL, CHECK, f64::NAN).is_err());
        let uniform = r#""kind":"uniform","low":-2,"high":2,"mean":0,"std":1"#;
        assert!(judged(uniform, CHECK, 1.0).is_ok());
        assert!(judged(uniform, CHECK, f64::NAN).is_err());
    }

    #[test]
    fn what_is_expected_is_said() {
        for (from, to) in [("normal", "skewed"), (r#","std":1"#, ""), (r#","mean":0"#, "")] {
            assert!(judged(&NORMAL.replace(from, to), CHECK, 1.0).is_err(), "{from}");
        }
        for left_out in [r#""draws":3,"#, r#""mean_abs":0.1,"#, r#","std_rel":0.1"#] {
            assert!(judged(NORMAL, &CHECK.replace(left_out, ""), 1.0).is_err(), "{left_out}");
        }
        assert!(judged(NORMAL, &CHECK.replace('3', "0"), 1.0).is_err());
        let gram = r#""kind":"orthogonal","gram_diagonal":1,"of":"diagonals""#;
        assert!(judged(gram, r#""abs":9"#, 1.0).is_err());
    }

    fn dropped(attrs: &str, check: &str) -> Outcome {
        let case = format!(
            r#"{{"id":"a","op":"dropout","dtype":"f64","n":1,"shape":[50,200],"attrs":{{{attrs}}},
                "expect":{{"kind":"dropout","zero_fraction":0.5,"kept_value_times":2}},"check":{{{check}}}}}"#
        );
        let family = Family::of("init", Json::read(&case).unwrap(), Vec::new());
        run(Case { family: &family, json: &family.cases[0] })
    }

    #[test]
    fn dropout_is_what_the_case_says() {
        let (attrs, check) = (r#""p":0.5,"training":true"#, r#""fraction_abs":0.03"#);
        assert_eq!(dropped(attrs, check), Outcome::Passed);
        assert!(matches!(dropped(attrs, ""), Outcome::Failed(_)));
        assert!(matches!(dropped(r#""p":0.5"#, check), Outcome::Failed(_)));
        assert!(matches!(dropped(&format!("{attrs},\"axis\":0"), check), Outcome::Unsupported(_)));
    }
}
