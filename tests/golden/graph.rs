//! Kind `graph`: programs of several operations, in which values are used again, cut off or left unused.

use std::collections::HashMap;

use wengert::autograd::{Param, Tape, Var};
use wengert::tensor::Float;

use super::call::{Call, Value};
use super::op::{self, Wrong};
use super::support::compare::{compare, widened};
use super::support::{Case, Json, Outcome};
use super::table;

/// Runs a case: as kind `op` does, whose op is the program.
pub fn run(case: Case) -> Outcome {
    match op::run(case) {
        Outcome::Passed if case.op() == "accumulate" => {
            op::in_its_type(case, thrice::<f32>, thrice::<f64>)
        }
        _ if case.op() != "accumulate" && !case.json.get("finals").is_null() => {
            Outcome::Failed("`finals` are read of `accumulate` alone".into())
        }
        outcome => outcome,
    }
}

/// Runs the lines of a program over the inputs; gives the results of all lines by name.
pub fn program<'t, T: Float>(
    case: Case,
    tape: &'t Tape<T>,
    inputs: HashMap<String, Value<'t, T>>,
) -> Result<HashMap<String, Value<'t, T>>, Wrong> {
    let mut values = inputs;
    for line in case.json.get("program").list() {
        let wrong = || format!("a line that is not one: {line}");
        let known = ["op", "in", "args", "attrs", "out"];
        let texts = |key: &str| {
            let list = line.get(key).list().iter().map(Json::text);
            list.collect::<Option<Vec<&str>>>().ok_or_else(wrong)
        };
        let (given, names) = (texts("in")?, texts("args")?);
        let mut names: Vec<String> = names.into_iter().map(str::to_string).collect();
        if names.is_empty() {
            // An op over a list.
            names = (0..given.len()).map(|i| format!("xs{i}")).collect();
        }
        let (Some(op), Some(out)) = (line.get("op").text(), line.get("out").text()) else {
            return Err(wrong().into());
        };
        if names.len() != given.len() || line.fields().iter().any(|(k, _)| !known.contains(&&**k)) {
            return Err(wrong().into());
        }
        let mut args = HashMap::new();
        for (name, from) in names.into_iter().zip(given) {
            let value = values.get(from).ok_or_else(|| format!("`{from}` is not there yet"))?;
            args.insert(name, value.clone());
        }
        let answer = table::call(&Call { tape, op, args, attrs: line.get("attrs") })?;
        // Of an op with values and indices the values go on.
        let first = match &answer[..] {
            [one] | [one, Value::Int(_)] => one.clone(),
            _ => {
                return Err(format!("{op} gave {} results, and one can go on", answer.len()).into());
            }
        };
        values.insert(out.to_string(), first);
    }
    if case.op() == "accumulate" {
        let times = case.attrs().get("times");
        if !times.is_null() && times.integer() != Some(3) {
            return Err(format!("`times` is {times}, and 3 is what is known").into());
        }
        values.insert("y".into(), Value::Float(finals(case, tape, &values)?.mul_scalar(3.0)));
    }
    Ok(values)
}

/// The gradients that three backward passes of w.y · sum(finals) leave in parameters that are not cleared between them.
fn thrice<T: Float>(case: Case) -> Result<(), Wrong> {
    let tape = Tape::<T>::new();
    let wanted = case.names("grads");
    let (mut params, mut inputs) = (Vec::new(), HashMap::new());
    for name in case.names("inputs") {
        let leaf = if wanted.contains(&name) {
            let param = Param::new(case.floats::<T>(name)?);
            param.set_path(name);
            let var = tape.param(&param);
            params.push((name, param));
            Value::Float(var)
        } else {
            Value::new(&tape, case.stored(name)?, false)
        };
        inputs.insert(name.to_string(), op::viewed(leaf, case.json.get("pre").get(name))?);
    }
    let values = program(case, &tape, inputs)?;
    let loss = finals(case, &tape, &values)?.try_mul(&case.floats::<T>("w.y")?)?;
    loss.backward_keep()?;
    loss.backward_keep()?;
    loss.backward()?;
    for (name, param) in params {
        let got = param.grad().unwrap_or_else(|| param.value().zeros_like());
        let key = format!("g.{name}");
        compare(&key, &widened(&got), case.stored(&key)?, case.tolerance("g")?)
            .map_err(|why| format!("after three passes, {why}"))?;
    }
    Ok(())
}

/// The sum of all elements of all `finals`.
fn finals<'t, T: Float>(
    case: Case,
    tape: &'t Tape<T>,
    values: &HashMap<String, Value<'t, T>>,
) -> Result<Var<'t, T>, Wrong> {
    if case.names("finals").is_empty() {
        return Err(Wrong::Differs("there are no `finals`".into()));
    }
    let mut sum = tape.constant(wengert::tensor::Tensor::scalar(T::ZERO));
    for name in case.names("finals") {
        let Some(Value::Float(x)) = values.get(name) else {
            return Err(Wrong::Differs(format!("`{name}` is not of floats")));
        };
        sum = sum.try_add(x.sum())?;
    }
    Ok(sum)
}

#[cfg(test)]
mod tests {
    use wengert::tensor::Tensor;

    use super::super::support::Stored;
    use super::super::support::case::Family;
    use super::*;

    /// y = 3 · sum(x²) at x = 2, w = 1, by this program; its gradient, 12, is also that of three passes.
    fn outcome(times: f64, program: &str) -> Outcome {
        let case = format!(
            r#"{{"id":"a","op":"accumulate","dtype":"f64","n":1,"inputs":["x"],"outputs":["y"],"diff":["y"],
                "grads":["x"],"attrs":{{"times":{times}}},"finals":["a"],"program":[{program}],
                "tol":{{"y":[1e-9,0],"g":[1e-9,0]}}}}"#
        );
        let scalar = |name: &str, x: f64| (format!("1.{name}"), Stored::Float(Tensor::scalar(x)));
        let tensors =
            vec![scalar("x", 2.0), scalar("y", 12.0), scalar("w.y", 1.0), scalar("g.x", 12.0)];
        let family = Family::of("graph", Json::read(&case).unwrap(), tensors);
        run(Case { family: &family, json: &family.cases[0] })
    }

    const SQUARE: &str = r#"{"op":"square","in":["x"],"args":["x"],"attrs":{},"out":"a"}"#;

    #[test]
    fn passes_accumulate_and_are_counted() {
        assert_eq!(outcome(3.0, SQUARE), Outcome::Passed);
        let twice = outcome(2.0, SQUARE);
        assert!(matches!(&twice, Outcome::Failed(why) if why.contains("`times`")), "{twice:?}");
    }

    #[test]
    fn a_line_that_would_be_read_in_part_is_a_failure() {
        let lines = [
            // A second argument without a name; a field of no meaning; a name that is a number.
            SQUARE.replace(r#"["x"],"args""#, r#"["x","x"],"args""#),
            SQUARE.replace(r#","out""#, r#","times":2,"out""#),
            SQUARE.replace(r#""in":["x"]"#, r#""in":["x",1]"#),
        ];
        for line in lines {
            let outcome = outcome(3.0, &line);
            let right =
                matches!(&outcome, Outcome::Failed(why) if why.contains("a line that is not"));
            assert!(right, "{line}: {outcome:?}");
        }
    }
}
