//! Recurrent layers: gradients by name to second order, the cells that they are made of, lengths, names, errors.

use wengert_autograd::{GradCheck, Param, Result, Tape, Var};
use wengert_nn::{Gru, GruCell, Lstm, LstmCell, Module, Parts, Rnn, RnnCell, check_parameters};
use wengert_tensor::{Rng, Tensor, tensor};

fn x(shape: &[usize]) -> Tensor<f64> {
    Tensor::randn(shape, &mut Rng::new(shape.len() as u64 + 7))
}

/// Checks the gradients of a model's parameters and of these inputs, to second order.
fn check(
    name: &str,
    model: &dyn Parts<f64>,
    inputs: &[Tensor<f64>],
    f: impl for<'t> Fn(&[Var<'t, f64>]) -> Result<Var<'t, f64>>,
) {
    let mut parameters = model.parameters();
    let inputs: Vec<Param<f64>> = inputs.iter().cloned().map(Param::new).collect();
    for (i, input) in inputs.iter().enumerate() {
        input.set_path(&format!("input{i}"));
    }
    parameters.extend(inputs.clone());
    let report = GradCheck::new().check_parameters(&parameters, |tape| {
        let vars: Vec<Var<f64>> = inputs.iter().map(|input| tape.param(input)).collect();
        f(&vars)
    });
    assert!(report.is_right(), "{name}: {report}");
    assert_eq!(report.findings().is_empty(), parameters.iter().all(Param::is_empty), "{name}");
}

/// Numbers that depend on all elements of two results.
fn both<'t>(a: Var<'t, f64>, b: Var<'t, f64>) -> Result<Var<'t, f64>> {
    Var::cat(&[a.flatten().square(), b.flatten().sin()], 0)
}

#[test]
fn gradients_of_cells() {
    let rng = &mut Rng::new(1);
    for (name, cell) in [
        ("RnnCell", RnnCell::new(3, 2, rng)),
        ("RnnCell of relu", RnnCell::new(3, 2, rng).relu()),
        ("RnnCell without bias", RnnCell::new(3, 2, rng).without_bias()),
    ] {
        check(name, &cell, &[x(&[4, 3]), x(&[4, 2])], |v| cell.call((v[0], v[1])));
        check(name, &cell, &[x(&[3])], |v| cell.call(v[0]));
    }
    let cell = GruCell::new(3, 2, rng);
    check("GruCell", &cell, &[x(&[4, 3]), x(&[4, 2])], |v| cell.call((v[0], v[1])));
    let cell = cell.without_bias();
    check("GruCell of one", &cell, &[x(&[3]), x(&[2])], |v| cell.call((v[0], v[1])));
    let cell = LstmCell::new(3, 2, rng);
    check("LstmCell", &cell, &[x(&[4, 3]), x(&[4, 2]), x(&[4, 2])], |v| {
        let (h, c) = cell.call((v[0], (v[1], v[2])))?;
        both(h, c)
    });
}

#[test]
fn gradients_of_layers() {
    let rng = &mut Rng::new(2);
    let rnn = Rnn::new(2, 3, rng).layers(2, rng).bidirectional(rng);
    check("Rnn", &rnn, &[x(&[3, 2, 2]), x(&[4, 2, 3])], |v| {
        let (y, h) = rnn.call((v[0], v[1]))?;
        both(y, h)
    });
    let gru = Gru::new(2, 3, rng).bidirectional(rng).without_bias();
    check("Gru", &gru, &[x(&[3, 2, 2]), x(&[2, 2, 3])], |v| {
        let (y, h) = gru.call((v[0], v[1], v[0].tape().input(tensor![1_usize, 3])))?;
        both(y, h)
    });
    let lstm = Lstm::new(2, 3, rng).layers(2, rng).projection(2, rng).batch_first();
    check("Lstm", &lstm, &[x(&[2, 3, 2]), x(&[2, 2, 2]), x(&[2, 2, 3])], |v| {
        let (y, (h, c)) = lstm.call((v[0], (v[1], v[2])))?;
        both(y, both(h, c)?)
    });
    let lstm = Lstm::new(2, 2, rng).bidirectional(rng);
    check("Lstm by lengths", &lstm, &[x(&[3, 2, 2])], |v| {
        let (y, (h, c)) = lstm.call((v[0], v[0].tape().input(tensor![2_usize, 0])))?;
        both(y, both(h, c)?)
    });
}

