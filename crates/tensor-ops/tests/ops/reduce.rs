//! Reductions over every set of axes of random views: against plain loops, and bit by bit against the copy.

use crate::support::{Rng, close, copy, elements, indices, kept, same_bits, same_bits_f32};
use wengert_tensor::{Axes, Element, Result, Tensor, keep};

/// The fold of the elements that each result stands for, in row-major order.
fn naive<T: Element, U: Element>(
    x: &Tensor<T>,
    axes: &[bool],
    keeps: bool,
    fold: impl Fn(Vec<T>) -> U,
) -> Tensor<U> {
    let shape: Vec<usize> = (x.shape().iter().zip(axes))
        .filter(|(_, gone)| keeps || !**gone)
        .map(|(&n, &gone)| if gone { 1 } else { n })
        .collect();
    let mut groups = vec![vec![]; shape.iter().product()];
    for from in indices(x.shape()) {
        let to = kept(&from, axes, keeps);
        let place = to.iter().zip(&shape).fold(0, |place, (i, n)| place * n + i);
        groups[place].push(x.get(&from).unwrap());
    }
    Tensor::from_vec(groups.into_iter().map(fold).collect(), &shape).unwrap()
}

/// Some axes of `rank`, by flags and as an argument, sometimes counted from the end, sometimes kept.
fn some_axes(rng: &mut Rng, rank: usize) -> (Vec<bool>, bool, Axes) {
    let flags: Vec<bool> = (0..rank).map(|_| rng.flip()).collect();
    let mut named: Vec<isize> = vec![];
    for (axis, &gone) in flags.iter().enumerate() {
        if gone {
            named.push(axis as isize - if rng.flip() { rank as isize } else { 0 });
        }
    }
    if rng.flip() {
        named.reverse();
    }
    let keeps = rng.flip();
    let axes = if flags.iter().all(|&gone| gone) && rng.flip() {
        Axes::from(..)
    } else {
        Axes::from(named)
    };
    (flags, keeps, if keeps { keep(axes) } else { axes })
}

#[test]
fn integers_exactly() {
    let mut rng = Rng::new(1);
    for _ in 0..400 {
        let shape = rng.shape();
        let x = rng.integers(&shape);
        let (flags, keeps, axes) = some_axes(&mut rng, shape.len());
        let sum = |x: Vec<i64>| x.into_iter().fold(0, i64::wrapping_add);
        let product = |x: Vec<i64>| x.into_iter().fold(1, i64::wrapping_mul);
        assert_eq!(x.sum_over(axes.clone()).unwrap(), naive(&x, &flags, keeps, sum));
        assert_eq!(x.prod_over(axes.clone()).unwrap(), naive(&x, &flags, keeps, product));
        let nonzero = naive(&x, &flags, keeps, |x| x.iter().filter(|&&x| x != 0).count());
        assert_eq!(x.count_nonzero_over(axes.clone()).unwrap(), nonzero);
        assert_eq!(x.cast::<bool>().count_nonzero_over(axes.clone()).unwrap(), nonzero);
        let (max, min) = (x.max_over(axes.clone()), x.min_over(axes));
        if flags.iter().zip(&shape).any(|(&gone, &n)| gone && n == 0) {
            assert!(max.is_err() && min.is_err());
        } else {
            let max_of = |x: Vec<i64>| x.into_iter().max().unwrap();
            let min_of = |x: Vec<i64>| x.into_iter().min().unwrap();
            assert_eq!(max.unwrap(), naive(&x, &flags, keeps, max_of));
            assert_eq!(min.unwrap(), naive(&x, &flags, keeps, min_of));
        }
        assert_eq!(x.sum().item().unwrap(), sum(elements(&x)));
        assert_eq!(x.prod().item().unwrap(), product(elements(&x)));
        assert_eq!(x.count_nonzero().item().unwrap(), x.iter().filter(|&x| x != 0).count());
    }
}

