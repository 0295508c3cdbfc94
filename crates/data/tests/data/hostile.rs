//! Files from strangers: whatever the bytes, an error and no panic, and never memory for what has not arrived.

use std::io::Read;
#[cfg(feature = "gz")]
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use wengert_data::npz::Npz;
use wengert_data::{Csv, idx, npy};

fn fixture(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
    std::fs::read(path).unwrap()
}

/// Reads bytes as everything; whether any reader took them.
fn read_all(bytes: &[u8]) -> bool {
    let mut taken = npy::read_from(bytes).is_ok() | idx::read_from(bytes).is_ok();
    if let Ok(npz) = Npz::read_from(bytes) {
        for name in npz.names() {
            taken |= npz.get_any(name).is_ok();
        }
    }
    for csv in [Csv::new(), Csv::new().header(true), Csv::new().delimiter(';').header(false)] {
        if let Ok(table) = csv.read_from(bytes) {
            let last = table.names().len() - 1;
            taken |= table.tensor::<f32>([0]).is_ok();
            taken |= table.classification::<f64>(last).is_ok();
            taken |= table.classes(0).is_ok();
            taken |= !table.to_string().is_empty();
        }
    }
    taken
}

fn npy_with(header: &str) -> Vec<u8> {
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend_from_slice(&(header.len() as u16).to_le_bytes());
    file.extend_from_slice(header.as_bytes());
    file.extend_from_slice(&[0; 64]);
    file
}

#[test]
fn malformed_npy() {
    let header = |descr: &str, fortran: &str, shape: &str| {
        npy_with(&format!("{{'descr': {descr}, 'fortran_order': {fortran}, 'shape': {shape}, }}\n"))
    };
    assert!(npy::read_from(&header("'<f4'", "False", "(2, 3)")[..]).is_ok());
    assert!(npy::read_from(&header("\"<f4\"", "True", "(2L, 3L)")[..]).is_ok());
    let zeros = "0, ".repeat(65);
    let corpus = [
        Vec::new(),
        b"\x93NUMPY".to_vec(),
        b"\x93NUMPY\x01\x00".to_vec(),
        b"\x93NUMPY\x04\x00\x02\x00{}".to_vec(),
        b"\x93NUMPY\x01\x00\xff\xff{}".to_vec(),
        // The 14 bytes for which a reader once asked for a gigabyte.
        b"\x93NUMPY\x02\x00\x00\x00\x00\x40{}".to_vec(),
        b"\x93NUMPY\x03\x00\xff\xff\xff\xff{}".to_vec(),
        npy_with(""),
        npy_with("{"),
        npy_with("{}"),
        npy_with("{'descr'}"),
        npy_with("{'descr': '<f4'}"),
        npy_with("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': ()}"),
        npy_with("{'descr': '<f4', 'fortran_order': False, 'shape': ()} __import__('os')"),
        npy_with("{'descr': '<f4', 'fortran_order': False, 'shape': (), 'more': 1}"),
        npy_with("{'descr': '<f4\\n', 'fortran_order': False, 'shape': ()}"),
        header("'<f4'", "0", "(2,)"),
        header("'<f4'", "False", "2"),
        header("'<f4'", "False", "(-2,)"),
        header("'<f4'", "False", "(,)"),
        header("'<f4'", "False", "(2 3)"),
        header("'<f4'", "False", "(17,)"),
        header("'<f4'", "False", "(18446744073709551615,)"),
        header("'<f4'", "False", "(18446744073709551616,)"),
        // Products that wrap around to something small.
        header("'<f4'", "False", "(4294967296, 4294967296)"),
        header("'<f4'", "False", "(4294967296, 4294967296, 0)"),
        header("'<f4'", "True", "(0, 9223372036854775807, 2)"),
        header("'<f8'", "False", "(2305843009213693952, 8)"),
        header("'<f4'", "False", &format!("({zeros})")),
        header("'<f3'", "False", "(2,)"),
        header("'<f16'", "False", "(2,)"),
        header("'<U4'", "False", "(2,)"),
        header("'f4'", "False", "(2,)"),
        header("'|f4'", "False", "(2,)"),
        header("'é4'", "False", "(2,)"),
        header("''", "False", "(2,)"),
        header("'<'", "False", "(2,)"),
        header("[('a', '<f4')]", "False", "(2,)"),
        [b"\x93NUMPY\x01\x00\x04\x00".as_slice(), &[0xff; 4]].concat(),
    ];
    for file in corpus {
        let error = npy::read_from(&file[..]).unwrap_err();
        assert!(error.to_string().starts_with("npy: "), "{error}");
    }
    // A bool that is none: no other value may ever be made one.
    let mut file = npy_with("{'descr': '|b1', 'fortran_order': False, 'shape': (2,)}");
    let last = file.len() - 63;
    file[last] = 2;
    let error = npy::read_from(&file[..]).unwrap_err().to_string();
    assert!(error.contains("element 1 is a bool that is neither 0 nor 1"), "{error}");
}

