//! What we do not have, and where we part from the reference by choice: each with its reason. Anything else that is
//! unsupported or fails, fails the test.

use super::clip::NO_OVERFLOW;
use super::support::Case;
use super::support::report::Outcome;

/// What is missing: in this family (or `*`), this op or option.
struct Missing {
    family: &'static str,
    what: &'static str,
    reason: &'static str,
}

const MISSING: &[Missing] = &[];

/// Where we part from the reference by choice: it counts as unsupported, not as passed.
struct Choice {
    family: &'static str,
    op: &'static str,
    /// What the case's outcome must say, so that another failure of the same op is not hidden.
    says: &'static str,
    /// What must be so in the case itself, so that the same words about another case are not excused.
    of: fn(Case) -> bool,
    reason: &'static str,
}

const CHOICES: &[Choice] = &[
    Choice {
        family: "loss",
        op: "*",
        says: "never broadcasts",
        of: shapes_differ,
        reason: "a loss compares element with element: a target of another shape is refused, not broadcast",
    },
    Choice {
        family: "loss",
        op: "*",
        says: "the targets are -1 or 1",
        of: |case| any(case, "target", |x| x.abs() != 1.0),
        reason: "a side is -1 or 1: another number is refused, where PyTorch gives a number without meaning",
    },
    Choice {
        family: "loss",
        op: "*",
        says: "the two sides are -1 and 1",
        of: |case| any(case, "target", |x| x.abs() != 1.0),
        reason: "a side is -1 or 1: targets of 0 and 1 are refused, where PyTorch gives a number without meaning",
    },
    Choice {
        family: "loss",
        op: "*",
        says: "a count is 0 or more",
        of: |case| any(case, "target", |x| x < 0.0),
        reason: "a count is not negative: a negative target is refused, where PyTorch gives a number without meaning",
    },
    Choice {
        family: "loss",
        op: "*",
        says: "the targets are probabilities",
        of: |case| any(case, "target", |x| !(0.0..=1.0).contains(&x)),
        reason: "a target that is no probability is refused, where PyTorch gives a number without meaning",
    },
    Choice {
        family: "clip",
        op: "clip_grad_norm",
        says: NO_OVERFLOW,
        // The verdict has looked at the case.
        of: |_| true,
        reason: "the norm of finite numbers is finite where the type can hold it: ours does not overflow on the way",
    },
    Choice {
        family: "shape",
        op: "cat",
        says: "refused: cat",
        of: |case| {
            shapes(case).any(|shape| shape == [0]) && shapes(case).any(|shape| shape.len() != 1)
        },
        reason: "PyTorch leaves out tensors of shape [0] for the sake of old programs; here shapes must fit",
    },
    Choice {
        family: "error",
        op: "t",
        says: "gave a result",
        of: |case| shapes(case).all(|shape| shape.len() > 2),
        reason: "`t` exchanges the last two axes of any number, as NumPy's `matrix_transpose` does",
    },
    Choice {
        family: "error",
        op: "hardtanh",
        says: "gave a result",
        of: |case| attr(case, "min_val") > attr(case, "max_val"),
        reason: "as a function it cannot fail: bounds the wrong way round give the upper one, as `clamp` does; the layer refuses them",
    },
    Choice {
        family: "error",
        op: "slice",
        says: "gave a result",
        of: |case| attr(case, "step") < 0.0,
        reason: "a negative step reads backwards, as in NumPy",
    },
];

/// The shapes of a case's inputs.
fn shapes(case: Case<'_>) -> impl Iterator<Item = &[usize]> {
    case.names("inputs").into_iter().filter_map(move |name| Some(case.find(name)?.shape()))
}

/// Whether the inputs of a loss, views and weights apart, are not all of one shape.
fn shapes_differ(case: Case) -> bool {
    let viewed = |name: &str| !case.json.get("pre").get(name).is_null();
    if case.names("inputs").into_iter().any(viewed) {
        return true;
    }
    let own = |name: &&str| !matches!(*name, "weight" | "pos_weight");
    let of = |name| case.find(name).map(|x| x.shape());
    let mut shapes = case.names("inputs").into_iter().filter(own).map(of);
    let first = shapes.next();
    shapes.any(|shape| Some(shape) != first)
}

