//! Running totals along every axis of random views, against plain loops.

use crate::support::{Rng, check, close, copy, indices};
use wengert_tensor::{Result, Tensor, tensor};

/// A scan against one total after another.
fn against_loops(
    seed: u64,
    scan: impl Fn(&Tensor<f64>, isize) -> Result<Tensor<f64>>,
    total: impl Fn(&[f64]) -> f64,
) {
    let mut rng = Rng::new(seed);
    for _ in 0..if cfg!(miri) { 5 } else { 150 } {
        let shape = rng.shape();
        let x = rng.floats(&shape);
        for axis in 0..shape.len() {
            if shape[axis] > 100 {
                continue;
            }
            let y = scan(&x, axis as isize).unwrap();
            assert_eq!(y.shape(), shape);
            assert_eq!(y, scan(&copy(&x), axis as isize - shape.len() as isize).unwrap());
            // Miri reads all in the scan itself, and compares some of it.
            let every = if cfg!(miri) { 1 + x.len() / 50 } else { 1 };
            for index in indices(&shape).into_iter().step_by(every) {
                let before = (0..=index[axis]).map(|i| {
                    let mut at = index.clone();
                    at[axis] = i;
                    x.get(&at).unwrap()
                });
                let (a, b) = (y.get(&index).unwrap(), total(&before.collect::<Vec<_>>()));
                assert!(close(a, b, 1e-12), "{a} and not {b}: {shape:?} along {axis} at {index:?}");
            }
        }
    }
}

#[test]
fn sums_products_and_logs_of_sums() {
    against_loops(1, |x, axis| x.cumsum(axis), |x| x.iter().sum());
    against_loops(2, |x, axis| x.cumprod(axis), |x| x.iter().product());
    against_loops(
        3,
        |x, axis| x.logcumsumexp(axis),
        |x| x.iter().map(|x| x.exp()).sum::<f64>().ln(),
    );
}

#[test]
fn integers_wrap() {
    let mut rng = Rng::new(4);
    let x = rng.view(&[5, 40], |rng| rng.next() as i64);
    check(&x.cumsum(1).unwrap(), &[5, 40], |i| {
        (0..=i[1]).fold(0_i64, |s, j| s.wrapping_add(x.get(&[i[0], j]).unwrap()))
    });
    assert_eq!(tensor![200_u8, 100].cumsum(0).unwrap(), tensor![200, 44]);
}

#[test]
fn infinities_and_nan() {
    let (inf, nan) = (f32::INFINITY, f32::NAN);
    let logs = |x: Tensor<f32>| x.logcumsumexp(0).unwrap().to_vec();
    assert_eq!(logs(tensor![-inf, -inf, 0.0, inf, 1.0]), [-inf, -inf, 0.0, inf, inf]);
    assert_eq!(logs(tensor![1000.0, 1000.0])[1], 1000.0 + 2_f32.ln());
    assert!(logs(tensor![0.0, nan, 1.0])[1..].iter().all(|x| x.is_nan()));
    assert!(logs(tensor![inf, nan])[1].is_nan());
    let sums = tensor![inf, 1.0, -inf].cumsum(0).unwrap().to_vec();
    assert_eq!(sums[..2], [inf, inf]);
    assert!(sums[2].is_nan());
}

#[test]
#[cfg_attr(miri, ignore = "too long")]
fn long_sums_are_carried_in_double_precision() {
    let y = Tensor::<f32>::full([10_000_000], 0.1).cumsum(0).unwrap();
    assert_eq!(y.get(&[9_999_999]).unwrap(), (0.1_f32 as f64 * 1e7) as f32);
}

#[test]
fn empty_axes() {
    assert_eq!(Tensor::<f32>::zeros([2, 0, 3]).cumsum(1).unwrap().shape(), [2, 0, 3]);
    assert!(Tensor::<f32>::zeros([2]).cumsum(1).is_err());
    // A scalar is a line of one, as in NumPy and PyTorch.
    assert_eq!(Tensor::scalar(1.0_f32).cumsum(0).unwrap(), Tensor::scalar(1.0));
    assert!(Tensor::scalar(1.0_f32).cumsum(1).is_err());
}
