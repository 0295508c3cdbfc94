//! Attention and transformers: gradients by name to second order, masks, values by hand, names, errors.

use wengert_autograd::{GradCheck, Param, Result, Tape, Var};
use wengert_nn::functional::{Attention, scaled_dot_product_attention};
use wengert_nn::{
    LayerNorm, LearnedPositions, Module, MultiheadAttention, Parts, RotaryPositions,
    SinusoidalPositions, TimeFirst, TransformerDecoder, TransformerDecoderLayer,
    TransformerEncoder, TransformerEncoderLayer, check_parameters,
};
use wengert_tensor::{Rng, Tensor, s, tensor};

fn x(shape: &[usize], seed: u64) -> Tensor<f64> {
    Tensor::randn(shape, &mut Rng::new(seed))
}

/// Checks the gradients of a model's parameters and of these inputs, to second order.
fn check(
    name: &str,
    model: Option<&dyn Parts<f64>>,
    inputs: &[Tensor<f64>],
    f: impl for<'t> Fn(&[Var<'t, f64>]) -> Result<Var<'t, f64>>,
) {
    let mut parameters = model.map(|model| model.parameters()).unwrap_or_default();
    // Keys' biases move all scores of a query alike, and biases of zeros hide mistakes.
    for (i, p) in parameters.iter().enumerate().filter(|(_, p)| p.path().contains("bias")) {
        p.set(x(&p.shape(), i as u64));
    }
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
    assert!(!report.findings().is_empty(), "{name}");
}

#[test]
fn gradients_of_attention() {
    let qkv = [x(&[2, 3, 4], 1), x(&[2, 5, 4], 2), x(&[2, 5, 3], 3)];
    check("attention", None, &qkv, |v| {
        scaled_dot_product_attention(v[0], v[1], v[2], Attention::new())
    });
    check("causal", None, &qkv, |v| {
        scaled_dot_product_attention(v[0], v[1], v[2], Attention::new().causal().scale(0.7))
    });
    // The second query sees nothing.
    let mask = Tensor::from_fn([3, 5], |at| at[0] != 1 && (at[0] + at[1]) % 3 != 0);
    check("masked", None, &qkv, |v| {
        let mask = v[0].tape().input(mask.clone());
        scaled_dot_product_attention(v[0], v[1], v[2], Attention::new().mask(mask))
    });
    let with_bias = [qkv[0].clone(), qkv[1].clone(), qkv[2].clone(), x(&[3, 5], 4)];
    check("with a bias", None, &with_bias, |v| {
        scaled_dot_product_attention(v[0], v[1], v[2], Attention::new().bias(v[3]).dropout(0.3))
    });
}

#[test]
fn attention_by_hand() {
    let (q, k, v) = (x(&[3, 4], 5), x(&[5, 4], 6), x(&[5, 2], 7));
    let tape = Tape::no_grad();
    let vars = [&q, &k, &v].map(|x| tape.input(x.clone()));
    let y = scaled_dot_product_attention(vars[0], vars[1], vars[2], Attention::new().causal());
    let y = y.unwrap().value().unwrap();
    for i in 0..3 {
        let score = |j: usize| -> f64 {
            (0..4).map(|d| q.get(&[i, d]).unwrap() * k.get(&[j, d]).unwrap()).sum::<f64>() / 2.0
        };
        let total: f64 = (0..=i).map(|j| score(j).exp()).sum();
        for d in 0..2 {
            let mean: f64 =
                (0..=i).map(|j| score(j).exp() * v.get(&[j, d]).unwrap()).sum::<f64>() / total;
            assert!((mean - y.get(&[i, d]).unwrap()).abs() < 1e-12);
        }
    }
}

/// A query that sees nothing gets 0, and nothing of it goes back; what is not seen does not matter, NaN or not.
#[test]
fn unseen_keys_do_not_matter() {
    let tape = Tape::new();
    let q = tape.var(x(&[2, 4], 8));
    let (k, v) = (tape.var(x(&[3, 4], 9)), tape.var(x(&[3, 4], 10)));
    let mask = tape.input(tensor![[true, true, false], [false, false, false]]);
    let y = scaled_dot_product_attention(q, k, v, Attention::new().mask(mask)).unwrap();
    assert_eq!(y.value().unwrap().select(0, 1).unwrap(), Tensor::zeros([4]));
    let g = y.square().sum().gradients().unwrap();
    let gq = g.wrt(q).value().unwrap();
    assert_eq!(gq.select(0, 1).unwrap(), Tensor::zeros([4]));
    assert_ne!(gq.select(0, 0).unwrap(), Tensor::zeros([4]));
    for g in [g.wrt(k).value().unwrap(), g.wrt(v).value().unwrap()] {
        assert_eq!(g.select(0, 2).unwrap(), Tensor::zeros([4]));
    }
}

