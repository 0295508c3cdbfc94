//! Models: names, freezing, states, summaries, and the checks that find what was forgotten.

use wengert_autograd::{Param, Result, Tape, Var};
use wengert_nn::*;
use wengert_tensor::{Rng, Tensor, tensor};

struct Block {
    norm: LayerNorm<f32>,
    linear: Linear<f32>,
    act: Tanh,
}
parts!(Block { norm, linear, act });
impl Module<f32> for Block {
    fn forward<'t>(&self, x: Var<'t, f32>) -> Result<Var<'t, f32>> {
        self.act.call(self.linear.call(self.norm.call(x)?)?)
    }
}

struct Net {
    blocks: Vec<Block>,
    extra: Option<Linear<f32>>,
    scale: Param<f32>,
    head: Box<dyn Module<f32>>,
}
parts!(Net { blocks, extra, scale, head });
impl Module<f32> for Net {
    fn forward<'t>(&self, mut x: Var<'t, f32>) -> Result<Var<'t, f32>> {
        for block in &self.blocks {
            x = block.call(x)?;
        }
        if let Some(extra) = &self.extra {
            x = extra.call(x)?;
        }
        self.head.call(x.try_mul(x.tape().param(&self.scale))?)
    }
}

fn block(n: usize, rng: &mut Rng) -> Block {
    Block { norm: LayerNorm::new([n]), linear: Linear::new(n, n, rng), act: Tanh }
}

fn net() -> Net {
    let rng = &mut Rng::new(5);
    Net {
        blocks: vec![block(3, rng), block(3, rng)],
        extra: None,
        scale: Param::new(tensor![2.0]),
        head: Box::new(sequential![out: Linear::new(3, 2, rng), norm: BatchNorm1d::new(2)]),
    }
}

#[test]
fn everything_has_a_path() {
    let net = net();
    let names: Vec<String> = net.named_parameters().into_iter().map(|p| p.0).collect();
    assert_eq!(
        names,
        [
            "blocks.0.norm.weight",
            "blocks.0.norm.bias",
            "blocks.0.linear.weight",
            "blocks.0.linear.bias",
            "blocks.1.norm.weight",
            "blocks.1.norm.bias",
            "blocks.1.linear.weight",
            "blocks.1.linear.bias",
            "scale",
            "head.out.weight",
            "head.out.bias",
            "head.norm.weight",
            "head.norm.bias",
        ]
    );
    assert_eq!(net.parameters().iter().map(Param::path).collect::<Vec<_>>(), names);
    let buffers: Vec<String> = net.named_buffers().into_iter().map(|b| b.0).collect();
    assert_eq!(buffers, ["head.norm.running_mean", "head.norm.running_var"]);
    assert_eq!(net.num_parameters(), 2 * (3 + 3 + 9 + 3) + 1 + 6 + 2 + 4);
}

#[test]
fn frozen_parameters_get_no_gradient_and_stay_named() -> wengert_nn::Result<()> {
    let net = net();
    assert_eq!(net.freeze("blocks.*.linear.*")?, 4);
    assert_eq!(net.freeze("head")?, 4);
    assert_eq!(net.unfreeze("*.bias")?, 6);
    let tape = Tape::new();
    net.call(tape.constant(Tensor::randn([4, 3], &mut Rng::new(0))))?.square().sum().backward()?;
    for (path, param) in net.named_parameters() {
        let frozen = matches!(
            path.as_str(),
            "blocks.0.linear.weight"
                | "blocks.1.linear.weight"
                | "head.out.weight"
                | "head.norm.weight"
        );
        assert_eq!(param.grad().is_none(), frozen, "{path}");
    }
    net.zero_grad();
    assert!(net.parameters().iter().all(|p| p.grad().is_none()));
    Ok(())
}

