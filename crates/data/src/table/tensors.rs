//! From columns of text to tensors and datasets: numbers, class numbers, class names.
#![deny(clippy::indexing_slicing)]

use std::collections::{BTreeMap, BTreeSet};
use std::panic::Location;

use wengert_tensor::{Float, Tensor, compiled};

use super::{Column, Table, is_number};
use crate::error::Flaw;
use crate::{Result, TensorDataset};

impl Table {
    /// The numbers in these columns, `[rows, columns]`.
    ///
    /// # Errors
    /// [`Error::Value`](crate::Error::Value) if there is no such column, [`Error::Format`](crate::Error::Format) if a cell is no number, or none that `T` can hold.
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
    /// [`Error::Value`](crate::Error::Value) if there is no such column, [`Error::Format`](crate::Error::Format) if a cell is no whole number from 0 on.
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
    /// [`Error::Value`](crate::Error::Value) if there is no such column, [`Error::Format`](crate::Error::Format) if a cell is empty.
    #[track_caller]
    pub fn classes(&self, column: impl Into<Column>) -> Result<(Tensor<usize>, Vec<String>)> {
        self.classes_of(column.into())
    }

    #[track_caller]
    fn classes_of(&self, column: Column) -> Result<(Tensor<usize>, Vec<String>)> {
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
    /// [`Error::Value`](crate::Error::Value) if there is no such column, [`Error::Format`](crate::Error::Format) if a cell is none of the names.
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
    /// [`Error::Value`](crate::Error::Value) if there is no such column, [`Error::Format`](crate::Error::Format) if a feature is no number, or if some classes are
    /// numbers and others are not.
    #[track_caller]
    pub fn classification<T: Float>(&self, label: impl Into<Column>) -> Result<TensorDataset<T>> {
        self.classified(label.into())
    }

    #[track_caller]
    #[inline(never)]
    fn classified<T: Float>(&self, label: Column) -> Result<TensorDataset<T>> {
        let (at, label) = (Location::caller(), self.find("classification", label)?);
        let rest = self.but(&[label]);
        let features = rest.numbers(&rest.columns)?;
        let is_number = |row| is_number(self.cells.get(row, label));
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
    /// [`Error::Value`](crate::Error::Value) if there is no such column, [`Error::Format`](crate::Error::Format) if a cell is no number.
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
    #[inline(never)]
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
            Ok(x) if x.is_infinite() && is_number(cell) => {
                Err(self.flaw(row, column, &format!("is too large for {}", T::NAME)))
            }
            Ok(x) if !x.is_finite() && !self.cells.not_finite => {
                let help = format!(
                    "`Csv::missing([{cell:?}])` reads it as a missing number, `Csv::not_finite` as a float"
                );
                Err(self.flaw(row, column, "is not finite").help(help))
            }
            Ok(x) => Ok(T::from_f64(x)),
            Err(_) if cell.is_empty() => Err(self
                .flaw(row, column, "is empty where a number should stand")
                .help("`Csv::missing([\"\"])` reads it as NaN")),
            Err(_) => Err(self.flaw(row, column, "is no number")),
        }
    }

    /// The error about a cell.
    #[cold]
    fn flaw(&self, row: usize, column: usize, rule: &str) -> Flaw {
        let line = self.cells.lines.get(row).copied().unwrap_or(0);
        let mut cell: String = self.cells.get(row, column).chars().take(40).collect();
        if cell.len() < self.cells.get(row, column).len() {
            cell.push('…');
        }
        Flaw::line(line, format!("{cell:?} {rule}")).column(self.cells.name(column))
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

compiled!(f32: { Table::numbers::<T>, Table::classified::<T> });
