//! `bars_svg`: numbers by name, as bars to both sides of 0.

use crate::chart::fraction;
use crate::svg::{Anchor, Svg, trimmed};

/// Named numbers as bars, those above 0 to the right and those below 0 to the left, with the numbers at their ends: which words
/// pull where, or what each method reached. A number that is not finite has no bar.
///
/// ```
/// use wengert_viz::bars_svg;
///
/// let svg = bars_svg("pull of a word", &[("good", 1.5), ("bad", -1.2)]);
/// assert!(svg.contains("good") && svg.contains("-1.2"));
/// ```
pub fn bars_svg(title: &str, bars: &[(impl AsRef<str>, f64)]) -> String {
    const TOP: f64 = 40.0;
    const HIGH: f64 = 22.0;
    const WIDE: f64 = 420.0;
    const NUMBER: f64 = 52.0;
    let finite = || bars.iter().map(|bar| bar.1).filter(|x| x.is_finite());
    let range = (finite().fold(0.0, f64::min), finite().fold(0.0, f64::max));
    let place = |x: f64| WIDE * fraction(x, range);
    let longest = bars.iter().map(|bar| bar.0.as_ref().chars().count()).max().unwrap_or(0);
    let names = 24.0 + 9.0 * longest as f64;
    let left = names + if range.0 < 0.0 { NUMBER } else { 0.0 };
    let mut svg = Svg::new();
    svg.text(12.0, 22.0, 15.0, Anchor::Start, title);
    let zero = left + place(0.0);
    for (i, (name, x)) in bars.iter().enumerate() {
        let y = TOP + i as f64 * HIGH;
        svg.text(names - 10.0, y + 14.0, 12.0, Anchor::End, name.as_ref());
        if !x.is_finite() {
            svg.text(zero + 5.0, y + 14.0, 12.0, Anchor::Start, &x.to_string());
            continue;
        }
        let end = left + place(*x);
        let colour = if *x < 0.0 { "#d55e00" } else { "#0072b2" };
        let (from, wide) = (zero.min(end), (end - zero).abs());
        svg.rect(from, y + 2.0, wide, HIGH - 5.0, &format!("fill=\"{colour}\""));
        let number = if x.abs() < 1e-3 || x.abs() >= 1e5 {
            format!("{x:.1e}")
        } else {
            trimmed(&format!("{x:.3}")).to_string()
        };
        let (at, anchor) =
            if *x < 0.0 { (end - 5.0, Anchor::End) } else { (end + 5.0, Anchor::Start) };
        svg.text_in(at, y + 14.0, 11.0, anchor, "#555", &number);
    }
    let bottom = TOP + bars.len() as f64 * HIGH;
    svg.line((zero, TOP - 2.0), (zero, bottom), "stroke=\"#888\"");
    let width = (left + WIDE + NUMBER + 8.0).max(8.0 * title.len() as f64 + 24.0);
    svg.finish(width, bottom + 14.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_coordinate_is_a_number() {
        for x in [0.0, 1.0, -1.0, f64::MAX, -f64::MAX, 5e-324, f64::NAN, f64::INFINITY] {
            let svg = bars_svg("x", &[("a", x), ("b", f64::MAX), ("c", -f64::MAX)]);
            for attribute in ["x", "y", "width", "x1"] {
                for value in svg.split(&format!(" {attribute}=\"")).skip(1) {
                    let value = value.split('"').next().unwrap();
                    assert!(value.parse::<f64>().unwrap().is_finite(), "{x}: {svg}");
                }
            }
        }
    }

    #[test]
    fn bars_of_both_signs_start_at_zero() {
        let svg = bars_svg("x", &[("up", 2.0), ("down", -2.0)]);
        let starts: Vec<(f64, f64)> = svg
            .split("<rect x=\"")
            .skip(1)
            .map(|rect| {
                let number = |text: &str| text.split('"').next().unwrap().parse::<f64>().unwrap();
                (number(rect), number(rect.split(" width=\"").nth(1).unwrap()))
            })
            .collect();
        let [(up, right), (down, left)] = starts[..] else { panic!("{svg}") };
        assert!((right - 210.0).abs() < 1e-9 && (left - 210.0).abs() < 1e-9);
        assert!((down + left - up).abs() < 1e-9, "{svg}");
    }

    #[test]
    fn none_is_a_picture_too() {
        let none: [(&str, f64); 0] = [];
        assert!(bars_svg("nothing", &none).contains("nothing"));
    }
}
