//! Checkpoints: written by rank 0, read by rank 0, and given to all.

use std::panic::Location;

use wengert_nn::Parts;
use wengert_optim::{Optimizer, Resume};
use wengert_train::{Checkpoint, Checkpoints, Place};

use crate::link::Call;
use crate::{Number, Result, World};

impl World {
    /// Rank 0 writes the checkpoint; the others wait until it is written, and ignore theirs. Parameters and optimiser are the same
    /// on all ranks. Buffers and whatever else was added to the checkpoint are those of rank 0.
    ///
    /// # Errors
    /// On rank 0 as [`Checkpoints::save`]; on the others [`Error::Ranks`](crate::Error::Ranks), once rank 0 has left because of it.
    #[track_caller]
    pub fn save<T: Number>(&self, files: &Checkpoints, checkpoint: &Checkpoint<T>) -> Result<()> {
        let at = Location::caller();
        if self.is_first() {
            files.save(checkpoint)?;
        }
        self.link.call(Call::Save, at, || self.bytes_of_first(Call::Save, &[1]).map(drop))
    }

    /// Gives the model, its optimiser and whatever else was saved by name, on every rank, the state of the newest checkpoint that
    /// rank 0 finds, and returns the place in the data. If there is none, nothing is changed, and the place is the beginning. Only
    /// rank 0 needs the files.
    ///
    /// # Errors
    /// As [`Checkpoints::resume`]; and [`Error::Ranks`](crate::Error::Ranks) if a rank has left or makes another call.
    #[track_caller]
    pub fn resume<T: Number>(
        &self,
        files: &Checkpoints,
        model: &(impl Parts<T> + ?Sized),
        optimizer: &mut (impl Optimizer<T> + ?Sized),
        more: &mut [(&str, &mut dyn Resume<T>)],
    ) -> Result<Place> {
        let at = Location::caller();
        let found = if self.is_first() { files.latest::<T>()? } else { None };
        let bytes = match &found {
            Some(checkpoint) => checkpoint.to_bytes()?,
            None => Vec::new(),
        };
        let bytes =
            self.link.call(Call::Resume, at, || self.bytes_of_first(Call::Resume, &bytes))?;
        if bytes.is_empty() {
            return Ok(Place::default());
        }
        Ok(Checkpoint::from_bytes(&bytes)?.restore_all(model, optimizer, more)?)
    }
}
