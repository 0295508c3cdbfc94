//! Rules of the learning rate, the optimiser's settings, the penalty and the size of the loss.

use super::Patient;
use crate::doctor::evidence::number;
use crate::doctor::units::Units;
use crate::doctor::weights::Weight;
use crate::doctor::{Action, Doctor, Fault, Finding};

/// A learning rate that suits most small nets, for an optimiser that divides by the size of the gradient.
const USUAL: f64 = 3e-3;

/// Whether the optimiser divides by the size of the gradient.
fn adaptive(d: &Doctor) -> bool {
    d.settings.iter().any(|(name, _)| *name == "beta2" || *name == "alpha")
}

pub(super) fn look(d: &Doctor, patient: &Patient, found: &mut Vec<Finding>) {
    settings(d, patient, found);
    gone(d, found);
    penalty(d, patient, found);
    if !too_high(d, patient, found) {
        too_low(d, patient, found);
    }
}

fn too_high(d: &Doctor, patient: &Patient, found: &mut Vec<Finding>) -> bool {
    let losses = &d.losses;
    let rate = d.rate.now;
    // A small batch can begin with a small loss, so that the next ones seem to rise far above it.
    if patient.good || !patient.poor && losses.has_fallen() {
        return false;
    }
    let diverged = d.diverged.is_some();
    // Weights that shrink are not thrown.
    let grown = |w: &Weight| w.now.weight > 1.2 * w.first.weight;
    let thrown =
        d.peak_ratio > 0.3 && patient.poor && d.step >= 20 && d.weights.matrices().any(grown)
            || d.peak_ratio > 0.1
                && patient.poor
                && d.step >= 20
                && losses.early_peak > 2.0 * losses.first.abs()
                && losses.count > 3;
    // The first step has killed a layer.
    let killed = d.first_ratio > 0.3 && patient.poor && d.step >= 16 && {
        let dead = |u: &Units| u.hidden && u.dead() == Some(u.alive.len());
        d.units.iter().any(dead)
    };
    // Steeper than the steps stand, and nothing learnt.
    let sharp = d.sharpness.filter(|s| s.excess() > 1.0);
    let swings = sharp.is_some()
        && !d.pairing.rewarded
        && d.first_ratio.max(d.peak_ratio) > 1e-4
        && patient.poor
        && d.step >= 20
        && losses.slow > losses.early + 1e-6 * losses.early.abs();
    if !diverged && !thrown && !swings && !killed {
        return false;
    }
    let evidence = |finding: Finding| {
        let finding = if diverged {
            finding.because(
                "rise of the loss above its lowest value, in units of the first loss",
                losses.risen(),
                3.0,
            )
        } else if thrown {
            finding.because(
                "median change of the parameters in one step, as a fraction of them",
                d.peak_ratio,
                0.1,
            )
        } else if killed {
            finding.because(
                "median change of the parameters in the first step, as a fraction of them",
                d.first_ratio,
                0.3,
            )
        } else {
            finding
        };
        let finding = match sharp {
            Some(sharp) => finding
                .because(
                    "curvature of the loss in its steepest direction; above the threshold, steps of this rate overshoot",
                    sharp.largest,
                    sharp.stands,
                )
                .noting("measured at step", sharp.step as f64),
            None => finding,
        };
        finding
            .noting("learning rate", rate)
            .noting("first loss", losses.first)
            .noting("last finite loss", losses.last_finite)
            .over(0, d.diverged.unwrap_or(d.step))
    };
    if let Some((n, op, at)) = d.summed {
        // The sum explains a step that is n times too long.
        let finding = Finding::likely(Fault::SummedLoss)
            .op(op, at)
            .noting("loss over the mean of its parts", n);
        found.push(evidence(finding).rank(2));
    }
    let finding = evidence(Finding::likely(Fault::RateTooHigh));
    found.push(if adaptive(d) && rate > 3.0 * USUAL {
        let action = Action::RestartAndScaleRate(USUAL / rate);
        finding.first_by(format!("a usual rate of {USUAL}, from fresh weights"), action)
    } else {
        finding
    });
    true
}