#[test]
fn floats_closely_and_the_same_bits_for_every_layout() {
    let mut rng = Rng::new(2);
    for _ in 0..400 {
        let shape = rng.shape();
        let x = rng.floats(&shape);
        let plain = copy(&x);
        let (flags, keeps, axes) = some_axes(&mut rng, shape.len());
        type Reduction = (fn(&Tensor<f64>, Axes) -> Result<Tensor<f64>>, fn(Vec<f64>) -> f64);
        let reductions: [Reduction; 3] = [
            (|x, axes| x.sum_over(axes), |x| x.iter().sum()),
            (|x, axes| x.prod_over(axes), |x| x.iter().product()),
            (|x, axes| x.mean_over(axes), |x| x.iter().sum::<f64>() / x.len() as f64),
        ];
        for (reduce, loops) in reductions {
            let got = reduce(&x, axes.clone()).unwrap();
            let expected = naive(&x, &flags, keeps, loops);
            assert_eq!(got.shape(), expected.shape());
            for (a, b) in got.iter().zip(expected.iter()) {
                assert!(close(a, b, 1e-12), "{a} and {b}, {shape:?} over {axes:?}");
            }
            assert!(same_bits(&got, &reduce(&plain, axes.clone()).unwrap()), "{shape:?}, {axes:?}");
        }
    }
}

/// The tree as its file describes it, on scalars.
fn tree(x: &[f32]) -> f32 {
    fn lanes<const L: usize>(x: &[f32]) -> f32 {
        let mut lanes = [0.0_f32; L];
        for (i, x) in x.iter().enumerate() {
            lanes[i % L] += x;
        }
        let mut half = L / 2;
        while half > 0 {
            for i in 0..half {
                lanes[i] += lanes[i + half];
            }
            half /= 2;
        }
        lanes[0]
    }
    fn pairs(leaves: &[f32]) -> f32 {
        if let [leaf] = leaves {
            return *leaf;
        }
        let whole = leaves.len().next_power_of_two() / 2;
        pairs(&leaves[..whole]) + pairs(&leaves[whole..])
    }
    match x.len() {
        0..16 => x.iter().fold(0.0, |a, b| a + b),
        16..256 => lanes::<16>(x),
        _ => pairs(&x.chunks(1024).map(lanes::<64>).collect::<Vec<_>>()),
    }
}

#[test]
fn sums_follow_the_documented_tree_however_they_lie() {
    let mut rng = Rng::new(3);
    let lengths =
        [0, 1, 2, 15, 16, 17, 63, 100, 255, 256, 257, 500, 1023, 1024, 1025, 5000, 11_300];
    for n in lengths {
        for width in [1, 2, 3, 7, 16, 40] {
            let x = Tensor::from_fn([width, n], |_| rng.number() as f32 * 1e3);
            let rows: Vec<Vec<f32>> = x.unbind(0).unwrap().iter().map(Tensor::to_vec).collect();
            let expected = Tensor::from(rows.iter().map(|r| tree(r)).collect::<Vec<_>>());
            let stored = x.t().contiguous();
            let apart = stored.unsqueeze(1).unwrap().expand([n, 2, width]).unwrap().contiguous();
            let lying = [
                x.clone(),
                stored.t(),
                x.flip(1).unwrap().contiguous().flip(1).unwrap(),
                apart.select(1, 1).unwrap().t(),
                x.reshape([width, n, 1]).unwrap().squeeze(-1).unwrap(),
            ];
            for (i, x) in lying.iter().enumerate() {
                let got = x.sum_over(1).unwrap();
                assert!(same_bits_f32(&got, &expected), "{n} elements, {width} folds, way {i}");
            }
            if n % 20 == 0 {
                let split = [width, 5, n / 20, 4];
                let sum = |x: Tensor<f32>| x.sum_over([1, 2, 3]).unwrap();
                assert!(same_bits_f32(&sum(x.reshape(split).unwrap()), &expected));
                // The folded axes in pieces: what is kept lies between them.
                let between = x.reshape(split).unwrap().permute([1, 2, 0, 3]).unwrap().contiguous();
                assert!(same_bits_f32(&sum(between.permute([2, 0, 1, 3]).unwrap()), &expected));
            }
            assert_eq!(x.sum().item().unwrap().to_bits(), tree(&x.to_vec()).to_bits());
            assert_eq!(stored.t().sum().item().unwrap().to_bits(), tree(&x.to_vec()).to_bits());
        }
    }
}

