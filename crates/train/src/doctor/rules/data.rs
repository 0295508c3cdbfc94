//! Rules of the data: its columns, its targets, its classes, and whether one has to do with the other.

use super::Patient;
use crate::doctor::goal::{Goal, Kind, entropy};
use crate::doctor::rows::Rows;
use crate::doctor::{Certainty, Doctor, Fault, Finding};

/// The findings of some rows of data.
#[derive(Clone, Debug)]
pub(crate) struct Data {
    columns: Vec<Finding>,
    association: Option<f64>,
    noise: Option<f64>,
    numbered: Option<usize>,
    far: Option<(usize, f64, f64)>,
}

impl Data {
    pub(crate) fn of(rows: &Rows) -> Self {
        let neighbours = rows.neighbours();
        Self {
            columns: rows.columns(),
            association: neighbours.as_ref().and_then(|near| rows.association(near)),
            noise: neighbours.as_ref().and_then(|near| rows.noise(near)),
            numbered: rows.classes_as_numbers(),
            far: rows.far_targets(),
        }
    }
}

impl Data {
    /// The findings of the data before training.
    pub(crate) fn before_training(&self) -> Vec<Finding> {
        let mut found = self.columns.clone();
        if let Some(score) = self.association.filter(|score| *score < 2.5) {
            found.push(unrelated(score));
        }
        found
    }
}

fn unrelated(score: f64) -> Finding {
    let what =
        "agreement between the targets of rows that are alike, in standard errors above chance";
    Finding::likely(Fault::LabelsUnrelated).because(what, score, 2.5)
}

/// Ranges and classes, before training.
pub(super) fn ranges(d: &Doctor, found: &mut Vec<Finding>) {
    if let (Some(goal), Some(data)) = (&d.goal, &d.data) {
        output_range(d, found);
        numbered(data, goal, found);
        imbalance(d, &Patient { skill: None, poor: true, good: false }, found);
    }
}

pub(super) fn look(d: &Doctor, patient: &Patient, found: &mut Vec<Finding>) {
    if let Some(data) = &d.data {
        of_rows(d, data, patient, found);
    }
    let Some(goal) = &d.goal else { return };
    if goal.is_in_units() {
        unscaled_target(d, patient, found);
    }
    output_range(d, found);
    constant_target(d, goal, found);
    not_shuffled(d, goal, found);
    imbalance(d, patient, found);
}

/// All targets are one number, or one class. Two comparisons may each have a target of their own, as real and made-up samples have.
fn constant_target(d: &Doctor, goal: &Goal, found: &mut Vec<Finding>) {
    let (least, most) = goal.range;
    let (met, value) = match goal.kind {
        Kind::Classes => {
            let met = |k: &usize| goal.classes[*k] > 0.0;
            let mut classes = (0..goal.classes.len()).filter(met);
            let (first, second) = (classes.next(), classes.next());
            let only = first.filter(|_| second.is_none());
            (only.map_or(0.0, |k| goal.classes[k]), only.unwrap_or(0) as f64)
        }
        // A difference that is to be 0 is an equation to be solved.
        Kind::Numbers if least == 0.0 => return,
        _ => (if least == most { (d.batch * d.looks) as f64 } else { 0.0 }, least),
    };
    if met >= 64.0 && d.looks >= 8 && d.comparisons <= 1 && d.strangers.is_empty() {
        found.push(
            Finding::certain(Fault::ConstantTarget)
                .line(Some(goal.at))
                .noting("the one target", value)
                .noting("targets that were read", met)
                .over(0, d.step),
        );
    }
}

/// Whether the loss has fallen far. One that is the error itself must be below that of a constant too: the start may have been worse.
fn has_learnt(d: &Doctor, goal: &Goal) -> bool {
    let losses = &d.losses;
    losses.has_fallen() && (!goal.is_loss(losses.first) || goal.is_below(losses.slow, 0.45))
}

