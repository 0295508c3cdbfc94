//! A multilayer perceptron in which faults can be planted.

use wengert::autograd::{Param, Result, Tape, Var};
use wengert::nn::{Dropout, Linear, Module, Parts};
use wengert::tensor::{Rng, Tensor};

use super::{Inputs, Net};
use crate::bench::plant::{Act, Init, Plant};

pub struct Mlp {
    layers: Vec<Linear<f32>>,
    act: Act,
    plant: Plant,
}

/// The weights of a layer as planted.
pub fn start(layer: &Linear<f32>, init: Init, hidden: bool) {
    started(&layer.weight, layer.bias.as_ref(), init, hidden);
}

/// A weight and a bias as planted.
pub fn started(weight: &Param<f32>, bias: Option<&Param<f32>>, init: Init, hidden: bool) {
    let shape = weight.shape();
    match init {
        Init::Usual => {}
        Init::Zeros => weight.set(Tensor::zeros(shape)),
        Init::Constant(c) => weight.set(Tensor::full(shape, c as f32)),
        Init::Times(factor) => weight.set(weight.value() * factor as f32),
        Init::Bias(c) => {
            if let Some(bias) = bias.filter(|_| hidden) {
                bias.set(Tensor::full(bias.shape(), c as f32));
            }
        }
    }
}

pub fn activated<'t>(x: Var<'t, f32>, act: Act) -> Var<'t, f32> {
    match act {
        Act::None => x,
        Act::Relu => x.relu(),
        Act::Tanh => x.tanh(),
        Act::Sigmoid => x.sigmoid(),
    }
}

impl Mlp {
    /// With these widths. `gain` scales the usual start.
    pub fn new(widths: &[usize], act: Act, gain: f64, plant: &Plant, seed: u64) -> Self {
        let rng = &mut Rng::new(seed);
        let count = widths.len() - 1;
        let one = |(k, w): (usize, &[usize])| {
            let layer = Linear::new(w[0], w[1], rng);
            if gain != 1.0 && k + 1 < count {
                layer.weight.set(layer.weight.value() * gain as f32);
            }
            start(&layer, plant.init, k + 1 < count);
            layer
        };
        let layers: Vec<Linear<f32>> = widths.windows(2).enumerate().map(one).collect();
        for (k, layer) in layers.iter().enumerate() {
            layer.weight.set_path(&format!("layers.{k}.weight"));
            layer.bias.iter().for_each(|b| b.set_path(&format!("layers.{k}.bias")));
        }
        Self { layers, act: plant.act.unwrap_or(act), plant: *plant }
    }
}

impl Net for Mlp {
    fn layers(&self) -> Vec<Vec<Param<f32>>> {
        self.layers.iter().map(Parts::parameters).collect()
    }

    fn pass<'t>(&self, tape: &'t Tape<f32>, x: &Inputs) -> Result<Var<'t, f32>> {
        let Inputs::Floats(x) = x else { unreachable!("it takes floats") };
        let mut h = tape.input(x.clone());
        let last = self.layers.len() - 1;
        for (k, layer) in self.layers.iter().enumerate() {
            h = layer.call(h)?;
            if k < last {
                h = activated(h, self.act);
                if self.plant.dropout > 0.0 {
                    h = Dropout::new(self.plant.dropout).call(h)?;
                }
            }
            if self.plant.cut == Some(k) {
                h = h.detach();
            }
            if self.plant.mixed && k == 0 {
                // A transpose that was to be undone.
                let shape = h.shape();
                h = h.reshape([shape[1], shape[0]])?.t();
            }
        }
        Ok(activated(h, self.plant.output))
    }
}
