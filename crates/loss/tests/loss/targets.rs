//! Targets, weights and options that mean nothing are errors which name the row and the value, in every loss that takes
//! them; `.unchecked()` takes any number.

use wengert_autograd::{Result, Tape, Var};
use wengert_loss::*;
use wengert_tensor::{Tensor, tensor};

use crate::item;

const NAN: f64 = f64::NAN;
const INF: f64 = f64::INFINITY;

/// An error that says this, of this file.
#[track_caller]
fn rejected(loss: Result<Var<'_, f64>>, says: &str) {
    let text = loss.expect_err("not rejected").to_string();
    assert!(text.contains(says), "{text}\n does not say: {says}");
    assert!(text.contains("targets.rs"), "the line is not the user's: {text}");
}

#[test]
fn probabilities_of_classes() {
    let tape = Tape::<f64>::new();
    let x = tape.var(Tensor::zeros([2, 3]));
    let with = |row: [f64; 3]| Tensor::from_vec([[0.5, 0.25, 0.25], row].concat(), [2, 3]).unwrap();
    for (row, says) in [
        ([1.5, -0.5, 0.0], "the probability of class 1 of sample 1 is -0.5"),
        ([NAN, 0.5, 0.5], "the probability of class 0 of sample 1 is NaN"),
        ([1.0, 1.0, 0.0], "the probabilities of sample 1 sum to 2, and must sum to 1"),
        ([5.0, 3.0, 2.0], "the probabilities of sample 1 sum to 10, and must sum to 1"),
        ([0.0, 0.0, 0.0], "the probabilities of sample 1 sum to 0, and must sum to 1"),
        ([INF, 0.0, 0.0], "the probabilities of sample 1 sum to inf, and must sum to 1"),
        ([0.5, 0.5, 0.02], "sum to 1.02"),
    ] {
        rejected(cross_entropy(x, &with(row)), says);
        rejected(cross_entropy(x, tape.var(with(row))), says);
        rejected(CrossEntropyLoss::new().label_smoothing(0.1).forward(x, &with(row)), says);
        assert!(CrossEntropyLoss::new().unchecked().forward(x, &with(row)).is_ok());
    }
    // Thirds that were rounded, and all of f32's rounding.
    for row in [[0.33, 0.33, 0.33], [0.34, 0.33, 0.34], [0.3333333, 0.3333333, 0.3333333]] {
        assert!(cross_entropy(x, &with(row)).is_ok());
    }
    // Classes on axis 1 of three: sample 1 is the second position.
    let x = tape.var(Tensor::zeros([1, 2, 2]));
    rejected(cross_entropy(x, &tensor![[[0.5, 0.5], [0.5, 1.5]]]), "sample 1 sum to 2");
}

#[test]
fn divergences() {
    let tape = Tape::<f64>::new();
    let x = tape.var(tensor![[-0.5, -1.0]]);
    rejected(kl_div(x, &tensor![[0.5, -1.0]]), "target[0, 1] is -1, and the targets are prob");
    rejected(kl_div(x, &tensor![[5.0, 0.5]]), "target[0, 0] is 5");
    rejected(kl_div(x, &tensor![[NAN, 0.5]]), "target[0, 0] is NaN");
    rejected(kl_div(x, &tensor![[INF, 0.5]]), "target[0, 0] is inf");
    let logits = tape.var(tensor![[-0.5, 2.0]]);
    rejected(kl_div(logits, &tensor![[0.5, 0.5]]), "prediction[0, 1] is 2, and a log-probability");
    let log = KlDivLoss::new().log_target();
    rejected(log.forward(x, &tensor![[-1.0, 0.5]]), "target[0, 1] is 0.5, and the targets are log");
    rejected(log.forward(x, &tensor![[-1.0, NAN]]), "target[0, 1] is NaN");
    assert!(item(KlDivLoss::new().unchecked().forward(x, &tensor![[5.0, -1.0]])).is_nan());
    // Logarithms of probabilities that round to a little more than 1.
    let rounded = tape.var(tensor![[1e-7, -20.0]]);
    assert!(kl_div(rounded, &tensor![[1.0, 0.0]]).is_ok());
}