#[test]
fn gradients_of_multihead_attention() {
    let rng = &mut Rng::new(11);
    let own = MultiheadAttention::new(4, 2, rng).causal().zero_key();
    check("of itself", Some(&own), &[x(&[3, 2, 4], 12)], |v| own.call(v[0]));
    let cross = MultiheadAttention::new(4, 2, rng).key_value_widths(3, 2, rng).bias_kv(rng);
    let mask = Tensor::from_fn([2, 1, 5], |at| at[0] == 0 || at[2] < 3);
    let qkv = [x(&[2, 3, 4], 13), x(&[2, 5, 3], 14), x(&[2, 5, 2], 15)];
    let cross = cross.batch_first();
    check("of another", Some(&cross), &qkv, |v| {
        let (y, weights) =
            cross.with_weights((v[0], v[1], v[2], v[0].tape().input(mask.clone())))?;
        Var::cat(&[y.flatten().square(), weights.flatten()], 0)
    });
    let plain = MultiheadAttention::new(2, 1, rng).without_bias().dropout(0.4);
    check("dropped", Some(&plain), &[x(&[3, 2], 16), x(&[3, 3], 17)], |v| plain.call((v[0], v[1])));
}

/// A mask and causal order say the same where they mean the same; a batch is its sequences; weights sum to 1.
#[test]
fn masks_and_batches() {
    let rng = &mut Rng::new(18);
    let plain = MultiheadAttention::<f64>::new(6, 3, rng);
    let causal = plain.clone().causal();
    let sequence = x(&[4, 2, 6], 19);
    let mask = Tensor::full([4, 4], true).tril(0).unwrap();
    let close =
        |a: &Tensor<f64>, b: &Tensor<f64>| assert!(a.allclose(b, 1e-12, 1e-12, false).unwrap());
    let y: Tensor<f64> = causal.predict(&sequence).unwrap();
    close(&y, &plain.predict(&(sequence.clone(), mask.clone())).unwrap());
    let bias = mask.pick(&Tensor::scalar(0.0), &Tensor::scalar(f64::NEG_INFINITY)).unwrap();
    close(&y, &plain.predict(&(sequence.clone(), bias)).unwrap());
    for i in 0..2 {
        let alone: Tensor<f64> = causal.predict(&sequence.select(1, i).unwrap()).unwrap();
        close(&alone, &y.select(1, i).unwrap());
    }
    let qkv = (sequence.clone(), sequence.clone(), sequence.clone());
    close(&y, &causal.predict(&qkv).unwrap());
    let (same, weights) = causal.weighed().predict(&qkv).unwrap();
    close(&same, &y);
    close(&weights.sum_over(-1).unwrap(), &Tensor::ones([2, 4]));
}

/// A mask with an axis of size 1 says the same as the whole mask, also with keys that each sequence has besides.
#[test]
fn a_mask_for_all_keys_is_the_whole_mask() {
    let rng = &mut Rng::new(40);
    let plain = MultiheadAttention::<f64>::new(4, 2, rng);
    let kinds =
        [plain.clone(), plain.clone().zero_key(), plain.clone().bias_kv(rng), plain.causal()];
    let sequence = x(&[3, 2, 4], 41);
    for attention in kinds {
        for shape in [&[2, 3, 1][..], &[3, 1], &[1, 1], &[1], &[], &[2, 1, 3, 1]] {
            let mask = Tensor::from_fn(shape, |at| at.iter().sum::<usize>() % 2 == 0);
            let rank = shape.len().max(1);
            let whole = [&shape[..rank.min(shape.len()).saturating_sub(1)], &[3]].concat();
            let run = |mask: &Tensor<bool>| {
                let bias = mask.pick(&Tensor::scalar(0.5), &Tensor::scalar(-2.0)).unwrap();
                let tape = Tape::no_grad();
                let sequence = tape.input(sequence.clone());
                let seen = attention.call((sequence, tape.input(mask.clone()))).unwrap();
                let added = attention.call((sequence, tape.input(bias))).unwrap();
                (seen.value().unwrap(), added.value().unwrap())
            };
            assert_eq!(run(&mask), run(&mask.expand(&whole).unwrap()), "{attention:?} {shape:?}");
        }
    }
}

