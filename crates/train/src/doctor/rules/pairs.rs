//! The rule of samples that belong together: pairs, triplets, and labels of a loss that compares no prediction with a target.

use crate::doctor::{Action, Doctor, Fault, Finding};

const IN_ORDER: Action = Action::Code("triplet_margin(anchor, similar, different)?");

/// A loss that has come to rest, and is no lower than where samples are put together at random.
pub(super) fn look(d: &Doctor, found: &mut Vec<Finding>) {
    let Some((rise, errors, first)) = d.pairing.tells() else { return };
    if d.step < 60 || rise.abs() > 0.1 || errors > 2.5 || !d.losses.rests() {
        return;
    }
    let finding = Finding::possible(Fault::LabelsUnrelated)
        .because(
            "rise of the loss when the model's results change places, as a fraction",
            rise,
            0.1,
        )
        .because("the same in standard errors", errors, 2.5);
    found.push(match first < -2.5 {
        true => finding
            .seeing(
                "at the start the loss was lower with samples put together at random: are similar and different ones swapped?",
            )
            .first_by("give the similar sample first, then the different one", IN_ORDER),
        false => finding.seeing("the loss cannot tell samples that belong together from others").rank(3),
    });
}