#[test]
fn malformed_idx() {
    for file in [
        &[][..],
        &[0, 0, 8],
        &[0, 1, 8, 1, 0, 0, 0, 0],
        &[0, 0, 7, 1, 0, 0, 0, 0],
        &[0, 0, 8, 1],
        &[0, 0, 8, 1, 0, 0, 0, 2, 1],
        &[0, 0, 8, 1, 0, 0, 0, 1, 1, 1],
        &[0, 0, 8, 1, 255, 255, 255, 255, 1],
        &[[0, 0, 8, 3].as_slice(), &[255; 12]].concat(),
        &[[0, 0, 14, 255].as_slice(), &[255; 1020]].concat(),
        &[[0, 0, 14, 255].as_slice(), &[255; 1016], &[0; 4]].concat(),
    ] {
        assert!(idx::read_from(file).unwrap_err().to_string().starts_with("idx: "));
    }
}

#[test]
fn malformed_npz() {
    let good = fixture("stored.npz");
    for file in
        [Vec::new(), b"PK\x05\x06".to_vec(), good[..good.len() - 1].to_vec(), good[1..].to_vec()]
    {
        let result = Npz::read_from(&file[..]);
        let all = result.map(|npz| npz.names().all(|name| npz.get_any(name).is_ok()));
        assert!(!matches!(all, Ok(true)));
    }
    // Every byte of a member is under its checksum.
    let start = good.windows(6).position(|bytes| bytes == b"\x93NUMPY").unwrap();
    let mut bad = good.clone();
    bad[start + 130] ^= 1;
    let error = Npz::read_from(&bad[..]).unwrap().get_any("x").unwrap_err().to_string();
    assert!(error.contains("checksum is wrong"), "{error}");
}

/// Splitmix64: the tests' own, so that a failure can be had again.
fn next(state: &mut u64) -> usize {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (z ^ (z >> 31)) as usize
}

#[test]
fn ten_thousand_mutations() {
    let mut seeds: Vec<Vec<u8>> = [
        "f4.npy",
        "f8_fortran.npy",
        "i2_big.npy",
        "bool.npy",
        "v2.npy",
        "stored.npz",
        "deflated.npz",
    ]
    .map(fixture)
    .to_vec();
    seeds.push([[0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4].as_slice(), &[7; 24]].concat());
    seeds.push(b"a,b,kind\n1,2.5,\"x\"\n-3e4,\"4\",\"y \"\"z\"\"\"\n5,6,x\r\n".to_vec());
    let (mut state, mut taken) = (1, 0);
    for round in 0..10_000 {
        let mut bytes = seeds[next(&mut state) % seeds.len()].clone();
        for _ in 0..1 + next(&mut state) % 4 {
            let at = next(&mut state) % bytes.len().max(1);
            match next(&mut state) % 6 {
                0 if !bytes.is_empty() => bytes[at] ^= 1 << (next(&mut state) % 8),
                1 if !bytes.is_empty() => {
                    bytes[at] = [0, 0xff, b'"', b'9', b'\n'][next(&mut state) % 5]
                }
                2 => bytes.truncate(at),
                3 if !bytes.is_empty() => drop(bytes.remove(at)),
                4 => bytes.insert(at.min(bytes.len()), next(&mut state) as u8),
                _ => {
                    let end = (at + next(&mut state) % 16).min(bytes.len());
                    let piece = bytes[at.min(end)..end].to_vec();
                    let to = next(&mut state) % (bytes.len() + 1);
                    bytes.splice(to..to, piece);
                }
            }
        }
        match catch_unwind(AssertUnwindSafe(|| read_all(&bytes))) {
            Ok(ok) => taken += usize::from(ok),
            Err(_) => panic!("round {round}: {bytes:?}"),
        }
    }
    // Some mutations do no harm, so the readers were reached.
    assert!(taken > 500, "{taken}");
}

