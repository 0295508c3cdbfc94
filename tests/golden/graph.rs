//! Kind `graph`: programs of several operations, in which values are used again, cut off or left unused.

use std::collections::HashMap;

use wengert::autograd::Tape;
use wengert::tensor::Float;

use super::call::{Call, Value};
use super::op::{self, Wrong};
use super::support::{Case, Outcome};
use super::table;

/// Runs a case: as kind `op` does, whose op is the program.
pub fn run(case: Case) -> Outcome {
    op::run(case)
}

/// Runs the lines of a program over the inputs; gives the results of all lines by name.
pub fn program<'t, T: Float>(
    case: Case,
    tape: &'t Tape<T>,
    inputs: HashMap<String, Value<'t, T>>,
) -> Result<HashMap<String, Value<'t, T>>, Wrong> {
    let mut values = inputs;
    for line in case.json.get("program").list() {
        let op = line.get("op").text().unwrap_or_default();
        let given = line.get("in").texts();
        let mut names: Vec<String> =
            line.get("args").texts().into_iter().map(str::to_string).collect();
        if names.is_empty() {
            // An op over a list.
            names = (0..given.len()).map(|i| format!("xs{i}")).collect();
        }
        let mut args = HashMap::new();
        for (name, from) in names.into_iter().zip(given) {
            let value = values.get(from).ok_or_else(|| format!("`{from}` is not there yet"))?;
            args.insert(name, value.clone());
        }
        let answer = table::call(&Call { tape, op, args, attrs: line.get("attrs") })?;
        let out = line.get("out").text().unwrap_or_default().to_string();
        // Of an op with values and indices the values go on.
        let first = answer.into_iter().next().ok_or_else(|| format!("{op} gave nothing"))?;
        values.insert(out, first);
    }
    if case.op() == "accumulate" {
        values.insert("y".into(), accumulated(case, tape, &values)?);
    }
    Ok(values)
}

/// 3 · the sum of all elements of all `finals`.
fn accumulated<'t, T: Float>(
    case: Case,
    tape: &'t Tape<T>,
    values: &HashMap<String, Value<'t, T>>,
) -> Result<Value<'t, T>, Wrong> {
    let mut sum = tape.constant(wengert::tensor::Tensor::scalar(T::ZERO));
    for name in case.names("finals") {
        let Some(Value::Float(x)) = values.get(name) else {
            return Err(Wrong::Differs(format!("`{name}` is not of floats")));
        };
        sum = sum.try_add(x.sum())?;
    }
    Ok(Value::Float(sum.mul_scalar(3.0)))
}
