//! `Checkpoint`: everything that training needs to continue, in one file.

use std::collections::BTreeMap;
use std::panic::Location;
use std::path::Path;

use wengert_nn::safetensors::{AnyTensor, Archive};
use wengert_nn::{Entry, Parts, State};
use wengert_optim::{Optimizer, Resume, State as OptimizerState};
use wengert_tensor::{Float, Tensor};

use crate::{Config, Error, Result, Setting};

/// The prefix of the names of a model's parameters and buffers in the file.
const MODEL: &str = "model.";
/// The prefix of the optimiser's state.
const OPTIMIZER: &str = "optimizer.";
/// After that, before a tensor's name.
const TENSOR: &str = "tensor.";
/// Before a number's name. Numbers are doubles, so that they come back to the bit.
const NUMBER: &str = "number.";
/// Before those of what else the run depends on, in the same way: `more.plateau.number.rate`.
const MORE: &str = "more.";
/// The number of epochs that are done.
const EPOCH: &str = "epoch";
/// Before the name of a setting of the run, among the notes of the file.
const CONFIG: &str = "config.";

/// A model's parameters and buffers, its optimiser's state, and the number of finished epochs. Training that continues from a
/// checkpoint gives the same weights as training without the break, to the bit: the order of samples is a function of the seed
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
/// Other state of the run is added by name: a plateau, early stopping, an average.
///
/// ```
/// # use wengert_nn::{Linear, Parts};
/// # use wengert_optim::{Adam, Average};
/// # use wengert_tensor::Rng;
/// # use wengert_train::{Checkpoint, EarlyStopping};
/// # let model = Linear::<f32>::new(3, 1, &mut Rng::new(0));
/// # let mut optimizer = Adam::new(model.parameters(), 0.01);
/// # let mut average = Average::new(model.parameters(), 0.999);
/// # let mut stopping = EarlyStopping::new().patience(5);
/// let checkpoint = Checkpoint::of(&model, &optimizer, 20)
///     .with("average", &average)
///     .with("stopping", &stopping);
/// checkpoint.restore(&model, &mut optimizer)?;
/// checkpoint.restore_into("average", &mut average)?;
/// checkpoint.restore_into("stopping", &mut stopping)?;
/// # Ok::<(), wengert_train::Error>(())
/// ```
///
/// Settings (momentum, weight decay, groups, patience) belong to the program and are not in the file; the current learning rate is.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint<T: Float> {
    /// Parameters and buffers.
    pub model: State<T>,
    /// The state of the optimiser.
    pub optimizer: OptimizerState<T>,
    /// The number of finished epochs, which is the index of the next.
    pub epoch: usize,
    /// Other states, by their names.
    pub more: BTreeMap<String, OptimizerState<T>>,
    /// The settings of the run, for its readers: nothing is restored from them.
    pub config: Config,
}

impl<T: Float> Checkpoint<T> {
    /// The name under which a trainer adds how far it has come.
    pub(crate) const RUN: &str = "run";

    /// The number of batches of the next epoch that are done: not 0 in a checkpoint that a trainer made in mid-epoch. A loop of your own
    /// goes on with `loader.epoch(epoch).skip(checkpoint.batch())`; a trainer's [`resume`](crate::Trainer::resume) does so.
    pub fn batch(&self) -> usize {
        let run = self.more.get(Self::RUN);
        run.and_then(|run| run.scalars.get("batches")).map_or(0, |&n| n as usize)
    }

    /// Of a model and its optimiser as they are, with so many epochs done. A snapshot: training on does not change it.
    pub fn of(
        model: &(impl Parts<T> + ?Sized),
        optimizer: &(impl Optimizer<T> + ?Sized),
        epoch: usize,
    ) -> Self {
        let (model, optimizer) = (model.state(), optimizer.state());
        Self { model, optimizer, epoch, more: BTreeMap::new(), config: Config::new() }
    }

