//! The classes of labelled samples: labels, names, counts, weights.

use std::collections::BTreeMap;

use wengert_tensor::{Element, Float, Tensor};

use crate::{Error, Result, TensorDataset};

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
