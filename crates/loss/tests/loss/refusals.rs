//! What losses refuse, word for word, and that they name the user's line.

use wengert_autograd::{Param, Result, Tape, Var};
use wengert_loss::penalty::{Penalty, Proximal};
use wengert_loss::*;
use wengert_tensor::{Tensor, tensor};

/// Compares an error's text, without its last line, which names this file.
#[track_caller]
fn refused(result: Result<Var<'_, f64>>, expected: &str) {
    let text = result.expect_err("not refused").to_string();
    let (text, at) = text.rsplit_once("\n  at ").unwrap();
    assert_eq!(text, expected);
    assert!(at.contains("refusals.rs"), "the line is not the user's: {at}");
}

#[test]
fn shapes_that_only_broadcasting_would_fit() {
    let tape = Tape::<f64>::new();
    let x = tape.var(Tensor::zeros([32, 1]));
    refused(
        mse(x, &Tensor::zeros([32])),
        "mse: [32, 1] and [32]: prediction is [32, 1] and target is [32]; a loss compares element with element and never broadcasts\n  help: did you mean `target.unsqueeze(1)`?",
    );
    let cases: [(&[usize], &[usize], &str); 7] = [
        (&[32], &[32, 1], "target.squeeze(1)"),
        (&[4, 1, 3], &[4, 3], "target.unsqueeze(1)"),
        (&[1, 5], &[5], "target.unsqueeze(0)"),
        (&[3, 1], &[1, 3], "target.t()"),
        (&[4, 3], &[3], "target.broadcast_to([4, 3])"),
        (&[2, 6], &[3, 4], "target.reshape([2, 6])"),
        (&[2], &[], "target.broadcast_to([2])"),
    ];
    for (prediction, target, fix) in cases {
        let x = tape.var(Tensor::zeros(prediction));
        let text = mae(x, &Tensor::zeros(target)).unwrap_err().to_string();
        assert!(text.contains(&format!("did you mean `{fix}`?")), "{text}");
    }
    let x = tape.var(Tensor::zeros([4, 3]));
    refused(
        bce_with_logits(x, &Tensor::zeros([4, 2])),
        "bce_with_logits: [4, 3] and [4, 2]: prediction is [4, 3] and target is [4, 2]; a loss compares element with element and never broadcasts",
    );
}

#[test]
fn labels_that_do_not_exist() {
    let tape = Tape::<f64>::new();
    let x = tape.var(Tensor::zeros([2, 3]));
    refused(
        cross_entropy(x, &tensor![0_usize, 3]),
        "cross_entropy: [2, 3] and [2]: sample 1 has class 3, and the classes are 0 to 2\n  help: classes count from 0: subtract 1 if yours count from 1, else the last layer needs 4 outputs",
    );
    refused(
        nll(x, &tensor![4_usize, 0]),
        "nll: [2, 3] and [2]: sample 0 has class 4, and the classes are 0 to 2\n  help: the last layer needs at least 5 outputs; or if 4 means that there is no label, say `.ignore_index(4)`",
    );
    refused(
        cross_entropy(x, &tensor![[0_usize], [1]]),
        "cross_entropy: [2, 3] and [2, 1]: class labels must be [2], one for each sample\n  help: did you mean `labels.squeeze(-1)`?",
    );
    refused(
        cross_entropy(x, &tensor![[0_usize, 1, 0], [1, 0, 0]]),
        "cross_entropy: [2, 3] and [2, 3]: class labels must be [2], one for each sample\n  help: one-hot labels are probabilities: cast them to floats, or pass class numbers",
    );
    refused(
        CrossEntropyLoss::new().weight(tensor![1.0, 2.0]).forward(x, &tensor![0_usize, 1]),
        "cross_entropy: [2, 3] and [2]: class weights must be [3], one for each class",
    );
    refused(
        multilabel_margin(x, &tensor![[0_i64, -1, 0], [2, 3, -1]]),
        "multilabel_margin: [2, 3] and [2, 3]: sample 1 has label 3, and the classes are 0 to 2",
    );
    let x = tape.var(Tensor::zeros([2, 2, 3]));
    refused(
        sequence_cross_entropy(x, &tensor![[0_usize, 1], [9, 0]], 0),
        "sequence_cross_entropy: [2, 2, 3] and [2, 2]: the token at [1, 0] is 9, and there are 3 classes",
    );
}

