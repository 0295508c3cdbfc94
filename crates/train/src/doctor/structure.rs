//! Faults that the structure of one tape shows, exactly and without a threshold.

mod layers;
mod logits;
mod paths;
mod reach;
mod sign;
mod tokens;

use wengert_autograd::{Param, Tape, TapeLine, Var, ops};
use wengert_tensor::Float;
use wengert_tensor::pointwise::{BinaryOp, UnaryOp};

use super::goal::{Goal, Kind};
use super::reading::{Reading, binary, unary};
use super::{Fault, Finding};

pub(crate) use sign::bottomless;

/// All faults of a step's structure. `optimizer` is what it trains, if that is known.
pub(crate) fn look<T: Float>(
    tape: &Tape<T>,
    loss: Var<'_, T>,
    goal: Option<&Goal>,
    optimizer: Option<&[Param<T>]>,
) -> Vec<Finding> {
    let mut found = Vec::new();
    // Before the lines are borrowed.
    let drawing = tape.scopes().into_iter().find(|scope| {
        scope
            .who
            .is_some_and(|who| who.kind().contains("Dropout") || who.kind().contains("BatchNorm"))
    });
    if let Some(scope) = drawing.filter(|_| !tape.is_training()) {
        let kind = scope.who.map_or("layer", |who| who.kind());
        let layer = scope.name.unwrap_or_default();
        let layer = if layer.is_empty() { kind.to_string() } else { format!("{layer} ({kind})") };
        found.push(Finding::certain(Fault::EvaluationMode).layer(layer).line(scope.at));
    }
    let lines = tape.lines();
    let reading = Reading::new(&lines, loss.index());
    reach::reach(&reading, optimizer, &mut found);
    logits::doubled(&reading, &mut found);
    sign::negated(&reading, goal, &mut found);
    logits::unbounded(&reading, &mut found);
    logits::of_one(&reading, &mut found);
    paths::no_likelihood(&reading, &mut found);
    tokens::given_away(&reading, goal, &mut found);
    layers::broadcast(&reading, &mut found);
    layers::linear_twice(&reading, &mut found);
    let prediction = match goal {
        // Each sample against all others of its batch, as in a contrastive loss: they are meant to meet.
        Some(goal) if pairs_rows(&reading, goal) => None,
        Some(goal) => Some(goal.prediction),
        None => picked(&reading),
    };
    found.extend(prediction.and_then(|line| super::mixed::look(&reading, line)));
    targets(&reading, goal, &mut found);
    found
}

/// True if there are as many classes as rows, and row i has class i.
fn pairs_rows<T: Float>(r: &Reading<'_, '_, T>, goal: &Goal) -> bool {
    let line = r.line(goal.compares);
    let labels = line.op().get::<ops::CrossEntropy<T>>().and_then(|op| op.0.labels());
    labels.is_some_and(|(labels, _)| {
        labels.len() == goal.classes.len()
            && labels.iter().enumerate().all(|(k, &class)| k == class)
    })
}

/// The line of which the loss picks a number of each row, as the likelihood of its class: on the way from the loss stand sums, and
/// products with what has no gradient.
fn picked<T: Float>(r: &Reading<'_, '_, T>) -> Option<usize> {
    let mut index = r.loss;
    loop {
        let line = r.line(index);
        let operands = line.operands();
        if let Some(ops::Gather(axis, ..)) = line.op().get::<ops::Gather>() {
            let rows = matches!(axis, 1 | -1) && line.shape().len() == 2;
            return operands.first().copied().filter(|_| rows);
        }
        let wants = |k: usize| operands.get(k).is_some_and(|&k| r.line(k).wants_gradient());
        let scaled = binary(&line).is_some();
        index = match (wants(0), wants(1)) {
            (true, false) if unary(&line).is_some() || scaled || sums_or_moves(&line) => {
                operands[0]
            }
            (false, true) if scaled => operands[1],
            _ => return None,
        };
    }
}

