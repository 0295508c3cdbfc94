//! Malformed files, each with its fault.

/// A safetensors file of a header and so many bytes.
fn tensors(header: &str, bytes: usize) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &vec![0; bytes]].concat()
}

/// An npy file of a header and so many bytes.
fn npy(header: &str, bytes: usize) -> Vec<u8> {
    let length = (header.len() as u16).to_le_bytes();
    [b"\x93NUMPY\x01\x00".as_slice(), &length, header.as_bytes(), &vec![0; bytes]].concat()
}

fn npy_of(descr: &str, order: &str, shape: &str) -> Vec<u8> {
    npy(&format!("{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}\n"), 64)
}

/// The malformed files for a reader.
pub(crate) fn of(target: &str) -> Vec<(&'static str, Vec<u8>)> {
    match target {
        "safetensors" => safetensors(),
        // All that is no file of tensors is no checkpoint either; and files of tensors that are none.
        "checkpoint" => [safetensors(), checkpoints()].concat(),
        "npy" => arrays(),
        "npz" => archives(),
        "pt" => pickles(),
        "pt.zip" => {
            [archives(), vec![("a zip file without a pickle", zip(&[("a/b", b"c")]))]].concat()
        }
        "idx" | "idx.gz" => images(),
        _ => tables(),
    }
}

fn safetensors() -> Vec<(&'static str, Vec<u8>)> {
    let one = |dtype: &str, shape: &str, offsets: &str| {
        format!("{{\"a\":{{\"dtype\":\"{dtype}\",\"shape\":{shape},\"data_offsets\":{offsets}}}}}")
    };
    let f32 = |shape: &str, offsets: &str| one("F32", shape, offsets);
    let nested = format!("{{\"a\":{}", "[".repeat(100_000));
    let part = "\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\"";
    let two = |second: &str| format!("{{\"a\":{{{part}:[0,4]}},\"b\":{{{part}:{second}}}}}");
    vec![
        ("nothing", Vec::new()),
        ("seven bytes", vec![0; 7]),
        ("a header of no bytes", vec![0; 8]),
        ("a header longer than the file", [&u64::MAX.to_le_bytes(), b"{}".as_slice()].concat()),
        ("a header of a gigabyte", [&(1_u64 << 30).to_le_bytes(), b"{}".as_slice()].concat()),
        ("a header that is not UTF-8", tensors("{", 0).into_iter().chain([0xff]).collect()),
        ("a header that ends early", tensors("{\"a\":", 0)),
        ("a deep header", tensors(&nested, 0)),
        ("a header that is a list", tensors("[]", 0)),
        ("a key without a value", tensors("{\"a\"}", 0)),
        ("a shape below zero", tensors(&f32("[-1]", "[0,4]"), 4)),
        ("a shape with a fraction", tensors(&f32("[1.5]", "[0,4]"), 4)),
        ("a shape beyond all numbers", tensors(&f32("[99999999999999999999]", "[0,4]"), 4)),
        ("a shape whose product overflows", tensors(&f32("[4294967296,4294967296]", "[0,0]"), 0)),
        ("a shape whose bytes overflow", tensors(&f32("[4611686018427387904]", "[0,0]"), 0)),
        ("more bytes than the shape takes", tensors(&f32("[1]", "[0,8]"), 8)),
        ("fewer bytes than the shape takes", tensors(&f32("[3]", "[0,8]"), 8)),
        ("offsets beyond the file", tensors(&f32("[1000000]", "[0,4000000]"), 8)),
        ("offsets the wrong way round", tensors(&f32("[1]", "[4,0]"), 4)),
        ("one offset", tensors(&f32("[1]", "[0]"), 4)),
        ("bytes that nobody names", tensors(&f32("[1]", "[0,4]"), 5)),
        ("two tensors of the same bytes", tensors(&two("[0,4]"), 4)),
        ("a hole between two tensors", tensors(&two("[8,12]"), 12)),
        ("two tensors of one name", tensors(&two("[4,8]").replace("\"b\"", "\"a\""), 8)),
        ("a type that nobody knows", tensors(&one("F7", "[1]", "[0,4]"), 4)),
        ("no type", tensors("{\"a\":{\"shape\":[1],\"data_offsets\":[0,4]}}", 4)),
        (
            "a key that nobody knows",
            tensors(
                "{\"a\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0],\"code\":1}}",
                0,
            ),
        ),
        ("a text that is a number", tensors("{\"__metadata__\":{\"a\":1}}", 0)),
        ("half a character", tensors("{\"__metadata__\":{\"a\":\"\\ud800\"}}", 0)),
        ("a control character", tensors("{\"__metadata__\":{\"a\":\"\n\"}}", 0)),
        ("a number that starts with zero", tensors(&f32("[01]", "[0,4]"), 4)),
        ("a bool that is two", {
            let mut f = tensors(&one("BOOL", "[1]", "[0,1]"), 0);
            f.push(2);
            f
        }),
        ("a file of PyTorch's", b"PK\x03\x04archive/data.pkl".to_vec()),
    ]
}

