//! `Goal`: the prediction and the target of a loss, found on its tape, and how much better the prediction is than a constant.

mod find;
mod formula;
mod order;

pub(crate) use find::compares;

use wengert_autograd::{Line, Lines, ops};
use wengert_tensor::Float;

use formula::Formula;
use order::Order;

/// The fraction of the earlier sums that a look keeps, and the number of rows that are remembered if more of them is kept.
const KEEP: f64 = 0.8;
const REMEMBERED: f64 = 96.0;
/// The number of rows of a batch that are looked at.
const ROWS: usize = 256;

/// The kind of a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// One class a row, and logits.
    Classes,
    /// Numbers.
    Numbers,
    /// Yes or no, and logits.
    Logits,
    /// Yes or no, and probabilities.
    Probabilities,
    /// Numbers, and a formula of prediction and target.
    Formula,
}

/// The pair that a loss compares.
#[derive(Clone, Debug)]
pub(crate) struct Goal {
    pub(crate) kind: Kind,
    /// The line that compares them.
    pub(crate) compares: usize,
    /// The line of the prediction.
    pub(crate) prediction: usize,
    /// The line of the target; for classes the comparing line, whose op holds them.
    pub(crate) target: usize,
    pub(crate) at: Line,
    /// Whether classes have weights.
    pub(crate) weighted: bool,
    // Sums over the last looks.
    error: f64,
    count: f64,
    columns: Vec<[f64; 3]>,
    /// The counts of classes, over all looks, and how many of each were right over the last.
    pub(crate) classes: Vec<f64>,
    recent: Vec<f64>,
    pub(crate) right: Vec<f64>,
    /// The mean negative log-likelihood of the first look, or its mean squared error.
    pub(crate) first_error: f64,
    pub(crate) first_skill: f64,
    pub(crate) best_skill: f64,
    pub(crate) looks: usize,
    /// The least and the greatest target.
    pub(crate) range: (f64, f64),
    /// Whether all targets are whole numbers.
    pub(crate) whole: bool,
    /// The least and the greatest sum of a row of targets.
    pub(crate) sums: (f64, f64),
    /// The classes of steps in a row; of yes and no as two of them.
    pub(crate) order: Order,
    formula: Formula,
}

impl Goal {
    fn new(
        kind: Kind,
        compares: usize,
        prediction: usize,
        target: usize,
        at: Line,
        width: usize,
    ) -> Self {
        Self {
            kind,
            compares,
            prediction,
            target,
            at,
            weighted: false,
            error: 0.0,
            count: 0.0,
            columns: vec![[0.0; 3]; width],
            classes: vec![0.0; width],
            recent: vec![0.0; width],
            right: vec![0.0; width],
            first_error: f64::NAN,
            first_skill: f64::NAN,
            best_skill: f64::NEG_INFINITY,
            looks: 0,
            range: (f64::INFINITY, f64::NEG_INFINITY),
            whole: true,
            sums: (f64::INFINITY, f64::NEG_INFINITY),
            order: Order::new(if kind == Kind::Classes { width } else { 2 }),
            formula: Formula::default(),
        }
    }

    /// Reads the prediction and the target of a step.
    pub(crate) fn see<T: Float>(&mut self, lines: &Lines<'_, T>, step: usize) {
        let Some(prediction) = lines.get(self.prediction).and_then(|line| line.value()) else {
            return;
        };
        let Some(p) = prediction.as_slice() else { return };
        // Small batches are remembered longer: of some numbers only is the skill more than noise.
        let batch = (p.len() / self.columns.len().max(1)).max(1);
        let keep = KEEP.max(1.0 - batch as f64 / REMEMBERED);
        self.error *= keep;
        self.count *= keep;
        self.recent.iter_mut().chain(&mut self.right).for_each(|x| *x *= keep);
        self.columns.iter_mut().flatten().for_each(|x| *x *= keep);
        let (error, count) = (self.error, self.count);
        match self.kind {
            Kind::Classes => {
                let Some(line) = lines.get(self.compares) else { return };
                let Some(op) = line.op().get::<ops::CrossEntropy<T>>() else { return };
                if prediction.rank() == 2
                    && let Some((labels, _)) = op.0.labels()
                {
                    self.see_classes(p, labels);
                }
            }
            _ => {
                let Some(target) = lines.get(self.target).and_then(|line| line.value()) else {
                    return;
                };
                if let Some(t) = target.as_slice()
                    && t.len() == p.len()
                {
                    self.see_numbers(p, t);
                    if self.kind == Kind::Formula {
                        match self.see_formula(lines, p, t) {
                            Some(mean) => self.error += mean * (self.count - count),
                            None => (self.error, self.count) = (0.0, 0.0),
                        }
                    }
                }
            }
        }
        self.order.end(step);
        if self.count - count > 0.0 {
            if self.looks == 0 {
                self.first_error = (self.error - error) / (self.count - count);
            }
            self.looks += 1;
            if let Some(skill) = self.skill() {
                if self.first_skill.is_nan() {
                    self.first_skill = skill;
                }
                self.best_skill = self.best_skill.max(skill);
            }
        }
    }

