//! Graphs that ask for more work or memory than their bytes say: each is an error that names the node, and comes at once.

// A panic is what a test is for.
#![allow(clippy::unwrap_used)]

use std::time::{Duration, Instant};

use wengert_autograd::Tape;
use wengert_files::wire::Writer;
use wengert_nn::{Module, Sequential};
use wengert_onnx::Net;
use wengert_tensor::Tensor;

/// An attribute that is a list of integers.
type Ints<'a> = (&'a str, &'a [i64]);

/// A file: constants that are integers, nodes with their operands and one list, and the output `y`. The input is `x`, of `n` axes.
fn file(constants: &[Ints<'_>], nodes: &[(&str, &[&str], &str, Option<Ints<'_>>)]) -> Vec<u8> {
    let mut w = Writer::default();
    w.int(1, 8);
    w.message(7, |w| {
        for (i, (op, inputs, output, list)) in nodes.iter().enumerate() {
            w.message(1, |w| {
                inputs.iter().for_each(|name| w.bytes(1, name));
                w.bytes(2, output);
                w.bytes(3, format!("node {i}"));
                w.bytes(4, op);
                if let Some((name, numbers)) = list {
                    w.message(5, |w| {
                        w.bytes(1, name);
                        numbers.iter().for_each(|n| w.int(8, *n));
                        w.int(20, 7);
                    });
                }
            });
        }
        for (name, numbers) in constants {
            w.message(5, |w| {
                w.int(1, numbers.len() as i64);
                w.int(2, 7);
                w.bytes(8, name);
                numbers.iter().for_each(|n| w.int(7, *n));
            });
        }
        w.message(11, |w| w.bytes(1, "x"));
        w.message(12, |w| w.bytes(1, "y"));
    });
    w.message(8, |w| w.int(2, 17));
    w.bytes
}

/// The error of a run on `x`, which must come within a second.
fn refused(bytes: &[u8], x: &Tensor<f32>) -> String {
    let net = Net::from_bytes(bytes).unwrap();
    let started = Instant::now();
    let error = net.predict(x).unwrap_err().to_string();
    assert!(started.elapsed() < Duration::from_secs(1), "{error}");
    error
}

#[test]
fn a_graph_that_asks_for_too_much_is_refused_before_it_gets_it() {
    let small = Tensor::ones([2, 2]);
    let huge: &[i64] = &[1 << 40, 2, 2];
    // A view of a trillion numbers costs nothing, and what reads it would.
    let expanded =
        file(&[("s", huge)], &[("Expand", &["x", "s"], "e", None), ("Exp", &["e"], "y", None)]);
    let filled = file(&[("s", huge)], &[("ConstantOfShape", &["s"], "y", None)]);
    let padded = file(&[("p", &[0, 0, 1 << 30, 1 << 30])], &[("Pad", &["x", "p"], "y", None)]);
    let windows =
        file(&[], &[("MaxPool", &["x"], "y", Some(("kernel_shape", &[1 << 30, 1 << 30])))]);
    for (name, bytes, x) in [
        ("Expand", &expanded, &small),
        ("ConstantOfShape", &filled, &small),
        ("Pad", &padded, &small),
        ("MaxPool", &windows, &Tensor::ones([1, 1, 2, 2])),
    ] {
        let error = refused(bytes, x);
        assert!(error.contains(name) && error.contains("Net::limit"), "{error}");
    }
    // The product of two operands without elements would have a trillion.
    let products = file(
        &[("a", &[1 << 20, 0]), ("b", &[0, 1 << 20])],
        &[
            ("ConstantOfShape", &["a"], "m", None),
            ("ConstantOfShape", &["b"], "n", None),
            ("MatMul", &["m", "n"], "y", None),
        ],
    );
    assert!(refused(&products, &small).contains("MatMul"));
}

