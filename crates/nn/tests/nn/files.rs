//! Files of weights: what Python wrote, what we write, and what a stranger may have done to either.

use wengert_files::Error;
use wengert_nn::safetensors::{AnyTensor, Archive};
use wengert_nn::{BatchNorm1d, Entry, Linear, Module, Parts, Relu, State, load, save, sequential};
use wengert_tensor::{Rng, Tensor, tensor};

/// Written by the Python package `safetensors` (0.x) from NumPy arrays.
const PYTHON: &[u8] = include_bytes!("../fixtures/python.safetensors");

#[test]
fn reads_what_python_wrote() {
    let archive = Archive::from_bytes(PYTHON).unwrap();
    let get = |name: &str| {
        let found = archive.tensors.iter().find(|(n, _)| n == name);
        found.unwrap_or_else(|| panic!("no {name}")).1.clone()
    };
    assert_eq!(get("l1.weight"), AnyTensor::F32(tensor![[0.0, 0.25, 0.5], [0.75, 1.0, 1.25]]));
    assert_eq!(get("l1.bias"), AnyTensor::F32(tensor![-1.5, 3.25]));
    assert_eq!(get("norm.running_var"), AnyTensor::F64(tensor![1.0, 1e-3]));
    assert_eq!(get("norm.num_batches_tracked"), AnyTensor::I64(Tensor::scalar(7)));
    assert_eq!(get("half"), AnyTensor::F32(tensor![0.5, -2.0, 65504.0]));
    assert_eq!(get("mask"), AnyTensor::Bool(tensor![[true, false], [false, true]]));
    assert_eq!(get("bytes"), AnyTensor::U8(tensor![0, 128, 255]));
    assert_eq!(get("small"), AnyTensor::I64(tensor![-3, 4]));
    assert_eq!(get("empty"), AnyTensor::F32(Tensor::zeros([0, 4])));
    let mut words = archive.metadata.clone();
    words.sort();
    assert_eq!(words[1], ("note".to_string(), "a \"quoted\" é".to_string()));
}

/// A net that PyTorch trained predicts here as it does there.
#[test]
fn a_net_of_pytorchs() -> wengert_nn::Result<()> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../files/tests/fixtures/state.pt");
    let rng = &mut Rng::new(0);
    let model = sequential![
        Linear::<f32>::new(2, 3, rng),
        BatchNorm1d::new(3),
        Relu,
        Linear::new(3, 1, rng)
    ];
    model.load_state(&wengert_files::pt::load(path)?)?;
    let y = model.predict(&tensor![[1.0, 2.0], [-3.0, 0.5]])?;
    // By PyTorch 2.15.
    assert!(y.allclose(&tensor![[101.017_29], [57.731_377]], 1e-6, 0.0, false)?, "{y}");
    Ok(())
}

#[test]
fn models_go_through_files() -> wengert_nn::Result<()> {
    let rng = &mut Rng::new(0);
    let net = sequential![fc: Linear::<f32>::new(3, 2, rng), norm: BatchNorm1d::new(2)];
    let file =
        std::env::temp_dir().join(format!("wengert-files-{}.safetensors", std::process::id()));
    save(&file, &net.state())?;
    let state: State<f32> = load(&file)?;
    assert_eq!(state, net.state());
    assert_eq!(state.names().collect::<Vec<_>>(), net.state().names().collect::<Vec<_>>());
    assert_eq!(state.entry("norm.num_batches_tracked"), Some(&Entry::Int(Tensor::scalar(0))));
    // Into double precision, exactly.
    let wide: State<f64> = load(&file)?;
    assert_eq!(wide.get("fc.weight").unwrap().cast::<f32>(), *state.get("fc.weight").unwrap());
    std::fs::remove_file(&file).unwrap();
    let error = load::<f32>(&file).unwrap_err();
    assert!(matches!(error, Error::Io { kind: std::io::ErrorKind::NotFound, .. }), "{error}");
    Ok(())
}

