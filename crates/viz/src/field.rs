//! `Field`: a function of the plane as colours, with points and paths on it.

use crate::chart::{COLOURS, label, span, ticks};
use crate::svg::{Anchor, Svg};

/// A function of the plane as colours, from pale where it is least to deep blue where it is greatest, with points and paths on it: a decision boundary, a slice of
/// the loss around some weights, the paths of optimisers.
///
/// ```
/// use wengert_viz::Field;
///
/// let bowl = Field::new("a bowl", (-1.0, 1.0), (-1.0, 1.0), |x, y| x * x + 4.0 * y * y)
///     .path("descent", [(0.9, 0.8), (0.5, 0.2), (0.1, 0.0)]);
/// assert!(bowl.to_svg().contains(">descent</text>"));
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Field {
    title: String,
    axes: [String; 2],
    x: (f64, f64),
    y: (f64, f64),
    /// Rows of cells from the top.
    cells: Vec<f64>,
    levels: usize,
    paths: Vec<(String, Vec<(f64, f64)>)>,
    points: Vec<(String, Vec<(f64, f64)>)>,
}

/// Cells along each axis.
const CELLS: usize = 60;

impl Field {
    /// The values of `f` over these ranges of x and y. A range of one point is drawn with some room on both sides.
    pub fn new(
        title: impl Into<String>,
        x: (f64, f64),
        y: (f64, f64),
        f: impl Fn(f64, f64) -> f64,
    ) -> Self {
        let [x, y] = [x, y].map(|(from, to)| span([from, to].into_iter()));
        let middle = |range: (f64, f64), i: usize| {
            range.0 + (range.1 - range.0) * (i as f64 + 0.5) / CELLS as f64
        };
        let places =
            (0..CELLS * CELLS).map(|i| (middle(x, i % CELLS), middle(y, CELLS - 1 - i / CELLS)));
        let cells = places.map(|(x, y)| f(x, y)).collect();
        let axes = ["x".to_string(), "y".to_string()];
        Self {
            title: title.into(),
            axes,
            x,
            y,
            cells,
            levels: 10,
            paths: Vec::new(),
            points: Vec::new(),
        }
    }

    /// With names of the axes.
    pub fn axes(mut self, x: impl Into<String>, y: impl Into<String>) -> Self {
        self.axes = [x.into(), y.into()];
        self
    }

    /// With this number of colours, 10 by default: 2 show a boundary between the lower half of the values and the upper.
    pub fn levels(mut self, levels: usize) -> Self {
        self.levels = levels.clamp(2, 64);
        self
    }

    /// With a path of points, which ends in its name.
    pub fn path(
        mut self,
        name: impl Into<String>,
        points: impl IntoIterator<Item = (f64, f64)>,
    ) -> Self {
        self.paths.push((name.into(), points.into_iter().collect()));
        self
    }

    /// With points of a kind, as the samples of a class. Kinds differ in colour and in shape.
    pub fn points(
        mut self,
        name: impl Into<String>,
        points: impl IntoIterator<Item = (f64, f64)>,
    ) -> Self {
        self.points.push((name.into(), points.into_iter().collect()));
        self
    }