#[test]
fn states_go_round() -> wengert_nn::Result<()> {
    let (a, b) = (net(), net());
    a.call(Tape::new().constant(Tensor::randn([4, 3], &mut Rng::new(0))))?;
    a.scale.set(tensor![7.0]);
    let state = a.state();
    assert_eq!(state.len(), 13 + 3);
    assert_ne!(state, b.state());
    b.load_state(&state)?;
    assert_eq!(state, b.state());
    // A snapshot: training on does not change it.
    a.scale.update(|value, _| value.as_mut_slice()[0] = 0.0);
    assert_eq!(state.get("scale"), Some(&tensor![7.0]));
    Ok(())
}

#[test]
fn loading_is_all_or_nothing_unless_told_otherwise() {
    let net = net();
    let before = net.state();
    let mut state = before.rename(|n| (n != "scale").then(|| n.to_string()));
    state.insert("head.out.weight", Tensor::zeros([5, 3]));
    state.insert("head.out.bias", tensor![9.0, 9.0]);
    state.insert("other", tensor![1.0]);
    assert!(net.load_state(&state).is_err());
    assert_eq!(net.state(), before);
    let report = net.load_matching(&state);
    assert_eq!(
        (&report.missing[..], &report.unexpected[..]),
        (&["scale".to_string()][..], &["other".to_string()][..])
    );
    assert_eq!(report.misshaped, [("head.out.weight".to_string(), vec![2, 3], vec![5, 3])]);
    assert_eq!(net.state().get("head.out.bias"), Some(&tensor![9.0, 9.0]));
    assert_eq!(net.state().get("scale"), before.get("scale"));
}

#[test]
fn tied_weights_are_one_parameter_of_two_names() -> wengert_nn::Result<()> {
    let rng = &mut Rng::new(0);
    let first = Linear::<f32>::new(3, 3, rng).without_bias();
    let second = Linear { weight: first.weight.clone(), bias: None };
    let net = sequential![a: first, act: Tanh, b: second];
    assert_eq!(net.parameters().len(), 1);
    assert_eq!(net.num_parameters(), 9);
    // PyTorch's files have both.
    let mut state = net.state();
    assert_eq!(state.names().collect::<Vec<_>>(), ["a.weight", "b.weight"]);
    net.load_state(&state)?;
    // Which of the two would be the weight?
    state.insert("b.weight", Tensor::ones([3, 3]));
    let before = net.state();
    let text = net.load_state(&state).unwrap_err().to_string();
    assert!(text.contains("`a.weight` and `b.weight` are one in the model"), "{text}");
    assert_eq!(net.state(), before);
    check_parameters(&net, &Tensor::ones([1, 3]))
}

#[test]
fn check_parameters_finds_what_was_forgotten() {
    struct Forgetful {
        used: Linear<f32>,
        hidden: Linear<f32>,
        idle: Linear<f32>,
    }
    parts!(Forgetful { used, idle });
    impl Module<f32> for Forgetful {
        fn forward<'t>(&self, x: Var<'t, f32>) -> Result<Var<'t, f32>> {
            self.hidden.call(self.used.call(x)?)
        }
    }
    let rng = &mut Rng::new(0);
    let new = |rng: &mut Rng| Linear::new(3, 3, rng).without_bias();
    let net = Forgetful { used: new(rng), hidden: new(rng), idle: new(rng) };
    let x = Tensor::ones([1, 3]);
    let wengert_nn::Error::Parameters(found) = check_parameters(&net, &x).unwrap_err() else {
        panic!()
    };
    assert_eq!((found.unnamed.len(), &found.unused[..]), (1, &["idle.weight".to_string()][..]));
    // The line is the user's: that of `self.hidden.call`.
    assert!(found.unnamed[0].1.file().ends_with("models.rs"));
    check_parameters(&self::net(), &Tensor::ones([4, 3])).unwrap();
}

