//! The net of PyTorch's MNIST example, without dropout: two convolutions of 3 × 3, a pooling, two linear layers.

use wengert::nn::{Conv2d, Flatten, Linear, MaxPool2d, Relu, sequential};
use wengert::tensor::Rng;

use super::{Net, classify};

pub(super) const MNISTCNN: Net = Net {
    name: "mnistcnn",
    flops: 64.0
        * 2.0
        * (2.0 * 26.0 * 26.0 * 32.0 * 9.0
            + 3.0 * (24.0 * 24.0 * 64.0 * 32.0 * 9.0 + 9216.0 * 128.0 + 128.0 * 10.0)),
    loss20: 0.022960377,
    tolerance: 1e-3,
    make: |data| {
        let rng = &mut Rng::new(0);
        let model = sequential![
            conv1: Conv2d::<f32>::new(1, 32, 3, rng),
            relu1: Relu,
            conv2: Conv2d::<f32>::new(32, 64, 3, rng),
            relu2: Relu,
            pool: MaxPool2d::new(2),
            flatten: Flatten::default(),
            fc1: Linear::<f32>::new(9216, 128, rng),
            relu3: Relu,
            fc2: Linear::<f32>::new(128, 10, rng),
        ];
        classify(model, data)
    },
    drawn: (&[64, 1, 28, 28], 10),
};
