//! Held-out samples: for a test, in folds, with the same fractions of classes, or in the order of time.
//!
//! The functions work on indices of samples, so they fit any dataset; the methods of [`TensorDataset`] apply them. If a function
//! takes a seed, the order of the indices is random, so that a part of sorted samples is not sorted.

use wengert_tensor::Element;

use crate::rng::{For, Rng};
use crate::{Error, Result, TensorDataset};

/// Indices of the samples for training, and of those for the test.
pub type Parts = (Vec<usize>, Vec<usize>);

/// The number of held-out samples for a fraction of `n`: rounded, but at least one on either side.
#[track_caller]
fn held_back(op: &'static str, n: usize, test_share: f64) -> Result<usize> {
    if !(test_share > 0.0 && test_share < 1.0) {
        let rule = format!("the fraction of the test is {test_share}; it must lie between 0 and 1");
        return Err(Error::value(op, rule));
    }
    if n < 2 {
        return Err(Error::value(op, format!("{n} samples cannot be split")));
    }
    Ok(((n as f64 * test_share).round() as usize).clamp(1, n - 1))
}

/// Checks that `n` samples make `k` folds.
#[track_caller]
fn folds(op: &'static str, n: usize, k: usize) -> Result<()> {
    if k < 2 || k > n {
        let rule =
            format!("{k} folds of {n} samples; there must be 2 at least, and a sample for each");
        return Err(Error::value(op, rule));
    }
    Ok(())
}

/// `n` samples in random order, of which `test_share` are for the test.
///
/// ```
/// let (train, test) = wengert_data::split::shuffled(10, 0.3, 0)?;
/// assert_eq!((train.len(), test.len()), (7, 3));
/// # Ok::<(), wengert_data::Error>(())
/// ```
///
/// # Errors
/// [`Error::Value`] unless the fraction lies between 0 and 1 and there are at least two samples.
#[track_caller]
pub fn shuffled(n: usize, test_share: f64, seed: u64) -> Result<Parts> {
    let test = held_back("split", n, test_share)?;
    let mut train = Rng::new(For::Split, seed, 0).order(n);
    let test = train.split_off(n - test);
    Ok((train, test))
}

/// [`shuffled`], with the same fraction of each class in the test as in the whole, give or take one sample.
///
/// # Errors
/// As [`shuffled`].
#[track_caller]
pub fn stratified(labels: &[usize], test_share: f64, seed: u64) -> Result<Parts> {
    let n = labels.len();
    let test = held_back("stratified_split", n, test_share)?;
    let order = Rng::new(For::Split, seed, 0).order(n);
    let mut held = vec![false; n];
    for (place, &row) in by_class(&order, labels).iter().enumerate() {
        // Of places in a row, those are held back where `place · test / n` steps: `test` in all, evenly spread.
        let step = |place: usize| (place as u128 * test as u128) / n as u128;
        held[row] = step(place + 1) > step(place);
    }
    Ok(order.into_iter().partition(|&row| !held[row]))
}

/// The first samples for training and the last `test_share` for the test, in their own order.
///
/// # Errors
/// As [`shuffled`].
#[track_caller]
pub fn in_time(n: usize, test_share: f64) -> Result<Parts> {
    let test = held_back("time_split", n, test_share)?;
    Ok(((0..n - test).collect(), (n - test..n).collect()))
}

/// `k` parts. Each is the test once, while the others together are for training.
///
/// # Errors
/// [`Error::Value`] unless `2 ≤ k ≤ n`.
#[track_caller]
pub fn k_fold(n: usize, k: usize, seed: u64) -> Result<Vec<Parts>> {
    folds("k_fold", n, k)?;
    let order = Rng::new(For::Split, seed, 0).order(n);
    let border = |fold: usize| (fold as u128 * n as u128 / k as u128) as usize;
    let fold = |fold| {
        let (start, end) = (border(fold), border(fold + 1));
        ([&order[..start], &order[end..]].concat(), order[start..end].to_vec())
    };
    Ok((0..k).map(fold).collect())
}

/// [`k_fold`], each class spread evenly over the parts.
///
/// # Errors
/// As [`k_fold`].
#[track_caller]
pub fn stratified_k_fold(labels: &[usize], k: usize, seed: u64) -> Result<Vec<Parts>> {
    let n = labels.len();
    folds("stratified_k_fold", n, k)?;
    let order = Rng::new(For::Split, seed, 0).order(n);
    let mut fold_of = vec![0; n];
    for (place, &row) in by_class(&order, labels).iter().enumerate() {
        fold_of[row] = place % k;
    }
    Ok((0..k).map(|fold| order.iter().partition(|&&row| fold_of[row] != fold)).collect())
}

