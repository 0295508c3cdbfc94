//! The rules by which several losses become weights of their sum, on plain numbers.

/// GradNorm: each weight moves by a factor e^±rate, so that the lengths wᵢ·‖gᵢ‖ come to their mean times rᵢ^alpha, where rᵢ says
/// how much slower than the mean task i has learned; the weights add up to their number.
pub(super) fn grad_norm(
    weights: &mut [f64],
    norms: &[f64],
    values: &[f64],
    first: &[f64],
    alpha: f64,
    rate: f64,
) {
    let lengths: Vec<f64> = weights.iter().zip(norms).map(|(w, n)| w * n).collect();
    let left: Vec<f64> = values.iter().zip(first).map(|(now, first)| now / first).collect();
    let (length, mean_left) = (mean(&lengths), mean(&left));
    let usable = [length, mean_left].iter().all(|x| x.is_finite() && *x > 0.0);
    if !usable {
        return;
    }
    for (w, (own, left)) in weights.iter_mut().zip(lengths.iter().zip(&left)) {
        let wanted = length * (left / mean_left).powf(alpha);
        // In a logarithm, so that scales of 1 and 1000 are as near to each other as those of 1 and 1/1000.
        *w *= (rate * (wanted - own).signum()).exp();
    }
    let scale = weights.len() as f64 / weights.iter().sum::<f64>();
    weights.iter_mut().for_each(|w| *w *= scale);
}

/// Dynamic weight averaging: the softmax of the quotients of the last two epochs' losses, times their number. A task whose loss
/// falls slowly gets more weight.
pub(super) fn dwa(last: &[f64], before: &[f64], temperature: f64) -> Vec<f64> {
    let quotients: Vec<f64> = last.iter().zip(before).map(|(l, b)| l / b / temperature).collect();
    if quotients.iter().any(|q| !q.is_finite()) {
        // A loss that was 0, or that diverges, says nothing of speed.
        return vec![1.0; last.len()];
    }
    let most = quotients.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let powers: Vec<f64> = quotients.iter().map(|q| (q - most).exp()).collect();
    let scale = last.len() as f64 / powers.iter().sum::<f64>();
    powers.into_iter().map(|p| p * scale).collect()
}

/// PCGrad: each gradient loses its part against each other one that it conflicts with, the next task first, and the sum of what
/// is left is a sum of the gradients with these weights. `gram[i][j]` is the product of gradients i and j.
pub(super) fn pcgrad(gram: &[Vec<f64>]) -> Vec<f64> {
    let tasks = gram.len();
    let mut weights = vec![0.0; tasks];
    for own in 0..tasks {
        let mut parts = vec![0.0; tasks];
        parts[own] = 1.0;
        for other in (1..tasks).map(|step| (own + step) % tasks) {
            let along: f64 = parts.iter().zip(gram).map(|(part, row)| part * row[other]).sum();
            if along < 0.0 && gram[other][other] > 0.0 {
                parts[other] -= along / gram[other][other];
            }
        }
        weights.iter_mut().zip(parts).for_each(|(w, part)| *w += part);
    }
    weights
}

fn mean(x: &[f64]) -> f64 {
    x.iter().sum::<f64>() / x.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gradient_lengths_meet_at_the_mean_times_the_slowness() {
        // One task has 1000 times the gradient, and both have learned as much.
        let mut weights = vec![1.0, 1.0];
        let norms = [1.0, 1000.0];
        for _ in 0..400 {
            grad_norm(&mut weights, &norms, &[0.5, 5e5], &[1.0, 1e6], 1.5, 0.025);
        }
        assert!((weights.iter().sum::<f64>() - 2.0).abs() < 1e-12, "{weights:?}");
        assert!((weights[0] / (1000.0 * weights[1])).ln().abs() < 0.11, "{weights:?}");
        // A task that is behind, with twice the mean of what is left, gets 2^alpha of the mean's length and more.
        let mut weights = vec![1.0, 1.0];
        for _ in 0..400 {
            grad_norm(&mut weights, &[1.0, 1.0], &[0.3, 0.1], &[1.0, 1.0], 1.0, 0.01);
        }
        assert!((weights[0] / weights[1] / 3.0).ln().abs() < 0.05, "{weights:?}");
        // Nothing to go by: nothing moves.
        let mut same = vec![0.5, 1.5];
        grad_norm(&mut same, &[0.0, 0.0], &[1.0, 1.0], &[1.0, 1.0], 1.0, 0.1);
        grad_norm(&mut same, &[1.0, f64::NAN], &[1.0, 1.0], &[1.0, 1.0], 1.0, 0.1);
        assert_eq!(same, [0.5, 1.5]);
    }

    #[test]
    fn slow_tasks_get_more_of_the_average() {
        // exp(½/2) and exp(1/2), over their sum, times 2.
        let (a, b) = (0.25_f64.exp(), 0.5_f64.exp());
        let weights = dwa(&[1.0, 3.0], &[2.0, 3.0], 2.0);
        assert!((weights[0] - 2.0 * a / (a + b)).abs() < 1e-15, "{weights:?}");
        assert!((weights[1] - 2.0 * b / (a + b)).abs() < 1e-15, "{weights:?}");
        assert_eq!(dwa(&[1e5, 1.0], &[1.0, 1.0], 2.0), [2.0, 0.0]);
        assert_eq!(dwa(&[0.0, 1.0], &[0.0, 1.0], 2.0), [1.0, 1.0]);
    }

    /// The projections of the vectors themselves, as the paper has them.
    fn projected(gradients: &[Vec<f64>]) -> Vec<f64> {
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let mut sum = vec![0.0; gradients[0].len()];
        for own in 0..gradients.len() {
            let mut g = gradients[own].clone();
            for step in 1..gradients.len() {
                let other = &gradients[(own + step) % gradients.len()];
                let along = dot(&g, other);
                if along < 0.0 {
                    let part = along / dot(other, other);
                    g.iter_mut().zip(other).for_each(|(g, o)| *g -= part * o);
                }
            }
            sum.iter_mut().zip(g).for_each(|(s, g)| *s += g);
        }
        sum
    }

    #[test]
    fn conflicts_are_projected_away() {
        let gradients =
            [vec![1.0, 2.0, -1.0, 0.5], vec![-2.0, 0.5, 1.0, 1.0], vec![0.3, -3.0, 0.2, -1.0]];
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let gram: Vec<Vec<f64>> =
            gradients.iter().map(|a| gradients.iter().map(|b| dot(a, b)).collect()).collect();
        assert!(gram[0][1] < 0.0 && gram[0][2] < 0.0, "{gram:?}");
        let weights = pcgrad(&gram);
        let expected = projected(&gradients);
        for (k, expected) in expected.iter().enumerate() {
            let sum: f64 = weights.iter().zip(&gradients).map(|(w, g)| w * g[k]).sum();
            assert!((sum - expected).abs() < 1e-14, "{weights:?}");
        }
        // Without a conflict it is their sum.
        assert_eq!(pcgrad(&[vec![1.0, 0.5], vec![0.5, 2.0]]), [1.0, 1.0]);
        assert_eq!(pcgrad(&[vec![1.0, -1.0], vec![-1.0, 1.0]]), [2.0, 2.0]);
    }
}
