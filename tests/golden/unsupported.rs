//! What we do not have, and where we part from the reference by choice: each with its reason. Anything else that is
//! unsupported or fails, fails the test.

use super::support::Case;
use super::support::report::Outcome;

/// What is missing: in this family (or `*`), this op or option.
struct Missing {
    family: &'static str,
    what: &'static str,
    reason: &'static str,
}

const WIDER: &str = "comes with the wider catalogue of layers";

const MISSING: &[Missing] = &[
    Missing { family: "*", what: "conv1d", reason: WIDER },
    Missing { family: "*", what: "conv2d", reason: WIDER },
    Missing { family: "*", what: "max_pool2d", reason: WIDER },
    Missing { family: "*", what: "avg_pool2d", reason: WIDER },
];

/// Where we part from the reference by choice: it counts as unsupported, not as passed.
struct Choice {
    family: &'static str,
    op: &'static str,
    tier: &'static str,
    /// What the case's outcome must say, so that another failure of the same op is not hidden.
    says: &'static str,
    reason: &'static str,
}

const CHOICES: &[Choice] = &[];

/// An outcome as it counts: a failure that is a choice of ours is unsupported.
pub fn judge(case: Case, outcome: Outcome) -> Outcome {
    match &outcome {
        Outcome::Failed(why) if choice(case, why).is_some() => {
            Outcome::Unsupported(format!("{} (by choice)", case.op()))
        }
        _ => outcome,
    }
}

/// The reason for what is unsupported, if it is listed.
pub fn reason(case: Case, what: &str) -> Option<&'static str> {
    if let Some(op) = what.strip_suffix(" (by choice)") {
        return CHOICES.iter().find(|c| c.fits(case, op)).map(|c| c.reason);
    }
    MISSING
        .iter()
        .find(|m| m.what == what && (m.family == "*" || m.family == case.family.name))
        .map(|m| m.reason)
}

fn choice(case: Case, why: &str) -> Option<&'static Choice> {
    CHOICES.iter().find(|c| c.fits(case, case.op()) && why.contains(c.says))
}

impl Choice {
    fn fits(&self, case: Case, op: &str) -> bool {
        self.family == case.family.name && self.op == op && self.tier == case.tier()
    }
}
