//! The rules: from what was seen to findings. A rule that rests on numbers holds only while the numbers say so, and none holds
//! against a model that predicts well.

mod causes;
mod data;
mod flow;
mod pairs;
mod rate;

use super::weights::Weight;
use super::{Doctor, Fault, Finding};

pub(crate) use causes::explained;
pub(crate) use data::Data;

/// All findings that follow from what was seen, in any order.
pub(crate) fn look(doctor: &Doctor) -> Vec<Finding> {
    let patient = Patient::of(doctor);
    let mut found = Vec::new();
    exact(doctor, &patient, &mut found);
    rate::look(doctor, &patient, &mut found);
    flow::look(doctor, &patient, &mut found);
    data::look(doctor, &patient, &mut found);
    pairs::look(doctor, &mut found);
    overfitting(doctor, &mut found);
    endless(doctor, &mut found);
    stuck(doctor, &patient, &mut found);
    found
}

/// The findings that one look before training allows.
pub(crate) fn before_training(doctor: &Doctor) -> Vec<Finding> {
    let patient = Patient { skill: None, poor: true, good: false };
    let mut found = Vec::new();
    symmetric_start(doctor, &mut found);
    flow::start(doctor, &patient, &mut found);
    data::ranges(doctor, &mut found);
    found
}

/// The state of the patient.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patient {
    /// 1 for a perfect prediction, 0 for one no better than a constant.
    pub(crate) skill: Option<f64>,
    /// No better than a constant, or hardly. Without a known target: the loss has hardly fallen.
    pub(crate) poor: bool,
    /// Well on its way.
    pub(crate) good: bool,
}

impl Patient {
    fn of(doctor: &Doctor) -> Self {
        let losses = &doctor.losses;
        let skill = doctor.goal.as_ref().and_then(|goal| goal.skill());
        let fallen = (losses.first - losses.fast) / losses.first.abs().max(f64::MIN_POSITIVE);
        let finite = losses.last.is_finite() || losses.count == 0;
        match skill {
            Some(skill) => Self {
                skill: Some(skill),
                poor: skill < 0.3 || !finite,
                good: skill > 0.6 && finite,
            },
            None => {
                Self { skill: None, poor: fallen < 0.1 || !finite, good: fallen > 0.8 && finite }
            }
        }
    }
}

/// Findings from comparisons of numbers that must be equal, or must not be.
fn exact(d: &Doctor, patient: &Patient, found: &mut Vec<Finding>) {
    let last = d.step;
    if let Some(weight) = d.weights.all.iter().find(|w| w.used_gradient) {
        found.push(Finding::certain(Fault::UsedGradient).layer(&weight.path));
    }
    symmetric(d, found);
    // A gradient so small that its step is lost in rounding is another fault.
    let counts = |w: &&Weight| w.now.gradient * d.rate.now > 1e-5 * w.now.weight;
    let mut still =
        d.weights.all.iter().filter(|w| w.looks >= 3 && w.still == w.looks && !w.frozen);
    let still = still.find(counts);
    if let Some(weight) = still
        && d.rate.most > 0.0
    {
        found.push(
            Finding::certain(Fault::NotUpdated)
                .layer(&weight.path)
                .because("update, with a gradient that is not 0", 0.0, 0.0)
                .noting("root mean square of the gradient", weight.now.gradient)
                .over(0, last),
        );
    }
    let never = |w: &&Weight| w.looks >= 3 && w.without_gradient > w.looks - 1 && !w.frozen;
    if let Some(weight) = d.weights.all.iter().find(never) {
        found.push(
            Finding::likely(Fault::NoGradient)
                .layer(&weight.path)
                .noting("steps without a gradient", weight.without_gradient as f64)
                .over(0, last),
        );
    }
    without_effect(d, patient, found);
    let losses = &d.losses;
    if d.looks >= 3 && d.first_uphill && d.uphill * 10 >= d.looks * 9 && losses.fast >= losses.first
    {
        found.push(
            Finding::certain(Fault::Ascent)
                .because(
                    "fraction of the steps that went up their gradient",
                    d.uphill as f64 / d.looks as f64,
                    0.9,
                )
                .over(0, last),
        );
    }
}

