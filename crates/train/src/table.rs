//! `Table`: a history as text, with a row an epoch.

use std::fmt::Write;

use crate::{Epoch, History};

/// The table of a history: its columns are those for which there are measurements.
pub(crate) struct Table<'h> {
    history: &'h History,
    columns: Vec<Column<'h>>,
}

/// The text of a column in the row of an epoch.
type Cell<'h> = Box<dyn Fn(usize, &Epoch) -> String + 'h>;

/// A column: its name, and its cell in the row of an epoch.
struct Column<'h> {
    name: String,
    width: usize,
    cell: Cell<'h>,
}

impl<'h> Table<'h> {
    pub(crate) fn of(history: &'h History) -> Self {
        let mut table = Self { history, columns: Vec::new() };
        table.column("epoch", 5, |_, epoch| epoch.number.to_string());
        table.numbers("loss", 8, |_, epoch| Some(epoch.train_loss));
        for penalty in &history.penalties {
            table.numbers(&penalty.name, 8, |row, _| penalty.means.get(row).copied());
        }
        if !history.penalties.is_empty() {
            table.numbers("objective", 9, |_, epoch| Some(epoch.objective));
        }
        for metric in &history.metrics {
            table.numbers(&metric.name, 9, |row, _| *metric.train.get(row)?);
        }
        if history.epochs.iter().any(|epoch| epoch.validation_loss.is_some()) {
            table.numbers("val. loss", 9, |_, epoch| epoch.validation_loss);
            for metric in &history.metrics {
                let name = format!("val. {}", metric.name);
                table.numbers(&name, 14, |row, _| *metric.validation.get(row)?);
            }
        }
        table.column("learning rate", 13, |_, epoch| format!("{:.2e}", epoch.learning_rate));
        table.column("seconds", 7, |_, epoch| format!("{:.2}", epoch.seconds));
        table
    }

    fn numbers(&mut self, name: &str, width: usize, x: impl Fn(usize, &Epoch) -> Option<f64> + 'h) {
        let cell = move |row, epoch: &Epoch| match x(row, epoch) {
            Some(large) if large.abs() >= 1e6 => format!("{large:.2e}"),
            Some(x) => format!("{x:.4}"),
            None => String::new(),
        };
        self.column(name, width, cell);
    }

    fn column(&mut self, name: &str, width: usize, cell: impl Fn(usize, &Epoch) -> String + 'h) {
        let width = width.max(name.chars().count());
        self.columns.push(Column { name: name.to_string(), width, cell: Box::new(cell) });
    }

    /// The names of the columns.
    pub(crate) fn heading(&self) -> String {
        self.line(|column| column.name.clone())
    }

    /// The row of the epoch at this place in the history.
    pub(crate) fn row(&self, row: usize) -> String {
        let Some(epoch) = self.history.epochs.get(row) else { return String::new() };
        self.line(|column| (column.cell)(row, epoch))
    }

    fn line(&self, text: impl Fn(&Column<'h>) -> String) -> String {
        let mut line = String::new();
        for column in &self.columns {
            let gap = if line.is_empty() { "" } else { "  " };
            // Writing to a string cannot fail.
            let _ = write!(line, "{gap}{:>1$}", text(column), column.width);
        }
        line
    }
}
