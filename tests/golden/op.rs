//! Kind `op`: one operation, or a short program of them: values, gradients, gradients of gradients.

use std::collections::HashMap;

use wengert::autograd::{Tape, Var};
use wengert::tensor::Float;

use super::call::{Answer, Call, Refusal, Value};
use super::graph;
use super::support::compare::{compare, widened};
use super::support::{Case, Json, Outcome};
use super::table;

/// Runs a case in its type.
pub fn run(case: Case) -> Outcome {
    in_its_type(case, check::<f32>, check::<f64>)
}

/// Runs one of two functions, by the case's type.
pub fn in_its_type(
    case: Case,
    f32: impl FnOnce(Case) -> Result<(), Wrong>,
    f64: impl FnOnce(Case) -> Result<(), Wrong>,
) -> Outcome {
    let result = match case.text("dtype") {
        "f32" => f32(case),
        "f64" => f64(case),
        other => Err(Wrong::Differs(format!("`{other}` is no type of floats"))),
    };
    match result {
        Ok(()) => Outcome::Passed,
        Err(Wrong::Missing(what)) => Outcome::Unsupported(what),
        Err(Wrong::Differs(why)) => Outcome::Failed(why),
    }
}

/// Why a case does not pass.
#[derive(Debug)]
pub enum Wrong {
    Missing(String),
    Differs(String),
}

impl From<String> for Wrong {
    fn from(why: String) -> Self {
        Self::Differs(why)
    }
}

impl From<Refusal> for Wrong {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Missing(what) => Self::Missing(what),
            other => Self::Differs(other.to_string()),
        }
    }
}

macro_rules! differs {
    ($($error:ty)*) => {$(
        impl From<$error> for Wrong {
            fn from(error: $error) -> Self {
                Self::Differs(error.to_string())
            }
        }
    )*};
}
differs!(wengert::autograd::Error wengert::tensor::Error);

/// The leaves of a case on a tape, and what its op gave.
pub struct Run<'t, T: Float> {
    /// The stored tensors of `grads` and `grads_opt`: vars.
    pub leaves: HashMap<String, Var<'t, T>>,
    /// By the names of `outputs`.
    pub outputs: HashMap<String, Value<'t, T>>,
}

/// Puts the inputs on the tape and runs the op or program.
pub fn forward<'t, T: Float>(case: Case, tape: &'t Tape<T>) -> Result<Run<'t, T>, Wrong> {
    let mut wanted = case.names("grads");
    wanted.extend(case.names("grads_opt"));
    let (mut leaves, mut inputs) = (HashMap::new(), HashMap::new());
    for name in case.names("inputs") {
        let leaf = Value::new(tape, case.stored(name)?, wanted.contains(&name));
        if let Value::Float(x) = &leaf {
            leaves.insert(name.to_string(), *x);
        }
        let value = viewed(leaf, case.json.get("pre").get(name))?;
        inputs.insert(name.to_string(), value);
    }
    let names = case.names("outputs");
    let outputs = if case.json.get("program").is_null() {
        let call = Call { tape, op: case.op(), args: inputs, attrs: case.attrs() };
        named(case.op(), &names, table::call(&call)?)?
    } else {
        graph::program(case, tape, inputs)?
    };
    Ok(Run { leaves, outputs })
}

fn named<'t, T: Float>(
    op: &str,
    names: &[&str],
    answer: Answer<'t, T>,
) -> Result<HashMap<String, Value<'t, T>>, Wrong> {
    // ONNX has batch norms whose running statistics are not looked at; of any other op all is looked at.
    let some = op == "batch_norm" && names == ["y"] && !answer.is_empty();
    if answer.len() != names.len() && !some {
        return Err(Wrong::Differs(format!("got {} outputs, expected {names:?}", answer.len())));
    }
    Ok(names.iter().map(|n| n.to_string()).zip(answer).collect())
}

