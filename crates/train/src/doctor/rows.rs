//! `Rows`: some rows of inputs and targets, and the faults of data that they show.

mod neighbours;

use wengert_autograd::{Line, ops};
use wengert_tensor::{Float, Rng};

use super::goal::{Goal, Kind};
use super::reading::Reading;
use super::{Fault, Finding};

/// The number of rows that are kept, and of columns.
const ROWS: usize = 512;
const COLUMNS: usize = 1024;

/// Some rows of a run's data.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rows {
    /// The number of columns of a row, and every how many of them one is kept.
    width: usize,
    stride: usize,
    /// Inputs that are indices, of which equal or not is all that counts.
    tokens: bool,
    x: Vec<f64>,
    y: Vec<f64>,
    classes: usize,
    /// The line of the program that put the inputs on the tape.
    at: Option<Line>,
    full: bool,
    /// The rows that are kept, by a hash, and how many looks in a row brought no new one.
    met: std::collections::HashSet<u64>,
    idle: usize,
}

impl Rows {
    pub(crate) fn is_full(&self) -> bool {
        self.full
    }

    pub(crate) fn len(&self) -> usize {
        self.y.len()
    }

    /// The number of rows whose neighbours are looked for, so that it takes some milliseconds.
    fn near_rows(&self) -> usize {
        let affordable = (3e7 / self.kept().max(1) as f64).sqrt() as usize;
        self.len().min(affordable.max(96))
    }

    /// The number of different targets if they are all the whole numbers from 0 on, each met a similar number of times.
    pub(crate) fn classes_as_numbers(&self) -> Option<usize> {
        if self.classes > 0 || self.y.iter().any(|y| y.fract() != 0.0 || !(0.0..64.0).contains(y)) {
            return None;
        }
        let most = self.y.iter().fold(0.0, |most: f64, &y| most.max(y)) as usize;
        let mut counts = vec![0usize; most + 1];
        self.y.iter().for_each(|&y| counts[y as usize] += 1);
        let (least, greatest) = (counts.iter().min()?, counts.iter().max()?);
        (most >= 2 && self.len() >= 5 * counts.len() && 4 * least >= *greatest).then_some(most + 1)
    }

