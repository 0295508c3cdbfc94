//! The confusion matrix, and what it says of each class: precision, recall, F1, and their means.

use std::fmt;

use wengert_tensor::{Float, Tensor};

use super::scores::{columns, labels_fit, predictions};
use super::{alike, every};
use crate::{Error, Result};

/// The way from the classes' numbers to one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Average {
    /// Every class counts the same. Classes that neither occur nor are predicted are left out.
    Macro,
    /// Every sample counts the same: the numbers of all classes are added up first.
    Micro,
    /// Every class counts by how often it occurs.
    Weighted,
}

/// The counts of one class.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    /// Predicted, and rightly.
    pub(super) hits: u64,
    /// Predicted.
    pub(super) said: u64,
    /// True.
    pub(super) true_ones: u64,
}

fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

impl Tally {
    fn precision(&self) -> Option<f64> {
        ratio(self.hits, self.said)
    }
    fn recall(&self) -> Option<f64> {
        ratio(self.hits, self.true_ones)
    }
    pub(super) fn f1(&self) -> Option<f64> {
        ratio(2 * self.hits, self.said + self.true_ones)
    }
}

/// The mean of `what` over classes; what is undefined counts 0. NaN if nothing was counted.
pub(super) fn mean_of(
    tallies: &[Tally],
    average: Average,
    what: impl Fn(&Tally) -> Option<f64>,
) -> f64 {
    match average {
        Average::Micro => {
            let sum = tallies.iter().fold(Tally::default(), |sum, t| Tally {
                hits: sum.hits + t.hits,
                said: sum.said + t.said,
                true_ones: sum.true_ones + t.true_ones,
            });
            if sum.said + sum.true_ones == 0 { f64::NAN } else { what(&sum).unwrap_or(0.0) }
        }
        Average::Macro => {
            let seen = || tallies.iter().filter(|t| t.said + t.true_ones > 0);
            seen().map(|t| what(t).unwrap_or(0.0)).sum::<f64>() / seen().count() as f64
        }
        Average::Weighted => {
            let all: u64 = tallies.iter().map(|t| t.true_ones).sum();
            let weighted = |t: &Tally| what(t).unwrap_or(0.0) * t.true_ones as f64;
            tallies.iter().map(weighted).sum::<f64>() / all as f64
        }
    }
}

/// The counts of predictions: each class as each class.
///
/// ```
/// use wengert_data::metrics::{Average, Confusion};
/// use wengert_tensor::tensor;
///
/// let mut confusion = Confusion::new(["cat", "dog", "hen"]);
/// confusion.add(&tensor![0_usize, 1, 1, 2], &tensor![0, 0, 1, 2])?; // predicted, true; batch by batch
/// assert_eq!(confusion.count(0, 1), 1); // a cat taken for a dog
/// assert_eq!(confusion.accuracy(), 0.75);
/// assert_eq!(confusion.precision(1), Some(0.5));
/// assert_eq!(confusion.recall(0), Some(0.5));
/// assert!((confusion.mean_f1(Average::Macro) - 7.0 / 9.0).abs() < 1e-15);
/// assert_eq!(confusion.to_string(), "\
/// true \\ predicted  cat  dog  hen  recall
///              cat    1    1    0   0.500
///              dog    0    1    0   1.000
///              hen    0    0    1   1.000
///        precision 1.00 0.50 1.00
/// accuracy 0.7500 (3 of 4), macro F1 0.7778");
/// # Ok::<(), wengert_data::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Confusion {
    names: Vec<String>,
    /// A row a true class, a column a predicted one.
    counts: Vec<u64>,
}

impl Confusion {
    /// A matrix of zeros for classes of these names.
    pub fn new<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Self {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        Self { counts: vec![0; names.len() * names.len()], names }
    }

    /// The matrix of all rows of scores `[N, C]` and their labels `[N]`; classes are named by their numbers.
    ///
    /// # Errors
    /// As [`accuracy`](super::accuracy).
    #[track_caller]
    pub fn of_scores<T: Float>(scores: &Tensor<T>, labels: &Tensor<usize>) -> Result<Self> {
        let classes = columns("Confusion", scores)?;
        let mut out = Self::new((0..classes).map(|class| class.to_string()));
        out.add_scores(scores, labels)?;
        Ok(out)
    }

    /// Counts rows of scores `[N, C]` with their labels `[N]`.
    ///
    /// # Errors
    /// As [`accuracy`](super::accuracy); [`Error::Shape`] if there are more or fewer classes.
    #[track_caller]
    pub fn add_scores<T: Float>(
        &mut self,
        scores: &Tensor<T>,
        labels: &Tensor<usize>,
    ) -> Result<()> {
        let classes = columns("Confusion", scores)?;
        if classes != self.classes() {
            let rule = format!("scores {:?} for {} classes", scores.shape(), self.classes());
            return Err(Error::shape("Confusion", rule));
        }
        labels_fit("Confusion", scores, labels)?;
        self.add(&predictions(scores)?, labels)
    }