/// A mask of two axes is of queries and keys; one of the keys of each sequence gets help.
#[test]
fn a_mask_of_two_axes_is_of_queries_and_keys() {
    let attention = MultiheadAttention::<f64>::new(4, 2, &mut Rng::new(42)).batch_first();
    let tape = Tape::no_grad();
    let run = |shape: &[usize], mask: Tensor<bool>| {
        let y = attention.call((tape.input(x(shape, 43)), tape.input(mask)));
        y.map(|y| y.value().unwrap()).map_err(|error| error.to_string())
    };
    let words = tensor![[true, true, true], [true, true, false]];
    let text = run(&[2, 3, 4], words.clone()).unwrap_err();
    assert!(text.contains("a mask of 2 axes is [queries, keys], here [3, 3]"), "{text}");
    assert!(text.contains("help: ") && text.contains("`mask.unsqueeze(1)?`"), "{text}");
    assert!(text.contains("tests/nn/attention.rs"), "{text}");
    let padded = run(&[2, 3, 4], words.unsqueeze(1).unwrap()).unwrap();
    assert_ne!(padded, run(&[2, 3, 4], Tensor::full([3, 3], true)).unwrap());
    // With added numbers too; and no help where no sequence is meant.
    let added = tape.input(Tensor::<f64>::zeros([2, 3]));
    let text = attention.call((tape.input(x(&[2, 3, 4], 43)), added)).unwrap_err().to_string();
    assert!(text.contains("`mask.unsqueeze(1)?`"), "{text}");
    let text = run(&[2, 3, 4], Tensor::full([4, 5], true)).unwrap_err();
    assert!(text.contains("here [3, 3]") && !text.contains("help"), "{text}");
    // Where both fit, it is of queries and keys.
    let both = tensor![[true, false], [true, true]];
    let same = both.unsqueeze(0).unwrap();
    assert_eq!(run(&[2, 2, 4], both).unwrap(), run(&[2, 2, 4], same).unwrap());
}

/// A layer has one result for each input, so that the type of the result follows.
#[test]
fn the_result_of_attention_has_one_type() {
    let attention = MultiheadAttention::<f64>::new(4, 2, &mut Rng::new(44));
    let sequence = x(&[3, 2, 4], 45);
    let y = attention.predict(&sequence).unwrap();
    assert_eq!(y.shape(), [3, 2, 4]);
    let mask = Tensor::full([3, 3], true);
    let masked = attention.predict(&(sequence.clone(), mask.clone())).unwrap();
    assert!(masked.allclose(&y, 1e-12, 1e-12, false).unwrap());
    let qkv = (sequence.clone(), sequence.clone(), sequence.clone(), mask);
    let (same, weights) = attention.weighed().predict(&qkv).unwrap();
    assert_eq!((same.shape(), weights.shape()), (&[3, 2, 4][..], &[2, 3, 3][..]));
    // The layer in an error is the layer.
    let error = attention.weighed().predict(&x(&[2, 5], 1)).unwrap_err().to_string();
    assert!(error.contains("the widths must be 4, 4 and 4"), "{error}");
    assert_eq!(format!("{:?}", attention.weighed()), format!("{attention:?}"));
    assert_eq!(attention.weighed().state(), attention.state());
}

