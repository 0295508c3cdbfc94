//! What is said to those who use layers wrongly: the whole text, without the lines.

use wengert_autograd::{Tape, Var};
use wengert_nn::*;
use wengert_tensor::{Rng, Tensor, tensor};

/// A message without the line that it names, which must be in this file.
#[track_caller]
fn said(error: impl std::fmt::Display) -> String {
    let text = error.to_string();
    let mut kept = Vec::new();
    for line in text.lines() {
        match line.strip_prefix("  at ") {
            Some(at) => assert!(at.contains("errors.rs"), "not the user's line: {at}"),
            None => kept.push(line),
        }
    }
    kept.join("\n")
}

#[track_caller]
fn refused(layer: &dyn Fn(Var<'_, f32>) -> Option<String>, shape: &[usize], words: &str) {
    let tape = Tape::new();
    let text = layer(tape.constant(Tensor::ones(shape)));
    assert_eq!(text.as_deref(), Some(words));
}

macro_rules! refused {
    ($layer:expr, $shape:expr, $words:expr) => {{
        let layer = $layer;
        refused(&|x| layer.call(x).err().map(said), &$shape, $words);
    }};
}

#[test]
fn wrong_shapes_and_settings() {
    let rng = &mut Rng::new(0);
    refused!(
        Linear::new(3, 5, rng),
        [2, 5],
        "linear: [2, 5] and [5, 3]: the input's last axis has size 5, and the weight takes 3\n  help: a layer for this input is `Linear::new(5, 5, …)`; of a weight of your own, [out, in], did you mean the transpose, `.t()`?"
    );
    refused!(LayerNorm::new([4]), [2, 3], "layer_norm: [2, 3]: the last axes must have sizes [4]");
    refused!(
        GroupNorm::new(3, 4),
        [2, 4, 5],
        "group_norm: [2, 4, 5]: 4 channels do not fall into 3 groups"
    );
    refused!(BatchNorm1d::new(3), [2, 4], "BatchNorm: [2, 4]: must be [N, 3] or [N, 3, L]");
    refused!(
        BatchNorm1d::new(3),
        [1, 3],
        "batch_norm: [1, 3]: in training there must be more than one number a channel, for a variance\n  help: a last batch of one sample? drop it, or evaluate: `Tape::no_grad()`, `.evaluating()`"
    );
    refused!(BatchNorm2d::new(3), [2, 3], "BatchNorm: [2, 3]: must be [N, 3, H, W]");
    refused!(
        InstanceNorm1d::new(2),
        [3, 2, 1],
        "instance_norm: [3, 2, 1]: there must be more than one number a channel of a sample, for a variance"
    );
    refused!(
        Dropout::new(1.5),
        [2],
        "dropout: [2]: 1.5 is not a probability: it must be from 0 to 1"
    );
    refused!(
        Dropout::new(f64::NAN),
        [2],
        "dropout: [2]: NaN is not a probability: it must be from 0 to 1"
    );
    refused!(Softmax::new(2), [2, 3], "softmax: [2, 3]: there is no axis 2: axes go from -2 to 1");
    refused!(Glu::default(), [2, 3], "glu: [2, 3]: axis 1 has size 3, which has no halves");
    refused!(
        PRelu::new(9),
        [2, 8],
        "prelu: [2, 8] and [9]: there must be one weight, or 8, one for each place of axis 1"
    );
    refused!(
        Hardtanh::new(0.5, -0.5),
        [2],
        "Hardtanh: [2]: the least is 0.5, above the most, -0.5"
    );
    refused!(Softshrink::new(-1.0), [2], "Softshrink: [2]: lambda is -1, and must not be negative");
    refused!(
        Flatten::default(),
        [2],
        "Flatten: [2]: there is no axis 1: the only one is 0 (or -1)"
    );
    refused!(Flatten::new(1, 0), [2, 3], "Flatten: [2, 3]: axis 1 comes after axis 0");
    refused!(
        ReflectionPad1d::new([(3, 0)]),
        [2, 3],
        "pad_with: [2, 3]: reflecting axis 1 by 3 needs 4 places, and there are 3"
    );
    refused!(
        ConstantPad2d::new([(1, 1), (1, 1)], 0.0),
        [2],
        "pad: [2]: has not the 2 axes that are padded"
    );
    refused!(
        PixelUnshuffle::new(2),
        [1, 3, 2],
        "pixel_unshuffle: [1, 3, 2]: must be […, C, H, W], and 2 or its square must divide the axis that is split"
    );
    refused!(
        LpPool2d::new(2.0, 3),
        [2, 3],
        "lp_pool: [2, 3]: must be [N, C, H, W], or [C, H, W] for one sample\n  help: rows of numbers become channels by `x.reshape([REST, C, H, W])`"
    );
    refused!(
        Sequential::new().named("a", Tanh).named("a", Tanh),
        [2],
        "Sequential: the name `a` is taken by another layer"
    );
    refused!(
        Sequential::new().named("a.b", Tanh),
        [2],
        "Sequential: the name `a.b` is empty or has a dot"
    );
}

#[test]
fn errors_name_the_layer() {
    let rng = &mut Rng::new(0);
    let net = sequential![
        body: sequential![Linear::<f32>::new(3, 4, rng), Tanh],
        head: Linear::new(5, 2, rng)
    ];
    let text = net.predict(&Tensor::ones([1, 3])).unwrap_err().to_string();
    assert!(text.ends_with("\n  in layer `head`"), "{text}");
    let text = net.predict(&Tensor::ones([1, 9])).unwrap_err().to_string();
    assert!(text.ends_with("\n  in layer `body.0`"), "{text}");
    // Once parameters have names, the same.
    net.parameters();
    let text = net.predict(&Tensor::ones([1, 9])).unwrap_err().to_string();
    assert!(text.ends_with("\n  in layer `body.0`"), "{text}");

    struct Mlp {
        l1: Linear<f32>,
    }
    parts!(Mlp { l1 });
    impl Module<f32> for Mlp {
        fn forward<'t>(&self, x: Var<'t, f32>) -> wengert_autograd::Result<Var<'t, f32>> {
            self.l1.call(x)
        }
    }
    let model = Mlp { l1: Linear::new(784, 10, rng) };
    model.parameters();
    assert_eq!(
        said(model.predict(&Tensor::ones([32, 28])).unwrap_err()),
        "linear: [32, 28] and [10, 784]: the input's last axis has size 28, and the weight takes 784\n  help: a layer for this input is `Linear::new(28, 10, …)`\n  in layer `l1`"
    );
}

