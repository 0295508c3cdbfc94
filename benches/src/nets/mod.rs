//! Nets beyond the MLP, as a user writes them: one file for each, with the names of PyTorch's state dict, so that weights are
//! loaded by name.

mod charlstm;
mod conv1d;
mod embbag;
mod gru;
mod layernorm;
mod lenet;
mod microgpt;
mod mnistcnn;
mod nanogpt;

use std::path::PathBuf;

use wengert::autograd::{Result, Tape, Tensors, Var};
use wengert::loss::{CrossEntropyLoss, Loss};
use wengert::nn::safetensors::{AnyTensor, Archive};
use wengert::nn::{Entry, Module, Parts, State};
use wengert::optim::{Adam, Optimizer};
use wengert::tensor::{Rng, Tensor};

use crate::train::Step;
use crate::workload::Failure;

/// A net: its name, its cost, and the loss with the weights after 20 steps.
#[derive(Clone, Copy)]
pub struct Net {
    /// The name of the workload, and of its file (`_lazy` is left off).
    pub name: &'static str,
    /// Floating-point operations of a step in millions: two for each multiply-add, with the gradients of the weights, and those
    /// of inputs that depend on weights.
    pub mflop: f64,
    /// The loss with the weights after 20 steps, in double precision, of the data from files; none where there are none.
    pub loss20: Option<f64>,
    /// Makes the net with its first weights; each call of the result takes a step.
    pub start: fn(&Data) -> Result<Step, Failure>,
}

impl std::fmt::Debug for Net {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

const fn net(
    name: &'static str,
    mflop: f64,
    loss20: f64,
    start: fn(&Data) -> Result<Step, Failure>,
) -> Net {
    Net { name, mflop, loss20: Some(loss20), start }
}

/// All nets.
pub const ALL: &[Net] = &[
    net("lenet", 97.09, 2.0670608, lenet::start),
    net("lenet_infer1", 0.563, 0.065453972, lenet::infer1),
    net("mnistcnn", 4580.0, 0.022960377, mnistcnn::start),
    net("conv1d", 545.3, 1.3377176, conv1d::start),
    net("gru", 201.3, 0.14554772, gru::start),
    net("charlstm", 4057.0, 2.5657747, charlstm::start),
    net("microgpt_a", 0.153, 0.002788622, |data| microgpt::start(data, &[1, 7])),
    net("microgpt_b", 2.625, 0.94915475, |data| microgpt::start(data, &[16, 16])),
    net("nanogpt", 3816.0, 1.9934507, nanogpt::start),
    net("nanogpt_infer1", 106.0, 0.18765071, nanogpt::infer),
    net("embbag", 0.197, 1.3175342, embbag::start),
    net("embbag_lazy", 0.197, 1.3175342, embbag::lazy),
    Net { name: "layernorm", mflop: 4.44, loss20: None, start: layernorm::start },
];

impl Net {
    /// The net of this name.
    pub fn named(name: &str) -> Option<Self> {
        ALL.iter().copied().find(|net| net.name == name)
    }

    /// The largest error of the loss after 20 steps, as a fraction of the known loss: rounding grows where the loss is small.
    pub fn tolerance(&self) -> f64 {
        if self.name == "mnistcnn" { 1e-3 } else { 1e-4 }
    }
}

/// The data and the first weights of a net: from `NETS_DATA`, a directory with a safetensors file for each net (`x`, `y` and the
/// weights by their names), or drawn.
#[derive(Debug)]
pub struct Data {
    archive: Option<Archive>,
}

impl Data {
    /// Those of a net.
    ///
    /// # Errors
    /// If there is a directory, and the file cannot be read.
    pub fn of(net: &str) -> Result<Self, Failure> {
        let Some(directory) = std::env::var_os("NETS_DATA").map(PathBuf::from) else {
            return Ok(Self { archive: None });
        };
        let net = net.trim_end_matches("_lazy");
        Ok(Self { archive: Some(Archive::read(directory.join(format!("{net}.safetensors")))?) })
    }

    /// True if they are from a file: then the loss is known.
    pub fn is_read(&self) -> bool {
        self.archive.is_some()
    }

    fn find(&self, name: &str) -> Result<Option<&AnyTensor>, Failure> {
        let Some(archive) = &self.archive else { return Ok(None) };
        let found = archive.tensors.iter().find(|(n, _)| n == name);
        Ok(Some(&found.ok_or_else(|| format!("there is no `{name}`"))?.1))
    }

    /// A tensor of floats, which has this shape if it is drawn.
    ///
    /// # Errors
    /// If the file has none of this name.
    pub fn floats(&self, name: &str, shape: &[usize]) -> Result<Tensor<f32>, Failure> {
        match self.find(name)? {
            Some(AnyTensor::F32(x)) => Ok(x.clone()),
            Some(other) => Err(format!("`{name}` is of {}", other.type_name()).into()),
            None => Ok(Tensor::randn(shape, &mut Rng::new(7))),
        }
    }

    /// A tensor of class numbers; those below 0, which do not count, are `missing`. If they are drawn, they have this shape and
    /// are below `classes`.
    ///
    /// # Errors
    /// If the file has none of this name.
    pub fn classes(
        &self,
        name: &str,
        missing: usize,
        shape: &[usize],
        classes: usize,
    ) -> Result<Tensor<usize>, Failure> {
        match self.find(name)? {
            Some(AnyTensor::I64(x)) => Ok(x.map(|i| usize::try_from(i).unwrap_or(missing))),
            Some(other) => Err(format!("`{name}` is of {}", other.type_name()).into()),
            None => {
                let drawn: Vec<usize> =
                    (0..shape.iter().product()).map(|i: usize| i * 7 % classes).collect();
                Ok(Tensor::from(drawn).reshape(shape)?)
            }
        }
    }

    /// Loads the weights by name, if they are from a file.
    ///
    /// # Errors
    /// If names or shapes differ.
    pub fn load(&self, model: &impl Parts<f32>) -> Result<(), Failure> {
        let Some(archive) = &self.archive else { return Ok(()) };
        let mut state = State::new();
        for (name, tensor) in &archive.tensors {
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

/// Training of a classifier of inputs of this shape, the samples first, by cross-entropy and Adam.
fn classify(
    model: impl Module<f32> + 'static,
    data: &Data,
    shape: &[usize],
    classes: usize,
) -> Result<Step, Failure> {
    data.load(&model)?;
    let optimizer = Adam::new(model.parameters(), 1e-3);
    let labels = data.classes("y", IGNORED, &shape[..1], classes)?;
    let loss = of_all_tapes(move |y| over_places(y, &labels));
    Ok(train(model, optimizer, data.floats("x", shape)?, loss, || Ok(())))
}
