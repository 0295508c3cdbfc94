//! The axes of a chart: scales, ticks, and numbers as labels.

use crate::svg::trimmed;

/// The scale of an axis.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scale {
    /// Linear.
    #[default]
    Linear,
    /// Logarithmic. Values that are not positive are omitted.
    Log,
}

impl Scale {
    /// The position of a value, before it is scaled to the picture.
    pub(super) fn place(self, value: f64) -> Option<f64> {
        let at = match self {
            Self::Linear => value,
            Self::Log => value.log10(),
        };
        at.is_finite().then(|| at.clamp(-FURTHEST, FURTHEST))
    }
}

/// Values beyond this are drawn here: from one end to the other must be a number too.
const FURTHEST: f64 = 1e307;

/// The least and the largest, with something between them.
pub(crate) fn span(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (a, b) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(v), b.max(v)));
    match (a <= b, a == b) {
        (false, _) => (0.0, 1.0),
        (_, true) => {
            // As far as makes a difference to a large number.
            let about = (1e-3 * a.abs()).max(0.5);
            (a - about, b + about)
        }
        _ => (a, b),
    }
}

/// The place of a number in a range, from 0 to 1; 0 in a range of one point.
pub(crate) fn fraction(x: f64, (least, most): (f64, f64)) -> f64 {
    // By halves, as the whole difference may be no number.
    if most > least { (x / 2.0 - least / 2.0) / (most / 2.0 - least / 2.0) } else { 0.0 }
}

/// Some five round numbers between two; whole ones, if so asked, of which the first is always one.
pub(crate) fn ticks(from: f64, to: f64, whole: bool) -> Vec<f64> {
    let rough = (to - from) / 5.0;
    let power = 10f64.powf(rough.log10().floor());
    let steps = [1.0, 2.0, 2.5, 5.0, 10.0].map(|m| m * power);
    let fits = |step: &f64| *step >= rough && (!whole || step.fract() == 0.0);
    let step = steps.into_iter().find(fits).unwrap_or(if whole { 1.0 } else { rough });
    let first = (from / step).ceil() as i64;
    let last = (to / step).floor() as i64;
    let mut ticks: Vec<f64> = (first..=last.min(first + 20)).map(|i| i as f64 * step).collect();
    if whole && ticks.first().is_none_or(|&t| t - from >= 0.5 * step) {
        ticks.insert(0, from.ceil());
    }
    ticks
}

/// Values at which to divide a logarithmic axis, with their heights: powers of ten, with 2 and 5 between them or all digits if
/// those are few, and round numbers where not even these are enough.
pub(super) fn log_ticks(from: f64, to: f64) -> Vec<(f64, f64)> {
    let step = ((to - from) / 8.0).ceil().max(1.0) as i64;
    for digits in [&[1.0][..], &[1.0, 3.0], &[1.0, 2.0, 5.0], &[1.0, 2.0, 3.0, 4.0, 5.0, 7.0]] {
        let powers = (from.floor() as i64..=to.ceil() as i64).filter(|p| p % step == 0);
        let ticks: Vec<(f64, f64)> = powers
            .flat_map(|p| digits.iter().map(move |d| d * 10f64.powi(p as i32)))
            .map(|value| (value.log10(), value))
            .filter(|(h, _)| (from..=to).contains(h))
            .collect();
        if ticks.len() >= 4 {
            return ticks;
        }
    }
    let (least, most) = (10f64.powf(from), 10f64.powf(to));
    ticks(least, most, false).into_iter().filter(|v| *v > 0.0).map(|v| (v.log10(), v)).collect()
}

/// A number as the label of a tick, with up to six digits.
pub(crate) fn label(x: f64) -> String {
    if x == 0.0 {
        return "0".into();
    }
    if !(1e-4..1e6).contains(&x.abs()) {
        let text = format!("{x:.5e}");
        let (digits, power) = text.split_once('e').unwrap_or((&text, "0"));
        return format!("{}e{power}", trimmed(digits));
    }
    trimmed(&format!("{x:.6}")).to_string()
}
