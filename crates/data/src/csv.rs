//! CSV: text in rows and columns, as RFC 4180 has it, into a [`Table`] and back.
#![deny(clippy::indexing_slicing)]

mod cells;

use std::io::{Read, Write};
use std::panic::Location;
use std::path::Path;

use wengert_files::write_whole;

use crate::bytes::open;
use crate::error::Flaw;
use crate::{Result, Table};
use cells::line_ends;

/// The format of a CSV file: the delimiter of cells, whether the first line names the columns, and the cells that stand for a
/// missing number.
///
/// Lines may end as they do on any system (LF, CR LF, or CR alone), blank ones are skipped, a byte-order mark is dropped.
/// Spaces around a cell are dropped unless it is quoted; a quoted cell may hold separators, line ends, and quotes written
/// twice. A number is finite: `nan` and `inf` are rejected unless [`missing`](Self::missing) or
/// [`not_finite`](Self::not_finite) says otherwise.
///
/// ```
/// use wengert_data::Csv;
///
/// let table = Csv::new().parse("length,width,kind\n5.1,3.5,setosa\n6.2,2.9,virginica\n")?;
/// let data = table.classification::<f32>("kind")?;
/// assert_eq!(data.features().shape(), [2, 2]);
/// assert_eq!(data.class_names(), ["setosa", "virginica"]);
/// # Ok::<(), wengert_data::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Csv {
    delimiter: char,
    header: Option<bool>,
    missing: Vec<String>,
    not_finite: bool,
}

impl Default for Csv {
    fn default() -> Self {
        Self::new()
    }
}

impl Csv {
    /// Commas; a first line without any number in it is a header; every number is there, and finite.
    pub fn new() -> Self {
        Self { delimiter: ',', header: None, missing: Vec::new(), not_finite: false }
    }

    /// With this delimiter of cells, such as `';'` or `'\t'`.
    pub fn delimiter(mut self, delimiter: char) -> Self {
        self.delimiter = delimiter;
        self
    }

    /// Whether the first line names the columns. By default it does if none of its cells is a number.
    pub fn header(mut self, header: bool) -> Self {
        self.header = Some(header);
        self
    }

    /// Cells that stand for a missing number, such as `["", "NA", "?"]`; they are read as NaN.
    ///
    /// ```
    /// # use wengert_data::Csv;
    /// let table = Csv::new().missing(["", "NA"]).parse("a,b\n1,NA\n,2")?;
    /// assert!(table.tensor::<f32>(["a", "b"])?.get(&[0, 1])?.is_nan());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn missing<S: Into<String>>(mut self, cells: impl IntoIterator<Item = S>) -> Self {
        self.missing = cells.into_iter().map(Into::into).collect();
        self
    }

    /// With `nan`, `inf` and `-inf` read as the floats of these names, in any case of letters; a table that was written from such
    /// numbers is read back with this.
    ///
    /// ```
    /// # use wengert_data::Csv;
    /// let text = "a,b\n1,-inf";
    /// let error = Csv::new().parse(text)?.tensor::<f32>(["b"]).unwrap_err();
    /// assert!(error.to_string().starts_with("csv: line 2, column b: \"-inf\" is not finite"));
    /// let table = Csv::new().not_finite().parse(text)?;
    /// assert_eq!(table.tensor::<f32>(["b"])?.item()?, f32::NEG_INFINITY);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn not_finite(mut self) -> Self {
        self.not_finite = true;
        self
    }

    /// The table in the file at `path` (which may be compressed with gzip).
    ///
    /// # Errors
    /// [`Error::Io`](crate::Error::Io) if it cannot be read, [`Error::Format`](crate::Error::Format) if it is not text, a
    /// quote does not end, or a row has more or fewer cells than the first.
    #[track_caller]
    pub fn read(&self, path: impl AsRef<Path>) -> Result<Table> {
        let (path, at) = (path.as_ref(), Location::caller());
        let table = open(path).and_then(|reader| self.table(reader));
        let mut table = table.map_err(|flaw| flaw.error("csv", Some(path), at))?;
        table.file = Some(path.into());
        Ok(table)
    }

    /// The table that `reader` holds.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    #[track_caller]
    pub fn read_from(&self, reader: impl Read) -> Result<Table> {
        let at = Location::caller();
        self.table(reader).map_err(|flaw| flaw.error("csv", None, at))
    }

    /// The table in a string.
    ///
    /// # Errors
    /// As [`read`](Self::read), but for reading.
    #[track_caller]
    pub fn parse(&self, text: &str) -> Result<Table> {
        let at = Location::caller();
        self.cells(text).map(Table::of_cells).map_err(|flaw| flaw.error("csv", None, at))
    }

    /// Writes a table to a file at `path`, [whole or not at all](write_whole): a line of names, then a line a row.
    ///
    /// # Errors
    /// [`Error::Io`](crate::Error::Io) if it cannot be written, [`Error::Format`](crate::Error::Format) if the delimiter is
    /// none.
    #[track_caller]
    pub fn write(&self, path: impl AsRef<Path>, table: &Table) -> Result<()> {
        let (path, at) = (path.as_ref(), Location::caller());
        let written = self.text(table).and_then(|text| Ok(write_whole(path, text.as_bytes())?));
        written.map_err(|flaw| flaw.error("csv", Some(path), at))
    }

    /// [`write`](Self::write), to a writer.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    #[track_caller]
    pub fn write_to(&self, mut writer: impl Write, table: &Table) -> Result<()> {
        let at = Location::caller();
        let written = self.text(table).and_then(|text| Ok(writer.write_all(text.as_bytes())?));
        written.map_err(|flaw| flaw.error("csv", None, at))
    }

    fn table(&self, mut reader: impl Read) -> Result<Table, Flaw> {
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes)?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let good = error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or(&[]);
            let good = std::str::from_utf8(good).unwrap_or("");
            Flaw::line(1 + line_ends(good, ""), "is not UTF-8 text")
        })?;
        Ok(Table::of_cells(self.cells(&text)?))
    }

    fn separator(&self) -> Result<u8, Flaw> {
        match self.delimiter {
            '"' | '\n' | '\r' | ' ' => {}
            c if c.is_ascii() => return Ok(c as u8),
            _ => {}
        }
        Err(Flaw::new(format!("{:?} cannot separate cells", self.delimiter)))
    }

    fn text(&self, table: &Table) -> Result<String, Flaw> {
        let separator = char::from(self.separator()?);
        let mut out = String::new();
        let alone = table.names().len() == 1;
        let mut line = |cells: &mut dyn Iterator<Item = &str>| {
            for (i, cell) in cells.enumerate() {
                if i > 0 {
                    out.push(separator);
                }
                // An empty cell that is alone would make a blank line, which a reader skips.
                let plain = !cell.contains([separator, '"', '\n', '\r', '\u{feff}'])
                    && cell == cell.trim_ascii()
                    && !(alone && cell.is_empty());
                if plain {
                    out.push_str(cell);
                } else {
                    out.push('"');
                    out.push_str(&cell.replace('"', "\"\""));
                    out.push('"');
                }
            }
            out.push('\n');
        };
        if self.header != Some(false) {
            line(&mut table.names());
        }
        for row in 0..table.rows() {
            line(&mut table.row(row));
        }
        Ok(out)
    }
}