/// A file of this header and these bytes.
fn file(header: &str, data: &[u8]) -> Vec<u8> {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend_from_slice(header.as_bytes());
    bytes.extend_from_slice(data);
    bytes
}

#[test]
fn refuses_what_is_not_sound() {
    let one = |fields: &str| format!("{{\"a\":{{{fields}}}}}");
    let f32_at = |shape: &str, offsets: &str| {
        one(&format!("\"dtype\":\"F32\",\"shape\":{shape},\"data_offsets\":{offsets}"))
    };
    for (header, length, words) in [
        ("".to_string(), 0, "does not start with `{`"),
        (" {}".to_string(), 0, "does not start with `{`"),
        ("{".to_string(), 0, "the header ends where `\"` is wanted"),
        ("{} x".to_string(), 0, "something follows"),
        ("{}".to_string(), 4, "0 bytes are named, and there are 4"),
        ("{\"a\":1}".to_string(), 0, "`{` is wanted, not `1`"),
        (one(""), 0, "`a` has no `dtype`"),
        (one("\"dtype\":\"F32\""), 0, "`a` has no `shape`"),
        (one("\"dtype\":\"F32\",\"shape\":[]"), 0, "`a` has no `data_offsets`"),
        (one("\"dtype\":\"F32\",\"dtype\":\"F32\""), 0, "`dtype` is named twice"),
        (one("\"color\":1"), 0, "a field `color`"),
        (one("\"dtype\":\"F3"), 0, "the header ends where `\"` is wanted"),
        (f32_at("[1]", "[0,4]"), 3, "4 bytes are named, and there are 3"),
        (f32_at("[1]", "[0,4]"), 5, "4 bytes are named, and there are 5"),
        (f32_at("[1]", "[4,8]"), 8, "must start at 0"),
        (f32_at("[1]", "[4,0]"), 4, "must start at 0"),
        (f32_at("[2]", "[0,4]"), 4, "shape [2] of F32 does not take 4 bytes"),
        (f32_at("[-1]", "[0,4]"), 4, "a whole number is wanted, not `-`"),
        (f32_at("[1.0]", "[0,4]"), 4, "`,` or `]` is wanted, not `.`"),
        (f32_at("[01]", "[0,4]"), 4, "starts with 0"),
        (f32_at("[1]", "[0]"), 4, "`data_offsets` must be two numbers"),
        (f32_at("[1]", "[0,4,4]"), 4, "more than 2 numbers"),
        (f32_at("[18446744073709551616]", "[0,4]"), 4, "beyond all memory"),
        // A product that wraps around to 4 bytes.
        (f32_at("[4611686018427387905,1]", "[0,4]"), 4, "does not take 4 bytes"),
        (f32_at("[4294967296,4294967296,1]", "[0,0]"), 0, "does not take 0 bytes"),
        (
            f32_at("[1]", "[0,4]").replace("F32", "F8_E4M3"),
            4,
            "type F8_E4M3 is not one that is read",
        ),
        (f32_at("[4]", "[0,4]").replace("F32", "BOOL"), 4, "7 is neither 0 nor 1"),
        ("{\"a\":{},\"a\":{}}".to_string(), 0, "`a` has no `dtype`"),
        ("{\"__metadata__\":{\"a\":1}}".to_string(), 0, "`\"` is wanted"),
        ("{\"__metadata__\":{},\"__metadata__\":{}}".to_string(), 0, "named twice"),
        ("{\"\\q\":{}}".to_string(), 0, "an escaped character is wanted"),
        ("{\"\\ud800\":{}}".to_string(), 0, "the second half of a character"),
        ("{\"\\udc00\":{}}".to_string(), 0, "the first half of a character"),
        ("{\"a\nb\":{}}".to_string(), 0, "a control character"),
    ] {
        match Archive::from_bytes(&file(&header, &vec![7; length])) {
            Err(Error::File(fault)) => {
                assert!(fault.rule.contains(words), "{header}: {} for {words}", fault.rule);
            }
            other => panic!("{header}: {other:?}"),
        }
    }
    // Overlapping, and with a hole.
    let two = |a: &str, b: &str| {
        format!(
            "{{\"a\":{{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":{a}}},\"b\":{{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":{b}}}}}"
        )
    };
    assert!(Archive::from_bytes(&file(&two("[0,2]", "[2,4]"), &[0; 4])).is_ok());
    assert!(Archive::from_bytes(&file(&two("[2,4]", "[0,2]"), &[0; 4])).is_ok());
    assert!(Archive::from_bytes(&file(&two("[0,2]", "[1,3]"), &[0; 3])).is_err());
    assert!(Archive::from_bytes(&file(&two("[0,2]", "[3,5]"), &[0; 5])).is_err());
    // Lengths that nothing stands behind.
    for stated in [u64::MAX, u64::MAX - 8, 1 << 40, 100_000_001, 3] {
        let mut bytes = stated.to_le_bytes().to_vec();
        bytes.extend_from_slice(b"{}");
        assert!(Archive::from_bytes(&bytes).is_err());
    }
    for n in 0..8 {
        assert!(Archive::from_bytes(&[0; 8][..n]).is_err());
    }
    let deep = "{\"a\":".repeat(100_000);
    assert!(Archive::from_bytes(&file(&deep, &[])).is_err());
}

