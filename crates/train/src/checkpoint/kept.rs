//! `Checkpoints`: the files of a run's last checkpoints.

use std::io::ErrorKind;
use std::panic::Location;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use wengert_files::{Line, Resume, write_whole};
use wengert_nn::Parts;
use wengert_optim::Optimizer;
use wengert_tensor::{Float, compiled};

use super::format::{self, Failure};
use crate::{Checkpoint, Error, Result};

/// The files of a run's last checkpoints: the newest at a path, and the ones before it next to it, numbered by age.
///
/// A run that was killed, at any moment, goes on from there, to the bit. One call saves, and one resumes:
///
/// ```
/// use wengert_autograd::Tape;
/// use wengert_data::{DataLoader, metrics::RunningMean, synth};
/// use wengert_loss::{CrossEntropyLoss, Loss};
/// use wengert_nn::{Linear, Module, Parts};
/// use wengert_optim::{Adam, Average, Optimizer};
/// use wengert_tensor::Rng;
/// use wengert_train::{Checkpoint, Checkpoints, batch_seed};
///
/// # let folder = std::env::temp_dir().join(format!("wengert-kept-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).unwrap();
/// # let path = folder.join("run.safetensors");
/// let loader = DataLoader::new(synth::moons::<f32>(100, 0.1, 0), 20)?.shuffle(0);
/// let (model, criterion) = (Linear::<f32>::new(2, 2, &mut Rng::new(0)), CrossEntropyLoss::new());
/// let mut optimizer = Adam::new(model.parameters(), 0.01);
/// let mut average = Average::new(model.parameters(), 0.99);
/// let mut running_loss = RunningMean::new();
///
/// let files = Checkpoints::at(&path);
/// let place = files.resume(&model, &mut optimizer, &mut [("average", &mut average), ("loss", &mut running_loss)])?;
/// for epoch in place.epoch..3 {
///     for (batch, (inputs, labels)) in loader.epoch(epoch).enumerate().skip(place.batches_of(epoch)) {
///         let tape = Tape::new().seeded(batch_seed(7, epoch, batch));
///         optimizer.zero_grad();
///         let loss = criterion.forward(model.call(tape.input(inputs))?, &labels)?;
///         loss.backward()?;
///         optimizer.step()?;
///         average.update()?;
///         running_loss.add(loss.item()?, labels.len());
///         let checkpoint = Checkpoint::of(&model, &optimizer, (epoch, batch + 1));
///         files.save(&checkpoint.with("average", &average).with("loss", &running_loss))?;
///     }
///     println!("epoch {epoch}: {}", running_loss.take());
/// }
/// assert_eq!(files.latest::<f32>()?.unwrap().epoch, 2);
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Checkpoints {
    path: PathBuf,
    keep: usize,
    /// Whether the newest file is whole, as far as this process knows: it wrote it, or has read it.
    whole: AtomicBool,
}

/// The progress of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The number of finished epochs, which is the index of the next.
    pub epoch: usize,
    /// The number of batches of the next epoch that are done.
    pub batch: usize,
}

impl Place {
    /// The number of batches of an epoch that are done, in a loop that begins with this place's epoch: those to skip.
    pub fn batches_of(self, epoch: usize) -> usize {
        if epoch == self.epoch { self.batch } else { 0 }
    }
}

impl From<usize> for Place {
    fn from(epoch: usize) -> Self {
        Self { epoch, batch: 0 }
    }
}

impl From<(usize, usize)> for Place {
    fn from((epoch, batch): (usize, usize)) -> Self {
        Self { epoch, batch }
    }
}

