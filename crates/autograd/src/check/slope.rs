//! Slopes by differences: the step is searched for, the result extrapolated, its error and the function's own rounding
//! are estimated, and a kink is told from a mistake.

use std::fmt;

/// A value of a function, and the magnitude of its summands: rounding follows the magnitude.
#[derive(Clone, Copy, Debug)]
pub(super) struct Value {
    pub(super) value: f64,
    pub(super) magnitude: f64,
}

/// The slope at 0 of a function of one number, by differences.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slope {
    /// The slope from both sides together.
    pub(super) central: f64,
    /// The largest error of the slope.
    pub(super) error: f64,
    /// The smaller and the larger one-sided slope, where these differ.
    pub(super) kink: Option<(f64, f64)>,
    /// The rounding of the function's values.
    pub(super) noise: f64,
    /// The magnitude of the function's values.
    pub(super) magnitude: f64,
}

impl Slope {
    /// Whether it is exact enough to be compared: to a thousandth, or to a billionth of the function's values.
    pub(super) fn is_settled(&self) -> bool {
        self.error <= 1e-3 * self.central.abs().max(1e-6 * self.magnitude)
    }
}

/// The reason why differences give no slope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoSlope {
    /// The value itself is not finite.
    Value,
    /// No step to this side has a finite value.
    Side(&'static str),
    /// The value jumps.
    Jump,
    /// The one-sided slopes grow without bound.
    Cusp,
    /// No step gives a slope that its neighbours agree with.
    Rough,
}

impl fmt::Display for NoSlope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value => f.write_str("the function's value is not finite there"),
            Self::Side(side) => {
                write!(f, "the function is not finite to the {side} of it, however small the step")
            }
            Self::Jump => f.write_str("the function jumps there"),
            Self::Cusp => f.write_str("the slopes on its two sides grow without bound"),
            Self::Rough => f.write_str("the step search found no step at which differences settle"),
        }
    }
}

/// The step that is tried first, and those tried when it gives nothing.
const STEP: f64 = 0.02;
const OTHER_STEPS: [f64; 2] = [2e-5, 1.0];
/// The number of steps of one extrapolation, each so many times smaller than the one before.
const ROWS: usize = 10;
const SHRINK: f64 = 2.0;
/// The distances of the one-sided slopes, in first steps.
const FAR: f64 = 1e-3;
const NEAR: f64 = 1e-5;

/// The slope of `f` at 0. `length` is the magnitude of the numbers to which `f` adds its argument.
pub(super) fn slope(
    mut f: impl FnMut(f64) -> Option<Value>,
    length: f64,
) -> Result<Slope, NoSlope> {
    let mut finite = |h: f64| f(h).filter(|v| v.value.is_finite() && v.magnitude.is_finite());
    let middle = finite(0.0).ok_or(NoSlope::Value)?;
    let (step, around) = finite_step(&mut finite)?;
    let magnitude = middle.magnitude.max(around);
    let mut f = |h: f64| finite(h).ok_or(NoSlope::Rough);
    let noise = noise(&mut f, step)?.max(f64::EPSILON * middle.magnitude);
    let sides = one_sided(&mut f, middle.value, step, noise)?;
    if let Sides::Kink(low, high) = sides {
        let error = 4.0 * noise / (step * NEAR);
        return Ok(Slope {
            central: 0.5 * (low + high),
            error,
            kink: Some((low, high)),
            noise,
            magnitude,
        });
    }
    let mut best: Option<(f64, f64)> = None;
    for step in [step].into_iter().chain(OTHER_STEPS).chain([STEP * length]) {
        let Ok((central, error, h)) = extrapolated(&mut f, step, noise) else { continue };
        let error = error + 2.0 * (noise + central.abs() * f64::EPSILON * length) / h;
        if sides.agree_with(central) && best.is_none_or(|b| error < b.1) {
            best = Some((central, error));
        }
        if best.is_some_and(|(central, error)| error <= 1e-7 * central.abs().max(1e-6 * magnitude))
        {
            break;
        }
    }
    let (central, error) = best.ok_or(NoSlope::Rough)?;
    Ok(Slope { central, error, kink: None, noise, magnitude })
}

