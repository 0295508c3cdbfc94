//! The findings about data, their texts, and advice.

use std::collections::BTreeMap;
use std::fmt;

/// A property of the data that may harm training. Rows and columns are counted from 0; a column is a position in a row.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
#[allow(missing_docs)]
pub enum Finding {
    /// There are no samples.
    Empty,
    /// Features that are NaN or infinite, and where the first one is.
    FeaturesNotFinite { nan: usize, infinite: usize, row: usize, column: usize },
    /// Targets that are NaN or infinite, and the row of the first one.
    TargetsNotFinite { nan: usize, infinite: usize, row: usize },
    /// Columns with a single value.
    Constant { columns: Vec<usize> },
    /// Columns' standard deviations differ by a factor of 100 or more.
    Scales { narrow: (usize, f64), wide: (usize, f64) },
    /// A value is larger than 100, in whichever direction.
    Large { row: usize, column: usize, value: f64 },
    /// Rows that repeat an earlier row, and the first such pair.
    Duplicates { rows: usize, first: (usize, usize) },
    /// Rows with the features of an earlier row and another target, and the first such pair.
    Conflicts { rows: usize, first: (usize, usize) },
    /// Class numbers below the largest that no sample has.
    AbsentClasses { classes: usize, first: usize },
    /// The most frequent class occurs at least ten times as often as the rarest: class and count.
    Imbalance { rarest: (usize, usize), commonest: (usize, usize) },
    /// The samples are sorted by class.
    Sorted,
    /// Rows of the test whose features are also a row of training, and the first such pair (training, test).
    Leak { rows: usize, first: (usize, usize) },
    /// Classes that the test has and training lacks, and the first of them.
    UnseenClasses { classes: usize, first: usize },
}

impl Finding {
    /// The advice.
    pub fn help(&self) -> &'static str {
        match self {
            Self::Empty => "is the path right, and the filter not too strict?",
            Self::FeaturesNotFinite { .. } => {
                "leave these rows out, or fill them: one NaN makes every parameter NaN"
            }
            Self::TargetsNotFinite { .. } => {
                "leave these rows out: one NaN makes every parameter NaN"
            }
            Self::Constant { .. } => {
                "they carry no information; leave them out, or keep them: scalers here make them 0"
            }
            Self::Scales { .. } => {
                "use `Standardizer`: wide columns outweigh the narrow ones, and slow training down"
            }
            Self::Large { .. } => {
                "use `Standardizer` or `MinMax`: large inputs saturate units and blow up gradients"
            }
            Self::Duplicates { .. } => {
                "leave them out before splitting, or training will see samples of the test"
            }
            Self::Conflicts { .. } => {
                "labels may be wrong; no model can be right about all of them"
            }
            Self::AbsentClasses { .. } => {
                "number classes from 0 without gaps, or the model has outputs for nothing"
            }
            Self::Imbalance { .. } => {
                "use `DataLoader::balanced` or class weights, and judge by F1, not by accuracy"
            }
            Self::Sorted => "use `DataLoader::shuffle`, and do not split in order",
            Self::Leak { .. } => "take them out of the test: it asks what was learnt by heart",
            Self::UnseenClasses { .. } => "use `stratified_split`, or give training some of them",
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("no samples"),
            Self::FeaturesNotFinite { nan, infinite, row, column } => {
                write!(f, "features not finite: {nan} NaN, {infinite} infinite; ")?;
                write!(f, "the first in row {row}, column {column}")
            }
            Self::TargetsNotFinite { nan, infinite, row } => {
                write!(f, "targets not finite: {nan} NaN, {infinite} infinite; ")?;
                write!(f, "the first in row {row}")
            }
            Self::Constant { columns } => {
                let shown: Vec<_> = columns.iter().take(10).map(usize::to_string).collect();
                let more = if columns.len() > 10 { ", …" } else { "" };
                write!(f, "constant columns: {}{more} ({} in all)", shown.join(", "), columns.len())
            }
            Self::Scales { narrow: (a, least), wide: (b, greatest) } => {
                write!(f, "different scales: column {b} has deviation {greatest:.3}, ")?;
                write!(f, "column {a} only {least:.3}")
            }
            Self::Large { row, column, value } => {
                write!(f, "large values: {value:.1} in row {row}, column {column}")
            }
            Self::Duplicates { rows, first: (a, b) } => {
                write!(f, "rows that repeat an earlier one: {rows}; row {b} repeats row {a}")
            }
            Self::Conflicts { rows, first: (a, b) } => {
                write!(f, "rows with the features of an earlier one and another target: {rows}; ")?;
                write!(f, "row {b} contradicts row {a}")
            }
            Self::AbsentClasses { classes, first } => {
                write!(f, "class numbers that do not occur: {classes}, the first {first}")
            }
            Self::Imbalance { rarest: (a, few), commonest: (b, many) } => {
                write!(f, "imbalance: class {b} occurs {many} times, class {a} only {few}")
            }
            Self::Sorted => f.write_str("sorted: the samples lie class by class"),
            Self::Leak { rows, first: (a, b) } => {
                write!(f, "test rows that training has too: {rows}; test row {b} is its row {a}")
            }
            Self::UnseenClasses { classes, first } => {
                write!(f, "classes of the test that training has not: {classes}, the first {first}")
            }
        }
    }
}

/// The result of [`check`](crate::check()). It prints as a list with advice.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Report {
    /// The number of samples.
    pub samples: usize,
    /// The shape of a sample's features.
    pub features: Vec<usize>,
    /// The least and the greatest feature that is finite; `None` if none is.
    pub range: Option<(f64, f64)>,
    /// The number of samples of each class, where targets are class numbers.
    pub class_counts: Option<BTreeMap<usize, usize>>,
    /// Problems that may harm training.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Whether nothing was found.
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} samples of {:?}", self.samples, self.features)?;
        if let Some((least, greatest)) = self.range {
            write!(f, ", from {} to {}", shortest(least), shortest(greatest))?;
        }
        if let Some(counts) = &self.class_counts {
            let mut shown: Vec<String> =
                counts.iter().take(20).map(|(class, count)| format!("{class}: {count}")).collect();
            if counts.len() > 20 {
                shown.push("…".to_string());
            }
            write!(f, "\nclasses {}", shown.join(", "))?;
        }
        if self.is_clean() {
            write!(f, "\nnothing amiss")?;
        }
        for finding in &self.findings {
            write!(f, "\n- {finding}\n  help: {}", finding.help())?;
        }
        Ok(())
    }
}

/// A number as short as its own type tells it apart: one that an `f32` holds was an `f32`.
fn shortest(x: f64) -> String {
    let single = x as f32;
    if f64::from(single) == x { single.to_string() } else { x.to_string() }
}
