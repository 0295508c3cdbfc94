//! `Table`: cells of text in named columns, each with its line in the file.
#![deny(clippy::indexing_slicing)]

mod tensors;
mod write;

use std::fmt::{self, Display};
use std::path::Path;
use std::sync::Arc;

use crate::error::Fault;
use crate::{Error, Result};

/// Rows of text in named columns: what [`Csv`](crate::Csv) reads and writes.
///
/// A column is addressed by its name or its position. A table without some columns shares the cells of the whole table.
///
/// ```
/// use wengert_data::Csv;
///
/// let table = Csv::new().parse("id,area,rooms,price\n7,50,2,100\n8,80,3,170\n")?;
/// let homes = table.without(["id"])?.regression::<f32>(["price"])?;
/// assert_eq!(homes.features().to_vec(), [50.0, 2.0, 80.0, 3.0]);
/// assert_eq!(homes.targets().to_vec(), [100.0, 170.0]);
/// assert_eq!(homes.feature_names(), ["area", "rooms"]);
///
/// let error = table.tensor::<f32>(["cost"]).unwrap_err();
/// assert!(error.to_string().contains(r#"no column "cost"; there are "id", "area", "rooms", "price""#));
/// # Ok::<(), wengert_data::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Table {
    cells: Arc<Cells>,
    /// Its columns among those of the cells.
    columns: Vec<usize>,
    /// The file from which it was read.
    pub(crate) file: Option<Arc<Path>>,
}

/// The text of all cells, row by row.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cells {
    pub(crate) names: Vec<String>,
    pub(crate) text: String,
    /// The end of each cell in the text.
    pub(crate) ends: Vec<usize>,
    /// The line on which each row starts.
    pub(crate) lines: Vec<usize>,
    /// Cells that are missing numbers.
    pub(crate) missing: Vec<String>,
    /// Whether `nan` and `inf` are numbers.
    pub(crate) not_finite: bool,
}

/// Whether a cell is a number. `nan` and `inf` are words, though Rust reads them as floats.
pub(crate) fn is_number(cell: &str) -> bool {
    cell.contains(|c: char| c.is_ascii_digit()) && cell.parse::<f64>().is_ok()
}

impl Cells {
    /// The cell, which is one.
    fn get(&self, row: usize, column: usize) -> &str {
        self.at(row * self.names.len() + column)
    }

    /// The `i`th cell.
    pub(crate) fn at(&self, i: usize) -> &str {
        let start = i.checked_sub(1).and_then(|i| self.ends.get(i)).copied().unwrap_or(0);
        self.ends.get(i).and_then(|&end| self.text.get(start..end)).unwrap_or("")
    }

    fn name(&self, column: usize) -> &str {
        self.names.get(column).map_or("", |name| name)
    }
}

/// A column of a [`Table`]: its name, or its place counted from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[allow(missing_docs)]
pub enum Column {
    Name(String),
    Place(usize),
}

impl From<&str> for Column {
    fn from(name: &str) -> Self {
        Self::Name(name.to_string())
    }
}

impl From<&String> for Column {
    fn from(name: &String) -> Self {
        Self::Name(name.clone())
    }
}

impl From<String> for Column {
    fn from(name: String) -> Self {
        Self::Name(name)
    }
}

impl From<usize> for Column {
    fn from(place: usize) -> Self {
        Self::Place(place)
    }
}

impl Table {
    /// A table without columns; [`with_column`](Self::with_column) adds them.
    pub fn new() -> Self {
        Self::default()
    }

    pub(crate) fn of_cells(cells: Cells) -> Self {
        let columns = (0..cells.names.len()).collect();
        Self { cells: Arc::new(cells), columns, file: None }
    }

    /// With one more column, to be written. What it holds is written as `{}` shows it.
    ///
    /// ```
    /// use wengert_data::{Csv, Table};
    ///
    /// let table = Table::new().with_column("x", [1, 2])?.with_column("said", ["a", "b, c"])?;
    /// let mut file = Vec::new();
    /// Csv::new().write_to(&mut file, &table)?;
    /// assert_eq!(file, b"x,said\n1,a\n2,\"b, c\"\n");
    /// # Ok::<(), wengert_data::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] if it has more or fewer cells than there are rows.
    #[track_caller]
    pub fn with_column(
        &self,
        name: impl Into<String>,
        cells: impl IntoIterator<Item = impl Display>,
    ) -> Result<Self> {
        let added: Vec<String> = cells.into_iter().map(|cell| cell.to_string()).collect();
        let name = name.into();
        if !self.columns.is_empty() && added.len() != self.rows() {
            let rule = format!("{} cells for {} rows in column {name:?}", added.len(), self.rows());
            return Err(Error::shape("with_column", rule));
        }
        let Cells { missing, not_finite, .. } = &*self.cells;
        let mut out =
            Cells { missing: missing.clone(), not_finite: *not_finite, ..Cells::default() };
        for (row, added) in added.iter().enumerate() {
            for cell in self.row(row).chain([&**added]) {
                out.text.push_str(cell);
                out.ends.push(out.text.len());
            }
            out.lines.push(row + 2);
        }
        out.names = self.names().map(str::to_string).chain([name]).collect();
        Ok(Self::of_cells(out))
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.cells.lines.len()
    }

