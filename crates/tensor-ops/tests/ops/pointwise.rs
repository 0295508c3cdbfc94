//! Every function of the table on random views: the same bits as on the copy, and the formula's own value.

use crate::support::{Rng, close, copy, same_bits, same_bits_f32};
use wengert_tensor::Tensor;
use wengert_tensor::pointwise::{Binary, BinaryOp, Lane, ONE, Pointwise, Real, Unary, UnaryOp};

fn lane(x: f64) -> Lane<f64> {
    Lane::new(x)
}

/// Each with the next, as often as there are shapes.
const ROUNDS: usize = 25;

/// The naive loop, and which rounding it may differ by: kernels fuse multiplications and additions where they can.
fn compare(name: &str, got: &Tensor<f64>, expected: impl Iterator<Item = f64>) {
    for (place, (a, b)) in got.iter().zip(expected).enumerate() {
        assert!(close(a, b, 1e-9), "{name}: {a} and not {b} at place {place} of {:?}", got.shape());
    }
}

#[test]
fn unary_values_and_slopes() {
    let mut rng = Rng::new(1);
    for &op in UnaryOp::ALL {
        for _ in 0..ROUNDS {
            let shape = rng.shape();
            let x = rng.floats(&shape);
            let (y, name) = (op.apply(&x), op.name());
            assert_eq!(y.shape(), shape);
            assert!(same_bits(&y, &op.apply(&copy(&x))), "{name} of a view {shape:?}");
            compare(name, &y, x.iter().map(|x| op.value(lane(x)).get()));

            let g = rng.floats(&shape).relu();
            let pulled = op.pull(g.clone(), &x, &y);
            assert!(same_bits(&pulled, &op.pull(copy(&g), &copy(&x), &copy(&y))), "{name}'s slope");
            let slopes = g.iter().zip(x.iter().zip(y.iter())).map(|(g, (x, y))| {
                if g == 0.0 { 0.0 } else { g * op.slope(lane(x), lane(y)).get() }
            });
            compare(name, &pulled, slopes);
            // Into the gradient's own buffer, if nobody else holds it.
            let alone = copy(&g);
            let place = alone.as_slice().unwrap().as_ptr();
            let reused = op.pull(alone, &copy(&x), &copy(&y));
            assert!(same_bits(&reused, &pulled));
            assert!(shape.contains(&0) || reused.as_slice().unwrap().as_ptr() == place);

            let single: Tensor<f32> = x.cast();
            assert!(same_bits_f32(&op.apply(&single), &op.apply(&copy(&single))), "{name}, f32");
        }
    }
}

#[test]
fn binary_values_and_slopes() {
    let mut rng = Rng::new(2);
    for &op in BinaryOp::ALL {
        for _ in 0..ROUNDS {
            let shape = rng.shape();
            // Each operand lacks some of the axes, or has them with size 1.
            let mut smaller = || {
                let rank = shape.len();
                let skip = if rng.below(3) == 0 { rng.below(rank + 1) } else { 0 };
                let mut sizes = shape[skip..].to_vec();
                for size in &mut sizes {
                    if rng.below(4) == 0 {
                        *size = 1;
                    }
                }
                rng.floats(&sizes)
            };
            let (a, b) = (smaller(), smaller());
            let (y, name) = (op.apply(&a, &b).unwrap(), op.name());
            let shape = y.shape().to_vec();
            let (wide_a, wide_b) = (a.expand(&shape).unwrap(), b.expand(&shape).unwrap());
            let on_copies = op.apply(&copy(&wide_a), &copy(&wide_b)).unwrap();
            assert!(same_bits(&y, &on_copies), "{name} of {:?} and {:?}", a.shape(), b.shape());
            let pairs = || wide_a.iter().zip(wide_b.iter());
            compare(name, &y, pairs().map(|(a, b)| op.value(lane(a), lane(b)).get()));

            let g = rng.floats(&shape).relu();
            for operand in 0..2 {
                let pulled = op.pull(operand, g.clone(), &a, &b, &y);
                assert_eq!(pulled.shape(), shape);
                let copies = (copy(&wide_a), copy(&wide_b), copy(&y));
                let on_copies = op.pull(operand, copy(&g), &copies.0, &copies.1, &copies.2);
                assert!(same_bits(&pulled, &on_copies), "{name}'s slope {operand}, {shape:?}");
                let slopes = g.iter().zip(pairs()).zip(y.iter()).map(|((g, (a, b)), y)| {
                    let [a, b, y] = [a, b, y].map(lane);
                    match (g, operand) {
                        (0.0, _) => 0.0,
                        (g, 0) => g * op.slope_a(a, b, y).get(),
                        (g, _) => g * op.slope_b(a, b, y).get(),
                    }
                });
                compare(name, &pulled, slopes);
            }
            let (a, b): (Tensor<f32>, Tensor<f32>) = (a.cast(), b.cast());
            let (wide_a, wide_b) = (a.expand(&shape).unwrap(), b.expand(&shape).unwrap());
            let on_copies = op.apply(&copy(&wide_a), &copy(&wide_b)).unwrap();
            assert!(same_bits_f32(&op.apply(&a, &b).unwrap(), &on_copies), "{name}, f32");
        }
    }
}