#[test]
fn sizes_of_one_and_none() {
    let rng = &mut Rng::new(3);
    let gru = Gru::new(1, 1, rng);
    check("one of everything", &gru, &[x(&[1, 1, 1])], |v| {
        let (y, h) = gru.call(v[0])?;
        both(y, h)
    });
    let (y, h) = gru.predict(&Tensor::zeros([4, 0, 1])).unwrap();
    assert_eq!((y.shape(), h.shape()), (&[4, 0, 1][..], &[1, 0, 1][..]));
    let start = Tensor::full([1, 2, 1], 0.5);
    let (y, h) = gru.predict(&(Tensor::zeros([0, 2, 1]), start.clone())).unwrap();
    assert_eq!((y.shape(), h), (&[0, 2, 1][..], start));
}

/// A layer is its cell, step by step: with state dicts of PyTorch's names that are the same but for `_l0`.
#[test]
fn a_layer_is_its_cell_over_and_over() {
    let rng = &mut Rng::new(4);
    let (lstm, cell) = (Lstm::<f64>::new(3, 4, rng), LstmCell::<f64>::new(3, 4, rng));
    for ((name, from), (short, to)) in lstm.named_parameters().iter().zip(cell.named_parameters()) {
        assert_eq!(*name, format!("{short}_l0"));
        to.set(from.value());
    }
    let sequence = x(&[5, 2, 3]);
    let tape = Tape::new();
    let input = tape.constant(sequence);
    let (y, (h, c)) = lstm.call(input).unwrap();
    let mut state = cell.call(input.select(0, 0).unwrap()).unwrap();
    for t in 1..5 {
        state = cell.call((input.select(0, t).unwrap(), state)).unwrap();
    }
    let close = |a: Var<f64>, b: Tensor<f64>| {
        assert!(a.value().unwrap().allclose(&b, 1e-12, 1e-12, false).unwrap());
    };
    close(state.0, y.value().unwrap().select(0, 4).unwrap());
    close(state.0, h.value().unwrap().select(0, 0).unwrap());
    close(state.1, c.value().unwrap().select(0, 0).unwrap());
}

/// Outputs and last state of a layer, from its cell.
fn by_cell<'t>(
    x: Var<'t, f64>,
    step: impl Fn(Var<'t, f64>, Option<Var<'t, f64>>) -> Result<Var<'t, f64>>,
) -> Result<Var<'t, f64>> {
    let (mut h, mut all) = (None, Vec::new());
    for t in 0..x.shape()[0] {
        h = Some(step(x.select(0, t)?, h)?);
        all.extend(h);
    }
    Var::stack(&all, 0)
}

