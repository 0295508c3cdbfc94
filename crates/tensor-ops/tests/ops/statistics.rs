//! Variance, norms, softmax and kin: against plain loops, at the edges of the range, and bit by bit against the copy.

use crate::support::{Rng, check, close, copy, indices, same_bits, same_bits_f32};
use wengert_tensor::{Result, Tensor, keep, tensor};

/// A statistic over one axis against a loop over that axis, and the same of the copy bit by bit.
fn along_an_axis(
    seed: u64,
    statistic: impl Fn(&Tensor<f64>, isize) -> Result<Tensor<f64>>,
    whole: impl Fn(&Tensor<f64>) -> Tensor<f64>,
    loops: impl Fn(&[f64]) -> f64,
) {
    let mut rng = Rng::new(seed);
    for _ in 0..200 {
        let shape = rng.shape();
        let x = rng.floats(&shape);
        assert!(close(whole(&x).item().unwrap(), loops(&x.to_vec()), 1e-11));
        if shape.is_empty() {
            continue;
        }
        let axis = rng.below(shape.len());
        let got = statistic(&x, axis as isize).unwrap();
        let mut rest = shape.clone();
        rest.remove(axis);
        assert_eq!(got.shape(), rest);
        for index in indices(&rest) {
            let row = index
                .iter()
                .fold(x.move_axis(axis as isize, -1).unwrap(), |x, &i| x.select(0, i).unwrap());
            let (a, b) = (got.get(&index).unwrap(), loops(&row.to_vec()));
            assert!(close(a, b, 1e-11), "{a} and not {b}: {shape:?} along {axis} at {index:?}");
        }
        assert!(same_bits(&got, &statistic(&copy(&x), axis as isize).unwrap()));
    }
}

fn variance(x: &[f64], correction: f64) -> f64 {
    let n = x.len() as f64;
    let mean = x.iter().sum::<f64>() / n;
    x.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (n - correction).max(0.0)
}

#[test]
fn variance_and_deviation() {
    along_an_axis(1, |x, axis| x.var_over(axis, 1.0), |x| x.var(), |x| variance(x, 1.0));
    along_an_axis(
        2,
        |x, axis| x.var_over(axis, 0.0),
        |x| x.var_over(.., 0.0).unwrap(),
        |x| variance(x, 0.0),
    );
    along_an_axis(3, |x, axis| x.std_over(axis, 1.0), |x| x.std(), |x| variance(x, 1.0).sqrt());
    let x = tensor![[1.0_f32, 2.0], [3.0, 7.0]];
    assert_eq!(x.var_over(keep(1), 0.0).unwrap(), tensor![[0.25], [4.0]]);
    assert_eq!(x.std_over([0, 1], 0.0).unwrap(), x.std_over(.., 0.0).unwrap());
    assert_eq!(x.var_over(keep(..), 1.0).unwrap().shape(), [1, 1]);
}

#[test]
fn variance_loses_no_digits_to_a_large_mean() {
    let x = Tensor::<f32>::full([3, 1000], 0.1);
    assert_eq!(x.var().item().unwrap(), 0.0);
    assert_eq!(x.t().var_over(0, 1.0).unwrap(), Tensor::zeros([3]));
    // Alternately 10⁶ and 10⁶ + 1, in single precision.
    let x = Tensor::<f32>::from_fn([1000], |i| 1e6 + (i[0] % 2) as f32);
    assert_eq!(x.var_over(.., 0.0).unwrap().item().unwrap(), 0.25);
    assert!(Tensor::<f32>::ones([1]).var().item().unwrap().is_nan());
    assert!(Tensor::<f32>::ones([0]).var().item().unwrap().is_nan());
    assert_eq!(Tensor::<f32>::ones([0, 2]).var_over(1, 0.0).unwrap().shape(), [0]);
    assert!(tensor![1.0_f32, f32::INFINITY].var().item().unwrap().is_nan());
}

#[test]
fn norms() {
    let power =
        |p: f64| move |x: &[f64]| x.iter().map(|x| x.abs().powf(p)).sum::<f64>().powf(1.0 / p);
    for p in [1.0, 2.0, 3.0, 0.5, 2.5] {
        along_an_axis(4, |x, axis| x.norm_over(axis, p), |x| x.norm(p).unwrap(), power(p));
    }
    let count = |x: &[f64]| x.iter().filter(|&&x| x != 0.0).count() as f64;
    along_an_axis(5, |x, axis| x.norm_over(axis, 0.0), |x| x.norm(0.0).unwrap(), count);
    let x = tensor![[3.0_f32, -4.0], [0.0, 0.5]];
    assert_eq!(x.norm_over(1, f64::INFINITY).unwrap(), tensor![4.0, 0.5]);
    assert_eq!(x.norm_over(1, f64::NEG_INFINITY).unwrap(), tensor![3.0, 0.0]);
    assert_eq!(x.norm_over(keep(1), 2.0).unwrap(), tensor![[5.0], [0.5]]);
    assert_eq!(x.norm_over(1, -1.0).unwrap().to_vec()[1], 0.0);
}

