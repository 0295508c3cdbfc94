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
    Missing { family: "layer", what: "Conv1d", reason: WIDER },
    Missing { family: "layer", what: "Conv2d", reason: WIDER },
    Missing { family: "layer", what: "AvgPool1d", reason: WIDER },
    Missing { family: "layer", what: "AvgPool2d", reason: WIDER },
    Missing { family: "layer", what: "MaxPool1d", reason: WIDER },
    Missing { family: "layer", what: "MaxPool2d", reason: WIDER },
    Missing { family: "layer", what: "AdaptiveAvgPool1d", reason: WIDER },
    Missing { family: "layer", what: "AdaptiveAvgPool2d", reason: WIDER },
    Missing { family: "layer", what: "RNN", reason: WIDER },
    Missing { family: "layer", what: "RNNCell", reason: WIDER },
    Missing { family: "layer", what: "LSTM", reason: WIDER },
    Missing { family: "layer", what: "LSTMCell", reason: WIDER },
    Missing { family: "layer", what: "GRU", reason: WIDER },
    Missing { family: "layer", what: "GRUCell", reason: WIDER },
    Missing { family: "layer", what: "MultiheadAttention", reason: WIDER },
    Missing { family: "layer", what: "TransformerEncoderLayer", reason: WIDER },
    Missing { family: "init", what: "Conv2d.weight", reason: WIDER },
    Missing { family: "optim", what: "Adafactor", reason: WIDER },
    Missing { family: "optim", what: "ASGD", reason: WIDER },
];

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
];

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
        self.family == case.family.name && (self.op == "*" || self.op == op)
    }
}