    /// Adds the rows of a step.
    pub(crate) fn add<T: Float>(&mut self, r: &Reading<'_, '_, T>, goal: &Goal) {
        if self.full {
            return;
        }
        let n = r.line(goal.prediction).shape().first().copied().unwrap_or(0);
        // The largest leaf of as many rows that leads to the prediction and is not the target.
        let mut leads = vec![false; r.lines.len()];
        leads[goal.prediction] = true;
        for line in r.lines.iter().take(goal.prediction + 1).rev() {
            if leads[line.index()] {
                line.operands().iter().for_each(|&k| leads[k] = true);
            }
        }
        let size = |shape: &[usize]| shape.iter().product::<usize>();
        let leaf = r
            .lines
            .iter()
            .take(goal.prediction)
            .filter(|l| leads[l.index()] && l.arity() == 0 && l.index() != goal.target)
            .filter(|l| l.shape().first() == Some(&n))
            .filter(|l| {
                l.op().is::<ops::Constant>() || l.data().is_some_and(|d| d.get::<usize>().is_some())
            })
            .max_by_key(|l| (size(&l.shape()), std::cmp::Reverse(l.index())));
        let Some(leaf) = leaf else {
            self.full = true;
            return;
        };
        let width = size(&leaf.shape()) / n.max(1);
        if self.y.is_empty() {
            self.width = width;
            self.stride = width.div_ceil(COLUMNS).max(1);
            self.at = Some(leaf.at());
            self.tokens = leaf.data().is_some();
            self.classes = if goal.kind == Kind::Classes { goal.classes.len() } else { 0 };
        }
        if width != self.width || width == 0 {
            self.idle += 1;
            self.full |= self.idle >= 4;
            return;
        }
        let target = |row: usize| -> Option<f64> {
            if goal.kind == Kind::Classes {
                let labels = r.line(goal.compares);
                let op = labels.op().get::<ops::CrossEntropy<T>>()?;
                let label = *op.0.labels()?.0.get(row)?;
                return (label < self.classes).then_some(label as f64);
            }
            None
        };
        let numbers = match goal.kind {
            Kind::Classes => None,
            _ => r.line(goal.target).value(),
        };
        let per_row = numbers.as_ref().map_or(1, |t| t.len() / n.max(1)).max(1);
        let numbers: Option<Vec<f64>> = numbers.map(|t| t.iter().map(|y| y.to_f64()).collect());
        let floats = leaf.value().map(|x| x.contiguous());
        let indices = leaf.data().and_then(|d| d.get::<usize>()).map(|x| x.contiguous());
        let mut new = 0;
        for row in 0..n {
            if self.y.len() >= ROWS {
                break;
            }
            let y = match &numbers {
                Some(all) => all.get(row * per_row).copied(),
                None => target(row),
            };
            let Some(y) = y else { continue };
            let places = (row * width..(row + 1) * width).step_by(self.stride);
            let start = self.x.len();
            if let Some(all) = floats.as_ref().and_then(|x| x.as_slice()) {
                self.x.extend(places.map(|k| all[k].to_f64()));
            } else if let Some(all) = indices.as_ref().and_then(|x| x.as_slice()) {
                self.x.extend(places.map(|k| all[k] as f64));
            } else {
                continue;
            }
            // A row that comes again, in another epoch, tells nothing new.
            if !self.met.insert(hash(&self.x[start..])) {
                self.x.truncate(start);
                continue;
            }
            self.y.push(y);
            new += 1;
        }
        self.idle = if new == 0 { self.idle + 1 } else { 0 };
        self.full |= self.y.len() >= ROWS || self.idle >= 4;
    }

    /// The number of columns that are kept.
    fn kept(&self) -> usize {
        self.x.len() / self.y.len().max(1)
    }

