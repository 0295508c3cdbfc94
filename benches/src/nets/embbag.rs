//! A bag of words: 128 texts of 40 words out of 50,000.

use wengert::autograd::{Result, Var};
use wengert::nn::{EmbeddingBag, Linear, Module, Parts, parts};
use wengert::optim::Adam;
use wengert::tensor::{Rng, Tensor};

use super::{Data, IGNORED, over_places, train};
use crate::train::Step;
use crate::workload::Failure;

struct Net {
    bag: EmbeddingBag<f32>,
    fc: Linear<f32>,
}
parts!(Net { bag, fc });

impl Module<f32, Tensor<usize>> for Net {
    fn forward<'t>(&self, words: Var<'t, f32, Tensor<usize>>) -> Result<Var<'t, f32>> {
        self.fc.call(self.bag.call(words)?)
    }
}

/// With Adam, which moves every row.
pub(super) fn start(data: &Data) -> Result<Step, Failure> {
    with(data, |optimizer| optimizer)
}

/// With Adam that leaves alone the rows that a step has not seen. The bags are the same each step, so the losses are too.
pub(super) fn lazy(data: &Data) -> Result<Step, Failure> {
    with(data, Adam::lazy)
}

fn with(data: &Data, how: fn(Adam<f32>) -> Adam<f32>) -> Result<Step, Failure> {
    let rng = &mut Rng::new(0);
    let model = Net { bag: EmbeddingBag::new(50_000, 64, rng), fc: Linear::new(64, 4, rng) };
    data.load(&model)?;
    let optimizer = how(Adam::new(model.parameters(), 1e-3));
    let labels = data.classes("y", IGNORED, &[128], 4)?;
    let loss = super::of_all_tapes(move |y| over_places(y, &labels));
    Ok(train(model, optimizer, data.classes("x", IGNORED, &[128, 40], 50_000)?, loss, || Ok(())))
}
