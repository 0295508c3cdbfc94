//! Faults that the structure of one tape shows, exactly and without a threshold.

use wengert_autograd::{Param, Tape, TapeLine, Var, ops};
use wengert_tensor::Float;
use wengert_tensor::pointwise::{BinaryOp, UnaryOp};

use super::goal::{Goal, Kind};
use super::reading::{Reading, binary, unary};
use super::{Fault, Finding};

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
    reach(&reading, optimizer, &mut found);
    doubled(&reading, &mut found);
    negated(&reading, goal, &mut found);
    unbounded(&reading, &mut found);
    broadcast(&reading, &mut found);
    linear_twice(&reading, &mut found);
    found.extend(goal.and_then(|goal| super::mixed::look(&reading, goal.prediction)));
    targets(&reading, goal, &mut found);
    found
}

/// Parameters that get no gradient, and those whose gradient nobody uses.
fn reach<T: Float>(
    r: &Reading<'_, '_, T>,
    optimizer: Option<&[Param<T>]>,
    found: &mut Vec<Finding>,
) {
    let mine = |param: &Param<T>| optimizer.is_none_or(|all| all.iter().any(|p| p.is(param)));
    let mut strangers: Vec<Finding> = Vec::new();
    let mut cut: Vec<Finding> = Vec::new();
    for line in r.lines.iter() {
        let Some(read) = line.op().parameter() else { continue };
        if !line.wants_gradient() {
            continue;
        }
        let path = read.param.path();
        if r.reached[line.index()] {
            if !mine(&read.param) {
                strangers.push(
                    Finding::certain(Fault::NotInOptimizer).layer(path).line(Some(line.at())),
                );
            }
            continue;
        }
        // A backbone that is detached and that nobody trains is meant so.
        if !mine(&read.param) {
            continue;
        }
        let mut led = vec![false; r.lines.len()];
        led[line.index()] = true;
        let mut end = line;
        for next in r.lines.iter().skip(line.index() + 1) {
            if next.operands().iter().take(next.arity()).any(|&k| led[k]) {
                led[next.index()] = true;
                end = next;
                if next.op().is::<ops::Detach>() {
                    break;
                }
            }
        }
        let finding = Finding::new(
            Fault::NoGradient,
            if end.op().is::<ops::Detach>() {
                super::Certainty::Certain
            } else {
                super::Certainty::Likely
            },
        );
        cut.push(finding.layer(path).op(end.op().name(), end.at()));
    }
    found.extend(grouped(cut));
    found.extend(grouped(strangers));
}

/// The first of several findings of one fault, with the number of the others.
fn grouped(mut all: Vec<Finding>) -> Option<Finding> {
    let count = all.len();
    let names: Vec<String> = all.iter().filter_map(|f| f.place.layer.clone()).collect();
    let first = if all.is_empty() { None } else { Some(all.swap_remove(0)) }?;
    Some(first.noting(format!("parameters: {}", names.join(", ")), count as f64))
}

/// A softmax or a sigmoid in front of what applies one itself, and logarithms of them.
fn doubled<T: Float>(r: &Reading<'_, '_, T>, found: &mut Vec<Finding>) {
    for line in r.lines.iter().filter(|line| r.reached[line.index()]) {
        let op = line.op();
        let takes_logits = op.is::<ops::CrossEntropy<T>>()
            || op.is::<ops::LogSoftmax>()
            || op.is::<ops::Softmax>()
            || matches!(binary(&line), Some(BinaryOp::BceWithLogits))
            || matches!(unary(&line), Some(UnaryOp::LogSigmoid));
        if takes_logits {
            let source = r.line(r.behind_scalars(line.operands()[0]));
            let squashes = source.op().is::<ops::Softmax>()
                || matches!(unary(&source), Some(UnaryOp::Sigmoid));
            let bounded = matches!(unary(&source), Some(UnaryOp::Relu | UnaryOp::Tanh));
            if squashes {
                found.push(
                    Finding::certain(Fault::DoubledSoftmax)
                        .layer(source.layer())
                        .op(source.op().name(), source.at())
                        .seeing(format!(
                            "`{}` takes logits, and gets the result of `{}`",
                            op.name(),
                            source.op().name()
                        )),
                );
            } else if bounded && !op.is::<ops::Softmax>() {
                found.push(
                    Finding::likely(Fault::OutputOutOfRange)
                        .layer(source.layer())
                        .op(source.op().name(), source.at())
                        .seeing(format!(
                            "`{}` takes logits of any size, and `{}` bounds them",
                            op.name(),
                            source.op().name()
                        )),
                );
            }
        }
        if matches!(unary(&line), Some(UnaryOp::Ln)) {
            let source = r.line(r.behind_moves(line.operands()[0]));
            let probability = source.op().is::<ops::Softmax>()
                || matches!(unary(&source), Some(UnaryOp::Sigmoid));
            let least = source.value().and_then(|p| p.iter().map(|p| p.to_f64()).reduce(f64::min));
            if let Some(least) = least.filter(|least| probability && *least < 1e-7) {
                found.push(
                    Finding::likely(Fault::UnstableLogarithm)
                        .layer(line.layer())
                        .op(line.op().name(), line.at())
                        .because("least probability", least, 1e-7),
                );
            }
        }
    }
}