/// `TimeFirst` numbers the places of each sequence, as the layer itself does with the batch first.
#[test]
fn positions_before_attention_with_time_first() {
    let rng = &mut Rng::new(46);
    let learned = LearnedPositions::<f64>::new(6, 4, rng);
    let layers: [(&dyn Module<f64>, &dyn Module<f64>); 2] = [
        (&SinusoidalPositions, &TimeFirst(SinusoidalPositions)),
        (&learned, &TimeFirst(learned.clone())),
    ];
    let sequences = x(&[5, 3, 4], 47);
    for (batch_first, time_first) in layers {
        let y = time_first.predict(&sequences).unwrap();
        let same = batch_first.predict(&sequences.transpose(0, 1).unwrap()).unwrap();
        assert_eq!(y, same.transpose(0, 1).unwrap());
        assert_ne!(y, batch_first.predict(&sequences).unwrap());
        for i in 0..3 {
            let alone = time_first.predict(&sequences.select(1, i).unwrap()).unwrap();
            assert_eq!(alone, y.select(1, i).unwrap());
        }
    }
    let attention = TransformerEncoderLayer::<f64>::new(4, 2, rng).feedforward(5, rng);
    let order = |positions: &dyn Module<f64>| {
        let y = |x: &Tensor<f64>| attention.predict(&positions.predict(x).unwrap()).unwrap();
        let (y, reversed) = (y(&sequences), y(&sequences.flip(0).unwrap()).flip(0).unwrap());
        !y.allclose(&reversed, 1e-6, 1e-6, false).unwrap()
    };
    assert!(order(&TimeFirst(SinusoidalPositions)) && order(&TimeFirst(learned.clone())));
    // The layout that is not meant: the order does not count.
    assert!(!order(&SinusoidalPositions));
    let timed = TimeFirst(learned);
    assert_eq!(timed.parameters()[0].path(), "weight");
    assert_eq!(timed.tree(), "TimeFirst(LearnedPositions(6 x 4))");
    check("time first", Some(&timed), &[x(&[2, 3, 4], 48)], |v| Ok(timed.call(v[0])?.square()));
}

#[test]
fn gradients_of_transformers() {
    let rng = &mut Rng::new(20);
    let encoder = TransformerEncoderLayer::new(4, 2, rng).feedforward(5, rng).gelu().causal();
    check("encoder", Some(&encoder), &[x(&[3, 2, 4], 21)], |v| encoder.call(v[0]));
    let layer = TransformerDecoderLayer::new(4, 2, rng).feedforward(3, rng).norm_first();
    let decoder =
        TransformerDecoder::new(vec![layer.gelu().dropout(0.0).causal()]).norm(LayerNorm::new([4]));
    let mask = tensor![[true, true, false]];
    check("decoder", Some(&decoder), &[x(&[2, 4], 22), x(&[3, 4], 23)], |v| {
        decoder.call((v[0], v[1], v[0].tape().input(mask.clone())))
    });
    check("decoder with masks", Some(&decoder), &[x(&[2, 4], 22), x(&[3, 4], 23)], |v| {
        let tape = v[0].tape();
        let (scores, mask) =
            (tape.input(tensor![[0.0, -1.0], [0.5, 0.0]]), tape.input(mask.clone()));
        decoder.call(((v[0], scores), v[1], mask))
    });
}

/// A padded batch has, at the places that are there, the results of each sequence alone: of the encoder, and of the decoder with a
/// mask of the target, of the memory, and of both, causal or not.
#[test]
fn padding_is_not_seen() {
    let rng = &mut Rng::new(40);
    let layer = TransformerDecoderLayer::<f64>::new(4, 2, rng).feedforward(5, rng).batch_first();
    let seen = tensor![[true, true, true], [true, true, false]].unsqueeze(1).unwrap();
    for layer in [layer.clone(), layer.causal()] {
        let decoder = TransformerDecoder::new(vec![layer.deep_copy().unwrap(), layer]);
        let (x, memory) = (x(&[2, 3, 4], 41), x(&[2, 3, 4], 42));
        let of = |tensor: &Tensor<f64>, n: isize| tensor.slice(s![1..2, ..n]).unwrap();
        let both = decoder.predict(&((x.clone(), seen.clone()), memory.clone(), seen.clone()));
        let target = decoder.predict(&((x.clone(), seen.clone()), memory.clone()));
        let source = decoder.predict(&(x.clone(), memory.clone(), seen.clone()));
        for (y, places, keys) in [(both, 2, 2), (target, 2, 3), (source, 3, 2)] {
            let alone = decoder.predict(&(of(&x, places), of(&memory, keys))).unwrap();
            assert!(of(&y.unwrap(), places).allclose(&alone, 1e-12, 1e-12, false).unwrap());
        }
    }
}