/// Whether an element of an input is so.
fn any(case: Case, input: &str, so: fn(f64) -> bool) -> bool {
    case.find(input).is_some_and(|x| x.numbers().into_iter().any(so))
}

/// A number of the attributes; NaN, which compares with nothing, if there is none.
fn attr(case: Case, key: &str) -> f64 {
    case.attrs().get(key).number().unwrap_or(f64::NAN)
}

/// An outcome as it counts, and the reason if it is unsupported and listed: a failure that is a choice of ours is
/// unsupported.
pub fn judge(case: Case, outcome: Outcome) -> (Outcome, Option<&'static str>) {
    match &outcome {
        Outcome::Passed => (outcome, None),
        Outcome::Failed(why) => match choice(case, why) {
            Some(choice) => {
                let what = format!("{}, by choice", case.op());
                (Outcome::Unsupported(what), Some(choice.reason))
            }
            None => (outcome, None),
        },
        Outcome::Unsupported(what) => {
            let of_family = |m: &&Missing| m.family == "*" || m.family == case.family.name;
            let reason = MISSING.iter().filter(of_family).find(|m| m.what == what);
            let reason = reason.map(|m| m.reason);
            (outcome, reason)
        }
    }
}

fn choice(case: Case, why: &str) -> Option<&'static Choice> {
    CHOICES.iter().find(|c| {
        c.family == case.family.name
            && (c.op == "*" || c.op == case.op())
            && why.contains(c.says)
            && (c.of)(case)
    })
}

#[cfg(test)]
mod tests {
    use wengert::tensor::Tensor;

    use super::super::support::case::Family;
    use super::super::support::{Json, Stored};
    use super::*;

    /// Whether these words of a case of two inputs are excused.
    fn excused(
        family: &str,
        op: &str,
        attrs: &str,
        tensors: [(&str, Tensor<f64>); 2],
        why: &str,
    ) -> bool {
        let names = tensors.each_ref().map(|(name, _)| *name);
        let case = format!(r#"{{"id":"a","op":"{op}","n":1,"inputs":{names:?},"attrs":{attrs}}}"#);
        let stored = tensors.map(|(name, x)| (format!("1.{name}"), Stored::Float(x)));
        let family = Family::of(family, Json::read(&case).unwrap(), stored.into());
        let case = Case { family: &family, json: &family.cases[0] };
        matches!(judge(case, Outcome::Failed(why.into())), (Outcome::Unsupported(_), Some(_)))
    }

    fn ones(shape: &[usize]) -> Tensor<f64> {
        Tensor::ones(shape)
    }

    #[test]
    fn a_choice_excuses_only_the_cases_that_it_is_about() {
        let loss = |target: Tensor<f64>, why: &str| {
            excused("loss", "mse_loss", "{}", [("x", ones(&[2])), ("target", target)], why)
        };
        assert!(loss(ones(&[1]), "a loss never broadcasts"));
        assert!(!loss(ones(&[2]), "a loss never broadcasts"));
        let half = || Tensor::full([2], 0.5);
        assert!(
            loss(half(), "the targets are -1 or 1") && !loss(ones(&[2]), "the targets are -1 or 1")
        );
        assert!(!loss(half(), "the targets are probabilities"));
        assert!(!loss(half(), "a count is 0 or more"));
        let cat = |shape: &[usize]| {
            let two = [("xs0", ones(shape)), ("xs1", ones(&[2, 3]))];
            excused("shape", "cat", "{}", two, "refused: cat of …")
        };
        assert!(cat(&[0]) && !cat(&[2, 3]));
        let error = |op: &str, attrs: &str| {
            let two = [("x", ones(&[2])), ("y", ones(&[2]))];
            excused("error", op, attrs, two, "gave a result of shape …")
        };
        assert!(error("slice", r#"{"step":-1}"#) && !error("slice", r#"{"step":0}"#));
        assert!(error("hardtanh", r#"{"min_val":1,"max_val":0}"#));
        assert!(!error("hardtanh", r#"{"min_val":0,"max_val":1}"#) && !error("t", "{}"));
    }
}
