//! Nets beyond the MLP, as a user writes them: one file for each, with the names of PyTorch's state dict, so that weights are
//! loaded by name.

mod charlstm;
mod embbag;
mod gru;
mod microgpt;
mod nanogpt;

use std::path::Path;

use wengert::autograd::{Result, Tape, Tensors, Var};
use wengert::loss::CrossEntropyLoss;
use wengert::nn::safetensors::{AnyTensor, Archive};
use wengert::nn::{Entry, Module, Parts, State};
use wengert::optim::Optimizer;
use wengert::tensor::Tensor;

use crate::train::Step;
use crate::workload::Failure;

/// A net with its data and how it is trained.
#[derive(Clone, Copy)]
pub struct Net {
    /// The name of the workload, and of its file.
    pub name: &'static str,
    /// Multiply-adds and additions of a step, in millions.
    pub mflop: f64,
    /// Makes the net with its first weights; each call of the result takes a step.
    pub start: fn(&Data) -> Result<Step, Failure>,
}

impl std::fmt::Debug for Net {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

const fn net(name: &'static str, mflop: f64, start: fn(&Data) -> Result<Step, Failure>) -> Net {
    Net { name, mflop, start }
}

/// All nets.
pub const ALL: &[Net] = &[
    net("gru", 201.3, gru::start),
    net("charlstm", 4057.0, charlstm::start),
    net("microgpt_a", 0.153, microgpt::start),
    net("microgpt_b", 2.625, microgpt::start),
    net("nanogpt", 3816.0, nanogpt::start),
    net("nanogpt_infer1", 106.0, nanogpt::infer),
    net("embbag", 0.197, embbag::start),
];

/// The tensors of a workload's file.
#[derive(Debug)]
pub struct Data {
    archive: Archive,
}

impl Data {
    /// Reads a file of a directory.
    ///
    /// # Errors
    /// If there is no such file.
    pub fn read(directory: &Path, name: &str) -> Result<Self, Failure> {
        Ok(Self { archive: Archive::read(directory.join(format!("{name}.safetensors")))? })
    }

    fn find(&self, name: &str) -> Result<&AnyTensor, Failure> {
        let found = self.archive.tensors.iter().find(|(n, _)| n == name);
        Ok(&found.ok_or_else(|| format!("there is no `{name}`"))?.1)
    }

    /// A tensor of floats.
    ///
    /// # Errors
    /// If there is none of this name.
    pub fn floats(&self, name: &str) -> Result<Tensor<f32>, Failure> {
        match self.find(name)? {
            AnyTensor::F32(x) => Ok(x.clone()),
            other => Err(format!("`{name}` is of {}", other.element()).into()),
        }
    }

    /// A tensor of class numbers; those below 0, which do not count, are `missing`.
    ///
    /// # Errors
    /// If there is none of this name.
    pub fn classes(&self, name: &str, missing: usize) -> Result<Tensor<usize>, Failure> {
        match self.find(name)? {
            AnyTensor::I64(x) => Ok(x.map(|i| usize::try_from(i).unwrap_or(missing))),
            other => Err(format!("`{name}` is of {}", other.element()).into()),
        }
    }

    /// Loads the weights, by name.
    ///
    /// # Errors
    /// If names or shapes differ.
    pub fn load(&self, model: &impl Parts<f32>) -> Result<(), Failure> {
        let mut state = State::new();
        for (name, tensor) in &self.archive.tensors {
            if let (AnyTensor::F32(x), false) = (tensor, name == "x" || name == "y") {
                // A copy: a tensor that the file holds too would be copied by the first step.
                state.insert_entry(name, Entry::Float(x.map(|x| x)));
            }
        }
        Ok(model.load_state(&state)?)
    }
}

/// The class number of a label that does not count.
const IGNORED: usize = usize::MAX;

/// The cross-entropy of logits `[…, classes]` with class numbers, over all places that count.
fn over_places<'t>(logits: Var<'t, f32>, labels: &Tensor<usize>) -> Result<Var<'t, f32>> {
    use wengert::loss::Loss;
    let shape = logits.shape();
    let classes = shape[shape.len() - 1];
    let rows = logits.reshape([labels.len(), classes])?;
    CrossEntropyLoss::new().ignore_index(IGNORED).forward(rows, &labels.flatten())
}

/// Tells the compiler that a closure takes vars of every tape.
fn of_all_tapes<F: for<'t> Fn(Var<'t, f32>) -> Result<Var<'t, f32>>>(f: F) -> F {
    f
}

/// Steps of a model by this loss, as on the front page; `before` runs between the gradient and the step.
fn train<In: Tensors>(
    model: impl Module<f32, In> + 'static,
    mut optimizer: impl Optimizer<f32> + 'static,
    inputs: In,
    loss: impl for<'t> Fn(Var<'t, f32>) -> Result<Var<'t, f32>> + 'static,
    mut before: impl FnMut() -> Result<(), Failure> + 'static,
) -> Step {
    Box::new(move || {
        let tape = Tape::new();
        optimizer.zero_grad();
        let outputs = model.call(tape.input(inputs.clone()).unpack())?;
        let loss = loss(outputs)?;
        loss.backward()?;
        before()?;
        optimizer.step()?;
        Ok(loss.item()?)
    })
}
