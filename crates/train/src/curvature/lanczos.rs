//! The extreme eigenvalues of a matrix from its products with vectors.

use crate::Result;

/// The tridiagonal matrix whose extreme eigenvalues are those of a symmetric one: its diagonal, and what stands beside it. It follows this many directions at most.
pub(crate) fn lanczos(
    start: Vec<f64>,
    directions: usize,
    times: impl Fn(&[f64]) -> Result<Vec<f64>>,
) -> Result<(Vec<f64>, Vec<f64>)> {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let (mut diagonal, mut beside) = (Vec::new(), Vec::new());
    let mut basis: Vec<Vec<f64>> = Vec::new();
    let mut next = start;
    let mut scale = 0.0_f64;
    while basis.len() < directions {
        let length = dot(&next, &next).sqrt();
        // What is left is rounding: the directions so far are all that there are.
        if length <= 1e-10 * scale || length == 0.0 {
            break;
        }
        if !basis.is_empty() {
            beside.push(length);
        }
        next.iter_mut().for_each(|x| *x /= length);
        let mut image = times(&next)?;
        diagonal.push(dot(&image, &next));
        scale = scale.max(dot(&image, &image).sqrt());
        basis.push(next);
        // Twice, or rounding would let old directions in again.
        for _ in 0..2 {
            for old in &basis {
                let share = dot(&image, old);
                image.iter_mut().zip(old).for_each(|(x, o)| *x -= share * o);
            }
        }
        next = image;
    }
    Ok((diagonal, beside))
}

/// The `k`th least eigenvalue of a tridiagonal matrix, by halving an interval that holds all of them.
pub(crate) fn eigenvalue(diagonal: &[f64], beside: &[f64], k: usize) -> f64 {
    let reach = |i: usize| {
        beside.get(i).map_or(0.0, |b| b.abs())
            + i.checked_sub(1).map_or(0.0, |before| beside[before].abs())
    };
    let bounds = diagonal.iter().enumerate().map(|(i, d)| (d - reach(i), d + reach(i)));
    let (mut low, mut high) = bounds
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), b| (low.min(b.0), high.max(b.1)));
    if !(low.is_finite() && high.is_finite()) {
        return f64::NAN;
    }
    // As many as the quotients of Sturm's sequence below 0 are the eigenvalues below x.
    let below = |x: f64| {
        let mut quotient = 1.0;
        let mut count = 0;
        for (i, d) in diagonal.iter().enumerate() {
            let b = i.checked_sub(1).map_or(0.0, |before| beside[before]);
            quotient = d - x - b * b / quotient;
            if quotient == 0.0 {
                quotient = f64::MIN_POSITIVE;
            }
            count += usize::from(quotient < 0.0);
        }
        count
    };
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if below(middle) >= k { high = middle } else { low = middle }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eigenvalues_of_a_chain_are_as_known() {
        // 2 on the diagonal, -1 beside it: 2 - 2 cos(kπ / (n + 1)).
        let (diagonal, beside) = ([2.0; 7], [-1.0; 6]);
        for k in 1..=7 {
            let known = 2.0 - 2.0 * (k as f64 * std::f64::consts::PI / 8.0).cos();
            assert!((eigenvalue(&diagonal, &beside, k) - known).abs() < 1e-12);
        }
    }
}