/// The op over the sequence against the plain ops of the cell: values, gradients of all parameters, and the gradient of a
/// gradient.
#[test]
fn the_op_over_the_sequence_is_the_cell_to_second_order() {
    let rng = &mut Rng::new(9);
    let (gru, gru_cell) = (Gru::<f64>::new(3, 5, rng), GruCell::<f64>::new(3, 5, rng));
    let (rnn, rnn_cell) = (Rnn::<f64>::new(3, 5, rng), RnnCell::<f64>::new(3, 5, rng));
    let sequence = x(&[6, 2, 3]);
    type Both<'a> = (&'a dyn Parts<f64>, &'a dyn Parts<f64>);
    let pairs: [Both<'_>; 2] = [(&gru, &gru_cell), (&rnn, &rnn_cell)];
    for (which, (layer, cell)) in pairs.into_iter().enumerate() {
        for (from, to) in layer.parameters().iter().zip(cell.parameters()) {
            to.set(from.value());
        }
        let run = |as_op: bool| -> Vec<Tensor<f64>> {
            let tape = Tape::new();
            let input = tape.var(sequence.clone());
            let y = match (as_op, which) {
                (true, 0) => gru.call(input).unwrap().0,
                (true, _) => rnn.call(input).unwrap().0,
                (false, 0) => by_cell(input, |x, h| match h {
                    Some(h) => gru_cell.call((x, h)),
                    None => gru_cell.call(x),
                })
                .unwrap(),
                (false, _) => by_cell(input, |x, h| match h {
                    Some(h) => rnn_cell.call((x, h)),
                    None => rnn_cell.call(x),
                })
                .unwrap(),
            };
            let parts = if as_op { layer } else { cell };
            let mut vars: Vec<Var<f64>> =
                parts.parameters().iter().map(|p| tape.param(p)).collect();
            vars.push(input);
            let first = (y * y * y).sum().grad(&vars).unwrap();
            let mixed = first.iter().map(|g| (*g * *g).sum()).reduce(|a, b| a + b).unwrap();
            let second = mixed.grad(&vars).unwrap();
            let all = [y].into_iter().chain(first).chain(second);
            all.map(|v| v.value().unwrap()).collect()
        };
        for (i, (op, plain)) in run(true).iter().zip(run(false)).enumerate() {
            let apart = (op - &plain).abs().max().unwrap().item().unwrap();
            let size = plain.abs().max().unwrap().item().unwrap().max(1.0);
            assert!(apart <= 1e-11 * size, "{which}, {i}: {apart} of {size}");
        }
    }
}

/// A padded batch gives each sequence what it gives alone, whatever stands behind its end.
#[test]
fn lengths_make_a_batch_of_sequences_that_are_alone() {
    let rng = &mut Rng::new(5);
    let gru = Gru::<f64>::new(2, 3, rng).layers(2, rng).bidirectional(rng).batch_first();
    let mut batch = x(&[3, 4, 2]);
    for t in 2..4 {
        batch.set(&[1, t, 0], f64::NAN).unwrap();
    }
    let lengths = tensor![4_usize, 2, 3];
    let (y, h) = gru.predict(&(batch.clone(), lengths.clone())).unwrap();
    for (i, n) in lengths.iter().enumerate() {
        let alone = batch.select(0, i).unwrap().narrow(0, 0, n).unwrap();
        let (ya, ha) = gru.predict(&alone).unwrap();
        let within = y.select(0, i).unwrap().narrow(0, 0, n).unwrap();
        assert!(within.allclose(&ya, 1e-12, 1e-12, false).unwrap(), "{i}");
        assert!(h.select(1, i).unwrap().allclose(&ha, 1e-12, 1e-12, false).unwrap(), "{i}");
        let after = y.select(0, i).unwrap().narrow(0, n, 4 - n).unwrap();
        assert!(after.iter().all(|y| y == 0.0), "{i}");
    }
}

#[test]
fn names_and_sizes_are_pytorchs() {
    let rng = &mut Rng::new(6);
    let lstm = Lstm::<f32>::new(5, 4, rng).layers(2, rng).bidirectional(rng).projection(3, rng);
    let names: Vec<(String, Vec<usize>)> =
        lstm.named_parameters().into_iter().map(|(name, p)| (name, p.shape().to_vec())).collect();
    let of = |name: &str| names.iter().find(|(n, _)| n == name).unwrap().1.clone();
    assert_eq!(names.len(), 4 * 5);
    assert_eq!(names[0].0, "weight_ih_l0");
    assert_eq!(of("weight_ih_l0"), [16, 5]);
    assert_eq!(of("weight_hh_l0_reverse"), [16, 3]);
    assert_eq!(of("weight_hr_l1_reverse"), [3, 4]);
    assert_eq!(of("weight_ih_l1"), [16, 6]);
    assert_eq!(of("bias_hh_l1_reverse"), [16]);
    assert_eq!(lstm.describe().unwrap(), "Lstm(5 -> 4 -> 3, 2 layers, both ways)");
    // Uniform within ±1/√hidden, which is a half here.
    let all: Vec<f32> = lstm.parameters().iter().flat_map(|p| p.value().to_vec()).collect();
    let (low, high) = all.iter().fold((0f32, 0f32), |(l, h), &x| (l.min(x), h.max(x)));
    assert!(low >= -0.5 && high <= 0.5 && low < -0.48 && high > 0.48, "{low} {high}");
    check_parameters(&lstm, &Tensor::ones([2, 3, 5])).unwrap();
}

/// Dropout acts between layers: one layer draws nothing.
#[test]
fn dropout_is_between_layers() {
    let rng = &mut Rng::new(7);
    let one = Gru::<f64>::new(2, 3, rng).dropout(0.5);
    let tape = Tape::new(); // without a seed, a draw is an error
    one.call(tape.input(x(&[3, 2, 2]))).unwrap();
    let two = Gru::<f64>::new(2, 3, rng).layers(2, rng).dropout(0.5);
    assert!(two.call(tape.input(x(&[3, 2, 2]))).is_err());
    let run = |seed| {
        let tape = Tape::new().seeded(seed);
        two.call(tape.input(x(&[3, 2, 2]))).unwrap().0.value().unwrap()
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
    assert_ne!(run(1), two.predict(&x(&[3, 2, 2])).unwrap().0);
}

#[test]
fn errors_name_the_layer_the_shapes_and_the_rule() {
    let rng = &mut Rng::new(8);
    let gru = Gru::<f64>::new(2, 3, rng);
    let tape = Tape::new();
    let sequences = tape.input(x(&[4, 2, 2]));
    let says = |error: wengert_autograd::Error, words: &str| {
        let text = error.to_string();
        assert!(text.contains(words) && text.contains("tests/nn/recurrent.rs"), "{text}");
    };
    let wide = tape.input(x(&[4, 2, 5]));
    says(gru.call(wide).unwrap_err(), "the last axis must have size 2");
    says(gru.call(tape.input(x(&[2]))).unwrap_err(), "[time, batch, inputs]");
    // The shape is that which was given, not that of the steps.
    let first = Gru::<f64>::new(2, 3, rng).batch_first();
    says(first.call(wide).unwrap_err(), "[4, 2, 5]");
    let state = tape.input(x(&[2, 3]));
    says(gru.call((sequences, state)).unwrap_err(), "the first state must be [1, 2, 3]");
    let long = tape.input(tensor![4_usize, 5]);
    says(gru.call((sequences, long)).unwrap_err(), "sequence 1 has length 5");
    let few = tape.input(tensor![4_usize]);
    says(gru.call((sequences, few)).unwrap_err(), "one length for each sequence");
    let mask = tape.input(tensor![true, false]);
    says(
        gru.call((sequences, mask)).unwrap_err(),
        "a state, of the layer's own floats, or lengths",
    );
    let cell = LstmCell::<f64>::new(2, 3, rng);
    says(cell.call(wide).unwrap_err(), "x must be [batch, 2] or [2]");
}

/// Settings that no net has are errors of the line that called.
#[test]
fn settings_that_no_net_has_are_errors() {
    let rng = &mut Rng::new(9);
    let tape = Tape::no_grad();
    let sequences = tape.input(x(&[4, 2, 2]));
    let says = |error: wengert_autograd::Error, words: &str| {
        let text = error.to_string();
        assert!(text.contains(words) && text.contains("tests/nn/recurrent.rs"), "{text}");
    };
    let none = Rnn::<f64>::new(2, 3, rng).layers(0, rng);
    says(
        none.call(sequences).unwrap_err(),
        "Rnn: [4, 2, 2]: there must be a layer, and `layers` is 0",
    );
    for p in [1.5, -0.1, f64::NAN] {
        let words = format!("Gru: [4, 2, 2]: {p} is not a probability: it must be from 0 to 1");
        let one = Gru::<f64>::new(2, 3, rng).dropout(p);
        says(one.call(sequences).unwrap_err(), &words);
        says(one.layers(2, rng).call(sequences).unwrap_err(), &words);
    }
    for size in [0, 3, 5] {
        let lstm = Lstm::<f64>::new(2, 3, rng).projection(size, rng);
        let words = format!(
            "Lstm: [4, 2, 2]: h of size 3 must be projected to a size from 1 to 2, and it is {size}"
        );
        says(lstm.call(sequences).unwrap_err(), &words);
    }
    Lstm::<f64>::new(2, 3, rng).projection(2, rng).call(sequences).unwrap();
}
