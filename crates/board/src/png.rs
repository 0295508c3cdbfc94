//! PNG images, not compressed: a signature and three chunks.

use wengert_files::checksum::{adler32, crc32};

/// Pixels by rows, the channels of a pixel side by side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Image {
    /// 1 for grey, 2 for grey and alpha, 3 for red, green and blue, 4 for these and alpha.
    pub(crate) channels: u8,
    pub(crate) rows: u32,
    pub(crate) columns: u32,
    pub(crate) bytes: Vec<u8>,
}

impl Image {
    /// The bytes of a PNG file.
    pub(crate) fn to_png(&self) -> Vec<u8> {
        let kind = match self.channels {
            1 => 0,
            2 => 4,
            3 => 2,
            _ => 6,
        };
        let mut header = Vec::new();
        header.extend(self.columns.to_be_bytes());
        header.extend(self.rows.to_be_bytes());
        // Eight bits a channel; the one compression, the one filter, no interlacing.
        header.extend([8, kind, 0, 0, 0]);

        // Each row follows its filter, which is none.
        let width = self.columns as usize * usize::from(self.channels);
        let mut rows = Vec::with_capacity(self.bytes.len() + self.rows as usize);
        for row in self.bytes.chunks(width.max(1)) {
            rows.push(0);
            rows.extend(row);
        }
        let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
        chunk(&mut png, *b"IHDR", &header);
        chunk(&mut png, *b"IDAT", &zlib(&rows));
        chunk(&mut png, *b"IEND", &[]);
        png
    }
}

fn chunk(png: &mut Vec<u8>, kind: [u8; 4], bytes: &[u8]) {
    png.extend((bytes.len() as u32).to_be_bytes());
    let start = png.len();
    png.extend(kind);
    png.extend(bytes);
    let checksum = crc32(&png[start..]);
    png.extend(checksum.to_be_bytes());
}

/// A zlib stream of stored blocks.
fn zlib(bytes: &[u8]) -> Vec<u8> {
    const MOST: usize = 0xffff;
    let mut stream = vec![0x78, 0x01];
    let blocks = bytes.len().div_ceil(MOST).max(1);
    for k in 0..blocks {
        let block = &bytes[k * MOST..bytes.len().min((k + 1) * MOST)];
        let length = block.len() as u16;
        stream.push(u8::from(k + 1 == blocks));
        stream.extend(length.to_le_bytes());
        stream.extend((!length).to_le_bytes());
        stream.extend(block);
    }
    stream.extend(adler32(bytes).to_be_bytes());
    stream
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The smallest image, byte by byte; `.ci/tensorboard` reads larger ones by another's library.
    #[test]
    fn one_grey_pixel() {
        let image = Image { channels: 1, rows: 1, columns: 1, bytes: vec![0x80] };
        let expected: &[&[u8]] = &[
            b"\x89PNG\r\n\x1a\n",
            b"\0\0\0\x0dIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0\x3a\x7e\x9b\x55",
            b"\0\0\0\x0dIDAT\x78\x01\x01\x02\0\xfd\xff\0\x80\0\x82\0\x81",
        ];
        let expected = expected.concat();
        let png = image.to_png();
        assert_eq!(png[..expected.len()], expected, "{}", png.escape_ascii());
        assert!(png.ends_with(b"\0\0\0\0IEND\xae\x42\x60\x82"));
    }

    #[test]
    fn long_streams_have_several_blocks() {
        let stream = zlib(&vec![1; 0xffff + 3]);
        assert_eq!(stream[2..5], [0, 0xff, 0xff]);
        assert_eq!(stream[7 + 0xffff..][..5], [1, 3, 0, 0xfc, 0xff]);
        assert_eq!(zlib(&[]), [0x78, 1, 1, 0, 0, 0xff, 0xff, 0, 0, 0, 1]);
    }
}
