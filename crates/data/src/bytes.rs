//! Reading untrusted bytes: memory never exceeds the bytes that have arrived, and every position is known.
#![deny(clippy::indexing_slicing)]

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use crate::error::Flaw;

/// A reader that counts its bytes, and for which an early end is an error.
#[derive(Debug)]
pub(crate) struct Input<R> {
    reader: R,
    /// Bytes read so far.
    pub(crate) at: u64,
}

impl<R: Read> Input<R> {
    pub(crate) fn new(reader: R) -> Self {
        Self { reader, at: 0 }
    }

    /// The next `count` bytes, which are the file's `what`. Memory grows with the bytes that arrive, not with the claimed count.
    pub(crate) fn bytes(&mut self, count: usize, what: &str) -> Result<Vec<u8>, Flaw> {
        let mut bytes = Vec::new();
        self.reader.by_ref().take(count as u64).read_to_end(&mut bytes)?;
        if bytes.len() != count {
            let rule = format!("ends after {} of {count} bytes of {what}", bytes.len());
            return Err(Flaw::byte(self.at, rule));
        }
        self.at += count as u64;
        Ok(bytes)
    }

    /// The next `N` bytes.
    pub(crate) fn array<const N: usize>(&mut self, what: &str) -> Result<[u8; N], Flaw> {
        let bytes = self.bytes(N, what)?;
        bytes.try_into().map_err(|_| Flaw::byte(self.at, format!("ends within {what}")))
    }

    /// Rejects further bytes.
    pub(crate) fn end(&mut self) -> Result<(), Flaw> {
        let mut one = [0];
        match self.reader.read_exact(&mut one) {
            Ok(()) => Err(Flaw::byte(self.at, "more bytes follow where the file should end")),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// The bytes of a file, decompressed if it starts as gzip does (no format read here starts so).
pub(crate) fn open(path: &Path) -> Result<Box<dyn Read>, Flaw> {
    let mut start = Vec::new();
    File::open(path)?.take(2).read_to_end(&mut start)?;
    let reader = BufReader::new(File::open(path)?);
    if start != [0x1f, 0x8b] {
        return Ok(Box::new(reader));
    }
    let most = most_unpacked(std::fs::metadata(path)?.len());
    Ok(Box::new(Bounded { reader: unzipped(reader)?, left: most, most }))
}

/// The most bytes that `packed` bytes may unpack to: a small file that would fill the memory is not data. What text and
/// images are is seldom a twentieth of their size when packed.
pub(crate) fn most_unpacked(packed: u64) -> u64 {
    packed.saturating_mul(100).max(64 << 20)
}

/// The rule that [`Bounded`] and a packed array share.
pub(crate) fn unpacks_to_more(most: u64) -> String {
    format!("unpacks to more than {most} bytes, a hundred times its size")
}

/// A reader that gives no more than so many bytes; more are an error.
struct Bounded<R> {
    reader: R,
    left: u64,
    most: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        match self.left.checked_sub(read as u64) {
            Some(left) => self.left = left,
            None => {
                let rule = unpacks_to_more(self.most);
                return Err(io::Error::new(io::ErrorKind::InvalidData, rule + UNPACK_IT));
            }
        }
        Ok(read)
    }
}

/// The way around the bound.
const UNPACK_IT: &str = "\n  help: if it is what it should be, unpack the file and read that";

#[cfg(feature = "gz")]
fn unzipped(reader: BufReader<File>) -> Result<Box<dyn Read>, Flaw> {
    Ok(Box::new(flate2::bufread::MultiGzDecoder::new(reader)))
}

#[cfg(not(feature = "gz"))]
fn unzipped(_: BufReader<File>) -> Result<Box<dyn Read>, Flaw> {
    Err(Flaw::new("is compressed with gzip").help("turn on the feature `gz`, or unpack the file"))
}

/// The bytes of an array of `shape` with elements of `size` bytes, if memory can hold them. Sizes of 0 count
/// as 1, so that an empty array's other sizes are bounded too.
pub(crate) fn bytes_of(shape: &[usize], size: usize) -> Option<usize> {
    let all = shape.iter().try_fold(16usize, |n, &s| n.checked_mul(s.max(1)))?;
    let len = if shape.contains(&0) { 0 } else { all / 16 };
    if all > isize::MAX as usize { None } else { len.checked_mul(size) }
}
