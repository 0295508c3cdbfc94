//! P3: twenty layers of tanh on moons.

use wengert::data::synth;

use super::mlp::Mlp;
use super::{Inputs, Net, Program, Samples, Targets};
use crate::bench::plant::{Act, Optimizing, Plant};

pub struct Deep;

impl Program for Deep {
    fn name(&self) -> &'static str {
        "deep"
    }
    fn seen(&self) -> bool {
        true
    }
    fn steps(&self) -> usize {
        300
    }
    fn optimizing(&self) -> Optimizing {
        Optimizing::Sgd(0.02)
    }
    fn samples(&self) -> (Samples, Samples) {
        let (train, test) = synth::moons::<f32>(600, 0.15, 0).split(0.3, 0).unwrap();
        let of = |d: &wengert::data::TensorDataset<f32>| Samples {
            x: Inputs::Floats(d.features().clone()),
            y: Targets::Classes(d.targets().clone()),
        };
        (of(&train), of(&test))
    }
    fn net(&self, plant: &Plant, seed: u64) -> Box<dyn Net> {
        let mut widths = vec![2];
        widths.extend([16; 20]);
        widths.push(2);
        // Xavier's start for tanh: √3 times the usual one, and a little for the slope.
        Box::new(Mlp::new(&widths, Act::Tanh, 2.0, plant, seed))
    }
}