/// Applies the views of `pre`, which are recorded.
pub fn viewed<'t, T: Float>(leaf: Value<'t, T>, views: &Json) -> Result<Value<'t, T>, Wrong> {
    views.list().iter().try_fold(leaf, |x, view| {
        let [Json::Text(name), args @ ..] = view.list() else {
            return Err(Wrong::Differs(format!("a view that is not one: {view}")));
        };
        let wrong = || format!("a view that is not one: {view}");
        let count = match name.as_str() {
            "narrow" => 3,
            _ => 1,
        };
        if args.len() != count {
            return Err(wrong().into());
        }
        let int = |i: usize| Ok::<_, String>(args[i].integer().ok_or_else(wrong)? as isize);
        let size = |i: usize| usize::try_from(int(i)?).map_err(|_| wrong());
        let list = || match &args[0] {
            Json::List(list) => list.iter().map(|x| Some(x.integer()? as isize)).collect(),
            _ => None,
        };
        let list = || -> Result<Vec<isize>, String> { list().ok_or_else(wrong) };
        macro_rules! view {
            ($x:expr) => {
                match name.as_str() {
                    "permute" => $x.permute(list()?)?,
                    "narrow" => $x.narrow(int(0)?, size(1)?, size(2)?)?,
                    "squeeze" => $x.squeeze(int(0)?)?,
                    "expand" => {
                        let sizes: Vec<usize> = list()?.into_iter().map(|n| n as usize).collect();
                        $x.expand(sizes)?
                    }
                    other => return Err(Wrong::Differs(format!("an unknown view `{other}`"))),
                }
            };
        }
        Ok(match x {
            Value::Float(x) => Value::Float(view!(x)),
            Value::Int(x) => Value::Int(view!(x)),
            Value::Bool(x) => Value::Bool(view!(x)),
        })
    })
}

/// The sum over `diff` of sum(w · output): what gradients are of.
pub fn loss<'t, T: Float>(
    case: Case,
    tape: &'t Tape<T>,
    run: &Run<'t, T>,
    weight: impl Fn(&str, Var<'t, T>) -> Result<wengert::tensor::Tensor<T>, Wrong>,
) -> Result<Var<'t, T>, Wrong> {
    let mut loss = tape.constant(wengert::tensor::Tensor::scalar(T::ZERO));
    for name in case.names("diff") {
        let Some(Value::Float(y)) = run.outputs.get(name) else {
            return Err(Wrong::Differs(format!("`{name}` is not of floats")));
        };
        loss = loss.try_add(y.try_mul(&weight(name, *y)?)?.sum())?;
    }
    Ok(loss)
}

fn check<T: Float>(case: Case) -> Result<(), Wrong> {
    let tape = Tape::<T>::new();
    let run = forward(case, &tape)?;
    for name in case.names("outputs") {
        let got = run.outputs.get(name).ok_or_else(|| format!("there is no output `{name}`"))?;
        compare(name, &got.stored()?, case.stored(name)?, case.tolerance("y")?)?;
    }
    let loss = loss(case, &tape, &run, |name, _| Ok(case.floats(&format!("w.{name}"))?))?;
    gradients(case, &run, loss)?;
    second_order(case, &run.leaves, loss)
}

/// Compares the gradients of `grads`, and those of `grads_opt`, which we give.
fn gradients<T: Float>(case: Case, run: &Run<T>, loss: Var<T>) -> Result<(), Wrong> {
    let mut names = case.names("grads");
    names.extend(case.names("grads_opt"));
    let leaves: Vec<Var<T>> = names.iter().map(|n| run.leaves[*n]).collect();
    let seed = loss.value()?.ones_like();
    let found = loss.pull_tensors(&leaves, &seed)?;
    for (name, got) in names.iter().zip(found) {
        let key = format!("g.{name}");
        compare(&key, &widened(&got), case.stored(&key)?, case.tolerance("g")?)?;
    }
    Ok(())
}

