//! The batches of one epoch, as values and as results.

use std::iter::FusedIterator;
use std::ops::Range;

use crate::{DataLoader, Dataset, Result};

/// The batches of one epoch; see [`DataLoader::epoch`].
///
/// # Panics
/// If a [`Dataset`] of your own returns an error. Those of this crate never do. [`DataLoader::try_epoch`] returns the error.
#[derive(Debug)]
pub struct Epoch<'a, D>(pub(crate) TryEpoch<'a, D>);

/// The batches of one epoch, or the errors of the dataset; see [`DataLoader::try_epoch`].
#[derive(Debug)]
pub struct TryEpoch<'a, D> {
    pub(crate) loader: &'a DataLoader<D>,
    pub(crate) epoch: usize,
    /// The samples in order; with `None` they are in the dataset's own order.
    pub(crate) rows: Option<Vec<usize>>,
    /// The batches still to come.
    pub(crate) batches: Range<usize>,
}

impl<D> Clone for TryEpoch<'_, D> {
    fn clone(&self) -> Self {
        Self { rows: self.rows.clone(), batches: self.batches.clone(), ..*self }
    }
}

impl<D> Clone for Epoch<'_, D> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<D: Dataset> TryEpoch<'_, D> {
    fn at(&self, batch: usize) -> Result<D::Batch> {
        let places = self.loader.places(batch);
        self.loader.dataset().batch_in(self.epoch, places, self.rows.as_deref())
    }
}

impl<D: Dataset> Iterator for TryEpoch<'_, D> {
    type Item = Result<D::Batch>;

    fn next(&mut self) -> Option<Self::Item> {
        self.batches.next().map(|batch| self.at(batch))
    }

    /// Does not build the batches before it.
    fn nth(&mut self, n: usize) -> Option<Self::Item> {
        self.batches.nth(n).map(|batch| self.at(batch))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.batches.size_hint()
    }
}

fn given<B>(batch: Result<B>) -> B {
    batch.unwrap_or_else(|error| {
        panic!("a dataset returned an error: {error}\n  help: `try_epoch` returns it instead")
    })
}

impl<D: Dataset> Iterator for Epoch<'_, D> {
    type Item = D::Batch;

    fn next(&mut self) -> Option<D::Batch> {
        self.0.next().map(given)
    }

    /// Does not build the batches before it.
    fn nth(&mut self, n: usize) -> Option<D::Batch> {
        self.0.nth(n).map(given)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl<D: Dataset> ExactSizeIterator for TryEpoch<'_, D> {}
impl<D: Dataset> FusedIterator for TryEpoch<'_, D> {}
impl<D: Dataset> ExactSizeIterator for Epoch<'_, D> {}
impl<D: Dataset> FusedIterator for Epoch<'_, D> {}
