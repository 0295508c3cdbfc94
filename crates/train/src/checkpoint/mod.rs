//! `Checkpoint`: everything that training needs to continue, in one file.

mod format;
mod kept;

use std::collections::BTreeMap;
use std::panic::Location;
use std::path::Path;

use wengert_files::{Entry, Resume, State};
use wengert_nn::Parts;
use wengert_optim::Optimizer;
use wengert_tensor::Float;

pub use kept::{Checkpoints, Place};

use crate::{Config, Error, Result};

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
/// Other state of the run is added by name: a plateau, early stopping, an average; a second optimiser as
/// [`Resumable`](wengert_optim::Resumable). Two models are saved together, as a tuple.
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
/// Gradients are not in it either: it is taken after a step, and not between the parts of a gradient that is added up.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint<T: Float> {
    /// Parameters and buffers.
    pub model: State<T>,
    /// The state of the optimiser.
    pub optimizer: State<T>,
    /// The number of finished epochs, which is the index of the next.
    pub epoch: usize,
    /// The number of batches of the next epoch that are done: not 0 in a checkpoint of mid-epoch. A loop of your own goes on with
    /// `loader.epoch(epoch).skip(checkpoint.batch)`; a trainer's [`resume`](crate::Trainer::resume) does so.
    pub batch: usize,
    /// Other states, by their names.
    pub more: BTreeMap<String, State<T>>,
    /// The settings of the run, for its readers: nothing is restored from them.
    pub config: Config,
}

impl<T: Float> Checkpoint<T> {
    /// The name under which a trainer adds how far it has come.
    pub(crate) const RUN: &str = "run";

    /// Of a model and its optimiser as they are, with so many epochs done; or, as a pair, epochs and batches of the next one. A
    /// snapshot: training on does not change it.
    pub fn of(
        model: &(impl Parts<T> + ?Sized),
        optimizer: &(impl Optimizer<T> + ?Sized),
        place: impl Into<Place>,
    ) -> Self {
        let (model, optimizer) = (model.state(), optimizer.state());
        let Place { epoch, batch } = place.into();
        Self { model, optimizer, epoch, batch, more: BTreeMap::new(), config: Config::new() }
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

    /// Restores all of it: model, optimiser, and each thing by the name under which it was saved. Returns the place in the data. If
    /// something does not fit, nothing is changed.
    ///
    /// # Errors
    /// As [`restore`](Self::restore) and [`restore_into`](Self::restore_into); and if a state was saved that nothing is named for.
    #[track_caller]
    pub fn restore_all(
        &self,
        model: &(impl Parts<T> + ?Sized),
        optimizer: &mut (impl Optimizer<T> + ?Sized),
        more: &mut [(&str, &mut dyn Resume<T>)],
    ) -> Result<Place> {
        let names: Vec<&str> = more.iter().map(|(name, _)| *name).collect();
        self.nothing_left(&names)?;
        let (model_before, optimizer_before) = (model.state(), optimizer.state());
        let before: Vec<State<T>> = more.iter().map(|(_, what)| what.state()).collect();
        let mut all = || -> Result<usize> {
            for (name, what) in &mut *more {
                self.restore_into(name, &mut **what)?;
            }
            self.restore(model, optimizer)
        };
        if let Err(unfit) = all() {
            for ((_, what), state) in more.iter_mut().zip(before) {
                what.load_state(state)?;
            }
            model.load_state(&model_before)?;
            optimizer.load_state(optimizer_before)?;
            return Err(unfit);
        }
        Ok(Place { epoch: self.epoch, batch: self.batch })
    }

    /// The seed of the trainer that made it.
    pub(crate) fn seed(&self) -> Option<u64> {
        match self.more.get(Self::RUN)?.entry("seed")? {
            Entry::Int(bits) => bits.item().ok().map(i64::cast_unsigned),
            _ => None,
        }
    }

    /// Rejects a checkpoint with a state for which there is nothing of these names. A trainer's own is left to the trainer.
    #[track_caller]
    pub(crate) fn nothing_left(&self, names: &[&str]) -> Result<()> {
        let left = |name: &&String| **name != Self::RUN && !names.contains(&&***name);
        let left: Vec<String> =
            self.more.keys().filter(left).map(|name| format!("`{name}`")).collect();
        if left.is_empty() {
            return Ok(());
        }
        let rule = format!(
            "it holds the state of {}, and this run has nothing of that name\n  help: name it; or leave it out: `checkpoint.more.remove(…)`",
            left.join(", ")
        );
        let at = Location::caller();
        Err(Error::Checkpoint { file: "checkpoint".into(), rule, at })
    }

    /// Writes it to a safetensors file, whole or not at all: a crash leaves the old file or the new one. [`Checkpoints`] keeps the
    /// last few. The file names the version of its format and holds a checksum.
    ///
    /// # Errors
    /// If the file cannot be written, and as [`to_bytes`](Self::to_bytes).
    #[track_caller]
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        Checkpoints::at(path.as_ref()).keep(1).save(self)
    }

    /// Reads one.
    ///
    /// # Errors
    /// If the file cannot be read, is damaged, is no checkpoint, is of a newer format, or was written in another float type, which
    /// would not go on to the bit.
    #[track_caller]
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        format::read(path.as_ref(), Location::caller()).map_err(format::Failure::error)
    }

    /// The bytes of its file, for a place that is no file system.
    ///
    /// # Errors
    /// If it holds what no file can, such as two states of one name; and if it was taken while an [`Average`](wengert_optim::Average)
    /// was swapped in, so that the weights are not in it.
    #[track_caller]
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        format::to_bytes(self)
    }

    /// Reads the bytes of a file. No memory is asked for bytes that are not there.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    #[track_caller]
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let read = format::from_bytes(bytes, "checkpoint", Location::caller());
        read.map_err(format::Failure::error)
    }
}
