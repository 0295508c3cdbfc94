//! The main example: what it reaches, what it writes, and what it says when it is asked for what cannot be.

#![allow(dead_code, clippy::unwrap_used)]

#[path = "../../examples/mlp/main.rs"]
mod mlp;

use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use wengert::data::idx;
use wengert::tensor::Tensor;

use mlp::options::{Asked, HELP, Options, parse};

fn directory(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("wengert-mlp-{}-{name}", std::process::id()))
}

fn asked(arguments: &str) -> Result<Options, String> {
    match parse(arguments.split_whitespace().map(str::to_string))? {
        Asked::Train(options) => Ok(*options),
        Asked::Help => Err("help".into()),
    }
}

fn run(arguments: &str, out: &Path) -> Result<f64, String> {
    let options = Options { out: out.into(), ..asked(arguments)? };
    mlp::run(&options).map_err(|error| mlp::report::one_line(&error.to_string()))
}

#[test]
fn digits_are_read_and_all_is_written() {
    let out = directory("digits");
    let accuracy = run("", &out).unwrap();
    assert!(accuracy >= 0.97, "{accuracy}");
    for (file, holds) in [
        ("loss.svg", "train"),
        ("accuracy.svg", "test"),
        ("wrong.svg", "taken for"),
        ("tape.svg", "cross_entropy"),
    ] {
        let text = std::fs::read_to_string(out.join(file)).unwrap();
        assert!(text.starts_with("<svg") && text.contains(holds), "{file}");
    }

    // The weights, read again, read as many right.
    let weights = out.join("weights.safetensors");
    let again = format!("--epochs 0 --load {}", weights.display());
    assert_eq!(run(&again, &directory("again")).unwrap(), accuracy);

    // The same seed, the same bits. These products are too small for threads: those are in crates/train/tests/train/threads.rs.
    let (one, first) = (directory("threads"), std::fs::read(weights).unwrap());
    run("--threads 1", &one).unwrap();
    assert!(std::fs::read(one.join("weights.safetensors")).unwrap() == first);
    for name in ["digits", "again", "threads"] {
        std::fs::remove_dir_all(directory(name)).unwrap();
    }
}

#[test]
fn every_choice_trains() {
    let out = directory("choices");
    let files = directory("csv");
    std::fs::create_dir_all(&files).unwrap();
    let csv = files.join("points.csv");
    let rows = (0..60).map(|i| format!("{},{},{}\n", i % 7, 10 * (i % 2), ["no", "yes"][i % 2]));
    std::fs::write(&csv, "a,b,kind\n".to_string() + &rows.collect::<String>()).unwrap();

    for (arguments, at_least) in [
        ("--data moons --activation tanh --optimizer nesterov --schedule one-cycle", 0.95),
        ("--data circles --activation gelu --optimizer rmsprop --schedule exponential", 0.95),
        ("--data blobs --layers none --optimizer sgd --schedule linear", 0.9),
        ("--data spirals --activation silu --optimizer adamw --epochs 60", 0.9),
        ("--data xor --activation elu --loss mse --optimizer momentum", 0.9),
        ("--data iris --activation softplus --loss smoothed --schedule step", 0.85),
        ("--data wine --activation leaky-relu --loss focal --schedule constant", 0.9),
        ("--data digits --loss margin --optimizer adagrad --lr 0.05 --epochs 15", 0.9),
        ("--data digits --activation sigmoid --dropout 0.1 --batch=64", 0.9),
        (&format!("--data {} --epochs 40", csv.display()), 0.9),
        (&format!("--data {} --label kind --layers 8 --epochs 100", csv.display()), 0.9),
    ] {
        let accuracy = run(arguments, &out).unwrap_or_else(|e| panic!("{arguments}: {e}"));
        assert!(accuracy >= at_least, "{arguments}: {accuracy}");
    }
    std::fs::remove_dir_all(out).unwrap();
    std::fs::remove_dir_all(files).unwrap();
}

/// Pictures of 4×4, a bright half on the left or on the right, and which it is, as IDX bytes.
fn halves(n: usize) -> [Vec<u8>; 2] {
    let pixel = |i: usize| {
        let (picture, column) = (i / 16, i % 4);
        let bright = (column < 2) == (picture % 2 == 0);
        (if bright { 200 } else { 0 }) + (i * 37 % 50) as u8
    };
    let pixels = Tensor::from_vec((0..16 * n).map(pixel).collect(), [n, 4, 4]).unwrap();
    let labels = Tensor::from((0..n).map(|i| (i % 2) as u8).collect::<Vec<_>>());
    [pixels, labels].map(|x: Tensor<u8>| {
        let mut bytes = Vec::new();
        idx::write_to(&mut bytes, &x).unwrap();
        bytes
    })
}

