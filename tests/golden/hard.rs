//! Kind `hard`: kinks, ties, overflow, infinities. Where PyTorch and JAX part, or a slope is a matter of convention, an
//! element may match any of several answers; FORMAT.md has the rule, and docs/conventions.md what we chose.

use wengert::autograd::{Tape, Var};
use wengert::tensor::{Axes, Float, Tensor};

use super::op::{self, Wrong};
use super::support::compare::{alike, each, matches};
use super::support::{Case, Outcome, Stored};

/// Runs a case in its type.
pub fn run(case: Case) -> Outcome {
    op::in_its_type(case, check::<f32>, check::<f64>)
}

fn check<T: Float>(case: Case) -> Result<(), Wrong> {
    let tape = Tape::<T>::new();
    let run = op::forward(case, &tape)?;
    for name in case.names("outputs") {
        let got = run.outputs.get(name).ok_or_else(|| format!("there is no output `{name}`"))?;
        accept(case, name, None, &got.stored()?)?;
    }
    // Every weight is 1.
    let loss = op::loss(case, &tape, &run, |_, y| Ok(y.value()?.ones_like()))?;
    let mut names = case.names("grads");
    names.extend(case.names("grads_opt"));
    let leaves: Vec<Var<T>> = names.iter().map(|n| run.leaves[*n]).collect();
    let found = loss.pull_tensors(&leaves, &loss.value()?.ones_like())?;
    let got = |name: &str| names.iter().position(|n| *n == name).map(|i| found[i].cast::<f64>());
    for (name, g) in names.iter().zip(&found) {
        accept(case, &format!("g.{name}"), Some(name), &Stored::Float(g.cast()))?;
    }
    op::second_order(case, &run.leaves, loss)?;
    for (name, axes) in case.json.get("keep_sum").fields() {
        let axes = axes.list().iter().map(|x| Some(x.integer()? as isize));
        let axes: Option<Vec<isize>> = axes.collect();
        let axes = axes.filter(|axes| !axes.is_empty());
        let axes = axes.ok_or_else(|| format!("`keep_sum` of `{name}` names no axes"))?;
        let total = |g: Tensor<f64>| g.sum_over(Axes::from(&axes[..]));
        let g = got(name).ok_or_else(|| format!("`keep_sum`: there is no gradient of `{name}`"))?;
        let (sum, expected) = (total(g)?, total(case.floats(&format!("g.{name}"))?)?);
        let tol = case.tolerance("g")?;
        each(&format!("g.{name} summed"), &sum.to_vec(), &expected.to_vec(), |_, x, y| {
            matches(x, y, tol)
        })?;
    }
    if let [a, b] = case.names("keep_pair")[..] {
        let (Some(x), Some(y)) = (got(a), got(b)) else {
            return Err(Wrong::Differs(format!("there is no gradient of `{a}` or `{b}`")));
        };
        let expected: Tensor<f64> = case.floats::<f64>(&format!("g.{a}"))?;
        let expected = expected.try_add(&case.floats(&format!("g.{b}"))?)?;
        let (in_a, in_b) = (case.stored(a)?.numbers(), case.stored(b)?.numbers());
        let tol = case.tolerance("g")?;
        each(
            &format!("g.{a} + g.{b}"),
            &x.try_add(&y)?.to_vec(),
            &expected.to_vec(),
            |i, x, y| in_a[i].is_nan() || in_b[i].is_nan() || matches(x, y, tol),
        )?;
    }
    Ok(())
}

/// Compares an output, or the gradient of an input, by the rule of several answers.
fn accept(case: Case, name: &str, input: Option<&str>, got: &Stored) -> Result<(), Wrong> {
    let torch = case.stored(name)?;
    alike(name, got, torch)?;
    let tol = case.tolerance(if input.is_some() { "g" } else { "y" })?;
    let other = |list: &str, prefix: &str, name: &str| -> Result<Option<Vec<f64>>, String> {
        let listed = case.names(list).contains(&name);
        listed.then(|| Ok(case.stored(&format!("{prefix}.{name}"))?.numbers())).transpose()
    };
    let jax = other("differ", "jax", name)?;
    let exact = other("exact", "exact", name)?;
    let bounds = match input {
        Some(input) => other("range", "lo", input)?.zip(other("range", "hi", input)?),
        None => None,
    };
    let tol = if matches!(torch, Stored::Float(_)) { tol } else { [0.0, 0.0] };
    let torch = torch.numbers();
    Ok(each(name, &got.numbers(), &torch, |i, got, torch| {
        matches(got, torch, tol)
            || jax.as_ref().is_some_and(|jax| {
                let unfounded = case.family.name == "hard" && jax[i].is_nan() && !torch.is_nan();
                !unfounded && matches(got, jax[i], tol)
            })
            || exact.as_ref().is_some_and(|exact| matches(got, exact[i], tol))
            || (input.is_some() && torch.is_nan())
            || bounds.as_ref().is_some_and(|(lo, hi)| {
                (lo[i].is_nan() && hi[i].is_nan()) || (lo[i] <= got && got <= hi[i])
            })
    })?)
}
