//! `Running`: the statistics that batch normalisation remembers.

use wengert_autograd::Result;
use wengert_tensor::{Float, Tensor};

use crate::buffer::{Buffer, Counter};
use crate::functional::RunningStats;
use crate::made::made;
use crate::{Parts, Visitor, init};

/// Running means and variances of channels, and the number of batches that they come from.
#[derive(Clone)]
pub struct Running<T> {
    /// Starts from 0.
    pub mean: Buffer<T>,
    /// Starts from 1.
    pub var: Buffer<T>,
    /// The number of batches.
    pub batches: Counter,
}

impl<T: Float> Running<T> {
    #[track_caller]
    pub(super) fn new(layer: &str, channels: usize) -> Self {
        Self {
            mean: Buffer::new(made(layer, init::zeros([channels]))),
            var: Buffer::new(made(layer, init::ones([channels]))),
            batches: Counter::new(0),
        }
    }

    pub(super) fn stats(&self) -> RunningStats<T> {
        RunningStats { mean: self.mean.value(), var: self.var.value() }
    }

    /// Moves to what they are after a batch, if that is finite: a batch with a NaN in it, which no step is made of, would be in every
    /// evaluation from then on. Returns whether it did.
    pub(super) fn moved_to(&self, stats: RunningStats<T>) -> bool {
        let finite = stats.mean.all_finite() && stats.var.all_finite();
        if finite {
            self.set(stats);
        }
        finite
    }

    fn set(&self, stats: RunningStats<T>) {
        self.mean.set(stats.mean);
        self.var.set(stats.var);
    }

    /// Forgets everything.
    pub fn reset(&self) -> Result<()> {
        let shape = self.mean.shape();
        self.set(RunningStats {
            mean: Tensor::try_full(&shape, T::ZERO)?,
            var: Tensor::try_full(&shape, T::ONE)?,
        });
        self.batches.set(0);
        Ok(())
    }
}

impl<T: Float> std::fmt::Debug for Running<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Running of {} batches", self.batches.get())
    }
}

impl<T: Float> Parts<T> for Running<T> {
    fn visit(&self, v: &mut Visitor<'_, T>) {
        // PyTorch's names.
        v.buffer("running_mean", &self.mean);
        v.buffer("running_var", &self.var);
        v.counter("num_batches_tracked", &self.batches);
    }
    fn describe(&self) -> Option<String> {
        None
    }
}