/// A refusal of a prediction that names the line of the op that made it.
#[track_caller]
fn refused_for_its_op(result: Result<Var<'_, f64>>, start: &str, end: &str) {
    let text = result.expect_err("not refused").to_string();
    let (text, _) = text.rsplit_once("\n  at ").unwrap();
    assert!(
        text.starts_with(start) && text.ends_with(end) && text.contains("refusals.rs"),
        "{text}"
    );
}

#[test]
fn probabilities_where_logits_are_due() {
    for tape in [Tape::<f64>::new(), Tape::no_grad()] {
        let x = tape.var(tensor![[0.0, 1.0], [2.0, 3.0]]);
        let labels = tensor![0_usize, 1];
        let help = "this loss takes logits and applies the softmax itself\n  help: pass what went into it (probabilities squashed twice train, only badly); of log-probabilities use `nll`";
        let (soft, log) = (x.softmax(1).unwrap(), x.log_softmax(1).unwrap());
        refused_for_its_op(
            cross_entropy(soft, &labels),
            "cross_entropy: [2, 2]: the prediction is the result of `softmax` at ",
            help,
        );
        refused_for_its_op(
            cross_entropy(log, &labels),
            "cross_entropy: [2, 2]: the prediction is the result of `log_softmax` at ",
            help,
        );
        refused_for_its_op(
            bce_with_logits(x.sigmoid(), &Tensor::zeros([2, 2])),
            "bce_with_logits: [2, 2]: the prediction is the result of `sigmoid` at ",
            "this loss takes logits and applies the sigmoid itself\n  help: pass what went into it, or use `bce`, which takes probabilities",
        );
        refused_for_its_op(
            nll(soft, &labels),
            "nll: [2, 2]: the prediction is the result of `softmax` at ",
            "this loss takes log-probabilities\n  help: use `log_softmax` in its place, or `cross_entropy` on what went into it",
        );
        refused_for_its_op(
            kl_div(soft, &Tensor::full([2, 2], 0.5)),
            "kl_div: [2, 2]: the prediction is the result of `softmax` at ",
            "this loss takes log-probabilities\n  help: use `log_softmax` in its place",
        );
    }
}

#[test]
fn probabilities_that_were_moved_are_probabilities_still() {
    let tape = Tape::<f64>::new();
    let labels = tensor![0_usize, 1];
    let soft = tape.var(tensor![[[0.0, 1.0]], [[2.0, 3.0]]]).softmax(2).unwrap();
    let rest = "this loss takes logits and applies the softmax itself\n  help: pass what went into it (probabilities squashed twice train, only badly); of log-probabilities use `nll`";
    for moved in [
        soft.reshape([2, 2]).unwrap(),
        soft.select(1, 0).unwrap(),
        soft.squeeze(1).unwrap().t().t(),
        soft.flatten_axes(1, 2).unwrap().flip(0).unwrap(),
    ] {
        refused_for_its_op(
            cross_entropy(moved, &labels),
            "cross_entropy: [2, 2]: the prediction is the result of `softmax` at ",
            rest,
        );
    }
    // What was computed from probabilities is something else.
    let scaled = (soft * 9.0).reshape([2, 2]).unwrap();
    assert!(cross_entropy(scaled, &labels).is_ok());
}

#[test]
fn numbers_out_of_range() {
    let tape = Tape::<f64>::new();
    let x = tape.var(tensor![0.5, 2.0]);
    refused(
        bce(x, &tensor![0.0, 1.0]),
        "bce: [2]: prediction[1] is 2, and this loss takes probabilities, from 0 to 1\n  help: if these are logits, use `bce_with_logits`",
    );
    refused(
        bce(x.sigmoid(), &tensor![0.0, f64::NAN]),
        "bce: [2]: target[1] is NaN, and the targets are probabilities, from 0 to 1",
    );
    refused(
        bce_with_logits(x, &tensor![1.0, -1.0]),
        "bce_with_logits: [2]: target[1] is -1, and the targets are probabilities, from 0 to 1\n  help: labels of -1 and 1 become 0 and 1 by `(y + 1)/2`",
    );
    refused(
        hinge(x, &tensor![1.0, 0.0]),
        "hinge: [2]: target[1] is 0, and the targets are -1 or 1\n  help: labels of 0 and 1 become -1 and 1 by `2*y - 1`",
    );
    refused(
        soft_margin(x, &tensor![1.0, 0.0]),
        "soft_margin: [2]: target[1] is 0, and the targets are -1 or 1\n  help: labels of 0 and 1 become -1 and 1 by `2*y - 1`",
    );
    refused(
        poisson_nll(x, &tensor![1.0, -2.0]),
        "poisson_nll: [2]: target[1] is -2, and a count is finite and 0 or more",
    );
    refused(
        gaussian_nll(x, &tensor![1.0, 1.0], &tensor![1.0, -1.0]),
        "gaussian_nll: [2]: variance[1] is -1, and a variance is finite and 0 or more\n  help: let the net predict its logarithm, and pass `x.exp()`",
    );
    refused(
        binary_focal(x, &tensor![1.0, 0.5], 2.0),
        "binary_focal: [2]: target[1] is 0.5, and the targets are 0 or 1",
    );
}

