//! Mutations of good files: bits, bytes, numbers, words of the formats, pieces moved and joined.

use wengert::tensor::Rng;

use crate::messages;

/// Words that mean something in one of the formats, and numbers at edges.
const WORDS: [&[u8]; 34] = [
    b"\"",
    b"{",
    b"}",
    b"[",
    b"]",
    b":",
    b",",
    b"\\u",
    b"\\ud800",
    b"'",
    b"(",
    b")",
    b"\n",
    b"\r",
    b";",
    b"-",
    b"1e999",
    b"nan",
    b"18446744073709551615",
    b"9223372036854775808",
    b"4294967296",
    b"-1",
    b"00",
    b"\"__metadata__\"",
    b"\"dtype\":\"F64\"",
    b"\"I64\"",
    b"\"BOOL\"",
    b"data_offsets",
    b"'fortran_order': True",
    b"'<f8'",
    b"PK\x01\x02",
    b"PK\x05\x06",
    b"\xff\xff\xff\xff",
    b"\0\0\0\0\0\0\0\x80",
];
/// So many inputs are mutated further.
const KEPT: usize = 64;

pub(crate) struct Mutator {
    rng: Rng,
    round: u64,
    good: Vec<Vec<u8>>,
    seeds: usize,
    /// True for ONNX files: their fields are mutated too.
    messages: bool,
}

/// Random numbers below a limit.
pub(crate) struct Draws(u64);

impl Draws {
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) as usize % limit.max(1)
    }
}

impl Mutator {
    pub(crate) fn new(seed: u64, seeds: Vec<Vec<u8>>, messages: bool) -> Self {
        Self { rng: Rng::new(seed), round: 0, seeds: seeds.len(), good: seeds, messages }
    }

    /// Another input.
    pub(crate) fn next(&mut self) -> Vec<u8> {
        self.round += 1;
        let mut first = [0; 8];
        first.copy_from_slice(&self.rng.stream(self.round).to_bytes()[..8]);
        let draws = &mut Draws(u64::from_le_bytes(first));
        let mut bytes = self.good[draws.below(self.good.len())].clone();
        for _ in 0..=draws.below(4) {
            if self.messages && draws.below(8) > 0 {
                messages::mutate(&mut bytes, draws);
                continue;
            }
            self.mutate(&mut bytes, draws);
        }
        bytes
    }

    /// Remembers an input that was taken, in place of an older one; never in place of a seed.
    pub(crate) fn keep(&mut self, bytes: Vec<u8>) {
        if bytes.len() > 1 << 16 {
            return;
        }
        if self.good.len() < self.seeds + KEPT {
            self.good.push(bytes);
        } else {
            let place = self.seeds + self.round as usize % KEPT;
            self.good[place] = bytes;
        }
    }

    fn mutate(&self, bytes: &mut Vec<u8>, draws: &mut Draws) {
        // Mostly at the beginning, where headers are.
        let near = if draws.below(3) > 0 { bytes.len().min(500) } else { bytes.len() };
        let at = draws.below(near);
        let end = (at + draws.below(16)).min(bytes.len());
        if bytes.is_empty() {
            bytes.push(0);
            return;
        }
        match draws.below(11) {
            0 => bytes[at] ^= 1 << draws.below(8),
            1 => bytes[at] = draws.below(256) as u8,
            2 => bytes.truncate(at),
            3 => drop(bytes.drain(at..end)),
            4 => bytes.insert(at, draws.below(256) as u8),
            5 => {
                let word = WORDS[draws.below(WORDS.len())];
                drop(bytes.splice(at..at, word.iter().copied()));
            }
            6 => {
                let word = WORDS[draws.below(WORDS.len())];
                let end = (at + word.len()).min(bytes.len());
                drop(bytes.splice(at..end, word.iter().copied()));
            }
            7 => {
                let piece = bytes[at..end].to_vec();
                let to = draws.below(bytes.len() + 1);
                drop(bytes.splice(to..to, piece));
            }
            8 => {
                // A number of a header, one more or one less, or another digit.
                if let Some(digit) = bytes[at..].iter_mut().find(|b| b.is_ascii_digit()) {
                    *digit = b'0' + draws.below(10) as u8;
                }
            }
            9 => {
                // The beginning of one file and the end of another.
                let other = &self.good[draws.below(self.good.len())];
                let from = draws.below(other.len());
                bytes.truncate(at);
                bytes.extend_from_slice(&other[from..]);
            }
            _ => {
                // A whole number of four bytes, at an edge.
                let edges = [0_u32, 1, 0x7fff_ffff, 0x8000_0000, u32::MAX, bytes.len() as u32];
                let number = edges[draws.below(edges.len())];
                let number =
                    if draws.below(2) == 0 { number.to_le_bytes() } else { number.to_be_bytes() };
                for (to, byte) in bytes[at..].iter_mut().zip(number) {
                    *to = byte;
                }
            }
        }
    }
}
