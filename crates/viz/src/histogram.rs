//! `Histogram`: how often numbers occur, as bars.

use crate::chart::{COLOURS, fraction, label, span, ticks};
use crate::svg::{Anchor, Svg};

/// The distribution of numbers, as bars of one width.
///
/// ```
/// use wengert_viz::Histogram;
///
/// let weights = Histogram::new("weights", [0.1, 0.2, 0.2, 0.9, f64::NAN]).bars(4);
/// assert!(weights.to_svg().contains("1 not finite"));
/// assert!(weights.to_text().starts_with("weights\n"));
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Histogram {
    title: String,
    x_label: String,
    values: Vec<f64>,
    bars: usize,
    unfit: usize,
}

impl Histogram {
    /// The distribution of these numbers. Those that are not finite are counted, and not drawn.
    pub fn new(title: impl Into<String>, values: impl IntoIterator<Item = f64>) -> Self {
        // From one end to the other must be a number too.
        let values =
            values.into_iter().map(|x| if x.is_finite() { x.clamp(-1e307, 1e307) } else { x });
        let (values, unfit): (Vec<f64>, Vec<f64>) = values.partition(|x| x.is_finite());
        Self { title: title.into(), x_label: String::new(), values, bars: 30, unfit: unfit.len() }
    }

    /// With a name under the horizontal axis: what is counted, in what unit.
    pub fn x_label(mut self, label: impl Into<String>) -> Self {
        self.x_label = label.into();
        self
    }

    /// With this number of bars, 30 by default.
    pub fn bars(mut self, bars: usize) -> Self {
        self.bars = bars.clamp(1, 200);
        self
    }

    /// The range, and the number of values in each of its parts.
    fn counts(&self) -> ((f64, f64), Vec<usize>) {
        let range = span(self.values.iter().copied());
        let mut counts = vec![0; self.bars];
        for x in &self.values {
            let part = fraction(*x, range) * self.bars as f64;
            counts[(part as usize).min(self.bars - 1)] += 1;
        }
        (range, counts)
    }

    /// The picture as SVG text.
    pub fn to_svg(&self) -> String {
        const LEFT: f64 = 60.0;
        const WIDE: f64 = 460.0;
        const TOP: f64 = 44.0;
        const HIGH: f64 = 230.0;
        let ((low, high), counts) = self.counts();
        let most = counts.iter().copied().max().unwrap_or(0).max(1) as f64;
        let mut svg = Svg::new();
        svg.text(LEFT, 26.0, 16.0, Anchor::Start, &self.title);
        for tick in ticks(0.0, most, true).into_iter().filter(|t| *t <= most) {
            let y = TOP + HIGH * (1.0 - tick / most);
            svg.line((LEFT, y), (LEFT + WIDE, y), "stroke=\"#e4e4e4\"");
            svg.text(LEFT - 8.0, y + 4.0, 12.0, Anchor::End, &label(tick));
        }
        let wide = WIDE / counts.len() as f64;
        for (i, &count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            let tall = HIGH * count as f64 / most;
            let edge = |i: usize| low + (high - low) * i as f64 / counts.len() as f64;
            svg.begin(&format!("{count} from {} to {}", number(edge(i)), number(edge(i + 1))));
            let style = format!("fill=\"{}\"", COLOURS[0]);
            svg.rect(
                LEFT + i as f64 * wide + 0.5,
                TOP + HIGH - tall,
                (wide - 1.0).max(0.5),
                tall,
                &style,
            );
            svg.end();
        }
        svg.line((LEFT, TOP + HIGH), (LEFT + WIDE, TOP + HIGH), "stroke=\"#888\"");
        for tick in ticks(low, high, false) {
            let x = LEFT + (tick - low) / (high - low) * WIDE;
            svg.text(x, TOP + HIGH + 18.0, 12.0, Anchor::Middle, &label(tick));
        }
        let count = format!(
            "{}{}",
            self.values.len(),
            match self.unfit {
                0 => " values".to_string(),
                n => format!(" values, {n} not finite"),
            }
        );
        svg.text_in(LEFT + WIDE, 26.0, 12.0, Anchor::End, "#666", &count);
        svg.text_in(
            LEFT + WIDE / 2.0,
            TOP + HIGH + 36.0,
            12.0,
            Anchor::Middle,
            "#666",
            &self.x_label,
        );
        svg.finish(LEFT + WIDE + 20.0, TOP + HIGH + 46.0)
    }

    /// The picture as text for a terminal, one line high.
    pub fn to_text(&self) -> String {
        let ((low, high), counts) = self.counts();
        let most = counts.iter().copied().max().unwrap_or(0).max(1);
        let blocks = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
        // A bar that is not empty is seen.
        let bar = |count: usize| blocks[(count * 8).div_ceil(most)];
        let bars: String = counts.into_iter().map(bar).collect();
        format!("{}\n{} {bars} {}\n", self.title, number(low), number(high))
    }
}

/// A number with at most four digits after the point.
fn number(x: f64) -> String {
    let rounded = (x * 1e4).round() / 1e4;
    // Of a number so large that this overflows, all digits stand before the point.
    label(if rounded.is_finite() { rounded } else { x })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_number_is_counted_once_and_extremes_are_drawn() {
        let histogram = Histogram::new("h", [-f64::MAX, 0.0, 0.0, f64::MAX, f64::INFINITY]).bars(3);
        assert_eq!(histogram.counts().1, [1, 2, 1]);
        let svg = histogram.to_svg();
        assert!(svg.contains("1 not finite") && !svg.contains("NaN"), "{svg}");
        assert_eq!(Histogram::new("t", [0.0, 1.0, 1.0]).bars(2).to_text(), "t\n0 ▄█ 1\n");
        let vast = Histogram::new("vast", [-1e308, 2e306]).bars(2);
        assert_eq!(vast.to_text(), "vast\n-1e307 ██ 2e306\n");
        assert!(vast.to_svg().contains("1 from -1e307 to -4e306"), "{}", vast.to_svg());
        assert!(Histogram::new("none", []).to_svg().contains("0 values"));
    }
}
