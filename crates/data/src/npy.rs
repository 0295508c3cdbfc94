//! NumPy's `.npy`: one array. Reads versions 1 to 3, both byte orders, both orders of axes; writes version 1.
//!
//! ```
//! use wengert_data::npy;
//! use wengert_tensor::{Tensor, tensor};
//!
//! let x = tensor![[1.0_f32, 2.0], [3.0, 4.0]];
//! let mut file = Vec::new();
//! npy::write_to(&mut file, &x)?;
//! let back: Tensor<f32> = npy::read_from(&file[..])?.tensor()?;
//! assert_eq!(back, x);
//! # Ok::<(), wengert_data::Error>(())
//! ```
#![deny(clippy::indexing_slicing)]

use std::io::{Read, Write};
use std::panic::Location;
use std::path::Path;

use wengert_files::write_whole;
use wengert_tensor::{Element, Tensor};

use crate::Result;
use crate::array::{Array, Kind, any, decode, encode};
use crate::bytes::{Input, bytes_of, open};
use crate::error::Flaw;

const MAGIC: &[u8; 6] = b"\x93NUMPY";
/// No header of an array that a tensor can be is longer; one that claims to be is not believed.
const LONGEST_HEADER: usize = 1 << 16;
/// As many axes as NumPy allows.
const MOST_AXES: usize = 64;

/// The array in the file at `path`, as a tensor of `T`.
///
/// # Errors
/// [`Error::Io`](crate::Error::Io) if it cannot be read, [`Error::Format`](crate::Error::Format) if it is not one array or
/// [cannot become](Array::tensor) a tensor of `T` without loss.
#[track_caller]
pub fn read<T: Element>(path: impl AsRef<Path>) -> Result<Tensor<T>> {
    let (path, at) = (path.as_ref(), Location::caller());
    let tensor = read_file(path).and_then(|array| array.lossless());
    tensor.map_err(|flaw| flaw.error("npy", Some(path), at))
}

/// The array in the file at `path`, of any element type.
///
/// # Errors
/// As [`read`], but for the type.
#[track_caller]
pub fn read_any(path: impl AsRef<Path>) -> Result<Array> {
    let (path, at) = (path.as_ref(), Location::caller());
    read_file(path).map_err(|flaw| flaw.error("npy", Some(path), at))
}

/// The next array in `reader`. It reads no byte more, so that several arrays can follow one another.
///
/// # Errors
/// As [`read_any`].
#[track_caller]
pub fn read_from(reader: impl Read) -> Result<Array> {
    let at = Location::caller();
    parse(&mut Input::new(reader)).map_err(|flaw| flaw.error("npy", None, at))
}

/// Writes a tensor to a file at `path`, [whole or not at all](write_whole). `usize` is written as 64 bits.
///
/// # Errors
/// [`Error::Io`](crate::Error::Io) if it cannot be written.
#[track_caller]
pub fn write<T: Element>(path: impl AsRef<Path>, x: &Tensor<T>) -> Result<()> {
    let (path, at) = (path.as_ref(), Location::caller());
    let written = to_bytes(&Array::of(x)).and_then(|bytes| Ok(write_whole(path, &bytes)?));
    written.map_err(|flaw| flaw.error("npy", Some(path), at))
}

/// Writes a tensor. `usize` is written as 64 bits.
///
/// # Errors
/// [`Error::Io`](crate::Error::Io) if it cannot be written.
#[track_caller]
pub fn write_to<T: Element>(mut writer: impl Write, x: &Tensor<T>) -> Result<()> {
    let at = Location::caller();
    let written = to_bytes(&Array::of(x)).and_then(|bytes| Ok(writer.write_all(&bytes)?));
    written.map_err(|flaw| flaw.error("npy", None, at))
}

fn read_file(path: &Path) -> Result<Array, Flaw> {
    let mut input = Input::new(open(path)?);
    let array = parse(&mut input)?;
    input.end()?;
    Ok(array)
}