#[test]
fn norms_neither_overflow_nor_underflow() {
    for unit in [2_f32.powi(100), 2_f32.powi(-100), 2_f32.powi(-140)] {
        let x = tensor![3.0 * unit, 4.0 * unit];
        assert_eq!(x.norm(2.0).unwrap().item().unwrap(), 5.0 * unit);
    }
    let unit = 2_f64.powi(700);
    let x = tensor![3.0 * unit, -4.0 * unit];
    assert_eq!(x.norm(2.0).unwrap().item().unwrap(), 5.0 * unit);
    let cubes = tensor![1e30_f32, 1e30].norm(3.0).unwrap().item().unwrap();
    assert!((cubes / 1e30 - 2.0_f32.cbrt()).abs() < 1e-5);
    assert_eq!(Tensor::<f32>::zeros([5]).norm(2.0).unwrap().item().unwrap(), 0.0);
    assert_eq!(Tensor::<f32>::zeros([0]).norm(2.0).unwrap().item().unwrap(), 0.0);
    for p in [0.5, 1.0, 2.0, 3.0, f64::INFINITY] {
        assert!(tensor![f32::NAN, 1.0].norm(p).unwrap().item().unwrap().is_nan());
        let infinite = tensor![f32::NEG_INFINITY, 1.0].norm(p).unwrap().item().unwrap();
        assert_eq!(infinite, f32::INFINITY);
    }
    assert!(Tensor::<f32>::zeros([0]).norm(f64::INFINITY).is_err());
    assert!(tensor![1.0_f32].norm(f64::NAN).is_err());
}

#[test]
fn logsumexp() {
    let loops = |x: &[f64]| x.iter().map(|x| x.exp()).sum::<f64>().ln();
    along_an_axis(6, |x, axis| x.logsumexp_over(axis), |x| x.logsumexp(), loops);
    let inf = f32::INFINITY;
    let x = tensor![[-inf, -inf], [inf, 0.0], [inf, -inf], [f32::NAN, 0.0], [-1e30, -1e30]];
    let y = x.logsumexp_over(1).unwrap().to_vec();
    assert_eq!(y[..3], [-inf, inf, inf]);
    assert!(y[3].is_nan());
    assert_eq!(y[4], -1e30);
    assert_eq!(Tensor::<f32>::zeros([0]).logsumexp().item().unwrap(), -inf);
    assert_eq!(Tensor::full([3000], 100.0_f32).logsumexp().item().unwrap(), 100.0 + 3000_f32.ln());
}

#[test]
fn the_rules_of_softmax_in_one_pass() {
    let mut rng = Rng::new(8);
    for width in [1, 3, 17, 300, 1000, 3000] {
        let shape = [5, width];
        let (x, each) = (rng.floats(&shape), rng.floats(&shape));
        let turned = copy(&each.t()).t();
        let all = Tensor::scalar(-1.5).expand(shape).unwrap();
        for g in [each, turned, all] {
            for (logarithm, y) in [(false, x.softmax(1)), (true, x.log_softmax(1))] {
                let y = y.unwrap();
                let along = |x: &Tensor<f64>| x.sum_over(keep(1)).unwrap();
                let rule = if logarithm {
                    &g - y.exp() * along(&g)
                } else {
                    (&g - along(&(&g * &y))) * &y
                };
                let got = y.pull_softmax(&g, -1, logarithm).unwrap();
                assert_eq!(got.shape(), rule.shape());
                for (a, b) in got.iter().zip(rule.iter()) {
                    assert!(close(a, b, 1e-13), "{a} and not {b}");
                }
            }
        }
    }
    let y = Tensor::<f64>::ones([3, 4, 1]).softmax(1).unwrap();
    assert_eq!(y.pull_softmax(&y, 1, false).unwrap().shape(), [3, 4, 1]);
    assert!(y.pull_softmax(&y, 0, false).is_none());
    assert!(Tensor::<f64>::zeros([0, 4]).pull_softmax(&Tensor::zeros([0, 4]), 1, true).is_some());
}

