//! Kind `onnx_train`: one step of ONNX's training operators by our optimisers, whose settings and state are set to say the
//! same.

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

fn check<T: Float>(case: Case) -> Result<(), Wrong> {
    let Places { inputs, outputs, count } = places(case)?;
    let number = |key: &str| case.attrs().get(key).number();
    let input = |key: &str| -> Result<f64, String> {
        Ok(case.stored(key)?.numbers().first().copied().unwrap_or(f64::NAN))
    };
    let (rate, t) = (input(inputs[0])?, input(inputs[1])? as u64);
    let decay = number("norm_coefficient").unwrap_or(0.0);
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
            begin.scalars.insert("learning_rate".into(), optimizer.learning_rate());
            begin.scalars.insert("x.step".into(), steps as f64);
            for (name, tensor) in kept {
                begin.tensors.insert(format!("x.{name}"), tensor.clone());
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
                    .lr_decay(number("decay_factor").unwrap_or(0.0))
                    .eps(number("epsilon").unwrap_or(0.0))
                    .weight_decay(decay);
                let after = end(&mut optimizer, t, &[("sum", input(2)?)])?;
                check(0, &x.value())?;
                check(1, &after.tensors["x.sum"])?;
            }
            "Adam" => {
                let (alpha, beta) =
                    (number("alpha").unwrap_or(0.9), number("beta").unwrap_or(0.999));
                // ONNX adds epsilon to √H', we to √(H'/(1 - βᵗ)); at T = 0 it corrects nothing.
                let root = if t > 0 { (1.0 - beta.powi(t as i32)).sqrt() } else { 1.0 };
                let mut optimizer = Adam::new([x.clone()], rate)
                    .betas(alpha, beta)
                    .eps(number("epsilon").unwrap_or(0.0) / root)
                    .weight_decay(decay);
                let steps = if t > 0 { t - 1 } else { MANY };
                let kept = [("exp_avg", input(2)?), ("exp_avg_sq", input(3)?)];
                let after = end(&mut optimizer, steps, &kept)?;
                let post = number("norm_coefficient_post").unwrap_or(0.0);
                check(0, &x.value().mul_scalar(1.0 - post))?;
                check(1, &after.tensors["x.exp_avg"])?;
                check(2, &after.tensors["x.exp_avg_sq"])?;
            }
            "Momentum" => {
                let alpha = number("alpha").unwrap_or(0.0);
                // The first step takes the whole gradient here and there.
                let beta = if t > 0 { number("beta").unwrap_or(1.0) } else { 1.0 };
                let mut optimizer = Sgd::new([x.clone()], rate)
                    .momentum(alpha)
                    .dampening(1.0 - beta)
                    .weight_decay(decay);
                if case.attrs().get("mode").text() == Some("nesterov") {
                    optimizer = optimizer.nesterov();
                }
                let after = end(&mut optimizer, t, &[("momentum_buffer", input(2)?)])?;
                check(0, &x.value())?;
                check(1, &after.tensors["x.momentum_buffer"])?;
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
    #[test]
    fn tensors_are_known_by_their_order() {
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
                "attrs":{{"alpha":0.9,"beta":1.0,"mode":"standard"}},"tol":{{"y":[1e-9,1e-9]}}}}"#
        );
        let family = Family::of("onnx_train", Json::read(&case).unwrap(), tensors);
        let outcome = run(Case { family: &family, json: &family.cases[0] });
        assert_eq!(outcome, Outcome::Passed);
    }
}
