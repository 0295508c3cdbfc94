//! The writer of `.npz` files: stored members, one after another, and the directory behind them.

use std::io::Write;
use std::panic::Location;
use std::path::Path;

use wengert_files::checksum::crc32;
use wengert_files::write_whole;

use crate::array::Array;
use crate::error::Flaw;
use crate::{Result, npy};

/// Writes named arrays to a file at `path`, [whole or not at all](write_whole). The same arrays make the same bytes.
///
/// # Errors
/// [`Error::Io`](crate::Error::Io) if it cannot be written, [`Error::Format`](crate::Error::Format) if two arrays have one
/// name, or they are more, or larger, than the format holds.
#[track_caller]
pub fn write<'a>(
    path: impl AsRef<Path>,
    arrays: impl IntoIterator<Item = (&'a str, Array)>,
) -> Result<()> {
    let (path, at) = (path.as_ref(), Location::caller());
    let written = to_bytes(arrays).and_then(|bytes| Ok(write_whole(path, &bytes)?));
    written.map_err(|flaw| flaw.error("npz", Some(path), at))
}

/// [`write()`], to a writer.
///
/// # Errors
/// As [`write()`].
#[track_caller]
pub fn write_to<'a>(
    mut writer: impl Write,
    arrays: impl IntoIterator<Item = (&'a str, Array)>,
) -> Result<()> {
    let at = Location::caller();
    let written = to_bytes(arrays).and_then(|bytes| Ok(writer.write_all(&bytes)?));
    written.map_err(|flaw| flaw.error("npz", None, at))
}

fn to_bytes<'a>(arrays: impl IntoIterator<Item = (&'a str, Array)>) -> Result<Vec<u8>, Flaw> {
    let (mut out, mut directory, mut names) = (Vec::new(), Vec::new(), Vec::new());
    let too_large = |_| Flaw::new("the arrays are larger than a zip file holds, 4 GiB");
    for (name, array) in arrays {
        if names.contains(&name) {
            return Err(Flaw::new(format!("there are two arrays named {name:?}")));
        }
        names.push(name);
        let bytes = npy::to_bytes(&array)?;
        let file = format!("{name}.npy");
        let name_len = u16::try_from(file.len())
            .map_err(|_| Flaw::new(format!("a name of {} bytes", file.len())))?;
        let size = u32::try_from(bytes.len()).map_err(too_large)?;
        let start = u32::try_from(out.len()).map_err(too_large)?;

        // The contents of both headers: version 2.0, names in UTF-8, stored, 1 January 1980, checksum, sizes, lengths of name and extra.
        let mut facts = Vec::new();
        for field in [20_u16, 0x0800, 0, 0, 0x0021] {
            facts.extend_from_slice(&field.to_le_bytes());
        }
        for field in [crc32(&bytes), size, size] {
            facts.extend_from_slice(&field.to_le_bytes());
        }
        facts.extend_from_slice(&name_len.to_le_bytes());
        facts.extend_from_slice(&[0; 2]);

        out.extend_from_slice(b"PK\x03\x04");
        out.extend_from_slice(&facts);
        out.extend_from_slice(file.as_bytes());
        out.extend_from_slice(&bytes);

        directory.extend_from_slice(b"PK\x01\x02\x14\x00");
        directory.extend_from_slice(&facts);
        directory.extend_from_slice(&[0; 10]); // no comment, first disk, no attributes
        directory.extend_from_slice(&start.to_le_bytes());
        directory.extend_from_slice(file.as_bytes());
    }
    // The largest numbers of each width mean something else to a reader.
    let count = u16::try_from(names.len()).ok().filter(|&count| count != u16::MAX);
    let count = count.ok_or_else(|| Flaw::new(format!("{} arrays are too many", names.len())))?;
    let start = u32::try_from(out.len()).map_err(too_large)?;
    let size = u32::try_from(directory.len()).map_err(too_large)?;
    out.append(&mut directory);
    out.extend_from_slice(b"PK\x05\x06\0\0\0\0");
    out.extend_from_slice(&count.to_le_bytes());
    out.extend_from_slice(&count.to_le_bytes());
    out.extend_from_slice(&size.to_le_bytes());
    out.extend_from_slice(&start.to_le_bytes());
    out.extend_from_slice(&[0; 2]);
    Ok(out)
}
