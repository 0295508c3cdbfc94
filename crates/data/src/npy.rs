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

mod header;

use std::io::{Read, Write};
use std::panic::Location;
use std::path::Path;

use wengert_files::write_whole;
use wengert_tensor::{Element, Tensor};

use crate::Result;
use crate::array::{Array, any, decode, encode};
use crate::bytes::{Input, bytes_of, open};
use crate::error::Flaw;
use header::Header;

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