/// Steps in a row that see the same class.
fn not_shuffled(d: &Doctor, goal: &Goal, found: &mut Vec<Finding>) {
    let Some((agreement, chance)) = goal.order.sorted() else { return };
    let what = "probability that samples of two steps in a row are of one class";
    found.push(
        Finding::likely(Fault::NotShuffled)
            .line(Some(goal.at))
            .because(what, agreement, 0.5 + 0.5 * chance)
            .noting("of any two samples", chance)
            .over(0, d.step),
    );
}

fn of_rows(d: &Doctor, data: &Data, patient: &Patient, found: &mut Vec<Finding>) {
    for finding in &data.columns {
        let harmless = finding.fault == Fault::UnscaledInput
            && patient.skill.is_some_and(|s| s > 0.85)
            // Without a target the rows may be anything, and only their scale is known.
            || d.goal.is_none() && finding.fault == Fault::ConstantColumn
            || finding.fault == Fault::ConstantColumn
                && finding.certainty == Certainty::Possible
                && !patient.poor;
        if !harmless {
            found.push(finding.clone());
        }
    }
    let Some(goal) = &d.goal else { return };
    if let Some((count, target, distance)) = data.far
        && patient.skill.is_none_or(|skill| skill < 0.5)
        && goal.kind == Kind::Numbers
    {
        found.push(
            Finding::likely(Fault::OutlierTarget)
                .line(Some(goal.at))
                .because("distance from the median, in ranges of the middle half", distance, 20.0)
                .noting("the target that is furthest", target)
                .noting("targets so far off", count as f64)
                .noting("rows", d.rows.len() as f64),
        );
    }
    // Where two classes overlap by nature, a third of the labels can go either way.
    let noisy = if goal.classes.len() > 2 { 0.2 } else { 0.35 };
    if let Some(score) = data.association.filter(|score| *score < 2.5)
        && patient.skill.is_some_and(|skill| skill < 0.5)
        && !has_learnt(d, goal)
        && d.step >= 20
    {
        found.push(unrelated(score).line(Some(goal.at)).noting("rows", d.rows.len() as f64));
    } else if let Some(noise) =
        data.noise.filter(|noise| *noise > noisy && patient.skill.is_none_or(|skill| skill < 0.8))
    {
        found.push(
            Finding::likely(Fault::LabelNoise)
                .line(Some(goal.at))
                .because(
                    "labels that differ from those of their neighbours where these agree",
                    noise,
                    noisy,
                )
                .noting("rows", d.rows.len() as f64),
        );
    }
    numbered(data, goal, found);
}

fn numbered(data: &Data, goal: &Goal, found: &mut Vec<Finding>) {
    if let Some(classes) = data.numbered
        && goal.kind == Kind::Numbers
        && goal.classes.len() == 1
    {
        found.push(
            Finding::likely(Fault::ClassesAsNumbers)
                .line(Some(goal.at))
                .noting("different targets, all whole numbers from 0 on", classes as f64),
        );
    }
}

fn output_range(d: &Doctor, found: &mut Vec<Finding>) {
    let (Some(goal), Some((low, high, layer, op, at))) = (&d.goal, &d.bounds) else { return };
    let place = |finding: Finding| finding.layer(layer.clone()).op(op, at).over(0, d.step);
    let (least_sum, most_sum) = goal.sums;
    if *op == "softmax" && goal.classes.len() > 1 && goal.looks > 1 {
        let off = if most_sum - 1.0 > 1.0 - least_sum { most_sum } else { least_sum };
        if (off - 1.0).abs() > 0.05 {
            let finding = Finding::certain(Fault::OutputOutOfRange);
            let what = "sum of the targets of a sample; a softmax gives 1";
            found.push(place(finding.because(what, off, 1.0)));
            return;
        }
    }
    if !goal.is_in_units() {
        return;
    }
    let (least, most) = goal.range;
    let span = most - least;
    if span.is_nan() || span <= 0.0 || d.looks == 1 {
        return;
    }
    let below = low - least > 0.05 * span;
    if below || most - high > 0.05 * span {
        let (value, threshold) = if below { (least, *low) } else { (most, *high) };
        let what = if below { "least target" } else { "greatest target" };
        let finding = Finding::certain(Fault::OutputOutOfRange);
        found.push(place(finding.because(what, value, threshold)));
    }
}

