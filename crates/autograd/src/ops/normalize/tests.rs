//! One op against what plain ops compose.

use wengert_tensor::{Axes, Float, Rng, Tensor, keep, set_threads};

use crate::{Result, Tape, Var};

/// The value and the gradients of what `f` makes of x, weight and bias, from a gradient that differs from place to place.
fn value_and_gradients<T: Float>(
    of: &[Tensor<T>; 3],
    f: impl for<'t> Fn([Var<'t, T>; 3]) -> Result<Var<'t, T>>,
) -> Vec<Tensor<T>> {
    let tape = Tape::new();
    let vars = of.each_ref().map(|x| tape.var(x.clone()));
    let y = f(vars).unwrap();
    let far = y.value().unwrap().map(|y| y.times(T::from_f64(1.5)).plus(T::ONE));
    let mut all = y.pull_tensors(&vars, &far).unwrap();
    all.insert(0, y.value().unwrap());
    all
}

fn compare<T: Float>(shape: &[usize], last: usize, tolerance: f64) {
    let rng = &mut Rng::new(5);
    let sizes = &shape[shape.len() - last..];
    let of: [Tensor<T>; 3] =
        [Tensor::randn(shape, rng), Tensor::randn(sizes, rng), Tensor::randn(sizes, rng)];
    let axes = Axes::last(last);
    let one = value_and_gradients(&of, |[x, w, b]| x.layer_norm(w, Some(b), 1e-5));
    let composed = value_and_gradients(&of, |[x, w, b]| {
        x.normalize(axes.clone(), 1e-5)?.try_mul(w)?.try_add(b)
    });
    let one_rms = value_and_gradients(&of, |[x, w, b]| x.rms_norm(w, 1e-5)?.try_add(b));
    let composed_rms = value_and_gradients(&of, |[x, w, b]| {
        x.rms_normalize(axes.clone(), 1e-5)?.try_mul(w)?.try_add(b)
    });
    for (one, composed) in [(one, composed), (one_rms, composed_rms)] {
        assert_eq!(one[0].shape(), shape);
        assert!(one[0].equal(&composed[0]).unwrap().all(), "{shape:?}: another value");
        for (one, composed) in one.iter().zip(&composed) {
            assert_eq!(one.shape(), composed.shape());
            for (a, b) in one.iter().zip(composed.iter()) {
                let (a, b) = (a.to_f64(), b.to_f64());
                assert!((a - b).abs() <= tolerance * (1.0 + b.abs()), "{shape:?}: {a}, not {b}");
            }
        }
    }
}

#[test]
fn one_op_is_what_plain_ops_compose() {
    let shapes: [(&[usize], usize); 11] = [
        (&[4], 1),
        (&[1], 1),
        (&[5, 1], 1),
        (&[1, 7], 1),
        (&[0, 4], 1),
        (&[3, 0], 1),
        (&[2, 3, 4], 2),
        (&[2, 1, 4], 3),
        (&[32, 128], 1),
        (&[70, 33], 1),
        (&[3, 1100], 1),
    ];
    for (shape, last) in shapes {
        compare::<f64>(shape, last, 1e-11);
        compare::<f32>(shape, last, 2e-4);
    }
}

/// x of this shape, and weight and bias of that one, over axes: one op, and what plain ops compose.
fn compare_affine<T: Float>(shape: &[usize], weight: &[usize], axes: &[isize], tolerance: f64) {
    let rng = &mut Rng::new(7);
    let x: Tensor<T> = Tensor::randn(shape, rng).mul_scalar(2.0).add_scalar(3.0);
    // Also of a view.
    let mut turned = shape.to_vec();
    turned.swap(0, 1);
    let view: Tensor<T> = Tensor::randn(&turned, rng).transpose(0, 1).unwrap();
    for x in [x, view] {
        let of = [x, Tensor::randn(weight, rng), Tensor::randn(weight, rng)];
        let one = value_and_gradients(&of, |[x, w, b]| x.affine_normalize(axes, w, Some(b), 1e-5));
        let composed = value_and_gradients(&of, |[x, w, b]| {
            let centred = x.try_sub(x.mean_over(keep(axes))?)?;
            let root = centred.square().mean_over(keep(axes))?.add_scalar(1e-5).sqrt();
            centred.try_div(root)?.try_mul(w)?.try_add(b)
        });
        for (k, (one, composed)) in one.iter().zip(&composed).enumerate() {
            assert_eq!(one.shape(), composed.shape());
            for (a, b) in one.iter().zip(composed.iter()) {
                let (a, b) = (a.to_f64(), b.to_f64());
                let close = (a - b).abs() <= tolerance * (1.0 + b.abs());
                assert!(close, "{shape:?} {weight:?} {axes:?}, part {k}: {a}, not {b}");
            }
        }
    }
}