#[test]
fn summaries_show_structs_and_sequences() -> Result<()> {
    let net = net();
    net.freeze("blocks.0").unwrap();
    let expected = "\
layer            kind            result  parameters
                 Net             [8, 2]           1
blocks.0         Block           [8, 3]
blocks.0.norm    LayerNorm([3])  [8, 3]    6 frozen
blocks.0.linear  Linear(3 -> 3)  [8, 3]   12 frozen
blocks.0.act     Tanh            [8, 3]           0
blocks.1         Block           [8, 3]
blocks.1.norm    LayerNorm([3])  [8, 3]           6
blocks.1.linear  Linear(3 -> 3)  [8, 3]          12
blocks.1.act     Tanh            [8, 3]           0
head             Sequential      [8, 2]
head.out         Linear(3 -> 2)  [8, 2]           8
head.norm        BatchNorm1d(2)  [8, 2]           4
total                                            49
18 frozen, 31 trained
";
    let summary = net.summary(&Tensor::zeros([8, 3]))?;
    assert_eq!(summary.to_string(), expected);
    assert!(summary.unread.is_empty());
    assert!(net.summary(&Tensor::zeros([8, 4])).is_err());
    Ok(())
}

#[test]
fn traces_give_each_layers_result() -> Result<()> {
    let net = net();
    let tape = Tape::new();
    let x = tape.constant(Tensor::randn([4, 3], &mut Rng::new(1)));
    let found = trace(&net, x)?;
    let paths: Vec<&str> = found.layers.iter().map(|l| l.0.as_str()).collect();
    assert_eq!(
        paths,
        [
            "",
            "blocks.0",
            "blocks.0.norm",
            "blocks.0.linear",
            "blocks.0.act",
            "blocks.1",
            "blocks.1.norm",
            "blocks.1.linear",
            "blocks.1.act",
            "head",
            "head.out",
            "head.norm"
        ]
    );
    let g = found.output.square().sum().gradients()?;
    let act = found.layers[4].1[0];
    assert_eq!(act.op(), "tanh");
    assert_eq!(g.wrt(act).value()?.shape(), [4, 3]);
    Ok(())
}

#[test]
fn sequences_nest_and_are_asked_by_name() -> Result<()> {
    let rng = &mut Rng::new(0);
    let mut net = sequential![
        body: sequential![Linear::<f32>::new(3, 4, rng), Relu],
        drop: Dropout::new(0.5),
        head: Linear::new(4, 2, rng)
    ];
    assert_eq!(net.parameters()[0].path(), "body.0.weight");
    assert_eq!(net.names().collect::<Vec<_>>(), ["body", "drop", "head"]);
    assert!(net.get::<Linear<f32>>("body").is_none());
    assert!(net.get::<Sequential<f32>>("body").unwrap().get::<Linear<f32>>("0").is_some());
    assert_eq!(net["head"].parameters().len(), 2);
    assert_eq!(net[1].describe().unwrap(), "Dropout(0.5)");
    assert!(net.replace("head", Linear::new(4, 7, rng)).is_ok());
    assert!(net.replace("tail", Tanh).is_err());
    assert_eq!(net.predict(&Tensor::ones([2, 3]))?.shape(), [2, 7]);

    // Dropout draws from the tape's seed; without one it says so, with the user's line.
    let tape = Tape::new();
    let error = net.call(tape.constant(Tensor::ones([2, 3]))).unwrap_err().to_string();
    assert!(error.starts_with("dropout: it draws random numbers, and this tape has no seed"));
    assert!(error.contains("models.rs:") && error.ends_with("in layer `drop`"), "{error}");
    // The tape knows where each line comes from.
    let tape = Tape::new().seeded(0);
    let y = net.call(tape.constant(Tensor::ones([2, 3])))?;
    assert_eq!(y.scope(), "head");
    assert!(tape.to_string().contains("body.0"));
    Ok(())
}