impl Checkpoints {
    /// The newest at this path, and the one before it: of `run.safetensors` that is `run.1.safetensors`.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), keep: 2, whole: AtomicBool::new(false) }
    }

    /// Keeps so many, 2 if it is not called; 0 counts as 1.
    #[must_use]
    pub fn keep(self, count: usize) -> Self {
        Self { keep: count.max(1), ..self }
    }

    /// The path of the file of this age; the newest has age 0.
    pub fn path(&self, age: usize) -> PathBuf {
        if age == 0 {
            return self.path.clone();
        }
        let part = |part: Option<&std::ffi::OsStr>| part.map(|p| p.to_string_lossy().into_owned());
        let stem = part(self.path.file_stem()).unwrap_or_default();
        let name = match part(self.path.extension()) {
            Some(extension) => format!("{stem}.{age}.{extension}"),
            None => format!("{stem}.{age}"),
        };
        self.path.with_file_name(name)
    }

    /// Writes a checkpoint, whole or not at all, and lets the oldest file go.
    ///
    /// # Errors
    /// If a file cannot be written or renamed, and as [`Checkpoint::to_bytes`].
    #[track_caller]
    #[inline(never)]
    pub fn save<T: Float>(&self, checkpoint: &Checkpoint<T>) -> Result<()> {
        let at = Location::caller();
        let bytes = format::to_bytes(checkpoint)?;
        // A damaged file must not take the place of a whole one that is older; and none takes its place if there is none.
        let is_whole = || std::fs::read(&self.path).is_ok_and(|bytes| format::is_whole(&bytes));
        if self.keep > 1 && (self.whole.load(Ordering::Relaxed) || is_whole()) {
            for age in (0..self.keep - 1).rev() {
                let (from, to) = (self.path(age), self.path(age + 1));
                match std::fs::rename(&from, &to) {
                    Err(error) if error.kind() != ErrorKind::NotFound => {
                        return Err(io(&from, &error, at));
                    }
                    _ => {}
                }
            }
            self.whole.store(false, Ordering::Relaxed);
        }
        write_whole(&self.path, &bytes).map_err(|error| io(&self.path, &error, at))?;
        self.whole.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// The newest checkpoint that is whole; `None` if there is no file at all. A file that is damaged is named on the standard
    /// error, and the one before it is taken.
    ///
    /// # Errors
    /// If there are files and all are damaged; if one cannot be read, is no checkpoint, or is of a newer format.
    #[track_caller]
    #[inline(never)]
    pub fn latest<T: Float>(&self) -> Result<Option<Checkpoint<T>>> {
        let at = Location::caller();
        let mut damaged = None;
        for age in 0..self.keep {
            let path = self.path(age);
            if !path.exists() {
                continue;
            }
            match format::read(&path, at) {
                Ok(checkpoint) => {
                    self.whole.store(age == 0, Ordering::Relaxed);
                    if let Some(error) = damaged {
                        let path = path.display();
                        eprintln!("wengert: {error}\n  the one before it is taken, {path}");
                    }
                    return Ok(Some(checkpoint));
                }
                Err(Failure::Damaged(error)) => drop(damaged.get_or_insert(error)),
                Err(Failure::Other(error)) => return Err(error),
            }
        }
        damaged.map_or(Ok(None), Err)
    }

    /// Gives a model, its optimiser and whatever else was saved by name the state of the newest checkpoint, and returns the
    /// place in the data. If there is no file, nothing is changed, and the place is the beginning.
    ///
    /// # Errors
    /// As [`latest`](Self::latest) and [`Checkpoint::restore_all`]; then nothing is changed.
    #[track_caller]
    pub fn resume<T: Float>(
        &self,
        model: &(impl Parts<T> + ?Sized),
        optimizer: &mut (impl Optimizer<T> + ?Sized),
        more: &mut [(&str, &mut dyn Resume<T>)],
    ) -> Result<Place> {
        match self.latest()? {
            None => Ok(Place::default()),
            Some(checkpoint) => checkpoint.restore_all(model, optimizer, more),
        }
    }
}

impl Clone for Checkpoints {
    fn clone(&self) -> Self {
        Self::at(&self.path).keep(self.keep)
    }
}

impl<P: Into<PathBuf>> From<P> for Checkpoints {
    fn from(path: P) -> Self {
        Self::at(path)
    }
}

fn io(path: &Path, error: &std::io::Error, at: Line) -> Error {
    let (path, what) = (path.display().to_string(), error.to_string());
    wengert_files::Error::Io { path, what, kind: error.kind(), at }.into()
}

compiled!(f32: { Checkpoints::save::<T>, Checkpoints::latest::<T> });
