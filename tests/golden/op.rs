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
    let result = if case.text("dtype") == "f32" { f32(case) } else { f64(case) };
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
        named(&names, table::call(&call)?)?
    } else {
        graph::program(case, tape, inputs)?
    };
    Ok(Run { leaves, outputs })
}

fn named<'t, T: Float>(
    names: &[&str],
    answer: Answer<'t, T>,
) -> Result<HashMap<String, Value<'t, T>>, Wrong> {
    // ONNX has layers whose running statistics are not looked at.
    if answer.len() < names.len() {
        return Err(Wrong::Differs(format!("got {} outputs, expected {names:?}", answer.len())));
    }
    if answer.len() > names.len() && names != ["y"] {
        return Err(Wrong::Differs(format!("got {} outputs, expected {names:?}", answer.len())));
    }
    Ok(names.iter().map(|n| n.to_string()).zip(answer).collect())
}

/// Applies the views of `pre`, which are recorded.
fn viewed<'t, T: Float>(leaf: Value<'t, T>, views: &Json) -> Result<Value<'t, T>, Wrong> {
    views.list().iter().try_fold(leaf, |x, view| {
        let [Json::Text(name), args @ ..] = view.list() else {
            return Err(Wrong::Differs(format!("a view that is not one: {view}")));
        };
        let int = |i: usize| args.get(i).and_then(Json::integer).unwrap_or(0) as isize;
        let list = || -> Vec<isize> {
            let list = args.first().map_or(&[][..], Json::list);
            list.iter().filter_map(|x| Some(x.integer()? as isize)).collect()
        };
        macro_rules! view {
            ($x:expr) => {
                match name.as_str() {
                    "permute" => $x.permute(list())?,
                    "narrow" => $x.narrow(int(0), int(1) as usize, int(2) as usize)?,
                    "squeeze" => $x.squeeze(int(0))?,
                    "expand" => {
                        let sizes: Vec<usize> = list().into_iter().map(|n| n as usize).collect();
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
    second_order(case, &run, loss)
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
fn second_order<T: Float>(case: Case, run: &Run<T>, loss: Var<T>) -> Result<(), Wrong> {
    let names = case.names("hvp");
    if names.is_empty() {
        return Ok(());
    }
    let leaves: Vec<Var<T>> = names.iter().map(|n| run.leaves[*n]).collect();
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