#[test]
fn batches_groups_and_channels_are_what_plain_ops_compose() {
    let cases: [(&[usize], &[usize], &[isize]); 16] = [
        // Batches: long runs and short ones, one sample, one channel, one number a channel.
        (&[5, 3, 4, 6], &[3, 1, 1], &[0, 2, 3]),
        (&[70, 3, 40], &[3, 1], &[0, 2]),
        (&[5, 3, 4], &[3, 1], &[0, 2]),
        (&[300, 7], &[7], &[0]),
        (&[1, 3, 20], &[3, 1], &[0, 2]),
        (&[6, 1, 17], &[1, 1], &[0, 2]),
        (&[3, 4, 2, 3, 16], &[4, 2, 1, 1], &[0, 3, 4]),
        // Groups, long and short.
        (&[3, 2, 4, 18], &[2, 4, 1], &[2, 3]),
        (&[3, 2, 4, 5], &[2, 4, 1], &[2, 3]),
        (&[3, 1, 4, 18], &[1, 4, 1], &[2, 3]),
        (&[3, 4, 1, 18], &[4, 1, 1], &[2, 3]),
        // Channels by themselves.
        (&[3, 4, 5, 6], &[4, 1, 1], &[2, 3]),
        (&[3, 1, 20], &[1, 1], &[2]),
        // Neither: a weight of the last axis, one of two axes apart, one number.
        (&[3, 4, 5], &[1, 1, 5], &[0, 1]),
        (&[3, 4, 20], &[3, 1, 20], &[1]),
        (&[3, 4, 20], &[1], &[0, 1, 2]),
    ];
    for (shape, weight, axes) in cases {
        compare_affine::<f64>(shape, weight, axes, 1e-9);
        compare_affine::<f32>(shape, weight, axes, 1e-3);
    }
    compare_affine::<f64>(&[0, 3, 4], &[3, 1], &[0, 2], 0.0);
    compare_affine::<f64>(&[2, 3, 0], &[3, 1], &[2], 0.0);
}

#[test]
fn weights_that_do_not_broadcast_are_refused() {
    let x = Tensor::<f64>::zeros([2, 3, 4]);
    for wrong in [vec![3], vec![1, 2, 3, 4], vec![2, 1]] {
        let weight = Tensor::zeros(&wrong);
        let error = x.affine_normalize([0, 2], &weight, None, 1e-5).unwrap_err().to_string();
        let rule = "affine_normalize: [2, 3, 4] and ";
        assert!(error.starts_with(rule) && error.contains("must broadcast"), "{error}");
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let rng = &mut Rng::new(6);
    let of: [Tensor<f32>; 3] =
        [Tensor::randn([700, 130], rng), Tensor::randn([130], rng), Tensor::randn([130], rng)];
    let with = |threads| {
        set_threads(threads);
        value_and_gradients(&of, |[x, w, b]| x.layer_norm(w, Some(b), 1e-5))
    };
    assert_eq!(with(1), with(3));
    let of: [Tensor<f32>; 3] = [
        Tensor::randn([40, 6, 30, 30], rng),
        Tensor::randn([6, 1, 1], rng),
        Tensor::randn([6, 1, 1], rng),
    ];
    for axes in [&[0, 2, 3][..], &[2, 3]] {
        let with = |threads| {
            set_threads(threads);
            value_and_gradients(&of, |[x, w, b]| x.affine_normalize(axes, w, Some(b), 1e-5))
        };
        assert_eq!(with(1), with(3));
    }
}
