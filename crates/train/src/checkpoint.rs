//! `Checkpoint`: all that training goes on from, in one file.

use std::path::Path;

use wengert_nn::safetensors::{AnyTensor, Archive};
use wengert_nn::{Entry, Parts, State};
use wengert_optim::{Optimizer, State as OptimizerState};
use wengert_tensor::{Float, Tensor};

use crate::{Error, Result};

/// What stands before the names of a model's parameters and buffers in the file.
const MODEL: &str = "model.";
/// Before those of the tensors that an optimiser keeps.
const TENSOR: &str = "optimizer.tensor.";
/// Before those of the numbers that it keeps, which are doubles so that they come back to the bit.
const NUMBER: &str = "optimizer.number.";
/// How many epochs are done.
const EPOCH: &str = "epoch";

/// A model's parameters and buffers, its optimiser's state, and how many epochs are done. Training that goes on from one
/// gives the weights that it would have given without the break, to the bit: the order of samples is a function of the seed
/// and the epoch, and so is what [`train_epoch`](crate::train_epoch) draws at random.
///
/// ```
/// use wengert_nn::{Linear, Parts};
/// use wengert_optim::{Adam, Optimizer};
/// use wengert_tensor::Rng;
/// use wengert_train::Checkpoint;
///
/// let model = Linear::<f32>::new(3, 1, &mut Rng::new(0));
/// let optimizer = Adam::new(model.parameters(), 0.01);
/// let file = std::env::temp_dir().join(format!("wengert-checkpoint-{}.safetensors", std::process::id()));
/// Checkpoint::of(&model, &optimizer, 20).save(&file)?;
///
/// let model = Linear::<f32>::new(3, 1, &mut Rng::new(1));
/// let mut optimizer = Adam::new(model.parameters(), 0.01);
/// let done = Checkpoint::load(&file)?.restore(&model, &mut optimizer)?;
/// for epoch in done..40 { /* … */ }
/// # std::fs::remove_file(&file).unwrap();
/// # Ok::<(), wengert_train::Error>(())
/// ```
///
/// Settings (momentum, weight decay, groups) are the program's, and are not in the file; the learning rate in force is.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint<T: Float> {
    /// Parameters and buffers.
    pub model: State<T>,
    /// What the optimiser remembers.
    pub optimizer: OptimizerState<T>,
    /// How many epochs are done, which is the number of the next.
    pub epoch: usize,
}

impl<T: Float> Checkpoint<T> {
    /// Of a model and its optimiser as they are, with so many epochs done. A snapshot: training on does not change it.
    pub fn of(
        model: &(impl Parts<T> + ?Sized),
        optimizer: &(impl Optimizer<T> + ?Sized),
        epoch: usize,
    ) -> Self {
        Self { model: model.state(), optimizer: optimizer.state(), epoch }
    }

    /// Puts all of it back, and gives the number of the next epoch. If something does not fit, nothing is changed.
    ///
    /// # Errors
    /// If names or shapes are not those of the model or of the optimiser; all that differ are listed.
    #[track_caller]
    pub fn restore(
        &self,
        model: &(impl Parts<T> + ?Sized),
        optimizer: &mut (impl Optimizer<T> + ?Sized),
    ) -> Result<usize> {
        let before = optimizer.state();
        optimizer.load_state(self.optimizer.clone())?;
        if let Err(unfit) = model.load_state(&self.model) {
            optimizer.load_state(before)?;
            return Err(unfit.into());
        }
        Ok(self.epoch)
    }

    /// Writes it to a safetensors file, whole or not at all: a crash leaves the old file or the new one.
    ///
    /// # Errors
    /// If the file cannot be written.
    #[track_caller]
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let mut all = self.model.rename(|name| Some(format!("{MODEL}{name}")));
        for (name, tensor) in &self.optimizer.tensors {
            all.insert(format!("{TENSOR}{name}"), tensor.clone());
        }
        let mut archive = Archive::from(&all);
        for (name, &number) in &self.optimizer.scalars {
            let number = AnyTensor::F64(Tensor::scalar(number));
            archive.tensors.push((format!("{NUMBER}{name}"), number));
        }
        let epoch = i64::try_from(self.epoch).unwrap_or(i64::MAX);
        archive.tensors.push((EPOCH.into(), AnyTensor::I64(Tensor::scalar(epoch))));
        Ok(archive.write(path)?)
    }

    /// Reads one.
    ///
    /// # Errors
    /// If the file cannot be read, is no checkpoint, or was written in another float type, which would not go on to the bit.
    #[track_caller]
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let refuse = |rule: String| Error::Checkpoint { file: path.display().to_string(), rule };
        let (mut floats, mut optimizer, mut epoch) =
            (Archive::default(), OptimizerState::default(), None);
        for (name, tensor) in Archive::read(path)?.tensors {
            let is_float = matches!(tensor, AnyTensor::F32(_) | AnyTensor::F64(_));
            match (&tensor, name.strip_prefix(NUMBER)) {
                (AnyTensor::F64(x), Some(name)) if x.len() == 1 => {
                    let number = x.item().map_err(wengert_nn::Error::from)?;
                    optimizer.scalars.insert(name.into(), number);
                }
                (AnyTensor::I64(x), None) if name == EPOCH => {
                    epoch = x.item().ok().and_then(|n| usize::try_from(n).ok());
                }
                _ if !name.starts_with(MODEL) && !name.starts_with(TENSOR) => {
                    return Err(refuse(format!(
                        "`{name}` is no part of a checkpoint; of weights alone, use `nn::load`"
                    )));
                }
                _ if is_float && tensor.element() != T::NAME => {
                    let (there, here) = (tensor.element(), T::NAME);
                    return Err(refuse(format!(
                        "`{name}` is {there}, and the model is to be {here}; load the checkpoint as {there}"
                    )));
                }
                _ => floats.tensors.push((name, tensor)),
            }
        }
        let Some(epoch) = epoch else {
            return Err(refuse(
                "no `epoch` is in it, so it is no checkpoint; of weights alone, use `nn::load`"
                    .into(),
            ));
        };
        let all = State::<T>::try_from(floats)?;
        for (name, entry) in all.iter() {
            if let (Some(name), Entry::Float(tensor)) = (name.strip_prefix(TENSOR), entry) {
                optimizer.tensors.insert(name.into(), tensor.clone());
            }
        }
        let model = all.rename(|name| name.strip_prefix(MODEL).map(str::to_string));
        Ok(Self { model, optimizer, epoch })
    }
}
