//! The file of records that TensorBoard reads: each has its length, its bytes, and checksums of both.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use wengert_files::checksum::crc32c;

/// A file of records, each of which is in the hands of the system when [`append`](Self::append) returns: a program that is killed
/// loses at most the record that it is writing.
#[derive(Debug)]
pub(crate) struct Records {
    file: File,
    pub(crate) path: PathBuf,
    /// The bytes of all whole records.
    length: u64,
}

impl Records {
    /// A new file in a directory, which is created if it is not there. Its name begins with `start`.
    pub(crate) fn create(directory: &Path, start: &str) -> io::Result<Self> {
        std::fs::create_dir_all(directory)?;
        for number in 0.. {
            let path = directory.join(format!("{start}.{number}"));
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
                Ok(file) => return Ok(Self { file, path, length: 0 }),
            }
        }
        Err(ErrorKind::AlreadyExists.into())
    }

    /// Adds a record, by one write.
    pub(crate) fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let record = framed(bytes);
        if let Err(error) = self.file.write_all(&record) {
            // A part of a record would hide all that follow. If this fails too, the first error says more.
            let _ = self.file.set_len(self.length);
            let _ = self.file.seek(SeekFrom::Start(self.length));
            return Err(error);
        }
        self.length += record.len() as u64;
        Ok(())
    }
}

fn framed(bytes: &[u8]) -> Vec<u8> {
    let length = (bytes.len() as u64).to_le_bytes();
    let mut record = Vec::with_capacity(bytes.len() + 16);
    record.extend(length);
    record.extend(masked(&length).to_le_bytes());
    record.extend(bytes);
    record.extend(masked(bytes).to_le_bytes());
    record
}

/// The checksum of bytes, turned and moved, so that the checksum of bytes that hold checksums is not weak.
fn masked(bytes: &[u8]) -> u32 {
    crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_by_its_definition() {
        let record = framed(b"abc");
        assert_eq!(record.len(), 8 + 4 + 3 + 4);
        assert_eq!(record[..8], [3, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(record[12..15], *b"abc");
        // Of "abc" the checksum is 0x364b3fb7, which is turned and moved.
        assert_eq!(record[15..], 0x21f1_576e_u32.to_le_bytes());
    }

    #[test]
    fn two_files_of_one_second_have_two_names() {
        let dir = std::env::temp_dir().join(format!("wengert-records-{}", std::process::id()));
        let (mut one, two) =
            (Records::create(&dir, "a").unwrap(), Records::create(&dir, "a").unwrap());
        assert_ne!(one.path, two.path);
        one.append(b"abc").unwrap();
        one.append(b"").unwrap();
        let bytes = std::fs::read(&one.path).unwrap();
        assert_eq!(bytes, [framed(b"abc"), framed(b"")].concat());
        assert_eq!(one.length, bytes.len() as u64);
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
