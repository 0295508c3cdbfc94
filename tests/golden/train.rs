//! Kind `train`: a small network trained from given weights, step for step: forward, loss, backward, clipping, optimiser,
//! schedule.

use std::collections::HashMap;

use wengert::autograd::{Param, Tape, Var};
use wengert::nn::functional;
use wengert::optim::ClipNorm;
use wengert::tensor::{Float, Tensor};

use super::call::{Call, Value};
use super::op::{self, Wrong};
use super::support::compare::{compare, widened};
use super::support::{Case, Json, Outcome};
use super::{optim, sched, table};

/// Runs a case in its type.
pub fn run(case: Case) -> Outcome {
    op::in_its_type(case, check::<f32>, check::<f64>)
}

/// The options that PyTorch's losses have if none are given.
const DEFAULTS: &[(&str, &str)] = &[
    ("mse_loss", r#"{"reduction":"mean"}"#),
    ("l1_loss", r#"{"reduction":"mean"}"#),
    ("huber_loss", r#"{"reduction":"mean","delta":1.0}"#),
    ("smooth_l1_loss", r#"{"reduction":"mean","beta":1.0}"#),
    ("cross_entropy", r#"{"reduction":"mean","ignore_index":-100,"label_smoothing":0.0}"#),
    ("nll_loss", r#"{"reduction":"mean","ignore_index":-100}"#),
    ("binary_cross_entropy", r#"{"reduction":"mean"}"#),
    ("binary_cross_entropy_with_logits", r#"{"reduction":"mean"}"#),
    ("soft_margin_loss", r#"{"reduction":"mean"}"#),
    ("kl_div", r#"{"reduction":"mean","log_target":false}"#),
    ("multi_margin_loss", r#"{"reduction":"mean","p":1,"margin":1.0}"#),
    ("multilabel_soft_margin_loss", r#"{"reduction":"mean"}"#),
    ("hinge_embedding_loss", r#"{"reduction":"mean","margin":1.0}"#),
    ("poisson_nll_loss", r#"{"reduction":"mean","log_input":true,"full":false,"eps":1e-8}"#),
    ("gelu", r#"{"approximate":"none"}"#),
    ("leaky_relu", r#"{"negative_slope":0.01}"#),
    ("elu", r#"{"alpha":1.0}"#),
    ("celu", r#"{"alpha":1.0}"#),
    ("softplus", r#"{"beta":1.0,"threshold":20.0}"#),
    ("softshrink", r#"{"lambd":0.5}"#),
    ("hardshrink", r#"{"lambd":0.5}"#),
    ("multilabel_margin_loss", r#"{"reduction":"mean"}"#),
    ("hardtanh", r#"{"min_val":-1.0,"max_val":1.0}"#),
];

/// Calls an op of the table with the options that it has if none are given.
fn plain<'t, T: Float>(
    tape: &'t Tape<T>,
    op: &str,
    args: HashMap<String, Value<'t, T>>,
) -> Result<Var<'t, T>, Wrong> {
    let text = DEFAULTS.iter().find(|(name, _)| *name == op).map_or("{}", |(_, text)| text);
    let attrs = Json::read(text)?;
    match table::call(&Call { tape, op, args, attrs: &attrs })?.into_iter().next() {
        Some(Value::Float(y)) => Ok(y),
        _ => Err(Wrong::Differs(format!("`{op}` gave no floats"))),
    }
}

/// The layer that a parameter belongs to: the first number in its name (`W0`, `ln0.weight`).
fn layer_of(name: &str) -> Option<usize> {
    let from = name.find(|c: char| c.is_ascii_digit())?;
    let digits = &name[from..];
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    digits[..end].parse().ok()
}

/// Whether a parameter is the weight or bias of a linear layer; else it is that of the normalisation after it.
fn is_linear(name: &str) -> bool {
    matches!(name.trim_end_matches(|c: char| c.is_ascii_digit()), "W" | "b")
}

/// Whether the settings are those that are read, and each is of its kind.
fn readable(attrs: &Json) -> Result<(), Wrong> {
    let known = [
        "sizes",
        "activation",
        "layer_norm",
        "loss",
        "optimizer",
        "optimizer_attrs",
        "steps",
        "clip_norm",
        "scheduler",
    ];
    let unknown = attrs.fields().iter().find(|(key, x)| !x.is_null() && !known.contains(&&**key));
    if let Some((key, _)) = unknown {
        return Err(Wrong::Missing(format!("a network with `{key}`")));
    }
    let of = |key: &str, right: fn(&Json) -> bool| match attrs.get(key) {
        x if right(x) => Ok(()),
        x => Err(format!("`{key}` is {x}")),
    };
    of("layer_norm", |x| x.is_null() || x.boolean().is_some())?;
    of("clip_norm", |x| x.is_null() || x.number().is_some())?;
    of("activation", |x| x.text().is_some())?;
    of("loss", |x| x.text().is_some())?;
    of("optimizer", |x| x.text().is_some())?;
    Ok(of("optimizer_attrs", |x| matches!(x, Json::Object(_)))?)
}

fn check<T: Float>(case: Case) -> Result<(), Wrong> {
    let attrs = case.attrs();
    readable(attrs)?;
    let names: Vec<&str> =
        case.names("inputs").into_iter().filter(|n| !matches!(*n, "X" | "T")).collect();
    let mut parameters = Vec::new();
    for name in &names {
        let param = Param::new(case.floats::<T>(name)?);
        param.set_path(name);
        parameters.push(param);
    }
    let sizes = attrs.get("sizes").list().iter().map(|n| usize::try_from(n.integer()?).ok());
    let sizes = sizes.collect::<Option<Vec<usize>>>().filter(|sizes| sizes.len() > 1);
    let sizes = sizes.ok_or_else(|| format!("`sizes` is {}", attrs.get("sizes")))?;
    let layers = sizes.len() - 1;
    let layer_norm = attrs.get("layer_norm").boolean() == Some(true);
    // A tensor that no layer takes would be left out without a word.
    let known = |name: &str| match layer_of(name) {
        Some(i) if is_linear(name) => i < layers,
        Some(i) => layer_norm && i + 1 < layers,
        None => false,
    };
    if let Some(name) = names.iter().find(|name| !known(name)) {
        return Err(Wrong::Differs(format!("no layer of this network takes `{name}`")));
    }
    let norms_own = |i| names.iter().filter(move |n| layer_of(n) == Some(i) && !is_linear(n));
    if let Some(i) = (0..layers).find(|&i| norms_own(i).count() > 2) {
        return Err(Wrong::Differs(format!(
            "the normalisation of layer {i} takes a weight and a bias"
        )));
    }
    let param = |name: &str| -> Result<&Param<T>, String> {
        let place = names.iter().position(|n| *n == name);
        place.map(|i| &parameters[i]).ok_or_else(|| format!("there is no parameter `{name}`"))
    };
    let op = attrs.get("optimizer").text().unwrap_or_default();
    let settings = attrs.get("optimizer_attrs");
    let mut optimizer = optim::build(op, settings, &[], &parameters)?;
    let schedule = match (attrs.get("scheduler"), sched::described(attrs.get("scheduler"))) {
        (Json::Null, _) => None,
        (_, Some((op, settings))) => {
            Some(sched::schedule(op, optimizer.learning_rate(), &settings)?)
        }
        (other, None) => return Err(Wrong::Missing(format!("the schedule {other}"))),
    };
    let (x, t): (Tensor<T>, _) = (case.floats("X")?, case.stored("T")?);
    let activation = attrs.get("activation").text().unwrap_or_default();
    let loss_name = attrs.get("loss").text().unwrap_or_default();
    let (mut losses, mut norms) = (Vec::new(), Vec::new());
    let steps = attrs.get("steps").integer().and_then(|n| usize::try_from(n).ok());
    for step in 0..steps.ok_or_else(|| format!("`steps` is {}", attrs.get("steps")))? {
        if let Some(schedule) = &schedule {
            optimizer.set_learning_rate(schedule.rate(step));
            if let Some(momentum) = schedule.momentum(step) {
                optimizer.set_momentum(momentum).map_err(|e| e.to_string())?;
            }
        }
        optimizer.zero_grad();
        let tape = Tape::new();
        let batch = step % x.shape()[0];
        let mut h = tape.constant(x.select(0, batch)?);
        for i in 0..layers {
            let (w, b) = (param(&format!("W{i}"))?, param(&format!("b{i}"))?);
            if w.value().shape() != [sizes[i + 1], sizes[i]] {
                return Err(format!("W{i} is not of the sizes {sizes:?}").into());
            }
            h = h.linear(tape.param(w), Some(tape.param(b)))?;
            if i + 1 < layers {
                if layer_norm {
                    let width = h.shape()[h.rank() - 1];
                    // Its weight and bias, if it has any, in this order.
                    let mut own = norms_own(i);
                    let mut next = || -> Result<_, String> {
                        own.next().map(|n| Ok(tape.param(param(n)?))).transpose()
                    };
                    let (weight, bias) = (next()?, next()?);
                    h = functional::layer_norm(h, &[width], weight, bias, 1e-5)?;
                }
                h = plain(&tape, activation, HashMap::from([("x".into(), Value::Float(h))]))?;
            }
        }
        let target = match Value::new(&tape, t, false) {
            Value::Float(t) => Value::Float(t.select(0, batch)?),
            Value::Int(t) => Value::Int(t.select(0, batch)?),
            Value::Bool(t) => Value::Bool(t.select(0, batch)?),
        };
        let args = HashMap::from([("x".into(), Value::Float(h)), ("target".into(), target)]);
        let loss = plain(&tape, loss_name, args)?;
        losses.push(loss.item()?);
        loss.backward()?;
        if let Some(most) = attrs.get("clip_norm").number() {
            let norm = ClipNorm::new(most).clip(&parameters).map_err(|e| e.to_string())?;
            norms.push(T::from_f64(norm));
        }
        optimizer.step().map_err(|e| e.to_string())?;
    }
    let tol = case.tolerance("y")?;
    if !case.names("outputs").contains(&"losses") {
        return Err(Wrong::Differs("the case has no `losses`".into()));
    }
    for output in case.names("outputs") {
        let got = match output {
            "losses" => widened(&Tensor::from(losses.clone())),
            "norms" => widened(&Tensor::from(norms.clone())),
            other => match other.strip_prefix("end.") {
                Some(name) => widened(&param(name)?.value()),
                None => return Err(Wrong::Missing(format!("the output `{other}`"))),
            },
        };
        compare(output, &got, case.stored(output)?, tol)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::support::case::Family;
    use super::super::support::{Outcome, Stored};
    use super::*;

    /// x, then target, then W0 [2, 2], b0, weight and bias of the normalisation, W1 [1, 2], b1: a network 2 → 2 → 1.
    const X: [[f64; 2]; 2] = [[0.5, -1.0], [2.0, 0.25]];
    const T: [f64; 2] = [1.0, -0.5];
    const START: [f64; 13] = [0.3, -0.7, 0.9, 0.4, 0.1, -0.2, 1.5, 0.5, 0.2, -0.3, 0.8, -1.1, 0.05];
    const NAMES: [(&str, &[usize]); 6] = [
        ("W0", &[2, 2]),
        ("b0", &[2]),
        ("norm0.weight", &[2]),
        ("norm0.bias", &[2]),
        ("W1", &[1, 2]),
        ("b1", &[1]),
    ];

    /// The loss by plain loops.
    fn loss(p: &[f64]) -> f64 {
        let of = |x: &[f64; 2], t: f64| {
            let h: Vec<f64> =
                (0..2).map(|i| p[2 * i] * x[0] + p[2 * i + 1] * x[1] + p[4 + i]).collect();
            let mean = (h[0] + h[1]) / 2.0;
            let var = ((h[0] - mean).powi(2) + (h[1] - mean).powi(2)) / 2.0;
            let h = |i: usize| ((h[i] - mean) / (var + 1e-5).sqrt() * p[6 + i] + p[8 + i]).tanh();
            (p[10] * h(0) + p[11] * h(1) + p[12] - t).powi(2)
        };
        (of(&X[0], T[0]) + of(&X[1], T[1])) / 2.0
    }

    /// Four steps of SGD with the rates and momenta of a linear one-cycle schedule, the gradients by differences.
    fn by_hand() -> (Vec<f64>, Vec<f64>) {
        let (mut p, mut buffer, mut losses) = (START.to_vec(), vec![0.0; START.len()], Vec::new());
        for (rate, momentum) in [(0.01, 0.9), (0.1, 0.8), (0.055, 0.85), (0.01, 0.9)] {
            losses.push(loss(&p));
            let slope = |i: usize| {
                let at = |step: f64| {
                    let mut p = p.clone();
                    p[i] += step;
                    loss(&p)
                };
                (at(1e-5) - at(-1e-5)) / 2e-5
            };
            let g: Vec<f64> = (0..p.len()).map(slope).collect();
            for i in 0..p.len() {
                buffer[i] = momentum * buffer[i] + g[i];
                p[i] -= rate * buffer[i];
            }
        }
        (losses, p)
    }

    fn outcome(layer_norm: bool, schedule: &str) -> Outcome {
        let (losses, end) = by_hand();
        let float = |x: &[f64], shape: &[usize]| {
            Stored::Float(Tensor::from_vec(x.to_vec(), shape).unwrap())
        };
        let mut tensors = vec![
            ("1.X".to_string(), float(X.as_flattened(), &[1, 2, 2])),
            ("1.T".to_string(), float(&T, &[1, 2, 1])),
            ("1.losses".to_string(), float(&losses, &[4])),
        ];
        let (mut names, mut ends, mut from) = (vec!["X", "T"], vec!["losses".to_string()], 0);
        for (name, shape) in NAMES {
            let to = from + shape.iter().product::<usize>();
            tensors.push((format!("1.{name}"), float(&START[from..to], shape)));
            tensors.push((format!("1.end.{name}"), float(&end[from..to], shape)));
            names.push(name);
            ends.push(format!("end.{name}"));
            from = to;
        }
        let case = format!(
            r#"{{"id":"t","op":"mlp","dtype":"f64","n":1,"inputs":{names:?},"outputs":{ends:?},
                "attrs":{{"sizes":[2,2,1],"activation":"tanh","layer_norm":{layer_norm},"loss":"mse_loss",
                "optimizer":"SGD","optimizer_attrs":{{"lr":0.01,"momentum":0.9}},"steps":4,"clip_norm":null,
                "scheduler":{schedule}}},"tol":{{"y":[1e-7,1e-7]}}}}"#
        );
        let family = Family::of("train", Json::read(&case).unwrap(), tensors);
        run(Case { family: &family, json: &family.cases[0] })
    }

    const ONE_CYCLE: &str = r#"{"op":"OneCycleLR","max_lr":0.1,"total_steps":4,"pct_start":0.5,"anneal_strategy":"linear",
        "base_momentum":0.8,"max_momentum":0.9,"div_factor":10.0,"final_div_factor":1.0}"#;

    #[test]
    fn normalisation_and_the_momentum_of_a_schedule_are_run() {
        assert_eq!(outcome(true, ONE_CYCLE), Outcome::Passed);
        let alone =
            ONE_CYCLE.replace(r#""base_momentum""#, r#""cycle_momentum":false,"base_momentum""#);
        assert!(matches!(outcome(true, &alone), Outcome::Failed(_)));
    }

    #[test]
    fn settings_that_would_be_passed_over_are_refused() {
        let said = |extra: &str, words: &str| {
            // The last of two fields of a name is not read, so the new ones come in place of the old.
            let attrs = format!(
                r#"{{"sizes":[2,1],"activation":"tanh","loss":"mse_loss","optimizer":"SGD",
                "optimizer_attrs":{{"lr":0.01}},"steps":1{extra}}}"#
            );
            let why = match readable(&Json::read(&attrs).unwrap()) {
                Err(Wrong::Differs(why) | Wrong::Missing(why)) => why,
                Ok(()) => String::new(),
            };
            assert!(why.contains(words) && why.is_empty() == words.is_empty(), "{extra}: {why}");
        };
        said("", "");
        said(r#","clip_norm":"half""#, "`clip_norm`");
        said(r#","layer_norm":1"#, "`layer_norm`");
        said(r#","batch":2"#, "a network with `batch`");
    }

    #[test]
    fn a_schedule_that_is_none_is_refused() {
        let outcome = outcome(true, "3");
        let right = matches!(&outcome, Outcome::Unsupported(why) if why.contains("the schedule 3"));
        assert!(right, "{outcome:?}");
    }

    #[test]
    fn a_tensor_that_no_layer_takes_is_a_failure() {
        let outcome = outcome(false, ONE_CYCLE);
        assert!(
            matches!(&outcome, Outcome::Failed(why) if why.contains("`norm0.weight`")),
            "{outcome:?}"
        );
    }
}
