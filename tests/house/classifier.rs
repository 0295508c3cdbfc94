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

use mlp::{HELP, one_line, settings};

fn directory(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("wengert-mlp-{}-{name}", std::process::id()))
}

fn run(arguments: &str, out: &Path) -> Result<f64, String> {
    let settings = settings(arguments.split_whitespace().map(str::to_string));
    let accuracy = settings.and_then(|s| mlp::run(&s.with("out", out.display().to_string())));
    accuracy.map_err(|error| one_line(&*error))
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

    // The same seed, the same bits.
    let (other, first) = (directory("other"), std::fs::read(weights).unwrap());
    run("--seed 0", &other).unwrap();
    assert!(std::fs::read(other.join("weights.safetensors")).unwrap() == first);
    for name in ["digits", "again", "other"] {
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
        ("--data moons --activation tanh --optimizer sgd", 0.95),
        ("--data circles --activation gelu", 0.95),
        ("--data blobs --layers none --optimizer sgd", 0.9),
        ("--data spirals --optimizer adamw --epochs 60", 0.9),
        ("--data xor", 0.9),
        ("--data iris", 0.85),
        ("--data wine --lr 0.01", 0.9),
        ("--data digits --activation sigmoid --dropout 0.1 --batch=64", 0.9),
        (&format!("--data {} --layers 8 --epochs 100", csv.display()), 0.9),
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
        assert!(wrong.contains("0 of "), "{data}");
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
    assert!(wrong("--epoch 3").contains("no option --epoch; did you mean --epochs?"));
    assert!(wrong("digits").contains("`digits` is no option"));
    assert!(wrong("--batch").contains("--batch needs a value"));
    assert!(wrong("--batch 0").contains("batch"));
    assert!(wrong("--epochs 1.5").contains("whole number"));
    assert!(wrong("--lr nan").contains("must be a number"));
    assert!(wrong("--layers 64,,3").contains("such as 64,32"));
    assert!(wrong("--optimizer adm").ends_with("must be adam, adamw or sgd"));
    assert!(wrong("--activation rel").contains("must be relu"));
    assert!(wrong("--data moon").contains("`moon` is no file, and no set of this crate"));
    assert!(wrong("--load no-such-file").starts_with("no-such-file: "));
    assert!(wrong("--optimizer sgd --lr 1e30").contains("try a learning rate below"));
    // A finite loss that has only risen is no success either.
    assert!(wrong("--lr 1e9 --epochs 2").contains("the loss rose from"));

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
    for (name, _) in settings([]).unwrap().iter() {
        assert!(HELP.contains(&format!("  --{name} ")), "{name}");
    }
}