#[test]
fn large_ones() {
    let mut rng = Rng::new(4);
    for shape in [[300, 700, 1], [1100, 5, 3], [3, 600, 513], [70, 2, 2000]] {
        let x: Tensor<f32> = rng.view(&shape, |rng| rng.number() as f32);
        let wide: Tensor<f64> = x.cast();
        for axes in [&[0][..], &[1], &[2], &[0, 2], &[0, 1], &[1, 2], &[0, 1, 2]] {
            let got = x.sum_over(axes).unwrap();
            let expected = wide.sum_over(axes).unwrap();
            for (a, b) in got.iter().zip(expected.iter()) {
                assert!((f64::from(a) - b).abs() < 1e-3 + 1e-6 * b.abs(), "{a} and {b}");
            }
            assert!(same_bits_f32(&got, &copy(&x).sum_over(axes).unwrap()));
        }
    }
    // A million ones, and what pairwise summation is for.
    assert_eq!(Tensor::<f32>::ones([1 << 20, 20]).sum().item().unwrap(), 20.0 * (1 << 20) as f32);
    let tenth = Tensor::<f32>::full([10_000_000], 0.1).sum().item().unwrap();
    assert!((tenth - 1e6).abs() < 0.2, "{tenth}");
}

#[test]
fn extremes_propagate_nan_and_take_infinities() {
    for n in [1, 3, 15, 16, 70, 300, 2100] {
        for at in [0, n / 2, n - 1] {
            let mut x = Tensor::<f32>::linspace(-1.0, 1.0, n);
            x.set(&[at], f32::NAN).unwrap();
            for x in [x.clone(), x.expand([5, n]).unwrap().t().contiguous().t()] {
                assert!(x.max_over(-1).unwrap().iter().all(f32::is_nan));
                assert!(x.min_over(-1).unwrap().iter().all(f32::is_nan));
                assert!(x.sum().item().unwrap().is_nan());
            }
            x.set(&[at], f32::INFINITY).unwrap();
            assert_eq!(x.max().unwrap().item().unwrap(), f32::INFINITY);
            x.set(&[at], f32::NEG_INFINITY).unwrap();
            assert_eq!(x.min().unwrap().item().unwrap(), f32::NEG_INFINITY);
        }
    }
    let least = Tensor::full([40], f32::NEG_INFINITY);
    assert_eq!(least.max().unwrap().item().unwrap(), f32::NEG_INFINITY);
}

#[test]
fn nothing_sums_to_zero_and_multiplies_to_one() {
    let x = Tensor::<f32>::zeros([2, 0, 3]);
    assert_eq!(x.sum().item().unwrap(), 0.0);
    assert_eq!(x.prod().item().unwrap(), 1.0);
    assert!(x.mean().item().unwrap().is_nan());
    assert_eq!(x.sum_over(1).unwrap(), Tensor::zeros([2, 3]));
    assert_eq!(x.prod_over(1).unwrap(), Tensor::ones([2, 3]));
    assert_eq!(x.sum_over(0).unwrap().shape(), [0, 3]);
    assert_eq!(x.max_over(0).unwrap().shape(), [0, 3]);
    assert!(x.max().is_err());
}

#[test]
fn sums_to_a_shape_undo_its_broadcast() {
    let mut rng = Rng::new(5);
    for _ in 0..200 {
        let shape = rng.shape();
        let x = rng.integers(&shape);
        let added = rng.below(shape.len() + 1);
        let mut to = shape[added..].to_vec();
        let mut flags = vec![false; shape.len()];
        flags[..added].fill(true);
        for (axis, size) in to.iter_mut().enumerate() {
            if rng.below(3) == 0 {
                *size = 1;
                flags[added + axis] = true;
            }
        }
        let sum = |x: Vec<i64>| x.into_iter().fold(0, i64::wrapping_add);
        let expected = naive(&x, &flags, true, sum).reshape(&to).unwrap();
        assert_eq!(x.sum_to(&to).unwrap(), expected, "{shape:?} to {to:?}");
    }
}