fn checkpoints() -> Vec<(&'static str, Vec<u8>)> {
    let whole = "{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[0,8]}";
    vec![
        ("no epoch", tensors("{}", 0)),
        ("a tensor of nobody", tensors(&format!("{{\"weight\":{whole}}}"), 8)),
        ("an epoch below zero", {
            let mut file = tensors(&format!("{{\"epoch\":{whole}}}"), 0);
            file.extend_from_slice(&(-1_i64).to_le_bytes());
            file
        }),
        (
            "a version and no checksum",
            tensors(
                &format!("{{\"__metadata__\":{{\"wengert.checkpoint\":\"2\"}},\"epoch\":{whole}}}"),
                8,
            ),
        ),
        (
            "a version beyond all",
            tensors(
                &format!(
                    "{{\"__metadata__\":{{\"wengert.checkpoint\":\"99\"}},\"epoch\":{whole}}}"
                ),
                8,
            ),
        ),
        (
            "a version that is no number",
            tensors(
                &format!(
                    "{{\"__metadata__\":{{\"wengert.checkpoint\":\"two\"}},\"epoch\":{whole}}}"
                ),
                8,
            ),
        ),
        (
            "a wrong checksum",
            tensors(
                &format!(
                    "{{\"__metadata__\":{{\"wengert.checkpoint\":\"2\",\"wengert.checksum\":\"0\"}},\"epoch\":{whole}}}"
                ),
                8,
            ),
        ),
        (
            "a setting that is none",
            tensors(&format!("{{\"__metadata__\":{{\"config.a\":\"?\"}},\"epoch\":{whole}}}"), 8),
        ),
        (
            "a number that is a tensor",
            tensors(
                &format!(
                    "{{\"__metadata__\":{{\"optimizer.\":\"Adam\"}},\"optimizer.number.a\":{whole}}}"
                ),
                8,
            ),
        ),
    ]
}

fn arrays() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("nothing", Vec::new()),
        ("the magic alone", b"\x93NUMPY".to_vec()),
        ("a version that nobody knows", b"\x93NUMPY\x04\x00\x02\x00{}".to_vec()),
        ("a header longer than the file", b"\x93NUMPY\x01\x00\xff\xff{}".to_vec()),
        ("a header of a gigabyte", b"\x93NUMPY\x02\x00\x00\x00\x00\x40{}".to_vec()),
        ("an empty header", npy("{}", 0)),
        (
            "a key twice",
            npy("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': ()}", 8),
        ),
        (
            "a program",
            npy("{'descr': '<f4', 'fortran_order': False, 'shape': ()} __import__('os')", 8),
        ),
        ("an order that is a number", npy_of("'<f4'", "0", "(2,)")),
        ("a shape below zero", npy_of("'<f4'", "False", "(-2,)")),
        ("a shape that is a number", npy_of("'<f4'", "False", "2")),
        ("a shape beyond all numbers", npy_of("'<f4'", "False", "(18446744073709551616,)")),
        ("a shape whose product overflows", npy_of("'<f4'", "False", "(4294967296, 4294967296)")),
        ("a shape of more than there is", npy_of("'<f8'", "False", "(1073741824, 4)")),
        ("objects", npy_of("'|O'", "False", "(2,)")),
        ("text", npy_of("'<U4'", "False", "(2,)")),
        ("fields", npy_of("[('a', '<f4')]", "False", "(2,)")),
        (
            "a header that is not UTF-8",
            [b"\x93NUMPY\x01\x00\x04\x00".as_slice(), &[0xff; 4]].concat(),
        ),
    ]
}

