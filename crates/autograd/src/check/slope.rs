//! Slopes by differences: the step swept and extrapolated, the error estimated, and kinks told from mistakes.

/// The slope at 0 of a function of one number, by differences.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slope {
    /// The slope from both sides together.
    pub(super) central: f64,
    /// The slope from the left and from the right.
    pub(super) sides: (f64, f64),
    /// How far the central slope may be off.
    pub(super) error: f64,
    /// Whether the two sides differ, however near one goes.
    pub(super) kink: bool,
}

/// How many steps are tried, each so many times smaller than the one before.
const STEPS: usize = 10;
const SHRINK: f64 = 2.0;

/// The slope of `f` at 0. `step` is a distance over which it changes noticeably, `size` the magnitude of its values.
pub(super) fn slope(mut f: impl FnMut(f64) -> Option<f64>, step: f64) -> Option<Slope> {
    let middle = f(0.0)?;
    let mut size = middle.abs();
    // Ridders: central differences at shrinking steps, extrapolated to 0; the entry whose neighbours agree best is taken.
    let mut table = [[0.0f64; STEPS]; STEPS];
    let (mut central, mut error) = (f64::NAN, f64::INFINITY);
    let mut h = step;
    for i in 0..STEPS {
        let (right, left) = (f(h)?, f(-h)?);
        size = size.max(right.abs()).max(left.abs());
        table[0][i] = (right - left) / (2.0 * h);
        let mut factor = SHRINK * SHRINK;
        for j in 1..=i {
            table[j][i] = (table[j - 1][i] * factor - table[j - 1][i - 1]) / (factor - 1.0);
            factor *= SHRINK * SHRINK;
            let off = (table[j][i] - table[j - 1][i])
                .abs()
                .max((table[j][i] - table[j - 1][i - 1]).abs());
            if off < error {
                (central, error) = (table[j][i], off);
            }
        }
        h /= SHRINK;
    }
    // One-sided slopes at two distances: at a kink they differ as much near by as farther off.
    let mut gap = |h: f64| -> Option<(f64, f64)> {
        let (right, left) = (f(h)?, f(-h)?);
        Some(((middle - left) / h, (right - middle) / h))
    };
    let far = gap(step * 1e-3)?;
    let near = gap(step * 1e-5)?;
    let noise = 8.0 * f64::EPSILON * size / (step * 1e-5);
    let (wide, narrow) = ((far.1 - far.0).abs(), (near.1 - near.0).abs());
    let scale = near.0.abs().max(near.1.abs()).max(1e-12);
    let kink = narrow > 0.2 * wide && narrow > 1e-4 * scale + 10.0 * noise;
    let rounding = 4.0 * f64::EPSILON * size / (step / SHRINK.powi(STEPS as i32 / 2));
    Some(Slope {
        central,
        sides: (near.0.min(near.1), near.0.max(near.1)),
        error: error + rounding,
        kink,
    })
}

#[cfg(test)]
mod tests {
    use super::slope;

    #[test]
    fn smooth_functions_have_accurate_slopes_and_no_kink() {
        for (f, want) in [
            (f64::sin as fn(f64) -> f64, 1.0),
            (|x| (3.0 * x).exp(), 3.0),
            (|x| 1.0 / (x + 0.7), -1.0 / 0.49),
            (|x| x * x, 0.0),
            (|_| 5.0, 0.0),
        ] {
            let s = slope(|x| Some(f(x)), 0.1).unwrap();
            assert!((s.central - want).abs() <= s.error.max(1e-9), "{s:?}");
            assert!(s.error < 1e-7 && !s.kink, "{s:?}");
        }
    }

    #[test]
    fn kinks_are_seen_with_both_slopes() {
        let s = slope(|x| Some(x.abs() + 0.3 * x), 0.1).unwrap();
        assert!(s.kink);
        assert!((s.sides.0 + 0.7).abs() < 1e-6 && (s.sides.1 - 1.3).abs() < 1e-6);
    }
}
