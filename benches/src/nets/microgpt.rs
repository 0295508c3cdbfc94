//! A transformer of one layer, 16 wide, that spells names.

use wengert::autograd::{Result, Var};
use wengert::nn::functional::{Attention, self_attention};
use wengert::nn::{Embedding, LearnedPositions, Linear, Module, Parts, RmsNorm, parts};
use wengert::optim::Adam;
use wengert::tensor::{Rng, Tensor};

use super::{Data, IGNORED, over_places, train};
use crate::train::Step;
use crate::workload::Failure;

const WIDTH: usize = 16;
const HEADS: usize = 4;

struct SelfAttention {
    wq: Linear<f32>,
    wk: Linear<f32>,
    wv: Linear<f32>,
    wo: Linear<f32>,
}
parts!(SelfAttention { wq, wk, wv, wo });

impl Module for SelfAttention {
    fn forward<'t>(&self, x: Var<'t, f32>) -> Result<Var<'t, f32>> {
        let qkv = Var::cat(&[self.wq.call(x)?, self.wk.call(x)?, self.wv.call(x)?], -1)?;
        self.wo.call(self_attention(qkv, HEADS, Attention::new().causal())?)
    }
}

struct Mlp {
    fc1: Linear<f32>,
    fc2: Linear<f32>,
}
parts!(Mlp { fc1, fc2 });

impl Module for Mlp {
    fn forward<'t>(&self, x: Var<'t, f32>) -> Result<Var<'t, f32>> {
        self.fc2.call(self.fc1.call(x)?.relu())
    }
}

struct Block {
    attn: SelfAttention,
    mlp: Mlp,
    norm: RmsNorm<f32>,
}
parts!(Block { attn, mlp });

impl Module for Block {
    fn forward<'t>(&self, x: Var<'t, f32>) -> Result<Var<'t, f32>> {
        let x = x + self.attn.call(self.norm.call(x)?)?;
        Ok(x + self.mlp.call(self.norm.call(x)?)?)
    }
}

struct Net {
    wte: Embedding<f32>,
    wpe: LearnedPositions<f32>,
    layers: Vec<Block>,
    lm_head: Linear<f32>,
    norm: RmsNorm<f32>,
}
parts!(Net { wte, wpe, layers, lm_head });

impl Module<f32, Tensor<usize>> for Net {
    fn forward<'t>(&self, text: Var<'t, f32, Tensor<usize>>) -> Result<Var<'t, f32>> {
        let mut x = self.norm.call(self.wpe.call(self.wte.call(text)?)?)?;
        for layer in &self.layers {
            x = layer.call(x)?;
        }
        self.lm_head.call(x)
    }
}

pub(super) fn start(data: &Data, shape: &[usize]) -> Result<Step, Failure> {
    let rng = &mut Rng::new(0);
    let norm = || RmsNorm::new([WIDTH]).eps(1e-5).without_affine();
    let mut linear = |inputs, outputs| Linear::new(inputs, outputs, rng).without_bias();
    let mut square = || linear(WIDTH, WIDTH);
    let attn = SelfAttention { wq: square(), wk: square(), wv: square(), wo: square() };
    let mlp = Mlp { fc1: linear(WIDTH, 64), fc2: linear(64, WIDTH) };
    let lm_head = linear(WIDTH, 27);
    let model = Net {
        wte: Embedding::new(27, WIDTH, rng),
        wpe: LearnedPositions::new(16, WIDTH, rng),
        layers: vec![Block { attn, mlp, norm: norm() }],
        lm_head,
        norm: norm(),
    };
    data.load(&model)?;
    let optimizer = Adam::new(model.parameters(), 1e-2).betas(0.85, 0.99);
    let labels = data.classes("y", IGNORED, shape, 27)?;
    let loss = super::of_all_tapes(move |y| over_places(y, &labels));
    // Padding is a token like another: its label says that it does not count.
    Ok(train(model, optimizer, data.classes("x", 0, shape, 27)?, loss, || Ok(())))
}
