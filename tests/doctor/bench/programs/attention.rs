//! P4: which kind of token is the most frequent? An embedding, one head of attention by hand, and a small perceptron.

use wengert::autograd::{Param, Result, Tape, Var};
use wengert::nn::{Embedding, Linear, Module, Parts};
use wengert::tensor::{Rng, Tensor};

use super::mlp::{activated, start};
use super::{Inputs, Net, Program, Samples, Targets, named};
use crate::bench::plant::{Act, Optimizing, Plant};

const WORDS: usize = 12;
const LENGTH: usize = 8;
const WIDTH: usize = 16;

pub struct Attention;

impl Program for Attention {
    fn name(&self) -> &'static str {
        "attention"
    }
    fn seen(&self) -> bool {
        true
    }
    fn steps(&self) -> usize {
        500
    }
    fn optimizing(&self) -> Optimizing {
        Optimizing::Adam(5e-3)
    }
    fn samples(&self) -> (Samples, Samples) {
        // The class is the kind of the most frequent token: tokens 0-3, 4-7, 8-11.
        let mut rng = Rng::new(5);
        let mut draw = |n: usize| {
            let (mut x, mut y) = (Vec::new(), Vec::new());
            while y.len() < n {
                let row = Tensor::<usize>::randint([LENGTH], 0, WORDS, &mut rng).unwrap().to_vec();
                let count = |kind: usize| row.iter().filter(|t| *t / 4 == kind).count();
                let counts = [count(0), count(1), count(2)];
                let most = *counts.iter().max().unwrap();
                if counts.iter().filter(|c| **c == most).count() == 1 {
                    y.push(counts.iter().position(|c| *c == most).unwrap());
                    x.extend(row);
                }
            }
            Samples {
                x: Inputs::Tokens(Tensor::from_vec(x, [n, LENGTH]).unwrap()),
                y: Targets::Classes(Tensor::from(y)),
            }
        };
        (draw(800), draw(400))
    }
    fn net(&self, plant: &Plant, seed: u64) -> Box<dyn Net> {
        let rng = &mut Rng::new(seed);
        let layer = |i: usize, o: usize, hidden: bool, rng: &mut Rng| {
            let layer = Linear::new(i, o, rng);
            start(&layer, plant.init, hidden);
            layer
        };
        let net = Head {
            words: Embedding::new(WORDS, WIDTH, rng),
            query: layer(WIDTH, WIDTH, false, rng),
            key: layer(WIDTH, WIDTH, false, rng),
            value: layer(WIDTH, WIDTH, false, rng),
            up: layer(WIDTH, 32, true, rng),
            down: layer(32, 3, false, rng),
            plant: *plant,
        };
        named(&[
            ("words", &net.words),
            ("query", &net.query),
            ("key", &net.key),
            ("value", &net.value),
            ("up", &net.up),
            ("down", &net.down),
        ]);
        Box::new(net)
    }
}

struct Head {
    words: Embedding<f32>,
    query: Linear<f32>,
    key: Linear<f32>,
    value: Linear<f32>,
    up: Linear<f32>,
    down: Linear<f32>,
    plant: Plant,
}

impl Net for Head {
    fn layers(&self) -> Vec<Vec<Param<f32>>> {
        vec![
            self.words.parameters(),
            self.query.parameters(),
            self.key.parameters(),
            self.value.parameters(),
            self.up.parameters(),
            self.down.parameters(),
        ]
    }

    fn pass<'t>(&self, tape: &'t Tape<f32>, x: &Inputs) -> Result<Var<'t, f32>> {
        let Inputs::Tokens(x) = x else { unreachable!("it takes tokens") };
        let h = self.words.call(tape.input(x.clone()))?;
        let h = if self.plant.cut == Some(0) { h.detach() } else { h };
        let (q, k, v) = (self.query.call(h)?, self.key.call(h)?, self.value.call(h)?);
        let scores = q.matmul(k.transpose(1, 2)?)?.div_scalar((WIDTH as f64).sqrt());
        // A softmax over samples is the mistake of a wrong axis.
        let weights = scores.softmax(if self.plant.mixed { 0 } else { -1 })?;
        let h = h.try_add(weights.matmul(v)?)?.mean_over(1)?;
        let h = activated(self.up.call(h)?, self.plant.act.unwrap_or(Act::Relu));
        let h = if self.plant.cut == Some(4) { h.detach() } else { h };
        Ok(activated(self.down.call(h)?, self.plant.output))
    }
}