#[test]
fn options_out_of_range() {
    let tape = Tape::<f64>::new();
    let x = tape.var(tensor![[0.5, 2.0]]);
    let y = Tensor::zeros([1, 2]);
    let label = tensor![0_usize];
    refused(huber(x, &y, 0.0), "huber: delta is 0, and must be positive and finite");
    refused(huber(x, &y, f64::NAN), "huber: delta is NaN, and must be positive and finite");
    refused(smooth_l1(x, &y, -1.0), "smooth_l1: beta is -1, and must be finite and 0 or more");
    refused(quantile(x, &y, 1.0), "quantile: tau is 1, and must be between 0 and 1");
    refused(tukey(x, &y, -1.0), "tukey: scale is -1, and must be positive and finite");
    refused(
        robust_nll(x, &y, 2.0, 1.0),
        "robust_nll: []: alpha[] is 2, and the shape lies between 0 and 2",
    );
    refused(
        robust_nll(x, &y, 1.0, 0.0),
        "robust_nll: []: scale[] is 0, and a scale is positive and finite",
    );
    refused(
        robust_nll(x, &y, &tensor![1.0, 1.0, 1.0], 1.0),
        "robust_nll: [1, 2] and [3]: alpha is [3], which cannot be repeated to [1, 2]",
    );
    refused(
        generalized_cross_entropy(x, &label, 0.0),
        "generalized_cross_entropy: q is 0, and must be above 0 and at most 1",
    );
    refused(
        SymmetricCrossEntropyLoss::new().beta(-1.0).forward(x, &label),
        "symmetric_cross_entropy: alpha is 0.1 and beta is -1, and both must be finite and 0 or more",
    );
    refused(
        DiceLoss::new().smooth(0.0).forward(x, &y),
        "dice: the smoothing is 0, and must be positive and finite",
    );
    refused(
        TverskyLoss::new(0.5, 0.5).gamma(0.5).forward(x, &y),
        "tversky: gamma is 0.5, and must be finite and 1 or more",
    );
    refused(
        tversky(x, &y, -0.5, 0.5),
        "tversky: alpha is -0.5 and beta is 0.5, and both must be finite and 0 or more",
    );
    refused(focal(x, &label, -1.0), "focal: gamma is -1, and must be finite and 0 or more");
    refused(
        CrossEntropyLoss::new().label_smoothing(-0.1).forward(x, &label),
        "cross_entropy: label smoothing is -0.1, and must lie between 0 and 1",
    );
    refused(
        MultiMarginLoss::new().p(3).forward(x, &label),
        "multi_margin: p is 3, and must be 1 or 2",
    );
    refused(
        BceWithLogitsLoss::new().weight(Tensor::ones([3])).forward(x, &y),
        "bce_with_logits: [1, 2] and [3]: the weight is [3], which cannot be repeated to [1, 2]",
    );
    refused(
        weighted_mean(x, &Tensor::ones([2])),
        "weighted_mean: [1, 2] and [2]: the weights are [2], and must have the losses' shape [1, 2], or that of its first axes",
    );
}

#[test]
fn a_mean_over_nothing() {
    let tape = Tape::<f64>::new();
    let help = "the mean of no losses: the batch is empty, or every target is ignored or has weight 0\n  help: skip such a batch, or use `Reduction::MeanOrZero` (or `MeanOrNan`) for a mean of 0 (or NaN)";
    let x = tape.var(Tensor::zeros([1, 2]));
    let ignoring = CrossEntropyLoss::new().ignore_index(0);
    refused(ignoring.forward(x, &tensor![0_usize]), &format!("cross_entropy: [1, 2]: {help}"));
    refused(
        sequence_cross_entropy(x, &tensor![0_usize], 0),
        &format!("sequence_cross_entropy: [1, 2] and [1]: {help}"),
    );
    let empty = tape.var(Tensor::zeros([0]));
    refused(mse(empty, &Tensor::zeros([0])), &format!("mse: [0]: {help}"));
}