/// Compares the gradient of s = Σ v · gradient, the gradients as functions of the inputs.
pub fn second_order<'t, T: Float>(
    case: Case,
    leaves: &HashMap<String, Var<'t, T>>,
    loss: Var<'t, T>,
) -> Result<(), Wrong> {
    let names = case.names("hvp");
    if names.is_empty() {
        return Ok(());
    }
    let leaves: Vec<Var<T>> = names.iter().map(|n| leaves[*n]).collect();
    let first = loss.grad_or_zero(&leaves)?;
    let mut s: Option<Var<T>> = None;
    for (name, g) in names.iter().zip(&first) {
        let part = g.try_mul(&case.floats(&format!("v.{name}"))?)?.sum();
        s = Some(s.map_or(Ok(part), |s| s.try_add(part))?);
    }
    let Some(s) = s else { return Ok(()) };
    let seed = s.value()?.ones_like();
    for (name, got) in names.iter().zip(s.pull_tensors(&leaves, &seed)?) {
        let key = format!("h.{name}");
        compare(&key, &widened(&got), case.stored(&key)?, case.tolerance("h")?)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use wengert::tensor::Tensor;

    use super::super::support::Stored;
    use super::super::support::case::Family;
    use super::*;

    fn outcome(case: &str, tensors: &[(&str, &[f64], &[usize])]) -> Outcome {
        let stored = |x: &[f64], shape: &[usize]| {
            Stored::Float(Tensor::from_vec(x.to_vec(), shape).unwrap())
        };
        let tensors = tensors
            .iter()
            .map(|(name, x, shape)| (format!("1.{name}"), stored(x, shape)))
            .collect();
        let family = Family::of("op", Json::read(case).unwrap(), tensors);
        run(Case { family: &family, json: &family.cases[0] })
    }

    /// The largest number alone is half of an answer.
    #[test]
    fn an_output_that_is_not_looked_at_is_a_failure() {
        let case = r#"{"id":"a","op":"max","dtype":"f64","n":1,"inputs":["x"],"outputs":["y"],
            "attrs":{"dim":0,"keepdim":false},"tol":{"y":[0,0]}}"#;
        let outcome = outcome(case, &[("x", &[1.0, 2.0], &[2]), ("y", &[2.0], &[])]);
        assert!(
            matches!(&outcome, Outcome::Failed(why) if why.contains("2 outputs")),
            "{outcome:?}"
        );
    }

    #[test]
    fn a_view_with_words_left_out_is_a_failure() {
        for view in [r#"["narrow",0]"#, r#"["permute",["0"]]"#, r#"["squeeze",0,1]"#] {
            let case = format!(
                r#"{{"id":"a","op":"neg","dtype":"f64","n":1,"inputs":["x"],"outputs":["y"],
                    "attrs":{{}},"pre":{{"x":[{view}]}},"tol":{{"y":[0,0]}}}}"#
            );
            let outcome = outcome(&case, &[("x", &[1.0], &[1]), ("y", &[-1.0], &[1])]);
            let right =
                matches!(&outcome, Outcome::Failed(why) if why.contains("a view that is not"));
            assert!(right, "{view}: {outcome:?}");
        }
    }

    #[test]
    fn an_unknown_type_and_a_boundless_tolerance_are_failures() {
        let case = r#"{"id":"a","op":"neg","dtype":"f64","n":1,"inputs":["x"],"outputs":["y"],
            "attrs":{},"tol":{"y":[0,0]}}"#;
        let tensors: &[(&str, &[f64], &[usize])] = &[("x", &[1.0], &[1]), ("y", &[-1.0], &[1])];
        assert_eq!(outcome(case, tensors), Outcome::Passed);
        let half = outcome(&case.replace("f64", "f16"), tensors);
        assert!(matches!(&half, Outcome::Failed(why) if why.contains("f16")), "{half:?}");
        for tolerance in [r#"[0,"inf"]"#, "[-1,0]", r#"["nan",0]"#] {
            let loose = outcome(&case.replace("[0,0]", tolerance), tensors);
            assert!(
                matches!(&loose, Outcome::Failed(why) if why.contains("tolerance")),
                "{loose:?}"
            );
        }
    }
}
