//! Rules of the start, of gradients from layer to layer, and of units.

use super::Patient;
use crate::doctor::units::Flat;
use crate::doctor::weights::Weight;
use crate::doctor::{Doctor, Fault, Finding};

pub(super) fn look(d: &Doctor, patient: &Patient, found: &mut Vec<Finding>) {
    start(d, patient, found);
    dead(d, patient, found);
    saturated(d, patient, found);
    gradients(d, patient, found);
}

pub(super) fn start(d: &Doctor, patient: &Patient, found: &mut Vec<Finding>) {
    // Without a target, a loss that falls far may only come down from a bad start.
    if patient.good && patient.skill.is_some() {
        return;
    }
    let sized = || d.start.iter().filter(|l| l.inputs >= 4 && l.inputs * l.outputs >= 16);
    let large = sized().filter(|l| l.gain > 4.0).max_by(|a, b| a.gain.total_cmp(&b.gain));
    if let Some(layer) = large {
        found.push(
            Finding::likely(Fault::InitTooLarge)
                .layer(&layer.layer)
                .op(layer.op, layer.at)
                .because("deviation of the weights times the root of their inputs", layer.gain, 4.0)
                .noting("layers of this kind", sized().filter(|l| l.gain > 4.0).count() as f64)
                .over(0, 0),
        );
        return;
    }
    let small = sized().filter(|l| l.gain < 0.15 && l.gain > 0.0).count();
    let (Some(first), Some(last)) = (d.start.first(), d.start.last()) else { return };
    let arrives = last.differs / first.input.max(1e-300);
    if patient.poor
        && (d.step >= 10 || d.looks == 0)
        && small * 2 > sized().count()
        && small >= 2
        && arrives < 1e-2
    {
        let smallest = sized().min_by(|a, b| a.gain.total_cmp(&b.gain)).unwrap_or(first);
        found.push(
            Finding::likely(Fault::InitTooSmall)
                .layer(&smallest.layer)
                .op(smallest.op, smallest.at)
                .because(
                    "deviation of the weights times the root of their inputs",
                    smallest.gain,
                    0.15,
                )
                .because(
                    "difference between rows at the output, over the input's size",
                    arrives,
                    1e-2,
                )
                .over(0, 0),
        );
    }
}

fn dead(d: &Doctor, patient: &Patient, found: &mut Vec<Finding>) {
    let worst = d
        .units
        .iter()
        .filter(|u| u.hidden)
        .filter_map(|u| Some((u, u.dead()?)))
        .max_by(|a, b| (a.1 * b.0.alive.len()).cmp(&(b.1 * a.0.alive.len())));
    let Some((units, dead)) = worst else { return };
    let share = dead as f64 / units.alive.len() as f64;
    let learns = patient.good || d.losses.has_fallen();
    if share > 0.5 && !learns || share > 0.9 {
        let finding = if dead == units.alive.len() {
            Finding::certain(Fault::DeadUnits)
        } else {
            Finding::likely(Fault::DeadUnits)
        };
        let finding = finding
            .layer(&units.layer)
            .op(units.op, units.at)
            .because("fraction of units that are 0 for every sample", share, 0.5)
            .noting("samples", units.samples as f64)
            .over(0, d.step);
        // Nearly all dead from the start is a cause; dead later is what large steps leave behind. Where inputs hardly differ yet, half of
        // the units are 0 for all of them.
        let cause = d.step <= 24
            && d.diverged.is_none()
            && d.first_ratio.max(d.peak_ratio) < 0.3
            && share > 0.9;
        found.push(if cause { finding.rank(2) } else { finding });
    }
}

fn saturated(d: &Doctor, patient: &Patient, found: &mut Vec<Finding>) {
    let hidden = d.units.iter().filter(|u| u.hidden && u.flat != Flat::BelowZero && u.looks >= 3);
    let Some(worst) = hidden.max_by(|a, b| a.saturated.total_cmp(&b.saturated)) else { return };
    let early = worst.first_saturated > 0.5 && !patient.good;
    if early || worst.saturated > 0.5 && patient.poor {
        found.push(
            Finding::likely(Fault::Saturated)
                .layer(&worst.layer)
                .op(worst.op, worst.at)
                .because("fraction of values on the flat part", worst.saturated, 0.5)
                .noting("at the first step", worst.first_saturated)
                .over(0, d.step),
        );
    }
}

fn gradients(d: &Doctor, patient: &Patient, found: &mut Vec<Finding>) {
    let mut matrices: Vec<&Weight> = d.weights.matrices().filter(|w| w.looks >= 3).collect();
    matrices.sort_by_key(|w| w.order);
    let (Some(first), Some(last)) = (matrices.first(), matrices.last()) else { return };
    if matrices.len() < 3 || !patient.poor {
        return;
    }
    let ratio = |early: f64, late: f64| early / late.max(1e-300);
    let now = ratio(first.now.gradient, last.now.gradient);
    let start = ratio(first.first.gradient, last.first.gradient);
    let place = |finding: Finding| {
        finding
            .layer(&first.path)
            .noting(
                format!("root mean square of the gradient of `{}`", last.path),
                last.now.gradient,
            )
            .noting(format!("of `{}`", first.path), first.now.gradient)
            .over(0, d.step)
    };
    if now < 1e-3 && start < 1e-2 && d.step >= 10 {
        found.push(place(Finding::likely(Fault::Vanishing).because(
            "gradient of the first layer over the last's",
            now,
            1e-3,
        )));
    } else if start > 100.0 && now > 10.0 {
        found.push(place(Finding::likely(Fault::Exploding).because(
            "gradient of the first layer over the last's",
            start,
            100.0,
        )));
    }
}
