//! Kind `error`: calls that must be refused, by an error or by the types.
//!
//! FORMAT.md also takes a panic with a message. Here it is a failure: only `+ - * /` may panic, the table calls their `try_`
//! twins, and a fault inside the library must not count as a refusal.

use std::collections::HashMap;

use wengert::autograd::Tape;

use super::call::{Answer, Call, Refusal, Value};
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
    judge(case.text("why"), caught(|| table::call(&call)))
}

/// Whether a call was refused as it should be; an `Err` outside is a panic.
fn judge(why: &str, called: Result<Result<Answer<'_, f64>, Refusal>, String>) -> Outcome {
    match called {
        Err(panic) => Outcome::Failed(format!("expected a refusal, but it {panic}")),
        Ok(Err(Refusal::Missing(what))) => Outcome::Unsupported(what),
        Ok(Err(_)) => Outcome::Passed,
        Ok(Ok(answer)) => {
            let stored: Result<Vec<_>, _> = answer.iter().map(|x| x.stored()).collect();
            // A var that carries an error is one.
            let Ok(stored) = stored else { return Outcome::Passed };
            let shapes: Vec<Vec<usize>> = stored.iter().map(|x| x.shape().to_vec()).collect();
            Outcome::Failed(format!("gave a result of shape {shapes:?}, expected refusal: {why}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_inside_is_no_refusal() {
        let planted =
            caught(|| -> Result<Answer<'_, f64>, Refusal> { panic!("index out of bounds") });
        let outcome = judge("shapes", planted);
        let said = |why: &str| why.contains("panicked") && why.contains("index out of bounds");
        assert!(matches!(&outcome, Outcome::Failed(why) if said(why)), "{outcome:?}");
        let refused = Ok(Err(Refusal::Refused("the shapes differ".into())));
        assert_eq!(judge("shapes", refused), Outcome::Passed);
    }
}
