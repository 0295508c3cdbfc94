//! Values that can be worked out by hand, each formula with its denominator, and what the tutorials print.

use std::f64::consts::{LN_2, PI};

use wengert_autograd::Tape;
use wengert_loss::*;
use wengert_tensor::{Tensor, tensor};

use crate::{item, near};

const SUM: Reduction = Reduction::Sum;
const EACH: Reduction = Reduction::None;

#[test]
fn the_tutorials_numbers() {
    let tape = Tape::<f64>::new();
    let prediction = tape.var(tensor![1.5, 2.5, 3.5]);
    assert_eq!(item(mse(prediction, &tensor![1.0, 2.0, 3.0])), 0.25);

    let logits = tape.var(tensor![-1.0, 0.0, 1.0]);
    let yes = tensor![0.0, 1.0, 1.0];
    // -(ln(1 - σ(-1)) + ln σ(0) + ln σ(1)) / 3
    let expected = (2.0 * (1.0 + (-1.0_f64).exp()).ln() + LN_2) / 3.0;
    near(item(bce_with_logits(logits, &yes)), expected, 1e-15);
    near(expected, 0.439890, 1e-6);
    near(item(bce(logits.sigmoid(), &yes)), expected, 1e-14);
    near(item(log_loss(logits.sigmoid(), &yes)), expected, 1e-14);
    // The softmax over the samples, put into that formula, is another function.
    near(item(bce(logits.softmax(0).unwrap(), &yes)), 0.636519, 1e-6);
}

#[test]
fn the_gradient_of_mse_is_2_errors_over_n() {
    let tape = Tape::<f64>::new();
    let x = tape.var(tensor![[1.0, 2.0], [3.0, 5.0]]);
    let loss = mse(x, &tensor![[0.0, 0.0], [0.0, 1.0]]).unwrap();
    assert_eq!(loss.gradients().unwrap().wrt(x).value().unwrap(), tensor![[0.5, 1.0], [1.5, 2.0]]);
}

#[test]
fn regression_by_hand() {
    let tape = Tape::<f64>::new();
    let x = tape.var(tensor![[0.5, 3.0], [-2.0, 0.0]]);
    let y = Tensor::zeros([2, 2]);
    assert_eq!(item(mse(x, &y)), 13.25 / 4.0);
    assert_eq!(item(MseLoss::new().reduction(SUM).forward(x, &y)), 13.25);
    assert_eq!(
        MseLoss::new().reduction(EACH).forward(x, &y).unwrap().value().unwrap(),
        tensor![[0.25, 9.0], [4.0, 0.0]]
    );
    assert_eq!(item(mae(x, &y)), 5.5 / 4.0);
    // ½·0.25, 1·(3 - ½), 1·(2 - ½), 0
    assert_eq!(item(huber(x, &y, 1.0)), (0.125 + 2.5 + 1.5) / 4.0);
    assert_eq!(item(huber(x, &y, 1e6)), 13.25 / 8.0);
    // 0.25/(2·2), 3 - 1, 2²/(2·2)
    assert_eq!(item(smooth_l1(x, &y, 2.0)), (0.0625 + 2.0 + 1.0) / 4.0);
    assert_eq!(item(smooth_l1(x, &y, 0.0)), 5.5 / 4.0);
    let cosh: f64 = [0.5_f64, 3.0, -2.0].iter().map(|e| e.cosh().ln()).sum();
    near(item(log_cosh(x, &y)), cosh / 4.0, 1e-15);
    // e = y - x: -0.5, -3 and 2 cost 0.25, 0.25 and 0.75 a unit.
    assert_eq!(item(quantile(x, &y, 0.75)), (0.125 + 0.75 + 1.5) / 4.0);
    assert_eq!(item(quantile(x, &y, 0.5)), 5.5 / 8.0);
    near(
        item(charbonnier(x, &y, 4.0)),
        (0.5_f64.hypot(4.0) + 5.0 + 20.0_f64.sqrt() - 12.0) / 4.0,
        1e-14,
    );
    near(item(cauchy(x, &y, 1.0)), (1.125_f64.ln() + 5.5_f64.ln() + 3.0_f64.ln()) / 4.0, 1e-15);
}

