//! `Matrix`: a matrix of numbers as colours and digits, as of confusions or attention.

use wengert_tensor::{Error, Fault, Float, Result, Tensor};

use crate::chart::{fraction, label};
use crate::field::blue;
use crate::svg::{Anchor, Svg};

/// A matrix of numbers as colours, from pale to deep blue, with the numbers in the cells where there is room: true classes and predicted ones, or the places
/// that each place attends to.
///
/// ```
/// use wengert_tensor::tensor;
/// use wengert_viz::Matrix;
///
/// let confusions = Matrix::new("confusions", &tensor![[48.0_f32, 2.0], [5.0, 45.0]])?
///     .names(["cat", "dog"], ["cat", "dog"])
///     .axes("true class", "predicted class");
/// assert!(confusions.to_svg().contains(">48</text>"));
/// assert!(confusions.to_text().contains("cat  48   2"));
/// # Ok::<(), wengert_tensor::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Matrix {
    title: String,
    rows: Vec<String>,
    columns: Vec<String>,
    axes: [String; 2],
    values: Vec<f64>,
}

impl Matrix {
    /// The numbers of a matrix, with rows and columns numbered from 0.
    ///
    /// # Errors
    /// [`Error::Shape`] if it is not `[rows, columns]`.
    #[track_caller]
    pub fn new<T: Float>(title: impl Into<String>, values: &Tensor<T>) -> Result<Self> {
        let &[rows, columns] = values.shape() else {
            let rule = "a matrix has two axes: rows and columns";
            return Err(Error::Shape(Fault::new("Matrix", &[values.shape()], rule)));
        };
        let numbered = |n: usize| (0..n).map(|i| i.to_string()).collect();
        let values = values.iter().map(|x| x.to_f64()).collect();
        let axes = [String::new(), String::new()];
        Ok(Self {
            title: title.into(),
            rows: numbered(rows),
            columns: numbered(columns),
            axes,
            values,
        })
    }

    /// With names of rows and columns. Where there are too few, numbers stay.
    pub fn names<R: Into<String>, C: Into<String>>(
        mut self,
        rows: impl IntoIterator<Item = R>,
        columns: impl IntoIterator<Item = C>,
    ) -> Self {
        self.rows.iter_mut().zip(rows).for_each(|(to, name)| *to = name.into());
        self.columns.iter_mut().zip(columns).for_each(|(to, name)| *to = name.into());
        self
    }

    /// With the meaning of rows and of columns.
    pub fn axes(mut self, rows: impl Into<String>, columns: impl Into<String>) -> Self {
        self.axes = [rows.into(), columns.into()];
        self
    }

    /// A number for a cell: a count in full, a fraction with two digits.
    fn digits(x: f64) -> String {
        if x.fract() == 0.0 && x.abs() < 1e6 { label(x) } else { format!("{x:.2}") }
    }

