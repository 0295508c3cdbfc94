//! Tokens that are their own targets.

use wengert_autograd::ops;
use wengert_tensor::Float;

use crate::doctor::goal::{Goal, Kind};
use crate::doctor::reading::Reading;
use crate::doctor::{Action, Fault, Finding};

/// The number of tokens from which on it is no accident.
const TOKENS: usize = 16;

/// Tokens of the input that are, one by one, the classes to be predicted: a language model whose targets were not shifted.
pub(super) fn given_away<T: Float>(
    r: &Reading<'_, '_, T>,
    goal: Option<&Goal>,
    found: &mut Vec<Finding>,
) {
    let Some(goal) = goal.filter(|goal| goal.kind == Kind::Classes) else { return };
    let op = r.line(goal.compares);
    let Some((labels, _)) = op.op().get::<ops::CrossEntropy<T>>().and_then(|op| op.0.labels())
    else {
        return;
    };
    let leads = r.leading_to(goal.prediction);
    let leaves = r.lines.iter().filter(|line| line.arity() == 0 && leads[line.index()]);
    let mut inputs = leaves.filter_map(|line| {
        let tokens = line.data()?.get::<usize>()?;
        (tokens.len() == labels.len()).then_some((line, tokens))
    });
    // Where there are more of them, as in a task of copying, one may well be what is to be said.
    let (Some((line, tokens)), None) = (inputs.next(), inputs.next()) else { return };
    let differ = labels.iter().any(|label| *label != labels[0]);
    if labels.len() >= TOKENS && differ && tokens.iter().zip(labels).all(|(a, b)| a == *b) {
        found.push(
            Finding::likely(Fault::Leak)
                .line(Some(line.at()))
                .noting(
                    "tokens of the input that are the class at their own place",
                    labels.len() as f64,
                )
                .seeing("a model of the next token takes targets that are shifted by one")
                .first_by(
                    "make the next token the target",
                    Action::Code("let (x, y) = (ids.narrow(1, 0, n)?, ids.narrow(1, 1, n)?);"),
                ),
        );
    }
}