#[test]
fn logits_where_log_probabilities_are_due() {
    let tape = Tape::<f64>::new();
    let x = tape.var(tensor![[1.0, 2.0, 3.0], [-1.0, -2.0, -3.0]]);
    rejected(
        nll(x, &tensor![2_usize, 0]),
        "at the class of sample [0] is 3, and a log-probability is 0 or less\n  help: if these are logits, use `cross_entropy`",
    );
    // Only what is read is judged: an ignored sample is not.
    let ignoring = NllLoss::new().ignore_index(9);
    assert_eq!(item(ignoring.forward(x, &tensor![9_usize, 1])), 2.0);
    assert_eq!(item(NllLoss::new().unchecked().forward(x, &tensor![2_usize, 0])), -1.0);
    // A prediction of NaN is no fault of the target: it shows in the loss.
    let nan = tape.var(tensor![[NAN, 0.0]]);
    assert!(item(nll(nan, &tensor![0_usize])).is_nan());
}

#[test]
fn sides() {
    let tape = Tape::<f64>::new();
    let x = tape.var(tensor![1.0, 2.0]);
    for wrong in [2.0, 0.5, NAN, INF] {
        let y = tensor![1.0, wrong];
        let says = format!("target[1] is {wrong}, and the targets are -1 or 1");
        rejected(soft_margin(x, &y), &says);
        rejected(hinge(x, &y), &says);
        rejected(squared_hinge(x, &y), &says);
        rejected(hinge_embedding(x, &y), &says);
        rejected(margin_ranking(x, &tensor![0.0, 0.0], &y), &says);
        let (a, b) = (tape.var(Tensor::ones([2, 3])), Tensor::ones([2, 3]));
        rejected(cosine_embedding(a, &b, &y), &says);
    }
    let y = tensor![2.0, -1.0];
    assert_eq!(
        item(MarginRankingLoss::new().unchecked().forward(x, (&tensor![0.0, 0.0], &y))),
        1.0
    );
    assert!(SoftMarginLoss::new().unchecked().forward(x, &y).is_ok());
}

#[test]
fn yes_or_no() {
    let tape = Tape::<f64>::new();
    let x = tape.var(tensor![[0.5, 0.25]]);
    for wrong in [2.0, -0.5, NAN, INF] {
        let y = tensor![[1.0, wrong]];
        let says = format!("target[0, 1] is {wrong}, and the targets are probabilities");
        rejected(bce(x, &y), &says);
        rejected(bce_with_logits(x, &y), &says);
        rejected(multilabel_cross_entropy(x, &y), &says);
        rejected(multilabel_soft_margin(x, &y), &says);
        rejected(binary_focal(x, &y, 2.0), "and the targets are 0 or 1");
    }
}

#[test]
fn counts_and_variances() {
    let tape = Tape::<f64>::new();
    let x = tape.var(tensor![0.5, 2.0]);
    for wrong in [-1.0, NAN, INF] {
        let y = tensor![wrong, 1.0];
        rejected(poisson_nll(x, &y), &format!("target[0] is {wrong}, and a count is finite"));
        rejected(PoissonNllLoss::new().of_rates().forward(x, &y), "and a count is finite");
        let rates = tape.var(tensor![1.0, -wrong.abs()]);
        rejected(
            PoissonNllLoss::new().of_rates().forward(rates, &x.value().unwrap()),
            "a rate is 0 or more",
        );
        let says = format!("variance[0] is {wrong}, and a variance is finite");
        rejected(gaussian_nll(x, &tensor![0.0, 0.0], &y), &says);
    }
}

