//! A classifier of series of 256 steps and 8 features: three convolutions of 5 steps, the mean over time, a linear layer.

use wengert::nn::{Conv1d, Linear, Relu, func, sequential};
use wengert::tensor::Rng;

use super::{Net, classify};

pub(super) const CONV1D: Net = Net {
    name: "conv1d",
    flops: 32.0
        * 2.0
        * (2.0 * 256.0 * 32.0 * 8.0 * 5.0 + 3.0 * (2.0 * 256.0 * 32.0 * 32.0 * 5.0 + 32.0 * 4.0)),
    loss20: 1.3377176,
    tolerance: 1e-4,
    make: |data| {
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
        classify(model, data)
    },
    drawn: (&[32, 8, 256], 4),
};
