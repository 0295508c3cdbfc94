//! From a dataset to a table, to be written.
#![deny(clippy::indexing_slicing)]

use wengert_tensor::Element;

use super::{Cells, Table};
use crate::{TensorDataset, rows};

impl<T: Element, Y: Element> TensorDataset<T, Y> {
    /// As a table, to be written: features under their names (or `x0`, `x1`, …), then what belongs to them under `label`
    /// (classes, by their names where they are known) or `target` (or `target0`, …). Numbers are written so that they
    /// are read back exactly (with [`Csv::not_finite`](crate::Csv::not_finite), if some are not finite).
    ///
    /// ```
    /// use wengert_data::{Csv, iris};
    ///
    /// let iris = iris::<f32>();
    /// let mut file = Vec::new();
    /// Csv::new().write_to(&mut file, &iris.to_table())?;
    /// let back = Csv::new().read_from(&file[..])?.classification::<f32>("label")?;
    /// assert_eq!(back.features(), iris.features());
    /// assert_eq!(back.class_names(), iris.class_names());
    /// # Ok::<(), wengert_data::Error>(())
    /// ```
    pub fn to_table(&self) -> Table {
        let (x, y, classes) = (self.features(), self.targets(), self.names_of_classes());
        let (wide, tall) = (rows::width(x), rows::width(y));
        let mut out = Cells::default();
        match self.feature_names() {
            [] => out.names.extend((0..wide).map(|i| format!("x{i}"))),
            names => out.names.extend_from_slice(names),
        }
        let word = if Y::NAME == "usize" { "label" } else { "target" };
        match tall {
            1 => out.names.push(word.to_string()),
            _ => out.names.extend((0..tall).map(|i| format!("{word}{i}"))),
        }
        let target = |y: Y| {
            // Only class numbers have names.
            let name = classes.get(y.to_f64() as usize).cloned();
            name.unwrap_or_else(|| format!("{y:?}"))
        };
        let (mut x, mut y) = (x.iter(), y.iter());
        for row in 0..self.len() {
            let cells = x.by_ref().take(wide).map(|x| format!("{x:?}"));
            for cell in cells.chain(y.by_ref().take(tall).map(target)) {
                out.text.push_str(&cell);
                out.ends.push(out.text.len());
            }
            out.lines.push(row + 2);
        }
        Table::of_cells(out)
    }
}
