//! P1: a regression on ten columns of which five matter, by plain descent.

use wengert::data::synth;
use wengert::tensor::Tensor;

use super::mlp::Mlp;
use super::{Inputs, Net, Program, Samples, Targets};
use crate::bench::plant::{Act, Optimizing, Plant};

pub struct Regression;

impl Program for Regression {
    fn name(&self) -> &'static str {
        "regression"
    }
    fn seen(&self) -> bool {
        true
    }
    fn steps(&self) -> usize {
        600
    }
    fn optimizing(&self) -> Optimizing {
        Optimizing::Sgd(0.1)
    }
    fn samples(&self) -> (Samples, Samples) {
        let (train, test) = synth::friedman1::<f32>(800, 0.3, 1).split(0.3, 0).unwrap();
        let of = |x: &Tensor<f32>, y: &Tensor<f32>| Samples {
            x: Inputs::Floats((x.clone() - 0.5) * 3.46),
            y: Targets::Numbers((y.reshape([y.len(), 1]).unwrap() - 14.4) * 0.2),
        };
        (of(train.features(), train.targets()), of(test.features(), test.targets()))
    }
    fn net(&self, plant: &Plant, seed: u64) -> Box<dyn Net> {
        Box::new(Mlp::new(&[10, 32, 32, 1], Act::Tanh, 1.7, plant, seed))
    }
}
