//! Every exportable layer and twelve whole models as ONNX files, each with inputs and results of batches of 1, 7 and 64, for
//! `.ci/onnx`, where other programs check and run them: `cargo run -p wengert-onnx --example judge -- directory`.

// A program that tests run: it ends at the first error.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::path::PathBuf;
use std::time::Instant;

use wengert_autograd::{Result, Tensors, Var};
use wengert_data::npy;
use wengert_nn::*;
use wengert_onnx::Net;
use wengert_tensor::{Rng, Tensor};

/// An error if a model that was read from its file gives other results.
fn same(got: Result<Tensor<f32>>, wanted: &Tensor<f32>) -> std::result::Result<(), String> {
    let got = got.map_err(|error| error.to_string())?;
    if got.shape() != wanted.shape() {
        return Err(format!("{:?} where {:?} is wanted", got.shape(), wanted.shape()));
    }
    let largest = wanted.iter().fold(0.0_f32, |m, x| m.max(x.abs()));
    let apart = got.iter().zip(wanted.iter()).fold(0.0_f32, |m, (a, b)| m.max((a - b).abs()));
    if apart <= 1e-5 * largest { Ok(()) } else { Err(format!("{apart} of {largest}")) }
}

struct Judge {
    out: PathBuf,
    rng: Rng,
    wrong: usize,
}

impl Judge {
    /// A model of floats: its file, and its results.
    fn floats<const N: usize, Out: Tensors>(
        &mut self,
        name: &str,
        model: &impl Module<f32, Tensor<f32>, Out>,
        shape: [usize; N],
        first: impl Fn(Out) -> Tensor<f32>,
    ) {
        let Some(net) = self.file(name, model, shape) else { return };
        for samples in [1, 7, 64] {
            let mut shape = shape;
            shape[0] = samples;
            let x = Tensor::randn(shape, &mut self.rng);
            self.written(&format!("{name}.{samples}.in"), &x);
            let y = first(model.predict(&x).unwrap());
            self.compared(name, same(net.predict(&x), &y));
            self.written(&format!("{name}.{samples}.out"), &y);
        }
    }

    fn layer<const N: usize>(&mut self, name: &str, model: &impl Module<f32>, shape: [usize; N]) {
        self.floats(name, model, shape, |y| y);
    }

    /// A model of indices.
    fn indices(
        &mut self,
        name: &str,
        model: &impl Module<f32, Tensor<usize>>,
        most: usize,
        time: usize,
    ) {
        let draw = |samples: usize, rng: &mut Rng| {
            let x = Tensor::<f32>::rand([samples, time], rng);
            x.map(|x| (x * most as f32) as usize)
        };
        let example = draw(1, &mut self.rng);
        let Some(net) = self.file(name, model, example) else { return };
        for samples in [1, 7, 64] {
            let x = draw(samples, &mut self.rng);
            self.written(&format!("{name}.{samples}.in"), &x.map(|i| i as i64));
            let y = model.predict(&x).unwrap();
            self.compared(name, same(net.predict(&x), &y));
            self.written(&format!("{name}.{samples}.out"), &y);
        }
    }

    fn file<I: wengert_onnx::Input, Out: Tensors>(
        &mut self,
        name: &str,
        model: &impl Module<f32, I::Of, Out>,
        input: I,
    ) -> Option<Net> {
        let started = Instant::now();
        let bytes = match wengert_onnx::to_bytes(model, input) {
            Ok(bytes) => bytes,
            Err(error) => {
                self.compared(name, Err(error.to_string()));
                return None;
            }
        };
        println!("{name}: {} bytes, {:.1} ms", bytes.len(), 1e3 * started.elapsed().as_secs_f64());
        std::fs::write(self.out.join(format!("{name}.onnx")), &bytes).unwrap();
        let net = Net::from_bytes(&bytes);
        self.compared(name, net.as_ref().map(|_| ()).map_err(ToString::to_string));
        net.ok()
    }

    fn compared(&mut self, name: &str, what: std::result::Result<(), String>) {
        if let Err(what) = what {
            println!("{name}: WRONG: {what}");
            self.wrong += 1;
        }
    }

