//! NumPy's `.npz`: several named arrays, a zip file of `.npy` files. Reads stored and (with the feature `gz`) deflated
//! members; writes stored ones.
//!
//! ```
//! use wengert_data::npz::{self, Npz};
//! use wengert_tensor::{Tensor, tensor};
//!
//! let mut file = Vec::new();
//! npz::write_to(&mut file, [("x", tensor![1.0_f32, 2.0].into()), ("y", tensor![0_usize, 1].into())])?;
//! let arrays = Npz::read_from(&file[..])?;
//! assert_eq!(arrays.names().collect::<Vec<_>>(), ["x", "y"]);
//! assert_eq!(arrays.get::<usize>("y")?, tensor![0, 1]);
//! # Ok::<(), wengert_data::Error>(())
//! ```
#![deny(clippy::indexing_slicing)]

mod write;

use std::collections::BTreeSet;
use std::fmt;
use std::io::Read;
use std::panic::Location;
use std::path::{Path, PathBuf};

use wengert_tensor::{Element, Tensor};

use crate::array::Array;
use crate::bytes::{Input, most_unpacked, unpacks_to_more};
use crate::error::Flaw;
use crate::{Result, npy};
use write::crc32;
pub use write::{write, write_to};

/// An `.npz` file in memory. Its arrays are unpacked when they are asked for.
pub struct Npz {
    bytes: Vec<u8>,
    members: Vec<Member>,
    path: Option<PathBuf>,
}

/// A member's entry in the file's directory.
#[derive(Debug)]
struct Member {
    name: String,
    deflated: bool,
    crc: u32,
    packed: usize,
    size: usize,
    /// The start of its own header.
    start: usize,
}

impl Npz {
    /// The file at `path`.
    ///
    /// # Errors
    /// [`Error::Io`](crate::Error::Io) if it cannot be read, [`Error::Format`](crate::Error::Format) if it is not a zip file.
    #[track_caller]
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        let (path, at) = (path.as_ref(), Location::caller());
        let parsed = std::fs::read(path).map_err(Flaw::from).and_then(parse);
        let mut npz = parsed.map_err(|flaw| flaw.error("npz", Some(path), at))?;
        npz.path = Some(path.to_path_buf());
        Ok(npz)
    }

    /// The file that `reader` holds.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    #[track_caller]
    pub fn read_from(mut reader: impl Read) -> Result<Self> {
        let at = Location::caller();
        let mut bytes = Vec::new();
        let read = reader.read_to_end(&mut bytes).map_err(Flaw::from);
        read.and_then(|_| parse(bytes)).map_err(|flaw| flaw.error("npz", None, at))
    }

    /// The arrays' names, in the file's order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.members.iter().map(|member| &*member.name)
    }

    /// The array of that name, as a tensor of `T`.
    ///
    /// # Errors
    /// [`Error::Format`](crate::Error::Format) if there is none, if it is not what its format asks for, or if it
    /// [cannot become](Array::tensor) a tensor of `T` without loss.
    #[track_caller]
    pub fn get<T: Element>(&self, name: &str) -> Result<Tensor<T>> {
        let at = Location::caller();
        let tensor = self.unpack(name).and_then(|array| array.lossless());
        tensor.map_err(|flaw| self.name_in(flaw, name).error("npz", self.path.as_deref(), at))
    }

    /// The array of that name, of any element type.
    ///
    /// # Errors
    /// As [`get`](Self::get), but for the type.
    #[track_caller]
    pub fn get_any(&self, name: &str) -> Result<Array> {
        let at = Location::caller();
        let array = self.unpack(name);
        array.map_err(|flaw| self.name_in(flaw, name).error("npz", self.path.as_deref(), at))
    }

    fn name_in(&self, mut flaw: Flaw, name: &str) -> Flaw {
        flaw.rule = format!("array {name:?}: {}", flaw.rule);
        flaw
    }

    fn unpack(&self, name: &str) -> Result<Array, Flaw> {
        let member = self.members.iter().find(|member| member.name == name).ok_or_else(|| {
            Flaw::new(format!("is not there; there are {:?}", self.names().collect::<Vec<_>>()))
        })?;
        let place = |rule: &str| Flaw::byte(member.start as u64, rule);
        let header = Fields { bytes: &self.bytes, at: member.start };
        if header.u32(0) != Some(0x0403_4b50) {
            return Err(place("the directory points where no member starts"));
        }
        // Its own header repeats the directory, which is believed; only the header's length matters.
        let (name, extra) = (header.u16(26), header.u16(28));
        let packed = name.zip(extra).and_then(|(name, extra)| {
            let start = member.start.checked_add(30 + name as usize + extra as usize)?;
            self.bytes.get(start..start.checked_add(member.packed)?)
        });
        let packed = packed.ok_or_else(|| place("the member reaches past the end of the file"))?;
        let inflated;
        let bytes = if member.deflated {
            let most = most_unpacked(packed.len() as u64);
            if member.size as u64 > most {
                return Err(place(&unpacks_to_more(most)).help("write it with `numpy.savez`"));
            }
            inflated = inflate(packed, member.size)?;
            &inflated
        } else {
            packed
        };
        if bytes.len() != member.size {
            return Err(place("the member is not as long as the directory says"));
        }
        if crc32(bytes) != member.crc {
            return Err(place("the member's checksum is wrong: its bytes have changed"));
        }
        let mut input = Input::new(bytes);
        let array = npy::parse(&mut input)?;
        input.end()?;
        Ok(array)
    }
}