#[test]
fn other_formats_are_named() {
    let pickle = Archive::from_bytes(b"PK\x03\x04 and so on").unwrap_err().to_string();
    assert_eq!(
        pickle,
        "is a file of PyTorch's (.pt, .pth), and not of safetensors\n  help: read its state dict with `wengert::files::pt::load(path)`"
    );
    assert!(Archive::from_bytes(b"\x93NUMPY\x01\x00 and so on").is_err());
}

#[test]
fn reads_every_type() {
    let header = |dtype: &str, n: usize, bytes: usize| {
        format!("{{\"x\":{{\"dtype\":\"{dtype}\",\"shape\":[{n}],\"data_offsets\":[0,{bytes}]}}}}")
    };
    let read = |dtype: &str, data: &[u8], n: usize| {
        let archive = Archive::from_bytes(&file(&header(dtype, n, data.len()), data));
        archive.map(|a| a.tensors[0].1.clone())
    };
    let whole = |x: &[i64]| AnyTensor::I64(Tensor::from(x.to_vec()));
    assert_eq!(read("I8", &[255, 1], 2).unwrap(), whole(&[-1, 1]));
    assert_eq!(read("I16", &[254, 255], 1).unwrap(), whole(&[-2]));
    assert_eq!(read("U16", &[254, 255], 1).unwrap(), whole(&[65534]));
    assert_eq!(read("U32", &[255; 4], 1).unwrap(), whole(&[4294967295]));
    assert_eq!(read("U64", &[1, 0, 0, 0, 0, 0, 0, 0], 1).unwrap(), whole(&[1]));
    assert!(read("U64", &[255; 8], 1).is_err());
    assert_eq!(
        read("BF16", &[0x80, 0x3f, 0x40, 0xc0], 2).unwrap(),
        AnyTensor::F32(tensor![1.0, -3.0])
    );
}