#[test]
fn the_general_robust_loss_is_the_others_at_its_marks() {
    let tape = Tape::<f64>::new();
    let x = tape.var(tensor![-3.0, -0.1, 0.0, 0.7, 40.0]);
    let y = Tensor::zeros([5]);
    let at = |alpha| item(general_robust(x, &y, alpha, 2.0));
    near(at(2.0), item(mse(x, &y)) / 8.0, 1e-15);
    near(at(1.0), item(charbonnier(x.div_scalar(2.0), &y, 1.0)), 1e-14);
    near(at(0.0), item(cauchy(x, &y, 2.0)), 1e-15);
    let geman = x.value().unwrap().map(|x| {
        let z2 = x * x / 4.0;
        2.0 * z2 / (z2 + 4.0)
    });
    near(at(-2.0), geman.mean().item().unwrap(), 1e-14);
    // Its limits are limits.
    near(at(2.0 - 1e-9), at(2.0), 1e-6);
    near(at(1e-9), at(0.0), 1e-6);
    near(at(-1e7), at(f64::NEG_INFINITY), 1e-5);
}

#[test]
fn tukey_by_hand() {
    let tape = Tape::<f64>::new();
    let x = tape.var(tensor![0.5, 3.0, -2.0, 0.0]);
    // c = 2: 4/6·(1 - (1 - 1/16)³) and, from c on, 4/6.
    let near_0 = 4.0 / 6.0 * (1.0 - (15.0_f64 / 16.0).powi(3));
    let loss = tukey(x, &Tensor::zeros([4]), 2.0).unwrap();
    near(loss.item().unwrap(), (near_0 + 2.0 * 4.0 / 6.0) / 4.0, 1e-14);
    // e·(1 - (e/c)²)², and nothing from c on.
    let g = loss.gradients().unwrap().wrt(x).value().unwrap().to_vec();
    near(g[0], 0.5 * (15.0_f64 / 16.0).powi(2) / 4.0, 1e-14);
    assert_eq!(g[1..], [0.0, 0.0, 0.0]);
    // Near 0 it is half the square, to the last digits.
    let tiny = tape.var(tensor![1e-9]);
    near(item(tukey(tiny, &tensor![0.0], 4.685)), 0.5e-18, 1e-12);
}

#[test]
fn the_partition_function_of_the_robust_likelihood() {
    // ln Z(α), by SciPy 1.17.1. With ρ(z, a) = b/a·((z²/b + 1)^(a/2) - 1), b = |a - 2|:
    // f = lambda t: exp(-(rho(sqrt(2)*tan(t), a) - log1p(tan(t)**2)))
    // log(2*sqrt(2)*integrate.quad(f, 0, pi/2, epsabs=1e-14, epsrel=1e-13, limit=2000)[0])
    const LOG_Z: [(f64, f64); 8] = [
        (0.001, 1.4904472569087615),
        (0.01, 1.483037934750453),
        (0.1, 1.426633706252279),
        (0.5, 1.2917070309923646),
        (1.0, 1.185495232349193),
        (1.5, 1.0871889192928512),
        (1.9, 0.9784664112809625),
        (1.999, 0.9206003492316074),
    ];
    let (tape, single) = (Tape::<f64>::new(), Tape::<f32>::new());
    for (alpha, expected) in LOG_Z {
        // An error of 0 costs ln Z alone.
        let loss = robust_nll(tape.var(tensor![7.0]), &tensor![7.0], alpha, 1.0);
        near(item(loss), expected, if alpha < 1.95 { 1e-12 } else { 2e-10 });
        let loss = robust_nll(single.var(tensor![7.0]), &tensor![7.0], alpha as f32, 1.0);
        near(f64::from(loss.unwrap().item().unwrap()), expected, 3e-6);
    }
    // An error of 3 at scale 2 costs ρ and ln c more.
    let x = tape.var(tensor![10.0]);
    let more = item(general_robust(x, &tensor![7.0], 0.5, 2.0)) + LN_2;
    near(item(robust_nll(x, &tensor![7.0], 0.5, 2.0)), LOG_Z[3].1 + more, 1e-12);
    // Close to 2 it is the normal distribution's, close to 0 Cauchy's.
    near(item(robust_nll(x, &tensor![10.0], 1e-9, 1.0)), (PI * 2.0_f64.sqrt()).ln(), 1e-8);
    near(item(robust_nll(x, &tensor![10.0], 2.0 - 1e-9, 1.0)), 0.5 * (2.0 * PI).ln(), 1e-8);
}