/// For series: `k` tests in the order of time, each later than its training samples. The samples are cut into `k + 1`
/// blocks; fold `i` trains on the first `i + 1` of them and tests on the next.
///
/// ```
/// let folds = wengert_data::split::walk_forward(6, 2)?;
/// assert_eq!(folds[0], (vec![0, 1], vec![2, 3]));
/// assert_eq!(folds[1], (vec![0, 1, 2, 3], vec![4, 5]));
/// # Ok::<(), wengert_data::Error>(())
/// ```
///
/// # Errors
/// [`Error::Value`] unless `1 ≤ k < n`.
#[track_caller]
pub fn walk_forward(n: usize, k: usize) -> Result<Vec<Parts>> {
    if k < 1 || k >= n {
        let rule = format!("{k} folds of {n} samples; there must be 1 at least, and a sample more");
        return Err(Error::value("walk_forward", rule));
    }
    let border = |block: usize| (block as u128 * n as u128 / (k as u128 + 1)) as usize;
    let fold = |i| ((0..border(i)).collect(), (border(i)..border(i + 1)).collect());
    Ok((1..=k).map(fold).collect())
}

/// The rows class by class, each class in the order given.
fn by_class(order: &[usize], labels: &[usize]) -> Vec<usize> {
    let mut rows = order.to_vec();
    rows.sort_by_key(|&row| labels[row]); // stable
    rows
}

impl<T: Element, Y: Element> TensorDataset<T, Y> {
    /// Two parts in random order: one for training, and `test_share` of the samples for the test.
    ///
    /// ```
    /// let data = wengert_data::synth::moons::<f32>(100, 0.1, 0);
    /// let (train, test) = data.split(0.25, 7)?;
    /// assert_eq!((train.len(), test.len()), (75, 25));
    /// # Ok::<(), wengert_data::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`shuffled`].
    #[track_caller]
    pub fn split(&self, test_share: f64, seed: u64) -> Result<(Self, Self)> {
        let (train, test) = shuffled(self.len(), test_share, seed)?;
        Ok((self.rows(&train), self.rows(&test)))
    }

    /// [`split`](Self::split) under scikit-learn's name.
    ///
    /// # Errors
    /// As [`shuffled`].
    #[track_caller]
    pub fn train_test_split(&self, test_share: f64, seed: u64) -> Result<(Self, Self)> {
        self.split(test_share, seed)
    }

    /// Two parts in the order of time: the first samples for training, and the last `test_share` for the test. Copies no element.
    ///
    /// # Errors
    /// As [`in_time`].
    #[track_caller]
    pub fn time_split(&self, test_share: f64) -> Result<(Self, Self)> {
        let train = self.len() - held_back("time_split", self.len(), test_share)?;
        Ok((self.slice(0..train)?, self.slice(train..self.len())?))
    }

    /// `k` pairs of training and test; each sample is in one test. The parts are made when they are needed.
    ///
    /// # Errors
    /// As [`k_fold`](k_fold()).
    #[track_caller]
    pub fn k_fold(
        &self,
        k: usize,
        seed: u64,
    ) -> Result<impl ExactSizeIterator<Item = (Self, Self)> + '_> {
        let folds = k_fold(self.len(), k, seed)?;
        Ok(folds.into_iter().map(|(train, test)| (self.rows(&train), self.rows(&test))))
    }
}

impl<T: Element> TensorDataset<T, usize> {
    /// [`split`](Self::split) with the same fraction of each class in both parts.
    ///
    /// # Errors
    /// As [`stratified`]; [`Error::Shape`] unless each sample has one class.
    #[track_caller]
    pub fn stratified_split(&self, test_share: f64, seed: u64) -> Result<(Self, Self)> {
        let labels = self.one_label_each("stratified_split")?;
        let (train, test) = stratified(&labels, test_share, seed)?;
        Ok((self.rows(&train), self.rows(&test)))
    }

    /// [`k_fold`](Self::k_fold) that spreads each class evenly.
    ///
    /// # Errors
    /// As [`stratified_k_fold`](stratified_k_fold()); [`Error::Shape`] unless each sample has one class.
    #[track_caller]
    pub fn stratified_k_fold(
        &self,
        k: usize,
        seed: u64,
    ) -> Result<impl ExactSizeIterator<Item = (Self, Self)> + '_> {
        let labels = self.one_label_each("stratified_k_fold")?;
        let folds = stratified_k_fold(&labels, k, seed)?;
        Ok(folds.into_iter().map(|(train, test)| (self.rows(&train), self.rows(&test))))
    }
}
