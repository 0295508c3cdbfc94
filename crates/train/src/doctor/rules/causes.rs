//! Findings that explain others: what follows from a cause comes after it.

use crate::doctor::{Certainty, Fault, Finding};

/// The rank of what another finding explains.
const AFTER: u8 = 5;

/// Puts the findings that others explain after them.
pub(crate) fn explained(found: &mut [Finding]) {
    use Fault::{
        DeadUnits, Imbalance, InitTooLarge, InitTooSmall, LabelsUnrelated, NoGradient,
        OptimizerSetting, OutlierTarget, Penalty, RateTooHigh, RateTooLow, UnscaledInput,
        UnscaledTarget, Vanishing,
    };
    // A model that another cause keeps from learning is no witness against its targets.
    let kept = [RateTooHigh, RateTooLow, InitTooLarge, InitTooSmall, UnscaledInput, Penalty];
    let kept = [&kept[..], &[UnscaledTarget, OptimizerSetting, OutlierTarget]].concat();
    let is_kept = |f: &Finding| kept.contains(&f.fault);
    after(found, is_kept, |f| f.fault == LabelsUnrelated);
    // Behind units that are all 0 there is no gradient.
    let is_dead = |f: &Finding| f.fault == DeadUnits && f.certainty == Certainty::Certain;
    after(found, is_dead, |f| f.fault == NoGradient && !f.stays);
    // Where the weights have hardly moved, a rare class could not be learnt yet.
    after(found, |f| f.fault == RateTooLow, |f| f.fault == Imbalance);
    // A gradient that vanishes makes short steps at any rate.
    after(found, |f| f.fault == Vanishing, |f| f.fault == RateTooLow);
    // A few samples far off make the spread of all, and long steps at any rate.
    after(found, |f| f.fault == OutlierTarget, |f| f.fault == UnscaledTarget);
}

/// Puts what follows after its cause, if that was found.
fn after(
    found: &mut [Finding],
    cause: impl Fn(&Finding) -> bool,
    follows: impl Fn(&Finding) -> bool,
) {
    if found.iter().any(cause) {
        found.iter_mut().filter(|f| follows(f)).for_each(|f| f.rank = AFTER);
    }
}
