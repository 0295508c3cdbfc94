//! Attention of sequences to themselves against the formula in plain loops, around the ends of vectors and of tiles.

use wengert_tensor::{Rng, Tensor};

const HEADS: usize = 2;
const SCALE: f64 = 0.7;

/// A sequence of `time` places, each with its query, key and value.
fn draw(time: usize, size: usize) -> Tensor<f64> {
    Tensor::randn(
        [if cfg!(miri) { 1 } else { 2 }, time, 3 * HEADS * size],
        &mut Rng::new(time as u64),
    )
}

/// The results by the formula.
fn by_hand(x: &Tensor<f64>, size: usize, causal: bool) -> Tensor<f64> {
    let (time, width) = (x.shape()[1], HEADS * size);
    let all: Vec<f64> = x.iter().collect();
    // Query, key or value (0, 1, 2) of a head.
    let part = |b: usize, t: usize, h: usize, which: usize| {
        &all[((b * time + t) * 3 + which) * width + h * size..][..size]
    };
    let mut results = Vec::new();
    for (b, t) in (0..x.shape()[0]).flat_map(|b| (0..time).map(move |t| (b, t))) {
        for h in 0..HEADS {
            let seen = if causal { t + 1 } else { time };
            let dot = |(q, k): (&[f64], &[f64])| q.iter().zip(k).map(|(q, k)| q * k).sum::<f64>();
            let scores = (0..seen).map(|s| SCALE * dot((part(b, t, h, 0), part(b, s, h, 1))));
            let weights: Vec<f64> = scores.map(f64::exp).collect();
            let sum: f64 = weights.iter().sum();
            let result = |i: usize| (0..seen).map(|s| weights[s] / sum * part(b, s, h, 2)[i]).sum();
            results.extend((0..size).map(result).collect::<Vec<f64>>());
        }
    }
    Tensor::from_vec(results, [x.shape()[0], time, width]).unwrap()
}

fn close(a: &Tensor<f64>, b: &Tensor<f64>, bound: f64, of: &str) {
    for (place, (a, b)) in a.iter().zip(b.iter()).enumerate() {
        assert!((a - b).abs() <= bound * b.abs().max(1.0), "{of}: {a} and {b} at {place}");
    }
}

#[test]
fn attention_is_its_formula_and_its_slopes_are_differences() {
    let times: &[usize] =
        if cfg!(miri) { &[1, 17, 33] } else { &[1, 2, 7, 15, 16, 17, 32, 33, 48, 50, 65] };
    for (&time, causal) in times.iter().flat_map(|time| [(time, false), (time, true)]) {
        let size = if cfg!(miri) { 2 } else { 4 + 13 * (time % 2) };
        let of = format!("{time} places, causal {causal}");
        let x = draw(time, size);
        let y = x.self_attention(HEADS, causal, SCALE).unwrap();
        close(&y, &by_hand(&x, size, causal), 1e-12, &of);
        let single = x.cast::<f32>().self_attention(HEADS, causal, SCALE).unwrap();
        close(&single.cast(), &y, 1e-5, &of);
        // The slope along a direction is the sum of all slopes times it.
        let (g, d) = (Tensor::randn(y.shape(), &mut Rng::new(7)), draw(time, size));
        let dx = x.self_attention_back(&g, &y, HEADS, causal, SCALE).unwrap();
        let along = |step: f64| {
            let y = (&x + &(&d * step)).self_attention(HEADS, causal, SCALE).unwrap();
            (y * &g).sum().item().unwrap()
        };
        let (slope, expected) =
            ((&dx * &d).sum().item().unwrap(), (along(1e-5) - along(-1e-5)) / 2e-5);
        assert!(
            (slope - expected).abs() < 1e-6 * expected.abs().max(1.0),
            "{of}: {slope}, {expected}"
        );
    }
}

/// A query that is NaN spoils its own result alone, and no gradient of the values that it does not see. (Those of the keys are
/// products with the query, and NaN.)
#[test]
fn a_query_that_is_nan_spoils_no_other_result_and_no_later_value() {
    let (time, size) = (20, 4);
    let draw = draw(time, size);
    let x = Tensor::from_fn(draw.shape(), |at| {
        let query = at[1] == 5 && at[2] < HEADS * size;
        if query { f64::NAN } else { draw.get(at).unwrap() }
    });
    let y = x.self_attention(HEADS, true, SCALE).unwrap();
    let expected = by_hand(&draw, size, true);
    for t in (0..time).filter(|t| *t != 5) {
        close(&y.select(1, t).unwrap(), &expected.select(1, t).unwrap(), 1e-12, "a result");
    }
    assert!(y.select(1, 5).unwrap().iter().all(f64::is_nan));
    let dx = x.self_attention_back(&y.zeros_like(), &y, HEADS, true, SCALE).unwrap();
    let values = dx.narrow(2, 2 * HEADS * size, HEADS * size).unwrap();
    let later = values.narrow(1, 6, time - 6).unwrap();
    assert!(later.all_finite() && !values.all_finite(), "{later}");
}
