//! P7: a state that forgets, `s <- 0.7 s + a b`, over a sequence of pairs `(a, b)`, by a gated recurrent net and Adam.

use wengert::autograd::{Param, Result, Tape, Var};
use wengert::nn::{Dropout, Gru, Linear, Module, Parts};
use wengert::tensor::{Rng, Tensor};

use super::mlp::{activated, start, started};
use super::{Inputs, Net, Program, Samples, Targets, named};
use crate::bench::plant::{Act, Optimizing, Plant};

const LENGTH: usize = 12;
const WIDTH: usize = 20;

pub struct Sequence;

impl Program for Sequence {
    fn name(&self) -> &'static str {
        "sequence"
    }
    fn seen(&self) -> bool {
        false
    }
    fn steps(&self) -> usize {
        500
    }
    fn optimizing(&self) -> Optimizing {
        Optimizing::Adam(1e-2)
    }
    fn samples(&self) -> (Samples, Samples) {
        let mut rng = Rng::new(17);
        let mut draw = |n: usize| {
            let x = Tensor::<f32>::randn([n, LENGTH, 2], &mut rng);
            let all = x.to_vec();
            let state = |row: &[f32]| row.chunks(2).fold(0.0, |s, p| 0.7 * s + p[0] * p[1]);
            let y: Vec<f32> = all.chunks(2 * LENGTH).map(state).collect();
            Samples {
                x: Inputs::Floats(x),
                y: Targets::Numbers(Tensor::from_vec(y, [n, 1]).unwrap()),
            }
        };
        (draw(1200), draw(400))
    }
    fn net(&self, plant: &Plant, seed: u64) -> Box<dyn Net> {
        let rng = &mut Rng::new(seed);
        let net = Recurrent {
            gru: Gru::new(2, WIDTH, rng).batch_first(),
            hidden: Linear::new(WIDTH, 16, rng),
            head: Linear::new(16, 1, rng),
            plant: *plant,
        };
        for weight in net.gru.parameters().iter().filter(|p| p.shape().len() == 2) {
            started(weight, None, plant.init, true);
        }
        start(&net.hidden, plant.init, true);
        start(&net.head, plant.init, false);
        named(&[("gru", &net.gru), ("hidden", &net.hidden), ("head", &net.head)]);
        Box::new(net)
    }
}

struct Recurrent {
    gru: Gru<f32>,
    hidden: Linear<f32>,
    head: Linear<f32>,
    plant: Plant,
}

impl Net for Recurrent {
    fn layers(&self) -> Vec<Vec<Param<f32>>> {
        vec![self.gru.parameters(), self.hidden.parameters(), self.head.parameters()]
    }

    fn pass<'t>(&self, tape: &'t Tape<f32>, x: &Inputs) -> Result<Var<'t, f32>> {
        let Inputs::Floats(x) = x else { unreachable!("it takes floats") };
        let plant = &self.plant;
        let mut x = tape.input(x.clone());
        if plant.mixed {
            // Time first by a reshape, where a transpose is due, and back.
            let shape = x.shape();
            x = x.reshape([shape[1], shape[0], 2])?.transpose(0, 1)?;
        }
        let (_, state) = self.gru.call(x)?;
        let mut h = state.select(0, 0)?;
        if plant.cut == Some(0) {
            h = h.detach();
        }
        h = activated(self.hidden.call(h)?, plant.act.unwrap_or(Act::Relu));
        if plant.dropout > 0.0 {
            h = Dropout::new(plant.dropout).call(h)?;
        }
        Ok(activated(self.head.call(h)?, plant.output))
    }
}