/// A program that wraps its model in one more container again and again gets an error, not the end of its stack.
#[test]
fn containers_within_containers_end_at_a_depth() {
    let run = || {
        let x = Tensor::ones([2]);
        let nested = |count: usize| {
            let mut net = Sequential::<f32>::new().with(Tanh);
            for _ in 1..count {
                net = Sequential::new().with(net);
            }
            net
        };
        let deep = nested(200);
        assert_eq!(deep.predict(&x).unwrap(), x.tanh());
        assert!(deep.tree().len() > 200 && deep.parameters().is_empty());
        assert!(Sequential::<f32>::new().named("a", Tanh).replace("a", deep).is_err());
        for net in [nested(201), nested(10_000), sequential![nested(200)]] {
            let error = net.predict(&x).unwrap_err().to_string();
            assert!(error.starts_with("Sequential: more than 200 modules lie within"), "{error}");
            assert!(error.contains("models.rs:"), "{error}");
        }
        let beside = Parallel::new(0).with(Tanh).with(nested(200));
        let error = beside.predict(&x).unwrap_err().to_string();
        assert!(
            error.starts_with("Parallel: more than 200") && error.contains("models.rs:"),
            "{error}"
        );
        let mut net = Sequential::<f32>::new().with(Tanh);
        for _ in 0..10_000 {
            net = Sequential::new().with(Residual::new(net));
        }
        assert!(net.predict(&x).is_err());
    };
    // The stack of a thread, if a program says nothing else.
    let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(run);
    thread.unwrap().join().unwrap();
}

/// A clone is the same model, as a clone of a layer is the same layer.
#[test]
fn a_clone_of_a_sequence_has_the_same_layers() {
    let rng = &mut Rng::new(0);
    let mut net = sequential![Linear::<f32>::new(2, 3, rng), Tanh];
    let same = net.clone();
    net.parameters()[0].set(Tensor::zeros([3, 2]));
    assert_eq!(same.state(), net.state());
    // The list of the layers is the clone's own.
    assert!(net.replace("0", Tanh).is_ok());
    net.push(Tanh);
    assert_eq!((same.len(), same.parameters().len(), net.parameters().len()), (2, 2, 0));
    let beside = Parallel::new(-1).with(net);
    assert_eq!(beside.clone().tree(), beside.tree());
}

#[test]
fn models_are_shared_between_threads() {
    fn shared<M: Send + Sync>(_: &M) {}
    let net = net();
    shared(&net);
    shared(&Sequential::<f32>::new());
    let x = Tensor::ones([2, 3]);
    let here = net.predict(&x).unwrap();
    std::thread::scope(|s| {
        let there = s.spawn(|| net.predict(&x).unwrap());
        assert_eq!(there.join().unwrap(), here);
    });
}

#[test]
fn an_mlp_learns() -> Result<()> {
    let rng = &mut Rng::new(0);
    let net = sequential![Linear::<f32>::new(2, 8, rng), Tanh, Linear::new(8, 1, rng)];
    let (x, y) = (
        tensor![[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]],
        tensor![[0.0], [1.0], [1.0], [0.0]],
    );
    let parameters = net.parameters();
    let mut last = 0.0;
    for _ in 0..2000 {
        let tape = Tape::new();
        let loss = (net.call(tape.constant(x.clone()))? - &y).square().mean();
        last = loss.item()?;
        loss.backward()?;
        for p in &parameters {
            p.update(|value, grad| {
                if let Some(g) = grad.take() {
                    *value = value.try_sub(&g.mul_scalar(0.3)).unwrap();
                }
            });
        }
    }
    assert!(last < 1e-2, "{last}");
    Ok(())
}

#[test]
fn a_model_prints_as_a_tree() {
    struct Net {
        layers: Vec<Linear<f32>>,
        norm: BatchNorm1d<f32>,
        scale: Param<f32>,
    }
    parts!(Net { layers, norm, scale });
    let rng = &mut Rng::new(0);
    let new = |rng: &mut Rng| Linear::new(3, 3, rng);
    let net = Net {
        layers: vec![new(rng), new(rng).without_bias()],
        norm: BatchNorm1d::new(3),
        scale: Param::new(tensor![0.5]),
    };
    let expected = "\
Net(
  (layers.0): Linear(3 -> 3)
  (layers.1): Linear(3 -> 3, no bias)
  (norm): BatchNorm1d(3)
)";
    assert_eq!(net.tree(), expected);
    let inner = sequential![a: sequential![new(rng)], b: Gelu::tanh()];
    let outer = sequential![first: inner, second: Relu];
    let expected = "\
Sequential(
  (first): Sequential(
    (a): Sequential(
      (0): Linear(3 -> 3)
    )
    (b): Gelu(tanh)
  )
  (second): Relu
)";
    assert_eq!((outer.to_string(), format!("{outer:?}")), (expected.into(), expected.into()));
    assert_eq!(Sequential::<f32>::new().to_string(), "Sequential");
    // A parameter shows its numbers.
    net.parameters();
    assert_eq!(net.scale.to_string(), "[0.5]");
    assert_eq!(format!("{:?}", net.scale), "Param `scale`: Tensor<f32> [1]\n[0.5]");
}