#[test]
fn the_adaptive_loss_is_the_robust_likelihood_of_its_parameters() {
    let tape = Tape::<f64>::new();
    let (x, y) = (tape.var(tensor![1.0, -2.0, 9.0]), tensor![0.5, 0.0, 0.0]);
    let criterion = AdaptiveRobustLoss::new();
    near(criterion.alpha().unwrap(), 1.0, 1e-15);
    near(criterion.scale().unwrap(), 1.0, 1.1e-5);
    criterion.latent_alpha.set(tensor![-1.5].squeeze(0).unwrap());
    criterion.log_scale.set(tensor![0.7].squeeze(0).unwrap());
    let (alpha, scale) = (criterion.alpha().unwrap(), criterion.scale().unwrap());
    assert!(alpha < 0.4 && scale > 2.0, "{alpha} {scale}");
    near(item(criterion.forward(x, &y)), item(robust_nll(x, &y, alpha, scale)), 1e-14);
    // Wherever the optimiser goes, α stays between the ends.
    for far in [-1e4, 1e4] {
        criterion.latent_alpha.set(Tensor::scalar(far));
        assert!((0.0009..1.9991).contains(&criterion.alpha().unwrap()));
        assert!(item(criterion.forward(x, &y)).is_finite());
    }
}

#[test]
fn likelihoods_by_hand() {
    let tape = Tape::<f64>::new();
    let x = tape.var(tensor![0.0, 1.0]);
    let y = tensor![3.0, 1.0];
    near(item(poisson_nll(x, &y)), (1.0 + 1.0_f64.exp() - 1.0) / 2.0, 1e-15);
    let full = PoissonNllLoss::new().full().reduction(SUM).forward(x, &y);
    let stirling = 3.0 * 3.0_f64.ln() - 3.0 + 0.5 * (6.0 * PI).ln();
    near(item(full), 1.0_f64.exp() + stirling, 1e-15);
    let rates = tape.var(tensor![2.0, 1.0]);
    let by_rate = PoissonNllLoss::new().of_rates().epsilon(0.0).forward(rates, &y);
    near(item(by_rate), (2.0 - 3.0 * LN_2 + 1.0) / 2.0, 1e-15);

    let mean = tape.var(tensor![[1.0, 2.0], [0.0, 0.0]]);
    let target = tensor![[2.0, 2.0], [0.0, 3.0]];
    // One variance a sample, with its axis and without.
    for shape in [vec![2], vec![2, 1]] {
        let variance = tensor![1.0, 4.0].reshape(shape).unwrap();
        let expected = 0.5 * (1.0 + 2.0 * 4.0_f64.ln() + 9.0 / 4.0) / 4.0;
        near(item(gaussian_nll(mean, &target, &variance)), expected, 1e-15);
    }
    // With variance 1 it is half the squared error; its constant is that of the density.
    let one = Tensor::ones([2, 2]);
    near(item(gaussian_nll(mean, &target, &one)), item(mse(mean, &target)) / 2.0, 1e-15);
    let full = GaussianNllLoss::new().full().forward(mean, (&target, &one));
    near(item(full), item(mse(mean, &target)) / 2.0 + 0.5 * (2.0 * PI).ln(), 1e-15);
}