#[test]
fn wrong_indices() {
    let words = Embedding::<f32>::new(4, 2, &mut Rng::new(0));
    let tape = Tape::new();
    assert_eq!(
        said(words.call(tape.input(tensor![[0_usize, 1], [4, 2]])).unwrap_err()),
        "embedding: [2, 2] and [4, 2]: index[1, 0] is 4, and the table's rows are 0 to 3\n  help: an embedding for this index is `Embedding::new(5, 2, …)`"
    );
    let none = Embedding::<f32>::new(0, 2, &mut Rng::new(0));
    assert_eq!(
        said(none.call(tape.input(tensor![3_usize])).unwrap_err()),
        "embedding: [1] and [0, 2]: index[0] is 3, and the table has no rows\n  help: an embedding for this index is `Embedding::new(4, 2, …)`"
    );
    let padded = words.padding(4);
    assert_eq!(
        said(padded.call(tape.input(tensor![0_usize])).unwrap_err()),
        "embedding: [1] and [4, 2]: the padding is index 4, and the table has 4 rows"
    );
}

#[test]
fn wrong_weights() {
    let bad = Linear::from_weights(tensor![[1.0_f32, 2.0]], Some(tensor![1.0, 2.0]));
    assert_eq!(
        said(bad.unwrap_err()),
        "Linear: [1, 2] and [2]: the weight must be [outputs, inputs] and the bias [outputs]"
    );
    let form = Bilinear::<f32>::new(2, 3, 4, &mut Rng::new(0));
    let tape = Tape::new();
    let (a, b) = (tape.constant(Tensor::ones([5, 2])), tape.constant(Tensor::ones([5, 2])));
    assert_eq!(
        said(form.call((a, b)).unwrap_err()),
        "bilinear: [5, 2], [5, 2] and [4, 2, 3]: must be […, first], […, second] and a weight [outputs, first, second]"
    );
}

#[test]
fn states_that_do_not_fit() {
    let rng = &mut Rng::new(0);
    let net = sequential![fc1: Linear::<f32>::new(3, 4, rng), fc2: Linear::new(4, 2, rng)];
    let other = sequential![fc1: Linear::<f32>::new(3, 5, rng), fc3: Linear::new(4, 2, rng)];
    assert_eq!(
        said(net.load_state(&other.state()).unwrap_err()),
        "load_state: the state does not fit the model, and nothing was loaded
  missing: `fc2.weight`, `fc2.bias`
  unexpected: `fc3.weight`, `fc3.bias`
  `fc1.weight` has shape [4, 3] in the model and [5, 3] in the state
  `fc1.bias` has shape [4] in the model and [5] in the state
  help: `load_matching` loads what fits, and reports the rest"
    );
    let prefixed = net.state().rename(|n| Some(format!("module.{n}")));
    let text = said(net.load_state(&prefixed).unwrap_err());
    let help = "help: the state's names start with `module.`: `state.rename(|n| n.strip_prefix(\"module.\").map(str::to_string))`";
    assert!(text.ends_with(help), "{text}");
    assert_eq!(
        said(net.freeze("fc9.*").unwrap_err()),
        "freeze: no parameter's path fits `fc9.*`\n  help: the paths are `fc1.weight`, `fc1.bias`, `fc2.weight`, `fc2.bias`"
    );
}

#[test]
fn an_index_beyond_an_embedding_names_its_place_and_the_fix() {
    let words = Embedding::<f32>::new(10, 4, &mut Rng::new(0));
    let tape = Tape::new();
    let error = words.call(tape.input(tensor![[1_usize, 2], [3, 10]])).unwrap_err().to_string();
    assert!(
        error.starts_with(
            "embedding: [2, 2] and [10, 4]: index[1, 1] is 10, and the table's rows are 0 to 9\n  help: an embedding for this index is `Embedding::new(11, 4, …)`\n"
        ),
        "{error}"
    );
}

#[test]
fn debug_of_an_error_is_its_text() {
    let net = Linear::<f32>::new(2, 2, &mut Rng::new(0));
    for error in [
        net.freeze("nothing").unwrap_err(),
        net.load_state(&State::default()).unwrap_err(),
        load::<f32>("no such file").map(|_| ()).unwrap_err().into(),
    ] {
        assert_eq!(format!("{error:?}"), error.to_string());
    }
}