#[test]
fn a_value_joined_to_itself_again_and_again_ends() {
    let names: Vec<String> =
        (0..60).map(|i| if i == 0 { "x".into() } else { format!("v{i}") }).collect();
    let pairs: Vec<[&str; 2]> = names.iter().map(|name| [name.as_str(); 2]).collect();
    let nodes: Vec<_> = (0..60)
        .map(|i| ("Concat", &pairs[i][..], names.get(i + 1).map_or("y", |name| name), None))
        .collect();
    let error = refused(&file(&[], &nodes), &Tensor::ones([2, 2]));
    assert!(error.contains("Concat") && error.contains("Net::limit"), "{error}");
}

#[test]
fn lists_and_axes_without_end_are_refused() {
    let axes: Vec<i64> = (0..100_000).collect();
    let many = file(&[], &[("Unsqueeze", &["x"], "y", Some(("axes", &axes)))]);
    assert!(refused(&many, &Tensor::ones([2])).contains("100001 axes"));
    let ones = vec![1; 5000];
    let deep =
        file(&[("s", &ones)], &[("Reshape", &["x", "s"], "r", None), ("Exp", &["r"], "y", None)]);
    assert!(refused(&deep, &Tensor::ones([1])).contains("5000 axes"));
}

#[test]
fn sizes_that_overflow_are_errors() {
    // No elements, and axes whose product no number holds.
    let sizes: &[i64] = &[1 << 40, 1 << 40, 0];
    let flat = file(
        &[("s", sizes)],
        &[("ConstantOfShape", &["s"], "e", None), ("Flatten", &["e"], "y", None)],
    );
    assert!(!refused(&flat, &Tensor::ones([1])).is_empty());
    let reshaped = file(&[("s", &[i64::MAX, 2])], &[("Reshape", &["x", "s"], "y", None)]);
    assert!(!refused(&reshaped, &Tensor::ones([1])).is_empty());
}

#[test]
fn a_weight_without_axes_next_to_a_bias_of_one_is_an_error() {
    let nodes: &[(&str, &[&str], &str, Option<Ints<'_>>)] =
        &[("ConstantOfShape", &["s"], "w", None), ("Gemm", &["x", "w", "x"], "y", None)];
    assert!(!refused(&file(&[("s", &[])], nodes), &Tensor::ones([2])).is_empty());
}

/// A name that stands for two values would make it a guess which of them is meant.
#[test]
fn a_name_that_is_given_twice_is_refused() {
    let twice = [
        file(&[("w", &[1]), ("w", &[2])], &[("Relu", &["x"], "y", None)]),
        file(&[], &[("Relu", &["x"], "y", None), ("Exp", &["x"], "y", None)]),
        file(&[("y", &[1])], &[("Relu", &["x"], "y", None)]),
    ];
    for bytes in twice {
        let error = Net::from_bytes(&bytes).unwrap_err().to_string();
        assert!(error.contains("is given twice"), "{error}");
    }
}

/// A line of the library tells its user nothing: each way to run a graph names the user's.
#[test]
fn errors_name_the_line_of_the_user() {
    let small = Tensor::ones([2, 2]);
    let gather = file(&[("i", &[7])], &[("Gather", &["x", "i"], "y", None)]);
    let reshape = file(&[("s", &[-3])], &[("Reshape", &["x", "s"], "y", None)]);
    let uneven = file(&[("s", &[3])], &[("Reshape", &["x", "s"], "y", None)]);
    let exp = file(&[], &[("Exp", &["x"], "y", None)]);
    // `Exp` reads 4 numbers and writes 4.
    for (bytes, limit) in [(gather, 99), (reshape, 99), (uneven, 99), (exp, 7)] {
        let net = || Net::from_bytes(&bytes).unwrap().limit(limit);
        let nested = Sequential::new().with(net());
        let tape = Tape::new();
        let x = || tape.constant(small.clone());
        let runs = [
            (line!(), net().predict(&small).unwrap_err()),
            (line!(), Module::<f32, Tensor<f32>>::call(&net(), x()).unwrap_err()),
            (line!(), net().forward(x()).unwrap_err()),
            (line!(), nested.predict(&small).unwrap_err()),
            (line!(), nested.call(x()).unwrap_err()),
        ];
        for (line, error) in runs {
            let error = error.to_string();
            assert!(error.contains(&format!("hostile.rs:{line}:")), "{error}");
        }
    }
}