#[test]
fn what_is_written_is_read() {
    let rng = &mut Rng::new(7);
    for n in 0..50 {
        let mut archive = Archive::default();
        for i in 0..n % 7 {
            let shape: Vec<usize> = (0..(n + i) % 4).map(|k| (i * 3 + k) % 4).collect();
            let x = Tensor::<f64>::randn(&shape, rng);
            let tensor = match i % 5 {
                0 => AnyTensor::F32(x.cast()),
                1 => AnyTensor::F64(x.t()),
                2 => AnyTensor::I64(x.mul_scalar(100.0).cast()),
                3 => AnyTensor::U8(x.abs().cast()),
                _ => AnyTensor::Bool(x.greater_scalar(0.0)),
            };
            archive.tensors.push((format!("l{i}.\"\\\n\u{1}é\u{1f600}"), tensor));
            archive.metadata.push((format!("k{i}"), "\t".repeat(i)));
        }
        assert_eq!(Archive::from_bytes(&archive.to_bytes().unwrap()).unwrap(), archive);
    }
    let twice = Archive {
        tensors: vec![
            ("a".into(), AnyTensor::U8(tensor![1])),
            ("a".into(), AnyTensor::U8(tensor![1])),
        ],
        metadata: vec![],
    };
    assert_eq!(twice.to_bytes().unwrap_err().to_string(), "`a` is named twice");
    let reserved = Archive {
        tensors: vec![("__metadata__".into(), AnyTensor::U8(tensor![1]))],
        metadata: vec![],
    };
    assert!(reserved.to_bytes().is_err());
}

#[test]
fn indices_are_written_as_whole_numbers_that_are_read() {
    let archive = |x: usize| Archive {
        tensors: vec![("i".into(), AnyTensor::Usize(tensor![x, 0]))],
        metadata: vec![],
    };
    let read = Archive::from_bytes(&archive(7).to_bytes().unwrap()).unwrap();
    assert_eq!(read.tensors[0].1, AnyTensor::I64(tensor![7, 0]));
    let error = archive(usize::MAX).to_bytes().unwrap_err().to_string();
    assert!(error.contains("`i` has a whole number beyond"), "{error}");
}

#[test]
fn no_mutation_makes_it_panic() {
    let rng = &mut Rng::new(99);
    let ours = sequential![Linear::<f32>::new(2, 2, rng), BatchNorm1d::new(2)].state();
    let ours = Archive::from(&ours).to_bytes().unwrap();
    let mut survived = 0;
    for round in 0..40_000u64 {
        let mut bytes = if round % 2 == 0 { PYTHON.to_vec() } else { ours.clone() };
        let mut draw = rng.stream(round);
        let mut below =
            |n: usize| (Tensor::<f64>::rand([1], &mut draw).to_vec()[0] * n as f64) as usize;
        for _ in 0..=below(4) {
            let place = below(bytes.len().max(1));
            // Mostly in the header, where it matters.
            let place = if below(4) > 0 { place % 400 } else { place };
            match below(6) {
                0 => bytes.truncate(place),
                1 if place < bytes.len() => bytes.insert(place, below(256) as u8),
                2 if place < bytes.len() => drop(bytes.remove(place)),
                3 if place < bytes.len() => bytes[place] = b"0123456789[]{},:\"\\"[below(18)],
                4 if place < bytes.len() => bytes[place] ^= 1 << below(8),
                _ if place < bytes.len() => bytes[place] = below(256) as u8,
                _ => {}
            }
        }
        if let Ok(archive) = Archive::from_bytes(&bytes) {
            survived += 1;
            // Sound after all: then it goes round.
            let again = Archive::from_bytes(&archive.to_bytes().unwrap()).unwrap();
            assert_eq!(format!("{again:?}"), format!("{archive:?}"));
            let _ = State::<f32>::try_from(archive);
        }
    }
    assert!(survived > 100, "{survived}");
}

#[test]
fn numbers_too_large_are_refused() {
    let archive = Archive {
        tensors: vec![("w".into(), AnyTensor::F64(tensor![1e300, 1.0]))],
        metadata: vec![],
    };
    assert!(State::<f64>::try_from(archive.clone()).is_ok());
    let error = State::<f32>::try_from(archive).unwrap_err().to_string();
    assert_eq!(error, "`w` has a number too large for f32");
}

