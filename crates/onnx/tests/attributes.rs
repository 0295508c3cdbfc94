//! Attributes and inputs that are not read: a file that has one is refused, and never computed with the default.

#![allow(clippy::unwrap_used)]

use wengert_files::wire::Writer;
use wengert_nn::Module;
use wengert_onnx::Net;
use wengert_tensor::{Tensor, tensor};

enum Value {
    Int(i64),
    Float(f32),
    Text(&'static str),
    Ints(&'static [i64]),
    Floats(&'static [f32]),
    Texts(&'static [&'static str]),
}
use Value::{Float, Floats, Int, Ints, Text, Texts};

/// A file of one node, whose inputs are all the graph's input `x`, or left out where their name is empty.
fn file(opset: i64, op: &str, inputs: &[&str], attributes: &[(&str, Value)]) -> Vec<u8> {
    let mut w = Writer::default();
    w.int(1, 8);
    w.message(7, |w| {
        w.message(1, |w| {
            inputs.iter().for_each(|name| w.bytes(1, name));
            w.bytes(2, "y");
            w.bytes(3, "node");
            w.bytes(4, op);
            for (name, value) in attributes {
                w.message(5, |w| {
                    w.bytes(1, name);
                    let kind = match value {
                        Float(x) => (w.float(2, *x), 1).1,
                        Int(n) => (w.int(3, *n), 2).1,
                        Text(text) => (w.bytes(4, text), 3).1,
                        Floats(all) => (all.iter().for_each(|x| w.float(7, *x)), 6).1,
                        Ints(all) => (all.iter().for_each(|n| w.int(8, *n)), 7).1,
                        Texts(all) => (all.iter().for_each(|text| w.bytes(9, text)), 8).1,
                    };
                    w.int(20, kind);
                });
            }
        });
        w.message(11, |w| w.bytes(1, "x"));
        w.message(12, |w| w.bytes(1, "y"));
    });
    w.message(8, |w| w.int(2, opset));
    w.bytes
}

fn given(op: &str, inputs: usize, attributes: &[(&str, Value)]) -> Result<Net, String> {
    let bytes = file(17, op, &vec!["x"; inputs], attributes);
    Net::from_bytes(&bytes).map_err(|error| error.to_string())
}

#[test]
fn an_attribute_that_is_not_read_is_refused_by_name() {
    let lstm = &["Sigmoid", "Tanh", "Tanh"][..];
    let wrong: [(&str, usize, (&str, Value)); 21] = [
        ("RNN", 3, ("activations", Texts(&["Sigmoid"]))),
        ("RNN", 3, ("activations", Texts(&["Tanh", "Relu"]))),
        ("RNN", 3, ("layout", Int(1))),
        ("RNN", 3, ("clip", Float(1.0))),
        ("RNN", 3, ("direction", Text("sideways"))),
        ("GRU", 3, ("activations", Texts(&["HardSigmoid", "Tanh"]))),
        ("GRU", 3, ("linear_before_reset", Int(0))),
        ("LSTM", 3, ("activations", Texts(&["Sigmoid", "Tanh", "Relu"]))),
        ("LSTM", 3, ("activation_alpha", Floats(&[0.2]))),
        ("LSTM", 3, ("input_forget", Int(1))),
        ("ConvTranspose", 2, ("output_shape", Ints(&[4, 4]))),
        ("Conv", 2, ("auto_pad", Text("SAME_UPPER"))),
        ("Selu", 1, ("alpha", Float(1.0))),
        ("Selu", 1, ("gamma", Float(1.0))),
        ("Gelu", 1, ("approximate", Text("erf"))),
        ("CumSum", 2, ("reverse", Int(1))),
        ("BatchNormalization", 5, ("training_mode", Int(1))),
        ("BatchNormalization", 5, ("spatial", Int(0))),
        ("Pad", 2, ("mode", Text("reflect"))),
        ("Add", 2, ("axis", Int(1))),
        // Of another kind, it would be taken for the default.
        ("LeakyRelu", 1, ("alpha", Int(1))),
    ];
    for (op, inputs, attribute) in wrong {
        let name = attribute.0;
        let error = given(op, inputs, &[attribute]).unwrap_err();
        assert!(error.contains(op) && error.contains(&format!("`{name}`")), "{error}");
    }
    let right: [(&str, usize, (&str, Value)); 6] = [
        ("RNN", 3, ("activations", Texts(&["Relu", "Relu"]))),
        ("LSTM", 3, ("activations", Texts(lstm))),
        ("LSTM", 3, ("input_forget", Int(0))),
        ("Conv", 2, ("auto_pad", Text("NOTSET"))),
        ("Selu", 1, ("gamma", Float(1.050_701))),
        ("Gelu", 1, ("approximate", Text("tanh"))),
    ];
    for (op, inputs, attribute) in right {
        assert!(given(op, inputs, &[attribute]).is_ok(), "{op}");
    }
}

#[test]
fn an_input_that_is_not_read_is_refused() {
    // The peepholes of an LSTM, and the axes of a padding.
    for (op, most) in [("LSTM", 7), ("Pad", 3), ("Relu", 1)] {
        assert!(given(op, most, &[]).is_ok());
        let error = given(op, most + 1, &[]).unwrap_err();
        assert!(error.contains(&format!("{} inputs, and {most} are read", most + 1)), "{error}");
    }
    let left_out = file(17, "LSTM", &["x", "x", "x", "", "", "", "", ""], &[]);
    assert!(Net::from_bytes(&left_out).is_ok());
}

#[test]
fn a_softmax_of_an_old_file_is_that_of_all_axes_from_its_axis_on() {
    let x = Tensor::<f32>::arange(0.0, 8.0, 1.0).unwrap().reshape([2, 2, 2]).unwrap();
    let result = |opset, attributes: &[(&str, Value)]| {
        Net::from_bytes(&file(opset, "Softmax", &["x"], attributes)).unwrap().predict(&x).unwrap()
    };
    let rows = x.reshape([2, 4]).unwrap().softmax(1).unwrap().reshape([2, 2, 2]).unwrap();
    assert_eq!(result(12, &[]), rows);
    assert_eq!(result(12, &[("axis", Int(2))]), x.softmax(2).unwrap());
    assert_eq!(result(12, &[("axis", Int(-1))]), x.softmax(2).unwrap());
    assert_eq!(result(13, &[]), x.softmax(2).unwrap());
    assert_eq!(result(13, &[("axis", Int(1))]), x.softmax(1).unwrap());
}

#[test]
fn the_number_around_a_padding_is_read_from_an_old_file() {
    let attributes = [("pads", Ints(&[1, 0])), ("value", Float(3.0))];
    let net = Net::from_bytes(&file(2, "Pad", &["x"], &attributes)).unwrap();
    assert_eq!(net.predict(&tensor![1.0_f32]).unwrap(), tensor![3.0_f32, 1.0]);
}