#[test]
fn a_variance_held_at_its_least_can_rise_again() {
    let tape = Tape::<f64>::new();
    let mean = tape.constant(tensor![1.0]);
    let variance = tape.var(tensor![0.0]);
    let loss = gaussian_nll(mean, &tensor![0.0], variance).unwrap();
    let g = loss.gradients().unwrap().wrt(variance).value().unwrap();
    near(g.item().unwrap(), 0.5 * (1e6 - 1e12), 1e-9);
}

#[test]
fn cross_entropy_by_hand() {
    let tape = Tape::<f64>::new();
    // Unsure of everything: ln C.
    let zeros = tape.var(Tensor::zeros([3, 7]));
    near(item(cross_entropy(zeros, &tensor![0_usize, 6, 3])), 7.0_f64.ln(), 1e-15);
    // softmax = (⅕, ⅘), and (½, ½)
    let x = tape.var(tensor![[0.0, 4.0_f64.ln()], [1.0, 1.0]]);
    let labels = tensor![1_usize, 0];
    let (a, b) = (1.25_f64.ln(), LN_2);
    near(item(cross_entropy(x, &labels)), (a + b) / 2.0, 1e-15);
    let g = cross_entropy(x, &labels).unwrap().gradients().unwrap().wrt(x).value().unwrap();
    assert!(g.allclose(&tensor![[0.1, -0.1], [-0.25, 0.25]], 1e-15, 0.0, false).unwrap(), "{g}");
    // Weights: the denominator is the sum of the labels' weights.
    let weighted = CrossEntropyLoss::new().weight(tensor![3.0, 1.0]);
    near(item(weighted.forward(x, &labels)), (a + 3.0 * b) / 4.0, 1e-15);
    // An ignored sample leaves the numerator and the denominator.
    let ignoring = CrossEntropyLoss::new().ignore_index(0);
    near(item(ignoring.forward(x, &labels)), a, 1e-15);
    // Smoothing 0.2 over two classes: q = (0.9, 0.1) and (0.1, 0.9).
    let smooth = CrossEntropyLoss::new().label_smoothing(0.2);
    near(item(smooth.forward(x, &labels)), (0.9 * a + 0.1 * 5.0_f64.ln() + b) / 2.0, 1e-14);
    // The same as probabilities; and as probabilities with a history.
    let q = tensor![[0.1, 0.9], [0.9, 0.1]];
    let expected = (0.9 * a + 0.1 * 5.0_f64.ln() + b) / 2.0;
    near(item(cross_entropy(x, &q)), expected, 1e-14);
    near(item(cross_entropy(x, tape.var(q))), expected, 1e-14);
    // Log-probabilities of one's own.
    near(item(nll(x.log_softmax(1).unwrap(), &labels)), (a + b) / 2.0, 1e-15);
    let weighted = NllLoss::new().weight(tensor![3.0, 1.0]);
    near(item(weighted.forward(x.log_softmax(1).unwrap(), &labels)), (a + 3.0 * b) / 4.0, 1e-15);
    // Focal: (1 - p)²; gamma 0 is the cross-entropy.
    near(item(focal(x, &labels, 2.0)), (0.04 * a + 0.25 * b) / 2.0, 1e-14);
    near(item(focal(x, &labels, 0.0)), (a + b) / 2.0, 1e-15);
}

