//! A mean over samples that arrive in batches of any size.

use wengert_files::{Loader, Resume, State};
use wengert_tensor::Float;

/// A mean that grows batch by batch, each weighted by how many samples it holds.
///
/// Make one for each epoch, inside the loop over epochs: one that is made before it, and taken only in the epochs that are
/// printed, gives the mean of all epochs since the last one that was printed.
///
/// The mean of batches' means is another number where the last batch is smaller:
///
/// ```
/// use wengert_data::metrics::RunningMean;
///
/// let losses = [1.0, 1.0, 1.0, 1.0, 9.0];
/// let mut running_loss = RunningMean::new();
/// let mut sum_of_means = 0.0;
/// for batch in losses.chunks(4) {
///     let mean = batch.iter().sum::<f64>() / batch.len() as f64;
///     running_loss.add(mean, batch.len());
///     sum_of_means += mean;
/// }
/// assert_eq!(running_loss.take(), 2.6);
/// assert_eq!(sum_of_means / 2.0, 5.0); // wrong
/// assert!(running_loss.take().is_nan()); // taken: it starts anew
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RunningMean {
    sum: f64,
    count: usize,
}

impl RunningMean {
    /// A mean of nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a batch of `count` samples whose mean is `value`.
    pub fn add(&mut self, value: impl Into<f64>, count: usize) {
        // An empty batch has no mean, which 0 · NaN would spread.
        if count > 0 {
            self.sum += value.into() * count as f64;
            self.count = self.count.saturating_add(count);
        }
    }

    /// The mean so far; of nothing, NaN.
    pub fn mean(&self) -> f64 {
        self.sum / self.count as f64
    }

    /// The mean of a sum over so many samples: [`sum`](Self::sum) and [`count`](Self::count) of one that was saved.
    pub fn of(sum: f64, count: usize) -> Self {
        Self { sum, count }
    }

    /// The sum so far.
    pub fn sum(&self) -> f64 {
        self.sum
    }

    /// The number of samples so far.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The mean so far, and starts anew; of nothing, NaN.
    #[must_use = "the mean is gone once taken"]
    pub fn take(&mut self) -> f64 {
        std::mem::take(self).mean()
    }
}

/// The kind of its states.
const KIND: &str = "RunningMean";

/// For a checkpoint in mid-epoch.
impl<T: Float> Resume<T> for RunningMean {
    fn state(&self) -> State<T> {
        let mut state = State::of(KIND);
        state.insert_number("sum", self.sum);
        state.insert_number("count", self.count as f64);
        state
    }

    #[track_caller]
    fn load_state(&mut self, state: State<T>) -> wengert_files::Result<()> {
        let mut loader = Loader::new(KIND, state)?;
        let (sum, count) = (loader.number("sum"), loader.count("count"));
        loader.finish()?;
        *self = Self { sum, count: count as usize };
        Ok(())
    }
}
