//! A model as a graph: one forward pass is recorded, and each line of the tape becomes a node.
//!
//! It is recorded on two samples and on three, with other numbers. Sizes that differ are those of the batch. Anything else that
//! differs, a tensor, a number of an op, or the ops themselves, was computed from the input without an op, and is refused, since the
//! file would hold that of one input. Further recordings, of positive and negative numbers and of zeros, show branches on the input.

mod alike;
mod elementwise;
mod graph;
mod nets;
mod shape;
mod window;

use std::path::Path;

use wengert_autograd::{Param, Tape, Tensors, Var};
use wengert_nn::Module;
use wengert_tensor::{Rng, Tensor};

use crate::proto::{FLOAT, INT64};
use crate::{Error, Result};
use graph::Builder;

/// The numbers of samples of the two recordings.
const SAMPLES: [usize; 2] = [2, 3];

/// The numbers of an input that is recorded.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probe {
    Normal,
    Positive,
    Negative,
    Zero,
}

/// The kind of input that a model takes: a shape for floats, an example for indices.
pub trait Input {
    /// The tensor that it stands for.
    type Of: Tensors;

    #[doc(hidden)]
    fn record<'t>(
        &self,
        tape: &'t Tape<f32>,
        samples: usize,
        probe: Probe,
    ) -> Result<Var<'t, f32, Self::Of>>;

    #[doc(hidden)]
    const KIND: i64;
}

/// The shape of a batch of floats. The first size is that of the batch, and may be any.
impl<const N: usize> Input for [usize; N] {
    type Of = Tensor<f32>;
    const KIND: i64 = FLOAT;

    fn record<'t>(
        &self,
        tape: &'t Tape<f32>,
        samples: usize,
        probe: Probe,
    ) -> Result<Var<'t, f32>> {
        let mut shape = *self;
        match shape.first_mut() {
            Some(first) => *first = samples,
            None => return Err(Error::Format("an input has an axis for the batch".into())),
        }
        let numbers = Tensor::<f32>::randn(shape, &mut Rng::new(samples as u64));
        Ok(tape.var(match probe {
            Probe::Normal => numbers,
            Probe::Positive => numbers.map(|x| 8.0 * x.abs()),
            Probe::Negative => numbers.map(|x| -8.0 * x.abs()),
            Probe::Zero => numbers.map(|_| 0.0),
        }))
    }
}

/// Indices that the model takes, such as a batch of token numbers.
impl Input for Tensor<usize> {
    type Of = Self;
    const KIND: i64 = INT64;

    fn record<'t>(
        &self,
        tape: &'t Tape<f32>,
        samples: usize,
        probe: Probe,
    ) -> Result<Var<'t, f32, Self>> {
        let mut shape = self.shape().to_vec();
        if self.is_empty() || shape.is_empty() {
            return Err(Error::Format("an example of indices holds at least one".into()));
        }
        shape[0] = samples;
        let numbers: Vec<usize> = self.iter().collect();
        let count = shape.iter().product();
        // The example's numbers again and again, from another place in each recording.
        let numbers: Vec<usize> =
            numbers.iter().cycle().skip(samples + probe as usize).take(count).copied().collect();
        Ok(tape.input(Tensor::from(numbers).reshape(shape)?))
    }
}

/// Writes a model, as it is in evaluation, as an ONNX file, for inputs of this shape or like this example.
///
/// ```
/// use wengert_nn::{Embedding, Flatten, Linear, sequential};
/// use wengert_tensor::{Rng, tensor};
///
/// let rng = &mut Rng::new(0);
/// let model = sequential![Embedding::new(10, 4, rng), Flatten::default(), Linear::new(8, 2, rng)];
/// let path = std::env::temp_dir().join(format!("wengert-words-{}.onnx", std::process::id()));
/// wengert_onnx::export(&model, tensor![[1_usize, 7]], &path)?;
/// # std::fs::remove_file(&path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// If the model fails on such an input, if an op has no image in ONNX, or if the file cannot be written.
#[track_caller]
pub fn export<I, M, Out>(model: &M, input: I, path: impl AsRef<Path>) -> Result<()>
where
    I: Input,
    Out: Tensors,
    M: Module<f32, I::Of, Out> + ?Sized,
{
    let (bytes, path) = (to_bytes(model, input)?, path.as_ref());
    wengert_files::write_whole(path, &bytes)
        .map_err(|error| Error::Io { path: path.display().to_string(), what: error.to_string() })
}

/// The bytes of the file that [`export`] writes.
///
/// # Errors
/// As [`export`].
#[track_caller]
pub fn to_bytes<I, M, Out>(model: &M, input: I) -> Result<Vec<u8>>
where
    I: Input,
    Out: Tensors,
    M: Module<f32, I::Of, Out> + ?Sized,
{
    let tapes = [(); 2].map(|()| Tape::new().evaluating());
    let mut others = Vec::new();
    {
        let _thawed = Thawed::new(model.parameters());
        for (tape, samples) in tapes.iter().zip(SAMPLES) {
            model.call(input.record(tape, samples, Probe::Normal)?.unpack())?;
        }
        for probe in [Probe::Positive, Probe::Negative, Probe::Zero] {
            let tape = Tape::new().evaluating();
            let input = input.record(&tape, SAMPLES[1], probe)?;
            // A model may reject such numbers.
            if model.call(input.unpack()).is_ok() {
                others.push(tape);
            }
        }
    }
    let (scopes, lines) = (tapes[0].scopes(), [tapes[0].lines(), tapes[1].lines()]);
    let results = |tape: &Tape<f32>| tape.scopes().first().map(|call| call.results.clone());
    let results_differ = tapes[1..].iter().chain(&others).any(|t| results(t) != results(&tapes[0]));
    let others: Vec<_> = others.iter().map(Tape::lines).collect();
    Ok(Builder::new(&lines, &others, scopes).build(I::KIND, results_differ)?.to_bytes())
}

/// The frozen parameters of a model, which are not frozen for so long: a tape does not record what nothing that is trained leads to.
struct Thawed(Vec<Param<f32>>);

impl Thawed {
    fn new(parameters: Vec<Param<f32>>) -> Self {
        let frozen: Vec<_> = parameters.into_iter().filter(Param::is_frozen).collect();
        frozen.iter().for_each(|p| p.set_frozen(false));
        Self(frozen)
    }
}

impl Drop for Thawed {
    fn drop(&mut self) {
        self.0.iter().for_each(|p| p.set_frozen(true));
    }
}