    /// Adds another state of the run, by a name of your choice.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, what: &(impl Resume<T> + ?Sized)) -> Self {
        self.more.insert(name.into(), what.state());
        self
    }

    /// Adds the settings of the run.
    ///
    /// ```
    /// # use wengert_nn::{Linear, Parts};
    /// # use wengert_optim::Adam;
    /// # use wengert_tensor::Rng;
    /// use wengert_train::{Checkpoint, Config};
    ///
    /// # let file = std::env::temp_dir().join(format!("wengert-config-{}.safetensors", std::process::id()));
    /// let config = Config::new().with("width", 8).with("lr", 0.01);
    /// let model = Linear::<f32>::new(config.count("width")?, 1, &mut Rng::new(0));
    /// let optimizer = Adam::new(model.parameters(), config.number("lr")?);
    /// Checkpoint::of(&model, &optimizer, 1).with_config(config).save(&file)?;
    ///
    /// // Later, a model of the same size.
    /// let width = Checkpoint::<f32>::load(&file)?.config.count("width")?;
    /// # std::fs::remove_file(&file).unwrap();
    /// # assert_eq!(width, 8);
    /// # Ok::<(), wengert_train::Error>(())
    /// ```
    #[must_use]
    pub fn with_config(self, config: Config) -> Self {
        Self { config, ..self }
    }

    /// Restores the state that [`with`](Self::with) added by this name.
    ///
    /// # Errors
    /// If nothing was added by this name, or it does not fit; then nothing is changed.
    #[track_caller]
    pub fn restore_into(&self, name: &str, what: &mut (impl Resume<T> + ?Sized)) -> Result<()> {
        let Some(state) = self.more.get(name) else {
            let names = self.more.keys().map(|n| format!("`{n}`")).collect::<Vec<_>>();
            let there = if names.is_empty() { "nothing".to_string() } else { names.join(", ") };
            let rule = format!(
                "no `{name}` was saved in it, only the model, the optimiser and {there}\n  help: save it too: `Checkpoint::of(…).with(\"{name}\", &…)`"
            );
            let at = Location::caller();
            return Err(Error::Checkpoint { file: "checkpoint".into(), rule, at });
        };
        Ok(what.load_state(state.clone())?)
    }

    /// Restores all of it, and returns the index of the next epoch. If something does not fit, nothing is changed.
    ///
    /// # Errors
    /// If names or shapes are not those of the model or of the optimiser; all that differ are listed.
    #[track_caller]
    pub fn restore(
        &self,
        model: &(impl Parts<T> + ?Sized),
        optimizer: &mut (impl Optimizer<T> + ?Sized),
    ) -> Result<usize> {
        let before = model.state();
        model.load_state(&self.model)?;
        if let Err(unfit) = optimizer.load_state(self.optimizer.clone()) {
            model.load_state(&before)?;
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
        let more = self.more.iter().map(|(name, state)| (format!("{MORE}{name}."), state));
        let states =
            || std::iter::once((OPTIMIZER.to_string(), &self.optimizer)).chain(more.clone());
        for (prefix, state) in states() {
            for (name, tensor) in &state.tensors {
                all.insert(format!("{prefix}{TENSOR}{name}"), tensor.clone());
            }
        }
        let mut archive = Archive::from(&all);
        for (prefix, state) in states() {
            for (name, &number) in &state.scalars {
                let number = AnyTensor::F64(Tensor::scalar(number));
                archive.tensors.push((format!("{prefix}{NUMBER}{name}"), number));
            }
            archive.metadata.push((prefix, state.kind.clone().unwrap_or_default()));
        }
        let settings = self.config.iter();
        let settings =
            settings.map(|(name, setting)| (format!("{CONFIG}{name}"), setting.written()));
        archive.metadata.extend(settings);
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
        let (path, at) = (path.as_ref(), Location::caller());
        let reject =
            |rule: String| Error::Checkpoint { file: path.display().to_string(), rule, at };
        let archive = Archive::read(path)?;
        // What each state is of, by what stands before its names. Files of before have none of it.
        let mut states = BTreeMap::from([(OPTIMIZER.to_string(), OptimizerState::<T>::default())]);
        let mut config = Config::new();
        for (prefix, kind) in archive.metadata {
            if let Some(name) = prefix.strip_prefix(CONFIG) {
                let setting = Setting::read(&kind);
                let setting =
                    setting.ok_or_else(|| reject(format!("the setting `{name}` is {kind}")))?;
                config = config.with(name, setting);
                continue;
            }
            let kind = Some(kind).filter(|kind| !kind.is_empty());
            if prefix == OPTIMIZER || prefix.starts_with(MORE) {
                states.insert(prefix, OptimizerState { kind, ..OptimizerState::default() });
            }
        }
        let (mut floats, mut epoch) = (Archive::default(), None);
        for (name, tensor) in archive.tensors {
            if name == EPOCH {
                if let AnyTensor::I64(x) = &tensor {
                    epoch = x.item().ok().and_then(|n| usize::try_from(n).ok());
                }
                continue;
            }
            if !name.starts_with(MODEL) {
                let Some((state, rest)) = part(&mut states, &name) else {
                    return Err(reject(format!(
                        "`{name}` is no part of a checkpoint; of weights alone, use `nn::load`"
                    )));
                };
                if let (Some(rest), AnyTensor::F64(x)) = (rest.strip_prefix(NUMBER), &tensor) {
                    let number = x.item().map_err(wengert_nn::Error::from)?;
                    state.scalars.insert(rest.to_string(), number);
                    continue;
                }
            }
            let is_float = matches!(tensor, AnyTensor::F32(_) | AnyTensor::F64(_));
            if is_float && tensor.element() != T::NAME {
                let (there, here) = (tensor.element(), T::NAME);
                return Err(reject(format!(
                    "`{name}` is {there}, and the model is to be {here}; load the checkpoint as {there}"
                )));
            }
            floats.tensors.push((name, tensor));
        }
        let Some(epoch) = epoch else {
            return Err(reject(
                "no `epoch` is in it, so it is no checkpoint; of weights alone, use `nn::load`"
                    .into(),
            ));
        };
        let all = State::<T>::try_from(floats)?;
        for (name, entry) in all.iter().filter(|(name, _)| !name.starts_with(MODEL)) {
            let Some((state, rest)) = part(&mut states, name) else { continue };
            match (rest.strip_prefix(TENSOR), entry) {
                (Some(rest), Entry::Float(tensor)) => {
                    state.tensors.insert(rest.to_string(), tensor.clone());
                }
                _ => {
                    return Err(reject(format!("`{name}` is no part of a checkpoint")));
                }
            }
        }
        let model = all.rename(|name| name.strip_prefix(MODEL).map(str::to_string));
        let optimizer = states.remove(OPTIMIZER).unwrap_or_default();
        let name = |prefix: String| prefix[MORE.len()..prefix.len() - 1].to_string();
        let more = states.into_iter().map(|(prefix, state)| (name(prefix), state)).collect();
        Ok(Self { model, optimizer, epoch, more, config })
    }
}

/// The state that an entry is of, and the entry's name in it.
fn part<'a, 'n, T>(
    states: &'a mut BTreeMap<String, OptimizerState<T>>,
    name: &'n str,
) -> Option<(&'a mut OptimizerState<T>, &'n str)> {
    states.iter_mut().find_map(|(prefix, state)| Some((state, name.strip_prefix(&**prefix)?)))
}