#[test]
fn vars_of_two_tapes() {
    let (tape, other) = (Tape::<f64>::new(), Tape::new());
    let x = tape.var(tensor![1.0]);
    let y = other.var(tensor![1.0]);
    assert!(mse(x, y).unwrap_err().to_string().contains("two tapes"));
}

#[test]
fn penalties_on_nothing() {
    let tape = Tape::<f64>::new();
    let w = Param::new(tensor![1.0]);
    w.set_path("l1.weight");
    let params = [w];
    refused(
        Penalty::l2(0.1).of("decoder.*").on(&tape, &params),
        "penalty: no parameter is meant by `decoder.*`; there are: l1.weight",
    );
    refused(
        Penalty::l2(-0.1).on(&tape, &params),
        "penalty: the strength is -0.1, and must be 0 or more: a negative one drives parameters to infinity",
    );
    let wrong = Proximal::to([(params[0].clone(), tensor![1.0, 2.0])], 1.0);
    refused(
        wrong.on(&tape),
        "proximal: [1] and [2]: the value to be near to has not the shape of `l1.weight`",
    );
}

#[test]
fn one_logit_is_no_choice_of_classes() {
    let tape = Tape::<f64>::new();
    let (x, labels) = (tape.var(Tensor::zeros([4, 1])), Tensor::full([4], 0_usize));
    refused(
        CrossEntropyLoss::new().forward(x, &labels),
        "cross_entropy: [4, 1]: one score a sample is one class, which has no other to be mistaken for: the loss is always 0\n  help: of one logit for yes or no use `BceWithLogitsLoss`; for classes give the last layer one output for each",
    );
    for (result, fix) in [
        (cross_entropy(x, &Tensor::<f64>::ones([4, 1])), "`BceWithLogitsLoss`"),
        (FocalLoss::new(2.0).forward(x, &labels), "`BinaryFocalLoss`"),
        (MultiMarginLoss::new().forward(x, &labels), "`HingeLoss`"),
        (
            cross_entropy(tape.var(Tensor::zeros([1])), &Tensor::scalar(0_usize)),
            "`BceWithLogitsLoss`",
        ),
        (cross_entropy(tape.var(Tensor::zeros([2, 1, 3])), &Tensor::full([2, 3], 0_usize)), "`Bce"),
    ] {
        let text = result.unwrap_err().to_string();
        assert!(text.contains("the loss is always 0") && text.contains(fix), "{text}");
    }
    // As in PyTorch, which checks no numbers.
    let unchecked = CrossEntropyLoss::new().unchecked().forward(x, &labels).unwrap();
    assert_eq!(unchecked.item().unwrap(), 0.0);
}

#[test]
fn a_smoothing_is_named_as_it_was_given() {
    let tape = Tape::<f64>::new();
    let (x, y) = (tape.var(Tensor::zeros([2, 3])), Tensor::ones([2, 3]));
    refused(
        DiceLoss::new().smooth(-1.0).forward(x, &y),
        "dice: the smoothing is -1, and must be positive and finite",
    );
    refused(
        TverskyLoss::new(0.5, 0.5).smooth(0.0).forward(x, &y),
        "tversky: the smoothing is 0, and must be positive and finite",
    );
}

#[test]
fn sides_that_are_none() {
    let refused = |scores: Tensor<f64>, sides: Tensor<f64>| {
        let error = separation(&scores, &sides, &tensor![1.0]).unwrap_err().to_string();
        assert!(error.contains("refusals.rs"), "{error}");
        error
    };
    let text = refused(tensor![0.5, 1.0], tensor![1.0, 0.0]);
    assert!(text.contains("labels of 0 and 1 become -1 and 1 by `2*y - 1`"), "{text}");
    let text = refused(tensor![[0.5], [1.0]], tensor![1.0, -1.0]);
    assert!(text.contains("did you mean `sides.unsqueeze(1)`?"), "{text}");
    let text = refused(Tensor::zeros([0]), Tensor::zeros([0]));
    assert!(text.contains("there is no sample"), "{text}");
}
