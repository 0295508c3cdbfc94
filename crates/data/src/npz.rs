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

use wengert_files::zip::{self, Zip};
use wengert_tensor::{Element, Tensor};

use crate::array::Array;
use crate::bytes::{Input, most_unpacked, unpacks_to_more};
use crate::error::Flaw;
use crate::{Result, npy};
pub use write::{write, write_to};

/// An `.npz` file in memory. Its arrays are unpacked when they are asked for.
pub struct Npz {
    zip: Zip,
    path: Option<PathBuf>,
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
        self.zip.members().iter().map(|member| array_name(&member.name))
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
        let named = |member: &&zip::Member| array_name(&member.name) == name;
        let member = self.zip.members().iter().find(named).ok_or_else(|| {
            Flaw::new(format!("is not there; there are {:?}", self.names().collect::<Vec<_>>()))
        })?;
        let inflated;
        let bytes = if member.deflated {
            let packed = self.zip.packed(member)?;
            let most = most_unpacked(packed.len() as u64);
            if member.size as u64 > most {
                let flaw = Flaw::byte(member.start as u64, unpacks_to_more(most));
                return Err(flaw.help("write it with `numpy.savez`"));
            }
            inflated = inflate(packed, member.size)?;
            member.check(&inflated)?;
            &inflated
        } else {
            self.zip.stored(member)?
        };
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

/// The name of an array, by that of its member.
fn array_name(member: &str) -> &str {
    member.strip_suffix(".npy").unwrap_or(member)
}

fn parse(bytes: Vec<u8>) -> Result<Npz, Flaw> {
    let npz = Npz { zip: Zip::parse(bytes)?, path: None };
    let mut names = BTreeSet::new();
    if let Some(twice) = npz.names().find(|name| !names.insert(*name)) {
        return Err(Flaw::new(format!("there are two arrays named {twice:?}")));
    }
    Ok(npz)
}