/// Layers with the parameters of a layer above say so in the tree and in the table; a copy is made through the state.
#[test]
fn shared_parameters_are_marked_and_a_state_makes_a_copy() -> wengert_nn::Result<()> {
    let rng = &mut Rng::new(5);
    let layer = TransformerEncoderLayer::<f32>::new(4, 2, rng).feedforward(3, rng);
    let encoder = TransformerEncoder::new(vec![layer.clone(), layer.clone()]);
    assert_eq!(encoder.num_parameters(), layer.num_parameters());
    let tree = encoder.tree();
    let kind = "TransformerEncoderLayer(4, 2 heads, feedforward 3)";
    assert!(tree.contains(&format!("(layers.0): {kind}(\n")), "{tree}");
    assert!(tree.contains(&format!("(layers.1): {kind}, shared with layers.0\n)")), "{tree}");
    let own: Vec<TransformerEncoderLayer<f32>> = (0..2)
        .map(|_| TransformerEncoderLayer::<f32>::new(4, 2, rng).feedforward(3, rng))
        .collect();
    assert!(!TransformerEncoder::new(own).tree().contains("shared"));

    let mut head = Linear::<f32>::new(3, 5, rng);
    let words = Linear::<f32>::new(3, 5, rng);
    head.weight = words.weight.clone();
    let bare = Linear { weight: words.weight.clone(), bias: None };
    let tied = Parallel::new(-1).with(words).with(head).with(bare);
    assert_eq!(
        tied.tree(),
        "Parallel(\n  (0): Linear(3 -> 5)\n  (1): Linear(3 -> 5)\n  (2): Linear(3 -> 5, no bias), shared with 0\n)"
    );
    let summary = tied.summary(&Tensor::ones([1, 3]))?;
    let shared: Vec<bool> = summary.rows.iter().map(|row| row.shared).collect();
    assert_eq!(shared, [false, false, true, true]);
    let text = summary.to_string();
    let ends = |start: &str, end: &str| {
        let line = text.lines().find(|line| line.starts_with(start)).unwrap();
        assert!(line.ends_with(end), "{text}");
    };
    ends("0 ", "  20");
    ends("1 ", "  5, others shared");
    ends("2 ", "  0 shared");

    // A clone is the same model, and one that takes its state is another.
    let (clone, copy) =
        (layer.clone(), TransformerEncoderLayer::new(4, 2, rng).feedforward(3, rng));
    copy.load_state(&layer.state())?;
    assert_eq!(copy.state(), layer.state());
    let bias = &layer.norm1.bias;
    bias.iter().for_each(|bias| bias.set(Tensor::ones([4])));
    assert_eq!(clone.state(), layer.state());
    assert_ne!(copy.state(), layer.state());
    Ok(())
}