    /// The picture as SVG text.
    pub fn to_svg(&self) -> String {
        let across = self.columns.len().max(1);
        let cell = (400.0 / across.max(self.rows.len()) as f64).clamp(6.0, 46.0);
        let longest =
            |names: &[String]| names.iter().map(|n| n.chars().count()).max().unwrap_or(0) as f64;
        let left = 20.0 + 7.0 * longest(&self.rows).max(self.axes[0].chars().count() as f64);
        let top = 70.0;
        let finite = self.values.iter().copied().filter(|x| x.is_finite());
        let (low, high) = finite.fold((0.0_f64, 0.0_f64), |(l, h), x| (l.min(x), h.max(x)));
        let mut svg = Svg::new();
        svg.text(12.0, 26.0, 16.0, Anchor::Start, &self.title);
        svg.text_in(left, 46.0, 12.0, Anchor::Start, "#666", &self.axes[1]);
        svg.text_in(left - 8.0, 64.0, 12.0, Anchor::End, "#666", &self.axes[0]);
        // Names that do not fit next to each other are left out, all but some.
        let every = (7.0 * longest(&self.columns) / cell).ceil().max(1.0) as usize;
        for (i, name) in self.columns.iter().enumerate().step_by(every) {
            svg.text(left + (i as f64 + 0.5) * cell, 64.0, 12.0, Anchor::Middle, name);
        }
        let every = (13.0 / cell).ceil().max(1.0) as usize;
        for (i, name) in self.rows.iter().enumerate().step_by(every) {
            svg.text(left - 8.0, top + (i as f64 + 0.5) * cell + 4.0, 12.0, Anchor::End, name);
        }
        for (i, &x) in self.values.iter().enumerate() {
            let (row, column) = (i / across, i % across);
            let fraction = fraction(x, (low, high));
            let fill = if x.is_finite() { blue(fraction) } else { "#c81e1e".into() };
            let (px, py) = (left + column as f64 * cell, top + row as f64 * cell);
            svg.begin(&format!(
                "{}, {}: {}",
                self.rows[row],
                self.columns[column],
                Self::digits(x)
            ));
            svg.rect(px, py, cell - 1.0, cell - 1.0, &format!("fill=\"{fill}\""));
            let text = Self::digits(x);
            if 7.0 * text.chars().count() as f64 + 4.0 <= cell {
                // Text of a cell follows the cell's colour in both themes.
                let ink = if fraction > 0.5 || !x.is_finite() { "#fffffe" } else { "#1b1b1b" };
                svg.text_in(
                    px + cell / 2.0,
                    py + cell / 2.0 + 4.0,
                    12.0,
                    Anchor::Middle,
                    ink,
                    &text,
                );
            }
            svg.end();
        }
        let (wide, high_end) = (across as f64 * cell, top + self.rows.len() as f64 * cell);
        let range = format!("pale {}, deep {}", Self::digits(low), Self::digits(high));
        svg.text_in(left, high_end + 18.0, 12.0, Anchor::Start, "#666", &range);
        svg.finish(
            (left + wide).max(left + 150.0).max(24.0 + 9.0 * self.title.chars().count() as f64)
                + 16.0,
            high_end + 30.0,
        )
    }

    /// The matrix as text for a terminal.
    pub fn to_text(&self) -> String {
        let across = self.columns.len().max(1);
        let cells: Vec<String> = self.values.iter().map(|x| Self::digits(*x)).collect();
        let wide = cells.iter().chain(&self.columns).map(|c| c.chars().count()).max().unwrap_or(0);
        let names = self.rows.iter().map(|r| r.chars().count()).max().unwrap_or(0);
        let line = |name: &str, cells: &[String]| {
            let cells: String = cells.iter().map(|c| format!(" {c:>wide$}")).collect();
            format!("{name:<names$}{cells}\n")
        };
        let mut text = format!("{}\n{}", self.title, line("", &self.columns));
        for (name, cells) in self.rows.iter().zip(cells.chunks(across)) {
            text += &line(name, cells);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wengert_tensor::tensor;

    #[test]
    fn cells_without_room_have_no_digits_and_nothing_is_no_number() {
        let wide = Matrix::new("attention", &Tensor::<f32>::ones([50, 50])).unwrap().to_svg();
        assert!(
            !wide.contains(">1</text>") || wide.matches(">1</text>").count() <= 2,
            "labels alone"
        );
        let odd = Matrix::new("odd", &tensor![[f64::NAN, 1.0]]).unwrap().to_svg();
        assert!(odd.contains("#c81e1e") && !odd.contains("=\"NaN"));
        assert!(
            Matrix::new("none", &Tensor::<f32>::zeros([0, 0])).unwrap().to_svg().contains("<svg")
        );
        let error = Matrix::new("flat", &tensor![1.0_f32]).unwrap_err().to_string();
        assert!(error.contains("two axes"), "{error}");
    }
}