#[test]
fn a_mask_of_a_wrong_shape_is_an_error_of_the_line() {
    let rng = &mut Rng::new(43);
    let layer = TransformerDecoderLayer::<f64>::new(4, 2, rng).feedforward(5, rng);
    let (x, memory) = (x(&[3, 2, 4], 44), x(&[5, 2, 4], 45));
    let padding = tensor![[true, true, true], [true, true, false]];
    let error = layer.predict(&((x, padding), memory)).unwrap_err().to_string();
    assert!(error.contains("[2, 3]") && error.contains("attention.rs:"), "{error}");
}

#[test]
fn gradients_of_positions() {
    check("sinusoidal", None, &[x(&[2, 3, 5], 24)], |v| {
        Ok(SinusoidalPositions.call(v[0])?.square())
    });
    check("rotary", None, &[x(&[2, 3, 4], 25)], |v| {
        Ok(RotaryPositions::new(100.0).call(v[0])?.sin())
    });
    let learned = LearnedPositions::new(4, 2, &mut Rng::new(26));
    check("learned", Some(&learned), &[x(&[2, 3, 2], 27)], |v| Ok(learned.call(v[0])?.square()));
}

#[test]
fn names_are_pytorchs_and_all_are_used() {
    let rng = &mut Rng::new(28);
    let layer = |rng: &mut Rng| TransformerEncoderLayer::<f64>::new(4, 2, rng).feedforward(8, rng);
    let model = TransformerEncoder::new(vec![layer(rng), layer(rng)]);
    let names: Vec<String> = model.named_parameters().into_iter().map(|(name, _)| name).collect();
    let first = [
        "self_attn.in_proj_weight",
        "self_attn.in_proj_bias",
        "self_attn.out_proj.weight",
        "self_attn.out_proj.bias",
        "linear1.weight",
        "linear1.bias",
        "linear2.weight",
        "linear2.bias",
        "norm1.weight",
        "norm1.bias",
        "norm2.weight",
        "norm2.bias",
    ];
    assert_eq!(names[..12], first.map(|name| format!("layers.0.{name}")));
    assert_eq!(names.len(), 24);
    check_parameters(&model, &x(&[3, 4], 29)).unwrap();
    let decoder = TransformerDecoderLayer::<f64>::new(4, 2, rng).feedforward(8, rng);
    check_parameters(&decoder, &(x(&[3, 4], 30), x(&[2, 4], 31))).unwrap();
    let of = |name: &str| decoder.named_parameters().iter().any(|(n, _)| n == name);
    assert!(of("multihead_attn.in_proj_weight") && of("norm3.bias"));
    // Xavier's: within √(6 / (4 + 12)).
    let weight = decoder.state().get("self_attn.in_proj_weight").unwrap().clone();
    assert!(weight.iter().all(|w| w.abs() <= (6.0f64 / 16.0).sqrt()));
}

#[test]
fn errors_name_the_rule() {
    let rng = &mut Rng::new(32);
    let tape = Tape::new();
    let input = |shape: &[usize]| tape.input(x(shape, 33));
    let says = |error: wengert_autograd::Error, words: &str| {
        let text = error.to_string();
        assert!(text.contains(words) && text.contains("tests/nn/attention.rs"), "{text}");
    };
    let attention = MultiheadAttention::<f64>::new(4, 3, rng);
    says(attention.call(input(&[2, 4])).unwrap_err(), "3 heads do not divide a width of 4");
    let attention = MultiheadAttention::<f64>::new(4, 2, rng);
    says(attention.call(input(&[2, 5])).unwrap_err(), "the widths must be 4, 4 and 4");
    says(attention.call(input(&[1, 2, 3, 4])).unwrap_err(), "[time, batch, width]");
    let wide = tape.input(Tensor::full([3, 2, 2], true));
    says(attention.call((input(&[2, 4]), wide)).unwrap_err(), "must broadcast to the scores");
    let ints = tape.input(tensor![[1_usize, 0]]);
    says(attention.call((input(&[2, 4]), ints)).unwrap_err(), "a mask is of `bool`");
    let (q, k) = (input(&[2, 4]), input(&[2, 3]));
    let error = scaled_dot_product_attention(q, k, k, Attention::new()).unwrap_err();
    says(error, "[…, queries, size]");
    says(RotaryPositions::default().call(input(&[2, 3])).unwrap_err(), "the width must be even");
    let positions = LearnedPositions::<f64>::new(2, 4, rng);
    says(positions.call(input(&[3, 4])).unwrap_err(), "no longer than the table");
}
