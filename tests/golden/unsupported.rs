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
    reason: &'static str,
}

const CHOICES: &[Choice] = &[
    Choice {
        family: "loss",
        op: "*",
        says: "never broadcasts",
        reason: "a loss compares element with element: a target of another shape is refused, not broadcast",
    },
    Choice {
        family: "loss",
        op: "*",
        says: "the targets are -1 or 1",
        reason: "a side is -1 or 1: another number is refused, where PyTorch gives a number without meaning",
    },
    Choice {
        family: "loss",
        op: "*",
        says: "the two sides are -1 and 1",
        reason: "a side is -1 or 1: targets of 0 and 1 are refused, where PyTorch gives a number without meaning",
    },
    Choice {
        family: "loss",
        op: "*",
        says: "a count is 0 or more",
        reason: "a count is not negative: a negative target is refused, where PyTorch gives a number without meaning",
    },
    Choice {
        family: "loss",
        op: "*",
        says: "the targets are probabilities",
        reason: "a target that is no probability is refused, where PyTorch gives a number without meaning",
    },
    Choice {
        family: "clip",
        op: "clip_grad_norm",
        says: NO_OVERFLOW,
        reason: "the norm of finite numbers is finite where the type can hold it: ours does not overflow on the way",
    },
    Choice {
        family: "shape",
        op: "cat",
        says: "refused: cat",
        reason: "PyTorch leaves out tensors of shape [0] for the sake of old programs; here shapes must fit",
    },
    Choice {
        family: "error",
        op: "t",
        says: "gave a result",
        reason: "`t` exchanges the last two axes of any number, as NumPy's `matrix_transpose` does",
    },
    Choice {
        family: "error",
        op: "hardtanh",
        says: "gave a result",
        reason: "as a function it cannot fail: bounds the wrong way round give the upper one, as `clamp` does; the layer refuses them",
    },
    Choice {
        family: "error",
        op: "slice",
        says: "gave a result",
        reason: "a negative step reads backwards, as in NumPy",
    },
];

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
        c.family == case.family.name && (c.op == "*" || c.op == case.op()) && why.contains(c.says)
    })
}