    fn column(&self, k: usize) -> impl Iterator<Item = f64> + '_ {
        self.x.iter().skip(k).step_by(self.kept().max(1)).copied()
    }

    /// Faults of single columns. Those of indices have none.
    pub(crate) fn columns(&self) -> Vec<Finding> {
        let mut found = Vec::new();
        let n = self.len();
        if self.tokens || n < 8 {
            return found;
        }
        let name = |k: usize| k * self.stride;
        let stats: Vec<(f64, f64)> = (0..self.kept()).map(|k| spread(self.column(k))).collect();
        if let Some(place) = self.x.iter().position(|x| !x.is_finite()) {
            let (row, column) = (place / self.kept(), place % self.kept());
            found.push(
                Finding::certain(Fault::DataNotFinite).line(self.at).row(row).column(name(column)),
            );
            return found;
        }
        if let Some(row) = self.y.iter().position(|y| !y.is_finite()) {
            found.push(Finding::certain(Fault::DataNotFinite).layer("targets").row(row));
            return found;
        }
        let constant: Vec<usize> = (0..stats.len()).filter(|&k| stats[k].1 == 0.0).collect();
        // Pictures have constant borders; a single column of a table is worth a word.
        if let Some(&first) = constant.first()
            && stats.len() <= 32
            && n >= 16
        {
            let finding =
                Finding::possible(Fault::ConstantColumn).line(self.at).column(name(first));
            found.push(finding.noting("constant columns", constant.len() as f64));
        }
        self.leak(&stats, &mut found);
        self.scale(&stats, &mut found);
        found
    }

    /// A column that is the target, but for scale and offset.
    fn leak(&self, stats: &[(f64, f64)], found: &mut Vec<Finding>) {
        let n = self.len() as f64;
        // A line through the only column, or through a column among few points, is what regression is for.
        if stats.len() < 2 || n < 24.0 {
            return;
        }
        let (mean, deviation) = spread(self.y.iter().copied());
        if deviation == 0.0 {
            return;
        }
        let correlation = |k: usize| {
            let (m, d) = stats[k];
            if d == 0.0 {
                return 0.0;
            }
            let sum: f64 = self
                .column(k)
                .zip(&self.y)
                .map(|(x, y)| (x - m) / d * (y - mean) / deviation)
                .sum();
            (sum / n).abs()
        };
        let all: Vec<f64> = (0..stats.len()).map(correlation).collect();
        let best = (0..all.len()).max_by(|&a, &b| all[a].total_cmp(&all[b]));
        let Some(best) = best else { return };
        let second = (0..all.len()).filter(|&k| k != best).map(|k| all[k]).fold(0.0, f64::max);
        let exact = 1.0 - all[best] * all[best] < 1e-6;
        if exact && second < 0.99 || all[best] > 0.999 && second < 0.8 {
            let finding =
                if exact { Finding::certain(Fault::Leak) } else { Finding::likely(Fault::Leak) };
            found.push(
                finding
                    .line(self.at)
                    .column(best * self.stride)
                    .because("correlation with the target", all[best], 0.999)
                    .noting("the next best column's", second),
            );
        }
    }

    fn scale(&self, stats: &[(f64, f64)], found: &mut Vec<Finding>) {
        let varied = |k: &usize| stats[*k].1 > 0.0;
        let widest =
            (0..stats.len()).filter(varied).max_by(|&a, &b| stats[a].1.total_cmp(&stats[b].1));
        let Some(widest) = widest else { return };
        let mut deviations: Vec<f64> = stats.iter().map(|s| s.1).filter(|d| *d > 0.0).collect();
        deviations.sort_by(f64::total_cmp);
        let median = deviations[deviations.len() / 2];
        let width = stats[widest].1;
        let column = widest * self.stride;
        if deviations.len() > 1 && width / median > 1e3 && width > 10.0 {
            found.push(
                Finding::certain(Fault::UnscaledInput).line(self.at).column(column).because(
                    "its deviation over the median column's",
                    width / median,
                    1e3,
                ),
            );
            return;
        }
        let least = deviations[0];
        let mean_square =
            stats.iter().map(|(m, d)| m * m + d * d).sum::<f64>() / stats.len() as f64;
        let size = mean_square.sqrt();
        let off = (0..stats.len())
            .filter(varied)
            .find(|&k| stats[k].0.abs() > 10.0 * stats[k].1 && stats[k].0.abs() > 10.0);
        if size > 20.0 || width / least > 1e3 && width > 10.0 {
            found.push(Finding::likely(Fault::UnscaledInput).line(self.at).column(column).because(
                "root mean square of the inputs",
                size,
                20.0,
            ));
        } else if let Some(k) = off {
            found.push(
                Finding::likely(Fault::UnscaledInput)
                    .line(self.at)
                    .column(k * self.stride)
                    .because("|mean| over deviation", stats[k].0.abs() / stats[k].1, 10.0),
            );
        }
    }
}

/// A hash of numbers, by FNV-1a.
fn hash(row: &[f64]) -> u64 {
    row.iter().fold(0xcbf2_9ce4_8422_2325, |hash, x| {
        (hash ^ x.to_bits()).wrapping_mul(0x100_0000_01b3).rotate_left(23)
    })
}

/// The mean and the standard deviation.
pub(crate) fn spread(x: impl Iterator<Item = f64>) -> (f64, f64) {
    let (mut n, mut mean, mut squares) = (0.0, 0.0, 0.0);
    for x in x {
        n += 1.0;
        let off = x - mean;
        mean += off / n;
        squares += off * (x - mean);
    }
    (mean, if n > 0.0 { (squares / n).max(0.0).sqrt() } else { 0.0 })
}

/// The numbers below n in some order.
pub(crate) fn shuffled(n: usize, rng: &mut Rng) -> Vec<usize> {
    let mut order: Vec<usize> = (0..n).collect();
    rng.shuffle(&mut order);
    order
}