#[test]
fn losses_that_forgive_wrong_labels_by_hand() {
    let tape = Tape::<f64>::new();
    // p = ⅘, and ½; the last sample is ignored.
    let x = tape.var(tensor![[0.0, 4.0_f64.ln()], [1.0, 1.0], [3.0, 0.0]]);
    let labels = tensor![1_usize, 0, 9];
    let (a, b) = (0.8_f64, 0.5_f64);
    let gce = GeneralizedCrossEntropyLoss::new().q(0.7).ignore_index(9);
    let expected = ((1.0 - a.powf(0.7)) / 0.7 + (1.0 - b.powf(0.7)) / 0.7) / 2.0;
    near(item(gce.forward(x, &labels)), expected, 1e-14);
    // At q = 1 it is 1 - p, and near q = 0 the cross-entropy.
    near(item(gce.q(1.0).forward(x, &labels)), (0.2 + 0.5) / 2.0, 1e-14);
    near(item(gce.q(1e-9).forward(x, &labels)), -(a.ln() + b.ln()) / 2.0, 1e-8);
    let sce = SymmetricCrossEntropyLoss::new().alpha(0.3).beta(2.0).ignore_index(9);
    let expected = 0.3 * -(a.ln() + b.ln()) / 2.0 + 2.0 * 4.0 * (0.2 + 0.5) / 2.0;
    near(item(sce.forward(x, &labels)), expected, 1e-14);
    let kept = x.narrow(0, 0, 2).unwrap();
    let expected = (0.1 * -(a.ln() + b.ln()) + 4.0 * (0.2 + 0.5)) / 2.0;
    near(item(symmetric_cross_entropy(kept, &tensor![1_usize, 0])), expected, 1e-14);
}

#[test]
fn overlaps_by_hand() {
    let tape = Tape::<f64>::new();
    // p = ⅘, ½, ¼
    let x = tape.var(tensor![[4.0_f64.ln(), 0.0, -(3.0_f64.ln())]]);
    let y = tensor![[1.0, 0.0, 1.0]];
    let (hit, alarms, misses) = (0.8 + 0.25, 0.5, 0.2 + 0.75);
    near(item(dice(x, &y)), 1.0 - (2.0 * hit + 1.0) / (1.55 + 2.0 + 1.0), 1e-14);
    let without = DiceLoss::new().smooth(1e-9).forward(x, &y);
    near(item(without), 1.0 - 2.0 * hit / (1.55 + 2.0), 1e-8);
    let index = (hit + 1.0) / (hit + 0.3 * alarms + 0.7 * misses + 1.0);
    near(item(tversky(x, &y, 0.3, 0.7)), 1.0 - index, 1e-14);
    let focal = TverskyLoss::new(0.3, 0.7).gamma(4.0 / 3.0).forward(x, &y);
    near(item(focal), (1.0 - index).powf(0.75), 1e-14);
    // Dice is Tversky's with ½ and ½, and half the smoothing.
    let half = TverskyLoss::new(0.5, 0.5).smooth(0.5).forward(x, &y);
    near(item(half), item(dice(x, &y)), 1e-14);
    // The mean is over masks; an empty one that is predicted as empty costs nothing.
    let two = tape.var(tensor![[[-800.0, -800.0]], [[800.0, -800.0]]]);
    let each = DiceLoss::new().reduction(EACH).forward(two, &tensor![[[0.0, 0.0]], [[0.0, 1.0]]]);
    near(each.as_ref().unwrap().value().unwrap().to_vec()[1], 1.0 - 1.0 / 3.0, 1e-15);
    assert_eq!(each.unwrap().value().unwrap().to_vec()[0], 0.0);
}

#[test]
fn the_worst_samples_come_first() {
    let prediction = tensor![[1.0, 2.0], [0.0, 9.0], [f64::NAN, 0.0], [4.0, 0.0]];
    let target = Tensor::zeros([4, 2]);
    let each = MseLoss::new().reduction(EACH);
    let worst = worst_samples(&each, &prediction, &target, 3).unwrap();
    let found: Vec<(usize, f64)> = worst.iter().map(|s| (s.index, s.loss)).collect();
    assert!(found[0].0 == 2 && found[0].1.is_nan(), "{found:?}");
    // The mean of a sample's elements.
    assert_eq!(found[1..], [(1, 40.5), (3, 8.0)]);
    assert_eq!(worst[1].prediction, tensor![0.0, 9.0]);
    assert_eq!(worst[1].target, tensor![0.0, 0.0]);
    assert_eq!(worst_samples(&each, &prediction, &target, 9).unwrap().len(), 4);
    assert!(worst_samples(&each, &tensor![1.0], &tensor![0.0], 0).unwrap().is_empty());
    // One number for all says nothing of each.
    let error = worst_samples(&MseLoss::new(), &prediction, &target, 1).unwrap_err();
    assert!(error.to_string().contains("`.reduction(Reduction::None)`"), "{error}");
}

