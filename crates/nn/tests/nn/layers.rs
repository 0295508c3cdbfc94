//! Every layer: its gradients by parameter name, and values that were worked out by hand.

use wengert_autograd::{GradCheck, Param, Result, Tape, Var};
use wengert_nn::*;
use wengert_tensor::{Rng, Tensor, tensor};

/// Checks what a model gives for `x`, by the model's parameters and by `x` itself, to second order.
fn check(name: &str, model: &dyn Module<f64>, x: Tensor<f64>) {
    let input = Param::new(x);
    input.set_path("input");
    let mut parameters = model.parameters();
    parameters.push(input.clone());
    let report =
        GradCheck::new().check_parameters(&parameters, |tape| model.call(tape.param(&input)));
    assert!(report.is_right(), "{name}: {report}");
    assert!(!report.findings().is_empty(), "{name}");
}

fn x(shape: &[usize]) -> Tensor<f64> {
    Tensor::randn(shape, &mut Rng::new(shape.len() as u64))
}

#[test]
fn gradients_of_layers_with_parameters() {
    let rng = &mut Rng::new(1);
    check("Linear", &Linear::new(3, 4, rng), x(&[5, 3]));
    check("Linear of three axes", &Linear::new(3, 4, rng), x(&[2, 5, 3]));
    check("Linear of a vector", &Linear::new(3, 4, rng).without_bias(), x(&[3]));
    check("LayerNorm", &LayerNorm::new([4]), x(&[3, 4]));
    check("LayerNorm of two axes", &LayerNorm::new([2, 4]).without_bias(), x(&[3, 2, 4]));
    check("RmsNorm", &RmsNorm::new([4]).eps(1e-3), x(&[3, 4]));
    check("GroupNorm", &GroupNorm::new(2, 4), x(&[2, 4, 3]));
    check("BatchNorm1d", &BatchNorm1d::new(3), x(&[5, 3]));
    check("BatchNorm1d of a length", &BatchNorm1d::new(3).cumulative(), x(&[4, 3, 2]));
    check("BatchNorm2d", &BatchNorm2d::new(2).without_affine(), x(&[2, 2, 2, 3]));
    check("InstanceNorm1d", &InstanceNorm1d::new(2).affine(), x(&[2, 2, 5]));
    check("InstanceNorm1d of one", &InstanceNorm1d::new(2).affine(), x(&[2, 5]));
    check("PRelu", &PRelu::new(1), x(&[4, 3]));
    check("PRelu by channel", &PRelu::new(3), x(&[4, 3, 2]));
}

