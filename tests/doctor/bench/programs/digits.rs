//! P2: handwritten digits by a small perceptron and Adam.

use wengert::data::digits;

use super::mlp::Mlp;
use super::{Inputs, Net, Program, Samples, Targets};
use crate::bench::plant::{Act, Optimizing, Plant};

pub struct Digits;

impl Program for Digits {
    fn name(&self) -> &'static str {
        "digits"
    }
    fn seen(&self) -> bool {
        true
    }
    fn steps(&self) -> usize {
        400
    }
    fn optimizing(&self) -> Optimizing {
        Optimizing::Adam(2e-3)
    }
    fn samples(&self) -> (Samples, Samples) {
        let (train, test) = digits::<f32>().split(0.3, 0).unwrap();
        let of = |d: &wengert::data::TensorDataset<f32>| Samples {
            x: Inputs::Floats(d.features().reshape([d.len(), 64]).unwrap()),
            y: Targets::Classes(d.targets().clone()),
        };
        (of(&train), of(&test))
    }
    fn net(&self, plant: &Plant, seed: u64) -> Box<dyn Net> {
        Box::new(Mlp::new(&[64, 64, 32, 10], Act::Relu, 1.0, plant, seed))
    }
}
