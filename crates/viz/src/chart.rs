//! Line charts: losses and accuracies over epochs.

mod axis;

use crate::svg::{Anchor, Svg};
pub use axis::Scale;
use axis::log_ticks;
pub(crate) use axis::{fraction, label, span, ticks};

/// A line chart.
///
/// ```
/// use wengert_viz::Chart;
///
/// let svg = Chart::new("loss").line("train", [1.0, 0.5, 0.3]).line("test", [1.1, 0.7, 0.6]).to_svg();
/// assert!(svg.starts_with("<svg") && svg.contains("train") && svg.matches("<polyline").count() == 2);
/// ```
#[derive(Clone, Debug)]
pub struct Chart {
    title: String,
    x_label: String,
    y_label: String,
    scale: Scale,
    x_scale: Scale,
    lines: Vec<(String, Vec<(f64, f64)>)>,
    size: (f64, f64),
}

/// Colours that people with colour blindness can tell apart (after Okabe and Ito), and dark enough for text.
pub(crate) const COLOURS: [&str; 6] =
    ["#0072b2", "#d55e00", "#00795a", "#b0457f", "#8a6d00", "#444444"];

impl Chart {
    /// An empty chart with a title.
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            x_label: String::new(),
            y_label: String::new(),
            scale: Scale::Linear,
            x_scale: Scale::Linear,
            lines: Vec::new(),
            // Narrow enough for its words to be read at 400 pixels.
            size: (480.0, 320.0),
        }
    }

    /// With a name under the horizontal axis.
    #[must_use]
    pub fn x_label(mut self, label: impl Into<String>) -> Self {
        self.x_label = label.into();
        self
    }

    /// With a name over the vertical axis: what is measured, in what unit.
    #[must_use]
    pub fn y_label(mut self, label: impl Into<String>) -> Self {
        self.y_label = label.into();
        self
    }

    /// With this scale of the vertical axis.
    #[must_use]
    pub fn scale(mut self, scale: Scale) -> Self {
        self.scale = scale;
        self
    }

    /// With this scale of the horizontal axis: logarithmic, for example, for sizes that double from point to point.
    ///
    /// ```
    /// use wengert_viz::{Chart, Scale};
    ///
    /// let time = [(1.0, 3.0), (10.0, 5.0), (1000.0, 300.0)];
    /// let chart = Chart::new("cost").scale(Scale::Log).x_scale(Scale::Log).points("step", time);
    /// assert!(chart.to_svg().contains(">100</text>"));
    /// ```
    #[must_use]
    pub fn x_scale(mut self, scale: Scale) -> Self {
        self.x_scale = scale;
        self
    }

    /// Width and height in pixels: at least 200 by 150, and at most 100,000.
    #[must_use]
    pub fn size(mut self, width: f64, height: f64) -> Self {
        let fit = |x: f64, least: f64| if x.is_nan() { least } else { x.clamp(least, 1e5) };
        self.size = (fit(width, 200.0), fit(height, 150.0));
        self
    }

    /// With a line through values at 1, 2, 3, ….
    #[must_use]
    pub fn line(self, name: impl Into<String>, values: impl IntoIterator<Item = f64>) -> Self {
        self.points(name, values.into_iter().enumerate().map(|(i, y)| (i as f64 + 1.0, y)))
    }

    /// With a line through points. Those that are not finite interrupt it.
    #[must_use]
    pub fn points(
        mut self,
        name: impl Into<String>,
        points: impl IntoIterator<Item = (f64, f64)>,
    ) -> Self {
        self.lines.push((name.into(), points.into_iter().collect()));
        self
    }

    /// The chart as SVG text, with a background, so that it can be read on dark and on light pages.
    pub fn to_svg(&self) -> String {
        let (width, height) = self.size;
        let points = || self.lines.iter().flat_map(|l| &l.1);
        let (x0, x1) = span(points().filter_map(|p| self.x_scale.place(p.0)));
        let (y0, y1) = span(points().filter_map(|p| self.scale.place(p.1)));
        let margin = 0.04 * (y1 - y0);
        let (y0, y1) = (y0 - margin, y1 + margin);
        let heights = match self.scale {
            Scale::Linear => ticks(y0, y1, false).into_iter().map(|y| (y, y)).collect(),
            Scale::Log => log_ticks(y0, y1),
        };
        // Names stand at their lines' ends, where they hide nothing and no legend has to be looked up.
        let longest = self.lines.iter().map(|l| l.0.chars().count()).max().unwrap_or(0);
        let (left, right) = (64.0, width - (24.0 + 7.0 * longest as f64).clamp(24.0, 0.4 * width));
        let (top, bottom) = (54.0, height - 44.0);
        let place = |x: f64, h: f64| {
            (
                left + (x - x0) / (x1 - x0) * (right - left),
                bottom - (h - y0) / (y1 - y0) * (bottom - top),
            )
        };
        let mut svg = Svg::new();
        svg.text(left, 26.0, 16.0, Anchor::Start, &self.title);
        svg.text_in(left, 45.0, 12.0, Anchor::Start, "#666", &self.y_label);
        for (h, value) in heights {
            let (_, y) = place(x0, h);
            svg.line((left, y), (right, y), "stroke=\"#e4e4e4\"");
            svg.text(left - 8.0, y + 4.0, 12.0, Anchor::End, &label(value));
        }
        // Epochs and steps are whole; between them is nothing to point at.
        let whole = points().all(|p| p.0.fract() == 0.0);
        let across = match self.x_scale {
            Scale::Linear => ticks(x0, x1, whole).into_iter().map(|x| (x, x)).collect(),
            Scale::Log => log_ticks(x0, x1),
        };
        for (x, tick) in across {
            let (x, _) = place(x, y0);
            svg.line((x, bottom), (x, bottom + 5.0), "stroke=\"#888\"");
            svg.text(x, bottom + 19.0, 12.0, Anchor::Middle, &label(tick));
        }
        svg.line((left, bottom), (right, bottom), "stroke=\"#888\"");
        let middle = (left + right) / 2.0;
        svg.text_in(middle, height - 8.0, 12.0, Anchor::Middle, "#666", &self.x_label);
        let mut ends = Vec::new();
        for (i, (name, line)) in self.lines.iter().enumerate() {
            let colour = COLOURS[i % COLOURS.len()];
            let style = format!("stroke=\"{colour}\" stroke-width=\"2\" stroke-linejoin=\"round\"");
            let drawn: Vec<Option<(f64, f64)>> = line
                .iter()
                .map(|&(x, y)| Some(place(self.x_scale.place(x)?, self.scale.place(y)?)))
                .collect();
            for run in drawn.split(Option::is_none).filter(|r| !r.is_empty()) {
                let run: Vec<(f64, f64)> = run.iter().flatten().copied().collect();
                svg.polyline(&run, &style);
                if let [alone] = run[..] {
                    svg.circle(alone, 3.0, colour);
                }
            }
            if let Some(end) = drawn.iter().flatten().last() {
                svg.circle(*end, 3.0, colour);
                ends.push((end.1, colour, name));
            }
        }
        let heights: Vec<f64> = ends.iter().map(|e| e.0).collect();
        for ((_, colour, name), y) in ends.iter().zip(apart(&heights, 15.0)) {
            svg.text_in(right + 10.0, y + 4.0, 12.0, Anchor::Start, colour, name);
        }
        svg.finish(width, height)
    }
}

