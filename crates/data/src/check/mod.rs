//! Looks at data before training for what is not finite, constant, doubled, rare, sorted, or on another scale.

mod report;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use wengert_tensor::{Element, Float, Tensor};

pub use report::{Finding, Report};

use crate::{Error, Result, TensorDataset, rows};

/// A summary of a column of features.
#[derive(Clone, Copy, Debug)]
struct Column {
    least: f64,
    greatest: f64,
    count: f64,
    mean: f64,
    squares: f64,
}

impl Column {
    const EMPTY: Self = Self {
        least: f64::INFINITY,
        greatest: f64::NEG_INFINITY,
        count: 0.0,
        mean: 0.0,
        squares: 0.0,
    };

    fn add(&mut self, x: f64) {
        self.least = self.least.min(x);
        self.greatest = self.greatest.max(x);
        self.count += 1.0;
        let off = x - self.mean;
        self.mean += off / self.count;
        self.squares += off * (x - self.mean);
    }

    fn deviation(&self) -> f64 {
        (self.squares / self.count).sqrt()
    }
}

/// Looks a dataset over.
///
/// ```
/// use wengert_data::{TensorDataset, check};
/// use wengert_tensor::tensor;
///
/// let x = tensor![[0.5_f32, 1.0], [f32::NAN, 1.0], [0.25, 1.0], [0.5, 1.0]];
/// let report = check(&TensorDataset::new(x, tensor![0_usize, 1, 0, 1])?);
/// assert_eq!(report.to_string(), "\
/// 4 samples of [2], from 0.25 to 1
/// classes 0: 2, 1: 2
/// - features not finite: 1 NaN, 0 infinite; the first in row 1, column 0
///   help: leave these rows out, or fill them: one NaN makes every parameter NaN
/// - constant columns: 1 (1 in all)
///   help: they carry no information; leave them out, or keep them: scalers here make them 0
/// - rows with the features of an earlier one and another target: 1; row 3 contradicts row 0
///   help: labels may be wrong; no model can be right about all of them");
/// # Ok::<(), wengert_data::Error>(())
/// ```
pub fn check<T: Float, Y: Element>(data: &TensorDataset<T, Y>) -> Report {
    let (x, y) = (data.features().contiguous(), data.targets().contiguous());
    let mut report = Report {
        samples: data.len(),
        features: x.shape()[1..].to_vec(),
        range: None,
        class_counts: None,
        findings: Vec::new(),
    };
    if data.is_empty() {
        report.findings.push(Finding::Empty);
        return report;
    }
    let largest = features(&x, &mut report);
    targets(&y, &mut report);
    if let Some(large) = largest {
        report.findings.push(large);
    }
    doubles(&x, &y, &mut report);
    if Y::NAME == "usize" && y.len() == data.len() {
        classes(&y.cast::<usize>(), &mut report);
    }
    report
}

/// The numbers of NaN and of infinities among some values, and the place of the first of either.
fn not_finite<E: Element>(values: &Tensor<E>) -> Option<(usize, usize, usize)> {
    let (mut nan, mut infinite, mut first) = (0, 0, None);
    for (place, x) in values.iter().map(|x| x.to_f64()).enumerate() {
        if !x.is_finite() {
            nan += usize::from(x.is_nan());
            infinite += usize::from(x.is_infinite());
            first.get_or_insert(place);
        }
    }
    first.map(|first| (nan, infinite, first))
}

/// Looks at columns. Returns what there is to say about the largest value, which is said later.
fn features<T: Float>(x: &Tensor<T>, report: &mut Report) -> Option<Finding> {
    let width = rows::width(x);
    if x.is_empty() {
        return None;
    }
    if let Some((nan, infinite, first)) = not_finite(x) {
        let (row, column) = (first / width, first % width);
        report.findings.push(Finding::FeaturesNotFinite { nan, infinite, row, column });
    }
    let mut columns = vec![Column::EMPTY; width];
    let mut largest = (0.0, 0);
    for (place, x) in x.iter().map(|x| x.to_f64()).enumerate() {
        if x.is_finite() {
            columns[place % width].add(x);
            if x.abs() > f64::abs(largest.0) {
                largest = (x, place);
            }
        }
    }
    let seen = || columns.iter().enumerate().filter(|(_, column)| column.count > 0.0);
    let least = seen().map(|(_, column)| column.least).reduce(f64::min);
    report.range = least.zip(seen().map(|(_, column)| column.greatest).reduce(f64::max));

    let constant: Vec<usize> =
        seen().filter(|(_, c)| c.least == c.greatest).map(|(i, _)| i).collect();
    // One row is constant, and that says nothing.
    if !constant.is_empty() && report.samples > 1 {
        report.findings.push(Finding::Constant { columns: constant });
    }
    let varied = || seen().filter(|(_, c)| c.least < c.greatest).map(|(i, c)| (i, c.deviation()));
    let narrow = varied().min_by(|a, b| a.1.total_cmp(&b.1));
    let wide = varied().max_by(|a, b| a.1.total_cmp(&b.1));
    if let Some((narrow, wide)) = narrow.zip(wide)
        && wide.1 >= 100.0 * narrow.1
    {
        report.findings.push(Finding::Scales { narrow, wide });
    }
    let (value, place) = largest;
    let (row, column) = (place / width, place % width);
    (value.abs() > 100.0).then_some(Finding::Large { row, column, value })
}