/// A loss that is linear in the results of a layer, so it has no minimum; and a probability or a logarithm of such results.
fn unbounded<T: Float>(r: &Reading<'_, '_, T>, found: &mut Vec<Finding>) {
    let missing = |source: TapeLine<'_, T>, line: &TapeLine<'_, T>| {
        Finding::certain(Fault::MissingSoftmax)
            .layer(source.layer())
            .op(line.op().name(), line.at())
            .seeing(format!(
                "`{}` is applied to the results of `{}` themselves",
                line.op().name(),
                source.op().name()
            ))
    };
    for line in r.lines.iter().filter(|line| r.reached[line.index()]) {
        let takes = matches!(binary(&line), Some(BinaryOp::Bce))
            || matches!(unary(&line), Some(UnaryOp::Ln));
        if takes {
            let source = r.line(r.behind_scalars(line.operands()[0]));
            if r.matrix(&source).is_some() {
                found.push(missing(source, &line));
            }
        }
    }
    let (mut index, mut gathered) = (r.loss, None);
    loop {
        let line = r.line(index);
        let linear = matches!(
            unary(&line),
            Some(
                UnaryOp::Neg
                    | UnaryOp::MulScalar { .. }
                    | UnaryOp::DivScalar { .. }
                    | UnaryOp::AddScalar { .. }
            )
        );
        if line.op().is::<ops::Gather>() {
            gathered = Some(index);
        }
        if r.matrix(&line).is_some() {
            // Picked by label: the likelihood of numbers that are no logarithms of probabilities.
            found.extend(gathered.map(|k| missing(line, &r.line(k))));
            return;
        }
        if line.arity() != 1 || !(linear || sums_or_moves(&line)) {
            return;
        }
        index = line.operands()[0];
    }
}

/// A loss with its sign turned: on the way from the loss to what compares, an odd number of minus signs.
fn negated<T: Float>(r: &Reading<'_, '_, T>, goal: Option<&Goal>, found: &mut Vec<Finding>) {
    let mut stack = vec![(r.loss, 1.0, None)];
    let mut steps = 0;
    while let Some((index, sign, turned)) = stack.pop() {
        steps += 1;
        if steps > 64 {
            return;
        }
        let line = r.line(index);
        let positive = line.op().is::<ops::CrossEntropy<T>>()
            || matches!(
                binary(&line),
                Some(
                    BinaryOp::SquaredError
                        | BinaryOp::AbsoluteError
                        | BinaryOp::Huber { .. }
                        | BinaryOp::SmoothL1 { .. }
                        | BinaryOp::Bce
                        | BinaryOp::BceWithLogits
                )
            )
            // Of a difference to the target: a square of anything else can be a reward.
            || matches!(unary(&line), Some(UnaryOp::Square | UnaryOp::Abs | UnaryOp::LogCosh))
                && goal.is_some_and(|goal| line.operands()[0] == goal.compares);
        let negative =
            line.op().is::<ops::LogSoftmax>() || matches!(unary(&line), Some(UnaryOp::LogSigmoid));
        if positive && sign < 0.0 || negative && sign > 0.0 {
            let place = turned.unwrap_or(r.loss);
            let line = r.line(place);
            found.push(Finding::certain(Fault::NegatedLoss).op(line.op().name(), line.at()));
            return;
        }
        if positive || negative {
            continue;
        }
        let first = || line.operands()[0];
        match (unary(&line), binary(&line)) {
            (Some(UnaryOp::Neg), _) => stack.push((first(), -sign, Some(index))),
            (Some(UnaryOp::MulScalar { c } | UnaryOp::DivScalar { c }), _) => {
                stack.push((
                    first(),
                    sign * c.signum(),
                    if c < 0.0 { Some(index) } else { turned },
                ));
            }
            (Some(UnaryOp::RsubScalar { .. }), _) => stack.push((first(), -sign, Some(index))),
            (Some(UnaryOp::AddScalar { .. }), _) => stack.push((first(), sign, turned)),
            (_, Some(BinaryOp::Add)) => {
                stack.push((first(), sign, turned));
                stack.push((line.operands()[1], sign, turned));
            }
            (_, Some(BinaryOp::Sub)) if line.shape().is_empty() => {
                stack.push((first(), sign, turned));
                // What is subtracted may be a reward; only a known error is none.
                stack.push((line.operands()[1], -sign, Some(index)));
            }
            _ if line.arity() == 1 && sums_or_moves(&line) => stack.push((first(), sign, turned)),
            _ => {}
        }
    }
}

