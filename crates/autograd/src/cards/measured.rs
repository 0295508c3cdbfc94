//! Domain, kinks and safe range of a pointwise function, measured on the function itself.

use wengert_tensor::pointwise::{BinaryOp, UnaryOp};
use wengert_tensor::{Float, Tensor};

use crate::Tape;
use crate::ops::{Binary, Unary};

/// The results of the measurement, in words.
pub(super) struct Measured {
    pub(super) domain: String,
    pub(super) kinks: String,
    pub(super) safe_range: String,
}

/// The distance at which both sides of a point are looked at.
const NEAR: f64 = 1e-7;

/// Value and slope of a function at points.
fn at<T: Float>(op: UnaryOp, points: &[f64]) -> Vec<(f64, f64)> {
    let tape = Tape::<T>::new();
    let cast: Vec<T> = points.iter().map(|&x| T::from_f64(x)).collect();
    let x = tape.var(Tensor::from(cast));
    let found =
        x.apply(Unary(op)).and_then(|y| Ok((y.value()?, y.sum().gradients()?.wrt(x).value()?)));
    match found {
        Ok((y, dx)) => y.iter().zip(dx.iter()).map(|(y, d)| (y.to_f64(), d.to_f64())).collect(),
        Err(_) => vec![(f64::NAN, f64::NAN); points.len()],
    }
}

/// A number in few signs.
fn short(x: f64) -> String {
    let near = (x * 1e4).round() / 1e4;
    match near {
        x if x.is_infinite() => if x > 0.0 { "∞" } else { "-∞" }.to_string(),
        0.5 => "½".to_string(),
        -0.5 => "-½".to_string(),
        _ if x != 0.0 && !(1e-3..1e5).contains(&x.abs()) => format!("{x:.1e}"),
        near => format!("{}", near + 0.0),
    }
}

/// The measurement of a function of one operand.
pub(super) fn of_unary(op: UnaryOp) -> Measured {
    Measured { domain: domain(op), kinks: kinks(op), safe_range: safe_range(op) }
}

/// The intervals on which the value is a number, and the points between -10 and 10 where it is infinite.
fn domain(op: UnaryOp) -> String {
    let mut grid: Vec<f64> = (-400..=400).map(|i| f64::from(i) / 40.0).collect();
    grid.insert(0, -1e30);
    grid.push(1e30);
    let values = at::<f64>(op, &grid);
    let is_number: Vec<bool> = values.iter().map(|(y, _)| !y.is_nan()).collect();
    let mut parts = Vec::new();
    let mut i = 0;
    while i < grid.len() {
        let Some(first) = (i..grid.len()).find(|&j| is_number[j]) else { break };
        let end = (first..grid.len()).find(|&j| !is_number[j]).unwrap_or(grid.len());
        parts.push(match (first == 0, end == grid.len()) {
            (true, true) => "every x".to_string(),
            (true, false) => format!("x ≤ {}", short(grid[end - 1])),
            (false, true) => format!("x ≥ {}", short(grid[first])),
            _ => format!("{} ≤ x ≤ {}", short(grid[first]), short(grid[end - 1])),
        });
        i = end;
    }
    let poles: Vec<String> = grid[1..grid.len() - 1]
        .iter()
        .zip(&values[1..])
        .filter(|(_, (y, _))| y.is_infinite())
        .map(|(x, _)| short(*x))
        .collect();
    let poles = if poles.is_empty() {
        String::new()
    } else {
        format!(", infinite at x = {}", poles.join(", "))
    };
    if parts.is_empty() { "no x".into() } else { parts.join(" or ") + &poles }
}

/// The points where the slopes of the two sides differ, or the value jumps, or the slope is infinite.
fn kinks(op: UnaryOp) -> String {
    let mut points: Vec<f64> = (-12..=12).map(|i| f64::from(i) / 2.0).collect();
    for (_, p) in op.parameters() {
        points.extend([p, -p]);
    }
    points.sort_by(f64::total_cmp);
    points.dedup();
    let mut found = Vec::new();
    for x in points {
        let [left, here, right] = at::<f64>(op, &[x - NEAR, x, x + NEAR])[..] else { continue };
        let differs = |a: f64, b: f64| (a - b).abs() > 1e-3 * (1.0 + a.abs().min(b.abs()));
        let sides = left.0.is_finite() && right.0.is_finite();
        let point = short(x + 0.0);
        if here.0.is_finite() && here.1.is_infinite() {
            found.push(format!("x = {point}: slope {}", short(here.1)));
        } else if sides && differs(left.0, right.0) && right.0.abs() < 1e3 {
            found.push(format!(
                "x = {point}: the value jumps from {} to {}, slope {}",
                short(left.0),
                short(right.0),
                short(here.1)
            ));
        } else if sides && differs(left.1, right.1) && right.1.abs() < 1e3 {
            let (l, r) = (short(left.1), short(right.1));
            found.push(format!(
                "x = {point}: slope {}, {l} to the left, {r} to the right",
                short(here.1)
            ));
        }
    }
    let more = found.len().saturating_sub(4);
    found.truncate(4);
    match (found.is_empty(), more) {
        (true, _) => "none".to_string(),
        (_, 0) => found.join("; "),
        (_, more) => format!("{}; and {more} more between -6 and 6", found.join("; ")),
    }
}