fn archives() -> Vec<(&'static str, Vec<u8>)> {
    let end = |entries: u16, size: u32, at: u32| {
        let parts: [&[u8]; 6] = [
            b"PK\x05\x06\0\0\0\0",
            &entries.to_le_bytes(),
            &entries.to_le_bytes(),
            &size.to_le_bytes(),
            &at.to_le_bytes(),
            &[0, 0],
        ];
        parts.concat()
    };
    vec![
        ("nothing", Vec::new()),
        ("the end's beginning", b"PK\x05\x06".to_vec()),
        ("no entries", end(0, 0, 0)),
        ("more entries than there are", end(u16::MAX, 0, 0)),
        ("a directory beyond the file", end(1, 46, u32::MAX)),
        ("a directory longer than the file", end(1, u32::MAX, 0)),
        ("an npy", npy_of("'<f4'", "False", "(2,)")),
        ("a directory of noise", [&[7; 46], end(1, 46, 0).as_slice()].concat()),
    ]
}

/// A zip file of members that are not compressed.
pub(crate) fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, bytes) in members {
        let (start, size) = (out.len() as u32, bytes.len() as u32);
        let facts = [
            &[20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0][..],
            &wengert::files::checksum::crc32(bytes).to_le_bytes(),
            &size.to_le_bytes(),
            &size.to_le_bytes(),
            &(name.len() as u16).to_le_bytes(),
            &[0, 0],
        ]
        .concat();
        out.extend([b"PK\x03\x04", &*facts, name.as_bytes(), bytes].concat());
        let entry =
            [b"PK\x01\x02\x14\x00", &*facts, &[0; 10], &start.to_le_bytes(), name.as_bytes()];
        directory.extend(entry.concat());
    }
    let (count, size, start) = (
        (members.len() as u16).to_le_bytes(),
        (directory.len() as u32).to_le_bytes(),
        (out.len() as u32).to_le_bytes(),
    );
    [out, directory, [b"PK\x05\x06\0\0\0\0", &count[..], &count, &size, &start, &[0, 0]].concat()]
        .concat()
}

/// A pickled tensor of a member, its count, an offset, sizes and strides, each as instructions.
fn pickled(key: &str, count: &[u8], offset: &[u8], sizes: &[u8], strides: &[u8]) -> Vec<u8> {
    let parts = [
        b"ctorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storagectorch\nFloatStorage\nX",
        &(key.len() as u32).to_le_bytes()[..],
        key.as_bytes(),
        b"X\x03\0\0\0cpu",
        count,
        b"tQ",
        offset,
        b"(",
        sizes,
        b"t(",
        strides,
        b"t\x89NtR",
    ];
    parts.concat()
}

/// A state dict of one tensor.
fn dict_of(tensor: &[u8]) -> Vec<u8> {
    [b"\x80\x02}X\x01\0\0\0w", tensor, b"s."].concat()
}

/// The state dict from which the malformed ones differ in one thing each.
pub(crate) fn good_pickle() -> Vec<u8> {
    dict_of(&pickled("0", b"K\x06", b"K\x00", b"K\x03K\x02", b"K\x02K\x01"))
}