#[test]
fn gradients_of_layers_without_parameters() {
    let layers: Vec<(&str, Box<dyn Module<f64>>)> = vec![
        ("Tanh", Box::new(Tanh)),
        ("Sigmoid", Box::new(Sigmoid)),
        ("Relu", Box::new(Relu)),
        ("Relu6", Box::new(Relu6)),
        ("LeakyRelu", Box::new(LeakyRelu::default())),
        ("Elu", Box::new(Elu::default())),
        ("Celu", Box::new(Celu::new(2.0))),
        ("Selu", Box::new(Selu)),
        ("Gelu", Box::new(Gelu::default())),
        ("Gelu by tanh", Box::new(Gelu::tanh())),
        ("Silu", Box::new(Silu)),
        ("Mish", Box::new(Mish)),
        ("Softplus", Box::new(Softplus::default())),
        ("Softsign", Box::new(Softsign)),
        ("Tanhshrink", Box::new(Tanhshrink)),
        ("Softshrink", Box::new(Softshrink::default())),
        ("Hardshrink", Box::new(Hardshrink::default())),
        ("Hardtanh", Box::new(Hardtanh::default())),
        ("Hardsigmoid", Box::new(Hardsigmoid)),
        ("Hardswish", Box::new(Hardswish)),
        ("Threshold", Box::new(Threshold::new(0.1, 20.0))),
        ("LogSigmoid", Box::new(LogSigmoid)),
        ("Glu", Box::new(Glu::default())),
        ("Softmax", Box::new(Softmax::new(-1))),
        ("LogSoftmax", Box::new(LogSoftmax::new(0))),
        ("Softmin", Box::new(Softmin::new(1))),
        ("Identity", Box::new(Identity)),
        ("Flatten", Box::new(Flatten::default())),
        ("Dropout", Box::new(Dropout::new(0.3))),
        ("ConstantPad1d", Box::new(ConstantPad1d::new([(2, 1)], 3.0))),
        ("ConstantPad2d", Box::new(ConstantPad2d::new([(1, -1), (0, 2)], 3.0))),
        ("ReflectionPad2d", Box::new(ReflectionPad2d::new([(1, 2), (1, 0)]))),
        ("func", Box::new(func(|x: Var<'_, f64>| Ok(x.square())))),
    ];
    for (name, layer) in layers {
        check(name, &layer, x(&[3, 4]));
    }
}

#[test]
fn gradients_of_layers_with_other_inputs() {
    let rng = &mut Rng::new(2);
    let words = Embedding::<f64>::new(5, 3, rng).padding(1);
    let report = GradCheck::new().check_parameters(&words.parameters(), |tape| {
        let rows = words.call(tape.input(tensor![[0_usize, 4], [4, 2]]))?;
        Ok(rows.square())
    });
    assert!(report.is_right(), "{report}");

    let form = Bilinear::<f64>::new(2, 3, 4, rng);
    let (a, b) = (x(&[5, 2]), x(&[5, 3]));
    let report = GradCheck::new().check_parameters(&form.parameters(), |tape| {
        form.call((tape.constant(a.clone()), tape.constant(b.clone())))
    });
    assert!(report.is_right(), "{report}");
    let tape = Tape::new();
    let y = form.call((tape.constant(a.clone()), tape.constant(b.clone()))).unwrap();
    let by_hand = |n: usize, o: usize| -> f64 {
        let w = form.weight.value();
        let mut sum = form.bias.as_ref().unwrap().value().get(&[o]).unwrap();
        for i in 0..2 {
            for j in 0..3 {
                sum +=
                    a.get(&[n, i]).unwrap() * w.get(&[o, i, j]).unwrap() * b.get(&[n, j]).unwrap();
            }
        }
        sum
    };
    assert!((y.value().unwrap().get(&[3, 2]).unwrap() - by_hand(3, 2)).abs() < 1e-12);
}

#[test]
fn padding_rows_get_no_gradient() {
    let words = Embedding::<f64>::new(3, 2, &mut Rng::new(0)).padding(1);
    assert_eq!(words.weight.value().select(0, 1).unwrap(), tensor![0.0, 0.0]);
    let tape = Tape::new();
    words.call(tape.input(tensor![0_usize, 1, 1, 2])).unwrap().sum().backward().unwrap();
    assert_eq!(words.weight.grad().unwrap(), tensor![[1.0, 1.0], [0.0, 0.0], [1.0, 1.0]]);
}

#[test]
fn prelu_at_zero_and_below() {
    let layer = PRelu::<f64>::new(1);
    let tape = Tape::new();
    let x = tape.var(tensor![2.0, 0.0, -2.0]);
    let g = layer.call(x).unwrap().sum().gradients().unwrap();
    assert_eq!(g.wrt(x).value().unwrap(), tensor![1.0, 0.25, 0.25]);
    assert_eq!(g.wrt(&layer.weight).value().unwrap(), tensor![-2.0]);
}

#[test]
fn dropout_scales_what_it_keeps_and_is_off_in_evaluation() {
    let ones = Tensor::<f64>::ones([20_000]);
    for p in [0.0, 0.1, 0.5, 1.0] {
        let tape = Tape::new().seeded(3);
        let x = tape.var(ones.clone());
        let y = Dropout::new(p).forward(x).unwrap();
        let zeros = y.value().unwrap().equal_scalar(0.0).count() as f64 / 20_000.0;
        assert!((zeros - p).abs() < 0.015, "{p}: {zeros}");
        let kept = 1.0 / (1.0 - p);
        assert!(y.value().unwrap().iter().all(|y| y == 0.0 || (y - kept).abs() < 1e-15));
        // The gradient is the mask itself.
        assert_eq!(y.sum().gradients().unwrap().wrt(x).value().unwrap(), y.value().unwrap());
        assert_eq!(Dropout::new(p).predict(&ones).unwrap(), ones);
    }
    let draw = |seed| {
        let tape = Tape::new().seeded(seed);
        Dropout::default().forward(tape.constant(ones.clone())).unwrap().value().unwrap()
    };
    assert!(draw(1) == draw(1) && draw(1) != draw(2));
}

#[test]
fn batch_norm_buffers_move_in_recorded_training_alone() -> Result<()> {
    let norm = BatchNorm1d::<f64>::new(2).momentum(0.3);
    let before = norm.state();
    let x = x(&[6, 2]);
    norm.predict(&x)?;
    norm.call(Tape::new().evaluating().constant(x.clone()))?;
    norm.call(Tape::no_grad().training().constant(x.clone()))?;
    assert_eq!(norm.state(), before);
    // Frozen: another question.
    norm.freeze("*").unwrap();
    norm.call(Tape::new().constant(x.clone()))?;
    let running = norm.running.as_ref().unwrap();
    let mean = x.mean_over(0)?.mul_scalar(0.3);
    let var = x.var_over(0, 1.0)?.mul_scalar(0.3).add_scalar(0.7);
    assert!(running.mean.value().allclose(&mean, 1e-12, 1e-15, false)?);
    assert!(running.var.value().allclose(&var, 1e-12, 1e-15, false)?);
    assert_eq!(running.batches.get(), 1);
    Ok(())
}

#[test]
fn cumulative_statistics_are_plain_means() -> Result<()> {
    let norm = BatchNorm1d::<f64>::new(1).cumulative();
    for (a, b) in [(1.0, 3.0), (5.0, 7.0), (0.0, 2.0)] {
        norm.call(Tape::new().constant(tensor![[a], [b]]))?;
    }
    let running = norm.running.as_ref().unwrap();
    assert!((running.mean.value().item()? - 3.0).abs() < 1e-12);
    assert!((running.var.value().item()? - 2.0).abs() < 1e-12);
    Ok(())
}

#[test]
fn normalised_values() -> Result<()> {
    let x = x(&[2, 4, 3]).mul_scalar(5.0).add_scalar(2.0);
    let y = GroupNorm::new(2, 4).predict(&x)?.reshape([2, 2, 6])?;
    assert!(y.mean_over(-1)?.iter().all(|m| m.abs() < 1e-12));
    assert!(y.var_over(-1, 0.0)?.iter().all(|v| (v - 1.0).abs() < 1e-4));
    let y = RmsNorm::new([3]).predict(&x)?;
    assert!(y.square().mean_over(-1)?.iter().all(|m| (m - 1.0).abs() < 1e-12));
    // In evaluation, by what starts as mean 0 and variance 1.
    let norm = BatchNorm1d::new(4).eps(0.0);
    assert_eq!(norm.predict(&x)?, x);
    let by_input = InstanceNorm1d::new(4).predict(&x)?;
    assert!(by_input.mean_over(-1)?.iter().all(|m| m.abs() < 1e-12));
    Ok(())
}

#[test]
fn padded_values() -> Result<()> {
    let x = tensor![[1.0_f64, 2.0, 3.0], [4.0, 5.0, 6.0]];
    let y = ConstantPad2d::new([(1, 0), (0, 1)], 9.0).predict(&x)?;
    assert_eq!(y, tensor![[9.0, 1.0, 2.0, 3.0], [9.0, 4.0, 5.0, 6.0], [9.0, 9.0, 9.0, 9.0]]);
    assert_eq!(y, x.pad([(0, 1), (1, 0)], 9.0)?);
    let y = ConstantPad1d::new([(-1, 2)], 0.0).predict(&x)?;
    assert_eq!(y, x.pad([(0, 0), (-1, 2)], 0.0)?);
    let y = ReflectionPad1d::new([(2, 1)]).predict(&x)?;
    assert_eq!(y, tensor![[3.0, 2.0, 1.0, 2.0, 3.0, 2.0], [6.0, 5.0, 4.0, 5.0, 6.0, 5.0]]);
    assert_eq!(ZeroPad2d::new([(0, 0), (0, 0)]).predict(&x)?, x);
    Ok(())
}

#[test]
fn embedding_of_nothing_and_of_several_axes() -> Result<()> {
    let words = Embedding::from_weights(tensor![[1.0_f64, 2.0], [3.0, 4.0]]);
    let tape = Tape::new();
    let none = Tensor::<usize>::zeros([0, 3]);
    assert_eq!(*words.call(tape.input(none))?.shape(), [0, 3, 2]);
    let y = words.call(tape.input(tensor![[1_usize, 0], [1, 1]]))?;
    assert_eq!(y.value().unwrap().slice(wengert_tensor::s![0, 0])?, tensor![3.0, 4.0]);
    Ok(())
}

#[test]
fn an_empty_batch_leaves_running_statistics_as_they_are() {
    fn check<M: Module<f64>>(model: &M, running: &Running<f64>, shape: &[usize]) {
        let tape = Tape::new();
        let x = tape.var(Tensor::zeros(shape));
        let y = model.call(x).unwrap();
        assert_eq!(*y.shape(), *shape);
        y.sum().gradients().unwrap();
        let (mean, var) = (running.mean.value(), running.var.value());
        assert_eq!(mean, Tensor::zeros(mean.shape()), "{shape:?}");
        assert_eq!(var, Tensor::ones(var.shape()), "{shape:?}");
        assert_eq!(running.batches.get(), 0, "{shape:?}");
    }
    for shape in [&[0, 2][..], &[0, 2, 3], &[4, 2, 0]] {
        let norm = BatchNorm1d::new(2);
        check(&norm, norm.running.as_ref().unwrap(), shape);
        let norm = BatchNorm1d::new(2).cumulative();
        check(&norm, norm.running.as_ref().unwrap(), shape);
    }
    for shape in [[0, 2, 3, 3], [4, 2, 0, 3]] {
        let norm = BatchNorm2d::new(2);
        check(&norm, norm.running.as_ref().unwrap(), &shape);
    }
    for shape in [[0, 2, 3, 3, 3], [4, 2, 0, 3, 1]] {
        let norm = BatchNorm::<f64, 3>::new(2);
        check(&norm, norm.running.as_ref().unwrap(), &shape);
    }
    for shape in [[0, 2, 3], [4, 2, 0]] {
        let norm = InstanceNorm1d::new(2).tracking();
        check(&norm, norm.running.as_ref().unwrap(), &shape);
    }
    // One number a channel has no variance: it is an error, and nothing moves.
    for shape in [&[1, 2][..], &[1, 2, 1]] {
        let norm = BatchNorm1d::<f64>::new(2);
        let x = Tensor::ones(shape);
        let error = norm.call(Tape::new().constant(x)).unwrap_err().to_string();
        assert!(error.contains("more than one number a channel"), "{error}");
        assert_eq!(norm.running.as_ref().unwrap().var.value(), Tensor::ones([2]));
    }
}

/// A batch that holds a NaN is one that no step is made of; evaluation goes on by the statistics of the others.
#[test]
fn a_batch_that_is_not_finite_leaves_the_running_statistics() {
    let finite = Tensor::<f64>::randn([4, 2, 3], &mut Rng::new(0));
    for bad in [f64::NAN, f64::INFINITY, 1e200] {
        let bad = finite.map(|x| if x > 0.5 { bad } else { x });
        let (batch, each) = (BatchNorm1d::new(2), InstanceNorm1d::new(2).tracking());
        let cumulative = (BatchNorm1d::new(2).cumulative(), InstanceNorm1d::new(2).tracking());
        let layers = (batch, each, cumulative);
        let run = |x: &Tensor<f64>| {
            let tape = Tape::new();
            let x = tape.constant(x.clone());
            layers.0.call(x).unwrap();
            layers.1.call(x).unwrap();
            layers.2.0.call(x).unwrap();
        };
        run(&finite);
        let before = layers.state();
        run(&bad);
        assert_eq!(layers.state(), before);
        run(&finite);
        assert_ne!(layers.state(), before);
    }
}

#[test]
fn a_layer_beyond_memory_names_itself_and_the_line_that_asked_for_it() {
    const VAST: usize = usize::MAX / 8;
    let rng = &mut Rng::new(0);
    macro_rules! each {
        ($($layer:literal: $make:expr;)*) => {$(
            let make = std::panic::AssertUnwindSafe(|| drop($make));
            let payload = std::panic::catch_unwind(make).unwrap_err();
            let text = payload.downcast_ref::<String>().unwrap();
            assert!(text.starts_with(concat!($layer, ": [")), "{text}");
            assert!(text.contains("memory") && text.contains("layers.rs"), "{text}");
        )*};
    }
    each! {
        "Linear": Linear::<f32>::new(VAST, VAST, rng);
        "Linear": Linear::<f32>::new(0, VAST, rng);
        "Bilinear": Bilinear::<f32>::new(VAST, 2, 2, rng);
        "Conv": Conv2d::<f32>::new(VAST, 2, 3, rng);
        "ConvTranspose": ConvTranspose2d::<f32>::new(VAST, 2, 3, rng);
        "Embedding": Embedding::<f32>::new(VAST, 2, rng);
        "EmbeddingBag": EmbeddingBag::<f32>::new(VAST, 2, rng);
        "Rnn": Rnn::<f32>::new(VAST, 2, rng);
        "Gru": Gru::<f32>::new(2, VAST, rng);
        "Lstm": Lstm::<f32>::new(2, usize::MAX, rng);
        "Lstm": Lstm::<f32>::new(2, 2, rng).projection(VAST, rng);
        "LstmCell": LstmCell::<f32>::new(VAST, 2, rng);
        "MultiheadAttention": MultiheadAttention::<f32>::new(usize::MAX, 2, rng);
        "MultiheadAttention":
            MultiheadAttention::<f32>::new(2, 2, rng).key_value_widths(VAST, 2, rng);
        "MultiheadAttention": TransformerEncoderLayer::<f32>::new(VAST, 2, rng);
        "MultiheadAttention": TransformerDecoderLayer::<f32>::new(VAST, 2, rng);
        "Linear": TransformerEncoderLayer::<f32>::new(2, 2, rng).feedforward(VAST, rng);
        "LearnedPositions": LearnedPositions::<f32>::new(VAST, 2, rng);
        "LayerNorm": LayerNorm::<f32>::new([VAST]);
        "RmsNorm": RmsNorm::<f32>::new([VAST]);
        "BatchNorm": BatchNorm1d::<f32>::new(VAST);
        "GroupNorm": GroupNorm::<f32>::new(2, VAST);
        "InstanceNorm": InstanceNorm1d::<f32>::new(VAST).affine();
        "InstanceNorm": InstanceNorm1d::<f32>::new(VAST).tracking();
        "PRelu": PRelu::<f32>::new(VAST);
        "Standardize": Standardize::<f32>::new([VAST]);
    }
}

/// A view of one number.
fn wide(shape: &[usize]) -> Tensor<f32> {
    Tensor::ones([]).expand(shape).expect("a view takes no memory")
}

/// Sizes whose products overflow, and results that no memory holds, are errors of the line that called, and not panics.
#[test]
fn options_and_results_beyond_memory_are_errors() {
    const MAX: usize = usize::MAX;
    const VAST: usize = 1 << 44;
    let rng = &mut Rng::new(0);
    let image = || Tensor::<f32>::ones([1, 1, 4, 4]);
    type Call = (&'static str, Box<dyn Module<f32>>, Tensor<f32>);
    let mut calls: Vec<Call> = vec![
        ("padding", Box::new(ConvTranspose2d::new(1, 1, 3, rng).padding(MAX)), image()),
        ("unshuffle", Box::new(PixelUnshuffle::new(1 << 32)), Tensor::ones([1, 4, 0, 0])),
        ("fold", Box::new(Fold::new(MAX, 2).padding(MAX)), Tensor::ones([1, 4, 9])),
        ("lp kernel", Box::new(LpPool2d::new(2.0, MAX)), image()),
        ("average parts", Box::new(AdaptiveAvgPool1d::new([1 << 41])), Tensor::ones([1, 1, 3])),
        ("largest parts", Box::new(AdaptiveMaxPool1d::new([1 << 41])), Tensor::ones([1, 1, 3])),
        ("upsample", Box::new(Upsample::by([1e13])), Tensor::ones([1, 1, 5])),
        ("max pool", Box::new(MaxPool1d::new(2)), wide(&[1, 1, VAST])),
        ("layer norm", Box::new(LayerNorm::new([4])), wide(&[VAST, 4])),
        ("rms norm", Box::new(RmsNorm::new([4])), wide(&[VAST, 4])),
        ("group norm", Box::new(GroupNorm::new(2, 4)), wide(&[VAST, 4])),
        ("prelu", Box::new(PRelu::new(1)), wide(&[VAST])),
        ("relu", Box::new(Relu), wide(&[VAST])),
        ("sines", Box::new(SinusoidalPositions), wide(&[VAST, 4])),
        ("rotary", Box::new(RotaryPositions::default()), wide(&[VAST, 4])),
    ];
    calls.push(("relu in a sequence", Box::new(sequential![Relu, Tanh]), wide(&[VAST])));
    for (name, layer, x) in calls {
        let error = layer.predict(&x).unwrap_err().to_string();
        assert!(error.contains("layers.rs:"), "{name}: {error}");
        let error = layer.call(Tape::new().constant(x)).map(|_| ()).unwrap_err().to_string();
        assert!(error.contains("layers.rs:"), "{name}: {error}");
    }
    let words = tensor![1_usize].expand([VAST]).unwrap();
    let pairs = tensor![1_usize].expand([VAST, 2]).unwrap();
    let embedding = Embedding::<f32>::new(4, 3, rng).predict(&words).unwrap_err().to_string();
    let bags = EmbeddingBag::<f32>::new(4, 3, rng).predict(&pairs).unwrap_err().to_string();
    let (lstm, tape) = (Lstm::<f32>::new(2, 2, rng), Tape::new());
    let batch = lstm.call(tape.constant(wide(&[3, VAST, 2]))).map(|_| ()).unwrap_err().to_string();
    for error in [embedding, bags, batch] {
        assert!(error.contains("memory") && error.contains("layers.rs:"), "{error}");
    }
}

/// An option that makes all results NaN, or is ignored without a word, is an error of the line that called.
#[test]
fn options_that_are_no_numbers_are_errors() {
    let x = || Tensor::<f32>::ones([4, 2]);
    let nan = f64::NAN;
    type Call = (&'static str, Box<dyn Module<f32>>, Tensor<f32>);
    let calls: Vec<Call> = vec![
        ("`eps` is NaN", Box::new(BatchNorm1d::new(2).eps(nan)), x()),
        ("`eps` is -1", Box::new(LayerNorm::new([2]).eps(-1.0)), x()),
        ("`eps` is NaN", Box::new(RmsNorm::new([2]).eps(nan)), x()),
        ("`eps` is inf", Box::new(GroupNorm::new(1, 2).eps(f64::INFINITY)), x()),
        ("`eps` is NaN", Box::new(InstanceNorm1d::new(4).eps(nan)), Tensor::ones([1, 4, 2])),
        ("`momentum` is 2", Box::new(BatchNorm1d::new(2).momentum(2.0)), x()),
        ("`momentum` is NaN", Box::new(BatchNorm1d::new(2).momentum(nan)), x()),
        ("LeakyRelu", Box::new(LeakyRelu::new(nan)), x()),
        ("Elu", Box::new(Elu::new(nan)), x()),
        ("Celu", Box::new(Celu::new(0.0)), x()),
        ("Softplus", Box::new(Softplus::new(0.0, 20.0)), x()),
        ("Hardshrink", Box::new(Hardshrink::new(nan)), x()),
        ("the base is NaN", Box::new(RotaryPositions::new(nan)), x()),
        ("the base is -1", Box::new(RotaryPositions::new(-1.0)), x()),
        ("not 0 or NaN", Box::new(LpPool1d::new(nan, 2)), Tensor::ones([1, 4, 2])),
        ("-0.1", Box::new(Dropout::new(-0.1)), x()),
    ];
    for (says, layer, x) in calls {
        let tape = Tape::new().seeded(0);
        let error = layer.call(tape.constant(x)).map(|_| ()).unwrap_err().to_string();
        assert!(error.contains(says) && error.contains("layers.rs:"), "{says}: {error}");
    }
    let rng = &mut Rng::new(0);
    for p in [nan, -0.1] {
        let tape = Tape::new().seeded(0);
        let lstm = Lstm::<f32>::new(2, 2, rng).layers(2, rng).dropout(p);
        let error = lstm.call(tape.constant(Tensor::ones([3, 1, 2]))).map(|_| ()).unwrap_err();
        assert!(error.to_string().contains("is not a probability"), "{error}");
    }
}

/// A number, a tuple and a list say the same.
#[test]
fn sizes_come_as_a_number_a_tuple_or_a_list() {
    let rng = || Rng::new(0);
    let state = |layer: Conv2d<f32>| layer.state();
    let square = state(Conv2d::new(1, 2, 3, &mut rng()));
    assert!(square == state(Conv2d::new(1, 2, (3, 3), &mut rng())));
    assert!(square == state(Conv2d::new(1, 2, [3, 3], &mut rng())));
    let text = Conv3d::<f32>::new(1, 2, (1, 2, 3), &mut rng()).stride((1, 1, 2)).padding((0, 1, 1));
    let same = Conv3d::<f32>::new(1, 2, [1, 2, 3], &mut rng()).stride([1, 1, 2]).padding([0, 1, 1]);
    assert_eq!(text.to_string(), same.to_string());
    assert_eq!(MaxPool2d::new((2, 3)).to_string(), MaxPool2d::new([2, 3]).to_string());
    assert_eq!(AdaptiveAvgPool2d::new((2, 3)).to_string(), "AdaptiveAvgPool2d([2, 3])");

    let shapes = [LayerNorm::<f32>::new(4), LayerNorm::new([4]), LayerNorm::new(vec![4])];
    assert!(shapes.iter().all(|layer| layer.to_string() == "LayerNorm([4])"));
    assert_eq!(LayerNorm::<f32>::new(&[2, 4][..]).weight.unwrap().shape(), [2, 4]);
    assert_eq!(RmsNorm::<f32>::new(4).to_string(), "RmsNorm([4])");
    assert_eq!(Standardize::<f32>::new(4).to_string(), "Standardize([4])");

    // One number is for each axis that the input has; a list must have one for each.
    let of = |layer: &Upsample, shape: &[usize]| {
        layer.predict(&Tensor::<f32>::ones(shape)).map(|y| y.shape().to_vec())
    };
    let (by, to) = (Upsample::by(2.5), Upsample::to(7));
    assert_eq!(of(&by, &[1, 2, 4]).unwrap(), [1, 2, 10]);
    assert_eq!(of(&by, &[1, 2, 4, 2]).unwrap(), [1, 2, 10, 5]);
    assert_eq!(of(&to, &[1, 2, 4, 2, 3]).unwrap(), [1, 2, 7, 7, 7]);
    assert_eq!(
        [by.to_string(), to.to_string()],
        ["Upsample(by 2.5, Nearest)", "Upsample(to 7, Nearest)"]
    );
    for layer in [by, to, Upsample::by([2.0]), Upsample::to([7, 7, 7])] {
        let error = of(&layer, &[1, 2]).unwrap_err().to_string();
        assert!(error.contains("must be [N, C, …]") && error.contains("layers.rs:"), "{error}");
    }
    assert!(of(&Upsample::by([2.0]), &[1, 2, 4, 4]).is_err());
}
