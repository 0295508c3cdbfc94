//! Kind `error`: calls that must be refused, by an error, by a panic with a message, or by the types.

use std::collections::HashMap;

use wengert::autograd::Tape;

use super::call::{Call, Refusal, Value};
use super::support::run::caught;
use super::support::{Case, Outcome};
use super::table;

/// Runs a case: a result is a failure.
pub fn run(case: Case) -> Outcome {
    let tape = Tape::<f64>::new();
    let mut args = HashMap::new();
    for name in case.names("inputs") {
        match case.stored(name) {
            Ok(stored) => args.insert(name.to_string(), Value::new(&tape, stored, true)),
            Err(why) => return Outcome::Failed(why),
        };
    }
    let call = Call { tape: &tape, op: case.op(), args, attrs: case.attrs() };
    match caught(|| table::call(&call)) {
        // A panic with a message.
        Err(_) => Outcome::Passed,
        Ok(Err(Refusal::Missing(what))) => Outcome::Unsupported(what),
        Ok(Err(_)) => Outcome::Passed,
        Ok(Ok(answer)) => {
            let stored: Result<Vec<_>, _> = answer.iter().map(|x| x.stored()).collect();
            // A var that carries an error is one.
            let Ok(stored) = stored else { return Outcome::Passed };
            let shapes: Vec<Vec<usize>> = stored.iter().map(|x| x.shape().to_vec()).collect();
            let why = case.text("why");
            Outcome::Failed(format!("gave a result of shape {shapes:?}, expected refusal: {why}"))
        }
    }
}
