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

fn check<T: Float>(case: Case) -> Result<(), Wrong> {
    // One tensor, or several: X or X1, X2, ….
    let several = case.find("in.X1").is_some();
    let suffixes: Vec<String> = if several {
        (1..)
            .map(|i| format!("{i}"))
            .take_while(|s| case.find(&format!("in.X{s}")).is_some())
            .collect()
    } else {
        vec![String::new()]
    };
    let number = |key: &str| case.attrs().get(key).number();
    let input = |key: &str| -> Result<f64, String> {
        Ok(case.stored(key)?.numbers().first().copied().unwrap_or(f64::NAN))
    };
    let (rate, t) = (input("in.R")?, input("in.T")? as u64);
    let decay = number("norm_coefficient").unwrap_or(0.0);
    let tol = case.tolerance("y")?;
    for suffix in &suffixes {
        let x = Param::new(case.floats::<T>(&format!("in.X{suffix}"))?);
        x.set_path("x");
        x.set_grad(Some(case.floats(&format!("in.G{suffix}"))?));
        let state = |key: &str| case.floats::<T>(&format!("in.{key}{suffix}"));
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
        let check = |name: &str, got: &Tensor<T>| -> Result<(), Wrong> {
            let stored = [format!("out.{name}{suffix}_new"), format!("out.{name}_new{suffix}")]
                .into_iter()
                .find(|key| case.find(key).is_some())
                .ok_or_else(|| format!("there is no output for `{name}{suffix}`"))?;
            Ok(compare(&stored, &widened(got), case.stored(&stored)?, tol)?)
        };
        match case.op() {
            "Adagrad" => {
                let mut optimizer = Adagrad::new([x.clone()], rate)
                    .lr_decay(number("decay_factor").unwrap_or(0.0))
                    .eps(number("epsilon").unwrap_or(0.0))
                    .weight_decay(decay);
                let after = end(&mut optimizer, t, &[("sum", state("H")?)])?;
                check("X", &x.value())?;
                check("H", &after.tensors["x.sum"])?;
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
                let kept = [("exp_avg", state("V")?), ("exp_avg_sq", state("H")?)];
                let after = end(&mut optimizer, steps, &kept)?;
                let post = number("norm_coefficient_post").unwrap_or(0.0);
                check("X", &x.value().mul_scalar(1.0 - post))?;
                check("V", &after.tensors["x.exp_avg"])?;
                check("H", &after.tensors["x.exp_avg_sq"])?;
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
                let after = end(&mut optimizer, t, &[("momentum_buffer", state("V")?)])?;
                check("X", &x.value())?;
                check("V", &after.tensors["x.momentum_buffer"])?;
            }
            other => return Err(Wrong::Missing(other.to_string())),
        }
    }
    Ok(())
}
