//! Kind `error`: calls that must be refused, by an error or by the types.
//!
//! FORMAT.md also takes a panic with a message. Here it is a failure: only `+ - * /` may panic, the table calls their `try_`
//! twins, and a fault inside the library must not count as a refusal.

use std::collections::HashMap;

use wengert::autograd::Tape;
use wengert::tensor::Float;

use super::call::{Answer, Call, Refusal, Value};
use super::op::{self, Wrong};
use super::support::run::caught;
use super::support::{Case, Outcome};
use super::table;

/// Runs a case in its type: a result is a failure.
pub fn run(case: Case) -> Outcome {
    let outcome =
        if case.text("dtype") == "f32" { in_type::<f32>(case) } else { in_type::<f64>(case) };
    outcome.unwrap_or_else(|wrong| Outcome::Failed(format!("before the call: {wrong:?}")))
}

fn in_type<T: Float>(case: Case) -> Result<Outcome, Wrong> {
    let tape = Tape::<T>::new();
    let mut args = HashMap::new();
    for name in case.names("inputs") {
        let leaf = Value::new(&tape, case.stored(name)?, true);
        args.insert(name.to_string(), op::viewed(leaf, case.json.get("pre").get(name))?);
    }
    let call = Call { tape: &tape, op: case.op(), args, attrs: case.attrs() };
    Ok(judge(case.text("why"), caught(|| table::call(&call))))
}

/// Whether these words say what was refused: `op […]: rule`.
fn says(words: &str) -> bool {
    words
        .split_once(": ")
        .is_some_and(|(op, rule)| !op.trim().is_empty() && !rule.trim().is_empty())
}

/// Whether a call was refused as it should be; an `Err` outside is a panic.
fn judge<T: Float>(why: &str, called: Result<Result<Answer<'_, T>, Refusal>, String>) -> Outcome {
    let refused = |words: String| match says(&words) {
        true => Outcome::Passed,
        false => Outcome::Failed(format!("the refusal names no op and no rule: `{words}`")),
    };
    match called {
        Err(panic) => Outcome::Failed(format!("expected a refusal, but it {panic}")),
        Ok(Err(Refusal::Missing(what))) => Outcome::Unsupported(what),
        // The runner, not the framework, refuses a call that leaves out what the table asks for.
        Ok(Err(absent @ Refusal::Absent(_))) => Outcome::Failed(absent.to_string()),
        // The types cannot say it.
        Ok(Err(Refusal::Inexpressible(_) | Refusal::Mismatch)) => Outcome::Passed,
        Ok(Err(Refusal::Refused(words))) => refused(words),
        Ok(Ok(answer)) => {
            let stored: Result<Vec<_>, _> = answer.iter().map(|x| x.stored()).collect();
            // A var that carries an error is one.
            let stored = match stored {
                Ok(stored) => stored,
                Err(error) => return refused(error.to_string()),
            };
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
        assert_eq!(
            judged(Refusal::Refused("add, of [2] and [3]: no broadcast".into())),
            Outcome::Passed
        );
    }

    fn judged(refusal: Refusal) -> Outcome {
        judge::<f64>("shapes", Ok(Err(refusal)))
    }

    #[test]
    fn a_refusal_says_what_and_why() {
        for words in ["", "error", ": ", "shapes differ"] {
            let outcome = judged(Refusal::Refused(words.into()));
            let right = matches!(&outcome, Outcome::Failed(why) if why.contains("names no op"));
            assert!(right, "{words}: {outcome:?}");
        }
    }

    #[test]
    fn only_the_framework_refuses() {
        let outcome = judged(Refusal::Absent("dim".into()));
        assert!(matches!(&outcome, Outcome::Failed(why) if why.contains("`dim`")), "{outcome:?}");
        assert_eq!(judged(Refusal::Mismatch), Outcome::Passed);
        assert_eq!(judged(Refusal::Missing("exp".into())), Outcome::Unsupported("exp".into()));
    }
}