    /// Counts predicted classes with the true ones.
    ///
    /// # Errors
    /// [`Error::Shape`] unless both have one shape, [`Error::Value`] if a class is none of the matrix's; then nothing is counted.
    #[track_caller]
    pub fn add(&mut self, predicted: &Tensor<usize>, labels: &Tensor<usize>) -> Result<()> {
        let classes = self.classes();
        alike("Confusion", "prediction", predicted.shape(), "label", labels.shape())?;
        let rule = match classes {
            0 => ", and there are no classes".to_string(),
            _ => format!(", and the classes are 0 to {}", classes - 1),
        };
        every("Confusion", "prediction", predicted, |class| class < classes, &rule)?;
        every("Confusion", "label", labels, |class| class < classes, &rule)?;
        for (predicted, label) in predicted.iter().zip(labels.iter()) {
            self.counts[label * classes + predicted] += 1;
        }
        Ok(())
    }

    /// The number of classes.
    pub fn classes(&self) -> usize {
        self.names.len()
    }

    /// The number of samples of class `label` that were predicted as class `predicted`; 0 where there is no such class.
    pub fn count(&self, label: usize, predicted: usize) -> u64 {
        let classes = self.classes();
        if predicted < classes && label < classes {
            self.counts[label * classes + predicted]
        } else {
            0
        }
    }

    /// The number of samples that were counted.
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    fn hits(&self) -> u64 {
        (0..self.classes()).map(|class| self.count(class, class)).sum()
    }

    /// The fraction of correct predictions; NaN if there are none.
    pub fn accuracy(&self) -> f64 {
        self.hits() as f64 / self.total() as f64
    }

    fn tally(&self, class: usize) -> Tally {
        let all = 0..self.classes();
        Tally {
            hits: self.count(class, class),
            said: all.clone().map(|label| self.count(label, class)).sum(),
            true_ones: all.map(|predicted| self.count(class, predicted)).sum(),
        }
    }

    fn mean(&self, average: Average, what: impl Fn(&Tally) -> Option<f64>) -> f64 {
        let tallies: Vec<Tally> = (0..self.classes()).map(|class| self.tally(class)).collect();
        mean_of(&tallies, average, what)
    }

    /// The fraction of the samples predicted as this class that belong to it; `None` if there are none.
    pub fn precision(&self, class: usize) -> Option<f64> {
        self.tally(class).precision()
    }

    /// The fraction of the samples of this class that were predicted as it; `None` if there are none.
    pub fn recall(&self, class: usize) -> Option<f64> {
        self.tally(class).recall()
    }

    /// The harmonic mean of precision and recall; `None` if the class neither occurs nor is predicted.
    pub fn f1(&self, class: usize) -> Option<f64> {
        self.tally(class).f1()
    }

    /// [`precision`](Self::precision) of all classes; where a class has none, 0.
    pub fn mean_precision(&self, average: Average) -> f64 {
        self.mean(average, Tally::precision)
    }

    /// [`recall`](Self::recall) of all classes; where a class has none, 0.
    pub fn mean_recall(&self, average: Average) -> f64 {
        self.mean(average, Tally::recall)
    }

    /// [`f1`](Self::f1) of all classes. Micro, it is the accuracy.
    pub fn mean_f1(&self, average: Average) -> f64 {
        self.mean(average, Tally::f1)
    }

    /// The commonest mistakes: true class, predicted class, how often; the commonest first.
    pub fn mistakes(&self) -> Vec<(usize, usize, u64)> {
        let classes = self.classes();
        let places = (0..classes * classes).filter(|i| i / classes != i % classes);
        let mut out: Vec<_> = places
            .map(|i| (i / classes, i % classes, self.counts[i]))
            .filter(|mistake| mistake.2 > 0)
            .collect();
        out.sort_by_key(|mistake| std::cmp::Reverse(mistake.2)); // stable
        out
    }
}

impl fmt::Display for Confusion {
    /// The matrix with recall and precision; of more than 20 classes, the commonest mistakes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let classes = self.classes();
        let corner = "true \\ predicted";
        let chars = |text: &String| text.chars().count();
        let widest = self.names.iter().map(chars).max().unwrap_or(0);
        if classes <= 20 {
            let largest = self.counts.iter().max().map_or(1, |n| n.to_string().len());
            let (left, cell) = (widest.max(corner.len()), widest.max(largest).max(4));
            write!(f, "{corner:>left$}")?;
            for name in &self.names {
                write!(f, " {name:>cell$}")?;
            }
            writeln!(f, "  recall")?;
            for (class, name) in self.names.iter().enumerate() {
                write!(f, "{name:>left$}")?;
                for predicted in 0..classes {
                    write!(f, " {:>cell$}", self.count(class, predicted))?;
                }
                match self.recall(class) {
                    Some(recall) => writeln!(f, "   {recall:.3}")?,
                    None => writeln!(f, "       -")?,
                }
            }
            write!(f, "{:>left$}", "precision")?;
            for class in 0..classes {
                match self.precision(class) {
                    Some(precision) => write!(f, " {precision:>cell$.2}")?,
                    None => write!(f, " {:>cell$}", "-")?,
                }
            }
            writeln!(f)?;
        } else {
            for (label, predicted, count) in self.mistakes().into_iter().take(10) {
                let (label, predicted) = (&self.names[label], &self.names[predicted]);
                writeln!(f, "{label:>widest$} taken for {predicted:<widest$} {count}")?;
            }
        }
        let (hits, total, f1) = (self.hits(), self.total(), self.mean_f1(Average::Macro));
        write!(f, "accuracy {:.4} ({hits} of {total}), macro F1 {f1:.4}", self.accuracy())
    }
}