fn too_low(d: &Doctor, patient: &Patient, found: &mut Vec<Finding>) {
    let losses = &d.losses;
    if d.looks < 6
        || d.step < 10
        || d.rate.gone_since.is_some()
        || patient.skill.is_some_and(|s| s > 0.5)
    {
        return;
    }
    let trained = || d.weights.all.iter().filter(|w| !w.frozen && w.now.gradient > 0.0);
    let fastest = trained().map(|w| w.ratio()).filter(|r| r.is_finite()).fold(0.0, f64::max);
    // Update over gradient: the rate of plain descent; an adaptive one moves by its rate whatever the gradient is.
    let mut reach: Vec<f64> = trained().map(|w| w.now.update / w.now.gradient).collect();
    reach.sort_by(f64::total_cmp);
    let reach = reach.get(reach.len() / 2).copied().unwrap_or(0.0);
    let fallen = (losses.early - losses.slow) / losses.early.abs().max(f64::MIN_POSITIVE);
    // So little that not even the fastest weights move, whatever the rate is: gradients may have been cut.
    let still = fastest < 1e-6;
    let slow = still || fastest < 1e-4 && reach < 1e-2 || fastest < 3e-6 && d.rate.now < 1e-4;
    let little = fallen.abs() < 0.15 || d.pairing.rewarded;
    // Not a hundredth of its size could a weight have come, or the loss would stand steps two hundred times as long.
    let thrown = d.first_ratio.max(d.peak_ratio) > 1e-2;
    let ratio = d.weights.median_ratio().filter(|_| !thrown);
    let travel = ratio.map_or(f64::INFINITY, |ratio| ratio * d.step as f64);
    // Many layers can make a loss flat; one or two do not.
    let shallow = !adaptive(d) && !thrown && d.weights.matrices().count() <= 2;
    let room = d.sharpness.map_or(0.0, |s| s.excess());
    let slow = slow || d.step >= 60 && (travel < 1e-2 || shallow && (1e-8..5e-3).contains(&room));
    // Who has not moved has not learnt, whatever the noise of the loss is.
    let little = little || d.step >= 60 && travel < 3e-3;
    // What divides by the size of the gradient makes up for the clipping. Of plain descent a step is rate times norm: the one further from a
    // usual one is to blame.
    let to_blame = |norm: &f64| !adaptive(d) && *norm < d.rate.now.min(0.1) || *norm < 1e-6;
    if let Some(norm) = d.weights.clipped().filter(to_blame).filter(|_| little && fastest < 1e-3) {
        found.push(
            Finding::likely(Fault::ClippedToNothing)
                .noting("norm of all gradients, the same at each step", norm)
                .because(
                    "largest change of any parameter in one step, as a fraction of it",
                    fastest,
                    1e-3,
                )
                .because("fraction by which the loss has fallen", fallen, 0.15)
                .over(0, d.step),
        );
        return;
    }
    if trained().next().is_some() && slow && little {
        let finding = Finding::likely(Fault::RateTooLow)
            .because(
                "largest change of any parameter in one step, as a fraction of it",
                fastest,
                1e-4,
            )
            .because("fraction by which the loss has fallen", fallen, 0.15)
            .noting("learning rate", d.rate.now);
        let finding = match d.sharpness {
            Some(s) => finding.noting(
                "curvature of the loss, as a fraction of the most that this rate can follow",
                s.excess(),
            ),
            None => finding,
        };
        let steep = d.sharpness.map(|s| s.excess()).filter(|x| *x > 1e-8 && *x < 0.05);
        let finding = match steep {
            _ if adaptive(d) && d.rate.now < USUAL / 3.0 => {
                finding.first_by(format!("a usual rate of {USUAL}"), Action::SetRate(USUAL))
            }
            Some(excess) if !adaptive(d) => {
                let factor = 0.25 / excess;
                let text = "a quarter of the highest rate that the curvature stands: times";
                let action = Action::ScaleRate(factor);
                finding.first_by(format!("{text} {}", number(factor)), action)
            }
            _ => finding,
        };
        found.push(finding.over(0, d.step));
    }
}

