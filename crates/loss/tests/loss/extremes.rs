//! Finite for every logit up to ±10⁴, in f32 and f64: the loss, its gradient, and the gradient of that.

use wengert_autograd::{Result, Tape, Var};
use wengert_loss::*;
use wengert_tensor::{Float, Tensor};

const LOGITS: [f64; 12] =
    [-1e4, -200.0, -104.0, -89.0, -20.0, -1e-30, 0.0, 1e-30, 17.0, 89.0, 750.0, 1e4];

#[track_caller]
fn finite<T: Float>(
    name: &str,
    x: &Tensor<T>,
    f: impl for<'t> Fn(Var<'t, T>) -> Result<Var<'t, T>>,
) {
    let tape = Tape::new();
    let x = tape.var(x.clone());
    let loss = f(x).unwrap();
    // The post-mortem of a healthy step says nothing, and names a line that is not healthy.
    let healthy = tape.first_non_finite();
    assert!(healthy.is_none(), "{name}, {}: {}", T::NAME, healthy.unwrap());
    let g = loss.grad(&[x]).unwrap()[0];
    let second = g.square().sum().grad_or_zero(&[x]).unwrap()[0];
    for (what, y) in [("loss", loss), ("gradient", g), ("second order", second)] {
        assert!(y.value().unwrap().is_finite().all(), "{name}, {}: {what} of {x} is {y}", T::NAME);
    }
    let tape = Tape::new();
    let x = tape.var(x.value().unwrap());
    let _ = f(x).unwrap() + x.mul_scalar(0.0).sum().ln();
    assert_eq!(tape.first_non_finite().unwrap().op, "ln", "{name}, {}", T::NAME);
}

fn all<T: Float>()
where
    for<'t, 'a> &'a Tensor<T>: ClassTarget<'t, T>,
{
    let x = Tensor::from(LOGITS.map(T::from_f64).to_vec());
    let n = LOGITS.len();
    for target in [0.0, 1.0] {
        let y = x.full_like(T::from_f64(target));
        let side = x.full_like(T::from_f64(2.0 * target - 1.0));
        let w = x.full_like(T::from_f64(30.0));
        finite("bce_with_logits", &x, |x| bce_with_logits(x, &y));
        finite("pos_weight", &x, |x| BceWithLogitsLoss::new().pos_weight(w.clone()).forward(x, &y));
        finite("multilabel", &x, |x| multilabel_cross_entropy(x, &y));
        for gamma in [0.0, 0.5, 2.0] {
            finite("binary_focal", &x, |x| binary_focal(x, &y, gamma));
        }
        finite("bce of a sigmoid", &x, |x| bce(x.sigmoid(), &y));
        finite("hinge", &x, |x| hinge(x, &side));
        finite("squared_hinge", &x, |x| squared_hinge(x, &side));
        finite("soft_margin", &x, |x| soft_margin(x, &side));
        finite("mse", &x, |x| mse(x, &y));
        finite("huber", &x, |x| huber(x, &y, 1.0));
        finite("log_cosh", &x, |x| log_cosh(x, &y));
        finite("charbonnier", &x, |x| charbonnier(x, &y, 1e-3));
        finite("cauchy", &x, |x| cauchy(x, &y, 1.0));
        finite("tukey", &x, |x| tukey(x, &y, 4.0));
        finite("adaptive", &x, |x| AdaptiveRobustLoss::new().forward(x, &y));
        finite("dice", &x, |x| dice(x, &y));
        // Each logit a mask of its own, as well as all together.
        for shape in [[n, 1], [1, n]] {
            finite("tversky", &x, |x| {
                let focal = TverskyLoss::new(0.3, 0.7).gamma(4.0 / 3.0);
                focal.forward(x.reshape(shape)?, &y.reshape(shape)?)
            });
        }
        for alpha in [2.0, 1.0, 0.0, -2.0, f64::NEG_INFINITY] {
            finite("general_robust", &x, |x| general_robust(x, &y, alpha, 1.0));
        }
    }
    // Every pair of logits against one another, with either class the right one.
    let pairs = LOGITS.iter().flat_map(|&a| LOGITS.iter().flat_map(move |&b| [a, b]));
    let pairs = Tensor::from(pairs.map(T::from_f64).collect::<Vec<T>>());
    let pairs = pairs.reshape([n * n, 2]).unwrap();
    for class in [0_usize, 1] {
        let labels = Tensor::full([n * n], class);
        finite("cross_entropy", &pairs, |x| cross_entropy(x, &labels));
        finite("smoothing", &pairs, |x| {
            CrossEntropyLoss::new().label_smoothing(0.1).forward(x, &labels)
        });
        let q = labels.one_hot::<T>(2).unwrap();
        finite("probabilities", &pairs, |x| cross_entropy(x, &q));
        finite("nll", &pairs, |x| nll(x.log_softmax(1)?, &labels));
        finite("kl_div", &pairs, |x| kl_div(x.log_softmax(1)?, &q));
        for gamma in [0.0, 0.5, 2.0] {
            finite("focal", &pairs, |x| focal(x, &labels, gamma));
        }
        finite("multi_margin", &pairs, |x| multi_margin(x, &labels));
        for q in [0.1, 0.7, 1.0] {
            finite("generalized", &pairs, |x| generalized_cross_entropy(x, &labels, q));
        }
        finite("symmetric", &pairs, |x| symmetric_cross_entropy(x, &labels));
        finite("sequence", &pairs, |x| sequence_cross_entropy(x, &labels, 7));
    }
}

