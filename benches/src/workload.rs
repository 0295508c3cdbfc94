//! `Workload`: nine nets with their data and first weights, read from a directory or drawn.

use std::path::Path;

use wengert::nn::safetensors::{AnyTensor, Archive};
use wengert::tensor::{Rng, Tensor};

/// An error: of a file or a shape.
pub type Failure = Box<dyn std::error::Error>;

/// The function between layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// No hidden layer, so none.
    None,
    /// tanh
    Tanh,
    /// relu
    Relu,
}

/// The optimiser of a net.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Training {
    /// SGD with a rate and momentum.
    Sgd(f64, f64),
    /// Adam with a rate.
    Adam(f64),
    /// Not at all: the forward pass only.
    None,
}

/// The loss of a net.
#[derive(Clone, Debug)]
pub enum Target {
    /// Numbers, by the squared error.
    Numbers(Tensor<f32>),
    /// Classes, by cross-entropy.
    Classes(Tensor<usize>),
    /// Nothing.
    None,
}

/// A net's description.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    /// The name.
    pub name: &'static str,
    /// Inputs, hidden sizes, outputs.
    pub sizes: &'static [usize],
    /// Between the layers.
    pub activation: Activation,
    /// Rows of the one batch.
    pub batch: usize,
    /// The optimiser.
    pub training: Training,
    /// Whether the targets are classes.
    pub classes: bool,
}

/// 64 inputs, 50 layers of 64, 10 classes.
const DEEP: [usize; 52] = {
    let mut sizes = [64; 52];
    sizes[51] = 10;
    sizes
};

const fn spec(
    name: &'static str,
    sizes: &'static [usize],
    activation: Activation,
    batch: usize,
    training: Training,
    classes: bool,
) -> Spec {
    Spec { name, sizes, activation, batch, training, classes }
}

const MNIST: &[usize] = &[784, 256, 128, 10];

/// All of them, from overhead alone to matrix products alone.
pub const ALL: [Spec; 9] = [
    spec("linreg", &[1, 1], Activation::None, 10, Training::Sgd(0.01, 0.0), false),
    spec("seedmlp", &[10, 5, 1], Activation::Tanh, 32, Training::Sgd(0.01, 0.0), false),
    spec("tiny", &[2, 16, 16, 1], Activation::Tanh, 32, Training::Sgd(0.05, 0.0), false),
    spec("deep", &DEEP, Activation::Tanh, 32, Training::Sgd(0.01, 0.0), true),
    spec("digits", &[64, 128, 10], Activation::Relu, 64, Training::Adam(1e-3), true),
    spec("mnist", MNIST, Activation::Relu, 128, Training::Adam(1e-3), true),
    spec("wide", &[1024, 2048, 2048, 1000], Activation::Relu, 256, Training::Sgd(0.01, 0.9), true),
    spec("infer1", MNIST, Activation::Relu, 1, Training::None, false),
    spec("infer256", MNIST, Activation::Relu, 256, Training::None, false),
];

/// A net with its data and first weights.
#[derive(Clone, Debug)]
pub struct Workload {
    /// The description.
    pub spec: Spec,
    /// Weight `[out, in]` and bias of each layer.
    pub layers: Vec<(Tensor<f32>, Tensor<f32>)>,
    /// The batch.
    pub inputs: Tensor<f32>,
    /// The loss with the weights after 20 steps.
    pub targets: Target,
}

impl Spec {
    /// The workload of this name.
    pub fn named(name: &str) -> Option<Self> {
        ALL.into_iter().find(|s| s.name == name)
    }

    /// Floating-point operations of a step's matrix products. The first layer's input needs no gradient.
    pub fn flops(&self) -> f64 {
        let products = |layer: usize| match (self.training, layer) {
            (Training::None, _) => 1.0,
            (_, 0) => 2.0,
            _ => 3.0,
        };
        let layers = self.sizes.windows(2).enumerate();
        layers.map(|(i, w)| 2.0 * (self.batch * w[0] * w[1]) as f64 * products(i)).sum()
    }

    /// Read from the directory that `PEERS_DATA` names; drawn where that is unset.
    ///
    /// # Errors
    /// If the file is not there, or holds something else.
    pub fn load(self) -> Result<Workload, Failure> {
        match std::env::var_os("PEERS_DATA") {
            Some(directory) => self.read(Path::new(&directory)),
            None => self.draw(),
        }
    }

    fn read(self, directory: &Path) -> Result<Workload, Failure> {
        let archive = Archive::read(directory.join(format!("{}.safetensors", self.name)))?;
        let find = |name: &str| archive.tensors.iter().find(|(n, _)| n == name).map(|(_, x)| x);
        let floats = |name: &str| match find(name) {
            Some(AnyTensor::F32(x)) => Ok(x.clone()),
            other => Err(format!("{}: `{name}` is {other:?}, and must be f32", self.name)),
        };
        let layer = |i| Ok((floats(&format!("l{i}.weight"))?, floats(&format!("l{i}.bias"))?));
        let layers = (0..self.sizes.len() - 1).map(layer).collect::<Result<_, Failure>>()?;
        let targets = match find("y") {
            None => Target::None,
            Some(AnyTensor::I64(y)) => Target::Classes(y.map(|c| c as usize)),
            Some(_) => Target::Numbers(floats("y")?),
        };
        Ok(Workload { spec: self, layers, inputs: floats("x")?, targets })
    }

    /// Of the same form, from a seed.
    ///
    /// # Errors
    /// If it has no such form: none of the sizes may be 0.
    pub fn draw(self) -> Result<Workload, Failure> {
        let rng = &mut Rng::new(7);
        let mut layers = Vec::new();
        for w in self.sizes.windows(2) {
            let bound = 1.0 / (w[0] as f64).sqrt();
            let weight = Tensor::uniform([w[1], w[0]], -bound, bound, rng)?;
            layers.push((weight, Tensor::uniform([w[1]], -bound, bound, rng)?));
        }
        let inputs = Tensor::<f32>::randn([self.batch, self.sizes[0]], rng);
        let outputs = self.sizes[self.sizes.len() - 1];
        let targets = match self.training {
            Training::None => Target::None,
            _ if self.classes => {
                let drawn = Tensor::<f64>::uniform([self.batch], 0.0, outputs as f64, rng)?;
                Target::Classes(drawn.map(|c| (c as usize).min(outputs - 1)))
            }
            _ => Target::Numbers(inputs.sum_over(wengert::tensor::keep(1))?.sin()),
        };
        Ok(Workload { spec: self, layers, inputs, targets })
    }
}