/// The first step, made smaller until the function is finite on both sides of 0, and the magnitude of its values there.
fn finite_step(f: &mut impl FnMut(f64) -> Option<Value>) -> Result<(f64, f64), NoSlope> {
    let mut step = STEP;
    for _ in 0..16 {
        if let (Some(right), Some(left)) = (f(step), f(-step)) {
            return Ok((step, right.magnitude.max(left.magnitude)));
        }
        step /= 4.0;
    }
    Err(NoSlope::Side(if f(step).is_some() { "left" } else { "right" }))
}

/// The rounding of values near 0: fourth differences of close neighbours, in which nothing smooth is left.
fn noise(f: &mut impl FnMut(f64) -> Result<Value, NoSlope>, step: f64) -> Result<f64, NoSlope> {
    let mut v = [0.0; 8];
    for (k, v) in v.iter_mut().enumerate() {
        *v = f(1e-4 * step * (k + 1) as f64)?.value;
    }
    let fourth = v.windows(5).map(|v| v[0] - 4.0 * v[1] + 6.0 * v[2] - 4.0 * v[3] + v[4]);
    let length = fourth.fold(0.0, f64::hypot);
    // Independent errors of variance 1 have fourth differences of variance 1 + 16 + 36 + 16 + 1.
    Ok(length / (4.0f64 * 70.0).sqrt())
}

/// The one-sided slopes compared.
enum Sides {
    /// They differ, however near one goes.
    Kink(f64, f64),
    /// They become one: it lies within this distance of this slope.
    Smooth { slope: f64, within: f64 },
}

impl Sides {
    /// Extrapolation from far off may have passed a kink near by: then it does not end between the sides.
    fn agree_with(&self, central: f64) -> bool {
        match *self {
            Self::Kink(..) => true,
            Self::Smooth { slope, within } => {
                (central - slope).abs() <= within + 1e-3 * slope.abs().max(central.abs())
            }
        }
    }
}

fn one_sided(
    f: &mut impl FnMut(f64) -> Result<Value, NoSlope>,
    middle: f64,
    step: f64,
    noise: f64,
) -> Result<Sides, NoSlope> {
    let mut at = |h: f64| -> Result<(f64, f64, f64), NoSlope> {
        let (right, left) = (f(h)?.value, f(-h)?.value);
        Ok(((middle - left) / h, (right - middle) / h, (right - left).abs()))
    };
    let (far, near) = (at(step * FAR)?, at(step * NEAR)?);
    let (wide, narrow) = ((far.1 - far.0).abs(), (near.1 - near.0).abs());
    let rounding = 10.0 * noise / (step * NEAR);
    if near.2 > 0.3 * far.2 && near.2 > 100.0 * noise {
        return Err(NoSlope::Jump);
    }
    if narrow > 0.2 * wide && narrow > 1e-4 * near.0.abs().max(near.1.abs()) + rounding {
        if narrow > 3.0 * wide {
            return Err(NoSlope::Cusp);
        }
        // Each side to distance 0, linearly.
        let to_zero = |near: f64, far: f64| near + (near - far) * NEAR / (FAR - NEAR);
        let (left, right) = (to_zero(near.0, far.0), to_zero(near.1, far.1));
        return Ok(Sides::Kink(left.min(right), left.max(right)));
    }
    Ok(Sides::Smooth { slope: 0.5 * (near.0 + near.1), within: narrow + 2.0 * rounding })
}