/// Pickles next to the numbers of `state.pt`, whose member 0 is six singles.
fn pickles() -> Vec<(&'static str, Vec<u8>)> {
    let six = |offset: &[u8], sizes: &[u8], strides: &[u8]| {
        dict_of(&pickled("0", b"K\x06", offset, sizes, strides))
    };
    let huge = b"\x8a\x06\0\0\0\0\0\x01";
    // Views that overlap, under names of their own: a thousand times the bytes of the file.
    let mut many = b"\x80\x02}".to_vec();
    for k in 0..3000_u16 {
        let name = [b"X\x04\0\0\0", format!("{k:04}").as_bytes()].concat();
        let offset = [b'K', (k % 6) as u8];
        let sizes = [b'K', (6 - k % 6) as u8, b'M', (k & 0xff) as u8, (k >> 8) as u8];
        let strides = b"K\x01K\x00";
        many.extend(
            [name, pickled("0", b"K\x06", &offset, &sizes, strides), b"s".to_vec()].concat(),
        );
    }
    many.push(b'.');
    vec![
        ("nothing", Vec::new()),
        ("a stop alone", b".".to_vec()),
        ("a system call", b"\x80\x02cos\nsystem\nX\x02\0\0\0ls\x85R.".to_vec()),
        ("a call of eval", b"\x80\x04\x8c\x08builtins\x8c\x04eval\x93\x8c\x011\x85R.".to_vec()),
        ("an object", b"\x80\x02c__main__\nNet\n)\x81}b.".to_vec()),
        ("an old instance", b"(i__main__\nNet\n.".to_vec()),
        (
            "one tensor",
            pickled("0", b"K\x06", b"K\x00", b"K\x06", b"K\x01").into_iter().chain(*b".").collect(),
        ),
        ("a number under a name", b"\x80\x02}X\x01\0\0\0wK\x01s.".to_vec()),
        (
            "a name that is a number",
            [b"\x80\x02}K\x01", &*pickled("0", b"K\x06", b"K\x00", b"K\x06", b"K\x01"), b"s."]
                .concat(),
        ),
        (
            "numbers that are not there",
            dict_of(&pickled("99", b"K\x06", b"K\x00", b"K\x06", b"K\x01")),
        ),
        (
            "numbers outside of the folder",
            dict_of(&pickled("../data.pkl", b"K\x06", b"K\x00", b"K\x06", b"K\x01")),
        ),
        (
            "another count of numbers",
            dict_of(&pickled("0", b"K\x07", b"K\x00", b"K\x06", b"K\x01")),
        ),
        ("an offset past the end", six(b"K\x06", b"K\x01", b"K\x01")),
        ("an offset below zero", six(b"J\xff\xff\xff\xff", b"K\x01", b"K\x01")),
        ("a shape past the end", six(b"K\x00", b"K\x07", b"K\x01")),
        ("a shape below zero", six(b"K\x00", b"J\xff\xff\xff\xff", b"K\x01")),
        ("a stride past the end", six(b"K\x00", b"K\x02", b"K\x06")),
        ("a stride below zero", six(b"K\x05", b"K\x02", b"J\xff\xff\xff\xff")),
        ("one number a trillion times", six(b"K\x00", huge, b"K\x00")),
        ("a shape whose product overflows", six(b"K\x00", &huge.repeat(3), &b"K\x00".repeat(3))),
        ("strides whose product overflows", six(b"K\x00", &huge.repeat(3), &huge.repeat(3))),
        ("seventeen axes", six(b"K\x00", &b"K\x01".repeat(17), &b"K\x01".repeat(17))),
        ("more sizes than strides", six(b"K\x00", b"K\x01K\x01", b"K\x01")),
        ("three thousand views of six numbers", many),
    ]
}

fn images() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("nothing", Vec::new()),
        ("three bytes", vec![0, 0, 8]),
        ("a beginning that is not zero", vec![0, 1, 8, 1, 0, 0, 0, 0]),
        ("a type that nobody knows", vec![0, 0, 7, 1, 0, 0, 0, 0]),
        ("no sizes", vec![0, 0, 8, 1]),
        ("fewer bytes than the sizes say", vec![0, 0, 8, 1, 0, 0, 0, 2, 1]),
        ("more bytes than the sizes say", vec![0, 0, 8, 1, 0, 0, 0, 1, 1, 1]),
        ("sizes of four gigabytes", vec![0, 0, 8, 1, 255, 255, 255, 255, 1]),
        ("sizes whose product overflows", [[0, 0, 8, 3].as_slice(), &[255; 12]].concat()),
        ("255 axes", [[0, 0, 14, 255].as_slice(), &[255; 1020]].concat()),
        ("gzip that ends early", vec![0x1f, 0x8b, 8, 0, 0, 0]),
    ]
}

fn tables() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("nothing", Vec::new()),
        ("a line of nothing", b"\n".to_vec()),
        ("a row that is too short", b"a,b\n1,2\n3\n".to_vec()),
        ("a row that is too long", b"a,b\n1,2\n3,4,5\n".to_vec()),
        ("a quote that never ends", b"a,b\n1,\"2\n3,4\n".to_vec()),
        ("something after a quote", b"a,b\n1,\"2\"x\n".to_vec()),
        ("bytes that are not UTF-8", b"a,b\n1,\xff\n".to_vec()),
        ("UTF-16", b"\xff\xfea\0,\0b\0\n\x001\0,\x002\0\n\0".to_vec()),
    ]
}