/// Heights near these, in their order, none nearer to another than a line of text is high.
fn apart(heights: &[f64], least: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..heights.len()).collect();
    order.sort_by(|&a, &b| heights[a].total_cmp(&heights[b]));
    let mut placed = heights.to_vec();
    for pair in order.windows(2) {
        let lack = placed[pair[0]] + least - placed[pair[1]];
        if lack > 0.0 {
            placed[pair[1]] += lack;
        }
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_inside() {
        assert_eq!(ticks(0.0, 10.0, false), [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
        assert_eq!(ticks(1.0, 30.0, true), [1.0, 10.0, 20.0, 30.0]);
        assert_eq!(ticks(1.0, 3.0, true), [1.0, 2.0, 3.0]);
        let t = ticks(0.013, 0.029, false);
        assert!(t.len() >= 3 && t.iter().all(|t| (0.013..=0.029).contains(t)), "{t:?}");
    }

    #[test]
    fn a_logarithmic_axis_says_what_it_means() {
        for (least, most) in [(0.0128, 0.71), (0.81, 0.93), (1e-9, 1e5), (2.0, 2.0001), (0.3, 40.0)]
        {
            let (from, to) = (f64::log10(least), f64::log10(most));
            let ticks = log_ticks(from, to);
            assert!((3..=14).contains(&ticks.len()), "{least} {most}: {ticks:?}");
            for (h, value) in ticks {
                let said: f64 = label(value).parse().unwrap();
                assert!((said / 10f64.powf(h) - 1.0).abs() < 1e-5, "{value} is drawn at {h}");
                assert!((from..=to).contains(&h));
            }
        }
    }

    #[test]
    fn names_do_not_cover_one_another() {
        assert_eq!(apart(&[50.0, 10.0, 52.0, 51.0], 15.0), [50.0, 10.0, 80.0, 65.0]);
        let svg = Chart::new("x").line("one", [1.0]).to_svg();
        assert!(svg.contains("<circle") && svg.contains(">one<"));
    }

    #[test]
    fn values_that_are_not_finite_interrupt_a_line() {
        let svg = Chart::new("x").line("a", [1.0, f64::NAN, 2.0, 3.0]).to_svg();
        assert_eq!(svg.matches("<polyline").count(), 2);
        assert!(!svg.contains("NaN"));
    }

    #[test]
    fn every_coordinate_is_a_number() {
        let extremes = [f64::MAX, 1e308, 1e17, 1.0, 5e-324, 0.0];
        let extremes = extremes.iter().flat_map(|&x| [x, -x, f64::NAN, f64::INFINITY]);
        let extremes: Vec<f64> = extremes.collect();
        for &a in &extremes {
            for &b in &extremes {
                for scale in [Scale::Linear, Scale::Log] {
                    let chart = Chart::new("").scale(scale).x_scale(scale).size(a, b);
                    let svg = chart.points("", [(a, b), (b, a), (a, a)]).to_svg();
                    for word in ["NaN", "inf"] {
                        assert!(!svg.contains(word), "{a} {b} {scale:?}: {svg}");
                    }
                }
            }
        }
    }

    #[test]
    fn labels_say_the_number() {
        for (x, text) in [(2.5e6, "2.5e6"), (1e-5, "1e-5"), (-2.5e307, "-2.5e307"), (0.25, "0.25")]
        {
            assert_eq!(label(x), text);
        }
    }

    #[test]
    fn an_empty_chart_is_a_picture_too() {
        assert!(Chart::new("nothing & <more>").to_svg().contains("nothing &amp; &lt;more&gt;"));
    }
}