/// Central differences at shrinking steps, extrapolated to 0 (Ridders): the entry whose neighbours agree best, how far
/// these are off, and its step.
fn extrapolated(
    f: &mut impl FnMut(f64) -> Result<Value, NoSlope>,
    step: f64,
    noise: f64,
) -> Result<(f64, f64, f64), NoSlope> {
    let mut table = [[0.0f64; ROWS]; ROWS];
    let mut best = (f64::NAN, f64::INFINITY, step);
    let mut h = step;
    for i in 0..ROWS {
        table[0][i] = (f(h)?.value - f(-h)?.value) / (2.0 * h);
        let mut factor = SHRINK * SHRINK;
        for j in 1..=i {
            table[j][i] = (table[j - 1][i] * factor - table[j - 1][i - 1]) / (factor - 1.0);
            factor *= SHRINK * SHRINK;
            let off = (table[j][i] - table[j - 1][i])
                .abs()
                .max((table[j][i] - table[j - 1][i - 1]).abs());
            if off < best.1 {
                best = (table[j][i], off, h);
            }
        }
        if i >= 3 && best.1 <= (1e-11 * best.0.abs()).max(noise / h) {
            break;
        }
        h /= SHRINK;
    }
    Ok(best)
}

#[cfg(test)]
mod tests {
    use super::{NoSlope, Slope, Value, slope};

    fn of(f: impl Fn(f64) -> f64) -> Result<Slope, NoSlope> {
        slope(|h| Some(Value { value: f(h), magnitude: f(h).abs() }), 1.0)
    }

    #[test]
    fn smooth_functions_have_accurate_slopes_and_no_kink() {
        for (f, want) in [
            (f64::sin as fn(f64) -> f64, 1.0),
            (|x| (3.0 * x).exp(), 3.0),
            (|x| 1.0 / (x + 0.7), -1.0 / 0.49),
            (|x| x * x, 0.0),
            (|_| 5.0, 0.0),
            (|x| (x + 1e-3).ln(), 1e3),
            (|x| (1e4 * x).sin(), 1e4),
            (|x| (x + 1e-6).max(0.0), 1.0),
        ] {
            let s = of(f).unwrap();
            assert!((s.central - want).abs() <= 10.0 * s.error.max(1e-10 * want.abs()), "{s:?}");
            assert!(s.is_settled() && s.kink.is_none(), "{s:?}");
        }
    }

    #[test]
    fn the_error_follows_the_scale_of_the_function() {
        for scale in [1e-200, 1e-12, 1.0, 1e12, 1e200] {
            let s = of(|x| scale * (1.0 + x).powi(2)).unwrap();
            assert!((s.central - 2.0 * scale).abs() <= 1e-9 * scale, "{scale}: {s:?}");
            assert!(s.error <= 1e-9 * scale && s.is_settled(), "{scale}: {s:?}");
        }
    }

    #[test]
    fn rounding_inside_of_a_function_is_measured() {
        let s = of(|x| (1e8 + x) - 1e8).unwrap();
        assert!((s.central - 1.0).abs() <= s.error && s.noise > 1e-9, "{s:?}");
        let s = of(|x| (1e16 + x) - 1e16);
        assert!(s.is_ok_and(|s| !s.is_settled() || s.central == 0.0));
    }

    #[test]
    fn kinks_are_seen_with_both_slopes() {
        let s = of(|x| x.abs() + 0.3 * x + 5.0 * x * x).unwrap();
        let (low, high) = s.kink.unwrap();
        assert!((low + 0.7).abs() < 1e-8 && (high - 1.3).abs() < 1e-8, "{s:?}");
    }

    #[test]
    fn no_slope_has_its_reason() {
        for (f, why) in [
            ((|x| (x - 1.0).ln()) as fn(f64) -> f64, NoSlope::Value),
            (f64::sqrt, NoSlope::Side("left")),
            (|x| (-x).sqrt(), NoSlope::Side("right")),
            (f64::floor, NoSlope::Jump),
            (f64::signum, NoSlope::Jump),
            (|x| x.abs().sqrt(), NoSlope::Cusp),
        ] {
            assert_eq!(of(f).unwrap_err(), why);
        }
    }
}