#[test]
fn softmax_and_its_logarithm() {
    let mut rng = Rng::new(7);
    for _ in 0..300 {
        let shape = rng.shape();
        let x = rng.floats(&shape) * 5.0;
        for axis in 0..shape.len() as isize {
            let (p, log) =
                (x.softmax(axis).unwrap(), x.log_softmax(axis - shape.len() as isize).unwrap());
            let sums = x.exp().sum_over(keep(axis)).unwrap().expand(&shape);
            let Ok(sums) = sums else { continue };
            assert_eq!((p.shape(), log.shape()), (&shape[..], &shape[..]));
            for index in indices(&shape) {
                let [x, p, log, sum] = [&x, &p, &log, &sums].map(|x| x.get(&index).unwrap());
                assert!(close(p, x.exp() / sum, 1e-12), "{p}");
                assert!(close(log, x - sum.ln(), 1e-12), "{log}");
            }
            assert!(same_bits(&p, &copy(&x).softmax(axis).unwrap()));
            assert!(same_bits(&log, &copy(&x).log_softmax(axis).unwrap()));
            // Along another axis of memory: the same bits.
            let turned = copy(&x.move_axis(axis, 0).unwrap());
            assert!(same_bits(&turned.softmax(0).unwrap().move_axis(0, axis).unwrap(), &p));
            assert!(same_bits(&turned.log_softmax(0).unwrap().move_axis(0, axis).unwrap(), &log));
        }
    }
}

#[test]
fn softmax_at_the_edges() {
    let inf = f32::INFINITY;
    let x = tensor![[1e4_f32, 0.0, -1e4], [-inf, 0.0, 0.0], [3e38, -3e38, 3e38]];
    let expected = tensor![[1.0, 0.0, 0.0], [0.0, 0.5, 0.5], [0.5, 0.0, 0.5]];
    assert_eq!(x.softmax(1).unwrap(), expected);
    assert_eq!(x.t().softmax(0).unwrap().t(), expected);
    assert_eq!(x.log_softmax(1).unwrap().get(&[0, 2]).unwrap(), -2e4);
    for row in [tensor![-inf, -inf], tensor![inf, 0.0], tensor![f32::NAN, 0.0]] {
        for row in [row.clone(), row.expand([2, 2]).unwrap().t().contiguous().t()] {
            assert!(row.softmax(-1).unwrap().iter().all(f32::is_nan));
        }
    }
    assert_eq!(Tensor::<f32>::zeros([2, 0]).softmax(1).unwrap().shape(), [2, 0]);
    assert_eq!(Tensor::<f32>::zeros([0, 2]).log_softmax(1).unwrap().shape(), [0, 2]);
    assert_eq!(Tensor::<f32>::ones([3, 4, 1]).softmax(1).unwrap(), Tensor::full([3, 4, 1], 0.25));
    let wide = Tensor::<f32>::from_fn([3, 5000], |i| (i[1] % 7) as f32);
    for p in [wide.softmax(1).unwrap(), wide.log_softmax(1).unwrap().exp()] {
        assert!(p.sum_over(1).unwrap().iter().all(|s| (s - 1.0).abs() < 1e-4));
        assert!(same_bits_f32(&wide.softmax(1).unwrap(), &copy(&wide.t()).softmax(0).unwrap().t()));
    }
}

#[test]
fn counts() {
    check(&tensor![[true, false], [true, true]].count_nonzero_over(1).unwrap(), &[2], |i| 1 + i[0]);
    assert_eq!(tensor![0.0_f32, -0.0, f32::NAN, 2.0].count_nonzero().item().unwrap(), 2);
    assert_eq!(Tensor::<u8>::ones([700, 3]).count_nonzero_over(0).unwrap(), tensor![700, 700, 700]);
}

#[test]
fn one_number_that_is_not_finite_is_found_wherever_it_stands() {
    for len in [0, 1, 3, 17, 63, 64, 71, 1000, (1 << 17) - 1, (1 << 17) + 5] {
        assert!(Tensor::<f32>::full([len], f32::MAX).all_finite());
        for place in [0, 1, len / 2, len.saturating_sub(1)] {
            for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
                let x = Tensor::from_fn([len], |i| if i[0] == place { bad } else { -1.0 });
                assert_eq!(x.all_finite(), len <= place, "{bad} at {place} of {len}");
            }
        }
    }
    let view = Tensor::<f64>::from_fn([3, 4], |i| if i[1] == 2 { f64::NAN } else { 1.0 });
    assert!(!view.t().all_finite() && view.narrow(1, 0, 2).unwrap().t().all_finite());
}