/// Targets that the loss does not take.
fn targets<T: Float>(r: &Reading<'_, '_, T>, goal: Option<&Goal>, found: &mut Vec<Finding>) {
    let Some(goal) = goal.filter(|goal| matches!(goal.kind, Kind::Logits | Kind::Probabilities))
    else {
        return;
    };
    let Some(values) = r.line(goal.target).value() else { return };
    if let Some(worst) = values.iter().map(|y| y.to_f64()).find(|y| !(0.0..=1.0).contains(y)) {
        let line = r.line(goal.compares);
        found.push(
            Finding::certain(Fault::TargetsOutOfRange).op(line.op().name(), line.at()).because(
                "a target",
                worst,
                if worst < 0.0 { 0.0 } else { 1.0 },
            ),
        );
    }
}

/// The bounds of the prediction by its last activation.
pub(crate) fn bounds<T: Float>(r: &Reading<'_, '_, T>, goal: &Goal) -> Option<(f64, f64, usize)> {
    let index = r.behind_moves(goal.prediction);
    let line = r.line(index);
    if line.op().is::<ops::Softmax>() {
        return Some((0.0, 1.0, index));
    }
    match unary(&line)? {
        UnaryOp::Relu => Some((0.0, f64::INFINITY, index)),
        UnaryOp::Sigmoid => Some((0.0, 1.0, index)),
        UnaryOp::Tanh => Some((-1.0, 1.0, index)),
        _ => None,
    }
}

/// The terms of a sum that is the loss: those that ask for data, and those of parameters or of the model's results alone, as a decay of
/// weights or a divergence.
pub(crate) fn terms<T: Float>(
    r: &Reading<'_, '_, T>,
    goal: Option<&Goal>,
) -> (Vec<usize>, Vec<usize>) {
    let (mut data, mut penalties) = (Vec::new(), Vec::new());
    let mut rests_on_data = vec![false; r.lines.len()];
    for line in r.lines.iter() {
        let index = line.index();
        let leaf = line.arity() == 0 && line.op().parameter().is_none() && !line.shape().is_empty();
        rests_on_data[index] = leaf
            || line.op().is::<ops::CrossEntropy<T>>()
            || line.operands().iter().any(|&k| rests_on_data[k]);
    }
    let mut stack = vec![r.loss];
    while let Some(index) = stack.pop() {
        let line = r.line(index);
        match binary(&line) {
            Some(BinaryOp::Add) => stack.extend(line.operands().into_iter().take(2)),
            _ if !line.wants_gradient() => {}
            _ if rests_on_data[index] && asks(r, index, goal) => data.push(index),
            _ => penalties.push(index),
        }
    }
    (data, penalties)
}

/// True if a term of the loss compares results of the model with data. It is true of each term, if no target is known.
fn asks<T: Float>(r: &Reading<'_, '_, T>, term: usize, goal: Option<&Goal>) -> bool {
    let (mut stack, mut met) = (vec![term], std::collections::HashSet::new());
    while let Some(index) = stack.pop() {
        let line = r.line(index);
        let (operands, arity) = (line.operands(), line.arity());
        let number = line.shape().iter().product::<usize>() == 1;
        if goal.is_none() || operands.len() > arity || !line.wants_gradient() && !number {
            return true;
        }
        if r.matrix(&line).is_none() && met.insert(index) {
            stack.extend(operands.into_iter().take(arity));
        }
    }
    false
}

/// The first of several findings of one fault, with the number of the others.
pub(super) fn grouped(mut all: Vec<Finding>) -> Option<Finding> {
    let count = all.len();
    let names: Vec<String> = all.iter().filter_map(|f| f.place.layer.clone()).collect();
    let first = if all.is_empty() { None } else { Some(all.swap_remove(0)) }?;
    Some(first.noting(format!("parameters: {}", names.join(", ")), count as f64))
}

fn sums_or_moves<T: Float>(line: &TapeLine<'_, T>) -> bool {
    line.op().is::<ops::Sum>() || line.op().is::<ops::Mean>() || line.op().moves_numbers()
}