/// The largest interval around ½ in which value and slope are finite in `f32`.
fn safe_range(op: UnaryOp) -> String {
    let is_safe =
        |x: f64| at::<f32>(op, &[x])[0].0.is_finite() && at::<f32>(op, &[x])[0].1.is_finite();
    let edge = |path: Vec<f64>| {
        let mut last = 0.5;
        for x in path {
            if !is_safe(x) {
                let (mut good, mut bad) = (last, x);
                for _ in 0..40 {
                    let middle = f64::midpoint(good, bad);
                    if is_safe(middle) { good = middle } else { bad = middle }
                }
                return Some(good);
            }
            last = x;
        }
        None
    };
    let powers = |from: i32, to: i32| (from..=to).map(|k| 2f64.powi(k));
    let up = edge(powers(0, 127).collect());
    let small = (2..=126).map(|k| 2f64.powi(-k)).chain([0.0]);
    let negative = powers(-126, 127).map(|x| -x);
    let down = edge(small.chain(negative).collect());
    let number = |x: f64| {
        if x.abs() < 1e-30 {
            "0".to_string()
        } else if x.abs() < 1e4 {
            format!("{x:.1}")
        } else {
            format!("{x:.1e}")
        }
    };
    match (down, up) {
        (None, None) => "every x of f32".to_string(),
        (None, Some(high)) => format!("x up to {} in f32", number(high)),
        (Some(low), None) => format!("x above {} in f32", number(low)),
        (Some(low), Some(high)) => format!("x from {} to {} in f32", number(low), number(high)),
    }
}

/// Value and slopes of a function at a pair.
fn at_pair<T: Float>(op: BinaryOp, a: f64, b: f64) -> [f64; 3] {
    let tape = Tape::<T>::new();
    let (a, b) = (tape.scalar(T::from_f64(a)), tape.scalar(T::from_f64(b)));
    let found = a.apply_with(Binary(op), b).and_then(|y| {
        let gradients = y.gradients()?;
        let slope = |x| gradients.wrt(x).value().and_then(|g| Ok(g.item()?.to_f64()));
        Ok([y.item()?.to_f64(), slope(a)?, slope(b)?])
    });
    found.unwrap_or([f64::NAN; 3])
}

/// The measurement of a function of two operands.
pub(super) fn of_binary(op: BinaryOp) -> Measured {
    let sign = |name: &str, x: f64| match x {
        0.0 => format!("{name} = 0"),
        x if x > 0.0 => format!("{name} > 0"),
        _ => format!("{name} < 0"),
    };
    let (mut nan, mut infinite) = (Vec::new(), Vec::new());
    for a in [-1.5, 0.0, 0.5] {
        for b in [-1.5, 0.0, 0.5] {
            let y = at_pair::<f64>(op, a, b)[0];
            let place = format!("{}, {}", sign("a", a), sign("b", b));
            if y.is_nan() {
                nan.push(place)
            } else if y.is_infinite() {
                infinite.push(place)
            }
        }
    }
    let mut domain = Vec::new();
    if !nan.is_empty() {
        domain.push(format!("NaN at {}", nan.join(" or ")));
    }
    if !infinite.is_empty() {
        domain.push(format!("infinite at {}", infinite.join(" or ")));
    }
    let domain = if domain.is_empty() { "every a and b".into() } else { domain.join("; ") };
    Measured { domain, kinks: pair_kinks(op), safe_range: pair_range(op) }
}

/// The slopes at ties and at 0, where they differ from those beside it.
fn pair_kinks(op: BinaryOp) -> String {
    let mut found = Vec::new();
    for (place, a, b) in
        [("a = b", 0.75, 0.75), ("a = 0", 0.0, 0.75), ("b = 0", 0.75, 0.0), ("a = b = 0", 0.0, 0.0)]
    {
        let here = at_pair::<f64>(op, a, b);
        let sides = [(NEAR, 0.0), (-NEAR, 0.0), (0.0, NEAR), (0.0, -NEAR)];
        let differs = sides.iter().any(|(da, db)| {
            let beside = at_pair::<f64>(op, a + da, b + db);
            let far = |k: usize| beside[k].is_finite() && (beside[k] - here[k]).abs() > 1e-3;
            here[0].is_finite()
                && (far(1) || far(2) || !here[1].is_finite() || !here[2].is_finite())
        });
        if differs {
            found.push(format!(
                "at {place} the slopes are {} and {}",
                short(here[1]),
                short(here[2])
            ));
        }
    }
    if found.is_empty() { "none".into() } else { found.join("; ") }
}

/// The largest size of both operands up to which value and slopes are finite in `f32`.
fn pair_range(op: BinaryOp) -> String {
    let is_safe = |s: f64| {
        [(s, s), (s, 0.5), (0.5, s), (0.6 * s, s)].iter().all(|&(a, b)| {
            let domain = at_pair::<f64>(op, a, b).iter().all(|x| x.is_finite());
            !domain || at_pair::<f32>(op, a, b).iter().all(|x| x.is_finite())
        })
    };
    match (0..=126).map(|k| 2f64.powi(k)).find(|&s| !is_safe(s)) {
        None => "every a and b of f32".to_string(),
        Some(s) => format!("positive a and b up to about {} in f32", short(s / 2.0)),
    }
}