#[cfg(feature = "gz")]
#[test]
fn mutated_gzip() {
    let good = fixture("images.idx.gz");
    let path = std::env::temp_dir().join(format!("wengert-gz-{}", std::process::id()));
    let mut state = 2;
    for _ in 0..500 {
        let mut bytes = good.clone();
        let at = 2 + next(&mut state) % (bytes.len() - 2);
        if next(&mut state).is_multiple_of(4) {
            bytes.truncate(at);
        } else {
            bytes[at] ^= 1 << (next(&mut state) % 8);
        }
        std::fs::write(&path, bytes).unwrap();
        match idx::read::<u8>(&path) {
            // What the checksum covers is as it was.
            Ok(images) => assert_eq!(images.to_vec(), (0..24).collect::<Vec<_>>()),
            // The file's fault, not the system's.
            Err(error) => assert!(matches!(error, wengert_data::Error::Format(_)), "{error}"),
        }
    }
    std::fs::remove_file(path).unwrap();
}

/// A few hundred kilobytes that unpack to gigabytes are rejected before they have filled the memory.
#[cfg(feature = "gz")]
#[test]
fn what_unpacks_to_much_more_than_its_size_is_an_error() {
    let path = std::env::temp_dir().join(format!("wengert-bomb-{}.csv.gz", std::process::id()));
    let file = std::fs::File::create(&path).unwrap();
    let mut packed = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
    let line = b"1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1\n".repeat(1 << 15);
    for _ in 0..80 {
        packed.write_all(&line).unwrap();
    }
    packed.finish().unwrap();
    assert!(std::fs::metadata(&path).unwrap().len() < 1 << 20);
    let error = wengert_data::Csv::new().read(&path).unwrap_err().to_string();
    std::fs::remove_file(&path).unwrap();
    assert!(error.contains("bytes, a hundred times its size"), "{error}");
    assert!(error.contains("help: if it is what it should be, unpack the file"), "{error}");
}

#[test]
fn no_memory_for_what_has_not_arrived() {
    /// Gives what it holds, one byte at a time, and an error when asked for a buffer's worth more than once.
    struct Trickle<'a>(&'a [u8]);
    impl Read for Trickle<'_> {
        fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
            // Whoever allocates a gigabyte before reading shows it here.
            assert!(out.len() <= 1 << 20, "a buffer of {} bytes", out.len());
            let count = out.len().min(1).min(self.0.len());
            out[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }
    let header = "{'descr': '<f8', 'fortran_order': False, 'shape': (1073741824, 4)}";
    assert!(npy::read_from(Trickle(&npy_with(header))).is_err());
    assert!(idx::read_from(Trickle(&[0, 0, 8, 1, 127, 255, 255, 255, 1])).is_err());
}

#[test]
fn samples_beyond_memory_name_the_line_that_asked_for_them() {
    use wengert_data::synth;
    let calls: [&dyn Fn(); 3] = [
        &|| drop(synth::moons::<f32>(usize::MAX, 0.1, 0)),
        &|| drop(synth::blobs::<f32>(1 << 60, 2, 9, 0.1, 0)),
        &|| drop(synth::linear::<f32>(1 << 50, 3.0, 4.0, 0.5, 0)),
    ];
    for call in calls {
        let payload = std::panic::catch_unwind(std::panic::AssertUnwindSafe(call)).unwrap_err();
        let text = payload.downcast_ref::<String>().unwrap();
        assert!(text.contains("memory") && text.contains("hostile.rs:"), "{text}");
    }
}
