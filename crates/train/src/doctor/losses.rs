//! The history of a loss: its first values, its running means, and a curve of bounded length.

/// The number of points of a curve.
const POINTS: usize = 256;

/// A curve of at most 256 points. When it is full, every other point is dropped, and from then on it takes half as many.
#[derive(Clone, Debug)]
pub(crate) struct Curve {
    pub(crate) points: Vec<(usize, f64)>,
    every: usize,
    seen: usize,
}

impl Curve {
    pub(crate) fn new() -> Self {
        Self { points: Vec::with_capacity(POINTS), every: 1, seen: 0 }
    }

    #[inline]
    pub(crate) fn push(&mut self, step: usize, x: f64) {
        let wanted = self.seen.is_multiple_of(self.every);
        self.seen += 1;
        if !wanted {
            return;
        }
        if self.points.len() == POINTS {
            let mut k = 0;
            self.points.retain(|_| {
                k += 1;
                k % 2 == 1
            });
            self.every *= 2;
        }
        self.points.push((step, x));
    }
}

impl Curve {
    /// True if the mean of the last quarter is below that of the quarter before, by more than this fraction.
    pub(crate) fn still_falls(&self, fraction: f64) -> bool {
        let quarter = self.points.len() / 4;
        let mean =
            |points: &[(usize, f64)]| points.iter().map(|p| p.1).sum::<f64>() / quarter as f64;
        let (rest, last) = self.points.split_at(self.points.len() - quarter);
        let before = mean(&rest[rest.len() - quarter..]);
        quarter > 3 && before - mean(last) > fraction * before.abs()
    }
}

/// The losses of a run.
#[derive(Clone, Debug)]
pub(crate) struct Losses {
    pub(crate) curve: Curve,
    pub(crate) count: usize,
    /// The first.
    pub(crate) first: f64,
    /// The last.
    pub(crate) last: f64,
    /// The last finite one.
    pub(crate) last_finite: f64,
    /// Means over about 4 and about 50 steps.
    pub(crate) fast: f64,
    pub(crate) slow: f64,
    /// The mean of the first 8.
    pub(crate) early: f64,
    /// The lowest fast mean.
    pub(crate) best: f64,
    /// The highest loss of the first 20 steps.
    pub(crate) early_peak: f64,
    /// Steps in a row on which the fast mean rose.
    pub(crate) rising: usize,
}

impl Losses {
    pub(crate) fn new() -> Self {
        Self {
            curve: Curve::new(),
            count: 0,
            first: f64::NAN,
            last: f64::NAN,
            last_finite: f64::NAN,
            fast: 0.0,
            slow: 0.0,
            early: 0.0,
            best: f64::INFINITY,
            early_peak: f64::NEG_INFINITY,
            rising: 0,
        }
    }

    #[inline]
    pub(crate) fn push(&mut self, loss: f64) {
        self.last = loss;
        self.curve.push(self.count, loss);
        self.count += 1;
        if !loss.is_finite() {
            return;
        }
        self.last_finite = loss;
        if self.count == 1 {
            (self.first, self.fast, self.slow) = (loss, loss, loss);
        }
        let before = self.fast;
        self.fast += 0.25 * (loss - self.fast);
        self.slow += (1.0 / self.count.min(50) as f64) * (loss - self.slow);
        self.rising = if self.fast > before { self.rising + 1 } else { 0 };
        self.best = self.best.min(self.fast);
        if self.count <= 8 {
            self.early += (loss - self.early) / self.count as f64;
        }
        if self.count <= 20 {
            self.early_peak = self.early_peak.max(loss);
        }
    }

    /// The size by which a rise is measured: the first loss, or how far the loss has come since.
    fn scale(&self) -> f64 {
        self.first.abs().max(self.first - self.best).max(f64::MIN_POSITIVE)
    }

    /// The distance of the loss above its best, in units of its start.
    #[inline]
    pub(crate) fn risen(&self) -> f64 {
        (self.fast - self.best) / self.scale()
    }

    /// Whether it ends at less than half of where it began, by means over steps.
    pub(crate) fn has_fallen(&self) -> bool {
        self.count > 64 && self.slow < 0.45 * self.early
    }

    /// True if it is at rest: the fall over its last quarter is less than a twentieth of the whole.
    pub(crate) fn rests(&self) -> bool {
        let points = &self.curve.points;
        let mean =
            |part: &[(usize, f64)]| part.iter().map(|p| p.1).sum::<f64>() / part.len() as f64;
        let quarter = points.len() / 4;
        let (rest, last) = points.split_at(points.len() - quarter);
        quarter > 3 && {
            let before = mean(&rest[rest.len() - quarter..]);
            before - mean(last) < 0.05 * (self.early - self.best).abs().max(0.02 * before.abs())
        }
    }

    /// Whether it has risen so far that it does not wait for the next look.
    #[inline]
    pub(crate) fn alarms(&self) -> bool {
        self.fast - self.best > 3.0 * self.scale() && self.count > 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_keeps_its_ends_and_its_length() {
        let mut curve = Curve::new();
        (0..10_000).for_each(|step| curve.push(step, step as f64));
        assert!(curve.points.len() <= POINTS && curve.points.len() > POINTS / 3);
        assert_eq!(curve.points[0], (0, 0.0));
        assert!(curve.points.last().unwrap().0 > 9_900);
        assert_eq!(curve.points.capacity(), POINTS);
    }

    #[test]
    fn a_curve_that_falls_on_and_one_that_is_flat() {
        let of = |loss: fn(usize) -> f64| {
            let mut curve = Curve::new();
            (0..200).for_each(|step| curve.push(step, loss(step)));
            curve
        };
        assert!(of(|step| 10.0 - 0.01 * step as f64).still_falls(0.02));
        assert!(!of(|step| 1.0 + 1.0 / (1 + step) as f64).still_falls(0.02));
        assert!(!Curve::new().still_falls(0.02));
    }

    #[test]
    fn a_rise_is_measured_by_the_start() {
        let mut losses = Losses::new();
        [2.0, 1.0, 0.5, 0.5].iter().for_each(|&x| losses.push(x));
        assert!(!losses.alarms() && losses.risen() < 0.1);
        (0..8).for_each(|_| losses.push(20.0));
        assert!(losses.alarms() && losses.risen() > 5.0);
        assert_eq!(losses.early_peak, 20.0);
    }
}
