//! `stacked`: pictures below each other in one.

use crate::svg::number;

/// Pictures of this crate below each other, as one: charts of the same thing, seen from several sides.
///
/// ```
/// use wengert_viz::{Chart, stacked};
///
/// let [a, b] = ["first", "second"].map(|name| Chart::new(name).size(640.0, 200.0).to_svg());
/// let svg = stacked(&[a, b]);
/// assert!(svg.starts_with("<svg") && svg.contains("width=\"640\" height=\"400\"") && svg.contains("second"));
/// ```
pub fn stacked(pictures: &[impl AsRef<str>]) -> String {
    let (mut width, mut height, mut body) = (0.0_f64, 0.0, String::new());
    for picture in pictures.iter().map(AsRef::as_ref) {
        let attribute = |name: &str| -> f64 {
            let rest = picture.split_once(&format!(" {name}=\"")).map_or("", |(_, rest)| rest);
            rest.split('"').next().and_then(|text| text.parse().ok()).unwrap_or(0.0)
        };
        let place = format!("<svg y=\"{}\" ", number(height));
        body.push_str(&picture.replacen("<svg ", &place, 1));
        width = width.max(attribute("width"));
        height += attribute("height");
    }
    let (w, h) = (number(width), number(height));
    format!(
        "<svg class=\"wengert\" xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w} {h}\">\n\
         <rect class=\"paper\" width=\"{w}\" height=\"{h}\" rx=\"6\" fill=\"white\"/>\n{body}</svg>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Chart;

    #[test]
    fn each_begins_where_the_one_above_ends() {
        let sizes = [(300.0, 150.0), (400.0, 200.0), (200.0, 150.0)];
        let charts = sizes.map(|(w, h)| Chart::new("x").size(w, h).to_svg());
        let svg = stacked(&charts);
        for start in ["<svg y=\"0\" ", "<svg y=\"150\" ", "<svg y=\"350\" "] {
            assert_eq!(svg.matches(start).count(), 1, "{start}");
        }
        assert!(svg.contains("viewBox=\"0 0 400 500\""), "{svg}");
        let none: [&str; 0] = [];
        assert!(stacked(&none).contains("viewBox=\"0 0 0 0\""));
    }
}