    fn written<E: wengert_tensor::Element>(&self, name: &str, x: &Tensor<E>) {
        npy::write(self.out.join(format!("{name}.npy")), x).unwrap();
    }
}

fn main() {
    let out = PathBuf::from(std::env::args().nth(1).unwrap());
    std::fs::create_dir_all(&out).unwrap();
    let mut judge = Judge { out, rng: Rng::new(7), wrong: 0 };
    layers(&mut judge);
    sequences(&mut judge);
    models(&mut judge);
    assert_eq!(judge.wrong, 0, "files that were refused, or differ when they are read again");
}

fn layers(j: &mut Judge) {
    let rng = &mut Rng::new(1);
    j.layer("linear", &Linear::new(3, 4, rng), [1, 3]);
    j.layer("linear_no_bias", &Linear::new(3, 4, rng).without_bias(), [1, 3]);
    j.layer("linear_of_three_axes", &Linear::new(3, 4, rng), [1, 5, 3]);
    j.layer("conv1d", &Conv1d::new(2, 3, 3, rng).padding(1), [1, 2, 9]);
    j.layer("conv2d", &Conv2d::grouped(4, 6, [3, 2], 2, rng).stride(2).padding(1), [1, 4, 8, 7]);
    j.layer("conv2d_dilated", &Conv2d::new(2, 3, 3, rng).dilation(2), [1, 2, 9, 8]);
    j.layer("conv3d", &Conv3d::new(2, 3, 2, rng), [1, 2, 4, 5, 3]);
    j.layer("conv_transpose1d", &ConvTranspose1d::new(3, 2, 3, rng).stride(2), [1, 3, 5]);
    j.layer(
        "conv_transpose2d",
        &ConvTranspose2d::new(3, 2, 3, rng).stride(2).padding(1),
        [1, 3, 5, 4],
    );
    j.layer("max_pool1d", &MaxPool1d::new(2), [1, 3, 8]);
    j.layer("max_pool2d", &MaxPool2d::new(3).stride(2).padding(1), [1, 3, 9, 8]);
    j.layer("max_pool2d_wide", &MaxPool2d::new([3, 2]).dilation([2, 1]), [1, 3, 9, 8]);
    j.layer("max_pool2d_ceil", &MaxPool2d::new(2).ceil(), [1, 2, 7, 5]);
    j.layer("avg_pool1d", &AvgPool1d::new(2), [1, 3, 8]);
    j.layer("avg_pool2d", &AvgPool2d::new(3).stride(2).padding(1), [1, 3, 9, 8]);
    j.layer("lp_pool2d", &LpPool2d::new(2.0, 2), [1, 3, 8, 8]);
    j.layer("adaptive_avg_pool2d", &AdaptiveAvgPool2d::new([2, 3]), [1, 3, 8, 7]);
    j.layer("global_avg_pool2d", &AdaptiveAvgPool2d::new(1), [1, 3, 8, 7]);
    j.layer("adaptive_max_pool2d", &AdaptiveMaxPool2d::new(2), [1, 3, 8, 6]);
    // Statistics of their own, from a few steps.
    let norm = BatchNorm2d::new(3);
    for _ in 0..3 {
        let x = Tensor::randn([5, 3, 4, 4], rng).mul_scalar(2.0).add_scalar(1.0);
        norm.call(wengert_autograd::Tape::new().constant(x)).unwrap();
    }
    j.layer("batch_norm2d", &norm, [1, 3, 4, 5]);
    j.layer("batch_norm1d", &BatchNorm1d::new(3), [1, 3]);
    j.layer("layer_norm", &LayerNorm::new([6]), [1, 4, 6]);
    j.layer("rms_norm", &RmsNorm::new([6]), [1, 4, 6]);
    j.layer("group_norm", &GroupNorm::new(2, 4), [1, 4, 3, 5]);
    j.layer("instance_norm2d", &InstanceNorm2d::new(3).affine(), [1, 3, 4, 5]);
    j.layer("flatten", &Flatten::default(), [1, 3, 4]);
    j.layer("identity", &Identity, [1, 3]);
    j.layer("dropout", &Dropout::new(0.5), [1, 3]);
    j.layer("pixel_shuffle", &PixelShuffle::new(2), [1, 8, 3, 4]);
    j.layer("pixel_unshuffle", &PixelUnshuffle::new(2), [1, 2, 4, 6]);
    j.layer("channel_shuffle", &ChannelShuffle::new(2), [1, 4, 3]);
    j.layer("constant_pad2d", &ConstantPad2d::new([(1, 2), (0, 1)], 3.0), [1, 2, 3, 4]);
    j.layer("reflection_pad2d", &ReflectionPad2d::new([(1, 2), (1, 0)]), [1, 2, 4, 4]);
    j.layer("unfold", &Unfold::new(2), [1, 2, 4, 5]);
    j.layer("residual", &Residual::new(Linear::new(4, 4, rng)), [1, 4]);
    macro_rules! activations {
        ($($name:literal $layer:expr;)*) => { $(j.layer($name, &$layer, [1, 4, 6]);)* };
    }
    activations! {
        "tanh" Tanh; "sigmoid" Sigmoid; "relu" Relu; "relu6" Relu6; "leaky_relu" LeakyRelu::default();
        "elu" Elu::default(); "celu" Celu::new(2.0); "selu" Selu; "gelu" Gelu::default();
        "gelu_tanh" Gelu::tanh(); "silu" Silu; "mish" Mish; "softplus" Softplus::default();
        "softsign" Softsign; "tanhshrink" Tanhshrink; "softshrink" Softshrink::default();
        "hardshrink" Hardshrink::default(); "hardtanh" Hardtanh::default(); "hardsigmoid" Hardsigmoid;
        "hardswish" Hardswish; "threshold" Threshold::new(0.1, 20.0); "log_sigmoid" LogSigmoid;
        "glu" Glu::default(); "softmax" Softmax::new(-1); "log_softmax" LogSoftmax::new(1);
        "softmin" Softmin::new(1); "prelu" PRelu::new(4);
    }
    macro_rules! functions {
        ($($name:literal |$x:ident| $body:expr;)*) => {$({
            fn function<'t>($x: Var<'t, f32>) -> Result<Var<'t, f32>> {
                $body
            }
            j.layer($name, &func(function), [1, 4, 6]);
        })*};
    }
    functions! {
        "reductions" |x| Ok(x.sum_over(1)? + x.mean_over(2)?.sum_over(1)?.reshape([wengert_tensor::REST, 1])?);
        "extremes" |x| Ok(x.max_over(2)? - x.min_over(2)?);
        "spread" |x| Ok(x.var_over(2, 1.0)? + x.std_over(2, 0.0)?);
        "norms" |x| Ok(x.norm_over(2, 2.0)? + x.norm_over(2, 1.0)?);
        "parts" |x| x.slice(wengert_tensor::s![.., 1..;2, 2..5]);
        "backwards" |x| x.slice(wengert_tensor::s![.., ..;-1, 0]);
        "joined" |x| Var::cat(&[x, x.square()], 1);
        "turned" |x| x.permute([0, 2, 1])?.matmul(x);
        "cumulative" |x| x.cumsum(1);
        "positive" |x| Ok(x.square().add_scalar(1.0).ln().sqrt());
        "logsumexp" |x| x.logsumexp_over(2);
    }
    j.indices("embedding", &Embedding::new(11, 4, rng), 11, 5);
    j.indices("embedding_padded", &Embedding::new(11, 4, rng).padding(2), 11, 5);
}