/// A loss that changes with no parameter from the first step on, as that of a sample compared with itself. Where a target is known, the
/// model may be right already; if it is not, its matrices and tables do not get there: factors that are all 0 keep each other so.
fn without_effect(d: &Doctor, patient: &Patient, found: &mut Vec<Finding>) {
    let (known, looks) = (d.goal.is_some(), if d.goal.is_some() { 8 } else { 3 });
    let wide = move |w: &&Weight| !w.frozen && (!known || w.shape.len() > 1);
    let mine = || d.weights.all.iter().filter(wide);
    let none = |w: &Weight| {
        !w.gradients.points.is_empty() && w.gradients.points.iter().all(|p| p.1 == 0.0)
    };
    let (all, idle) = (mine().count(), mine().filter(|w| none(w)).count());
    let stuck = match known {
        true => patient.poor && idle > 1 && 2 * idle >= all,
        false => idle > 0 && idle == all,
    };
    if d.looks >= looks && stuck {
        let path = mine().find(|w| none(w)).map_or("", |w| &w.path);
        let seen = match known {
            true => {
                "the gradients of half of the matrices or more are exactly 0 from the first step on: are two factors of a product both 0?"
            }
            false => {
                "the gradients of all parameters are exactly 0 from the first step on: is something compared with itself?"
            }
        };
        found.push(
            Finding::likely(Fault::NoGradient)
                .layer(path)
                .seeing(seen)
                .noting("the loss", d.losses.last)
                .over(0, d.step),
        );
    }
}

/// Units that are copies of each other: rows of weights and of gradients that stay equal; or most layers start so.
fn symmetric(d: &Doctor, found: &mut Vec<Finding>) {
    let several =
        || d.weights.matrices().filter(|w| w.looks >= 1 && w.shape.len() >= 2 && w.shape[0] > 1);
    let stay = several().find(|w| w.equal_rows >= 3 && w.equal_rows == w.looks.min(8));
    let start = several().filter(|w| w.started_equal).count();
    let most = start * 2 > several().count() && start >= 1 && d.weights.matrices().count() > 1;
    let first = several().find(|w| w.started_equal).filter(|_| most);
    if let Some(weight) = stay.or(first) {
        found.push(
            Finding::certain(Fault::SymmetricUnits)
                .layer(&weight.path)
                .noting("layers that started with equal rows of weights", start as f64)
                .noting(
                    "looks on which rows of weights and of gradients were equal",
                    weight.equal_rows as f64,
                )
                .over(0, weight.looks.min(8) - 1),
        );
    }
}

/// [`symmetric`], of the weights alone.
fn symmetric_start(d: &Doctor, found: &mut Vec<Finding>) {
    let several = || d.weights.matrices().filter(|w| w.shape.len() >= 2 && w.shape[0] > 1);
    let start = several().filter(|w| w.started_equal).count();
    if start * 2 > several().count() && d.weights.matrices().count() > 1 {
        let first = several().find(|w| w.started_equal).map_or("", |w| &w.path);
        found.push(
            Finding::certain(Fault::SymmetricUnits)
                .layer(first)
                .noting("layers that start with equal rows of weights", start as f64),
        );
    }
}

fn overfitting(d: &Doctor, found: &mut Vec<Finding>) {
    let all = &d.validation;
    let Some(best) = (0..all.len()).min_by(|&a, &b| all[a].1.total_cmp(&all[b].1)) else { return };
    let Some(&(train, validation)) = all.last() else { return };
    let since = &all[best..];
    let rising = since.windows(2).filter(|w| w[1].1 > w[0].1).count();
    if since.len() > 3
        && rising * 4 >= (since.len() - 1) * 3
        && validation > 1.1 * all[best].1
        && train < all[best].0
    {
        found.push(
            Finding::likely(Fault::Overfitting)
                .because("loss of validation over its best", validation / all[best].1, 1.1)
                .noting("loss of training over what it was then", train / all[best].0)
                .noting("best epoch", (best + 1) as f64),
        );
    }
}

