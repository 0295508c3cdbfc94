//! LeNet-5 with ReLU and max pooling, on 64 images of 28 × 28; and its answer to one image.

use wengert::autograd::{Result, Var};
use wengert::nn::{Conv2d, Linear, MaxPool2d, Module, parts};
use wengert::tensor::Rng;

use super::{Data, classify};
use crate::train::Step;
use crate::workload::Failure;

struct LeNet {
    conv1: Conv2d<f32>,
    conv2: Conv2d<f32>,
    fc1: Linear<f32>,
    fc2: Linear<f32>,
    fc3: Linear<f32>,
}

parts!(LeNet { conv1, conv2, fc1, fc2, fc3 });

impl LeNet {
    fn new() -> Self {
        let rng = &mut Rng::new(0);
        Self {
            conv1: Conv2d::new(1, 6, 5, rng),
            conv2: Conv2d::new(6, 16, 5, rng),
            fc1: Linear::new(256, 120, rng),
            fc2: Linear::new(120, 84, rng),
            fc3: Linear::new(84, 10, rng),
        }
    }
}

impl Module<f32> for LeNet {
    fn forward<'t>(&self, x: Var<'t, f32>) -> Result<Var<'t, f32>> {
        let pool = MaxPool2d::new(2);
        let x = pool.call(self.conv1.call(x)?.relu())?;
        let x = pool.call(self.conv2.call(x)?.relu())?.flatten_axes(1, -1)?;
        let x = self.fc2.call(self.fc1.call(x)?.relu())?.relu();
        self.fc3.call(x)
    }
}

pub(super) fn start(data: &Data) -> Result<Step, Failure> {
    classify(LeNet::new(), data, &[64, 1, 28, 28], 10)
}

/// The mean of |output| for one image, without gradients.
pub(super) fn infer1(data: &Data) -> Result<Step, Failure> {
    let model = LeNet::new();
    data.load(&model)?;
    let image = data.floats("x", &[1, 1, 28, 28])?;
    Ok(Box::new(move || Ok(model.predict(&image)?.abs().mean().item()?)))
}
