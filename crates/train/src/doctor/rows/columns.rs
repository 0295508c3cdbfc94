//! Faults of single columns: not finite, constant, the target itself, of another scale.

use super::{Rows, spread};
use crate::doctor::{Fault, Finding};

impl Rows {
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
            // A column of ones is a bias, and one of zeros a case that was not met yet.
            let odd = constant.iter().copied().find(|&k| ![0.0, 1.0].contains(&stats[k].0));
            let finding = match odd {
                Some(_) => Finding::likely(Fault::ConstantColumn),
                None => Finding::possible(Fault::ConstantColumn),
            };
            let column = odd.unwrap_or(first);
            found.push(
                finding
                    .line(self.at)
                    .column(name(column))
                    .noting("its value", stats[column].0)
                    .noting("constant columns", constant.len() as f64),
            );
        }
        self.duplicates(&stats, &mut found);
        self.leak(&stats, &mut found);
        self.scale(&stats, &mut found);
        found
    }

    /// Columns of a table that are equal. Of few rows, or of few different numbers, some are so by chance.
    fn duplicates(&self, stats: &[(f64, f64)], found: &mut Vec<Finding>) {
        if !self.table || stats.len() > 32 || self.len() < 48 {
            return;
        }
        let equal = |a: usize, b: usize| stats[a] == stats[b] && self.column(a).eq(self.column(b));
        let pairs = (0..stats.len()).flat_map(|b| (0..b).map(move |a| (a, b)));
        let mut pairs = pairs.filter(|&(a, b)| stats[a].1 > 0.0 && equal(a, b));
        if let Some((first, second)) = pairs.next() {
            let finding = Finding::certain(Fault::DuplicateColumn).line(self.at);
            let finding = finding.column(second * self.stride);
            found.push(
                finding
                    .noting("the column that it repeats", (first * self.stride) as f64)
                    .noting("pairs of equal columns", (pairs.count() + 1) as f64),
            );
        }
    }

    /// A column that is the target, but for scale and offset.
    fn leak(&self, stats: &[(f64, f64)], found: &mut Vec<Finding>) {
        let n = self.len() as f64;
        // A line through the only column, or through a column among few points, is what regression is for.
        // As many targets as columns are the inputs themselves, as in an autoencoder.
        if stats.len() < 2 || n < 24.0 || self.targets == self.width {
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