#[test]
fn idx_files_are_read_plain_and_gzipped_one_by_one_and_as_a_directory() {
    let (files, out) = (directory("idx"), directory("idx-out"));
    std::fs::create_dir_all(&files).unwrap();
    let gz = |bytes: &[u8]| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    let put = |name: &str, bytes: &[u8]| std::fs::write(files.join(name), bytes).unwrap();
    let [images, labels] = halves(120);
    put("halves-images-idx3-ubyte", &images);
    put("halves-labels-idx1-ubyte", &labels);
    put("train-images-idx3-ubyte.gz", &gz(&images));
    put("train-labels-idx1-ubyte.gz", &gz(&labels));
    let [images, labels] = halves(30);
    put("t10k-images.idx3-ubyte", &images);
    put("t10k-labels-idx1-ubyte.gz", &gz(&labels));

    for data in ["halves-images-idx3-ubyte", "train-images-idx3-ubyte.gz", ""] {
        let path = files.join(data);
        let asked = format!("--data {} --layers none --epochs 20", path.display());
        assert_eq!(run(&asked, &out).unwrap_or_else(|e| panic!("{data}: {e}")), 1.0, "{data}");
        let wrong = std::fs::read_to_string(out.join("wrong.svg")).unwrap();
        assert!(wrong.contains("none of the held-back pictures"), "{data}");
    }

    // Without its labels, and with too few of them.
    let alone = files.join("alone-images-idx3-ubyte");
    std::fs::write(&alone, &images).unwrap();
    let asked = format!("--data {}", alone.display());
    let error = run(&asked, &out).unwrap_err();
    assert!(error.contains("needs its labels beside it, as"), "{error}");
    std::fs::write(files.join("alone-labels-idx1-ubyte"), &halves(29)[1]).unwrap();
    let error = run(&asked, &out).unwrap_err();
    assert!(error.contains("30 rows of features") && error.contains("29 of targets"), "{error}");
    std::fs::remove_dir_all(files).unwrap();
    std::fs::remove_dir_all(out).unwrap();
}

#[test]
fn what_cannot_be_is_one_line() {
    let wrong = |arguments: &str| {
        let line = run(arguments, &directory("never")).unwrap_err();
        assert!(!line.contains('\n'), "{line}");
        line
    };
    assert!(wrong("--epoch 3").ends_with("did you mean --epochs? (see --help)"));
    assert!(wrong("digits").starts_with("`digits` is no option"));
    assert!(wrong("--batch").contains("needs a value"));
    assert!(wrong("--batch 0").contains("`0`, and must be a number of at least 1"));
    assert!(wrong("--lr nan").contains("above 0"));
    assert!(wrong("--layers 64,,3").contains("such as 64,32"));
    assert!(wrong("--optimizer adm").ends_with("did you mean adam?"));
    assert!(wrong("--data moon").ends_with("did you mean moons?"));
    assert!(wrong("--load no-such-file").starts_with("no-such-file: "));
    assert!(wrong("--optimizer sgd --lr 1e30").contains("try a lower --lr"));

    let bad = directory("bad");
    std::fs::create_dir_all(&bad).unwrap();
    for (name, bytes) in [
        ("a.csv", &b"1,2\n3\n"[..]),
        ("b.csv", b""),
        ("one.csv", b"1\n2\n"),
        ("x.csv", b"1,2\nx,3\n"),
        ("same.csv", b"1,0\n2,0\n3,0\n"),
        ("far.csv", b"1,0\n2,99999999\n3,0\n"),
        ("images-idx3-ubyte", b"\0\0\x08\x03"),
    ] {
        let path = bad.join(name);
        std::fs::write(&path, bytes).unwrap();
        wrong(&format!("--data {}", path.display()));
        wrong(&format!("--load {}", path.display()));
    }
    wrong(&format!("--data {}", bad.display()));
    std::fs::remove_dir_all(bad).unwrap();
}

#[test]
fn help_lists_every_option() {
    assert!(matches!(parse(["--help".to_string()]), Ok(Asked::Help)));
    for name in mlp::options::NAMES.iter().filter(|name| **name != "help") {
        assert!(HELP.contains(&format!("--{name} ")), "{name}");
    }
}
