//! The header of an `.npy` file: a Python literal.

use super::MOST_AXES;
use crate::array::Kind;

/// The contents of the header.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) kind: Kind,
    pub(super) big: bool,
    pub(super) columns_first: bool,
    pub(super) shape: Vec<usize>,
}

/// The reason why the header cannot be read, and the number of its bytes before that place.
pub(super) type Refusal = (usize, String);

impl Header {
    /// Reads one literal of a Python dictionary with exactly the keys `descr`, `fortran_order` and `shape`.
    pub(super) fn parse(text: &str) -> Result<Self, Refusal> {
        let mut p = Literal { text, at: 0 };
        let (mut descr, mut columns_first, mut shape) = (None, None, None);
        p.expect('{')?;
        while !p.take('}') {
            let (place, key) = (p.at, p.string()?);
            p.expect(':')?;
            let again = match key {
                "descr" => descr.replace((p.at, p.string()?)).is_some(),
                "fortran_order" => columns_first.replace(p.bool()?).is_some(),
                "shape" => shape.replace(p.tuple()?).is_some(),
                _ => return Err((place, format!("key {key:?} is not known"))),
            };
            if again {
                return Err((place, format!("key {key:?} comes twice")));
            }
            if !p.take(',') {
                p.expect('}')?;
                break;
            }
        }
        p.space();
        if p.at != text.len() {
            return Err((p.at, "more follows the closing brace".to_string()));
        }
        match (descr, columns_first, shape) {
            (Some((place, descr)), Some(columns_first), Some(shape)) => {
                let (kind, big) = kind(descr).ok_or_else(|| {
                    let rule = format!(
                        "elements of type {descr:?}; known are bool (b1), u1 to u8, i1 to i8, f2, f4 and f8"
                    );
                    (place, rule)
                })?;
                Ok(Self { kind, big, columns_first, shape })
            }
            _ => Err((0, "descr, fortran_order and shape must all be there".to_string())),
        }
    }
}

/// The element type that NumPy writes as `descr`, and whether its bytes come most significant first.
fn kind(descr: &str) -> Option<(Kind, bool)> {
    let (order, code) = descr.split_at_checked(1)?;
    let size = code.get(1..)?;
    let size = match size {
        "1" | "2" | "4" | "8" => size.parse().ok()?,
        _ => return None,
    };
    let kind = match (code.get(..1)?, size) {
        ("b", 1) => Kind::Bool,
        ("u", _) => Kind::Unsigned(size),
        ("i", _) => Kind::Signed(size),
        ("f", 2 | 4 | 8) => Kind::Float(size),
        _ => return None,
    };
    match order {
        "<" => Some((kind, false)),
        ">" => Some((kind, true)),
        "=" => Some((kind, cfg!(target_endian = "big"))),
        "|" if size == 1 => Some((kind, false)),
        _ => None,
    }
}

/// Reads the few literals of Python that a header may hold.
#[derive(Debug)]
struct Literal<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Literal<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn space(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_ascii_start().len();
    }

    /// Goes past `c` if it comes next.
    fn take(&mut self, c: char) -> bool {
        self.space();
        let there = self.rest().starts_with(c);
        self.at += if there { c.len_utf8() } else { 0 };
        there
    }

    fn expect(&mut self, c: char) -> Result<(), Refusal> {
        if self.take(c) { Ok(()) } else { Err((self.at, format!("{c:?} should come here"))) }
    }

    fn string(&mut self) -> Result<&'a str, Refusal> {
        let quote = if self.take('"') { '"' } else { '\'' };
        if quote == '\'' {
            self.expect('\'')?;
        }
        let start = self.at;
        let (text, _) = self
            .rest()
            .split_once(quote)
            .filter(|(text, _)| !text.contains('\\'))
            .ok_or_else(|| (start, "a string that does not end, or holds a \\".to_string()))?;
        self.at += text.len() + 1;
        Ok(text)
    }

    fn bool(&mut self) -> Result<bool, Refusal> {
        self.space();
        for (word, value) in [("True", true), ("False", false)] {
            if self.rest().starts_with(word) {
                self.at += word.len();
                return Ok(value);
            }
        }
        Err((self.at, "True or False should come here".to_string()))
    }

    fn tuple(&mut self) -> Result<Vec<usize>, Refusal> {
        self.expect('(')?;
        let mut sizes = Vec::new();
        while !self.take(')') {
            let rest = self.rest();
            let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let number = rest.get(..digits).and_then(|digits| digits.parse().ok());
            let size = number.ok_or_else(|| {
                (self.at, "a size, a number that fits, should come here".to_string())
            })?;
            if sizes.len() == MOST_AXES {
                return Err((self.at, format!("more than {MOST_AXES} axes")));
            }
            sizes.push(size);
            self.at += digits;
            // Python 2 wrote long numbers so.
            self.take('L');
            if !self.take(',') {
                self.expect(')')?;
                break;
            }
        }
        Ok(sizes)
    }
}
