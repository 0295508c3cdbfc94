//! Kind `onnx_train`: one step of ONNX's training operators by our optimisers, whose settings and state are set to say the
//! same.

use std::collections::HashMap;

use wengert::autograd::Param;
use wengert::optim::{Adagrad, Adam, Optimizer, Sgd, State};
use wengert::tensor::{Float, Tensor};

use super::op::{self, Wrong};
use super::support::compare::{compare, widened};
use super::support::{Case, Outcome};

/// Runs a case in its type.
pub fn run(case: Case) -> Outcome {
    op::in_its_type(case, check::<f32>, check::<f64>)
}

/// So many steps that nothing is left of the correction for having started from 0.
const MANY: u64 = 1 << 40;

/// The tensors of a case, which stand in ONNX's order whatever their names are: rate, step, then `count` each of X, of G and
/// of every state; in the outputs `count` each of X and of every state.
struct Places<'a> {
    inputs: Vec<&'a str>,
    outputs: Vec<&'a str>,
    count: usize,
}

fn places(case: Case<'_>) -> Result<Places<'_>, Wrong> {
    let states = match case.op() {
        "Adam" => 2,
        "Adagrad" | "Momentum" => 1,
        other => return Err(Wrong::Missing(other.to_string())),
    };
    let (inputs, outputs) = (case.names("inputs"), case.names("outputs"));
    let count = outputs.len() / (1 + states);
    if count == 0
        || outputs.len() != count * (1 + states)
        || inputs.len() != 2 + count * (2 + states)
    {
        let rule = format!("{} inputs and {} outputs are not ONNX's", inputs.len(), outputs.len());
        return Err(Wrong::Differs(rule));
    }
    Ok(Places { inputs, outputs, count })
}

/// An attribute's name, and its default if it has one.
type Attribute = (&'static str, Option<f64>);

/// The attributes of ONNX's operators, with the defaults of those that have one; the others must be there.
const ATTRIBUTES: &[(&str, &[Attribute])] = &[
    (
        "Adagrad",
        &[("decay_factor", Some(0.0)), ("epsilon", Some(0.0)), ("norm_coefficient", Some(0.0))],
    ),
    (
        "Adam",
        &[
            ("alpha", Some(0.9)),
            ("beta", Some(0.999)),
            ("epsilon", Some(0.0)),
            ("norm_coefficient", Some(0.0)),
            ("norm_coefficient_post", Some(0.0)),
        ],
    ),
    ("Momentum", &[("alpha", None), ("beta", None), ("norm_coefficient", None)]),
];

/// The numbers of a case's attributes, all of which are read; beside them stands the mode of Momentum.
fn numbers(case: Case) -> Result<HashMap<&'static str, f64>, Wrong> {
    let (op, attrs) = (case.op(), case.attrs());
    let known = ATTRIBUTES.iter().find(|(name, _)| *name == op).map_or(&[][..], |(_, known)| known);
    let mode = |key: &str| op == "Momentum" && key == "mode";
    let is_known = |key: &str| mode(key) || known.iter().any(|(name, _)| *name == key);
    if let Some((key, _)) = attrs.fields().iter().find(|(key, x)| !x.is_null() && !is_known(key)) {
        return Err(Wrong::Missing(format!("{op} with `{key}`")));
    }
    let mut numbers = HashMap::new();
    for (name, default) in known {
        let x = attrs.get(name);
        let number = if x.is_null() { *default } else { x.number() };
        numbers.insert(*name, number.ok_or_else(|| format!("{op}: `{name}` is {x}"))?);
    }
    Ok(numbers)
}

/// The fault of a state without what the case looks at.
fn missing() -> Wrong {
    Wrong::Differs("the optimiser's state lacks a tensor of the case".into())
}

fn check<T: Float>(case: Case) -> Result<(), Wrong> {
    let Places { inputs, outputs, count } = places(case)?;
    let numbers = numbers(case)?;
    let number = |key: &str| numbers[key];
    let input = |key: &str| -> Result<f64, String> {
        match case.stored(key)?.numbers()[..] {
            [x] => Ok(x),
            _ => Err(format!("`{key}` is not one number")),
        }
    };
    let (rate, t) = (input(inputs[0])?, input(inputs[1])?);
    if t < 0.0 || t.fract() != 0.0 {
        return Err(format!("{t} steps so far").into());
    }
    let t = t as u64;
    let decay = number("norm_coefficient");
    let tol = case.tolerance("y")?;
    for place in 0..count {
        // Tensor `place` of group `group`: X, G and the states of the inputs; X and the states of the outputs.
        let input = |group: usize| case.floats::<T>(inputs[2 + group * count + place]);
        let x = Param::new(input(0)?);
        x.set_path("x");
        x.set_grad(Some(input(1)?));
        let end = |optimizer: &mut dyn Optimizer<T>,
                   steps: u64,
                   kept: &[(&str, Tensor<T>)]|
         -> Result<State<T>, Wrong> {
            let mut begin = State::default();
            begin.insert_number("learning_rate", optimizer.learning_rate());
            begin.insert_number("x.step", steps as f64);
            for (name, tensor) in kept {
                begin.insert(format!("x.{name}"), tensor.clone());
            }
            optimizer.load_state(begin).map_err(|e| e.to_string())?;
            optimizer.step().map_err(|e| e.to_string())?;
            Ok(optimizer.state())
        };
        let check = |group: usize, got: &Tensor<T>| -> Result<(), Wrong> {
            let name = outputs[group * count + place];
            Ok(compare(name, &widened(got), case.stored(name)?, tol)?)
        };
        match case.op() {
            "Adagrad" => {
                let mut optimizer = Adagrad::new([x.clone()], rate)
                    .lr_decay(number("decay_factor"))
                    .eps(number("epsilon"))
                    .weight_decay(decay);
                let after = end(&mut optimizer, t, &[("sum", input(2)?)])?;
                check(0, &x.value())?;
                check(1, after.get("x.sum").ok_or_else(missing)?)?;
            }
            "Adam" => {
                let (alpha, beta) = (number("alpha"), number("beta"));
                // ONNX adds epsilon to √H', we to √(H'/(1 - βᵗ)); at T = 0 it corrects nothing.
                let root = if t > 0 { (1.0 - beta.powi(t as i32)).sqrt() } else { 1.0 };
                let mut optimizer = Adam::new([x.clone()], rate)
                    .betas(alpha, beta)
                    .eps(number("epsilon") / root)
                    .weight_decay(decay);
                let steps = if t > 0 { t - 1 } else { MANY };
                let kept = [("exp_avg", input(2)?), ("exp_avg_sq", input(3)?)];
                let after = end(&mut optimizer, steps, &kept)?;
                let post = number("norm_coefficient_post");
                check(0, &x.value().mul_scalar(1.0 - post))?;
                check(1, after.get("x.exp_avg").ok_or_else(missing)?)?;
                check(2, after.get("x.exp_avg_sq").ok_or_else(missing)?)?;
            }
            "Momentum" => {
                let alpha = number("alpha");
                // The first step takes the whole gradient here and there.
                let beta = if t > 0 { number("beta") } else { 1.0 };
                let mut optimizer = Sgd::new([x.clone()], rate)
                    .momentum(alpha)
                    .dampening(1.0 - beta)
                    .weight_decay(decay);
                match case.attrs().get("mode").text() {
                    Some("nesterov") => optimizer = optimizer.nesterov(),
                    Some("standard") => {}
                    _ => {
                        let mode = case.attrs().get("mode");
                        return Err(Wrong::Missing(format!("Momentum in the mode {mode}")));
                    }
                }
                let after = end(&mut optimizer, t, &[("momentum_buffer", input(2)?)])?;
                check(0, &x.value())?;
                check(1, after.get("x.momentum_buffer").ok_or_else(missing)?)?;
            }
            other => return Err(Wrong::Missing(other.to_string())),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::support::case::Family;
    use super::super::support::{Json, Outcome, Stored};
    use super::*;

    /// Two tensors at once, and the state of Momentum called H, as ONNX's own test of several tensors calls it.
    fn outcome(attrs: &str) -> Outcome {
        let numbers = [
            ("R", 0.1),
            ("T", 3.0),
            ("X1", 1.0),
            ("X2", 2.0),
            ("G1", 0.5),
            ("G2", -1.0),
            ("H1", 2.0),
            ("H2", 3.0),
            // V' = 0.9 V + G, and X' = X - 0.1 V'.
            ("X1_new", 0.77),
            ("X2_new", 1.83),
            ("V1_new", 2.3),
            ("V2_new", 1.7),
        ];
        let mut tensors = Vec::new();
        let (mut inputs, mut outputs) = (Vec::new(), Vec::new());
        for (name, x) in numbers {
            let name =
                if name.ends_with("new") { format!("out.{name}") } else { format!("in.{name}") };
            tensors.push((format!("1.{name}"), Stored::Float(Tensor::from(vec![x]))));
            if name.starts_with("in") { inputs.push(name) } else { outputs.push(name) }
        }
        let case = format!(
            r#"{{"id":"m","op":"Momentum","dtype":"f64","n":1,"inputs":{inputs:?},"outputs":{outputs:?},
                "attrs":{{{attrs}}},"tol":{{"y":[1e-9,1e-9]}}}}"#
        );
        let family = Family::of("onnx_train", Json::read(&case).unwrap(), tensors);
        run(Case { family: &family, json: &family.cases[0] })
    }

    const ATTRS: &str = r#""alpha":0.9,"beta":1.0,"mode":"standard","norm_coefficient":0.0"#;

    #[test]
    fn tensors_are_known_by_their_order() {
        assert_eq!(outcome(ATTRS), Outcome::Passed);
    }

    #[test]
    fn every_attribute_is_read_and_those_without_default_are_there() {
        assert!(matches!(outcome(&ATTRS.replace("standard", "heavy")), Outcome::Unsupported(_)));
        assert!(matches!(outcome(&format!("{ATTRS},\"clip\":1")), Outcome::Unsupported(_)));
        for left_out in [r#""alpha":0.9,"#, r#""beta":1.0,"#, r#","norm_coefficient":0.0"#] {
            let outcome = outcome(&ATTRS.replace(left_out, ""));
            assert!(matches!(outcome, Outcome::Failed(_)), "{left_out}: {outcome:?}");
        }
    }
}
