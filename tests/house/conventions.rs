//! What docs/conventions.md says of wengert, line by line: slopes at corners, at ties, at 0 and infinity.

use wengert::autograd::{Result, Tape, Var};
use wengert::loss::{
    CrossEntropyLoss, HingeEmbeddingLoss, Labels, Loss, Reduction, bce, bce_with_logits, hinge,
    soft_margin,
};
use wengert::tensor::{Tensor, keep, tensor};

const INF: f64 = f64::INFINITY;
const NAN: f64 = f64::NAN;

/// The gradient of the sum of `f` at x.
fn slope(f: impl Fn(Var<f64>) -> Result<Var<f64>>, x: &[f64]) -> Vec<f64> {
    let tape = Tape::new();
    let x = tape.var(Tensor::from(x.to_vec()));
    let y = f(x).unwrap().sum();
    y.pull_tensors(&[x], &Tensor::scalar(1.0)).unwrap()[0].to_vec()
}

/// The gradients of the sum of `f` along both operands.
fn slopes<'t>(
    tape: &'t Tape<f64>,
    f: impl Fn(Var<'t, f64>, Var<'t, f64>) -> Result<Var<'t, f64>>,
    a: f64,
    b: f64,
) -> [f64; 2] {
    let (a, b) = (tape.scalar(a), tape.scalar(b));
    let y = f(a, b).unwrap();
    let g = y.pull_tensors(&[a, b], &Tensor::scalar(1.0)).unwrap();
    [g[0].item().unwrap(), g[1].item().unwrap()]
}

/// Equal, NaN being equal to NaN.
#[track_caller]
fn same(got: &[f64], expected: &[f64]) {
    let equal = |(a, b): (&f64, &f64)| a == b || (a.is_nan() && b.is_nan());
    let all = got.len() == expected.len() && got.iter().zip(expected).all(equal);
    assert!(all, "got {got:?}, expected {expected:?}");
}

#[test]
fn corners() {
    same(&slope(|x| Ok(x.relu()), &[0.0]), &[0.0]);
    same(&slope(|x| Ok(x.abs()), &[0.0]), &[0.0]);
    same(&slope(|x| Ok(x.leaky_relu(0.1)), &[0.0]), &[0.1]);
    same(&slope(|x| Ok(x.elu(1.5)), &[0.0]), &[1.5]);
    same(&slope(|x| Ok(x.celu(1.5)), &[0.0]), &[1.0]);
    same(&slope(|x| Ok(x.relu6()), &[0.0, 6.0]), &[0.0, 0.0]);
    same(&slope(|x| Ok(x.hardtanh(-1.0, 1.0)), &[-1.0, 1.0]), &[0.0, 0.0]);
    same(&slope(|x| Ok(x.hardsigmoid()), &[-3.0, 3.0]), &[0.0, 0.0]);
    same(&slope(|x| Ok(x.hardswish()), &[-3.0, 3.0]), &[0.0, 1.0]);
    same(&slope(|x| Ok(x.clamp(-1.0, 1.0)), &[-1.0, 1.0, 2.0]), &[1.0, 1.0, 0.0]);
    same(&slope(|x| x.clamp_min(tensor![1.0, 1.0]), &[1.0, 0.0]), &[1.0, 0.0]);
    same(&slope(|x| x.clamp_max(tensor![1.0, 1.0]), &[1.0, 2.0]), &[1.0, 0.0]);
    same(&slope(|x| Ok(x.softshrink(0.5)), &[-0.5, 0.5]), &[0.0, 0.0]);
    same(&slope(|x| Ok(x.hardshrink(0.5)), &[-0.5, 0.5]), &[0.0, 0.0]);
    same(&slope(|x| Ok(x.threshold(0.5, 9.0)), &[0.5]), &[0.0]);
    same(&slope(|x| Ok(x.floor() + x.ceil() + x.round() + x.trunc()), &[1.5]), &[0.0]);
    same(&slope(|x| hinge(x, tensor![1.0]), &[1.0]), &[0.0]);
    let embedding = HingeEmbeddingLoss::new();
    same(&slope(|x| embedding.forward(x, &tensor![-1.0]), &[1.0]), &[-1.0]);
}

#[test]
fn ties() {
    let tape = Tape::new();
    same(&slopes(&tape, |a, b| a.maximum(b), 1.0, 1.0), &[0.5, 0.5]);
    same(&slopes(&tape, |a, b| a.minimum(b), 1.0, 1.0), &[0.5, 0.5]);
    same(&slopes(&tape, |a, b| a.maximum(b), NAN, 1.0), &[0.0, 0.0]);
    same(&slope(|x| x.max(), &[3.0, 3.0, 1.0]), &[0.5, 0.5, 0.0]);
    same(&slope(|x| x.max_over(0), &[3.0, 3.0, 1.0]), &[0.5, 0.5, 0.0]);
    same(&slope(|x| Ok(x.max_at(0)?.0), &[3.0, 3.0, 1.0]), &[1.0, 0.0, 0.0]);
    same(&slope(|x| Ok(x.min_at(0)?.0), &[3.0, 1.0, 1.0]), &[0.0, 1.0, 0.0]);
    same(&slope(|x| Ok(x.median_at(0)?.0), &[1.0, 4.0, 2.0, 3.0]), &[0.0, 0.0, 1.0, 0.0]);
    same(&slope(|x| Ok(x.topk(1, 0, true)?.0), &[3.0, 3.0]), &[1.0, 0.0]);
    assert_eq!(tensor![3.0, 3.0].argmax().unwrap(), 0);
}