    /// The columns' names, in order: as the header has them, or their places as numbers.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.columns.iter().map(|&column| self.cells.name(column))
    }

    /// The cells of a row; of a row that is not there, none.
    pub fn row(&self, row: usize) -> impl Iterator<Item = &str> {
        let there = row < self.rows();
        self.columns.iter().filter(move |_| there).map(move |&column| self.cells.get(row, column))
    }

    /// The cells of a column.
    ///
    /// # Errors
    /// [`Error::Value`] if there is no such column.
    #[track_caller]
    pub fn column(&self, column: impl Into<Column>) -> Result<impl ExactSizeIterator<Item = &str>> {
        let column = self.find("column", column)?;
        Ok((0..self.rows()).map(move |row| self.cells.get(row, column)))
    }

    /// These columns, in this order.
    ///
    /// # Errors
    /// [`Error::Value`] if there is no such column, or two of that name.
    #[track_caller]
    pub fn select<C: Into<Column>>(&self, columns: impl IntoIterator<Item = C>) -> Result<Self> {
        let columns = self.find_all("select", columns)?;
        Ok(Self { columns, ..self.clone() })
    }

    /// All columns but these.
    ///
    /// # Errors
    /// As [`select`](Self::select).
    #[track_caller]
    pub fn without<C: Into<Column>>(&self, columns: impl IntoIterator<Item = C>) -> Result<Self> {
        let gone = self.find_all("without", columns)?;
        Ok(self.but(&gone))
    }

    fn but(&self, gone: &[usize]) -> Self {
        let columns =
            self.columns.iter().copied().filter(|column| !gone.contains(column)).collect();
        Self { columns, ..self.clone() }
    }

    #[track_caller]
    fn find(&self, op: &'static str, column: impl Into<Column>) -> Result<usize> {
        let refuse = |rule: String| {
            let names: Vec<String> =
                self.names().take(20).map(|name| format!("{name:?}")).collect();
            let more = if self.columns.len() > 20 { ", …" } else { "" };
            format!("{rule}; there are {}{more}", names.join(", "))
        };
        match column.into() {
            Column::Place(place) => self.columns.get(place).copied().ok_or_else(|| {
                let count = self.columns.len();
                Error::value(op, format!("no column {place}: there are {count}, from 0 on"))
            }),
            Column::Name(name) => {
                let named = |&&column: &&usize| self.cells.name(column) == name;
                match self.columns.iter().filter(named).collect::<Vec<_>>()[..] {
                    [&column] => Ok(column),
                    [] => Err(Error::value(op, refuse(format!("no column {name:?}")))),
                    _ => Err(Error::Value(
                        Fault::new(op, refuse(format!("more than one column {name:?}")))
                            .help("name it by its place, counted from 0"),
                    )),
                }
            }
        }
    }

    #[track_caller]
    fn find_all(
        &self,
        op: &'static str,
        columns: impl IntoIterator<Item = impl Into<Column>>,
    ) -> Result<Vec<usize>> {
        let mut out = Vec::new();
        for column in columns {
            out.push(self.find(op, column)?);
        }
        Ok(out)
    }
}

impl fmt::Display for Table {
    /// The first ten rows in columns.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.rows().min(10);
        let widths: Vec<usize> = self
            .columns
            .iter()
            .map(|&column| {
                let cells = (0..shown).map(|row| self.cells.get(row, column).chars().count());
                cells.chain([self.cells.name(column).chars().count()]).max().unwrap_or(0)
            })
            .collect();
        let mut line = |cells: &mut dyn Iterator<Item = &str>| {
            let cells: Vec<String> =
                cells.zip(&widths).map(|(cell, &width)| format!("{cell:>width$}")).collect();
            writeln!(f, "{}", cells.join("  "))
        };
        line(&mut self.names())?;
        for row in 0..shown {
            line(&mut self.row(row))?;
        }
        write!(f, "{} rows, {} columns", self.rows(), self.columns.len())
    }
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.names().collect();
        write!(f, "Table {{ rows: {}, columns: {names:?} }}", self.rows())
    }
}
