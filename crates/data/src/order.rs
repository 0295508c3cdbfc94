//! In which order samples go through an epoch: a pure function of the seed and the epoch.

use std::collections::BTreeMap;

use crate::error::Fault;
use crate::rng::{For, Rng};
use crate::{Error, Result};

/// The order of samples in an epoch.
#[derive(Clone, Debug)]
pub(crate) enum Order {
    /// As they lie.
    AsGiven,
    /// Each once, in a random order.
    Shuffled { seed: u64 },
    /// Drawn with replacement; `sums` are the running sums of the weights.
    Weighted { seed: u64, sums: Vec<f64> },
    /// The same number from each class; `members` are the classes' samples.
    Balanced { seed: u64, members: Vec<Vec<usize>> },
}

impl Order {
    /// The same samples in the random order of this seed.
    pub(crate) fn shuffled(self, seed: u64) -> Self {
        match self {
            Self::AsGiven | Self::Shuffled { .. } => Self::Shuffled { seed },
            Self::Weighted { sums, .. } => Self::Weighted { seed, sums },
            Self::Balanced { members, .. } => Self::Balanced { seed, members },
        }
    }

    /// Rejects draws of another kind than those that were asked for before.
    #[track_caller]
    pub(crate) fn is_not_drawn_yet(&self, op: &'static str) -> Result<()> {
        let before = match self {
            Self::Weighted { .. } => "weighted",
            Self::Balanced { .. } => "balanced",
            Self::AsGiven | Self::Shuffled { .. } => return Ok(()),
        };
        if before == op {
            return Ok(());
        }
        let rule =
            format!("`{before}` and `{op}` exclude each other: both say which samples are drawn");
        let help = "leave one of them out; weights that also balance the classes do for both";
        Err(Error::Value(Fault::new(op, rule).help(help)))
    }

    pub(crate) fn balanced(labels: &[usize], seed: u64) -> Self {
        let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (row, &label) in labels.iter().enumerate() {
            members.entry(label).or_default().push(row);
        }
        Self::Balanced { seed, members: members.into_values().collect() }
    }

    /// The samples of an epoch, of `n`; `None` where they go as they lie.
    pub(crate) fn rows(&self, n: usize, epoch: usize) -> Option<Vec<usize>> {
        let epoch = epoch as u64;
        match self {
            Self::AsGiven => None,
            Self::Shuffled { seed } => Some(Rng::new(For::Shuffle, *seed, epoch).order(n)),
            Self::Weighted { seed, sums } => {
                let mut rng = Rng::new(For::Weighted, *seed, epoch);
                let total = sums.last().copied().unwrap_or(0.0);
                let draw = |_| {
                    let at = rng.unit() * total;
                    // The first whose running sum exceeds the draw: so a weight of zero is never drawn.
                    sums.partition_point(|&sum| sum <= at).min(n - 1)
                };
                Some((0..n).map(draw).collect())
            }
            Self::Balanced { seed, members } => {
                let mut rng = Rng::new(For::Balanced, *seed, epoch);
                let classes = members.len().max(1);
                let mut out = Vec::with_capacity(n);
                for (class, members) in members.iter().enumerate() {
                    // The counts differ by at most one, and the class with the extra sample changes from epoch to epoch.
                    let place = (class + epoch as usize % classes) % classes;
                    let share = n / classes + usize::from(place < n % classes);
                    let mut drawn = 0;
                    while drawn < share {
                        // Every member once before any member again.
                        let mut round = members.clone();
                        rng.shuffle(&mut round);
                        round.truncate(share - drawn);
                        drawn += round.len();
                        out.extend(round);
                    }
                }
                rng.shuffle(&mut out);
                Some(out)
            }
        }
    }
}
