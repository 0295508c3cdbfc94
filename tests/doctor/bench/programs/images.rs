//! P6: pictures of a bar in noise, of four directions, by a small convolutional net and Adam.

use wengert::autograd::{Param, Result, Tape, Var};
use wengert::nn::{Conv2d, Dropout, Linear, MaxPool, Module, Parts};
use wengert::tensor::{Rng, Tensor};

use super::mlp::{activated, start, started};
use super::{Inputs, Net, Program, Samples, Targets, named};
use crate::bench::plant::{Act, Optimizing, Plant};

/// The height and the width of a picture.
const SIDE: usize = 10;
/// The length of a bar.
const LENGTH: usize = 5;

pub struct Images;

impl Program for Images {
    fn name(&self) -> &'static str {
        "images"
    }
    fn seen(&self) -> bool {
        false
    }
    fn steps(&self) -> usize {
        400
    }
    fn optimizing(&self) -> Optimizing {
        Optimizing::Adam(3e-3)
    }
    fn samples(&self) -> (Samples, Samples) {
        let mut rng = Rng::new(13);
        let mut draw = |n: usize| {
            let mut x = (Tensor::<f32>::randn([n, SIDE, SIDE], &mut rng) * 0.3).to_vec();
            let places =
                Tensor::<usize>::randint([2, n], 0, SIDE - LENGTH + 1, &mut rng).unwrap().to_vec();
            let places = places.split_at(n);
            let y: Vec<usize> = (0..n).map(|k| k % 4).collect();
            for (k, &class) in y.iter().enumerate() {
                for along in 0..LENGTH {
                    let back = LENGTH - 1 - along;
                    let (down, right) =
                        [(along, 2), (2, along), (along, along), (along, back)][class];
                    let place = (places.0[k] + down) * SIDE + places.1[k] + right;
                    x[k * SIDE * SIDE + place] += 1.0;
                }
            }
            Samples {
                x: Inputs::Floats(Tensor::from_vec(x, [n, 1, SIDE, SIDE]).unwrap()),
                y: Targets::Classes(Tensor::from(y)),
            }
        };
        (draw(800), draw(400))
    }
    fn net(&self, plant: &Plant, seed: u64) -> Box<dyn Net> {
        let rng = &mut Rng::new(seed);
        let net = Cnn {
            convs: vec![Conv2d::new(1, 8, 3, rng), Conv2d::new(8, 16, 3, rng)],
            hidden: Linear::new(64, 32, rng),
            head: Linear::new(32, 4, rng),
            plant: *plant,
        };
        for conv in &net.convs {
            started(&conv.weight, conv.bias.as_ref(), plant.init, true);
        }
        start(&net.hidden, plant.init, true);
        start(&net.head, plant.init, false);
        named(&[("convs", &net.convs), ("hidden", &net.hidden), ("head", &net.head)]);
        Box::new(net)
    }
}

struct Cnn {
    convs: Vec<Conv2d<f32>>,
    hidden: Linear<f32>,
    head: Linear<f32>,
    plant: Plant,
}

impl Net for Cnn {
    fn layers(&self) -> Vec<Vec<Param<f32>>> {
        let mut layers: Vec<_> = self.convs.iter().map(Parts::parameters).collect();
        layers.extend([self.hidden.parameters(), self.head.parameters()]);
        layers
    }

    fn pass<'t>(&self, tape: &'t Tape<f32>, x: &Inputs) -> Result<Var<'t, f32>> {
        let Inputs::Floats(x) = x else { unreachable!("it takes floats") };
        let plant = &self.plant;
        let act = plant.act.unwrap_or(Act::Relu);
        let cut = |h: Var<'t, f32>, k: usize| if plant.cut == Some(k) { h.detach() } else { h };
        let mut h = tape.input(x.clone());
        for (k, conv) in self.convs.iter().enumerate() {
            // 10 -> 8 -> 4 and 4 -> 2 places a side.
            h = cut(activated(conv.call(h)?, act), k);
            if k == 0 {
                h = MaxPool::<2>::new(2).call(h)?;
            }
        }
        let shape = h.shape();
        h = if plant.mixed {
            // The channels first, as another library would have them.
            h.transpose(0, 1)?.reshape([shape[0], 64])?
        } else {
            h.reshape([shape[0], 64])?
        };
        h = cut(activated(self.hidden.call(h)?, act), 2);
        if plant.dropout > 0.0 {
            h = Dropout::new(plant.dropout).call(h)?;
        }
        Ok(activated(self.head.call(h)?, plant.output))
    }
}