#[test]
fn nothing_overflows() {
    all::<f32>();
    all::<f64>();
}

#[test]
fn the_values_are_right_at_the_ends() {
    let tape = Tape::<f32>::new();
    let x = tape.var(Tensor::from(vec![200.0, -200.0, 0.0]));
    let y = Tensor::from(vec![0.0, 1.0, 1.0]);
    let loss = bce_with_logits(x, &y).unwrap();
    assert!((loss.item().unwrap() - 133.56438).abs() < 1e-4);
    let g = loss.gradients().unwrap().wrt(x).value().unwrap();
    let expected = Tensor::from(vec![1.0 / 3.0, -1.0 / 3.0, -1.0 / 6.0]);
    assert!(g.allclose(&expected, 1e-6, 0.0, false).unwrap(), "{g}");
    // Far on the wrong side the loss is the distance, on the right side nothing.
    let far = tape.var(Tensor::from(vec![1e4, -1e4]).reshape([1, 2]).unwrap());
    assert_eq!(cross_entropy(far, &Tensor::from(vec![1_usize])).unwrap().item().unwrap(), 2e4);
    assert_eq!(cross_entropy(far, &Tensor::from(vec![0_usize])).unwrap().item().unwrap(), 0.0);
}

#[test]
fn log_cosh_keeps_its_digits_near_0() {
    let tape = Tape::<f64>::new();
    for e in [1e-3, 1e-6, 1e-9] {
        let x = tape.var(Tensor::scalar(e));
        let loss = log_cosh(x, 0.0).unwrap().item().unwrap();
        // x²/2 - x⁴/12
        let expected = 0.5 * e * e - e * e * e * e / 12.0;
        assert!((loss / expected - 1.0).abs() < 1e-12, "{loss} {expected}");
    }
}

/// Far out, σ(z) - y would be 1 - 1 = 0 for a sure and right yes, where e^-z is right.
#[test]
fn the_slope_of_a_sure_and_right_answer_keeps_its_digits() {
    let slope = |z: f64, y: f64| {
        let tape = Tape::new();
        let z = tape.var(Tensor::scalar(z));
        let slope = bce_with_logits(z, &Tensor::scalar(y)).unwrap().grad(&[z]).unwrap()[0];
        let second = slope.grad(&[z]).unwrap()[0];
        [slope, second].map(|s| s.item().unwrap())
    };
    for z in [1.0_f64, 30.0, 37.0, 40.0, 300.0, 700.0] {
        let right = (-z).exp() / (1.0 + (-z).exp());
        super::near(slope(z, 1.0)[0], -right, 1e-14);
        super::near(slope(-z, 0.0)[0], right, 1e-14);
        for curvature in [slope(z, 1.0)[1], slope(-z, 0.0)[1]] {
            super::near(curvature, right * (1.0 - right), 1e-14);
        }
    }
    // A target between both has the slope of either side in its part.
    super::near(slope(2.0, 0.25)[0], 1.0 / (1.0 + (-2.0_f64).exp()) - 0.25, 1e-15);
}