fn sequences(j: &mut Judge) {
    let rng = &mut Rng::new(2);
    j.floats("rnn", &Rnn::new(3, 5, rng).batch_first(), [1, 6, 3], |y| y.0);
    j.floats("rnn_relu", &Rnn::new(3, 5, rng).relu().batch_first(), [1, 6, 3], |y| y.0);
    j.floats("gru", &Gru::new(3, 5, rng).batch_first(), [1, 6, 3], |y| y.0);
    j.floats("lstm", &Lstm::new(3, 5, rng).batch_first(), [1, 6, 3], |y| y.0);
    j.floats(
        "gru_both_ways",
        &Gru::new(3, 5, rng).layers(2, rng).bidirectional(rng).batch_first(),
        [1, 6, 3],
        |y| y.0,
    );
    j.floats(
        "lstm_both_ways",
        &Lstm::new(3, 5, rng).layers(2, rng).bidirectional(rng).batch_first(),
        [1, 6, 3],
        |y| y.0,
    );
    j.layer("transformer_layer", &TransformerEncoderLayer::new(8, 2, rng), [1, 6, 8]);
    let layer = TransformerEncoderLayer::new(8, 2, rng).batch_first().causal();
    j.layer("transformer_layer_causal", &layer, [1, 6, 8]);
    let attention = MultiheadAttention::new(8, 2, rng).batch_first();
    j.layer("attention_batch_first", &Attends { attention }, [1, 6, 8]);
    j.layer("attention", &Attends { attention: MultiheadAttention::new(8, 2, rng) }, [1, 6, 8]);
}