fn targets<Y: Element>(y: &Tensor<Y>, report: &mut Report) {
    if let Some((nan, infinite, first)) = not_finite(y) {
        let row = first / rows::width(y).max(1);
        report.findings.push(Finding::TargetsNotFinite { nan, infinite, row });
    }
}

/// Rows found by what they hold.
struct Index<'a, T> {
    elements: &'a [T],
    width: usize,
    /// The first row of each content, by the content's hash.
    rows: HashMap<u64, Vec<usize>>,
}

impl<'a, T: Element> Index<'a, T> {
    fn new(elements: &'a [T], width: usize) -> Self {
        Self { elements, width, rows: HashMap::new() }
    }

    fn row(&self, row: usize) -> &'a [T] {
        &self.elements[row * self.width..][..self.width]
    }

    fn hash(row: &[T]) -> u64 {
        // FNV-1a over the values, with one zero.
        row.iter().fold(0xcbf2_9ce4_8422_2325, |hash, x| {
            (hash ^ (x.to_f64() + 0.0).to_bits()).wrapping_mul(0x100_0000_01b3).rotate_left(23)
        })
    }

    /// The first row that holds the same. A row with a NaN is like no other.
    fn find(&self, row: &[T]) -> Option<usize> {
        let found = self.rows.get(&Self::hash(row))?;
        found.iter().copied().find(|&other| self.row(other) == row)
    }

    fn insert(&mut self, row: usize) {
        self.rows.entry(Self::hash(self.row(row))).or_default().push(row);
    }
}

fn doubles<T: Float, Y: Element>(x: &Tensor<T>, y: &Tensor<Y>, report: &mut Report) {
    let (wide, tall) = (rows::width(x), rows::width(y));
    let (Some(x), Some(y)) = (x.as_slice(), y.as_slice()) else { return };
    if x.is_empty() {
        return;
    }
    let target = |row: usize| &y[row * tall..][..tall];
    let mut index = Index::new(x, wide);
    let (mut same, mut other) = ((0, None), (0, None));
    for row in 0..report.samples {
        match index.find(index.row(row)) {
            None => index.insert(row),
            Some(first) => {
                let which = if target(first) == target(row) { &mut same } else { &mut other };
                which.0 += 1;
                which.1.get_or_insert((first, row));
            }
        }
    }
    if let (rows, Some(first)) = same {
        report.findings.push(Finding::Duplicates { rows, first });
    }
    if let (rows, Some(first)) = other {
        report.findings.push(Finding::Conflicts { rows, first });
    }
}

fn classes(labels: &Tensor<usize>, report: &mut Report) {
    let mut counts = BTreeMap::new();
    for label in labels.iter() {
        *counts.entry(label).or_insert(0) += 1;
    }
    let largest = counts.keys().next_back().copied().unwrap_or(0);
    if largest >= counts.len() {
        let first = (0..largest).find(|class| !counts.contains_key(class)).unwrap_or(0);
        let absent = largest - (counts.len() - 1);
        report.findings.push(Finding::AbsentClasses { classes: absent, first });
    }
    let least = counts.iter().min_by_key(|(_, count)| **count);
    let most = counts.iter().max_by_key(|(_, count)| **count);
    if let Some((rarest, commonest)) = least.zip(most)
        && *commonest.1 >= 10 * rarest.1
    {
        let (rarest, commonest) = ((*rarest.0, *rarest.1), (*commonest.0, *commonest.1));
        report.findings.push(Finding::Imbalance { rarest, commonest });
    }
    // Runs of one class: as many as there are classes only if they lie class by class.
    let changes = labels.iter().zip(labels.iter().skip(1)).filter(|(a, b)| a != b).count();
    if counts.len() > 1 && changes == counts.len() - 1 && labels.len() > 2 * counts.len() {
        report.findings.push(Finding::Sorted);
    }
    report.class_counts = Some(counts);
}

/// [`check`] of the test, which also looks for samples that training has too, and for classes that training lacks.
///
/// # Errors
/// [`Error::Shape`] if their rows have different shapes.
#[track_caller]
pub fn check_split<T: Float, Y: Element>(
    train: &TensorDataset<T, Y>,
    test: &TensorDataset<T, Y>,
) -> Result<Report> {
    let (a, b) = (train.features(), test.features());
    if a.shape()[1..] != b.shape()[1..] {
        let rule = format!("training {:?} and test {:?}", a.shape(), b.shape());
        return Err(Error::shape("check_split", rule + ": a row must have one shape"));
    }
    let mut report = check(test);
    let (a, b) = (a.contiguous(), b.contiguous());
    let wide = rows::width(&a);
    if let (Some(a), Some(b)) = (a.as_slice(), b.as_slice())
        && !a.is_empty()
    {
        let mut index = Index::new(a, wide);
        (0..train.len()).for_each(|row| index.insert(row));
        let leaks: Vec<(usize, usize)> = b
            .chunks_exact(wide)
            .enumerate()
            .filter_map(|(row, content)| Some((index.find(content)?, row)))
            .collect();
        if let Some(&first) = leaks.first() {
            report.findings.push(Finding::Leak { rows: leaks.len(), first });
        }
    }
    if Y::NAME == "usize" {
        let set = |y: &Tensor<Y>| y.cast::<usize>().iter().collect::<BTreeSet<_>>();
        let (known, asked) = (set(train.targets()), set(test.targets()));
        let mut unseen = asked.difference(&known);
        if let Some(&first) = unseen.next() {
            report.findings.push(Finding::UnseenClasses { classes: 1 + unseen.count(), first });
        }
    }
    Ok(report)
}