#[test]
fn classes_stand_on_axis_1_of_more_axes() {
    let tape = Tape::<f64>::new();
    let flat =
        tape.var(tensor![[0.3, -1.0, 2.0], [0.0, 0.5, 1.0], [2.0, 1.0, 0.0], [1.0, 1.0, -3.0]]);
    let labels = tensor![2_usize, 0, 1, 1];
    let image = flat.reshape([2, 2, 3]).unwrap().permute([0, 2, 1]).unwrap();
    let places = labels.reshape([2, 2]).unwrap();
    near(item(cross_entropy(image, &places)), item(cross_entropy(flat, &labels)), 1e-15);
    let (image, flat) = (image.log_softmax(1).unwrap(), flat.log_softmax(1).unwrap());
    near(item(nll(image, &places)), item(nll(flat, &labels)), 1e-15);
}

#[test]
fn yes_or_no_by_hand() {
    let tape = Tape::<f64>::new();
    let p = tape.var(tensor![[0.8, 0.5], [0.25, 1.0]]);
    let y = tensor![[1.0, 0.0], [0.0, 1.0]];
    let each = [-(0.8_f64.ln()), LN_2, -(0.75_f64.ln()), 0.0];
    let sum: f64 = each.iter().sum();
    near(item(bce(p, &y)), sum / 4.0, 1e-15);
    // The clamp: ln 0 counts as -100.
    let sure = tape.var(tensor![0.0]);
    assert_eq!(item(bce(sure, &tensor![1.0])), 100.0);
    // Weights keep the denominator.
    let weighted = BceLoss::new().weight(tensor![2.0, 1.0]);
    near(item(weighted.forward(p, &y)), (2.0 * (each[0] + each[2]) + each[1]) / 4.0, 1e-15);

    let x = tape.var(tensor![[4.0_f64.ln(), 0.0], [-3.0_f64.ln(), 2.0]]);
    let last = (1.0 + (-2.0_f64).exp()).ln();
    let sum = each[0] + each[1] + each[2] + last;
    near(item(bce_with_logits(x, &y)), sum / 4.0, 1e-15);
    let pos = BceWithLogitsLoss::new().pos_weight(tensor![3.0, 1.0]);
    near(item(pos.forward(x, &y)), (sum + 2.0 * each[0]) / 4.0, 1e-15);
    // Of labels: the mean over samples of the mean over labels.
    near(item(multilabel_cross_entropy(x, &y)), sum / 4.0, 1e-15);
    near(item(multilabel_soft_margin(x, &y)), sum / 4.0, 1e-15);
    let samples = MultilabelCrossEntropyLoss::new().reduction(EACH).forward(x, &y).unwrap();
    near(samples.value().unwrap().get(&[0]).unwrap(), (each[0] + each[1]) / 2.0, 1e-15);
    let labels = MultilabelCrossEntropyLoss::new().weight(tensor![0.0, 1.0]).forward(x, &y);
    near(item(labels), (each[1] + last) / 4.0, 1e-15);
    // Focal of gamma 0 is plain; of gamma 2 the first is at (1 - 0.8)².
    near(item(binary_focal(x, &y, 0.0)), sum / 4.0, 1e-14);
    let first = BinaryFocalLoss::new(2.0).alpha(0.25).reduction(EACH).forward(x, &y).unwrap();
    near(first.value().unwrap().get(&[0, 0]).unwrap(), 0.25 * 0.04 * each[0], 1e-14);
    near(first.value().unwrap().get(&[0, 1]).unwrap(), 0.75 * 0.25 * each[1], 1e-14);
}

