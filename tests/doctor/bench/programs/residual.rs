//! P5: two blocks with a residual and a layer norm each, on a yes or no of eight columns, by AdamW.

use wengert::autograd::{Param, Result, Tape, Var};
use wengert::nn::{Dropout, LayerNorm, Linear, Module, Parts};
use wengert::tensor::{Rng, Tensor};

use super::mlp::{activated, start};
use super::{Inputs, Net, Program, Samples, Targets, named};
use crate::bench::plant::{Act, Optimizing, Plant};

const COLUMNS: usize = 8;
const WIDTH: usize = 24;

pub struct Residual;

impl Program for Residual {
    fn name(&self) -> &'static str {
        "residual"
    }
    fn seen(&self) -> bool {
        true
    }
    fn steps(&self) -> usize {
        500
    }
    fn optimizing(&self) -> Optimizing {
        Optimizing::Adam(3e-3)
    }
    fn samples(&self) -> (Samples, Samples) {
        let mut rng = Rng::new(9);
        let mut draw = |n: usize| {
            let x = Tensor::<f32>::randn([n, COLUMNS], &mut rng);
            let all = x.to_vec();
            let yes =
                |r: &[f32]| f32::from(u8::from(r[0] * r[1] + r[2].sin() * 1.5 + 0.5 * r[3] > 0.0));
            let y: Vec<f32> = all.chunks(COLUMNS).map(yes).collect();
            Samples {
                x: Inputs::Floats(x),
                y: Targets::Binary(Tensor::from_vec(y, [n, 1]).unwrap()),
            }
        };
        (draw(800), draw(400))
    }
    fn net(&self, plant: &Plant, seed: u64) -> Box<dyn Net> {
        let rng = &mut Rng::new(seed);
        let layer = |i: usize, o: usize, hidden: bool, rng: &mut Rng| {
            let layer = Linear::new(i, o, rng);
            start(&layer, plant.init, hidden);
            layer
        };
        let net = Blocks {
            stem: layer(COLUMNS, WIDTH, false, rng),
            norms: vec![LayerNorm::new([WIDTH]), LayerNorm::new([WIDTH])],
            ups: vec![layer(WIDTH, 48, true, rng), layer(WIDTH, 48, true, rng)],
            downs: vec![layer(48, WIDTH, false, rng), layer(48, WIDTH, false, rng)],
            head: layer(WIDTH, 1, false, rng),
            plant: *plant,
        };
        named(&[
            ("stem", &net.stem),
            ("norms", &net.norms),
            ("ups", &net.ups),
            ("downs", &net.downs),
            ("head", &net.head),
        ]);
        Box::new(net)
    }
}

struct Blocks {
    stem: Linear<f32>,
    norms: Vec<LayerNorm<f32>>,
    ups: Vec<Linear<f32>>,
    downs: Vec<Linear<f32>>,
    head: Linear<f32>,
    plant: Plant,
}

impl Net for Blocks {
    fn layers(&self) -> Vec<Vec<Param<f32>>> {
        vec![
            self.stem.parameters(),
            self.norms.parameters(),
            self.ups.parameters(),
            self.downs.parameters(),
            self.head.parameters(),
        ]
    }

    fn pass<'t>(&self, tape: &'t Tape<f32>, x: &Inputs) -> Result<Var<'t, f32>> {
        let Inputs::Floats(x) = x else { unreachable!("it takes floats") };
        let mut h = self.stem.call(tape.input(x.clone()))?;
        if self.plant.cut == Some(0) {
            h = h.detach();
        }
        for ((norm, up), down) in self.norms.iter().zip(&self.ups).zip(&self.downs) {
            let inner = activated(up.call(norm.call(h)?)?, self.plant.act.unwrap_or(Act::Relu));
            let inner = if self.plant.dropout > 0.0 {
                Dropout::new(self.plant.dropout).call(inner)?
            } else {
                inner
            };
            h = h.try_add(down.call(inner)?)?;
            if self.plant.mixed {
                let shape = h.shape();
                h = h.reshape([shape[1], shape[0]])?.t();
            }
        }
        if self.plant.cut == Some(3) {
            h = h.detach();
        }
        Ok(activated(self.head.call(h)?, self.plant.output))
    }
}
