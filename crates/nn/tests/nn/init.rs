//! Initialisers: bounds and moments, within six standard errors, and what they are for.

use wengert_nn::init::{self, Fan, Nonlinearity};
use wengert_nn::{Embedding, Linear};
use wengert_tensor::{Result, Rng, Tensor};

/// Mean and standard deviation, and for uniform numbers the bounds, against what is expected.
#[track_caller]
fn moments(draw: impl Fn(&mut Rng) -> Result<Tensor<f64>>, mean: f64, std: f64, bound: f64) {
    let rng = &mut Rng::new(11);
    let all: Vec<f64> = (0..100).flat_map(|_| draw(rng).expect("a sound draw").to_vec()).collect();
    let n = all.len() as f64;
    let m = all.iter().sum::<f64>() / n;
    let s = (all.iter().map(|x| (x - m) * (x - m)).sum::<f64>() / n).sqrt();
    assert!((m - mean).abs() <= 6.0 * std / n.sqrt(), "mean {m} for {mean}");
    assert!((s / std - 1.0).abs() <= 6.0 / (2.0 * n).sqrt(), "deviation {s} for {std}");
    let most = all.iter().fold(0.0_f64, |a, x| a.max((x - mean).abs()));
    assert!(most <= bound && (bound.is_infinite() || most > 0.99 * bound), "{most} for {bound}");
}

#[test]
fn moments_are_right() {
    let shape = [20, 30];
    let root3 = 3f64.sqrt();
    moments(|r| init::uniform(shape, -1.0, 3.0, r), 1.0, 2.0 / root3, 2.0);
    moments(|r| init::normal(shape, 0.5, 2.0, r), 0.5, 2.0, f64::INFINITY);
    let std = 0.2 * 2.0;
    moments(|r| init::xavier_uniform(shape, 2.0, r), 0.0, std, std * root3);
    moments(|r| init::xavier_normal(shape, 2.0, r), 0.0, std, f64::INFINITY);
    let std = (2.0_f64 / 30.0).sqrt();
    moments(
        |r| init::kaiming_uniform(shape, Fan::In, Nonlinearity::Relu, r),
        0.0,
        std,
        std * root3,
    );
    let std = (2.0_f64 / 20.0 / 1.04).sqrt();
    let leaky = Nonlinearity::LeakyRelu(0.2);
    moments(|r| init::kaiming_normal(shape, Fan::Out, leaky, r), 0.0, std, f64::INFINITY);
    let std = (1.0_f64 / 30.0).sqrt();
    moments(|r| init::lecun_uniform(shape, r), 0.0, std, std * root3);
    moments(|r| init::lecun_normal(shape, r), 0.0, std, f64::INFINITY);
    // A kernel's places count for both fans.
    let std = (2.0_f64 / 36.0).sqrt();
    let relu = Nonlinearity::Relu;
    moments(|r| init::kaiming_normal([8, 4, 3, 3], Fan::In, relu, r), 0.0, std, f64::INFINITY);
    // Of mean 1 and deviation 2, from 0 to 3: mean and deviation worked out with SciPy.
    let rng = &mut Rng::new(1);
    let x = init::truncated_normal::<f64>([60_000], 1.0, 2.0, 0.0, 3.0, rng).unwrap();
    assert!((x.mean().item().unwrap() - 1.413_262_436).abs() < 0.015);
    assert!((x.std_over(.., 0.0).unwrap().item().unwrap() - 0.831_320_056).abs() < 0.01);
}

#[test]
fn layers_start_as_pytorchs_do() {
    let bound = 1.0 / 8.0;
    let std = bound / 3f64.sqrt();
    moments(|r| Ok(Linear::new(64, 128, r).weight.value()), 0.0, std, bound);
    moments(|r| Ok(Linear::new(64, 128, r).bias.unwrap().value()), 0.0, std, bound);
    moments(|r| Ok(Embedding::new(50, 8, r).weight.value()), 0.0, 1.0, f64::INFINITY);
}

#[test]
fn orthogonal_frames() {
    let rng = &mut Rng::new(2);
    for (shape, gain) in
        [([4, 9], 1.0), ([9, 4], 2.0), ([60, 60], 0.5), ([1, 1], 1.0), ([0, 3], 1.0)]
    {
        let q: Tensor<f64> = init::orthogonal(shape, gain, rng).unwrap();
        let gram = if shape[0] <= shape[1] { q.matmul(&q.t()) } else { q.t().matmul(&q) }.unwrap();
        let n = shape[0].min(shape[1]);
        let expected = Tensor::<f64>::eye(n).mul_scalar(gain * gain);
        assert!(gram.allclose(&expected, 0.0, 1e-14, false).unwrap(), "{shape:?}");
    }
    // Not of one sign: the frame is uniformly distributed.
    let positive = (0..200).filter(|_| {
        let q: Tensor<f64> = init::orthogonal([2, 2], 1.0, rng).unwrap();
        q.get(&[0, 0]).unwrap() > 0.0
    });
    assert!((60..140).contains(&positive.count()));
    let kernel: Tensor<f32> = init::orthogonal([8, 3, 2, 2], 1.0, rng).unwrap();
    assert_eq!(kernel.shape(), [8, 3, 2, 2]);
}

#[test]
fn ten_layers_of_tanh_keep_their_signal() {
    // Glorot's figure: the variance after ten layers of 256, over that after one.
    let kept = |std: f64| {
        let rng = &mut Rng::new(3);
        let mut x = Tensor::<f64>::randn([200, 256], rng);
        let mut variances = Vec::new();
        for _ in 0..10 {
            let w = init::normal::<f64>([256, 256], 0.0, std, rng).unwrap();
            x = x.linear(&w, None).unwrap().tanh();
            variances.push(x.var_over(.., 0.0).unwrap().item().unwrap());
        }
        variances[9] / variances[0]
    };
    let xavier = 1.0 / 16.0;
    assert!((0.6..0.9).contains(&kept(xavier * 5.0 / 3.0)));
    assert!((0.08..0.2).contains(&kept(xavier)));
    assert!(kept(0.01) < 1e-12);
    // With deviation 1 it is kept too, at the ends of tanh, where there is no slope.
    assert!(kept(1.0) > 0.95);
    let rng = &mut Rng::new(3);
    let x = Tensor::<f64>::randn([200, 256], rng);
    let w = init::normal::<f64>([256, 256], 0.0, 1.0, rng).unwrap();
    let ends = x.linear(&w, None).unwrap().tanh().abs();
    assert!(ends.mean().item().unwrap() > 0.9);
}

#[test]
fn what_has_no_fan_is_refused() {
    let error = init::xavier_normal::<f32>([5], 1.0, &mut Rng::new(0)).unwrap_err().to_string();
    assert!(error.starts_with("fans: [5]: a weight has at least two axes"), "{error}");
    assert!(error.contains("init.rs"));
    // Nothing to add up: no infinity.
    let rng = &mut Rng::new(0);
    assert_eq!(
        init::kaiming_uniform::<f32>([3, 0], Fan::In, Nonlinearity::Relu, rng).unwrap().len(),
        0
    );
}