/// The learning rate was something, and is nothing any more.
fn gone(d: &Doctor, found: &mut Vec<Finding>) {
    let Some(since) = d.rate.gone_since else { return };
    let idle = d.step - since.min(d.step);
    if idle >= 10.max(d.step / 10) {
        found.push(
            Finding::certain(Fault::RateAtZero)
                .because("learning rate", d.rate.now, 1e-6 * d.rate.most)
                .noting("highest learning rate", d.rate.most)
                .over(since, d.step)
                .first_by("a rate that stays", Action::SetRate(d.rate.most)),
        );
    }
}

fn settings(d: &Doctor, patient: &Patient, found: &mut Vec<Finding>) {
    // Unusual, and it learns.
    if patient.good {
        return;
    }
    let adaptive = adaptive(d);
    let mut out = |name: &'static str, value: f64, threshold: f64| {
        found.push(
            Finding::likely(Fault::OptimizerSetting)
                .layer(format!("{name} = {value}"))
                .because(name, value, threshold),
        );
    };
    for &(name, value) in &d.settings {
        match name {
            "eps" if adaptive && value >= 1e-2 => out(name, value, 1e-2),
            "momentum" | "beta1" if value >= 0.99 => out(name, value, 0.99),
            "beta2" if value > 0.0 && value < 0.5 => out(name, value, 0.5),
            _ => {}
        }
    }
}

fn penalty(d: &Doctor, patient: &Patient, found: &mut Vec<Finding>) {
    if !patient.poor {
        return;
    }
    let shrunk: Vec<f64> = d
        .weights
        .matrices()
        .filter(|w| w.first.weight > 0.0)
        .map(|w| w.now.weight / w.first.weight)
        .collect();
    let most = shrunk.iter().copied().fold(0.0, f64::max);
    let less = |part: f64| !shrunk.is_empty() && d.step >= 20 && most < part;
    // A penalty that has pulled to 0 what it weighs is small then.
    let now = d.penalty.filter(|ratio| *ratio > 2.0 && d.looks >= 3);
    // What has come down from a step that was too long is none.
    let thrown = d.first_ratio.max(d.peak_ratio) > 0.3;
    let was = d.penalty_peak.filter(|_| !thrown).filter(|peak| {
        let part = d.penalty.filter(|_| d.step >= 20).map_or(1.0, |now| now / peak);
        *peak > 2.0 && (part < 0.2 || less(0.2)) || *peak > 0.2 && part < 0.02
    });
    if now.is_some() || was.is_some() {
        let finding = Finding::likely(Fault::Penalty);
        let finding = match (now, d.penalty_peak) {
            (None, Some(peak)) => finding
                .because("penalty over the data's part of the loss, at its highest", peak, 0.2)
                .noting("the same now: what it weighs was pulled to 0", d.penalty.unwrap_or(0.0)),
            _ => {
                finding.because("penalty over the data's part of the loss", now.unwrap_or(0.0), 2.0)
            }
        };
        let finding = match shrunk.is_empty() {
            true => finding,
            false => finding.noting("weights over what they were", most),
        };
        let finding = match d.penalty_at {
            Some((op, at)) => finding.op(op, at),
            None => finding,
        };
        found.push(finding.over(0, d.step));
        return;
    }
    let decay = d.settings.iter().find(|(name, x)| *name == "weight_decay" && *x > 0.0);
    let Some(&(_, decay)) = decay else { return };
    // A usual decay is below 0.1.
    if less(0.2) || decay >= 1.0 && less(0.7) {
        found.push(
            Finding::likely(Fault::Penalty)
                .layer(format!("weight_decay = {decay}"))
                .because("weights over what they were", most, 0.2)
                .over(0, d.step),
        );
    }
}
