//! Kind `clip`: gradients shortened as a whole, or number by number.

use wengert::autograd::Param;
use wengert::optim::{ClipNorm, clip_grad_value};
use wengert::tensor::{Float, Tensor};

use super::op::{self, Wrong};
use super::support::compare::{compare, widened};
use super::support::{Case, Json, Outcome};

/// Runs a case in its type.
pub fn run(case: Case) -> Outcome {
    op::in_its_type(case, check::<f32>, check::<f64>)
}

/// The outcome where PyTorch's norm overflows and ours is the right finite number: a choice of ours.
pub const NO_OVERFLOW: &str = "the norm is finite, where PyTorch's overflows";

/// The verdict where PyTorch's norm overflows and ours does not: whether ours is the norm, and the gradients are scaled by it.
fn no_overflow(
    before: &[f64],
    order: f64,
    most: f64,
    total: f64,
    after: &[f64],
    [rtol, _]: [f64; 2],
) -> String {
    let norm = norm(before, order);
    let close = |a: f64, b: f64| (a - b).abs() <= rtol * b.abs();
    if !close(total, norm) {
        return format!("total_norm: got {total}, PyTorch's overflows, and it is {norm}");
    }
    let factor = (most / (norm + 1e-6)).min(1.0);
    match before.iter().zip(after).position(|(&g, &c)| !close(c, g * factor)) {
        Some(i) => format!("gradient {i}: got {}, expected {}", after[i], before[i] * factor),
        None => NO_OVERFLOW.to_string(),
    }
}

/// The settings of a case, all of which are read.
struct Settings<'a> {
    json: &'a Json,
}

impl<'a> Settings<'a> {
    /// These and no others.
    fn of(case: Case<'a>, known: &[&str]) -> Result<Self, Wrong> {
        let json = case.attrs();
        let unknown =
            json.fields().iter().find(|(key, x)| !x.is_null() && !known.contains(&&**key));
        match unknown {
            Some((key, _)) => Err(Wrong::Missing(format!("{} with `{key}`", case.op()))),
            None => Ok(Self { json }),
        }
    }

    fn number(&self, key: &str) -> Result<f64, String> {
        let x = self.json.get(key);
        x.number().ok_or_else(|| format!("`{key}` is {x}, and no number"))
    }
}

/// All gradients of a case, in one row.
fn gradients(case: Case) -> Result<Vec<f64>, String> {
    let of = |name| Ok(case.stored(name)?.numbers());
    Ok(case.names("inputs").into_iter().map(of).collect::<Result<Vec<_>, String>>()?.concat())
}

/// The norm of this order, by its definition, scaled by the largest number.
fn norm(x: &[f64], order: f64) -> f64 {
    let most = x.iter().fold(0.0, |most: f64, x| most.max(x.abs()));
    if order.is_infinite() || most == 0.0 {
        return most;
    }
    most * x.iter().map(|x| (x.abs() / most).powf(order)).sum::<f64>().powf(1.0 / order)
}

