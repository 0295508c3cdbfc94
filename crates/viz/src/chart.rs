//! Line charts: losses and accuracies over epochs.

use crate::svg::{Anchor, Svg};

/// How the vertical axis is divided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scale {
    /// Evenly.
    #[default]
    Linear,
    /// By powers of ten. Values that are not positive are left out.
    Log,
}

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
    scale: Scale,
    lines: Vec<(String, Vec<(f64, f64)>)>,
    size: (f64, f64),
}

const COLOURS: [&str; 6] = ["#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#17becf"];

impl Chart {
    /// An empty chart with a title.
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            x_label: String::new(),
            scale: Scale::Linear,
            lines: Vec::new(),
            size: (640.0, 400.0),
        }
    }

    /// With a name under the horizontal axis.
    #[must_use]
    pub fn x_label(mut self, label: impl Into<String>) -> Self {
        self.x_label = label.into();
        self
    }

    /// With the vertical axis divided so.
    #[must_use]
    pub fn scale(mut self, scale: Scale) -> Self {
        self.scale = scale;
        self
    }

    /// Width and height in pixels.
    #[must_use]
    pub fn size(mut self, width: f64, height: f64) -> Self {
        self.size = (width.max(200.0), height.max(150.0));
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

    /// The height at which a value is drawn, before it is fitted to the picture.
    fn height(&self, y: f64) -> Option<f64> {
        let h = match self.scale {
            Scale::Linear => y,
            Scale::Log => y.log10(),
        };
        h.is_finite().then_some(h)
    }

    /// The chart as SVG text.
    pub fn to_svg(&self) -> String {
        let (width, height) = self.size;
        let (left, right, top, bottom) = (64.0, width - 16.0, 36.0, height - 44.0);
        let points = || self.lines.iter().flat_map(|l| &l.1);
        let span = |values: &mut dyn Iterator<Item = f64>| {
            let (a, b) =
                values.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(v), b.max(v)));
            match (a <= b, a == b) {
                (false, _) => (0.0, 1.0),
                (_, true) => (a - 0.5, b + 0.5),
                _ => (a, b),
            }
        };
        let (x0, x1) = span(&mut points().map(|p| p.0).filter(|x| x.is_finite()));
        let (y0, y1) = span(&mut points().filter_map(|p| self.height(p.1)));
        let margin = 0.04 * (y1 - y0);
        let (y0, y1) = (y0 - margin, y1 + margin);
        let place = |x: f64, h: f64| {
            (
                left + (x - x0) / (x1 - x0) * (right - left),
                bottom - (h - y0) / (y1 - y0) * (bottom - top),
            )
        };
        let mut svg = Svg::new();
        svg.text(width / 2.0, 22.0, 15.0, Anchor::Middle, &self.title);
        for tick in ticks(y0, y1) {
            let (_, y) = place(x0, tick);
            svg.line((left, y), (right, y), "stroke=\"#e5e5e5\"");
            let value = if self.scale == Scale::Log { 10f64.powf(tick) } else { tick };
            svg.text(left - 6.0, y + 4.0, 11.0, Anchor::End, &label(value));
        }
        for tick in ticks(x0, x1) {
            let (x, _) = place(tick, y0);
            svg.line((x, bottom), (x, bottom + 4.0), "stroke=\"#999\"");
            svg.text(x, bottom + 17.0, 11.0, Anchor::Middle, &label(tick));
        }
        svg.text((left + right) / 2.0, height - 8.0, 12.0, Anchor::Middle, &self.x_label);
        svg.rect(left, top, right - left, bottom - top, "fill=\"none\" stroke=\"#999\"");
        for (i, (name, line)) in self.lines.iter().enumerate() {
            let style = format!("stroke=\"{}\" stroke-width=\"2\"", COLOURS[i % COLOURS.len()]);
            let drawn: Vec<Option<(f64, f64)>> = line
                .iter()
                .map(|&(x, y)| self.height(y).filter(|_| x.is_finite()).map(|h| place(x, h)))
                .collect();
            for run in drawn.split(Option::is_none).filter(|r| !r.is_empty()) {
                svg.polyline(&run.iter().flatten().copied().collect::<Vec<_>>(), &style);
            }
            let y = top + 16.0 + 16.0 * i as f64;
            svg.line((right - 110.0, y - 4.0), (right - 90.0, y - 4.0), &style);
            svg.text(right - 84.0, y, 12.0, Anchor::Start, name);
        }
        svg.finish(width, height)
    }
}

/// Some five round numbers between two.
fn ticks(from: f64, to: f64) -> Vec<f64> {
    let rough = (to - from) / 5.0;
    let power = 10f64.powf(rough.log10().floor());
    let step =
        [1.0, 2.0, 5.0, 10.0].into_iter().map(|m| m * power).find(|s| *s >= rough).unwrap_or(rough);
    let first = (from / step).ceil() as i64;
    let last = (to / step).floor() as i64;
    (first..=last.min(first + 20)).map(|i| i as f64 * step).collect()
}

fn label(x: f64) -> String {
    if x == 0.0 {
        return "0".into();
    }
    if !(1e-3..1e5).contains(&x.abs()) {
        return format!("{x:.1e}");
    }
    crate::svg::number((x * 1e4).round() / 1e4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_inside() {
        assert_eq!(ticks(0.0, 10.0), [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
        let t = ticks(0.013, 0.029);
        assert!(t.len() >= 3 && t.iter().all(|t| (0.013..=0.029).contains(t)), "{t:?}");
    }

    #[test]
    fn values_that_are_not_finite_interrupt_a_line() {
        let svg = Chart::new("x").line("a", [1.0, f64::NAN, 2.0, 3.0]).to_svg();
        assert_eq!(svg.matches("<polyline").count(), 2);
        assert!(!svg.contains("NaN"));
    }

    #[test]
    fn an_empty_chart_is_a_picture_too() {
        assert!(Chart::new("nothing & <more>").to_svg().contains("nothing &amp; &lt;more&gt;"));
    }
}