/// A model: its layers, and its function.
macro_rules! model {
    ($Model:ident { $($layer:ident: $Layer:ty),* } $In:ty, |$me:ident, $x:ident| $forward:expr) => {
        #[derive(Clone)]
        struct $Model { $($layer: $Layer),* }
        parts!($Model as f32 { $($layer),* });
        impl Module<f32, $In> for $Model {
            fn forward<'t>(&self, $x: Var<'t, f32, $In>) -> Result<Var<'t, f32>> {
                let $me = self;
                $forward
            }
        }
    };
}
model! { Attends { attention: MultiheadAttention<f32> } Tensor<f32>, |me, x| me.attention.call(x) }
model! { Block { one: Conv2d<f32>, norm: BatchNorm2d<f32>, two: Conv2d<f32> } Tensor<f32>,
|me, x| Ok((x + me.two.call(me.norm.call(me.one.call(x)?)?.relu())?).relu()) }
model! { UNet { down: Conv2d<f32>, pool: MaxPool2d, deep: Conv2d<f32>, up: ConvTranspose2d<f32>, last: Conv2d<f32> } Tensor<f32>,
|me, x| {
    let a = me.down.call(x)?.relu();
    let b = me.up.call(me.deep.call(me.pool.call(a)?)?.relu())?;
    Ok(me.last.call(Var::cat(&[a, b], 1)?)?.sigmoid())
} }
model! { Bag { words: Embedding<f32>, out: Linear<f32> } Tensor<usize>,
|me, x| me.out.call(me.words.call(x)?.mean_over(1)?) }
model! { Reader { words: Embedding<f32>, net: Gru<f32>, out: Linear<f32> } Tensor<usize>,
|me, x| { let (_, h) = me.net.call(me.words.call(x)?)?; me.out.call(h.select(0, 0)?) } }
model! { Tagger { words: Embedding<f32>, net: Lstm<f32>, out: Linear<f32> } Tensor<usize>,
|me, x| { let (y, _) = me.net.call(me.words.call(x)?)?; me.out.call(y)?.log_softmax(-1) } }
model! { Transformer { words: Embedding<f32>, places: LearnedPositions<f32>, net: TransformerEncoder<f32>, out: Linear<f32> } Tensor<usize>,
|me, x| me.out.call(me.net.call(me.places.call(me.words.call(x)?)?)?.mean_over(1)?) }
model! { Gated { value: Linear<f32>, gate: Linear<f32>, out: Linear<f32> } Tensor<f32>,
|me, x| me.out.call(me.value.call(x)? * me.gate.call(x)?.sigmoid()) }

