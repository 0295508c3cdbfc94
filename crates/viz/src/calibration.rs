//! `calibration`: whether probabilities are frequencies.

use crate::Chart;

/// The fraction of hits among predictions of each probability, in ten equal parts from 0 to 1, next to the diagonal, on which both are equal. A line below the diagonal is
/// of a model that is too sure. It takes a probability and whether it came true, for each prediction.
///
/// ```
/// use wengert_viz::calibration;
///
/// let sure = [(0.95, true), (0.95, false), (0.05, false)];
/// let svg = calibration("too sure", sure).to_svg();
/// assert!(svg.contains(">predicted</text>") && svg.contains(">perfect</text>"));
/// ```
pub fn calibration(
    title: impl Into<String>,
    predictions: impl IntoIterator<Item = (f64, bool)>,
) -> Chart {
    let mut parts = [(0.0, 0usize, 0usize); 10];
    for (probability, hit) in predictions.into_iter().filter(|p| (0.0..=1.0).contains(&p.0)) {
        let part = &mut parts[((probability * 10.0) as usize).min(9)];
        *part = (part.0 + probability, part.1 + usize::from(hit), part.2 + 1);
    }
    let filled = parts.iter().filter(|part| part.2 > 0);
    let points = filled.map(|&(sum, hits, n)| (sum / n as f64, hits as f64 / n as f64));
    Chart::new(title)
        .x_label("probability, the mean of each tenth")
        .y_label("fraction that came true")
        .size(460.0, 400.0)
        .points("predicted", points)
        .points("perfect", [(0.0, 0.0), (1.0, 1.0)])
}