#[test]
fn weights() {
    let tape = Tape::<f64>::new();
    let x = tape.var(tensor![[0.5, 0.25], [0.1, 0.2]]);
    let (y, labels) = (tensor![[1.0, 0.0], [0.0, 1.0]], tensor![0_usize, 1]);
    for wrong in [-1.0, NAN, INF] {
        let w = || tensor![2.0, wrong];
        let says = format!("weight[1] is {wrong}, and a weight is finite and 0 or more");
        macro_rules! each {
            ($($loss:expr, $x:expr, $y:expr;)*) => {$(
                rejected($loss.forward($x, $y), &says);
                assert!($loss.unchecked().forward($x, $y).is_ok());
            )*};
        }
        each! {
            BceLoss::new().weight(w()), x, &y;
            BceWithLogitsLoss::new().weight(w()), x, &y;
            BceWithLogitsLoss::new().pos_weight(w()), x, &y;
            MultilabelCrossEntropyLoss::new().weight(w()), x, &y;
            MultilabelSoftMarginLoss::new().weight(w()), x, &y;
            CrossEntropyLoss::new().weight(w()), x, &labels;
            CrossEntropyLoss::new().weight(w()).label_smoothing(0.1), x, &labels;
            CrossEntropyLoss::new().weight(w()), x, &y;
            CrossEntropyLoss::new().weight(w()), x, tape.var(y.clone());
            NllLoss::new().weight(w()), -x, &labels;
            FocalLoss::new(2.0).weight(w()), x, &labels;
            MultiMarginLoss::new().weight(w()), x, &labels;
        }
        rejected(weighted_mean(x, &w()), &says);
        rejected(weighted_sum(x, &w()), &says);
    }
}

#[test]
fn options_that_are_not_finite() {
    let tape = Tape::<f64>::new();
    let x = tape.var(tensor![[0.5, 2.0]]);
    let y = tensor![[1.0, 1.0]];
    let label = tensor![0_usize];
    for wrong in [NAN, INF, -INF] {
        rejected(huber(x, &y, wrong), "delta is");
        rejected(smooth_l1(x, &y, wrong), "beta is");
        rejected(quantile(x, &y, wrong), "tau is");
        rejected(charbonnier(x, &y, wrong), "epsilon is");
        rejected(cauchy(x, &y, wrong), "scale is");
        rejected(general_robust(x, &y, 1.0, wrong), "the scale is");
        rejected(focal(x, &label, wrong), "gamma is");
        rejected(binary_focal(x, &y, wrong), "gamma is");
        rejected(BinaryFocalLoss::new(2.0).alpha(wrong).forward(x, &y), "alpha must");
        rejected(
            CrossEntropyLoss::new().label_smoothing(wrong).forward(x, &label),
            "label smoothing is",
        );
        rejected(
            SequenceCrossEntropyLoss::unpadded().label_smoothing(wrong).forward(x, &label),
            "label smoothing is",
        );
        rejected(PoissonNllLoss::new().epsilon(wrong).forward(x, &y), "epsilon is");
        rejected(GaussianNllLoss::new().epsilon(wrong).forward(x, (&y, &y)), "epsilon is");
        rejected(HingeEmbeddingLoss::new().margin(wrong).forward(x, &y), "the margin is");
        rejected(MarginRankingLoss::new().margin(wrong).forward(x, (&y, &y)), "the margin is");
        rejected(MultiMarginLoss::new().margin(wrong).forward(x, &label), "the margin is");
        rejected(
            CosineEmbeddingLoss::new().margin(wrong).forward(x, (&y, &tensor![1.0])),
            "the margin is",
        );
        rejected(TripletMarginLoss::new().margin(wrong).forward(x, (&y, &y)), "the margin is");
        rejected(TripletMarginLoss::new().epsilon(wrong).forward(x, (&y, &y)), "epsilon is");
    }
    rejected(general_robust(x, &y, NAN, 1.0), "alpha is NaN");
    rejected(general_robust(x, &y, INF, 1.0), "alpha is inf");
    rejected(TripletMarginLoss::new().p(NAN).forward(x, (&y, &y)), "p is NaN");
}