#[test]
fn names_of_one_parameter_that_differ_are_refused() {
    let layer = Linear::<f32>::new(2, 2, &mut Rng::new(0));
    let net = sequential![first: layer.clone(), second: layer];
    let before = net.state();
    let mut state = before.clone();
    assert!(net.load_state(&state).is_ok());
    state.insert("second.weight", Tensor::ones([2, 2]));
    let error = net.load_state(&state).unwrap_err().to_string();
    let words = "`first.weight` and `second.weight` are one in the model and have different values";
    assert!(error.contains(words) && error.contains("nothing was loaded"), "{error}");
    assert_eq!(net.state(), before);
    // What is no number is the same as what is no number.
    for name in ["first.bias", "second.bias"] {
        state.insert(name, Tensor::full([2], f32::NAN));
    }
    state.insert("first.weight", Tensor::ones([2, 2]));
    net.load_state(&state).unwrap();

    // Buffers and counters.
    let norm = BatchNorm1d::<f32>::new(2);
    let net = sequential![a: norm.clone(), b: norm];
    let mut state = net.state();
    state.insert("b.running_mean", tensor![1.0, 2.0]);
    state.insert_entry("b.num_batches_tracked", Entry::Int(Tensor::scalar(3)));
    let error = net.load_state(&state).unwrap_err().to_string();
    assert!(error.contains("`a.running_mean` and `b.running_mean` are one"), "{error}");
    assert!(error.contains("`a.num_batches_tracked` and `b.num_batches_tracked` are"), "{error}");
}

#[test]
fn class_names_and_notes_go_through_files() -> wengert_nn::Result<()> {
    let names = ["cat", "a \"quoted\" dog", "line\nbreak", "größe, \\", ""];
    let state = Linear::<f32>::new(2, 5, &mut Rng::new(0)).state();
    let state = state.with_class_names(names).with_note("trained on", "a Sunday");
    let bytes = Archive::from(&state).to_bytes()?;
    let back = State::<f32>::try_from(Archive::from_bytes(&bytes)?)?;
    assert_eq!(back.class_names(), names);
    assert_eq!(back.note("trained on"), Some("a Sunday"));
    assert_eq!(back.rename(|n| Some(format!("x.{n}"))).class_names(), names);
    assert_eq!(Archive::from(&back).to_bytes()?, bytes);
    // None, and what another program may have written under the name.
    assert!(State::<f32>::new().class_names().is_empty());
    for text in ["", "cat", "[", "[\"a\"", "[\"a\",]", "[1]", "[\"a\"] x", "{}"] {
        assert!(
            State::<f32>::new().with_note("class_names", text).class_names().is_empty(),
            "{text}"
        );
    }
    let empty: [&str; 0] = [];
    assert!(State::<f32>::new().with_class_names(empty).class_names().is_empty());
    Ok(())
}

/// What a `main` that returns the error prints, and all that it takes to find the fault: file, rule, line.
#[test]
fn a_file_of_another_kind_is_named_with_the_line_that_asked() {
    let path = std::env::temp_dir().join(format!("wengert-other-{}.txt", std::process::id()));
    let shown = path.display().to_string();
    for (bytes, rule) in [
        (&b"epoch,loss\n1,0.5\n2,0.25\n"[..], "is not a safetensors file"),
        (&b""[..], "has 0 bytes, and is not a safetensors file"),
        (&b"\xff\0\0\0\0\0\0\0{}"[..], "is cut off, or not a safetensors file"),
        (&b"PK\x03\x04------"[..], "is a file of PyTorch's"),
    ] {
        std::fs::write(&path, bytes).unwrap();
        let error = load::<f32>(&path).unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with(&format!("{shown}: {rule}")), "{text}");
        assert!(text.contains("\n  at crates/nn/tests/nn/files.rs:"), "{text}");
        assert_eq!(format!("{error:?}"), text);
    }
    std::fs::remove_file(&path).unwrap();
    let error = load::<f32>(&path).unwrap_err();
    assert!(format!("{error:?}").contains("\n  at crates/nn/tests/nn/files.rs:"), "{error:?}");
    let error = save("no/such/place.safetensors", &State::<f32>::new()).unwrap_err();
    assert!(error.to_string().starts_with("no/such/place.safetensors: "), "{error}");
    assert!(error.to_string().contains("\n  at crates/nn/tests/nn/files.rs:"), "{error}");
}