fn sums_or_moves<T: Float>(line: &TapeLine<'_, T>) -> bool {
    line.op().is::<ops::Sum>() || line.op().is::<ops::Mean>() || line.op().moves_numbers()
}

/// `[N, 1]` against `[N]`, which gives `[N, N]`.
fn broadcast<T: Float>(r: &Reading<'_, '_, T>, found: &mut Vec<Finding>) {
    for line in r.lines.iter().filter(|line| r.reached[line.index()] && line.arity() == 2) {
        if binary(&line).is_none() {
            continue;
        }
        let (a, b) = (r.operand(&line, 0), r.operand(&line, 1));
        let shape = line.shape();
        let n = shape.first().copied().unwrap_or(0);
        let len = |x: &TapeLine<'_, T>| x.shape().iter().product::<usize>();
        if n > 1
            && shape[..] == [n, n]
            && len(&a) == n
            && len(&b) == n
            && a.wants_gradient() != b.wants_gradient()
            && a.op().parameter().is_none()
            && b.op().parameter().is_none()
        {
            found.push(Finding::certain(Fault::Broadcast).op(line.op().name(), line.at()).noting(
                format!("{} and {} gave {shape}: elements", a.shape(), b.shape()),
                (n * n) as f64,
            ));
        }
    }
}

/// Two layers' products without anything but sums between them.
fn linear_twice<T: Float>(r: &Reading<'_, '_, T>, found: &mut Vec<Finding>) {
    let mut pairs = Vec::new();
    for line in r.lines.iter().filter(|line| r.reached[line.index()]) {
        let Some(outer) = r.matrix(&line) else { continue };
        let mut index = line.operands()[0];
        let inner = loop {
            index = r.behind_scalars(index);
            let source = r.line(index);
            if let Some(matrix) = r.matrix(&source) {
                break Some((source, matrix));
            }
            // A bias, a mask of dropout.
            let side = |k: usize| {
                let other = r.operand(&source, k);
                other.op().parameter().is_some() || !other.wants_gradient()
            };
            match binary(&source) {
                Some(BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul) if side(1) => {
                    index = source.operands()[0];
                }
                Some(BinaryOp::Add | BinaryOp::Mul) if side(0) => index = source.operands()[1],
                _ => break None,
            }
        };
        let Some((source, matrix)) = inner else { continue };
        let width = source.shape().last().copied().unwrap_or(0);
        let inputs = r.operand(&source, 0).shape().last().copied().unwrap_or(0);
        let outputs = line.shape().last().copied().unwrap_or(0);
        // A narrow layer between two wide ones is a factorisation, and meant so; and so is one matrix used twice.
        if width >= inputs.min(outputs) && !matrix.is(&outer) {
            pairs.push(
                Finding::certain(Fault::NoNonlinearity)
                    .layer(line.layer())
                    .op(line.op().name(), line.at()),
            );
        }
    }
    found.extend(grouped(pairs));
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

/// The terms of a sum that is the loss, by what they rest on: those with the target, and those of parameters alone.
pub(crate) fn terms<T: Float>(r: &Reading<'_, '_, T>) -> (Vec<usize>, Vec<usize>) {
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
            _ if rests_on_data[index] => data.push(index),
            _ => penalties.push(index),
        }
    }
    (data, penalties)
}
