//! Gradients sample by sample: those of a batch of one each, found in one sweep where the tape shows how, and else in one a sample.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use wengert_autograd::{Result, Tape, Tensors, Var, per_sample_gradients};
use wengert_tensor::{Conv, Rng, Tensor, Window, tensor};

/// Counts the sweeps that reach these losses.
fn counted<'t>(losses: Var<'t, f64>, count: &Arc<AtomicUsize>) -> Var<'t, f64> {
    let count = count.clone();
    losses.watch(move |_| {
        count.fetch_add(1, Ordering::Relaxed);
        None
    });
    losses
}

/// The sweeps that `f` takes. Its gradients are compared with those of each sample on a tape of its own, by a plain sweep.
fn sweeps<K: Tensors>(
    f: impl for<'t> Fn(Var<'t, f64, K>, &[Var<'t, f64>]) -> Result<Var<'t, f64>>,
    batch: &K,
    sample: impl Fn(usize) -> K,
    parameters: &[Tensor<f64>],
) -> usize {
    let count = Arc::new(AtomicUsize::new(0));
    let found = per_sample_gradients(|x, p| Ok(counted(f(x, p)?, &count)), batch, parameters);
    let found = found.unwrap();
    for (found, p) in found.iter().zip(parameters) {
        assert_eq!(found.shape(), [&[batch.samples()], p.shape()].concat());
    }
    for i in 0..batch.samples() {
        let tape = Tape::new();
        let p: Vec<Var<f64>> = parameters.iter().map(|p| tape.var(p.clone())).collect();
        let loss = f(tape.input(sample(i)), &p).unwrap();
        let alone = loss.pull_tensors(&p, &Tensor::ones([1])).unwrap();
        for (k, (found, alone)) in found.iter().zip(&alone).enumerate() {
            let found = found.select(0, i).unwrap();
            let same = found.allclose(alone, 1e-12, 1e-12, false).unwrap();
            assert!(same, "sample {i}, parameter {k}: {found} {alone}");
        }
    }
    count.load(Ordering::Relaxed)
}

/// Of a batch of floats.
fn of_floats(
    f: impl for<'t> Fn(Var<'t, f64>, &[Var<'t, f64>]) -> Result<Var<'t, f64>>,
    shape: &[usize],
    parameters: &[&[usize]],
) -> usize {
    let rng = &mut Rng::new(7);
    let batch = Tensor::randn(shape, rng);
    let parameters: Vec<Tensor<f64>> = parameters.iter().map(|s| Tensor::randn(s, rng)).collect();
    sweeps(f, &batch, |i| batch.narrow(0, i, 1).unwrap(), &parameters)
}

#[test]
fn linear_layers_take_one_sweep() {
    let mlp = |n: usize| {
        of_floats(
            |x, p| {
                let h = x.linear(p[0], Some(p[1]))?.tanh();
                h.linear(p[2], Some(p[3]))?.log_softmax(1)?.square().sum_over(1)
            },
            &[n, 4],
            &[&[5, 4], &[5], &[3, 5], &[3]],
        )
    };
    assert_eq!([mlp(1), mlp(6)], [1, 1]);
    // By matrix and vector products, and of inputs that are scaled first.
    let products = of_floats(
        |x, p| Ok((x * 0.5).matmul(p[0])?.sigmoid().matmul(p[1])?.square()),
        &[6, 4],
        &[&[4, 5], &[5]],
    );
    assert_eq!(products, 1);
}

#[test]
fn sequences_take_one_sweep_also_when_they_are_laid_out_as_rows() {
    let rows = |laid_out: bool| {
        of_floats(
            |x, p| {
                let n = x.shape()[0];
                let x = if laid_out { x.reshape([n * 3, 4])? } else { x };
                let h = x.linear(p[0], Some(p[1]))?.tanh().try_mul(p[2])?.try_sub(p[3])?;
                h.linear(p[0].t(), None)?.reshape([n, 3, 4])?.square().mean_over([1, 2])
            },
            &[5, 3, 4],
            &[&[4, 4], &[4], &[4], &[1, 4]],
        )
    };
    assert_eq!([rows(false), rows(true)], [1, 1]);
    let tied = of_floats(
        |x, p| {
            let h = x.linear(p[0], Some(p[1]))?.tanh().linear(p[0], Some(p[1]))?;
            h.try_mul(p[2])?.sum_over(-1)?.square().sum_over(1)
        },
        &[5, 3, 4],
        &[&[4, 4], &[4], &[3, 4]],
    );
    assert_eq!(tied, 1);
}

#[test]
fn tables_take_one_sweep() {
    let rng = &mut Rng::new(1);
    let tokens = tensor![[0_usize, 2, 2], [1, 0, 1], [3, 3, 3], [0, 1, 2]];
    let parameters = [Tensor::randn([5, 4], rng), Tensor::randn([2, 4], rng)];
    let count = sweeps(
        |x: Var<'_, f64, Tensor<usize>>, p| {
            let rows = p[0].rows(x)?;
            rows.linear(p[1], None)?.square().sum_over([1, 2])
        },
        &tokens,
        |i| tokens.narrow(0, i, 1).unwrap(),
        &parameters,
    );
    assert_eq!(count, 1);
    // One token a sample, next to numbers.
    let batch = (tensor![3_usize, 0, 3], Tensor::randn([3, 4], rng));
    let count = sweeps(
        |x: Var<'_, f64, (Tensor<usize>, Tensor<f64>)>, p| {
            let (token, x) = x.unpack();
            p[0].index_select(0, token)?.try_mul(x)?.linear(p[1], None)?.square().sum_over(1)
        },
        &batch,
        |i| (batch.0.narrow(0, i, 1).unwrap(), batch.1.narrow(0, i, 1).unwrap()),
        &parameters,
    );
    assert_eq!(count, 1);
}

