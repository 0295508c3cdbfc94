//! `Mapped`: samples that a function changes on their way into a batch, as an augmentation does.

use std::fmt;
use std::ops::Range;
use std::panic::Location;

use wengert_tensor::{Element, Rng, Tensor};

use crate::error::Fault;
use crate::{DataLoader, Dataset, Error, Result};

/// Several samples together, which can be taken apart and put together again: a tensor whose first axis counts them, or a pair or
/// three of such.
pub trait Samples: Sized {
    /// Each sample by itself.
    ///
    /// # Errors
    /// If there is no first axis, or tensors of a pair have different numbers of samples.
    #[track_caller]
    fn apart(self) -> Result<Vec<Self>>;

    /// Samples as one batch.
    ///
    /// # Errors
    /// If their shapes differ.
    #[track_caller]
    fn together(samples: Vec<Self>) -> Result<Self>;
}

impl<E: Element> Samples for Tensor<E> {
    fn apart(self) -> Result<Vec<Self>> {
        Ok(self.unbind(0)?)
    }
    fn together(samples: Vec<Self>) -> Result<Self> {
        Ok(Self::stack(&samples, 0)?)
    }
}

impl<A: Samples, B: Samples> Samples for (A, B) {
    fn apart(self) -> Result<Vec<Self>> {
        let (a, b) = (self.0.apart()?, self.1.apart()?);
        if a.len() != b.len() {
            let rule = format!("{} samples have {} targets", a.len(), b.len());
            return Err(Error::value("mapped", rule));
        }
        Ok(a.into_iter().zip(b).collect())
    }
    fn together(samples: Vec<Self>) -> Result<Self> {
        let (a, b) = samples.into_iter().unzip();
        Ok((A::together(a)?, B::together(b)?))
    }
}

impl<A: Samples, B: Samples, C: Samples> Samples for (A, B, C) {
    fn apart(self) -> Result<Vec<Self>> {
        let samples = (self.0, (self.1, self.2)).apart()?;
        Ok(samples.into_iter().map(|(a, (b, c))| (a, b, c)).collect())
    }
    fn together(samples: Vec<Self>) -> Result<Self> {
        let samples = samples.into_iter().map(|(a, b, c)| (a, (b, c))).collect();
        let (a, (b, c)) = Samples::together(samples)?;
        Ok((a, b, c))
    }
}

/// A dataset whose samples a function changes; see [`DataLoader::mapped`].
#[derive(Clone)]
pub struct Mapped<D, F> {
    dataset: D,
    change: F,
    seed: u64,
    /// The line that called [`DataLoader::mapped`].
    at: &'static Location<'static>,
}

impl<D, F> Mapped<D, F> {
    /// The error of samples that are no batch, told of the function that made them.
    #[cold]
    fn told(&self, error: Error) -> Error {
        let Error::Tensor(wengert_tensor::Error::Shape(fault)) = error else { return error };
        let shapes: Vec<String> = fault.shapes.iter().map(ToString::to_string).collect();
        let rule = format!("{}: the samples of a batch must have one shape", shapes.join(" and "));
        let fault = Fault { at: self.at, ..*Fault::new("mapped", rule) };
        Error::Shape(Box::new(fault).help("let the function crop or pad each sample to one size"))
    }
}

impl<D: fmt::Debug, F> fmt::Debug for Mapped<D, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mapped").field("dataset", &self.dataset).field("seed", &self.seed).finish()
    }
}

impl<D: Dataset> DataLoader<D> {
    /// With each sample changed by a function on its way into a batch, as an augmentation changes it. The function has a stream of random
    /// numbers for each sample, which depends on the seed, the epoch and the place of the sample in the epoch's order alone: an
    /// epoch is the same each time, whatever the size of its batches, also in a run that goes on from a checkpoint. A sample that is drawn twice is
    /// changed in two ways.
    ///
    /// ```
    /// use wengert_data::{DataLoader, digits};
    /// use wengert_tensor::Tensor;
    ///
    /// let loader = DataLoader::new(digits::<f32>(), 32)?.shuffle(0).mapped(1, |(image, label), rng| {
    ///     // Moved to one side or not at all, and a little noise.
    ///     let places = Tensor::<i64>::randint([], -1, 2, rng)?.item()?;
    ///     let moved = image.reshape([8, 8])?.roll(places as isize, 1)?.reshape([64])?;
    ///     Ok((moved.try_add(&(Tensor::<f32>::randn([64], rng) * 0.1))?, label))
    /// });
    /// let first = || loader.epoch(0).next();
    /// assert!(first() == first() && first() != loader.epoch(1).next());
    /// # Ok::<(), wengert_data::Error>(())
    /// ```
    ///
    /// An error of the function is that of the batch, and comes out of a trainer's `fit`. Errors of your own become one by
    /// [`Error::other`].
    #[track_caller]
    pub fn mapped<S, F>(self, seed: u64, change: F) -> DataLoader<Mapped<D, F>>
    where
        D::Batch: Samples,
        S: Samples,
        F: Fn(D::Batch, &mut Rng) -> Result<S>,
    {
        let at = Location::caller();
        self.on(|dataset| Mapped { dataset, change, seed, at })
    }
}

impl<D, S, F> Dataset for Mapped<D, F>
where
    D: Dataset,
    D::Batch: Samples,
    S: Samples,
    F: Fn(D::Batch, &mut Rng) -> Result<S>,
{
    type Batch = S;

    fn len(&self) -> usize {
        self.dataset.len()
    }

    /// These samples as if they were the first epoch.
    fn batch(&self, rows: &[usize]) -> Result<S> {
        self.batch_in(0, 0..rows.len(), Some(rows))
    }

    fn batch_in(&self, epoch: usize, places: Range<usize>, rows: Option<&[usize]>) -> Result<S> {
        let rng = Rng::new(self.seed).stream(epoch as u64);
        let samples = self.dataset.batch_in(epoch, places.clone(), rows)?.apart()?.into_iter();
        let change = |(place, x)| (self.change)(x, &mut rng.stream(place));
        let changed = (places.start as u64..).zip(samples).map(change).collect::<Result<_>>()?;
        S::together(changed).map_err(|error| self.told(error))
    }
}
