//! `matrix_svg`: a table of numbers as shades, with names of rows and columns.

use wengert_tensor::{Error, Fault, Float, Result, Tensor};

use crate::svg::{Anchor, Svg};

/// A matrix as shades from the least number, pale, to the greatest, deep, with a name for each row and column: where an attention
/// looks, or what was taken for what. The pointer shows the numbers. One that is not finite is red.
///
/// ```
/// use wengert_tensor::tensor;
/// use wengert_viz::matrix_svg;
///
/// let attention = tensor![[0.9_f64, 0.1], [0.2, 0.8]];
/// let svg = matrix_svg("attention", &["the", "cat"], &["die", "Katze"], &attention)?;
/// assert!(svg.contains("Katze") && svg.contains("the, die: 0.9"));
/// # Ok::<(), wengert_tensor::Error>(())
/// ```
///
/// # Errors
/// [`Error::Shape`] unless the matrix has a row and a column for each name.
#[track_caller]
pub fn matrix_svg<T: Float>(
    title: &str,
    rows: &[impl AsRef<str>],
    columns: &[impl AsRef<str>],
    matrix: &Tensor<T>,
) -> Result<String> {
    const CELL: f64 = 26.0;
    const TOP: f64 = 40.0;
    if matrix.shape() != [rows.len(), columns.len()] {
        let rule =
            format!("{} names of rows and {} of columns are given", rows.len(), columns.len());
        return Err(Error::Shape(Fault::new("matrix_svg", &[matrix.shape()], rule)));
    }
    let longest = rows.iter().map(|name| name.as_ref().chars().count()).max().unwrap_or(0);
    let left = 24.0 + 8.0 * longest as f64;
    let values: Vec<f64> = matrix.iter().map(|x| x.to_f64()).collect();
    let (low, high) = (values.iter().copied().filter(|x| x.is_finite()))
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), x| (l.min(x), h.max(x)));
    let mut svg = Svg::new();
    svg.text(12.0, 22.0, 15.0, Anchor::Start, title);
    for (k, &x) in values.iter().enumerate() {
        let (i, j) = (k / columns.len(), k % columns.len());
        // By halves, as the whole difference may be no number.
        let place = if high > low { (x / 2.0 - low / 2.0) / (high / 2.0 - low / 2.0) } else { 0.5 };
        let fill = if x.is_finite() {
            let at = |from: f64, to: f64| (from + (to - from) * place) as u8;
            format!("rgb({},{},{})", at(242.0, 8.0), at(246.0, 48.0), at(252.0, 107.0))
        } else {
            "rgb(200,30,30)".to_string()
        };
        svg.begin(&format!("{}, {}: {x:.3}", rows[i].as_ref(), columns[j].as_ref()));
        let (x, y) = (left + j as f64 * CELL, TOP + i as f64 * CELL);
        svg.rect(x, y, CELL - 1.0, CELL - 1.0, &format!("fill=\"{fill}\""));
        svg.end();
    }
    for (i, name) in rows.iter().enumerate() {
        let y = TOP + (i as f64 + 0.65) * CELL;
        svg.text(left - 8.0, y, 13.0, Anchor::End, name.as_ref());
    }
    let bottom = TOP + rows.len() as f64 * CELL;
    for (j, name) in columns.iter().enumerate() {
        let x = left + (j as f64 + 0.5) * CELL - 0.5;
        svg.text(x, bottom + 16.0, 13.0, Anchor::Middle, name.as_ref());
    }
    let width = (left + columns.len() as f64 * CELL + 12.0).max(8.0 * title.len() as f64 + 24.0);
    Ok(svg.finish(width, bottom + 28.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_must_fit() {
        let fault = matrix_svg("x", &["a"], &["b"], &Tensor::<f64>::zeros([2, 1])).unwrap_err();
        assert!(fault.to_string().contains("1 names of rows and 1 of columns"), "{fault}");
        let none: [&str; 0] = [];
        assert!(matrix_svg("x", &none, &none, &Tensor::<f64>::zeros([0, 0])).is_ok());
    }

    #[test]
    fn the_least_is_pale_the_greatest_deep_and_what_is_no_number_red() {
        let numbers = Tensor::from(vec![-1e308_f64, 1e308, f64::NAN]).reshape([1, 3]).unwrap();
        let svg = matrix_svg("x", &["a"], &["b", "c", "d"], &numbers).unwrap();
        for fill in ["rgb(242,246,252)", "rgb(8,48,107)", "rgb(200,30,30)"] {
            assert_eq!(svg.matches(fill).count(), 1, "{fill} in {svg}");
        }
    }
}
