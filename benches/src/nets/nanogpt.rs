//! A transformer of four layers, 128 wide: 12 texts of 64 characters at once.

use wengert::autograd::{Result, Var};
use wengert::nn::functional::{Attention, self_attention};
use wengert::nn::{Embedding, LayerNorm, LearnedPositions, Linear, Module, Parts, parts};
use wengert::optim::{AdamW, clip_grad_norm};
use wengert::tensor::{Rng, Tensor};

use super::{Data, IGNORED, over_places, train};
use crate::train::Step;
use crate::workload::Failure;

const WIDTH: usize = 128;
const HEADS: usize = 4;

struct SelfAttention {
    c_attn: Linear<f32>,
    c_proj: Linear<f32>,
}
parts!(SelfAttention { c_attn, c_proj });

impl Module for SelfAttention {
    fn forward<'t>(&self, x: Var<'t, f32>) -> Result<Var<'t, f32>> {
        let y = self_attention(self.c_attn.call(x)?, HEADS, Attention::new().causal())?;
        self.c_proj.call(y)
    }
}

struct Mlp {
    c_fc: Linear<f32>,
    c_proj: Linear<f32>,
}
parts!(Mlp { c_fc, c_proj });

impl Module for Mlp {
    fn forward<'t>(&self, x: Var<'t, f32>) -> Result<Var<'t, f32>> {
        self.c_proj.call(self.c_fc.call(x)?.gelu())
    }
}

struct Block {
    ln_1: LayerNorm<f32>,
    attn: SelfAttention,
    ln_2: LayerNorm<f32>,
    mlp: Mlp,
}
parts!(Block { ln_1, attn, ln_2, mlp });

impl Module for Block {
    fn forward<'t>(&self, x: Var<'t, f32>) -> Result<Var<'t, f32>> {
        let x = x + self.attn.call(self.ln_1.call(x)?)?;
        Ok(x + self.mlp.call(self.ln_2.call(x)?)?)
    }
}

struct Transformer {
    wte: Embedding<f32>,
    wpe: LearnedPositions<f32>,
    h: Vec<Block>,
    ln_f: LayerNorm<f32>,
}
parts!(Transformer { wte, wpe, h, ln_f });

struct Net {
    transformer: Transformer,
    lm_head: Linear<f32>,
}
parts!(Net { transformer, lm_head });

impl Module<f32, Tensor<usize>> for Net {
    fn forward<'t>(&self, text: Var<'t, f32, Tensor<usize>>) -> Result<Var<'t, f32>> {
        let Transformer { wte, wpe, h, ln_f } = &self.transformer;
        let mut x = wpe.call(wte.call(text)?)?;
        for block in h {
            x = block.call(x)?;
        }
        self.lm_head.call(ln_f.call(x)?)
    }
}

fn model(data: &Data) -> Result<Net, Failure> {
    let rng = &mut Rng::new(0);
    let block = |rng: &mut Rng| Block {
        ln_1: LayerNorm::new([WIDTH]),
        attn: SelfAttention {
            c_attn: Linear::new(WIDTH, 3 * WIDTH, rng),
            c_proj: Linear::new(WIDTH, WIDTH, rng),
        },
        ln_2: LayerNorm::new([WIDTH]),
        mlp: Mlp {
            c_fc: Linear::new(WIDTH, 4 * WIDTH, rng),
            c_proj: Linear::new(4 * WIDTH, WIDTH, rng),
        },
    };
    let transformer = Transformer {
        wte: Embedding::new(65, WIDTH, rng),
        wpe: LearnedPositions::new(64, WIDTH, rng),
        h: (0..4).map(|_| block(rng)).collect(),
        ln_f: LayerNorm::new([WIDTH]),
    };
    let model = Net { transformer, lm_head: Linear::new(WIDTH, 65, rng).without_bias() };
    data.load(&model)?;
    Ok(model)
}

pub(super) fn start(data: &Data) -> Result<Step, Failure> {
    let model = model(data)?;
    let parameters = model.parameters();
    let optimizer = AdamW::new(parameters.clone(), 1e-3).weight_decay(0.1);
    let labels = data.classes("y", IGNORED, &[12, 64], 65)?;
    let loss = super::of_all_tapes(move |y| over_places(y, &labels));
    let clip = move || {
        clip_grad_norm(&parameters, 1.0)?;
        Ok(())
    };
    Ok(train(model, optimizer, data.classes("x", IGNORED, &[12, 64], 65)?, loss, clip))
}

pub(super) fn infer(data: &Data) -> Result<Step, Failure> {
    let (model, text) = (model(data)?, data.classes("x", IGNORED, &[1, 64], 65)?);
    Ok(Box::new(move || {
        let y = model.predict(&text)?;
        Ok(y.abs().mean().item()?)
    }))
}
