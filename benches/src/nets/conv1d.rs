//! A classifier of series of 256 steps and 8 features: three convolutions of 5 steps, the mean over time, a linear layer.

use wengert::nn::{Conv1d, Linear, Relu, func, sequential};
use wengert::tensor::Rng;

use super::{Data, classify};
use crate::train::Step;
use crate::workload::Failure;

pub(super) fn start(data: &Data) -> Result<Step, Failure> {
    let rng = &mut Rng::new(0);
    let model = sequential![
        conv1: Conv1d::<f32>::new(8, 32, 5, rng).padding(2),
        relu1: Relu,
        conv2: Conv1d::<f32>::new(32, 32, 5, rng).padding(2),
        relu2: Relu,
        conv3: Conv1d::<f32>::new(32, 32, 5, rng).padding(2),
        relu3: Relu,
        mean: func(|x: wengert::autograd::Var<'_, f32>| x.mean_over(-1)),
        fc: Linear::<f32>::new(32, 4, rng),
    ];
    classify(model, data, &[32, 8, 256], 4)
}
