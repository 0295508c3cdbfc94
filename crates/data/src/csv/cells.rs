//! The cells of a text, one after another.

use super::Csv;
use crate::error::Flaw;
use crate::table::{Cells, is_number};

impl Csv {
    pub(super) fn cells(&self, text: &str) -> Result<Cells, Flaw> {
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
pub(super) fn line_ends(text: &str, rest: &str) -> usize {
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

    /// Skips blank lines. Returns whether a line follows.
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