    fn see_classes<T: Float>(&mut self, logits: &[T], labels: &[usize]) {
        let width = self.classes.len();
        let every = labels.len().div_ceil(ROWS).max(1);
        for (row, &label) in logits.chunks_exact(width).zip(labels).step_by(every) {
            if label >= width {
                continue;
            }
            let (mut top, mut most) = (f64::NEG_INFINITY, 0);
            for (k, x) in row.iter().map(|x| x.to_f64()).enumerate() {
                if x > top {
                    (top, most) = (x, k);
                }
            }
            let sum: f64 = row.iter().map(|x| (x.to_f64() - top).exp()).sum();
            self.error += top + sum.ln() - row[label].to_f64();
            self.count += 1.0;
            self.classes[label] += 1.0;
            self.order.add(label);
            self.recent[label] += 1.0;
            self.right[label] += f64::from(u8::from(most == label));
        }
    }

    fn see_numbers<T: Float>(&mut self, p: &[T], t: &[T]) {
        let width = self.columns.len();
        let every = (t.len() / width.max(1)).div_ceil(ROWS).max(1);
        for (p, t) in p.chunks_exact(width).zip(t.chunks_exact(width)).step_by(every) {
            let sum: f64 = t.iter().map(|t| t.to_f64()).sum();
            self.sums = (self.sums.0.min(sum), self.sums.1.max(sum));
            if width == 1 && self.kind != Kind::Numbers && (sum == 0.0 || sum == 1.0) {
                self.order.add(usize::from(sum == 1.0));
            }
            for ((p, t), sums) in p.iter().zip(t).zip(&mut self.columns) {
                let (p, t) = (p.to_f64(), t.to_f64());
                self.error += match self.kind {
                    Kind::Numbers => (p - t) * (p - t),
                    Kind::Formula => 0.0,
                    Kind::Probabilities => {
                        let p = p.clamp(1e-12, 1.0 - 1e-12);
                        -t * p.ln() - (1.0 - t) * (-p).ln_1p()
                    }
                    _ => p.max(0.0) - p * t + (-p.abs()).exp().ln_1p(),
                };
                self.count += 1.0;
                sums[0] += 1.0;
                sums[1] += t;
                sums[2] += t * t;
                self.range = (self.range.0.min(t), self.range.1.max(t));
                self.whole &= t.fract() == 0.0;
            }
        }
    }

    /// The class of the first row.
    pub(crate) fn first_label<T: Float>(&self, lines: &Lines<'_, T>) -> Option<f64> {
        let op = lines.get(self.compares)?.op().get::<ops::CrossEntropy<T>>()?;
        op.0.labels()?.0.first().map(|&label| label as f64)
    }

    /// True if this first loss is the mean error.
    pub(crate) fn is_loss(&self, first: f64) -> bool {
        (first / self.first_error - 1.0).abs() < 0.05
    }

    /// The mean error of the last looks.
    pub(crate) fn error(&self) -> f64 {
        self.error / self.count
    }

    /// The error that the best constant would have had.
    pub(crate) fn constant(&self) -> f64 {
        match self.kind {
            Kind::Classes => entropy(&self.recent),
            Kind::Formula => self.formula.constant(),
            Kind::Numbers => {
                let spread = |[n, sum, squares]: &[f64; 3]| squares - sum * sum / n.max(1e-300);
                self.columns.iter().map(spread).sum::<f64>() / self.count
            }
            _ => {
                let of = |[n, sum, _]: &[f64; 3]| {
                    let p = (sum / n).clamp(1e-9, 1.0 - 1e-9);
                    n * (-p * p.ln() - (1.0 - p) * (1.0 - p).ln())
                };
                self.columns.iter().map(of).sum::<f64>() / self.count
            }
        }
    }

    /// The fraction of the constant's error that is gone: 1 for a perfect prediction, 0 for a constant, below 0 for worse.
    /// `None` while it says nothing: before 24 values, or where the targets do not differ.
    pub(crate) fn skill(&self) -> Option<f64> {
        let constant = self.constant();
        // The entropy of targets that are all the same is that of the rounding.
        let least = if self.kind == Kind::Numbers { 1e-12 } else { 1e-6 };
        let spread = constant - self.floor();
        (self.count >= 24.0 && spread > least && self.error.is_finite())
            .then(|| 1.0 - (self.error() - self.floor()) / spread)
    }

    /// The number of values that the skill rests on.
    pub(crate) fn weight(&self) -> f64 {
        self.count
    }

    /// The mean and the standard deviation of the targets.
    pub(crate) fn spread(&self) -> (f64, f64) {
        let [n, sum, squares] =
            self.columns.iter().fold([0.0; 3], |s, c| [s[0] + c[0], s[1] + c[1], s[2] + c[2]]);
        let mean = sum / n;
        (mean, (squares / n - mean * mean).max(0.0).sqrt())
    }

    /// The fraction of a class that was right over the last looks; `None` if it has hardly been met.
    pub(crate) fn recall(&self, class: usize) -> Option<f64> {
        (self.recent[class] > 0.5).then(|| self.right[class] / self.recent[class])
    }
}

/// The entropy of counts, in nats.
pub(crate) fn entropy(counts: &[f64]) -> f64 {
    let all: f64 = counts.iter().sum();
    let of = |&n: &f64| if n > 0.0 { -(n / all) * (n / all).ln() } else { 0.0 };
    counts.iter().map(of).sum()
}
