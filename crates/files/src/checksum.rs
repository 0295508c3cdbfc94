//! Checksums of file formats: of zip files and PNG images, of TensorBoard's records, and of zlib's streams.

/// The remainders of all bytes by a polynomial, bits reversed.
const fn table(polynomial: u32) -> [u32; 256] {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 256 {
        let mut crc = i as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = (crc >> 1) ^ (polynomial * (crc & 1));
            bit += 1;
        }
        table[i] = crc;
        i += 1;
    }
    table
}

fn remainder(table: &[u32; 256], bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc: u32, &byte| (crc >> 8) ^ table[usize::from(crc as u8 ^ byte)])
}

/// The checksum of zip files and PNG images.
pub fn crc32(bytes: &[u8]) -> u32 {
    const TABLE: [u32; 256] = table(0xEDB8_8320);
    remainder(&TABLE, bytes)
}

/// Castagnoli's checksum, which TensorBoard's records have.
pub fn crc32c(bytes: &[u8]) -> u32 {
    const TABLE: [u32; 256] = table(0x82F6_3B78);
    remainder(&TABLE, bytes)
}

/// The checksum of zlib's streams.
pub fn adler32(bytes: &[u8]) -> u32 {
    const MODULUS: u32 = 65_521;
    let (mut a, mut b) = (1, 0);
    // So many sums of bytes fit a u32.
    for part in bytes.chunks(5552) {
        for &byte in part {
            a += u32::from(byte);
            b += a;
        }
        (a, b) = (a % MODULUS, b % MODULUS);
    }
    b << 16 | a
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The check values of the catalogue of checksums, and those of the RFC of iSCSI.
    #[test]
    fn published_values() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(crc32c(b"123456789"), 0xE306_9283);
        assert_eq!(crc32c(&[0; 32]), 0x8A91_36AA);
        assert_eq!(crc32c(&[0xff; 32]), 0x62A8_AB43);
        assert_eq!(adler32(b"Wikipedia"), 0x11E6_0398);
        assert_eq!((crc32(b""), crc32c(b""), adler32(b"")), (0, 0, 1));
        // Beyond one part: as by the definition.
        let long: Vec<u8> = (0..20_000_u32).map(|i| (i * 31) as u8 | 0x80).collect();
        let (mut a, mut b) = (1_u64, 0_u64);
        for &byte in &long {
            a = (a + u64::from(byte)) % 65_521;
            b = (b + a) % 65_521;
        }
        assert_eq!(u64::from(adler32(&long)), b << 16 | a);
    }
}
