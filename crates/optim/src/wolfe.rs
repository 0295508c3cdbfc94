//! The line search of L-BFGS: along a direction, a place that is low enough and flat enough.

use wengert_tensor::{Float, Tensor};

/// A loss and its gradient.
#[derive(Clone)]
pub(crate) struct Point<T: Float> {
    pub(crate) loss: f64,
    pub(crate) gradient: Tensor<T>,
}

/// A place along the direction: how far, what is there, and how steep it is along the direction.
#[derive(Clone)]
struct Place<T: Float> {
    at: f64,
    point: Point<T>,
    slope: f64,
}

/// Low enough: this fraction of the decrease that the slope at the start predicts.
const ENOUGH: f64 = 1e-4;
/// Flat enough: this fraction of the slope at the start.
const FLAT: f64 = 0.9;
const MOST: usize = 25;
const NARROW: f64 = 1e-9;

/// The minimum of the cubic through two values and two slopes, within bounds; the middle of the bounds if it has none.
fn cubic<T: Float>(a: &Place<T>, b: &Place<T>, bounds: Option<[f64; 2]>) -> f64 {
    let (a, b) = if a.at <= b.at { (a, b) } else { (b, a) };
    let [low, high] = bounds.unwrap_or([a.at, b.at]);
    let d1 = a.slope + b.slope - 3.0 * (a.point.loss - b.point.loss) / (a.at - b.at);
    let square = d1 * d1 - a.slope * b.slope;
    if square >= 0.0 {
        let d2 = square.sqrt();
        let share = (b.slope + d2 - d1) / (b.slope - a.slope + 2.0 * d2);
        let lowest = b.at - (b.at - a.at) * share;
        lowest.max(low).min(high)
    } else {
        (low + high) / 2.0
    }
}

/// From `start`, where the direction falls by `slope` and has no number larger than `size`: the place found, how far it
/// is, and how many were tried. As PyTorch's `_strong_wolfe` searches.
pub(crate) fn strong_wolfe<T: Float, E>(
    start: &Point<T>,
    slope: f64,
    length: f64,
    size: f64,
    mut try_at: impl FnMut(f64) -> Result<(Point<T>, f64), E>,
) -> Result<(Point<T>, f64, usize), E> {
    let mut evaluations = 0;
    let mut look = |at: f64| {
        evaluations += 1;
        let (point, slope) = try_at(at)?;
        Ok(Place { at, point, slope })
    };
    let enough = |place: &Place<T>| place.point.loss <= start.loss + ENOUGH * place.at * slope;
    let flat = |place: &Place<T>| place.slope.abs() <= -FLAT * slope;

    // Out, until a good place lies between two.
    let origin = Place { at: 0.0, point: start.clone(), slope };
    let mut before = origin.clone();
    let mut place = look(length)?;
    let mut tries = 0;
    let mut bracket = loop {
        if tries == MOST {
            break [origin, place];
        }
        let higher = tries > 1 && place.point.loss >= before.point.loss;
        if !enough(&place) || higher {
            break [before, place];
        }
        if flat(&place) {
            return Ok((place.point, place.at, evaluations));
        }
        if place.slope >= 0.0 {
            break [before, place];
        }
        let bounds = [place.at + 0.01 * (place.at - before.at), place.at * 10.0];
        let next = cubic(&before, &place, Some(bounds));
        before = std::mem::replace(&mut place, look(next)?);
        tries += 1;
    };

    // In, the lower of the two first.
    let order = |bracket: &[Place<T>; 2]| {
        if bracket[0].point.loss <= bracket[1].point.loss { (0, 1) } else { (1, 0) }
    };
    let (mut low, mut high) = order(&bracket);
    let mut stalled = false;
    while tries < MOST {
        let [left, right] = [bracket[0].at.min(bracket[1].at), bracket[0].at.max(bracket[1].at)];
        if (right - left) * size < NARROW {
            break;
        }
        let mut next = cubic(&bracket[0], &bracket[1], None);
        // Close to a border twice, or at it: move a tenth of the interval inside.
        let tenth = 0.1 * (right - left);
        if (right - next).min(next - left) < tenth {
            if stalled || next >= right || next <= left {
                let near_right = (next - right).abs() < (next - left).abs();
                next = if near_right { right - tenth } else { left + tenth };
                stalled = false;
            } else {
                stalled = true;
            }
        } else {
            stalled = false;
        }
        let place = look(next)?;
        tries += 1;
        if !enough(&place) || place.point.loss >= bracket[low].point.loss {
            bracket[high] = place;
            (low, high) = order(&bracket);
            continue;
        }
        let done = flat(&place);
        if !done && place.slope * (bracket[high].at - bracket[low].at) >= 0.0 {
            bracket[high] = bracket[low].clone();
        }
        bracket[low] = place;
        if done {
            break;
        }
    }
    let Place { at, point, .. } = bracket[low].clone();
    Ok((point, at, evaluations))
}
