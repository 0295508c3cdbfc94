//! The checkpoints of a trainer, and how it goes on from one.

use std::panic::Location;

use wengert_autograd::Tensors;
use wengert_tensor::{Float, compiled};

use super::{Entry, OfClasses, OfNumbers, Trainer};
use crate::{Checkpoint, Checkpoints, Config, Error, Result};

impl<T: Float, X: Tensors, Y: Tensors, P: Tensors> Trainer<'_, T, X, Y, P> {
    /// The settings of the run, which are saved with its checkpoints. [`resume`](Self::resume) rejects a checkpoint of other settings.
    pub fn config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// Goes on where so many epochs are done, as after a [`Checkpoint`]: the order of samples, what is drawn at random and the
    /// schedule are those of the epochs that come then.
    pub fn epochs_done(mut self, epochs: usize) -> Self {
        self.run.restart(epochs);
        self
    }

    /// All that training goes on from: model, optimiser, how far it has come (the batch within an epoch too), the history, and
    /// what the companions remember, as early stopping its best weights.
    ///
    /// Early stopping gives the model its best weights when `fit` ends. [`checkpoint_to`](Self::checkpoint_to) saves those of the
    /// last epoch, from which training goes on as if it had not ended.
    #[inline(never)]
    pub fn checkpoint(&mut self) -> Checkpoint<T> {
        let place = (self.run.epochs, self.run.batches);
        let mut checkpoint = Checkpoint::of(&*self.model, &*self.optimizer, place)
            .with(Checkpoint::<T>::RUN, &self.run)
            .with_config(self.config.clone());
        for Entry { name, companion, .. } in &mut self.companions {
            if let Some(memory) = companion.memory() {
                checkpoint = checkpoint.with(name.as_str(), memory);
            }
        }
        checkpoint
    }

    /// Writes a [`checkpoint`](Self::checkpoint) to this file after each epoch, and when a companion stops in mid-epoch. The one
    /// before it is kept too; `Checkpoints::at(path).keep(n)` in place of the path keeps more.
    pub fn checkpoint_to(mut self, files: impl Into<Checkpoints>) -> Self {
        self.files = Some(files.into());
        self
    }

    /// Writes the file of [`checkpoint_to`](Self::checkpoint_to) also after each so many steps. Without a file, and of 0 steps, `fit`
    /// is an error.
    pub fn checkpoint_every(mut self, steps: usize) -> Self {
        self.file_every = Some(steps);
        self
    }

    /// The rule that the two break together: a run of hours would save nothing, without a word.
    pub(crate) fn broken_files(&self) -> Option<String> {
        let every = self.file_every?;
        if every == 0 {
            let help = "1 writes the file after every step; without the call it is written after each epoch";
            return Some(format!("Trainer: `checkpoint_every(0)` names no step\n  help: {help}"));
        }
        let help = "call `checkpoint_to(path)` too";
        self.files.is_none().then(|| {
            format!("Trainer: `checkpoint_every({every})` has no file to write\n  help: {help}")
        })
    }

    /// Goes on from the newest checkpoint in the files of [`checkpoint_to`](Self::checkpoint_to); without a file it begins. With
    /// [`fit_until`](Self::fit_until) it is the whole program of a run that may be killed at any moment and started again:
    ///
    /// ```
    /// use wengert_data::{DataLoader, synth};
    /// use wengert_loss::CrossEntropyLoss;
    /// use wengert_nn::{Linear, Parts};
    /// use wengert_optim::Adam;
    /// use wengert_tensor::Rng;
    /// use wengert_train::Trainer;
    ///
    /// # let file = std::env::temp_dir().join(format!("wengert-latest-{}.safetensors", std::process::id()));
    /// let loader = DataLoader::new(synth::moons::<f32>(100, 0.1, 0), 20)?.shuffle(0);
    /// let (model, criterion) = (Linear::<f32>::new(2, 2, &mut Rng::new(0)), CrossEntropyLoss::new());
    /// let mut optimizer = Adam::new(model.parameters(), 0.01);
    /// let history = Trainer::new(&model, &criterion, &mut optimizer)
    ///     .seed(0)
    ///     .checkpoint_to(&file)
    ///     .checkpoint_every(100)
    ///     .resume_latest()?
    ///     .fit_until(&loader, 4)?;
    /// assert_eq!(history.epochs.len(), 4);
    /// # for file in [&file, &file.with_extension("1.safetensors")] { std::fs::remove_file(file).unwrap() }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`Checkpoints::latest`] and [`resume`](Self::resume), and if no files were named.
    #[track_caller]
    pub fn resume_latest(self) -> Result<Self> {
        let Some(files) = &self.files else {
            let rule = "Trainer: `resume_latest` needs files to look in\n  help: call `checkpoint_to(path)` before it";
            return Err(wengert_files::Error::Refused(rule.into(), Location::caller()).into());
        };
        match files.latest()? {
            Some(checkpoint) => self.resume(&checkpoint),
            None => Ok(self),
        }
    }

    /// Goes on from a checkpoint of a trainer with the same settings: the next batches are those that it would have taken, and the
    /// weights those that it would have come to, to the bit.
    ///
    /// # Errors
    /// If it does not fit the model, the optimiser or a companion, or holds the state of a companion that this trainer has not; if
    /// both have a [`config`](Self::config) or a [`seed`](Self::seed) and these differ. Then nothing is changed.
    #[track_caller]
    #[inline(never)]
    pub fn resume(mut self, checkpoint: &Checkpoint<T>) -> Result<Self> {
        let there = &checkpoint.config;
        if self.config.is_empty() {
            self.config = there.clone();
        } else if !there.is_empty() && self.config != *there {
            let differences = self.config.differences(there).join("; ");
            let rule = format!(
                "the settings of this run and of the checkpoint differ: {differences}\n  help: to go on with other settings, leave `config` out, or set `checkpoint.config` to them"
            );
            let at = Location::caller();
            return Err(Error::Checkpoint { file: "checkpoint".into(), rule, at });
        }
        let seeds = (self.run.seed, checkpoint.seed());
        if let (Some(here), Some(there)) = seeds
            && here != there
        {
            let rule = format!(
                "it was made with the seed {there}, and this trainer's is {here}\n  help: call `seed({there})`, or leave it out, and the seed is the checkpoint's"
            );
            let at = Location::caller();
            return Err(Error::Checkpoint { file: "checkpoint".into(), rule, at });
        }
        let remembers = |entry: &mut Entry<'_, T>| {
            entry.companion.memory().is_some().then(|| entry.name.clone())
        };
        let names: Vec<String> = self.companions.iter_mut().filter_map(remembers).collect();
        checkpoint.nothing_left(&names.iter().map(String::as_str).collect::<Vec<_>>())?;
        let before = self.checkpoint();
        let done = self.load(checkpoint);
        if done.is_err() {
            self.load(&before)?;
        }
        done.map(|()| self)
    }

    #[track_caller]
    #[inline(never)]
    fn load(&mut self, checkpoint: &Checkpoint<T>) -> Result<()> {
        for Entry { name, companion, .. } in &mut self.companions {
            if let Some(memory) = companion.memory() {
                checkpoint.restore_into(name, memory)?;
            }
        }
        let epochs = checkpoint.restore(&*self.model, &mut *self.optimizer)?;
        // A checkpoint of a loop of one's own knows the place only.
        if checkpoint.more.contains_key(Checkpoint::<T>::RUN) {
            return checkpoint.restore_into(Checkpoint::<T>::RUN, &mut self.run);
        }
        self.run.restart(epochs);
        self.run.batches = checkpoint.batch;
        Ok(())
    }
}

compiled!(f32: {
    OfClasses::<T>::checkpoint,
    OfClasses::<T>::resume,
    OfNumbers::<T>::checkpoint,
    OfNumbers::<T>::resume,
});