fn check<T: Float>(case: Case) -> Result<(), Wrong> {
    let mut parameters = Vec::new();
    for name in case.names("inputs") {
        let g: Tensor<T> = case.floats(name)?;
        let param = Param::new(g.zeros_like());
        param.set_grad(Some(g));
        parameters.push(param);
    }
    let mut outputs: Vec<String> = (0..parameters.len()).map(|i| format!("c{i}")).collect();
    if case.op() == "clip_grad_norm" {
        outputs.push("total_norm".into());
    }
    if case.names("outputs") != outputs {
        return Err(format!("the outputs are {:?}, not {outputs:?}", case.names("outputs")).into());
    }
    let tol = case.tolerance("y")?;
    match case.op() {
        "clip_grad_norm" => {
            let known = ["max_norm", "norm_type", "error_if_nonfinite", "eps_in_denominator"];
            let settings = Settings::of(case, &known)?;
            let strict = settings.json.get("error_if_nonfinite");
            let strict = strict.boolean().ok_or("`error_if_nonfinite` is no switch".to_string())?;
            // The coefficient is max_norm / (total_norm + 1e-6), there and here.
            if settings.number("eps_in_denominator")? != 1e-6 {
                return Err(Wrong::Missing(
                    "clip_grad_norm with another `eps_in_denominator`".into(),
                ));
            }
            let most = settings.number("max_norm")?;
            let order = settings.number("norm_type")?;
            let clip = ClipNorm::new(most).norm(order);
            let clip = if strict { clip } else { clip.allow_non_finite() };
            let total = clip.clip(&parameters).map_err(|e| e.to_string())?;
            let expected = case.stored("total_norm")?;
            if expected.numbers() == [f64::INFINITY] && total.is_finite() {
                let after = parameters.iter().filter_map(Param::grad).map(|g| g.cast::<f64>());
                let after: Vec<f64> = after.flat_map(|g| g.to_vec()).collect();
                return Err(no_overflow(&gradients(case)?, order, most, total, &after, tol).into());
            }
            let total = widened(&Tensor::scalar(T::from_f64(total)));
            compare("total_norm", &total, expected, tol)?;
        }
        "clip_grad_value" => {
            let most = Settings::of(case, &["clip_value"])?.number("clip_value")?;
            clip_grad_value(&parameters, most).map_err(|e| e.to_string())?;
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

#[cfg(test)]
mod tests {
    use super::super::support::Stored;
    use super::super::support::case::Family;
    use super::*;

    fn outcome(op: &str, attrs: &str, outputs: &str) -> Outcome {
        let case = format!(
            r#"{{"id":"a","op":"{op}","dtype":"f64","n":1,"inputs":["g0"],"attrs":{{{attrs}}},
                "outputs":[{outputs}],"tol":{{"y":[1e-12,0]}}}}"#
        );
        let float = |name: &str, x: Tensor<f64>| (format!("1.{name}"), Stored::Float(x));
        let tensors = vec![
            float("g0", Tensor::from(vec![2.0])),
            float("c0", Tensor::from(vec![2.0 * 1.0 / (2.0 + 1e-6)])),
            float("total_norm", Tensor::scalar(2.0)),
        ];
        let family = Family::of("clip", Json::read(&case).unwrap(), tensors);
        run(Case { family: &family, json: &family.cases[0] })
    }

    const NORM: &str =
        r#""max_norm":1,"norm_type":2,"error_if_nonfinite":false,"eps_in_denominator":1e-6"#;

    #[test]
    fn every_setting_and_every_output_is_read() {
        let norm = |attrs: &str| outcome("clip_grad_norm", attrs, r#""c0","total_norm""#);
        assert_eq!(norm(NORM), Outcome::Passed);
        let refused = |attrs: &str| !matches!(norm(attrs), Outcome::Passed);
        assert!(refused(&NORM.replace("1e-6", "1e-3")));
        assert!(refused(&NORM.replace("\"norm_type\":2", "\"norm_type\":null")));
        assert!(refused(&format!("{NORM},\"per_layer\":true")));
        assert!(matches!(outcome("clip_grad_norm", NORM, r#""c0""#), Outcome::Failed(_)));
        let value = r#""clip_value":1,"max_norm":2"#;
        assert!(matches!(outcome("clip_grad_value", value, r#""c0""#), Outcome::Unsupported(_)));
    }

    #[test]
    fn only_the_right_norm_is_excused_where_pytorch_overflows() {
        let (before, tol) = ([3e200, 4e200], [1e-9, 0.0]);
        let verdict = |total, after: [f64; 2]| no_overflow(&before, 2.0, 1.0, total, &after, tol);
        assert_eq!(verdict(5e200, [0.6, 0.8]), NO_OVERFLOW);
        assert!(verdict(7e200, [0.6, 0.8]).starts_with("total_norm: got 7"));
        assert!(verdict(5e200, [3e200, 4e200]).starts_with("gradient 0"));
    }
}