/// A print shows each setting that decides a result, where it is not the default.
#[test]
fn prints_show_settings_that_are_not_the_defaults() {
    let rng = &mut Rng::new(6);
    #[track_caller]
    fn prints<T: wengert_tensor::Float>(layer: &(impl Parts<T> + std::fmt::Debug), text: &str) {
        assert_eq!(layer.describe().as_deref(), Some(text));
        assert_eq!(format!("{layer:?}"), text);
    }
    let lstm = Lstm::<f32>::new(4, 8, rng);
    prints(&lstm, "Lstm(4 -> 8)");
    let lstm = lstm.layers(2, rng).dropout(0.3).batch_first();
    prints(&lstm, "Lstm(4 -> 8, 2 layers, batch first, dropout 0.3)");
    let rnn = Rnn::<f32>::new(4, 8, rng).bidirectional(rng).without_bias().relu();
    prints(&rnn, "Rnn(4 -> 8, relu, both ways, no bias)");
    let attention = MultiheadAttention::<f32>::new(4, 2, rng);
    prints(&attention, "MultiheadAttention(4, 2 heads)");
    let all = attention.clone().causal().dropout(0.2).batch_first().without_bias();
    prints(&all, "MultiheadAttention(4, 2 heads, causal, dropout 0.2, batch first, no bias)");
    let all = attention.key_value_widths(3, 5, rng).bias_kv(rng).zero_key();
    prints(
        &all,
        "MultiheadAttention(4, 2 heads, keys 3, values 5, bias of keys and values, zero key)",
    );
    let layer = TransformerEncoderLayer::<f32>::new(4, 2, rng).feedforward(16, rng);
    prints(&layer, "TransformerEncoderLayer(4, 2 heads, feedforward 16)");
    let layer = layer.norm_first().gelu().causal().dropout(0.0).batch_first().without_bias();
    prints(
        &layer,
        "TransformerEncoderLayer(4, 2 heads, feedforward 16, gelu, norm first, causal, dropout 0, batch first, no bias)",
    );
    let layer = TransformerDecoderLayer::<f32>::new(4, 2, rng).feedforward(16, rng).causal();
    prints(&layer, "TransformerDecoderLayer(4, 2 heads, feedforward 16, causal)");
    let conv = ConvTranspose2d::<f32>::new(1, 2, 3, rng).stride(2).output_padding(1);
    prints(&conv, "ConvTranspose2d(1 -> 2, kernel 3, stride 2, output padding 1)");
    prints::<f32>(&MaxPool2d::new([3, 2]).padding(1), "MaxPool2d(kernel [3, 2], padding 1)");
    let pool = AvgPool2d::new(3).stride(2).of_elements();
    prints::<f32>(&pool, "AvgPool2d(kernel 3, stride 2, of elements)");
    prints::<f32>(&AvgPool1d::new(3).divisor(2), "AvgPool1d(kernel 3, divisor 2)");
    prints::<f32>(&LpPool1d::new(2.0, 3), "LpPool1d(2, kernel 3)");
    prints::<f32>(&AdaptiveMaxPool2d::new(2), "AdaptiveMaxPool2d(2)");
    prints::<f32>(&Gelu::tanh(), "Gelu(tanh)");
    prints::<f32>(&Gelu::new(), "Gelu");
}

/// A layer of each kind in print: with parameters, by its axes, without parameters, with layers inside, a function.
#[test]
fn a_layer_prints_as_its_line_of_the_tree() {
    let rng = &mut Rng::new(0);
    let text = |layer: &dyn std::fmt::Display| layer.to_string();
    assert_eq!(text(&Linear::<f32>::new(4, 8, rng)), "Linear(4 -> 8)");
    assert_eq!(text(&BatchNorm1d::<f64>::new(3)), "BatchNorm1d(3)");
    assert_eq!(text(&MaxPool2d::new(2)), "MaxPool2d(kernel 2)");
    assert_eq!(text(&Lstm::<f32>::new(2, 3, rng)), "Lstm(2 -> 3)");
    assert_eq!([text(&Dropout::new(0.5)), text(&Relu)], ["Dropout(0.5)", "Relu"]);
    assert_eq!(text(&func(|x: Var<'_, f32>| Ok(x))), "func");
    let sides = Parallel::<f32>::new(0).with(Tanh).with(Linear::new(1, 2, rng));
    assert_eq!(text(&sides), "Parallel(\n  (0): Tanh\n  (1): Linear(1 -> 2)\n)");
    let attention = MultiheadAttention::<f32>::new(4, 2, rng);
    assert_eq!(text(&attention), attention.tree());
}