#[test]
fn layer_norms_take_one_sweep() {
    let net = |n: usize| {
        of_floats(
            |x, p| {
                let h = x.layer_norm(p[0], Some(p[1]), 1e-5)?.tanh();
                h.rms_norm(p[2], 1e-5)?.square().sum_over([1, 2])
            },
            &[n, 3, 4],
            &[&[4], &[4], &[3, 4]],
        )
    };
    assert_eq!([net(1), net(5)], [1, 1]);
}

#[test]
fn convolutional_nets_take_one_sweep() {
    let net = |n: usize| {
        of_floats(
            |x, p| {
                let n = x.shape()[0];
                let same = Conv::new([Window::new(3), Window::new(3)]).padding([(1, 1), (1, 1)]);
                let h = x.conv(p[0], Some(p[1]), same)?.relu();
                // Pooling, as mean and as maximum.
                let windows = [Window::new(2).stride(2), Window::new(2).stride(2)];
                let h = h.windows(windows)?.mean_over([-1, -2])?;
                let strided = Conv::new([Window::new(2), Window::new(1).stride(2)]).groups(2);
                let h = h.conv(p[2], None, strided)?.windows([Window::new(1)])?.max_over(-1)?;
                h.normalize([1, 2, 3], 1e-5)?
                    .reshape([n, 4])?
                    .linear(p[3], None)?
                    .square()
                    .sum_over(1)
            },
            &[n, 1, 4, 4],
            &[&[2, 1, 3, 3], &[2], &[4, 1, 2, 1], &[3, 4]],
        )
    };
    assert_eq!([net(1), net(5)], [1, 1]);
    // Two images of one sample, one after another in the batch.
    let pairs = of_floats(
        |x, p| {
            let n = x.shape()[0];
            let conv = Conv::new([Window::new(2)]);
            let y = x.reshape([2 * n, 1, 5])?.conv(p[0], Some(p[1]), conv)?;
            y.reshape([n, 2, 3, 4])?.square().sum_over([1, 2, 3])
        },
        &[3, 2, 1, 5],
        &[&[3, 1, 2], &[3]],
    );
    assert_eq!(pairs, 1);
}

/// What is not on the list is found sample by sample, next to what is.
#[test]
fn other_uses_take_a_sweep_a_sample() {
    // The weight is a function of the parameter.
    let scaled = of_floats(
        |x, p| x.linear(p[0].square(), Some(p[1]))?.square().sum_over(1),
        &[6, 4],
        &[&[3, 4], &[3]],
    );
    assert_eq!(scaled, 1 + 6);
    // The batch is square and turned: the first axis looks like that of the samples, and is not.
    let turned =
        of_floats(|x, p| x.t().try_mul(p[0])?.t().square().sum_over(1), &[4, 4], &[&[1, 1]]);
    assert_eq!(turned, 1 + 4);
    // A parameter with a row for each sample.
    let rng = &mut Rng::new(2);
    let (batch, p) = (Tensor::<f64>::randn([3, 2], rng), Tensor::randn([3, 2], rng));
    let g = per_sample_gradients(|x, p| x.try_mul(p[0])?.sum_over(1), &batch, &[p]).unwrap();
    for i in 0..3 {
        for j in 0..3 {
            let row = g[0].select(0, i).unwrap().select(0, j).unwrap();
            let expected = if i == j { batch.select(0, i).unwrap() } else { Tensor::zeros([2]) };
            assert_eq!(row, expected);
        }
    }
}

#[test]
fn no_samples_unused_parameters_and_faults() {
    let none = per_sample_gradients(
        |x, p| x.linear(p[0], None)?.sum_over(1),
        &Tensor::<f64>::zeros([0, 4]),
        &[Tensor::ones([3, 4])],
    );
    assert_eq!(none.unwrap()[0].shape(), [0, 3, 4]);
    let unused = per_sample_gradients(
        |x, p| x.linear(p[0], None)?.sum_over(1),
        &Tensor::<f64>::ones([2, 4]),
        &[Tensor::ones([3, 4]), Tensor::ones([2])],
    );
    assert_eq!(unused.unwrap()[1], Tensor::zeros([2, 2]));
    let wrong = per_sample_gradients(|x, _| Ok(x.sum()), &Tensor::<f64>::ones([2, 4]), &[]);
    let error = wrong.unwrap_err().to_string();
    assert!(error.contains("the losses have shape [], and must be [2]"), "{error}");
    assert!(error.contains("tests/per_sample.rs"), "{error}");
}
