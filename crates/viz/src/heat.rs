//! `heat_svg`: rows of numbers over time as colours.

use crate::field::blue;
use crate::svg::{Anchor, Svg};

/// A row of a heat map: its name, and points of time and number.
pub type HeatRow<'a> = (&'a str, &'a [(usize, f64)]);

/// Rows of positive numbers over time as colours, by their logarithms from the least to the greatest: gradients layer by layer. The
/// pointer shows the numbers. A number that is 0 or not finite is red.
///
/// ```
/// use wengert_viz::heat_svg;
///
/// let svg = heat_svg("gradients", &[("0.weight", &[(0, 1e-3), (1, 2e-3)]), ("2.weight", &[(0, 0.1), (1, 0.2)])]);
/// assert!(svg.contains("0.weight") && svg.contains("step 1: 2.00e-1") && !svg.contains("red"));
/// assert!(heat_svg("gradients", &[("0.weight", &[(0, 0.0)])]).contains("red 0"));
/// ```
pub fn heat_svg(title: &str, rows: &[HeatRow<'_>]) -> String {
    const TOP: f64 = 36.0;
    const HIGH: f64 = 20.0;
    // Narrow enough for its words to be read at 400 pixels.
    let longest = rows.iter().map(|row| row.0.chars().count()).max().unwrap_or(0);
    let left = (24.0 + 6.6 * longest as f64).clamp(60.0, 320.0);
    let across = (464.0 - left).max(220.0);
    let good = |x: f64| x > 0.0 && x.is_finite();
    let logs =
        || rows.iter().flat_map(|row| row.1).map(|p| p.1).filter(|x| good(*x)).map(f64::log10);
    let (low, high) =
        logs().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), x| (l.min(x), h.max(x)));
    let mut svg = Svg::new();
    svg.text(12.0, 23.0, 16.0, Anchor::Start, title);
    for (k, (name, points)) in rows.iter().enumerate() {
        let y = TOP + k as f64 * HIGH;
        svg.text(left - 8.0, y + 0.65 * HIGH, 12.0, Anchor::End, name);
        let wide = across / points.len().max(1) as f64;
        for (i, &(step, x)) in points.iter().enumerate() {
            let place = if high > low { (x.log10() - low) / (high - low) } else { 0.5 };
            let fill = if good(x) { blue(place) } else { "rgb(200,30,30)".to_string() };
            svg.begin(&format!("{name}, step {step}: {x:.2e}"));
            svg.rect(
                left + i as f64 * wide,
                y,
                wide + 0.3,
                HIGH - 2.0,
                &format!("fill=\"{fill}\""),
            );
            svg.end();
        }
    }
    let bottom = TOP + rows.len() as f64 * HIGH + 16.0;
    let last = rows.iter().filter_map(|row| row.1.last()).map(|p| p.0).max().unwrap_or(0);
    svg.text(left, bottom, 12.0, Anchor::Start, "step 0");
    svg.text(left + across, bottom, 12.0, Anchor::End, &format!("step {last}"));
    let mut legend = Vec::new();
    if low <= high {
        legend.push(format!("pale {:.1e}, deep {:.1e}", 10f64.powf(low), 10f64.powf(high)));
    }
    let bad = || rows.iter().flat_map(|row| row.1).map(|p| p.1).filter(|x| !good(*x));
    if bad().next().is_some() {
        let not_finite = bad().any(|x| !x.is_finite());
        legend.push(if not_finite { "red 0 or not finite" } else { "red 0" }.to_string());
    }
    if !legend.is_empty() {
        let range = legend.join(", ");
        svg.text(left, bottom + 18.0, 12.0, Anchor::Start, &range);
    }
    svg.finish(left + across + 16.0, bottom + 30.0)
}
