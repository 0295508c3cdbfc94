//! The distribution of numbers, in buckets of one width.

use super::event::Buckets;

/// So many buckets from the least number to the largest.
const COUNT: usize = 64;

impl Buckets {
    /// The distribution of numbers, which are finite. `None` if there are none.
    pub(crate) fn of(values: &[f64]) -> Option<Self> {
        let min = values.iter().copied().reduce(f64::min)?;
        let max = values.iter().copied().reduce(f64::max)?;
        let buckets = if min == max {
            vec![(max, values.len() as f64)]
        } else {
            let mut counts = [0.0; COUNT];
            for x in values {
                // By halves, as the whole range may be no number.
                let part = (x / 2.0 - min / 2.0) / (max / 2.0 - min / 2.0) * COUNT as f64;
                counts[(part as usize).min(COUNT - 1)] += 1.0;
            }
            let end = |k: usize| {
                let part = (k + 1) as f64 / COUNT as f64;
                if k + 1 == COUNT { max } else { min * (1.0 - part) + max * part }
            };
            // Buckets have right ends only, so the first, which is empty, gives the left end of the next.
            let full = counts.into_iter().enumerate().map(|(k, count)| (end(k), count));
            std::iter::once((min, 0.0)).chain(full).collect()
        };
        let num = values.len() as f64;
        let (sum, sum_squares) = (values.iter().sum(), values.iter().map(|x| x * x).sum());
        Some(Self { min, max, num, sum, sum_squares, buckets })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_number_is_in_one_bucket() {
        let buckets = Buckets::of(&[0.0, 1.0, 1.0, 64.0]).unwrap();
        assert_eq!((buckets.min, buckets.max, buckets.num), (0.0, 64.0, 4.0));
        assert_eq!((buckets.sum, buckets.sum_squares), (66.0, 4098.0));
        assert_eq!(buckets.buckets[..4], [(0.0, 0.0), (1.0, 1.0), (2.0, 2.0), (3.0, 0.0)]);
        assert_eq!(buckets.buckets[64], (64.0, 1.0));
        assert_eq!(buckets.buckets.len(), 65);
    }

    #[test]
    fn extremes() {
        assert!(Buckets::of(&[]).is_none());
        assert_eq!(Buckets::of(&[2.5; 3]).unwrap().buckets, [(2.5, 3.0)]);
        let wide = Buckets::of(&[f64::MIN, 0.0, f64::MAX]).unwrap();
        assert_eq!(wide.buckets.iter().map(|bucket| bucket.1).sum::<f64>(), 3.0);
        assert!(wide.buckets.iter().all(|bucket| bucket.0.is_finite()));
        assert!(wide.buckets.is_sorted_by(|a, b| a.0 < b.0));
    }
}
