//! Every kernel on every level that this machine has. One test, since the level is the whole process's.
#![allow(clippy::unwrap_used)]

mod support;

use support::{Rng, close, copy, same_bits, same_bits_f32};
use wengert_tensor::kernel::level::{Level, available, best, force, level};
use wengert_tensor::pointwise::{BinaryOp, UnaryOp};
use wengert_tensor::{Tensor, keep};

/// Tensors whose rows, columns and lengths meet every path: whole registers, rests, many leaves, short rows.
fn operands() -> Vec<Tensor<f32>> {
    let mut rng = Rng::new(1);
    let shapes: [&[usize]; 11] = [
        &[],
        &[1],
        &[7],
        &[3000],
        &[70, 50],
        &[48, 37],
        &[300, 3],
        &[5, 1030],
        &[2100, 4],
        &[3, 17, 40],
        &[2, 3, 20, 33],
    ];
    let views = shapes.iter().flat_map(|shape| {
        let plain = Tensor::from_fn(shape, |_| rng.number() as f32);
        let view = rng.view(shape, |rng| rng.number() as f32);
        [plain.clone(), plain.t(), view]
    });
    views.collect()
}

/// Results whose bits may not depend on the level: no sum of products, no function but additions and choices.
fn exact(x: &Tensor<f32>) -> Vec<Tensor<f32>> {
    let mut all = vec![x.contiguous(), x.sum(), x.max().unwrap(), x.min().unwrap(), x.prod()];
    all.extend([x + 1.5, x * x, x.relu(), -x, x.clamp(-0.5, 0.5), x.floor(), x - &x.sum()]);
    for axis in 0..x.rank() as isize {
        all.push(x.sum_over(axis).unwrap());
        all.push(x.max_over(axis).unwrap());
        all.push(x.prod_over(keep(axis)).unwrap());
        all.push(x.norm_over(axis, 1.0).unwrap());
        all.push(x.count_nonzero_over(axis).unwrap().cast());
        all.push(x.cumsum(axis).unwrap());
        all.push(x / &x.max_over(keep(axis)).unwrap());
        all.push(x.move_axis(axis, 0).unwrap().contiguous());
    }
    all
}

/// Results that may differ by a rounding: multiplications are fused with additions where that is one instruction.
fn close_enough(x: &Tensor<f32>) -> Vec<Tensor<f32>> {
    let mut all: Vec<_> = UnaryOp::ALL.iter().map(|op| op.apply(x)).collect();
    all.extend(BinaryOp::ALL.iter().map(|op| op.apply(x, &x.flatten().sum()).unwrap()));
    let g = x.ones_like();
    all.extend(UnaryOp::ALL.iter().map(|op| op.pull(g.clone(), x, &op.apply(x))));
    for axis in 0..x.rank() as isize {
        all.push(x.var_over(axis, 0.0).unwrap());
        all.push(x.norm_over(axis, 2.0).unwrap());
        all.push(x.logsumexp_over(axis).unwrap());
        all.push(x.softmax(axis).unwrap());
        all.push(x.log_softmax(axis).unwrap());
    }
    if x.rank() >= 2 {
        all.push(x.matmul(&x.t()).unwrap());
        all.push(x.t().matmul(x).unwrap());
    }
    all
}

#[test]
fn every_level_gives_the_same_answers() {
    assert_eq!(level(), best());
    let operands = operands();
    force(Level::Portable);
    let expected: Vec<_> = operands.iter().map(|x| (exact(x), close_enough(x))).collect();
    for wanted in available() {
        assert_eq!(force(wanted), wanted);
        assert_eq!(level(), wanted);
        for (x, (bits, values)) in operands.iter().zip(&expected) {
            let shape = x.shape();
            for (i, (a, b)) in exact(x).iter().zip(bits).enumerate() {
                assert!(
                    same_bits_f32(a, b),
                    "result {i} of {shape:?} on {wanted:?}: {a}\nnot\n{b}"
                );
            }
            for (i, (a, b)) in close_enough(x).iter().zip(values).enumerate() {
                for (a, b) in a.iter().zip(b.iter()) {
                    let (a, b) = (f64::from(a), f64::from(b));
                    assert!(close(a, b, 2e-4), "{a} and not {b}: {i} of {shape:?}, {wanted:?}");
                }
            }
            // In double precision, and of the copy.
            let wide: Tensor<f64> = x.cast();
            assert!(same_bits(&wide.sum(), &copy(&wide).sum()));
            assert!(same_bits(&wide.t().contiguous(), &copy(&wide.t())));
            for axis in 0..wide.rank() as isize {
                let along = wide.move_axis(axis, -1).unwrap().contiguous();
                assert!(same_bits(&wide.sum_over(axis).unwrap(), &along.sum_over(-1).unwrap()));
            }
        }
    }
    force(best());
}
