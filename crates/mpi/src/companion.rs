//! A world as a companion of a `Trainer`.

use wengert_train::{Companion, Fit, Step};

use crate::link::{Call, Fault, fill};
use crate::{Error, Number, Result, World};

/// Averages the gradients before each step: `.with(&world)`, before other companions that read the gradients. What the trainer
/// measures is that of its own rank.
///
/// All ranks must come to the same decisions: the same number of epochs, and early stopping by the same validation data.
impl<T: Number> Companion<T> for &World {
    fn before_fit(&mut self, fit: &Fit) -> wengert_train::Result<()> {
        let Fit { epochs_done, epochs, batches, batches_done, .. } = *fit;
        self.same([epochs_done, epochs, batches_done, batches]).map_err(Error::into_train)
    }

    fn before_step(&mut self, step: &mut Step<'_, T>) -> wengert_train::Result<()> {
        let parameters = step.optimizer.parameters();
        self.average(parameters, self.made).map_err(Error::into_train)
    }

    fn describe(&self) -> String {
        format!("{self:?}")
    }
}

impl World {
    /// Rejects a training that is not equally long on all ranks.
    fn same(&self, here: [usize; 4]) -> Result<()> {
        self.link.call(Call::Trainer, self.made, || {
            let own = here.map(|n| n as u64);
            let sends = self.link.others().map(|rank| (rank, &own[..]));
            self.link.exchange(Call::Trainer, sends, 0..self.size(), |rank, message| {
                let mut theirs = own;
                if let Some(message) = message {
                    fill(rank, message, &mut theirs)?;
                }
                if theirs == own {
                    return Ok(());
                }
                let say = |[done, epochs, batch, batches]: [u64; 4]| {
                    format!("{epochs} epochs of {batches} batches, after {done} epochs and {batch} batches")
                };
                Err(Fault(format!(
                    "rank {rank} trains for {}, and this rank for {}\n  help: shard the loader, `world.shard(loader)?`, and resume all ranks from one checkpoint",
                    say(theirs),
                    say(own)
                )))
            })
        })
    }
}

impl Error {
    fn into_train(self) -> wengert_train::Error {
        match self {
            Self::Train(error) => error,
            other => wengert_train::Error::other(other),
        }
    }
}
