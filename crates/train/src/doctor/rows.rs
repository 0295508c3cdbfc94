//! `Rows`: some rows of inputs and targets, and the faults of data that they show.

mod columns;
mod neighbours;

use wengert_autograd::{Line, TapeLine, ops};
use wengert_tensor::{Float, Rng, Tensor};

use super::goal::{Goal, Kind};
use super::reading::Reading;

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
    /// Rows of columns, without further axes.
    table: bool,
    /// The number of targets of a row, and the one that is kept.
    targets: usize,
    target: usize,
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

    /// Rows with targets further from the median than twenty times the range of the middle half: how many, the furthest target and its
    /// distance in that unit. `None` if there are none, or so many that they are no exception.
    pub(crate) fn far_targets(&self) -> Option<(usize, f64, f64)> {
        let n = self.len();
        if self.classes > 0 || n < 48 {
            return None;
        }
        let mut sorted = self.y.clone();
        sorted.sort_by(f64::total_cmp);
        let (median, range) = (sorted[n / 2], sorted[3 * n / 4] - sorted[n / 4]);
        let distance = |y: f64| (y - median).abs() / range;
        let far = sorted.iter().filter(|y| distance(**y) > 20.0).count();
        let ends = [sorted[0], sorted[n - 1]];
        let most = if distance(ends[0]) > distance(ends[1]) { ends[0] } else { ends[1] };
        (range > 0.0 && far > 0 && 20 * far <= n).then(|| (far, most, distance(most)))
    }

    /// Adds the rows of a step. Where no target is known, those of the inputs alone.
    pub(crate) fn add<T: Float>(&mut self, r: &Reading<'_, '_, T>, goal: Option<&Goal>) {
        if self.full {
            return;
        }
        let Some((leaf, axis)) = input(r, goal) else {
            self.full = true;
            return;
        };
        let shape = leaf.shape();
        let n = shape[axis];
        let width = shape.iter().product::<usize>() / n.max(1);
        let targets = goal.and_then(|goal| targets(r, goal));
        if self.y.is_empty() {
            self.width = width;
            self.stride = width.div_ceil(COLUMNS).max(1);
            self.at = Some(leaf.at());
            self.tokens = leaf.data().is_some();
            self.table = shape.len() == 2;
            self.classes = goal.filter(|g| g.kind == Kind::Classes).map_or(0, |g| g.classes.len());
            self.targets = targets.as_ref().map_or(0, |all| all.len() / n.max(1));
            self.target = targets.as_ref().map_or(0, |all| widest(all, n));
        }
        if width != self.width || width == 0 {
            self.idle += 1;
            self.full |= self.idle >= 4;
            return;
        }
        let per_row = targets.as_ref().map_or(1, |all| all.len() / n.max(1)).max(1);
        // The samples first.
        let first = |x: &Tensor<T>| Some(x.transpose(0, axis as isize).ok()?.contiguous());
        let floats = leaf.value().and_then(|x| first(&x));
        let indices = leaf.data().and_then(|d| d.get::<usize>());
        let indices = indices.and_then(|x| Some(x.transpose(0, axis as isize).ok()?.contiguous()));
        let mut new = 0;
        for row in 0..n {
            if self.y.len() >= ROWS {
                break;
            }
            let y = match (&targets, goal) {
                (Some(all), _) => all.get(row * per_row + self.target).copied(),
                (None, None) => Some(0.0),
                _ => None,
            };
            let Some(y) = y else { continue };
            if self.classes > 0 && y >= self.classes as f64 {
                continue;
            }
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
}

/// The input, and its axis of samples: the largest leaf of as many rows as the prediction that leads to it and is not the target, of those
/// before anything is computed. Later ones are first states, masks and the places of maxima.
fn input<'a, T: Float>(
    r: &'a Reading<'_, '_, T>,
    goal: Option<&Goal>,
) -> Option<(TapeLine<'a, T>, usize)> {
    let end = goal.map_or(r.loss, |goal| goal.prediction);
    let n = goal.map(|goal| r.line(goal.prediction).shape().first().copied().unwrap_or(0));
    let leads = r.leading_to(end);
    let size = |shape: &[usize]| shape.iter().product::<usize>();
    let varies = |line: &TapeLine<'_, T>| {
        let Some(x) = line.value() else { return line.data().is_some() };
        let mut all = x.iter();
        all.next().is_some_and(|first| all.any(|x| x != first))
    };
    // Time may stand before the samples.
    let axis = |line: &TapeLine<'_, T>| {
        let shape = line.shape();
        match n {
            Some(n) if shape.first() == Some(&n) => Some(0),
            Some(n) if shape.len() == 3 && shape.get(1) == Some(&n) => Some(1),
            None if shape.len() == 2 => Some(0),
            _ => None,
        }
    };
    let leaves = r.lines.iter().take(end).take_while(|l| l.arity() == 0);
    let leaf = leaves
        .filter(|l| axis(l).is_some() && goal.is_none_or(|goal| l.index() != goal.target))
        .filter(|l| {
            let tokens = || l.data().is_some_and(|d| d.get::<usize>().is_some());
            l.op().is::<ops::Constant>() || goal.is_some() && tokens()
        })
        .filter(varies)
        // A line without a gradient does not say its operands, so an input may seem to lead nowhere.
        .max_by_key(|l| {
            let first = axis(l) == Some(0);
            // Tokens are made into other lists before they are looked up, as those of bags.
            let tokens = l.data().is_some() && l.shape().len() > 1;
            (first, leads[l.index()] || tokens, size(&l.shape()), std::cmp::Reverse(l.index()))
        })?;
    let axis = axis(&leaf)?;
    Some((leaf, axis))
}

/// The targets of a step as numbers, row by row.
fn targets<T: Float>(r: &Reading<'_, '_, T>, goal: &Goal) -> Option<Vec<f64>> {
    if goal.kind == Kind::Classes {
        let line = r.line(goal.compares);
        let (labels, _) = line.op().get::<ops::CrossEntropy<T>>()?.0.labels()?;
        return Some(labels.iter().map(|&label| label as f64).collect());
    }
    Some(r.line(goal.target).value()?.iter().map(|y| y.to_f64()).collect())
}

/// The column of targets that differs most from row to row.
fn widest(all: &[f64], rows: usize) -> usize {
    let width = all.len() / rows.max(1);
    let deviation = |k: usize| spread(all.iter().skip(k).step_by(width).copied()).1;
    let by = |a: &usize, b: &usize| deviation(*a).total_cmp(&deviation(*b));
    // The first of equals.
    (0..width).rev().max_by(by).unwrap_or(0)
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
