//! The directory of a zip file, such as NumPy's `.npz` and PyTorch's `.pt` are, read from a stranger: every number is checked
//! before anything is done with it.
#![deny(clippy::indexing_slicing)]

use std::collections::HashSet;

use crate::checksum::crc32;

/// A zip file in memory. Its members are unpacked when they are asked for.
#[derive(Debug)]
pub struct Zip {
    bytes: Vec<u8>,
    members: Vec<Member>,
}

/// A member's entry in the directory.
#[derive(Clone, Debug)]
pub struct Member {
    /// The name, with its folders.
    pub name: String,
    /// Whether its bytes are compressed.
    pub deflated: bool,
    /// The number of its bytes when unpacked.
    pub size: usize,
    /// The start of its own header.
    pub start: usize,
    crc: u32,
    packed: usize,
}

/// The reason why the file is no zip file, with its place if it has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// The byte of the file.
    pub place: Option<u64>,
    /// The rule that is broken.
    pub rule: String,
}

fn flaw(at: usize, rule: impl Into<String>) -> Flaw {
    Flaw { place: Some(at as u64), rule: rule.into() }
}

impl Zip {
    /// Reads the directory at the file's end.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn parse(bytes: Vec<u8>) -> Result<Self, Flaw> {
        // The last record is 22 bytes and a comment of up to 64 KiB.
        let first = bytes.len().saturating_sub(22 + 0xffff);
        let end = (first..=bytes.len().saturating_sub(22)).rev().find(|&at| {
            let end = Fields { bytes: &bytes, at };
            end.u32(0) == Some(0x0605_4b50)
                && end.u16(20).is_some_and(|comment| at + 22 + comment as usize == bytes.len())
        });
        let at = end.ok_or_else(|| {
            let rule = "has no directory at its end: it is cut off, or no zip file".to_string();
            Flaw { place: None, rule }
        })?;
        let end = Fields { bytes: &bytes, at };
        let (Some(count), Some(start)) = (end.u16(10), end.u32(16)) else {
            return Err(flaw(at, "the directory's record ends early"));
        };
        if count == u16::MAX || start == u32::MAX {
            return Err(flaw(at, "is a zip64 file, which is not read here"));
        }
        let (mut members, mut names) = (Vec::new(), HashSet::new());
        let mut at = start as usize;
        for _ in 0..count {
            let (member, next) = Member::parse(&bytes, at)?;
            if !names.insert(member.name.clone()) {
                return Err(flaw(at, format!("there are two members named {:?}", member.name)));
            }
            members.push(member);
            at = next;
        }
        Ok(Self { bytes, members })
    }

    /// The directory, in the file's order.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// The number of bytes of the file.
    pub fn size(&self) -> usize {
        self.bytes.len()
    }

    /// The bytes of a member as they lie in the file.
    ///
    /// # Errors
    /// If they reach past its end.
    pub fn packed(&self, member: &Member) -> Result<&[u8], Flaw> {
        let header = Fields { bytes: &self.bytes, at: member.start };
        if header.u32(0) != Some(0x0403_4b50) {
            return Err(flaw(member.start, "the directory points where no member starts"));
        }
        // Its own header repeats the directory, which is believed; only the header's length matters.
        let (name, extra) = (header.u16(26), header.u16(28));
        let packed = name.zip(extra).and_then(|(name, extra)| {
            let start = member.start.checked_add(30 + name as usize + extra as usize)?;
            self.bytes.get(start..start.checked_add(member.packed)?)
        });
        packed.ok_or_else(|| flaw(member.start, "the member reaches past the end of the file"))
    }

    /// The bytes of a member that is not compressed, with its checksum compared.
    ///
    /// # Errors
    /// As [`packed`](Self::packed); if it is compressed, or its bytes are not those that were written.
    pub fn stored(&self, member: &Member) -> Result<&[u8], Flaw> {
        if member.deflated {
            return Err(flaw(member.start, "the member is compressed, which is not read here"));
        }
        let bytes = self.packed(member)?;
        member.check(bytes)?;
        Ok(bytes)
    }
}

impl Member {
    /// Compares the unpacked bytes with the directory.
    ///
    /// # Errors
    /// If their number or their checksum is another.
    pub fn check(&self, bytes: &[u8]) -> Result<(), Flaw> {
        if bytes.len() != self.size {
            return Err(flaw(self.start, "the member is not as long as the directory says"));
        }
        if crc32(bytes) != self.crc {
            let rule = "the member's checksum is wrong: its bytes have changed";
            return Err(flaw(self.start, rule));
        }
        Ok(())
    }

    /// The directory's entry at `at`, and where the next one starts.
    fn parse(bytes: &[u8], at: usize) -> Result<(Self, usize), Flaw> {
        let flaw = |rule: &str| flaw(at, rule);
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
            _ => return Err(flaw("the member is compressed in a way that is not read here")),
        };
        Ok((Self { name: name.to_string(), deflated, size, start, crc, packed }, next))
    }
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