fn models(j: &mut Judge) {
    let rng = &mut Rng::new(3);
    let r = &mut Rng::new(4);
    let mlp = sequential![
        Linear::<f32>::new(784, 128, r),
        Relu,
        Linear::new(128, 64, r),
        Relu,
        Linear::new(64, 10, r)
    ];
    j.layer("model_mlp", &mlp, [1, 784]);
    let deep = sequential![
        Linear::<f32>::new(20, 32, r),
        BatchNorm1d::new(32),
        Gelu::default(),
        Dropout::new(0.2),
        Linear::new(32, 32, r),
        LayerNorm::new([32]),
        Silu,
        Linear::new(32, 5, r),
        Softmax::new(-1)
    ];
    j.layer("model_normed_mlp", &deep, [1, 20]);
    let auto = sequential![Linear::<f32>::new(64, 16, r), Tanh, Linear::new(16, 64, r), Sigmoid];
    j.layer("model_autoencoder", &auto, [1, 64]);
    let gated = Gated {
        value: Linear::new(6, 8, rng),
        gate: Linear::new(6, 8, rng),
        out: Linear::new(8, 3, rng),
    };
    j.layer("model_gated", &gated, [1, 6]);
    let lenet = sequential![
        Conv2d::<f32>::new(1, 6, 5, r).padding(2),
        Relu,
        MaxPool2d::new(2),
        Conv2d::new(6, 16, 5, r),
        Relu,
        MaxPool2d::new(2),
        Flatten::default(),
        Linear::new(400, 120, r),
        Relu,
        Linear::new(120, 84, r),
        Relu,
        Linear::new(84, 10, r)
    ];
    j.layer("model_lenet", &lenet, [1, 1, 28, 28]);
    let block = |r: &mut Rng| Block {
        one: Conv2d::new(8, 8, 3, r).padding(1),
        norm: BatchNorm2d::new(8),
        two: Conv2d::new(8, 8, 3, r).padding(1),
    };
    let resnet = sequential![
        Conv2d::<f32>::new(3, 8, 3, r).padding(1),
        block(r),
        AvgPool2d::new(2),
        block(r),
        AdaptiveAvgPool2d::new(1),
        Flatten::default(),
        Linear::new(8, 10, r)
    ];
    j.layer("model_resnet", &resnet, [1, 3, 16, 16]);
    let mobile = sequential![
        Conv2d::<f32>::new(3, 8, 3, r).stride(2).padding(1),
        BatchNorm2d::new(8),
        Relu6,
        Conv2d::depthwise(8, 3, r).padding(1),
        Hardswish,
        Conv2d::new(8, 16, 1, r),
        AdaptiveAvgPool2d::new(1),
        Flatten::default(),
        Linear::new(16, 4, r)
    ];
    j.layer("model_mobile", &mobile, [1, 3, 16, 16]);
    let unet = UNet {
        down: Conv2d::new(1, 4, 3, rng).padding(1),
        pool: MaxPool2d::new(2),
        deep: Conv2d::new(4, 8, 3, rng).padding(1),
        up: ConvTranspose2d::new(8, 4, 2, rng).stride(2),
        last: Conv2d::new(8, 1, 1, rng),
    };
    j.layer("model_unet", &unet, [1, 1, 12, 12]);
    let signal = sequential![
        Conv1d::<f32>::new(2, 8, 5, r).padding(2),
        BatchNorm1d::new(8),
        Relu,
        MaxPool1d::new(2),
        Conv1d::new(8, 8, 3, r).dilation(2),
        Elu::default(),
        AdaptiveAvgPool1d::new(1),
        Flatten::default(),
        Linear::new(8, 3, r)
    ];
    j.layer("model_signal", &signal, [1, 2, 32]);
    let bag = Bag { words: Embedding::new(50, 8, rng), out: Linear::new(8, 2, rng) };
    j.indices("model_bag_of_words", &bag, 50, 9);
    let net = Gru::new(8, 12, rng).batch_first();
    let reader = Reader { words: Embedding::new(50, 8, rng), net, out: Linear::new(12, 2, rng) };
    j.indices("model_gru_reader", &reader, 50, 9);
    let net = Lstm::new(8, 12, rng).bidirectional(rng).batch_first();
    let tagger = Tagger { words: Embedding::new(50, 8, rng), net, out: Linear::new(24, 5, rng) };
    j.indices("model_lstm_tagger", &tagger, 50, 9);
    let layers = (0..2).map(|_| TransformerEncoderLayer::new(16, 4, rng)).collect();
    let transformer = Transformer {
        words: Embedding::new(50, 16, rng),
        places: LearnedPositions::new(9, 16, rng),
        net: TransformerEncoder::new(layers),
        out: Linear::new(16, 3, rng),
    };
    j.indices("model_transformer", &transformer, 50, 9);
}
