//! `DataLoader`: a dataset in batches. A batch is a pure function of the seed, the epoch and its position, so these three
//! numbers are the whole state.

use std::ops::Range;

use wengert_tensor::Element;

use crate::error::Fault;
use crate::order::Order;
use crate::{Dataset, Epoch, Error, Result, TensorDataset, TryEpoch};

/// A dataset in batches.
///
/// ```
/// use wengert_data::{DataLoader, TensorDataset};
/// use wengert_tensor::Tensor;
///
/// let data = TensorDataset::new(Tensor::<f32>::zeros([10, 3]), Tensor::full([10], 0_usize))?;
/// let train_loader = DataLoader::new(data, 4)?.shuffle(42);
/// assert_eq!(train_loader.batches(), 3);
/// for epoch in 0..2 {
///     for (inputs, labels) in train_loader.epoch(epoch) {
///         assert_eq!(inputs.shape(), [labels.len(), 3]);
///     }
/// }
/// # Ok::<(), wengert_data::Error>(())
/// ```
///
/// Without [`shuffle`](Self::shuffle) or another order, batches are views of the dataset, in its own order.
///
/// To continue in the middle of an epoch, skip the batches that were seen: `train_loader.epoch(epoch).skip(seen)` does not
/// build the skipped batches.
///
/// There is no `len`, which would mean batches to a reader who knows PyTorch, and samples to one who knows Rust. Use
/// [`batches`](Self::batches) or [`samples`](Self::samples).
#[derive(Clone, Debug)]
pub struct DataLoader<D> {
    dataset: D,
    batch: usize,
    keep_last: bool,
    order: Order,
    shard: Option<Shard>,
}

/// One of several processes, each of which takes every `ranks`-th batch.
#[derive(Clone, Copy, Debug)]
struct Shard {
    rank: usize,
    ranks: usize,
}

impl<D: Dataset> DataLoader<D> {
    /// Batches of `batch` samples; the last one holds the rest.
    ///
    /// # Errors
    /// [`Error::Value`] if `batch` is 0 or the dataset is empty.
    #[track_caller]
    pub fn new(dataset: D, batch: usize) -> Result<Self> {
        if dataset.is_empty() {
            return Err(Error::value("DataLoader", "the dataset has no samples"));
        }
        if batch == 0 {
            return Err(Error::Value(
                Fault::new("DataLoader", "a batch of 0 samples")
                    .help("`DataLoader::full` takes all samples as one batch"),
            ));
        }
        Ok(Self { dataset, batch, keep_last: true, order: Order::AsGiven, shard: None })
    }

    /// All samples as one batch.
    ///
    /// # Errors
    /// [`Error::Value`] if the dataset is empty.
    #[track_caller]
    pub fn full(dataset: D) -> Result<Self> {
        let batch = dataset.len().max(1);
        Self::new(dataset, batch)
    }

    /// In a different random order in each epoch, with every sample once. The draws of [`weighted`](Self::weighted) and
    /// [`balanced`](Self::balanced) are in a random order already: they stay, before or after it, and it only gives them this seed
    /// if it comes after them.
    #[must_use]
    pub fn shuffle(mut self, seed: u64) -> Self {
        self.order = self.order.shuffled(seed);
        self
    }

    /// With as many draws per epoch as there are samples, with replacement, each sample with a probability in proportion to its
    /// weight.
    ///
    /// # Errors
    /// [`Error::Value`] unless there is one weight a sample, each finite and not negative, and not all zero; and if the loader is
    /// [`balanced`](Self::balanced) already.
    #[track_caller]
    pub fn weighted(mut self, weights: &[f64], seed: u64) -> Result<Self> {
        self.order.is_not_drawn_yet("weighted")?;
        let n = self.dataset.len();
        if weights.len() != n {
            let rule = format!("{} weights for {n} samples", weights.len());
            return Err(Error::value("weighted", rule));
        }
        if let Some(i) = weights.iter().position(|w| !(w.is_finite() && *w >= 0.0)) {
            let rule = format!("weight {i} is {}; it must be finite and not negative", weights[i]);
            return Err(Error::value("weighted", rule));
        }
        let mut sum = 0.0;
        let sums: Vec<f64> = weights
            .iter()
            .map(|w| {
                sum += w;
                sum
            })
            .collect();
        if sum == 0.0 || sum.is_infinite() {
            let rule = format!("the weights add up to {sum}");
            return Err(Error::value("weighted", rule));
        }
        self.order = Order::Weighted { seed, sums };
        Ok(self)
    }

    /// Without the last batch of an epoch if it is smaller than the others.
    ///
    /// # Errors
    /// [`Error::Value`] if that leaves none.
    #[track_caller]
    pub fn drop_last(mut self) -> Result<Self> {
        let (n, batch) = (self.dataset.len(), self.batch);
        if n < batch {
            let rule =
                format!("{n} samples make no batch of {batch}, so every epoch would be empty");
            return Err(Error::value("drop_last", rule));
        }
        self.keep_last = false;
        Ok(self)
    }

