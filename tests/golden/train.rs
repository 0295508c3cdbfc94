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

fn check<T: Float>(case: Case) -> Result<(), Wrong> {
    let attrs = case.attrs();
    let names: Vec<&str> =
        case.names("inputs").into_iter().filter(|n| !matches!(*n, "X" | "T")).collect();
    let mut parameters = Vec::new();
    for name in &names {
        let param = Param::new(case.floats::<T>(name)?);
        param.set_path(name);
        parameters.push(param);
    }
    let param = |name: &str| -> Result<&Param<T>, String> {
        let place = names.iter().position(|n| *n == name);
        place.map(|i| &parameters[i]).ok_or_else(|| format!("there is no parameter `{name}`"))
    };
    let op = attrs.get("optimizer").text().unwrap_or_default();
    let settings = attrs.get("optimizer_attrs");
    let mut optimizer = optim::build(op, settings, &[], &parameters)?;
    let schedule = match sched::described(attrs.get("scheduler")) {
        Some((op, settings)) => Some(sched::schedule(op, optimizer.learning_rate(), &settings)?),
        None => None,
    };
    let (x, t): (Tensor<T>, _) = (case.floats("X")?, case.stored("T")?);
    let layers = attrs.get("sizes").list().len().saturating_sub(1);
    let layer_norm = attrs.get("layer_norm").boolean() == Some(true);
    let activation = attrs.get("activation").text().unwrap_or_default();
    let loss_name = attrs.get("loss").text().unwrap_or_default();
    let (mut losses, mut norms) = (Vec::new(), Vec::new());
    for step in 0..attrs.get("steps").integer().unwrap_or(0) as usize {
        if let Some(schedule) = &schedule {
            optimizer.set_learning_rate(schedule.at(step));
        }
        optimizer.zero_grad();
        let tape = Tape::new();
        let batch = step % x.shape()[0];
        let mut h = tape.constant(x.select(0, batch)?);
        for i in 0..layers {
            let (w, b) = (param(&format!("W{i}"))?, param(&format!("b{i}"))?);
            h = h.linear(tape.param(w), Some(tape.param(b)))?;
            if i + 1 < layers {
                if layer_norm {
                    let width = h.shape()[h.rank() - 1];
                    // Its weight and bias, if it has any, in this order.
                    let of_layer = |n: &&&str| {
                        n.ends_with(&i.to_string())
                            && !matches!(
                                n.trim_end_matches(|c: char| c.is_ascii_digit()),
                                "W" | "b"
                            )
                    };
                    let mut own = names.iter().filter(of_layer);
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
    for output in case.names("outputs") {
        let got = match output {
            "losses" => widened(&Tensor::from(losses.clone())),
            "norms" => widened(&Tensor::from(norms.clone())),
            other => widened(&param(other.trim_start_matches("end."))?.value()),
        };
        compare(output, &got, case.stored(output)?, tol)?;
    }
    Ok(())
}