pub(crate) fn parse(input: &mut Input<impl Read>) -> Result<Array, Flaw> {
    if &input.array::<6>("the magic")? != MAGIC {
        return Err(Flaw::byte(0, "does not start with \\x93NUMPY, so it is no .npy file"));
    }
    let [major, minor] = input.array("the version")?;
    let len = match major {
        1 => u16::from_le_bytes(input.array("the header's length")?) as usize,
        2 | 3 => u32::from_le_bytes(input.array("the header's length")?) as usize,
        _ => return Err(Flaw::byte(6, format!("is of version {major}.{minor}; 1 to 3 are known"))),
    };
    let start = input.at;
    if len > LONGEST_HEADER {
        return Err(Flaw::byte(start, format!("claims a header of {len} bytes")));
    }
    let header = input.bytes(len, "the header")?;
    let header = std::str::from_utf8(&header)
        .map_err(|e| Flaw::byte(start + e.valid_up_to() as u64, "the header is not text"))?;
    let header = Header::parse(header)
        .map_err(|(place, rule)| Flaw::byte(start + place as u64, format!("header: {rule}")))?;

    let shape = &header.shape;
    let size = bytes_of(shape, header.kind.size());
    let size = size.ok_or_else(|| {
        Flaw::byte(start, format!("claims the shape {shape:?}, more than memory can address"))
    })?;
    let bytes = input.bytes(size, "the elements")?;
    if !header.columns_first {
        return decode(header.kind, header.big, &bytes, shape);
    }
    let reversed: Vec<usize> = shape.iter().rev().copied().collect();
    let order: Vec<isize> = (0..shape.len() as isize).rev().collect();
    let array = decode(header.kind, header.big, &bytes, &reversed)?;
    any!(array, x => x.permute(&order).map(Array::from).map_err(|e| Flaw::new(&e.fault().rule)))
}

/// The contents of the header.
#[derive(Debug)]
struct Header {
    kind: Kind,
    big: bool,
    columns_first: bool,
    shape: Vec<usize>,
}

/// The reason why the header cannot be read, and the number of its bytes before that place.
type Refusal = (usize, String);

impl Header {
    /// Reads one literal of a Python dictionary with exactly the keys `descr`, `fortran_order` and `shape`.
    fn parse(text: &str) -> Result<Self, Refusal> {
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
                        "elements of type {descr:?}; known are bool (b1), u1 to u8, i1 to i8, f4 and f8"
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
        ("f", 4 | 8) => Kind::Float(size),
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

pub(crate) fn to_bytes(array: &Array) -> Result<Vec<u8>, Flaw> {
    let descr = match array {
        Array::F32(_) => "<f4",
        Array::F64(_) => "<f8",
        Array::I64(_) => "<i8",
        Array::Usize(_) => "<u8",
        Array::U8(_) => "|u1",
        Array::Bool(_) => "|b1",
    };
    let shape = array.shape();
    // What the reader rejects is not written.
    if shape.len() > MOST_AXES || bytes_of(shape, 1).is_none() {
        return Err(Flaw::new(format!("{} axes, or their sizes, are too many", shape.len())));
    }
    let shape = match shape {
        [n] => format!("({n},)"),
        sizes => format!("({})", sizes.iter().map(usize::to_string).collect::<Vec<_>>().join(", ")),
    };
    let mut header =
        format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}").into_bytes();
    // Magic, version and length take 10 bytes; the elements start at a multiple of 64, after a line's end.
    let end = (10 + header.len() + 1).next_multiple_of(64);
    header.resize(end - 11, b' ');
    header.push(b'\n');
    let mut out = MAGIC.to_vec();
    out.extend_from_slice(&[1, 0]);
    // 64 sizes of 20 digits are far from 64 KiB.
    out.extend_from_slice(&(header.len() as u16).to_le_bytes());
    out.extend_from_slice(&header);
    encode(array, &mut out);
    Ok(out)
}
