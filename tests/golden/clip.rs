//! Kind `clip`: gradients shortened as a whole, or number by number.

use wengert::autograd::Param;
use wengert::optim::{ClipNorm, clip_grad_value};
use wengert::tensor::{Float, Tensor};

use super::op::{self, Wrong};
use super::support::compare::{compare, widened};
use super::support::{Case, Outcome};

/// Runs a case in its type.
pub fn run(case: Case) -> Outcome {
    op::in_its_type(case, check::<f32>, check::<f64>)
}

fn check<T: Float>(case: Case) -> Result<(), Wrong> {
    let mut parameters = Vec::new();
    for name in case.names("inputs") {
        let g: Tensor<T> = case.floats(name)?;
        let param = Param::new(g.zeros_like());
        param.set_grad(Some(g));
        parameters.push(param);
    }
    let number = |key: &str| case.attrs().get(key).number();
    let tol = case.tolerance("y")?;
    match case.op() {
        "clip_grad_norm" => {
            let strict = case.attrs().get("error_if_nonfinite").boolean() == Some(true);
            let clip = ClipNorm::new(number("max_norm").unwrap_or(f64::NAN))
                .norm(number("norm_type").unwrap_or(2.0));
            let clip = if strict { clip } else { clip.allow_non_finite() };
            let total = clip.clip(&parameters).map_err(|e| e.to_string())?;
            let total = widened(&Tensor::scalar(T::from_f64(total)));
            compare("total_norm", &total, case.stored("total_norm")?, tol)?;
        }
        "clip_grad_value" => {
            clip_grad_value(&parameters, number("clip_value").unwrap_or(f64::NAN))
                .map_err(|e| e.to_string())?;
        }
        other => return Err(Wrong::Missing(other.to_string())),
    }
    for (i, param) in parameters.iter().enumerate() {
        let name = format!("c{i}");
        let got = param.grad().ok_or_else(|| format!("{name}: there is no gradient any more"))?;
        compare(&name, &widened(&got), case.stored(&name)?, tol)?;
    }
    Ok(())
}
