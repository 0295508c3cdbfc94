//! Datasets: the trait from which a loader gets batches, and samples in memory as two tensors.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use wengert_tensor::{Element, Float, Tensor};

use crate::error::Fault;
use crate::{Error, Result, rows};

/// Samples that are addressed by index.
///
/// A dataset whose samples may fail to be read has `type Batch = std::io::Result<…>`; the loop then has
/// `let (inputs, labels) = batch?;`.
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
    /// [`Error::Value`] if a number is not below [`len`](Self::len). A loader never asks for one.
    #[track_caller]
    fn batch(&self, rows: &[usize]) -> Result<Self::Batch>;

    /// A run of samples: [`batch`](Self::batch), but cheaper if possible, for example as a view.
    ///
    /// # Errors
    /// [`Error::Value`] if the range ends beyond [`len`](Self::len) or before it starts.
    #[track_caller]
    fn run(&self, rows: Range<usize>) -> Result<Self::Batch> {
        rows::check_run("run", &rows, self.len())?;
        self.batch(&rows.collect::<Vec<_>>())
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

/// Samples in memory: features `[N, …]` and, for each, a target.
///
/// Targets are class numbers (`Tensor<usize>` of `[N]`, the default) or the numbers that a regression predicts
/// (`TensorDataset<T, T>`, targets `[N, …]`; the readers and generators here make them `[N, 1]`, the shape that a layer
/// with one output predicts). A clone, and a [`slice`](Self::slice), share the elements.
///
/// ```
/// use wengert_data::TensorDataset;
/// use wengert_tensor::tensor;
///
/// let data = TensorDataset::new(tensor![[0.0_f32, 0.0], [0.0, 1.0], [1.0, 0.0]], tensor![0_usize, 1, 1])?;
/// assert_eq!((data.len(), data.classes()), (3, 2));
///
/// let error = TensorDataset::new(tensor![[0.0_f32], [1.0]], tensor![0_usize, 1, 1]).unwrap_err();
/// assert!(error.to_string().contains("2 rows of features [2, 1] and 3 of targets [3]"));
/// # Ok::<(), wengert_data::Error>(())
/// ```
#[derive(Clone)]
pub struct TensorDataset<T = f32, Y = usize> {
    features: Tensor<T>,
    targets: Tensor<Y>,
    feature_names: Arc<[String]>,
    class_names: Arc<[String]>,
}

impl<T: Element, Y: Element> TensorDataset<T, Y> {
    /// A dataset of these features and targets, row for row.
    ///
    /// # Errors
    /// [`Error::Shape`] if their numbers of rows differ, or one is a scalar.
    #[track_caller]
    pub fn new(features: Tensor<T>, targets: Tensor<Y>) -> Result<Self> {
        let (n, m) = (rows::count(&features), rows::count(&targets));
        let (x, y) = (features.shape(), targets.shape());
        if x.is_empty() || y.is_empty() {
            let rule = format!("features {x:?} and targets {y:?}: a scalar has no rows");
            return Err(Error::shape("TensorDataset", rule));
        }
        if n != m {
            let rule = format!("{n} rows of features {x:?} and {m} of targets {y:?}");
            let mut fault = Fault::new("TensorDataset", rule);
            if x.get(1) == Some(&m) {
                fault = fault.help("one sample a row: did you mean the transpose, `features.t()`?");
            }
            return Err(Error::Shape(fault));
        }
        Ok(Self::of(features, targets))
    }

    /// [`new`](Self::new) of as many features as targets.
    pub(crate) fn of(features: Tensor<T>, targets: Tensor<Y>) -> Self {
        // One row next to another, so that a batch is gathered row by row.
        let (features, targets) = (features.contiguous(), targets.contiguous());
        Self { features, targets, feature_names: [].into(), class_names: [].into() }
    }

    /// The same names for other rows.
    fn with_rows(&self, features: Tensor<T>, targets: Tensor<Y>) -> Self {
        let (feature_names, class_names) = (self.feature_names.clone(), self.class_names.clone());
        Self { features, targets, feature_names, class_names }
    }

    /// The number of samples.
    pub fn len(&self) -> usize {
        rows::count(&self.features)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The features of all samples, `[N, …]`.
    pub fn features(&self) -> &Tensor<T> {
        &self.features
    }

    /// The targets of all samples, `[N, …]`.
    pub fn targets(&self) -> &Tensor<Y> {
        &self.targets
    }

    /// Both tensors.
    pub fn into_parts(self) -> (Tensor<T>, Tensor<Y>) {
        (self.features, self.targets)
    }

    /// With other features for the same targets, such as the scaled ones; of any type and row shape.
    ///
    /// # Errors
    /// [`Error::Shape`] if there are not as many.
    #[track_caller]
    pub fn with_features<U: Element>(&self, features: Tensor<U>) -> Result<TensorDataset<U, Y>> {
        let same_columns = features.shape().get(1..) == self.features.shape().get(1..);
        let mut out = TensorDataset::new(features, self.targets.clone())?;
        out.class_names = self.class_names.clone();
        if same_columns {
            out.feature_names = self.feature_names.clone();
        }
        Ok(out)
    }

    /// The samples with these numbers, in that order, copied.
    ///
    /// # Errors
    /// [`Error::Value`] if there is no such sample.
    #[track_caller]
    pub fn subset(&self, rows: &[usize]) -> Result<Self> {
        rows::check("subset", rows, self.len())?;
        Ok(self.rows(rows))
    }

    /// [`subset`](Self::subset) of numbers known to be in bounds.
    pub(crate) fn rows(&self, rows: &[usize]) -> Self {
        self.with_rows(rows::gather(&self.features, rows), rows::gather(&self.targets, rows))
    }

    /// A run of samples. Copies no element.
    ///
    /// # Errors
    /// [`Error::Value`] if there are no such samples.
    #[track_caller]
    pub fn slice(&self, rows: Range<usize>) -> Result<Self> {
        rows::check_run("slice", &rows, self.len())?;
        let (x, y) = self.run(rows)?;
        Ok(self.with_rows(x, y))
    }

    /// The features' names, one per column; empty if they are not known.
    pub fn feature_names(&self) -> &[String] {
        &self.feature_names
    }

    /// With names for the features.
    ///
    /// # Errors
    /// [`Error::Value`] unless there is one for each place of a row.
    #[track_caller]
    pub fn with_feature_names<S: Into<String>>(
        mut self,
        names: impl IntoIterator<Item = S>,
    ) -> Result<Self> {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        let width = rows::width(&self.features);
        if names.len() != width {
            let shape = self.features.shape();
            let rule = format!("{} names for {width} features, {shape:?}", names.len());
            return Err(Error::value("with_feature_names", rule));
        }
        self.feature_names = names.into();
        Ok(self)
    }
}

impl<T, Y> TensorDataset<T, Y> {
    /// The classes' names; none unless targets are class numbers.
    pub(crate) fn names_of_classes(&self) -> &[String] {
        &self.class_names
    }
}

impl<T, Y> fmt::Debug for TensorDataset<T, Y> {
    /// The shapes; the elements are too many.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (x, y) = (self.features.shape(), self.targets.shape());
        write!(f, "TensorDataset {{ features: {x:?}, targets: {y:?} }}")
    }
}

impl<T: Element, Y: Element> Dataset for TensorDataset<T, Y> {
    type Batch = (Tensor<T>, Tensor<Y>);
    fn len(&self) -> usize {
        self.len()
    }
    #[track_caller]
    fn batch(&self, rows: &[usize]) -> Result<Self::Batch> {
        rows::check("batch", rows, self.len())?;
        Ok((rows::gather(&self.features, rows), rows::gather(&self.targets, rows)))
    }
    #[track_caller]
    fn run(&self, rows: Range<usize>) -> Result<Self::Batch> {
        rows::check_run("run", &rows, self.len())?;
        Ok((rows::run(&self.features, rows.clone())?, rows::run(&self.targets, rows)?))
    }
}

impl<T: Element> TensorDataset<T, usize> {
    /// The class numbers.
    pub fn labels(&self) -> &Tensor<usize> {
        &self.targets
    }

    /// The number of classes: the number of class names, or one more than the largest class number.
    pub fn classes(&self) -> usize {
        let used = self.targets.iter().max().map_or(0, |largest| largest.saturating_add(1));
        used.max(self.class_names.len())
    }

    /// The number of samples of each class that occurs.
    pub fn class_counts(&self) -> BTreeMap<usize, usize> {
        let mut counts = BTreeMap::new();
        for label in self.targets.iter() {
            *counts.entry(label).or_insert(0) += 1;
        }
        counts
    }

    /// The classes' names, by number; none if they are not known.
    pub fn class_names(&self) -> &[String] {
        &self.class_names
    }

    /// With names for the classes, by number.
    ///
    /// # Errors
    /// [`Error::Value`] if a class that occurs would have none.
    #[track_caller]
    pub fn with_class_names<S: Into<String>>(
        mut self,
        names: impl IntoIterator<Item = S>,
    ) -> Result<Self> {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        if let Some(label) = self.targets.iter().find(|&label| label >= names.len()) {
            let rule = format!("{} names, and a sample of class {label}", names.len());
            return Err(Error::value("with_class_names", rule));
        }
        self.class_names = names.into();
        Ok(self)
    }

    /// The class of each sample, for methods that need exactly one.
    #[track_caller]
    pub(crate) fn one_label_each(&self, op: &'static str) -> Result<Vec<usize>> {
        if self.targets.len() != self.len() {
            let shape = self.targets.shape();
            let rule = format!("needs one class a sample, and the targets are {shape:?}");
            return Err(Error::shape(op, rule));
        }
        Ok(self.targets.to_vec())
    }
}

impl<T: Float> TensorDataset<T, usize> {
    /// A weight for each class, such that all classes have the same total weight and the mean over samples is 1: `N / (C · count)`.
    ///
    /// ```
    /// use wengert_data::TensorDataset;
    /// use wengert_tensor::{Tensor, tensor};
    ///
    /// let data = TensorDataset::new(Tensor::<f32>::zeros([4, 1]), tensor![0_usize, 0, 0, 1])?;
    /// assert_eq!(data.class_weights()?.to_vec(), [4.0 / 6.0, 2.0]);
    /// # Ok::<(), wengert_data::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Value`] if a class does not occur, since no weight can compensate for that.
    #[track_caller]
    pub fn class_weights(&self) -> Result<Tensor<T>> {
        let (counts, classes) = (self.class_counts(), self.classes());
        if let Some(class) = (0..classes).find(|class| !counts.contains_key(class)) {
            let rule = format!("class {class} of {classes} does not occur");
            return Err(Error::value("class_weights", rule));
        }
        let whole = self.targets.len() as f64 / classes as f64;
        let weights = counts.into_values().map(|count| T::from_f64(whole / count as f64));
        Ok(Tensor::from(weights.collect::<Vec<_>>()))
    }
}

impl<T: Float, Y: Element> TensorDataset<T, Y> {
    /// The same samples with features of another type.
    pub fn cast<U: Float>(&self) -> TensorDataset<U, Y> {
        TensorDataset {
            features: self.features.cast(),
            targets: self.targets.clone(),
            feature_names: self.feature_names.clone(),
            class_names: self.class_names.clone(),
        }
    }
}