impl fmt::Debug for Npz {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

#[cfg(feature = "gz")]
fn inflate(packed: &[u8], size: usize) -> Result<Vec<u8>, Flaw> {
    let mut bytes = Vec::new();
    // One byte more than there should be, to see that there is none.
    let limit = (size as u64).saturating_add(1);
    flate2::read::DeflateDecoder::new(packed).take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(not(feature = "gz"))]
fn inflate(_: &[u8], _: usize) -> Result<Vec<u8>, Flaw> {
    Err(Flaw::new("is compressed").help("turn on the feature `gz`, or write it with `numpy.savez`"))
}

/// Numbers at places counted from a start; `None` past the end.
struct Fields<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Fields<'_> {
    fn array<const N: usize>(&self, offset: usize) -> Option<[u8; N]> {
        let start = self.at.checked_add(offset)?;
        self.bytes.get(start..start.checked_add(N)?)?.try_into().ok()
    }
    fn u16(&self, offset: usize) -> Option<u16> {
        self.array(offset).map(u16::from_le_bytes)
    }
    fn u32(&self, offset: usize) -> Option<u32> {
        self.array(offset).map(u32::from_le_bytes)
    }
}

/// Reads the directory at the file's end.
fn parse(bytes: Vec<u8>) -> Result<Npz, Flaw> {
    // The last record is 22 bytes and a comment of up to 64 KiB.
    let first = bytes.len().saturating_sub(22 + 0xffff);
    let end = (first..=bytes.len().saturating_sub(22)).rev().find(|&at| {
        let end = Fields { bytes: &bytes, at };
        end.u32(0) == Some(0x0605_4b50)
            && end.u16(20).is_some_and(|comment| at + 22 + comment as usize == bytes.len())
    });
    let at = end.ok_or_else(|| Flaw::new("has no directory at its end, so it is no .npz file"))?;
    let end = Fields { bytes: &bytes, at };
    let (Some(count), Some(start)) = (end.u16(10), end.u32(16)) else {
        return Err(Flaw::byte(at as u64, "the directory's record ends early"));
    };
    if count == u16::MAX || start == u32::MAX {
        return Err(Flaw::byte(at as u64, "is a zip64 file, which is not read here"));
    }
    let (mut members, mut names) = (Vec::new(), BTreeSet::new());
    let mut at = start as usize;
    for _ in 0..count {
        let (member, next) = member(&bytes, at)?;
        if !names.insert(member.name.clone()) {
            let rule = format!("there are two arrays named {:?}", member.name);
            return Err(Flaw::byte(at as u64, rule));
        }
        members.push(member);
        at = next;
    }
    Ok(Npz { bytes, members, path: None })
}

/// The directory's entry at `at`, and where the next one starts.
fn member(bytes: &[u8], at: usize) -> Result<(Member, usize), Flaw> {
    let flaw = |rule: &str| Flaw::byte(at as u64, rule);
    let entry = Fields { bytes, at };
    let fields = || {
        let [name, extra, comment] = [entry.u16(28)?, entry.u16(30)?, entry.u16(32)?];
        let name_start = at.checked_add(46)?;
        let name_end = name_start.checked_add(name as usize)?;
        let next = name_end.checked_add(extra as usize + comment as usize)?;
        let sizes = [entry.u32(20)?, entry.u32(24)?, entry.u32(42)?];
        let name = bytes.get(name_start..name_end)?;
        Some((entry.u16(8)?, entry.u16(10)?, entry.u32(16)?, sizes, name, next))
    };
    if entry.u32(0) != Some(0x0201_4b50) {
        return Err(flaw("an entry of the directory should start here"));
    }
    let (flags, method, crc, sizes, name, next) =
        fields().ok_or_else(|| flaw("the directory ends within an entry"))?;
    let name = std::str::from_utf8(name).map_err(|_| flaw("a name that is not text"))?;
    if flags & 1 != 0 {
        return Err(flaw("the member is encrypted"));
    }
    if sizes.contains(&u32::MAX) {
        return Err(flaw("the member is larger than 4 GiB, which is not read here"));
    }
    let [packed, size, start] = sizes.map(|n| n as usize);
    let deflated = match method {
        0 => false,
        8 => true,
        _ => return Err(flaw("the member is compressed in a way that NumPy does not use")),
    };
    let name = name.strip_suffix(".npy").unwrap_or(name).to_string();
    Ok((Member { name, deflated, crc, packed, size, start }, next))
}
