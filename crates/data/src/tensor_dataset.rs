//! `TensorDataset`: samples in memory.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use wengert_tensor::{Element, Float, Tensor};

use crate::error::Fault;
use crate::{Dataset, Error, Result, rows};

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
    pub(crate) targets: Tensor<Y>,
    feature_names: Arc<[String]>,
    pub(crate) class_names: Arc<[String]>,
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
