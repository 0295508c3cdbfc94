//! Rows next to one another: whether a row's neighbours tell anything of its target, and how many labels they contradict.

use wengert_tensor::Rng;

use super::{Rows, shuffled, spread};

/// The number of neighbours of a row.
const NEAREST: usize = 8;

impl Rows {
    /// Whether the nearest neighbours of a row tell anything about its target: the evidence in standard errors over chance.
    /// `None` where all targets are equal.
    pub(crate) fn association(&self, neighbours: &[Vec<usize>]) -> Option<f64> {
        let n = self.near_rows();
        let (_, deviation) = spread(self.y.iter().copied());
        if deviation == 0.0 {
            return None;
        }
        let by_vote = self.classes > 0 || self.is_binary();
        let score = |y: &dyn Fn(usize) -> f64| -> f64 {
            let one = |(row, near): (usize, &Vec<usize>)| -> f64 {
                let near = &near[..near.len().min(5)];
                if by_vote {
                    near.iter().filter(|&&k| y(k) == y(row)).count() as f64 / near.len() as f64
                } else {
                    let mean = near.iter().map(|&k| y(k)).sum::<f64>() / near.len() as f64;
                    -(mean - y(row)) * (mean - y(row))
                }
            };
            neighbours.iter().enumerate().map(one).sum::<f64>() / n as f64
        };
        let real = score(&|k| self.y[k]);
        // Against the same with the targets in other orders.
        let mut rng = Rng::new(0);
        let controls: Vec<f64> = (0..24)
            .map(|_| {
                let order = shuffled(n, &mut rng);
                score(&|k| self.y[order[k]])
            })
            .collect();
        let (mean, deviation) = spread(controls.iter().copied());
        Some((real - mean) / deviation.max(1e-12))
    }

    /// The fraction of labels that differ from those of their neighbours where the neighbours are of one mind.
    pub(crate) fn noise(&self, neighbours: &[Vec<usize>]) -> Option<f64> {
        // Of tokens, the nearest by equal places are not the most alike.
        if self.len() < 200 || self.classes < 2 || self.tokens {
            return None;
        }
        let mut clear: Vec<(usize, bool)> = Vec::new();
        for (row, near) in neighbours.iter().enumerate() {
            let mut votes = vec![0; self.classes];
            near.iter().for_each(|&k| votes[self.y[k] as usize] += 1);
            let (class, &most) = votes.iter().enumerate().max_by_key(|v| v.1)?;
            clear.push((most, class as f64 == self.y[row]));
        }
        clear.sort_by_key(|c| std::cmp::Reverse(c.0));
        let part = &clear[..clear.len() / 3];
        // Below twice the votes of chance there is nothing to differ from.
        if part.last()?.0 < 3.max(2 * NEAREST / self.classes) {
            return None;
        }
        Some(part.iter().filter(|c| !c.1).count() as f64 / part.len() as f64)
    }

    fn is_binary(&self) -> bool {
        self.y.iter().all(|y| *y == 0.0 || *y == 1.0)
    }

    /// The nearest rows of each row, nearest first, by columns of deviation 1, or by tokens in common. `None` where there are too few
    /// rows.
    pub(crate) fn neighbours(&self) -> Option<Vec<Vec<usize>>> {
        let (n, width) = (self.near_rows(), self.kept());
        let known = self.y.iter().any(|y| *y != self.y[0]);
        if n < 48 || width == 0 || !known {
            return None;
        }
        let mut x = self.x.clone();
        if !self.tokens {
            for k in 0..width {
                let (mean, deviation) = spread(self.column(k));
                let scale = if deviation > 0.0 { 1.0 / deviation } else { 0.0 };
                x.iter_mut().skip(k).step_by(width).for_each(|x| *x = (*x - mean) * scale);
            }
        }
        let row = |k: usize| &x[k * width..][..width];
        // Each pair once: it is as far from one row to another as back.
        let mut distances = vec![0.0; n * n];
        for a in 0..n {
            for b in 0..a {
                let far = distance(row(a), row(b), self.tokens);
                (distances[a * n + b], distances[b * n + a]) = (far, far);
            }
        }
        let near = |a: usize| {
            let mut all: Vec<(f64, usize)> = (0..n)
                .filter(|&b| b != a && row(a) != row(b))
                .map(|b| (distances[a * n + b], b))
                .collect();
            // Fewer others than are asked for, where most rows are copies.
            let count = NEAREST.min(all.len());
            if count < all.len() && count > 0 {
                all.select_nth_unstable_by(count - 1, |a, b| a.0.total_cmp(&b.0));
            }
            all.truncate(count);
            all.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            all.into_iter().map(|(_, b)| b).collect::<Vec<_>>()
        };
        let all: Vec<Vec<usize>> = (0..n).map(near).collect();
        all.iter().all(|near| !near.is_empty()).then_some(all)
    }
}

/// The square of the distance, or what tokens at the same places differ by; a loop that costs little without optimisation too.
fn distance(a: &[f64], b: &[f64], tokens: bool) -> f64 {
    let (mut sum, mut k) = (0.0, 0);
    while k < a.len() {
        if !tokens {
            sum += (a[k] - b[k]) * (a[k] - b[k]);
        } else if a[k] != b[k] {
            // Later tokens tell more of what comes next.
            sum += 1.0 + k as f64;
        }
        k += 1;
    }
    sum
}
