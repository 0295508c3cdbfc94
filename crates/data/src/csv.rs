//! CSV: text in rows and columns, as RFC 4180 has it, into a [`Table`] and back.
#![deny(clippy::indexing_slicing)]

use std::io::{Read, Write};
use std::panic::Location;
use std::path::Path;

use wengert_files::write_whole;

use crate::bytes::open;
use crate::error::Flaw;
use crate::table::{Cells, is_number};
use crate::{Result, Table};

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

    fn cells(&self, text: &str) -> Result<Cells, Flaw> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut rest = Rest { text, line: 1, separator: self.separator()? };
        let mut cells = Cells {
            missing: self.missing.clone(),
            not_finite: self.not_finite,
            ..Cells::default()
        };
        // How many cells the first row has.
        let mut width = 0;
        while rest.skip_blank_lines() {
            let (line, before) = (rest.line, cells.ends.len());
            loop {
                let more = rest.cell(&mut cells.text)?;
                push(&mut cells.ends, cells.text.len())?;
                if !more {
                    break;
                }
                if cells.ends.len() - before == MOST_COLUMNS {
                    return Err(Flaw::line(line, format!("has more than {MOST_COLUMNS} cells")));
                }
            }
            let count = cells.ends.len() - before;
            if width == 0 {
                width = count;
                let first = || (0..count).map(|column| cells.at(column));
                if self.header.unwrap_or_else(|| !first().any(is_number)) {
                    cells.names = first().map(str::to_string).collect();
                    cells.ends.clear();
                    cells.text.clear();
                    continue;
                }
            } else if count != width {
                let plural = if count == 1 { "" } else { "s" };
                let rule = format!("has {count} cell{plural} where the others have {width}");
                return Err(Flaw::line(line, rule));
            }
            push(&mut cells.lines, line)?;
        }
        if width == 0 {
            return Err(Flaw::new("holds no line"));
        }
        if cells.names.is_empty() {
            cells.names = (0..width).map(|i| i.to_string()).collect();
        }
        Ok(cells)
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

/// A row with more cells than this counts as damaged.
const MOST_COLUMNS: usize = 1 << 22;

/// Adds a number to a list, or rejects where memory ends: a short file may unpack to a very long one.
fn push(list: &mut Vec<usize>, number: usize) -> Result<(), Flaw> {
    list.try_reserve(1).map_err(|_| out_of_memory())?;
    list.push(number);
    Ok(())
}

/// [`push`] for text.
fn push_str(text: &mut String, more: &str) -> Result<(), Flaw> {
    text.try_reserve(more.len()).map_err(|_| out_of_memory())?;
    text.push_str(more);
    Ok(())
}

#[cold]
fn out_of_memory() -> Flaw {
    std::io::Error::from(std::io::ErrorKind::OutOfMemory).into()
}

/// The number of lines that end in `text`, which `rest` follows.
fn line_ends(text: &str, rest: &str) -> usize {
    let bytes = text.as_bytes();
    let next = |i| bytes.get(i + 1).or(rest.as_bytes().first());
    let is_end = |(i, byte): &(usize, &u8)| match byte {
        b'\n' => true,
        b'\r' => next(*i) != Some(&b'\n'),
        _ => false,
    };
    bytes.iter().enumerate().filter(is_end).count()
}

/// The text that has not been read yet.
struct Rest<'a> {
    text: &'a str,
    line: usize,
    separator: u8,
}

impl<'a> Rest<'a> {
    /// Goes past `count` bytes, which end between characters, and returns them.
    fn skip(&mut self, count: usize) -> &'a str {
        let (skipped, rest) = self.text.split_at_checked(count).unwrap_or((self.text, ""));
        self.line += line_ends(skipped, rest);
        self.text = rest;
        skipped
    }

    /// Whether a line follows.
    fn skip_blank_lines(&mut self) -> bool {
        loop {
            let spaces = self.spaces();
            match self.text.as_bytes().get(spaces..) {
                Some([]) | None => return false,
                Some(line) => match line_end(line) {
                    0 => return true,
                    end => self.skip(spaces + end),
                },
            };
        }
    }

    /// The number of spaces that come next; a tab is one unless it separates cells.
    fn spaces(&self) -> usize {
        let space = |byte: &u8| *byte == b' ' || (*byte == b'\t' && self.separator != b'\t');
        self.text.bytes().take_while(space).count()
    }

    /// Reads a cell and its end. Returns whether the line has more cells.
    fn cell(&mut self, out: &mut String) -> Result<bool, Flaw> {
        self.skip(self.spaces());
        if !self.text.starts_with('"') {
            let separator = self.separator;
            let ends = |byte| byte == separator || byte == b'\n' || byte == b'\r';
            let end = self.text.bytes().position(ends);
            let cell = self.skip(end.unwrap_or(self.text.len()));
            push_str(out, cell.trim_ascii_end())?;
            return Ok(self.skip_end());
        }
        let line = self.line;
        self.skip(1);
        loop {
            let end = self.text.find('"');
            let end = end.ok_or_else(|| Flaw::line(line, "a quote is opened and never closed"))?;
            push_str(out, self.skip(end))?;
            self.skip(1);
            if !self.text.starts_with('"') {
                break;
            }
            push_str(out, self.skip(1))?;
        }
        let line = self.line;
        self.skip(self.spaces());
        match self.text.as_bytes() {
            [c, ..] if *c != self.separator && line_end(self.text.as_bytes()) == 0 => {
                Err(Flaw::line(line, "something follows a closing quote")
                    .help("a quote within a quoted cell is written twice: \"\""))
            }
            _ => Ok(self.skip_end()),
        }
    }

    /// Goes past the separator or the line's end that comes next; whether it is the separator.
    fn skip_end(&mut self) -> bool {
        let goes_on = self.text.as_bytes().first() == Some(&self.separator);
        self.skip(if goes_on { 1 } else { line_end(self.text.as_bytes()) });
        goes_on
    }
}

/// The bytes of the line's end that `text` starts with; 0 if it starts with none.
fn line_end(text: &[u8]) -> usize {
    match text {
        [b'\r', b'\n', ..] => 2,
        [b'\r' | b'\n', ..] => 1,
        _ => 0,
    }
}