    /// Every `ranks`-th batch, from number `rank` on: the part of one of several processes that train together. It is a function of
    /// seed, epoch, rank and ranks alone. Every rank gets as many batches, all of full size, so the samples that are left over by
    /// whole rounds are not seen in this epoch; in another order, others are left over.
    ///
    /// ```
    /// # use wengert_data::DataLoader;
    /// # use wengert_tensor::Tensor;
    /// let loader = DataLoader::new(Tensor::<f32>::zeros([11, 1]), 2)?.shuffle(42);
    /// let shards = [loader.clone().shard(0, 2)?, loader.clone().shard(1, 2)?];
    /// let all = loader.order(0);
    /// assert_eq!(shards[0].order(0), [&all[0..2], &all[4..6]].concat());
    /// assert_eq!(shards[1].order(0), [&all[2..4], &all[6..8]].concat());
    /// # Ok::<(), wengert_data::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Value`] unless `rank` is below `ranks`, and if there is no whole round, a batch for each rank.
    #[track_caller]
    pub fn shard(mut self, rank: usize, ranks: usize) -> Result<Self> {
        if rank >= ranks {
            let rule = format!("there is no rank {rank} of {ranks}; they are counted from 0");
            return Err(Error::value("shard", rule));
        }
        let (n, batch) = (self.dataset.len(), self.batch);
        self.shard = Some(Shard { rank, ranks });
        if self.batches() == 0 {
            let rule = format!("{n} samples make no batch of {batch} for each of {ranks} ranks");
            let fault = Fault::new("shard", rule);
            return Err(Error::Value(match n / ranks {
                0 => fault.help("fewer ranks than samples"),
                most => fault.help(format!("batches of at most {most}")),
            }));
        }
        Ok(self)
    }

    /// The same loader on another dataset of as many samples.
    pub(crate) fn on<E>(self, dataset: impl FnOnce(D) -> E) -> DataLoader<E> {
        let Self { batch, keep_last, order, shard, .. } = self;
        DataLoader { dataset: dataset(self.dataset), batch, keep_last, order, shard }
    }

    /// The dataset.
    pub fn dataset(&self) -> &D {
        &self.dataset
    }

    /// The number of samples in a batch; the last batch may have fewer.
    pub fn batch_size(&self) -> usize {
        self.batch
    }

    /// The number of batches in an epoch, which is the same for every epoch.
    pub fn batches(&self) -> usize {
        let n = self.dataset.len();
        match self.shard {
            Some(shard) => n / self.batch.saturating_mul(shard.ranks),
            None if self.keep_last => n.div_ceil(self.batch),
            None => n / self.batch,
        }
    }

    /// The number of samples in an epoch.
    pub fn samples(&self) -> usize {
        let n = self.dataset.len();
        if self.shard.is_none() && self.keep_last { n } else { self.batches() * self.batch }
    }

    /// The places of a batch's samples in the order of an epoch.
    pub(crate) fn places(&self, batch: usize) -> Range<usize> {
        let batch = match self.shard {
            Some(Shard { rank, ranks }) => batch * ranks + rank,
            None => batch,
        };
        let start = batch * self.batch;
        start..start.saturating_add(self.batch).min(self.dataset.len())
    }

    /// The batches of an epoch. A second call returns the same batches.
    ///
    /// Its `next` panics if a [`Dataset`] of your own returns an error; [`try_epoch`](Self::try_epoch) returns that error instead.
    pub fn epoch(&self, epoch: usize) -> Epoch<'_, D> {
        Epoch(self.try_epoch(epoch))
    }

    /// The batches of an epoch, each of which may be an error of the dataset, as of a file that cannot be read. The trainer's loop
    /// takes these.
    ///
    /// ```
    /// use wengert_data::{DataLoader, Dataset, Error, Result};
    /// use wengert_tensor::Tensor;
    ///
    /// /// Files of samples.
    /// struct Files(Vec<&'static str>);
    ///
    /// impl Dataset for Files {
    ///     type Batch = String;
    ///     fn len(&self) -> usize {
    ///         self.0.len()
    ///     }
    ///     fn batch(&self, rows: &[usize]) -> Result<String> {
    ///         rows.iter().map(|&i| std::fs::read_to_string(self.0[i]).map_err(Error::other)).collect()
    ///     }
    /// }
    ///
    /// let loader = DataLoader::full(Files(vec!["/no/such/file"]))?;
    /// for batch in loader.try_epoch(0) {
    ///     assert!(batch.unwrap_err().to_string().contains("No such file"));
    /// }
    /// # Ok::<(), Error>(())
    /// ```
    pub fn try_epoch(&self, epoch: usize) -> TryEpoch<'_, D> {
        let rows = self.order.rows(self.dataset.len(), epoch);
        TryEpoch { loader: self, epoch, rows, batches: 0..self.batches() }
    }

    /// The samples' numbers in the order in which an epoch takes them.
    ///
    /// ```
    /// # use wengert_data::DataLoader;
    /// # use wengert_tensor::Tensor;
    /// let loader = DataLoader::new(Tensor::<f32>::zeros([6, 1]), 2)?.shuffle(42);
    /// assert_eq!(loader.order(0), [0, 5, 4, 1, 2, 3]); // on every machine, in every release
    /// # Ok::<(), wengert_data::Error>(())
    /// ```
    pub fn order(&self, epoch: usize) -> Vec<usize> {
        let n = self.dataset.len();
        let rows = self.order.rows(n, epoch).unwrap_or_else(|| (0..n).collect());
        (0..self.batches()).flat_map(|batch| &rows[self.places(batch)]).copied().collect()
    }
}

impl<T: Element> DataLoader<TensorDataset<T, usize>> {
    /// With as many draws per epoch as there are samples, and the same number (give or take one) from each class that occurs. All
    /// samples of a class are drawn before one of them is drawn again.
    ///
    /// # Errors
    /// [`Error::Shape`] unless each sample has one class; and [`Error::Value`] if the loader is [`weighted`](Self::weighted) already.
    #[track_caller]
    pub fn balanced(mut self, seed: u64) -> Result<Self> {
        self.order.is_not_drawn_yet("balanced")?;
        let labels = self.dataset.one_label_each("balanced")?;
        self.order = Order::balanced(&labels, seed);
        Ok(self)
    }
}
