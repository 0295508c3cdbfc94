//! The net of PyTorch's MNIST example, without dropout: two convolutions of 3 × 3, a pooling, two linear layers.

use wengert::nn::{Conv2d, Flatten, Linear, MaxPool2d, Relu, sequential};
use wengert::tensor::Rng;

use super::{Data, classify};
use crate::train::Step;
use crate::workload::Failure;

pub(super) fn start(data: &Data) -> Result<Step, Failure> {
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
    classify(model, data, &[64, 1, 28, 28], 10)
}