#[test]
fn soft_margin_is_bce_of_signs() {
    let tape = Tape::<f64>::new();
    let x = tape.var(tensor![-3.0, 0.0, 0.5, 12.0]);
    let signs = tensor![1.0, -1.0, 1.0, -1.0];
    let yes = tensor![1.0, 0.0, 1.0, 0.0];
    near(item(soft_margin(x, &signs)), item(bce_with_logits(x, &yes)), 1e-15);
}

#[test]
fn divergence_by_hand() {
    let tape = Tape::<f64>::new();
    let log_p = tape.var(tensor![[0.5, 0.25, 0.25], [0.2, 0.2, 0.6]].ln());
    let q = tensor![[1.0, 0.0, 0.0], [0.2, 0.2, 0.6]];
    near(item(kl_div(log_p, &q)), LN_2 / 2.0, 1e-15);
    let by = |r| item(KlDivLoss::new().reduction(r).forward(log_p, &q));
    near(by(KlReduction::Sum), LN_2, 1e-15);
    near(by(KlReduction::ElementMean), LN_2 / 6.0, 1e-15);
    let logs = KlDivLoss::new()
        .log_target()
        .forward(log_p, &tensor![[0.2, 0.2, 0.6], [0.2, 0.2, 0.6]].ln());
    let expected = (0.2 * 0.4_f64.ln() + 0.2 * 0.8_f64.ln() + 0.6 * 2.4_f64.ln()) / 2.0;
    near(item(logs), expected, 1e-14);
}

#[test]
fn margins_by_hand() {
    let tape = Tape::<f64>::new();
    let x = tape.var(tensor![2.0, 0.5, -1.0, -3.0]);
    let y = tensor![1.0, 1.0, 1.0, -1.0];
    assert_eq!(item(hinge(x, &y)), 2.5 / 4.0);
    assert_eq!(item(squared_hinge(x, &y)), 4.25 / 4.0);
    // At the margin itself nothing is lost, and nothing is pulled.
    let at = tape.var(tensor![1.0]);
    let g = hinge(at, &tensor![1.0]).unwrap().gradients().unwrap().wrt(at).value().unwrap();
    assert_eq!(g.item().unwrap(), 0.0);
    assert_eq!(item(hinge_embedding(x, &y)), (2.0 + 0.5 - 1.0 + 4.0) / 4.0);

    // Class 0 leads by 0.5, then by 2; class 2 trails by 1.
    let scores = tape.var(tensor![[1.0, 0.5, -1.0], [0.0, 1.0, 0.0]]);
    let labels = tensor![0_usize, 2];
    assert_eq!(item(multi_margin(scores, &labels)), (0.5 + (1.0 + 2.0)) / 3.0 / 2.0);
    let squares = MultiMarginLoss::new().p(2).weight(tensor![1.0, 1.0, 10.0]);
    near(item(squares.forward(scores, &labels)), (0.25 + 10.0 * 5.0) / 3.0 / 2.0, 1e-15);
    // Labels 0 and 1 against 2, then none at all.
    let lists = tensor![[0_i64, 1, -1], [-1, 0, 0]];
    assert_eq!(item(multilabel_margin(scores, &lists)), 0.0);
    let lists = tensor![[2_i64, -1, 0], [-1, 0, 0]];
    near(item(multilabel_margin(scores, &lists)), (3.0 + 2.5) / 3.0 / 2.0, 1e-15);
}