fn unscaled_target(d: &Doctor, patient: &Patient, found: &mut Vec<Finding>) {
    let Some(goal) = &d.goal else { return };
    let (mean, deviation) = goal.spread();
    let most = 10.0 * deviation.max(1.0);
    let far = mean.abs() > most;
    // So small that the noise of the steps is larger.
    let small = goal.kind == Kind::Numbers
        && deviation < 1e-2
        && goal.first_error > 100.0 * (deviation * deviation + mean * mean);
    if patient.poor && d.step >= 20 && small {
        found.push(
            Finding::likely(Fault::UnscaledTarget)
                .line(Some(goal.at))
                .because("deviation of the targets", deviation, 1e-2)
                .noting("root mean square error at the start", goal.first_error.sqrt())
                .over(0, d.step),
        );
    } else if d.step >= 20
        && (patient.poor && (far || deviation > 100.0)
            || deviation > 300.0 && patient.skill.is_some_and(|skill| skill < 0.9))
    {
        let finding = Finding::likely(Fault::UnscaledTarget).line(Some(goal.at));
        let finding = match far {
            true => finding
                .because("mean of the targets, without its sign", mean.abs(), most)
                .noting("their deviation", deviation),
            false => finding
                .because("deviation of the targets", deviation, 100.0)
                .noting("their mean", mean),
        };
        found.push(finding.over(0, d.step));
    }
}

/// Classes of very unequal size, the rare of which is not found.
fn imbalance(d: &Doctor, patient: &Patient, found: &mut Vec<Finding>) {
    let Some(goal) = &d.goal else { return };
    if goal.weighted {
        return;
    }
    let (balance, rare) = match goal.kind {
        Kind::Classes => {
            let all: f64 = goal.classes.iter().sum();
            let classes = goal.classes.iter().filter(|n| **n > 0.0).count();
            if all < 200.0 || classes < 2 {
                return;
            }
            let rare = (0..goal.classes.len())
                .filter(|&k| goal.classes[k] > 0.0)
                .min_by(|&a, &b| goal.classes[a].total_cmp(&goal.classes[b]));
            let balance = (entropy(&goal.classes).exp() - 1.0) / (classes as f64 - 1.0);
            (balance, rare)
        }
        Kind::Logits | Kind::Probabilities if goal.classes.len() == 1 && goal.whole => {
            let (mean, _) = goal.spread();
            if goal.weight() < 100.0 || mean <= 0.0 || mean >= 1.0 {
                return;
            }
            ((entropy(&[mean, 1.0 - mean])).exp() - 1.0, None)
        }
        _ => return,
    };
    let recall = rare.and_then(|k| goal.recall(k));
    let missed = match recall {
        Some(recall) => recall < 0.5,
        None => !patient.good,
    };
    if balance < 0.25 {
        // A rare class that is known by heart is still a rare class.
        let finding = if missed {
            Finding::likely(Fault::Imbalance)
        } else {
            Finding::possible(Fault::Imbalance)
        };
        let finding = finding.line(Some(goal.at)).because(
            "evenness of the classes, (exp(entropy) - 1) / (classes - 1)",
            balance,
            0.25,
        );
        let finding = match rare {
            Some(class) => finding
                .noting("rarest class", class as f64)
                .noting("fraction of it that was right", recall.unwrap_or(f64::NAN)),
            None => finding,
        };
        found.push(finding.over(0, d.step));
    }
}