#[test]
fn nothing_and_infinity() {
    let tape = Tape::new();
    same(&slope(|x| Ok(x.sqrt()), &[0.0]), &[INF]);
    for p in [0.5, 1.0, 2.0, 3.0, INF] {
        same(&slope(|x| x.norm_over(0, p), &[0.0, 0.0]), &[0.0, 0.0]);
    }
    same(&slope(|x| x.std_over(0, 1.0), &[2.0, 2.0]), &[0.0, 0.0]);
    same(&slopes(&tape, |a, b| a.hypot(b), 0.0, 0.0), &[0.0, 0.0]);
    same(&slopes(&tape, |a, b| a.atan2(b), 0.0, 0.0), &[0.0, 0.0]);
    let huge = tensor![3e200, 4e200].norm(2.0).unwrap();
    assert!(huge.allclose(&Tensor::scalar(5e200), 1e-15, 0.0, false).unwrap());
    same(&slopes(&tape, |a, b| a.pow(b), 0.0, 0.0), &[0.0, 0.0]);
    same(&slopes(&tape, |a, b| a.pow(b), 0.0, 2.0), &[0.0, 0.0]);
    same(&slope(|x| Ok(x.rpow_scalar(0.0)), &[0.0, 2.0]), &[0.0, 0.0]);
    same(&slopes(&tape, |a, b| a.pow(b), -2.0, 3.0), &[12.0, NAN]);
    same(&slope(|x| Ok(x.ln()), &[0.0]), &[INF]);
    same(&slopes(&tape, |a, b| a.xlogy(b), 0.0, 0.5)[1..], &[0.0]);
    same(&slopes(&tape, |a, b| a.logaddexp(b), INF, INF), &[0.5, 0.5]);
    same(&slopes(&tape, |a, b| a.logaddexp(b), -INF, -INF), &[0.5, 0.5]);
    same(&slope(|x| x.logsumexp_over(0), &[-INF, -INF]), &[0.0, 0.0]);
    same(&slope(|x| x.logsumexp_over(0), &[INF, 0.0]), &[NAN, 0.0]);
    assert!(tensor![INF].softsign().item().unwrap().is_nan());
    same(&slope(|x| x.prod_over(0), &[0.0, 3.0, 2.0]), &[6.0, 0.0, 0.0]);
    same(&slope(|x| x.cumprod(0), &[0.0, 3.0]), &[4.0, 0.0]);
    assert!(tensor![-INF, -INF].softmax(0).unwrap().iter().all(f64::is_nan));
    // √x is NaN below 0, and its slope too: nothing of it passes.
    // The slope of √x at 0 is ∞: what is not chosen passes an exact 0 on to it.
    let chosen = tensor![true, false];
    same(&slope(|x| x.sqrt().masked_fill(&chosen, 0.0), &[0.0, 4.0]), &[0.0, 0.25]);
    same(&slopes(&tape, |a, b| a.remainder(b), 1.0, -INF), &[1.0, 1.0]);
}

#[test]
fn losses_at_their_edges() {
    same(&slope(|p| bce(p, tensor![1.0, 0.0]), &[1.0, 0.0]), &[0.0, 0.0]);
    let tape = Tape::new();
    let x = tape.var(tensor![-1000.0]);
    assert_eq!(bce_with_logits(x, tensor![1.0]).unwrap().item().unwrap(), 1000.0);
    assert_eq!(soft_margin(x, tensor![1.0]).unwrap().item().unwrap(), 1000.0);
    let criterion = CrossEntropyLoss::new().reduction(Reduction::Sum);
    let labels = Labels::Probabilities(tensor![0.0, 1.0]);
    let loss = criterion.forward(tape.var(tensor![-INF, 0.0]), labels).unwrap();
    assert_eq!(loss.item().unwrap(), 0.0);
    let empty = tape.var(Tensor::zeros([0, 3]));
    let none = Tensor::<usize>::zeros([0]);
    assert!(CrossEntropyLoss::new().forward(empty, &none).is_err());
    let nan = CrossEntropyLoss::new().reduction(Reduction::MeanOrNan);
    assert!(nan.forward(empty, &none).unwrap().item().unwrap().is_nan());
}

#[test]
fn where_the_shape_is_the_edge() {
    let scalar = Tensor::scalar(3.0);
    assert_eq!(scalar.sum_over(0).unwrap(), scalar);
    assert_eq!(scalar.cumsum(-1).unwrap(), scalar);
    assert_eq!(scalar.softmax(0).unwrap(), Tensor::scalar(1.0));
    assert!(scalar.sum_over(1).is_err());
    let empty = Tensor::<f64>::zeros([0]);
    assert!(empty.max().is_err() && empty.argmax().is_err());
    assert!(empty.mean().item().unwrap().is_nan());
    assert!(Tensor::<f64>::zeros([2, 3]).squeeze(0).is_err());
    assert!(Tensor::<f64>::zeros([2, 3]).slice(wengert::tensor::s![..5]).is_err());
    assert_eq!(Tensor::<f64>::zeros([2, 3, 4]).t().shape(), [2, 4, 3]);
    assert_eq!(tensor![0.0].hardtanh(0.5, -0.5), tensor![-0.5]);
    let tape = Tape::<f64>::new();
    let x = tape.var(Tensor::zeros([2, 1]));
    assert!(wengert::loss::mse(x, Tensor::zeros([2])).is_err());
    assert_eq!(x.sum_over(keep(..)).unwrap().rank(), 2);
}