/// A loss that falls far below 0, ever faster: nothing bounds it from below.
fn endless(d: &Doctor, found: &mut Vec<Finding>) {
    let losses = &d.losses;
    let points = &losses.curve.points;
    let (Some(first), Some(middle)) = (points.first(), points.get(points.len() / 2)) else {
        return;
    };
    if let Some((layer, op, at, false)) = &d.bottomless
        && d.looks >= 3
    {
        let finding = Finding::likely(Fault::NegatedLoss).layer(layer).op(op, at);
        found.push(
            finding
                .seeing("all terms of the loss are subtracted, and this one grows without end: the less the model is right, the smaller the loss")
                .noting("the loss", losses.last_finite)
                .over(0, d.step),
        );
        return;
    }
    if d.step < 40 || losses.fast >= 0.0 || losses.last_finite >= 0.0 {
        return;
    }
    let (early, late) = (first.1 - middle.1, middle.1 - losses.fast);
    // Where a term is subtracted that grows without end, less says as much.
    let (below, times, falls) = match &d.bottomless {
        Some(_) => {
            let fallen = (losses.first - losses.fast) / losses.first.abs().max(0.1);
            (fallen, 0.5, 2.0 * late > early)
        }
        None => (-losses.fast / losses.first.abs().max(1.0), 20.0, 2.0 * late > early),
    };
    // So far below, it may have stopped because nothing is left that moves.
    if below > times && (falls || below > 1000.0) {
        let finding = Finding::likely(Fault::NegatedLoss)
            .because("fall of the loss below 0, in units of the first loss", below, times)
            .noting("fall of its first half", early)
            .noting("fall of its second half", late);
        let finding = match &d.bottomless {
            Some((layer, op, at, _)) => finding
                .layer(layer)
                .op(op, at)
                .seeing("this term is subtracted, and it grows without end: look for a wrong sign"),
            None => finding
                .seeing("the loss falls without end, so it or a term of it has no least value: look for a wrong sign"),
        };
        found.push(finding.over(0, d.step));
    }
}

/// No cause was found, and still nothing is learnt.
fn stuck(d: &Doctor, patient: &Patient, found: &mut Vec<Finding>) {
    let Some(goal) = &d.goal else { return };
    let Some(skill) = patient.skill else { return };
    if d.step < 60 || goal.best_skill > 0.1 || skill > 0.05 || found.iter().any(|f| f.rank < 5) {
        return;
    }
    // A loss that still falls may have other terms to learn first.
    if d.losses.curve.still_falls(0.02) {
        return;
    }
    // A loss that is the error itself tells more than the last looks do.
    let losses = &d.losses;
    if goal.is_loss(losses.first) && goal.is_below(losses.slow, 0.9) {
        return;
    }
    if d.batch <= 2 && d.step > 200 {
        found.push(
            Finding::possible(Fault::BatchTooSmall)
                .because("samples a batch", d.batch as f64, 2.0)
                .because("error below that of the best constant, as a fraction of it", skill, 0.05)
                .over(0, d.step),
        );
        return;
    }
    if let Some(path) = d.frozen.first() {
        found.push(
            Finding::possible(Fault::FrozenAtRandom)
                .layer(path)
                .because("error below that of the best constant, as a fraction of it", skill, 0.05)
                .over(0, d.step),
        );
        return;
    }
    let finding = Finding::possible(Fault::NoBetterThanConstant)
        .line(Some(goal.at))
        .because("error below that of the best constant, as a fraction of it", skill, 0.05)
        .over(0, d.step);
    found.push(finding);
}
