//! `Dataset`: the trait from which a loader gets batches.

use std::ops::Range;
use std::sync::Arc;

use wengert_tensor::{Element, Tensor};

use crate::{Result, rows};

/// Samples that are addressed by index.
///
/// A dataset whose samples may fail to be read returns the error, as [`Error::other`](crate::Error::other). A trainer's `fit` and
/// `evaluate` return it in turn, and a loop of your own over [`try_epoch`](crate::DataLoader::try_epoch) has
/// `let (inputs, labels) = batch?;`. In a loop over [`epoch`](crate::DataLoader::epoch) it is a panic.
///
/// ```
/// use wengert_data::{DataLoader, Dataset, Result};
/// use wengert_tensor::Tensor;
///
/// /// Numbers and their squares, made when asked for.
/// struct Squares(usize);
///
/// impl Dataset for Squares {
///     type Batch = (Tensor<f32>, Tensor<f32>);
///     fn len(&self) -> usize {
///         self.0
///     }
///     fn batch(&self, rows: &[usize]) -> Result<Self::Batch> {
///         let x = Tensor::from(rows.iter().map(|&i| i as f32).collect::<Vec<_>>());
///         let y = x.map(|x| x * x);
///         Ok((x, y))
///     }
/// }
///
/// let loader = DataLoader::new(Squares(5), 2)?;
/// let sums: Vec<f32> = loader.epoch(0).map(|(_, y)| y.to_vec().iter().sum()).collect();
/// assert_eq!(sums, [1.0, 13.0, 16.0]);
/// # Ok::<(), wengert_data::Error>(())
/// ```
pub trait Dataset {
    /// Several samples together, such as a pair of tensors.
    type Batch;

    /// The number of samples.
    fn len(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// These samples, in this order. An index may occur twice.
    ///
    /// # Errors
    /// [`Error::Value`](crate::Error::Value) if a number is not below [`len`](Self::len), which a loader never asks for; and those
    /// of your own.
    #[track_caller]
    fn batch(&self, rows: &[usize]) -> Result<Self::Batch>;

    /// A run of samples: [`batch`](Self::batch), but cheaper if possible, for example as a view.
    ///
    /// # Errors
    /// [`Error::Value`](crate::Error::Value) if the range ends beyond [`len`](Self::len) or before it starts.
    #[track_caller]
    fn run(&self, rows: Range<usize>) -> Result<Self::Batch> {
        rows::check_run("run", &rows, self.len())?;
        self.batch(&rows.collect::<Vec<_>>())
    }

    /// The batch at these places of an epoch's order, which is `rows`, or with `None` the dataset's own. A loader asks for this one;
    /// it is [`batch`](Self::batch) or [`run`](Self::run) for a dataset whose samples are the same in every epoch.
    ///
    /// # Errors
    /// As [`batch`](Self::batch).
    #[track_caller]
    fn batch_in(
        &self,
        epoch: usize,
        places: Range<usize>,
        rows: Option<&[usize]>,
    ) -> Result<Self::Batch> {
        let _ = epoch;
        match rows {
            Some(rows) => self.batch(&rows[places]),
            None => self.run(places),
        }
    }
}

macro_rules! by_reference {
    ($($holder:ty),*) => {$(
        impl<D: Dataset + ?Sized> Dataset for $holder {
            type Batch = D::Batch;
            fn len(&self) -> usize {
                (**self).len()
            }
            #[track_caller]
            fn batch(&self, rows: &[usize]) -> Result<Self::Batch> {
                (**self).batch(rows)
            }
            #[track_caller]
            fn run(&self, rows: Range<usize>) -> Result<Self::Batch> {
                (**self).run(rows)
            }
            #[track_caller]
            fn batch_in(
                &self,
                epoch: usize,
                places: Range<usize>,
                rows: Option<&[usize]>,
            ) -> Result<Self::Batch> {
                (**self).batch_in(epoch, places, rows)
            }
        }
    )*};
}
by_reference!(&D, Arc<D>, Box<D>);

/// Samples without targets: the rows of one tensor.
impl<T: Element> Dataset for Tensor<T> {
    type Batch = Self;
    fn len(&self) -> usize {
        rows::count(self)
    }
    #[track_caller]
    fn batch(&self, rows: &[usize]) -> Result<Self> {
        rows::check("batch", rows, Dataset::len(self))?;
        Ok(rows::gather(self, rows))
    }
    #[track_caller]
    fn run(&self, rows: Range<usize>) -> Result<Self> {
        rows::check_run("run", &rows, Dataset::len(self))?;
        Ok(rows::run(self, rows)?)
    }
}