#[test]
fn no_gradient_stays_none_whatever_the_slope() {
    let x = Tensor::full([20], 0.0_f32);
    let y = x.ln();
    assert_eq!(UnaryOp::Ln.pull(Tensor::zeros([20]), &x, &y), Tensor::zeros([20]));
    let zero = Tensor::zeros([20]);
    assert_eq!(BinaryOp::Div.pull(1, Tensor::zeros([20]), &x, &zero, &y), Tensor::zeros([20]));
}

#[test]
fn operators_are_their_ops() {
    let mut rng = Rng::new(3);
    let (a, b) = (rng.floats(&[3, 4]), rng.floats(&[4]));
    assert_eq!(&a + &b, a.try_add(&b).unwrap());
    assert_eq!(&a - &b, a.try_sub(&b).unwrap());
    assert_eq!(&a * &b, a.try_mul(&b).unwrap());
    assert_eq!(&a / &b, a.try_div(&b).unwrap());
    assert_eq!(-&a, a.neg());
    assert_eq!(2.0 - &a, a.map(|x| 2.0 - x));
    assert_eq!(2.0 / &a, a.map(|x| 2.0 / x));
    assert_eq!(&a - 2.0, a.map(|x| x - 2.0));
    assert_eq!(&a / 2.0, a.map(|x| x / 2.0));
    let mut c = a.clone();
    c += &b;
    c *= &a;
    assert_eq!(c, (&a + &b) * &a);
}

#[test]
fn long_rows_and_many_short_ones() {
    // Over blocks' borders, for each way in which an operand may lie.
    let mut rng = Rng::new(4);
    let shapes: [(&[usize], &[usize]); 12] = [
        (&[3, 1500], &[1500]),
        (&[3, 1500], &[3, 1]),
        (&[700, 3], &[3]),
        (&[700, 3], &[700, 1]),
        (&[700, 17], &[700, 1]),
        (&[5, 200, 3], &[5, 1, 3]),
        (&[5, 200, 3], &[200, 1]),
        (&[1, 300], &[300, 1]),
        (&[1], &[1, 1]),
        (&[2000], &[]),
        (&[40, 1, 6], &[1, 50, 1]),
        (&[9, 31], &[9, 31]),
    ];
    for (left, right) in shapes {
        for _ in 0..10 {
            let (a, b) = (rng.floats(left), rng.floats(right));
            let y = &a - &b;
            let shape = y.shape().to_vec();
            let pairs = a.expand(&shape).unwrap().to_vec().into_iter();
            let expected = pairs.zip(b.expand(&shape).unwrap().to_vec()).map(|(a, b)| a - b);
            assert_eq!(y.to_vec(), expected.collect::<Vec<_>>(), "{left:?} - {right:?}");
        }
    }
}

/// a·b + √(1 + c²)
#[derive(Clone, Copy)]
struct Three;
impl Pointwise<3> for Three {
    const NAME: &'static str = "three";
    fn value<R: Real>(self, [a, b, c]: [R; 3]) -> R {
        a * b + (c * c + ONE).sqrt()
    }
}

#[test]
fn a_function_of_ones_own_on_views_that_broadcast() {
    let mut rng = Rng::new(4);
    for _ in 0..ROUNDS {
        let shape = rng.shape();
        let row = &shape[shape.len().min(1)..];
        let (a, b, c) = (rng.floats(&shape), rng.floats(row), rng.floats(&[]));
        let y = Three.apply([&a, &b, &c]).unwrap();
        assert_eq!(y.shape(), shape);
        assert!(same_bits(&y, &Three.apply([&copy(&a), &copy(&b), &copy(&c)]).unwrap()));
        let (wide_b, wide_c) = (b.expand(&shape).unwrap(), c.expand(&shape).unwrap());
        let places = || a.iter().zip(wide_b.iter().zip(wide_c.iter()));
        compare("three", &y, places().map(|(a, (b, c))| a * b + c.hypot(1.0)));

        let g = rng.floats(&shape).relu();
        let slopes: [fn(f64, f64, f64) -> f64; 3] =
            [|_, b, _| b, |a, _, _| a, |_, _, c| c / c.hypot(1.0)];
        for (k, slope) in slopes.into_iter().enumerate() {
            let pulled = Three.pull(k, g.clone(), [&a, &b, &c]);
            let want = g.iter().zip(places()).map(|(g, (a, (b, c)))| g * slope(a, b, c));
            compare("three, pulled", &pulled, want);
        }
    }
}

#[test]
fn a_function_of_ones_own_says_why_shapes_do_not_fit_and_keeps_a_slope_beside_infinity() {
    let (two, three) = (Tensor::from(vec![1.0, 2.0]), Tensor::from(vec![1.0, 2.0, 3.0]));
    let error = Three.apply([&two, &three, &two]).unwrap_err().to_string();
    assert!(error.contains("three") && error.contains("[2]") && error.contains("[3]"), "{error}");
    let (a, infinite, c) =
        (Tensor::scalar(2.0), Tensor::scalar(f64::INFINITY), Tensor::scalar(0.0));
    let slope = |k| Three.pull(k, Tensor::scalar(1.0), [&a, &infinite, &c]).item().unwrap();
    assert_eq!([slope(0), slope(1), slope(2)], [f64::INFINITY, 2.0, 0.0]);
}
