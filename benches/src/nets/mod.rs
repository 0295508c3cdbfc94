//! Nets beyond the MLP: a file for each, with its model and how it is trained, and what they share.
//!
//! The data and the first weights are read from `NETS_DATA`, a directory of one safetensors file for each net: `x`, `y`, and the
//! weights by their names. Without it they are drawn here, and the losses are other ones.

mod conv1d;
mod lenet;
mod mnistcnn;

use std::path::PathBuf;

use wengert::autograd::{Tape, Var};
use wengert::loss::{CrossEntropyLoss, Loss};
use wengert::nn::safetensors::{AnyTensor, Archive};
use wengert::nn::{Module, Parts, State};
use wengert::optim::{Adam, Optimizer};
use wengert::tensor::{Rng, Tensor};

use crate::train::Step;
use crate::workload::Failure;

/// A net: its name, its cost, and the loss with the weights after 20 steps where that is known.
#[derive(Clone, Copy)]
pub struct Net {
    /// The name.
    pub name: &'static str,
    /// Floating-point operations of a step: two for each multiply-add, with the gradients of the weights, and those of inputs that
    /// depend on weights.
    pub flops: f64,
    /// The loss with the weights after 20 steps, in double precision, of the files' data.
    pub loss20: f64,
    /// How far the loss may be from that, as a fraction of it.
    pub tolerance: f64,
    /// A net at its first weights and what trains it.
    pub make: fn(&Data) -> Result<Step, Failure>,
    /// The shape of a batch's inputs, if they are numbers, and the number of classes, to draw them.
    drawn: (&'static [usize], usize),
}

impl std::fmt::Debug for Net {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// All nets.
pub const ALL: &[Net] = &[lenet::LENET, lenet::INFER1, mnistcnn::MNISTCNN, conv1d::CONV1D];

/// The data and the first weights of a net.
#[derive(Debug)]
pub struct Data {
    /// The inputs of the one batch.
    pub x: Tensor<f32>,
    /// The class of each sample.
    pub y: Tensor<usize>,
    /// The first weights, if they were read.
    pub weights: Option<State<f32>>,
}

/// The directory of the files, if there is one.
fn directory() -> Option<PathBuf> {
    std::env::var_os("NETS_DATA").map(PathBuf::from)
}

impl Net {
    /// The net of this name.
    pub fn named(name: &str) -> Option<Self> {
        ALL.iter().copied().find(|net| net.name == name)
    }

    /// Its data, and whether they were read from a file.
    ///
    /// # Errors
    /// If there is a directory and the file cannot be read.
    pub fn data(&self) -> Result<(Data, bool), Failure> {
        let Some(directory) = directory() else {
            let rng = &mut Rng::new(7);
            let (shape, classes) = self.drawn;
            let x = Tensor::randn(shape, rng);
            let y = (0..shape[0]).map(|i| i * 7 % classes).collect::<Vec<_>>();
            return Ok((Data { x, y: Tensor::from(y), weights: None }, false));
        };
        let archive = Archive::read(directory.join(format!("{}.safetensors", self.name)))?;
        let mut weights = State::new();
        let (mut x, mut y) = (None, None);
        for (name, tensor) in archive.tensors {
            match (&*name, tensor) {
                ("x", AnyTensor::F32(values)) => x = Some(values),
                ("y", AnyTensor::I64(classes)) => y = Some(classes.map(|c| c as usize)),
                (_, AnyTensor::F32(values)) => weights.insert(&name, values),
                _ => {}
            }
        }
        let x = x.ok_or("the file has no floats `x`")?;
        let y = y.unwrap_or_else(|| Tensor::zeros([0]));
        Ok((Data { x, y, weights: Some(weights) }, true))
    }
}

/// The first weights of the data in a model, if they were read.
fn start(model: &impl Parts<f32>, data: &Data) -> Result<(), Failure> {
    if let Some(weights) = &data.weights {
        model.load_state(weights)?;
    }
    Ok(())
}

/// Training of a classifier by cross-entropy and Adam.
fn classify<M: Module<f32> + 'static>(model: M, data: &Data) -> Result<Step, Failure> {
    start(&model, data)?;
    let mut optimizer = Adam::new(model.parameters(), 1e-3);
    let criterion = CrossEntropyLoss::new();
    let (inputs, labels) = (data.x.clone(), data.y.clone());
    Ok(Box::new(move || {
        let tape = Tape::new();
        optimizer.zero_grad();
        let outputs: Var<'_, f32> = model.call(tape.constant(inputs.clone()))?;
        let loss = criterion.forward(outputs, &labels)?;
        loss.backward()?;
        optimizer.step()?;
        Ok(loss.item()?)
    }))
}

/// The mean of |output| of a model, without gradients.
fn infer<M: Module<f32> + 'static>(model: M, data: &Data) -> Result<Step, Failure> {
    start(&model, data)?;
    let inputs = data.x.clone();
    Ok(Box::new(move || Ok(model.predict(&inputs)?.abs().mean().item()?)))
}
