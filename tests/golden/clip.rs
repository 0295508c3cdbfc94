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
    let number = |key: &str| case.attrs().get(key).number();
    let tol = case.tolerance("y")?;
    match case.op() {
        "clip_grad_norm" => {
            let strict = case.attrs().get("error_if_nonfinite").boolean() == Some(true);
            let clip = ClipNorm::new(number("max_norm").unwrap_or(f64::NAN))
                .norm(number("norm_type").unwrap_or(2.0));
            let clip = if strict { clip } else { clip.allow_non_finite() };
            let total = clip.clip(&parameters).map_err(|e| e.to_string())?;
            let expected = case.stored("total_norm")?;
            let order = number("norm_type").unwrap_or(2.0);
            if expected.numbers() == [f64::INFINITY] && total.is_finite() {
                let after = parameters.iter().filter_map(Param::grad).map(|g| g.cast::<f64>());
                let after: Vec<f64> = after.flat_map(|g| g.to_vec()).collect();
                let most = number("max_norm").unwrap_or(f64::NAN);
                return Err(no_overflow(&gradients(case)?, order, most, total, &after, tol).into());
            }
            let total = widened(&Tensor::scalar(T::from_f64(total)));
            compare("total_norm", &total, expected, tol)?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_norm_is_excused_where_pytorch_overflows() {
        let (before, tol) = ([3e200, 4e200], [1e-9, 0.0]);
        let verdict = |total, after: [f64; 2]| no_overflow(&before, 2.0, 1.0, total, &after, tol);
        assert_eq!(verdict(5e200, [0.6, 0.8]), NO_OVERFLOW);
        assert!(verdict(7e200, [0.6, 0.8]).starts_with("total_norm: got 7"));
        assert!(verdict(5e200, [3e200, 4e200]).starts_with("gradient 0"));
    }
}