    /// The picture as SVG text.
    pub fn to_svg(&self) -> String {
        const SIDE: f64 = 336.0;
        const LEFT: f64 = 52.0;
        const TOP: f64 = 44.0;
        let mut svg = Svg::new();
        svg.text(LEFT, 26.0, 16.0, Anchor::Start, &self.title);
        let size = SIDE / CELLS as f64;
        // The rank of a value chooses its colour, so that a deep valley shows as well as a steep wall.
        let mut sorted: Vec<f64> = self.cells.iter().copied().filter(|x| x.is_finite()).collect();
        sorted.sort_by(f64::total_cmp);
        let level = |value: f64| {
            let rank = sorted.partition_point(|x| *x < value);
            (rank * self.levels / sorted.len().max(1)).min(self.levels - 1)
        };
        for (row, line) in self.cells.chunks(CELLS).enumerate() {
            // Cells of one colour side by side are one rectangle.
            let mut from = 0;
            while from < CELLS {
                let colour = |i: usize| line[i].is_finite().then(|| level(line[i]));
                let to = (from..CELLS).find(|&i| colour(i) != colour(from)).unwrap_or(CELLS);
                let fill = match colour(from) {
                    Some(level) => blue(level as f64 / (self.levels - 1) as f64),
                    None => "#c81e1e".to_string(),
                };
                let (x, y) = (LEFT + from as f64 * size, TOP + row as f64 * size);
                let style = format!("fill=\"{fill}\" shape-rendering=\"crispEdges\"");
                svg.rect(x, y, (to - from) as f64 * size, size, &style);
                from = to;
            }
        }
        let place = |(x, y): (f64, f64)| {
            let at =
                |v: f64, range: (f64, f64)| ((v - range.0) / (range.1 - range.0)).clamp(0.0, 1.0);
            (LEFT + at(x, self.x) * SIDE, TOP + (1.0 - at(y, self.y)) * SIDE)
        };
        for tick in ticks(self.x.0, self.x.1, false) {
            let (x, _) = place((tick, self.y.0));
            svg.text(x, TOP + SIDE + 17.0, 12.0, Anchor::Middle, &label(tick));
        }
        for tick in ticks(self.y.0, self.y.1, false) {
            let (_, y) = place((self.x.0, tick));
            svg.text(LEFT - 6.0, y + 4.0, 12.0, Anchor::End, &label(tick));
        }
        svg.text_in(
            LEFT + SIDE / 2.0,
            TOP + SIDE + 35.0,
            12.0,
            Anchor::Middle,
            "#666",
            &self.axes[0],
        );
        svg.text_in(10.0, TOP - 6.0, 12.0, Anchor::Start, "#666", &self.axes[1]);
        let names = LEFT + SIDE + 14.0;
        let mut row = TOP + 12.0;
        for (i, (name, points)) in self.points.iter().enumerate() {
            let colour = MARKS[i % MARKS.len()];
            for at in points.iter().map(|p| place(*p)) {
                mark(&mut svg, i, at, colour);
            }
            mark(&mut svg, i, (names + 4.0, row - 4.0), colour);
            svg.text(names + 14.0, row, 12.0, Anchor::Start, name);
            row += 18.0;
        }
        for (i, (name, points)) in self.paths.iter().enumerate() {
            let colour = COLOURS[(i + 1) % COLOURS.len()];
            let finite = points.iter().filter(|p| p.0.is_finite() && p.1.is_finite());
            let drawn: Vec<(f64, f64)> = finite.map(|p| place(*p)).collect();
            svg.polyline(&drawn, "stroke=\"#fffffe\" stroke-width=\"4\" stroke-linejoin=\"round\"");
            svg.polyline(
                &drawn,
                &format!("stroke=\"{colour}\" stroke-width=\"2\" stroke-linejoin=\"round\""),
            );
            if let (Some(first), Some(last)) = (drawn.first(), drawn.last()) {
                svg.circle(*first, 3.0, "#fffffe");
                svg.circle(*last, 4.5, colour);
            }
            svg.circle((names + 4.0, row - 4.0), 4.5, colour);
            svg.text(names + 14.0, row, 12.0, Anchor::Start, name);
            row += 18.0;
        }
        if let (Some(least), Some(most)) = (sorted.first(), sorted.last()) {
            for (text, fill) in [
                (format!("least {}", label(rounded(*least))), blue(0.0)),
                (format!("most {}", label(rounded(*most))), blue(1.0)),
            ] {
                svg.rect(
                    names,
                    row - 10.0,
                    10.0,
                    10.0,
                    &format!("fill=\"{fill}\" stroke=\"#888\""),
                );
                svg.text_in(names + 14.0, row, 12.0, Anchor::Start, "#666", &text);
                row += 18.0;
            }
        }
        let all = self.paths.iter().chain(&self.points).map(|p| p.0.chars().count());
        let longest = all.max().unwrap_or(0).max(13);
        svg.finish(names + 22.0 + 7.0 * longest as f64, TOP + SIDE + 46.0)
    }
}

/// Three digits of a number.
pub(crate) fn rounded(x: f64) -> f64 {
    format!("{x:.2e}").parse().unwrap_or(x)
}

/// From pale to deep blue.
pub(crate) fn blue(fraction: f64) -> String {
    let at = |from: f64, to: f64| (from + (to - from) * fraction.clamp(0.0, 1.0)) as u8;
    format!("rgb({},{},{})", at(237.0, 8.0), at(243.0, 48.0), at(251.0, 107.0))
}

/// The colours of kinds of points: they stand out from all blues.
const MARKS: [&str; 4] = ["#ffb000", "#d5006d", "#00a37a", "#101010"];

/// A mark of a kind: a circle, a square, a diamond or a triangle, with a white edge.
fn mark(svg: &mut Svg, kind: usize, (x, y): (f64, f64), colour: &str) {
    let d = match kind % 4 {
        0 => format!("M{:.1} {y:.1}a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0 -7 0z", x - 3.5),
        1 => format!("M{:.1} {:.1}h6.4v6.4h-6.4z", x - 3.2, y - 3.2),
        2 => format!("M{x:.1} {:.1}l4.4 4.4l-4.4 4.4l-4.4 -4.4z", y - 4.4),
        _ => format!("M{x:.1} {:.1}l4.2 7.2h-8.4z", y - 4.4),
    };
    svg.filled(&d, &format!("fill=\"{colour}\" stroke=\"#fffffe\" stroke-width=\"1\""));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_coordinate_is_a_number_and_what_is_not_finite_is_red() {
        let field =
            Field::new(
                "f",
                (-1.0, 1.0),
                (0.0, 2.0),
                |x, y| if x > 0.5 { f64::NAN } else { y.ln() },
            );
        let svg = field
            .path("p", [(0.0, 1.0), (f64::NAN, 1.0), (1e300, -1e300)])
            .points("a", [(0.0, 0.5)])
            .to_svg();
        assert!(!svg.contains("NaN") && !svg.contains("inf") && svg.contains("#c81e1e"), "{svg}");
        assert!(svg.contains(">p</text>") && svg.contains(">a</text>"));
    }

    #[test]
    fn a_range_of_one_point_has_room_on_both_sides() {
        for (at, way) in [(1.0, 0.5), (-3.0, 0.5), (1e9, 1e6)] {
            let svg = Field::new("f", (at, at), (at + way, at), |x, y| x + y).to_svg();
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        }
    }

    #[test]
    fn two_levels_are_two_colours_with_the_border_where_the_function_crosses_its_median() {
        let svg = Field::new("half", (0.0, 1.0), (0.0, 1.0), |x, _| x).levels(2).to_svg();
        // Each row is two rectangles; the legend has two more, and the paper is one.
        assert_eq!(svg.matches("<rect").count(), 2 * CELLS + 2 + 1);
    }
}