#[test]
fn distances_by_hand() {
    let tape = Tape::<f64>::new();
    let a = tape.var(tensor![[0.0, 0.0], [1.0, 0.0]]);
    let p = tensor![[3.0, 4.0], [1.0, 0.0]];
    let n = tensor![[0.0, 1.0], [1.0, 2.0]];
    let d = a.pairwise_distance(&p, 2.0, 0.0, false).unwrap().value().unwrap();
    assert_eq!(d, tensor![5.0, 0.0]);
    let exact = TripletMarginLoss::new().epsilon(0.0);
    // 1 + 5 - 1, and max(0, 1 + 0 - 2)
    assert_eq!(item(exact.forward(a, (&p, &n))), 2.5);
    let cosine = a.cosine_similarity(&p, -1, 1e-8).unwrap().value().unwrap();
    assert_eq!(cosine, tensor![0.0, 1.0]);
    let x = tape.var(tensor![[1.0, 0.0], [1.0, 1.0]]);
    let b = tensor![[0.0, 2.0], [2.0, 2.0]];
    near(item(cosine_embedding(x, &b, &tensor![1.0, -1.0])), 1.0, 1e-12);
    let (s, t) = (tape.var(tensor![1.0, 0.0]), tape.var(tensor![0.5, 3.0]));
    let ranked = MarginRankingLoss::new().margin(0.25).forward(s, (t, &tensor![1.0, 1.0]));
    assert_eq!(item(ranked), 3.25 / 2.0);
}

#[test]
fn sample_weights_have_their_own_denominator() {
    let tape = Tape::<f64>::new();
    let x = tape.var(tensor![[1.0, 2.0], [3.0, 4.0]]);
    let losses = MseLoss::new().reduction(EACH).forward(x, &Tensor::zeros([2, 2])).unwrap();
    // A weight a sample, over both of its elements.
    let w = tensor![3.0, 1.0];
    assert_eq!(item(weighted_mean(losses, &w)), (3.0 * 5.0 + 25.0) / 8.0);
    assert_eq!(item(weighted_sum(losses, &w)), 40.0);
    assert_eq!(
        item(weighted_mean(losses, &Tensor::ones([2, 2]))),
        item(mse(x, &Tensor::zeros([2, 2])))
    );
}

#[test]
fn a_mean_over_nothing_is_what_is_asked_for() {
    let tape = Tape::<f64>::new();
    let empty = tape.var(Tensor::zeros([0, 3]));
    let of = |r| MseLoss::new().reduction(r).forward(empty, &Tensor::zeros([0, 3]));
    assert!(of(Reduction::Mean).is_err());
    assert_eq!(item(of(Reduction::MeanOrZero)), 0.0);
    assert!(item(of(Reduction::MeanOrNan)).is_nan());
    assert_eq!(item(of(SUM)), 0.0);
    let x = tape.var(tensor![[1.0, 2.0]]);
    for (r, expected) in [(Reduction::MeanOrZero, Some(0.0)), (Reduction::MeanOrNan, None)] {
        let loss =
            CrossEntropyLoss::new().ignore_index(1).reduction(r).forward(x, &tensor![1_usize]);
        let loss = loss.unwrap();
        assert_eq!(Some(loss.item().unwrap()).filter(|l| !l.is_nan()), expected);
        // What does not count gets no gradient, be the loss a number or none.
        let g = loss.gradients().unwrap().wrt(x).value().unwrap();
        assert_eq!(g, tensor![[0.0, 0.0]]);
    }
}

#[test]
fn targets_may_want_gradients_too() {
    let tape = Tape::<f64>::new();
    let (x, y) = (tape.var(tensor![1.0, 5.0]), tape.var(tensor![0.0, 2.0]));
    let g = mse(x, y).unwrap().gradients().unwrap();
    assert_eq!(g.wrt(y).value().unwrap(), tensor![-1.0, -3.0]);
}

#[test]
fn closures_are_losses() {
    fn total<'t, L: Loss<'t, f64, &'t Tensor<f64>>>(
        criterion: &L,
        x: wengert_autograd::Var<'t, f64>,
        y: &'t Tensor<f64>,
    ) -> f64 {
        item(criterion.forward(x, y))
    }
    let y = tensor![1.0, 2.0];
    let tape = Tape::new();
    let x = tape.var(tensor![2.0, 4.0]);
    assert_eq!(total(&MseLoss::new(), x, &y), 2.5);
    assert_eq!(total(&custom(|x, y: &Tensor<f64>| Ok(x.try_sub(y)?.sum())), x, &y), 3.0);
    assert_eq!(total(&custom(|x, y: &Tensor<f64>| mae(x, y)), x, &y), 1.5);
}
