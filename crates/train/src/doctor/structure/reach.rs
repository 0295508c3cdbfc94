//! Which parameters of the optimiser the gradient of a loss reaches.

use wengert_autograd::{Param, ops};
use wengert_tensor::Float;

use super::grouped;
use crate::doctor::reading::Reading;
use crate::doctor::{Certainty, Fault, Finding};

/// Parameters that get no gradient.
pub(super) fn reach<T: Float>(
    r: &Reading<'_, '_, T>,
    optimizer: Option<&[Param<T>]>,
    found: &mut Vec<Finding>,
) {
    let mine = |param: &Param<T>| optimizer.is_none_or(|all| all.iter().any(|p| p.is(param)));
    let mut cut: Vec<Finding> = Vec::new();
    for line in r.lines.iter() {
        let Some(read) = line.op().parameter() else { continue };
        // A backbone that is detached and that nobody trains is meant so.
        if !line.wants_gradient() || r.reached[line.index()] || !mine(&read.param) {
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
            if end.op().is::<ops::Detach>() { Certainty::Certain } else { Certainty::Likely },
        );
        cut.push(finding.layer(read.param.path()).op(end.op().name(), end.at()));
    }
    found.extend(grouped(cut));
}
