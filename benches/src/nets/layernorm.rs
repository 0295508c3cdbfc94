//! A classifier of 64 numbers into 10 classes: two hidden layers of 128, each with a layer norm and GELU.

use wengert::nn::{Gelu, LayerNorm, Linear, sequential};
use wengert::tensor::Rng;

use super::{Data, classify};
use crate::train::Step;
use crate::workload::Failure;

pub(super) fn start(data: &Data) -> Result<Step, Failure> {
    let rng = &mut Rng::new(0);
    let model = sequential![
        fc1: Linear::<f32>::new(64, 128, rng),
        norm1: LayerNorm::<f32>::new([128]),
        gelu1: Gelu::new(),
        fc2: Linear::<f32>::new(128, 128, rng),
        norm2: LayerNorm::<f32>::new([128]),
        gelu2: Gelu::new(),
        fc3: Linear::<f32>::new(128, 10, rng),
    ];
    classify(model, data, &[32, 64], 10)
}
