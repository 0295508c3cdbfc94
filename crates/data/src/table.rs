//! `Table`: cells of text in named columns, each with its line in the file, and how columns become tensors.
#![deny(clippy::indexing_slicing)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Display};
use std::panic::Location;
use std::path::Path;
use std::sync::Arc;

use wengert_tensor::{Element, Float, Tensor};

use crate::error::{Fault, Flaw};
use crate::{Error, Result, TensorDataset, rows};

/// Rows of text in named columns: what [`Csv`](crate::Csv) reads and writes.
///
/// A column is named by its name or by its place. A table without some columns shares the cells of the whole.
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
    /// Which columns of the cells are its own.
    columns: Vec<usize>,
    /// Where it was read from.
    pub(crate) file: Option<Arc<Path>>,
}

/// The text of all cells, row by row.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cells {
    pub(crate) names: Vec<String>,
    pub(crate) text: String,
    /// Where each cell ends in the text.
    pub(crate) ends: Vec<usize>,
    /// The line on which each row starts.
    pub(crate) lines: Vec<usize>,
    /// Cells that are missing numbers.
    pub(crate) missing: Vec<String>,
}

impl Cells {
    /// The cell, which is one.
    fn get(&self, row: usize, column: usize) -> &str {
        let i = row * self.names.len() + column;
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
        let mut out = Cells { missing: self.cells.missing.clone(), ..Cells::default() };
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

    /// How many rows.
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

    /// The numbers in these columns, `[rows, columns]`.
    ///
    /// # Errors
    /// [`Error::Value`] if there is no such column, [`Error::Format`] if a cell is no number, or none that `T` can hold.
    #[track_caller]
    pub fn tensor<T: Float>(
        &self,
        columns: impl IntoIterator<Item = impl Into<Column>>,
    ) -> Result<Tensor<T>> {
        let columns = self.find_all("tensor", columns)?;
        self.numbers(&columns)
    }

    /// Class numbers in a column, taken as they are.
    ///
    /// # Errors
    /// [`Error::Value`] if there is no such column, [`Error::Format`] if a cell is no whole number from 0 on.
    #[track_caller]
    pub fn labels(&self, column: impl Into<Column>) -> Result<Tensor<usize>> {
        let (at, column) = (Location::caller(), self.find("labels", column)?);
        let label = |row| {
            class_number(self.cells.get(row, column)).ok_or_else(|| {
                self.flaw(row, column, "is no class number, a whole number from 0 on")
                    .help("`classes` numbers what it finds, in order")
            })
        };
        let labels: Result<Vec<usize>, Flaw> = (0..self.rows()).map(label).collect();
        Ok(Tensor::from(labels.map_err(|flaw| flaw.error("csv", self.file.as_deref(), at))?))
    }

    /// Class names in a column: each row's class number, and the names by number, in order (as numbers if all are, else as
    /// text).
    ///
    /// # Errors
    /// [`Error::Value`] if there is no such column, [`Error::Format`] if a cell is empty.
    #[track_caller]
    pub fn classes(&self, column: impl Into<Column>) -> Result<(Tensor<usize>, Vec<String>)> {
        let (at, column) = (Location::caller(), self.find("classes", column)?);
        let cells = || (0..self.rows()).map(|row| self.cells.get(row, column));
        if let Some(row) = cells().position(str::is_empty) {
            let flaw = self.flaw(row, column, "is empty where a class should stand");
            return Err(flaw.error("csv", self.file.as_deref(), at));
        }
        let found: BTreeSet<&str> = cells().collect();
        let mut names: Vec<&str> = found.into_iter().collect();
        let value = |name: &&str| name.parse::<f64>().ok().filter(|x| !x.is_nan());
        if names.iter().all(|name| value(name).is_some()) {
            // Stable: what is the same number in two spellings stays in the order of text.
            names
                .sort_by(|a, b| f64::total_cmp(&value(a).unwrap_or(0.0), &value(b).unwrap_or(0.0)));
        }
        let number: BTreeMap<&str, usize> =
            names.iter().enumerate().map(|(i, &n)| (n, i)).collect();
        let labels: Vec<usize> = cells().filter_map(|cell| number.get(cell).copied()).collect();
        Ok((Tensor::from(labels), names.into_iter().map(str::to_string).collect()))
    }

    /// Class names in a column under numbers that are given: for a second file, the names that the first gave.
    ///
    /// # Errors
    /// [`Error::Value`] if there is no such column, [`Error::Format`] if a cell is none of the names.
    #[track_caller]
    pub fn labels_of<S: AsRef<str>>(
        &self,
        column: impl Into<Column>,
        names: &[S],
    ) -> Result<Tensor<usize>> {
        let (at, column) = (Location::caller(), self.find("labels_of", column)?);
        let number: BTreeMap<&str, usize> =
            names.iter().enumerate().map(|(i, name)| (name.as_ref(), i)).collect();
        let label = |row| {
            let found = number.get(self.cells.get(row, column)).copied();
            found.ok_or_else(|| {
                let known: Vec<&&str> = number.keys().take(10).collect();
                self.flaw(row, column, &format!("is no class that is known: {known:?}"))
            })
        };
        let labels: Result<Vec<usize>, Flaw> = (0..self.rows()).map(label).collect();
        Ok(Tensor::from(labels.map_err(|flaw| flaw.error("csv", self.file.as_deref(), at))?))
    }

    /// A dataset for classification: the class in one column, features in all others.
    ///
    /// Class numbers stay what they are, so that a second file means the same by them. Text is numbered in alphabetical
    /// order, and the dataset keeps the names.
    ///
    /// # Errors
    /// [`Error::Value`] if there is no such column, [`Error::Format`] if a feature is no number, or if some classes are
    /// numbers and others are not.
    #[track_caller]
    pub fn classification<T: Float>(&self, label: impl Into<Column>) -> Result<TensorDataset<T>> {
        let (at, label) = (Location::caller(), self.find("classification", label)?);
        let rest = self.but(&[label]);
        let features = rest.numbers(&rest.columns)?;
        let is_number = |row| self.cells.get(row, label).parse::<f64>().is_ok();
        let numbers = (0..self.rows()).filter(|&row| is_number(row)).count();
        let place = Column::Place(self.columns.iter().position(|&c| c == label).unwrap_or(0));
        let (labels, names) = if numbers == 0 {
            self.classes(place)?
        } else if let Some(row) = (0..self.rows()).find(|&row| !is_number(row)) {
            let flaw = self.flaw(row, label, "is no number, and other classes are");
            let flaw = flaw.help("`classes` takes all of them as names");
            return Err(flaw.error("csv", self.file.as_deref(), at));
        } else {
            (self.labels(place)?, Vec::new())
        };
        let data = TensorDataset::new(features, labels)?.with_feature_names(rest.names())?;
        if names.is_empty() { Ok(data) } else { data.with_class_names(names) }
    }

    /// A dataset for regression: what is to be predicted in some columns, features in all others.
    ///
    /// # Errors
    /// [`Error::Value`] if there is no such column, [`Error::Format`] if a cell is no number.
    #[track_caller]
    pub fn regression<T: Float>(
        &self,
        targets: impl IntoIterator<Item = impl Into<Column>>,
    ) -> Result<TensorDataset<T, T>> {
        let targets = self.find_all("regression", targets)?;
        let rest = self.but(&targets);
        let (features, targets) = (rest.numbers(&rest.columns)?, self.numbers(&targets)?);
        TensorDataset::new(features, targets)?.with_feature_names(rest.names())
    }

    #[track_caller]
    fn numbers<T: Float>(&self, columns: &[usize]) -> Result<Tensor<T>> {
        let at = Location::caller();
        let mut out = Vec::new();
        for row in 0..self.rows() {
            for &column in columns {
                let number = self.number(row, column);
                out.push(number.map_err(|flaw| flaw.error("csv", self.file.as_deref(), at))?);
            }
        }
        Ok(Tensor::from_vec(out, [self.rows(), columns.len()])?)
    }

    fn number<T: Float>(&self, row: usize, column: usize) -> Result<T, Flaw> {
        let cell = self.cells.get(row, column);
        if self.cells.missing.iter().any(|missing| missing == cell) {
            return Ok(T::NAN);
        }
        // To f32 in one step: by way of f64 it would be rounded twice.
        let number = match T::NAME {
            "f32" => cell.parse::<f32>().map(f64::from),
            _ => cell.parse::<f64>(),
        };
        match number {
            Ok(x) if x.is_infinite() && cell.contains(|c: char| c.is_ascii_digit()) => {
                Err(self.flaw(row, column, &format!("is too large for {}", T::NAME)))
            }
            Ok(x) => Ok(T::from_f64(x)),
            Err(_) if cell.is_empty() => Err(self
                .flaw(row, column, "is empty where a number should stand")
                .help("`Csv::missing([\"\"])` reads it as NaN")),
            Err(_) => Err(self.flaw(row, column, "is no number")),
        }
    }

    /// What is wrong with a cell.
    #[cold]
    fn flaw(&self, row: usize, column: usize, rule: &str) -> Flaw {
        let line = self.cells.lines.get(row).copied().unwrap_or(0);
        let mut cell: String = self.cells.get(row, column).chars().take(40).collect();
        if cell.len() < self.cells.get(row, column).len() {
            cell.push('…');
        }
        Flaw::line(line, format!("{cell:?} {rule}")).column(self.cells.name(column))
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

/// A whole number from 0 on, also if it is written as a fraction of 0, as some tools do.
fn class_number(cell: &str) -> Option<usize> {
    let whole = match cell.split_once('.') {
        Some((whole, zeros)) if zeros.bytes().all(|byte| byte == b'0') => whole,
        Some(_) => return None,
        None => cell,
    };
    whole.parse().ok()
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

impl<T: Element, Y: Element> TensorDataset<T, Y> {
    /// As a table, to be written: features under their names (or `x0`, `x1`, …), then what belongs to them under `label`
    /// (classes, by their names where they are known) or `target` (or `target0`, …). Numbers are written so that they
    /// are read back exactly.
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
